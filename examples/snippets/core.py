"""The snippets of constructs_lib/core/README.md; each function runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from constructs_lib.core import acknowledge, data_perimeter, misuse, removal_policy, trusted_service
from constructs_lib.storage import LakeStorage

if TYPE_CHECKING:
    from aws_cdk import Stack

__all__ = ["acknowledge", "misuse", "removal_policy"]


def perimeter(self: Stack) -> None:
    data_perimeter(self, organization_id="o-exampleorgid", trusted_accounts=["777777777777"])
    LakeStorage(self, "Lake")


def trust(self: Stack) -> iam.Role:
    role = iam.Role(self, "Runs", assumed_by=trusted_service(self, "states.amazonaws.com"))
    return role  # noqa: RET504
