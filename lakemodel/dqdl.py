r"""A contract's quality rules in Glue's Data Quality Definition Language (DQDL).

https://docs.aws.amazon.com/glue/latest/dg/dqdl.html, and the grammar of its parser, https://github.com/awslabs/dqdl. What matters here:

- NULL fails `ColumnValues` (but for `!=` and `not in`) and has length 0 for `ColumnLength`. The contract's checks hold for NULL, so a
  list of values gets NULL, and any other rule about an optional column a `where` that leaves NULL out. An `or` of two rules is judged
  column by column: it would pass only columns without any NULL, or of nothing else.
- `between` excludes its ends: two rules with `>=` and `<=` say what is meant.
- In a list, `\` and `"` are escaped by `\`. In `matches` nothing is unescaped: the text is the pattern, in which `\"` is a quote.
- A quoted text that looks like a date or a time is one to the parser, and a list of such is no list of texts: then a pattern says it.
- `matches` is held against whole values, and a match of no characters counts as none: patterns are written so that it makes no difference.
- A number has no exponent. Columns that are nested are not supported.
- `DataFreshness` asks the age of every row; the age of data is that of its newest row, so a query says it.
- `ReferentialIntegrity` takes numbers alone and counts NULL as missing; for other references a query says the same.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from lakemodel.contracts.demands import for_python
from lakemodel.contracts.model import CheckKind
from lakemodel.limits import Quota, limit
from lakemodel.types.model import Decimal as DecimalType, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.contracts.model import Check, Column, GateRule, Reference, Table
    from lakemodel.types.model import DataType

_K: Final = PrimitiveKind
_STRING: Final = Primitive(_K.STRING)
_DATE: Final = Primitive(_K.DATE)
_NUMBERS: Final = frozenset(Primitive(kind) for kind in (_K.TINYINT, _K.SMALLINT, _K.INT, _K.BIGINT, _K.FLOAT, _K.DOUBLE))
_BOUNDS: Final = {
    CheckKind.MINIMUM: ">=",
    CheckKind.MAXIMUM: "<=",
    CheckKind.EXCLUSIVE_MINIMUM: ">",
    CheckKind.EXCLUSIVE_MAXIMUM: "<",
}
_LENGTHS: Final = {CheckKind.MIN_LENGTH: ">=", CheckKind.MAX_LENGTH: "<="}
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}(?: [AP]M)?")
"""What the parser takes for a date or a time where it stands in quotes."""

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

_LASTING: Final[dict[str, frozenset[str]]] = {
    "rows": frozenset({">", ">="}),
    "good_rows": frozenset({">", ">="}),
    "distinct_values": frozenset({">", ">="}),
    "completeness": frozenset({"=", "<", "<=", ">", ">="}),
    "valid_ratio": frozenset({"=", "<", "<=", ">", ">="}),
    "mean": frozenset({"=", "<", "<=", ">", ">="}),
    "minimum": frozenset({"=", "<", "<=", ">", ">="}),
    "maximum": frozenset({"=", "<", "<=", ">", ">="}),
    "age_hours": frozenset({"<", "<="}),
}
"""What holds of a table as soon as it holds of each delivery: a delivery has at most 100 rows, and the table grows all the same."""

_HEAD, _TAIL, _BETWEEN = "Rules = [\n    ", "\n]\n", ",\n    "


def gate_rule(rule: GateRule, column: Column | None = None) -> str:
    """One rule of the gate; empty where DQDL has no word for what it measures.

    Args:
        rule: The rule.
        column: The column that it is measured on; `valid_ratio` cannot be said without it.
    """
    name, compared = quoted(rule.column or ""), f"{rule.operator} {number(rule.threshold)}"
    sql = f"`{rule.column}`"
    if column is not None and _is_nested(column.type):
        return ""
    if rule.metric == "minimum" and rule.operator in {">", ">="}:
        return f'ColumnValues {name} {compared} where "{sql} is not null"'
    if rule.metric == "maximum" and rule.operator in {"<", "<="}:
        return f'ColumnValues {name} {compared} where "{sql} is not null"'
    if rule.metric == "valid_ratio":
        return _valid_ratio(rule, column)
    return {
        "rows": f"RowCount {compared}",
        "good_rows": f"RowCount {compared}",
        "completeness": f"Completeness {name} {compared}",
        "distinct_values": f"DistinctValuesCount {name} {compared}",
        "distinct_ratio": _query(f"count(distinct {sql}) / count({sql})", compared),
        "mean": f"Mean {name} {compared}",
        "minimum": _query(f"min({sql})", compared),
        "maximum": _query(f"max({sql})", compared),
        "age_hours": _query(f"({_SECONDS} - unix_timestamp(cast(max({sql}) as timestamp))) / 3600", compared),
    }.get(rule.metric, "")


_SECONDS: Final = "unix_timestamp(current_timestamp())"


def _query(measured: str, compared: str) -> str:
    """A rule that DQDL has no word of its own for; names of columns are `[a-z0-9_]+`, so nothing in them has to be escaped."""
    return f'CustomSql "select {measured} from primary" {compared}'  # noqa: S608


def ruleset(table: Table) -> str:
    """Everything a contract asks of a table's rows and of its deliveries, as one ruleset for the published table.

    Severities are none of DQDL's: what only warns is asked, too. Rules about deliveries that need not hold of all of them together are
    left out (at most so many rows), and so is what DQDL has no word for. Where it gets too long for Glue, rules are left out from the end
    and a comment says how many; keys and references stand first.
    Tables that are referred to are data sources named by `reference_alias`. Empty when there is nothing to ask.
    """
    found = rules(table)
    most, length, kept = limit(Quota.GLUE_RULESET_CHARACTERS).value - len(_text((), len(found))), 0, 0
    for rule in found:
        length += len(_BETWEEN) + len(rule)
        if length > most:
            break
        kept += 1
    return _text(found[:kept], len(found) - kept) if kept else ""


def _text(kept: tuple[str, ...], left: int) -> str:
    told = f"# {left} more rules do not fit into a ruleset.\n" if left else ""
    return f"{told}{_HEAD}{_BETWEEN.join(kept)}{_TAIL}"


def rules(table: Table) -> tuple[str, ...]:
    """The rules of a table's ruleset, one by one, each once: keys, references, the gate, then columns in their order."""
    return tuple(dict.fromkeys(rule for rule in _rules(table) if rule))


