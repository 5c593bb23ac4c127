"""Metrics of runs, alarms from service levels, dashboards: what is sent, what rings when, and how much it takes of a template."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

import botocore.session
import pytest
from aws_cdk import Duration
from aws_cdk.assertions import Annotations, Match
from botocore.validate import ParamValidator

from constructs_lib.pipeline import (
    DomainDashboard,
    IngestionPipeline,
    PipelineFoundation,
    PipelineMonitoring,
    PipelineState,
    RunMetric,
    RunMetrics,
    RunQueries,
)
from constructs_lib.pipeline.dashboard import searches
from constructs_lib.pipeline.metrics import NAMESPACE, SOURCES, put_metrics_arguments
from constructs_lib.runtime.ingestion.manifest import CountsEntry, Outcome
from constructs_lib.storage import LakeStorage
from lakecheck.rehearsal.states.queries import Jsonata
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.constructs.pipeline.lake import contract, flat, pipelines, spec
from tests.support import new_stack, resources, template

if TYPE_CHECKING:
    import aws_cdk as cdk

OUTCOME: dict[str, Any] = {
    "counts": {"input": 10, "good": 6, "quarantined": 3, "duplicates": 1, "replaced": 2},
    "status": "published",
    "files": 2,
    "bytes": 400,
    "quarantined_ratio": 0.3,
    "refused": 1,
    "seconds": 61.5,
}
JOB_RUN = {"DPUSeconds": 720.0, "MaxCapacity": 4.0, "ExecutionTime": 60}
NUMBERS = {
    "RowsIn": 10,
    "RowsGood": 6,
    "RowsQuarantined": 3,
    "RowsDuplicate": 1,
    "RowsReplaced": 2,
    "QuarantinedRatio": 0.3,
    "Bytes": 400,
    "Files": 2,
    "RefusedFiles": 1,
    "DurationSeconds": 61.5,
    "DpuHours": 0.2,
    "Published": 1,
    "Held": 0,
}
EXECUTION_METRICS = {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"}


def sent(outcome: dict[str, Any], job_run: dict[str, Any] | None = None, **expressions: str) -> list[dict[str, Any]]:
    """What PutMetrics sends, evaluated as Step Functions does, and held against the API's own description."""
    arguments = put_metrics_arguments("travel.flights", **expressions)
    expression = Jsonata(arguments["MetricData"].removeprefix("{% ").removesuffix(" %}"))
    frame = expression.create_frame()
    for name, value in {"outcome": outcome, "jobRun": JOB_RUN if job_run is None else job_run, "table": "routes"}.items():
        frame.bind(name, value)
    data = json.loads(json.dumps(expression.evaluate(None, frame)))
    request, unit = _shapes()
    problems = ParamValidator().validate({**arguments, "MetricData": data}, request)
    assert not problems.has_errors(), problems.generate_report()
    assert {one["Unit"] for one in data} <= set(unit.enum)
    return [dict(one) for one in data]


@cache
def _shapes() -> tuple[Any, Any]:
    """What CloudWatch's API says of PutMetricData, and of units."""
    model = botocore.session.Session().get_service_model("cloudwatch")
    return model.operation_model("PutMetricData").input_shape, model.shape_for("StandardUnit")


def numbers(data: list[dict[str, Any]], *dimensions: str) -> dict[str, float]:
    """The values with exactly these dimensions."""
    return {one["MetricName"]: one["Value"] for one in data if tuple(each["Name"] for each in one["Dimensions"]) == dimensions}


def test_an_outcomes_numbers_are_sent_for_the_product_and_for_the_table() -> None:
    """As they stand, each twice; never recomputed."""
    data = sent(OUTCOME)
    assert numbers(data, "Product") == numbers(data, "Product", "Table") == NUMBERS
    assert {each["Value"] for one in data for each in one["Dimensions"]} == {"travel.flights", "routes"}
    assert put_metrics_arguments("travel.flights")["Namespace"] == NAMESPACE
    assert len(data) <= 1_000


