"""Reads a `physicalType` as any of the common databases, engines and formats spells it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from lakemodel.types import sql_names as names
from lakemodel.types.model import Primitive, PrimitiveKind
from lakemodel.types.sql_model import Family, NotUnderstoodError, SqlType
from lakemodel.types.sql_plain import plain_type

_MAX_TEXT: Final = 100_000
_MAX_DEPTH: Final = 40
_MOST_REMEMBERED: Final = 1_024

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<quoted>`[^`]*`|"[^"]*")|(?P<number>[-+]?[0-9]+(?![\w-]))"""
    r"""|(?P<word>[^\W\d][\w$.-]*|\d+[^\W\d][\w$-]*)|(?P<mark>[()\[\]<>,:*?;=]))""",
    re.VERBOSE,
)


def parse_sql_type(text: str, *, dialect: str | None = None) -> SqlType:
    """Reads a type expression; never raises.

    Args:
        text: Such as `varchar(18)`, `NUMBER(38,0)`, `timestamp with time zone`, `array<struct<sku:string,price:decimal(10,2)>>`.
        dialect: The system it comes from (`servers[].type`); by default a name that is read differently by different systems gets the
            type that holds the values of them all.

    Example:
        >>> parse_sql_type("numeric(10, 2)").type
        Decimal(precision=10, scale=2)
        >>> parse_sql_type("FancyName").family
        <Family.UNKNOWN: 'unknown'>
    """
    shown = " ".join(text.split())
    if len(text) > _MAX_TEXT:
        return SqlType(family=Family.UNKNOWN, text=shown[:60] + "...")
    return _parsed(shown, (dialect or "").lower())


