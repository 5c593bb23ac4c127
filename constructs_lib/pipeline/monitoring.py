"""A product's metrics as CloudWatch has them, and the alarms that its contract's service levels ask for.

| alarm | rings when | missing data |
|---|---|---|
| `freshness_alarms` | a table had no publication within the contract's freshness | rings |
| `quality_alarm` | of one run more was quarantined than the contract lets pass, 5 % where it does not say | is fine: no run, no rows |
| `attention_alarm` | a run is held by the gate, or a file could not be read to its end | is fine |

The pipeline's `failure_alarm` and the foundation's `dlq_alarm` are theirs. A product with freshness takes three resources here, and one
more for each ten tables after the first ten: an alarm's expression takes ten metrics, and no SEARCH.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Validations, aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.pipeline.metrics import NAMESPACE, PRODUCT, SOURCES, TABLE, RunMetric
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.pipeline.foundation import PipelineFoundation
    from lakemodel.contracts.model import DataContract

DEFAULT_QUARANTINED_PERCENT = 5.0
"""Of one run's rows; more rings where the contract promises no completeness."""

RUN_PERIOD = Duration.minutes(5)
"""What alarms about single runs look at: runs are minutes apart, and so is what people hear of them."""

_HOUR = 3_600
_WHOLE = 100.0


