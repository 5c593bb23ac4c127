"""The job on real files in a real Spark: what becomes good, quarantined or a duplicate, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from constructs_lib.runtime.ingestion import run as ingestion
from constructs_lib.runtime.ingestion.errors import AccountingError, SpecError, UnreadableInput
from constructs_lib.runtime.ingestion.tables.parquet import ParquetTable

from .specs import AIRPORTS, ROUTES, column, text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from constructs_lib.runtime.ingestion.tables.base import Written

    from .conftest import Lake

pytestmark = pytest.mark.spark
DATA = Path(__file__).parents[2] / "data"


def reasons(lake: Lake, manifest: dict[str, Any]) -> dict[int, list[str]]:
    """All reasons by line."""
    return {row["_source_line"]: row["_reasons"] for row in lake.quarantined(manifest).collect()}


def counts(manifest: dict[str, Any]) -> tuple[int, ...]:
    return tuple(manifest["counts"][name] for name in ("input", "good", "quarantined", "duplicates"))


def test_routes_are_accounted_for_as_duckdb_counts_them(lake: Lake) -> None:
    """DuckDB splits, judges and counts the same file by itself and finds the same four numbers and the same good rows."""
    manifest = lake.ingest(json.dumps(ROUTES), DATA / "openflights-routes.csv")
    duck = duckdb.connect()
    duck.execute(
        """
        CREATE TABLE line AS SELECT row_number() OVER () AS line, string_split(text, ',') AS f FROM (
          SELECT unnest(string_split(rtrim(content, chr(13) || chr(10)), chr(13) || chr(10))) AS text FROM read_text(?));
        """,
        [str(DATA / "openflights-routes.csv")],
    )
    duck.execute(
        """
        CREATE TABLE valid AS SELECT line, f, [f[1], f[3], f[5]] AS key FROM line WHERE len(f) = 9
          AND regexp_full_match(f[1], '[A-Z0-9]{2}') AND (f[2] = '\\N' OR try_cast(f[2] AS INTEGER) IS NOT NULL)
          AND f[3] <> '\\N' AND try_cast(f[4] AS INTEGER) IS NOT NULL AND f[5] <> '\\N' AND try_cast(f[6] AS INTEGER) IS NOT NULL
          AND f[7] IN ('', 'Y') AND f[8] = '0';
        CREATE TABLE ranked AS SELECT *, first_value(f) OVER (PARTITION BY key ORDER BY line) = f AS same,
          row_number() OVER (PARTITION BY key ORDER BY line) AS nth FROM valid;
        """
    )
    total, good, duplicates = duck.execute(
        "SELECT (SELECT count(*) FROM line), count(*) FILTER (nth = 1), count(*) FILTER (nth > 1 AND same) FROM ranked"
    ).fetchone()
    assert counts(manifest) == (total, good, total - good - duplicates, duplicates)
    assert duplicates == 2
    expected = duck.execute("SELECT f[1], f[3], f[5], f[7], f[9] FROM ranked WHERE nth = 1 ORDER BY line").fetchall()
    files = f"{manifest['curated_location']}/*.parquet"
    found = duck.execute(
        "SELECT airline, source_airport, destination_airport, codeshare, equipment FROM read_parquet(?)", [files]
    ).fetchall()
    assert sorted(found) == sorted(expected)
    assert {row[0] for row in duck.execute("SELECT compression FROM parquet_metadata(?)", [files]).fetchall()} == {"ZSTD"}
    quarantined = duck.execute("SELECT _source_line FROM read_parquet(?)", [f"{manifest['quarantine_location']}/*.parquet"]).fetchall()
    bad = duck.execute("SELECT line FROM line WHERE line NOT IN (SELECT line FROM ranked WHERE nth = 1 OR same)").fetchall()
    assert sorted(quarantined) == sorted(bad)
    assert reasons(lake, manifest)[18] == ["stops:maximum"]


def airports_as_duckdb_counts_them() -> tuple[int, ...]:
    """DuckDB reads, judges and counts the file by itself: what it rejects as CSV, what breaks a rule, what is repeated."""
    duck = duckdb.connect()
    names = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(14))
    whole = ", ".join(f"c{at}" for at in range(14))
    duck.execute(
        f"""CREATE TABLE t AS SELECT row_number() OVER () AS n, * FROM read_csv('{DATA}/openflights-airports.csv', header = false,
        delim = ',', quote = '"', escape = '"', nullstr = '\\N', columns = {{{names}}}, auto_detect = false,
        ignore_errors = true, store_rejects = true);
        CREATE TABLE valid AS SELECT n, c0, c5, [{whole}] AS whole FROM t WHERE try_cast(c0 AS INT) IS NOT NULL
          AND c1 IS NOT NULL AND c3 IS NOT NULL AND coalesce(length(c4) = 3, true)
          AND coalesce(abs(try_cast(c6 AS DOUBLE)) <= 90, c6 IS NULL) AND coalesce(abs(try_cast(c7 AS DOUBLE)) <= 180, c7 IS NULL)
          AND (c8 IS NULL OR try_cast(c8 AS INT) IS NOT NULL) AND coalesce(c12 = 'airport', true);
        CREATE TABLE ranked AS SELECT row_number() OVER same_id AS nth, first_value(whole) OVER same_id = whole AS equal,
          c5 IS NULL OR row_number() OVER (PARTITION BY c5 ORDER BY n) = 1 AS new_icao
        FROM valid WINDOW same_id AS (PARTITION BY c0 ORDER BY n)"""  # noqa: S608 - a test's own path
    )
    query = """SELECT (SELECT count(*) FROM t) + (SELECT count(DISTINCT line) FROM reject_errors), count(*) FILTER (nth = 1 AND new_icao),
        count(*) FILTER (nth > 1 AND equal) FROM ranked"""
    total, good, duplicates = duck.execute(query).fetchone()
    return total, good, total - good - duplicates, duplicates


def test_airports_go_to_partitions_and_quarantine(lake: Lake) -> None:
    """Quoted commas, doubled quotes, a line end in a name and backslashes survive; every bad row has its line and all its reasons."""
    manifest = lake.ingest(json.dumps(AIRPORTS), DATA / "openflights-airports.csv")
    assert counts(manifest) == (110, 97, 12, 1) == airports_as_duckdb_counts_them()
    assert manifest["reasons"] == {
        "_record:key_conflict": 1,
        "_record:malformed_quotes": 1,
        "_record:too_few_fields": 1,
        "_record:too_many_fields": 1,
        "airport_id:required": 1,
        "altitude_ft:not_an_integer": 1,
        "icao:not_unique": 5,
        "latitude:maximum": 1,
        "type:enum": 1,
    }
    assert manifest["files"][0]["lines"] == 112
    assert manifest["files"][0]["empty_lines"] == 1
    found = {row["_source_line"]: row.asDict() for row in lake.quarantined(manifest).collect()}
    assert found[101]["name"] == "Odd\\'s End Airport"
    assert found[101]["latitude"] == "91.25"
    assert found[101]["_source_record"] is None
    assert found[103]["_source_record"] == '103,"Short Row Airport","Short","Westria","XSR","ZZSR",10.5'
    assert found[110]["_reasons"] == ["_record:malformed_quotes"]
    good = {row["airport_id"]: row.asDict() for row in lake.good(manifest).collect()}
    assert good[105]["name"] == "Two\nLines Airport"
    assert good[9]["name"] == 'Jassenova ""Sudmark"" International Airport'.replace('""', '"')
    assert good[12]["city"] == "Marrow, Upper"
    assert good[1]["latitude"] == Decimal("23.540617")
    values = {file["partition"][0] for file in manifest["written"]["files"]}
    assert values == {row["dst"] for row in good.values()}
    assert {None, "E"} <= values
    assert all(file["path"].startswith(f"{manifest['curated_location']}/dst=") for file in manifest["written"]["files"])


def test_casts_and_checks_every_column(lake: Lake) -> None:
    """All reasons of a row are kept, in the columns' order; what is not declared stays out and is reported."""
    columns = [
        column("id", "bigint"),
        column("price", "decimal(6,2)", checks=[("minimum", 0.5), ("exclusive_maximum", 1000)]),
        column("on", "date", date_format="dd/MM/yyyy", checks=[("minimum", "2020-01-01")]),
        column("at", "timestamp"),
        column("code", required=True, checks=[("pattern", "^[A-Z]+$"), ("max_length", 3)]),
        column("size", "int", checks=[("enum", [1, 2])]),
        column("paid", "boolean"),
    ]
    lake.deliver(
        "orders.csv",
        "code,id,price,on,at,size,paid,note\n"
        "AB,1,10.50,29/02/2024,2024-02-29T10:00:00+02:00,1,true,x\n"
        "abcd,x,10.505,30/02/2024,yesterday,3,maybe,x\n"
        "AB,2,1000,31/12/2019,2024-02-29,,,x\n"
        ",,0.25,,,2,no,x\n"
        "AB, 3 ,,,,,,x\n",
    )
    manifest = lake.ingest(text(columns, primary_key=["id"]))
    assert reasons(lake, manifest) == {
        3: [
            "id:not_an_integer",
            "price:too_many_decimals",
            "on:not_a_date",
            "at:not_a_timestamp",
            "code:pattern",
            "code:max_length",
            "size:enum",
            "paid:not_a_boolean",
        ],
        4: ["price:exclusive_maximum", "on:minimum"],
        5: ["id:required", "price:minimum", "code:required"],
    }
    first, last = sorted(lake.good(manifest).collect())
    assert first == (1, Decimal("10.50"), dt.date(2024, 2, 29), first["at"], "AB", 1, True)
    assert lake.good(manifest).selectExpr("unix_seconds(at)").first()[0] == 1709193600
    assert last == (3, None, None, None, "AB", None, None)
    assert manifest["files"][0]["undeclared_columns"] == ["note"]


