"""Rules in DQDL: each is one that Glue's parser takes, and asks of rows what the contract asks."""

from __future__ import annotations

import decimal
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.contracts.model import Check, CheckKind, Column, GateRule, Reference, Table, TableFormat
from lakemodel.dqdl import gate_rule, reference_alias, rules, ruleset
from lakemodel.limits import Quota, limit
from lakemodel.types.model import DataType, Decimal, List, Primitive, PrimitiveKind

from .dqdl_grammar import NULL, NotDqdl, Rule, read, read_rule

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = Primitive(PrimitiveKind.STRING)
INT = Primitive(PrimitiveKind.INT)
DAY = Primitive(PrimitiveKind.DATE)


def column(name: str = "a", kind: DataType = TEXT, *checks: Check, **more: Any) -> Column:
    return Column(name=name, source_name=name, type=kind, classification="public", checks=checks, **more)


def table(*columns: Column, **more: Any) -> Table:
    return Table(name="t", source_name="t", format=TableFormat.ICEBERG, columns=columns, classification="public", **more)


def check(kind: CheckKind, value: Any, **more: Any) -> Check:
    return Check(kind=kind, value=value, **more)


# What the rules of a column say of its values, judged as Glue's documentation describes it.


def passes(rule: Rule, value: Any) -> bool:
    """Whether a row with that value satisfies a rule about single rows."""
    assert rule.where in {"", "`a` is not null", "`a` <> ''"}
    is_left_out = rule.where and (value is None or (rule.where.endswith("''") and value == ""))
    return bool(is_left_out) or _passes(rule, value)


def _passes(rule: Rule, value: Any) -> bool:
    if rule.type == "IsComplete":
        return value is not None
    if rule.type == "ColumnLength":
        length = 0 if value is None else len(value)
        return bool(length >= rule.operands[0] if rule.operator == ">=" else length <= rule.operands[0])
    assert rule.type == "ColumnValues"
    if rule.operator == "in":
        return (NULL if value is None else value) in rule.operands
    if value is None:
        return False
    if rule.operator == "matches":
        pattern = rule.operands[0].replace(r"\z", r"\Z")
        engines = (re.search(f"^{pattern}$", value), re.search(pattern, value), re.fullmatch(pattern, value))
        answers = {found is not None and found[0] != "" for found in engines}
        assert len(answers) == 1, "engines that look for whole values, and one that looks anywhere, say the same"
        return answers.pop()
    bound = rule.operands[0]
    return bool({">=": value >= bound, "<=": value <= bound, ">": value > bound, "<": value < bound}[rule.operator])


def satisfies(subject: Column, value: Any) -> bool:
    """Whether a value satisfies a column's checks, as the contract means them."""
    if value is None:
        return not subject.required
    for one in subject.checks:
        held: dict[CheckKind, Callable[[Any], bool]] = {
            CheckKind.ENUM: lambda allowed: value in allowed,
            CheckKind.MINIMUM: lambda least: value >= least,
            CheckKind.MAXIMUM: lambda most: value <= most,
            CheckKind.EXCLUSIVE_MINIMUM: lambda least: value > least,
            CheckKind.EXCLUSIVE_MAXIMUM: lambda most: value < most,
            CheckKind.PATTERN: lambda pattern: re.search(pattern.replace(r"\z", r"\Z"), value) is not None,
            CheckKind.MIN_LENGTH: lambda least: len(value) >= least,
            CheckKind.MAX_LENGTH: lambda most: len(value) <= most,
        }
        if not held[one.kind](one.value):
            return False
    return True


