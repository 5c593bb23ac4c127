"""What the columns of judged rows are called, and what may stand in them."""

from __future__ import annotations

GOOD, QUARANTINED, DUPLICATE = "good", "quarantined", "duplicate"
OUTCOME, REASONS, WARNINGS, REPLACES = "_outcome", "_reasons", "_warnings", "_replaces"
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


def typed(position: int) -> str:
    """Name of the column that holds the typed value of the table's column of that position."""
    return f"v{position}"


def nested(position: int) -> str:
    """Name of the column that holds the value of a struct, list or map and the problem with it."""
    return f"n{position}"
