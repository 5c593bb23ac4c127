"""Pipelines: what they create, what their roles may do and not do, what they share."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aws_cdk import Duration, RemovalPolicy, aws_iam as iam, aws_sns as sns

from constructs_lib.pipeline import IngestionPipeline, PipelineFoundation, PipelineState
from constructs_lib.pipeline.metrics import NAMESPACE
from constructs_lib.pipeline.permissions import LARGEST_POLICY
from lakemodel.contracts.model import ExpectedVolume, GateRule
from lakemodel.dqdl import ruleset
from lakemodel.errors import DataLakeError
from lakemodel.sizing import product_size
from tests.constructs.pipeline.lake import contract, existing_storage, flat, pipelines, spec, state_machine, statements
from tests.support import ACCOUNT, new_app, new_stack, resources, template

if TYPE_CHECKING:
    from pathlib import Path

    from constructs_lib.storage import LakeStorage


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """One pipeline on existing zones."""
    stack, pipeline = pipelines()
    pipeline.grants.start(iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal()))
    return template(stack)


def one(synthesized: dict[str, Any], resource_type: str) -> dict[str, Any]:
    (resource,) = resources(synthesized, resource_type).values()
    return dict(resource["Properties"])


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def test_the_job_is_sized_and_guarded_explicitly(synthesized: dict[str, Any]) -> None:
    """Four workers at most, not CDK's ten; no retries of its own; the documented timeout; one run at a time, others queue."""
    job = one(synthesized, "AWS::Glue::Job")
    assert (job["GlueVersion"], job["WorkerType"], job["NumberOfWorkers"]) == ("5.0", "G.1X", 4)
    assert (job["MaxRetries"], job["Timeout"], job["JobRunQueuingEnabled"]) == (0, 120, True)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert job.get("ExecutionClass") != "FLEX"
    assert job["SecurityConfiguration"] == {"Ref": next(iter(resources(synthesized, "AWS::Glue::SecurityConfiguration")))}


def test_the_job_has_its_arguments(synthesized: dict[str, Any]) -> None:
    """Auto scaling and metrics on, bookmarks off, the package beside the script, PyIceberg by its lock, no Iceberg runtime for Spark."""
    arguments = one(synthesized, "AWS::Glue::Job")["DefaultArguments"]
    assert arguments["--enable-auto-scaling"] == "true"
    assert arguments["--job-bookmark-option"] == "job-bookmark-disable"
    assert arguments["--enable-observability-metrics"] == "true"
    assert arguments["--enable-continuous-cloudwatch-log"] == "true"
    assert arguments["--extra-py-files"].endswith(".zip")
    assert arguments["--additional-python-modules"].endswith(".txt")
    assert not {"--datalake-formats", "--conf"} & set(arguments)


def test_the_job_is_as_large_as_the_contract_expects() -> None:
    """Workers and execution class follow from volume and deadline; a number of one's own goes before; the reason is kept."""
    product = contract("routes")
    (table,) = product.tables
    large = replace(product, tables=(replace(table, volume=ExpectedVolume(megabytes_per_delivery=4000)),), freshness_hours=48)
    stack, pipeline = pipelines(contract=large, job_specs=None)
    job = one(template(stack), "AWS::Glue::Job")
    expected = product_size(large)
    assert (job["NumberOfWorkers"], job["WorkerType"]) == (expected.most_workers, expected.worker_type)
    assert expected.most_workers > 4
    assert expected.flex
    assert job["ExecutionClass"] == "FLEX"
    assert job["DefaultArguments"]["--enable-auto-scaling"] == "true"
    assert pipeline.size == expected
    assert pipelines(contract=large, job_specs=None, workers=3)[1].size.most_workers == 3