def test_a_held_run_is_held_and_not_published() -> None:
    """And has no lag: nobody sees it yet."""
    data = numbers(sent({**OUTCOME, "status": "held"}, received_at="'2026-11-22T10:00:00Z'"), "Product")
    assert (data["Published"], data["Held"]) == (0, 1)
    assert "LagSeconds" not in data


def test_the_lag_counts_from_the_arrival() -> None:
    """Of deliveries only: where nothing arrived there is none."""
    arrived = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    lag = numbers(sent(OUTCOME, received_at=f"'{arrived.isoformat()}'"), "Product", "Table")["LagSeconds"]
    assert 3_600 <= lag < 3_700
    assert "LagSeconds" not in numbers(sent(OUTCOME), "Product")
    assert numbers(sent(OUTCOME, received_at="(false ? 'never')"), "Product") == NUMBERS


@pytest.mark.parametrize(
    ("job_run", "hours"),
    [
        ({"DPUSeconds": 1800.0, "MaxCapacity": 4.0, "ExecutionTime": 60}, 0.5),
        ({"DpuSeconds": 1800.0, "MaxCapacity": 4.0, "ExecutionTime": 60}, 0.5),
        ({"MaxCapacity": 4.0, "ExecutionTime": 900}, 1.0),
        ({"JobRunState": "SUCCEEDED"}, None),
    ],
)
def test_dpu_hours_are_those_that_glue_charges(job_run: dict[str, Any], hours: float | None) -> None:
    """What auto scaling used, where Glue says so; else all workers for all of the time; nothing where it says neither."""
    assert numbers(sent(OUTCOME, job_run), "Product").get("DpuHours") == hours


def test_metrics_read_what_outcomes_have() -> None:
    """A key that is renamed there would be undefined here, and a metric silently gone."""
    known = set(get_type_hints(Outcome)) | {f"counts.{name}" for name in get_type_hints(CountsEntry)}
    used = {name for source in SOURCES.values() for name in re.findall(r"\$o\.([a-z_.]+)", source.value)}
    assert used <= known
    assert {"counts.input", "status", "refused"} <= used
    assert set(SOURCES) == set(RunMetric)


def test_the_facade_names_what_is_sent() -> None:
    """Each `metric_*` method is of a metric with a unit, also for a product of somebody else's stack."""
    facade = RunMetrics.from_product("travel.flights")
    for name in [name for name in dir(RunMetrics) if name.startswith("metric_")]:
        metric = getattr(facade, name)(table="routes", period=Duration.hours(2))
        assert metric.metric_name in set(RunMetric), name
        assert (metric.namespace, dict(metric.dimensions)) == (NAMESPACE, {"Product": "travel.flights", "Table": "routes"})
        assert metric.period.to_hours() == 2
        assert dict(getattr(facade, name)().dimensions) == {"Product": "travel.flights"}
    assert facade.metric_lag().statistic == "Maximum"
    assert facade.metric_lag(statistic="p90").statistic == "p90"


def monitored(tables: int = 2, **levels: Any) -> tuple[cdk.Stack, PipelineMonitoring]:
    """The monitoring of a product with these service levels, alone in a stack with a foundation."""
    options = {name: levels.pop(name) for name in ("largest_quarantined_percent",) if name in levels}
    stack = new_stack()
    foundation = PipelineFoundation(stack, "Foundation", state=PipelineState(stack, "State"))
    names = [f"t{number:02}" for number in range(tables)]
    product = dataclasses.replace(contract(*names), **levels)
    return stack, PipelineMonitoring(stack, "Monitoring", contract=product, tables=names, foundation=foundation, **options)