TEXTS = st.text(st.sampled_from("ab\"\\\n'$,[]{}#| é0-9:"), max_size=6) | st.sampled_from(
    ["", "2020-01-01", "10:30", "9:05 AM", "NULL", "null", "N/A", "a\\", '"', '\\"', "now()", "Rules = [", "x" * 300]
)
PATTERNS = st.sampled_from(LISTED := [
    *("^a$", "a", "^Y?$", "^a|b$", "^(a|b)$", r"^[|]$", r"\d+", r"^\d{2}\$", r'^"a"$', r"^\"a\"$", r"\\", r"^\\$", "", "a.b"),
    '^[^"]*$',
    r"^(?!(?:N/A|a)\z)",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), PATTERNS, st.booleans(), st.lists(TEXTS | st.none(), max_size=6), st.integers(0, 3))
def test_rules_about_texts_ask_what_the_contract_asks(
    allowed: list[str],
    pattern: str,
    required: bool,  # noqa: FBT001 - hypothesis gives it
    values: list[str | None],
    length: int,
) -> None:
    """Whatever stands in a list of values or a pattern, the rules can be read, and pass the same values."""
    for one in (
        check(CheckKind.ENUM, tuple(allowed)),
        check(CheckKind.PATTERN, pattern),
        check(CheckKind.MAX_LENGTH, length),
        check(CheckKind.MIN_LENGTH, length),
    ):
        subject = column("a", TEXT, one, required=required)
        found = read(ruleset(table(subject, column("b", INT, required=True))))
        asked = [rule for rule in found if rule.parameters == ("a",)]
        assert len(asked) == 1 + required
        for value in [*values, *allowed, None, "", "Y", "a", "b", "ab", "ba"]:
            if one.kind is CheckKind.PATTERN and value is not None and value.endswith("\n"):
                continue  # an end that comes before the last line break, too, is another one with every engine
            assert all(passes(rule, value) for rule in asked) == satisfies(subject, value), (one, asked, value)


@pytest.mark.parametrize("pattern", LISTED)
@pytest.mark.parametrize("required", [True, False])
def test_patterns_are_looked_for_alike(pattern: str, *, required: bool) -> None:
    """Each pattern of these tests, on values that some engine would see otherwise."""
    subject = column("a", TEXT, check(CheckKind.PATTERN, pattern), required=required)
    asked = [rule for rule in read(ruleset(table(subject))) if rule.parameters == ("a",)]
    for value in (None, "", "a", "b", "ab", "ba", "xax", "a\nb", "Y", "YY", "|", '"', '"a"', "\\", "12", "12$", "N/A", "a.b"):
        assert all(passes(rule, value) for rule in asked) == satisfies(subject, value), value


@settings(deadline=None)
@given(
    st.sampled_from([CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.EXCLUSIVE_MINIMUM, CheckKind.EXCLUSIVE_MAXIMUM]),
    st.integers(-(10**20), 10**20) | st.floats(-1e12, 1e12, allow_nan=False).map(lambda number: round(number, 8)),
    st.booleans(),
)
def test_rules_about_numbers_keep_their_bounds(kind: CheckKind, bound: float, required: bool) -> None:  # noqa: FBT001
    """Bounds are included or not as the contract says, no digit is lost, NULL passes where it may stand."""
    subject = column("a", Primitive(PrimitiveKind.DOUBLE), check(kind, bound), required=required)
    asked = [rule for rule in read(ruleset(table(subject, column("b", required=True)))) if rule.parameters == ("a",)]
    exact = decimal.Decimal(str(bound))
    for value in (exact, exact - 1, exact + 1, None):
        expected = satisfies(column("a", TEXT, check(kind, exact), required=required), value)
        assert all(passes(rule, value) for rule in asked) == expected


MISSING = 'CustomSql "select count(*) from primary p left anti join published_pairs r on {} where {}" = 0'.format(  # noqa: S608
    "p.`id` = r.`x` and p.`kind` = r.`y`", "p.`id` is not null and p.`kind` is not null"
)


