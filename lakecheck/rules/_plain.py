"""Plain values out of properties of any type, and how rules word them; what is not known comes out as None."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import is_open
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_MANY = 4


def at(data: Any, path: str) -> Any:
    """What stands at a path inside plain data; None when it is not there, what is not known when it or something above it is not."""
    for name in path.split("."):
        if is_open(data):
            return data
        data = data.get(name) if isinstance(data, dict) else None
    return data


def listed(data: Any) -> list[Any]:
    """A list as it is, nothing as none, anything else as the only one."""
    if data is None:
        return []
    return list(data) if isinstance(data, list | tuple) else [data]


def number(data: Any) -> float | None:
    """A number, also one written as a text; None for anything else."""
    if isinstance(data, bool) or not isinstance(data, int | float | str) or is_open(data):
        return None
    try:
        found = float(data)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def is_false(data: Any) -> bool:
    """Whether a value is false, as CloudFormation takes it: texts too."""
    return data is False or (isinstance(data, str) and data.lower() == "false")


def named(names: Sequence[str]) -> str:
    """Names for people: all of a few, the first of many."""
    told = ", ".join(shown(name) for name in names[:_MANY])
    return told if len(names) <= _MANY else f"{told} and {len(names) - _MANY} more"


def period(seconds: float) -> str:
    """`900 s`, `2 h`, `14 days`."""
    for unit, words in ((86400, "days"), (3600, "h")):
        if seconds >= unit and seconds % unit == 0:
            count = int(seconds // unit)
            return "1 day" if words == "days" and count == 1 else f"{count:,} {words}"
    return f"{seconds:,.0f} s"
