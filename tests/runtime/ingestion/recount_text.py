"""Splits a delivered text into records by walking over its characters. Shares no line of code with the job."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Unreadable(Exception):  # noqa: N818 - a verdict
    """The file has no end that could be reached."""


def plain(data: bytes) -> bytes:
    """The bytes, decompressed when they are compressed, whatever the file is called."""
    if data[:4] in {b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"PAR1"}:
        raise Unreadable
    try:
        if data[:2] == b"\x1f\x8b":
            return gzip.decompress(data)
        return bz2.decompress(data) if data[:3] == b"BZh" else data
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise Unreadable from error


def text_of(data: bytes, encoding: str) -> str:
    """The characters, undecodable bytes as lone surrogates, without a byte order mark."""
    if encoding.upper().startswith("UTF-16"):
        return data.decode(encoding, "replace").replace("\ufffd", "\udcff").removeprefix("\ufeff")
    return data.decode(encoding, "surrogateescape").removeprefix("\ufeff")


def lines_in(text: str) -> int:
    """How many lines a text has."""
    ends = len(re.findall("\r\n|\r|\n", text))
    return ends + (bool(text) and text[-1] not in "\r\n")


def walk(text: str, source: Mapping[str, Any]) -> Iterator[tuple[int, list[str] | None, str]]:
    """Line, fields (None for a record that cannot be split, [] for an empty line) and text of each record."""
    at, line = 0, 1
    while at < len(text):
        if text[at] in "\r\n":
            fields: list[str] | None = []
            end = at
        else:
            fields, end = _record(text, at, source)
            if fields is None:
                end = next((i for i in range(at, len(text)) if text[i] in "\r\n"), len(text))
        yield line, fields, text[at:end]
        after = end + (2 if text[end : end + 2] == "\r\n" else 1)
        line += lines_in(text[at:after])
        at = after


def _record(text: str, at: int, source: Mapping[str, Any]) -> tuple[list[str] | None, int]:
    quote, delimiter = source["quote"], source["delimiter"]
    fields = []
    while True:
        if quote and text.startswith(quote, at):
            value, at = _quoted(text, at + 1, source)
            if value is None:
                return None, at
        else:
            start = at
            while at < len(text) and text[at] not in "\r\n" and not text.startswith(delimiter, at):
                at += 1
            value = text[start:at]
        fields.append(value)
        if at >= len(text) or text[at] in "\r\n":
            return fields, at
        if not text.startswith(delimiter, at):
            return None, at
        at += len(delimiter)


def _quoted(text: str, at: int, source: Mapping[str, Any]) -> tuple[str | None, int]:
    quote, escape = source["quote"], source["escape"] or source["quote"]
    found = []
    while at < len(text):
        here, following = text[at], text[at + 1 : at + 2]
        if escape != quote and here == escape and following and following in {quote, escape}:
            found.append(following)
            at += 2
        elif here == quote and following == quote:
            found.append(quote)
            at += 2
        elif here == quote:
            return "".join(found), at + 1
        elif here in "\r\n" and not source["multiline"]:
            return None, at
        else:
            found.append(here)
            at += 1
    return None, at


def has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
