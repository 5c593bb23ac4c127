"""Counts what was delivered, file by file, before anything is cast or split: the left side of the accounting equation.

A text file is read once: its bytes go to the digest, its plain bytes to a count of line ends that looks at nothing else, and its text to a
count of records. That count is not the reading's: where quotes are beyond doubt, it counts the line ends outside them and never splits
a record. A Parquet file's rows are counted by pyarrow, which decodes every page; Spark reads them.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from .blocks import Records, Text, count_empty_lines, count_lines
from .compression import BROKEN, CHUNK, plain
from .errors import UnreadableInput
from .framing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .files import Storage, StoredFile
    from .framing import Frame
    from .spec import JobSpec

CUT_EVERY = 8 * 1024 * 1024
"""A text file may be cut about every so many plain bytes, to be read by several tasks."""

READ_AT_A_TIME = CHUNK

_UNREADABLE = ("Time", "Float16", "UUID", "Interval")
_MOST_DIGITS = 38
_CODECS = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4", "LZ4_RAW"}


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
        nanoseconds: Columns of a Parquet file that count nanoseconds since 1970, which Spark reads as numbers.
        cuts: Where records begin, as offset in the plain bytes and line number: places where the reading may be shared among tasks.
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
    nanoseconds: tuple[str, ...] = ()
    cuts: tuple[tuple[int, int], ...] = ()


class LineCounter:
    """Counts lines in bytes, ended by LF, CRLF or CR, without looking at what stands in them."""

    def __init__(self, encoding: str) -> None:
        name = codecs.lookup(encoding).name
        self._decoder = None if _is_countable(encoding) else codecs.getincrementaldecoder(encoding)(errors="replace")
        self._byte_order_mark = codecs.BOM_UTF8 if self._decoder or name.startswith("utf-8") else b""
        self._start = b""
        self._started = False
        self._ends = 0
        self._last = b""

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Takes the next bytes of the file; `final` says that they are the last."""
        if self._decoder is not None:
            data = self._decoder.decode(data, final).encode("utf-8", errors="replace")
        if not self._started:
            data = self._start + data
            if len(data) < len(self._byte_order_mark) and not final:
                self._start = data
                return
            data = data.removeprefix(self._byte_order_mark)
            self._started = True
        if not data:
            return
        self._ends += data.count(b"\n")
        if b"\r" in data:
            self._ends += data.count(b"\r") - data.count(b"\r\n")
        if self._last == b"\r" and data.startswith(b"\n"):
            self._ends -= 1
        self._last = data[-1:]

    @property
    def lines(self) -> int:
        """How many lines there were so far."""
        return self._ends + (1 if self._last not in {b"", b"\n", b"\r"} else 0)


def _is_countable(encoding: str) -> bool:
    """Whether a line end is the same bytes in the encoding as in ASCII, and it has no byte order mark of its own."""
    if codecs.lookup(encoding).name.startswith("utf-8"):
        return True
    try:
        if "\r\n".encode(encoding) != b"\r\n":
            return False
        "\ufeff".encode(encoding)
    except UnicodeError:
        return True
    return False


class Digest(io.RawIOBase):
    """A stream that tells size and SHA-256 of what was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer, and takes note."""
        data = self._stream.read(len(buffer))
        self._digest.update(data)
        self.size += len(data)
        buffer[: len(data)] = data
        return len(data)

    def hexdigest(self) -> str:
        """The digest of the whole stream; reads what is left of it."""
        while self.read(CHUNK):
            pass
        return self._digest.hexdigest()


class _Lines(io.RawIOBase):
    """A stream that counts the lines of what is read from it."""

    def __init__(self, stream: BinaryIO, counter: LineCounter) -> None:
        super().__init__()
        self._stream = stream
        self._counter = counter

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._counter.feed(data, final=not data)
        return data


