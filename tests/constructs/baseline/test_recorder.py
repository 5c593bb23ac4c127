"""Config records everything, continuously, and delivers where it was told; its role is adopted where it is there."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_kms as kms, aws_s3 as s3

from constructs_lib.baseline import ConfigDestination, ConfigRecorder, LakeAccount, RecordingFrequency, Singleton
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, new_stack, resources, template

ROLE = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


def only(synthesized: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The only resource of a type."""
    (resource,) = resources(synthesized, resource_type).values()
    found: dict[str, Any] = resource
    return found


@pytest.fixture(scope="module")
def account() -> dict[str, Any]:
    """An account with a recorder of its own that delivers into another account."""
    stack = new_stack()
    destination = ConfigDestination(
        bucket=s3.Bucket.from_bucket_name(stack, "Archive", "log-archive"),
        key=kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:222222222202:key/1"),
        prefix="config",
    )
    LakeAccount(
        stack,
        "Account",
        admins=[],
        audit_trail=Singleton.ORGANIZATION,
        threat_detection=Singleton.ORGANIZATION,
        config_recorder=Singleton.CREATE,
        config_destination=destination,
    )
    return template(stack)


def test_everything_is_recorded_continuously(account: dict[str, Any]) -> None:
    """Every supported type, IAM included, at once."""
    recorder = only(account, "AWS::Config::ConfigurationRecorder")["Properties"]
    assert recorder["RecordingGroup"] == {"AllSupported": True, "IncludeGlobalResourceTypes": True}
    assert recorder["RecordingMode"] == {"RecordingFrequency": "CONTINUOUS"}
    assert recorder["RoleARN"] == {"Fn::GetAtt": [next(iter(resources(account, "Custom::ServiceLinkedRole"))), "Arn"]}
    assert "Name" not in recorder


def test_it_delivers_to_the_archive(account: dict[str, Any]) -> None:
    """Bucket, key and prefix as stated, a snapshot each day."""
    channel = only(account, "AWS::Config::DeliveryChannel")["Properties"]
    assert channel == {
        "ConfigSnapshotDeliveryProperties": {"DeliveryFrequency": "TwentyFour_Hours"},
        "S3BucketName": "log-archive",
        "S3KeyPrefix": "config",
        "S3KmsKeyArn": "arn:aws:kms:eu-west-1:222222222202:key/1",
    }


def test_recorder_and_channel_wait_for_owner_and_role_but_not_for_each_other(account: dict[str, Any]) -> None:
    """Config starts the recorder when there is a channel, and takes a channel when there is a recorder: either order would hang."""
    ((recorder_id, recorder),) = resources(account, "AWS::Config::ConfigurationRecorder").items()
    ((channel_id, channel),) = resources(account, "AWS::Config::DeliveryChannel").items()
    (owner,) = resources(account, "AWS::SSM::Parameter")
    (role,) = resources(account, "Custom::ServiceLinkedRole")
    assert owner in recorder["DependsOn"]
    assert owner in channel["DependsOn"]
    assert role in recorder["DependsOn"]
    assert role in channel["DependsOn"]
    assert channel_id not in recorder["DependsOn"]
    assert recorder_id not in channel["DependsOn"]


def test_the_function_may_make_this_role_only(account: dict[str, Any]) -> None:
    """Making a role for another service is not in its rights."""
    policies = [
        statement
        for policy in resources(account, "AWS::IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "iam:CreateServiceLinkedRole"
    ]
    (statement,) = policies
    assert statement["Condition"] == {"StringEquals": {"iam:AWSServiceName": "config.amazonaws.com"}}
    assert statement["Resource"] == f"arn:aws:iam::{ACCOUNT}:{ROLE}"


@pytest.mark.parametrize("owner", [None, Singleton.ADOPT, Singleton.ORGANIZATION])
def test_a_recorder_of_somebody_else_is_left_alone(owner: Singleton | None) -> None:
    """Not stated is adopted: what is deployed today gets no recorder."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[], config_recorder=owner)
    assert account.config_recorder is None
    assert "AWS::Config" not in str(template(stack))


def test_some_types_can_be_recorded_daily() -> None:
    """Overrides are grouped by frequency."""
    stack = new_stack()
    ConfigRecorder(
        stack,
        "Recorder",
        destination=ConfigDestination(bucket=s3.Bucket(stack, "Bucket")),
        log_key=kms.Key(stack, "Key"),
        global_resources=False,
        frequencies={"AWS::EC2::Subnet": RecordingFrequency.DAILY, "AWS::EC2::NetworkInterface": RecordingFrequency.DAILY},
    )
    properties = only(template(stack), "AWS::Config::ConfigurationRecorder")["Properties"]
    assert properties["RecordingGroup"]["IncludeGlobalResourceTypes"] is False
    (override,) = properties["RecordingMode"]["RecordingModeOverrides"]
    assert override["RecordingFrequency"] == "DAILY"
    assert override["ResourceTypes"] == ["AWS::EC2::NetworkInterface", "AWS::EC2::Subnet"]


def test_fails_when_a_recorder_has_nowhere_to_deliver() -> None:
    """Nothing is recorded without a delivery channel."""
    with pytest.raises(DataLakeError, match=r"pass ConfigDestination\(bucket=\.\.\.\), or Singleton\.ADOPT") as caught:
        LakeAccount(new_stack(), "Account", admins=[], config_recorder=Singleton.CREATE)
    assert caught.value.code == "config_destination_missing"


def test_fails_when_a_destination_is_given_for_a_recorder_that_is_not_ours() -> None:
    """A destination nobody delivers to would look like a record."""
    stack = new_stack()
    destination = ConfigDestination(bucket=s3.Bucket(stack, "Bucket"))
    with pytest.raises(DataLakeError, match="no recorder of ours would deliver there") as caught:
        LakeAccount(stack, "Account", admins=[], config_recorder=Singleton.ORGANIZATION, config_destination=destination)
    assert caught.value.code == "singleton_not_adopted"
