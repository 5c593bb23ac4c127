"""Those of policies."""

from __future__ import annotations

from typing import Any

from tests.lakecheck.rules.mutations.model import REMOVED, Mutation

_MANAGED = "AWS::IAM::ManagedPolicy"


def _of_member(name: str) -> Any:
    """Whether it is the policy of who works in a workgroup."""
    return lambda logical_id, _definition: logical_id.startswith(f"{name}WorkgroupMemberPolicy")


def _with_first_key(key: str) -> Any:
    return lambda _logical_id, definition: key in str(definition["Properties"]["PolicyDocument"]["Statement"][0].get("Condition"))


MUTATIONS = {
    "policies.service_without_source": Mutation(
        stack="MainPipelines", type="AWS::SQS::QueuePolicy", path="PolicyDocument.Statement.1.Condition", value=REMOVED
    ),
    "policies.outsider_without_condition": Mutation(
        stack="AnalyticsAccess",
        type="AWS::IAM::Role",
        path="AssumeRolePolicyDocument.Statement.0.Principal.AWS",
        value="arn:aws:iam::999999999999:root",
    ),
    "policies.pass_role_without_service": Mutation(
        stack="MainAccount",
        type=_MANAGED,
        path="PolicyDocument.Statement.1.Action",
        value="iam:PassRole",
        where=lambda logical_id, _definition: logical_id.startswith("AccountLakeFormationSettingsPolicy"),
    ),
    "policies.allow_with_not": Mutation(
        stack="MainAccount",
        type=_MANAGED,
        path="PolicyDocument.Statement.1",
        value=lambda old: {**{key: each for key, each in old.items() if key != "Action"}, "NotAction": "iam:*"},
        where=lambda logical_id, _definition: logical_id.startswith("AccountLakeFormationSettingsPolicy"),
    ),
    "policies.for_all_values_without_key": Mutation(
        stack="MainPipelines",
        type=_MANAGED,
        path="PolicyDocument.Statement.0.Condition.Null",
        value=REMOVED,
        where=_with_first_key("ForAllValues"),
    ),
    "policies.wildcard_under_equals": Mutation(
        stack="MainPipelines",
        type="AWS::SQS::QueuePolicy",
        path="PolicyDocument.Statement.1.Condition.StringEquals.aws:SourceAccount",
        value="4444*",
    ),
    "policies.deny_misses_half": Mutation(
        stack="MainStorage", type="AWS::S3::BucketPolicy", path="PolicyDocument.Statement.1.Resource", value=lambda old: old[0]
    ),
    "policies.settings_by_iam": Mutation(
        stack="AnalyticsAccess",
        type=_MANAGED,
        path="PolicyDocument.Statement.4.Action",
        value=["lakeformation:GetDataAccess", "lakeformation:PutDataLakeSettings"],
        where=_of_member("PiiReader"),
    ),
    "policies.data_access_beside_s3": Mutation(
        stack="AnalyticsAccess",
        type=_MANAGED,
        path="PolicyDocument.Statement.5.Resource",
        value="arn:aws:s3:::prod-mainstorage-*",
        where=_of_member("PiiReader"),
    ),
}
