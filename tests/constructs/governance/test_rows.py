"""What row expressions are let through."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from constructs_lib.governance.rows import problems

COLUMNS = ["country", "total", "ordered_at", "from"]


@pytest.mark.parametrize(
    "expression",
    [
        "country = 'DE'",
        "COUNTRY <> 'it''s; fine -_-' AND NOT (total >= 10.5 OR total IS NULL)",
        "country IN ('DE', 'FR') and total between 1 and 10",
        "country LIKE 'D%' and ordered_at > TIMESTAMP '2026-01-01 00:00:00'",
        "ordered_at >= cast('2026-01-01' as date) and total * 2 < 9",
        '"from" = 1 and true',
    ],
)
def test_conditions_are_let_through(expression: str) -> None:
    """What Lake Formation documents as possible is no problem."""
    assert problems(expression, COLUMNS) == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("  ", "it is empty"),
        ("country = 'DE", "cannot be read from"),
        ("country = DE", "column DE, which the table does not have"),
        ('"Country " = 1', "which the table does not have"),
        ("(country = 'DE'", "parentheses do not match"),
        ("country) = ('DE'", "parentheses do not match"),
        ("country = 'DE' -- all", "comment or more than one statement"),
        ("country = 'DE'; drop", "comment or more than one statement"),
        ("where country = 'DE'", "keyword where; allowed is a condition alone"),
        ("country in (select country from x)", "keyword select"),
        ("upper(country) = 'DE'", "function upper"),
        ("address.city = 'Bonn'", "nested column address.city"),
        ("total = 'x' and " * 200, "characters, allowed are 2048"),
    ],
)
def test_what_cannot_be_right_is_said(expression: str, problem: str) -> None:
    """Each kind of mistake is named."""
    assert any(problem in found for found in problems(expression, COLUMNS)), problems(expression, COLUMNS)


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    """Whatever is typed is judged, never an exception."""
    assert all(isinstance(problem, str) for problem in problems(text, COLUMNS))


@given(st.text(max_size=40))
def test_a_quoted_text_is_a_value_whatever_is_in_it(text: str) -> None:
    """Quotes doubled, any text is one value, unless it looks like a comment."""
    quoted = text.replace("'", "''")
    if "--" not in quoted and "/*" not in quoted:
        assert problems(f"country = '{quoted}'", COLUMNS) == []
