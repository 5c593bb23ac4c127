"""The type of a property: its `logicalType` and `physicalType` read together, so that nothing either of them says is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.nodes import flag_of, items_of, mapping_of, text_of
from lakemodel.contracts.report import quoted
from lakemodel.contracts.type_pairs import Winner, is_boolean, weigh
from lakemodel.findings import Severity
from lakemodel.naming import normalize
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField
from lakemodel.types.sql import Family, SqlType, parse_sql_type

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

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
_NUMBER_FORMATS: Final = {"f32": Primitive(PrimitiveKind.FLOAT), "f64": Primitive(PrimitiveKind.DOUBLE)}
_VECTOR_ELEMENTS: Final = {
    **dict.fromkeys(["bfloat16", "float16", "float32"], Primitive(PrimitiveKind.FLOAT)),
    "float64": Primitive(PrimitiveKind.DOUBLE),
    "int8": Primitive(PrimitiveKind.TINYINT),
    "uint8": Primitive(PrimitiveKind.SMALLINT),
}
_SIMPLE: Final = {
    "string": STRING,
    "time": STRING,
    "date": Primitive(PrimitiveKind.DATE),
    "boolean": Primitive(PrimitiveKind.BOOLEAN),
}
_NESTED: Final = frozenset({"object", "array", "map", "vector"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """A property's type, and what its physical type says beyond the type."""

    type: DataType
    sql: SqlType | None = None


def resolve(reading: Reading, path: Path, prop: dict[str, Any], inherited: SqlType | None = None) -> Resolved | None:
    """The type of the property at `path`; None, with an error, when it has none that loses nothing.

    Args:
        reading: The contract being read.
        path: Where the property stands.
        prop: The property, in normal form.
        inherited: What the physical type of the enclosing property says of this one.
    """
    logical = text_of(prop, "logicalType")
    written = text_of(prop, "physicalType")
    sql = parse_sql_type(written, dialect=reading.dialect) if written else inherited
    found = _nested(reading, path, prop, logical, sql) if _is_nested(prop, logical, sql) else _plain(reading, path, prop, logical, sql)
    if found is None:
        return None
    if sql is not None:
        _remark(reading, path, sql)
        if written and inherited is not None and inherited.type is not None and inherited.type != found:
            message = f"is {quoted(written)} here and {quoted(inherited.text)} in the physicalType around it; the former is used"
            reading.report.warning(path, "type_conflict", message, "Make the two agree.")
    return Resolved(found, sql)


def _is_nested(prop: dict[str, Any], logical: str, sql: SqlType | None) -> bool:
    if logical:
        return logical in _NESTED or (sql is not None and sql.family in {Family.STRUCT, Family.LIST, Family.MAP})
    return sql is not None and sql.family in {Family.STRUCT, Family.LIST, Family.MAP}


def _name(reading: Reading, path: Path) -> str:
    """A property as it is called in findings about its whole table."""
    shown, table = reading.report.shown(path), reading.report.shown(reading.table)
    return shown.removeprefix(f"{table}.properties").lstrip(".")


def _remark(reading: Reading, path: Path, sql: SqlType) -> None:
    if sql.kept_as_text:
        reading.report.gather(Severity.NOTE, reading.table, "kept_as_text", f"{sql.kept_as_text} is kept as string", _name(reading, path))
    if sql.remark:
        loses = "digits of a second" in sql.remark
        severity = Severity.WARNING if loses else Severity.NOTE
        remedy = "Shorten it to timestamp(6), or keep it as text, if that is not wanted." if loses else ""
        code = "precision_cut" if loses else "type_remark"
        reading.report.gather(severity, reading.table, code, sql.remark, f"{_name(reading, path)} ({sql.text})", remedy)


def unknown(reading: Reading, path: Path, found: str) -> DataType | None:
    """What the policy `unknown_type` makes of a property without a usable type."""
    if reading.rules.policies.unknown_type == "string":
        message = "no type of the lake is known, kept as string by the policy unknown_type"
        reading.report.gather(Severity.NOTE, reading.table, "unknown_type", message, f"{_name(reading, path)} ({found})")
        return STRING
    remedy = "Set logicalType and physicalType (an object needs properties, an array items), or policies.unknown_type: string in lake.yaml."
    reading.report.error(path, "unknown_type", found, remedy)
    return None