@dataclass(slots=True)
class _Count:
    """What was found in a text file so far; `header` is None as long as it is to come."""

    header: tuple[str, ...] | None
    framed: int = 0
    records: int = 0
    empty: int = 0

    def add(self, frame: Frame, spec: JobSpec) -> None:
        self.framed += frame.lines
        if self.header is None and frame.fields != []:
            self.header = tuple(map(printable, frame.fields or ()))
        elif self.header is not None and is_record(frame, spec):
            self.records += 1
        else:
            self.empty += 1


def is_record(frame: Frame, spec: JobSpec) -> bool:
    """Whether the frame is a record: an empty line is one only in a CSV table of a single column."""
    return frame.fields != [] or (spec.source.format == "csv" and len(spec.columns) == 1)


def has_header(spec: JobSpec) -> bool:
    """Whether the first line of a file that is not empty names the columns."""
    return spec.source.format == "csv" and spec.source.header


def survey_file(file: StoredFile, storage: Storage, spec: JobSpec) -> FileSurvey:
    """Reads one file to its end; what is wrong with it stands in the result's `error`.

    Raises:
        OSError: If the disk or the network is in trouble, which is worth another attempt.
    """
    with storage.open(file) as stream:
        digest = Digest(stream)
        found = FileSurvey(path=file.path, size=0, sha256="")
        try:
            if spec.source.format == "parquet":
                digest.hexdigest()
                found = _survey_parquet(file, storage)
            else:
                found = _survey_text(cast("BinaryIO", digest), file.path, spec)
        except BROKEN as error:
            if getattr(error, "errno", None) is not None:
                raise
            # what gzip says of trailing bytes quotes them
            said = "bytes that are no gzip follow" if isinstance(error, gzip.BadGzipFile) else str(error)
            found = replace(found, error=f"{type(error).__name__}: {said}")
        sha256 = digest.hexdigest()
    return replace(found, size=digest.size, sha256=sha256)


def _survey_text(stream: BinaryIO, path: str, spec: JobSpec) -> FileSurvey:
    counter = LineCounter(spec.source.encoding)
    found = plain(io.BufferedReader(cast("io.RawIOBase", stream), buffer_size=CHUNK), path)
    _require_encoding(cast("io.BufferedReader", found).peek(4)[:4], spec)
    lines = _Lines(found, counter)
    text = Text(cast("BinaryIO", lines), spec.source.encoding, chunk=READ_AT_A_TIME)
    cuts: list[tuple[int, int]] = []
    count = (_count_json if spec.source.format == "jsonl" else _count_csv)(text, spec, cuts)
    return FileSurvey(
        path=path,
        size=0,
        sha256="",
        lines=counter.lines,
        framed_lines=count.framed,
        records=count.records,
        empty_lines=count.empty,
        header=count.header or (),
        error=None if count.records else _unrecognised(count.header or (), spec),
        cuts=tuple(cuts) if text.is_utf8 else (),
    )


def _unrecognised(header: Sequence[str], spec: JobSpec) -> str | None:
    """What is wrong with a file of one line: where that is no header, it is a record, which must not go by as a file without any."""
    if not header or {name.strip() for name in header} & {column.source_name for column in spec.columns}:
        return None
    return "UnreadableInput: its only line names none of the table's columns; deliver the file with its header"


def _require_encoding(start: bytes, spec: JobSpec) -> None:
    """Holds a file's first bytes against the stated encoding: where byte order marks contradict it, line ends cannot be told."""
    encoding = spec.source.encoding
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        decoder(errors="replace").decode(start)  # Python's UTF-16 and UTF-32 raise without a mark, whatever `errors` says
    except UnicodeError:
        message = f"the contract says {encoding}, and the file begins with no byte order mark"
        raise UnreadableInput(message) from None
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            decoder().decode(start[:2])
        except UnicodeDecodeError:
            message = f"the contract says {encoding}, and the file begins with a byte order mark of UTF-16 or UTF-32"
            raise UnreadableInput(message) from None


