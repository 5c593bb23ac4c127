"""The doors to data other than Lake Formation: what finds direct accesses, and what finds that one principal can act as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakecheck.access.model import Access, Edge, Leak
    from lakecheck.access.questions import Questions

DIRECT: tuple[Callable[[Questions], Iterable[Access]], ...] = ()
"""Each gives the principals' own accesses through one door."""

EDGES: tuple[Callable[[Questions], Iterable[Edge]], ...] = ()
"""Each gives the ways in which one principal can become another, or an administrator."""

LEAKS: tuple[Callable[[Questions], Iterable[Leak]], ...] = ()
"""Each gives the ways in which one principal reads what another one has read."""
