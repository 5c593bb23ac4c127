"""What row expressions are let through, and what is said of those that are not."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from lakemodel.rows import RowSyntaxError, parse, problems
from lakemodel.types.model import DataType, Decimal, List, Primitive, PrimitiveKind, Struct

NAMES = ["country", "total", "ordered_at", "from"]
COLUMNS: dict[str, DataType | None] = {
    "country": Primitive(PrimitiveKind.STRING),
    "total": Decimal(10, 2),
    "pieces": Primitive(PrimitiveKind.INT),
    "paid": Primitive(PrimitiveKind.BOOLEAN),
    "day": Primitive(PrimitiveKind.DATE),
    "ordered_at": Primitive(PrimitiveKind.TIMESTAMP),
    "items": List(Primitive(PrimitiveKind.STRING)),
    "address": Struct(()),
    "scan": Primitive(PrimitiveKind.BINARY),
    "unknown_type": None,
}


@pytest.mark.parametrize(
    "expression",
    [
        "country = 'DE'",
        "COUNTRY <> 'it''s; fine -_-' AND NOT (total >= 10.5 OR total IS NULL)",
        "country IN ('DE', 'FR') and total between 1 and 10",
        "country LIKE 'D%' and ordered_at > TIMESTAMP '2026-01-01 00:00:00'",
        "country not like 'D!%%' escape '!' and total not in (1, -2, +3.5, .5, 1e3)",
        "ordered_at >= cast('2026-01-01' as date) and total < cast(9 as decimal(10, 2))",
        '"from" = 1 and true',
        "true",
        "not not ((country != '--/*;'))",
        "(country between 'Z' and 'U') and (total not between 2 and 3)",
    ],
)
def test_conditions_are_let_through(expression: str) -> None:
    """What Lake Formation documents as possible is no problem."""
    assert problems(expression, NAMES) == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("  ", "it is empty"),
        ("country = 'DE", "cannot be read from"),
        ("country = DE", "DE where a constant is due"),
        ("country = from", "keyword from"),
        ("total = country", "columns are not compared with each other"),
        ('total = "country"', "columns are not compared with each other"),
        ('"Country" = 1', "column Country, which the table does not have"),
        ("nowhere = 1", "column nowhere, which the table does not have"),
        ("(country = 'DE'", "parentheses do not match"),
        ("country) = ('DE'", "parentheses do not match"),
        ("country = 'DE' -- all", "comment or more than one statement"),
        ("country = 'DE' /* all */", "comment or more than one statement"),
        ("country = 'DE'; drop", "comment or more than one statement"),
        ("where country = 'DE'", "keyword where; allowed is a condition alone"),
        ("from = 1", 'as a column it stands in double quotes: "from"'),
        ("country in (select country from x)", "keyword select"),
        ("upper(country) = 'DE'", "function upper"),
        ("country = upper('DE')", "function upper"),
        ("total * 2 < 9", "* calculates"),
        ("total < 9 + 1", "+ calculates"),
        ("country = 'D' || 'E'", "|| calculates"),
        ("'DE' = country", "the column comes first"),
        ("country", "got the end where a comparison"),
        ("country =", "got the end where a constant is due"),
        ("country = 'DE' and", "got the end where a column is due"),
        ("country = 'DE' total = 1", "got total where AND, OR or the end is due"),
        ("country = = 'DE'", "got = where a constant is due"),
        ("country in ()", "got ) where a constant is due"),
        ("country in 'DE'", "got 'DE' where ( is due"),
        ("country between 'a' or 'b'", "got or where AND is due"),
        ("country not = 'DE'", "got = where a comparison"),
        ("country is 'DE'", "got 'DE' where NULL is due"),
        ("country is missing", "IS MISSING; Lake Formation takes IS [NOT] NULL"),
        ("country = null", "country compared with NULL, which never holds"),
        ("country like 5", "LIKE 5; a pattern is 'text'"),
        ("country like 'x' escape 'ab'", "ESCAPE takes one character"),
        ("total = cast('1' as money)", "got money where one of the types"),
        ("ordered_at > DATE '2026-02-30'", "'2026-02-30' is no date"),
        ("ordered_at > TIMESTAMP '2026-02-01'", "is no timestamp; write TIMESTAMP"),
        ("address.city = 'Bonn'", "nested column address.city"),
        ("(" * 60 + "true" + ")" * 60, "nested deeper than"),
        ("total = 'x' and " * 200, "characters, allowed are 2047"),
    ],
)
def test_what_cannot_be_right_is_said(expression: str, problem: str) -> None:
    """Each kind of mistake is named."""
    assert any(problem in found for found in problems(expression, NAMES)), problems(expression, NAMES)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("total > 'abc'", "total is a number, compared with the text 'abc'; write a number without quotes"),
        ("total between 1 and '2'", "compared with the text '2'"),
        ("pieces in (1, 'two')", "compared with the text 'two'"),
        ("country = 5", "country is a text, compared with the number 5; write 'text'"),
        ("paid = 'yes'", "write TRUE or FALSE"),
        ("day >= '2026-01-01'", "day is a date, compared with the text '2026-01-01'; write DATE '2026-01-31'"),
        ("day >= TIMESTAMP '2026-01-01 00:00:00'", "day is a date, compared with the timestamp"),
        ("ordered_at > DATE '2026-01-01'", "write TIMESTAMP '2026-01-31 00:00:00'"),
        ("pieces like '1%'", "LIKE on pieces, which is a number"),
        ("items = 'x'", "column items, whose type cannot be compared"),
        ("address = 'x'", "column address, whose type cannot be compared"),
        ("scan = 'x'", "column scan, whose type cannot be compared"),
        ("country IS NULL", "by which the table is partitioned"),
    ],
)
def test_constants_have_their_columns_type(expression: str, problem: str) -> None:
    """Where types are known, another one is named together with how to write it."""
    assert any(problem in found for found in problems(expression, COLUMNS, partitions=["country"])), problems(expression, COLUMNS)


def test_right_types_and_unknown_ones_are_let_through() -> None:
    """Constants of the columns' types are fine, and so is anything for a column whose type is not known."""
    fits = (
        "total > -1.5 and pieces in (1, 2) and paid = true and day = DATE '2028-02-29' and country like '%ited%' and unknown_type = 5 "
        "and ordered_at < TIMESTAMP '2026-01-01 00:00:00.123' and day > cast('2026-01-01' as date) and items is not null"
    )
    assert problems(fits, COLUMNS) == []


