"""Counts what was delivered, file by file, before anything is cast or split: the left side of the accounting equation."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import UnreadableInput
from .framing import CsvFramer, json_frames, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .files import Storage, StoredFile
    from .framing import Frame
    from .spec import JobSpec, SourceSpec

_CHUNK = 1024 * 1024
_WIDE = ("utf-16", "utf-32")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSurvey:
    """What one file holds.

    Attributes:
        size: Bytes as delivered.
        sha256: Of the bytes as delivered.
        lines: Line ends in the decompressed bytes, plus one for a last line without; None for Parquet.
        framed_lines: The lines that records, empty lines and the header take together; has to equal `lines`.
        records: Records without the header.
        header: The header's fields; empty when there is none.
        error: Why the file cannot be read to its end; None when it can.
    """

    path: str
    size: int
    sha256: str
    lines: int | None = None
    framed_lines: int | None = None
    records: int = 0
    empty_lines: int = 0
    header: tuple[str, ...] = ()
    error: str | None = None


class LineCounter:
    """Counts lines in bytes, ended by LF, CRLF or CR, without looking at what stands in them."""

    def __init__(self, encoding: str) -> None:
        name = codecs.lookup(encoding).name
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace") if name.startswith(_WIDE) else None
        self._byte_order_mark = codecs.BOM_UTF8 if self._decoder or name.startswith("utf-8") else b""
        self._ends = 0
        self._last = b""

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Takes the next bytes of the file; `final` says that they are the last."""
        if self._decoder is not None:
            data = self._decoder.decode(data, final).encode("utf-8", errors="replace")
        if not self._last:
            data = data.removeprefix(self._byte_order_mark)
        if not data:
            return
        self._ends += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
        if self._last == b"\r" and data.startswith(b"\n"):
            self._ends -= 1
        self._last = data[-1:]

    @property
    def lines(self) -> int:
        """How many lines there were so far."""
        return self._ends + (1 if self._last not in {b"", b"\n", b"\r"} else 0)


def frames_of(lines: Iterator[str], source: SourceSpec) -> Iterator[Frame]:
    """The frames of a text file in the format the spec states."""
    return json_frames(lines) if source.format == "jsonl" else CsvFramer(source).frames(lines)


def is_record(frame: Frame, spec: JobSpec) -> bool:
    """Whether the frame is a record: an empty line is one only in a CSV table of a single column."""
    return frame.fields != [] or (spec.source.format == "csv" and len(spec.columns) == 1)


def survey_file(file: StoredFile, storage: Storage, spec: JobSpec) -> FileSurvey:
    """Reads one text file twice: its bytes for the digest and the lines, its text for the records."""
    digest = hashlib.sha256()
    size = 0
    with storage.open(file) as stream:
        while data := stream.read(_CHUNK):
            digest.update(data)
            size += len(data)
    counter = LineCounter(spec.source.encoding)
    framed = records = empty = 0
    header: tuple[str, ...] | None = None if spec.source.format == "csv" and spec.source.header else ()
    try:
        with storage.open_plain(file) as stream:
            while data := stream.read(_CHUNK):
                counter.feed(data)
            counter.feed(b"", final=True)
        with storage.open_plain(file) as stream:
            for frame in frames_of(lines_of(stream, spec.source.encoding), spec.source):
                framed += frame.lines
                if header is None and frame.fields != []:
                    header = tuple(frame.fields or ())
                elif is_record(frame, spec) and header is not None:
                    records += 1
                else:
                    empty += 1
    except (EOFError, OSError, zlib.error, UnreadableInput) as error:
        if getattr(error, "errno", None) is not None:  # the disk's or the network's trouble, not the file's: worth another attempt
            raise
        return FileSurvey(path=file.path, size=size, sha256=digest.hexdigest(), error=f"{type(error).__name__}: {error}")
    return FileSurvey(
        path=file.path,
        size=size,
        sha256=digest.hexdigest(),
        lines=counter.lines,
        framed_lines=framed,
        records=records,
        empty_lines=empty,
        header=header or (),
    )
