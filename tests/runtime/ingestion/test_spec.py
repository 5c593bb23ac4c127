"""The job spec is taken as a whole or refused with all that is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from constructs_lib.runtime.ingestion.arguments import parse_arguments
from constructs_lib.runtime.ingestion.errors import SpecError
from constructs_lib.runtime.ingestion.locations import run_location
from constructs_lib.runtime.ingestion.spec import CheckSpec, ColumnSpec, SourceSpec, parse_spec
from lakemodel import naming
from lakemodel.contracts.job_spec import job_spec
from lakemodel.contracts.model import Check, CheckKind, Column, DataContract, PartitionField, Source, Table, TableFormat
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind, Struct, StructField

from .specs import AIRPORTS, column, spec

COLUMNS = [column("a", checks=[("enum", ["x", "y"])]), column("b", "int")]


def test_reads_a_spec() -> None:
    """What is left out has the default that the contract model has."""
    found = parse_spec(json.dumps(AIRPORTS))
    assert found.source == SourceSpec(format="csv", header=False, null_marker="\\N")
    assert found.partition_columns == ("dst",)
    assert found.columns[12].checks[0].value == ("airport",)
    ours, theirs = SourceSpec(format="csv"), Source()
    assert [getattr(ours, name) for name in SourceSpec.__slots__] == [getattr(theirs, name) for name in SourceSpec.__slots__]


def test_objects_stand_where_the_lake_says() -> None:
    """The job imports nothing of the library, and still derives the same prefix."""
    found = parse_spec(json.dumps(AIRPORTS))
    assert found.prefix == naming.table_prefix("travel", "airports", "airports")
    assert run_location("s3://curated/", found, "r-1") == "s3://curated/travel/airports/airports/run_id=r-1"


def test_an_iceberg_table_partitions_itself() -> None:
    """Transforms are the table's own business; no directories are made."""
    found = parse_spec(json.dumps(spec(COLUMNS, format="iceberg", partitioning=[{"column": "a", "transform": "bucket[4]"}])))
    assert found.partition_columns == ()


def test_one_of_several_specs_is_read() -> None:
    """A product's tables share one file; the job is told which table it is about, and takes no other."""
    several = {"spec_version": 2, "tables": {"airports": AIRPORTS, "other": {**AIRPORTS, "table": "elsewhere"}}}
    assert parse_spec(json.dumps(several), "airports") == parse_spec(json.dumps(AIRPORTS)) == parse_spec(json.dumps(AIRPORTS), "airports")
    for table in (None, "routes"):
        with pytest.raises(SpecError, match=f"no job spec of table {table}; there are airports, other"):
            parse_spec(json.dumps(several), table)
    with pytest.raises(SpecError, match="of table elsewhere, not of other"):
        parse_spec(json.dumps(several), "other")
    for broken in ([], {"airports": 3}):
        with pytest.raises(SpecError, match="no job spec of table airports"):
            parse_spec(json.dumps({**several, "tables": broken}), "airports")
    with pytest.raises(SpecError, match="spec_version of table airports is 1"):
        parse_spec(json.dumps({"spec_version": 2, "tables": {"airports": {**AIRPORTS, "spec_version": 1}}}), "airports")


def test_the_table_may_be_left_out() -> None:
    """A spec of one table needs none; a named one gets through."""
    given = [part for name in ("spec", "input", "curated", "quarantine", "manifest", "run-id") for part in (f"--{name}", "x.json")]
    assert parse_arguments(given).table is None
    assert parse_arguments([*given, "--table", "routes"]).table == "routes"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"spec_version": 1}, "spec_version is 1"),
        ({"columns": []}, "columns is empty"),
        ({"columns": [column("a"), column("a")]}, "twice"),
        ({"columns": [{"name": "a"}]}, "lacks 'type'"),
        ({"columns": [column("a", checks=[("odd", 1)])]}, "kind 'odd'"),
        ({"columns": 3}, "wrong kind"),
        ({"format": "orc"}, "'orc'"),
        ({"source": {"format": "xml"}}, "'xml'"),
        ({"source": {"format": "csv", "delimeter": ";"}}, "delimeter"),
        ({"source": {"format": "csv", "delimiter": ""}}, "delimiter"),
        ({"source": {"format": "csv", "quote": "''"}}, "one character"),
        ({"source": {"format": "csv", "encoding": "UTF-9"}}, "UTF-9"),
        ({"primary_key": ["c"]}, "'c' is no column"),
        ({"partitioning": [{"column": "a", "transform": "year"}]}, "only identity"),
        ({"columns": [column("a")], "partitioning": [{"column": "a"}]}, "every column"),
    ],
)
def test_fails_when_the_spec_is_wrong(changed: dict[str, Any], message: str) -> None:
    """A typo is refused before anything is read."""
    with pytest.raises(SpecError, match=message):
        parse_spec(json.dumps({**spec(COLUMNS), **changed}))


