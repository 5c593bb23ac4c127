"""What becomes of a row: duplicates and conflicts, in a delivery and against the published table, as a naive oracle has it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from constructs_lib.runtime.ingestion.errors import SpecError
from constructs_lib.runtime.ingestion.judging import duplicates
from constructs_lib.runtime.ingestion.judging.comparing import comparable
from constructs_lib.runtime.ingestion.session import SESSION
from constructs_lib.runtime.ingestion.spec import DuplicateRule, parse_spec
from constructs_lib.runtime.ingestion.validation import column_types, judge

from . import judging_oracle as oracle
from .specs import column, spec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from constructs_lib.runtime.ingestion.spec import JobSpec

pytestmark = pytest.mark.spark
TYPES = {"id": "int", "price": "decimal(6,2)", "ratio": "double", "at": "timestamp", "tags": "map<string,int>", "mail": "string"}
KEY_RULES = [
    DuplicateRule(conflict="quarantine"),
    DuplicateRule(conflict="first"),
    DuplicateRule(conflict="last"),
    DuplicateRule(conflict="latest", latest_by="at"),
]
CASES = [
    *(("id", rule, True) for rule in KEY_RULES),
    ("id", KEY_RULES[3], False),
    *(pytest.param("id", rule, False, marks=pytest.mark.full) for rule in KEY_RULES[:3]),
    *((None, DuplicateRule(equal_rows=equal), True) for equal in ("remove", "keep")),
]


@pytest.fixture(autouse=True)
def _as_in_a_run(spark: SparkSession) -> None:
    for key, value in SESSION.items():
        spark.conf.set(key, value)


def framed(spark: SparkSession, rows: list[tuple[Any, ...]], width: int) -> DataFrame:
    """Records as they are read: file, line, problem, then what was delivered for each column."""
    ddl = "_file string, _line bigint, _lines bigint, _problem string, _record string"
    cells = "".join(f", r{at} string" for at in range(width))
    return spark.createDataFrame([(file, line, 1, problem, None, *given) for file, line, problem, *given in rows], ddl + cells).repartition(
        3
    )


def judged(spark: SparkSession, records: DataFrame, rules: JobSpec, **more: Any) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Outcome, reasons, warnings and what is replaced, by file and line; each record once."""
    rows = judge(records, rules, column_types(spark, rules), **more).select(
        "_file", "_line", "_outcome", "_reasons", "_warnings", "_replaces"
    )
    found = rows.collect()
    assert len({row[:2] for row in found}) == len(found)
    return {row[:2]: tuple(row[2:]) for row in found}


def deliveries(seed: int, key: str | None) -> tuple[list[oracle.Row], list[oracle.Row]]:
    """A delivery of two files and a published table that share keys, values and whole rows; the table's own rows clash in nothing."""
    chance = random.Random(seed)  # noqa: S311 - a test's rows

    def drawn(narrow: bool) -> dict[str, str | None]:  # noqa: FBT001
        texts = {name: chance.choice(list(meant)) for name, meant in oracle.MEANT.items()}
        if narrow:  # so that whole rows are equal now and then
            texts |= {"price": chance.choice(["1", "1.00"]), "at": chance.choice(["2024-01-01 12:00", "2024-01-01T12:00:00Z", None])}
            texts |= {"tags": chance.choice(['{"a": 1, "b": 2}', '{"b":2,"a":1}']), "ratio": chance.choice(["0.0", "-0.0"]), "mail": None}
            texts["id"] = chance.choice(["1", "2", "7", "+7", "12", None])
        return texts

    published: list[oracle.Row] = []
    for number in range(40):
        row = oracle.Row(file=f"part-{number % 3}", line=0, texts=drawn(number % 2 == 0))
        taken = [other for other in published if oracle.same(other, row, key) or other.texts["mail"] == row.texts["mail"] is not None]
        if not taken and row.values["id"] is not None:
            published.append(row)
    delivered = []
    for at in range(150):
        texts = drawn(at % 2 == 0)
        if at % 5 == 1:  # an update of a published row that keeps its unique value
            texts = {**chance.choice(published).texts, "at": chance.choice(["2024-01-02", "2024-01-01 12:00"])}
        delivered.append(oracle.Row(file=chance.choice(["b.csv", "a.csv"]), line=at + 1, texts=texts))
    return delivered, published


