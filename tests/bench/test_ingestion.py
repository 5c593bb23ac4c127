"""The two sides of the ingestion benchmark read the same file and do what is measured of them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from bench.ingestion import TABLES, lines
from constructs_lib.runtime.ingestion.spec import parse_spec


@pytest.mark.parametrize("table", TABLES)
def test_delivers_the_same_file_whenever_it_is_made(table: str) -> None:
    """As many records as asked for, and of a table with a header one line more, each with all its columns."""
    made = list(lines(table, 200))
    assert made == list(lines(table, 200))
    spec = parse_spec(json.dumps(TABLES[table]))
    assert len(made) == 200 + spec.source.header
    assert all(line.count(",") - line.count(", with") == len(spec.columns) - 1 for line in made)


def test_most_routes_are_good_and_some_are_not() -> None:
    """As in the delivered ones: a few lack an airport's id, hardly any stops on the way."""
    stops = Counter(line.split(",")[7] for line in lines("routes", 20_000))
    assert 0 < stops["1"] < 20
    unknown = sum("\\N" in line for line in lines("routes", 20_000))
    assert 200 < unknown < 600
