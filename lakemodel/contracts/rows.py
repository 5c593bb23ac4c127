"""Row expressions of data cells filters: what can be known of them without Lake Formation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<operator><=|>=|<>|!=|\|\||[=<>+*/%(),-])""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"and", "or", "not", "in", "between", "like", "escape", "is"})
_VALUES = frozenset({"null", "missing", "true", "false"})
_TYPES = frozenset(
    {
        "as",
        "cast",
        "date",
        "time",
        "timestamp",
        "interval",
        "int",
        "integer",
        "bigint",
        "smallint",
        "decimal",
        "numeric",
        "double",
        "precision",
        "float",
        "real",
        "varchar",
        "char",
        "string",
        "boolean",
    }
)
_KEYWORDS = _OPERATORS | _VALUES | _TYPES
_STATEMENTS = frozenset(
    {
        "select",
        "from",
        "where",
        "union",
        "insert",
        "update",
        "delete",
        "drop",
        "alter",
        "create",
        "grant",
        "join",
        "having",
        "group",
        "order",
        "limit",
        "with",
    }
)
_BEFORE_PARENTHESIS = frozenset({"and", "or", "not", "in", "cast", "decimal", "numeric", "varchar", "char"})
_LONGEST = 2_048


def problems(expression: str, columns: Sequence[str]) -> list[str]:
    """What is wrong with a row expression, in words; empty when nothing is found.

    Checked: length, unknown characters, open quotes and parentheses, comments, statements, functions (Lake Formation takes none),
    columns the table does not have, and parts of nested columns, which a filter of rows cannot use. Whether types fit is not checked.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/partiql-support.html.

    Args:
        expression: A PartiQL predicate, without WHERE.
        columns: The table's columns.

    Example:
        >>> problems("country = 'DE' AND total > 10", ["country", "total"])
        []
        >>> problems("upper(country) = 'DE'", ["country"])
        ['function upper; Lake Formation takes comparisons only']
    """
    if not expression.strip():
        return ["it is empty"]
    if len(expression) > _LONGEST:
        return [f"it has {len(expression)} characters, allowed are {_LONGEST}"]
    if "--" in expression or "/*" in expression or ";" in re.sub(r"'(?:[^']|'')*'", "", expression):
        return ["it has a comment or more than one statement"]
    found: list[str] = []
    tokens: list[tuple[str, str]] = []
    for kind, text in _tokens(expression):
        if kind == "unknown":
            found.append(f"it cannot be read from {text!r} on")
            return found
        tokens.append((kind, text))
    return [*_unbalanced(tokens), *_misused(tokens, {column.lower() for column in columns})]


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            yield "unknown", expression[position : position + 20]
            return
        position = match.end()
        if match.lastgroup != "space":
            yield str(match.lastgroup), match.group()


def _unbalanced(tokens: list[tuple[str, str]]) -> list[str]:
    depth = 0
    for _, text in tokens:
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0:
            break
    return ["parentheses do not match"] if depth else []


def _misused(tokens: list[tuple[str, str]], columns: set[str]) -> Iterator[str]:
    following = [text for _, text in tokens[1:]] + [""]
    for (kind, text), after in zip(tokens, following, strict=True):
        name = text.strip('"').lower() if kind == "quoted" else text.lower()
        if kind not in {"word", "quoted"} or (kind == "word" and name in _KEYWORDS and (after != "(" or name in _BEFORE_PARENTHESIS)):
            continue
        if kind == "word" and name in _STATEMENTS and name not in columns:
            yield f"keyword {text}; allowed is a condition alone, without WHERE"
        elif after == "(":
            yield f"function {text}; Lake Formation takes comparisons only"
        elif "." in name:
            yield f"nested column {text}; a filter of rows cannot use parts of a column"
        elif name not in columns:
            yield f"column {text}, which the table does not have"
