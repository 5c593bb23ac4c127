"""Compares custom properties: this project's by what they do, others' as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.diff.comparison import ABSENT, Comparison, Handler, Pair, aligned, leaves
from lakemodel.contracts.nodes import text_of
from lakemodel.contracts.rules import VENDOR
from lakemodel.contracts.vendor import DRIFT_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Hashable

RULES: Final = {
    "tableFormat": "table.format_changed",
    "partitionTransform": "partition.changed",
    **dict.fromkeys(("sourceFormat", "header", "delimiter", "quote", "escape", "nullMarker", "encoding", "multiline"), "delivery.changed"),
    **dict.fromkeys(DRIFT_PROPERTIES, "delivery.changed"),
    "duplicateRows": "duplicates.rows_changed",
    **dict.fromkeys(("keyConflict", "latestBy"), "duplicates.key_conflict_changed"),
    "expectedVolume": "delivery.volume_changed",
    "schedule": "schedule.changed",
    "severity": "relationship.changed",
}
"""What each property of this project does whose effect is told by what knows the whole table; any other one lays the table out."""


def own_name(custom: Any) -> str | None:
    """The name of a custom property of this project; None for others'."""
    return text_of(custom, "property") if text_of(custom, "vendor") == VENDOR else None


def custom_properties(
    explained: frozenset[str] = frozenset(), *, is_known: bool = True, otherwise: str = "table.layout_changed"
) -> Handler:
    """A handler of two lists of custom properties.

    Args:
        explained: Properties of this project whose difference is told already.
        is_known: Whether the lake could tell what those in `RULES` do, so that another spelling of them is no more than that.
        otherwise: The rule for properties of this project that are not in `RULES`.
    """

    def handle(comparison: Comparison, pair: Pair) -> bool:
        is_told = False
        for base, head in aligned(pair.base, pair.head, _identity):
            item = pair.item(base, head)
            if not item.differs:
                continue
            name = own_name(item.base if head is None else item.head)
            was, now = _value(item.base), _value(item.head)
            if name is None:
                leaves("custom.changed")(comparison, item)
            elif name in explained:
                is_told = True
            elif base is not None and head is not None and was == now:
                leaves("documentation.changed")(comparison, item)
            elif name in RULES and is_known:
                comparison.note("spelling.changed", item, was=was, now=now)
            else:
                comparison.note(RULES.get(name, otherwise), item, was=was, now=now)
        return is_told

    return handle


def _identity(custom: Any) -> Hashable:
    return (text_of(custom, "vendor"), text_of(custom, "property")) if text_of(custom, "property") else None


def _value(custom: Any) -> Any:
    return custom.get("value", ABSENT) if isinstance(custom, dict) else ABSENT
