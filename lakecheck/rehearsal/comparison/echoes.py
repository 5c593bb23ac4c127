"""Marks what comes from the template, so that an adapter that hands it back as if an API had returned it is found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Echoed:
    """Marks what was taken from the template rather than from an API; see `marked`."""


class _EchoedText(Echoed, str):
    __slots__ = ()


class _EchoedInt(Echoed, int):
    __slots__ = ()


class _EchoedFloat(Echoed, float):
    __slots__ = ()


class _EchoedList(Echoed, list[Any]):
    __slots__ = ()


class _EchoedMapping(Echoed, dict[str, Any]):
    __slots__ = ()


def marked(value: Any) -> Any:
    """The same value, marked in every part as the template's, so that it counts as not returned where an adapter hands it back as found.

    What goes through an API comes back without the mark. A boolean cannot be marked.
    """
    if isinstance(value, Mapping):
        return _EchoedMapping({key: marked(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return _EchoedList(map(marked, value))
    if isinstance(value, bool):
        return value
    kinds: tuple[tuple[type, type], ...] = ((str, _EchoedText), (int, _EchoedInt), (float, _EchoedFloat))
    return next((echoed(value) for kind, echoed in kinds if isinstance(value, kind)), value)
