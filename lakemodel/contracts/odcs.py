"""Holds a contract against the JSON Schema of the Open Data Contract Standard, and says in plain words where it differs.

`odcs-3.2.0.schema.json` is the standard's own (https://github.com/bitol-io/open-data-contract-standard, Apache-2.0), unchanged.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft201909Validator

from lakemodel.contracts.nodes import items_of, parts_of, text_of
from lakemodel.contracts.report import did_you_mean, listed, quoted
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from lakemodel.contracts.report import Path, Report

SCHEMA_FILE: Final = "odcs-3.2.0.schema.json"
READ_VERSIONS: Final = ("v3.2.0", "v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0")

_UNUSED: Final = frozenset(
    {
        *(
            "support",
            "price",
            "team",
            "servers",
            "authoritativeDefinitions",
            "context",
            "contractCreatedTs",
            "tenant",
            "synonyms",
            "examples",
        ),
        *("relationships", "quality", "transformSourceObjects"),
    }
)
"""Parts that decide nothing about tables and grants: what is wrong there is a warning."""

_CONDITIONAL: Final = {"properties": "object", "items": "array", "map": "map"}
"""Keys that only go with one logicalType."""

_LOGICAL_TYPES: Final = frozenset(
    {*("string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map", "vector")}
)

_MAX_ERRORS: Final = 200
_PLAIN_KEY: Final = re.compile(r"[\w$-]+")
_KINDS: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_OLDER_NAMES: Final = {
    "column": "name",
    "isnullable": "required",
    "nullable": "required",
    "isunique": "unique",
    "isprimary": "primaryKey",
    "isprimarykey": "primaryKey",
    "columns": "properties",
    "fields": "properties",
    "dataset": "schema",
    "models": "schema",
    "type": "logicalType",
    "partitionstatus": "partitioned",
    "clusterstatus": "customProperties",
}


@cache
def _schema() -> dict[str, Any]:
    """The standard's schema, with the tables of a contract taken out: those are checked apart, see `_flat`."""
    schema: dict[str, Any] = json.loads(files("lakemodel.contracts").joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))
    schema["properties"]["schema"] = {"type": "array", "items": {"type": "object"}}
    return schema


@cache
def _flat(definition: str, logical_type: str | None) -> dict[str, Any]:
    """What a table or a property of that logical type may have, without the properties inside it.

    The same as the standard's definition, written flat. As it stands there it cannot be used: `unevaluatedProperties` makes a validator
    look at what is nested once more at every level (ten levels take minutes), and its conditions also hold where there is no
    `logicalType`, which would demand a `map` of every property that states a `physicalType` alone.
    """
    definitions = _schema()["$defs"]
    keys = dict(definitions["SchemaElement"]["properties"])
    required: list[str] = ["name"] if definition != "SchemaItemProperty" else []
    if definition == "SchemaObject":
        keys |= definitions["SchemaObject"]["properties"]
    else:
        keys |= definitions["SchemaBaseProperty"]["properties"] | definitions[definition].get("properties", {})
        for condition in definitions["SchemaBaseProperty"]["allOf"]:
            for tested in condition.get("if", {}).get("anyOf", [condition["if"]] if "if" in condition else []):
                if tested["properties"]["logicalType"]["const"] == logical_type:
                    keys |= condition["then"]["properties"]
                    required += condition["then"].get("required", [])
    keys |= {key: shallow for key, shallow in _SHALLOW.items() if key in keys}
    return {"type": "object", "properties": keys, "required": required, "additionalProperties": False, "$defs": definitions}


_SHALLOW: Final[dict[str, Any]] = {
    "properties": {"type": "array", "items": {"type": "object"}},
    "items": {"type": "object"},
    "map": {
        "type": "object",
        "properties": {"key": {"type": "object"}, "value": {"type": "object"}},
        "required": ["key", "value"],
        "additionalProperties": False,
    },
}


@cache
def _validator(definition: str | None, logical_type: str | None) -> Draft201909Validator:
    return Draft201909Validator(_schema() if definition is None else _flat(definition, logical_type))


def _pieces(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any], str | None]]:
    """The contract, each table and each property, with the definition each has to meet."""
    yield (), data, None
    waiting: list[tuple[Path, dict[str, Any], str]] = [
        (("schema", index), node, "SchemaObject") for index, node in items_of(data, "schema")
    ]
    while waiting:
        path, node, definition = waiting.pop()
        yield path, node, definition
        for inner_path, inner in parts_of(path, node):
            waiting.append((inner_path, inner, "SchemaProperty" if isinstance(inner_path[-1], int) else "SchemaItemProperty"))