def test_each_mistake_is_said_once() -> None:
    """Several mistakes are all named, the same one once."""
    assert problems("nowhere = 1 or nowhere = 2 or total = 'x'", COLUMNS) == [
        "column nowhere, which the table does not have",
        "total is a number, compared with the text 'x'; write a number without quotes",
    ]


_CONSTANTS = {
    "country": st.text(st.characters(exclude_categories=("Cs",)), max_size=6).map(lambda text: "'" + text.replace("'", "''") + "'"),
    "total": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999).map(str),
    "pieces": st.integers(-999, 999).map(str),
    "paid": st.sampled_from(["TRUE", "false"]),
    "day": st.dates().map(lambda day: f"DATE '{day.isoformat()}'"),
    "ordered_at": st.datetimes().map(lambda moment: f"TIMESTAMP '{moment.replace(microsecond=0).isoformat(sep=' ')}'"),
}


@st.composite
def _comparison(draw: st.DrawFn) -> str:
    column = draw(st.sampled_from(sorted(_CONSTANTS)))
    constant = _CONSTANTS[column]
    written = draw(st.sampled_from([column, column.upper(), f'"{column}"']))
    negated = draw(st.sampled_from(["", " NOT"]))
    shape = draw(
        st.sampled_from(["compare", "between", "in", "null", "like"] if column == "country" else ["compare", "between", "in", "null"])
    )
    if shape == "compare":
        return f"{written} {draw(st.sampled_from(['=', '<>', '!=', '<', '<=', '>', '>=']))} {draw(constant)}"
    if shape == "between":
        return f"{written}{negated} BETWEEN {draw(constant)} AND {draw(constant)}"
    if shape == "in":
        return f"{written}{negated} in ({', '.join(draw(st.lists(constant, min_size=1, max_size=3)))})"
    if shape == "like":
        return f"{written}{negated} LIKE {draw(constant)}"
    return f"{written} IS{negated} NULL"


_EXPRESSIONS = st.recursive(
    _comparison(),
    lambda inner: st.one_of(
        inner.map(lambda each: f"({each})"),
        inner.map(lambda each: f"NOT ({each})"),
        st.tuples(inner, st.sampled_from([" and ", " OR\n"]), inner).map("".join),
    ),
    max_leaves=6,
).filter(lambda expression: len(expression) < 2_000)


@given(_EXPRESSIONS)
def test_every_expression_of_the_grammar_is_let_through(expression: str) -> None:
    """Whatever the documented grammar makes, with constants of the right type, is no problem."""
    assert problems(expression, COLUMNS) == []


@given(_EXPRESSIONS, st.sampled_from(["and", "(", "= 1", "'open", "country 'DE'", ") or (", "upper(country) = 'x'"]))
def test_a_broken_expression_is_refused(expression: str, broken: str) -> None:
    """A piece that cannot follow is refused, whatever stands before it."""
    assert problems(f"{expression} {broken}", COLUMNS)


@given(_EXPRESSIONS, st.data())
def test_a_mutated_expression_never_fails(expression: str, data: st.DataObject) -> None:
    """An expression with pieces cut out, doubled or put in is judged, never an exception."""
    start = data.draw(st.integers(0, len(expression)))
    end = data.draw(st.integers(start, len(expression)))
    put = data.draw(
        st.sampled_from(["", "'", '"', "(", ")", " and ", " NOT ", "=", ".", ",", "--", "DATE", "1", expression[start:end] * 2])
    )
    assert all(isinstance(problem, str) for problem in problems(expression[:start] + put + expression[end:], COLUMNS))


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    """Whatever is typed is judged, never an exception."""
    assert all(isinstance(problem, str) for problem in problems(text, NAMES))


@given(st.text(max_size=40))
def test_a_quoted_text_is_a_value_whatever_is_in_it(text: str) -> None:
    """Quotes doubled, any text is one value, and comes out as it went in."""
    quoted = text.replace("'", "''")
    assert problems(f"country = '{quoted}'", NAMES) == []
    assert parse(f"country = '{quoted}'")[0].values[0].value == text


def test_fails_when_it_is_no_expression() -> None:
    """The parser itself raises."""
    with pytest.raises(RowSyntaxError, match="got the end"):
        parse("")