def test_logs_and_bookmarks_are_encrypted_and_data_is_left_to_its_bucket(synthesized: dict[str, Any]) -> None:
    """No S3 encryption in the security configuration: it would put one key on every zone."""
    configuration = resources(synthesized, "AWS::Glue::SecurityConfiguration")
    (resource,) = configuration.values()
    encryption = resource["Properties"]["EncryptionConfiguration"]
    assert encryption["CloudWatchEncryption"]["CloudWatchEncryptionMode"] == "SSE-KMS"
    assert encryption["JobBookmarksEncryption"]["JobBookmarksEncryptionMode"] == "CSE-KMS"
    assert "S3Encryptions" not in encryption
    assert resource["DeletionPolicy"] == "Delete"


def test_the_job_reaches_its_own_product_only(synthesized: dict[str, Any]) -> None:
    """Every object the job reads or writes stands below the product's prefix, and landing is not among them."""
    job = statements(synthesized, "FlightsJobPolicy")
    objects = {
        sid: [flat(r) for r in _list(s["Resource"])] for sid, s in job.items() if any(":s3:::" in flat(r) for r in _list(s["Resource"]))
    }
    assert objects.pop("Code") != []
    assert objects == {
        "ReadOriginals": ["arn:aws:s3:::lake-raw/travel/flights/*"],
        "Manifests": ["arn:aws:s3:::lake-raw/travel/flights/_manifests/*"],
        "OwnData": ["arn:aws:s3:::lake-curated/travel/flights/*", "arn:aws:s3:::lake-quarantine/travel/flights/*"],
        "OwnListing": ["arn:aws:s3:::lake-curated", "arn:aws:s3:::lake-quarantine", "arn:aws:s3:::lake-raw"],
        "BucketLocation": ["arn:aws:s3:::lake-curated", "arn:aws:s3:::lake-quarantine", "arn:aws:s3:::lake-raw"],
    }
    assert job["OwnListing"]["Condition"] == {"StringLike": {"s3:prefix": ["travel/flights", "travel/flights/*"]}}


def test_the_job_reads_single_code_objects(synthesized: dict[str, Any]) -> None:
    """Of the bucket with everybody's assets the job reads its script, its package, its lock and its contracts."""
    code = [flat(resource) for resource in statements(synthesized, "FlightsJobPolicy")["Code"]["Resource"]]
    assert sorted(resource.rsplit(".", 1)[1] for resource in code) == ["json", "py", "txt", "zip"]
    assert not [resource for resource in code if "*" in resource]


def test_the_job_changes_its_own_tables_only(synthesized: dict[str, Any]) -> None:
    """The catalog rights name each table and its quarantine table, without a wildcard; nothing is created or dropped."""
    own = statements(synthesized, "FlightsJobCatalogPolicy")["OwnTables"]
    tables = [resource.split(":table/")[1] for resource in own["Resource"] if ":table/" in resource]
    assert sorted(tables) == ["travel/airlines", "travel/routes", "travel_quarantine/airlines", "travel_quarantine/routes"]
    assert not [resource for resource in own["Resource"] if "*" in resource]
    assert not {"glue:CreateTable", "glue:DeleteTable", "glue:CreateDatabase", "glue:DeleteDatabase"} & set(actions(own))


