"""Who talked to whom in a network: its flow logs, in an encrypted log group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_ec2 as ec2, aws_iam as iam, aws_logs as logs
from constructs import Construct

from constructs_lib.core import removal_policy as checked_removal_policy, trusted_service
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy, aws_kms as kms


class FlowLogs(Construct):
    """Flow logs of a VPC, of what was accepted and of what was rejected.

    See https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html.

    Args:
        vpc_id: The VPC.
        retention: How long they are kept; one year when left out.
        removal_policy: Of log group and key: RETAIN when left out; anything else needs `core.allow_destroy`.

    Attributes:
        key: Encrypts the log group; it may serve other log groups of the account as well.
        log_group: Where they are.
        role: What writes them.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc_id: str,
        retention: logs.RetentionDays | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        retention = logs.RetentionDays.ONE_YEAR if retention is None else retention
        stack = Stack.of(self)
        lake_key = LakeKey(self, "Key", description="logs of the job network", removal_policy=removal_policy)
        lake_key.allow_log_groups(
            stack.format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
        )
        self.key: kms.IKey = lake_key.key
        self.log_group = logs.LogGroup(
            self, "Log", encryption_key=self.key, retention=retention, removal_policy=checked_removal_policy(self, removal_policy)
        )
        self.role = iam.Role(
            self,
            "Role",
            description="VPC flow logs are written to their log group as this role",
            assumed_by=trusted_service(self, "vpc-flow-logs.amazonaws.com"),
        )
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    sid="WriteFlowLogs",
                    actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    resources=[self.log_group.log_group_arn],
                )
            ],
        )
        resource = ec2.CfnFlowLog(
            self,
            "Resource",
            resource_id=vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=self.log_group.log_group_arn,
            deliver_logs_permission_arn=self.role.role_arn,
        )
        resource.node.add_dependency(policy)
