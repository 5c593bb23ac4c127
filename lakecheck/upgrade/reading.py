"""What judges of a change read properties with, and how they tell a risk; a property may have any JSON type, or be unknown."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.model import Category, Fate, Risk
from lakecheck.values import Unknown, shown, unknowns, wholly_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.upgrade.model import ResourceChange

MISSING: Final = None
"""What `at` gives for a property that is not there."""

UNLIMITED: Final = math.inf
"""What a number is that has no end."""

_MOST_SHOWN: Final = 120
_MOST_LEVELS: Final = 60
_GOES_ON: Final = frozenset({Fate.UPDATED, Fate.REPLACED, Fate.PERHAPS_REPLACED, Fate.MOVED, Fate.RENAMED})


def at(properties: Any, path: str) -> Any:
    """A property by its path, with dots between the levels; a number is the place in a list.

    Returns:
        The value, `MISSING` if it or a level above it is not there, `Unknown` if it or a level above it is not known.

    Example:
        >>> at({"Rules": [{"Status": "Enabled"}]}, "Rules.0.Status")
        'Enabled'
    """
    found = properties
    for name in path.split("."):
        if isinstance(found, Unknown):
            return found
        if isinstance(found, dict):
            found = found.get(name, MISSING)
        elif isinstance(found, list | tuple) and name.isdecimal():
            found = found[int(name)] if int(name) < len(found) else MISSING
        else:
            return MISSING
    return found


def items(value: Any) -> list[Any]:
    """A list's items; none of what is not there, the value itself of what is no list."""
    if value is MISSING:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def objects(value: Any) -> list[dict[str, Any]]:
    """Those items that are objects."""
    return [each for each in items(value) if isinstance(each, dict)]


def flag(value: Any) -> bool | None:
    """True or false as CloudFormation takes it, texts too; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def number(value: Any) -> float | None:
    """The number, of a text too; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(found) else found


def is_open(value: Any) -> bool:
    """Whether a value, or something in it, is not known."""
    return not wholly_known(value)


def is_empty(value: Any) -> bool:
    """Whether a property is not there, or has nothing in it."""
    return value is MISSING or (isinstance(value, str | list | tuple | dict) and not value)


def canonical(value: Any) -> str:
    """A text that is the same for equal values: numbers and booleans are their texts, as CloudFormation takes them."""
    return json.dumps(_plain(value, _MOST_LEVELS), sort_keys=True)


def _plain(value: Any, levels: int) -> Any:
    if levels == 0:
        return "..."
    if isinstance(value, dict):
        return {str(key): _plain(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, levels - 1) for each in value]
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else shown(value)


def said(value: Any) -> str:
    """A value for people: short, empty for what is not there."""
    if value is MISSING:
        return ""
    if value == UNLIMITED:
        return "without end"
    if isinstance(value, bool):
        return str(value).lower()
    text = json.dumps(_plain(value, _MOST_LEVELS)) if isinstance(value, dict | list | tuple) else shown(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def reasons(*values: Any) -> tuple[str, ...]:
    """Why something in the values is not known, a line each."""
    found = [each.reason for value in values for each in unknowns(value)]
    found += [f"not wholly known: {said(value)}" for value in values if isinstance(value, str) and is_open(value)]
    return tuple(dict.fromkeys(found))


def both(change: ResourceChange) -> tuple[Any, Any] | None:
    """The properties of a resource before and after; None for one that is not there before and after, or is of another type."""
    if change.fate not in _GOES_ON or change.was is None or change.now is None:
        return None
    was, now = change.was.resource, change.now.resource
    return (was.properties, now.properties) if was.type == now.type else None


def touched(change: ResourceChange, path: str) -> bool:
    """Whether a property, or something above or below it, differs for sure or perhaps: what only is called otherwise does not."""
    inside = f"{path}."
    return any(each.path == path or each.path.startswith(inside) or path.startswith(f"{each.path}.") for each in change.properties)


def differing(change: ResourceChange, *paths: str) -> Iterator[tuple[str, Any, Any]]:
    """Those of the paths whose values differ, with the value before and after."""
    pair = both(change)
    if pair is None:
        return
    for path in paths:
        if touched(change, path):
            yield path, at(pair[0], path), at(pair[1], path)


def tell(
    change: ResourceChange,
    rule: str,
    message: str,
    *,
    consequence: str,
    remedy: str,
    at: str = "",
    was: Any = MISSING,
    now: Any = MISSING,
    because: tuple[str, ...] = (),
    is_certain: bool = True,
) -> Risk:
    """A risk at the resource of a change; its category is the part of the rule before the dot."""
    resource = change.node.resource
    return Risk(
        category=Category(rule.partition(".")[0]),
        rule=rule,
        environment=resource.origin.environment,
        stack=resource.origin.stack,
        logical_id=resource.origin.logical_id,
        type=resource.type,
        message=message,
        consequence=consequence,
        remedy=remedy,
        property=at,
        was=said(was),
        now=said(now),
        because=because,
        construct_path=resource.origin.construct_path,
        source=resource.origin.source,
        is_certain=is_certain and change.is_certain,
    )
