"""The organisation's trail records what it should, its alarms hear it, and its table sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import aws_iam as iam, aws_kms as kms, aws_s3 as s3, aws_sns as sns
from hypothesis import given, settings, strategies as st

from constructs_lib.baseline import ExistingAuditStorage, LakeAccount, Singleton
from constructs_lib.governance import LakeFormationSettings
from constructs_lib.organization.trail import (
    ALWAYS_WATCHED,
    LogArchive,
    OrganizationTrail,
    RecordedObjects,
    TrailAlarms,
    TrailTable,
    Watch,
    bucket_prefixes,
)
from lakemodel.errors import DataLakeError
from tests.constructs.organization.trail.parts import ARCHIVE, LAKE, MANAGEMENT, NAMES, ORGANIZATION, build
from tests.support import REGION, new_app, new_stack, resources, template

ANY_WATCH = Watch(name="Any", says="anything", conditions=('($.eventName = "Any")',))


@pytest.fixture(scope="module")
def stacks() -> tuple[dict[str, Any], dict[str, Any]]:
    """The templates of the log archive and of management."""
    archive, trail = build(new_app())
    return template(archive), template(trail)


def only(synthesized: dict[str, Any], kind: str) -> dict[str, Any]:
    ((_, found),) = resources(synthesized, kind).items()
    properties: dict[str, Any] = found["Properties"]
    return properties


def test_the_trail_is_the_organisations(stacks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """All accounts and Regions, validated, encrypted with the archive's key, also in CloudWatch Logs; by derived names alone."""
    _, management = stacks
    trail = only(management, "AWS::CloudTrail::Trail")
    wanted = {
        "TrailName": "governed-lake-organization",
        "IsLogging": True,
        "IsOrganizationTrail": True,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "EnableLogFileValidation": True,
        "S3BucketName": f"governed-lake-trail-{ARCHIVE}-{REGION}",
        "KMSKeyId": f"arn:aws:kms:{REGION}:{ARCHIVE}:alias/governed-lake-archive",
    }
    assert {name: trail[name] for name in wanted} == wanted
    assert {"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"} <= set(trail)
    assert "InsightSelectors" not in trail
    assert "PublishGetStackOutputRole" not in json.dumps(stacks)


def test_objects_are_recorded_by_the_beginning_of_their_buckets_names(stacks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Reads included, without the access logs that S3 writes all day."""
    management_events, objects, reads = only(stacks[1], "AWS::CloudTrail::Trail")["AdvancedEventSelectors"]
    assert management_events["FieldSelectors"] == [{"Field": "eventCategory", "Equals": ["Management"]}]
    assert objects["FieldSelectors"] == [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {
            "Field": "resources.ARN",
            "StartsWith": ["arn:aws:s3:::dev-mainstorage-", "arn:aws:s3:::staging-analyticssto"],
            "NotStartsWith": ["arn:aws:s3:::dev-mainstorage-zonesaccesslogs"],
        },
    ]
    assert {"Field": "readOnly", "Equals": ["true"]} in reads["FieldSelectors"], "or each delivery would be an event to deliver"
    buckets = [f"arn:aws:s3:::{name}/" for name in (NAMES.trail_bucket, NAMES.config_bucket)]
    assert reads["FieldSelectors"][-1] == {"Field": "resources.ARN", "StartsWith": buckets}


@settings(max_examples=25)
@given(st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,60}", fullmatch=True), min_size=1, max_size=8))
def test_every_name_that_cloudformation_gives_is_recorded(names: list[str]) -> None:
    """However it cuts a long stack name, as long as it keeps twenty characters."""
    prefixes = bucket_prefixes(names)
    for name in names:
        for kept in (name, name[:24], name[:20]):
            assert f"{kept}-zonesrawbucket-abcdefghijkl".lower().startswith(prefixes)


def test_a_short_name_records_no_neighbour() -> None:
    """A name that begins like another stack's is not taken for it."""
    assert bucket_prefixes(["Prod-Main", "prod-main"]) == ("prod-main-",)
    assert not "prod-main2-zonesrawbucket-abcdefghijkl".startswith(bucket_prefixes(["Prod-Main"]))


@pytest.mark.parametrize("objects", [
    RecordedObjects(prefixes=()),
    RecordedObjects(prefixes=("",)),
    RecordedObjects(prefixes=("a",), but_not=("",)),
    RecordedObjects(prefixes=tuple(f"bucket{number}" for number in range(493))),
])  # fmt: skip
def test_fails_for_objects_that_no_trail_takes(objects: RecordedObjects) -> None:
    """Nothing, everything in every account, or more than fits."""
    with pytest.raises(DataLakeError) as told:
        OrganizationTrail(new_stack(account=MANAGEMENT), "Trail", names=NAMES, objects=objects)
    assert told.value.code == "recorded_objects"


def test_fails_outside_the_management_account() -> None:
    """A member account cannot make it, and nor can another Region: the archive waits for the trail that the names say."""
    with pytest.raises(DataLakeError, match="made in the management account") as told:
        OrganizationTrail(new_stack(), "Trail", names=NAMES)
    assert told.value.code == "trail_elsewhere"


def test_another_archive_is_used_as_it_is() -> None:
    """Control Tower's, for instance; no data events and insights unless asked for."""
    stack = new_stack(account=MANAGEMENT)
    key = kms.Key.from_key_arn(stack, "Key", f"arn:aws:kms:{REGION}:{ARCHIVE}:key/12345678-1234-1234-1234-123456789012")
    storage = ExistingAuditStorage(bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "aws-controltower-logs"), key=key)
    trail = OrganizationTrail(stack, "Trail", names=NAMES, storage=storage, insights=True)
    topic = sns.Topic.from_topic_arn(stack, "Topic", f"arn:aws:sns:{REGION}:{MANAGEMENT}:there")
    TrailAlarms(stack, "Alarms", trail=trail, watches=[ANY_WATCH], topic=topic)
    synthesized = template(stack)
    properties = only(synthesized, "AWS::CloudTrail::Trail")
    assert properties["S3BucketName"] == "aws-controltower-logs"
    assert properties["KMSKeyId"].endswith("123456789012")
    assert [one["Name"] for one in properties["AdvancedEventSelectors"]] == ["management events", "reads of the archive"]
    assert len(properties["InsightSelectors"]) == 2
    assert not resources(synthesized, "AWS::SNS::Topic")
    assert only(synthesized, "AWS::CloudWatch::Alarm")["AlarmActions"] == [f"arn:aws:sns:{REGION}:{MANAGEMENT}:there"]


