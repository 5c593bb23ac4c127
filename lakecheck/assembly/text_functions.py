"""The intrinsic functions on texts and lists: Sub, Join, Split, Select, Base64, ToJsonString, Length, Cidr."""

from __future__ import annotations

import base64 as base64_codec
import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.absent import NO_VALUE, Perhaps
from lakecheck.values import Unknown, has_hole, hole, outline, shown, unknowns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.assembly.intrinsics import Evaluator

_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
_HOLE: Final = re.compile("(\ue000[^\ue000\ue001]*\ue001)")
_NEVER_IN_NAMES: Final = frozenset(":/,|; ")
_PAIR: Final = 2
_MAX_SUBNETS: Final = 256
_MAX_TEXT: Final = 1_000_000


def substitute(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Sub` in both forms.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
    """
    template, variables = argument, {}
    if isinstance(argument, list) and len(argument) == _PAIR:
        template, variables = argument
    if not isinstance(template, str) or not isinstance(variables, dict):
        return evaluator.unknown("`Fn::Sub` has not the shape text or [text, variables]")
    if not template.isascii() and isinstance(checked := evaluator.literal(template), Unknown):
        return checked
    values: dict[str, str] = {}
    pieces = []
    size = 0
    for index, piece in enumerate(_VARIABLE.split(template)):
        part = piece
        if index % 2:
            if piece.startswith("!"):
                part = f"${{{piece[1:]}}}"
            else:
                name = piece.strip()
                if name not in values:
                    value = evaluator.value(variables[name]) if name in variables else evaluator.named(name)
                    values[name] = "" if value is NO_VALUE else evaluator.as_text(value)
                part = values[name]
        size += len(part)
        if size > _MAX_TEXT:
            return evaluator.unknown("the text is too long")
        pieces.append(part)
    text = "".join(pieces)
    return evaluator.scope.dynamic(text) if "{{resolve:" in text else text


def join(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Join`; of a list that is not known, a hole."""
    delimiter = evaluator.value(argument[0]) if isinstance(argument, list) and len(argument) == _PAIR else None
    if not isinstance(delimiter, str):
        return evaluator.unknown("`Fn::Join` has not the shape [delimiter, list]")
    values = evaluator.value(argument[1])
    if isinstance(values, Unknown):
        return hole(f"{values.reason}, joined")
    if not isinstance(values, list):
        return evaluator.unknown("`Fn::Join` of what is no list")
    perhaps = [value for value in values if isinstance(value, Perhaps)]
    if perhaps:
        return hole(f"{perhaps[0].reason}, joined")
    pieces = [evaluator.as_text(value) for value in values]
    if sum(map(len, pieces)) + len(delimiter) * len(pieces) > _MAX_TEXT:
        return evaluator.unknown("the text is too long")
    text = delimiter.join(pieces)
    return evaluator.scope.dynamic(text) if "{{resolve:" in text else text


def split(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Split`; not known when a hole may hold the delimiter."""
    pieces = _pieces(evaluator, argument)
    if not isinstance(pieces, list):
        return pieces
    return evaluator.unknown(f"{shown(pieces[-2])}, split") if pieces[-1] is None else pieces


def select(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Select`, also of the known start of a text that cannot wholly be split."""
    if not isinstance(argument, list) or len(argument) != _PAIR:
        return evaluator.unknown("`Fn::Select` has not the shape [index, list]")
    index = evaluator.text(argument[0])
    if not index.isdecimal() or not index.isascii() or len(index) > len(str(_MAX_TEXT)):
        return evaluator.unknown("the index of `Fn::Select` is no known number")
    source = argument[1]
    if isinstance(source, dict) and len(source) == 1 and "Fn::Split" in source:
        values = _pieces(evaluator, source["Fn::Split"])
    else:
        values = evaluator.value(source)
    if isinstance(values, Unknown):
        return hole(f"item {index} of {values.reason}")
    return _item(evaluator, values, int(index)) if isinstance(values, list) else evaluator.unknown("`Fn::Select` of what is no list")


def _item(evaluator: Evaluator, values: list[Any], index: int) -> Any:
    if values and values[-1] is None and index >= len(values) - _PAIR:
        return hole(f"item {index} of {shown(values[-_PAIR])}, split")
    perhaps = next((value for value in values[: index + 1] if isinstance(value, Perhaps)), None)
    if perhaps is not None:
        return hole(f"item {index} of a list: {perhaps.reason}")
    return values[index] if index < len(values) else evaluator.unknown(f"the list has no item {index}")


def _pieces(evaluator: Evaluator, argument: Any) -> Any:
    """The pieces of a split; ended by the rest and None where the rest cannot be split."""
    delimiter = evaluator.value(argument[0]) if isinstance(argument, list) and len(argument) == _PAIR else None
    if not isinstance(delimiter, str) or not delimiter or has_hole(delimiter):
        return evaluator.unknown("`Fn::Split` has not the shape [delimiter, text]")
    value = evaluator.value(argument[1])
    if isinstance(value, Unknown):
        return value
    if isinstance(value, list | dict):
        return evaluator.unknown("`Fn::Split` of what is no text")
    text = evaluator.as_text(value)
    parts = _HOLE.split(text)
    opaque = next((index for index in range(1, len(parts), 2) if not _is_name(evaluator, parts[index], delimiter)), None)
    if opaque is None:
        return _splice(parts, delimiter)
    rest = "".join(parts[opaque:])
    known = _splice(parts[:opaque], delimiter)
    return [*known[:-1], known[-1] + rest, None]


def _is_name(evaluator: Evaluator, a_hole: str, delimiter: str) -> bool:
    return not _NEVER_IN_NAMES.isdisjoint(delimiter) and evaluator.scope.is_name(a_hole)


def _splice(parts: list[str], delimiter: str) -> list[str]:
    pieces = [""]
    for index, part in enumerate(parts):
        first, *others = [part] if index % 2 else part.split(delimiter)
        pieces[-1] += first
        pieces += others
    return pieces


def either(one: str, other: str, reason: str) -> str:
    """One of two texts: what both start and end with, and between that a hole."""
    start = _common_start(one, other).split("\ue000", 1)[0]
    rest, other_rest = one[len(start) :], other[len(start) :]
    end = _common_start(rest[::-1], other_rest[::-1])[::-1].rsplit("\ue001", 1)[-1]
    middle = [shown(text[: len(text) - len(end)]) for text in (rest, other_rest)]
    return start + hole(f"{middle[0]!r} or {middle[1]!r} by {reason}") + end


def _common_start(one: str, other: str) -> str:
    return one[: next((index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))]


def base64(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Base64`."""
    text = evaluator.text(argument)
    if has_hole(text):
        return hole(f"Base64 of {shown(text)}")
    return base64_codec.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def to_json(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::ToJsonString`."""
    value = evaluator.value(argument)
    open_values = unknowns(value)
    if open_values or value is NO_VALUE:
        return hole(f"JSON of {', '.join(each.reason for each in open_values) or 'no value'}")
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return evaluator.unknown("`Fn::ToJsonString` of what is no JSON")


def length(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Length`."""
    values = evaluator.value(argument)
    if isinstance(values, list) and not any(isinstance(value, Perhaps) for value in values):
        return len(values)
    return values if isinstance(values, Unknown) else evaluator.unknown("`Fn::Length` of what is no known list")


def cidr(evaluator: Evaluator, argument: Any) -> Any:
    """`Fn::Cidr`: so many blocks of the block, each with so many bits for hosts.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
    """
    arguments = evaluator.value(argument)
    if not isinstance(arguments, list) or not _PAIR <= len(arguments) <= _PAIR + 1 or unknowns(arguments):
        return evaluator.unknown("`Fn::Cidr` has not the shape [block, count, bits] with known values")
    block, *numbers = [evaluator.as_text(each) for each in arguments]
    try:
        network = ipaddress.ip_network(block, strict=False)
        count, bits = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else network.max_prefixlen - network.prefixlen
        if not 0 < count <= _MAX_SUBNETS or not 0 < bits <= network.max_prefixlen - network.prefixlen:
            return evaluator.unknown("`Fn::Cidr` does not fit the block")
        subnets: Iterable[Any] = network.subnets(new_prefix=network.max_prefixlen - bits)
        blocks = [str(subnet) for _, subnet in zip(range(count), subnets, strict=False)]
    except ValueError:
        return evaluator.unknown("`Fn::Cidr` of what is no block")
    return blocks if len(blocks) == count else evaluator.unknown("`Fn::Cidr` does not fit the block")


def surely_differ(one: str, other: str) -> bool:
    """Whether two texts are different whatever stands in their holes, as far as their known starts and ends tell."""
    if not has_hole(one) and not has_hole(other):
        return one != other
    starts = [_HOLE.split(text)[0] for text in (one, other)]
    ends = [_HOLE.split(text)[-1] for text in (one, other)]
    shorter, longer = sorted(starts, key=len)
    end, far_end = sorted(ends, key=len)
    known = [text for text in (one, other) if not has_hole(text)]
    too_short = bool(known) and len(known[0]) < max(len(outline(text, of_hole="")) for text in (one, other))
    return too_short or not longer.startswith(shorter) or not far_end.endswith(end)
