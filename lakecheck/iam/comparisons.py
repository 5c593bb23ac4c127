"""Compares one value of a request with one value of a policy, operator by operator; a value that cannot be read meets nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import Truth
from lakecheck.iam import globs
from lakecheck.values import has_hole

if TYPE_CHECKING:
    from collections.abc import Callable

_ARN_PARTS: Final = 6
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_EPOCH: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_YEAR_AND_MONTH: Final = re.compile(r"\d{4}-\d{2}")
_LAST_SECOND: Final = 10**11


def compare(name: str, value: str, written: str) -> Truth:
    """Whether a request's value meets a policy's value.

    Args:
        name: An operator that is not negated, such as `StringLike`.
        value: The request's value; may have holes.
        written: The policy's value, its variables replaced; may have holes.

    Returns:
        OPEN when it depends on a hole.
    """
    return _COMPARE[name](value, written)


def readable(name: str, text: str) -> bool:
    """Whether a text is of the type that an operator compares; one with holes may be.

    A request's value that is not meets no operator, a negated one neither: IAM's policy simulator says so of `ArnNotLike` and a text that
    is no ARN.

    Args:
        name: An operator that is not negated.
        text: A value of a request or a policy.
    """
    read = _READ.get(name)
    return read is None or has_hole(text) or read(text) is not None


def _equal(value: str, written: str) -> Truth:
    if value == written:
        return Truth.TRUE
    if has_hole(value) or has_hole(written):
        return globs.match(globs.literal(written), value)
    return Truth.FALSE


def _equal_ignoring_case(value: str, written: str) -> Truth:
    return _equal(value.lower(), written.lower()) if not (has_hole(value) or has_hole(written)) else _equal(value, written)


def _like(value: str, written: str) -> Truth:
    return globs.match(written, value)


def _arn_like(value: str, written: str) -> Truth:
    """Segment by segment; each may have wildcards, under ArnEquals too."""
    if written == "*":
        return Truth.TRUE
    patterns, texts = written.split(":", _ARN_PARTS - 1), value.split(":", _ARN_PARTS - 1)
    if len(patterns) != _ARN_PARTS or len(texts) != _ARN_PARTS:
        return Truth.OPEN if (has_hole(value) or has_hole(written)) and globs.intersects(written, value) else Truth.FALSE
    found = Truth.TRUE
    for pattern, text in zip(patterns, texts, strict=True):
        if pattern == text or pattern == "*":  # noqa: PLR1714 - a set would hash both
            continue
        one = globs.match(pattern, text)
        if one is Truth.FALSE:
            return Truth.FALSE
        if one is Truth.OPEN:
            found = Truth.OPEN
    return found


def _arn(text: str) -> str | None:
    return text if text == "*" or text.count(":") >= _ARN_PARTS - 1 else None


def _by(read: Callable[[str], Any], meets: Callable[[Any, Any], bool]) -> Callable[[str, str], Truth]:
    def compared(value: str, written: str) -> Truth:
        if has_hole(value) or has_hole(written):
            return Truth.TRUE if value == written and meets(1, 1) else Truth.OPEN
        left, right = read(value), read(written)
        return Truth.TRUE if left is not None and right is not None and meets(left, right) else Truth.FALSE

    return compared


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal | None:
    """The number; None when it is none."""
    text = text.strip()
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime | None:
    """The point in time of a W3C date or of seconds since 1970, milliseconds where seconds would be millennia; None when it is neither."""
    text = text.strip()
    try:
        if _EPOCH.fullmatch(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds if abs(seconds) < _LAST_SECOND else seconds / 1000, tz=UTC)
        if _YEAR_AND_MONTH.fullmatch(text):
            text += "-01"
        found = datetime.fromisoformat(text.replace("z", "Z"))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def boolean(text: str) -> bool | None:
    """True or false; None for anything else."""
    return {"true": True, "false": False}.get(text.strip().lower())


def _bool(value: str, written: str) -> Truth:
    """A request's value that is neither true nor false is false, as IAM's policy simulator has it; a policy's is nothing."""
    if has_hole(value) or has_hole(written):
        return Truth.TRUE if value == written else Truth.OPEN
    return Truth.TRUE if boolean(written) is bool(boolean(value)) else Truth.FALSE


@lru_cache(maxsize=4096)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The range of addresses, one address being a range of its own; None when it is none."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _within(inner: Any, outer: Any) -> bool:
    return inner.version == outer.version and bool(inner.subnet_of(outer)) if not isinstance(inner, int) else True


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _binary(value: str, written: str) -> Truth:
    """Both are base64; a request's value may also be given as the text itself."""
    if has_hole(value) or has_hole(written):
        return Truth.TRUE if value == written else Truth.OPEN
    wanted = _bytes(written)
    return Truth.TRUE if wanted is not None and wanted in (_bytes(value), value.encode()) else Truth.FALSE


_COMPARE: Final[dict[str, Callable[[str, str], Truth]]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _by(network, _within),
}
for _kind, _read in (("Numeric", number), ("Date", moment)):
    for _suffix, _meets in (
        ("Equals", operator.eq),
        ("LessThan", operator.lt),
        ("LessThanEquals", operator.le),
        ("GreaterThan", operator.gt),
        ("GreaterThanEquals", operator.ge),
    ):
        _COMPARE[_kind + _suffix] = _by(_read, _meets)

_READ: Final[dict[str, Callable[[str], Any]]] = {
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "NumericEquals": number,
    "DateEquals": moment,
    "IpAddress": network,
}
"""What reads the values of those operators that are negated and have a type."""
