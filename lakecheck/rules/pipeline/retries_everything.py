"""A job that has failed is not simply run again, whatever it failed of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import listed, number
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job_task, machine
from lakecheck.rules.pipeline._definitions import definition_of, errors, known_machines
from lakecheck.rules.pipeline._jobs import STARTS_WORK
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._definitions import State
    from lakecheck.snapshot import Snapshot

_EVERYTHING: Final = frozenset({"States.ALL", "States.TaskFailed"})
_QUERY: Final = "athena:startQueryExecution"
_WRITES: Final = ("INSERT", "CREATE TABLE", "UNLOAD", "MERGE", "UPDATE", "DELETE")
_DEFAULT_ATTEMPTS: Final = 3


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for state in definition_of(resource, snapshot).states:
        repeats = _writes(state) if state.way == "sync" and state.call in STARTS_WORK else False
        if repeats is False:
            continue
        for retrier in listed(state.body.get("Retry")):
            told, _ = errors(retrier)
            attempts = number(retrier.get("MaxAttempts", _DEFAULT_ATTEMPTS)) if isinstance(retrier, dict) else None
            if told & _EVERYTHING and attempts != 0:
                wide = ", ".join(sorted(told & _EVERYTHING))
                yield Complaint(
                    message=f"{state.path} runs its work again after any failure ({wide}); allowed are errors that pass, like throttling",
                    is_unknown=repeats is None,
                )


def _writes(state: State) -> bool | None:
    """Whether running it twice may write twice; a query only if it writes at all, which is not known where the query is computed."""
    if state.call != _QUERY:
        return True
    query = state.arguments("QueryString")
    return query.upper().startswith(_WRITES) if isinstance(query, str) and query else None


def _retry(*names: str, **fields: Any) -> dict[str, Any]:
    return {"Retry": [{"ErrorEquals": list(names), "IntervalSeconds": 10, "JitterStrategy": "FULL", **fields}]}


RULE = Rule(
    id="pipeline.retries_everything",
    title="A failed job is run again only after errors that pass",
    rationale=(
        "States.ALL and States.TaskFailed stand for the job's own failures too. A job that fails half way through has written some of its "
        "rows, and writes them again in the next attempt; one that fails of its input or its code fails, and is paid for, each time."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
    severity=Severity.WARNING,
    remedy="Name the errors of starting it, such as Glue.ConcurrentRunsExceededException, and let the job's own failure reach Catch.",
    subjects=known_machines,
    judge=_judge,
    cases=Cases(
        compliant=(
            machine({"Load": job_task(**_retry("Glue.ThrottlingException"))}),
            machine({"Load": job_task(**_retry("States.ALL", MaxAttempts=0))}),
            machine({"Start": job_task("lambda:invoke", **_retry("States.ALL"))}),
        ),
        failing=(
            machine({"Load": job_task(**_retry("States.ALL"))}),
            machine({"Load": job_task("ecs:runTask.sync", **_retry("States.TaskFailed"))}),
        ),
        not_applicable=(NO_PIPELINE,),
    ),
)
