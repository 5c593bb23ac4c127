"""The snippets of constructs_lib/organization/response/README.md; each function runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.baseline import ContainmentRole, FindingForwarding, PermissionSetContainmentRole
from constructs_lib.organization.response import Responders, Response
from constructs_lib.storage import AccessLogBucket

if TYPE_CHECKING:
    from aws_cdk import Stack


def first_in_a_dry_run(self: Stack) -> None:
    access_logs = AccessLogBucket(self, "AccessLogs")
    Responders(
        self,
        "Responders",
        organization_id="o-exampleorgid",
        accounts=["444444444401", "444444444402"],
        break_glass_role="BreakGlass",
        protected_accounts=["111111111111", "222222222222"],
        alerts="security@example.com",
        access_logs=access_logs,
    )


def in_each_account(self: Stack) -> None:
    ContainmentRole(self, "Containment", security_account="333333333333", break_glass_role="BreakGlass")
    FindingForwarding(self, "Findings", security_account="333333333333")


def in_management(self: Stack) -> None:
    instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    PermissionSetContainmentRole(self, "Containment", security_account="333333333333", instance_arn=instance)


def contain(self: Stack) -> None:
    access_logs = AccessLogBucket(self, "AccessLogs")
    Responders(
        self,
        "Responders",
        organization_id="o-exampleorgid",
        accounts=["444444444401"],
        break_glass_role="BreakGlass",
        protected_accounts=["111111111111", "222222222222"],
        mode=Response.CONTAIN,
        management_account="111111111111",
        identity_instance="arn:aws:sso:::instance/ssoins-0123456789abcdef",
        spared_roles=["lake-registration"],
        allowed_resources=["open-data-*"],
        allowed_types=["Policy:S3/BucketBlockPublicAccessDisabled"],
        most_per_hour=5,
        access_logs=access_logs,
    )
