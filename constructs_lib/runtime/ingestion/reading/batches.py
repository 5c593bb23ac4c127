"""The records of a text file as Arrow batches: where each stands, what was delivered as strings, what is wrong with it.

Stretches of records whose quotes are beyond doubt (`blocks`) are split by Arrow's CSV reader, a column at a time; it has to find exactly
as many records as there are line ends outside quotes. Where it does not, where a record is ragged or a byte is no character, and for
everything outside stretches, `framing` splits record by record. Both give the same rows: the tests try any texts on both.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ..blocks import CHUNK, Records, Text, count_empty_lines, count_lines
from ..framing import MAX_RECORD_CHARACTERS, UNDECODABLE, CsvFramer, is_undecodable, json_frames, json_record, json_text, printable
from ..survey import has_header, is_record
from .header import UNDECLARED_COLUMN, Layout, by_position, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..blocks import Stretch
    from ..files import Storage, StoredFile
    from ..framing import Frame
    from ..spec import JobSpec

    Cells = Callable[[Frame], tuple[list[str | None], str | None]]

TOO_FEW_FIELDS = "too_few_fields"
TOO_MANY_FIELDS = "too_many_fields"
INVALID_UNICODE = "invalid_unicode"
WORTH_IT = 16 * 1024
"""Bytes of a stretch from which Arrow's reader is quicker than looking closely."""
ROWS_PER_BATCH = 4096
CHARACTERS_PER_BATCH = 4 * 1024 * 1024
_LINE_END = r"\r\n?|\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of a file that one task reads: from a record's beginning to another's.

    Attributes:
        number: Of the file, among those of the run.
        start: Where it begins in the plain bytes.
        end: Where it ends; None for the file's end.
        line: Number of its first line.
        header: The file's header, for a part that does not begin with it.
    """

    file: StoredFile
    number: int = 0
    start: int = 0
    end: int | None = None
    line: int = 1
    header: tuple[str, ...] = ()


def raw(position: int) -> str:
    """Name of the column that holds what was delivered for the table's column of that position."""
    return f"r{position}"


def schema(spec: JobSpec) -> pa.Schema:
    """The columns of the batches: `_number` of the file, `_line`, `_lines`, `_problem`, `_record`, then one a column of the table."""
    return pa.schema(
        [
            ("_number", pa.int32()),
            ("_line", pa.int64()),
            ("_lines", pa.int64()),
            ("_problem", pa.string()),
            ("_record", pa.string()),
            *((raw(position), pa.string()) for position in range(len(spec.columns))),
        ]
    )


def piece_batches(
    piece: Piece,
    storage: Storage,
    spec: JobSpec,
    *,
    chunk: int = CHUNK,
    worth_it: int = WORTH_IT,
    max_characters: int = MAX_RECORD_CHARACTERS,
) -> Iterator[pa.RecordBatch]:
    """Every record of the piece, none left out.

    Args:
        piece: What to read.
        storage: Where from.
        spec: How it is delivered.
        chunk: Bytes read at a time; the rows are the same whatever it is.
        worth_it: Bytes of a stretch from which Arrow reads it; the rows are the same whatever it is.
        max_characters: Of a record.
    """
    with storage.open_plain(piece.file, piece.start) as stream:
        limited = stream if piece.end is None else cast("BinaryIO", _Limited(stream, piece.end - piece.start))
        text = Text(limited, spec.source.encoding, offset=piece.start, chunk=chunk, max_line=max_characters)
        rows = _Rows(piece.number, spec)
        if spec.source.format == "jsonl":
            yield from _json(text, piece, spec, rows)
        else:
            records = Records(text, spec.source, line=piece.line, max_characters=max_characters)
            yield from _csv(records, piece, spec, rows, worth_it)
        yield from rows.rest()


