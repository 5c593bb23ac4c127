"""Every case of a table of watched properties as one pair of templates, so that a whole table is compared at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lakecheck.upgrade.support import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakecheck.upgrade.model import Comparison, Risk
    from lakecheck.upgrade.watched import Watched


@dataclass(frozen=True)
class Case:
    """One pair of values of one row for one type; its resource is called `logical_id` in both templates."""

    logical_id: str
    kind: str
    row: Watched
    was: Any
    now: Any

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.row.path} {self.was!r} -> {self.now!r}"


def cases(table: Mapping[str, Iterable[Watched]]) -> list[Case]:
    """All cases of a table."""
    found = [(kind, row, was, now) for kind, rows in table.items() for row in rows for was, now in row.cases]
    return [Case(f"Case{number}", *each) for number, each in enumerate(found)]


def properties(path: str, value: Any) -> dict[str, Any]:
    """Properties with a value at a path; a level `[Name]` is a list of one that is called `it`. Without a value all above it is there."""
    found: Any = {}
    inside = found
    steps = path.split(".")
    for step, after in zip(steps, [*steps[1:], ""], strict=True):
        if step.startswith("["):
            inside.append({step.strip("[]"): "it"})
            inside = inside[0]
        elif after.startswith("["):
            inside[step] = []
            inside = inside[step]
        elif step.isdecimal() or after.isdecimal():
            inside = _through_list(inside, step, after)
        elif after:
            inside[step] = {}
            inside = inside[step]
        elif value is not None:
            inside[step] = value
    return found


def _through_list(inside: Any, step: str, after: str) -> Any:
    if after.isdecimal():
        inside[step] = []
        return inside[step]
    inside.append({})
    return inside[0]


def judged(judge: Callable[[Comparison], Iterable[Risk]], each_case: Iterable[Case], *, backwards: bool = False) -> dict[str, list[Risk]]:
    """The risks of every case by its logical id."""
    base, head = (
        {case.logical_id: {"Type": case.kind, "Properties": properties(case.row.path, value(case))} for case in each_case}
        for value in (lambda case: case.was, lambda case: case.now)
    )
    found: dict[str, list[Risk]] = {logical_id: [] for logical_id in base}
    for risk in judge(compared(head, base) if backwards else compared(base, head)):
        found[risk.logical_id].append(risk)
    return found
