"""The smallest parts in which two resolved properties differ; what is only written otherwise is no difference."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.text_functions import surely_differ
from lakecheck.upgrade.comparison.written import Written, is_function
from lakecheck.values import Unknown, generated_holes, has_hole, holes, with_holes_called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakecheck.upgrade.comparison.schemas import Path

MISSING: Final = None
"""What stands for what is not there."""

_DOCUMENT: Final = re.compile(r"(Policy|PolicyDocument|PolicyText|Document|DefinitionString|DashboardBody|Content|Template)$")
_KEYS: Final = ("Key", "Id", "ID", "Sid", "Name", "TagKey", "PolicyName", "AttributeName", "IndexName")
_SOUND: Final = re.compile(
    r"(parameter [^ ]+ of [^:]+|export .*|output .+ of stack .*|SSM parameter .*|account.*|region.*|ssm-secure:.*|secretsmanager:.*"
    r"|[^ ]* stack name|[^'{}: ]+/[A-Za-z0-9]+(\.[\w.]+)?( id)?|[^'{}:]+ id)"
)
"""Holes that always stand for the same when they are called the same, other than those that CloudFormation makes up."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that differs.

    Attributes:
        path: From the properties.
        was: Before; None when it was not there.
        now: After; None when it is not there.
        surely: False when the values may turn out to be the same.
    """

    path: Path
    was: Any
    now: Any
    surely: bool = True


class Differences:
    """Finds what differs between two values of the same property.

    Args:
        base: What is written in BASE's template.
        head: What is written in HEAD's.
        called: What a hole of BASE is called in HEAD.
        unordered: Lists whose order means nothing.
    """

    def __init__(self, base: Written, head: Written, called: Callable[[str], str], unordered: frozenset[Path]) -> None:
        self._base = base
        self._head = head
        self._called = called
        self._unordered = unordered
        self.vague: list[str] = []
        """The paths at which no value could be compared, only what is written, and that is not the same."""

    def between(self, was: Any, now: Any, raw_was: Any, raw_now: Any) -> tuple[Difference, ...]:
        """What differs, in order of the paths.

        Args:
            was: BASE's properties, resolved.
            now: HEAD's.
            raw_was: BASE's as written.
            raw_now: HEAD's.
        """
        return tuple(self._differ(was, now, _Place((), (), raw_was, raw_now)))

    def _differ(self, was: Any, now: Any, place: _Place) -> Iterator[Difference]:
        place = self._written(place)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from self._objects(was, now, place)
        elif isinstance(was, list) and isinstance(now, list):
            yield from self._lists(was, now, place)
        elif (
            place.in_policy
            and (isinstance(was, list) or isinstance(now, list))
            and not isinstance(was, Unknown)
            and not isinstance(now, Unknown)
        ):
            yield from self._lists(was if isinstance(was, list) else [was], now if isinstance(now, list) else [now], place)
        elif isinstance(was, str | dict | list) and isinstance(now, str | dict | list):
            yield from self._texts(was, now, place)
        else:
            yield from self._leaves(was, now, place)

    def _written(self, place: _Place) -> _Place:
        """The place, told whether what is written there is the same, once a function makes it."""
        if place.written_same is None and (is_function(place.raw_was) or is_function(place.raw_now)):
            same = self._base.meaning(place.raw_was) == self._head.meaning(place.raw_now)
            return place.with_written(same=same)
        return place

    # --- objects -----------------------------------------------------------------------------------------------------------------------

    def _objects(self, was: dict[Any, Any], now: dict[Any, Any], place: _Place) -> Iterator[Difference]:
        in_policy = place.in_policy or ("Statement" in was and "Statement" in now)
        for key in [*was, *(key for key in now if key not in was)]:
            inner = place.below(str(key), str(key), in_policy=in_policy, key=key)
            if key not in now:
                yield Difference(inner.path, was[key], MISSING, surely=not isinstance(was[key], Unknown))
            elif key not in was:
                yield Difference(inner.path, MISSING, now[key], surely=not isinstance(now[key], Unknown))
            else:
                yield from self._differ(was[key], now[key], inner)

    # --- lists -------------------------------------------------------------------------------------------------------------------------

    def _lists(self, was: list[Any], now: list[Any], place: _Place) -> Iterator[Difference]:
        if place.in_policy or place.schema in self._unordered or place.schema[-1:] == ("Tags",):
            pairs = self._matched(was, now, self._policy_sign if place.in_policy else self._sign)
        else:
            pairs = _aligned(len(was), len(now), lambda one, other: self._equal(was[one], now[other]))
        raws = [
            raw if isinstance(raw, list) and len(raw) == len(value) else None for raw, value in ((place.raw_was, was), (place.raw_now, now))
        ]
        for one, other in pairs:
            step = str(one if other is None else other)
            inner = place.item(
                step, raws[0][one] if raws[0] and one is not None else None, raws[1][other] if raws[1] and other is not None else None
            )
            if other is None and one is not None:
                yield Difference(inner.path, was[one], MISSING)
            elif one is None and other is not None:
                yield Difference(inner.path, MISSING, now[other])
            elif one is not None and other is not None:
                yield from self._differ(was[one], now[other], inner)

    def _matched(self, was: list[Any], now: list[Any], plain: Callable[..., str]) -> list[tuple[int | None, int | None]]:
        """The items of lists without order: equal ones first, then those with the same key, then as they come."""
        pairs: list[tuple[int | None, int | None]] = []
        left, free = list(range(len(was))), list(range(len(now)))
        for sign in (plain, _key_of):
            places: dict[str, list[int]] = {}
            for number in free:
                if text := sign(now[number], of_base=False):
                    places.setdefault(text, []).append(number)
            rest = []
            for number in left:
                fitting = places.get(sign(was[number], of_base=True))
                if fitting:
                    pairs.append((number, fitting.pop(0)))
                else:
                    rest.append(number)
            taken = {other for _, other in pairs}
            left, free = rest, [number for number in free if number not in taken]
        both = min(len(left), len(free))
        if any(_key_of(was[number], of_base=True) for number in left) and any(_key_of(now[number], of_base=False) for number in free):
            both = 0  # items with other names are other items
        scalars = any(not isinstance(each, dict) for each in (*(was[n] for n in left), *(now[n] for n in free)))
        if scalars and len(left) != len(free):
            both = 0
        pairs += [*zip(left[:both], free[:both], strict=True)]
        pairs += [(number, None) for number in left[both:]]
        pairs += [(None, number) for number in free[both:]]
        return sorted(pairs, key=lambda pair: (len(now) if pair[1] is None else pair[1], -1 if pair[0] is None else pair[0]))

    def _sign(self, value: Any, *, of_base: bool) -> str:
        """The value as text, the same for equal ones."""
        return json.dumps(self._plain(value, of_base=of_base), sort_keys=True, default=repr)

    def _policy_sign(self, value: Any, *, of_base: bool) -> str:
        """The same of a part of a policy, in which lists have no order and one item may stand for a list of one."""
        return json.dumps(_of_policy(self._plain(value, of_base=of_base)), sort_keys=True, default=repr)

    def _plain(self, value: Any, *, of_base: bool) -> Any:
        if isinstance(value, dict):
            return {str(key): self._plain(each, of_base=of_base) for key, each in value.items()}
        if isinstance(value, list):
            return [self._plain(each, of_base=of_base) for each in value]
        if isinstance(value, Unknown):
            return repr(value)
        text = _as_text(value)
        return self._here(text) if of_base else text

    def _equal(self, was: Any, now: Any) -> bool:
        return self._sign(was, of_base=True) == self._sign(now, of_base=False)

    # --- single values -----------------------------------------------------------------------------------------------------------------

    def _texts(self, was: Any, now: Any, place: _Place) -> Iterator[Difference]:
        """A text and what may be the same as data: documents are compared as what they say."""
        if was != now and place.path and _DOCUMENT.search(place.path[-1]):
            one, other = _data(was), _data(now)
            if one is not None and other is not None and type(one) is type(other):
                yield from self._differ(one, other, place.as_data())
                return
        yield from self._leaves(was, now, place)

    def _leaves(self, was: Any, now: Any, place: _Place) -> Iterator[Difference]:
        if isinstance(was, dict | list) or isinstance(now, dict | list):
            yield Difference(place.path, was, now, surely=not isinstance(was, Unknown) and not isinstance(now, Unknown))
            return
        unsound = _is_unsound(was) or _is_unsound(now)
        if unsound and place.written_same:
            return
        if isinstance(was, Unknown) or isinstance(now, Unknown):
            if place.written_same is None and was == now:
                return
            self.vague.append(".".join(place.path))
            yield Difference(place.path, was, now, surely=False)
            return
        one, other = self._here(_as_text(was)), _as_text(now)
        if one == other and (was is not None) and (now is not None):
            if unsound and place.written_same is False:
                self.vague.append(".".join(place.path))
                yield Difference(place.path, was, now, surely=False)
            return
        if was is None and now is None:
            return
        yield Difference(place.path, was, now, surely=surely(one, other))

    def _here(self, text: str) -> str:
        return with_holes_called(text, self._called)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comparison is: the path, the same as the schemas have it, and what is written there."""

    path: Path
    schema: Path
    raw_was: Any
    raw_now: Any
    written_same: bool | None = None
    in_policy: bool = False

    def with_written(self, *, same: bool) -> _Place:
        return _Place(self.path, self.schema, None, None, same, self.in_policy)

    def as_data(self) -> _Place:
        return _Place(self.path, self.schema, None, None, self.written_same, self.in_policy)

    def below(self, step: str, stated: str, *, in_policy: bool, key: Any) -> _Place:
        raws = [raw.get(key) if isinstance(raw, dict) else None for raw in (self.raw_was, self.raw_now)]
        return _Place((*self.path, step), (*self.schema, stated), raws[0], raws[1], self.written_same, in_policy)

    def item(self, step: str, raw_was: Any, raw_now: Any) -> _Place:
        return _Place((*self.path, step), (*self.schema, "*"), raw_was, raw_now, self.written_same, self.in_policy)


