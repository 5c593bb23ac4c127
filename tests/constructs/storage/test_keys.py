"""Keys rotate, outlive their stack, and open data through named services only."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Environment, RemovalPolicy, Stack, aws_iam as iam

from constructs_lib.storage import LakeKey
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

USE = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"}
SUFFIX = {"Ref": "AWS::URLSuffix"}


def key_of(stack: Any) -> dict[str, Any]:
    """The only key of a stack."""
    (key,) = resources(template(stack), "AWS::KMS::Key").values()
    return key


def statements(key: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The key policy's statements by Sid."""
    return {statement["Sid"]: statement for statement in key["Properties"]["KeyPolicy"]["Statement"]}


@pytest.fixture(scope="module")
def key() -> dict[str, Any]:
    """A key with every default."""
    stack = new_stack()
    LakeKey(stack, "Key", description="tests")
    return key_of(stack)


def test_rotates_and_is_kept(key: dict[str, Any]) -> None:
    """Rotation on, a month to think again, retained."""
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["PendingWindowInDays"] == 30
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_use_is_delegated_through_s3_of_this_account_only(key: dict[str, Any]) -> None:
    """The one statement that lets anybody decrypt is bound to the service and to the caller's account."""
    using = [statement for statement in key["Properties"]["KeyPolicy"]["Statement"] if USE & set(statement["Action"])]
    assert [statement["Sid"] for statement in using] == ["DelegateUseThroughServicesToIam"]
    assert set(using[0]["Action"]) == USE
    assert using[0]["Condition"] == {
        "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": [{"Fn::Join": ["", [f"s3.{REGION}.", SUFFIX]]}]}
    }


def test_administration_cannot_use_the_key(key: dict[str, Any]) -> None:
    """Who administers keys reads no data, and gives nobody a grant; but the key never becomes unmanageable."""
    actions = set(statements(key)["DelegateAdministrationToIam"]["Action"])
    assert not actions & (USE | {"kms:CreateGrant", "kms:*"})
    assert not [action for action in actions if "*" in action]
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey"} <= actions


def test_only_the_account_is_trusted(key: dict[str, Any]) -> None:
    """No wildcard, no service, no other account."""
    principals = {str(statement["Principal"]) for statement in key["Properties"]["KeyPolicy"]["Statement"]}
    assert len(principals) == 1
    assert f":iam::{ACCOUNT}:root" in principals.pop()


def test_services_that_keep_data_open_may_take_grants() -> None:
    """Beside S3, a service may create grants for itself, and for nothing else."""
    stack = new_stack()
    LakeKey(stack, "Key", description="tests", via_services=("s3", "dynamodb"))
    grants = statements(key_of(stack))["DelegateGrantsForServicesToIam"]
    assert grants["Action"] == "kms:CreateGrant"
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert len(grants["Condition"]["StringEquals"]["kms:ViaService"]) == 2


def test_log_groups_are_encrypted_by_name_only() -> None:
    """CloudWatch Logs gets the key for the log groups named, and through its Region's principal."""
    stack = new_stack()
    log_groups = stack.format_arn(service="logs", resource="log-group:/lake/*")
    LakeKey(stack, "Key", description="tests").allow_log_groups(log_groups)
    statement = statements(key_of(stack))["AllowLogGroups"]
    assert statement["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [stack.resolve(log_groups)]}}
    assert f"logs.{REGION}." in str(statement["Principal"]["Service"])


@pytest.mark.parametrize(
    ("region", "principal"), [("cn-north-1", "logs.cn-north-1.amazonaws.com.cn"), ("us-gov-west-1", "logs.us-gov-west-1.amazonaws.com")]
)
def test_the_principal_of_cloudwatch_logs_ends_otherwise_in_china(region: str, principal: str) -> None:
    """Of another principal the log group could not be made there; see Pulumi's and Terraform's `aws_service_principal`."""
    stack = Stack(new_app(), "There", env=Environment(account=ACCOUNT, region=region))
    LakeKey(stack, "Key", description="tests").allow_log_groups("arn")
    assert statements(key_of(stack))["AllowLogGroups"]["Principal"] == {"Service": principal}


def test_a_grant_goes_to_the_role_and_leaves_the_key_policy_alone() -> None:
    """IAM hands out the key: a key policy that grew with every reader would end at 32 KB and tie stacks together."""
    stack = new_stack()
    key = LakeKey(stack, "Key", description="tests").key
    key.grant_decrypt(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))
    assert set(statements(key_of(stack))) == {"DelegateAdministrationToIam", "DelegateUseThroughServicesToIam"}


def test_fails_when_it_would_be_destroyed_where_that_is_not_allowed() -> None:
    """Without the key the data is gone."""
    with pytest.raises(DataLakeError) as caught:
        LakeKey(new_stack(), "Key", description="tests", removal_policy=RemovalPolicy.DESTROY)
    assert caught.value.code == "destroy_not_allowed"
