"""Cuts the places of a bucket into groups that the resource patterns of some policies do not tell apart, each with keys to ask about."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.places import literal_start
from lakecheck.iam.globs import TooMany, classes, covers, intersects, is_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.access.doors.places import Place

PROBE: Final = "lakecheck-probe"
"""The name of an object that stands for every object that no policy speaks of."""

MOST_CLASSES: Final = 256
"""So many kinds of objects of one place are told apart; beyond, the answer is not known."""

_AFTER_ALL: Final = "\U0010ffff"
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Places that the policies do not tell apart.

    Attributes:
        places: At least one.
        keys: Object keys; what holds for one of them holds for an object of every place.
        complete: Whether these are all kinds of objects that the policies tell apart.
    """

    places: tuple[Place, ...]
    keys: tuple[str, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """What one pattern does to the places, by index: those in which it fits every object, and those in which it fits some."""

    covered: frozenset[int]
    partial: frozenset[int]


class Splitter:
    """Cuts the places below one root, such as `arn:aws:s3:::bucket/`; answers are kept.

    Args:
        places: Of one bucket.
        root: What stands before a key in a resource.
    """

    def __init__(self, places: Sequence[Place], root: str) -> None:
        self._places = tuple(places)
        self._root = root
        self._splits: dict[str, _Split | None] = {}
        self._groups: dict[frozenset[str], tuple[Group, ...]] = {}
        self._by_prefix: dict[str, list[int]] = defaultdict(list)
        for index, place in enumerate(self._places):
            self._by_prefix[place.prefix].append(index)
        ordered = sorted((place.prefix, index) for index, place in enumerate(self._places))
        self._sorted = [prefix for prefix, _ in ordered]
        self._indexes = [index for _, index in ordered]

    def groups(self, patterns: Iterable[str]) -> tuple[Group, ...]:
        """The places in groups.

        Args:
            patterns: Resource patterns of all policies that have a say; those of other buckets do no harm.
        """
        splitting = frozenset(pattern for pattern in patterns if self._split(pattern) is not None)
        found = self._groups.get(splitting)
        if found is None:
            found = self._groups[splitting] = tuple(self._grouped(sorted(splitting)))
        return found

    def _split(self, pattern: str) -> _Split | None:
        if pattern not in self._splits:
            self._splits[pattern] = self._made_split(pattern)
        return self._splits[pattern]

    def _made_split(self, pattern: str) -> _Split | None:
        everything = f"{self._root}*"
        if pattern in ("*", everything):
            return None
        if not pattern.startswith(self._root):
            return self._wide_split(pattern, everything)
        start, is_prefix = literal_start(pattern[len(self._root) :])
        below = self._indexes[bisect_left(self._sorted, start) : bisect_right(self._sorted, start + _AFTER_ALL)]
        if is_prefix:
            covered = frozenset(below)
            partial: set[int] = set()
        else:
            covered = frozenset(index for index in below if self._covers(pattern, index))
            partial = {index for index in below if index not in covered and self._meets(pattern, index)}
        partial |= self._homes(start) - covered
        return _Split(covered, frozenset(partial)) if covered or partial else None

    def _wide_split(self, pattern: str, everything: str) -> _Split | None:
        """Of a pattern that names no bucket, or not this one."""
        glob = _as_glob(pattern)
        if not intersects(glob, everything) or covers(glob, everything):
            return None
        every = range(len(self._places))
        covered = frozenset(index for index in every if self._covers(pattern, index))
        partial = frozenset(index for index in every if index not in covered and self._meets(pattern, index))
        return _Split(covered, partial) if covered or partial else None

    def _homes(self, start: str) -> set[int]:
        """The places in which objects begin with this: every table's above it, and the deepest of the others unless it is in a table."""
        above = [index for end in range(len(start) + 1) for index in self._by_prefix.get(start[:end], ())]
        tables = {index for index in above if self._places[index].is_table}
        if tables:
            return tables
        return {above[-1]} if above else set()

    def _covers(self, pattern: str, index: int) -> bool:
        return covers(_as_glob(pattern), f"{self._root}{self._places[index].prefix}*")

    def _meets(self, pattern: str, index: int) -> bool:
        return intersects(_as_glob(pattern), f"{self._root}{self._places[index].prefix}*")

    def _grouped(self, splitting: Sequence[str]) -> Iterable[Group]:
        covering: dict[int, list[int]] = defaultdict(list)
        partly: dict[int, list[str]] = defaultdict(list)
        for number, pattern in enumerate(splitting):
            split = self._split(pattern)
            for index in split.covered if split is not None else ():
                covering[index].append(number)
            for index in split.partial if split is not None else ():
                partly[index].append(pattern)
        alike: dict[tuple[int, ...], list[Place]] = defaultdict(list)
        for index, place in enumerate(self._places):
            if index in partly:
                keys, complete = self._keys(place, partly[index])
                yield Group((place,), keys, complete)
            else:
                alike[tuple(covering.get(index, ()))].append(place)
        for together in alike.values():
            yield Group(tuple(together), (together[0].prefix + PROBE,))

    def _keys(self, place: Place, patterns: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        """A key of each kind of objects below a place that the patterns tell apart."""
        plain = (place.prefix + PROBE,)
        simple = self._simple_keys(patterns)
        if simple is not None:
            return (*simple, *plain), True
        within = f"{self._root}{place.prefix}*"
        try:
            found = classes([_as_glob(pattern) for pattern in patterns], within=within, cap=MOST_CLASSES)
        except TooMany:
            return plain, False
        return (*(each.witness[len(self._root) :] for each in reversed(found)), *plain), True

    def _simple_keys(self, patterns: Sequence[str]) -> tuple[str, ...] | None:
        """Where each pattern is one object or one prefix, the keys that tell them apart; None otherwise."""
        keys = []
        for pattern in patterns:
            if not pattern.startswith(self._root):
                return None
            tail = pattern[len(self._root) :]
            start, is_prefix = literal_start(tail)
            if not is_prefix and not is_literal(tail):
                return None
            keys.append(start + PROBE if is_prefix else start)
        return tuple(dict.fromkeys(keys))


def expanded(pattern: str, known: dict[str, str]) -> str:
    """The pattern with its policy variables replaced: by their value where it is known, else by a glob of any text that is not empty.

    Args:
        pattern: Of resources.
        known: By the variable's key, in lower case but for the name of a tag.
    """
    return _VARIABLE.sub(lambda found: _value(found[0][2:-1], known), pattern) if "${" in pattern else pattern


def _value(variable: str, known: dict[str, str]) -> str:
    if variable in {"*", "?", "$"}:
        return variable
    key, slash, name = variable.partition(",")[0].strip().partition("/")
    return known.get(f"{key.lower()}{slash}{name}", "?*")


def _as_glob(pattern: str) -> str:
    return _VARIABLE.sub("?*", pattern) if "${" in pattern else pattern