def test_rows_repeated_across_files_count_once(lake: Lake) -> None:
    """Order is by file, then line. Equal rows of a key are duplicates, others conflict and go to quarantine; bad rows take no part."""
    lake.deliver("b.csv", "id,v,u\n1,late,a\n2,x,b\n2,y,c\n")
    lake.deliver("a.csv", "id,v,u\n1,early,a\n1, early,a\n01,early,a\n3,x,z\n4,x,z\n,x,q\n,x,q\n")
    columns = [column("id", "int"), column("v"), column("u", unique=True)]
    manifest = lake.ingest(text(columns, primary_key=["id"]))
    assert counts(manifest) == (10, 3, 6, 1)
    assert {row["id"]: row["v"] for row in lake.good(manifest).collect()} == {1: "early", 2: "x", 3: "x"}
    found = sorted((Path(row["_source_file"]).name, row["_source_line"], row["_reasons"]) for row in lake.quarantined(manifest).collect())
    assert found == [
        ("a.csv", 3, ["_record:key_conflict", "u:not_unique"]),
        ("a.csv", 6, ["u:not_unique"]),
        ("a.csv", 7, ["id:required"]),
        ("a.csv", 8, ["id:required"]),
        ("b.csv", 2, ["_record:key_conflict", "u:not_unique"]),
        ("b.csv", 4, ["_record:key_conflict"]),
    ]


