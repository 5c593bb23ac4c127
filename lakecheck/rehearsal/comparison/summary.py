"""How much was rehearsed, by type, and what was not with its reasons, each once however many resources share it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakecheck.rehearsal.comparison.resources import general
from lakecheck.rehearsal.model import Rehearsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.rehearsal.model import ResourceResult


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many resources fell where.

    Attributes:
        emulator: Rehearsed by the emulator.
        adapter: Rehearsed by our adapters.
        missed: Not rehearsed.
        nowhere: In no API; they count neither way.
        properties: What the templates state, at the leaves.
        returned: How much of it the plain APIs return as stated.
    """

    emulator: int
    adapter: int
    missed: int
    nowhere: int
    properties: int
    returned: int

    @property
    def counted(self) -> int:
        """All but those that are in no API."""
        return self.emulator + self.adapter + self.missed

    @property
    def rehearsed(self) -> int:
        """By whomever."""
        return self.emulator + self.adapter

    @property
    def percentage(self) -> float | None:
        """How many of a hundred were rehearsed, rounded down to a tenth; None when none counts."""
        return 1000 * self.rehearsed // self.counted / 10 if self.counted else None


@dataclass(frozen=True, kw_only=True, slots=True)
class TypeSummary:
    """The resources of one type.

    Attributes:
        type: Its name.
        counts: How many fell where.
        reasons: Why some were not rehearsed, the commonest first, with the resources.
        differing: Properties that were not returned as stated, the commonest first, with how many times; any item of a list alike.
        unread: Properties that no API returns in AWS either.
        notes: What is known of the emulator and this type.
    """

    type: str
    counts: Counts
    reasons: tuple[tuple[str, tuple[ResourceResult, ...]], ...]
    differing: tuple[tuple[str, int], ...]
    unread: tuple[str, ...]
    notes: tuple[str, ...]


def counts(results: Iterable[ResourceResult]) -> Counts:
    """How many of them fell where."""
    found = list(results)
    by = Counter(one.rehearsed for one in found)
    return Counts(
        emulator=by[Rehearsed.BY_EMULATOR],
        adapter=by[Rehearsed.BY_ADAPTER],
        missed=by[Rehearsed.NOT],
        nowhere=by[Rehearsed.NOWHERE],
        properties=sum(one.properties for one in found),
        returned=sum(one.returned for one in found),
    )


def by_type(results: Sequence[ResourceResult]) -> tuple[TypeSummary, ...]:
    """A summary of each type, by name."""
    groups: dict[str, list[ResourceResult]] = {}
    for one in results:
        groups.setdefault(one.type, []).append(one)
    return tuple(_summary(kind, groups[kind]) for kind in sorted(groups))


def _summary(kind: str, results: Sequence[ResourceResult]) -> TypeSummary:
    reasons: dict[str, list[ResourceResult]] = {}
    for one in results:
        if one.rehearsed is Rehearsed.NOT:
            reasons.setdefault(one.reason, []).append(one)
    differing = Counter(general(difference.path) for one in results for difference in one.differences)
    return TypeSummary(
        type=kind,
        counts=counts(results),
        reasons=tuple((reason, tuple(found)) for reason, found in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0]))),
        differing=tuple(sorted(differing.items(), key=lambda pair: (-pair[1], pair[0]))),
        unread=tuple(sorted({general(path) for one in results for path in one.unread})),
        notes=tuple(dict.fromkeys(one.note for one in results if one.note)),
    )
