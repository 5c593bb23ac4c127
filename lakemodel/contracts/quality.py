"""What a contract asks of the values of a column, as checks that the ingestion job carries out; what it cannot check is noted.

Rules of the standard's library (`quality`) are read by `quality_rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.date_formats import date_format, has_time_of_day
from lakemodel.contracts.demands import Demands, allow, require_pattern, unchecked
from lakemodel.contracts.model import Check, CheckKind
from lakemodel.contracts.nodes import items_of, mapping_of, parts_of, text_of, texts_of
from lakemodel.contracts.quality_rules import column_rules, not_enforced
from lakemodel.contracts.report import quoted
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from lakemodel.contracts.column_types import Resolved
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path
    from lakemodel.types.model import DataType

_BOUNDS: Final = {
    "minimum": CheckKind.MINIMUM,
    "maximum": CheckKind.MAXIMUM,
    "exclusiveMinimum": CheckKind.EXCLUSIVE_MINIMUM,
    "exclusiveMaximum": CheckKind.EXCLUSIVE_MAXIMUM,
}
_LENGTHS: Final = {"minLength": CheckKind.MIN_LENGTH, "maxLength": CheckKind.MAX_LENGTH}
_READ_ELSEWHERE: Final = frozenset({"format", "timezone", "elementType", "dimensions"})
_UUID: Final = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_UTC: Final = frozenset({"utc", "etc/utc", "z", "gmt", "etc/gmt", "+00:00"})
_STRING: Final = Primitive(PrimitiveKind.STRING)
_BINARY: Final = Primitive(PrimitiveKind.BINARY)
_ORDERED: Final = frozenset(
    Primitive(kind) for kind in PrimitiveKind if kind not in {PrimitiveKind.BOOLEAN, PrimitiveKind.STRING, PrimitiveKind.BINARY}
)
_TEMPORAL: Final = frozenset(Primitive(kind) for kind in (PrimitiveKind.DATE, PrimitiveKind.TIMESTAMP, PrimitiveKind.TIMESTAMP_NTZ))


def demands_of(reading: Reading, path: Path, prop: dict[str, Any], resolved: Resolved, *, name: str, null_marker: str | None) -> Demands:
    """Everything a contract asks of a top-level column of that name in the catalog; `null_marker`: the delivered text that is NULL."""
    found = Demands(
        name=name, type=resolved.type, null_marker=null_marker, required=prop.get("required") is True, unique=prop.get("unique") is True
    )
    sql, data_type = resolved.sql, resolved.type
    if sql is not None:
        if sql.max_length is not None and data_type in {_STRING, _BINARY}:
            found.checks.append(Check(kind=CheckKind.MAX_LENGTH, value=sql.max_length))
        if sql.values and data_type == _STRING:
            found.checks.append(Check(kind=CheckKind.ENUM, value=sql.values))
        if sql.not_null and not found.required:
            found.required = True
            reading.report.note(path, "not_null", "physicalType says NOT NULL, so a value is required")
    layout = text_of(mapping_of(prop, "logicalTypeOptions"), "format")
    is_number = data_type in _ORDERED - _TEMPORAL or isinstance(data_type, Decimal)
    if is_number and ((sql is not None and sql.unsigned) or layout in {"u8", "u16", "u32", "u64"}):
        found.checks.append(Check(kind=CheckKind.MINIMUM, value=0))
    _options(reading, path, prop, data_type, found)
    _enum(reading, path, prop, found)
    column_rules(reading, path, prop, found)
    _note_nested(reading, path, prop)
    found.checks = _merged(found.checks)
    return found


def _merged(checks: list[Check]) -> list[Check]:
    """Each check once, a warning of what is an error not at all; of two lengths the stricter."""
    kept: list[Check] = []
    for check in checks:
        same = [one for one in kept if one.kind is check.kind and one.kind in {CheckKind.MAX_LENGTH, CheckKind.MIN_LENGTH}]
        if same and isinstance(check.value, int) and isinstance(same[0].value, int):
            stricter = min if check.kind is CheckKind.MAX_LENGTH else max
            kept[kept.index(same[0])] = Check(kind=check.kind, value=stricter(check.value, same[0].value))
        elif check not in kept:
            kept.append(check)
    binding = {(check.kind, check.value) for check in kept if not check.is_warning}
    return [check for check in kept if not (check.is_warning and (check.kind, check.value) in binding)]


def _options(reading: Reading, path: Path, prop: dict[str, Any], data_type: DataType, found: Demands) -> None:
    options = mapping_of(prop, "logicalTypeOptions")
    for key, value in options.items():
        place = (*path, "logicalTypeOptions", key)
        if key in _BOUNDS:
            _bound(reading, place, key, value, data_type, found)
        elif key in _LENGTHS and isinstance(value, int):
            if data_type in {_STRING, _BINARY}:
                found.checks.append(Check(kind=_LENGTHS[key], value=value))
            else:
                unchecked(reading, place, key, "the column is no text")
        elif key == "pattern" and isinstance(value, str):
            require_pattern(reading, place, value, found)
        elif key == "format" and isinstance(value, str):
            _format(reading, place, value, data_type, found)
        elif key == "defaultTimezone":
            if isinstance(value, str) and value.lower() not in _UTC and data_type in _TEMPORAL:
                message = f"defaultTimezone is {quoted(value)}; values without a zone are read as UTC"
                reading.report.warning(place, "timezone", message, "Deliver them in UTC or with their offset, or set timezone: false.")
        elif key not in _READ_ELSEWHERE and value not in (False, 0):
            unchecked(reading, place, key, "the ingestion job has no such check")


def _bound(reading: Reading, place: Path, key: str, value: Any, data_type: DataType, found: Demands) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (data_type in _ORDERED or isinstance(data_type, Decimal)):
        unchecked(reading, place, key, "values of this type are not compared")
    elif (data_type in _TEMPORAL) == is_number or not isinstance(value, str | int | float):
        unchecked(reading, place, key, f"{quoted(value)} is no value of the column's type")
    else:
        found.checks.append(Check(kind=_BOUNDS[key], value=value))


def _format(reading: Reading, place: Path, value: str, data_type: DataType, found: Demands) -> None:
    if data_type in _TEMPORAL:
        found.date_format = date_format(reading, place, value)
        if data_type == Primitive(PrimitiveKind.DATE) and has_time_of_day(value):
            message = f"format {quoted(value)} has a time of day, which a date does not keep"
            reading.report.warning(place, "precision_cut", message, "Set physicalType to timestamp if it is needed.")
    elif data_type == _STRING and value.lower() in {"uuid", "guid"}:
        found.checks.append(Check(kind=CheckKind.PATTERN, value=_UUID))
    elif data_type == _STRING:
        unchecked(reading, place, f"format {quoted(value)}", "give a pattern to have it checked")


def _enum(reading: Reading, path: Path, prop: dict[str, Any], found: Demands) -> None:
    values = [one.get("value") for _, one in items_of(prop, "enum")]
    if values:
        allow(reading, (*path, "enum"), values, found)


def _note_nested(reading: Reading, path: Path, prop: dict[str, Any]) -> None:
    """Rules inside a nested column are not carried out."""
    for place, child in parts_of(path, prop):
        options = mapping_of(child, "logicalTypeOptions")
        rules = [key for key in options if key not in _READ_ELSEWHERE | {"defaultTimezone"}]
        if options.get("format") and text_of(child, "logicalType") in {"date", "timestamp"}:
            message = f"format {quoted(options['format'])} is not read inside a nested column; values there are read as ISO 8601"
            reading.report.warning((*place, "logicalTypeOptions", "format"), "nested_format", message, "Deliver them as ISO 8601.")
        rules += [key for key in ("enum", "unique") if child.get(key)]
        if rules:
            unchecked(reading, place, " and ".join(rules), "it stands inside a nested column")
        for index, rule in items_of(child, "quality"):
            not_enforced(reading, (*place, "quality", index), rule, "it stands inside a nested column")
        _note_nested(reading, place, child)


def tags_of(prop: dict[str, Any]) -> tuple[str, ...]:
    """A column's tags."""
    return tuple(texts_of(prop, "tags"))
