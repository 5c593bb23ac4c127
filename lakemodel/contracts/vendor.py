"""The custom properties of this project (`vendor: governed-lake`): what the standard has no word for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import Source, SourceFormat, TableFormat
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.report import did_you_mean, quoted
from lakemodel.contracts.rules import VENDOR
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

CONTRACT_PROPERTIES: Final = ("schedule",)
DRIFT_PROPERTIES: Final = ("missingColumns", "extraColumns", "columnOrder")
ROW_PROPERTIES: Final = ("duplicateRows", "keyConflict", "latestBy")
TABLE_PROPERTIES: Final = (
    *("tableFormat", "sourceFormat", "header", "delimiter", "quote", "escape", "nullMarker", "encoding", "multiline"),
    *(*DRIFT_PROPERTIES, *ROW_PROPERTIES, "expectedVolume"),
)
COLUMN_PROPERTIES: Final = ("partitionTransform",)
RELATIONSHIP_PROPERTIES: Final = ("severity",)
ROLE_PROPERTIES: Final = ("rows", "columns", "allBut")
_DISTINCTIVE: Final = frozenset(
    {*("tableFormat", "sourceFormat", "nullMarker", "partitionTransform"), *DRIFT_PROPERTIES, *ROW_PROPERTIES, "expectedVolume"}
)
"""Names that nobody else is likely to mean: worth a word when the vendor was forgotten."""

_FLAGS: Final = {"header", "multiline"}
_CSV_ONLY: Final = frozenset({"header", "delimiter", "quote", "escape", "nullMarker", "multiline"})
_DRIFT: Final = {
    "missingColumns": ("quarantine", "null"),
    "extraColumns": ("ignore", "quarantine"),
    "columnOrder": ("any", "declared"),
}
"""What may be said of a file whose columns are not the declared ones; the first is what holds when nothing is."""

_ENCODINGS: Final = ("UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE", "ISO-8859-1", "US-ASCII", "UTF-32", "windows-1252")


def own_properties(reading: Reading, path: Path, node: dict[str, Any], allowed: tuple[str, ...]) -> dict[str, tuple[Path, Any]]:
    """This project's custom properties of a node, by name, with their places; what is not allowed there is an error."""
    found: dict[str, tuple[Path, Any]] = {}
    for index, custom in items_of(node, "customProperties"):
        place = (*path, "customProperties", index)
        name, vendor = text_of(custom, "property"), text_of(custom, "vendor")
        if vendor != VENDOR:
            _check_vendor(reading, place, name, vendor)
        elif name not in allowed:
            where = f"allowed here: {', '.join(allowed)}" if allowed else "none is allowed here"
            message = f"{VENDOR} has no property {quoted(name)}{did_you_mean(name, allowed)}; {where}"
            reading.report.error(place, "unknown_property", message, "Correct its spelling or its place.")
        elif name in found:
            reading.report.error(place, "duplicate_property", f"{name} is given twice", "Keep one of the two.")
        else:
            found[name] = ((*place, "value"), custom.get("value"))
    return found


def _check_vendor(reading: Reading, place: Path, name: str, vendor: str) -> None:
    if is_near(vendor):
        message = f"vendor is {quoted(vendor)}, did you mean '{VENDOR}'; the property is not read"
        reading.report.error(place, "unknown_vendor", message, f"Set vendor: {VENDOR}.")
    elif not vendor and name in _DISTINCTIVE:
        message = f"the property {name} has no vendor and is not read"
        reading.report.warning(place, "no_vendor", message, f"Set vendor: {VENDOR}.")


def is_near(vendor: str) -> bool:
    """Whether this project was meant, by the look of the spelling."""
    alike = normalize(vendor).replace("_", "") == normalize(VENDOR).replace("_", "")
    return bool(vendor) and (alike or bool(did_you_mean(vendor, [VENDOR])))


def table_format(reading: Reading, own: dict[str, tuple[Path, Any]]) -> TableFormat:
    """The table's format: Iceberg unless stated otherwise."""
    if "tableFormat" not in own:
        return TableFormat.ICEBERG
    path, value = own["tableFormat"]
    allowed = tuple(one.value for one in TableFormat)
    if value in allowed:
        return TableFormat(value)
    reading.unknown_word(path, "table_format", "tableFormat", str(value), allowed, "Use one of them.")
    return TableFormat.ICEBERG


