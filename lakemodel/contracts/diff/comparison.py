"""What every part of a comparison works with: the same part of two contracts, and where changes are noted.

Nothing can be passed over: `keys` asks a handler about every key that differs, and notes by itself what no handler had a word for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lakemodel.contracts.diff.model import Change
from lakemodel.contracts.diff.rules import RULES
from lakemodel.findings import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from lakemodel.contracts.diff.sides import Side
    from lakemodel.contracts.report import Path


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""What stands where nothing is written: another thing than a written null."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same part of a contract in BASE and in HEAD; `ABSENT` where it is not there."""

    base: Any
    head: Any
    base_path: Path = ()
    head_path: Path = ()

    def child(self, key: str) -> Pair:
        """What stands at a key of two mappings."""
        return Pair(_at(self.base, key), _at(self.head, key), (*self.base_path, key), (*self.head_path, key))

    def item(self, base: int | None, head: int | None) -> Pair:
        """Two items of two lists, by their positions; None where one is not there."""
        return Pair(
            ABSENT if base is None else self.base[base],
            ABSENT if head is None else self.head[head],
            self.base_path if base is None else (*self.base_path, base),
            self.head_path if head is None else (*self.head_path, head),
        )

    @property
    def differs(self) -> bool:
        """Whether anything is different, the order of keys aside."""
        return not same(self.base, self.head)


WRITTEN: Final = _Absent()
"""Stands for what is written at a pair."""

Handler: TypeAlias = "Callable[[Comparison, Pair], bool | None]"
"""Notes what a pair that differs means; True when that was told elsewhere."""


@dataclass(slots=True)
class Comparison:
    """Two states of one contract that are being compared.

    Attributes:
        changes: What was noted up to now, in no particular order.
    """

    base: Side
    head: Side
    changes: list[Change] = field(default_factory=list)

    def note(self, rule: str, pair: Pair, *, was: Any = WRITTEN, now: Any = WRITTEN, inside: str = "", hint: str = "") -> None:
        """Notes a change.

        Args:
            rule: Its id.
            pair: What changed.
            was: What BASE means by it, `ABSENT` for nothing; what is written there by default.
            now: The same of HEAD.
            inside: A place inside the pair that the contract does not write as a key of its own, such as a field of a physical type.
            hint: What this change is likely to be about.
        """
        is_gone = pair.head is ABSENT
        side, path = (self.base, pair.base_path) if is_gone else (self.head, pair.head_path)
        shown = side.report.shown(path) + inside
        place = Place(side.document.file, side.document.line(path), shown)
        was = shown_value(pair.base if was is WRITTEN else was)
        now = shown_value(pair.head if now is WRITTEN else now)
        self.changes.append(
            Change(rule=RULES[rule], contract=self.head.key, path=shown, was=was, now=now, place=place, is_gone=is_gone, hint=hint)
        )


def shown_value(value: Any) -> str | None:
    """A value as changes show it, in one form for the same value; None for what is not there."""
    if value is ABSENT or value is None:
        return None if value is ABSENT else "null"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def same(base: Any, head: Any) -> bool:
    """Whether two values are the same, `true` and 1 being different ones."""
    if base is head:
        return True
    if type(base) is not type(head):
        return False
    if isinstance(base, dict):
        return base.keys() == head.keys() and all(same(value, head[key]) for key, value in base.items())
    if isinstance(base, list):
        return len(base) == len(head) and all(same(one, other) for one, other in zip(base, head, strict=True))
    return bool(base == head)


def _at(node: Any, key: str) -> Any:
    return node.get(key, ABSENT) if isinstance(node, dict) else ABSENT


def differing_keys(pair: Pair) -> list[str]:
    """The keys whose values differ, in the order of HEAD, those of BASE alone last."""
    base = pair.base if isinstance(pair.base, dict) else {}
    head = pair.head if isinstance(pair.head, dict) else {}
    return [key for key in dict.fromkeys((*head, *base)) if pair.child(key).differs]


