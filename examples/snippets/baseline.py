"""The snippets of constructs_lib/baseline/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.baseline import LakeAccount, Singleton

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam


def simplest(self: Stack, data_admin: iam.IRole) -> LakeAccount:
    account = LakeAccount(self, "Account", admins=[data_admin], threat_detection=Singleton.ADOPT)
    return account  # noqa: RET504


def escape_hatch(account: LakeAccount) -> None:
    account.audit_trail.trail.add_property_override("TrailName", "audit")
    account.threat_detection.detector.add_property_override("FindingPublishingFrequency", "ONE_HOUR")