def alarms(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    """The monitoring's alarms by their ids without hashes."""
    found = resources(template(stack), "AWS::CloudWatch::Alarm")
    own = {key: value["Properties"] for key, value in found.items() if key.startswith("Monitoring")}
    return {re.sub(r"[0-9A-F]{8}$", "", key.removeprefix("Monitoring")): value for key, value in own.items()}


def rings(alarm: dict[str, Any], published: dict[str, float | None]) -> bool:
    """Whether the freshness alarm rings over one window with these publications, None where there was none."""
    watched = {one["Id"]: one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one}
    values = {key: published[_table(metric)] for key, metric in watched.items()}
    (expression,) = [one["Expression"] for one in alarm["Metrics"] if "Expression" in one]
    result = eval(expression, {"FILL": lambda value, other: other if value is None else value}, values)  # noqa: S307 - our own expression
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    return bool(result < alarm["Threshold"])


def _table(metric: dict[str, Any]) -> str:
    return next(str(one["Value"]) for one in metric["Dimensions"] if one["Name"] == "Table")


def test_freshness_rings_as_soon_as_one_table_is_late() -> None:
    """However often the others were published; a window without any data rings too."""
    found = alarms(monitored(freshness_hours=6)[0])
    alarm = found["FreshnessAlarm1"]
    assert rings(alarm, {"t00": 3, "t01": None})
    assert rings(alarm, {"t00": 0, "t01": 2})
    assert rings(alarm, {"t00": None, "t01": None})
    assert not rings(alarm, {"t00": 1, "t01": 24})
    assert alarm["TreatMissingData"] == "breaching"
    assert {one["MetricStat"]["Metric"]["MetricName"] for one in alarm["Metrics"] if "MetricStat" in one} == {"Published"}


@pytest.mark.parametrize("hours", [1, 6, 24, 36, 168])
def test_freshness_looks_back_as_far_as_the_contract_says(hours: int) -> None:
    """One period of that length, which CloudWatch takes up to seven days."""
    alarm = alarms(monitored(freshness_hours=hours)[0])["FreshnessAlarm1"]
    periods = {one["MetricStat"]["Period"] for one in alarm["Metrics"] if "MetricStat" in one}
    assert periods == {hours * 3_600}
    assert alarm["EvaluationPeriods"] * hours * 3_600 <= limit(Quota.ALARM_WINDOW_SECONDS).value


def test_a_longer_freshness_is_said_not_to_be_watched() -> None:
    """No alarm that rings while the promise is kept, and a warning instead of silence."""
    stack, monitoring = monitored(freshness_hours=169)
    assert monitoring.freshness_alarms == ()
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp(".*freshness of 169 hours.*168 hours at most.*"))
    quiet, _ = monitored(freshness_hours=168)
    Annotations.from_stack(quiet).has_no_warning("*", Match.string_like_regexp(".*freshness of.*"))


