"""Delivered bytes are decompressed as they say themselves, to the very end and without filling memory, or refused with a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import tarfile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from constructs_lib.runtime.ingestion.compression import plain
from constructs_lib.runtime.ingestion.errors import UnreadableInput
from constructs_lib.runtime.ingestion.files import Storage, StoredFile
from constructs_lib.runtime.ingestion.reading import readable, text_rows
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.survey import broken, survey_file

from .specs import column, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BARE = parse_spec(text([column("a"), column("b")], source={"format": "csv", "header": False}))
CONTENT = b"".join(b"%d,value %d\n" % (at, at) for at in range(2000))


def arrow(codec: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        target = pa.BufferOutputStream()
        with pa.CompressedOutputStream(target, codec) as stream:
            stream.write(data)
        return target.getvalue().to_pybytes()

    return pack


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": arrow("zstd"),
    "lz4": arrow("lz4"),
}
every_kind = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


def stored(path: Path, content: bytes) -> StoredFile:
    path.write_bytes(content)
    return StoredFile(str(path), len(content))


@every_kind
def test_reads_one_stream_or_several(tmp_path: Path, pack: Any) -> None:
    """A file of two compressed streams holds what both hold; the name says nothing."""
    for packed in (pack(CONTENT), pack(CONTENT[:5000]) + pack(CONTENT[5000:])):
        file = stored(tmp_path / "f.txt", packed)
        found = survey_file(file, Storage(), BARE)
        assert (found.error, found.lines, found.records, found.size) == (None, 2000, 2000, len(packed))
        assert [row[5] for row in text_rows(file, Storage(), BARE)] == [str(at) for at in range(2000)]


@every_kind
@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-5], lambda data: data[: len(data) // 2], lambda data: data + b"and then garbage, more than a header is long"],
    ids=["cut at its end", "half", "garbage behind"],
)
def test_fails_when_a_file_does_not_end_where_it_says(tmp_path: Path, pack: Any, damage: Any) -> None:
    """Neither half a delivery nor one with something behind it is taken for a whole one; the digest is of all its bytes all the same."""
    file = stored(tmp_path / "f.csv", damage(pack(CONTENT)))
    found = survey_file(file, Storage(), BARE)
    assert found.error is not None
    assert found.size == file.size
    assert broken([found]) == [found]
    with pytest.raises(UnreadableInput, match=r"f\.csv: "):
        readable([found])


@every_kind
def test_begins_in_the_middle(tmp_path: Path, pack: Any) -> None:
    """A place in the plain bytes is found in a compressed file, too, as it is in a plain one."""
    for content in (CONTENT, pack(CONTENT)):
        with Storage().open_plain(stored(tmp_path / "f.csv", content), 1234) as stream:
            assert stream.read() == CONTENT[1234:]


def test_padding_between_streams_of_xz_is_no_data(tmp_path: Path) -> None:
    """Its tools pad to a multiple of four bytes."""
    file = stored(tmp_path / "f.csv", lzma.compress(b"1,2\n") + b"\0\0\0\0" + lzma.compress(b"3,4\n") + b"\0\0\0\0")
    assert survey_file(file, Storage(), BARE).records == 2


def tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"), io.BytesIO())
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04", "a zip archive"),
        (gzip.compress(b"PK\x03\x04", mtime=0), "compressed in the file is a zip archive"),
        (tar(), "a tar archive"),
        (gzip.compress(tar(), mtime=0), "compressed in the file is a tar archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"PAR1\x15", "a Parquet file"),
    ],
)
def test_refuses_what_is_no_text(content: bytes, kind: str) -> None:
    """By its name, with what is read instead."""
    with pytest.raises(UnreadableInput, match=f"f.csv: .*{kind}; expected text, plain or compressed with gzip"):
        plain(io.BufferedReader(io.BytesIO(content)), "f.csv")  # type: ignore[arg-type]


def test_a_bomb_does_not_fill_the_memory(tmp_path: Path) -> None:
    """300 MB of one line in 300 kB, of which one character in a thousand is kept."""
    pieces = gzip.compress(b"x" * 30_000_000, mtime=0)
    file = stored(tmp_path / "f.csv", pieces * 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = survey_file(file, Storage(), BARE)
    assert (found.error, found.lines, found.framed_lines, found.records) == (None, 1, 1, 1)
    ((_, line, lines, problem, kept, *cells),) = text_rows(file, Storage(), BARE)
    assert (line, lines, problem, kept, cells) == (1, 1, "record_too_long", "x" * 65536, [None, None])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 290_000