def _count_json(text: Text, spec: JobSpec, cuts: list[tuple[int, int]]) -> _Count:
    """Lines that hold more than white space; most begin with a brace."""
    del spec
    count = _Count(header=())
    for block in text.blocks():
        if block.offset - (cuts[-1][0] if cuts else 0) >= CUT_EVERY:
            cuts.append((block.offset, count.framed + 1))
        lines = [b"{"] if block.too_long else block.data.splitlines()
        records = sum(1 for line in lines if line[:1] == b"{" or text.decode(line).strip())
        count.framed += len(lines)
        count.records += records
        count.empty += len(lines) - records
    return count


def _count_csv(text: Text, spec: JobSpec, cuts: list[tuple[int, int]]) -> _Count:
    """Frames, where quotes are in doubt; elsewhere line ends outside quotes."""
    records = Records(text, spec.source)
    count = _Count(header=None if has_header(spec) else ())
    while count.header is None and (frame := records.frame()) is not None:
        count.add(frame, spec)
    while True:
        if text.offset - (cuts[-1][0] if cuts else 0) >= CUT_EVERY and (cut := records.boundary()) is not None:
            cuts.append(cut)
        stretch = records.stretch()
        if stretch is None:
            following = records.frame()
            if following is None:
                return count
            count.add(following, spec)
            continue
        outside = records.outside(stretch.data)
        empty = 0 if len(spec.columns) == 1 else count_empty_lines(outside)
        count.framed += count_lines(stretch.data)
        count.records += count_lines(outside) - empty
        count.empty += empty


def _survey_parquet(file: StoredFile, storage: Storage) -> FileSurvey:
    name = file.path.rpartition("/")[2]
    if name.startswith(("_", ".")):
        message = "Spark passes over Parquet files whose names begin with _ or a dot; deliver it under another name"
        raise UnreadableInput(message)
    try:
        with storage.open_seekable(file) as stream, pq.ParquetFile(stream) as parquet:
            names = tuple(parquet.schema_arrow.names)
            kinds = {column.path: json.loads(column.logical_type.to_json()) for column in parquet.schema}
            stated = parquet.metadata.num_rows
            packed = _codecs(parquet.metadata)
            records = sum(batch.num_rows for batch in parquet.iter_batches())
    except (pa.ArrowException, EOFError, ValueError) as error:
        message = f"not a Parquet file that can be read to its end ({type(error).__name__})"
        raise UnreadableInput(message) from error
    if records != stated:
        message = f"the file states {stated} rows and holds {records}"
        raise UnreadableInput(message)
    if strange := sorted(packed - _CODECS):
        message = f"it is compressed with {', '.join(strange)}, which Spark brings no codec for; use zstd, gzip or snappy"
        raise UnreadableInput(message)
    if refused := [f"{path} ({kind['Type']})" for path, kind in kinds.items() if _is_refused(kind)]:
        message = f"Spark does not read the types of {', '.join(refused)}; deliver such values as text, or as numbers of other types"
        raise UnreadableInput(message)
    counted = tuple(path for path, kind in kinds.items() if kind["Type"] == "Timestamp" and kind["timeUnit"] == "nanoseconds")
    return FileSurvey(path=file.path, size=0, sha256="", records=records, header=names, nanoseconds=counted)


def _codecs(metadata: pq.FileMetaData) -> set[str]:
    """How the chunks of a Parquet file are compressed."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return {group.column(number).compression for group in groups for number in range(group.num_columns)}


def _is_refused(kind: Mapping[str, Any]) -> bool:
    """Whether Spark 3.5 refuses a whole file for a column of this logical type, declared or not."""
    return kind["Type"] in _UNREADABLE or (kind["Type"] == "Decimal" and int(kind["precision"]) > _MOST_DIGITS)


def broken(surveys: Iterable[FileSurvey]) -> list[FileSurvey]:
    """Those of files that cannot be read to their end."""
    return [item for item in surveys if item.error is not None]


def readable(surveys: Sequence[FileSurvey]) -> list[FileSurvey]:
    """The same surveys, when every file can be read to its end.

    Raises:
        UnreadableInput: If one cannot; names all of them.
    """
    if found := broken(surveys):
        raise UnreadableInput("; ".join(f"{item.path}: {item.error}" for item in found))
    return list(surveys)
