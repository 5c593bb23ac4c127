"""Ingestion: what happens between an object's arrival and a published table."""

from constructs_lib.pipeline.foundation import PipelineFoundation
from constructs_lib.pipeline.ingestion import IngestionPipeline, PipelineGrants
from constructs_lib.pipeline.state import PipelineState
from constructs_lib.pipeline.zones import PipelineZones

__all__ = ["IngestionPipeline", "PipelineFoundation", "PipelineGrants", "PipelineState", "PipelineZones"]
