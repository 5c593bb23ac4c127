"""Decides about changes: a new major version allows what breaks, an approval allows what it names, nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakemodel.approvals import Register, Registered, unused
from lakemodel.contracts.diff.model import Change, ContractsDiff, ProductDiff, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A change with what was decided about it.

    Attributes:
        approval: What allows it; for an open change one that would, if it had not expired.
    """

    change: Change
    verdict: Verdict
    approval: Registered | None = None

    @property
    def needs(self) -> str:
        """What would let an open change pass."""
        if self.verdict is not Verdict.OPEN:
            return ""
        return "an approval" if self.change.is_governance else "a new major version, or an approval"


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A comparison that was judged.

    Attributes:
        judged: The changes of each product, in the order of `diff.products`.
        expired: Approvals of changes that are past their day.
        soon: Approvals that allow something, and not for long any more.
        stale: Approvals of changes that allow nothing that changed.
    """

    diff: ContractsDiff
    as_of: date
    judged: tuple[tuple[Judged, ...], ...]
    expired: tuple[Registered, ...]
    soon: tuple[Registered, ...]
    stale: tuple[Registered, ...]

    @property
    def open(self) -> tuple[Judged, ...]:
        """What fails the review."""
        return tuple(one for one in self.all if one.verdict is Verdict.OPEN)

    @property
    def all(self) -> tuple[Judged, ...]:
        """Every change."""
        return tuple(one for product in self.judged for one in product)

    @property
    def passed(self) -> bool:
        """Whether HEAD can be built and nothing is open."""
        return not self.open and not self.diff.refused

    def products(self) -> Iterator[tuple[ProductDiff, tuple[Judged, ...]]]:
        """Each product with its judged changes."""
        yield from zip(self.diff.products, self.judged, strict=True)


def review(diff: ContractsDiff, register: Register, *, as_of: date) -> Review:
    """Judges every change.

    Args:
        diff: The comparison.
        register: What was approved.
        as_of: The day by which approvals have expired or not.
    """
    entries = register.contract_changes()
    judged = tuple(tuple(_judge(change, product, entries, as_of) for change in product.changes) for product in diff.products)
    used = [one.approval for changes in judged for one in changes if one.approval is not None]
    expired = [entry for entry in entries if entry.approval.is_expired(as_of)]
    stale = unused(entries, used)
    return Review(
        diff=diff,
        as_of=as_of,
        judged=judged,
        expired=tuple(expired),
        soon=tuple(entry for entry in entries if entry not in stale and entry.approval.expires_soon(as_of)),
        stale=tuple(entry for entry in stale if entry not in expired),
    )


def _judge(change: Change, product: ProductDiff, entries: tuple[Registered, ...], as_of: date) -> Judged:
    if not change.is_breaking and not change.is_governance:
        return Judged(change=change, verdict=Verdict.ALLOWED)
    if product.is_major and not change.is_governance:
        return Judged(change=change, verdict=Verdict.NEW_MAJOR)
    covering = [entry for entry in entries if entry.approval.covers(change)]
    holding = next((entry for entry in covering if not entry.approval.is_expired(as_of)), None)
    if holding is not None:
        return Judged(change=change, verdict=Verdict.APPROVED, approval=holding)
    return Judged(change=change, verdict=Verdict.OPEN, approval=next(iter(covering), None))
