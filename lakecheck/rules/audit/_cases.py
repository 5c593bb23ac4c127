"""Pieces of the rules' cases."""

from __future__ import annotations

from typing import Any

ALARM = "AWS::CloudWatch::Alarm"


def alarm(namespace: str, metric: str, dimensions: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """An alarm on one metric."""
    pairs = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    own = {"Namespace": namespace, "MetricName": metric, "Dimensions": pairs, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0}
    return {"Alarm": {"Type": ALARM, "Properties": {**own, **properties}}}