GATE = {"name": "g", "metric": "mean", "column": "b", "operator": ">", "threshold": 1}
LATEST = {"conflict": "latest", "latest_by": "b"}
SELF = {"columns": ["b"], "table": "orders", "target_columns": ["b"]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"gate": [{**GATE, "column": "a"}]}, "'g': mean of column 'a', whose type is string; allowed: a number"),
        ({"gate": [{**GATE, "metric": "age_hours"}]}, "age_hours of column 'b', whose type is int; allowed: a moment"),
        ({"gate": [{**GATE, "column": "c"}]}, "'c' is no column"),
        ({"gate": [{**GATE, "column": None}]}, "mean is measured on a column"),
        ({"gate": [{**GATE, "metric": "rows"}]}, "rows is measured on rows, not on a column"),
        ({"gate": [{**GATE, "metric": "mode"}]}, "metric is 'mode'; allowed: rows, good_rows"),
        ({"gate": [{**GATE, "operator": "=="}]}, "operator is '=='"),
        ({"gate": [{**GATE, "severity": "info"}]}, "severity is 'info'; allowed: block, warn"),
        ({"gate": [{**GATE, "threshold": "1"}]}, "threshold is '1', expected a number"),
        ({"gate": [{**GATE, "threshold": True}]}, "threshold is True"),
        ({"gate": [{**GATE, "threshold": float("nan")}]}, "NaN is no number"),
        ({"duplicates": {**LATEST, "latest_by": "m"}}, "latest_by of column 'm', whose type is map<string,int>"),
        ({"duplicates": {"conflict": "latest"}}, "latest_by goes with"),
        ({"duplicates": {"conflict": "first"}, "primary_key": []}, "no primary key"),
        ({"duplicates": LATEST, "format": "parquet"}, "only an Iceberg table can"),
        ({"duplicates": {"equal_rows": "keep"}}, "'keep', and the table has a primary key"),
        ({"references": [{**SELF, "columns": ["m"], "table": "t"}]}, "the reference to t of column 'm'"),
        ({"references": [{**SELF, "target_columns": ["a"]}]}, "'b' to 'a': their types are int and string"),
        ({"references": [{**SELF, "target_columns": ["z"]}]}, "orders: 'z' is no column"),
        ({"references": [{**SELF, "target_columns": ["b", "b"]}]}, "names 1 columns and 2 there"),
        ({"columns": [*COLUMNS, column("e", checks=[("enum", [])])]}, "enum without a value"),
        ({"columns": [{**column("a"), "checks": [{"kind": "pattern", "value": "a", "severity": "info"}]}]}, "severity is 'info'"),
    ],
)
def test_fails_when_a_rule_cannot_work(changed: dict[str, Any], message: str) -> None:
    """Rules about rows, references and the gate fit the table's columns; those that do get through."""
    good = spec([*COLUMNS, column("m", "map<string,int>")], format="iceberg", primary_key=["a"])
    parse_spec(json.dumps({**good, "gate": [GATE, {**GATE, "metric": "rows", "column": None}], "duplicates": LATEST, "references": [SELF]}))
    with pytest.raises(SpecError, match=re.escape(message)):
        parse_spec(json.dumps({**good, **changed}))