def test_names_each_kind_of_rule() -> None:
    """A table with something of everything: in this order, and nothing else."""
    subject = table(
        column("id", INT, primary_key_position=2, required=True),
        column("at", DAY, check(CheckKind.MINIMUM, "1900-01-01"), primary_key_position=1, required=True),
        column("kind", TEXT, check(CheckKind.ENUM, ("a", 'b"c')), unique=True),
        column("total", Decimal(9, 2), check(CheckKind.MINIMUM, 0), check(CheckKind.EXCLUSIVE_MAXIMUM, 1e6), required=True),
        column("lines", List(TEXT), required=True),
        column("flag", Primitive(PrimitiveKind.BOOLEAN), check(CheckKind.ENUM, ("true",))),
        references=(
            Reference(columns=("id",), table="others", target_columns=("other_id",)),
            Reference(columns=("id", "kind"), table="pairs", target_columns=("x", "y")),
        ),
        gate=(
            GateRule(name="r", metric="rows", operator=">=", threshold=10),
            GateRule(name="s", metric="rows", operator="<=", threshold=20),
            GateRule(name="c", metric="completeness", operator=">", threshold=0.95, column="kind"),
        ),
    )
    assert rules(subject) == (
        'IsPrimaryKey "at" "id"',
        'ReferentialIntegrity "id" "published_others.other_id" = 1.0',
        MISSING,
        "RowCount >= 10",
        'Completeness "kind" > 0.95',
        'ColumnValues "at" >= "1900-01-01"',
        'IsUnique "kind"',
        'ColumnValues "kind" in ["a", "b\\"c", NULL]',
        'IsComplete "total"',
        'ColumnValues "total" >= 0',
        'ColumnValues "total" < 1000000',
    )
    assert [rule.type for rule in read(ruleset(subject))] == [rule.split(" ")[0] for rule in rules(subject)]
    assert reference_alias("others") == "published_others"


def test_is_empty_where_nothing_is_asked() -> None:
    """Glue takes no ruleset without a rule."""
    assert ruleset(table(column())) == ""


AGE = "(unix_timestamp(current_timestamp()) - unix_timestamp(cast(max(`a`) as timestamp))) / 3600"


def query(measured: str, compared: str) -> str:
    return f'CustomSql "select {measured} from primary" {compared}'  # noqa: S608


@pytest.mark.parametrize(("metric", "operator", "expected"), [
    ("rows", ">", "RowCount > 0.5"),
    ("good_rows", "<", "RowCount < 0.5"),
    ("completeness", ">=", 'Completeness "a" >= 0.5'),
    ("distinct_ratio", "=", query("count(distinct `a`) / count(`a`)", "= 0.5")),
    ("distinct_values", "!=", 'DistinctValuesCount "a" != 0.5'),
    ("mean", "<=", 'Mean "a" <= 0.5'),
    ("minimum", ">=", 'ColumnValues "a" >= 0.5 where "`a` is not null"'),
    ("minimum", "<", query("min(`a`)", "< 0.5")),
    ("maximum", "<", 'ColumnValues "a" < 0.5 where "`a` is not null"'),
    ("maximum", "=", query("max(`a`)", "= 0.5")),
    ("age_hours", "<=", query(AGE, "<= 0.5")),
    ("quarantined_ratio", "<", ""),
    ("duplicate_ratio", "<", ""),
    ("valid_ratio", ">=", ""),
])  # fmt: skip
def test_says_each_metric_of_the_gate(metric: str, operator: str, expected: str) -> None:
    """What is measured on quarantined rows and duplicates has no word: those are not in the table."""
    about = None if metric in {"rows", "good_rows", "quarantined_ratio", "duplicate_ratio"} else "a"
    said = gate_rule(GateRule(name="x", metric=metric, operator=operator, threshold=0.5, column=about))
    assert said == expected
    if said:
        assert read_rule(said).operands == (decimal.Decimal("0.5"),)