def _csv(records: Records, piece: Piece, spec: JobSpec, rows: _Rows, worth_it: int) -> Iterator[pa.RecordBatch]:
    if not has_header(spec):
        how = by_position(spec)
    elif piece.start:
        how = layout(piece.header, spec)
    else:
        header: Frame | None = records.frame()
        while header is not None and header.fields == []:
            header = records.frame()
        if header is None:
            return
        how = layout(None if header.fields is None else [printable(name) for name in header.fields], spec)
    cells = csv_cells(spec, how)
    quick = how.trouble is None and not set("\r\n") & set(spec.source.null_marker)
    while True:
        stretch = records.stretch()
        if stretch is not None:
            if quick:
                yield from _stretch(stretch, records, spec, how, rows, worth_it)
            else:
                _closely(stretch, records.text, spec, cells, rows)
        else:
            frame = records.frame()
            if frame is None:
                return
            rows.add(frame, cells)
        yield from rows.full()


def _closely(stretch: Stretch, text: Text, spec: JobSpec, cells: Cells, rows: _Rows) -> None:
    """The records of a stretch, one by one."""
    lines = io.StringIO(text.decode(stretch.data), newline="")
    for frame in CsvFramer(spec.source).frames(iter(lines), stretch.line):
        rows.add(frame, cells)


def _stretch(stretch: Stretch, records: Records, spec: JobSpec, how: Layout, rows: _Rows, worth_it: int) -> Iterator[pa.RecordBatch]:
    """The records of a stretch; one that Arrow's reader cannot take as a whole is taken in halves."""
    if len(stretch.data) < worth_it or not how.width:
        _closely(stretch, records.text, spec, csv_cells(spec, how), rows)
        return
    batch = _quickly(stretch, records.outside(stretch.data), spec, how, rows)
    if batch is not None:
        yield batch
        return
    middle = stretch.data.find(b"\n", len(stretch.data) // 2) + 1
    if not 0 < middle < len(stretch.data) or not records.is_outside(stretch.data[:middle]):
        _closely(stretch, records.text, spec, csv_cells(spec, how), rows)
        return
    first, second = stretch.data[:middle], stretch.data[middle:]
    for half in (stretch._replace(data=first), stretch._replace(data=second, line=stretch.line + count_lines(first))):
        yield from _stretch(half, records, spec, how, rows, worth_it)
        yield from rows.full()


def _quickly(stretch: Stretch, outside: bytes, spec: JobSpec, how: Layout, rows: _Rows) -> pa.RecordBatch | None:
    """The stretch as one batch; None when Arrow's reader does not take it or counts otherwise."""
    data = stretch.data
    if data.startswith(codecs.BOM_UTF8):  # Arrow takes it for no character, wherever the stretch is in the file
        return None
    lines, found = count_lines(data), count_lines(outside)
    if lines == found and b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    empty = count_empty_lines(data) if lines == found else 0
    if empty and len(spec.columns) == 1:
        return None
    names = [str(place) for place in range(how.width)]
    used = names if lines != found else list(dict.fromkeys(str(place) for place in how.places if place is not None))
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
            parse_options=pa.csv.ParseOptions(
                delimiter=spec.source.delimiter,
                quote_char=spec.source.quote or False,
                double_quote=True,
                escape_char=False,
                newlines_in_values=lines != found,
                ignore_empty_lines=True,
            ),
            convert_options=pa.csv.ConvertOptions(
                check_utf8=True,
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=used,
                strings_can_be_null=True,
                null_values=[spec.source.null_marker],
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != found - empty:
        return None
    columns = {name: table.column(name).chunk(0) for name in table.column_names}
    first, taken = _line_numbers(stretch, data, list(columns.values()) if lines != found else [], empty, table.num_rows)
    nothing = pa.nulls(table.num_rows, pa.string())
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(pa.scalar(rows.number, pa.int32()), table.num_rows),
            first,
            taken,
            nothing,
            nothing,
            *(nothing if place is None else columns[str(place)] for place in how.places),
        ],
        schema=rows.schema,
    )


def _line_numbers(stretch: Stretch, data: bytes, values: list[pa.Array], empty: int, rows: int) -> tuple[pa.Array, pa.Array]:
    """For each record of a stretch its first line and how many it takes; `values` are all its fields, where some hold line ends."""
    if values:
        taken = pa.repeat(pa.scalar(1, pa.int64()), rows)
        for column in values:
            taken = pc.add(taken, pc.cast(pc.fill_null(pc.count_substring_regex(column, pattern=_LINE_END), 0), pa.int64()))
        return pc.add(pc.subtract(pc.cumulative_sum(taken), taken), stretch.line), taken
    numbers = (
        [at for at, line in enumerate(data.split(b"\n"), start=stretch.line) if line] if empty else range(stretch.line, stretch.line + rows)
    )
    return pa.array(numbers, pa.int64()), pa.repeat(pa.scalar(1, pa.int64()), rows)