def test_without_a_key_whole_rows_are_compared(lake: Lake) -> None:
    """NULL equals NULL here; a map is compared too."""
    lake.deliver("a.jsonl", '{"a": 1, "m": {"k": 1}}\n{"a": 1, "m": {"k": 1}}\n{"a": 1, "m": {"k": 2}}\n{}\n{"a": null}\n')
    manifest = lake.ingest(text([column("a", "int"), column("m", "map<string,int>")], source={"format": "jsonl"}))
    assert counts(manifest) == (5, 3, 0, 2)


def test_json_lines_with_nested_columns(lake: Lake) -> None:
    """Nested values are typed to the last leaf or refused with the path; producers' names inside them are translated."""
    ddl = "struct<id:bigint,lines:array<struct<price:decimal(10,2),on:date>>,tags:map<string,int>>"
    lake.deliver(
        "orders.jsonl.gz",
        gzip.compress(
            b'{"Order": {"ID": 1, "lines": [{"price": 1.10, "on": "2024-02-29"}], "tags": {"a": 1}}, "n": 1.10, "text": {"any": [1]}}\n'
            b'{"Order": {"lines": [{"price": 1.105}]}, "n": 1, "text": "t"}\r\n\n'
            b'{"n": "x"}\n{"n": 1\n{"n": 1, "text": "\\ud800"}\n[1]\n{"n": 1, "n": 2}\n'
        ),
    )
    columns = [
        {**column("order", ddl, delivered_type=ddl.replace("id:", "ID:")), "source_name": "Order"},
        column("n", "decimal(4,2)"),
        column("text"),
    ]
    manifest = lake.ingest(text(columns, source={"format": "jsonl"}))
    assert reasons(lake, manifest) == {
        2: ["order.lines[].price:too_many_decimals"],
        4: ["n:not_a_number"],
        5: ["_record:malformed_json"],
        6: ["_record:invalid_unicode"],
        7: ["_record:not_an_object"],
        8: ["_record:duplicate_json_key"],
    }
    (row,) = lake.good(manifest).collect()
    assert row["order"].asDict(recursive=True) == {
        "id": 1,
        "lines": [{"price": Decimal("1.10"), "on": dt.date(2024, 2, 29)}],
        "tags": {"a": 1},
    }
    assert (row["n"], row["text"]) == (Decimal("1.10"), '{"any":[1]}')
    kept = {bad["_source_line"]: bad for bad in lake.quarantined(manifest).collect()}
    assert kept[2]["order"] == '{"lines":[{"price":1.105}]}'
    assert kept[5]["_source_record"] == '{"n": 1'