def test_the_state_machine_moves_its_own_product_only(synthesized: dict[str, Any]) -> None:
    """It lists and reads the product's landing prefix, writes the product's raw prefix, starts the one job, and deletes nothing."""
    machine = statements(synthesized, "FlightsPolicy")
    assert machine["OriginalsOfProduct"]["Resource"] == "arn:aws:s3:::lake-landing/travel/flights/*"
    assert machine["WaitingOfProduct"]["Resource"] == "arn:aws:s3:::lake-landing"
    assert actions(machine["WaitingOfProduct"]) == ["s3:ListBucket", "s3:ListBucketVersions"]
    assert machine["WaitingOfProduct"]["Condition"] == {"StringLike": {"s3:prefix": ["travel/flights/*"]}}
    assert machine["OutcomesOfProduct"]["Resource"] == "arn:aws:s3:::lake-raw/travel/flights/_manifests/*"
    assert actions(machine["OutcomesOfProduct"]) == ["s3:GetObject"]
    assert machine["Metrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    assert machine["CopiesOfProduct"]["Resource"] == "arn:aws:s3:::lake-raw/travel/flights/*"
    assert actions(machine["CopiesOfProduct"]) == ["s3:PutObject"]
    forbidden = machine["NoOutcome"]
    assert (forbidden["Effect"], actions(forbidden)) == ("Deny", ["s3:PutObject"])
    assert forbidden["Resource"] == machine["OutcomesOfProduct"]["Resource"]
    assert "*" not in flat(machine["RunJob"]["Resource"])
    assert machine["Tell"]["Condition"] == {"StringEquals": {"events:source": "governed-lake.ingestion"}}
    assert machine["Tell"]["Resource"] == f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"
    assert {sid for sid, statement in machine.items() if statement["Resource"] == "*"} == {"DeliverLogs", "Metrics", "Trace"}
    assert not [action for statement in machine.values() for action in actions(statement) if "Delete" in action and "s3" in action]


def test_the_state_machine_sweeps_with_itself_only(synthesized: dict[str, Any]) -> None:
    """It starts itself, and looks at, stops and redrives executions of itself; in a policy that comes after the machine."""
    (name,) = resources(synthesized, "AWS::StepFunctions::StateMachine")
    own = statements(synthesized, "FlightsSweepPolicy")
    assert {sid: actions(statement) for sid, statement in own.items()} == {
        "StartSweeps": ["states:StartExecution"],
        "WatchSweeps": ["states:DescribeExecution", "states:StopExecution"],
        "RedriveSweeps": ["states:RedriveExecution"],
    }
    assert own["StartSweeps"]["Resource"] == {"Ref": name}
    executions = f"arn:aws:states:eu-west-1:{ACCOUNT}:execution:<{name}.Name>"
    assert flat(own["WatchSweeps"]["Resource"]) == f"{executions}:*"
    assert flat(own["RedriveSweeps"]["Resource"]) == f"{executions}/Collect:*"
    (machine,) = resources(synthesized, "AWS::StepFunctions::StateMachine").values()
    assert not [other for other in machine["DependsOn"] if "SweepPolicy" in other]


def test_the_state_machine_claims_its_own_product_only(synthesized: dict[str, Any]) -> None:
    """It neither reads nor takes nor releases another product's objects and runs: keys begin with bucket or mark, and the prefix."""
    claims = statements(synthesized, "FlightsPolicy")["ClaimsOfProduct"]
    assert claims["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["lake-landing/travel/flights/*", "run#travel/flights/*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_step_functions_takes_the_role_for_this_account_alone(synthesized: dict[str, Any]) -> None:
    """As Step Functions' documentation asks for; rules and Glue jobs tell no source."""
    (role,) = [r for key, r in resources(synthesized, "AWS::IAM::Role").items() if key.startswith("FlightsRole")]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert flat(trust["Condition"]["ArnLike"]["aws:SourceArn"]).endswith(f":states:eu-west-1:{ACCOUNT}:stateMachine:*")
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_keys_are_used_through_their_services(synthesized: dict[str, Any]) -> None:
    """No role decrypts but through S3, DynamoDB or SNS, and no action is a wildcard."""
    for logical_id in ("FlightsPolicy", "FlightsJobPolicy"):
        for sid, statement in statements(synthesized, logical_id).items():
            assert not [action for action in actions(statement) if "*" in action], sid
            if any(action.startswith("kms:") for action in actions(statement)):
                assert set(statement["Condition"]["StringEquals"]) == {"kms:ViaService"}, sid


def test_the_trigger_starts_for_objects_of_the_product(synthesized: dict[str, Any]) -> None:
    """The rule listens to the landing bucket below the product's prefix and retries for a day before the dead-letter queue."""
    rule = one(synthesized, "AWS::Events::Rule")
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": ["lake-landing"]},
        "object": {"key": [{"prefix": "travel/flights/"}], "size": [{"numeric": [">", 0]}]},
    }
    (target,) = rule["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    (queue,) = resources(synthesized, "AWS::SQS::Queue")
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
    start = statements(synthesized, "FlightsTriggerPolicy")["Start"]
    assert (start["Action"], start["Resource"]) == ("states:StartExecution", target["Arn"])


def test_the_dead_letter_queue_takes_events_of_this_account_only(synthesized: dict[str, Any]) -> None:
    """One statement serves every rule, however many pipelines there are: a queue policy takes twenty."""
    allowed = [s for s in one(synthesized, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    (statement,) = allowed
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert one(synthesized, "AWS::SQS::Queue")["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_everything_is_logged_and_traced(synthesized: dict[str, Any]) -> None:
    """All levels, with the data of executions, into the encrypted shared group whose key lets CloudWatch Logs use it."""
    machine = one(synthesized, "AWS::StepFunctions::StateMachine")
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    group = one(synthesized, "AWS::Logs::LogGroup")
    key_id = group["KmsKeyId"]["Fn::GetAtt"][0]
    assert group["RetentionInDays"] == 365
    services = json.dumps(resources(synthesized, "AWS::KMS::Key")[key_id]["Properties"]["KeyPolicy"])
    assert all(
        f'"{service}"' in services for service in ("logs.eu-west-1.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com")
    )


def test_failures_and_dead_letters_alarm(synthesized: dict[str, Any]) -> None:
    """Failed, timed-out and aborted executions count; both alarms tell the topic when they begin and end; silence is fine."""
    found = resources(synthesized, "AWS::CloudWatch::Alarm")
    alarms = {key: value["Properties"] for key, value in found.items() if not key.startswith("FlightsMonitoring")}
    assert len(alarms) == 2
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": next(iter(resources(synthesized, "AWS::SNS::Topic")))}]
        assert (alarm["Threshold"], alarm["TreatMissingData"]) == (1, "notBreaching")
    (failures,) = [alarm for key, alarm in alarms.items() if key.startswith("FlightsFailureAlarm")]
    names = {metric["MetricStat"]["Metric"]["MetricName"] for metric in failures["Metrics"] if "MetricStat" in metric}
    assert names == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}


def test_the_claims_stay(synthesized: dict[str, Any]) -> None:
    """The claims are retained, protected, recoverable and encrypted with a key that only DynamoDB can be used through."""
    (table,) = resources(synthesized, "AWS::DynamoDB::Table").values()
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["KeySchema"] == [{"AttributeName": "object", "KeyType": "HASH"}]
    assert properties["SSESpecification"]["SSEType"] == "KMS"


def test_a_grant_lets_start_and_nothing_else(synthesized: dict[str, Any]) -> None:
    """An operator starts executions of this pipeline."""
    policies = [p["Properties"] for p in resources(synthesized, "AWS::IAM::Policy").values()]
    (policy,) = policies
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "states:StartExecution"
    assert statement["Resource"] == {"Ref": next(iter(resources(synthesized, "AWS::StepFunctions::StateMachine")))}


def test_the_pipeline_itself_has_no_inline_policy(synthesized: dict[str, Any]) -> None:
    """Only the operator's role, made by this test, has one."""
    assert [p["Properties"]["Roles"][0]["Ref"][:8] for p in resources(synthesized, "AWS::IAM::Policy").values()] == ["Operator"]


def test_a_second_pipeline_adds_fourteen_resources_and_moves_none() -> None:
    """What is shared is made once; a new product changes no logical id of another."""
    first_stack, _ = pipelines()
    before = template(first_stack)["Resources"]
    stack, pipeline = pipelines()
    IngestionPipeline(
        stack,
        "Hotels",
        contract=contract("rooms", product="hotels"),
        job_specs={"rooms": spec("rooms")},
        zones=cast("LakeStorage", stack.node.find_child("Storage")),
        foundation=pipeline.foundation,
    )
    after = template(stack)["Resources"]
    assert set(before) < set(after)
    added = [key for key in after if key not in before]
    assert len(added) == 14
    assert all(key.startswith("Hotels") for key in added)
    assert {key: after[key] for key in before} == before


def test_a_product_of_many_tables_stays_within_the_limits_of_iam() -> None:
    """The catalog rights of a hundred tables with long names are spread over policies that IAM takes."""
    names = [f"{'long_table_name_' * 4}{number:03}" for number in range(100)]
    stack, _ = pipelines(contract=contract(*names), job_specs={name: spec(name) for name in names})
    everything = resources(template(stack), "AWS::IAM::ManagedPolicy")
    sizes = [len(json.dumps(p["Properties"]["PolicyDocument"], separators=(",", ":"))) for p in everything.values()]
    assert max(sizes) <= LARGEST_POLICY
    policies = {key: p for key, p in everything.items() if "Catalog" in key}
    assert 1 < len(policies) < 10
    named = [r for p in policies.values() for r in p["Properties"]["PolicyDocument"]["Statement"][0]["Resource"] if ":table/" in r]
    assert sorted(r.rsplit("/", 1)[1] for r in named) == sorted(names * 2)


def test_fails_for_more_tables_than_a_role_can_be_let_at() -> None:
    """A role takes ten managed policies; the error says so before IAM does."""
    names = [f"{'long_table_name_' * 4}{number:03}" for number in range(300)]
    with pytest.raises(DataLakeError, match=r"got 300 tables, .* IAM takes 10: split the product") as caught:
        pipelines(contract=contract(*names), job_specs={name: spec(name) for name in names})
    assert caught.value.code == "pipeline_tables"


def test_assets_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    """The package holds the job's code alone; hashes and ids are the same in two places, whatever Python left in its caches."""
    packages, templates = [], []
    for folder in ("here", "there"):
        app = new_app(tmp_path / folder)
        stack, _ = pipelines(app)
        templates.append(template(stack))
        (package,) = [path for path in (tmp_path / folder).glob("asset.*") if path.is_dir()]
        packages.append(package)
    assert templates[0] == templates[1]
    files = sorted(str(path.relative_to(packages[0])) for path in packages[0].rglob("*") if path.is_file())
    assert "ingestion/run.py" in files
    assert all(file.startswith("ingestion/") and file.endswith(".py") for file in files)


def test_every_table_of_the_contract_is_ingested_by_default(tmp_path: Path) -> None:
    """Without job specs the contract is compiled, table by table, and the compiled form is what the job will read."""
    stack, _ = pipelines(new_app(tmp_path), job_specs=None)
    states = state_machine(template(stack))["States"]
    (address,) = re.findall(r"'--spec': 's3://[^']+/([^/']+)'", states["RunJob"]["Arguments"]["Arguments"])
    compiled = json.loads((tmp_path / f"asset.{address}").read_text())
    assert list(compiled["tables"]) == states["Receive"]["Assign"]["tables"] == ["airlines", "routes"]
    for table, one_spec in compiled["tables"].items():
        assert (one_spec["product"], one_spec["table"]) == ("travel.flights", table)


def test_tables_whose_names_differ_in_underscores_only_have_a_spec_each(tmp_path: Path) -> None:
    """Both names are legal, so both tables are ingested; an id that folds them would end synthesis with an error of CDK's."""
    stack = new_stack(new_app(tmp_path))
    both = contract("a_b", "a__b")
    foundation = PipelineFoundation(stack, "Foundation", state=PipelineState(stack, "State"))
    specs = {name: spec(name) for name in ("a_b", "a__b")}
    IngestionPipeline(stack, "Flights", contract=both, job_specs=specs, zones=existing_storage(stack), foundation=foundation)
    assert state_machine(template(stack))["States"]["Receive"]["Assign"]["tables"] == ["a__b", "a_b"]
    (file,) = [file for file in tmp_path.glob("asset.*.json") if "tables" in json.loads(file.read_text())]
    assert set(json.loads(file.read_text())["tables"]) == {"a_b", "a__b"}


def test_an_existing_topic_is_used() -> None:
    """Alarms and notices go to the topic that was brought along, and none is made."""
    stack = new_stack()
    topic = sns.Topic.from_topic_arn(stack, "Topic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:oncall")
    foundation = PipelineFoundation(stack, "Foundation", state=PipelineState(stack, "State"), alarm_topic=topic)
    IngestionPipeline(
        stack,
        "Flights",
        contract=contract("routes"),
        job_specs={"routes": spec("routes")},
        zones=existing_storage(stack),
        foundation=foundation,
    )
    synthesized = template(stack)
    assert resources(synthesized, "AWS::SNS::Topic") == {}
    assert state_machine(synthesized)["States"]["Alert"]["Arguments"]["TopicArn"].endswith(":oncall")
    assert statements(synthesized, "FlightsPolicy")["Alert"]["Resource"].endswith(":oncall")


def test_metrics_count_every_kind_of_failure() -> None:
    """The pipeline's own metrics are of its state machine; a period can be chosen."""
    _, pipeline = pipelines()
    assert pipeline.metric_failed().expression == "FILL(failed, 0) + FILL(timedOut, 0) + FILL(aborted, 0)"
    assert pipeline.metric_failed(period=Duration.hours(1)).period.to_minutes() == 60
    metrics = (pipeline.metric_started(), pipeline.metric_succeeded(), pipeline.metric_duration())
    assert [metric.metric_name for metric in metrics] == ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionTime"]


def test_rulesets_stand_beside_tables_where_asked_for() -> None:
    """One for each table with a rule, in the table's own database; none by default, since each is a resource."""
    product = contract("airlines", "routes")
    airlines, routes = product.tables
    rule = GateRule(name="rows", metric="rows", operator=">", threshold=0)
    stack, pipeline = pipelines(contract=replace(product, tables=(replace(airlines, gate=(rule,)), routes)), catalog_rulesets=True)
    made = {key: r["Properties"] for key, r in resources(template(stack), "AWS::Glue::DataQualityRuleset").items()}
    assert list(pipeline.rulesets) == ["airlines"]
    assert ruleset(routes) == ""
    (one_made,) = made.values()
    assert one_made["TargetTable"]["DatabaseName"] == "travel"
    assert one_made["Name"] == "travel.flights.airlines"
    assert one_made["Ruleset"].startswith("Rules")
    assert resources(template(pipelines()[0]), "AWS::Glue::DataQualityRuleset") == {}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"job_specs": {}}, "pipeline_specs"),
        ({"job_specs": {"unknown": spec("unknown")}}, "pipeline_specs"),
        ({"workers": 1}, "pipeline_workers"),
        ({"concurrency": 0}, "pipeline_concurrency"),
        ({"job_timeout": Duration.days(8)}, "pipeline_timeout"),
        ({"job_timeout": Duration.seconds(30)}, "pipeline_timeout"),
        ({"on_arrival": False}, "pipeline_trigger"),
    ],
)
def test_fails_when_misused(arguments: dict[str, Any], code: str) -> None:
    """What Glue or the contract would not allow is refused with a stable code."""
    with pytest.raises(DataLakeError) as caught:
        pipelines(**arguments)
    assert caught.value.code == code


def test_fails_when_claims_are_to_be_destroyed() -> None:
    """Claims are data: destroying them has to be allowed first."""
    with pytest.raises(DataLakeError, match="would delete data"):
        PipelineState(new_stack(), "State", removal_policy=RemovalPolicy.DESTROY)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
