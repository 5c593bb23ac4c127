"""Reads what a contract says about rows that come twice and about how much is delivered: custom properties of a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import DuplicateRule, ExpectedVolume, TableFormat
from lakemodel.contracts.report import did_you_mean, listed, quoted
from lakemodel.contracts.vendor import word_of
from lakemodel.naming import normalize
from lakemodel.types.model import List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.model import Column
    from lakemodel.contracts.report import Path

EQUAL_ROWS: Final = ("remove", "keep")
CONFLICTS: Final = ("quarantine", "first", "last", "latest")
_REPLACING: Final = frozenset({"last", "latest"})
"""Rules by which a delivered row takes the place of a published one."""

_UNORDERED: Final = frozenset({Primitive(PrimitiveKind.BOOLEAN), Primitive(PrimitiveKind.BINARY)})
_VOLUME: Final = {"megabytesPerDelivery": "megabytes_per_delivery", "deliveriesPerDay": "deliveries_per_day"}
_MOST: Final = 10**9


def duplicate_rule(reading: Reading, own: dict[str, tuple[Path, Any]], columns: Sequence[Column], kept_as: TableFormat) -> DuplicateRule:
    """The rule for rows that are there already; combinations that the ingestion job cannot carry out are errors here."""
    equal = word_of(reading, own, "duplicateRows", EQUAL_ROWS, "duplicates")
    conflict = word_of(reading, own, "keyConflict", CONFLICTS, "duplicates")
    key = [column.name for column in columns if column.primary_key_position is not None]
    latest_by = _latest_by(reading, own, columns)
    if equal == "keep" and key:
        message = f"duplicateRows is 'keep', and the table has a primary key ({listed(key)}), which no two rows share"
        _refuse(reading, own, "duplicateRows", message, "Remove duplicateRows, or primaryKey.")
    if conflict != "quarantine" and not key:
        message = f"keyConflict is {quoted(conflict)}, and the table has no primary key that rows could share"
        _refuse(reading, own, "keyConflict", message, "Set primaryKey on the columns that tell rows apart, or remove keyConflict.")
    if conflict in _REPLACING and kept_as is not TableFormat.ICEBERG:
        message = f"keyConflict is {quoted(conflict)}, which replaces published rows, and the table is kept as {kept_as}: only iceberg can"
        _refuse(reading, own, "keyConflict", message, "Set tableFormat: iceberg, or keyConflict: first or quarantine.")
    if conflict == "latest" and "latestBy" not in own:
        message = "keyConflict is 'latest', and latestBy is missing: nothing says which row is later"
        _refuse(reading, own, "keyConflict", message, "Set latestBy to the column with the time or number of the change.")
    if conflict != "latest" and "latestBy" in own:
        message = f"latestBy goes with keyConflict latest, not {conflict}"
        _refuse(reading, own, "latestBy", message, "Set keyConflict: latest, or remove latestBy.")
        latest_by = None
    return DuplicateRule(equal_rows=equal, conflict=conflict, latest_by=latest_by)


def _refuse(reading: Reading, own: dict[str, tuple[Path, Any]], name: str, message: str, remedy: str) -> None:
    reading.report.error(own[name][0], "duplicates", message, remedy)


def _latest_by(reading: Reading, own: dict[str, tuple[Path, Any]], columns: Sequence[Column]) -> str | None:
    if "latestBy" not in own:
        return None
    path, value = own["latestBy"]
    written = value if isinstance(value, str) else ""
    found = next((column for column in columns if column.name in {written, normalize(written)}), None)
    names = [column.name for column in columns]
    if found is None:
        message = f"latestBy is {quoted(value)}{did_you_mean(written, names)}, which is no column; columns: {listed(names)}"
        reading.report.error(path, "duplicates", message, "Name a column of the table.")
        return None
    if isinstance(found.type, Struct | List | Map) or found.type in _UNORDERED:
        message = f"latestBy is {quoted(value)}, whose values have no order; allowed: columns with dates, moments, numbers or text"
        reading.report.error(path, "duplicates", message, "Name a column that grows with each change.")
        return None
    return found.name


def expected_volume(reading: Reading, own: dict[str, tuple[Path, Any]]) -> ExpectedVolume:
    """How much is delivered, as far as the contract says."""
    if "expectedVolume" not in own:
        return ExpectedVolume()
    path, value = own["expectedVolume"]
    allowed = ", ".join(_VOLUME)
    if not isinstance(value, dict) or not value:
        message = f"expectedVolume is {quoted(value)}; allowed: a mapping with {allowed}"
        reading.report.error(path, "volume", message, "Write { megabytesPerDelivery: 50, deliveriesPerDay: 24 }.")
        return ExpectedVolume()
    found: dict[str, float] = {}
    for name, number in value.items():
        if name not in _VOLUME:
            message = f"expectedVolume has no key {quoted(name)}{did_you_mean(str(name), _VOLUME)}; allowed: {allowed}"
            reading.report.error((*path, name), "volume", message, "Correct its spelling.")
        elif not _is_amount(number):
            message = f"{name} is {quoted(number)}; allowed: a number above 0, at most {_MOST:,}"
            reading.report.error((*path, name), "volume", message, "Write a number without a unit.")
        else:
            found[_VOLUME[name]] = float(number)
    return ExpectedVolume(**found)


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 < value <= _MOST
