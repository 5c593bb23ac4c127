"""The snippets of constructs_lib/observability/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.observability import ObservabilityLink, ObservabilitySink, Telemetry, shared_sink

if TYPE_CHECKING:
    from aws_cdk import Stack


def monitoring_account(self: Stack) -> None:
    ObservabilitySink(self, "Observability", organization_id="o-exampleorgid", management_account="111111111111")


def lake_account(self: Stack) -> None:
    sink = shared_sink(self, "ObservabilitySink", monitoring_account="333333333333")
    ObservabilityLink(self, "Observability", sink=sink)


def existing_sink(self: Stack) -> None:
    ObservabilityLink(
        self,
        "Observability",
        sink="arn:aws:oam:eu-west-1:333333333333:sink/12345678-1234-1234-1234-123456789012",
        telemetry=[Telemetry.METRICS, Telemetry.LOGS],
        log_groups="LogGroupName LIKE '/aws/lambda/%'",
    )


def escape_hatch(self: Stack) -> None:
    sink = shared_sink(self, "ObservabilitySink", monitoring_account="333333333333")

    link = ObservabilityLink(self, "Observability", sink=sink)
    link.link.add_property_override("LabelTemplate", "$AccountEmailNoDomain")
