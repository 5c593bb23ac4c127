"""Metrics, logs and traces of many accounts, seen from one place."""

from constructs_lib.observability.link import ObservabilityLink, shared_sink
from constructs_lib.observability.sink import SINK_PARAMETER, ObservabilitySink
from constructs_lib.observability.telemetry import Telemetry

__all__ = ["SINK_PARAMETER", "ObservabilityLink", "ObservabilitySink", "Telemetry", "shared_sink"]