def _aligned(one: int, other: int, equal: Callable[[int, int], bool]) -> list[tuple[int | None, int | None]]:
    """The items of two ordered lists: from both ends as long as they are equal, in between as they come."""
    start = 0
    if one != other:
        while start < min(one, other) and equal(start, start):
            start += 1
        end = 0
        while end < min(one, other) - start and equal(one - 1 - end, other - 1 - end):
            end += 1
    else:
        end = 0
    middle = min(one, other) - start - end
    pairs: list[tuple[int | None, int | None]] = [(number, number) for number in range(start + middle)]
    pairs += [(number, None) for number in range(start + middle, one - end)]
    pairs += [(None, number) for number in range(start + middle, other - end)]
    pairs += [(one - end + number, other - end + number) for number in range(end)]
    return pairs


def _key_of(value: Any, *, of_base: bool) -> str:  # noqa: ARG001 - a sign like any other
    """What names an item among its like; empty for an item that has no name."""
    if not isinstance(value, dict):
        return ""
    return next((f"{key} {value[key]}" for key in _KEYS if isinstance(value.get(key), str)), "")


def _of_policy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _of_policy(each) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    items = sorted((_of_policy(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True, default=repr))
    return items[0] if len(items) == 1 else items


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _data(value: Any) -> Any:
    """A document as data; None for a text that is none."""
    if not isinstance(value, str):
        return value
    if value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _is_unsound(value: Any) -> bool:
    """Whether a value has a part that may be another although it is called the same."""
    return isinstance(value, Unknown) or (isinstance(value, str) and has_hole(value) and not is_sound(value))


def is_sound(text: str) -> bool:
    """Whether every hole of a text stands for the same whenever it is called the same."""
    generated = generated_holes(text)
    return all(each in generated or _SOUND.fullmatch(each) for each in holes(text))


def surely(one: str, other: str) -> bool:
    """Whether two unequal texts differ for sure: what CloudFormation makes up differs from everything else."""
    if all(len(generated_holes(text)) == len(holes(text)) for text in (one, other)):
        return True
    return surely_differ(one, other)
