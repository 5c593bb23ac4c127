"""What Macie needs in an account to look into encrypted data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct

from constructs_lib.baseline.recorder import ServiceLinkedRole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms

_SERVICE = "macie.amazonaws.com"
_ROLE = "AWSServiceRoleForAmazonMacie"


class SensitiveDataAccess(Construct):
    """Lets Macie open objects that keys of this account encrypt; without it a job only reports that it could not.

    Macie reads as its service-linked role, which has no right on keys: each key has to name it. A key's policy cannot name a role that is
    not there, so the role is made here, or adopted.

    See https://docs.aws.amazon.com/macie/latest/user/discovery-supported-encryption-types.html.

    Args:
        keys: Keys of the zones that are looked into; made in the same app.
        log_key: Encrypts the log of the function that sees to the role; none of `keys`. Its policy has to let CloudWatch Logs use it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keys: Sequence[kms.IKey], log_key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.role = ServiceLinkedRole(self, "Role", service=_SERVICE, role_name=_ROLE, log_key=log_key)
        for key in keys:
            stack = Stack.of(key)
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="AllowMacieToDecrypt",
                    principals=[iam.ArnPrincipal(self.role.role_arn)],
                    actions=["kms:Decrypt"],
                    resources=["*"],
                    conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.{stack.url_suffix}"}},
                )
            )
