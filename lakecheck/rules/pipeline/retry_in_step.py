"""Runs that were throttled together do not come back together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import listed, named, number
from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job_task, machine
from lakecheck.rules.pipeline._definitions import definition_of, errors, known_machines
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_TOO_MANY: Final = re.compile("Thrott|TooManyRequests|LimitExceeded|ConcurrentRunsExceeded|ThroughputExceeded|SlowDown")
_OF_FUNCTIONS: Final = "Lambda."
"""CDK gives every invocation of a function its own retrier of these; a function's callers rarely come in step."""


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for state in definition_of(resource, snapshot).states:
        for retrier in listed(state.body.get("Retry")):
            told, _ = errors(retrier)
            crowded = sorted(name for name in told if _TOO_MANY.search(name) and not name.startswith(_OF_FUNCTIONS))
            if not crowded or not isinstance(retrier, dict) or number(retrier.get("MaxAttempts")) == 0:
                continue
            jitter = retrier.get("JitterStrategy")
            if is_open(jitter):
                yield Complaint(message=f"{state.path}: its JitterStrategy is not known", is_unknown=True)
            elif jitter != "FULL":
                yield Complaint(message=f"{state.path} retries {named(crowded)} without jitter; allowed is JitterStrategy FULL")


def _retry(**fields: Any) -> dict[str, Any]:
    return {"Retry": [{"ErrorEquals": ["Glue.ConcurrentRunsExceededException"], "IntervalSeconds": 30, "BackoffRate": 2, **fields}]}


RULE = Rule(
    id="pipeline.retry_in_step",
    title="Retries after throttling are spread out",
    rationale=(
        "Objects arrive in batches, so that executions are throttled together. Without jitter they wait the same time and are throttled "
        "together again, until their attempts are used up."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
    severity=Severity.WARNING,
    remedy="Set JitterStrategy to FULL on the retrier, and MaxDelaySeconds where the backoff grows long.",
    subjects=known_machines,
    judge=_judge,
    cases=Cases(
        compliant=(
            machine({"Load": job_task(**_retry(JitterStrategy="FULL"))}),
            machine({"Start": job_task("lambda:invoke", Retry=[{"ErrorEquals": ["Lambda.TooManyRequestsException"]}])}),
        ),
        failing=(machine({"Load": job_task(**_retry())}), machine({"Load": job_task(**_retry(JitterStrategy="NONE"))})),
        not_applicable=(NO_PIPELINE,),
    ),
)