@cache
def standard_keys() -> frozenset[str]:
    """Every key that the standard knows anywhere."""
    return frozenset({"schema", *_all_keys(_schema())})


def _all_keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _all_keys(part)
    elif isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for part in schema.values():
            yield from _all_keys(part)


def is_readable_version(data: dict[str, Any], report: Report) -> bool:
    """Whether this is a contract of a version that can be read; says so once and clearly when it is not."""
    kind = data.get("kind")
    if kind != "DataContract":
        found = "there is no kind" if kind is None else f"kind is {quoted(kind)}"
        report.error(("kind",), "kind", f"{found}; only DataContract is read", "Set kind: DataContract.")
        return False
    version = data.get("apiVersion")
    if version in READ_VERSIONS:
        return True
    found = "there is no apiVersion" if version is None else f"apiVersion is {quoted(version)}"
    remedy = "Set the version of the Open Data Contract Standard that the contract follows."
    if isinstance(version, str) and (version.lstrip("vV").startswith("2.") or "dataset" in data):
        remedy = "Migrate the contract to version 3 (its `dataset` is now `schema`, its `columns` are `properties`)."
    elif isinstance(version, str) and f"v{version.lstrip('vV')}" in READ_VERSIONS:
        remedy = f"Write v{version.lstrip('vV')}."
    report.error(("apiVersion",), "api_version", f"{found}; allowed: {', '.join(READ_VERSIONS)}", remedy)
    return False


def check_schema(data: dict[str, Any], report: Report) -> None:
    """Reports each place where `data` (in normal form) differs from the standard."""
    told = 0
    for base, piece, definition in _pieces(_as_3_2(data)):
        for inner, message, remedy in _differences(piece, definition):
            path = (*base, *inner)
            told += 1
            if told > _MAX_ERRORS:
                report.error((), "schema", f"more than {_MAX_ERRORS} places differ from the standard", "Correct the ones above first.")
                return
            is_unused = any(part in _UNUSED for part in path) or _is_inside_custom_properties(path)
            severity = Severity.WARNING if is_unused else Severity.ERROR
            report.say(severity, path, "schema", message, remedy + (" It is left out of account as it is." if is_unused else ""))


def _differences(piece: dict[str, Any], definition: str | None) -> Iterator[tuple[Path, str, str]]:
    stated = piece.get("logicalType")
    logical_type = stated if isinstance(stated, str) and definition not in {None, "SchemaObject"} else None
    for error in _validator(definition, logical_type).iter_errors(piece):
        yield from _explain(error)


def _is_inside_custom_properties(path: Path) -> bool:
    return "customProperties" in path and path[-1] != "customProperties"


def _as_3_2(data: dict[str, Any]) -> dict[str, Any]:
    """Versions before 3.1 named a library rule by `rule`; quality rules are read apart, so that difference is no complaint."""
    if data.get("apiVersion") not in {"v3.0.0", "v3.0.1", "v3.0.2"}:
        return data
    return _without_rules(data)  # type: ignore[no-any-return]


