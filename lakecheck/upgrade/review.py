"""Decides about a change: what is at risk passes only when it was approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.model import Category, Comparison, Risk

if TYPE_CHECKING:
    from datetime import date

FAILING: Final = frozenset({Category.DATA_LOSS, Category.LOST_ACCESS, Category.COLLISION, Category.SECURITY_WEAKENED})
"""The categories that fail a review unless approved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedRisk:
    """A risk with what was decided about it.

    Attributes:
        approval: What allows it; for an open one an approval that would, if it had not expired.
        is_open: Whether it fails the review.
    """

    risk: Risk
    approval: object | None = None
    is_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class UpgradeReview:
    """A comparison that was judged.

    Attributes:
        judged: Every risk and every harmless change, by category in the order of `Category`, then by environment and stack.
        expired: Approvals of risks that are past their day.
        soon: Approvals that allow something, and not for long any more.
        stale: Approvals that allow nothing that changed.
    """

    comparison: Comparison
    as_of: date
    judged: tuple[JudgedRisk, ...]
    expired: tuple[object, ...] = ()
    soon: tuple[object, ...] = ()
    stale: tuple[object, ...] = ()

    @property
    def open(self) -> tuple[JudgedRisk, ...]:
        """Those that fail."""
        return tuple(one for one in self.judged if one.is_open)

    @property
    def passed(self) -> bool:
        """Whether nothing is open."""
        return not self.open

    def of(self, category: Category) -> tuple[JudgedRisk, ...]:
        """Those of a category, approved or not."""
        return tuple(one for one in self.judged if one.risk.category is category)
