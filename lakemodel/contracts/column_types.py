"""The type of a property: its `logicalType` and `physicalType` read together, so that nothing either of them says is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.nodes import flag_of, items_of, mapping_of, text_of
from lakemodel.contracts.plain_types import STRING, plain_type_of, remark, short_name, unknown, unsupported
from lakemodel.contracts.report import quoted
from lakemodel.findings import Severity
from lakemodel.naming import normalize
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField
from lakemodel.types.sql import parse_sql_type
from lakemodel.types.sql_model import Family, SqlType

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_VECTOR_ELEMENTS: Final = {
    **dict.fromkeys(["bfloat16", "float16", "float32"], Primitive(PrimitiveKind.FLOAT)),
    "float64": Primitive(PrimitiveKind.DOUBLE),
    "int8": Primitive(PrimitiveKind.TINYINT),
    "uint8": Primitive(PrimitiveKind.SMALLINT),
}
_LOGICAL: Final = {Family.STRUCT: "object", Family.LIST: "array", Family.MAP: "map (with map.key and map.value)"}
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
    found = _nested(reading, path, prop, logical, sql) if _is_nested(logical, sql) else plain_type_of(reading, path, prop, logical, sql)
    if found is None:
        return None
    if sql is not None:
        remark(reading, path, sql)
        if written and inherited is not None and inherited.type is not None and inherited.type != found:
            message = f"is {quoted(written)} here and {quoted(inherited.text)} in the physicalType around it; the former is used"
            reading.report.warning(path, "type_conflict", message, "Make the two agree.")
    return Resolved(found, sql)


def _is_nested(logical: str, sql: SqlType | None) -> bool:
    if logical:
        return logical in _NESTED or (sql is not None and sql.family in {Family.STRUCT, Family.LIST, Family.MAP})
    return sql is not None and sql.family in {Family.STRUCT, Family.LIST, Family.MAP}


def _nested(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType | None) -> DataType | None:  # noqa: PLR0911 - one per case
    """The type of a property that either of its types says is nested."""
    if logical and logical not in _NESTED:
        return _nested_physically(reading, path, logical, sql)
    is_plain = sql is not None and sql.family not in {Family.STRUCT, Family.LIST, Family.MAP, Family.UNKNOWN}
    if is_plain and sql is not None:
        if not _describes_parts(prop, logical):
            return _nested_in_plain(reading, path, prop, logical, sql)
        message = f"physicalType {quoted(sql.text)} holds whole documents; only the parts that are described are kept"
        reading.report.warning(path, "document_parts", message, "Describe every part that is needed.")
    if sql is None or is_plain or sql.family is Family.UNKNOWN:
        return _by_shape(reading, path, prop, logical, None)
    if logical == "object" and sql.family is Family.LIST:
        message = f"logicalType object differs from physicalType {quoted(sql.text)}; it is read as a list of such objects"
        reading.report.warning(path, "type_conflict", message, "Set logicalType: array and put the properties into its items.")
        inner = _struct(reading, path, prop, sql.element)
        return None if inner is None else List(inner)
    expected = {"object": Family.STRUCT, "array": Family.LIST, "vector": Family.LIST, "map": Family.MAP}.get(logical, sql.family)
    if sql.family is not expected:
        message = f"logicalType {logical} contradicts physicalType {quoted(sql.text)}"
        if not _describes_parts(prop, logical) and not _is_complete(sql):
            return unknown(reading, path, f"{message}, and neither describes its parts")
        reading.report.error(path, "type_conflict", message, f"Set logicalType to {_LOGICAL[sql.family]}, or correct physicalType.")
        return None
    return _by_shape(reading, path, prop, logical or sql.family.value, sql)


def _nested_physically(reading: Reading, path: Path, logical: str, sql: SqlType | None) -> DataType | None:
    """A plain logical type over a physical type with parts: the latter is more precise when it is complete."""
    if sql is None or not _is_complete(sql):
        found = f"logicalType {logical} contradicts physicalType {quoted(sql.text if sql else '')}"
        reading.report.error(path, "type_conflict", found, "Set logicalType to array, object or map and describe its parts.")
        return None
    message = f"logicalType {logical} differs from physicalType {quoted(sql.text)}; the physical one is used"
    reading.report.warning(path, "type_conflict", message, "Make the two agree.")
    return from_sql(reading, path, sql)


def _by_shape(reading: Reading, path: Path, prop: dict[str, Any], shape: str, sql: SqlType | None) -> DataType | None:
    if shape in {"object", "struct"}:
        return _struct(reading, path, prop, sql)
    if shape in {"array", "list"}:
        return _list(reading, path, prop, sql)
    if shape == "vector":
        return _vector(reading, path, prop, sql)
    return _map(reading, path, prop, sql)


def _describes_parts(prop: dict[str, Any], logical: str) -> bool:
    keys = {"object": "properties", "array": "items", "map": "map"}
    return logical == "vector" or bool(prop.get(keys.get(logical, "")))


def _nested_in_plain(reading: Reading, path: Path, prop: dict[str, Any], logical: str, sql: SqlType) -> DataType | None:
    """A nested logical type without parts, in a physical type that is none."""
    if sql.family is Family.UNSUPPORTED:
        unsupported(reading, path, sql)
        return None
    if sql.kept_as_text in {"json", "xml"} or sql.family is Family.BINARY:
        return sql.type
    if sql.family is Family.STRING and logical in {"array", "map", "object"} and not prop.get("properties"):
        message = f"logicalType {logical} has no parts and physicalType is text, kept as string"
        reading.report.gather(Severity.WARNING, reading.table, "kept_as_text", message, short_name(reading, path), "Describe its parts.")
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
        reading.report.gather(Severity.NOTE, reading.table, "nested_rule", message, short_name(reading, path))
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


def _vector(reading: Reading, path: Path, prop: dict[str, Any], sql: SqlType | None) -> DataType | None:
    options = mapping_of(prop, "logicalTypeOptions")
    element = text_of(options, "elementType") or "float32"
    if element not in _VECTOR_ELEMENTS:
        found = f"a vector of {quoted(element)} is not supported; allowed: {', '.join(_VECTOR_ELEMENTS)}"
        reading.report.error(path, "unsupported_type", found, "Use logicalType: string with physicalType: binary for packed bits.")
        return None
    message = "dimensions and metric of a vector are not enforced"
    reading.report.gather(Severity.NOTE, reading.table, "type_remark", message, short_name(reading, path))
    is_double = sql is not None and sql.element is not None and sql.element.type == _VECTOR_ELEMENTS["float64"]
    return List(_VECTOR_ELEMENTS["float64" if is_double else element])


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