def _unspecified(reading: Reading, path: Path) -> DataType | None:
    """What the policy `number_without_precision` makes of a number that states none."""
    decimal = reading.rules.default_decimal
    if decimal is not None:
        message = f"number without precision, decimal({decimal.precision},{decimal.scale}) by the policy number_without_precision"
        reading.report.gather(Severity.NOTE, reading.table, "number_without_precision", message, _name(reading, path))
        return decimal
    message = "number has no precision; a default would lose cents"
    remedy = "Set physicalType to decimal(p,s), or policies.number_without_precision in lake.yaml."
    reading.report.error(path, "number_without_precision", message, remedy)
    return None


def _unsupported(reading: Reading, path: Path, sql: SqlType) -> None:
    remedy = "Set physicalType to string to keep it as text, or to a type that holds it."
    reading.report.error(path, "unsupported_type", f"{quoted(sql.text)} is not supported: {sql.reason}", remedy)


def _plain(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType | None) -> DataType | None:
    if sql is None:
        return (
            _logical(reading, path, prop, logical) if logical else unknown(reading, path, "neither logicalType nor physicalType is given")
        )
    if sql.family is Family.UNSUPPORTED:
        _unsupported(reading, path, sql)
        return None
    if sql.family is Family.UNKNOWN:
        if not logical:
            return unknown(reading, path, f"physicalType {quoted(sql.text)} is not known and there is no logicalType")
        message = f"physicalType is not known, the type follows logicalType {logical}"
        reading.report.gather(
            Severity.WARNING,
            reading.table,
            "unknown_physical_type",
            message,
            f"{_name(reading, path)} ({sql.text})",
            "Set physicalType to the type below the name, such as varchar(50).",
        )
        return _logical(reading, path, prop, logical)
    if is_boolean(logical, sql):
        return Primitive(PrimitiveKind.BOOLEAN)
    physical = _physical(reading, path, logical, sql)
    if not logical or physical is None:
        return physical
    winner = weigh(logical, sql, physical)
    if winner is Winner.NEITHER:
        message = f"logicalType {logical} contradicts physicalType {quoted(sql.text)}: neither holds all values of the other"
        reading.report.error(path, "type_conflict", message, "Correct the one that is wrong.")
        return None
    chosen = physical if winner in {Winner.SAME, Winner.PHYSICAL} else _logical(reading, path, prop, logical)
    if winner is not Winner.SAME and chosen is not None:
        used = f"the {'physical' if winner is Winner.PHYSICAL else 'logical'} one is used, which holds the values of both"
        message = f"logicalType {logical} differs from physicalType {sql.text.lower()}; {used}"
        remedy = "Make the two agree, if the other one is meant."
        reading.report.gather(Severity.WARNING, reading.table, "type_conflict", message, _name(reading, path), remedy)
    return _zone(reading, path, prop, sql, chosen)


def _physical(reading: Reading, path: Path, logical: str, sql: SqlType) -> DataType | None:
    if sql.type is not None:
        return sql.type
    if logical == "integer":
        message = "an integer in a number without precision, kept as decimal(38,0)"
        reading.report.gather(Severity.NOTE, reading.table, "integer_as_decimal", message, _name(reading, path))
        return Decimal(38, 0)
    return STRING if logical == "string" else _unspecified(reading, path)


def _zone(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType, chosen: DataType | None) -> DataType | None:
    """`logicalTypeOptions.timezone` settles what a physical timestamp leaves open."""
    stated = flag_of(mapping_of(prop, "logicalTypeOptions"), "timezone")
    if stated is None or sql.family is not Family.TIMESTAMP:
        return chosen
    if sql.zoned is None:
        return Primitive(PrimitiveKind.TIMESTAMP if stated else PrimitiveKind.TIMESTAMP_NTZ)
    if sql.zoned != stated:
        message = f"timezone is {str(stated).lower()}, but physicalType {quoted(sql.text)} says otherwise; the latter is used"
        reading.report.warning(path, "type_conflict", message, "Make the two agree.")
    return chosen


def _logical(reading: Reading, path: Path, prop: dict[str, Any], logical: str) -> DataType | None:
    """The type that the logical type alone gives."""
    options = mapping_of(prop, "logicalTypeOptions")
    layout = text_of(options, "format")
    if logical in _SIMPLE:
        if logical == "time":
            reading.report.gather(Severity.NOTE, reading.table, "kept_as_text", "time is kept as string", _name(reading, path))
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
        return _NUMBER_FORMATS.get(layout) or _unspecified(reading, path)
    return unknown(reading, path, f"logicalType {quoted(logical)} is not known")


