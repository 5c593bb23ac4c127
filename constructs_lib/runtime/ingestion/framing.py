r"""Where a record begins and ends in a delivered text, and what its fields are: pure Python, no Spark.

What a **record** is:

- CSV: what stands between two line ends (LF, CRLF or CR) outside quotes. With `multiline` off, every line is one.
- JSON lines: every line that holds more than white space.
- A line without a single character is no record (it is counted as an empty line), unless the table has one column only.
- A line of more than `MAX_RECORD_CHARACTERS` bytes in UTF-8 is a record that cannot be told, of which the beginning is kept: the rest stays
  in the raw zone, so that no file needs more memory than that.

Nothing is dropped and nothing is repaired: a record that cannot be split is handed on whole, with its problem. The lines of all
frames of a file, the empty ones included, add up to the file's lines; the job checks that against a count of line ends in the bytes.

**An open quote does not swallow the file.** When a quoted field runs over several lines and then proves malformed (the closing quote is
followed by neither delimiter nor line end, the file ends inside it, or the record exceeds `MAX_RECORD_CHARACTERS` or `MAX_RECORD_LINES`),
its first line alone is the malformed record and reading resumes with the second line. Every line that was found to begin inside such a
field is known to lead nowhere and is not tried again, so that no file, whatever its quotes, takes longer than its length is worth.

Why not Spark's CSV reader: it gives no line numbers, drops empty and reads ragged lines leniently, replaces undecodable bytes
silently, and without `multiLine` truncates a row at an embedded newline. Why not Python's `csv`: it takes an unclosed quote to the end
of the file for one field, accepts text after a closing quote, and with a backslash as escape turns an unquoted `\N` into `N`.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .spec import SourceSpec

MAX_RECORD_CHARACTERS = 64 * 1024 * 1024
MAX_RECORD_LINES = 1024 * 1024
MALFORMED_QUOTES = "malformed_quotes"
MALFORMED_JSON = "malformed_json"
NOT_AN_OBJECT = "not_an_object"
DUPLICATE_JSON_KEY = "duplicate_json_key"
UNDECODABLE = "undecodable_bytes"
TOO_LONG = "record_too_long"
DECODE_ERRORS = "ingestion-keep-bytes"

_LINE_END = "\r\n"
_UNDECODED = re.compile("[\ud800-\udfff]")


class Frame(NamedTuple):
    """One record, or an empty line.

    Attributes:
        line: Number of its first line, from 1.
        lines: How many lines it takes.
        fields: What stands between the delimiters, unquoted; None when it could not be told; empty for an empty line.
        problem: Why `fields` is None.
        text: The record as delivered, without its line end.
    """

    line: int
    lines: int
    fields: list[str] | None
    problem: str | None
    text: str


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(DECODE_ERRORS, _keep_bytes)


class LongLine(str):
    """The beginning of a line that is too long to be kept."""

    __slots__ = ()


def lines_of(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The lines of a file with their line ends, a byte order mark removed; bytes that do not decode become lone surrogates."""
    reader = io.TextIOWrapper(stream, encoding=encoding, errors=DECODE_ERRORS, newline="")
    first = next(reader, "").removeprefix("\ufeff")
    if first:
        yield first
    yield from reader


