"""Verdicts on invariants for machines: the same judgement gives the same text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.invariants.verdicts import State

if TYPE_CHECKING:
    from lakecheck.access.invariants.verdicts import Counterexample, Judgement, Verdict

FORMAT: Final = "lakecheck.access.check/1"
"""What the report says of itself; another number, another shape."""


def render(judgement: Judgement) -> str:
    """The report, which ends with a line feed. `access_check.schema.json` beside this module says its shape."""
    # Half a surrogate pair, which JSON can have and no encoding, stays an escape.
    return json.dumps(as_data(judgement), indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode() + "\n"


def as_data(judgement: Judgement) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "format": FORMAT,
        "summary": {state.value: judgement.count(state) for state in State},
        "invariants": [_verdict(verdict) for verdict in judgement.verdicts],
        "assumptions": list(judgement.assumptions),
        "not_known": list(judgement.not_known),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.id,
        "says": verdict.says,
        "verdict": verdict.state.value,
        "looked_at": verdict.looked_at,
        "examples": [_example(example) for example in verdict.examples],
        "more": verdict.more,
        "exceptions": [
            {"who": each.who, "because": each.because, "principals": list(each.principals), "needed": each.needed}
            for each in verdict.exempted
        ],
    }


def _example(example: Counterexample) -> dict[str, Any]:
    access = example.access
    return {
        "summary": example.summary,
        "environment": example.environment,
        "principal": access.principal.name if access is not None else None,
        "dataset": access.dataset.name if access is not None else None,
        "action": access.action.value if access is not None else None,
        "door": access.door.value if access is not None else None,
        "columns": list(example.columns),
        "context": {key: list(values) for key, values in sorted((example.context or {}).items())},
        "requests": [
            {"principal": asked.principal, "action": asked.action, "resource": asked.resource, "because": list(asked.because)}
            for asked in example.requests
        ],
        "not_known": list(example.reasons),
        "because": list(example.because),
        "remedy": example.remedy,
        "source": example.source,
    }
