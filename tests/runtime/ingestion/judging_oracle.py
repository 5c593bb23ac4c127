"""The rule about duplicates and unique values once more, naively: one row after the other, in plain Python."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.runtime.ingestion.spec import DuplicateRule

NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
MEANT: dict[str, dict[str | None, Any]] = {
    "id": {None: None, "bad": None, **{str(at): at for at in range(30)}, " 07 ": 7, "+7": 7},
    "price": {None: None, "1": Decimal(1), "1.00": Decimal(1), "1e0": Decimal(1), "2.50": Decimal("2.5")},
    "ratio": {None: None, "0.0": 0.0, "-0.0": 0.0, "1": 1.0},
    "at": {
        None: None,
        "2024-01-01T12:00:00Z": NOON,
        "2024-01-01T13:00:00+01:00": NOON,
        "2024-01-01 12:00": NOON,
        "2024-01-02": NOON + dt.timedelta(hours=12),
    },
    "tags": {None: None, '{"a": 1, "b": 2}': {"a": 1, "b": 2}, '{"b":2,"a":1}': {"a": 1, "b": 2}, "{}": {}},
    "mail": {None: None, **{f"{letter}@x": f"{letter}@x" for letter in "abcdefghijkl"}},
}
"""For each column what may be delivered, and what it means; where two mean the same, rows are equal."""


@dataclass(kw_only=True)
class Row:
    """A delivered row, or a published one (`file` is the data file then, and `line` 0)."""

    file: str
    line: int
    texts: dict[str, str | None]
    reasons: list[str] = field(default_factory=list)
    outcome: str = ""
    replaces: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {name: MEANT[name][text] for name, text in self.texts.items()}


def judge(delivered: Sequence[Row], published: Sequence[Row], key: str | None, rule: DuplicateRule) -> None:
    """Gives every delivered row its reasons, its outcome and the file that it replaces. Values of `mail` are unique."""
    rows = sorted(delivered, key=lambda row: (row.file, row.line))
    for row in rows:
        row.reasons += ["id:not_an_integer"] if row.texts["id"] == "bad" else []
        row.reasons += ["id:required"] if row.texts["id"] is None and key is not None else []
    clean = [row for row in rows if not row.reasons]
    replaced: dict[int, Row] = {}
    if key is not None or rule.equal_rows == "remove":
        for row in clean:
            rivals = [other for other in [*published, *clean] if same(other, row, key)]
            _settle(row, rivals, published, rule, replaced)
    _look_at_mails([row for row in clean if row.outcome != "duplicate" and row.texts["mail"] is not None], published, replaced)
    for row in rows:
        if row.reasons:
            row.outcome, row.replaces = "quarantined", None
        elif not row.outcome:
            row.outcome = "good"


def _look_at_mails(rows: Sequence[Row], published: Sequence[Row], replaced: dict[int, Row]) -> None:
    earlier: list[str | None] = []
    for row in rows:
        mail = row.texts["mail"]
        if mail in earlier or any(other.texts["mail"] == mail for other in published if other is not replaced.get(id(row))):
            row.reasons.append("mail:not_unique")
        earlier.append(mail)


def _settle(row: Row, rivals: Sequence[Row], published: Sequence[Row], rule: DuplicateRule, replaced: dict[int, Row]) -> None:
    """Whether a row stays of those with its identity, itself among them."""
    winner = _winner(rivals, published, rule)
    if winner is row and rivals[0] in published:
        replaced[id(row)] = rivals[0]
        row.replaces = rivals[0].file
    elif winner is not row and rule.conflict == "quarantine" and winner.values != row.values:
        row.reasons.append("_record:key_conflict")
    elif winner is not row:
        row.outcome = "duplicate"


def same(one: Row, other: Row, key: str | None) -> bool:
    """Whether two rows have one identity."""
    return one.values == other.values if key is None else one.values[key] == other.values[key]


def _winner(rivals: Sequence[Row], published: Sequence[Row], rule: DuplicateRule) -> Row:
    """The row that stays, of those with one identity, earliest first."""
    best = rivals[0]
    for row in rivals[1:]:
        if rule.conflict == "last":
            best = row
        elif rule.conflict == "latest":
            old, new = best.values[rule.latest_by or ""], row.values[rule.latest_by or ""]
            if new is not None and (old is None or new > old):
                best = row
    if rule.conflict == "last" and rivals[0] in published and best.values == rivals[0].values:
        return rivals[0]
    return best
