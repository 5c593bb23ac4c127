"""What a deployment deletes, and what it touches so that it is made or applied again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.lake_formation.single_rights import place_of
from lakecheck.upgrade.model import Deletion, Fate

if TYPE_CHECKING:
    from lakecheck.upgrade.lake_formation.single_rights import Place
    from lakecheck.upgrade.model import Comparison, ResourceChange

_LETS_GO: Final = frozenset({Fate.REMOVED, Fate.REPLACED, Fate.PERHAPS_REPLACED, Fate.MOVED, Fate.RENAMED, Fate.TYPE_CHANGED})


def is_let_go(change: ResourceChange) -> bool:
    """Whether the old one is deleted."""
    return change.fate in _LETS_GO and change.deletion is Deletion.DELETED and change.was is not None


def touched(comparison: Comparison) -> frozenset[Place]:
    """The resources of HEAD that the deployment makes, replaces or updates."""
    return frozenset(place_of(change.now.resource.origin) for change in comparison.changes if change.now is not None)
