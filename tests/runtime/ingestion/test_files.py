"""Finding and opening delivered files, on disk and in an emulated S3, and counting what is in them."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import os
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from constructs_lib.runtime.ingestion.errors import UnreadableInput
from constructs_lib.runtime.ingestion.files import Storage, StoredFile
from constructs_lib.runtime.ingestion.reading import text_rows
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.survey import survey_file

from .specs import column, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

TWO = parse_spec(text([column("a"), column("b")]))
BARE = parse_spec(text([column("a"), column("b")], source={"format": "csv", "header": False}))
ONE = parse_spec(text([column("a")], source={"format": "csv", "header": False, "null_marker": "-"}))


def stored(path: Path, content: bytes) -> StoredFile:
    path.write_bytes(content)
    return StoredFile(str(path), len(content))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="landing", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def test_counts_what_a_file_holds(tmp_path: Path) -> None:
    """Records without header and empty lines; lines as an editor counts them; digest and size of the bytes as delivered."""
    content = b'\xef\xbb\xbfa,b\r\n\r\n1,"x\r\ny"\r\n2\r\n"open,3\r\n'
    found = survey_file(stored(tmp_path / "f.csv", content), Storage(), TWO)
    assert (found.lines, found.framed_lines, found.records, found.empty_lines) == (6, 6, 3, 1)
    assert (found.header, found.size, found.error) == (("a", "b"), len(content), None)
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_reads_every_record_that_was_counted(tmp_path: Path) -> None:
    """Rows carry file, line, problem and, where there is a problem, the text as delivered."""
    file = stored(tmp_path / "f.csv", b'1,2\n3\n4,5,6\n"7"x,8\n\n,\xff\n')
    rows = list(text_rows(file, Storage(), BARE))
    assert len(rows) == survey_file(file, Storage(), BARE).records == 5
    assert [row[1:] for row in rows] == [
        (1, 1, None, None, "1", "2"),
        (2, 1, "too_few_fields", "3", "3", None),
        (3, 1, "too_many_fields", "4,5,6", "4", "5"),
        (4, 1, "malformed_quotes", '"7"x,8', None, None),
        (6, 1, "undecodable_bytes", ",\\xff", None, "\\xff"),
    ]


def test_an_empty_line_is_a_record_in_a_table_of_one_column(tmp_path: Path) -> None:
    """There it is an empty value."""
    rows = list(text_rows(stored(tmp_path / "f.csv", b"x\n\n-\n"), Storage(), ONE))
    assert [row[-1] for row in rows] == ["x", "", None]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"b,a", None),
        (b"a, b ,more", None),
        (b"a,c", "missing_column:b"),
        (b"a,b,a", "ambiguous_column:a"),
        (b'a,"b"c', "malformed_header"),
    ],
)
def test_columns_go_by_the_header(tmp_path: Path, header: bytes, problem: str | None) -> None:
    """Reordered and undeclared columns are no trouble; a missing, repeated or unreadable one is the trouble of every record."""
    values = b"1,2,3" if header.count(b",") == 2 else b"1,2"
    file = stored(tmp_path / "f.csv", header + b"\n" + values + b"\n")
    (row,) = text_rows(file, Storage(), TWO)
    assert row[3] == problem
    if problem is None:
        assert row[5:] == (("2", "1") if header == b"b,a" else ("1", "2"))
    assert survey_file(file, Storage(), TWO).records == 1


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lambda data: gzip.compress(data[:4]) + gzip.compress(data[4:])],
    ids=["gzip", "bzip2", "two gzip members"],
)
def test_compression_is_told_by_the_bytes(tmp_path: Path, pack: Any) -> None:
    """Not by the name; a gzip of several members is read to its end."""
    found = survey_file(stored(tmp_path / "f.csv", pack(b"1,2\n3,4\n")), Storage(), BARE)
    assert (found.lines, found.records, found.error) == (2, 2, None)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (gzip.compress(b"1,2\n" * 1000, mtime=0)[:-12], "EOFError"),
        (bz2.compress(b"1,2\n" * 1000)[:-12], "EOFError"),
        (b"\x1f\x8b\x08\x00garbage, not gzip", "error"),
        (b"BZh9garbage", "OSError"),
        (b"PK\x03\x04....", "zip archive"),
        (b"PAR1....", "Parquet"),
    ],
    ids=["cut gzip", "cut bzip2", "broken gzip", "broken bzip2", "zip", "parquet"],
)
def test_a_file_that_cannot_be_read_to_its_end_says_so(tmp_path: Path, content: bytes, error: str) -> None:
    """Half a file is never taken for a whole one."""
    assert error in (survey_file(stored(tmp_path / "f.csv.gz", content), Storage(), BARE).error or "")


@pytest.mark.parametrize(
    ("stated", "content", "error"),
    [
        ("UTF-8", "1,2".encode("utf-16"), "byte order mark of UTF-16"),
        ("US-ASCII", b"\xfe\xff" + "1,2".encode("utf-16-be"), "byte order mark of UTF-16"),
        ("UTF-8", gzip.compress("1,2".encode("utf-32"), mtime=0), "byte order mark of UTF-16 or UTF-32"),
        ("UTF-16", b"1,2", "no byte order mark"),
        ("UTF-32", "1,2".encode("utf-16"), "no byte order mark"),
        ("ISO-8859-1", b"\xff\xfe,2", None),
        ("UTF-8", b"\xff,2", None),
        ("UTF-16", "1,2".encode("utf-16"), None),
        ("UTF-16LE", "\ufeff1,2".encode("utf-16-le"), None),
        ("UTF-32", "1,2".encode("utf-32"), None),
        ("UTF-16", b"", None),
    ],
)
def test_a_byte_order_mark_that_contradicts_the_encoding_is_told(tmp_path: Path, stated: str, content: bytes, error: str | None) -> None:
    """Records would be counted by bytes that are no line ends; where the bytes are characters of the stated encoding, they are read."""
    spec = parse_spec(text([column("a"), column("b")], source={"format": "csv", "header": False, "encoding": stated}))
    found = survey_file(stored(tmp_path / "f.csv", content), Storage(), spec)
    if error is None:
        assert (found.error, found.records) == (None, 1 if content else 0)
    else:
        assert f"the contract says {stated}, and" in (found.error or "")
        assert error in (found.error or "")


@pytest.mark.parametrize(
    ("content", "recognised"),
    [(b"a,b", True), (b"b", True), (b'" a ","x"\n', True), (b"\n\n", True), (b"", True), (b"1,2\n", False), (b"\x00" * 99, False)],
)
def test_a_record_alone_is_not_taken_for_a_header(tmp_path: Path, content: bytes, recognised: bool) -> None:  # noqa: FBT001
    """A file of one line has no record only where that line is a header."""
    found = survey_file(stored(tmp_path / "f.csv", content), Storage(), TWO)
    assert found.records == 0
    assert (found.error is None) == recognised
    assert recognised or "names none of the table's columns" in str(found.error)


def test_lists_a_file_or_all_below_a_folder(tmp_path: Path) -> None:
    """By path; hidden names too, since a delivered file must not be passed over."""
    for name in ("b.csv", "a/c.csv", ".d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    assert [file.path for file in Storage().files(str(tmp_path))] == [str(tmp_path / name) for name in (".d.csv", "a/c.csv", "b.csv")]
    assert [file.size for file in Storage().files(str(tmp_path / "b.csv"))] == [1]
    assert Storage().files(str(tmp_path / "missing")) == []


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("nowhere"), os.mkfifo], ids=["broken link", "pipe"])
def test_what_is_no_file_is_told(tmp_path: Path, make: Any) -> None:
    """A pipe would be waited for, a link that leads nowhere ended the job; a link to a file is one."""
    (tmp_path / "a.csv").write_bytes(b"1")
    (tmp_path / "b.csv").symlink_to("a.csv")
    assert [file.size for file in Storage().files(str(tmp_path))] == [1, 1]
    make(tmp_path / "c.csv")
    with pytest.raises(UnreadableInput, match=r"c\.csv is no file"):
        Storage().files(str(tmp_path))


def test_reads_from_s3(s3: Any) -> None:
    """A prefix means what is below it, not what merely begins alike; folder markers are no files."""
    for key in ("in/", "in/b.csv", "in/a.csv", "in2/c.csv"):
        s3.put_object(Bucket="landing", Key=key, Body=b"1,2\n" if key.endswith("csv") else b"")
    files = Storage().files("s3://landing/in")
    assert [file.path for file in files] == ["s3://landing/in/a.csv", "s3://landing/in/b.csv"]
    assert [file.path for file in Storage().files("s3://landing/in/a.csv")] == ["s3://landing/in/a.csv"]
    assert survey_file(files[0], Storage(), BARE).records == 1
    assert [row[0] for row in text_rows(files[1], Storage(), BARE)] == ["s3://landing/in/b.csv"]


def test_an_object_replaced_in_the_meantime_is_not_read(s3: Any) -> None:
    """What was counted and what is read are the same bytes, or the run fails."""
    s3.put_object(Bucket="landing", Key="a.csv", Body=b"1,2\n")
    (file,) = Storage().files("s3://landing/a.csv")
    s3.put_object(Bucket="landing", Key="a.csv", Body=b"1,2\n3,4\n")
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        Storage().open(file)


@pytest.mark.parametrize("root", ["disk", "s3"])
def test_keeps_small_texts(root: str, tmp_path: Path, s3: Any) -> None:
    """What is written is there, whole, and nothing else."""
    folder = str(tmp_path) if root == "disk" else "s3://landing"
    path = f"{folder}/m/run.json"
    assert not Storage().exists(path)
    Storage().write_text(path, "ü")
    assert Storage().exists(path)
    assert not Storage().exists(f"{folder}/m")
    assert Storage().read_text(path) == "ü"
    assert [file.path for file in Storage().files(folder)] == [path]


def test_nothing_below_a_folder_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to a folder is refused, since what is behind it would not be read; so is a folder that cannot be listed."""
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.csv").write_text("id\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in" / "sub" / "a.csv")
    assert [file.path for file in Storage().files(str(tmp_path / "link.csv"))] == [str(tmp_path / "link.csv")]
    assert len(Storage().files(str(tmp_path / "in"))) == 1
    assert Storage().files(str(tmp_path / "none")) == []
    with monkeypatch.context() as patch:
        real = os.scandir
        denied = PermissionError(13, "Permission denied")
        patch.setattr(os, "scandir", lambda path: (_ for _ in ()).throw(denied) if str(path).endswith("sub") else real(path))
        with pytest.raises(PermissionError):
            Storage().files(str(tmp_path / "in"))
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "in" / "sub")
    with pytest.raises(UnreadableInput, match="linked is a link to a folder"):
        Storage().files(str(tmp_path / "in"))
