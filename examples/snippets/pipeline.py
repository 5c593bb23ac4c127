"""The snippets of constructs_lib/pipeline/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.pipeline import IngestionPipeline, PipelineFoundation, PipelineState

if TYPE_CHECKING:
    from aws_cdk import Stack

    from constructs_lib.storage import LakeStorage
    from lakemodel.contracts.model import DataContract


def simplest(self: Stack, stateful_stack: Stack, contract: DataContract, storage: LakeStorage) -> IngestionPipeline:
    state = PipelineState(stateful_stack, "PipelineState")  # the claims: they stay
    foundation = PipelineFoundation(self, "Foundation", state=state)  # once a stack
    flights = IngestionPipeline(self, "Flights", contract=contract, zones=storage, foundation=foundation)
    return flights  # noqa: RET504


def escape_hatch(flights: IngestionPipeline) -> None:
    flights.job.node.default_child.add_property_override("ExecutionClass", "FLEX")
    flights.state_machine.node.default_child.tracing_configuration = None
