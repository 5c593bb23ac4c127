"""Cuts the places of a bucket into groups that the resource patterns of some policies do not tell apart, each with keys to ask about."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.places import literal_start
from lakecheck.formula import Truth
from lakecheck.iam.globs import TooMany, classes, covers, intersects, is_literal, match
from lakecheck.values import WORD_SIGNS, has_hole, is_word_hole

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence, Set as AbstractSet

    from lakecheck.access.doors.places import Place

PROBE: Final = "lakecheck-probe"
"""The name of an object that stands for every object that no policy speaks of."""

MOST_CLASSES: Final = 256
"""So many kinds of objects of one place are told apart; beyond, the answer is not known."""

_AFTER_ALL: Final = "\U0010ffff"
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_SIGN: Final = re.compile("\ue000[^\ue001]*\ue001|.", re.DOTALL)
_OF_WORDS: Final = WORD_SIGNS | {"?"}


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Places that the policies do not tell apart.

    Attributes:
        places: At least one.
        keys: Object keys; what holds for one of them holds for an object of every place.
        complete: Whether these are all kinds of objects that the policies tell apart.
        told: Of each key, what the patterns stand for that fit it but not every object of the place.
    """

    places: tuple[Place, ...]
    keys: tuple[str, ...]
    complete: bool = True
    told: tuple[frozenset[Hashable], ...] = ()


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
        self._groups: dict[frozenset[tuple[str, Hashable]], tuple[Group, ...]] = {}
        self._by_prefix: dict[str, list[int]] = defaultdict(list)
        for index, place in enumerate(self._places):
            self._by_prefix[place.prefix].append(index)
        ordered = sorted((place.prefix, index) for index, place in enumerate(self._places))
        self._sorted = [prefix for prefix, _ in ordered]
        self._indexes = [index for _, index in ordered]

    def tells(self, pattern: str) -> bool:
        """Whether a pattern tells objects of these places apart."""
        return self._split(pattern) is not None

    def groups(self, patterns: Mapping[str, Hashable]) -> tuple[Group, ...]:
        """The places in groups.

        Args:
            patterns: Resource patterns of all policies that have a say, each with what it stands for: patterns that stand for the same,
                such as those of one statement, need not be told apart. Patterns of other buckets do no harm.
        """
        splitting = frozenset((pattern, meaning) for pattern, meaning in patterns.items() if self._split(pattern) is not None)
        found = self._groups.get(splitting)
        if found is None:
            found = self._groups[splitting] = tuple(self._grouped(sorted(splitting, key=itemgetter(0))))
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
        glob = as_glob(pattern)
        if not reaches(pattern, self._root) or covers(glob, everything):
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
        """A star at the end takes what is below as soon as the rest has matched the place itself."""
        glob = as_glob(pattern)
        return glob.endswith("*") and match(glob, self._root + self._places[index].prefix) is Truth.TRUE

    def _meets(self, pattern: str, index: int) -> bool:
        rest = self._rest(pattern, index)
        return rest != () if rest is not None else intersects(as_glob(pattern), f"{self._root}{self._places[index].prefix}*")

    def _rest(self, pattern: str, index: int) -> tuple[str, ...] | None:
        """What is left of a pattern below a place, as patterns of which any may match; None where a name that is not known decides."""
        prefix = self._places[index].prefix
        if pattern.startswith(self._root):
            glob, text = as_glob(pattern[len(self._root) :]), prefix
        else:
            glob, text = as_glob(pattern), self._root + prefix
        if glob.startswith(text):
            return (glob[len(text) :],)
        return None if has_hole(glob) else _after(glob, text)

    def _grouped(self, splitting: Sequence[tuple[str, Hashable]]) -> Iterable[Group]:
        covering: dict[int, set[Hashable]] = defaultdict(set)
        partly: dict[int, list[tuple[str, Hashable]]] = defaultdict(list)
        for pattern, meaning in splitting:
            split = self._split(pattern)
            for index in split.covered if split is not None else ():
                covering[index].add(meaning)
            for index in split.partial if split is not None else ():
                partly[index].append((pattern, meaning))
        alike: dict[tuple[frozenset[Hashable], frozenset[tuple[Hashable, tuple[str, ...]]]], list[int]] = defaultdict(list)
        for index, place in enumerate(self._places):
            rests = {(meaning, self._rest(pattern, index)) for pattern, meaning in partly.get(index, ())}
            known = frozenset((meaning, rest) for meaning, rest in rests if rest is not None)
            if len(known) < len(rests):
                keys, complete = self._keys_within(place, [pattern for pattern, _ in partly[index]])
                whole = [(meaning, (as_glob(each),)) for each, meaning in partly[index] if self._rest(each, index) is None]
                told = (_fitting(known, key[len(place.prefix) :]) | _fitting(whole, self._root + key) for key in keys)
                yield Group((place,), keys, complete, tuple(told))
            else:
                alike[frozenset(covering.get(index, ())), known].append(index)
        for (_, below), indexes in alike.items():
            together = tuple(self._places[index] for index in indexes)
            tails, complete = _keys_below(tuple(sorted({each for _, rest in below for each in rest})))
            told = (_fitting(below, tail) for tail in tails)
            yield Group(together, tuple(together[0].prefix + tail for tail in tails), complete, tuple(told))

    def _keys_within(self, place: Place, patterns: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        """A key of each kind of objects below a place that whole patterns tell apart."""
        plain = place.prefix + PROBE
        try:
            found = classes([as_glob(pattern) for pattern in patterns], within=f"{self._root}{place.prefix}?*", cap=MOST_CLASSES)
        except TooMany:
            return (plain,), False
        return (*(each.witness[len(self._root) :] for each in reversed(found)), plain), True


def _fitting(patterns: Iterable[tuple[Hashable, tuple[str, ...]]], text: str) -> frozenset[Hashable]:
    """What those patterns stand for of which one may match."""
    return frozenset(meaning for meaning, globs in patterns if any(match(glob, text) is not Truth.FALSE for glob in globs))


def _keys_below(rests: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """A key, below a place, of each kind of objects that the rests of patterns tell apart; the marker of a folder holds no rows."""
    if not rests:
        return (PROBE,), True
    starts = [literal_start(rest) for rest in rests]
    if all(is_prefix or is_literal(rest) for (_, is_prefix), rest in zip(starts, rests, strict=True)):
        keys = [start + PROBE if is_prefix else start for start, is_prefix in starts if start or is_prefix]
        return (*dict.fromkeys(keys), PROBE), True
    try:
        found = classes(rests, within="?*", cap=MOST_CLASSES)
    except TooMany:
        return (PROBE,), False
    return (*(each.witness for each in reversed(found)), PROBE), True


@lru_cache(maxsize=65536)
def _after(glob: str, text: str) -> tuple[str, ...] | None:
    """What is left of a glob when a text has been read: walks all ways at once, of which only the latest star and what follows count.

    None where it depends on what a hole of the text is.
    """
    positions = _at(glob, {0})
    for sign in _SIGN.findall(text):
        if len(sign) > 1 and _within(glob, positions, sign) != positions:
            return None
        positions = _at(glob, _read(glob, positions, {sign, "?"} if len(sign) == 1 else set()))
        if not positions:
            return ()
    # A star may be over at once: what follows it says nothing more.
    stars = {position for position in positions if glob[position : position + 1] == "*"}
    return tuple(glob[position:] for position in sorted(positions) if position - 1 not in stars)


def _within(glob: str, positions: set[int], hole: str) -> set[int]:
    """Where one may stand before, in or behind a hole, which is longer than nobody knows."""
    found = set(positions)
    while True:
        more = _at(glob, found | _read(glob, found, _OF_WORDS if is_word_hole(hole) else set(glob)))
        if more == found:
            return found
        found = more


def _read(glob: str, positions: Iterable[int], fitting: AbstractSet[str]) -> set[int]:
    """Where one stands after one more sign, which fits some of the glob's: a star takes any."""
    reached = set()
    for position in positions:
        wanted = glob[position : position + 1]
        if wanted == "*":
            reached.add(position)
        elif wanted in fitting:
            reached.add(position + 1)
    return reached


def _at(glob: str, positions: set[int]) -> set[int]:
    reached = set(positions)
    for position in positions:
        at = position
        while glob[at : at + 1] == "*":
            at += 1
            reached.add(at)
    latest = max((position for position in reached if glob[position : position + 1] == "*"), default=0)
    return {position for position in reached if position >= latest}


def reaches(pattern: str, root: str) -> bool:
    """Whether a pattern of resources may fit something below a root; no bucket whose name CloudFormation makes up is another one.

    Args:
        pattern: Of resources, perhaps with policy variables.
        root: A bucket or access point's objects, such as `arn:...:s3:::bucket/`.
    """
    if ":s3:::" in pattern and ":s3:::" in root:
        bucket, slash, _ = pattern.partition("/")
        if slash and is_literal(bucket) and "${" not in bucket:
            return match(bucket, root.rstrip("/")) is not Truth.FALSE
    return intersects(as_glob(pattern), f"{root}*")


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


def as_glob(pattern: str) -> str:
    """The pattern with a glob of any text that is not empty for each policy variable."""
    return _VARIABLE.sub("?*", pattern) if "${" in pattern else pattern
