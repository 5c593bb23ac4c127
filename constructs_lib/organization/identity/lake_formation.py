"""Lake Formation's connection to Identity Center, so that grants can go to its users and groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import Aws, CustomResource, Duration, Stack, Token, aws_iam as iam
from constructs import Construct

from constructs_lib.core import HandlerFunction, misuse
from constructs_lib.organization.handler_logs import log_key as given_or_new
from constructs_lib.organization.identity.permission_sets import instance_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms

CONNECTION_TYPE = "Custom::LakeFormationIdentityCenter"
"""CloudFormation type of the connection."""

_MEMORY = "/governed-lake/lake-formation-identity-center"
_TIMEOUT = Duration.minutes(20)
_RECIPIENT = re.compile(r"[0-9]{12}|arn:[a-z-]+:organizations::[0-9]{12}:(organization|ou)/\S+")

_NO_RESOURCE = "These actions of Lake Formation take no resource; an account has one connection in a Region."
_APPLICATION = "Lake Formation makes an application of Identity Center for the connection; its id is known only afterwards."
_SHARES = "Lake Formation makes the resource share for whom the connection is shared with; its name is known only afterwards."


class LakeFormationIdentityCenter(Construct):
    """Connects Lake Formation in this account and Region to an Identity Center instance. One of these in an account and Region.

    A custom resource, because CloudFormation has none. A connection to the same instance that is there is adopted; one to another
    instance fails. On delete a connection that was made here goes, with every grant to users and groups of Identity Center in effect.

    The function has to be a data lake administrator: give `handler.role` to the account's Lake Formation settings, and let `resource` come
    after those.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/identity-center-integration.html

    Args:
        instance: Id of the Identity Center instance, such as `ssoins-1234567890abcdef`.
        share_recipients: Accounts, by id, and organisations or units, by ARN, whose people may reach this account's catalog with it;
            nobody is added to who is there when left out.
        log_key: Encrypts the function's log; a new key when left out. Its policy has to let CloudWatch Logs use it.

    Attributes:
        handler: The function.
        resource: The custom resource.
        application_arn: The application that Lake Formation has in Identity Center.

    Raises:
        DataLakeError: `identity_center_instance`, `share_recipient`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: str,
        share_recipients: Sequence[str] = (),
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        for recipient in share_recipients:
            if not Token.is_unresolved(recipient) and not _RECIPIENT.fullmatch(recipient):
                msg = f"got share recipient {recipient!r}; allowed is an account's id, or the ARN of an organisation or a unit"
                raise misuse(self, msg, code="share_recipient")
        arn = instance_arn(self, instance)
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="organization",
            module="identity_center",
            statements=self._statements(arn, shares=bool(share_recipients)),
            wildcards={"Connection": _NO_RESOURCE, "Application": _APPLICATION, "Shares": _SHARES},
            service_timeout=_TIMEOUT,
            log_key=given_or_new(self, log_key),
            description="Keeps Lake Formation's connection to Identity Center as declared",
        )
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type=CONNECTION_TYPE,
            service_token=self.handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={"Instance": instance, "ShareRecipients": sorted(share_recipients), "MemoryParameter": _MEMORY},
        )
        self.application_arn: str = self.resource.get_att_string("ApplicationArn")

    def _statements(self, arn: str, *, shares: bool) -> list[iam.PolicyStatement]:
        """As Lake Formation's page on prerequisites has them, bound to the instance and to applications of this account in it."""
        stack = Stack.of(self)
        verbs = ("Create", "Delete", "Describe", "Update")
        calls = [f"lakeformation:{verb}LakeFormationIdentityCenterConfiguration" for verb in verbs]
        application = [
            "sso:CreateApplication",
            "sso:DeleteApplication",
            "sso:DescribeApplication",
            "sso:PutApplicationAccessScope",
            "sso:PutApplicationAssignmentConfiguration",
            "sso:PutApplicationAuthenticationMethod",
            "sso:PutApplicationGrant",
            "sso:UpdateApplication",
        ]
        places = [
            arn,
            f"arn:{Aws.PARTITION}:sso::{stack.account}:application/{arn.rpartition('/')[2]}/*",
            f"arn:{Aws.PARTITION}:sso::aws:applicationProvider/*",
        ]
        statements = [
            iam.PolicyStatement(sid="Connection", actions=calls, resources=["*"]),
            iam.PolicyStatement(sid="Application", actions=application, resources=places),
            iam.PolicyStatement(
                sid="RememberWhatWasThere",
                actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
                resources=[stack.format_arn(service="ssm", resource="parameter", resource_name=_MEMORY.lstrip("/"))],
            ),
        ]
        # Taking the last recipient out ends the share, after this policy has changed.
        end = ["ram:DeleteResourceShare", "ram:DisassociateResourceShare", "ram:GetResourceShares"]
        share = ["ram:AssociateResourceShare", "ram:CreateResourceShare"] if shares else []
        statements.append(iam.PolicyStatement(sid="Shares", actions=sorted([*end, *share]), resources=["*"]))
        return statements