def test_parquet_files(lake: Lake) -> None:
    """Other types are cast by the same rules, the same ones taken as they are; a missing column is every row's reason."""
    folder = lake.root / "landing"
    folder.mkdir()
    duck = duckdb.connect()
    duck.execute(
        f"""COPY (SELECT * FROM (VALUES (1::BIGINT, 12345678.5::DOUBLE, {{'k': [1, 2]}}, DATE '2024-02-29'),
        (3000000000, 0.125, NULL, NULL), (NULL, NULL, NULL, NULL)) t(id, price, s, d)) TO '{folder}/a.parquet'"""  # noqa: S608 - a test's own path
    )
    duck.execute(f"COPY (SELECT 5 AS id, 1.0 AS price) TO '{folder}/b.parquet'")
    columns = [column("id", "int"), column("price", "decimal(12,2)"), column("s", "struct<k:array<int>>"), column("d", "date")]
    manifest = lake.ingest(text(columns, source={"format": "parquet"}))
    assert counts(manifest) == (4, 2, 2, 0)
    found = {(Path(row["_source_file"]).name, row["_source_line"]): row["_reasons"] for row in lake.quarantined(manifest).collect()}
    assert found == {
        ("a.parquet", 2): ["id:out_of_range", "price:too_many_decimals"],
        ("b.parquet", 1): ["_record:missing_column:s"],
    }
    good = sorted(lake.good(manifest).collect(), key=lambda row: row["id"] or 0)
    assert good[1]["price"] == Decimal("12345678.50")
    assert good[1]["s"]["k"] == [1, 2]


def test_files_built_to_break_it(lake: Lake) -> None:
    """Mixed line ends and encodings, zero bytes, a huge field, a header alone, nothing: every record is somewhere, or its file refused."""
    lake.deliver("a.csv", b'\xef\xbb\xbfid,v\r\n1,M\xfcller\r2,\x00\n\n3,"' + b"x" * 3_000_000 + b'"\n4,"open\n5,\xc3\xa9')
    lake.deliver("b.csv", b"id,v\n")
    lake.deliver("c.csv", b"")
    lake.deliver("d.csv", b"v\n1\n")
    lake.deliver("e.csv", b"\x00" * 10)
    lake.deliver("f.csv", b"6,a record without a header")
    manifest = lake.ingest(text([column("id", "int"), column("v")]), leave_out_unreadable=True)
    assert counts(manifest) == (6, 3, 3, 0)
    assert manifest["reasons"] == {"_record:malformed_quotes": 1, "_record:missing_column:id": 1, "_record:undecodable_bytes": 1}
    assert {row["id"]: len(row["v"]) for row in lake.good(manifest).collect()} == {2: 1, 3: 3_000_000, 5: 1}
    assert [(Path(file["path"]).name, file["records"]) for file in manifest["files"]] == [
        ("a.csv", 5),
        ("b.csv", 0),
        ("c.csv", 0),
        ("d.csv", 1),
    ]
    assert [Path(file["path"]).name for file in manifest["refused_files"]] == ["e.csv", "f.csv"]
    assert "without a header" not in json.dumps(manifest)


def test_partition_values_that_a_directory_cannot_hold(lake: Lake) -> None:
    """Slashes and spaces come back as they were; an empty text would come back as NULL, and is refused."""
    lake.deliver("a.csv", 'id,p\n1,a/b c=%d\n2,""\n3,-\n')
    columns = [column("id", "int"), column("p")]
    partitioning = [{"column": "p", "transform": "identity"}]
    manifest = lake.ingest(text(columns, source={"format": "csv", "null_marker": "-"}, partitioning=partitioning))
    assert reasons(lake, manifest) == {3: ["p:not_a_partition_value"]}
    assert {file["partition"][0] for file in manifest["written"]["files"]} == {None, "a/b c=%d"}
    assert {row["id"]: row["p"] for row in lake.good(manifest).collect()} == {1: "a/b c=%d", 3: None}
    root = manifest["curated_location"]
    assert all(Path(file["path"]).is_file() and file["path"].startswith(f"{root}/p=") for file in manifest["written"]["files"])


