"""How single properties are judged by a table: which, in which direction they are weaker, and what that means."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import Truth
from lakecheck.upgrade.reading import (
    MISSING,
    UNLIMITED,
    at,
    both,
    canonical,
    flag,
    is_empty,
    is_open,
    items,
    number,
    reasons,
    said,
    tell,
    touched,
)
from lakecheck.values import generated_holes, holes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lakecheck.upgrade.model import ResourceChange, Risk


@dataclass(frozen=True, kw_only=True, slots=True)
class Danger:
    """What several rows of a table have in common.

    Attributes:
        rule: The id of the rule.
        consequence: What happens; a sentence.
        remedy: How to do it safely; sentences.
    """

    rule: str
    consequence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Direction:
    """When a value is weaker than another.

    Attributes:
        is_weaker: Of the value before and after, which differ; OPEN when it depends on what is not known.
        examples: Values before and after that are weaker after, for tests.
        is_symmetrical: Whether the way back is a risk, too.
    """

    is_weaker: Callable[[Any, Any], Truth]
    examples: tuple[tuple[Any, Any], ...]
    is_symmetrical: bool = False


def _switch(safe: bool) -> Direction:  # noqa: FBT001 - one of two
    def is_weaker(was: Any, now: Any) -> Truth:
        if flag(now) is safe or flag(was) is (not safe):
            return Truth.FALSE
        if is_open(was) or is_open(now):
            return Truth.OPEN
        return Truth.TRUE if flag(was) is safe and flag(now) is not safe else Truth.FALSE

    return Direction(is_weaker, ((safe, not safe), (str(safe).lower(), str(not safe).lower())))


OFF: Final = _switch(safe=True)
"""It was true and is not any more."""

ON: Final = _switch(safe=False)
"""It is true and was not."""


def _lower(was: Any, now: Any) -> Truth:
    before, after = number(was), number(now)
    if before is not None and after is not None:
        return Truth.TRUE if after < before else Truth.FALSE
    if after == UNLIMITED:
        return Truth.FALSE
    return Truth.OPEN if is_open(was) or is_open(now) else Truth.FALSE


LOWER: Final = Direction(_lower, ((30, 7), ("30", 7)))
"""The number is smaller."""

HIGHER: Final = Direction(lambda was, now: _lower(now, was), ((7, 30),))
"""The number is larger."""


def _there(value: Any) -> bool:
    return not is_empty(value)


REMOVED: Final = Direction(lambda was, now: Truth.TRUE if _there(was) and not _there(now) else Truth.FALSE, (("some-value", None),))
"""It was there and is not any more."""

ADDED: Final = Direction(lambda was, now: Truth.TRUE if _there(now) and not _there(was) else Truth.FALSE, ((None, "some-value"),))
"""It is there and was not."""

CHANGED: Final = Direction(
    lambda was, now: (Truth.OPEN if is_open(was) or is_open(now) else Truth.TRUE) if _there(was) and _there(now) else Truth.FALSE,
    (("one", "another"),),
    is_symmetrical=True,
)
"""It is another than before."""


def ranked(*best_first: str) -> Direction:
    """The value stands further behind in a list; one that is not in it cannot be told."""

    def is_weaker(was: Any, now: Any) -> Truth:
        places = [best_first.index(value) if isinstance(value, str) and value in best_first else None for value in (was, now)]
        if places[1] == 0 or places[0] == len(best_first) - 1:
            return Truth.FALSE
        if places[0] is None or places[1] is None:
            return Truth.OPEN
        return Truth.TRUE if places[1] > places[0] else Truth.FALSE

    return Direction(is_weaker, tuple(itertools.pairwise(best_first)))


def becomes(*bad: str, example: Any = "Other") -> Direction:
    """The value is one of these, and was none of them."""

    def is_weaker(was: Any, now: Any) -> Truth:
        if was in bad:
            return Truth.FALSE
        if now in bad:
            return Truth.OPEN if is_open(was) else Truth.TRUE
        return Truth.OPEN if is_open(now) else Truth.FALSE

    return Direction(is_weaker, tuple((example, each) for each in bad))


def _keys(values: list[Any]) -> set[str]:
    return {canonical(each) for each in values}


def _fewer(was: Any, now: Any) -> Truth:
    before, after = _keys(items(was)), _keys(items(now))
    gone = [each for each in items(was) if canonical(each) not in after]
    if not gone:
        return Truth.FALSE
    new_is_vague = any(_is_vague(each) for each in items(now) if canonical(each) not in before)
    return Truth.OPEN if new_is_vague or all(map(_is_vague, gone)) else Truth.TRUE


def _is_vague(value: Any) -> bool:
    """Whether a value may turn out to be the same as one that is written otherwise: what CloudFormation makes up never does."""
    return is_open(value) and not (isinstance(value, str) and len(generated_holes(value)) == len(holes(value)))


FEWER: Final = Direction(_fewer, ((["one", "two"], ["two"]), (["one"], None)))
"""Something of the list is gone."""

MORE: Final = Direction(lambda was, now: _fewer(now, was), ((["two"], ["one", "two"]), (None, ["one"])))
"""Something is new in the list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One row of a table.

    Attributes:
        types: The types of resources that have the property.
        path: The property; a level `[Name]` stands for the items of a list, paired by what they have under that name.
        weaker: In which direction it is weaker.
        what: What the property is, for people.
        danger: What it means that it is weaker.
        default: What holds when the property is not there; a function of all properties where it depends on others.
        endless: Values that mean that there is no end.
        remedy: How to do it safely; the danger's when left out.
        examples: Values before and after, for tests; the direction's when left out.
    """

    types: tuple[str, ...]
    path: str
    weaker: Direction
    what: str
    danger: Danger
    default: Any = MISSING
    endless: tuple[Any, ...] = ()
    remedy: str = ""
    examples: tuple[tuple[Any, Any], ...] = field(default=())

    @property
    def cases(self) -> tuple[tuple[Any, Any], ...]:
        """Values before and after that are a risk."""
        return self.examples or self.weaker.examples


def row(kind: str | tuple[str, ...], path: str, weaker: Direction, what: str, danger: Danger, **more: Any) -> Watched:
    """A row of a table, short to write."""
    return Watched(types=(kind,) if isinstance(kind, str) else kind, path=path, weaker=weaker, what=what, danger=danger, **more)


def by_type(table: Iterable[Watched]) -> dict[str, tuple[Watched, ...]]:
    """The rows of a table by the type of resource."""
    found: dict[str, list[Watched]] = {}
    for each in table:
        for kind in each.types:
            found.setdefault(kind, []).append(each)
    return {kind: tuple(rows) for kind, rows in found.items()}


def watch(change: ResourceChange, table: dict[str, tuple[Watched, ...]]) -> Iterator[Risk]:
    """What rows of a table find in a change."""
    rows = table.get(change.type, ())
    pair = both(change) if rows else None
    if pair is None:
        return
    for each in rows:
        if not touched(change, each.path.partition("[")[0].rstrip(".")):
            continue
        for path, was, now in _pairs(each.path, *pair):
            risk = _judged(change, each, path, (was, pair[0]), (now, pair[1]))
            if risk is not None:
                yield risk


def _pairs(path: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """A path's values before and after; of every item that is there before and after, where the path goes through a list."""
    start, bracket, rest = path.partition("[")
    if not bracket:
        yield path, at(was, path), at(now, path)
        return
    key, _, end = rest.partition("].")
    above = start.rstrip(".")
    after = {canonical(each.get(key)): each for each in items(at(now, above)) if isinstance(each, dict)}
    for each in items(at(was, above)):
        if isinstance(each, dict) and canonical(each.get(key)) in after:
            found = after[canonical(each.get(key))]
            yield f"{above}[{said(each.get(key))}].{end}", at(each, end), at(found, end)