def test_fails_with_everything_at_once() -> None:
    """Not one mistake a run."""
    with pytest.raises(SpecError, match=r"'orc'.*'c' is no column"):
        parse_spec(json.dumps(spec(COLUMNS, format="orc", primary_key=["c"])))


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_fails_when_it_is_no_json_object(text: str) -> None:
    """Whatever stands there."""
    with pytest.raises(SpecError, match="no JSON"):
        parse_spec(text)


def test_knows_every_kind_of_check_a_contract_has() -> None:
    """A check that the job does not know would be a check not made."""
    for kind in CheckKind:
        parse_spec(json.dumps(spec([column("a", "int", checks=[(kind.value, 1)])])))


@pytest.mark.parametrize("run_id", ["", "../up", "a/b", "a=b", "-a", "x" * 129])
def test_fails_when_a_run_id_is_no_directory(run_id: str) -> None:
    """It names one in every zone."""
    with pytest.raises(SpecError, match="run id"):
        run_location("/zone", parse_spec(json.dumps(spec(COLUMNS))), run_id)


ARGUMENTS = ["--spec", "s", "--input", "i", "--curated", "c", "--quarantine", "q", "--manifest", "m.json", "--run-id", "r"]


def test_reads_arguments_among_those_of_glue() -> None:
    """What Glue adds is passed over; publishing is off unless asked for."""
    found = parse_arguments(["--JOB_NAME", "x", *ARGUMENTS, "--enable-metrics", "true"])
    assert (found.spec, found.run_id, found.publish) == ("s", "r", False)
    assert parse_arguments([*ARGUMENTS, "--publish", "true"]).publish is True


def test_fails_when_arguments_are_missing_or_wrong() -> None:
    """All missing ones are named; an abbreviation is none."""
    with pytest.raises(SpecError, match="--curated, --manifest"):
        parse_arguments([*ARGUMENTS[:4], *ARGUMENTS[6:8], *ARGUMENTS[10:], "--cur", "c"])
    with pytest.raises(SpecError, match="maybe"):
        parse_arguments([*ARGUMENTS, "--publish", "maybe"])


def test_reads_what_a_contract_compiles_to() -> None:
    """The compiler and the job agree on every key; nothing of a column is lost between them."""
    price = Column(
        name="price",
        source_name="Price",
        type=Decimal(10, 2),
        classification="public",
        required=True,
        unique=True,
        date_format="yyyy",
        checks=(Check(kind=CheckKind.MINIMUM, value=0), Check(kind=CheckKind.ENUM, value=(1, 2))),
        primary_key_position=1,
    )
    parts = Struct((StructField("id", Primitive(PrimitiveKind.BIGINT), source_name="ID"),))
    nested = Column(name="parts", source_name="parts", type=parts, classification="public")
    table = Table(
        name="orders",
        source_name="Orders",
        format=TableFormat.PARQUET,
        columns=(price, nested),
        classification="public",
        partitioning=(PartitionField(column="price"),),
        source=Source(header=False, null_marker="-", delimiter=";"),
    )
    contract = DataContract(
        id="1", domain="shop", product="online_orders", version="1.2.0", status="active", tables=(table,), file="orders.odcs.yaml"
    )
    found = parse_spec(json.dumps(job_spec(contract, table)))
    assert found.prefix == naming.table_prefix("shop", "online_orders", "orders")
    assert (found.database, found.quarantine_database, found.contract_version) == ("shop", "shop_quarantine", "1.2.0")
    assert (found.primary_key, found.partition_columns) == (("price",), ("price",))
    assert found.source == SourceSpec(format="csv", header=False, null_marker="-", delimiter=";")
    assert found.columns[0] == ColumnSpec(
        name="price",
        source_name="Price",
        type="decimal(10,2)",
        delivered_type="decimal(10,2)",
        required=True,
        unique=True,
        date_format="yyyy",
        checks=(CheckSpec(kind="minimum", value=0), CheckSpec(kind="enum", value=(1, 2))),
    )
    assert "`id`" in found.columns[1].type
    assert "`ID`" in found.columns[1].delivered_type
