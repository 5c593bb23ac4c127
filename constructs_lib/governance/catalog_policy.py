"""The statement that lets AWS RAM share an account's catalog, in the one resource policy the catalog has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CustomResource, Duration, Stack, aws_iam as iam
from constructs import Construct

from constructs_lib.core import HandlerFunction

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

CATALOG_POLICY_TYPE = "Custom::LakeFormationCatalogPolicy"
"""CloudFormation type of the catalog policy's custom resource."""

_TIMEOUT = Duration.minutes(20)
_SID = "GovernedLakeSharesThroughRam"


class CatalogPolicy(Construct):
    """Lets AWS RAM share this account's databases and tables, which Lake Formation's grants to other accounts go through.

    An account whose catalog has a resource policy can share by name only if the policy says this; without any policy it can as well.
    The statement is made in both cases, so that it does not matter who writes a policy first. It gives no account anything: what is
    shared, and with whom, Lake Formation's grants say.

    A custom resource, because CloudFormation has none for this policy. Statements of others stay as they are, also when they are written
    at the same time; a delete takes ours out, and the policy if nothing else is in it.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-cross-account.html.

    Args:
        log_key: Encrypts the function's log; its policy has to let CloudWatch Logs use it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, log_key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        catalog = stack.format_arn(service="glue", resource="catalog")
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="lakeformation",
            module="catalog_policy",
            statements=[
                iam.PolicyStatement(
                    sid="CatalogPolicy",
                    actions=["glue:DeleteResourcePolicy", "glue:GetResourcePolicy", "glue:PutResourcePolicy"],
                    resources=[catalog],
                )
            ],
            wildcards={},
            service_timeout=_TIMEOUT,
            log_key=log_key,
            description="Keeps the statement by which AWS RAM may share this account's catalog",
        )
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type=CATALOG_POLICY_TYPE,
            service_token=self.handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={
                "Statements": [
                    {
                        "Sid": _SID,
                        "Effect": "Allow",
                        "Principal": {"Service": "ram.amazonaws.com"},
                        "Action": ["glue:ShareResource"],
                        "Resource": [
                            catalog,
                            stack.format_arn(service="glue", resource="database", resource_name="*"),
                            stack.format_arn(service="glue", resource="table", resource_name="*/*"),
                        ],
                    }
                ]
            },
        )
