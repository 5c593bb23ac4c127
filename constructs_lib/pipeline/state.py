"""What pipelines remember: which delivered object was claimed by which run, and how that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from constructs_lib.core import acknowledge, removal_policy as checked_removal_policy
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy, aws_kms as kms

CLAIM_KEY = "object"
_BACKUP_RULES = tuple(f"{pack}::{pack}-DynamoDBInBackupPlan" for pack in ("NIST.800.53.R5", "HIPAA.Security"))


class PipelineState(Construct):
    """The claims of a lake's pipelines: one item for each version of each delivered object.

    Stateful: it belongs into a stack that stays. Without its items an event that is delivered again would be ingested again.

    Args:
        key: Encrypts the table; a key of its own when left out.
        removal_policy: RETAIN, with deletion protection, when left out; anything else needs `core.allow_destroy`.

    Attributes:
        claims: The table; its partition key is `object`, as `bucket/key#version`.
        key: Its key.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey | None = None, removal_policy: RemovalPolicy | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        policy = checked_removal_policy(self, removal_policy)
        if key is None:
            key = LakeKey(self, "Key", description="claims of pipelines", via_services=["dynamodb"], removal_policy=removal_policy).key
        self.key: kms.IKey = key
        table = dynamodb.Table(
            self,
            "Resource",
            partition_key=dynamodb.Attribute(name=CLAIM_KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            deletion_protection=removal_policy is None,
            removal_policy=policy,
        )
        self.claims: dynamodb.ITable = table
        acknowledge(
            table,
            *_BACKUP_RULES,
            reason="point-in-time recovery covers 35 days, longer than events are retried; older claims can be rebuilt from raw",
        )
