"""The snippets of constructs_lib/pipeline/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, aws_sns_subscriptions as subscriptions

from constructs_lib.pipeline import IngestionPipeline, OffPeak, PipelineFoundation, PipelineState

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_cloudwatch as cloudwatch

    from constructs_lib.storage import LakeStorage
    from lakemodel.contracts.model import DataContract


def simplest(self: Stack, stateful_stack: Stack, contract: DataContract, storage: LakeStorage) -> IngestionPipeline:
    state = PipelineState(stateful_stack, "PipelineState")  # the claims: they stay
    foundation = PipelineFoundation(self, "Foundation", state=state)  # once a stack
    flights = IngestionPipeline(self, "Flights", contract=contract, zones=storage, foundation=foundation)
    return flights  # noqa: RET504


def scheduled(self: Stack, contract: DataContract, storage: LakeStorage, flights: IngestionPipeline) -> None:
    foundation = flights.foundation
    night = OffPeak.nightly("Europe/Berlin")
    IngestionPipeline(self, "Nightly", contract=contract, zones=storage, foundation=foundation, schedule=night)


def both(self: Stack, contract: DataContract, storage: LakeStorage, flights: IngestionPipeline) -> None:
    foundation = flights.foundation
    week = OffPeak.weekends("Europe/Berlin")
    IngestionPipeline(self, "Both", contract=contract, zones=storage, foundation=foundation, schedule=week, on_arrival=True)


def watched(flights: IngestionPipeline) -> cloudwatch.Metric:
    foundation = flights.foundation
    foundation.alarm_topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
    lag = flights.monitoring.metrics.metric_lag(table="orders", period=Duration.hours(1))
    return lag  # noqa: RET504


def escape_hatch(flights: IngestionPipeline) -> None:
    flights.job.node.default_child.add_property_override("WorkerType", "G.2X")
    flights.state_machine.node.default_child.tracing_configuration = None