class RunMetrics:
    """What a product's runs count; of all its tables together, or of one.

    Each method takes what `cloudwatch.Metric` takes besides (`period`, `statistic`, `label`, ...); over five minutes unless told otherwise.
    """

    def __init__(self, product: str) -> None:
        self._product = product

    @classmethod
    def from_product(cls, product: str) -> RunMetrics:
        """The metrics of the product of that key (`domain.product`), whoever's stack its pipeline is in."""
        return cls(product)

    def metric(self, name: RunMetric, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """One metric; `SOURCES` says what each is, its unit, and the statistic it has when left out."""
        dimensions = {PRODUCT: self._product} if table is None else {PRODUCT: self._product, TABLE: table}
        label = self._product if table is None else f"{self._product}.{table}"
        defaults: dict[str, Any] = {"statistic": SOURCES[name].statistic, "label": label, "period": RUN_PERIOD}
        return cloudwatch.Metric(namespace=NAMESPACE, metric_name=name.value, dimensions_map=dimensions, **{**defaults, **options})

    def metric_rows_in(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Delivered records."""
        return self.metric(RunMetric.ROWS_IN, table=table, **options)

    def metric_rows_good(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Rows that the contract lets pass."""
        return self.metric(RunMetric.ROWS_GOOD, table=table, **options)

    def metric_rows_quarantined(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Rows that break the contract."""
        return self.metric(RunMetric.ROWS_QUARANTINED, table=table, **options)

    def metric_rows_duplicate(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Rows that the table has already, or the delivery twice."""
        return self.metric(RunMetric.ROWS_DUPLICATE, table=table, **options)

    def metric_quarantined_ratio(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Quarantined of delivered rows, from 0 to 1; the worst run unless `statistic` says otherwise."""
        return self.metric(RunMetric.QUARANTINED_RATIO, table=table, **options)

    def metric_bytes(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Bytes of the delivered files."""
        return self.metric(RunMetric.BYTES, table=table, **options)

    def metric_dpu_hours(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """What Glue charges by."""
        return self.metric(RunMetric.DPU_HOURS, table=table, **options)

    def metric_job_seconds(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """What the job took; the average unless `statistic` says otherwise."""
        return self.metric(RunMetric.DURATION, table=table, **options)

    def metric_lag(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """Seconds from a delivery's arrival to its publication; the longest unless `statistic` says otherwise."""
        return self.metric(RunMetric.LAG, table=table, **options)

    def metric_published(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """How many runs readers see; replays are among them."""
        return self.metric(RunMetric.PUBLISHED, table=table, **options)

    def metric_held(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """How many runs the gate holds back."""
        return self.metric(RunMetric.HELD, table=table, **options)

    def metric_refused_files(self, *, table: str | None = None, **options: Any) -> cloudwatch.Metric:
        """How many delivered files could not be read to their end."""
        return self.metric(RunMetric.REFUSED_FILES, table=table, **options)


class PipelineMonitoring(Construct):
    """The metrics of one product's runs and the alarms on them; alarms tell the foundation's topic.

    Freshness looks back exactly as far as the contract's level, for at most seven days, which is all that CloudWatch's alarms see. For a
    longer level there is no alarm but a warning at synth: one that looks back seven days would ring while the promise is kept. A new
    pipeline's freshness rings until its tables were published once: nobody can read them yet. A replay counts as a publication.

    Args:
        contract: The product, with its service levels.
        tables: Names of the tables that are ingested.
        foundation: Whose topic is told.
        largest_quarantined_percent: Of one run's rows, more of which rings; when left out, what the contract's completeness leaves, or
            5 where it promises none. Duplicates count as good: what they say is in the table.

    Attributes:
        metrics: The metrics.
        freshness_alarms: One for each ten tables; empty where the contract promises no freshness, or one of more than seven days.
        quality_alarm: On the share of quarantined rows.
        attention_alarm: On held runs and refused files. It does not tell when it is over: the run may still be held.

    Raises:
        DataLakeError: `monitoring_percent`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contract: DataContract,
        tables: Sequence[str],
        foundation: PipelineFoundation,
        largest_quarantined_percent: float | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        promised = contract.completeness_percent
        allowed = DEFAULT_QUARANTINED_PERCENT if promised is None else round(_WHOLE - promised, 6)
        allowed = allowed if largest_quarantined_percent is None else largest_quarantined_percent
        if not 0 <= allowed <= _WHOLE:
            msg = f"got {allowed:g} as the largest percentage of quarantined rows; allowed are 0 to 100"
            raise misuse(self, msg, code="monitoring_percent")
        self.contract = contract
        self.foundation = foundation
        self.metrics = RunMetrics.from_product(contract.key)
        self.quality_alarm = self._quality(allowed)
        self.attention_alarm = self._attention()
        self.freshness_alarms: tuple[cloudwatch.Alarm, ...] = tuple(self._freshness(sorted(tables), contract.freshness_hours))

    @property
    def alarms(self) -> tuple[cloudwatch.Alarm, ...]:
        """All of them."""
        return (*self.freshness_alarms, self.quality_alarm, self.attention_alarm)

    def _quality(self, allowed: float) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            "QualityAlarm",
            alarm_description=f"More than {allowed:g} % of a run of {self.contract.key} was quarantined; its manifest counts the reasons",
            metric=self.metrics.metric_quarantined_ratio(label=None),
            threshold=allowed / _WHOLE,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.foundation.add_alarm(alarm)
        return alarm

    def _attention(self) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            "AttentionAlarm",
            alarm_description=f"A run of {self.contract.key} is held by its gate, or a file could not be read: the notice says why",
            metric=cloudwatch.MathExpression(
                expression="held + refused",
                using_metrics={"held": self.metrics.metric_held(label=None), "refused": self.metrics.metric_refused_files(label=None)},
                label=f"{self.contract.key} held runs and refused files",
                period=RUN_PERIOD,
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.foundation.alarm_topic))
        return alarm

    def _freshness(self, tables: Sequence[str], hours: int | None) -> list[cloudwatch.Alarm]:
        if hours is None:
            return []
        window = limit(Quota.ALARM_WINDOW_SECONDS)
        if hours * _HOUR > window.value:
            msg = (
                f"{self.contract.key} promises a freshness of {hours} hours, and an alarm looks back {window.value // _HOUR} hours at most:"
                " nothing rings when the promise is broken; watch `metric_published`, or promise what can be watched"
            )
            Validations.of(self).add_warning(f"freshness-not-watched:{self.contract.key}", msg)
            return []
        most = limit(Quota.ALARM_METRICS).value
        groups = [tables[first : first + most] for first in range(0, len(tables), most)]
        return [self._fresh(number, group, hours) for number, group in enumerate(groups, start=1)]

    def _fresh(self, number: int, tables: Sequence[str], hours: int) -> cloudwatch.Alarm:
        """One sliding period as long as the level: the product of the tables' publications is 0 as soon as one table had none.

        FILL, because CloudWatch looks for the last data points also before the window when some are missing, and would find old ones.
        """
        published = {f"t{at}": self.metrics.metric_published(table=table, label=None) for at, table in enumerate(tables)}
        alarm = cloudwatch.Alarm(
            self,
            f"FreshnessAlarm{number}",
            alarm_description=f"A table of {self.contract.key} was not published for {hours} hours, which is what its contract promises",
            metric=cloudwatch.MathExpression(
                expression=" * ".join(f"FILL({name}, 0)" for name in published),
                using_metrics=dict(published),
                label=f"{self.contract.key} publications",
                period=Duration.hours(hours),
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        self.foundation.add_alarm(alarm)
        return alarm
