"""The trail records everything, everywhere, unchangeably; its storage takes log files from nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Duration, aws_kms as kms, aws_s3 as s3

from constructs_lib.baseline import AuditStorage, AuditTrail, ExistingAuditStorage
from constructs_lib.storage import AccessLogBucket
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

TRAILS = f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"


@pytest.fixture(scope="module")
def trail_stack() -> dict[str, Any]:
    """A trail with data events of one bucket, and its storage."""
    stack = new_stack()
    storage = AuditStorage(stack, "Storage", access_logs=AccessLogBucket(stack, "Logs"))
    AuditTrail(stack, "Trail", storage=storage, data_event_buckets=[s3.Bucket.from_bucket_name(stack, "Lake", "lake")])
    return template(stack)


def only(synthesized: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The only resource of a type."""
    (resource,) = resources(synthesized, resource_type).values()
    found: dict[str, Any] = resource
    return found


def statements(synthesized: dict[str, Any], resource_type: str, start: str, document: str) -> dict[str, dict[str, Any]]:
    """Statements with a Sid of the one policy whose logical id starts with `start`."""
    (resource,) = [value for key, value in resources(synthesized, resource_type).items() if key.startswith(start)]
    return {statement["Sid"]: statement for statement in resource["Properties"][document]["Statement"] if "Sid" in statement}


def test_the_trail_covers_all_regions_and_can_be_verified(trail_stack: dict[str, Any]) -> None:
    """Multi-Region, with global services, validation, a key, a log group, and switched on."""
    trail = only(trail_stack, "AWS::CloudTrail::Trail")["Properties"]
    for switch in ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"):
        assert trail[switch] is True
    assert trail["KMSKeyId"]["Fn::GetAtt"][0].startswith("StorageKey")
    assert trail["CloudWatchLogsLogGroupArn"]["Fn::GetAtt"][0].startswith("TrailLogGroup")
    assert "InsightSelectors" not in trail
    assert "TrailName" not in trail


def test_management_and_data_events_are_selected(trail_stack: dict[str, Any]) -> None:
    """Every management event, and every object request on the lake, reads too: no selector narrows it further."""
    trail = only(trail_stack, "AWS::CloudTrail::Trail")["Properties"]
    management, data = trail["AdvancedEventSelectors"]
    assert management["FieldSelectors"] == [{"Field": "eventCategory", "Equals": ["Management"]}]
    assert data["FieldSelectors"] == [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::lake/"]},
    ]
    assert "EventSelectors" not in trail


def test_the_trail_waits_for_what_it_needs(trail_stack: dict[str, Any]) -> None:
    """CloudTrail tries bucket and log group when the trail is created: both policies have to be there."""
    dependencies = "".join(only(trail_stack, "AWS::CloudTrail::Trail")["DependsOn"])
    assert "StorageBucketPolicy" in dependencies
    assert "TrailWriteEvents" in dependencies


def test_the_log_group_is_encrypted_and_kept_for_a_year(trail_stack: dict[str, Any]) -> None:
    """With the audit key; retained with the stack gone."""
    log_group = only(trail_stack, "AWS::Logs::LogGroup")
    assert log_group["Properties"]["KmsKeyId"]["Fn::GetAtt"][0].startswith("StorageKey")
    assert log_group["Properties"]["RetentionInDays"] == 365
    assert log_group["DeletionPolicy"] == "Retain"


def test_the_role_writes_into_that_log_group_alone(trail_stack: dict[str, Any]) -> None:
    """Two actions, one log group, no inline policy."""
    policy = only(trail_stack, "AWS::IAM::ManagedPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert len(policy) == 1
    assert policy[0]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert policy[0]["Resource"]["Fn::GetAtt"][0].startswith("TrailLogGroup")
    assert not resources(trail_stack, "AWS::IAM::Policy")


def test_the_key_encrypts_for_our_trails_only(trail_stack: dict[str, Any]) -> None:
    """CloudTrail may encrypt for trails of this account, told by context and source; decrypting needs the source as well."""
    found = statements(trail_stack, "AWS::KMS::Key", "StorageKey", "KeyPolicy")
    assert found["AllowCloudTrailToEncrypt"]["Action"] == "kms:GenerateDataKey*"
    assert found["AllowCloudTrailToEncrypt"]["Condition"] == {
        "ArnLike": {"aws:SourceArn": TRAILS},
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": TRAILS},
    }
    assert found["AllowCloudTrailToDecrypt"]["Condition"] == {"ArnLike": {"aws:SourceArn": TRAILS}}


def test_the_key_encrypts_log_groups_of_this_account(trail_stack: dict[str, Any]) -> None:
    """A log group's key alone is no permission: without this statement its creation fails."""
    statement = statements(trail_stack, "AWS::KMS::Key", "StorageKey", "KeyPolicy")["AllowLogGroups"]
    assert statement["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"]}}


