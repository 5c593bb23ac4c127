"""What an account can share with a monitoring account."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Telemetry(StrEnum):
    """A kind of telemetry, by the name that CloudWatch Observability Access Manager has for it."""

    METRICS = "AWS::CloudWatch::Metric"
    LOGS = "AWS::Logs::LogGroup"
    TRACES = "AWS::XRay::Trace"
    APPLICATIONS = "AWS::ApplicationInsights::Application"
    INTERNET_MONITORS = "AWS::InternetMonitor::Monitor"
    SERVICES = "AWS::ApplicationSignals::Service"
    SERVICE_LEVEL_OBJECTIVES = "AWS::ApplicationSignals::ServiceLevelObjective"


DEFAULT_TELEMETRY: Final = (Telemetry.METRICS, Telemetry.LOGS, Telemetry.TRACES)
