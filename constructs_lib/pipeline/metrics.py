"""The metrics of runs: names, units, dimensions, and what the state machine's PutMetrics sends of an outcome; no constructs here.

Every number is sent twice, with the dimension `Product` and with `Product` and `Table`: CloudWatch does not add custom metrics up over
dimensions, and with the first an alarm of a product takes one metric however many tables there are. A call holds them all, of at most
1,000; a custom metric is paid for by the hour in which it is sent, so that a daily delivery costs a twenty-fourth of the monthly price.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html

How a run failed is not among them: Step Functions counts failed, timed out and aborted executions itself, also those that never read an
outcome (`IngestionPipeline.metric_failed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

NAMESPACE = "GovernedLake/Ingestion"
"""What the condition `cloudwatch:namespace` of the state machine's right to `cloudwatch:PutMetricData` has to name."""

PRODUCT = "Product"
"""Dimension: `domain.product`."""

TABLE = "Table"
"""Dimension: the table's name in the catalog."""

TRANSIENT_CLOUDWATCH = (
    "CloudWatch.CloudWatchException",  # throttling has no name of its own
    "CloudWatch.InternalServiceException",
    "CloudWatch.SdkClientException",
    "States.Timeout",
)
"""What PutMetrics retries. Whatever else happens there must not fail a run that is published: catch it and go on."""


class RunMetric(StrEnum):
    """A number of one run."""

    ROWS_IN = "RowsIn"
    ROWS_GOOD = "RowsGood"
    ROWS_QUARANTINED = "RowsQuarantined"
    ROWS_DUPLICATE = "RowsDuplicate"
    ROWS_REPLACED = "RowsReplaced"
    QUARANTINED_RATIO = "QuarantinedRatio"
    BYTES = "Bytes"
    FILES = "Files"
    REFUSED_FILES = "RefusedFiles"
    DURATION = "DurationSeconds"
    DPU_HOURS = "DpuHours"
    PUBLISHED = "Published"
    HELD = "Held"
    LAG = "LagSeconds"


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSource:
    """What a metric is.

    Attributes:
        unit: One of CloudWatch's units.
        statistic: How several runs in one period are put together on graphs and in alarms.
        value: JSONata over `$o`, the parsed outcome, `$j`, Glue's JobRun, and `$r`, when the delivery arrived. Where it is
            undefined nothing is sent.
        description: What it counts.
    """

    unit: str
    statistic: str
    value: str
    description: str


SOURCES: dict[RunMetric, MetricSource] = {
    RunMetric.ROWS_IN: MetricSource(
        unit="Count", statistic="Sum", value="$o.counts.input", description="Delivered records: good, quarantined and duplicates together"
    ),
    RunMetric.ROWS_GOOD: MetricSource(
        unit="Count", statistic="Sum", value="$o.counts.good", description="Rows that the contract lets pass; of a held run too"
    ),
    RunMetric.ROWS_QUARANTINED: MetricSource(
        unit="Count", statistic="Sum", value="$o.counts.quarantined", description="Rows that break the contract"
    ),
    RunMetric.ROWS_DUPLICATE: MetricSource(
        unit="Count", statistic="Sum", value="$o.counts.duplicates", description="Rows that the table has already, or the delivery twice"
    ),
    RunMetric.ROWS_REPLACED: MetricSource(
        unit="Count", statistic="Sum", value="$o.counts.replaced", description="Published rows that delivered ones displace"
    ),
    RunMetric.QUARANTINED_RATIO: MetricSource(
        unit="None", statistic="Maximum", value="$o.quarantined_ratio", description="Quarantined of delivered rows, from 0 to 1"
    ),
    RunMetric.BYTES: MetricSource(unit="Bytes", statistic="Sum", value="$o.bytes", description="Of the delivered files, as delivered"),
    RunMetric.FILES: MetricSource(unit="Count", statistic="Sum", value="$o.files", description="Delivered files, refused ones among them"),
    RunMetric.REFUSED_FILES: MetricSource(
        unit="Count", statistic="Sum", value="$o.refused", description="Delivered files that could not be read to their end"
    ),
    RunMetric.DURATION: MetricSource(unit="Seconds", statistic="Average", value="$o.seconds", description="What the job took"),
    RunMetric.DPU_HOURS: MetricSource(
        unit="None",
        statistic="Sum",
        # DPUSeconds is set for auto scaling and Flex; with neither, every worker counts from start to end
        value=(
            "($s := $exists($j.DPUSeconds) ? $j.DPUSeconds : $exists($j.DpuSeconds) ? $j.DpuSeconds :"
            " $j.MaxCapacity * $j.ExecutionTime; $exists($s) ? $s / 3600)"
        ),
        description="What Glue charges by; of runs that failed Glue knows, this metric does not",
    ),
    RunMetric.PUBLISHED: MetricSource(
        unit="Count", statistic="Sum", value="$o.status = 'published' ? 1 : 0", description="1 for a run that readers see, else 0"
    ),
    RunMetric.HELD: MetricSource(
        unit="Count", statistic="Sum", value="$o.status = 'held' ? 1 : 0", description="1 for a run that the gate holds back, else 0"
    ),
    RunMetric.LAG: MetricSource(
        unit="Seconds",
        statistic="Maximum",
        value="$o.status = 'published' ? ($millis() - $toMillis($r)) / 1000",
        description="From a delivery's arrival to its publication; of replays there is none, they are no deliveries",
    ),
}
"""Every metric. Fields of a JobRun: https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html"""


def metric_data(product: str, *, table: str = "$table", outcome: str = "$outcome", job_run: str = "$jobRun", received_at: str = "") -> str:
    """The JSONata expression, without `{% %}`, that gives PutMetricData's `MetricData`; numbers are the outcome's own.

    Points have no timestamp: CloudWatch takes the time it receives them. One-minute resolution, as no run is shorter.

    Args:
        product: `domain.product`.
        table: JSONata for the table's name, one of the contract's: anybody may choose names below a landing prefix, and every new
            value of a dimension is a metric of its own that is paid for.
        outcome: JSONata for the parsed outcome.
        job_run: JSONata for what `glue:startJobRun.sync` gives back, a JobRun.
        received_at: JSONata for the arrival of the delivery (ISO 8601); empty when a run is no delivery (replays): it has no lag then.
    """
    sent = {name: one for name, one in SOURCES.items() if received_at or name is not RunMetric.LAG}
    numbers = ", ".join(f"{{'MetricName': '{name}', 'Unit': '{one.unit}', 'Value': {one.value}}}" for name, one in sent.items())
    received = f" $r := {received_at};" if received_at else ""
    return (
        f"($o := {outcome}; $j := {job_run};{received}"
        f" $d := [{{'Name': '{PRODUCT}', 'Value': '{product}'}}];"
        f" $dt := $append($d, {{'Name': '{TABLE}', 'Value': {table}}});"
        f" $n := [{numbers}][$exists(Value)];"
        " $append($n.$merge([$, {'Dimensions': $d}]), $n.$merge([$, {'Dimensions': $dt}])))"
    )


def put_metrics_arguments(product: str, **expressions: str) -> dict[str, Any]:
    """The `Arguments` of a JSONata Task `aws-sdk:cloudwatch:putMetricData`; `expressions` are those of `metric_data`.

    Example:
        >>> put_metrics_arguments("sales.orders", received_at="$receivedAt")["Namespace"]
        'GovernedLake/Ingestion'
    """
    return {"Namespace": NAMESPACE, "MetricData": f"{{% {metric_data(product, **expressions)} %}}"}