def csv_cells(spec: JobSpec, how: Layout) -> Cells:
    """How a frame becomes one cell a column."""
    marker = spec.source.null_marker
    nothing: list[str | None] = [None] * len(spec.columns)
    only_first = not has_header(spec)

    def cells(frame: Frame) -> tuple[list[str | None], str | None]:
        fields = frame.fields
        if fields is None:
            return nothing, frame.problem
        if how.trouble is not None:
            return nothing, how.trouble
        problem = None
        fields = fields or [""]  # an empty line is a record in a table of one column only
        if len(fields) != how.width:
            problem = TOO_FEW_FIELDS if len(fields) < how.width else TOO_MANY_FIELDS
            fields = fields + [marker] * (how.width - len(fields))
        if only_first:
            fields = fields[: how.width]
            return [None if field == marker else field for field in fields], problem
        return [None if place is None or fields[place] == marker else fields[place] for place in how.places], problem

    return cells


def _json(text: Text, piece: Piece, spec: JobSpec, rows: _Rows) -> Iterator[pa.RecordBatch]:
    cells = json_cells(spec)
    line = piece.line
    for block in text.blocks():
        for frame in json_frames(block.lines(text), line):
            rows.add(frame, cells)
            line += 1
            yield from rows.full()


def json_cells(spec: JobSpec) -> Cells:
    """How a JSON line becomes one cell a column."""
    names = [column.source_name for column in spec.columns]
    nothing: list[str | None] = [None] * len(names)
    declared = set(names)
    strict = spec.source.extra_columns == "quarantine"

    def cells(frame: Frame) -> tuple[list[str | None], str | None]:
        if frame.fields is None:
            return nothing, frame.problem
        record, problem = json_record(frame.text)
        if record is None:
            return nothing, problem
        found = [json_text(record.get(name)) for name in names]
        if "\\u" in frame.text and any(cell is not None and is_undecodable(cell) for cell in found):
            return nothing, INVALID_UNICODE
        return found, UNDECLARED_COLUMN if strict and record.keys() - declared else None

    return cells


class _Rows:
    """Rows that are gathered one by one until there are enough for a batch."""

    def __init__(self, number: int, spec: JobSpec) -> None:
        self.number = number
        self.schema = schema(spec)
        self._spec = spec
        self._rows: list[tuple[Any, ...]] = []
        self._characters = 0

    def add(self, frame: Frame, cells: Cells) -> None:
        """Takes a record; an empty line is none. `_record` holds the text of a record that has a problem."""
        if not is_record(frame, self._spec):
            return
        found, problem = cells(frame)
        text = None
        if is_undecodable(frame.text):
            problem = problem or UNDECODABLE
            found = [None if cell is None else printable(cell) for cell in found]
        if problem is not None:
            text = printable(frame.text)
        self._rows.append((self.number, frame.line, frame.lines, problem, text, *found))
        self._characters += len(frame.text)

    def full(self) -> Iterator[pa.RecordBatch]:
        """A batch, when there are enough rows."""
        if len(self._rows) >= ROWS_PER_BATCH or self._characters >= CHARACTERS_PER_BATCH:
            yield from self.rest()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """A batch of what there is."""
        if self._rows:
            columns = zip(*self._rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, self.schema, strict=True)]
            self._rows, self._characters = [], 0
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)


class _Limited(io.RawIOBase):
    """The next so many bytes of a stream."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = size

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


def text_rows(file: StoredFile, storage: Storage, spec: JobSpec) -> Iterator[tuple[Any, ...]]:
    """The records of one file as rows: path, line, lines, problem, text, cells. For who wants to look at a file without Spark."""
    for batch in piece_batches(Piece(file=file), storage, spec):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield (file.path, *row[1:])