@pytest.mark.parametrize(("warned", "expected"), [
    ([check(CheckKind.ENUM, ("a", "b"), is_warning=True)], 'ColumnValues "a" in ["a", "b", NULL] with threshold >= 0.9'),
    ([check(CheckKind.PATTERN, "^a+$", is_warning=True)], 'ColumnValues "a" matches "^a+$" where "`a` is not null" with threshold >= 0.9'),
    ([check(CheckKind.PATTERN, "^a+$", is_warning=True), check(CheckKind.MAX_LENGTH, 3, is_warning=True)], ""),
    ([check(CheckKind.MAX_LENGTH, 3)], ""),
])  # fmt: skip
def test_weighs_how_many_values_are_valid(warned: list[Check], expected: str) -> None:
    """With a threshold, by the one check that is weighed; the check itself is then not asked of every row."""
    subject = column("a", TEXT, *warned)
    weight = GateRule(name="x", metric="valid_ratio", operator=">=", threshold=0.9, column="a")
    assert gate_rule(weight, subject) == expected
    if expected:
        assert read_rule(expected).threshold == (">=", decimal.Decimal("0.9"))
        assert rules(table(subject, gate=(weight,))) == (expected,)


@pytest.mark.parametrize(("kind", "one"), [
    (Primitive(PrimitiveKind.TIMESTAMP), check(CheckKind.MINIMUM, "2020-01-01T00:00:00Z")),
    (DAY, check(CheckKind.ENUM, ("2020-01-01", "tomorrow"))),
    (Primitive(PrimitiveKind.BINARY), check(CheckKind.MAX_LENGTH, 3)),
    (List(TEXT), check(CheckKind.MAX_LENGTH, 3)),
    (TEXT, check(CheckKind.PATTERN, r'\Q"\E')),
])  # fmt: skip
def test_leaves_out_what_dqdl_has_no_word_for(kind: DataType, one: Check) -> None:
    """Rather than a rule that says something else."""
    assert rules(table(column("a", kind, one))) == ()


def test_what_lasts_is_asked_of_the_table() -> None:
    """At least ten rows a delivery are ten rows of the table; at most ten are not, and no ratio of distinct values stays."""

    def asked(metric: str, operator: str) -> bool:
        rule = GateRule(name="x", metric=metric, operator=operator, threshold=10, column="a")
        return bool(rules(table(column("a", INT), gate=(rule,))))

    assert asked("rows", ">=")
    assert asked("mean", "<=")
    assert not asked("rows", "<=")
    assert not asked("rows", "=")
    assert not asked("distinct_ratio", ">=")
    assert not asked("completeness", "!=")


def test_never_gets_too_long_for_glue() -> None:
    """The first rules stay, a comment counts the others; what fits is whole."""
    most = limit(Quota.GLUE_RULESET_CHARACTERS).value
    wide = table(*(column(f"column_{at:04}_{'x' * 200}", TEXT, check(CheckKind.MIN_LENGTH, 1), required=True) for at in range(300)))
    text = ruleset(wide)
    kept = read(text)
    assert len(text) <= most < len(text) + 300
    assert text.startswith(f"# {len(rules(wide)) - len(kept)} more rules do not fit")
    narrow = replace(wide, columns=wide.columns[:50])
    assert not ruleset(narrow).startswith("#")
    assert len(read(ruleset(narrow))) == 100


def test_is_the_same_every_time() -> None:
    """A template must not change by itself."""
    subject = table(column("a", TEXT, check(CheckKind.ENUM, ("b", "a", "b"))), column("c", INT, required=True))
    assert ruleset(subject) == ruleset(replace(subject))


@pytest.mark.parametrize("text", [
    "IsComplete", 'IsComplete "a" > 3', 'Completeness "a"', 'ColumnValues "a" in ["x", "2020-01-01"]', 'ColumnValues "a" > 1e5', "Rows > 3",
    'IsComplete "a', 'ColumnValues "a" in []', "RowCount > 3 with threshold > 0.5", "RowCount > 3,",
])  # fmt: skip
def test_the_reader_of_these_tests_is_awake(text: str) -> None:
    """What Glue's parser refuses is refused here."""
    with pytest.raises(NotDqdl):
        read_rule(text)
