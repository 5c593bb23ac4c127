"""Compares how protected a column and its parts are; what nobody classified counts as the strictest class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakemodel.contracts.nodes import text_of

if TYPE_CHECKING:
    from lakemodel.contracts.diff.comparison import Comparison, Pair
    from lakemodel.contracts.model import Column
    from lakemodel.contracts.rules import ContractRules


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes that a property inherits from what it is nested in; None when nothing around it has one."""

    rules: ContractRules
    base: str | None = None
    head: str | None = None

    @classmethod
    def of(cls, comparison: Comparison) -> Classes:
        """For a column, which inherits nothing; both states are read by the same list of classes."""
        return cls(comparison.head.rules)

    def inside(self, pair: Pair) -> Classes:
        """For what is nested in a property."""
        return Classes(self.rules, self.own(pair.base) or self.base, self.own(pair.head) or self.head)

    def own(self, prop: Any) -> str | None:
        """The class a property states, one that the lake does not know being the strictest."""
        written = text_of(prop, "classification")
        return (self.rules.known(written) or self.rules.strictest) if written else None

    def is_known(self, prop: Any) -> bool:
        """Whether a property states a class that the lake has."""
        return self.rules.known(text_of(prop, "classification")) is not None

    def compare_part(self, comparison: Comparison, pair: Pair) -> None:
        """A part of a nested column whose own class is written differently."""
        base, head = self.own(pair.base) or self.base or self.rules.strictest, self.own(pair.head) or self.head or self.rules.strictest
        was, now = _said(pair.base, base), _said(pair.head, head)
        is_lost = self.is_known(pair.base) and not self.is_known(pair.head) and self.head is None
        if is_lost or self.rules.rank(head) < self.rules.rank(base):
            comparison.note("classification.part_lowered", pair, was=was, now=now)
        elif self.rules.rank(head) > self.rules.rank(base):
            comparison.note("classification.part_raised", pair, was=was, now=now)
        else:
            comparison.note("spelling.changed", pair, was=was, now=now)


def compare_classes(comparison: Comparison, pair: Pair, classes: Classes, base: Column | None, head: Column | None) -> None:
    """A column: its effective class, with all that is nested in it, decides who reads it."""
    rules = classes.rules
    was, now = _effective(classes, pair, base, head)
    before, after = _said(pair.base, was), _said(pair.head, now)
    own = pair.child("classification")
    lost = classes.is_known(pair.base) and not classes.is_known(pair.head)
    if rules.rank(now) < rules.rank(was):
        comparison.note("classification.lowered", pair, was=before, now=after)
    elif lost or (rules.rank(now) > rules.rank(was) and not text_of(pair.head, "classification") and own.differs):
        comparison.note("classification.removed", pair, was=before, now=after)
    elif rules.rank(now) > rules.rank(was):
        comparison.note("classification.raised", pair, was=before, now=after)
    elif own.differs:
        _same_effect(comparison, pair, classes, before, after)


def lowered_by_renaming(comparison: Comparison, pair: Pair, classes: Classes, base: Column | None, head: Column | None) -> None:
    """A column that has another name in HEAD: its values are no less protected for that."""
    was, now = _effective(classes, pair, base, head)
    if classes.rules.rank(now) < classes.rules.rank(was):
        comparison.note("classification.lowered", pair, was=_said(pair.base, was), now=_said(pair.head, now))


def _effective(classes: Classes, pair: Pair, base: Column | None, head: Column | None) -> tuple[str, str]:
    strictest = classes.rules.strictest
    was = base.classification if base is not None else classes.own(pair.base) or strictest
    now = head.classification if head is not None else classes.own(pair.head) or strictest
    return was, now


def _same_effect(comparison: Comparison, pair: Pair, classes: Classes, before: str, after: str) -> None:
    """The column's own class changed, and what is nested in it keeps the column at the class it had."""
    rules = classes.rules
    base, head = (classes.own(side) or rules.strictest for side in (pair.base, pair.head))
    if rules.rank(head) < rules.rank(base):
        comparison.note("classification.part_lowered", pair, was=before, now=after)
    elif rules.rank(head) > rules.rank(base):
        comparison.note("classification.part_raised", pair, was=before, now=after)
    elif classes.is_known(pair.head) and not classes.is_known(pair.base):
        comparison.note("classification.stated", pair, was=before, now=after)
    else:
        comparison.note("spelling.changed", pair, was=before, now=after)


def _said(prop: Any, effective: str) -> str:
    """A class as changes show it: what is written, and what it counts as where that is another."""
    written = text_of(prop, "classification")
    if not written:
        return f"none, counts as {effective}"
    return written if written == effective else f"{written}, counts as {effective}"
