"""The job's splitting of text and an independent one agree on any text, byte for byte and rule for rule. No Spark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings, strategies as st

from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.reading.batches import Piece, piece_batches
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.survey import survey_file

from .deliveries import BADNESS, Sender, contracts, sources
from .recount import csv_records, json_records
from .recount_text import lines_in, plain, text_of
from .specs import column, text as spec_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PIECES = (
    "a",
    "b",
    " ",
    "\n",
    "\r",
    "\r\n",
    "-",
    "NULL",
    "\\N",
    "\\",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    "\u00fc",
    "\ufeff",
    "\U0001f600",
    "{}",
    ":",
)
CHUNKS = st.sampled_from((1, 7, 64, 1 << 20))
WORTHS = st.sampled_from((0, 16, 1 << 20))
HEADERS = ("a,b", "b,a", "a,b,c", " a ,b", "a", "a,a", "a;b", "a|b", "a||b", '"a","b"', "")


def agree(spec: dict[str, Any], data: bytes, folder: Path, *, chunk: int, worth_it: int) -> None:
    """The same records on the same lines with the same cells; as many as were surveyed, and every line looked at.

    `chunk` and `worth_it` are how the job reads: whole or in bits, by Arrow's reader or record by record.
    """
    path = folder / "delivered"
    path.write_bytes(data)
    parsed = parse_spec(json.dumps(spec))
    storage = Storage()
    (file,) = storage.files(str(path))
    text = text_of(plain(data), parsed.source.encoding)
    counted = json_records(str(path), text, spec) if parsed.source.format == "jsonl" else csv_records(str(path), text, spec)
    surveyed = survey_file(file, storage, parsed)
    names = {column.source_name for column in parsed.columns} & {name.strip() for name in surveyed.header}
    assert (surveyed.error is None) == bool(counted or names or not surveyed.header)
    assert (surveyed.records, surveyed.lines, surveyed.framed_lines) == (len(counted), lines_in(text), lines_in(text))
    is_json = parsed.source.format == "jsonl"
    batches = piece_batches(Piece(file=file), storage, parsed, chunk=chunk, worth_it=worth_it)
    rows = sorted((tuple(row.values()) for batch in batches for row in batch.to_pylist()), key=lambda row: row[1])
    assert [row[1] for row in rows] == [record.line for record in counted]
    for row, record in zip(rows, counted, strict=True):
        problem, cells = row[3], list(row[5:])
        assert (problem is None) == (record.cells is not None), (row, record)
        if record.cells is not None:
            assert ["nested" if cell is not None and cell[:1] in {"{", "["} and is_json else cell for cell in cells] == record.cells


@given(data=st.data())
@settings(max_examples=200)
def test_any_text_is_split_alike(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Quotes, escapes and line ends in any order, whatever the way of delivering; a header, or none."""
    source = data.draw(sources())
    quote, escape = source.get("quote", '"'), source.get("escape", '"')
    pieces = (*PIECES, quote, quote * 2, escape + quote, f"{quote}a{quote}", source.get("delimiter", ","), source.get("delimiter", ","))
    lines = data.draw(st.lists(st.lists(st.sampled_from(pieces), max_size=12).map("".join), max_size=8))
    first = [data.draw(st.sampled_from(HEADERS))] if data.draw(st.booleans()) else []
    ends = data.draw(st.sampled_from(("\n", "\r\n", "\r")))
    junk = data.draw(st.sampled_from((b"", b"", b"\xff", b"\xc3", b"\x80\n")))
    content = ends.join([*first, *lines]).encode(source.get("encoding", "UTF-8"), "replace") + junk
    names = data.draw(st.sampled_from((("a",), ("a", "b"))))
    spec = json.loads(spec_text([column(name) for name in names], source=source))
    agree(spec, content, tmp_path_factory.getbasetemp(), chunk=data.draw(CHUNKS), worth_it=data.draw(WORTHS))


@given(spec=contracts(), kind=st.sampled_from(BADNESS), seed=st.integers(0, 2**32), chunk=CHUNKS, worth_it=WORTHS)
@settings(max_examples=100)
def test_any_file_is_split_alike(
    spec: dict[str, Any], kind: str, seed: int, chunk: int, worth_it: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Files of every kind of badness, for any contract."""
    agree(spec, Sender(spec, seed).file(kind, rows=8), tmp_path_factory.getbasetemp(), chunk=chunk, worth_it=worth_it)