def _judged(change: ResourceChange, entry: Watched, path: str, one: tuple[Any, Any], other: tuple[Any, Any]) -> Risk | None:
    """The risk of a property whose values are given, each with all properties beside it."""
    was, now = one[0], other[0]
    before, after = _filled(*one, entry), _filled(*other, entry)
    if canonical(before) == canonical(after):
        return None
    truth = entry.weaker.is_weaker(before, after)
    if truth is Truth.FALSE:
        return None
    is_certain = truth is Truth.TRUE
    return tell(
        change,
        entry.danger.rule,
        f"{entry.what}: {_words(*other, entry)} instead of {_words(*one, entry)}",
        consequence=entry.danger.consequence,
        remedy=entry.remedy or entry.danger.remedy,
        at=path,
        was=before,
        now=after,
        because=() if is_certain else ("whether that is weaker cannot be told", *reasons(was, now)),
        is_certain=is_certain,
    )


def _default(beside: Any, entry: Watched) -> Any:
    return entry.default(beside) if callable(entry.default) else entry.default


def _filled(value: Any, beside: Any, entry: Watched) -> Any:
    """The value that holds."""
    found = _default(beside, entry) if value is MISSING else value
    return UNLIMITED if entry.endless and number(found) in entry.endless else found


def _words(value: Any, beside: Any, entry: Watched) -> str:
    if value is not MISSING:
        return said(value)
    default = _default(beside, entry)
    return "not set" if default is MISSING else f"not set, which is {said(default)}"