@lru_cache(maxsize=_MOST_REMEMBERED)
def _parsed(shown: str, dialect: str) -> SqlType:
    """Remembered: thousands of columns share a few dozen spellings, and reading one takes longer than all else about a column."""
    try:
        return replace(_Parser(shown, dialect).whole(), text=shown)
    except NotUnderstoodError:
        return SqlType(family=Family.UNKNOWN, text=shown)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise NotUnderstoodError
        found.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str, dialect: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._dialect = dialect

    def whole(self) -> SqlType:
        """The expression, which has to end where the text ends."""
        found = self._type()
        while self._accept(";"):
            pass
        if self._at != len(self._tokens):
            raise NotUnderstoodError
        return found

    def _peek(self, ahead: int = 0) -> tuple[str, str]:
        index = self._at + ahead
        return self._tokens[index] if index < len(self._tokens) else ("end", "")

    def _accept(self, mark: str) -> bool:
        if self._peek() == ("mark", mark):
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise NotUnderstoodError

    def _word(self, ahead: int = 0) -> str:
        kind, text = self._peek(ahead)
        return text.lower() if kind == "word" else ""

    def _accept_words(self, words: str) -> bool:
        parts = words.split()
        if [self._word(ahead) for ahead in range(len(parts))] == parts:
            self._at += len(parts)
            return True
        return False

    def _type(self) -> SqlType:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstoodError
        name = self._name()
        found = self._modified(self._suffixed(self._base(name)))
        self._depth -= 1
        return found

    def _name(self) -> str:
        for words in names.MULTI_WORD:
            if self._accept_words(words):
                return words
        word = self._word()
        if not word:
            raise NotUnderstoodError
        self._at += 1
        return word.removeprefix("pg_catalog.").removeprefix("sys.").removeprefix("edm.")

    def _base(self, name: str) -> SqlType:
        if name in names.STRUCTS:
            return self._struct()
        if name in names.LISTS:
            return self._list()
        if name in names.MAPS:
            return self._map()
        if name in names.VECTORS:
            return self._vector()
        if name in names.TRANSPARENT:
            self._expect("(")
            inner = self._type()
            self._expect(")")
            return inner
        if name == "interval":
            while self._peek()[0] in {"word", "number"} or self._peek()[1] in {"(", ")"}:
                self._at += 1
        arguments = self._arguments()
        return plain_type(name, arguments, self._dialect, unsigned=self._accept_words("unsigned"), suffix=self._zone_words())

    def _zone_words(self) -> bool | None:
        for words in ("with time zone", "with local time zone", "with timezone"):
            if self._accept_words(words):
                return True
        for words in ("without time zone", "without timezone"):
            if self._accept_words(words):
                return False
        return None

    def _arguments(self) -> list[str]:
        """What stands in parentheses after a plain name; `varchar[15]` counts as well."""
        if self._peek() == ("mark", "(") or (self._peek() == ("mark", "[") and self._peek(1)[0] == "number"):
            closing = ")" if self._peek()[1] == "(" else "]"
            self._at += 1
            found: list[str] = []
            while not self._accept(closing):
                kind, text = self._peek()
                if kind not in {"number", "text", "quoted", "word"} and text != "*":
                    raise NotUnderstoodError
                found.append(text)
                self._at += 1
                while self._word() in {"char", "byte", "characters", "bytes"}:
                    self._at += 1
                if self._accept("="):
                    self._at += 1
                self._accept(",")
            if closing == "]":
                found.append("]")
            return found
        return []

    def _opening(self) -> str | None:
        for opening, closing in (("<", ">"), ("(", ")")):
            if self._accept(opening):
                return closing
        return None

    def _struct(self) -> SqlType:
        closing = self._opening()
        if closing is None:
            return SqlType(family=Family.STRUCT, text="struct")
        fields: list[tuple[str, SqlType]] = []
        while not self._accept(closing):
            kind, name = self._peek()
            if kind not in {"word", "quoted"}:
                raise NotUnderstoodError
            self._at += 1
            self._accept(":")
            inner = self._type()
            if self._accept_words("comment"):
                self._at += 1
            fields.append((name.strip('`"').rstrip(":"), inner))
            if not self._accept(",") and self._peek() != ("mark", closing):
                raise NotUnderstoodError
        if not fields or len({name.lower() for name, _ in fields}) != len(fields):
            raise NotUnderstoodError
        return SqlType(family=Family.STRUCT, text="struct", fields=tuple(fields))

    def _list(self) -> SqlType:
        closing = self._opening()
        element = None
        if closing is not None:
            element = self._type()
            self._expect(closing)
        elif self._word() in names.STRUCTS:
            element = self._type()
        return SqlType(family=Family.LIST, text="array", element=element)

    def _map(self) -> SqlType:
        closing = self._opening()
        if closing is None:
            return SqlType(family=Family.MAP, text="map")
        key = self._type()
        self._expect(",")
        value = self._type()
        self._expect(closing)
        return SqlType(family=Family.MAP, text="map", key=key, value=value)

    def _vector(self) -> SqlType:
        element = SqlType(family=Family.FLOAT, text="float", type=Primitive(PrimitiveKind.FLOAT))
        arguments = [one.lower() for one in self._arguments() if one != "]"]
        named = [one for one in arguments if not one.isdigit() and one != "*"]
        if named:
            inner = plain_type(named[0], [], self._dialect, unsigned=False, suffix=None)
            if inner.type is None:
                raise NotUnderstoodError
            if named[0] not in {"float", "float16", "bfloat16"}:
                element = inner
        size = next((one for one in arguments if one.isdigit()), "")
        remark = f"its {size} dimensions are not enforced" if size else ""
        return SqlType(family=Family.LIST, text="vector", element=element, remark=remark)

    def _suffixed(self, base: SqlType) -> SqlType:
        """`int[]`, `int[3]`, `text array`, `RECORD REPEATED`."""
        found = base
        while True:
            if self._peek() == ("mark", "[") and (self._peek(1) == ("mark", "]") or self._peek(1)[0] == "number"):
                self._at += 1
                if self._peek()[0] == "number":
                    self._at += 1
                self._expect("]")
            elif not (self._accept_words("array") or self._accept_words("repeated") or self._accept_words(", repeated")):
                return found
            found = SqlType(family=Family.LIST, text="array", element=found)

    def _modified(self, base: SqlType) -> SqlType:
        """What else may follow a type: nullability, collation, identity."""
        found = base
        while True:
            if self._accept_words("not null") or self._accept_words("required"):
                found = replace(found, not_null=True)
            elif self._accept_words("character set") or self._accept_words("collate") or self._accept_words("encode"):
                self._at += 1
            elif self._word() in {"null", "nullable", "signed", "zerofill", "identity", "auto_increment", "autoincrement"}:
                self._at += 1
                if self._peek(-1)[1].lower() == "identity":
                    self._arguments()
            elif not self._accept_words("primary key"):
                return found
