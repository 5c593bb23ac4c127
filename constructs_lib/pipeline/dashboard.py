"""What people look at: a dashboard of one domain's pipelines, and saved queries over the logs of executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, Stack, aws_cloudwatch as cloudwatch, aws_logs as logs
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.pipeline.metrics import NAMESPACE, PRODUCT, SOURCES, TABLE, RunMetric
from constructs_lib.pipeline.monitoring import RunMetrics
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_lib.pipeline.ingestion import IngestionPipeline

PERIOD = Duration.hours(1)
"""One point on a graph; people zoom in for less."""

_METRICS = 20
"""Of one product on all graphs, at most."""

_METRICS_OF_A_GRAPH = 4
"""Of one product on one graph, at most: those that failed, timed out and were aborted, and their sum."""

_WIDTH, _HEIGHT = 8, 6


class DomainDashboard(Construct):
    """A CloudWatch dashboard of the pipelines that one domain has in one stack; it costs by the month, so make it where somebody looks.

    A line a product: rows, quarantined share, lag, duration, DPU-hours, failures, held runs, dead letters; tables are found by a search, so
    that the dashboard does not grow with them.

    Args:
        pipelines: Those of the domain, with the foundation of the stack they are in.

    Attributes:
        dashboard: The dashboard.

    Raises:
        DataLakeError: `dashboard_pipelines`.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, pipelines: Sequence[IngestionPipeline]) -> None:
        super().__init__(scope, construct_id)
        most = min(limit(Quota.DASHBOARD_METRICS).value // _METRICS, limit(Quota.DASHBOARD_WIDGET_METRICS).value // _METRICS_OF_A_GRAPH)
        if not 1 <= len(pipelines) <= most:
            msg = f"got {len(pipelines)} pipelines; a dashboard takes the metrics of 1 to {most}"
            raise misuse(self, msg, code="dashboard_pipelines")
        self._pipelines = pipelines
        self._metrics = [RunMetrics.from_product(pipeline.contract.key) for pipeline in pipelines]
        graphs = list(self._graphs())
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Resource",
            default_interval=Duration.days(7),
            widgets=[*([one] for one in self._alarms()), *(graphs[first : first + 3] for first in range(0, len(graphs), 3))],
        )

    def _alarms(self) -> Iterator[cloudwatch.AlarmStatusWidget]:
        own = [alarm for pipeline in self._pipelines for alarm in (pipeline.failure_alarm, *pipeline.monitoring.alarms)]
        dead = {pipeline.foundation.node.path: pipeline.foundation.dlq_alarm for pipeline in self._pipelines}
        shown = [*own, *dead.values()]
        most = limit(Quota.ALARM_WIDGET_ALARMS).value
        for first in range(0, len(shown), most):
            yield cloudwatch.AlarmStatusWidget(title="Alarms", alarms=shown[first : first + most], width=3 * _WIDTH, height=4)

    def _graphs(self) -> Iterator[cloudwatch.GraphWidget]:
        each = self._metrics
        yield _graph("Rows published or held", [one.metric_rows_good(period=PERIOD) for one in each], stacked=True)
        yield _graph("Rows quarantined", [one.metric_rows_quarantined(period=PERIOD) for one in each], stacked=True)
        yield _graph("Rows already there", [one.metric_rows_duplicate(period=PERIOD) for one in each], stacked=True)
        yield _graph("Quarantined share of the worst run", [one.metric_quarantined_ratio(period=PERIOD) for one in each])
        yield _graph("Quarantined share by table", self._by_table(RunMetric.QUARANTINED_RATIO))
        yield _graph("Publications by table", self._by_table(RunMetric.PUBLISHED))
        yield _graph("Seconds from arrival to publication", [one.metric_lag(period=PERIOD) for one in each])
        yield _graph("Seconds of a job", [one.metric_job_seconds(period=PERIOD) for one in each])
        yield _graph("DPU-hours", [one.metric_dpu_hours(period=PERIOD) for one in each], stacked=True)
        yield _graph("Bytes delivered", [one.metric_bytes(period=PERIOD) for one in each], stacked=True)
        yield _graph("Executions failed, timed out, aborted", [_failed(at, one) for at, one in enumerate(self._pipelines)])
        yield _graph("Executions throttled", [_throttled(one) for one in self._pipelines])
        yield _graph("Runs held", [one.metric_held(period=PERIOD) for one in each])
        yield _graph("Files refused", [one.metric_refused_files(period=PERIOD) for one in each])
        yield _graph(
            "Dead letters", [self._pipelines[0].dlq.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")]
        )

    def _by_table(self, name: RunMetric) -> list[cloudwatch.IMetric]:
        """A line a table, however many there are."""
        found = searches(name, [pipeline.contract.key for pipeline in self._pipelines])
        return [cloudwatch.MathExpression(expression=text, label=" ", period=PERIOD, using_metrics={}) for text in found]


class RunQueries(Construct):
    """Saved queries of Logs Insights over the logs of executions: which runs failed and why, which took longest.

    Args:
        log_group: Where the executions are logged, in full.

    Attributes:
        failed_runs: Failed, timed out and aborted executions with error and cause, newest first.
        slowest_runs: Executions by what they took, the slowest first.

    See https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, log_group: logs.ILogGroup) -> None:
        super().__init__(scope, construct_id)
        self.failed_runs = self._query(
            "FailedRuns",
            "Runs that failed and why",
            log_group,
            logs.QueryString(
                fields=["@timestamp", "execution_arn", "details.error", "details.cause"],
                filter_statements=['type in ["ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"]'],
                sort="@timestamp desc",
                limit=200,
            ),
        )
        self.slowest_runs = self._query(
            "SlowestRuns",
            "Runs by the seconds they took",
            log_group,
            logs.QueryString(
                stats_statements=["(max(event_timestamp) - min(event_timestamp)) / 1000 as seconds by execution_arn"],
                sort="seconds desc",
                limit=50,
            ),
        )

    def _query(self, name: str, title: str, log_group: logs.ILogGroup, text: logs.QueryString) -> logs.QueryDefinition:
        title = f"{Stack.of(self).stack_name}/{title}"  # the slash makes a folder of it
        return logs.QueryDefinition(self, name, query_definition_name=title, query_string=text, log_groups=[log_group])


def _failed(number: int, pipeline: IngestionPipeline) -> cloudwatch.MathExpression:
    """As the pipeline's own metric, with ids that are not the next pipeline's in the same graph."""
    machine = pipeline.state_machine
    metrics: dict[str, cloudwatch.IMetric] = {
        f"failed{number}": machine.metric_failed(),
        f"timedOut{number}": machine.metric_timed_out(),
        f"aborted{number}": machine.metric_aborted(),
    }
    expression = " + ".join(f"FILL({name}, 0)" for name in metrics)
    return cloudwatch.MathExpression(expression=expression, using_metrics=metrics, label=pipeline.contract.key, period=PERIOD)


def _throttled(pipeline: IngestionPipeline) -> cloudwatch.Metric:
    return pipeline.state_machine.metric_throttled(period=PERIOD, label=pipeline.contract.key)


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric], *, stacked: bool = False) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), stacked=stacked, width=_WIDTH, height=_HEIGHT)


def searches(name: RunMetric, products: Sequence[str]) -> list[str]:
    """Search expressions for one metric of every table of these products, as few as their length allows.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    groups: list[list[str]] = [[]]
    for product in products:
        if groups[-1] and len(_search(name, [*groups[-1], product])) > limit(Quota.METRIC_SEARCH_CHARACTERS).value:
            groups.append([])
        groups[-1].append(product)
    return [_search(name, group) for group in groups]


def _search(name: RunMetric, products: Sequence[str]) -> str:
    any_of = " OR ".join(f'"{product}"' for product in products)
    return f"SEARCH('{{{NAMESPACE},{PRODUCT},{TABLE}}} MetricName=\"{name}\" {PRODUCT}=({any_of})', '{SOURCES[name].statistic}')"
