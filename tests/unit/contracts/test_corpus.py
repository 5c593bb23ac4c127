"""Contracts as people publish them: each is mapped or refused aloud."""

from __future__ import annotations

import pytest

from lakemodel.contracts.loader import load_contract
from lakemodel.types.glue import glue_type

from .support import CORPUS

MAPPED = {
    "as-json.odcs.json": {"a": "bigint", "b": "string"},
    "crlf-and-bom.odcs.yaml": {"a": "string"},
    "one-line.odcs.yaml": {"a": "boolean"},
    "bigquery-nested.odcs.yaml": {
        "session_id": "string",
        "started_at": "timestamp",
        "local_time": "timestamp",
        "revenue": "decimal(38,9)",
        "score": "double",
        "hits": "bigint",
        "raw": "binary",
        "device": "struct<browser:string,is_mobile:boolean>",
        "pages": "array<struct<url:string,seconds:bigint,tags:array<string>>>",
        "experiments": "array<struct<name:string,weight:decimal(10,4)>>",
    },
    "snowflake.odcs.yaml": {
        "invoice_id": "decimal(38,0)",
        "amount": "decimal(12,2)",
        "counter": "decimal(38,0)",
        "issued_at": "timestamp",
        "due": "date",
        "rate": "double",
        "paid": "boolean",
        "note": "string",
    },
    "databricks.odcs.yaml": {
        "device_id": "string",
        "ts": "timestamp",
        "value": "float",
        "quality": "tinyint",
        "labels": "map<string,string>",
        "spectrum": "array<double>",
        "position": "struct<lat:double,lon:double,alt:decimal(8,2)>",
    },
    "postgres.odcs.yaml": {
        "id": "bigint",
        "reference": "string",
        "nickname": "string",
        "created_at": "timestamp",
        "balance": "decimal(14,2)",
        "ratio": "double",
        "flags": "array<string>",
        "settings": "string",
        "photo": "binary",
        "active": "boolean",
        "address_ip": "string",
    },
    "kafka-avro.odcs.yaml": {
        "event_id": "string",
        "occurred_at": "timestamp",
        "sequence": "bigint",
        "weight": "float",
        "blob": "binary",
        "customer": "struct<id:int,contact:struct<channel:string>>",
        "lines": "array<struct<sku:string,prices:array<array<decimal(9,3)>>>>",
    },
    "sqlserver.odcs.yaml": {
        "id": "int",
        "grade": "smallint",
        "salary": "decimal(19,4)",
        "active": "boolean",
        "about": "string",
        "code": "string",
        "hired": "timestamp",
        "left_at": "timestamp",
        "key": "string",
        "version_stamp": "binary",
    },
    "mysql.odcs.yaml": {
        "id": "decimal(20,0)",
        "stock": "bigint",
        "visible": "boolean",
        "size": "string",
        "released": "smallint",
        "price": "decimal(10,2)",
        "description": "string",
    },
    "oracle.odcs.yaml": {
        "entry": "decimal(12,0)",
        "booked": "timestamp",
        "amount": "decimal(38,2)",
        "rounded": "decimal(10,0)",
        "text": "string",
        "body": "string",
        "raw_id": "binary",
        "factor": "double",
    },
    "physical-only.odcs.yaml": {
        "a": "int",
        "b": "string",
        "c": "struct<x:bigint,y:map<string,decimal(5,2)>>",
        "d": "struct<inner:date>",
        "e": "array<smallint>",
    },
    "template-of-nulls.odcs.yaml": {"my_column": "string"},
    "quality-v30.odcs.yaml": {"code": "string", "kind": "string"},
    "semantic-layer.odcs.yaml": {"booked_at": "timestamp", "embedding": "array<float>", "country": "string", "grade": "string"},
    "xsd-types.odcs.yaml": {
        "placed": "timestamp",
        "month": "string",
        "revision": "int",
        "reference": "string",
        "field_number": "string",
        "country": "string",
        "items": "struct<item:array<string>>",
    },
}

REFUSED = {
    "snowflake-variant.odcs.yaml": ["unsupported_type"] * 4,
    "unicode-and-case.odcs.yaml": ["illegal_name"] * 6,
    "old-version.odcs.yaml": ["api_version"],
    "template-empty.odcs.yaml": ["api_version"],
    "typos.odcs.yaml": ["schema"] * 7,
    "variables.odcs.yaml": ["illegal_name", "variable", "variable"],
    "empty-schema.odcs.yaml": ["no_tables"],
    "no-properties.odcs.yaml": ["no_columns", "no_columns"],
    "precision-beside.odcs.yaml": ["number_without_precision"],
}


def test_covers_every_file():
    """No contract lies about that no test expects anything of."""
    files = {path.name for path in CORPUS.iterdir() if ".odcs." in path.name}
    assert files == MAPPED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", MAPPED)
def test_maps(name: str):
    """Every column is there with the type that loses nothing."""
    contract, findings = load_contract(CORPUS / name, None)
    assert contract is not None, [str(finding) for finding in findings]
    assert {column.name: glue_type(column.type) for column in contract.tables[0].columns} == MAPPED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str):
    """Each reason is told with its line, what was found and a remedy."""
    contract, findings = load_contract(CORPUS / name, None)
    assert contract is None
    errors = [finding for finding in findings if finding.is_error]
    assert [finding.code.removeprefix("contract.") for finding in errors] == REFUSED[name]
    for finding in errors:
        assert finding.place.line is not None
        assert finding.remedy.endswith(".")
        assert not finding.message.endswith(".")


def test_tells_what_becomes_no_column():
    """A measure and a computed dimension are told one by one."""
    _, findings = load_contract(CORPUS / "semantic-layer.odcs.yaml", None)
    told = {finding.place.path for finding in findings if finding.code == "contract.computed"}
    assert told == {"schema.turnover.properties.booked_month", "schema.turnover.properties.total"}


def test_tells_each_rule_that_is_not_enforced():
    """A quality rule becomes a check or a note, never nothing."""
    contract, findings = load_contract(CORPUS / "quality-v30.odcs.yaml", None)
    assert contract is not None
    code, kind = contract.tables[0].columns
    assert (code.required, code.unique) == (True, True)
    assert [(check.kind.value, check.value) for check in kind.checks] == [("enum", ("a", "b"))]
    told = [finding.place.path for finding in findings if finding.code == "contract.not_enforced"]
    assert told == [
        "schema.checked.quality[0]",
        "schema.checked.quality[1]",
        "schema.checked.properties.code.quality[2]",
        "schema.checked.properties.code.quality[3]",
        "schema.checked.properties.kind.quality[1]",
    ]


def test_keeps_text_that_looks_like_a_number():
    """`version: 1.10` is 1.10, not 1.1."""
    contract, _ = load_contract(CORPUS / "crlf-and-bom.odcs.yaml", None)
    assert contract is not None
    assert contract.version == "1.10"
    assert contract.tables[0].columns[0].description == "café"
