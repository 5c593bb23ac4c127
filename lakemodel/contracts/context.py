"""What the readers of one contract share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakemodel.contracts.report import did_you_mean, quoted
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from lakemodel.contracts.report import Path, Report
    from lakemodel.contracts.rules import ContractRules

MAX_NAME: Final = 255
"""Characters of a table's or column's name; https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html."""

MAX_PRODUCT_NAME: Final = 40
"""So that the names of a product's role and state machine stay within AWS's 64 and 80 characters."""

RESERVED_COLUMNS: Final = frozenset({"_reasons", "_source_file", "_source_line", "_source_record", "_run_id", "_data_file"})
"""Columns that the quarantine table of each table has of its own, and the one by which the job knows where a published row stands."""

_LEGAL: Final = re.compile(r"[a-z0-9_]+")


@dataclass(slots=True)
class Reading:
    """One contract that is being read.

    Attributes:
        report: Where findings go.
        rules: What the lake demands.
        dialect: The system that the data comes from, when the contract's servers agree on one.
        version: The standard's version that the contract follows.
        classifies: Whether the contract classifies any column at all.
        table: Path of the table that is being read.
    """

    report: Report
    rules: ContractRules
    dialect: str | None = None
    version: str = ""
    classifies: bool = False
    table: Path = field(default=())

    @property
    def knows_timestamps(self) -> bool:
        """Whether the contract's version has a logical timestamp: before 3.1, `date` meant any date, with or without a time."""
        return not self.version.startswith("v3.0.")

    def legal_name(self, path: Path, name: str, what: str, *, longest: int = MAX_NAME) -> str | None:
        """The name as the catalog spells it; None, with an error, when there is none."""
        if not name:
            self.report.error(path, "no_name", f"the {what} has no name", "Give it a name of lower-case letters, digits and underscores.")
            return None
        legal = name
        if not _LEGAL.fullmatch(name):
            legal = normalize(name)
            if not legal:
                found = f"the {what} name {quoted(name)} has no letter from a to z and no digit, and only those and underscores are allowed"
                self.report.error(path, "illegal_name", found, "Rename it; physicalName can keep the producer's spelling.")
                return None
            if self.rules.policies.illegal_name == "error":
                found = f"the {what} name {quoted(name)} is not allowed: lower-case letters, digits and underscores only"
                kept = "" if what == "data product" else f" and keep {quoted(name)} as physicalName"
                remedy = f"Name it {legal}{kept}, or set policies.illegal_name: normalize in lake.yaml."
                self.report.error(path, "illegal_name", found, remedy)
                return None
            self.report.note(path, "name_normalized", f"the {what} {quoted(name)} is called {legal} in the catalog")
        if len(legal) > longest:
            found = f"the {what} name has {len(legal)} characters; at most {longest} are allowed"
            self.report.error(path, "name_too_long", found, "Shorten it.")
            return None
        return legal

    def unknown_word(self, path: Path, code: str, what: str, found: str, allowed: tuple[str, ...], remedy: str) -> None:
        """Refuses a word that is none of the allowed ones."""
        message = f"{what} is {quoted(found)}{did_you_mean(found, allowed)}; allowed: {', '.join(allowed)}"
        self.report.error(path, code, message, remedy)