def test_the_bucket_takes_log_files_of_our_trails_only(trail_stack: dict[str, Any]) -> None:
    """Below AWSLogs and our account, from CloudTrail, for our trails."""
    found = statements(trail_stack, "AWS::S3::BucketPolicy", "StorageBucket", "PolicyDocument")
    assert set(found) == {"AllowCloudTrailAclCheck", "AllowCloudTrailDelivery"}
    for statement in found.values():
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": TRAILS}
    assert str(found["AllowCloudTrailDelivery"]["Resource"]).endswith(f"'/AWSLogs/{ACCOUNT}/*']]}}")


def test_the_bucket_denies_no_kind_of_encryption(trail_stack: dict[str, Any]) -> None:
    """CloudTrail cannot create a trail on a bucket that denies SSE-S3."""
    (policy,) = [value for key, value in resources(trail_stack, "AWS::S3::BucketPolicy").items() if key.startswith("StorageBucket")]
    assert "x-amz-server-side-encryption" not in str(policy)


def test_log_files_are_archived_and_never_expire(trail_stack: dict[str, Any]) -> None:
    """Evidence has no end unless somebody states one."""
    (bucket,) = [value for key, value in resources(trail_stack, "AWS::S3::Bucket").items() if key.startswith("StorageBucket")]
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert not [rule for rule in rules if "ExpirationInDays" in rule]
    assert {"Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 90}], "Id": "archive", "Status": "Enabled"} in rules


def test_what_is_asked_for_differs_from_the_defaults() -> None:
    """Insights, a retention, and no data events."""
    stack = new_stack()
    storage = AuditStorage(stack, "Storage", access_logs=None, retention=Duration.days(2555))
    AuditTrail(stack, "Trail", storage=storage, insights=True)
    synthesized = template(stack)
    trail = only(synthesized, "AWS::CloudTrail::Trail")["Properties"]
    assert [selector["InsightType"] for selector in trail["InsightSelectors"]] == ["ApiCallRateInsight", "ApiErrorRateInsight"]
    assert len(trail["AdvancedEventSelectors"]) == 1
    assert "'ExpirationInDays': 2555" in str(only(synthesized, "AWS::S3::Bucket"))


def test_storage_and_trail_can_stand_in_two_stacks() -> None:
    """What is stateful does not depend on what is not."""
    app = new_app()
    stateful, stateless = new_stack(app, "Storage"), new_stack(app, "Account")
    storage = AuditStorage(stateful, "Audit", access_logs=None)
    AuditTrail(stateless, "Trail", storage=storage)
    assert "Fn::ImportValue" not in str(template(stateful))
    assert [stack.stack_name for stack in stateless.dependencies] == ["Storage"]
    assert not stateful.dependencies


def test_existing_storage_is_used_as_it_is() -> None:
    """A log archive's bucket and key get no policy from here."""
    stack = new_stack()
    key = kms.Key.from_key_arn(
        stack, "Key", stack.format_arn(service="kms", resource="key", resource_name="12345678-1234-1234-1234-123456789012")
    )
    storage = ExistingAuditStorage(bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "archive"), key=key)
    AuditTrail(stack, "Trail", storage=storage)
    synthesized = template(stack)
    assert only(synthesized, "AWS::CloudTrail::Trail")["Properties"]["S3BucketName"] == "archive"
    assert not resources(synthesized, "AWS::S3::BucketPolicy")
    assert not resources(synthesized, "AWS::KMS::Key")
