"""Decides about a difference: a gain passes only when it was approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakecheck.access.difference import Change, Difference, Kind
from lakemodel.approvals import Register, RegisteredGain, unused

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A change with what was decided about it.

    Attributes:
        approval: What allows it; for an open gain one that would, if it had not expired.
        is_open: Whether it fails the review.
    """

    change: Change
    approval: RegisteredGain | None = None
    is_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A difference that was judged.

    Attributes:
        judged: Every change, in the order of the difference.
        expired: Approvals of accesses that are past their day.
        soon: Approvals that allow something, and not for long any more.
        stale: Approvals that allow nothing that changed.
    """

    difference: Difference
    as_of: date
    judged: tuple[Judged, ...]
    expired: tuple[RegisteredGain, ...] = ()
    soon: tuple[RegisteredGain, ...] = ()
    stale: tuple[RegisteredGain, ...] = ()

    @property
    def open(self) -> tuple[Judged, ...]:
        """Gains that nobody approved."""
        return tuple(one for one in self.judged if one.is_open)

    @property
    def passed(self) -> bool:
        """Whether nothing is open."""
        return not self.open

    def of(self, kind: Kind) -> tuple[Judged, ...]:
        """The changes of a kind, gains that are open left out."""
        return tuple(one for one in self.judged if one.change.kind is kind and not one.is_open)


def review(difference: Difference, register: Register, *, as_of: date) -> Review:
    """Judges every change.

    Args:
        difference: What changed.
        register: What was approved.
        as_of: The day by which approvals have expired or not.
    """
    entries = register.access_gains()
    judged = tuple(_judged(change, entries, as_of) for change in difference.changes)
    stale = unused(entries, [one.approval for one in judged if one.approval is not None])
    expired = tuple(entry for entry in entries if entry.approval.is_expired(as_of))
    return Review(
        difference=difference,
        as_of=as_of,
        judged=judged,
        expired=expired,
        soon=tuple(entry for entry in entries if entry not in stale and entry.approval.expires_soon(as_of)),
        stale=tuple(entry for entry in stale if entry not in expired),
    )


def _judged(change: Change, entries: tuple[RegisteredGain, ...], as_of: date) -> Judged:
    if change.kind is not Kind.GAIN:
        return Judged(change=change)
    covering = [entry for entry in entries if entry.approval.covers(change)]
    holding = next((entry for entry in covering if not entry.approval.is_expired(as_of)), None)
    if holding is not None:
        return Judged(change=change, approval=holding)
    return Judged(change=change, approval=next(iter(covering), None), is_open=True)
