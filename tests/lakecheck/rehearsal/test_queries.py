"""Expressions: JSONata, what Step Functions adds to it, and what it does not allow."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from lakecheck.rehearsal.states import DefinitionError, Failed, VirtualClock
from lakecheck.rehearsal.states.queries import Queries

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def queries(seed: int) -> Queries:
    return Queries(VirtualClock(), random.Random(seed))  # noqa: S311 - no secret


def value(query: str, variables: dict[str, Any] | None = None, states: dict[str, Any] | None = None) -> Any:
    return queries(7).evaluate(f"{{% {query} %}}", variables or {}, states or {})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 2)", [0, 2, 4, 6, 8, 10]),
        ("$range(10, 0, -5)", [10, 5, 0]),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("$now()", "2026-01-01T00:00:00.000Z"),
        ("$millis()", 1767225600000),
        ("4 / 2", 2),
        ("1 = 1 and 2 > 1 ? 'yes' : 'no'", "yes"),
        ("$split('a/b/c', '/')[-1]", "c"),
        ("$map([1, 2], function($v) { $v * 2 })", [2, 4]),
        ("[$filter([1, 2], function($v) { $v = 1 })]", [1]),
        ("$filter([1, 2], function($v) { $v = 1 })", 1),  # a sequence of one is its one value
        ("$x.a[b = 2].c", "two"),
        ("$exists($nothing)", False),
        ("$states.input.`version-id`", "v1"),
        ("$none", None),
        ("$string($none)", "null"),
    ],
)
def test_expressions_have_the_values_that_step_functions_gives(query: str, expected: Any) -> None:
    variables = {"x": {"a": [{"b": 1, "c": "one"}, {"b": 2, "c": "two"}]}, "none": None}
    assert value(query, variables, {"input": {"version-id": "v1"}}) == expected


@pytest.mark.parametrize(
    "query",
    [
        "$nothing",
        "$states.input.nothing",
        "$",
        "$$",
        "name",
        "$filter([1], function($v) { $v > 1 })",
        "$error('no')",
        "1 + 'a'",
        "$sum",
        "$eval('1')",
        "$parse('{')",
        "$hash('a', 'CRC32')",
        "$range(0, 5000, 1)",
    ],
)
def test_an_expression_without_a_value_fails_and_says_so(query: str) -> None:
    """JSON cannot say undefined, so Step Functions refuses it; $eval is the one function it took out."""
    with pytest.raises(Failed) as caught:
        value(query, {}, {"input": {}})
    assert caught.value.error == "States.QueryEvaluationError"


def test_what_is_no_jsonata_is_no_definition() -> None:
    with pytest.raises(DefinitionError, match="no JSONata"):
        value("1 +")


def test_templates_are_evaluated_at_any_depth_and_nothing_else_is_touched() -> None:
    template = {"a": ["{% $x %}", "{%", {"b": "{% $x & '!' %}"}], "{% $x %}": 1, "c": " {% $x %}"}
    assert queries(7).evaluate(template, {"x": "v"}, {}) == {"a": ["v", "{%", {"b": "v!"}], "{% $x %}": 1, "c": " {% $x %}"}


def test_chance_comes_from_the_seed() -> None:
    """The same seed gives the same ids, another gives others."""
    drawn = [[queries(seed).evaluate("{% $uuid() %}", {}, {}) for _ in "ab"] for seed in (1, 2)]
    assert drawn[0][0] == drawn[0][1] != drawn[1][0]
    assert value("$random(3)") == value("$random(3)") != value("$random(4)")
    assert sorted(value("$shuffle([1, 2, 3])")) == [1, 2, 3]


@given(JSON)
def test_any_json_goes_through_a_variable_unchanged(document: Any) -> None:
    assert value("{'at': $x}", {"x": document}) == {"at": document}
    assert value("$parse($x)", {"x": json.dumps({"at": document})}) == {"at": document}


@given(st.text(max_size=20))
def test_hashes_are_those_of_the_text(text: str) -> None:
    assert value("$hash($x, 'SHA-256')", {"x": text}) == hashlib.sha256(text.encode()).hexdigest()
