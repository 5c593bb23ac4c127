"""CloudWatch alarms: which metrics they look at, whichever way a template writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import at, listed
from lakecheck.rules.base import once
from lakecheck.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_SEARCHES: Final = re.compile(r"\b(SEARCH|SELECT)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric that an alarm looks at.

    Attributes:
        alarm: The alarm.
        at: Where in its properties the metric stands; empty for the alarm's own.
        namespace: Such as `AWS/SQS`; it, the name and the dimensions are as the template has them.
        name: Such as `ApproximateNumberOfMessagesVisible`.
        dimensions: Value by name; None when they are not known.
        statistic: Such as `Sum`.
        account: Whose metric it is; the alarm's account when the template does not say.
    """

    alarm: Resource
    at: str
    namespace: Any
    name: Any
    dimensions: Mapping[str, Any] | None
    statistic: Any
    account: Any


@once
def metrics(snapshot: Snapshot) -> tuple[Metric, ...]:
    """Every metric of every alarm."""
    return tuple(metric for alarm in snapshot.by_type.get("AWS::CloudWatch::Alarm", ()) for metric in metrics_of(alarm))


def metrics_of(alarm: Resource) -> Iterator[Metric]:
    """The metrics of one alarm: its own, or those that it computes with."""
    properties = alarm.properties
    if properties.get("MetricName") is not None:
        yield _metric(alarm, "", properties, properties.get("Statistic", properties.get("ExtendedStatistic")), alarm.account)
    for index, query in enumerate(listed(properties.get("Metrics"))):
        metric = at(query, "MetricStat.Metric")
        if isinstance(metric, dict):
            account = at(query, "AccountId")
            place = f"Metrics.{index}.MetricStat.Metric"
            yield _metric(alarm, place, metric, at(query, "MetricStat.Stat"), alarm.account if account is None else account)


def computes_blindly(alarm: Resource) -> bool:
    """Whether an alarm searches for its metrics, so that which ones they are cannot be told."""
    expressions = [at(query, "Expression") for query in listed(alarm.properties.get("Metrics"))]
    return any(isinstance(each, Unknown) or (isinstance(each, str) and _SEARCHES.search(each) is not None) for each in expressions)


def _metric(alarm: Resource, place: str, metric: Mapping[str, Any], statistic: Any, account: Any) -> Metric:
    pairs = listed(metric.get("Dimensions"))
    dimensions = None
    if all(isinstance(pair, dict) and isinstance(pair.get("Name"), str) for pair in pairs):
        dimensions = {pair["Name"]: pair.get("Value") for pair in pairs}
    return Metric(alarm, place, metric.get("Namespace"), metric.get("MetricName"), dimensions, statistic, account)
