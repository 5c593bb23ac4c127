"""The rules by which a delivered text becomes a typed value, in plain Python.

Top-level columns are cast by Spark under the same patterns (`judging.casting`); this module casts what stands inside nested values, where
Spark's own `from_json` would turn a bad leaf into NULL without a word. A test holds the two to the same verdicts.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
from decimal import Decimal
from typing import Any

from pyspark.sql import types as T  # noqa: N812 - the name everybody gives it

from .framing import is_undecodable, json_text, parse_json

INTEGER = r"[+-]?[0-9]+"
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
DATE = r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
WALL_CLOCK = r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?"
INSTANT = r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
INTEGER_BITS: dict[type[T.DataType], int] = {T.ByteType: 8, T.ShortType: 16, T.IntegerType: 32, T.LongType: 64}

BASE64 = r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
MOST_DIGITS = 4096
"""Characters of a decimal; what is longer is out of range unread, since turning digits into a number takes the square of their count."""
MAX_PRECISION = 38
_FLOAT_LIMIT = 2.0**128 - 2.0**103  # halfway from the largest single float to the next power of two, which rounds to infinity

NOT_AN_INTEGER = "not_an_integer"
NOT_A_NUMBER = "not_a_number"
NOT_A_DATE = "not_a_date"
NOT_A_TIMESTAMP = "not_a_timestamp"
NOT_A_BOOLEAN = "not_a_boolean"
NOT_BASE64 = "not_base64"
NOT_JSON = "not_json"
NOT_TEXT = "not_text"
NOT_A_STRUCT = "not_a_struct"
NOT_A_LIST = "not_a_list"
NOT_A_MAP = "not_a_map"
OUT_OF_RANGE = "out_of_range"
TOO_MANY_DECIMALS = "too_many_decimals"
INVALID_UNICODE = "invalid_unicode"


class RefusedCell(ValueError):  # noqa: N818 - named for what it tells
    """A value that its type does not admit: `code` says why, `path` where inside a nested value (`.items[].price`)."""

    def __init__(self, code: str, path: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.path = path


def nested_value(text: str, type_: T.DataType) -> Any:
    """The value of a struct, list or map column delivered as JSON.

    Raises:
        RefusedCell: For the first part of it that its type does not admit.
    """
    try:
        value = parse_json(text)
    except (ValueError, RecursionError):
        raise RefusedCell(NOT_JSON) from None
    return _value(value, type_, "")


def leaf_value(text: str, type_: T.DataType) -> Any:  # noqa: PLR0911 - one line a type
    """A value without parts from its delivered text. Spaces around anything but a string are ignored.

    Raises:
        RefusedCell: If the type does not admit it.
    """
    if isinstance(type_, T.StringType):
        if is_undecodable(text):
            raise RefusedCell(INVALID_UNICODE)
        return text
    text = text.strip(" ")
    if isinstance(type_, T.BooleanType):
        return _boolean(text)
    if isinstance(type_, tuple(INTEGER_BITS)):
        return _integer(text, INTEGER_BITS[type(type_)])
    if isinstance(type_, T.DecimalType):
        return _decimal(text, type_.precision, type_.scale)
    if isinstance(type_, (T.FloatType, T.DoubleType)):
        return _floating(text, single=isinstance(type_, T.FloatType))
    if isinstance(type_, T.DateType):
        return _date(text)
    if isinstance(type_, T.TimestampType):
        return _instant(text)
    if isinstance(type_, T.TimestampNTZType):
        return _wall_clock(text)
    return _binary(text)


def _value(value: Any, type_: T.DataType, path: str) -> Any:
    if value is None:
        return None
    if isinstance(type_, T.StructType):
        if not isinstance(value, dict):
            raise RefusedCell(NOT_A_STRUCT, path)
        return tuple(_value(value.get(field.name), field.dataType, f"{path}.{field.name}") for field in type_.fields)
    if isinstance(type_, T.ArrayType):
        if not isinstance(value, list):
            raise RefusedCell(NOT_A_LIST, path)
        return [_value(item, type_.elementType, f"{path}[]") for item in value]
    if isinstance(type_, T.MapType):
        if not isinstance(value, dict):
            raise RefusedCell(NOT_A_MAP, path)
        return {_leaf(key, type_.keyType, f"{path}[]"): _value(item, type_.valueType, f"{path}[]") for key, item in value.items()}
    return _leaf(value, type_, path)


def _leaf(value: Any, type_: T.DataType, path: str) -> Any:
    if isinstance(type_, T.StringType) and not isinstance(value, str):
        raise RefusedCell(NOT_TEXT, path)
    try:
        return leaf_value(json_text(value) or "", type_)
    except RefusedCell as refused:
        raise RefusedCell(refused.code, path) from None


def _match(pattern: str, text: str, code: str) -> None:
    if not re.fullmatch(pattern, text):
        raise RefusedCell(code)


def _boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered in TRUE:
        return True
    if lowered in FALSE:
        return False
    raise RefusedCell(NOT_A_BOOLEAN)


def _integer(text: str, bits: int) -> int:
    _match(INTEGER, text, NOT_AN_INTEGER)
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > len(str(1 << bits)):
        raise RefusedCell(OUT_OF_RANGE)
    number = int(digits) * (-1 if text.startswith("-") else 1)
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise RefusedCell(OUT_OF_RANGE)
    return number


def _decimal(text: str, precision: int, scale: int) -> Decimal:
    _match(NUMBER, text, NOT_A_NUMBER)
    if len(text) > MOST_DIGITS:
        raise RefusedCell(OUT_OF_RANGE)
    mantissa, _, exponent = text.lower().partition("e")
    fraction = mantissa.partition(".")[2].rstrip("0")
    if len(fraction) - int(exponent or 0) > scale:
        raise RefusedCell(TOO_MANY_DECIMALS)
    number = Decimal(text)
    if (number and number.adjusted() >= precision - scale) or number.adjusted() > MAX_PRECISION:
        raise RefusedCell(OUT_OF_RANGE)
    return number


def _floating(text: str, *, single: bool) -> float:
    _match(NUMBER, text, NOT_A_NUMBER)
    number = float(text)
    if math.isinf(number) or (single and abs(number) >= _FLOAT_LIMIT):
        raise RefusedCell(OUT_OF_RANGE)
    return number


def _date(text: str) -> dt.date:
    _match(DATE, text, NOT_A_DATE)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise RefusedCell(NOT_A_DATE) from None


def _instant(text: str) -> dt.datetime:
    _match(INSTANT, text, NOT_A_TIMESTAMP)
    moment = _parsed(text)
    try:
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except OverflowError:  # the year 0 or 10000 in UTC
        raise RefusedCell(NOT_A_TIMESTAMP) from None


def _wall_clock(text: str) -> dt.datetime:
    _match(WALL_CLOCK, text, NOT_A_TIMESTAMP)
    return _parsed(text)


def _parsed(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise RefusedCell(NOT_A_TIMESTAMP) from None


def _binary(text: str) -> bytes:
    _match(BASE64, text, NOT_BASE64)
    return base64.b64decode(text)