@pytest.mark.parametrize(("key", "rule", "with_table"), CASES)
def test_rows_end_where_a_naive_oracle_has_them(spark: SparkSession, key: str | None, rule: DuplicateRule, with_table: bool) -> None:  # noqa: FBT001
    """Whatever the rule: the same outcome, the same reasons, the same file replaced, however the rows are spread."""
    columns = [column(name, ddl, unique=name == "mail") for name, ddl in TYPES.items()]
    rules = parse_spec(json.dumps(spec(columns, format="iceberg", primary_key=[key] if key else [], duplicates=dataclasses.asdict(rule))))
    delivered, published = deliveries(11, key)
    table = None
    if with_table:
        ddl = ", ".join(f"{name} {ddl}" for name, ddl in TYPES.items()) + ", _data_file string"
        table = spark.createDataFrame([(*row.values.values(), row.file) for row in published], ddl).repartition(2)
    oracle.judge(delivered, published if with_table else [], key, rule)
    records = framed(spark, [(row.file, row.line, None, *row.texts.values()) for row in delivered], len(TYPES))
    expected = {(row.file, row.line): (row.outcome, row.reasons, [], row.replaces) for row in delivered}
    assert judged(spark, records, rules, published=table) == expected
    outcomes = {row.outcome for row in delivered}
    assert outcomes == {"good", "quarantined", "duplicate"} - ({"duplicate"} if rule.equal_rows == "keep" else set())
    assert any(row.replaces for row in delivered) == (with_table and rule.conflict in {"last", "latest"})


def test_values_are_the_same_whatever_their_form(spark: SparkSession) -> None:
    """Maps by what they hold, at any depth, zero with either sign; NULL is no empty value."""
    pairs = {
        "map('a', 1, 'b', 2), map('b', 2, 'a', 1)": True,
        "map('a', 1), map('a', 2)": False,
        "map('a', -0.0D), map('a', 0.0D)": True,
        "array(map('a', map(1, 2, 3, 4))), array(map('a', map(3, 4, 1, 2)))": True,
        "named_struct('x', map(1, 2, 3, 4), 'y', 1), named_struct('x', map(3, 4, 1, 2), 'y', 1)": True,
        "map('a', 1), cast(null as map<string,int>)": False,
        "cast(map() as map<string,int>), cast(null as map<string,int>)": False,
        "named_struct('x', cast(null as map<int,int>)), cast(null as struct<x:map<int,int>>)": False,
    }
    for values, are_same in pairs.items():
        frame = spark.sql(f"SELECT t.* FROM VALUES ({values}) AS t(one, other)")  # noqa: S608 - the test's own
        one, other = (comparable(F.col(name), frame.schema[name].dataType) for name in ("one", "other"))
        assert frame.select(one.eqNullSafe(other)).first()[0] is are_same, values
        assert frame.select(F.xxhash64(one) == F.xxhash64(other)).first()[0] or not are_same, values


