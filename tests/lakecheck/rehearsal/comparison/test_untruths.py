"""What is said of the emulator is so: each untruth that can be shown quickly, shown."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.rehearsal.untruths import UNTRUTHS, untruths

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.process import Emulator

ACCOUNT, OTHER, REGION = "777777777701", "777777777702", "eu-west-1"
NOBODY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})


def _client(emulator: Emulator, service: str, role: str = "rehearsal") -> Any:
    return emulator.clients(service, account=ACCOUNT, region=REGION, role=role)


def _bucket(emulator: Emulator, name: str) -> Any:
    s3 = _client(emulator, "s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def test_each_has_a_sentence_and_what_it_means() -> None:
    """A report has both, each once."""
    assert len({one.id for one in UNTRUTHS}) == len(UNTRUTHS) == len(set(untruths()))
    assert all(one.sentence.endswith(".") and one.meaning.endswith(".") for one in UNTRUTHS)
    assert {"iam", "kms", "lake-formation", "policies", "athena", "time"} <= {one.id for one in UNTRUTHS}


def test_role_without_rights_may_do_everything(emulator: Emulator) -> None:
    """iam: neither its trust nor its missing policies count, nor that the role does not exist."""
    s3 = _bucket(emulator, "untruth-iam-bucket")
    s3.put_object(Bucket="untruth-iam-bucket", Key="secret", Body=b"read me")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]})
    _client(emulator, "iam").create_role(RoleName="powerless", AssumeRolePolicyDocument=trust)
    for role in ("powerless", "not-there-at-all"):
        assert _client(emulator, "s3", role).get_object(Bucket="untruth-iam-bucket", Key="secret")["Body"].read() == b"read me"


def test_policy_that_denies_everything_denies_nothing(emulator: Emulator) -> None:
    """policies, public-access: a Deny for everybody is kept, and so is a public policy behind a block of public access."""
    s3 = _bucket(emulator, "untruth-policy-bucket")
    s3.put_object(Bucket="untruth-policy-bucket", Key="a", Body=b"still read")
    s3.put_public_access_block(
        Bucket="untruth-policy-bucket", PublicAccessBlockConfiguration={"BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    )
    for effect in ("Allow", "Deny"):
        policy = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::untruth-policy-bucket/*"}],
            }
        )
        s3.put_bucket_policy(Bucket="untruth-policy-bucket", Policy=policy)
        assert json.loads(s3.get_bucket_policy(Bucket="untruth-policy-bucket")["Policy"]) == json.loads(policy)
    assert s3.get_object(Bucket="untruth-policy-bucket", Key="a")["Body"].read() == b"still read"


def test_object_under_a_denied_and_disabled_key_is_read(emulator: Emulator) -> None:
    """kms: nothing is encrypted."""
    kms = _client(emulator, "kms")
    key = kms.create_key(Policy=NOBODY)["KeyMetadata"]["KeyId"]
    s3 = _bucket(emulator, "untruth-kms-bucket")
    s3.put_object(Bucket="untruth-kms-bucket", Key="a", Body=b"plain", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    kms.disable_key(KeyId=key)
    assert _client(emulator, "s3", "powerless").get_object(Bucket="untruth-kms-bucket", Key="a")["Body"].read() == b"plain"


def test_catalog_is_open_to_everybody(emulator: Emulator) -> None:
    """lake-formation: a table that nobody was granted is read."""
    glue = _client(emulator, "glue")
    glue.create_database(DatabaseInput={"Name": "untruth"})
    glue.create_table(
        DatabaseName="untruth", TableInput={"Name": "hidden", "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int"}]}}
    )
    granted = _client(emulator, "lakeformation").list_permissions()["PrincipalResourcePermissions"]
    assert not [one for one in granted if one["Resource"].get("Table", {}).get("Name") == "hidden"]
    assert _client(emulator, "glue", "powerless").get_table(DatabaseName="untruth", Name="hidden")["Table"]["Name"] == "hidden"


def test_athena_calls_nonsense_a_success(emulator: Emulator) -> None:
    """athena: SUCCEEDED, and no rows."""
    athena = _client(emulator, "athena")
    query = athena.start_query_execution(QueryString="SELECT no sense", ResultConfiguration={"OutputLocation": "s3://untruth/out/"})
    state = athena.get_query_execution(QueryExecutionId=query["QueryExecutionId"])["QueryExecution"]["Status"]["State"]
    rows = athena.get_query_results(QueryExecutionId=query["QueryExecutionId"])["ResultSet"]["Rows"]
    assert (state, rows) == ("SUCCEEDED", [])


def test_alarm_stays_as_it_is(emulator: Emulator) -> None:
    """alarms: a metric far beyond the threshold changes nothing."""
    cloudwatch = _client(emulator, "cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="untruth",
        MetricName="Failures",
        Namespace="Untruth",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.put_metric_data(Namespace="Untruth", MetricData=[{"MetricName": "Failures", "Value": 100.0}])
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["untruth"])["MetricAlarms"]
    assert alarm["StateValue"] != "ALARM"


def test_trail_records_nothing(emulator: Emulator) -> None:
    """trail: a trail that logs leaves its bucket empty."""
    s3 = _bucket(emulator, "untruth-trail-bucket")
    trail = _client(emulator, "cloudtrail")
    trail.create_trail(Name="untruth", S3BucketName="untruth-trail-bucket")
    trail.start_logging(Name="untruth")
    s3.list_buckets()
    assert s3.list_objects_v2(Bucket="untruth-trail-bucket")["KeyCount"] == 0


def test_security_hub_finds_nothing(emulator: Emulator) -> None:
    """detection: the world may read a bucket, and nobody says so."""
    hub = _client(emulator, "securityhub")
    hub.enable_security_hub()
    assert hub.get_findings()["Findings"] == []


def test_lifecycle_is_never_done(emulator: Emulator) -> None:
    """lifecycle: an object that should have gone long ago is there."""
    s3 = _bucket(emulator, "untruth-lifecycle-bucket")
    s3.put_object(Bucket="untruth-lifecycle-bucket", Key="old", Body=b"")
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Date": "2001-01-01T00:00:00Z"}}
    s3.put_bucket_lifecycle_configuration(Bucket="untruth-lifecycle-bucket", LifecycleConfiguration={"Rules": [rule]})
    assert s3.list_objects_v2(Bucket="untruth-lifecycle-bucket")["KeyCount"] == 1


def test_waits_pass_at_once() -> None:
    """time: a wait of a day takes no time, and the execution's own clock has gone on."""
    from lakecheck.rehearsal.states import VirtualClock, run  # noqa: PLC0415 - needs what the emulator needs

    machine = {"QueryLanguage": "JSONata", "StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86_400, "End": True}}}
    clock = VirtualClock(1_700_000_000.0)
    began = time.monotonic()
    run(machine, {}, _NoServices(), clock=clock)
    assert time.monotonic() - began < 60
    assert clock.seconds >= 1_700_000_000 + 86_400


def test_state_machine_in_jsonpath_is_not_run() -> None:
    """jsonpath: it is refused, which is told, rather than run wrongly."""
    from lakecheck.rehearsal.states import DefinitionError, run  # noqa: PLC0415 - needs what the emulator needs

    with pytest.raises(DefinitionError, match="JSONata"):
        run({"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "InputPath": "$.a", "End": True}}}, {}, _NoServices())


class _NoServices:
    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"a wait needs no service, and asked for {name}")