@pytest.mark.parametrize(("tables", "expected"), [(1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_many_tables_share_few_alarms(tables: int, expected: list[int]) -> None:
    """An expression takes ten metrics; every table is in exactly one."""
    found = alarms(monitored(tables, freshness_hours=24)[0])
    groups = [
        [_table(one["MetricStat"]["Metric"]) for one in found[f"FreshnessAlarm{number}"]["Metrics"] if "MetricStat" in one]
        for number in range(1, len(expected) + 1)
    ]
    assert [len(group) for group in groups] == expected
    assert sorted(name for group in groups for name in group) == [f"t{number:02}" for number in range(tables)]
    assert len(found) == len(expected) + 2


def test_without_a_promise_there_is_no_freshness() -> None:
    """Nobody said how fresh."""
    stack, monitoring = monitored()
    assert monitoring.freshness_alarms == ()
    assert set(alarms(stack)) == {"QualityAlarm", "AttentionAlarm"}


@pytest.mark.parametrize(
    ("levels", "threshold"),
    [
        ({}, 0.05),
        ({"completeness_percent": 99.9}, 0.001),
        ({"completeness_percent": 100.0}, 0),
        ({"completeness_percent": 0.0}, 1),
        ({"completeness_percent": 99.9, "largest_quarantined_percent": 20}, 0.2),
    ],
)
def test_quality_rings_above_what_the_contract_lets_pass(levels: dict[str, Any], threshold: float) -> None:
    """The worst run of any table; where no run is there is nothing wrong."""
    alarm = alarms(monitored(**levels)[0])["QualityAlarm"]
    assert alarm["Threshold"] == pytest.approx(threshold)
    assert (alarm["MetricName"], alarm["Statistic"], alarm["ComparisonOperator"]) == ("QuarantinedRatio", "Maximum", "GreaterThanThreshold")
    assert alarm["Dimensions"] == [{"Name": "Product", "Value": "travel.flights"}]
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("percent", [-1, 100.5])
def test_fails_when_a_percentage_is_none(percent: float) -> None:
    """Of 100."""
    with pytest.raises(DataLakeError, match="allowed are 0 to 100"):
        monitored(largest_quarantined_percent=percent)


def test_held_runs_and_refused_files_ask_for_attention() -> None:
    """They tell when they begin, and never that all is well: a held run is held until somebody releases it."""
    stack, _ = monitored(freshness_hours=24)
    found = alarms(stack)
    topic = {"Ref": next(iter(resources(template(stack), "AWS::SNS::Topic")))}
    attention = found["AttentionAlarm"]
    assert {one["MetricStat"]["Metric"]["MetricName"] for one in attention["Metrics"] if "MetricStat" in one} == {"Held", "RefusedFiles"}
    assert (attention["Threshold"], attention["TreatMissingData"]) == (1, "notBreaching")
    assert attention["AlarmActions"] == [topic]
    assert "OKActions" not in attention
    for name in ("QualityAlarm", "FreshnessAlarm1"):
        assert found[name]["AlarmActions"] == found[name]["OKActions"] == [topic]


def test_a_product_takes_little_of_a_template() -> None:
    """Stacks hold 18 products."""
    stack, _ = monitored(1)
    before = template(stack)["Resources"]
    stack, _ = monitored(10, freshness_hours=24)
    after = template(stack)["Resources"]
    assert len(after) - len(before) == 1
    own = {key: value for key, value in after.items() if key.startswith("Monitoring")}
    assert len(own) == 3
    assert len(json.dumps(own, separators=(",", ":"))) < 6_000


@pytest.fixture(scope="module")
def dashboards() -> dict[str, Any]:
    """A stack with a dashboard of two products."""
    stack, pipeline = pipelines()
    storage = stack.node.find_child("Storage")
    assert isinstance(storage, LakeStorage)
    hotels = IngestionPipeline(
        stack,
        "Hotels",
        contract=contract("rooms", product="hotels"),
        job_specs={"rooms": spec("rooms")},
        zones=storage,
        foundation=pipeline.foundation,
    )
    DomainDashboard(stack, "Dashboard", pipelines=[pipeline, hotels])
    RunQueries(stack, "Queries", log_group=pipeline.foundation.log_group)
    return template(stack)


def widgets(synthesized: dict[str, Any]) -> list[dict[str, Any]]:
    (dashboard,) = resources(synthesized, "AWS::CloudWatch::Dashboard").values()
    found: list[dict[str, Any]] = json.loads(flat(dashboard["Properties"]["DashboardBody"]))["widgets"]
    return found


def test_a_dashboard_shows_every_product_on_every_graph(dashboards: dict[str, Any]) -> None:
    """Rows, shares, lag, duration, cost, failures, dead letters; also what Step Functions and SQS count."""
    found = widgets(dashboards)
    graphs = [widget["properties"] for widget in found if widget["type"] == "metric"]
    shown = json.dumps(graphs)
    sent_ = {name.value for name in RunMetric} - {"RowsIn", "RowsReplaced", "Files"}
    assert {
        name for name in {*sent_, *EXECUTION_METRICS, "ApproximateNumberOfMessagesVisible"} if f'"{name}"' not in shown.replace("\\", "")
    } == set()
    for graph in graphs:
        if graph["title"] != "Dead letters":
            text = json.dumps(graph)
            assert "travel.flights" in text, graph["title"]
            assert "travel.hotels" in text, graph["title"]


def test_a_dashboard_keeps_the_limits(dashboards: dict[str, Any]) -> None:
    """Of widgets, of metrics and of search expressions, and is no burden to the template."""
    found = widgets(dashboards)
    assert len(found) <= limit(Quota.DASHBOARD_WIDGETS).value
    counts = [len(widget["properties"].get("metrics", [])) for widget in found]
    assert max(counts) <= limit(Quota.DASHBOARD_WIDGET_METRICS).value
    assert sum(counts) <= limit(Quota.DASHBOARD_METRICS).value
    assert sum(counts) <= 2 * 20, "the construct counts on 20 metrics a product"
    shown = re.findall(r"SEARCH\('[^']*'", json.dumps(found).replace('\\"', '"'))
    assert len(shown) == 2
    assert shown[0] == (
        'SEARCH(\'{GovernedLake/Ingestion,Product,Table} MetricName="QuarantinedRatio" Product=("travel.flights" OR "travel.hotels")\''
    )
    assert len(json.dumps(resources(dashboards, "AWS::CloudWatch::Dashboard"))) < 16_000


def test_a_dashboard_begins_with_the_states_of_all_alarms(dashboards: dict[str, Any]) -> None:
    """Each alarm of the stack is there once."""
    first = widgets(dashboards)[0]
    assert first["type"] == "alarm"
    assert (
        len(first["properties"]["alarms"])
        == len(set(first["properties"]["alarms"]))
        == len(resources(dashboards, "AWS::CloudWatch::Alarm"))
    )


def test_fails_when_a_dashboard_has_no_or_too_many_pipelines() -> None:
    """At synth, not at deployment."""
    stack, pipeline = pipelines()
    with pytest.raises(DataLakeError, match="got 0 pipelines"):
        DomainDashboard(stack, "Empty", pipelines=[])
    with pytest.raises(DataLakeError, match="of 1 to 125"):
        DomainDashboard(stack, "Large", pipelines=[pipeline] * 200)


def test_many_products_take_several_searches() -> None:
    """An expression takes 1,024 characters; every product is in exactly one."""
    products = [f"travel.product_with_a_rather_long_name_{number:02}" for number in range(50)]
    found = searches(RunMetric.PUBLISHED, products)
    assert len(found) == 3
    assert all(len(search) <= limit(Quota.METRIC_SEARCH_CHARACTERS).value for search in found)
    assert re.findall(r"travel\.\w+", " ".join(found)) == products


def test_without_a_dashboard_there_is_none() -> None:
    """It is made where somebody asks for it."""
    stack, _ = pipelines()
    assert resources(template(stack), "AWS::CloudWatch::Dashboard") == {}
    assert resources(template(stack), "AWS::Logs::QueryDefinition") == {}


def test_saved_queries_read_the_logs_of_executions(dashboards: dict[str, Any]) -> None:
    """Failed runs with error and cause, slowest runs; over the stack's own log group alone."""
    found = {value["Properties"]["Name"]: value["Properties"] for value in resources(dashboards, "AWS::Logs::QueryDefinition").values()}
    assert set(found) == {"Test/Runs that failed and why", "Test/Runs by the seconds they took"}
    log_group = {"Ref": next(iter(resources(dashboards, "AWS::Logs::LogGroup")))}
    assert all(query["LogGroupNames"] == [log_group] for query in found.values())
    failed = found["Test/Runs that failed and why"]["QueryString"]
    assert "details.cause" in failed
    assert '"ExecutionTimedOut"' in failed
