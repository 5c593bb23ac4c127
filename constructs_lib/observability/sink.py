"""The monitoring account's side: where other accounts' telemetry comes in, and how they learn where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_oam as oam, aws_ram as ram, aws_ssm as ssm
from constructs import Construct

from constructs_lib.observability.telemetry import DEFAULT_TELEMETRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.observability.telemetry import Telemetry

SINK_PARAMETER = "/governed-lake/observability-sink"
"""The SSM parameter in the monitoring account that holds the sink's ARN, shared with the organisation."""


class ObservabilitySink(Construct):
    """Lets accounts of the organisation, and no other, show their telemetry in this account and Region.

    A sink's ARN ends in an id that AWS makes up, so nobody can derive it. It is written to an SSM parameter with a fixed name, which AWS
    RAM shares with the organisation; `shared_sink` in another account's stack is a template parameter that CloudFormation fills from
    there when it deploys. RAM has to be allowed to share with the organisation, else the share waits to be accepted.

    An account has one sink in a Region; where there is one already, give its ARN to each `ObservabilityLink` instead.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Unified-Cross-Account.html and
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-shared-parameters.html

    Args:
        organization_id: Whose accounts may link.
        management_account: The account that owns the organisation, for the organisation's ARN.
        telemetry: What they may show; metrics, log groups and traces when left out.
        name: What people see in the console; `governed-lake` when left out. Changing it replaces the sink and breaks every link.

    Attributes:
        sink: The sink.
        parameter: Holds the sink's ARN.
        share: Lets the organisation read the parameter.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization_id: str,
        management_account: str,
        telemetry: Sequence[Telemetry] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        telemetry = DEFAULT_TELEMETRY if telemetry is None else telemetry
        name = "governed-lake" if name is None else name
        stack = Stack.of(self)
        self.sink = oam.CfnSink(
            self,
            "Resource",
            name=name,
            policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "LinkFromOrganization",
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": ["oam:CreateLink", "oam:UpdateLink"],
                        "Resource": "*",
                        "Condition": {
                            "StringEquals": {"aws:PrincipalOrgID": organization_id},
                            "ForAllValues:StringEquals": {"oam:ResourceTypes": [kind.value for kind in telemetry]},
                        },
                    }
                ],
            },
        )
        self.parameter = ssm.CfnParameter(
            self,
            "Parameter",
            name=SINK_PARAMETER,
            type="String",
            tier="Advanced",  # RAM shares no other
            value=self.sink.attr_arn,
            description="ARN of the sink that accounts of the organisation link their metrics, logs and traces to",
        )
        self.share = ram.CfnResourceShare(
            self,
            "Share",
            name=f"{name}-observability-sink",
            allow_external_principals=False,
            principals=[
                stack.format_arn(
                    service="organizations",
                    region="",
                    account=management_account,
                    resource="organization",
                    resource_name=organization_id,
                )
            ],
            resource_arns=[stack.format_arn(service="ssm", resource=f"parameter{SINK_PARAMETER}", arn_format=ArnFormat.NO_RESOURCE_NAME)],
        )
        self.share.node.add_dependency(self.parameter)

    @property
    def sink_arn(self) -> str:
        """The sink's ARN, known when it is made."""
        return self.sink.attr_arn
