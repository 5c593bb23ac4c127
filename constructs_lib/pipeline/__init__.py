"""Ingestion: what happens between an object's arrival and a published table."""

from constructs_lib.pipeline.dashboard import DomainDashboard, RunQueries
from constructs_lib.pipeline.foundation import PipelineFoundation
from constructs_lib.pipeline.ingestion import IngestionPipeline, PipelineGrants
from constructs_lib.pipeline.metrics import RunMetric
from constructs_lib.pipeline.monitoring import PipelineMonitoring, RunMetrics
from constructs_lib.pipeline.schedule import OffPeak, SweepSchedule
from constructs_lib.pipeline.state import PipelineState
from constructs_lib.pipeline.zones import PipelineZones

__all__ = [
    "DomainDashboard",
    "IngestionPipeline",
    "OffPeak",
    "PipelineFoundation",
    "PipelineGrants",
    "PipelineMonitoring",
    "PipelineState",
    "PipelineZones",
    "RunMetric",
    "RunMetrics",
    "RunQueries",
    "SweepSchedule",
]
