"""What every report of a rehearsal says in the same words: its verdict, where a resource is, a value that may be shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.checks.base import plural
from lakecheck.rehearsal.comparison.summary import counts
from lakecheck.rehearsal.model import Outcome, Rehearsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakecheck.rehearsal.comparison.summary import Counts
    from lakecheck.rehearsal.model import Report, ResourceResult

OUTCOMES: Final = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.SKIPPED: "left out"}
HOW: Final = {
    Rehearsed.BY_EMULATOR: "rehearsed by the emulator",
    Rehearsed.BY_ADAPTER: "rehearsed by our adapters",
    Rehearsed.NOT: "not rehearsed",
    Rehearsed.NOWHERE: "in no API",
}
RULE: Final = "A resource counts as rehearsed only when the service's plain API returns every property that its template states."
_SECRET: Final = re.compile("password|secret|token|credential|privatekey|apikey", re.IGNORECASE)
_MOST_SHOWN: Final = 160


def title(report: Report) -> str:
    """What was rehearsed."""
    return f"{report.environment} of {report.assembly}" if report.environment else report.assembly


def where(report: Report) -> str:
    """On what, in which accounts."""
    return f"{plural(len(report.accounts), 'account')} in {report.emulator} on this machine"


def extent(found: Counts) -> str:
    """How much was rehearsed, in one sentence without its period."""
    if not found.counted:
        return "no resource was compared with the plain APIs, so none counts as rehearsed"
    share = f"{found.rehearsed:,} of {plural(found.counted, 'resource')} rehearsed ({found.percentage:g} %)"
    parts = f"{found.emulator:,} by the emulator, {found.adapter:,} by our adapters, {found.missed:,} not"
    left = f"; {plural(found.nowhere, 'resource')} left out of the count, being in no API" if found.nowhere else ""
    return f"{share}: {parts}{left}"


def verdict(report: Report) -> str:
    """How the steps ended and whether as much was rehearsed as was demanded; never without how much that is."""
    failed = [step.name for step in report.steps if step.outcome is Outcome.FAILED]
    left_out = [step.name for step in report.steps if step.outcome is Outcome.SKIPPED]
    parts = [f"failed: {', '.join(failed)}" if failed else f"no step failed of {len(report.steps)}"]
    parts += [f"left out: {', '.join(left_out)}"] if left_out else []
    parts.append(extent(counts(report.resources)))
    if report.required is not None:
        parts.append(f"{report.required:g} % were demanded")
    return "; ".join(parts)


def place(result: ResourceResult) -> str:
    """Where a resource is: its construct path, or its stack and logical id."""
    return result.path or f"{result.stack}/{result.logical_id}"


def places(results: Sequence[ResourceResult], most: int) -> tuple[list[str], int]:
    """As many places as are wanted, and how many more there are."""
    return [place(one) for one in results[:most]], max(0, len(results) - most)


def value(path: str, found: Any) -> str:
    """A property's value for people, cut where it is long; what is called a secret is withheld, wherever it stands."""
    if _SECRET.search(path) and isinstance(found, str) and not found.startswith("arn:"):
        return "(withheld)"
    shown = json.dumps(withheld(found), ensure_ascii=False, default=str)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[: _MOST_SHOWN - 1]}…"


def withheld(found: Any, name: str = "") -> Any:
    """The same as plain data, each text that is called a secret withheld."""
    if isinstance(found, dict):
        return {str(key): withheld(item, str(key)) for key, item in found.items()}
    if isinstance(found, list | tuple):
        return [withheld(item, name) for item in found]
    if isinstance(found, str):
        return "(withheld)" if _SECRET.search(name) and not found.startswith("arn:") else found
    return found if found is None or isinstance(found, bool | int | float) else str(found)