def test_many_shared_keys_are_judged_as_few(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hashes are too many to be looked for one by one, all rows are brought together; nothing else changes."""
    rules = parse_spec(
        json.dumps(spec([column("id", "int"), column("v")], format="iceberg", primary_key=["id"], duplicates={"conflict": "last"}))
    )
    rows = [
        ("f", at, "malformed_quotes" if at % 10 == 9 else None, *((None, None) if at % 10 == 9 else (str(at % 7), str(at))))
        for at in range(40)
    ]
    table = spark.createDataFrame([(3, "x", "p1"), (99, "y", "p2")], "id int, v string, _data_file string")
    records = framed(spark, rows, 2)
    few = judged(spark, records, rules, published=table)
    monkeypatch.setattr(duplicates, "MOST_SUSPECTS", 1)
    assert judged(spark, records, rules, published=table) == few
    assert few["f", 38] == ("good", [], [], "p1")
    assert few["f", 39] == ("quarantined", ["_record:malformed_quotes"], [], None)
    assert sum(outcome[0] == "good" for outcome in few.values()) == 7
    assert sum(outcome[0] == "duplicate" for outcome in few.values()) == 29


def test_references_and_severities(spark: SparkSession) -> None:
    """NULL satisfies a reference, also one of several; a table that published nothing has no value; a warning lets the row pass."""
    columns = [
        column("id", "bigint"),
        column("parent", "bigint"),
        column("shop", "int"),
        column("town"),
        {
            **column("code"),
            "checks": [{"kind": "pattern", "value": "^(?:a|b)*$", "severity": "warning"}, {"kind": "max_length", "value": 2000}],
        },
    ]
    references = [
        {"columns": ["parent"], "table": "orders", "target_columns": ["id"]},
        {"columns": ["shop", "town"], "table": "shops", "target_columns": ["number", "town"]},
        {"columns": ["code"], "table": "codes", "target_columns": ["code"], "severity": "warning"},
    ]
    rules = parse_spec(json.dumps(spec(columns, primary_key=["id"], references=references)))
    shops = spark.createDataFrame([(1, "Ulm"), (1, "Ulm"), (2, "Bonn"), (None, "Kiel")], "number bigint, town string")
    table = spark.createDataFrame(
        [(100, None, 1, "Ulm", None, "p")], "id bigint, parent bigint, shop int, town string, code string, _data_file string"
    )
    rows = [
        ("f", 1, None, "1", None, "1", "Ulm", None),
        ("f", 2, None, "2", "100", "2", "Bonn", "ab"),
        ("f", 3, None, "3", "1", None, "Rome", "xy"),
        ("f", 4, None, "4", "2", "1", "Bonn", None),
        ("f", 5, None, "5", "77", "9", "Kiel", None),
        ("f", 6, None, "6", "7", None, None, None),
        ("f", 7, None, "7", "x", None, None, None),
        ("f", 8, None, "8", None, None, None, "a" * 1500),
        ("f", 9, "too_few_fields", "9", "55", None, None, None),
    ]
    records = framed(spark, rows, 5)
    found = judged(spark, records, rules, published=table, references={"shops": shops})
    assert {line: outcome[:3] for (_, line), outcome in found.items()} == {
        1: ("good", [], []),
        2: ("good", [], ["code:unknown_reference"]),
        3: ("good", [], ["code:pattern", "code:unknown_reference"]),
        4: ("quarantined", ["_record:unknown_reference"], []),
        5: ("quarantined", ["parent:unknown_reference", "_record:unknown_reference"], []),
        6: ("quarantined", ["parent:unknown_reference"], []),
        7: ("quarantined", ["parent:not_an_integer"], []),
        8: ("good", [], ["code:too_long_for_pattern", "code:unknown_reference"]),
        9: ("quarantined", ["_record:too_few_fields"], []),
    }
    types, other = column_types(spark, rules), {"shops": shops.drop("town"), "codes": spark.createDataFrame([], "code int")}
    with pytest.raises(SpecError, match=r"'town'.*no column 'town'.*'code'.*its type is string, that of 'code' is int"):
        judge(records, rules, types, references=other)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column("a", checks=[("pattern", "[")])], r"'a' has the check pattern '\[', which Spark cannot carry out"),
        ([column("a", "date", date_format="bogus")], "'a' has the date format 'bogus', which Spark cannot"),
        ([column("a", "int", checks=[("pattern", "1")])], "'a' of type int has a pattern"),
        ([column("a", "int", checks=[("min_length", 1)])], "values of int have no length"),
        ([column("a", checks=[("min_length", 1.5)])], "min_length is 1.5, expected a whole number"),
        ([column("a", "array<int>", checks=[("minimum", 1)])], "have no minimum"),
        ([column("a", "map<string,int>", checks=[("enum", ["x"])])], "not compared with a list"),
        ([column("a", "int", checks=[("enum", ["many"])])], "'a' of type int cannot be compared with 'many'"),
        ([column("a", "decimal(5,2)", checks=[("maximum", 1e300)])], "cannot be compared with 1e[+]300"),
        ([column("a", "struct<b:interval day to second>")], "no type that the job can read"),
        ([column("a", "money")], "which Spark does not know"),
    ],
)
def test_fails_when_rules_make_no_sense_for_a_type(spark: SparkSession, columns: list[dict[str, Any]], message: str) -> None:
    """Before a row is read, and with the column's name; a rule beside it that makes sense is not blamed."""
    with pytest.raises(SpecError, match=message):
        column_types(spark, parse_spec(json.dumps(spec([column("fine", checks=[("pattern", r"\p{L}+\z")]), *columns]))))


def test_hostile_numbers_take_no_time(spark: SparkSession) -> None:
    """Megabytes of digits are judged in a moment, not in the square of their number."""
    digits = 1_000_000
    texts = ["9" * digits, "0." + "0" * digits + "1", "0." + "0" * digits + "x", "-" * digits, "1e" + "9" * digits, "ab" * digits]
    names = ["decimal(38,10)", "bigint", "double", "date", "timestamp", "binary", "boolean"]
    rules = parse_spec(json.dumps(spec([column(f"c{at}", ddl) for at, ddl in enumerate(names)], duplicates={"equal_rows": "keep"})))
    started = dt.datetime.now(dt.UTC)
    found = judged(spark, framed(spark, [("f", at, None, *[text] * len(names)) for at, text in enumerate(texts)], len(names)), rules)
    assert dt.datetime.now(dt.UTC) - started < dt.timedelta(seconds=60)
    assert [len(outcome[1]) for _, outcome in sorted(found.items())] == [6, 6, 7, 7, 7, 6]
