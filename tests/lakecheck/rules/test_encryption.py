"""What cases of the rules of keys cannot hold: keys by other names, unknown values, hostile types, two Regions, conditions of policies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.assembly import Assembly
from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.rules.encryption import (
    catalog_key_usable,
    denied_encryption,
    job_key_agrees,
    log_key_usable,
    queue_key_usable,
    reader_without_key,
    topic_key_usable,
    trail_key_usable,
    workgroup_key_agrees,
)
from lakecheck.rules.encryption._cases import KEY_ARN, OUTSIDE, bucket, encrypted, key, role
from lakecheck.snapshot import Snapshot
from lakemodel.findings import Severity
from tests.lakecheck.rules.hostile import judge_broken
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from types import ModuleType

OURS = [rule for rule in all_rules() if rule.family == "encryption"]
LOGS = "logs.eu-west-1.amazonaws.com"
ALIAS = {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/lake", "TargetKeyId": {"Ref": "Key"}}}}
ALARM = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"OKActions": [{"Ref": "Topic"}]}}}


def judged(module: ModuleType, resources: dict[str, Any]) -> list[tuple[Severity, str]]:
    """What one rule says, with the parameter `Given` that has no value."""
    found = rules.check(snapshot_of(resources, Parameters={"Given": {"Type": "String"}}), [module.RULE]).findings
    return [(each.severity, each.message) for each in found]


def severities(module: ModuleType, resources: dict[str, Any]) -> list[Severity]:
    return [severity for severity, _ in judged(module, resources)]


def group(arn: Any) -> dict[str, Any]:
    return {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lake", "KmsKeyId": arn}}}


def topic(arn: Any) -> dict[str, Any]:
    return {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": arn}}}


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.id)
def test_no_value_of_the_wrong_kind_breaks_a_rule(rule):
    assert judge_broken(rule) > 10


# --- which key it is ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [KEY_ARN, {"Ref": "Key"}, "alias/lake", {"Fn::GetAtt": ["Alias", "AliasName"]}], ids=str)
def test_a_key_is_known_by_arn_id_and_alias(named: Any):
    assert severities(topic_key_usable, {**key(), **ALIAS, **topic(named), **ALARM}) == [Severity.ERROR]
    assert judged(topic_key_usable, {**key("cloudwatch.amazonaws.com"), **ALIAS, **topic(named), **ALARM}) == []


def test_an_aliass_arn_is_followed_and_one_of_aws_lets_nobody_in():
    arn = {"Fn::Sub": "arn:aws:kms:eu-west-1:444455556666:alias/lake"}
    assert severities(topic_key_usable, {**key(), **ALIAS, **topic(arn), **ALARM}) == [Severity.ERROR]
    managed = {"Fn::Sub": "arn:aws:kms:eu-west-1:444455556666:alias/aws/sns"}
    ((severity, message),) = judged(topic_key_usable, {**topic(managed), **ALARM})
    assert severity is Severity.ERROR
    assert "lets no service publish" in message


@pytest.mark.parametrize("named", [OUTSIDE, {"Ref": "Given"}, "alias/of-another-app"], ids=str)
def test_a_key_that_is_in_no_template_is_told_and_fails_nothing(named: Any):
    assert severities(log_key_usable, group(named)) == [Severity.NOTE]
    assert severities(topic_key_usable, {**topic(named), **ALARM}) == [Severity.NOTE]


# --- who may use it -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"StringEquals": {"aws:SourceAccount": "444455556666"}}, []),
        ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, [Severity.ERROR]),
        ({"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}, [Severity.NOTE]),
    ],
)
def test_conditions_of_the_key_policy_count(condition: dict[str, Any], wanted: list[Severity]):
    found = severities(topic_key_usable, {**key("cloudwatch.amazonaws.com", condition=condition), **topic(KEY_ARN), **ALARM})
    assert found == wanted


def test_a_key_policy_for_all_regions_of_logs_is_enough():
    assert judged(log_key_usable, {**key("logs.amazonaws.com"), **group(KEY_ARN)}) == []


def test_log_groups_of_two_regions_each_need_their_own():
    resources = {**key(LOGS), **group(KEY_ARN)}
    (stack,) = snapshot_of(resources).assembly.stacks
    elsewhere = replace(stack, path="Prod/Copy", stack_name="Prod-Copy", file="Copy.template.json", region="eu-central-1")
    snapshot = Snapshot(Assembly(directory="cdk.out", version="", stacks=(stack, elsewhere)))
    assert [each.stack for each in rules.check(snapshot, [log_key_usable.RULE]).findings] == ["Prod/Copy"]


def test_each_service_that_sends_is_asked_about():
    rule = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Id": "T", "Arn": {"Ref": "Topic"}}]}}}
    found = judged(topic_key_usable, {**key("cloudwatch.amazonaws.com"), **topic(KEY_ARN), **ALARM, **rule})
    assert len(found) == 1
    assert "events.amazonaws.com" in found[0][1]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"ArnLike": {"aws:SourceArn": "arn:aws:events:eu-west-1:444455556666:rule/*"}}, [Severity.ERROR]),
        ({"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}, [Severity.ERROR]),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "444455556666"}}, []),
        ({"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:eu-west-1:444455556666:*"}}, []),
    ],
)
def test_eventbridge_does_not_tell_a_topics_key_for_whom_it_asks(condition: dict[str, Any], wanted: list[Severity]):
    rule = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Id": "T", "Arn": {"Ref": "Topic"}}]}}}
    assert severities(topic_key_usable, {**key("events.amazonaws.com", condition=condition), **topic(KEY_ARN), **rule}) == wanted


def test_a_subscription_sends_to_its_queue_as_sns():
    queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": KEY_ARN}}}
    arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    subscribed = {"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "sqs", "Endpoint": arn, "TopicArn": "topic"}}
    assert severities(queue_key_usable, {**key(), **queue, "Subscription": subscribed}) == [Severity.ERROR]
    assert judged(queue_key_usable, {**key("sns.amazonaws.com"), **queue, "Subscription": subscribed}) == []


def test_notifications_that_the_cdk_sets_are_sent_by_s3():
    where = {
        "TopicConfigurations": [{"TopicArn": {"Ref": "Topic"}}],
        "QueueConfigurations": [{"QueueArn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
    }
    notifying = {
        "N": {"Type": "Custom::S3BucketNotifications", "Properties": {"BucketName": "landing", "NotificationConfiguration": where}}
    }
    queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": KEY_ARN}}}
    for rule, sent_to in ((topic_key_usable, topic(KEY_ARN)), (queue_key_usable, queue)):
        assert severities(rule, {**key(), **sent_to, **notifying}) == [Severity.ERROR]
        assert judged(rule, {**key("s3.amazonaws.com"), **sent_to, **notifying}) == []


def test_a_trail_may_be_limited_by_its_encryption_context():
    limited = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:444455556666:trail/*"}}
    trail = {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"IsLogging": True, "S3BucketName": "a", "KMSKeyId": KEY_ARN}}}
    assert judged(trail_key_usable, {**key("cloudtrail.amazonaws.com", condition=limited), **trail}) == []


# --- data ---------------------------------------------------------------------------------------------------------------------------------


def _policy(*conditions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    resource = {"Fn::Sub": "${Bucket.Arn}/*"}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resource, **changes}
    document = {"Version": "2012-10-17", "Statement": [{**deny, "Condition": each} for each in conditions]}
    return {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document}}}


ALGORITHM = "s3:x-amz-server-side-encryption"


def test_a_policy_that_refuses_every_put_is_not_about_encryption():
    everything = {"StringLike": {ALGORITHM: "*"}}
    assert judged(denied_encryption, {**key(), **bucket(encrypted(KEY_ARN)), **_policy(everything)}) == []


def test_a_policy_that_insists_on_a_header_is_fine():
    """Writers without it are refused, which is what its author wants; the header may name the default."""
    insists = {"StringNotEquals": {ALGORITHM: "aws:kms"}}
    assert judged(denied_encryption, {**key(), **bucket(encrypted(KEY_ARN)), **_policy(insists)}) == []


def test_another_algorithm_for_one_prefix_does_not_concern_the_bucket():
    other = {"StringNotEquals": {ALGORITHM: "AES256"}}
    resources = {**key(), **bucket(encrypted(KEY_ARN)), **_policy(other, Resource={"Fn::Sub": "${Bucket.Arn}/logs/*"})}
    assert judged(denied_encryption, resources) == []


def test_a_job_whose_role_writes_elsewhere_may_have_another_key():
    resources = job_key_agrees.RULE.cases.failing[0]
    assert severities(job_key_agrees, dict(resources)) == [Severity.ERROR]
    assert judged(job_key_agrees, {**resources, **role("Loader", "glue.amazonaws.com", "s3:GetObject")}) == []


@pytest.mark.parametrize("named", [{"Ref": "Key"}, "alias/lake"], ids=str)
def test_a_workgroup_names_the_buckets_key_in_any_way(named: Any):
    resources = workgroup_key_agrees.RULE.cases.compliant[0]
    workgroup = {**resources["Workgroup"]}
    result = workgroup["Properties"]["WorkGroupConfiguration"]["ResultConfiguration"]
    changed = {**result, "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": named}}
    workgroup["Properties"] = {"Name": "a", "WorkGroupConfiguration": {"ResultConfiguration": changed}}
    assert judged(workgroup_key_agrees, {**resources, **ALIAS, "Workgroup": workgroup}) == []


def test_an_optimizer_below_a_registered_location_reads_as_the_locations_role():
    resources = dict(reader_without_key.RULE.cases.failing[1])
    assert severities(reader_without_key, resources) == [Severity.ERROR]
    properties = {"ResourceArn": {"Fn::GetAtt": ["Bucket", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["Vendor", "Arn"]}}
    location = {"Type": "AWS::LakeFormation::Resource", "Properties": properties}
    vendor = role("Vendor", "lakeformation.amazonaws.com", "s3:*", "kms:*")
    assert judged(reader_without_key, {**resources, "Location": location, **vendor}) == []


def test_a_location_whose_role_is_in_no_template_is_told():
    properties = {"ResourceArn": {"Fn::GetAtt": ["Bucket", "Arn"]}, "RoleArn": "arn:aws:iam::444455556666:role/Elsewhere"}
    location = {"Location": {"Type": "AWS::LakeFormation::Resource", "Properties": properties}}
    assert severities(reader_without_key, {**location, **key(), **bucket(encrypted(KEY_ARN))}) == [Severity.NOTE]


def test_a_catalog_role_that_is_in_no_template_is_told():
    rest = {
        "CatalogEncryptionMode": "SSE-KMS-WITH-SERVICE-ROLE",
        "SseAwsKmsKeyId": KEY_ARN,
        "CatalogEncryptionServiceRole": "arn:aws:iam::444455556666:role/Elsewhere",
    }
    properties = {"CatalogId": "444455556666", "DataCatalogEncryptionSettings": {"EncryptionAtRest": rest}}
    settings = {"Settings": {"Type": "AWS::Glue::DataCatalogEncryptionSettings", "Properties": properties}}
    assert severities(catalog_key_usable, {**key(), **settings}) == [Severity.NOTE]