def reference_alias(table: str) -> str:
    """The name by which a ruleset knows a table that is referred to: a key of `AdditionalDataSources`.

    https://docs.aws.amazon.com/glue/latest/webapi/API_StartDataQualityRulesetEvaluationRun.html
    """
    return f"published_{table}"


def quoted(text: str) -> str:
    r"""A text in quotes, for lists and names.

    Example:
        >>> print(quoted('a "b"'), quoted("c" + chr(92)))
        "a \"b\"" "c\\"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def number(value: float) -> str:
    """A number without an exponent.

    Example:
        >>> number(1e-7), number(10.0), number(-0.5), number(10**20)
        ('0.0000001', '10', '-0.5', '100000000000000000000')
    """
    exact = Decimal(str(value))
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rules(table: Table) -> Iterator[str]:
    columns = [column for column in table.columns if not _is_nested(column.type)]
    usable = {column.name for column in columns}
    weighed = {rule.column for rule in table.gate if rule.metric == "valid_ratio"}
    if table.primary_key and usable.issuperset(table.primary_key):
        yield f"IsPrimaryKey {' '.join(quoted(name) for name in table.primary_key)}"
    for reference in table.references:
        yield _reference(table, reference)
    for rule in table.gate:
        if rule.operator in _LASTING.get(rule.metric, frozenset()):
            yield gate_rule(rule, None if rule.column is None else table.column(rule.column))
    for column in columns:
        if column.required and column.name not in table.primary_key:
            yield f"IsComplete {quoted(column.name)}"
        if column.unique and table.primary_key != (column.name,):
            yield f"IsUnique {quoted(column.name)}"
        for check in column.checks:
            if not (check.is_warning and column.name in weighed):
                yield _check(column, check)


def _check(column: Column, check: Check, *, threshold: str = "") -> str:
    """One check of a column's values; empty where DQDL has no word for it."""
    values = check.value if isinstance(check.value, tuple) else (check.value,)
    is_complete = column.required or column.primary_key_position is not None
    name, sql = quoted(column.name), f"`{column.name}`"
    present = "" if is_complete else f' where "{sql} is not null"'
    if check.kind is CheckKind.PATTERN or (check.kind is CheckKind.ENUM and column.type == _STRING and _has_moment(values)):
        pattern = str(values[0]) if check.kind is CheckKind.PATTERN else f"^(?:{'|'.join(re.escape(str(one)) for one in values)})$"
        can_be_said = column.type == _STRING and not ("\\Q" in pattern and '"' in pattern)
        return _matches(column, pattern, present) + threshold if can_be_said else ""
    if check.kind in _LENGTHS:
        bound = f"ColumnLength {name} {_LENGTHS[check.kind]} {values[0]}"
        left_out = present if check.kind is CheckKind.MIN_LENGTH else ""
        return bound + left_out + threshold if column.type == _STRING else ""
    literals = [_literal(one, column.type) for one in values]
    if not literals or "" in literals:
        return ""
    if check.kind is CheckKind.ENUM:
        listed = ", ".join(literals if is_complete else [*literals, "NULL"])
        return f"ColumnValues {name} in [{listed}]{threshold}"
    return f"ColumnValues {name} {_BOUNDS[check.kind]} {literals[0]}{present}{threshold}"


