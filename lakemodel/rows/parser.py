"""The grammar: comparisons of a column with constants, put together with AND, OR, NOT and parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakemodel.rows.tokens import RESERVED, STATEMENTS, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})
_CALCULATING = frozenset({"+", "-", "*", "/", "%", "||"})
_PARAMETERS = 2
"""Types with numbers in parentheses have at most precision and scale."""
_TYPES = {
    **dict.fromkeys(("char", "character", "string", "varchar"), "text"),
    **dict.fromkeys(("bigint", "dec", "decimal", "double", "float", "int", "integer", "numeric", "real", "smallint"), "number"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    "date": "date",
    "timestamp": "timestamp",
}
_DEEPEST = 50


class RowSyntaxError(ValueError):
    """An expression that is none; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of an expression.

    Attributes:
        kind: `text`, `number`, `boolean`, `date`, `timestamp`, or `null`.
        value: What stands there, without quotes.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison of a column.

    Attributes:
        column: Its name; more than one part for a part of a nested column.
        quoted: Whether it stands in double quotes, where case counts.
        operator: `=`, `<>`, ..., `BETWEEN`, `IN`, `LIKE` or `IS NULL`.
        values: What it is compared with.
    """

    column: tuple[str, ...]
    quoted: bool
    operator: str
    values: tuple[Constant, ...]


def parse(expression: str) -> list[Predicate]:
    """The comparisons in an expression, in their order.

    Raises:
        RowSyntaxError: If it is no expression that Lake Formation takes.

    Example:
        >>> [predicate.operator for predicate in parse("country IN ('DE', 'FR') AND NOT total IS NULL")]
        ['IN', 'IS NULL']
    """
    return _Parser(list(tokens(expression))).whole()


class _Parser:
    """Recursive descent over the tokens, one method for each rule."""

    def __init__(self, pieces: Sequence[Token]) -> None:
        self._pieces = pieces
        self._position = 0
        self._found: list[Predicate] = []
        self._refuse_unreadable()

    def whole(self) -> list[Predicate]:
        self._either(0)
        if self._next.kind != "end":
            raise self._unexpected("AND, OR or the end")
        return self._found

    @property
    def _next(self) -> Token:
        return self._pieces[self._position]

    @property
    def _after(self) -> Token:
        return self._pieces[min(self._position + 1, len(self._pieces) - 1)]

    def _take(self) -> Token:
        piece = self._next
        if piece.kind != "end":
            self._position += 1
        return piece

    def _takes(self, word: str) -> bool:
        if self._next.lower != word:
            return False
        self._position += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._unexpected(word.upper())

    def _refuse_unreadable(self) -> None:
        depth = 0
        for piece in self._pieces:
            if piece.kind == "comment" or piece.lower == ";":
                msg = "it has a comment or more than one statement; a condition alone is allowed"
                raise RowSyntaxError(msg)
            if piece.kind == "unknown":
                msg = f"it cannot be read from {piece.text!r} on; text stands in single quotes, a quote in it twice"
                raise RowSyntaxError(msg)
            depth += {"(": 1, ")": -1}.get(piece.lower, 0)
            if depth < 0:
                break
        if depth:
            msg = "parentheses do not match"
            raise RowSyntaxError(msg)

    def _unexpected(self, wanted: str) -> RowSyntaxError:
        piece = self._next
        if piece.lower in STATEMENTS:
            return RowSyntaxError(f"keyword {piece.text}; allowed is a condition alone, without WHERE")
        if piece.lower in _CALCULATING:
            return RowSyntaxError(f"{piece.text} calculates; Lake Formation compares a column with a constant only")
        got = "the end" if piece.kind == "end" else piece.text
        return RowSyntaxError(f"got {got} where {wanted} is due")

    def _either(self, depth: int) -> None:
        self._both(depth)
        while self._takes("or"):
            self._both(depth)

    def _both(self, depth: int) -> None:
        self._condition(depth)
        while self._takes("and"):
            self._condition(depth)

    def _condition(self, depth: int) -> None:
        while self._takes("not"):
            pass
        if depth > _DEEPEST:
            msg = f"it is nested deeper than {_DEEPEST} parentheses"
            raise RowSyntaxError(msg)
        if self._takes("("):
            self._either(depth + 1)
            self._expect(")")
        elif self._next.lower in {"true", "false"} and self._after.lower not in _COMPARISONS:
            self._take()
        else:
            self._predicate()

    def _predicate(self) -> None:
        column, quoted = self._column()
        if self._takes("is"):
            self._takes("not")
            if self._next.lower == "missing":
                msg = "IS MISSING; Lake Formation takes IS [NOT] NULL"
                raise RowSyntaxError(msg)
            self._expect("null")
            self._found.append(Predicate(column, quoted, "IS NULL", ()))
            return
        negated = self._takes("not")
        operator = self._next.lower
        if operator in _COMPARISONS and not negated:
            self._take()
            values: tuple[Constant, ...] = (self._constant(),)
        elif self._takes("between"):
            low = self._constant()
            self._expect("and")
            values = (low, self._constant())
        elif self._takes("in"):
            values = self._listed()
        elif self._takes("like"):
            values = (self._constant(),)
            if self._takes("escape") and not re.fullmatch(r"'(?:[^']|'')'", self._take().text):
                msg = "ESCAPE takes one character in single quotes"
                raise RowSyntaxError(msg)
        else:
            raise self._unexpected("a comparison (=, <>, <, <=, >, >=, BETWEEN, IN, LIKE, IS NULL)")
        self._found.append(Predicate(column, quoted, operator.upper(), values))

    def _listed(self) -> tuple[Constant, ...]:
        self._expect("(")
        values = [self._constant()]
        while self._takes(","):
            values.append(self._constant())
        self._expect(")")
        return tuple(values)

    def _column(self) -> tuple[tuple[str, ...], bool]:
        parts = [self._name()]
        while self._takes("."):
            parts.append(self._name())
        return tuple(name for name, _ in parts), parts[0][1]

    def _name(self) -> tuple[str, bool]:
        piece = self._next
        if piece.kind == "quoted":
            self._take()
            return piece.text[1:-1].replace('""', '"'), True
        if piece.kind in {"text", "number"}:
            msg = f"got {piece.text} where a column is due; the column comes first, then the constant"
            raise RowSyntaxError(msg)
        if piece.kind == "word" and self._after.lower == "(" and piece.lower not in {"and", "or", "in"}:
            msg = f"function {piece.text}; Lake Formation takes comparisons only"
            raise RowSyntaxError(msg)
        if piece.kind != "word":
            raise self._unexpected("a column")
        if piece.lower in RESERVED and (self._after.lower in _COMPARISONS or self._after.lower in {"is", "not", "in", "like", "between"}):
            msg = f'{piece.text} is a keyword of PartiQL; as a column it stands in double quotes: "{piece.lower}"'
            raise RowSyntaxError(msg)
        if piece.lower in RESERVED:
            raise self._unexpected("a column")
        self._take()
        return piece.text, False

    def _constant(self) -> Constant:
        piece = self._next
        if piece.lower in {"-", "+"} and self._after.kind == "number":
            sign = self._take().text
            return Constant("number", sign + self._take().text)
        if piece.kind in {"text", "number"}:
            self._take()
            return Constant(piece.kind, _unquoted(piece.text) if piece.kind == "text" else piece.text)
        if piece.lower in {"true", "false"}:
            self._take()
            return Constant("boolean", piece.lower)
        if piece.lower == "null":
            self._take()
            return Constant("null", "null")
        if piece.lower in {"date", "timestamp"} and self._after.kind == "text":
            kind = self._take().lower
            return Constant(kind, _unquoted(self._take().text))
        if piece.lower == "cast" and self._after.lower == "(":
            return self._cast()
        raise self._no_constant(piece)

    def _no_constant(self, piece: Token) -> RowSyntaxError:
        if piece.kind == "word" and self._after.lower == "(":
            return RowSyntaxError(f"function {piece.text}; Lake Formation takes comparisons only")
        if piece.kind == "quoted" or (piece.kind == "word" and piece.lower not in RESERVED):
            return RowSyntaxError(
                f"{piece.text} where a constant is due; columns are not compared with each other, text stands in single quotes"
            )
        return self._unexpected("a constant")

    def _cast(self) -> Constant:
        self._take()
        self._expect("(")
        inner = self._constant()
        self._expect("as")
        kind = _TYPES.get(self._next.lower)
        if kind is None:
            raise self._unexpected(f"one of the types {', '.join(sorted(_TYPES))}")
        name = self._take().lower
        if name == "double":
            self._takes("precision")
        if self._takes("("):
            for number in range(_PARAMETERS):
                if self._take().kind != "number":
                    msg = f"numbers are due in the parentheses after {name}"
                    raise RowSyntaxError(msg)
                if number or not self._takes(","):
                    break
            self._expect(")")
        self._expect(")")
        return Constant(kind, inner.value)


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")
