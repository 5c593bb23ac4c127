"""A VPC's default security group without rules, so that what is started without naming a group reaches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CustomResource, Duration, Stack, aws_iam as iam
from constructs import Construct

from constructs_lib.core import HandlerFunction

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

DEFAULT_GROUP_TYPE = "Custom::ClosedDefaultSecurityGroup"
"""CloudFormation type of the custom resource."""

_TIMEOUT = Duration.minutes(20)


class ClosedDefaultGroup(Construct):
    """Takes the rules out of a VPC's default security group.

    A custom resource, because CloudFormation adds rules to a group and takes out only its own; EC2 makes this group with two rules. They
    do not come back when this goes.

    See https://docs.aws.amazon.com/config/latest/developerguide/vpc-default-security-group-closed.html.

    Args:
        group_id: The VPC's default security group.
        log_key: Encrypts the function's log; its policy has to let CloudWatch Logs use it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, group_id: str, log_key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="network",
            module="default_group",
            statements=[
                iam.PolicyStatement(
                    sid="CloseGroup",
                    actions=["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
                    resources=[stack.format_arn(service="ec2", resource="security-group", resource_name=group_id)],
                ),
                iam.PolicyStatement(
                    sid="LookAtGroups",
                    actions=["ec2:DescribeSecurityGroups"],
                    resources=["*"],
                    conditions={"StringEquals": {"aws:RequestedRegion": stack.region}},
                ),
            ],
            wildcards={"LookAtGroups": "ec2:DescribeSecurityGroups takes no resource"},
            service_timeout=_TIMEOUT,
            log_key=log_key,
            description="Takes the rules out of a VPC's default security group",
        )
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type=DEFAULT_GROUP_TYPE,
            service_token=self.handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={"GroupId": group_id},
        )