def test_every_watch_has_an_alarm_on_its_own_metric(stacks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """What its filters count is what it looks at, and the topic hears of it; each filter reads the trail's log group."""
    _, management = stacks
    alarms = {one["Properties"]["MetricName"]: one["Properties"] for one in resources(management, "AWS::CloudWatch::Alarm").values()}
    filters = [one["Properties"] for one in resources(management, "AWS::Logs::MetricFilter").values()]
    ((topic, _),) = resources(management, "AWS::SNS::Topic").items()
    ((group, _),) = resources(management, "AWS::Logs::LogGroup").items()
    expected = {watch.name for watch in ALWAYS_WATCHED} | {"ArchiveChange", "BreakGlassTaken", "BreakGlassUsed"}
    assert set(alarms) == expected == {one["MetricTransformations"][0]["MetricName"] for one in filters}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert (alarm["Threshold"], alarm["Statistic"], alarm["TreatMissingData"]) == (1, "Sum", "notBreaching")
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["Namespace"] == "GovernedLake/Audit"
    for one in filters:
        assert one["LogGroupName"] == {"Ref": group}
        assert one["MetricTransformations"][0]["MetricNamespace"] == "GovernedLake/Audit"
    assert any(NAMES.config_bucket in one["FilterPattern"] and NAMES.trail_bucket in one["FilterPattern"] for one in filters)


def test_alarms_reach_people_through_an_encrypted_topic(stacks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """CloudWatch may use the key and publish, for this account's alarms."""
    _, management = stacks
    ((key, resource),) = resources(management, "AWS::KMS::Key").items()
    assert only(management, "AWS::SNS::Topic")["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert only(management, "AWS::SNS::Subscription")["Endpoint"] == "audit@example.com"
    (statement,) = [one for one in resource["Properties"]["KeyPolicy"]["Statement"] if one.get("Sid") == "AllowAlarms"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    publishing = only(management, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [one for one in publishing if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": MANAGEMENT}}


@pytest.mark.parametrize("watches", [
    [ANY_WATCH, ANY_WATCH],
    [Watch(name=f"W{number}", says="", conditions=("($.a NOT EXISTS)",)) for number in range(101)],
])  # fmt: skip
def test_fails_for_watches_that_cannot_be_told_apart_or_do_not_fit(watches: list[Watch]) -> None:
    """A metric belongs to one watch, and a log group takes 100 filters."""
    stack = new_stack(account=MANAGEMENT)
    trail = OrganizationTrail(stack, "Trail", names=NAMES)
    with pytest.raises(DataLakeError) as told:
        TrailAlarms(stack, "Alarms", trail=trail, watches=watches)
    assert told.value.code == "watches"


def test_the_table_sees_what_the_trail_delivers(stacks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Where an organisation's trail writes, with the partitions projected; global services tell from us-east-1."""
    archive, _ = stacks
    table = only(archive, "AWS::Glue::Table")["TableInput"]
    assert table["Name"] == "organization_trail"
    said = table["Parameters"]
    assert said["projection.enabled"] == "true"
    assert said["projection.account.values"] == ",".join(sorted([LAKE, ARCHIVE, MANAGEMENT]))
    assert said["projection.region.values"] == "eu-west-1,us-east-1"
    assert (said["projection.day.format"], said["projection.day.range"]) == ("yyyy/MM/dd", "2026/01/01,NOW")
    template_ = json.dumps(said["storage.location.template"])
    assert f"/AWSLogs/{ORGANIZATION}/${{account}}/CloudTrail/${{region}}/${{day}}/" in template_
    assert table["StorageDescriptor"]["InputFormat"] == "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
    identity = next(one for one in table["StorageDescriptor"]["Columns"] if one["Name"] == "useridentity")
    assert "sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>" in identity["Type"]
    assert not resources(archive, "AWS::LakeFormation::Resource")


def test_auditors_ask_and_read_and_nobody_else(stacks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The saved queries stand in their workgroup; their policy opens the organisation's files, listed and decrypted through S3 only."""
    archive, _ = stacks
    queries = {one["Properties"]["Name"] for one in resources(archive, "AWS::Athena::NamedQuery").values()}
    assert {"who-read-a-table", "who-used-break-glass", "who-changed-a-guardrail"} <= queries
    ((_, policy),) = [each for each in resources(archive, "AWS::IAM::ManagedPolicy").items() if "ReadPolicy" in each[0]]
    found = {one["Sid"]: one for one in policy["Properties"]["PolicyDocument"]["Statement"]}
    assert [one["Action"] for one in found.values()] == ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "kms:Decrypt"]
    assert f"/AWSLogs/{ORGANIZATION}/*" in json.dumps(found["LogFiles"]["Resource"])
    assert found["Listing"]["Condition"] == {"StringLike": {"s3:prefix": [f"AWSLogs/{ORGANIZATION}/", f"AWSLogs/{ORGANIZATION}/*"]}}
    assert "kms:ViaService" in json.dumps(found["LogFileKey"]["Condition"])
    ((auditor, _),) = [each for each in resources(archive, "AWS::IAM::Role").items() if each[0].startswith("Auditor")]
    assert policy["Properties"]["Roles"] == [{"Ref": auditor}]


def test_with_lake_formation_the_table_opens_itself_to_nobody() -> None:
    """The database is made after the settings that say so, and the auditor is granted the table once it is there."""
    stack = new_stack(new_app(), "Archive", ARCHIVE)
    archive = LogArchive(stack, "LogArchive", organization_id=ORGANIZATION, names=NAMES)
    settings = LakeFormationSettings(stack, "LakeFormation", admins=[], shares=False)
    auditor = iam.Role(stack, "Auditor", assumed_by=iam.AccountRootPrincipal())
    table = TrailTable(stack, "Table", archive=archive, accounts=[LAKE], regions=[REGION], auditors=[auditor], settings=settings)
    synthesized = template(stack)
    ((_, database),) = resources(synthesized, "AWS::Glue::Database").items()
    ((table_id, _),) = resources(synthesized, "AWS::Glue::Table").items()
    (granted,) = [value for key, value in synthesized["Resources"].items() if key.startswith("TablePermissions")]
    (made,) = [key for key, value in synthesized["Resources"].items() if value["Type"] == "Custom::LakeFormationSettings"]
    assert made in database["DependsOn"]
    assert table_id in granted["DependsOn"]
    assert "SELECT" in json.dumps(granted["Properties"])
    assert table.permissions is not None


def test_fails_for_a_table_that_sees_nothing() -> None:
    """Without an account or a Region there is no partition."""
    app = new_app()
    archive, _ = build(app)
    with pytest.raises(DataLakeError) as told:
        TrailTable(archive, "Other", archive=archive.node.find_child("LogArchive"), accounts=[], regions=[REGION])  # type: ignore[arg-type]
    assert told.value.code == "trail_table"


def test_an_account_of_the_organisations_trail_gets_none_of_its_own() -> None:
    """Nor storage for one."""
    stack = new_stack(account=LAKE)
    account = LakeAccount(stack, "Account", admins=[], audit_trail=Singleton.ORGANIZATION, threat_detection=Singleton.ORGANIZATION)
    assert account.audit_trail is None
    assert account.audit_storage is None
    synthesized = template(stack)
    assert not resources(synthesized, "AWS::CloudTrail::Trail")
    assert not resources(synthesized, "AWS::S3::Bucket")