def test_a_run_is_done_once(lake: Lake) -> None:
    """Again with the same id: nothing is written again. With another id: a prefix of its own, the first untouched."""
    source = lake.deliver("a.csv", "id\n1\n2\n")
    spec = text([column("id", "int")])
    first = lake.ingest(spec)
    files = sorted((lake.root / "curated").rglob("*.parquet"))
    stamps = [file.stat().st_mtime_ns for file in files]
    assert lake.ingest(spec) == first
    second = lake.ingest(spec, run_id="run-2", manifest=str(lake.root / "manifests" / "run-2.json"))
    assert second["curated_location"] != first["curated_location"]
    assert [file.stat().st_mtime_ns for file in files] == stamps
    with pytest.raises(SpecError, match="another run's manifest: input differ"):
        lake.ingest(spec, source)


def test_a_run_that_died_is_done_again_from_the_start(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the attempt that died are replaced, not added to; without a manifest nothing counts as done."""
    lake.deliver("a.csv", "id\n1\nx\n")
    spec = text([column("id", "int")])
    with monkeypatch.context() as patched:
        patched.setattr(ingestion, "settle", lambda *_, **__: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            lake.ingest(spec)
    assert not (lake.root / "manifests").exists()
    manifest = lake.ingest(spec)
    assert counts(manifest) == (2, 1, 1, 0)
    assert lake.good(manifest).count() == 1
    assert lake.quarantined(manifest).count() == 1


def test_fails_when_rows_are_lost(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that drops a row is found out; there is no manifest and nothing is published."""
    lake.deliver("a.csv", "id\n1\n2\n")
    real = ParquetTable.write

    def lossy(table: ParquetTable, good: DataFrame, location: str, **more: Any) -> Written:
        return real(table, good.limit(1), location, **more)

    monkeypatch.setattr(ParquetTable, "write", lossy)
    with pytest.raises(AccountingError, match="2 rows judged good, 1 written"):
        lake.ingest(text([column("id", "int")]), publish=True)
    assert not (lake.root / "manifests").exists()
    assert not (lake.root / "catalog").exists()


def test_fails_when_there_is_nothing_or_half_a_file(lake: Lake) -> None:
    """Neither is taken for a delivery; the file is named."""
    spec = text([column("id", "int")])
    with pytest.raises(UnreadableInput, match="no file there"):
        lake.ingest(spec)
    lake.deliver("good.csv", "id\n1\n")
    lake.deliver("half.csv.gz", gzip.compress(b"id\n" + b"1\n" * 5000)[:-9])
    with pytest.raises(UnreadableInput, match=r"half\.csv\.gz.*EOFError"):
        lake.ingest(spec)
    assert not (lake.root / "curated").exists()


def test_fails_when_a_type_or_a_check_makes_no_sense(lake: Lake) -> None:
    """The contract's mistake is named as such, before anything is written."""
    lake.deliver("a.csv", "id\n1\n")
    with pytest.raises(SpecError, match="'id' has type 'money'"):
        lake.ingest(text([column("id", "money")]))
    with pytest.raises(SpecError, match="'id' of type int cannot be compared with 'many'"):
        lake.ingest(text([column("id", "int", checks=[("maximum", "many")])]))
    assert not (lake.root / "curated").exists()


def test_the_manifest_tells_the_run(lake: Lake) -> None:
    """Who, what, from which bytes, how many."""
    source = lake.deliver("a.csv", "id\n1\nx\n")
    manifest = lake.ingest(text([column("id", "int")]))
    written = json.loads((lake.root / "manifests" / "run.json").read_text())
    assert written == manifest
    assert {name: written[name] for name in ("run_id", "product", "table", "contract_version", "status", "reasons")} == {
        "run_id": "run-1",
        "product": "shop.orders",
        "table": "orders",
        "contract_version": "1.2.0",
        "status": "written",
        "reasons": {"id:not_an_integer": 1},
    }
    assert written["counts"] == {"input": 2, "good": 1, "quarantined": 1, "duplicates": 0, "replaced": 0}
    (file,) = written["files"]
    assert (file["path"], file["size"], file["lines"], file["records"]) == (str(source), 7, 3, 2)