def _matches(column: Column, pattern: str, present: str) -> str:
    """A value has to match anywhere, as the ingestion job looks for it; Glue wants the whole value to."""
    whole = pattern if _is_whole(pattern) else f"(?s:.*)(?:{pattern})(?s:.*)"
    # a match of no characters counts as none, so values that are empty are left out where they match
    sql = f"`{column.name}`"
    where = f" where \"{sql} <> ''\"" if _takes_nothing(pattern) else present
    return f'ColumnValues {quoted(column.name)} matches "{_pattern(whole)}"{where}'


def _is_whole(pattern: str) -> bool:
    """Whether a pattern says itself that it is about the whole value."""
    return pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith("\\$") and "|" not in _outside_groups(pattern)


def _outside_groups(pattern: str) -> str:
    """What of a pattern stands in no group and no class, as far as that is plain; all of it where it is not."""
    if "\\Q" in pattern:
        return pattern
    text = re.sub(r"\\.", "", pattern)
    text = re.sub(r"\[\^?\]?[^\[\]]*\]", "", text)
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text


def _takes_nothing(pattern: str) -> bool:
    try:
        return re.search(for_python(pattern).replace("\\z", "\\Z"), "") is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _pattern(pattern: str) -> str:
    """A pattern between quotes: a quote in it is escaped, as it may be in any pattern, and what is escaped already stays."""
    return re.sub(r'(\\.)|"', lambda found: found[1] or '\\"', pattern, flags=re.DOTALL)


def _has_moment(values: tuple[str | int | float, ...]) -> bool:
    return any(_MOMENT.fullmatch(str(one)) for one in values)


def _literal(value: str | float, data_type: DataType) -> str:
    """A value as DQDL writes it for a column of that type; empty where it has no word for it."""
    if isinstance(data_type, DecimalType) or data_type in _NUMBERS:
        return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
    if data_type == _DATE:
        return quoted(str(value)) if _DAY.fullmatch(str(value)) else ""
    return quoted(str(value)) if data_type == _STRING else ""


def _is_nested(data_type: DataType) -> bool:
    return isinstance(data_type, Struct | List | Map)


def _valid_ratio(rule: GateRule, column: Column | None) -> str:
    """The share of rows that pass the column's warnings, which can be said of a single one."""
    warned = [] if column is None else [check for check in column.checks if check.is_warning]
    if column is None or len(warned) != 1:
        return ""
    return _check(column, warned[0], threshold=f" with threshold {rule.operator} {number(rule.threshold)}")


def _reference(table: Table, reference: Reference) -> str:
    """Values that have to stand in another table; a NULL among them satisfies it."""
    alias = reference_alias(reference.table)
    columns = [table.column(name) for name in reference.columns]
    is_plain = all(isinstance(column.type, DecimalType) or column.type in _NUMBERS for column in columns)
    if is_plain and all(column.required for column in columns):
        own = ",".join(reference.columns)
        others = ",".join(reference.target_columns)
        target = f"{alias}.{{{others}}}" if len(columns) > 1 else f"{alias}.{others}"
        return f"ReferentialIntegrity {quoted(own)} {quoted(target)} = 1.0"
    pairs = zip(reference.columns, reference.target_columns, strict=True)
    matched = " and ".join(f"p.`{own}` = r.`{other}`" for own, other in pairs)
    present = " and ".join(f"p.`{own}` is not null" for own in reference.columns)
    return _query_of(f"primary p left anti join {alias} r on {matched} where {present}")


def _query_of(rows: str) -> str:
    """No such rows."""
    return f'CustomSql "select count(*) from {rows}" = 0'  # noqa: S608 - as above