def keys(comparison: Comparison, pair: Pair, handlers: Mapping[str, Handler], otherwise: Handler) -> None:
    """Asks a handler about every key that differs; what it has no word for is another spelling."""
    for key in differing_keys(pair):
        told(comparison, pair.child(key), handlers.get(key, otherwise))


def told(comparison: Comparison, pair: Pair, handler: Handler) -> None:
    """Asks a handler about a pair that differs, and notes another spelling if it found no more in it than that."""
    before = len(comparison.changes)
    is_told = handler(comparison, pair)
    if not is_told and len(comparison.changes) == before:
        comparison.note("spelling.changed", pair)


def aligned(base: Any, head: Any, identity: Callable[[Any], Hashable]) -> Iterator[tuple[int | None, int | None]]:
    """Which items of two lists are the same thing, as positions: in the order of HEAD, then what is gone.

    Items of the same identity pair up when they are equal, then in their order, and so do those without one (None).
    """
    base = base if isinstance(base, list) else []
    head = head if isinstance(head, list) else []
    waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, item in enumerate(base):
        waiting[_identity(item, identity)].append(index)
    pairs: dict[int, int] = {}
    repeated = {key: _by_text(base, rest) for key, rest in waiting.items() if len(rest) > 1 and not isinstance(key, _Equal)}
    for index, item in enumerate(head if repeated else []):
        if equal := repeated.get(_identity(item, identity), {}).get(_text(item)):
            pairs[index] = equal.pop(0)
            waiting[_identity(item, identity)].remove(pairs[index])
    for index, item in enumerate(head):
        if index not in pairs and waiting[_identity(item, identity)]:
            pairs[index] = waiting[_identity(item, identity)].pop(0)
    left = sorted(index for key, rest in waiting.items() if isinstance(key, _Equal) for index in rest)
    for index, item in enumerate(head):
        if index not in pairs and left and identity(item) is None:
            pairs[index] = left.pop(0)
    for index in range(len(head)):
        yield pairs.get(index), index
    taken = set(pairs.values())
    yield from ((index, None) for index in range(len(base)) if index not in taken)


@dataclass(frozen=True, slots=True)
class _Equal:
    """Stands for an item without an identity: what is written is all there is to know it by."""

    text: str


def _identity(item: Any, identity: Callable[[Any], Hashable]) -> Hashable:
    own = identity(item)
    return _Equal(_text(item)) if own is None else own


def _by_text(items: list[Any], indexes: list[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index in indexes:
        found.setdefault(_text(items[index]), []).append(index)
    return found


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


_NAMING: Final = ("id", "name", "property", "role", "server", "username", "channel", "value", "url", "synonym")


def identity_of(item: Any) -> Hashable:
    """What an item of any list is known by: a text by itself, a mapping by its naming keys."""
    if isinstance(item, str | int | float | bool):
        return (type(item).__name__, item)
    if isinstance(item, dict):
        for name in _NAMING[1:]:
            if isinstance(item.get(name), str | int):
                return (name, str(item[name]), str(item.get("vendor", "")), str(item.get("type", "")) if name == "url" else "")
        if isinstance(item.get("id"), str):
            return ("id", item["id"])
    return None


def means_the_same(_comparison: Comparison, _pair: Pair) -> None:
    """A handler for what was looked at already: nothing came of it, so it is another spelling."""


def leaves(rule: str) -> Handler:
    """A handler that notes each differing value inside a pair by one rule."""

    def handle(comparison: Comparison, pair: Pair) -> None:
        if isinstance(pair.base, dict) and isinstance(pair.head, dict):
            keys(comparison, pair, {}, handle)
        elif isinstance(pair.base, list) and isinstance(pair.head, list):
            for base, head in aligned(pair.base, pair.head, identity_of):
                item = pair.item(base, head)
                if item.differs:
                    told(comparison, item, handle)
        else:
            comparison.note(rule, pair)

    return handle
