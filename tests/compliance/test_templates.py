"""What no template of storage and baseline may hold, and what CloudFormation's own rules say of it, with all Metadata gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.baseline import LakeAccount
from constructs_lib.storage import LakeStorage
from lakemodel.contracts.model import TableFormat
from tests.compliance.native import lint
from tests.constructs.storage.contracts import contract, contract_set, table
from tests.support import ACCOUNT, REGION, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """All zones with contracts, and an account that owns everything."""
    stack = new_stack()
    contracts = contract_set(contract("orders", table("lines"), table("events", TableFormat.ICEBERG), retention_days=365))
    storage = LakeStorage(stack, "Lake", contracts=contracts)
    LakeAccount(
        stack, "Account", admins=[], data_event_buckets=[zone.bucket for zone in storage.zones.values()], access_logs=storage.access_logs
    )
    return template(stack)


def statements(synthesized: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy statement with the logical id of what it stands in."""

    def walk(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            if "Effect" in value:
                yield value
            for child in value.values():
                yield from walk(child)
        elif isinstance(value, list):
            for child in value:
                yield from walk(child)

    for logical_id, resource in synthesized["Resources"].items():
        for statement in walk(resource["Properties"]):
            yield logical_id, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_cloudformation_has_nothing_to_say(synthesized: dict[str, Any]) -> None:
    """cfn-lint and the native validation find nothing, warnings included."""
    assert lint(synthesized, account=ACCOUNT, region=REGION) == []


def test_the_linters_are_awake(synthesized: dict[str, Any]) -> None:
    """Both find a property that does not exist, even where Metadata asks them not to look."""
    name = next(iter(resources(synthesized, "AWS::S3::Bucket")))
    bucket = synthesized["Resources"][name]
    silent = {"cfn-lint": {"config": {"ignore_checks": ["E3002"]}}}
    broken = {**bucket, "Metadata": silent, "Properties": {**bucket["Properties"], "NoSuchProperty": True}}
    said = lint({"Resources": {name: broken}}, account=ACCOUNT, region=REGION)
    assert {line.split()[0] for line in said if "NoSuchProperty" in line} == {"cfn-lint", "cloudformation-validate"}


def test_nobody_is_allowed_without_a_condition_but_by_name(synthesized: dict[str, Any]) -> None:
    """No Allow for everyone, whatever its condition; and no service but under one (roles' trust aside, and what AWS states for RAM)."""
    seen = 0
    for logical_id, statement in statements(synthesized):
        if statement["Effect"] != "Allow" or "Principal" not in statement or statement["Action"] == "sts:AssumeRole":
            continue
        seen += 1
        principal = statement["Principal"]
        assert principal != "*", logical_id
        assert "*" not in as_list(principal.get("AWS", [])), logical_id
        if statement.get("Sid") == "GovernedLakeSharesThroughRam":
            assert (principal, statement["Action"]) == ({"Service": "ram.amazonaws.com"}, ["glue:ShareResource"])
            continue
        assert "Service" not in principal or statement.get("Condition"), (logical_id, statement)
    assert seen > 20


def test_no_role_and_no_policy_has_a_wildcard_action_or_resource(synthesized: dict[str, Any]) -> None:
    """Identity policies name actions and resources; those for Lake Formation, which takes no resource, are governance's to justify."""
    policies = resources(synthesized, "AWS::IAM::ManagedPolicy")
    policies = {key: policy for key, policy in policies.items() if not key.startswith("AccountLakeFormation")}
    assert policies
    for logical_id, policy in policies.items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert not [action for action in as_list(statement["Action"]) if "*" in action], logical_id
            assert "*" not in as_list(statement["Resource"]), logical_id


def test_only_access_logs_are_encrypted_without_a_key_of_ours(synthesized: dict[str, Any]) -> None:
    """AES256 in one bucket; everywhere else a key from this template."""
    keys = set(resources(synthesized, "AWS::KMS::Key"))
    plain = []
    for logical_id, bucket in resources(synthesized, "AWS::S3::Bucket").items():
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        default = rule["ServerSideEncryptionByDefault"]
        if default["SSEAlgorithm"] == "AES256":
            plain.append(logical_id)
        else:
            assert default["KMSMasterKeyID"]["Fn::GetAtt"][0] in keys
            assert rule["BucketKeyEnabled"] is True
    assert plain == ["LakeAccessLogsA7A22E66"]


def test_everything_that_holds_data_is_kept(synthesized: dict[str, Any]) -> None:
    """Buckets, their policies, keys, log groups."""
    for resource_type in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        found = resources(synthesized, resource_type)
        assert found
        for logical_id, resource in found.items():
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), logical_id


def test_nothing_is_named_but_the_owner(synthesized: dict[str, Any]) -> None:
    """A fixed name blocks replacement and a second copy; only the owner parameter wants exactly that."""
    names = {"FunctionName", "BucketName", "RoleName", "ManagedPolicyName", "LogGroupName", "TrailName", "AliasName", "Name"}
    named = [
        logical_id
        for logical_id, resource in synthesized["Resources"].items()
        if names & set(resource["Properties"]) and resource["Type"] != "AWS::Lambda::EventInvokeConfig"  # that names its function
    ]
    assert named == list(resources(synthesized, "AWS::SSM::Parameter"))


def test_there_is_no_helper(synthesized: dict[str, Any]) -> None:
    """No Lambda function but Lake Formation's three handlers, none that CDK slipped in, and no inline policy."""
    functions = resources(synthesized, "AWS::Lambda::Function")
    assert len(functions) == 3
    assert all(key.startswith("AccountLakeFormation") for key in functions)
    assert not resources(synthesized, "AWS::IAM::Policy")
