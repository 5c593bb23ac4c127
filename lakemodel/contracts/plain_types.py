"""The type of a property without parts, and what the lake's policies make of one that is not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.date_formats import has_time_of_day
from lakemodel.contracts.nodes import flag_of, items_of, mapping_of, text_of
from lakemodel.contracts.report import quoted
from lakemodel.contracts.type_pairs import Winner, is_boolean, weigh
from lakemodel.findings import Severity
from lakemodel.types.model import DataType, Decimal, Primitive, PrimitiveKind
from lakemodel.types.sql_model import Family, SqlType
from lakemodel.types.sql_plain import MAX_PRECISION

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_K = PrimitiveKind

STRING: Final = Primitive(PrimitiveKind.STRING)

_INTEGER_FORMATS: Final[dict[str, DataType]] = {
    "i8": Primitive(PrimitiveKind.TINYINT),
    "i16": Primitive(PrimitiveKind.SMALLINT),
    "i32": Primitive(PrimitiveKind.INT),
    "i64": Primitive(PrimitiveKind.BIGINT),
    "u8": Primitive(PrimitiveKind.SMALLINT),
    "u16": Primitive(PrimitiveKind.INT),
    "u32": Primitive(PrimitiveKind.BIGINT),
    "u64": Decimal(20, 0),
}
_NUMBER_FORMATS: Final[dict[str, DataType]] = {"f32": Primitive(PrimitiveKind.FLOAT), "f64": Primitive(PrimitiveKind.DOUBLE)}
_INTEGER_ORDER: Final[tuple[DataType, ...]] = (*(Primitive(kind) for kind in (_K.TINYINT, _K.SMALLINT, _K.INT, _K.BIGINT)), Decimal(20, 0))
_FLOAT_ORDER: Final[tuple[DataType, ...]] = (Primitive(_K.FLOAT), Primitive(_K.DOUBLE))
_MOMENTS: Final[tuple[DataType, ...]] = (Primitive(_K.TIMESTAMP), Primitive(_K.TIMESTAMP_NTZ))
_SIMPLE: Final = {
    "string": STRING,
    "time": STRING,
    "date": Primitive(PrimitiveKind.DATE),
    "boolean": Primitive(PrimitiveKind.BOOLEAN),
}


def short_name(reading: Reading, path: Path) -> str:
    """A property as it is called in findings about its whole table."""
    shown, table = reading.report.shown(path), reading.report.shown(reading.table)
    return shown.removeprefix(f"{table}.properties").lstrip(".")


def remark(reading: Reading, path: Path, sql: SqlType) -> None:
    """Says what the lake does not keep of a physical type."""
    if sql.kept_as_text:
        reading.report.gather(
            Severity.NOTE, reading.table, "kept_as_text", f"{sql.kept_as_text} is kept as string", short_name(reading, path)
        )
    if sql.remark:
        loses = "digits of a second" in sql.remark
        severity = Severity.WARNING if loses else Severity.NOTE
        remedy = "Shorten it to timestamp(6), or keep it as text, if that is not wanted." if loses else ""
        code = "precision_cut" if loses else "type_remark"
        reading.report.gather(severity, reading.table, code, sql.remark, f"{short_name(reading, path)} ({sql.text})", remedy)


def unknown(reading: Reading, path: Path, found: str) -> DataType | None:
    """What the policy `unknown_type` makes of a property without a usable type."""
    if reading.rules.policies.unknown_type == "string":
        message = "no type of the lake is known, kept as string by the policy unknown_type"
        reading.report.gather(Severity.NOTE, reading.table, "unknown_type", message, f"{short_name(reading, path)} ({found})")
        return STRING
    remedy = "Set logicalType and physicalType (an object needs properties, an array items), or policies.unknown_type: string in lake.yaml."
    reading.report.error(path, "unknown_type", found, remedy)
    return None


def unspecified(reading: Reading, path: Path, prop: dict[str, Any]) -> DataType | None:
    """A number that states no precision: what custom properties say, else what the policy `number_without_precision` makes of it."""
    stated = _precision_beside(prop)
    if stated is not None:
        message = "precision and scale are taken from customProperties"
        item = f"{short_name(reading, path)} decimal({stated.precision},{stated.scale})"
        reading.report.gather(Severity.NOTE, reading.table, "precision_beside", message, item)
        return stated
    decimal = reading.rules.default_decimal
    if decimal is not None:
        message = f"number without precision, decimal({decimal.precision},{decimal.scale}) by the policy number_without_precision"
        reading.report.gather(Severity.NOTE, reading.table, "number_without_precision", message, short_name(reading, path))
        return decimal
    message = "number has no precision; a default would lose cents"
    remedy = "Set physicalType to decimal(p,s), or policies.number_without_precision in lake.yaml."
    reading.report.error(path, "number_without_precision", message, remedy)
    return None


def unsupported(reading: Reading, path: Path, sql: SqlType) -> None:
    """Refuses a physical type that no type of the lake holds."""
    remedy = "Set physicalType to string to keep it as text, or to a type that holds it."
    reading.report.error(path, "unsupported_type", f"{quoted(sql.text)} is not supported: {sql.reason}", remedy)


def plain_type_of(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType | None) -> DataType | None:  # noqa: PLR0911 - one per case
    """The type of a property without parts; None, with an error, when it has none that loses nothing."""
    if sql is None and not logical:
        return unknown(reading, path, "neither logicalType nor physicalType is given")
    if sql is None:
        return _logical(reading, path, prop, logical)
    if sql.family is Family.UNSUPPORTED:
        unsupported(reading, path, sql)
        return None
    if sql.family is Family.UNKNOWN:
        return _by_logical_alone(reading, path, prop, logical, sql)
    if is_boolean(logical, sql):
        return Primitive(PrimitiveKind.BOOLEAN)
    physical = _physical(reading, path, prop, logical, sql)
    if not logical or physical is None:
        return physical
    return _zone(reading, path, prop, sql, _weighed(reading, path, prop, logical, sql, physical))


def _by_logical_alone(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType) -> DataType | None:
    """The type of a property whose physical type says nothing to us."""
    if not logical:
        return unknown(reading, path, f"physicalType {quoted(sql.text)} is not known and there is no logicalType")
    message = f"physicalType is not known, the type follows logicalType {logical}"
    item, remedy = (
        f"{short_name(reading, path)} ({sql.text})",
        "Set physicalType to the type that this name stands for, such as varchar(50).",
    )
    reading.report.gather(Severity.WARNING, reading.table, "unknown_physical_type", message, item, remedy)
    return _logical(reading, path, prop, logical)


def _weighed(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType, physical: DataType) -> DataType | None:
    """The one of the two types that holds the values of both."""
    winner = weigh(logical, sql, physical)
    if winner is Winner.NEITHER:
        message = f"logicalType {logical} contradicts physicalType {quoted(sql.text)}: neither holds all values of the other"
        reading.report.error(path, "type_conflict", message, "Correct the one that is wrong.")
        return None
    if winner is Winner.SAME:
        return _widest(reading, path, prop, sql, physical)
    chosen = physical if winner is Winner.PHYSICAL else _logical(reading, path, prop, logical)
    is_usual = logical == "date" and sql.family is Family.TIMESTAMP and not reading.knows_timestamps
    if chosen is not None and not is_usual:
        message = (
            f"logicalType {logical} differs from physicalType {sql.text.lower()}; the {winner} one is used, which holds the values of both"
        )
        remedy = "Make the two agree, if the other one is meant."
        reading.report.gather(Severity.WARNING, reading.table, "type_conflict", message, short_name(reading, path), remedy)
    return chosen


def _widest(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType, physical: DataType) -> DataType:
    """`logicalTypeOptions.format` can name a wider number than the physical type does."""
    layout = text_of(mapping_of(prop, "logicalTypeOptions"), "format")
    stated = (_INTEGER_FORMATS if sql.family is Family.INTEGER else _NUMBER_FORMATS).get(layout)
    order = _INTEGER_ORDER if sql.family is Family.INTEGER else _FLOAT_ORDER
    if stated is None or stated not in order or physical not in order or order.index(stated) <= order.index(physical):
        return physical
    message = f"format {layout} is wider than physicalType {sql.text.lower()}; the wider one is used"
    reading.report.gather(Severity.WARNING, reading.table, "type_conflict", message, short_name(reading, path), "Make the two agree.")
    return stated


def _precision_beside(prop: dict[str, Any]) -> Decimal | None:
    """Importers of database catalogs write `precision` and `scale` as custom properties."""
    found = {text_of(one, "property").lower(): one.get("value") for _, one in items_of(prop, "customProperties")}
    precision, scale = (found.get(key) for key in ("precision", "scale"))
    digits = [str(one) for one in (precision, 0 if scale is None else scale)]
    if not all(re.fullmatch(r"[0-9]{1,2}", one) for one in digits):
        return None
    whole, after_point = (int(one) for one in digits)
    return Decimal(whole, after_point) if 0 < whole <= MAX_PRECISION and after_point <= whole else None


def _physical(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType) -> DataType | None:
    if sql.type is not None:
        return sql.type
    if logical == "integer":
        message = "an integer in a number without precision, kept as decimal(38,0)"
        reading.report.gather(Severity.NOTE, reading.table, "integer_as_decimal", message, short_name(reading, path))
        return Decimal(38, 0)
    return STRING if logical == "string" else unspecified(reading, path, prop)


def _zone(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType, chosen: DataType | None) -> DataType | None:
    """`logicalTypeOptions.timezone` settles what a physical timestamp leaves open."""
    stated = flag_of(mapping_of(prop, "logicalTypeOptions"), "timezone")
    if stated is None or sql.family is not Family.TIMESTAMP or chosen not in _MOMENTS:
        return chosen
    if sql.zoned is None:
        return Primitive(PrimitiveKind.TIMESTAMP if stated else PrimitiveKind.TIMESTAMP_NTZ)
    if sql.zoned != stated:
        message = f"timezone is {str(stated).lower()}, but physicalType {quoted(sql.text)} says otherwise; the latter is used"
        reading.report.warning(path, "type_conflict", message, "Make the two agree.")
    return chosen


def _logical(reading: Reading, path: Path, prop: dict[str, Any], logical: str) -> DataType | None:  # noqa: PLR0911 - one per type
    """The type that the logical type alone gives."""
    options = mapping_of(prop, "logicalTypeOptions")
    layout = text_of(options, "format")
    if logical == "date" and has_time_of_day(layout):
        message = "logicalType date with a format that has a time of day; timestamp keeps it"
        reading.report.gather(
            Severity.WARNING, reading.table, "type_conflict", message, short_name(reading, path), "Set logicalType: timestamp."
        )
        return Primitive(_K.TIMESTAMP)
    if logical in _SIMPLE:
        if logical == "time":
            reading.report.gather(Severity.NOTE, reading.table, "kept_as_text", "time is kept as string", short_name(reading, path))
        return _SIMPLE[logical]
    if logical == "timestamp":
        return Primitive(PrimitiveKind.TIMESTAMP_NTZ if flag_of(options, "timezone") is False else PrimitiveKind.TIMESTAMP)
    if logical == "integer":
        if layout in {"i128", "u128"}:
            found = f"integers of format {layout} have up to 39 digits; a decimal holds at most 38"
            reading.report.error(path, "unsupported_type", found, "Set physicalType to decimal(38,0) or to string.")
            return None
        return _INTEGER_FORMATS.get(layout, Primitive(PrimitiveKind.BIGINT))
    if logical == "number":
        return _NUMBER_FORMATS.get(layout) or unspecified(reading, path, prop)
    return unknown(reading, path, f"logicalType {quoted(logical)} is not known")
