"""What a contract asks of the values of a column, as checks that the ingestion job carries out; what it cannot check is noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.date_formats import date_format, has_time_of_day
from lakemodel.contracts.model import Check, CheckKind
from lakemodel.contracts.nodes import items_of, mapping_of, parts_of, text_of, texts_of
from lakemodel.contracts.report import quoted
from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct

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


@dataclass(slots=True)
class Demands:
    """What is asked of one column."""

    checks: list[Check] = field(default_factory=list)
    required: bool = False
    unique: bool = False
    date_format: str | None = None


def demands_of(reading: Reading, path: Path, prop: dict[str, Any], resolved: Resolved) -> Demands:
    """Everything a contract asks of a top-level column."""
    found = Demands(required=prop.get("required") is True, unique=prop.get("unique") is True)
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
    _enum(reading, path, prop, data_type, found)
    for index, rule in items_of(prop, "quality"):
        _rule(reading, (*path, "quality", index), rule, data_type, found)
    _note_nested(reading, path, prop)
    found.checks = _merged(found.checks)
    return found


def note_table_rules(reading: Reading, path: Path, table: dict[str, Any]) -> None:
    """Says which rules about whole tables are not enforced: all of them."""
    for index, rule in items_of(table, "quality"):
        _not_enforced(reading, (*path, "quality", index), rule)


def _merged(checks: list[Check]) -> list[Check]:
    """Each check once; of two lengths the stricter."""
    kept: list[Check] = []
    for check in checks:
        same = [one for one in kept if one.kind is check.kind and one.kind in {CheckKind.MAX_LENGTH, CheckKind.MIN_LENGTH}]
        if same and isinstance(check.value, int) and isinstance(same[0].value, int):
            stricter = min if check.kind is CheckKind.MAX_LENGTH else max
            kept[kept.index(same[0])] = Check(kind=check.kind, value=stricter(check.value, same[0].value))
        elif check not in kept:
            kept.append(check)
    return kept


def _unchecked(reading: Reading, path: Path, what: str, why: str) -> None:
    reading.report.note(path, "not_enforced", f"{what} is not enforced: {why}")


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
                _unchecked(reading, place, key, "the column is no text")
        elif key == "pattern" and isinstance(value, str):
            _pattern(reading, place, value, data_type, found)
        elif key == "format" and isinstance(value, str):
            _format(reading, place, value, data_type, found)
        elif key == "defaultTimezone":
            if isinstance(value, str) and value.lower() not in _UTC and data_type in _TEMPORAL:
                message = f"defaultTimezone is {quoted(value)}; values without a zone are read as UTC"
                reading.report.warning(place, "timezone", message, "Deliver them in UTC or with their offset, or set timezone: false.")
        elif key not in _READ_ELSEWHERE and value not in (False, 0):
            _unchecked(reading, place, key, "the ingestion job has no such check")


def _bound(reading: Reading, place: Path, key: str, value: Any, data_type: DataType, found: Demands) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (data_type in _ORDERED or isinstance(data_type, Decimal)):
        _unchecked(reading, place, key, "values of this type are not compared")
    elif (data_type in _TEMPORAL) == is_number or not isinstance(value, str | int | float):
        _unchecked(reading, place, key, f"{quoted(value)} is no value of the column's type")
    else:
        found.checks.append(Check(kind=_BOUNDS[key], value=value))


def _pattern(reading: Reading, place: Path, value: str, data_type: DataType, found: Demands) -> None:
    if data_type != _STRING:
        _unchecked(reading, place, "pattern", "the column is no text")
    elif not _compiles(value):
        message = f"the pattern {quoted(value)} is no regular expression"
        reading.report.error(place, "pattern", message, "Correct its brackets and escapes.")
    else:
        found.checks.append(Check(kind=CheckKind.PATTERN, value=value))


def _compiles(pattern: str) -> bool:
    """Whether a pattern is one, as far as Python can tell: what only Java knows is taken out first."""
    plain = re.sub(r"\\[pP](\{[^}]*\}|[A-Z])", "x", pattern)
    plain = re.sub(r"\(\?<(?![=!])", "(?P<", plain)
    plain = re.sub(r"\\[zZhHvVRXGQE]", "x", plain)
    try:
        re.compile(plain)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _format(reading: Reading, place: Path, value: str, data_type: DataType, found: Demands) -> None:
    if data_type in _TEMPORAL:
        found.date_format = date_format(reading, place, value)
        if data_type == Primitive(PrimitiveKind.DATE) and has_time_of_day(value):
            message = f"format {quoted(value)} has a time of day, which a date does not keep"
            reading.report.warning(place, "precision_cut", message, "Set physicalType to timestamp if it is needed.")
    elif data_type == _STRING and value.lower() in {"uuid", "guid"}:
        found.checks.append(Check(kind=CheckKind.PATTERN, value=_UUID))
    elif data_type == _STRING:
        _unchecked(reading, place, f"format {quoted(value)}", "give a pattern to have it checked")


def _enum(reading: Reading, path: Path, prop: dict[str, Any], data_type: DataType, found: Demands) -> None:
    values = [one.get("value") for _, one in items_of(prop, "enum")]
    if values:
        _allow(reading, (*path, "enum"), values, data_type, found)


def _allow(reading: Reading, place: Path, values: list[Any], data_type: DataType, found: Demands) -> None:
    """Only these values; NULL satisfies every check, so a listed null needs no word."""
    listed = [one for one in values if one is not None]
    if data_type == _STRING or data_type in _TEMPORAL:
        listed = [one if isinstance(one, str) else str(one).lower() if isinstance(one, bool) else str(one) for one in listed]
    is_plain = not isinstance(data_type, Struct | List | Map) and data_type != _BINARY
    fits = all(isinstance(one, str | int | float) for one in listed)
    if is_plain and fits and listed:
        found.checks.append(Check(kind=CheckKind.ENUM, value=tuple(listed)))
    else:
        _unchecked(reading, place, "the list of allowed values", "values of this type are not compared")


def _rule(reading: Reading, place: Path, rule: dict[str, Any], data_type: DataType, found: Demands) -> None:
    """Library rules that hold for every row become checks; anything else is noted, one by one."""
    metric = text_of(rule, "metric") or text_of(rule, "rule")
    arguments = mapping_of(rule, "arguments")
    binds = text_of(rule, "severity").lower() in {"", "error", "critical", "high", "blocker"}
    if rule.get("type", "library") != "library" or not binds or not _is_zero(rule):
        _not_enforced(reading, place, rule)
    elif metric in {"nullValues", "nullCheck"} and not arguments:
        found.required = True
    elif metric in {"duplicateValues", "duplicateCount", "uniqueCheck"} and not arguments:
        found.unique = True
    elif metric == "invalidValues" and arguments and arguments.keys() <= {"validValues", "pattern"}:
        if isinstance(arguments.get("validValues"), list):
            _allow(reading, place, arguments["validValues"], data_type, found)
        if isinstance(arguments.get("pattern"), str):
            _pattern(reading, (*place, "arguments", "pattern"), arguments["pattern"], data_type, found)
    else:
        _not_enforced(reading, place, rule)


def _is_zero(rule: dict[str, Any]) -> bool:
    """Whether not a single row may break the rule; before 3.1 that was what a rule without an operator meant."""
    if "rule" in rule and "metric" not in rule and not any(key.startswith("must") for key in rule):
        return True
    value = rule.get("mustBe")
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def _not_enforced(reading: Reading, place: Path, rule: dict[str, Any]) -> None:
    kind = text_of(rule, "metric") or text_of(rule, "rule") or text_of(rule, "engine") or str(rule.get("type", "library"))
    name = text_of(rule, "name") or text_of(rule, "description")
    shown = f"the quality rule {quoted(kind)}" + (f" ({name[:80]})" if name else "")
    _unchecked(
        reading, place, shown, "the ingestion job checks rows one by one, by rules of the standard's library that allow none to fail"
    )


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
            _unchecked(reading, place, " and ".join(rules), "it stands inside a nested column")
        for index, rule in items_of(child, "quality"):
            _not_enforced(reading, (*place, "quality", index), rule)
        _note_nested(reading, place, child)


def tags_of(prop: dict[str, Any]) -> tuple[str, ...]:
    """A column's tags."""
    return tuple(texts_of(prop, "tags"))
