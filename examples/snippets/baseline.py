"""The snippets of constructs_lib/baseline/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.baseline import (
    AccessAnalyzers,
    BreakGlassRole,
    ConfigDestination,
    LakeAccount,
    LakeBoundary,
    Singleton,
    use_boundary,
)

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam, aws_s3 as s3


def simplest(self: Stack, data_admin: iam.IRole) -> LakeAccount:
    account = LakeAccount(self, "Account", admins=[data_admin], threat_detection=Singleton.ADOPT)
    return account  # noqa: RET504


def recorded(self: Stack, data_admin: iam.IRole, log_bucket: s3.Bucket) -> None:
    LakeAccount(
        self,
        "Account",
        admins=[data_admin],
        config_recorder=Singleton.CREATE,
        config_destination=ConfigDestination(bucket=log_bucket),
    )
    AccessAnalyzers(self, "Access", unused_access=True)


def least_privilege(base_stack: Stack, stateful_stack: Stack) -> None:
    LakeBoundary(base_stack, "Boundary", organization_id="o-exampleorgid", regions=["eu-west-1", "eu-central-1"])
    BreakGlassRole(base_stack, "BreakGlass", trusted_account="333333333333", organization_id="o-exampleorgid")
    use_boundary(stateful_stack)
    stateful_stack.add_stack_dependency(base_stack)


def escape_hatch(account: LakeAccount) -> None:
    account.audit_trail.trail.add_property_override("TrailName", "audit")
    account.threat_detection.detector.add_property_override("FindingPublishingFrequency", "ONE_HOUR")
