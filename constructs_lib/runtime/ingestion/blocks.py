r"""A text file as blocks of whole lines in UTF-8, and the stretches in them that need no close look.

A file is never whole in memory: a block is about as large as what is read at a time, and as its longest line. A line of more than
`MAX_RECORD_CHARACTERS` bytes is not kept: its beginning stands for it, as a `LongLine`.

A **stretch** is a run of records, from the beginning of one to the end of another, whose quotes are beyond doubt: a quote stands at the
beginning of a field and is closed before a delimiter or a line end, or there is none at all. For such a run every reader of CSV agrees
with `framing` on what the records are, so that it may be split by a quick one. Whatever else there is, `framing` looks at.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from .framing import DECODE_ERRORS, MAX_RECORD_CHARACTERS, CsvFramer, LongLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .framing import Frame
    from .spec import SourceSpec

CHUNK = 1024 * 1024
KEPT_OF_A_LONG_LINE = 64 * 1024
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n)?")
_ONE_LINE = re.compile(rb"(?:\r\n|\r|\n)\Z")


class Block(NamedTuple):
    """Whole lines; of the file's last one the line end may be missing.

    Attributes:
        offset: Where it begins in the file's plain bytes, when they are UTF-8; in the file's text as UTF-8 otherwise.
        data: The lines; for a line that is too long its beginning.
        too_long: Whether it is the beginning of one such line.
    """

    offset: int
    data: bytes
    too_long: bool = False

    def lines(self, text: Text) -> Iterator[str]:
        """Its lines, decoded."""
        decoded = text.decode(self.data)
        return iter([LongLine(decoded)]) if self.too_long else iter(io.StringIO(decoded, newline=""))


class Text:
    """The blocks of one file, or of a part of it.

    Args:
        stream: Its plain bytes.
        encoding: As the contract states it; bytes that are no characters in it become lone surrogates when decoded.
        offset: Where the part begins, later how far it was read; a byte order mark is removed from the beginning of a file only.
        chunk: How many bytes are read at a time; the blocks' lines are the same whatever it is.
        max_line: Bytes of the longest line that is kept.
    """

    def __init__(
        self, stream: BinaryIO, encoding: str, *, offset: int = 0, chunk: int = CHUNK, max_line: int = MAX_RECORD_CHARACTERS
    ) -> None:
        self._stream = stream
        self._chunk = chunk
        self._max_line = max_line
        self.offset = offset
        self.is_utf8 = codecs.lookup(encoding).name == "utf-8"
        self._decoder = None if self.is_utf8 else codecs.getincrementaldecoder(encoding)(errors=DECODE_ERRORS)

    def decode(self, data: bytes) -> str:
        """Characters of a block or a part of it."""
        return data.decode("utf-8", DECODE_ERRORS if self.is_utf8 else "surrogatepass")

    def _chunks(self) -> Iterator[bytes]:
        """The text in UTF-8, without the byte order mark, in pieces of any size."""
        start = self.offset == 0
        held = b""
        for data in self._utf8():
            held += data
            if start and codecs.BOM_UTF8.startswith(held[: len(codecs.BOM_UTF8)]) and len(held) < len(codecs.BOM_UTF8):
                continue
            if start and held.startswith(codecs.BOM_UTF8):
                held = held[len(codecs.BOM_UTF8) :]
                self.offset += len(codecs.BOM_UTF8)
            start = False
            if held:
                yield held
            held = b""
        if held:
            yield held

    def _utf8(self) -> Iterator[bytes]:
        while data := self._stream.read(self._chunk):
            yield data if self._decoder is None else self._decoder.decode(data).encode("utf-8", "surrogatepass")
        if self._decoder is not None:
            yield self._decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")

    def blocks(self) -> Iterator[Block]:
        """The blocks in order; no block is empty."""
        pending: list[bytes] = []
        size = dropped = 0
        for data in self._chunks():
            # a carriage return at the very end may have its line feed yet to come
            if pending and pending[-1].endswith(b"\r"):
                yield from self._lines(pending, dropped, complete=b"\n" if data.startswith(b"\n") else b"")
                rest, pending, size, dropped = data[1:] if data.startswith(b"\n") else data, [], 0, 0
            else:
                rest = data
            end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1
            if end:
                yield from self._lines([*pending, rest[:end]], dropped)
                pending, size, dropped = [], 0, 0
                rest = rest[end:]
            if rest:
                pending.append(rest)
                size += len(rest)
            if size > self._max_line:  # its end is still to come: keep the beginning, count the rest
                whole = b"".join(pending)
                kept = whole[:KEPT_OF_A_LONG_LINE]
                dropped += len(whole) - len(kept) - whole.endswith(b"\r")
                pending = [kept, b"\r"] if whole.endswith(b"\r") else [kept]
                size = self._max_line + 1
        if pending:
            yield from self._lines(pending, dropped)

    def _lines(self, parts: list[bytes], dropped: int, *, complete: bytes = b"") -> Iterator[Block]:
        """The lines in `parts` as blocks: one block, unless a line among them is too long."""
        data = b"".join([*parts, complete])
        if not dropped and len(data) <= self._max_line:
            yield self._block(data, len(data))
            return
        for found in _LINE.finditer(data):
            line = found.group()
            if not line:
                continue
            length = len(line) + dropped
            ended = _ONE_LINE.search(line)
            if length - (len(ended.group()) if ended else 0) > self._max_line:
                yield self._block(_head(line), length, too_long=True)
            else:
                yield self._block(line, length)
            dropped = 0

    def _block(self, data: bytes, length: int, *, too_long: bool = False) -> Block:
        block = Block(self.offset, data, too_long)
        self.offset += length
        return block


def _head(line: bytes) -> bytes:
    """The beginning of a long line that is kept: whole characters."""
    end = KEPT_OF_A_LONG_LINE
    while KEPT_OF_A_LONG_LINE - end < 4 and end < len(line) and line[end] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8: up to 4 bytes a character
        end -= 1
    return line[:end]


class Quotes:
    """Finds stretches in blocks.

    Args:
        source: How the files are delivered. Where its delimiter, quote or escape are beyond the quick readers, there are no stretches.
    """

    def __init__(self, source: SourceSpec) -> None:
        plain = source.format == "csv" and len(source.delimiter) == 1 and source.delimiter.isascii() and source.quote.isascii()
        self.quick = plain and "\x00" not in source.delimiter + source.quote
        self._quote = source.quote.encode()
        self._escape = b"" if source.escape == source.quote else source.escape.encode()
        if self.quick and self._quote:
            quote, delimiter = re.escape(self._quote), re.escape(source.delimiter.encode())
            inside = b"" if source.multiline else rb"\r\n"
            field = rb"(?:%b(?:[^%b%b]++|%b%b)*+%b(?=[%b\r\n])|[^%b%b\r\n]*+)" % (
                *(quote, quote, inside, quote, quote, quote),
                *(delimiter, quote, delimiter),
            )
            self._stretch = re.compile(rb"(?:(?![\r\n])%b(?:%b%b)*+(?:\r\n|\n|\r))*+" % (field, delimiter, field))

    def stretch(self, data: bytes, position: int) -> int:
        """Where the stretch ends that begins at `position`, which has to be the beginning of a record; `position` when there is none."""
        if not self._quote or data.find(self._quote, position) < 0:
            return len(data)
        found = self._stretch.match(data, position)
        return position if found is None else found.end()

    def allow(self, data: bytes) -> bool:
        """Whether there may be stretches in a block."""
        if not self.quick or b"\x00" in data:
            return False
        return not (self._quote and self._escape and self._escape in data and self._quote in data)

    def outside(self, data: bytes) -> bytes:
        """A stretch without what stands between quotes."""
        return self._quote.join(data.split(self._quote)[::2]) if self._quote and self._quote in data else data

    def is_outside(self, data: bytes) -> bool:
        """Whether the end of `data`, which begins where a record does in a stretch, is outside quotes."""
        return not self._quote or data.count(self._quote) % 2 == 0


class Stretch(NamedTuple):
    """Records whose quotes are beyond doubt. `line` is the number of the first line."""

    line: int
    data: bytes


class Records:
    """The records and empty lines of a CSV file, or of a part of it that begins where a record does.

    Args:
        text: The file.
        source: How it is delivered.
        line: Number of its first line.
        max_characters: Of a record.
    """

    def __init__(self, text: Text, source: SourceSpec, *, line: int = 1, max_characters: int = MAX_RECORD_CHARACTERS) -> None:
        self.text = text
        self.line = line
        self._blocks = text.blocks()
        self._quotes = Quotes(source)
        self._max_characters = max_characters
        self._framer = CsvFramer(source, max_characters=max_characters)
        self._block = Block(0, b"")
        self._position = 0
        self._lines = self._next_lines()
        self._quick = False

    def _fill(self) -> bool:
        """Whether there is anything left, in this block or the next."""
        if self._position < len(self._block.data):
            return True
        self._block = next(self._blocks, Block(0, b""))
        self._position = 0
        # what is quick knows no limits, so that nothing in its hands may reach them
        short = not self._block.too_long and len(self._block.data) <= self._max_characters
        self._quick = short and self._quotes.allow(self._block.data)
        return bool(self._block.data)

    def _next_lines(self) -> Iterator[str]:
        while self._fill():
            if self._block.too_long:
                self._position = len(self._block.data)
                yield LongLine(self.text.decode(self._block.data))
                continue
            found = _LINE.match(self._block.data, self._position)
            line = found.group() if found else self._block.data[self._position :]  # it matches anything
            self._position += len(line)
            yield self.text.decode(line)

    def boundary(self) -> tuple[int, int] | None:
        """Offset and line number, when here a record begins whatever came before: a place where the file may be cut."""
        if self._framer.is_waiting or not self._fill() or self._block.too_long:
            return None
        return self._block.offset + self._position, self.line

    def frame(self) -> Frame | None:
        """The next record or empty line, looked at closely; None at the end."""
        frame = self._framer.take(self.line, self._lines)
        if frame is not None:
            self.line += frame.lines
        return frame

    def stretch(self) -> Stretch | None:
        """The stretch that begins here; None when there is none."""
        if self._framer.is_waiting or not self._fill() or not self._quick:
            return None
        end = self._quotes.stretch(self._block.data, self._position)
        if end == self._position:
            return None
        data = self._block.data[self._position : end]
        self._position = end
        found = Stretch(self.line, data)
        self.line += count_lines(data)
        return found

    def outside(self, data: bytes) -> bytes:
        """A stretch without what stands between quotes."""
        return self._quotes.outside(data)

    def is_outside(self, data: bytes) -> bool:
        """Whether a stretch may be cut after `data`, where one of its lines ends."""
        return self._quotes.is_outside(data)


def count_lines(data: bytes) -> int:
    """How many lines these whole lines are."""
    ends = data.count(b"\n") + (data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else 0)
    return ends + (not data.endswith((b"\n", b"\r")))


def count_empty_lines(data: bytes) -> int:
    """How many of these whole lines hold not a single character."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n\n" not in data and not data.startswith(b"\n"):
        return 0
    return data.split(b"\n").count(b"") - (1 if data.endswith(b"\n") else 0)
