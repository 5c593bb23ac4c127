"""Every rule of lakecheck is judged at run time or said why not; Guard itself judges configuration items as the rules mean them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cloudformation_validate as native
import pytest
from aws_cdk import aws_config as config, aws_s3 as s3

from constructs_lib.compliance import conformance
from constructs_lib.compliance.conformance import LakeConformancePack, conformance_table, pack_template
from constructs_lib.compliance.conformance_rules import FLOOR, JUDGED, NOT_JUDGED, GuardRule, ManagedRule
from lakecheck.rules import all_rules
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.compliance.native import lint
from tests.support import ACCOUNT, REGION, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD = {name: rule for name, rule in JUDGED.items() if isinstance(rule, GuardRule)}
MOST_POLICY_TEXT = 10_000


def workgroup(name: str = "analysts", engine: str = "Athena engine version 3", **settings: Any) -> dict[str, Any]:
    """What Config records of a workgroup."""
    recorded = {
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "BytesScannedCutoffPerQuery": 10_000_000,
        "EngineVersion": {"SelectedEngineVersion": engine, "EffectiveEngineVersion": engine},
        **settings,
    }
    recorded = {key: value for key, value in recorded.items() if value is not None}
    return {"resourceType": "AWS::Athena::WorkGroup", "configuration": {"Name": name, "WorkGroupConfiguration": recorded}}


def job(**configuration: Any) -> dict[str, Any]:
    """What Config records of a job."""
    return {"resourceType": "AWS::Glue::Job", "configuration": {"Command": {"Name": "glueetl"}, **configuration}}


def bucket(*rules: dict[str, Any], key: str | None = "arn:aws:kms:eu-west-1:1:key/1", keys: bool = True, **extra: Any) -> dict[str, Any]:
    """What Config records of a bucket that KMS encrypts."""
    by_default = {"sseAlgorithm": "aws:kms", **({} if key is None else {"kmsMasterKeyID": key})}
    encryption = {"rules": [{"applyServerSideEncryptionByDefault": by_default, "bucketKeyEnabled": keys}]}
    lifecycle = {"BucketLifecycleConfiguration": {"rules": list(rules)}} if rules else {}
    recorded = {
        "ServerSideEncryptionConfiguration": encryption,
        "BucketVersioningConfiguration": {"status": "Enabled"},
        **lifecycle,
        **extra,
    }
    return {"resourceType": "AWS::S3::Bucket", "configuration": {"name": "lake"}, "supplementaryConfiguration": recorded}


ABORTS = {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
ENDS = {"status": "Enabled", "noncurrentVersionExpirationInDays": 30}
SSE_S3: dict[str, Any] = {
    "ServerSideEncryptionConfiguration": {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}
}

CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "encryption.bucket_key_on": ([bucket(), bucket(keys=False, **SSE_S3), job()], [bucket(keys=False)]),
    "encryption.bucket_with_aws_key": (
        [bucket(), bucket(key=None, **SSE_S3)],
        [bucket(key=None), bucket(key="arn:aws:kms:eu-west-1:1:alias/aws/s3"), bucket(key="alias/aws/s3")],
    ),
    "pipeline.job_version_old": (
        [job(GlueVersion="5.0"), job(), job(GlueVersion="1.0", Command={"Name": "pythonshell"})],
        [job(GlueVersion="2.0"), job(GlueVersion="0.9", Command={"Name": "gluestreaming"})],
    ),
    "query.engine_version": (
        [workgroup(), workgroup(engine="AUTO"), workgroup(EngineVersion=None)],
        [workgroup(engine="Athena engine version 2")],
    ),
    "query.metrics_off": (
        [workgroup(), workgroup("primary", PublishCloudWatchMetricsEnabled=False)],
        [workgroup(PublishCloudWatchMetricsEnabled=False), workgroup(PublishCloudWatchMetricsEnabled=None, EngineVersion=None)],
    ),
    "query.no_scan_cap": (
        [workgroup(), workgroup(engine="PySpark engine version 3", BytesScannedCutoffPerQuery=None)],
        [workgroup(BytesScannedCutoffPerQuery=None)],
    ),
    "query.not_enforced": (
        [workgroup(), workgroup("primary", EnforceWorkGroupConfiguration=False), bucket()],
        [workgroup(EnforceWorkGroupConfiguration=False)],
    ),
    "storage.incomplete_uploads": (
        [bucket(ABORTS), bucket(ENDS, ABORTS)],
        [bucket(), bucket(ENDS), bucket({**ABORTS, "status": "Disabled"})],
    ),
    "storage.noncurrent_versions": (
        [bucket(ENDS), bucket(ABORTS, ENDS), bucket(BucketVersioningConfiguration={"status": "Off"})],
        [bucket(), bucket(ABORTS), bucket({**ENDS, "status": "Disabled"})],
    ),
}


@pytest.fixture(scope="module")
def failing() -> Callable[[dict[str, Any]], set[str]]:
    """Guard's engine with the text of every rule: the names of those that an item fails."""
    sources = [native.ExternalRuleSource(name=f"{name}.guard", content=rule.text(name.replace(".", "-"))) for name, rule in GUARD.items()]
    engine = native.RegoEngine(native.EngineConfig(guard_rules=sources))
    names = {name.replace(".", "_"): name for name in GUARD}

    def judge(item: dict[str, Any]) -> set[str]:
        document = json.dumps({"Resources": {"Needed": {"Type": "AWS::SNS::Topic"}}, **item})
        report = engine.validate_template(native.TemplateContent(document, "item.json"))
        return {names[found.rule_id] for found in report.diagnostics if found.rule_id in names}

    return judge


