# ruff: noqa: E501, FBT003 - one edit reads best on one line
"""Edits of `whole.odcs.yaml`, each with the rules that have to find it there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .support import VENDOR, Edit, at, column

if TYPE_CHECKING:
    from collections.abc import Callable

    Doer = Callable[[dict[str, Any]], Any]


def _put(*path: Any, to: Any) -> Doer:
    """Sets the last key of a path; `...` removes it."""

    def do(data: dict[str, Any]) -> None:
        parent = at(data, *path[:-1])
        if to is ...:
            del parent[path[-1]]
        else:
            parent[path[-1]] = to

    return do


def _of(name: str, key: str, to: Any, table: str = "orders") -> Doer:
    return lambda data: _put(key, to=to)(column(data, name, table))


def _gone(*path: Any) -> Doer:
    return lambda data: at(data, *path[:-1]).remove(at(data, *path))


def _new(*path: Any, item: Any) -> Doer:
    return lambda data: at(data, *path).append(item)


def _swapped(*path: Any, first: int = 0, second: int = 1) -> Doer:
    def do(data: dict[str, Any]) -> None:
        items = at(data, *path)
        items[first], items[second] = items[second], items[first]

    return do


def _custom(table: str, name: str, value: Any) -> Doer:
    def do(data: dict[str, Any]) -> None:
        items = at(data, "schema", table).setdefault("customProperties", [])
        items[:] = [one for one in items if one["property"] != name]
        if value is not ...:
            items.append({"property": name, "value": value, "vendor": VENDOR})

    return do


def _all(*doers: Doer) -> Doer:
    return lambda data: [do(data) for do in doers]


def _schedule(**changed: Any) -> Doer:
    return lambda data: at(data, "customProperties", "schedule")["value"].update(changed)


def _options(name: str, **options: Any) -> Doer:
    def do(data: dict[str, Any]) -> None:
        found = column(data, name).setdefault("logicalTypeOptions", {})
        found.update(options)
        for key in [key for key, value in options.items() if value is ...]:
            del found[key]

    return do


_ORDERS: Final = ("schema", "orders", "properties")
_LINE: Final = (*_ORDERS, "lines", "items", "properties")
_TEXT: Final = {"name": "extra", "logicalType": "string", "classification": "internal"}

EDITS: Final = [
    # products
    Edit("another id", "id", _put("id", to="other"), ("product.id_changed",)),
    Edit("another domain", "domain", _put("domain", to="finance"), ("product.domain_changed",)),
    Edit("another product", "dataProduct", _put("dataProduct", to="purchases"), ("product.renamed",)),
    # tables
    Edit("table added", "tables", _new("schema", item={"name": "returns", "properties": [_TEXT]}), ("table.added",), ("table.removed",)),
    Edit("tables swapped", "tables", _swapped("schema"), ("spelling.changed",)),
    Edit("format", "customers", _custom("customers", "tableFormat", "iceberg"), ("table.format_changed",)),
    Edit("physical table", "orders name", _put("schema", "orders", "physicalName", to="T_ORDERS"), ("table.physical_name_changed",)),
    Edit("view", "orders kind", _put("schema", "orders", "physicalType", to="view"), ("table.kind_changed",)),
    Edit("TABLE", "orders kind", _put("schema", "orders", "physicalType", to="TABLE"), ("spelling.changed",)),
    # columns
    Edit("optional column", "columns", _new(*_ORDERS, item=_TEXT), ("column.added",), ("column.removed",)),
    Edit("required column", "columns", _new(*_ORDERS, item=_TEXT | {"required": True}), ("column.added_required",), ("column.removed",)),
    Edit("columns swapped", "columns", _swapped(*_ORDERS, first=2, second=3), ("column.reordered",)),
    Edit("physicalName", "weight name", _of("weight", "physicalName", "WEIGHT"), ("column.source_changed",)),
    Edit("the same name in capitals", "weight name", _of("weight", "physicalName", "weight"), ("spelling.changed",)),
    Edit("optional field", "lines", _new(*_LINE, item={"name": "extra", "logicalType": "string"}), ("field.added",), ("field.removed",)),
    Edit(
        "required field",
        "lines",
        _new(*_LINE, item={"name": "extra", "logicalType": "string", "required": True}),
        ("field.added_required",),
        ("field.removed",),
    ),
    Edit("fields swapped", "lines", _swapped(*_LINE), ("field.reordered",)),
    Edit("field three levels down", "discounts", _gone(*_LINE, "discounts", "items", "properties", "off"), ("field.removed",), ("field.added",)),
    # types
    Edit("int to bigint", "quantity type", _of("quantity", "physicalType", "bigint"), ("type.widened",), ("type.narrowed",)),
    Edit("int to integer alone", "quantity type", _of("quantity", "physicalType", ...), ("type.widened",), ("type.narrowed",)),
    Edit("int to the server's integer", "quantity type", _of("quantity", "physicalType", "integer"), ("spelling.changed",)),
    Edit("int to int4", "quantity type", _of("quantity", "physicalType", "INT4"), ("spelling.changed",)),
    Edit("float to double", "weight type", _of("weight", "physicalType", "double"), ("type.widened",), ("type.narrowed",)),
    Edit("real to float4", "weight type", _of("weight", "physicalType", "float4"), ("spelling.changed",)),
    Edit("more digits", "total type", _of("total", "physicalType", "decimal(14,2)"), ("type.widened",), ("type.narrowed",)),
    Edit("another scale", "total type", _of("total", "physicalType", "decimal(14,4)"), ("type.changed",)),
    Edit("decimal to numeric", "total type", _of("total", "physicalType", "numeric(12, 2)"), ("spelling.changed",)),
    Edit("decimal to double", "total type", _of("total", "physicalType", "double"), ("type.changed",)),
    Edit("uuid to text", "order_id type", _of("order_id", "physicalType", "text"), ("spelling.changed",)),
    Edit("wider in Parquet", "customers", _of("rating", "physicalType", "int", "customers"), ("type.widened_files",), ("type.narrowed",)),
    Edit("wider in a list", "amount", _put(*_LINE, "amount", "physicalType", to="decimal(12,3)"), ("type.widened",), ("type.narrowed",)),
    Edit(
        "wider three levels down",
        "discounts",
        _put(*_LINE, "discounts", "items", "properties", "off", "physicalType", to="bigint"),
        ("type.widened",),
        ("type.narrowed",),
    ),
    Edit(
        "wider in a map", "attributes", _put(*_ORDERS, "attributes", "map", "value", "physicalType", to="bigint"), ("type.widened",),
        ("type.narrowed",),
    ),
    Edit("another key of a map", "attributes", _put(*_ORDERS, "attributes", "map", "key", to={"logicalType": "integer"}), ("type.changed",)),
    Edit("an unknown type", "note type", _of("note", "logicalType", "strng"), ("type.unresolved",)),
    # keys
    Edit("key dropped", "key", _of("order_id", "primaryKey", False), ("primary_key.removed",), ("primary_key.added",)),
    Edit("key extended", "key", lambda data: column(data, "total").update(primaryKey=True, primaryKeyPosition=2), ("primary_key.changed",)),
    Edit("unique", "note unique", _of("note", "unique", True), ("unique.added",), ("unique.removed",)),
    Edit("not unique", "email_hash", _of("email_hash", "unique", ...), ("unique.removed",), ("unique.added",)),
    Edit("required", "note required", _of("note", "required", True), ("required.added",), ("required.removed",)),
    Edit("NOT NULL", "note type", _of("note", "physicalType", "text not null"), ("required.added",), ("required.removed",)),
    Edit("optional, said openly", "note required", _of("note", "required", False), ("spelling.changed",)),
    Edit("optional field of a list", "sku", _put(*_LINE, "sku", "required", to=...), ("required.removed",), ("required.added",)),
    Edit("partition dropped", "partitions", _of("ordered_on", "partitioned", False), ("partition.dropped",), ("partition.added",)),
    Edit(
        "another transform", "partitions", lambda data: column(data, "ordered_on")["customProperties"][0].update(value="day"),
        ("partition.changed",),
    ),
    Edit(
        "transform in the plural", "partitions", lambda data: column(data, "ordered_on")["customProperties"][0].update(value="months"),
        ("spelling.changed",),
    ),
    Edit("a second level", "partitions", lambda data: column(data, "state").update(partitioned=True, partitionKeyPosition=2),
         ("partition.changed",), ("partition.dropped",)),
    # delivery
    Edit("another layout of files", "orders delivery", _custom("orders", "sourceFormat", "parquet"), ("delivery.changed",)),
    Edit("another delimiter", "customers delimiter", _custom("customers", "delimiter", ","), ("delivery.changed",)),
    Edit("the default is stated", "customers quote", _custom("customers", "quote", '"'), ("spelling.changed",)),
    Edit("another date format", "seen_on", lambda data: column(data, "seen_on", "customers")["logicalTypeOptions"].update(format="yyyy-MM-dd"),
         ("delivery.changed",)),
    Edit("columns without a header swapped", "customers columns", _swapped("schema", "customers", "properties"),
         ("column.reordered", "delivery.positions_changed")),
    Edit("columns may be missing", "drift missing", _custom("orders", "missingColumns", "null"), ("delivery.missing_as_null",), ("delivery.refused",)),
    Edit("no more columns", "drift extra", _custom("orders", "extraColumns", "quarantine"), ("delivery.refused",), ("delivery.taken",)),
    Edit("what holds anyway about missing columns", "drift missing", _custom("orders", "missingColumns", "quarantine"), ("spelling.changed",)),
    Edit("more is delivered", "volume", _custom("orders", "expectedVolume", {"megabytesPerDelivery": 500}), ("delivery.volume_changed",)),
    # rows that come twice
    Edit("equal rows kept", "customers rows", _custom("customers", "duplicateRows", "keep"), ("duplicates.rows_changed",)),
    Edit("the last of a key", "key", _custom("orders", "keyConflict", "last"), ("duplicates.key_conflict_changed",)),
    Edit("the latest of a key", "key", _all(_custom("orders", "keyConflict", "latest"), _custom("orders", "latestBy", "ordered_on")),
         ("duplicates.key_conflict_changed",)),
    # when it is ingested
    Edit("later", "schedule", _schedule(at="04:00"), ("schedule.later",), ("schedule.earlier",)),
    Edit("a wider window", "schedule", _schedule(windowMinutes=120), ("schedule.later",), ("schedule.narrowed",)),
    Edit("in another time zone", "schedule", _schedule(timeZone="America/New_York"), ("schedule.changed",)),
    Edit("on some days", "schedule", _schedule(days=["MON", "FRI"]), ("schedule.changed",)),
    Edit("the usual window, said openly", "schedule", _schedule(windowMinutes=60), ("spelling.changed",)),
    Edit("on arrival", "schedule", _gone("customProperties", "schedule"), ("schedule.removed",), ("schedule.added",)),
    # classes
    Edit("class lowered", "email class", _of("email", "classification", "confidential"), ("classification.lowered",), ("classification.raised",)),
    Edit("class gone", "currency class", _of("currency", "classification", ...), ("classification.removed",), ("classification.lowered",)),
    Edit("class unknown", "total class", _of("total", "classification", "secret"), ("classification.removed",), ("classification.lowered",)),
    Edit("strictest class gone", "email class", _of("email", "classification", ...), ("classification.removed",), ("classification.stated",)),
    Edit("class in capitals", "state class", _of("state", "classification", "PUBLIC"), ("spelling.changed",)),
    Edit("class of the decisive part", "hint", _put(*_LINE, "hint", "classification", to="internal"),
         ("classification.lowered", "classification.part_lowered"), ("classification.part_raised", "classification.raised")),
    Edit("class of another part", "sku class", _put(*_LINE, "sku", "classification", to="public"), ("classification.part_lowered",),
         ("classification.part_raised",)),
    Edit("mark gone", "email tags", _of("email", "tags", []), ("protection.mark_removed", "tags.changed"), ("tags.changed",)),
    Edit("encrypted twin gone", "encryptedName", _of("email", "encryptedName", ...), ("protection.encrypted_name_changed",)),
    Edit("not critical", "critical", _of("email", "criticalDataElement", False), ("protection.critical_removed",), ("documentation.changed",)),
    # access
    Edit("role added", "roles", _new("roles", item={"role": "guest"}), ("role.added",), ("role.removed",)),
    Edit("role removed", "roles", _gone("roles", "steward"), ("role.removed",), ("role.added",)),
    Edit("role may write", "analyst", _put("roles", "analyst", "access", to="write"), ("role.changed",)),
    Edit("another word for reading", "analyst", _put("roles", "analyst", "access", to="SELECT"), ("spelling.changed",)),
    Edit("other approvers", "approvers", _put("roles", "analyst", "firstLevelApprovers", to="nobody"), ("role.approvers_changed",)),
    Edit("rows of a role", "rows", lambda data: at(data, "roles", "analyst").update(
        customProperties=[{"property": "rows", "value": {"orders": "true"}, "vendor": VENDOR}]), ("role.changed",)),
    # values
    Edit("shorter", "state type", _of("state", "physicalType", "varchar(10)"), ("length.tightened",), ("length.loosened",)),
    Edit("any length", "state type", _of("state", "physicalType", "text"), ("length.loosened",), ("length.tightened",)),
    Edit("shorter part", "sku length", _put(*_LINE, "sku", "logicalTypeOptions", "maxLength", to=10), ("length.tightened",), ("length.loosened",)),
    Edit("higher minimum", "minimum", _options("quantity", minimum=1), ("range.tightened",), ("range.loosened",)),
    Edit("no maximum", "maximum", _options("quantity", maximum=...), ("range.loosened",), ("range.tightened",)),
    Edit("exclusive maximum", "maximum", _options("quantity", maximum=..., exclusiveMaximum=1000), ("range.tightened",), ("range.loosened",)),
    Edit("the same bound, exclusive too", "maximum", _options("quantity", exclusiveMaximum=1001), ("spelling.changed",)),
    Edit("value added", "enum", _new(*_ORDERS, "state", "enum", item={"value": "lost"}), ("enum.value_added",), ("enum.value_removed",)),
    Edit("no list", "enum", _of("state", "enum", ...), ("enum.removed",), ("enum.added",)),
    Edit("label", "enum", lambda data: column(data, "state")["enum"][0].update(label="Paid up"), ("documentation.changed",)),
    Edit("another pattern", "pattern", _options("currency", pattern="^[a-z]{3}$"), ("pattern.changed",)),
    Edit("no pattern", "pattern", _options("currency", pattern=...), ("pattern.removed",), ("pattern.added",)),
    Edit("a multiple", "multipleOf", _options("quantity", multipleOf=5), ("value_rule.added",), ("value_rule.removed",)),
    # quality
    Edit("rule gone", "fresh", _gone("schema", "orders", "quality", "fresh"), ("quality.removed",), ("quality.added",)),
    Edit("more rows", "enough", _put("schema", "orders", "quality", "enough", "mustBeGreaterThan", to=20), ("quality.tightened",),
         ("quality.loosened",)),
    Edit("another query", "fresh", _put("schema", "orders", "quality", "fresh", "query", to="select 2"), ("quality.changed",)),
    Edit("only a warning", "enough severity", _put("schema", "orders", "quality", "enough", "severity", to="warning"), ("quality.loosened",),
         ("quality.tightened",)),
    Edit("at another time", "schedule", _put("schema", "orders", "quality", "enough", "schedule", to="0 4 * * *"), ("quality.handling_changed",)),
    Edit("fewer nulls", "few", _put(*_ORDERS, "customer_id", "quality", "few", "mustBeLessThan", to=1), ("quality.tightened",),
         ("quality.loosened",)),
    Edit("another unit", "few", _put(*_ORDERS, "customer_id", "quality", "few", "unit", to="rows"), ("quality.changed",)),
    Edit("another kind of reference", "relationships", lambda data: column(data, "customer_id")["relationships"][0].update(type="weak"),
         ("relationship.changed",)),
    Edit("a partner may be missing", "relationships", lambda data: column(data, "customer_id")["relationships"][0].update(
        customProperties=[{"property": "severity", "value": "warning", "vendor": VENDOR}]), ("relationship.loosened",), ("relationship.tightened",)),
    Edit("a partner is required, said openly", "relationships", lambda data: column(data, "customer_id")["relationships"][0].update(
        customProperties=[{"property": "severity", "value": "error", "vendor": VENDOR}]), ("spelling.changed",)),
    Edit("reference gone", "relationships", _of("customer_id", "relationships", ...), ("relationship.removed",), ("relationship.added",)),
    # service
    Edit("retention cut", "retention", _put("slaProperties", "retention", "value", to=2), ("retention.cut",), ("retention.lengthened",)),
    Edit("kept for good", "retention", _gone("slaProperties", "retention"), ("retention.removed",), ("retention.cut",)),
    Edit("the same time in months", "retention", lambda data: at(data, "slaProperties", "retention").update(value="P3Y", unit=""),
         ("spelling.changed",)),
    Edit("less fresh", "freshness", _put("slaProperties", "freshness", "value", to=12), ("service_level.weakened",),
         ("service_level.strengthened",)),
    Edit("the same in minutes", "freshness", lambda data: at(data, "slaProperties", "freshness").update(value=360, unit="min"),
         ("spelling.changed",)),
    Edit("more available", "availability", _put("slaProperties", "availability", "value", to=99.9), ("service_level.strengthened",),
         ("service_level.weakened",)),
    Edit("support ends earlier", "endOfSupport", _put("slaProperties", "endOfSupport", "value", to="2029-01-01"), ("service_level.weakened",),
         ("service_level.strengthened",)),
    Edit("another hour", "timeOfAvailability", _put("slaProperties", "timeOfAvailability", "value", to="10:00"), ("service_level.changed",)),
    Edit("level gone", "availability", _gone("slaProperties", "availability"), ("service_level.removed",), ("service_level.added",)),
    Edit("retired", "status", _put("status", to="retired"), ("status.retired",), ("status.changed",)),
    Edit("only a draft", "status", _put("status", to="draft"), ("status.withdrawn",), ("status.changed",)),
    Edit("deprecated", "status", _put("status", to="deprecated"), ("status.changed",)),
    Edit("server moved", "server", _put("servers", "prod", "host", to="db2.example.com"), ("server.changed",)),
    Edit("server gone", "servers", _gone("servers", "replica"), ("server.removed",), ("server.added",)),
    Edit("dearer", "price", _put("price", "priceAmount", to=12), ("price.changed",)),
    # people and words
    Edit("no owner", "team", lambda data: data.update(team={"members": [data["team"]["members"][1]]}), ("owner.removed", "team.changed", "team.changed"),
         ("team.changed", "team.changed")),
    Edit("another owner", "team", lambda data: data["team"]["members"][0].update(username="new@example.com"), ("team.changed",)),
    Edit("another channel", "support", _put("support", "sales-data", "url", to="mailto:x@example.com"), ("support.changed",)),
    Edit("version", "version", _put("version", to="1.5.0"), ("version.changed",)),
    Edit("standard", "apiVersion", _put("apiVersion", to="v3.1.0"), ("standard.changed",)),
    Edit("purpose", "description", _put("description", "purpose", to="Else."), ("documentation.changed",)),
    Edit("title", "name", _put("name", to="All orders"), ("documentation.changed",)),
    Edit("description of a column", "total words", _of("total", "description", "Else."), ("documentation.changed",)),
    Edit("another example", "examples", _of("note", "examples", ["heavy"]), ("documentation.changed", "documentation.changed")),
    Edit("made otherwise", "lineage", _of("note", "transformLogic", "upper(note)"), ("lineage.changed",)),
    Edit("deprecated column", "deprecated", _of("customer_id", "deprecated", True), ("deprecation.changed",)),
    Edit("tag", "tags", _put("tags", to=["commerce", "web"]), ("tags.changed",)),
    Edit("somebody's property", "custom", _put("customProperties", "cost-center", "value", to="4712"), ("custom.changed",)),
    Edit("somebody's property of a table", "table custom", lambda data: at(data, "schema", "orders")["customProperties"][1].update(value="y"),
         ("custom.changed",)),
]  # fmt: skip