def is_undecodable(text: str) -> bool:
    """Whether bytes of the text were no characters in the stated encoding."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def printable(text: str) -> str:
    r"""`text` with each undecodable byte written as `\xNN`, so that it can be kept."""
    return _UNDECODED.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00 & 0xFF:02x}", text)


class CsvFramer:
    """Splits lines of delimited text into records.

    A field is quoted when the quote is its first character; elsewhere a quote is an ordinary character. Inside quotes, the escape character
    stands before a quote or itself, and a doubled quote is a quote too; outside quotes the escape character means nothing.
    """

    def __init__(self, source: SourceSpec, *, max_characters: int = MAX_RECORD_CHARACTERS) -> None:
        self._delimiter = source.delimiter
        self._quote = source.quote
        self._multiline = source.multiline
        self._max_characters = max_characters
        self._waiting: deque[str] = deque()
        self._hopeless = 0
        self._characters = 0
        quote, escape = re.escape(source.quote), re.escape(source.escape or source.quote)
        if source.escape in {"", source.quote}:
            self._body = re.compile(f"(?:[^{quote}]++|{quote}{quote})*+") if quote else None
            self._escaped = re.compile(f"{quote}({quote})")
        else:
            self._body = re.compile(f"(?:[^{quote}{escape}]++|{escape}[{quote}{escape}]|{quote}{quote}|{escape})*+") if quote else None
            self._escaped = re.compile(f"(?:{escape}|{quote}(?={quote}))([{quote}{escape}])")

    @property
    def is_waiting(self) -> bool:
        """Whether lines were taken that no frame has yet."""
        return bool(self._waiting)

    def frames(self, lines: Iterator[str], number: int = 1) -> Iterator[Frame]:
        """The records and empty lines of one file, in order; `number` is the first line's."""
        while (frame := self.take(number, lines)) is not None:
            yield frame
            number += frame.lines

    def take(self, number: int, lines: Iterator[str]) -> Frame | None:
        """The record or empty line that begins with line `number`, the next one of `lines`; None after the last.

        Lines that were looked at in vain are kept for the next call, so that it has to be given the same iterator.
        """
        line = self._waiting.popleft() if self._waiting else next(lines, None)
        if line is None:
            return None
        if isinstance(line, LongLine):
            return Frame(number, 1, None, TOO_LONG, line.rstrip(_LINE_END))
        if not self._quote or self._quote not in line:
            text = line.rstrip(_LINE_END)
            return Frame(number, 1, text.split(self._delimiter) if text else [], None, text)
        return self._quoted(number, line, lines)

    def _quoted(self, number: int, line: str, lines: Iterator[str]) -> Frame:
        taken = [line]
        self._characters = len(line)
        fields: list[str] = []
        position = 0
        while True:
            if not line.startswith(self._quote, position):
                end = line.find(self._delimiter, position)
                if end < 0:
                    fields.append(line[position:].rstrip(_LINE_END))
                    return Frame(number, len(taken), fields, None, "".join(taken).rstrip(_LINE_END))
                fields.append(line[position:end])
                position = end + len(self._delimiter)
                continue
            content, line, position = self._content(number, line, position + 1, taken, lines)
            if content is None:
                break
            fields.append(content)
            if position == len(line) or line[position] in _LINE_END:
                return Frame(number, len(taken), fields, None, "".join(taken).rstrip(_LINE_END))
            if not line.startswith(self._delimiter, position):
                break
            position += len(self._delimiter)
        self._hopeless = max(self._hopeless, number + len(taken) - 1)
        self._waiting.extendleft(reversed(taken[1:]))
        return Frame(number, 1, None, MALFORMED_QUOTES, taken[0].rstrip(_LINE_END))

    def _content(self, number: int, line: str, position: int, taken: list[str], lines: Iterator[str]) -> tuple[str | None, str, int]:
        """What stands up to the closing quote, the line it is in, and the position after it; None when there is no closing quote."""
        parts = []
        while True:
            found = self._body.match(line, position) if self._body else None
            if found is None:  # pragma: no cover - the pattern matches the empty text
                return None, line, position
            parts.append(found.group())
            position = found.end()
            if position < len(line):
                text = "".join(parts)
                return self._escaped.sub(r"\1", text), line, position + 1
            following = self._following(number, taken, lines)
            if following is None:
                return None, line, position
            line, position = following, 0

    def _following(self, number: int, taken: list[str], lines: Iterator[str]) -> str | None:
        """The next line of a record that has taken some; None when there is none, or it is not for this record."""
        if not self._multiline or self._characters > self._max_characters or len(taken) >= MAX_RECORD_LINES:
            return None
        if number + len(taken) <= self._hopeless:
            return None
        following = self._waiting.popleft() if self._waiting else next(lines, None)
        if following is None:
            return None
        if isinstance(following, LongLine):
            self._waiting.appendleft(following)
            return None
        taken.append(following)
        self._characters += len(following)
        return following


class JsonNumber(str):
    """A JSON number as it was written: `1.10` stays `1.10`."""

    __slots__ = ()


class _DuplicateKeyError(ValueError):
    pass


def json_frames(lines: Iterator[str], number: int = 1) -> Iterator[Frame]:
    """One frame a line, the first of which has that number; a line of white space alone is an empty one."""
    for at, line in enumerate(lines, start=number):
        text = line.rstrip(_LINE_END)
        if isinstance(line, LongLine):
            yield Frame(at, 1, None, TOO_LONG, text)
        else:
            yield Frame(at, 1, [text] if text.strip() else [], None, text)


def parse_json(text: str) -> Any:
    """A JSON value with its numbers as they were written; refuses NaN, Infinity and an object that names a key twice.

    Raises:
        ValueError: If it is none.
        RecursionError: If it is nested too deeply.
    """
    return json.loads(text, parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=_refuse_constant, object_pairs_hook=_object)


def json_record(text: str) -> tuple[dict[str, Any] | None, str | None]:
    """The object that a JSON line holds, or the problem with it."""
    try:
        value = parse_json(text)
    except _DuplicateKeyError:
        return None, DUPLICATE_JSON_KEY
    except (ValueError, RecursionError):
        return None, MALFORMED_JSON
    if not isinstance(value, dict):
        return None, NOT_AN_OBJECT
    return value, None


def json_text(value: Any) -> str | None:
    """A value of a JSON record as it is kept: a string's characters, anything else as JSON; None for null."""
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    return _dump(value)


def _dump(value: Any) -> str:
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_dump(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        message = "a key stands twice"
        raise _DuplicateKeyError(message)
    return result


def _refuse_constant(name: str) -> Any:
    message = f"{name} is no JSON"
    raise ValueError(message)
