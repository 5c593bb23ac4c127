"""A reader of DQDL for tests, after the grammar of Glue's own parser (https://github.com/awslabs/dqdl): what it refuses, Glue refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

NULL: Final = "<NULL>"
"""The keyword, in a list of values."""

_TYPES: Final = {
    # name: (fewest parameters, most, what it is compared as)
    "RowCount": (0, 0, "number"),
    "Completeness": (1, 1, "number"),
    "IsComplete": (1, 1, ""),
    "IsUnique": (1, 9, ""),
    "IsPrimaryKey": (1, 999, ""),
    "Mean": (1, 1, "number"),
    "DistinctValuesCount": (1, 1, "number"),
    "ColumnLength": (1, 1, "number"),
    "ColumnValues": (1, 1, "any"),
    "CustomSql": (1, 1, "number"),
    "ReferentialIntegrity": (2, 2, "number"),
}
_THRESHOLD: Final = {"ColumnValues", "ColumnLength"}
_STRING: Final = re.compile(r'"(?:\\"|\\\\|.)*?"', re.DOTALL)
_MOMENT: Final = re.compile(r'"(?:\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2} (?:AM|PM)|\d{2}:\d{2})"')
_REST: Final = re.compile(
    r"(?P<comment>#.*?\r?\n)|(?P<space>[ \t\n]+)|(?P<operator>!=|>=|<=|[=<>])|(?P<mark>[\[\](),-])|(?P<number>\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[a-zA-Z0-9_.]+)"
)


class NotDqdl(Exception):  # noqa: N818 - named for what it tells
    """A text that the parser of Glue would not take."""


@dataclass(frozen=True)
class Rule:
    """One rule. `operands` are numbers or texts as they are compared; `threshold` is an operator with a number."""

    type: str
    parameters: tuple[str, ...]
    operator: str = ""
    operands: tuple[Any, ...] = ()
    where: str = ""
    threshold: tuple[str, Decimal] | None = None


def read(text: str) -> list[Rule]:
    """The rules of a ruleset."""
    reader = _Reader(_tokens(text))
    for expected in ("Rules", "=", "["):
        reader.expect(expected)
    found = [_rule(reader)]
    while reader.is_next(","):
        reader.take()
        found.append(_rule(reader))
    reader.expect("]")
    if reader.left:
        raise NotDqdl(f"something follows: {reader.left[0]}")
    return found


def read_rule(text: str) -> Rule:
    """A rule by itself."""
    (found,) = read(f"Rules = [ {text} ]")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        if text[at] == '"':
            match = _STRING.match(text, at)
            kind = "" if match is None else "moment" if _MOMENT.fullmatch(match[0]) else "string"
        else:
            match = _REST.match(text, at)
            kind = "" if match is None else match.lastgroup or ""
        if match is None:
            raise NotDqdl(f"no token at {text[at : at + 20]!r}")
        if kind not in {"comment", "space"}:
            found.append((kind, match[0]))
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.left = tokens

    def take(self, *kinds: str) -> str:
        kind, text = self.left.pop(0) if self.left else ("end", "")
        if kinds and kind not in kinds:
            raise NotDqdl(f"{text!r} is a {kind}, not a {' or '.join(kinds)}")
        return text

    def expect(self, text: str) -> None:
        found = self.take()
        if found != text:
            raise NotDqdl(f"{found!r} stands where {text!r} should")

    def is_next(self, *texts: str) -> bool:
        return bool(self.left) and self.left[0][0] != "string" and self.left[0][1] in texts

    def kind(self) -> str:
        return self.left[0][0] if self.left else "end"


def _rule(reader: _Reader) -> Rule:
    name = reader.take("word")
    if name not in _TYPES:
        raise NotDqdl(f"{name} is no rule type")
    fewest, most, compared = _TYPES[name]
    parameters = []
    while reader.kind() == "string":
        parameters.append(_unquoted(reader.take()))
    if not fewest <= len(parameters) <= most:
        raise NotDqdl(f"{name} has {len(parameters)} parameters")
    operator, operands = _condition(reader) if compared else ("", ())
    if compared == "number" and not all(isinstance(one, Decimal) for one in operands):
        raise NotDqdl(f"{name} is compared with a number")
    where = ""
    if reader.is_next("where"):
        reader.take()
        where = _unquoted(reader.take("string"))
    threshold = None
    if reader.is_next("with"):
        reader.take()
        reader.expect("threshold")
        if name not in _THRESHOLD:
            raise NotDqdl(f"{name} has no threshold")
        threshold = (reader.take("operator"), _number(reader))
    return Rule(name, tuple(parameters), operator, operands, where, threshold)


def _condition(reader: _Reader) -> tuple[str, tuple[Any, ...]]:
    if reader.is_next("matches"):
        reader.take()
        return "matches", (reader.take("string")[1:-1],)
    if reader.is_next("in"):
        reader.take()
        return "in", _list(reader)
    operator = reader.take("operator")
    if reader.kind() == "moment":
        return operator, (reader.take()[1:-1],)
    return operator, (_number(reader),)


def _list(reader: _Reader) -> tuple[Any, ...]:
    reader.expect("[")
    values: list[Any] = []
    kinds = set()
    while True:
        kind = reader.kind()
        if reader.is_next("NULL"):
            reader.take()
            values.append(NULL)
        elif kind == "string":
            values.append(re.sub(r"\\(.)", r"\1", reader.take()[1:-1]))
            kinds.add(kind)
        elif kind == "moment":
            values.append(reader.take()[1:-1])
            kinds.add(kind)
        else:
            values.append(_number(reader))
            kinds.add("number")
        if not reader.is_next(","):
            break
        reader.take()
    reader.expect("]")
    if len(kinds) > 1:
        raise NotDqdl(f"a list of {' and '.join(sorted(kinds))}")
    return tuple(values)


def _number(reader: _Reader) -> Decimal:
    sign = ""
    if reader.is_next("-"):
        sign = reader.take()
    return Decimal(sign + reader.take("number"))


def _unquoted(text: str) -> str:
    return text.replace('"', "")
