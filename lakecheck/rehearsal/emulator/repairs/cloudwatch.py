"""CloudWatch: composite alarms, and what metric alarms lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.cloudwatch import models, responses
from moto.core.responses import ActionResult, EmptyResult

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SUPPRESSION: Final = {
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
}


def install() -> None:
    """Mends CloudWatch in this process."""
    response: Any = responses.CloudWatchResponse
    # The emulator has no PutCompositeAlarm, though its alarms have a rule, and tells the two kinds apart by it.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    response.put_composite_alarm = _put_composite
    # The emulator drops the account of a metric in another account.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
    wrap(response, "put_metric_alarm", _put_alarm)
    # The emulator refuses every extended statistic but percentiles: `tm90`, `IQM`, `PR(10:90)` are statistics too.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    wrap(models.CloudWatchBackend, "put_metric_alarm", _any_statistic)


def _alarm(response: Any) -> Any:
    return response.cloudwatch_backend.alarms[response._get_param("AlarmName")]  # noqa: SLF001 - the emulator's way to a parameter


def _put_composite(response: Any) -> Any:
    response.put_metric_alarm()
    alarm = _alarm(response)
    for name, attribute in _SUPPRESSION.items():
        setattr(alarm, attribute, response._get_param(name))  # noqa: SLF001
    return EmptyResult()


def _put_alarm(original: Callable[..., Any], response: Any) -> Any:
    answer: ActionResult = original(response)
    stated: list[Mapping[str, Any]] = response._get_param("Metrics", [])  # noqa: SLF001
    for query, given in zip(_alarm(response).metric_data_queries, stated, strict=True):
        query.account_id = given.get("AccountId")
    return answer


def _any_statistic(original: Callable[..., Any], backend: Any, **given: Any) -> Any:
    extended = given.pop("extended_statistic", None)
    alarm = original(backend, **given)
    alarm.extended_statistic = extended
    return alarm