@pytest.mark.parametrize("name", GUARD)
def test_guard_judges_configuration_items(failing: Callable[[dict[str, Any]], set[str]], name: str) -> None:
    """Compliant ones, failing ones and ones that it is not about; the engine that Config's Guard is made of judges."""
    compliant, wrong = CASES[name]
    assert [item for item in compliant if name in failing(item)] == []
    assert [item for item in wrong if name not in failing(item)] == []


def test_every_rule_is_judged_or_said_why_not() -> None:
    """A new rule of lakecheck has to be put into one of the two lists, and only there."""
    ids = [rule.id for rule in all_rules()]
    assert sorted([*JUDGED, *NOT_JUDGED]) == sorted(ids)
    assert all(NOT_JUDGED.values())


def test_managed_rules_exist() -> None:
    """By CDK's own list of identifiers, or AWS's documentation for those that it lacks."""
    listed = config.ManagedRuleIdentifiers
    known = {getattr(listed, name) for name in dir(listed) if name.isupper()}
    known |= {"ATHENA_WORKGROUP_ENCRYPTED_AT_REST", "GUARDDUTY_S3_PROTECTION_ENABLED", "S3_BUCKET_ACL_PROHIBITED"}
    assert [
        rule.identifier for rule in (*JUDGED.values(), *FLOOR.values()) if isinstance(rule, ManagedRule) and rule.identifier not in known
    ] == []


def test_a_guard_rule_is_written_as_config_takes_it() -> None:
    """Triggered by changes of its type, oversized ones too; the title says what it is about."""
    rule = pack_template()["Resources"]["QueryNotEnforced"]["Properties"]
    assert rule["ConfigRuleName"] == "lake-query-not-enforced"
    assert rule["Description"] == "A workgroup's settings override those of its clients"
    assert rule["Scope"] == {"ComplianceResourceTypes": ["AWS::Athena::WorkGroup"]}
    assert rule["Source"]["Owner"] == "CUSTOM_POLICY"
    assert rule["Source"]["CustomPolicyDetails"]["PolicyRuntime"] == "guard-2.x.x"
    assert [detail["MessageType"] for detail in rule["Source"]["SourceDetails"]] == [
        "ConfigurationItemChangeNotification",
        "OversizedConfigurationItemChangeNotification",
    ]