def _nested(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType | None) -> DataType | None:
    described = _describes_parts(prop, logical)
    family = sql.family if sql is not None else None
    if logical and logical not in _NESTED:
        if sql is None or not _is_complete(sql):
            found = f"logicalType {logical} contradicts physicalType {quoted(sql.text if sql else '')}"
            reading.report.error(path, "type_conflict", found, "Set logicalType to array, object or map and describe its parts.")
            return None
        message = f"logicalType {logical} differs from physicalType {sql.text}; the physical one is used"
        reading.report.warning(path, "type_conflict", message, "Make the two agree.")
        return from_sql(reading, path, sql)
    if not described and sql is not None and family not in {Family.STRUCT, Family.LIST, Family.MAP, Family.UNKNOWN}:
        return _nested_in_plain(reading, path, prop, logical, sql)
    if described and sql is not None and family not in {Family.STRUCT, Family.LIST, Family.MAP, Family.UNKNOWN}:
        message = f"physicalType {quoted(sql.text)} holds whole documents; only the parts that are described are kept"
        reading.report.warning(path, "document_parts", message, "Describe every part that is needed.")
        sql = None
    if family is Family.UNKNOWN:
        sql = None
    if logical == "object" and sql is not None and sql.family is Family.LIST:
        message = f"logicalType object differs from physicalType {quoted(sql.text)}; it is read as a list of such objects"
        reading.report.warning(path, "type_conflict", message, "Set logicalType: array and put the properties into its items.")
        inner = _struct(reading, path, prop, sql.element)
        return None if inner is None else List(inner)
    match logical or (family or ""):
        case "object" | Family.STRUCT:
            return _struct(reading, path, prop, sql if sql is not None and sql.family is Family.STRUCT else None)
        case "array" | Family.LIST:
            return _list(reading, path, prop, sql if sql is not None and sql.family is Family.LIST else None)
        case "vector":
            return _vector(reading, path, prop)
        case _:
            return _map(reading, path, prop, sql if sql is not None and sql.family is Family.MAP else None)


def _describes_parts(prop: dict[str, Any], logical: str) -> bool:
    keys = {"object": "properties", "array": "items", "map": "map"}
    return logical == "vector" or bool(prop.get(keys.get(logical, "")))


def _nested_in_plain(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType) -> DataType | None:
    """A nested logical type without parts, in a physical type that is none."""
    if sql.family is Family.UNSUPPORTED:
        _unsupported(reading, path, sql)
        return None
    if sql.kept_as_text in {"json", "xml"} or sql.family is Family.BINARY:
        return sql.type
    if sql.family is Family.STRING and logical in {"array", "map", "object"} and not prop.get("properties"):
        message = f"logicalType {logical} has no parts and physicalType is text, kept as string"
        reading.report.gather(Severity.WARNING, reading.table, "kept_as_text", message, _name(reading, path), "Describe its parts.")
        return STRING
    found = f"logicalType {logical} contradicts physicalType {quoted(sql.text)}"
    reading.report.error(path, "type_conflict", found, "Correct the one that is wrong.")
    return None


def _is_complete(sql: SqlType) -> bool:
    """Whether every part of a physical type has a type of its own."""
    match sql.family:
        case Family.STRUCT:
            return sql.fields is not None and all(_is_complete(inner) for _, inner in sql.fields)
        case Family.LIST:
            return sql.element is not None and _is_complete(sql.element)
        case Family.MAP:
            return sql.key is not None and sql.value is not None and _is_complete(sql.key) and _is_complete(sql.value)
    return sql.type is not None


def from_sql(reading: Reading, path: Path, sql: SqlType) -> DataType | None:
    """The type of a part that only the physical type describes."""
    found = resolve(reading, path, {}, sql)
    return None if found is None else found.type


