"""A lake or consumer account's side: its telemetry is shown in the monitoring account, and stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, CfnParameter, Stack, aws_oam as oam
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.observability.sink import SINK_PARAMETER
from constructs_lib.observability.telemetry import DEFAULT_TELEMETRY, Telemetry

if TYPE_CHECKING:
    from collections.abc import Sequence


def shared_sink(scope: Construct, construct_id: str, *, monitoring_account: str, region: str | None = None) -> str:
    """The ARN of another account's `ObservabilitySink`, read from its shared parameter by CloudFormation at each deployment.

    See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html

    Args:
        scope: The stack, or below it.
        construct_id: Id of the template parameter.
        monitoring_account: The account of the sink.
        region: The sink's Region; the stack's when left out. A link and its sink stand in the same Region.
    """
    arn = Stack.of(scope).format_arn(
        service="ssm",
        region=region,
        account=monitoring_account,
        resource=f"parameter{SINK_PARAMETER}",
        arn_format=ArnFormat.NO_RESOURCE_NAME,
    )
    parameter = CfnParameter(
        scope,
        construct_id,
        type="AWS::SSM::Parameter::Value<String>",
        default=arn,
        description="The monitoring account's sink, from the parameter that it shares",
    )
    return parameter.value_as_string


class ObservabilityLink(Construct):
    """Shows this account's telemetry in a monitoring account of the same Region. Nothing is copied, and nobody there can change it.

    People of the monitoring account read what the log groups say, so share those whose lines they may read: with `log_groups` others stay
    unseen. An account links to at most five sinks, and not to one of its own.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Unified-Cross-Account-Setup.html

    Args:
        sink: The sink's ARN, such as `shared_sink(...)`.
        telemetry: What is shown; metrics, log groups and traces when left out. The sink has to allow it.
        log_groups: Which log groups, as a filter such as `LogGroupName LIKE '/aws/lambda/%'`; all when left out.
        metrics: Which metrics, as a filter such as `Namespace IN ('AWS/Athena', 'GovernedLake')`; all when left out.

    Raises:
        DataLakeError: `unshared_filter`, for a filter on what is not in `telemetry`, or no telemetry at all.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        sink: str,
        telemetry: Sequence[Telemetry] | None = None,
        log_groups: str | None = None,
        metrics: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        telemetry = DEFAULT_TELEMETRY if telemetry is None else telemetry
        filters = {Telemetry.LOGS: log_groups, Telemetry.METRICS: metrics}
        idle = [kind.value for kind, said in filters.items() if said is not None and kind not in telemetry]
        if idle or not telemetry:
            msg = (
                f"got telemetry {', '.join(kind.value for kind in telemetry) or 'none'} and filters on {', '.join(idle) or 'nothing'}; "
                "needed is at least one kind, and each filtered kind among them"
            )
            raise misuse(self, msg, code="unshared_filter")
        said = {kind: oam.CfnLink.LinkFilterProperty(filter=text) for kind, text in filters.items() if text is not None}
        self.link = oam.CfnLink(
            self,
            "Resource",
            sink_identifier=sink,
            resource_types=[kind.value for kind in telemetry],
            label_template="$AccountName",
            link_configuration=oam.CfnLink.LinkConfigurationProperty(
                log_group_configuration=said.get(Telemetry.LOGS), metric_configuration=said.get(Telemetry.METRICS)
            )
            if said
            else None,
        )