def test_a_managed_rule_gets_its_parameters() -> None:
    """As Config writes them."""
    rule = pack_template()["Resources"]["AuditTrailExcludes"]["Properties"]
    assert rule["Source"] == {"Owner": "AWS", "SourceIdentifier": "MULTI_REGION_CLOUD_TRAIL_ENABLED"}
    assert rule["InputParameters"] == {"includeManagementEvents": "TRUE", "readWriteType": "ALL"}


def test_the_pack_is_within_the_limits() -> None:
    """Bytes, rules, and the text and description of each rule."""
    body = pack_template()
    assert len(json.dumps(body)) < limit(Quota.CONFORMANCE_PACK_BYTES).value
    assert len(body["Resources"]) == len(JUDGED) + len(FLOOR) <= limit(Quota.CONFORMANCE_PACK_RULES).value
    for rule in body["Resources"].values():
        details = rule["Properties"]["Source"].get("CustomPolicyDetails", {"PolicyText": ""})
        assert len(details["PolicyText"]) <= MOST_POLICY_TEXT
        assert len(rule["Properties"].get("Description", "")) <= 256


def test_one_account_gets_the_pack() -> None:
    """As a template in the template."""
    stack = new_stack()
    pack = LakeConformancePack(stack, "Pack", left_out=["query.metrics_off", "hub-on"])
    (made,) = resources(template(stack), "AWS::Config::ConformancePack").values()
    assert made["Properties"]["ConformancePackName"] == "governed-lake"
    body = json.loads(made["Properties"]["TemplateBody"])
    assert {"QueryMetricsOff", "HubOn"}.isdisjoint(body["Resources"])
    assert {"QueryNotEnforced", "TrailOn"} <= body["Resources"].keys()
    assert len(pack.rule_names) == len(body["Resources"])


def test_an_organisation_gets_the_pack() -> None:
    """But for the accounts that have no recorder."""
    stack = new_stack()
    LakeConformancePack(
        stack,
        "Pack",
        organization=True,
        excluded_accounts=[ACCOUNT],
        delivery_bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "awsconfigconforms-lake"),
    )
    (made,) = resources(template(stack), "AWS::Config::OrganizationConformancePack").values()
    assert made["Properties"]["OrganizationConformancePackName"] == "governed-lake"
    assert made["Properties"]["ExcludedAccounts"] == [ACCOUNT]
    assert made["Properties"]["DeliveryS3Bucket"] == "awsconfigconforms-lake"


@pytest.mark.parametrize(
    ("props", "code"), [({"left_out": ["query.nothing"]}, "conformance_rules"), ({"excluded_accounts": [ACCOUNT]}, "conformance_accounts")]
)
def test_fails_when_nothing_would_be_left_out(props: dict[str, Any], code: str) -> None:
    """A rule or an account that is not there was meant to be another one."""
    with pytest.raises(DataLakeError) as caught:
        LakeConformancePack(new_stack(), "Pack", **props)
    assert caught.value.code == code


def test_fails_when_the_pack_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than at deployment."""
    large = {f"rule-{number}": ManagedRule(identifier="CLOUD_TRAIL_ENABLED") for number in range(131)}
    monkeypatch.setattr(conformance, "FLOOR", large)
    with pytest.raises(DataLakeError, match=r"at most 130 rules per conformance pack.*left_out") as caught:
        LakeConformancePack(new_stack(), "Pack")
    assert caught.value.code == "conformance_pack_size"


def test_the_table_tells_of_every_rule() -> None:
    """With the reason where it is not judged."""
    lines = conformance_table().splitlines()
    assert len(lines) == 2 + len(all_rules())
    assert "| `query.not_enforced` | Guard rule on `AWS::Athena::WorkGroup` |" in lines
    assert "| `audit.detector_without_s3` | managed rule `GUARDDUTY_S3_PROTECTION_ENABLED` |" in lines
    assert "| `catalog.repeated_columns` | no: Config records no databases, tables or optimizers of the Glue Data Catalog |" in lines


@pytest.mark.full
def test_the_packs_template_is_clean() -> None:
    """CloudFormation makes the rules from it."""
    assert lint(pack_template(), account=ACCOUNT, region=REGION) == []
