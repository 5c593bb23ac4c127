"""EventBridge Scheduler: what a change of a schedule loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.scheduler import responses

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable


def install() -> None:
    """Mends EventBridge Scheduler in this process."""
    # The emulator keeps what is done after the last run as it was when a schedule is changed, and forgets that it runs by default.
    # https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html: what is not given takes its default.
    wrap(responses.EventBridgeSchedulerResponse, "update_schedule", _update)


def _update(original: Callable[..., Any], response: Any) -> Any:
    answer = original(response)
    name = response.uri.split("?")[0].split("/")[-1]
    schedule = response.scheduler_backend.get_schedule(response._get_param("GroupName"), name)  # noqa: SLF001 - the emulator's way
    schedule.action_after_completion = response._get_param("ActionAfterCompletion")  # noqa: SLF001
    schedule.state = schedule.state or "ENABLED"
    return answer
