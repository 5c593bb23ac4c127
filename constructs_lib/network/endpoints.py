"""The ways from a private network to AWS's services, each open for the organisation's own principals and resources only."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack, aws_ec2 as ec2, aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs import Construct


class Endpoint(StrEnum):
    """An interface endpoint: a network interface in each subnet, charged by the hour and by what goes through."""

    ATHENA = "athena"
    ECR_API = "ecr.api"
    ECR_DOCKER = "ecr.dkr"
    EVENTS = "events"
    GLUE = "glue"
    KMS = "kms"
    LAKE_FORMATION = "lakeformation"
    LOGS = "logs"
    MONITORING = "monitoring"
    SECRETS_MANAGER = "secretsmanager"
    SNS = "sns"
    SQS = "sqs"
    SSM = "ssm"
    STATES = "states"
    STS = "sts"


JOB_ENDPOINTS: Final = (Endpoint.GLUE, Endpoint.KMS, Endpoint.LAKE_FORMATION, Endpoint.LOGS, Endpoint.MONITORING, Endpoint.STS)
"""What a run of the ingestion job calls; S3 has a gateway, which costs nothing."""

_SERVICES: Final[Mapping[Endpoint, str]] = {
    Endpoint.ATHENA: "ATHENA",
    Endpoint.ECR_API: "ECR",
    Endpoint.ECR_DOCKER: "ECR_DOCKER",
    Endpoint.EVENTS: "EVENTBRIDGE",
    Endpoint.GLUE: "GLUE",
    Endpoint.KMS: "KMS",
    Endpoint.LAKE_FORMATION: "LAKE_FORMATION",
    Endpoint.LOGS: "CLOUDWATCH_LOGS",
    Endpoint.MONITORING: "CLOUDWATCH_MONITORING",
    Endpoint.SECRETS_MANAGER: "SECRETS_MANAGER",
    Endpoint.SNS: "SNS",
    Endpoint.SQS: "SQS",
    Endpoint.SSM: "SSM",
    Endpoint.STATES: "STEP_FUNCTIONS",
    Endpoint.STS: "STS",
}
"""What CDK calls them; asked for when one is made, not when this module is imported."""

_PREFIXES: Final[Mapping[Endpoint, str]] = {
    Endpoint.ECR_API: "ecr",
    Endpoint.ECR_DOCKER: "ecr",
    Endpoint.MONITORING: "cloudwatch",
}
"""What actions of a service begin with, where that is not the endpoint's name."""

_ECR_LAYERS: Final = "prod-{region}-starport-layer-bucket"
"""AWS's own bucket of image layers. https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms"""


def service_of(endpoint: Endpoint) -> ec2.InterfaceVpcEndpointAwsService:
    """The service behind it, by the name that the Region has for it."""
    service: ec2.InterfaceVpcEndpointAwsService = getattr(ec2.InterfaceVpcEndpointAwsService, _SERVICES[endpoint])
    return service


def interface_policy(endpoint: Endpoint, organization_id: str) -> iam.PolicyDocument:
    """What goes through an interface endpoint: the organisation's principals, to the organisation's resources."""
    return iam.PolicyDocument(statements=[_own(_PREFIXES.get(endpoint, endpoint.value), organization_id)])


def gateway_policy(
    scope: Construct, service: str, organization_id: str, *, endpoints: Iterable[Endpoint] = (), aws_buckets: Sequence[str] = ()
) -> iam.PolicyDocument:
    """What goes through a gateway endpoint; of S3 also reads of AWS's own buckets, which belong to no organisation of ours.

    Args:
        scope: Whose Region counts.
        service: `s3` or `dynamodb`.
        organization_id: Whose principals and resources.
        endpoints: The interface endpoints beside it: some need a bucket of AWS.
        aws_buckets: Names of further buckets of AWS that are read.

    See https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/vpc_endpoint_policies
    """
    stack = Stack.of(scope)
    statements = [_own(service, organization_id)]
    needed = [_ECR_LAYERS.format(region=stack.region)] if Endpoint.ECR_DOCKER in set(endpoints) else []
    buckets = [*needed, *aws_buckets] if service == "s3" else []
    if buckets:
        statements.append(
            iam.PolicyStatement(
                sid="ReadBucketsOfAws",
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject"],
                resources=[stack.format_arn(service="s3", region="", account="", resource=name, resource_name="*") for name in buckets],
            )
        )
    return iam.PolicyDocument(statements=statements)


def _own(prefix: str, organization_id: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="OwnPrincipalsOwnResources",
        principals=[iam.AnyPrincipal()],
        actions=[f"{prefix}:*"],
        resources=["*"],
        conditions={"StringEquals": {"aws:PrincipalOrgID": organization_id, "aws:ResourceOrgID": organization_id}},
    )
