"""The guide to running pipelines: its inputs are ones that the state machine takes, its query runs on rows as quarantine has them."""

from __future__ import annotations

import json
import re
import shlex

import duckdb

from tests.docs.blocks import ROOT

EXAMPLES = ROOT / "examples"


def test_the_quarantine_query_counts_reasons() -> None:
    """On a table of the shape that the job writes, in DuckDB, whose dialect knows the same words but one."""
    query = (EXAMPLES / "pipelines" / "quarantine.sql").read_text(encoding="utf-8")
    run = re.search(r"_run_id = '([0-9a-f]{32})'", query)
    assert run is not None
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA travel_quarantine")
    connection.execute(
        "CREATE TABLE travel_quarantine.routes (_reasons VARCHAR[], _source_file VARCHAR, _source_line BIGINT, _run_id VARCHAR)"
    )
    rows = [
        (["stops:maximum", "airline:pattern"], "b.csv", 3, run[1]),
        (["stops:maximum"], "a.csv", 7, run[1]),
        (["stops:maximum"], "c", 1, "x"),
    ]
    connection.executemany("INSERT INTO travel_quarantine.routes VALUES (?, ?, ?, ?)", rows)
    assert connection.execute(query).fetchall() == [("stops:maximum", 2, "a.csv", 3), ("airline:pattern", 1, "b.csv", 3)]


def test_inputs_are_json_of_a_known_form() -> None:
    """A start by hand is a sweep or a replay of one table; a release names its run."""
    for name in ("start-sweep", "start-replay", "release-run"):
        words = shlex.split((EXAMPLES / "commands" / f"{name}.sh").read_text(encoding="utf-8").replace("\\\n", " "))
        given = json.loads(words[words.index("--input") + 1])
        assert len(given.keys() & {"sweep", "replay"}) == 1
        assert given.get("release", False) is ("run" in given)