def _without_rules(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_rules(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _without_rules(value) for key, value in node.items() if key != "quality"}
    if isinstance(node.get("quality"), list):
        kept["quality"] = [one for one in node["quality"] if not (isinstance(one, dict) and "rule" in one and "metric" not in one)]
    return kept


def _demanded(error: ValidationError) -> Any:
    """What the rule that failed says in the schema."""
    return error.validator_value


def _explain(error: ValidationError) -> Iterator[tuple[Path, str, str]]:
    """(path, what was found and what is allowed, remedy) for one error of the validator."""
    path = tuple(error.absolute_path)
    rule, demanded = str(error.validator), _demanded(error)
    if rule in {"unevaluatedProperties", "additionalProperties"}:
        yield from _unknown_keys(error, path)
    elif rule in {"anyOf", "oneOf"}:
        yield from _no_alternative(error, path)
    elif rule == "required":
        missing = [key for key in demanded if isinstance(error.instance, dict) and key not in error.instance]
        for key in missing:
            yield path, f"the key {key} is missing", f"Add {key}."
    elif rule in {"enum", "const"}:
        allowed = [str(one) for one in demanded] if rule == "enum" else [str(demanded)]
        hint = did_you_mean(str(error.instance), allowed)
        remedy = _logical_type_remedy(error.instance) if path[-1:] == ("logicalType",) else "Use an allowed value."
        yield path, f"found {quoted(error.instance)}{hint}; allowed: {', '.join(allowed)}", remedy
    elif rule == "type":
        expected = demanded if isinstance(demanded, list) else [demanded]
        wanted = " or ".join(_KINDS.get(str(one), str(one)) for one in expected)
        remedy = "Put it in quotes." if expected == ["string"] and not isinstance(error.instance, dict | list) else f"Write {wanted}."
        yield path, f"found {_shape(error.instance)}; allowed: {wanted}", remedy
    elif rule == "pattern":
        yield path, f"found {quoted(error.instance)}; allowed: text that matches {demanded}", "Correct it."
    elif rule == "not":
        yield path, "the keys of this mapping do not go together", "See the standard for which keys it may have."
    else:
        yield path, f"found {_shape(error.instance)}; {_rule_in_words(rule, demanded)}", "Correct it."


def _logical_type_remedy(found: Any) -> str:
    text = str(found).lower()
    if any(word in text for word in ("decimal", "numeric", "double", "float", "money")):
        return f"Use logicalType: number with physicalType: {text}."
    if any(word in text for word in ("int", "long", "short")):
        return f"Use logicalType: integer with physicalType: {text}."
    return "Use an allowed value and put the exact type into physicalType."


def _rule_in_words(rule: str, value: Any) -> str:
    words = {"minItems": "at least {} items are needed", "minimum": "at least {} is allowed", "maxItems": "at most {} items are allowed"}
    words |= {"uniqueItems": "its items must differ", "exclusiveMinimum": "more than {} is allowed"}
    return words.get(rule, f"the standard asks for {rule} {{}}").format(value)


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else quoted(value)


def _unknown_keys(error: ValidationError, path: Path) -> Iterator[tuple[Path, str, str]]:
    instance = error.instance if isinstance(error.instance, dict) else {}
    known = _known_keys(error.schema, set())
    for key in (one for one in instance if one not in known):
        if key in _CONDITIONAL and "logicalType" in known:
            if text_of(instance, "logicalType") in _LOGICAL_TYPES:
                found = f"the key {key} does not go with logicalType {quoted(instance['logicalType'])}"
                yield (*path, key), found, f"Set logicalType to {_CONDITIONAL[key]}, or remove {key}."
            continue
        older = _OLDER_NAMES.get(key.lower(), "")
        hint = did_you_mean(key, known) or (f", did you mean '{older}'" if older in known else "")
        remedy = "Correct its spelling, or move it into customProperties if it is your own."
        if not hint:
            remedy = f"Remove it or move it into customProperties; allowed here: {listed(sorted(known))}."
        if instance[key] is None and not _PLAIN_KEY.fullmatch(key):
            remedy = "A value with a comma in it, inside braces, has to stand in quotes."
        yield (*path, key), f"unknown key '{key}'{hint}", remedy


def _known_keys(schema: Any, seen: set[str]) -> set[str]:
    """Every key that a mapping described by `schema` may have under any condition."""
    if not isinstance(schema, dict):
        return set()
    keys = set(schema.get("properties", {}))
    reference = schema.get("$ref", "")
    if reference and reference not in seen:
        seen.add(reference)
        keys |= _known_keys(_schema()["$defs"].get(reference.rsplit("/", 1)[-1]), seen)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, []):
            keys |= _known_keys(part, seen)
    for word in ("then", "else"):
        keys |= _known_keys(schema.get(word), seen)
    return keys


def _no_alternative(error: ValidationError, path: Path) -> Iterator[tuple[Path, str, str]]:
    """The alternative that the author most likely meant decides what is said."""
    alternatives = _demanded(error)
    operators = [one["required"][0] for one in alternatives if isinstance(one, dict) and len(one.get("required", [])) == 1]
    if operators and len(operators) == len(alternatives):
        present = [one for one in operators if isinstance(error.instance, dict) and one in error.instance]
        found = f"has {' and '.join(present)}" if present else "has none"
        fitting = "" if len(present) != 1 else ", whose value has the wrong form"
        yield path, f"exactly one of {', '.join(operators)} is allowed; this rule {found}{fitting}", "Keep one of them."
        return
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    if not branches:
        yield path, f"found {_shape(error.instance)}, which fits more than one form", "See the standard for the forms."
        return
    nearest = max(branches.values(), key=lambda one: (not any(inner.validator == "type" and not inner.path for inner in one), -len(one)))
    for inner in nearest:
        yield from _explain(inner)
