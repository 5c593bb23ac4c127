"""What is not known in a template, as values: a text may have a hole where a name will be, a whole value may be unknown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"
_GENERATED: Final = "\ue002"
_LENGTH: Final = "\ue007"
_WORD: Final = "\ue008"
_KIND: Final = f"(?:{_GENERATED}?(?:{_LENGTH}[0-9]+{_LENGTH}|{_WORD})?)"
_HOLE: Final = re.compile(f"{_OPEN}{_KIND}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_HOLE_PARTS: Final = re.compile(f"{_OPEN}({_KIND})([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_SIZED_HOLE: Final = re.compile(f"{_OPEN}{_GENERATED}?{_LENGTH}([0-9]+){_LENGTH}[^{_OPEN}{_CLOSE}]*{_CLOSE}")
_SIGNS: Final = {"/": "\ue010", ":": "\ue011", "*": "\ue012", "?": "\ue013", "$": "\ue014", "{": "\ue015", "}": "\ue016", ",": "\ue017"}
_HIDE: Final = str.maketrans(_SIGNS)
_SHOW: Final = str.maketrans({hidden: sign for sign, hidden in _SIGNS.items()})
_GENERATED_HOLE: Final = re.compile(f"{_OPEN}{_GENERATED}(?:{_LENGTH}[0-9]+{_LENGTH}|{_WORD})?([^{_OPEN}{_CLOSE}]*){_CLOSE}")
WORD_SIGNS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-/")
"""What a hole that is a word can have."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be told; never equal to a known one.

    Attributes:
        reason: What it is and why it is not known; lower case, without a period.
    """

    reason: str


def hole(identity: str, *, generated: bool = False, length: int | None = None, is_word: bool = False) -> str:
    """A piece of text that is not known but always the same, such as the end of a name that CloudFormation will make up.

    It can stand in the middle of a text: `"arn:aws:s3:::prod-bucket-" + hole("Prod/Storage/Bucket", generated=True) + "/*"`. Two texts with
    the same holes at the same places are equal; `lakecheck.iam.globs` says what a text with holes may match. Inside a hole there is no sign
    at which ARNs, addresses or patterns are split, so that a text with holes can be split like any other.

    Args:
        identity: What makes it the same, such as the resource whose name it is; shown to people.
        generated: Whether CloudFormation makes it up, so that it differs from every other generated one.
        length: How many characters it has; not known when left out.
        is_word: Whether it has `WORD_SIGNS` alone, as a path of lower-case names.
    """
    name = shown(identity) if _OPEN in identity else identity
    kind = f"{_LENGTH}{length}{_LENGTH}" if length is not None else _WORD if is_word else ""
    return f"{_OPEN}{_GENERATED if generated else ''}{kind}{name.translate(_HIDE)}{_CLOSE}"


def with_sized_holes(text: str, of_one: str) -> str:
    """The text with holes of known length filled, each of their characters by `of_one`."""
    return _SIZED_HOLE.sub(lambda found: of_one * int(found[1]), text) if _LENGTH in text else text


def is_word_hole(token: str) -> bool:
    """Whether a hole has `WORD_SIGNS` alone."""
    return token.startswith((_OPEN + _WORD, _OPEN + _GENERATED + _WORD))


def is_generated_hole(token: str) -> bool:
    """Whether CloudFormation makes a hole up."""
    return token.startswith(_OPEN + _GENERATED)


def holes(text: str) -> tuple[str, ...]:
    """The identities of the holes in a text, in order."""
    return tuple(each.translate(_SHOW) for each in _HOLE.findall(text)) if _OPEN in text else ()


def with_holes_called(text: str, name: Callable[[str], str]) -> str:
    """The text with the same holes called otherwise: each identity as `name` gives it."""
    if _OPEN not in text:
        return text
    return _HOLE_PARTS.sub(lambda found: f"{_OPEN}{found[1]}{name(found[2].translate(_SHOW)).translate(_HIDE)}{_CLOSE}", text)


def with_holes_filled(text: str, fill: Callable[[str], str]) -> str:
    """The text with something known in place of each hole: what `fill` gives for its identity."""
    return _HOLE.sub(lambda found: fill(found[1].translate(_SHOW)), text) if _OPEN in text else text


def generated_holes(text: str) -> tuple[str, ...]:
    """The identities of those holes that CloudFormation makes up."""
    return tuple(each.translate(_SHOW) for each in _GENERATED_HOLE.findall(text)) if _OPEN in text else ()


def has_hole(text: str) -> bool:
    """Whether the text is not wholly known."""
    return _OPEN in text


def outline(text: str, *, of_hole: str = "*") -> str:
    """The text as a glob, each hole replaced: what it may turn out to be."""
    return _HOLE.sub(of_hole, text) if _OPEN in text else text


def shown(value: Any) -> str:
    """The value for people: holes in braces, an unknown value as its reason."""
    if isinstance(value, Unknown):
        return f"{{{value.reason}}}"
    text = value if isinstance(value, str) else str(value)
    return _told(text) if _OPEN in text else text


@lru_cache(maxsize=65536)
def _told(text: str) -> str:
    return _HOLE.sub(r"{\1}", text).translate(_SHOW)


def unknowns(value: Any) -> tuple[Unknown, ...]:
    """Every `Unknown` inside a value of plain data, in order."""
    if isinstance(value, Unknown):
        return (value,)
    if isinstance(value, dict):
        return tuple(each for inner in value.values() for each in unknowns(inner))
    if isinstance(value, list | tuple):
        return tuple(each for inner in value for each in unknowns(inner))
    return ()


def wholly_known(value: Any) -> bool:
    """Whether a value of plain data has neither an `Unknown` nor a hole in it."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, Unknown) or (isinstance(each, str) and has_hole(each)):
            return False
        if isinstance(each, dict):
            todo += (*each, *each.values())
        elif isinstance(each, list | tuple):
            todo += each
    return True
