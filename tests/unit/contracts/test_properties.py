"""Properties that hold for every contract, good, bad or broken: no crash, nothing lost."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st

from lakemodel.contracts.odcs import check_schema
from lakemodel.contracts.report import Report
from lakemodel.types.glue import glue_type
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField
from lakemodel.yaml_source import parse
from tests.unit.types.types_strategy import NAMES, TYPES

from .support import CORPUS, ROOT, document, lake, read

if TYPE_CHECKING:
    from lakemodel.contracts.model import DataContract
    from lakemodel.findings import Finding

FILES = sorted(path for path in CORPUS.iterdir() if ".odcs." in path.name)
LAKES = [
    None,
    lake(),
    lake(number_without_precision={"decimal": "38,9"}, unknown_type="string", illegal_name="normalize", missing_domain={"use": "sales"}),
]
SLOW = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)

_LOGICAL = {
    PrimitiveKind.BOOLEAN: "boolean",
    PrimitiveKind.STRING: "string",
    PrimitiveKind.DATE: "date",
    PrimitiveKind.TIMESTAMP: "timestamp",
    PrimitiveKind.TIMESTAMP_NTZ: "timestamp",
    PrimitiveKind.BINARY: "string",
    PrimitiveKind.FLOAT: "number",
    PrimitiveKind.DOUBLE: "number",
}


def prop_of(data_type: DataType) -> dict[str, Any]:
    """How a data owner would describe a type."""
    match data_type:
        case Decimal(precision, scale):
            return {"logicalType": "number", "physicalType": f"decimal({precision},{scale})"}
        case Primitive(PrimitiveKind.FLOAT):
            return {"logicalType": "number", "physicalType": "real"}
        case Primitive(kind):
            return {"logicalType": _LOGICAL.get(kind, "integer"), "physicalType": kind.value}
        case Struct(fields):
            return {"logicalType": "object", "properties": [{"name": field.name} | prop_of(field.type) for field in fields]}
        case List(element):
            return {"logicalType": "array", "items": prop_of(element)}
        case Map(key, value):
            return {"logicalType": "map", "map": {"key": prop_of(key), "value": prop_of(value)}}


@SLOW
@given(st.dictionaries(NAMES, TYPES, min_size=1, max_size=5))
def test_reads_back_every_type_that_is_described(types: dict[str, DataType]):
    """From a description to a column and back: every field, precision and scale."""
    contract, findings = read(document([{"name": name} | prop_of(kind) for name, kind in types.items()]))
    assert contract is not None, [str(finding) for finding in findings]
    assert {column.name: column.type for column in contract.tables[0].columns} == types


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
    | st.sampled_from(["object", "array", "number", "decimal", "${x}", "varchar(3)", "array<int>", "restricted", "pii", "2020-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(["name",
    "properties", "items"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        found += _paths(child, (*path, key))
    return found


def _mutated(data: dict[str, Any], path: tuple[Any, ...], action: str, junk: Any) -> dict[str, Any]:
    found = copy.deepcopy(data)
    parent: Any = found
    for part in path[:-1]:
        parent = parent[part]
    last = path[-1]
    if action == "delete":
        del parent[last]
    elif action == "replace":
        parent[last] = junk
    elif action == "double" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[last]))
    elif isinstance(parent, dict):
        parent[f"{last}x"] = parent.pop(last)
    else:
        parent[last] = junk
    return found


def _check(source: dict[str, Any] | str, contract: DataContract | None, findings: tuple[Finding, ...]) -> None:
    errors = [finding for finding in findings if finding.is_error]
    assert (contract is None) == bool(errors)
    for finding in findings:
        assert finding.message
        assert not finding.message.endswith(".")
        assert finding.place.file
    for finding in errors:
        assert finding.remedy.endswith(".")
    if contract is not None and isinstance(source, dict):
        told = {finding.place.path for finding in findings}
        for table, node in zip(contract.tables, source["schema"], strict=True):
            kept = {column.source_name for column in table.columns}
            for prop in node["properties"]:
                is_told = any(path.startswith(f"schema.{node['name']}.properties.{prop['name']}") for path in told)
                source_name = prop.get("physicalName") or prop["name"]
                assert str(source_name).strip() in kept or is_told, prop


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_survives_every_mutation(path: Any, data: st.DataObject):
    """A key misspelled, dropped, doubled or filled with anything: no crash, and refused exactly when there is an error."""
    source = parse(path.read_bytes(), file=path.name).data
    for _ in range(data.draw(st.integers(1, 3))):
        places = _paths(source)
        if not places:
            break
        place = data.draw(st.sampled_from(places))
        action = data.draw(st.sampled_from(["delete", "replace", "rename", "double"]))
        source = _mutated(source, place, action, data.draw(JUNK))
    contract, findings = read(source, data.draw(st.sampled_from(LAKES)))
    _check(source, contract, findings)


@SLOW
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda found: found.decode("latin-1")))
def test_survives_any_text(text: str):
    """What is no YAML at all is refused too."""
    contract, findings = read(text.replace("\ud800", ""))
    assert contract is None
    assert any(finding.is_error for finding in findings)


_SHALLOW_KEYS = st.sampled_from(
    ["name", "logicalType", "physicalType", "required", "tags", "classification", "logicalTypeOptions",
    "primaryKeyPosition", "enum", "unknown"]
)  # fmt: skip
_SHALLOW_VALUES = st.sampled_from(
    ["a", "string", 1, True, [], ["x"], {}, {"minLength": 1}, {"format": "i8"}, {"maximum": "x"}, [{"value": 1}],
    [{"label": "x"}], {"dimensions": 2}]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(
    st.dictionaries(_SHALLOW_KEYS, _SHALLOW_VALUES, max_size=5),
    st.sampled_from(["string", "date", "timestamp", "time", "number", "integer", "boolean", "array", "object", "nonsense"]),
)
def test_agrees_with_the_standards_own_schema(prop: dict[str, Any], logical: str):
    """The flat form of a property's schema accepts and refuses what the nested one does."""
    prop = {"name": "p"} | prop | {"logicalType": logical}
    schema = json.loads((ROOT / "lakemodel/contracts/odcs-3.2.0.schema.json").read_text(encoding="utf-8"))
    whole = document([prop])
    report = Report(parse(yaml.safe_dump(whole).encode(), file="x"))
    check_schema(whole, report)
    is_valid = jsonschema.Draft201909Validator(schema).is_valid(whole)
    assert is_valid == (not report.findings), (prop, [str(finding) for finding in report.findings])


def test_reads_deep_contracts_in_no_time():
    """Time grows with the size of a contract, not with two to the power of its depth."""
    prop: dict[str, Any] = {"name": "leaf", "logicalType": "string", "unknwn": 1}
    for depth in range(25):
        prop = {"name": f"n{depth}", "logicalType": "object", "properties": [prop]}
    _, findings = read(document([prop]))
    assert [finding.code for finding in findings if finding.is_error] == ["contract.schema"]
    del prop["properties"]


def test_keeps_every_field_of_a_deep_column():
    """Twenty levels down the decimal still has its scale."""
    kind: DataType = Decimal(9, 4)
    for depth in range(20):
        kind = Struct((StructField(f"n{depth}", kind),))
    contract, _ = read(document([{"name": "a"} | prop_of(kind)]))
    assert contract is not None
    assert "decimal(9,4)" in glue_type(contract.tables[0].columns[0].type)
    assert contract.tables[0].columns[0].type == kind
