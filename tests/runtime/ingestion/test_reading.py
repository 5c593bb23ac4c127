"""The quick ways of reading give the rows of the close look, whatever the file: no Spark here, so that many texts can be tried."""

from __future__ import annotations

import dataclasses
import gzip
import io
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from constructs_lib.runtime.ingestion import framing, survey as surveying
from constructs_lib.runtime.ingestion.files import Storage, StoredFile
from constructs_lib.runtime.ingestion.framing import CsvFramer, is_undecodable, json_frames, lines_of, printable
from constructs_lib.runtime.ingestion.reading import batches, tasks
from constructs_lib.runtime.ingestion.reading.batches import Piece, csv_cells, json_cells, piece_batches
from constructs_lib.runtime.ingestion.reading.header import by_position, layout
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.survey import FileSurvey, has_header, is_record, survey_file

from .specs import column, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from constructs_lib.runtime.ingestion.spec import JobSpec

FILE = StoredFile("memory", 0)
QUICK_WORTH_IT = 1
PARTS = [b"a", b"1", b",", b",", b"\n", b"\n", b'"', b'""', b"\r\n", b"\r", b'","', b'"x"', b"1,2\n", b'"a\nb",2\n', b"\\", b"-", b" "]
ODD = [b"\x00", b"\xff", "é".encode(), "\u2028".encode(), b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x82", b"a,b\n", b"\xff\xfe"]


class Memory(Storage):
    """One file, in memory."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        object.__setattr__(self, "data", data)

    def open(self, file: StoredFile, start: int = 0, length: int | None = None) -> BinaryIO:  # noqa: ARG002
        return io.BufferedReader(io.BytesIO(self.data[start:]))  # type: ignore[attr-defined, arg-type]


def described(width: int = 2, **source: Any) -> JobSpec:
    return parse_spec(text([column(name) for name in "abc"[:width]], source={"format": "csv", "null_marker": "-", **source}))


def closely(data: bytes, spec: JobSpec, max_characters: int) -> list[tuple[Any, ...]]:
    """The rows as `framing` alone splits them, line by line, a record at a time."""
    lines = lines_of(io.BytesIO(data), spec.source.encoding)
    if spec.source.format == "jsonl":
        frames, cells = json_frames(lines), json_cells(spec)
    else:
        frames = CsvFramer(spec.source, max_characters=max_characters).frames(lines)
        how = by_position(spec)
        if has_header(spec):
            header = next((frame for frame in frames if frame.fields != []), None)
            how = layout(header and header.fields, spec)
        cells = csv_cells(spec, how)
    rows = []
    for frame in frames:
        if is_record(frame, spec):
            found, problem = cells(frame)
            if is_undecodable(frame.text):
                problem, found = problem or "undecodable_bytes", [None if cell is None else printable(cell) for cell in found]
            rows.append((frame.line, frame.lines, problem, None if problem is None else printable(frame.text), *found))
    return rows


def rows(piece: Piece, data: bytes, spec: JobSpec, **how: Any) -> list[tuple[Any, ...]]:
    """By line: that is what says where a row stands, not where it comes."""
    found = (
        row[1:]
        for batch in piece_batches(piece, Memory(data), spec, **how)
        for row in zip(*(values.to_pylist() for values in batch.columns), strict=True)
    )
    return sorted(found, key=lambda row: row[0])


def texts(parts: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(parts), max_size=40).map(b"".join)


FIELDS = [
    b"",
    b"a",
    b"1",
    b"-",
    b" b ",
    b"\\N",
    b'"x"',
    b'""',
    b'"a,b"',
    b'"c""d"',
    b'"a\nb"',
    b'"\r\n\r"',
    b'"-"',
    "é".encode(),
    b"\xef\xbb\xbf",
]
SPOILT = [b'5"', b'"a"b', b'"open', b"\xff", b"\x00", b"\xed\xa0\x80", b"1,2", b"\n"]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Mostly records of two well-formed fields, as producers write them; line ends of one kind or mixed, here and there something else."""
    ends = draw(st.sampled_from([[b"\n"], [b"\r\n"], [b"\r"], [b"\n", b"\r\n", b"\r", b"\n\n"]]))
    fields = st.sampled_from(FIELDS + draw(st.sampled_from([[], [], SPOILT])))
    records = draw(st.lists(st.tuples(fields, fields, st.sampled_from(ends)), max_size=20))
    return b"".join(first + b"," + second + end for first, second, end in records)


@given(files(), st.sampled_from(["-", "", "b "]), st.sampled_from(["\\", '"']), st.booleans())
def test_records_as_producers_write_them(data: bytes, null_marker: str, escape: str, header: bool) -> None:  # noqa: FBT001
    """Those that Arrow's reader is for: whole files in one chunk, most of their fields well-formed."""
    spec = described(null_marker=null_marker, escape=escape, header=header)
    data = b"a,b\n" * header + data
    expected = closely(data, spec, 1_000_000)
    assert rows(Piece(file=FILE), data, spec, worth_it=QUICK_WORTH_IT) == expected
    found = survey_file(FILE, Memory(data), spec)
    assert (found.records, found.framed_lines) == (len(expected), found.lines)


@settings(max_examples=400)
@given(
    files() | files() | texts(PARTS) | texts(PARTS + ODD),
    st.fixed_dictionaries(
        {
            "header": st.booleans(),
            "multiline": st.booleans(),
            "quote": st.sampled_from(['"', '"', "", "'"]),
            "escape": st.sampled_from(['"', '"', "\\", ""]),
            "delimiter": st.sampled_from([*[","] * 8, "\\", '","', "é"]),
            "null_marker": st.sampled_from(["-", "", "1", "a\nb", "é"]),
        }
    ),
    st.sampled_from([1, 2, 3, 7, 50, 1000, 1000]),
    st.sampled_from([1, 2, 2, 2, 3]),
    st.sampled_from([QUICK_WORTH_IT, 12, batches.WORTH_IT]),
    st.sampled_from([20, 1_000_000]),
)
def test_quick_and_close_reading_agree(
    data: bytes, source: dict[str, Any], chunk: int, width: int, worth_it: int, max_characters: int
) -> None:
    """On any text, however it is cut into chunks: the same records, lines, problems and cells; and the survey counts as many."""
    spec = described(width, **source)
    if max_characters < len(data):  # `framing` alone knows no line that is too long
        limited = rows(Piece(file=FILE), data, spec, chunk=chunk, worth_it=worth_it, max_characters=max_characters)
        assert limited == rows(Piece(file=FILE), data, spec, chunk=1000, worth_it=1_000_000, max_characters=max_characters)
        return
    if data.startswith((b"\xff\xfe", b"\x1f")):
        data = b"a" + data
    expected = closely(data, spec, max_characters)
    assert rows(Piece(file=FILE), data, spec, chunk=chunk, worth_it=worth_it) == expected
    found = survey_file(FILE, Memory(data), spec)
    names = {column.source_name for column in spec.columns} & {name.strip() for name in found.header}
    assert (found.error is None) == bool(expected or names or not found.header)
    assert (found.records, found.framed_lines) == (len(expected), found.lines)


@given(
    texts(PARTS + ODD).map(lambda data: data.decode("utf-8", "ignore")),
    st.sampled_from(["UTF-16", "UTF-16LE", "UTF-32", "cp1252", "cp037", "GB18030"]),
)
def test_other_encodings_are_read_alike(content: str, encoding: str) -> None:
    """Wide, single-byte and EBCDIC texts; what an encoding lacks is left out."""
    spec = described(encoding=encoding, header=False)
    data = content.encode(encoding, "ignore")
    expected = closely(data, spec, 1_000_000)
    assert rows(Piece(file=FILE), data, spec, chunk=3, worth_it=QUICK_WORTH_IT) == expected
    found = survey_file(FILE, Memory(data), spec)
    assert (found.records, found.framed_lines) == (len(expected), found.lines)


@given(
    st.lists(
        st.sampled_from(
            [b'{"a":1}', b"\n", b"\r\n", b" ", b"\t", b'{"a":"x","c":2}\n', b"{", "\u00a0".encode(), b"\x1c", b"\xff", b'{"b":"\\ud800"}']
        ),
        max_size=30,
    ).map(b"".join),
    st.sampled_from([1, 3, 50]),
)
def test_json_lines_are_read_alike(data: bytes, chunk: int) -> None:
    """Lines of white space are no records, in any of Unicode's kinds of it."""
    spec = described(format="jsonl")
    expected = closely(data, spec, 1_000_000)
    assert rows(Piece(file=FILE), data, spec, chunk=chunk) == expected
    found = survey_file(FILE, Memory(data), spec)
    assert (found.records, found.framed_lines) == (len(expected), found.lines)


@settings(max_examples=200)
@given(
    files() | texts(PARTS + ODD),
    st.sampled_from([{"format": "csv"}, {"format": "csv", "header": False}, {"format": "jsonl"}]),
    st.integers(1, 3),
)
def test_a_file_in_parts_is_the_file(data: bytes, source: dict[str, Any], parallelism: int) -> None:
    """Wherever the survey says that a file may be cut, its parts together give its rows."""
    spec = described(**source)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(surveying, "CUT_EVERY", 2)
        patched.setattr(surveying, "READ_AT_A_TIME", 3)
        found = survey_file(FILE, Memory(data), spec)
    parts = tasks.pieces([FILE], Memory(data), spec, {FILE.path: found}, parallelism)
    assert [row for part in parts for row in rows(part, data, spec)] == rows(Piece(file=FILE), data, spec)


def test_arrow_reads_what_is_well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With line ends inside and outside quotes, empty lines and NULLs; the close look is not needed, and sees the same."""
    data = b'1,"a\nb"\r\n-,"c""\r\n\rd"\n2,x\n' + b"3,-\n" * 3
    plain = b"1,2\n\n\n3,4\r\n5,-\r6,7"
    expected = {each: closely(each, described(header=False), 1000) for each in (data, plain)}
    monkeypatch.setattr(batches, "_closely", lambda *_: pytest.fail("looked closely"))
    for each, found in expected.items():
        assert rows(Piece(file=FILE), each, described(header=False), worth_it=QUICK_WORTH_IT) == found
    assert [row[:2] for row in expected[data]] == [(1, 2), (3, 3), (6, 1), (7, 1), (8, 1), (9, 1)]


def drifted(header: str, **source: str) -> str | None:
    """The trouble with the records of a file of columns a, b, c that has this header."""
    return layout(header.split(","), described(3, **source)).trouble


@pytest.mark.parametrize(
    ("header", "source", "trouble"),
    [
        ("a,b,c", {"extra_columns": "quarantine", "column_order": "declared"}, None),
        ("c, a ,b", {}, None),
        ("c,a,b", {"column_order": "declared"}, "column_order"),
        ("a,x,b,c", {"column_order": "declared"}, None),
        ("a,x,b,c", {"extra_columns": "quarantine"}, "undeclared_column"),
        ("a,b,c,", {"extra_columns": "quarantine"}, "undeclared_column"),
        ("a,c", {}, "missing_column:b"),
        ("a,c", {"missing_columns": "null"}, None),
        ("c,a", {"missing_columns": "null", "column_order": "declared"}, "column_order"),
        ("x,y,z", {"missing_columns": "null"}, "missing_column:a"),
        ("A,b,c", {}, "missing_column:a"),
        ("a,b,c,b", {"missing_columns": "null"}, "ambiguous_column:b"),
        ("a,x,x,b,c", {}, None),
        ("", {}, "missing_column:a"),
    ],
)
def test_a_header_that_differs_is_treated_as_the_contract_says(header: str, source: dict[str, str], trouble: str | None) -> None:
    """Missing, undeclared, reordered, repeated and empty names, other case and spaces."""
    assert drifted(header, **source) == trouble


def test_a_missing_column_is_null_where_the_contract_says_so() -> None:
    """In the quick and in the close reading; the others keep their places."""
    spec = described(3, missing_columns="null")
    for worth_it in (QUICK_WORTH_IT, 1000):
        assert rows(Piece(file=FILE), b"c,a\n1,2\n3,-\n", spec, worth_it=worth_it) == [
            (2, 1, None, None, "2", None, "1"),
            (3, 1, None, None, None, None, "3"),
        ]


def test_keys_of_json_that_nobody_declared_and_keys_that_are_not_there() -> None:
    """An absent key is NULL whatever the contract says of missing columns; an undeclared one is the trouble of its record alone."""
    spec = described(format="jsonl", missing_columns="quarantine", extra_columns="quarantine")
    assert rows(Piece(file=FILE), b'{"a":"1"}\n{"a":"1","x":2}\n', spec) == [
        (1, 1, None, None, "1", None),
        (2, 1, "undeclared_column", '{"a":"1","x":2}', "1", None),
    ]


def test_an_undecodable_header_can_be_told() -> None:
    """Its names go to manifests, which are UTF-8."""
    assert survey_file(FILE, Memory(b"a,M\xfc\n1,2\n"), described()).header == ("a", "M\\xfc")


def test_a_record_may_be_as_long_as_memory_allows() -> None:
    """A field of 10 MB arrives whole, however it is quoted and cut into chunks."""
    for field in (b"x" * 10_000_000, b'"' + (b"y" * 99 + b"\n") * 100_000 + b'"'):
        ((line, lines, problem, _, first, second),) = rows(Piece(file=FILE), field + b",2\n", described(header=False))
        assert (line, problem, len(first), second) == (1, None, 10_000_000, "2")
        assert lines == 1 + field.count(b"\n")


def test_lines_that_open_quotes_forever_take_no_quadratic_time() -> None:
    """Each line begins a record that only the end of the file ends, which would be read as often as there are lines."""
    data = b'x","a\n' * 20_000
    started = time.perf_counter()
    found = rows(Piece(file=FILE), data, described(header=False))
    assert {row[2] for row in found} == {"malformed_quotes"}
    assert len(found) == 20_000
    assert time.perf_counter() - started < 10


def test_a_record_of_too_many_lines_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open quote before many short lines is given up before they fill the memory."""
    monkeypatch.setattr(framing, "MAX_RECORD_LINES", 5)
    found = rows(Piece(file=FILE), b'1,"a\n\n\n\n"\n1,"a' + b"\n" * 5 + b'"\n1,2\n', described(header=False))
    assert [row[:3] for row in found] == [(1, 5, None), (6, 1, "malformed_quotes"), (11, 1, "malformed_quotes"), (12, 1, None)]


def test_large_files_are_cut_and_small_ones_are_not() -> None:
    """A few parts for each task slot, none of more than the most cuts; a file whose header is in trouble is read as a whole."""
    cuts = tuple((at * 100, at * 10 + 1) for at in range(1, 1001))
    found = FileSurvey(path=FILE.path, size=100_100, sha256="", header=("a", "b"), cuts=cuts)
    parts = tasks.pieces([FILE], Memory(b"a,b"), described(), {FILE.path: found}, 2)
    assert len(parts) == 126
    assert [(part.start, part.end) for part in parts[:2]] == [(0, 800), (800, 1600)]
    assert parts[-1].end is None
    assert [part.line for part in parts[:3]] == [1, 81, 161]
    assert len(tasks.pieces([FILE], Memory(gzip.compress(b"a,b")), described(), {FILE.path: found}, 2)) == 3
    assert len(tasks.pieces([FILE], Memory(b"a,b"), described(), {FILE.path: dataclasses.replace(found, header=("x",))}, 2)) == 1
    assert len(tasks.pieces([FILE], Memory(b"a,b"), described(), {}, 2)) == 1
