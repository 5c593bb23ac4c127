"""What several rules need of a snapshot is made once for it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.snapshot import Snapshot

    Made = TypeVar("Made")


def once(make: Callable[[Snapshot], Made]) -> Callable[[Snapshot], Made]:
    """Makes it when a snapshot is first asked about, and keeps it as long as the snapshot."""
    kept: WeakKeyDictionary[Snapshot, Made] = WeakKeyDictionary()

    @wraps(make)
    def made(snapshot: Snapshot) -> Made:
        if snapshot not in kept:
            kept[snapshot] = make(snapshot)
        return kept[snapshot]

    return made
