"""What a record is: no Spark here, so that many texts can be tried."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from constructs_lib.runtime.ingestion.framing import (
    CsvFramer,
    JsonNumber,
    is_undecodable,
    json_record,
    json_text,
    lines_of,
    printable,
)
from constructs_lib.runtime.ingestion.spec import SourceSpec
from constructs_lib.runtime.ingestion.survey import LineCounter

if TYPE_CHECKING:
    from constructs_lib.runtime.ingestion.framing import Frame

ANY_TEXT = st.text(alphabet='ab,"\n\r\\;é\x00\u2028', max_size=40)


def frames(text: str | bytes, *, encoding: str = "UTF-8", max_characters: int = 1_000_000, **source: object) -> list[Frame]:
    data = text.encode(encoding) if isinstance(text, str) else text
    framer = CsvFramer(SourceSpec(format="csv", encoding=encoding, **source), max_characters=max_characters)
    return list(framer.frames(lines_of(io.BytesIO(data), encoding)))


def fields(text: str, **source: object) -> list[list[str] | None]:
    return [frame.fields for frame in frames(text, **source)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,b\r\nc,d\r", [["a", "b"], ["c", "d"]]),
        ("\ufeffa,b\n", [["a", "b"]]),
        ('"a,b","c""d"\n', [["a,b", 'c"d']]),
        ('"a\nb",c\r\nd,e\n', [["a\nb", "c"], ["d", "e"]]),
        ('"",,""\n', [["", "", ""]]),
        ('5" pipe,x\n', [['5" pipe', "x"]]),
        ("a\u2028b,c\n", [["a\u2028b", "c"]]),
        ("a\n\nb\n", [["a"], [], ["b"]]),
        ('"a",\n', [["a", ""]]),
        ('"a"', [["a"]]),
        ("\n", [[]]),
        ("", []),
    ],
)
def test_splits_records_and_fields(text: str, expected: list[list[str]]) -> None:
    """Line ends, byte order mark, quotes, doubled quotes, line ends inside quotes, empty lines."""
    assert fields(text) == expected


def test_counts_lines_from_the_first_line_of_a_record() -> None:
    """A record's line is where an editor shows it, also after one that spans several."""
    assert [(frame.line, frame.lines) for frame in frames('a\n"b\r\nb\rb"\nc\n')] == [(1, 1), (2, 3), (5, 1)]


@pytest.mark.parametrize(
    ("text", "line"),
    [('1,"open\n2,"x"\n3,y\n', 1), ('1,"open\n2,b\n3,c\n', 1), ('0,a\n1,"a"b\n2,b\n', 2), ('1,"open', 1)],
)
def test_an_open_quote_costs_one_line_only(text: str, line: int) -> None:
    """A malformed record is the line it starts in; the lines after it are records of their own."""
    found = frames(text)
    assert [frame.line for frame in found if frame.problem == "malformed_quotes"] == [line]
    assert [frame.lines for frame in found] == [1] * len(text.splitlines())
    assert found[line - 1].text == text.splitlines()[line - 1]


def test_a_record_longer_than_the_limit_is_malformed() -> None:
    """An open quote in a huge file is given up long before the file is in memory."""
    found = frames('"' + "a\n" * 100, max_characters=50)
    assert found[0].problem == "malformed_quotes"
    assert len(found) == 100


def test_many_open_quotes_take_no_quadratic_time() -> None:
    """A file whose every line opens a quote is read about as fast as any other."""
    started = time.perf_counter()
    assert len(frames('x,"open\n' * 20_000)) == 20_000
    assert time.perf_counter() - started < 5


def test_without_multiline_every_line_is_a_record() -> None:
    """A contract that forbids line ends in values gets such records as malformed, not joined."""
    assert [frame.problem for frame in frames('"a\nb",c\nd,e\n', multiline=False)] == ["malformed_quotes", None, None]


def test_a_backslash_escapes_inside_quotes_only() -> None:
    r"""`\N` outside quotes stays what it is; inside, a backslash stands before a quote or itself and is literal otherwise."""
    assert fields('\\N,"a\\"b","c\\\\","d\\e","f""g"\n', escape="\\") == [["\\N", 'a"b', "c\\", "d\\e", 'f"g']]


def test_other_delimiters_and_no_quotes() -> None:
    """A delimiter may be several characters; without a quote character nothing is quoted."""
    assert fields("a||b|c\n", delimiter="||") == [["a", "b|c"]]
    assert fields('a\t"b\n', delimiter="\t", quote="") == [["a", '"b']]


def test_undecodable_bytes_are_kept_and_found() -> None:
    """A byte that is no character in the encoding neither vanishes nor becomes another character."""
    found = frames(b"a,b\nM\xfcnchen,\xc3\xbc\n")
    assert [is_undecodable(frame.text) for frame in found] == [False, True]
    assert printable(found[1].text) == "M\\xfcnchen,\u00fc"


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "ISO-8859-1", "windows-1252"])
def test_other_encodings(encoding: str) -> None:
    """Characters and line ends are found in wide and single-byte encodings."""
    assert [frame.fields for frame in frames("é,b\r\nc,ü\n", encoding=encoding)] == [["é", "b"], ["c", "ü"]]


@given(st.lists(st.lists(st.text(alphabet='ab,"\n\r é\\', max_size=6), min_size=2, max_size=4), max_size=6))
def test_reads_what_the_standard_library_writes(rows: list[list[str]]) -> None:
    """Whatever the values: rows written as CSV come back as they were."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows(rows)
    assert fields(target.getvalue()) == rows


@given(ANY_TEXT, st.sampled_from(['"', "\\", ""]), st.booleans(), st.sampled_from(["UTF-8", "UTF-16", "UTF-16LE"]))
def test_no_line_is_lost(text: str, escape: str, multiline: bool, encoding: str) -> None:  # noqa: FBT001 - hypothesis gives it
    """The lines of all frames add up to the lines counted in the bytes, and no frame's text is lost, however broken the quotes."""
    found = frames(text, escape=escape, multiline=multiline, encoding=encoding)
    counter = LineCounter(encoding)
    data = text.encode(encoding)
    for start in range(0, len(data), 3):
        counter.feed(data[start : start + 3])
    counter.feed(b"", final=True)
    assert sum(frame.lines for frame in found) == counter.lines
    kept = "".join(frame.text for frame in found)
    for end in "\r\n":
        text, kept = text.replace(end, ""), kept.replace(end, "")
    assert kept == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "malformed_json"),
        ('{"a": NaN}', "malformed_json"),
        ("[" * 100_000, "malformed_json"),
        ("[1]", "not_an_object"),
        ("null", "not_an_object"),
        ('{"a": 1, "a": 2}', "duplicate_json_key"),
        ('{"a": {"b": 1, "b": 2}}', "duplicate_json_key"),
    ],
)
def test_refuses_json_lines_that_are_no_record(text: str, problem: str) -> None:
    """Each with its own problem; a key named twice would lose a value silently."""
    assert json_record(text) == (None, problem)


def test_json_numbers_stay_as_written() -> None:
    """No number passes through a float: cents and long integers survive."""
    record, problem = json_record('{"a": 1.10, "b": 123456789012345678901234567890, "c": [{"d": 1e400, "e": "ü\\n"}], "f": true}')
    assert problem is None
    assert isinstance(record["a"], JsonNumber)
    assert [json_text(value) for value in record.values()] == [
        "1.10",
        "123456789012345678901234567890",
        '[{"d":1e400,"e":"ü\\n"}]',
        "true",
    ]
