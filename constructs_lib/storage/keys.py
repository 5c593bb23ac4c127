"""KMS keys whose data can be used through named AWS services only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, Stack, aws_iam as iam, aws_kms as kms
from constructs import Construct

from constructs_lib.core import perimeter_of, removal_policy as checked_removal_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy

_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo")


class LakeKey(Construct):
    """A customer managed key, rotated yearly, that IAM can hand out for use through named services only.

    The key policy delegates to the account's IAM in two parts: administration, without any right to use the key; and use, where the
    request comes through one of `via_services`. So `kms:Decrypt` in a role's policy opens objects in S3 and nothing else: not data
    keys copied from elsewhere, and no grant to somebody outside.

    See https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service.

    Args:
        description: What the key protects.
        via_services: Endpoint names of the services through which principals of the account may use the key, such as `s3` or
            `dynamodb`; `("s3",)` when left out. A service that acts in its own name (CloudWatch Logs, CloudTrail) needs a statement of
            its own instead: `allow_log_groups`, or `key.add_to_resource_policy`.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.

    Example:
        >>> from aws_cdk import App, Stack
        >>> LakeKey(Stack(App(), "Doc"), "Key", description="results of queries").key.node.path
        'Doc/Key/Resource'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        via_services: Sequence[str] | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        via_services = ("s3",) if via_services is None else via_services
        self.key = kms.Key(
            self,
            "Resource",
            description=description,
            enable_key_rotation=True,
            pending_window=Duration.days(30),
            policy=iam.PolicyDocument(statements=self._statements(via_services)),
            removal_policy=checked_removal_policy(self, removal_policy),
        )

        perimeter = perimeter_of(self)
        if perimeter is not None:  # of use alone: no policy can make the key unmanageable for its own account
            for statement in perimeter.statements([*_USE, "kms:CreateGrant"], ["*"]):
                self.key.add_to_resource_policy(statement)

    def allow_log_groups(self, *log_group_arns: str) -> None:
        """Lets CloudWatch Logs encrypt the log groups with these ARNs (wildcards allowed) with the key.

        A log group's `encryption_key` alone adds nothing to the key's policy, and creating it fails.

        See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html.
        """
        region = Stack.of(self).region
        suffix = ".cn" if region.startswith("cn-") else ""  # one of the few services whose principal ends so in China
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowLogGroups",
                principals=[iam.ServicePrincipal(f"logs.{region}.amazonaws.com{suffix}")],
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": list(log_group_arns)}},
            )
        )

    def _statements(self, via_services: Sequence[str]) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        endpoints = [f"{service}.{stack.region}.{stack.url_suffix}" for service in via_services]
        through_services = {"StringEquals": {"kms:CallerAccount": stack.account, "kms:ViaService": endpoints}}
        statements = [
            iam.PolicyStatement(
                sid="DelegateAdministrationToIam",
                principals=[iam.AccountRootPrincipal()],
                actions=list(_ADMINISTRATION),
                resources=["*"],
            ),
            iam.PolicyStatement(
                sid="DelegateUseThroughServicesToIam",
                principals=[iam.AccountRootPrincipal()],
                actions=list(_USE),
                resources=["*"],
                conditions=through_services,
            ),
        ]
        if set(via_services) - {"s3"}:  # S3 works without grants; services that keep data open for long need them
            statements.append(
                iam.PolicyStatement(
                    sid="DelegateGrantsForServicesToIam",
                    principals=[iam.AccountRootPrincipal()],
                    actions=["kms:CreateGrant"],
                    resources=["*"],
                    conditions={**through_services, "Bool": {"kms:GrantIsForAWSResource": "true"}},
                )
            )
        return statements