def source_of(reading: Reading, own: dict[str, tuple[Path, Any]], *, is_nested: bool) -> Source:
    """How the producer delivers: JSON lines when a column is nested, else CSV with a header, unless stated otherwise."""
    default = Source()
    layout = _source_format(reading, own, is_nested=is_nested)
    stated = _options(reading, own)
    if layout is not SourceFormat.CSV:
        for name in sorted(_CSV_ONLY & own.keys()):
            reading.report.error(own[name][0], "source_option", f"{name} goes with sourceFormat csv, not {layout}", f"Remove {name}.")
    elif is_nested:
        message = "a column is nested, which csv cannot deliver"
        place = own["sourceFormat"][0] if "sourceFormat" in own else reading.table
        reading.report.error(place, "source_format", message, "Set sourceFormat: jsonl or parquet, or describe flat columns.")
    drift = _drift(reading, own, layout, has_header=stated.get("header", default.header))
    return Source(
        format=layout,
        header=stated.get("header", default.header),
        delimiter=stated.get("delimiter", default.delimiter),
        quote=stated.get("quote", default.quote),
        escape=stated.get("escape", default.escape),
        null_marker=stated.get("nullMarker", default.null_marker),
        encoding=stated.get("encoding", default.encoding),
        multiline=stated.get("multiline", default.multiline),
        missing_columns=drift["missingColumns"],
        extra_columns=drift["extraColumns"],
        column_order=drift["columnOrder"],
    )


def _drift(reading: Reading, own: dict[str, tuple[Path, Any]], layout: SourceFormat, *, has_header: bool) -> dict[str, str]:
    """What becomes of files with other columns; needs delivered columns that have names and, for their order, one."""
    found: dict[str, str] = {}
    for name, allowed in _DRIFT.items():
        found[name] = word_of(reading, own, name, allowed)
        if name not in own:
            continue
        if layout is SourceFormat.CSV and not has_header:
            message = f"{name} needs the names of the delivered columns, and header is false: such files are read by position"
            reading.report.error(own[name][0], "source_option", message, f"Set header: true, or remove {name}.")
        elif name == "columnOrder" and layout is SourceFormat.JSON_LINES:
            message = "columnOrder goes with sourceFormat csv and parquet, not jsonl, whose keys have no order"
            reading.report.error(own[name][0], "source_option", message, "Remove columnOrder.")
    return found


def word_of(reading: Reading, own: dict[str, tuple[Path, Any]], name: str, allowed: tuple[str, ...], code: str = "source_option") -> str:
    """The stated word of a property; the first of the allowed ones where none, or, with an error, another one is stated."""
    if name not in own:
        return allowed[0]
    path, value = own[name]
    word = "null" if value is None else value
    if isinstance(word, str) and word in allowed:
        return word
    reading.unknown_word(path, code, name, str(word), allowed, "Use one of them.")
    return allowed[0]


def _source_format(reading: Reading, own: dict[str, tuple[Path, Any]], *, is_nested: bool) -> SourceFormat:
    if "sourceFormat" not in own:
        if not is_nested or own.keys() & _CSV_ONLY:
            return SourceFormat.CSV
        message = "no sourceFormat is given; jsonl, because a column is nested"
        reading.report.note(reading.table, "source_format", message, f"Set sourceFormat (vendor: {VENDOR}).")
        return SourceFormat.JSON_LINES
    path, value = own["sourceFormat"]
    allowed = tuple(one.value for one in SourceFormat)
    if value in allowed:
        return SourceFormat(value)
    reading.unknown_word(path, "source_format", "sourceFormat", str(value), allowed, "Use one of them.")
    return SourceFormat.CSV


def _options(reading: Reading, own: dict[str, tuple[Path, Any]]) -> dict[str, Any]:
    """The options that are stated and valid."""
    stated = {name: value for name, (_, value) in own.items()}
    for name in sorted(_FLAGS & own.keys()):
        if not isinstance(stated[name], bool):
            reading.report.error(own[name][0], "source_option", f"{name} is {quoted(stated.pop(name))}; allowed: true, false", "Use one.")
    for name in ("delimiter", "quote", "escape"):
        _check_character(reading, own, stated, name)
    for name in ("nullMarker", "encoding"):
        if name in stated and not isinstance(stated[name], str):
            message = f"{name} is {quoted(stated.pop(name))}; allowed: text"
            reading.report.error(own[name][0], "source_option", message, "Put it in quotes.")
    if "encoding" in stated and stated["encoding"].upper() not in {one.upper() for one in _ENCODINGS}:
        reading.unknown_word(own["encoding"][0], "source_option", "encoding", stated["encoding"], _ENCODINGS, "Use one of them.")
    return stated


def _check_character(reading: Reading, own: dict[str, tuple[Path, Any]], stated: dict[str, Any], name: str) -> None:
    if name not in stated:
        return
    value = stated[name]
    is_none = value == "" and name != "delimiter"
    if not is_none and (not isinstance(value, str) or len(value) != 1 or value in "\r\n"):
        message = f"{name} is {quoted(value)}; allowed: one character that is no line break, for quote and escape also none"
        reading.report.error(own[name][0], "source_option", message, "Write one character in quotes.")
        stated.pop(name)
    elif name == "delimiter" and value == stated.get("quote", Source().quote):
        reading.report.error(own[name][0], "source_option", f"delimiter and quote are both {quoted(value)}", "Change one of the two.")
