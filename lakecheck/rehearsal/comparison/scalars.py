"""Whether two values without parts are the same: numbers and booleans as text, moments, and texts that mean the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.comparison.equivalences import mean_the_same

if TYPE_CHECKING:
    from lakecheck.rehearsal.comparison.equivalences import Where

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Mode(Enum):
    """How strictly keys and values are taken."""

    STRUCTURE = "structure"
    """An API's own: letters of keys do not count, what the API adds are defaults; people's own keys in it are `FREE_KEYS`."""
    DOCUMENT = "document"
    """JSON of somebody's own: everything counts."""
    POLICY = "policy"
    """A document in the language of policies."""


def is_same(stated: Any, found: Any, name: str, where: Where, mode: Mode) -> bool:
    """Whether two values without parts are the same.

    Args:
        stated: In the template.
        found: In what an API returned.
        name: Of the property.
        where: Where the resource is.
        mode: How strictly they are taken.
    """
    is_strict = mode is Mode.DOCUMENT
    if isinstance(found, bytes) and isinstance(stated, str):
        return stated.encode() == found
    if isinstance(stated, bool) or isinstance(found, bool):
        return stated is found or (not is_strict and _boolean(stated) is _boolean(found) is not None)
    if isinstance(found, datetime):
        return _moment(stated) == _moment(found)
    if isinstance(stated, str) and isinstance(found, str):
        return stated == found or (not (is_strict or mode is Mode.POLICY) and mean_the_same(stated, found, name, where))
    if is_strict and isinstance(stated, str) is not isinstance(found, str):
        return False
    one, other = _number(stated), _number(found)
    return one == other if one is not None and other is not None else bool(stated == found)


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else None
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    number = _number(value)
    return None if number is None else datetime.fromtimestamp(float(number), UTC)