def _struct(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType | None) -> DataType | None:
    physical = dict(sql.fields or ()) if sql is not None and sql.family is Family.STRUCT else {}
    inner = items_of(prop, "properties")
    if not inner and not physical:
        shown = text_of(prop, "physicalType")
        return unknown(reading, path, "object has no properties" + (f" (physicalType {quoted(shown)})" if shown else ""))
    if not inner:
        return _struct_from_sql(reading, path, physical)
    by_name = {name.lower(): part for name, part in physical.items()}
    fields: list[StructField | None] = []
    taken: dict[str, str] = {}
    for index, child in inner:
        child_path = (*path, "properties", index)
        source = text_of(child, "physicalName") or text_of(child, "name")
        part = by_name.pop(source.lower(), None) or by_name.pop(text_of(child, "name").lower(), None)
        fields.append(_field(reading, child_path, child, part, taken))
    for name in by_name:
        message = f"physicalType has the field {quoted(name)}, which is no property: it would be lost"
        reading.report.error(path, "undescribed_field", message, f"Add a property {name}, or take it out of physicalType.")
    whole = [field for field in fields if field is not None]
    return Struct(tuple(whole)) if len(whole) == len(fields) else None


def _field(reading: Reading, path: Path, child: dict[str, Any], part: SqlType | None, taken: dict[str, str]) -> StructField | None:
    written = text_of(child, "name")
    name = reading.legal_name(path, written, "nested property")
    found = resolve(reading, path, child, part)
    if name is None or found is None:
        return None
    if name in taken:
        message = f"{quoted(written)} and {quoted(taken[name])} are both called {name} in the catalog"
        reading.report.error(path, "duplicate_name", message, "Rename one of them.")
        return None
    taken[name] = written
    if flag_of(child, "required"):
        message = "required inside a nested column is not checked"
        reading.report.gather(Severity.NOTE, reading.table, "nested_rule", message, _name(reading, path))
    source = text_of(child, "physicalName") or written
    return StructField(
        name=name,
        type=found.type,
        required=bool(flag_of(child, "required")),
        description=text_of(child, "description"),
        source_name="" if source == name else source,
    )


def _struct_from_sql(reading: Reading, path: Path, physical: dict[str, SqlType]) -> DataType | None:
    fields: list[StructField] = []
    taken: dict[str, str] = {}
    for written, part in physical.items():
        name = reading.legal_name(path, written, "nested property")
        inner = from_sql(reading, path, part)
        if name is None or inner is None:
            return None
        if name in taken:
            message = f"{quoted(written)} and {quoted(taken[name])} are both called {name} in the catalog"
            reading.report.error(path, "duplicate_name", message, "Rename one of them.")
            return None
        taken[name] = written
        fields.append(StructField(name=name, type=inner, source_name="" if normalize(written) == written else written))
    return Struct(tuple(fields))


def _list(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType | None) -> DataType | None:
    items = mapping_of(prop, "items")
    physical = sql.element if sql is not None else None
    if not items and physical is None:
        return unknown(reading, path, "array has no items")
    inner_path = (*path, "items") if items else path
    found = resolve(reading, inner_path, items, physical)
    return None if found is None else List(found.type, element_required=bool(flag_of(items, "required")))


def _vector(reading: Reading, path: Path, prop: dict[str, Any]) -> DataType | None:
    options = mapping_of(prop, "logicalTypeOptions")
    element = text_of(options, "elementType") or "float32"
    if element not in _VECTOR_ELEMENTS:
        found = f"a vector of {quoted(element)} is not supported; allowed: {', '.join(_VECTOR_ELEMENTS)}"
        reading.report.error(path, "unsupported_type", found, "Use logicalType: string with physicalType: binary for packed bits.")
        return None
    message = "dimensions and metric of a vector are not enforced"
    reading.report.gather(Severity.NOTE, reading.table, "type_remark", message, _name(reading, path))
    return List(_VECTOR_ELEMENTS[element])


def _map(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType | None) -> DataType | None:
    described = mapping_of(prop, "map")
    key, value = mapping_of(described, "key"), mapping_of(described, "value")
    if not (key and value) and (sql is None or sql.key is None or sql.value is None):
        return unknown(reading, path, "map has no key and value")
    key_type = resolve(reading, (*path, "map", "key") if key else path, key, sql.key if sql is not None else None)
    value_type = resolve(reading, (*path, "map", "value") if value else path, value, sql.value if sql is not None else None)
    if key_type is None or value_type is None:
        return None
    if not isinstance(key_type.type, Primitive | Decimal):
        reading.report.error(path, "map_key", "the key of a map is a nested type; only plain types are allowed", "Use a plain key.")
        return None
    return Map(key_type.type, value_type.type, value_required=bool(flag_of(value, "required")))
