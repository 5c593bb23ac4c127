"""Reads a `physicalType` as any of the common databases, engines and formats spells it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from lakemodel.types import sql_names as names
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from lakemodel.types.model import DataType

MAX_PRECISION: Final = 38
MICROSECONDS: Final = 6
_MAX_TEXT: Final = 100_000
_MAX_DEPTH: Final = 40
_SINGLE_BITS: Final = 24
_UNLIMITED: Final = 10_000_000

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<quoted>`[^`]*`|"[^"]*")|(?P<number>[-+]?[0-9]+(?![\w-]))"""
    r"""|(?P<word>[^\W\d][\w$.-]*|\d+[^\W\d][\w$-]*)|(?P<mark>[()\[\]<>,:*?;=]))""",
    re.VERBOSE,
)


class Family(StrEnum):
    """What kind of values a type holds."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    BINARY = "binary"
    STRUCT = "struct"
    LIST = "list"
    MAP = "map"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlType:
    """A type expression that was read.

    Attributes:
        family: What it holds. `UNKNOWN`: the expression says nothing to us; `UNSUPPORTED`: no type of the lake holds it.
        text: As written.
        type: Its type; None for a nested one, and for a decimal without precision.
        reason: Why it is unsupported.
        max_length: The most characters (or bytes) a value has.
        values: The values an enumeration allows.
        kept_as_text: What a type is called that the lake keeps as a string although it is none.
        remark: What the lake does not keep of it, or how an ambiguous name was read.
        unsigned: Whether values below zero are excluded.
        zoned: Whether a timestamp says that it has a zone (True) or none (False); None when it does not say.
        not_null: Whether `NOT NULL` is part of the expression.
        fields: Names and types of a struct; None when it lists none.
        element: Of a list; None when it names none.
        key: Of a map; None when it names none.
        value: Of a map; None when it names none.
    """

    family: Family
    text: str
    type: DataType | None = None
    reason: str = ""
    max_length: int | None = None
    values: tuple[str, ...] = ()
    kept_as_text: str = ""
    remark: str = ""
    unsigned: bool = False
    zoned: bool | None = None
    not_null: bool = False
    fields: tuple[tuple[str, SqlType], ...] | None = None
    element: SqlType | None = None
    key: SqlType | None = None
    value: SqlType | None = None


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
    try:
        parser = _Parser(shown, (dialect or "").lower())
        return replace(parser.whole(), text=shown)
    except _NotUnderstoodError:
        return SqlType(family=Family.UNKNOWN, text=shown)


class _NotUnderstoodError(Exception):
    """The expression is of no form we know."""


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _NotUnderstoodError
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
            raise _NotUnderstoodError
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
            raise _NotUnderstoodError

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
            raise _NotUnderstoodError
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
            raise _NotUnderstoodError
        self._at += 1
        return word.removeprefix("pg_catalog.").removeprefix("sys.")

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
        return _plain(name, arguments, self._dialect, unsigned=self._accept_words("unsigned"), suffix=self._zone_words())

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
                    raise _NotUnderstoodError
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
                raise _NotUnderstoodError
            self._at += 1
            self._accept(":")
            inner = self._type()
            if self._accept_words("comment"):
                self._at += 1
            fields.append((name.strip('`"').rstrip(":"), inner))
            if not self._accept(",") and self._peek() != ("mark", closing):
                raise _NotUnderstoodError
        if not fields or len({name.lower() for name, _ in fields}) != len(fields):
            raise _NotUnderstoodError
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
            element = SqlType(family=Family.FLOAT, text="float", type=Primitive(PrimitiveKind.FLOAT))
            inner = _plain(named[0], [], self._dialect, unsigned=False, suffix=None)
            if inner.type is None:
                raise _NotUnderstoodError
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


def _plain(name: str, arguments: list[str], dialect: str, *, unsigned: bool, suffix: bool | None) -> SqlType:
    """A type without parts."""
    if name in names.UNSUPPORTED:
        return _unsupported(name, f"{names.UNSUPPORTED[name]} type")
    found = (
        _integer(name, dialect, unsigned=unsigned)
        or _number(name, arguments, dialect)
        or _bits(name, arguments)
        or _temporal(name, arguments, dialect, suffix)
        or _textual(name, arguments)
    )
    if found is None or (unsigned and not found.unsigned) or (suffix is not None and found.family not in {Family.TIMESTAMP, Family.TIME}):
        raise _NotUnderstoodError
    is_length = found.family in {Family.STRING, Family.BINARY}
    if arguments[-1:] == ["]"] and not is_length:
        return SqlType(family=Family.LIST, text=name, element=_plain(name, [], dialect, unsigned=unsigned, suffix=suffix))
    return found


def _unsupported(name: str, reason: str) -> SqlType:
    return SqlType(family=Family.UNSUPPORTED, text=name, reason=reason)


def _integer(name: str, dialect: str, *, unsigned: bool) -> SqlType | None:
    if name == "long" and dialect == "oracle":
        return SqlType(family=Family.STRING, text=name, type=Primitive(PrimitiveKind.STRING))
    if name in names.UNSIGNED:
        return SqlType(family=Family.INTEGER, text=name, type=names.UNSIGNED[name], unsigned=True)
    if name not in names.INTEGERS:
        return None
    kind = names.INTEGERS[name]
    if unsigned:
        return SqlType(family=Family.INTEGER, text=name, type=names.WIDENED[kind], unsigned=True)
    if kind is PrimitiveKind.TINYINT and dialect in {"sqlserver", "synapse", "fabric"}:
        return SqlType(family=Family.INTEGER, text=name, type=Primitive(PrimitiveKind.SMALLINT), unsigned=True)
    return SqlType(family=Family.INTEGER, text=name, type=Primitive(kind))


def _number(name: str, arguments: list[str], dialect: str) -> SqlType | None:
    if name in {"money", "smallmoney"}:
        wide = 19 if dialect in {"sqlserver", "synapse", "fabric"} else 21
        return SqlType(family=Family.DECIMAL, text=name, type=Decimal(10 if name == "smallmoney" else wide, 4))
    if name in names.DECIMALS:
        return _decimal(name, arguments, dialect)
    is_single = name in names.SINGLES and not (name == "real" and dialect in names.DOUBLE_AS_REAL)
    remark = ""
    if name == "float":
        bits = _size(arguments) if len(arguments) == 1 else None
        is_single = bits <= _SINGLE_BITS if bits is not None and bits > 0 else dialect in names.SINGLE_AS_FLOAT
        if bits is None and dialect not in names.SINGLE_AS_FLOAT | names.DOUBLE_AS_FLOAT:
            remark = "float has 32 bits in some systems and 64 in others: double holds both"
    elif name not in names.SINGLES | names.DOUBLES:
        return None
    kind = PrimitiveKind.FLOAT if is_single else PrimitiveKind.DOUBLE
    return SqlType(family=Family.FLOAT, text=name, type=Primitive(kind), remark=remark)


def _decimal(name: str, arguments: list[str], dialect: str) -> SqlType:
    if not arguments or arguments == ["*"]:
        if name in {"numeric", "decimal"} and dialect == "bigquery":
            return SqlType(family=Family.DECIMAL, text=name, type=Decimal(38, 9))
        return SqlType(family=Family.DECIMAL, text=name)
    try:
        precision = MAX_PRECISION if arguments[0] == "*" else int(arguments[0])
        scale = int(arguments[1]) if len(arguments) > 1 else 0
    except ValueError:
        raise _NotUnderstoodError from None
    if len(arguments) > 2 or precision < 1:  # noqa: PLR2004 - precision and scale
        raise _NotUnderstoodError
    shown = f"{name}({', '.join(arguments)})"
    if scale < 0:
        precision, scale = precision - scale, 0
    precision = max(precision, scale)
    if precision > MAX_PRECISION:
        return _unsupported(shown, f"has {precision} digits; a decimal holds at most {MAX_PRECISION}")
    return SqlType(family=Family.DECIMAL, text=shown, type=Decimal(precision, scale))


def _bits(name: str, arguments: list[str]) -> SqlType | None:
    if name in names.BOOLEANS:
        return SqlType(family=Family.BOOLEAN, text=name, type=Primitive(PrimitiveKind.BOOLEAN))
    if name == "bit":
        if arguments in ([], ["1"]):
            return SqlType(family=Family.BOOLEAN, text=name, type=Primitive(PrimitiveKind.BOOLEAN))
        return _unsupported(f"bit({', '.join(arguments)})", "string of bits")
    return None


def _temporal(name: str, arguments: list[str], dialect: str, suffix: bool | None) -> SqlType | None:  # noqa: FBT001 - see SqlType.zoned
    if name == "timestamp" and dialect in {"sqlserver", "synapse"}:
        return SqlType(
            family=Family.BINARY, text=name, type=Primitive(PrimitiveKind.BINARY), remark="SQL Server's timestamp is a row version"
        )
    if name in names.DATES and dialect == "oracle":
        remark = "Oracle's date has a time of day: timestamp keeps it"
        return SqlType(family=Family.TIMESTAMP, text=name, type=Primitive(PrimitiveKind.TIMESTAMP_NTZ), zoned=False, remark=remark)
    if name in names.DATES:
        return SqlType(family=Family.DATE, text=name, type=Primitive(PrimitiveKind.DATE))
    if name in names.TIMES:
        return SqlType(family=Family.TIME, text=name, type=Primitive(PrimitiveKind.STRING), kept_as_text="time")
    if name not in names.INSTANTS | names.WALL_CLOCKS:
        return None
    is_zoned: bool | None = suffix
    if is_zoned is None and name != "timestamp":
        is_zoned = name in names.INSTANTS
    stated = _size(arguments)
    digits = (names.INSTANTS | names.WALL_CLOCKS)[name] if stated is None else stated
    remark = ""
    if digits is not None and digits > MICROSECONDS:
        remark = f"has {digits} digits of a second; the lake keeps {MICROSECONDS}"
    elif name in names.OFFSETS:
        remark = "the moment is kept, the offset it was written with is not"
    kind = PrimitiveKind.TIMESTAMP_NTZ if is_zoned is False else PrimitiveKind.TIMESTAMP
    return SqlType(family=Family.TIMESTAMP, text=name, type=Primitive(kind), zoned=is_zoned, remark=remark)


def _textual(name: str, arguments: list[str]) -> SqlType | None:
    length = _size(arguments)
    if length is not None and not 0 < length < _UNLIMITED:
        length = None
    if name in names.STRINGS:
        return SqlType(family=Family.STRING, text=name, type=Primitive(PrimitiveKind.STRING), max_length=length)
    if name in names.BINARIES:
        return SqlType(family=Family.BINARY, text=name, type=Primitive(PrimitiveKind.BINARY), max_length=length)
    if name in names.TEXTUAL:
        kind = names.TEXTUAL[name]
        values = tuple(_unquoted(one) for one in arguments if one[:1] == "'") if kind == "enum" else ()
        return SqlType(family=Family.STRING, text=name, type=Primitive(PrimitiveKind.STRING), kept_as_text=kind, values=values)
    return None


def _size(arguments: list[str]) -> int | None:
    """The first argument, where it is a whole number of sensible size."""
    return int(arguments[0]) if arguments and re.fullmatch(r"[0-9]{1,9}", arguments[0]) else None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)|''", lambda match: match.group(1) or "'", text[1:-1])
