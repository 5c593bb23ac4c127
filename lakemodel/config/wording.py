"""How findings about configuration put things: what was found, what is allowed, what was probably meant."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN_CHARACTERS = 60
_LISTED = 20


def shown(value: Any) -> str:
    """A value found in a file, with its kind: `the text "x"`, `the number 5`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {_cut(str(value))}"
    return f"the text {_cut(json.dumps(str(value), ensure_ascii=False))}"


def listed(values: Iterable[str], *, joined_by: str = "or") -> str:
    """`a, b or c`; a long list is cut and says so."""
    names = list(values)
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joined_by} {names[-1]}"


def meant(found: str, allowed: Iterable[str], otherwise: str) -> str:
    """`Did you mean x?` when one of `allowed` is close to what was found; else `otherwise`."""
    close = difflib.get_close_matches(found[:_SHOWN_CHARACTERS].lower(), list(allowed), n=1, cutoff=0.7)
    return f"Did you mean {close[0]}?" if close else otherwise


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
