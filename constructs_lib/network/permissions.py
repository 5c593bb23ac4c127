"""What a job's role needs so that Glue can put its workers into a `JobNetwork`: network interfaces there, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_iam as iam

if TYPE_CHECKING:
    from constructs_lib.network.job_network import JobNetwork

NETWORK_REASONS = {
    "MakeInterfaces": "network interfaces get their ids when they are made; the subnets and the security group are the network's own",
    "RemoveInterfaces": "network interfaces get their ids when they are made; a condition binds them to the network's VPC",
    "TagInterfaces": "network interfaces get their ids when they are made; a condition leaves the one tag that Glue knows its own by",
    "LookAtNetwork": "what describes networks takes no resource",
}
"""Why the wildcards in these statements are right, by Sid."""

_GLUE_TAG = "aws-glue-service-resource"


def job_network_statements(network: JobNetwork) -> list[iam.PolicyStatement]:
    """The rights, as AWS Glue's own managed policy has them, on this network alone.

    See https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSGlueServiceRole.html and
    https://docs.aws.amazon.com/glue/latest/dg/glue-troubleshooting-errors.html.
    """
    stack = Stack.of(network)

    def arn(kind: str, name: str) -> str:
        return stack.format_arn(service="ec2", resource=kind, resource_name=name)

    interfaces = arn("network-interface", "*")
    subnets = [arn("subnet", each.subnet.ref) for each in network.subnets]
    catalog = stack.format_arn(service="glue", resource="catalog", arn_format=ArnFormat.NO_RESOURCE_NAME)
    connections = [
        stack.format_arn(service="glue", resource="connection", resource_name=each.connection_name) for each in network.connections
    ]
    return [
        iam.PolicyStatement(
            sid="MakeInterfaces",
            actions=["ec2:CreateNetworkInterface"],
            resources=[interfaces, *subnets, arn("security-group", network.job_group.ref)],
        ),
        iam.PolicyStatement(
            sid="RemoveInterfaces",
            actions=["ec2:DeleteNetworkInterface"],
            resources=[interfaces],
            conditions={"ArnEquals": {"ec2:Vpc": arn("vpc", network.resource.ref)}},
        ),
        iam.PolicyStatement(
            sid="TagInterfaces",
            actions=["ec2:CreateTags", "ec2:DeleteTags"],
            resources=[interfaces],
            conditions={"ForAllValues:StringEquals": {"aws:TagKeys": [_GLUE_TAG]}, "Null": {"aws:TagKeys": "false"}},
        ),
        iam.PolicyStatement(
            sid="LookAtNetwork",
            actions=[
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcAttribute",
                "ec2:DescribeVpcEndpoints",
            ],
            resources=["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": stack.region}},
        ),
        iam.PolicyStatement(sid="OwnConnections", actions=["glue:GetConnection"], resources=[catalog, *connections]),
    ]
