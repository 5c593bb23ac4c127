"""Types without parts: what their name and the arguments behind it mean."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from lakemodel.types import sql_names as names
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind
from lakemodel.types.sql_model import Family, NotUnderstoodError, SqlType

MAX_PRECISION: Final = 38
MICROSECONDS: Final = 6
_SINGLE_BITS: Final = 24
_UNLIMITED: Final = 10_000_000


def plain_type(name: str, arguments: list[str], dialect: str, *, unsigned: bool, suffix: bool | None) -> SqlType:
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
    if found is not None and unsigned and found.family in {Family.DECIMAL, Family.FLOAT}:
        found = replace(found, unsigned=True)
    if found is None or (unsigned and not found.unsigned) or (suffix is not None and found.family not in {Family.TIMESTAMP, Family.TIME}):
        raise NotUnderstoodError
    is_length = found.family in {Family.STRING, Family.BINARY}
    if arguments[-1:] == ["]"] and not is_length:
        return SqlType(family=Family.LIST, text=name, element=plain_type(name, [], dialect, unsigned=unsigned, suffix=suffix))
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
    if dialect in names.EVERY_INTEGER_AS_BIGINT:
        kind = PrimitiveKind.BIGINT
    elif name == "integer" and dialect in names.INTEGER_AS_INT:
        kind = PrimitiveKind.INT
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
    if name in names.SIZED_DECIMALS and len(arguments) == 1:
        arguments = [str(names.SIZED_DECIMALS[name]), arguments[0]]
    try:
        precision = MAX_PRECISION if arguments[0] == "*" else int(arguments[0])
        scale = int(arguments[1]) if len(arguments) > 1 else 0
    except ValueError:
        raise NotUnderstoodError from None
    if len(arguments) > 2 or precision < 1:  # noqa: PLR2004 - precision and scale
        raise NotUnderstoodError
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
