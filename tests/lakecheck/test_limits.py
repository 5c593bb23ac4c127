"""What is counted against which quota, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.checks import limits
from lakecheck.checks.measures import highest, measures
from lakemodel.findings import Severity
from lakemodel.limits import Quota, limit
from tests.lakecheck.rules.snapshots import ACCOUNT, snapshot_of


def policy(characters: int) -> dict[str, Any]:
    """A document that is so long once white space is gone."""
    document = {"Version": "2012-10-17", "Statement": [{"Sid": ""}]}
    empty = len('{"Version":"2012-10-17","Statement":[{"Sid":""}]}')
    document["Statement"] = [{"Sid": "x" * (characters - empty)}]
    return document


def role(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "R", "AssumeRolePolicyDocument": {}, **properties}}


def cells_filter(expression: str) -> dict[str, Any]:
    return {"Type": "AWS::LakeFormation::DataCellsFilter", "Properties": {"RowFilter": {"FilterExpression": expression}}}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def organization_policy(kind: str, content: dict[str, Any], *targets: str) -> dict[str, Any]:
    return resource("Organizations::Policy", Name="P", Type=kind, Content=content, TargetIds=list(targets))


def organization_policies(kind: str, number: int) -> dict[str, Any]:
    return {f"R{each}": organization_policy(kind, {}, "ou-abcd-12345678") for each in range(number)}


ORGANIZATION_COUNTS = {Quota.SERVICE_CONTROL_POLICIES, Quota.RESOURCE_CONTROL_POLICIES, Quota.MANAGEMENT_POLICIES}
CASES = [
    (Quota.BUCKET_POLICY_BYTES, lambda size: {"R": resource("S3::BucketPolicy", Bucket="b", PolicyDocument=policy(size))}),
    (Quota.KEY_POLICY_BYTES, lambda size: {"R": resource("KMS::Key", KeyPolicy=policy(size))}),
    (Quota.QUEUE_POLICY_BYTES, lambda size: {"R": resource("SQS::QueuePolicy", PolicyDocument=policy(size))}),
    (Quota.QUEUE_POLICY_STATEMENTS, lambda size: {"R": resource("SQS::QueuePolicy", PolicyDocument={"Statement": [{}] * size})}),
    (Quota.PERMISSION_SET_INLINE_POLICY_CHARACTERS, lambda size: {"R": resource("SSO::PermissionSet", InlinePolicy=policy(size))}),
    (Quota.SERVICE_CONTROL_POLICY_CHARACTERS, lambda size: {"R": organization_policy("SERVICE_CONTROL_POLICY", policy(size))}),
    (Quota.RESOURCE_CONTROL_POLICY_CHARACTERS, lambda size: {"R": organization_policy("RESOURCE_CONTROL_POLICY", policy(size))}),
    (Quota.MANAGEMENT_POLICY_CHARACTERS, lambda size: {"R": organization_policy("TAG_POLICY", policy(size))}),
    (Quota.SERVICE_CONTROL_POLICIES, lambda size: organization_policies("SERVICE_CONTROL_POLICY", size - 1)),
    (Quota.RESOURCE_CONTROL_POLICIES, lambda size: organization_policies("RESOURCE_CONTROL_POLICY", size - 1)),
    (Quota.MANAGEMENT_POLICIES, lambda size: organization_policies("DECLARATIVE_POLICY_EC2", size)),
    (Quota.MANAGED_POLICY_CHARACTERS, lambda size: {"R": resource("IAM::ManagedPolicy", PolicyDocument=policy(size))}),
    (Quota.ROLE_TRUST_POLICY_CHARACTERS, lambda size: {"R": role(AssumeRolePolicyDocument=policy(size))}),
    (Quota.ROLE_INLINE_POLICY_CHARACTERS, lambda size: {"R": role(Policies=[{"PolicyDocument": policy(size)}])}),
    (Quota.ROLE_MANAGED_POLICIES, lambda size: {"R": role(ManagedPolicyArns=["arn"] * size)}),
    (Quota.BUCKET_LIFECYCLE_RULES, lambda size: {"R": resource("S3::Bucket", LifecycleConfiguration={"Rules": [{}] * size})}),
    (Quota.LF_TAG_VALUES, lambda size: {"R": resource("LakeFormation::Tag", TagKey="k", TagValues=["v"] * size)}),
    (Quota.LF_ROW_EXPRESSION_CHARACTERS, lambda size: {"R": cells_filter("x" * size)}),
    (Quota.SSM_PARAMETER_BYTES, lambda size: {"R": resource("SSM::Parameter", Type="String", Value="é" * (size // 2) + "x" * (size % 2))}),
    (Quota.STATE_MACHINE_DEFINITION_BYTES, lambda size: {"R": resource("StepFunctions::StateMachine", DefinitionString="x" * size)}),
    (Quota.ACCOUNT_GLUE_JOBS, lambda size: {f"R{number}": resource("Glue::Job") for number in range(size)}),
    (Quota.EVENT_BUS_RULES, lambda size: {f"R{number}": resource("Events::Rule") for number in range(size)}),
]


@pytest.mark.parametrize(("quota", "of_size"), CASES, ids=[quota.value for quota, _ in CASES])
def test_what_is_full_fails_and_what_is_too_much_cannot_be_deployed(quota: Quota, of_size: Any):
    most = limit(quota).value
    full, over = snapshot_of(of_size(most)), snapshot_of(of_size(most + 1))
    assert [one.count for one in measures(full) if one.quota is quota] == [most]
    at_most, too_much = ([each for each in limits.check(one).findings if each.rule == quota] for one in (full, over))
    assert [each.severity for each in at_most] == ([] if quota in limits.STATED else [Severity.ERROR])
    assert all("it is full" in each.remedy for each in at_most)
    assert [each.severity for each in too_much] == [Severity.ERROR]
    assert "cannot be deployed" in too_much[0].remedy


@pytest.mark.parametrize(
    ("resources", "severities"), [(399, []), (400, [Severity.WARNING]), (499, [Severity.WARNING]), (500, [Severity.ERROR])]
)
def test_a_warning_from_80_percent_and_an_error_from_100(resources: int, severities: list[Severity]):
    stack = snapshot_of({f"R{number}": resource("SNS::Topic") for number in range(resources)})
    assert [each.severity for each in limits.check(stack).findings if each.rule == Quota.STACK_RESOURCES] == severities


def tags_on_orders(first: int, number: int) -> dict[str, Any]:
    table = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}
    tags = [{"CatalogId": ACCOUNT, "TagKey": f"k{first + each}", "TagValues": ["v"]} for each in range(number)]
    return resource("LakeFormation::TagAssociation", Resource=table, LFTags=tags)


def test_tags_that_several_resources_put_on_one_table_count_together_and_each_once():
    found = measures(snapshot_of({"One": tags_on_orders(0, 30), "Two": tags_on_orders(20, 30)}))
    assert [one.count for one in found if one.quota is Quota.LF_TAGS_PER_RESOURCE] == [50]


def test_filters_that_several_grants_give_a_principal_on_a_table_count_together_and_each_once():
    def grant(name: str, permission: str) -> dict[str, Any]:
        on = {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": name}
        return resource(
            "LakeFormation::PrincipalPermissions",
            Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/Analyst"},
            Resource={"DataCellsFilter": on},
            Permissions=[permission],
            PermissionsWithGrantOption=[],
        )

    found = measures(snapshot_of({"A": grant("a", "SELECT"), "AA": grant("a", "DESCRIBE"), "B": grant("b", "SELECT")}))
    assert [one.count for one in found if one.quota is Quota.LF_FILTERS_PER_PRINCIPAL_AND_TABLE] == [2]


def test_policies_count_by_target_and_type_with_those_that_aws_attaches():
    attached = {
        "One": organization_policy("SERVICE_CONTROL_POLICY", {}, "111111111111", "222222222222"),
        "Two": organization_policy("SERVICE_CONTROL_POLICY", {}, "222222222222"),
        "Tags": organization_policy("TAG_POLICY", {}, "222222222222"),
        "Nowhere": organization_policy("RESOURCE_CONTROL_POLICY", {}),
    }
    found = [(one.quota, one.count) for one in measures(snapshot_of(attached)) if one.quota.value.endswith("_policies")]
    assert {each for each in found if each[0] in ORGANIZATION_COUNTS} == {
        (Quota.SERVICE_CONTROL_POLICIES, 2),
        (Quota.SERVICE_CONTROL_POLICIES, 3),
        (Quota.MANAGEMENT_POLICIES, 1),
    }


def test_a_role_counts_what_other_resources_attach_to_it():
    attached = {
        "R": role(),
        "Inline": resource("IAM::Policy", Roles=[{"Ref": "R"}], PolicyDocument=policy(100)),
        "More": resource("IAM::RolePolicy", RoleName={"Ref": "R"}, PolicyDocument=policy(100)),
        "Managed": resource("IAM::ManagedPolicy", Roles=[{"Ref": "R"}], PolicyDocument=policy(100)),
        "Others": resource("IAM::Policy", Roles=["Else"], PolicyDocument=policy(100)),
    }
    counts = {one.quota: one.count for one in measures(snapshot_of(attached))}
    assert counts[Quota.ROLE_INLINE_POLICY_CHARACTERS] == 200
    assert counts[Quota.ROLE_MANAGED_POLICIES] == 1


def test_what_is_near_its_quota_warns_unless_it_was_just_written_down():
    most = limit(Quota.MANAGED_POLICY_CHARACTERS).value
    near = {
        "P": resource("IAM::ManagedPolicy", PolicyDocument=policy(int(most * 0.8) + 1)),
        "F": cells_filter("x" * (limit(Quota.LF_ROW_EXPRESSION_CHARACTERS).value - 1)),
    }
    assert [(each.rule, each.severity) for each in limits.check(snapshot_of(near)).findings] == [
        (Quota.MANAGED_POLICY_CHARACTERS, Severity.WARNING)
    ]  # fmt: skip


def test_a_raised_quota_counts_instead_of_the_default():
    roles = {f"R{number}": role(RoleName=f"R{number}") for number in range(limit(Quota.ACCOUNT_ROLES).value + 1)}
    assert [each.rule for each in limits.check(snapshot_of(roles)).findings if each.severity is Severity.ERROR] == [
        Quota.STACK_RESOURCES,
        Quota.ACCOUNT_ROLES,
    ]
    raised = limits.check(snapshot_of(roles), raised={Quota.ACCOUNT_ROLES: 5000})
    assert [each.rule for each in raised.findings if each.severity is Severity.ERROR] == [Quota.STACK_RESOURCES]


def test_an_account_is_named_and_texts_of_unknown_length_are_said_to_be_about():
    named = snapshot_of({"R": role(), "P": resource("IAM::ManagedPolicy", PolicyDocument={"Statement": [{"Resource": {"Ref": "P"}}]})})
    found = {one.quota: one for one in measures(named)}
    assert found[Quota.ACCOUNT_ROLES].place == f"account {ACCOUNT}"
    assert found[Quota.MANAGED_POLICY_CHARACTERS].is_about
    assert not found[Quota.ACCOUNT_ROLES].is_about


def test_the_fullest_of_each_come_first_and_nothing_unused():
    found = highest(measures(snapshot_of({f"P{n}": resource("IAM::ManagedPolicy", PolicyDocument=policy(100 * n)) for n in range(1, 6)})))
    policies = [one.count for one in found if one.quota is Quota.MANAGED_POLICY_CHARACTERS]
    assert policies == [500, 400, 300]
    assert all(one.count for one in found)
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)


@pytest.mark.parametrize("nonsense", [None, 5, "text", [], {"a": []}, True])
def test_nonsense_is_measured_without_a_crash(nonsense: Any):
    kinds = ["S3::BucketPolicy", "S3::Bucket", "IAM::Role", "IAM::Policy", "IAM::ManagedPolicy", "LakeFormation::Tag", "Events::Rule"]
    kinds += ["LakeFormation::DataCellsFilter", "LakeFormation::PrincipalPermissions", "StepFunctions::StateMachine", "SSM::Parameter"]
    names = [
        "PolicyDocument",
        "LifecycleConfiguration",
        "Policies",
        "Roles",
        "RowFilter",
        "Resource",
        "TagValues",
        "DefinitionString",
        "Value",
    ]
    names += ["AssumeRolePolicyDocument", "ManagedPolicyArns", "RoleName", "EventBusName", "Tier"]
    limits.check(snapshot_of({f"R{n}": resource(kind, **dict.fromkeys(names, nonsense)) for n, kind in enumerate(kinds)}))
    limits.check(snapshot_of({f"R{n}": {"Type": f"AWS::{kind}", "Properties": nonsense} for n, kind in enumerate(kinds)}))
