"""The gateway, asked as Hadoop's client asks, against moto."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from lakecheck.rehearsal.spark.objects import Objects, Refused
from lakecheck.rehearsal.spark.webhdfs import HOST, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lakecheck.rehearsal.spark.emulated import Emulated

ODD = ["p=a%2Fb/x y.bin", "p={1}/[a]*?.bin", "50%/ü 日本.bin", "a+b;c&d#e=f,g.bin", "p=%25/%2525.bin", "'\"<>|^`~@!$().bin"]


class Client:
    """One connection, kept as long as the gateway keeps it."""

    def __init__(self, port: int, bucket: str) -> None:
        self.port = port
        self.bucket = bucket
        self.connection = http.client.HTTPConnection(HOST, port, timeout=20)

    def ask(self, method: str, key: str, op: str, body: Any = None, **asked: str) -> tuple[int, Any]:
        target = f"/webhdfs/v1/{quote(f'{self.bucket}/{key}')}?{urlencode({'op': op, 'user.name': 'x', **asked})}"
        return self.send(method, target, body)

    def send(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        self.connection.request(method, target, body, encode_chunked=True, headers={"Transfer-Encoding": "chunked"} if body else {})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status == 307:
            return 307, answer.headers["Location"]
        plain = answer.headers["Content-Type"] != "application/json" or not content
        return answer.status, content if plain else json.loads(content)

    def create(self, key: str, *parts: bytes, **asked: str) -> tuple[int, Any]:
        status, location = self.ask("PUT", key, "CREATE", **asked)
        if status != 307:
            return status, location
        split = urlsplit(location)
        assert split.netloc == f"{HOST}:{self.port}"
        return self.send("PUT", f"{split.path}?{split.query}", iter(parts))

    def kind(self, key: str) -> str | None:
        status, answer = self.ask("GET", key, "GETFILESTATUS")
        return answer["FileStatus"]["type"] if status == 200 else None

    def names(self, key: str) -> list[str]:
        status, answer = self.ask("GET", key, "LISTSTATUS")
        assert status == 200
        return [one["pathSuffix"] for one in answer["FileStatuses"]["FileStatus"]]


@pytest.fixture
def client(aws: Emulated) -> Iterator[Client]:
    with serve(aws.s3) as port:
        client = Client(port, aws.bucket())
        yield client
        client.connection.close()


def test_what_is_written_is_read_whole_and_in_parts(aws: Emulated, client: Client) -> None:
    """Chunks become one object; offset and length give its parts, also at its end; a range beyond it is refused."""
    assert client.create("a/b.bin", b"0123", b"456789") == (201, b"")
    assert aws.get(client.bucket, "a/b.bin") == b"0123456789"
    assert client.ask("GET", "a/b.bin", "OPEN") == (200, b"0123456789")
    assert client.ask("GET", "a/b.bin", "OPEN", offset="7") == (200, b"789")
    assert client.ask("GET", "a/b.bin", "OPEN", offset="2", length="3") == (200, b"234")
    assert client.ask("GET", "a/b.bin", "OPEN", offset="8", length="50") == (200, b"89")
    assert client.ask("GET", "a/b.bin", "OPEN", offset="10") == (200, b"")
    status, problem = client.ask("GET", "a/b.bin", "OPEN", offset="11")
    assert (status, problem["RemoteException"]["exception"]) == (403, "IOException")


@pytest.mark.parametrize("key", ODD)
def test_a_key_is_the_same_to_both(aws: Emulated, client: Client, key: str) -> None:
    """Written, listed, described, moved, read and deleted under exactly that name."""
    assert client.create(f"in/{key}", b"x") == (201, b"")
    assert aws.keys(client.bucket) == [f"in/{key}"]
    assert client.names("in") == [key.partition("/")[0]]
    assert client.kind(f"in/{key}") == "FILE"
    assert client.ask("PUT", "in", "RENAME", destination=f"/{client.bucket}/out") == (200, {"boolean": True})
    assert aws.keys(client.bucket) == [f"out/{key}"]
    assert client.ask("GET", f"out/{key}", "OPEN") == (200, b"x")
    assert client.ask("DELETE", f"out/{key}", "DELETE") == (200, {"boolean": True})
    assert aws.keys(client.bucket) == []


def test_java_sends_letters_as_they_are(aws: Emulated, client: Client) -> None:
    """Hadoop escapes nothing but ASCII; where it is sent on to, only ASCII stands."""
    aws.put(client.bucket, "é/x", "1")
    raw = f"/webhdfs/v1/{client.bucket}/é/".encode().decode("latin-1")
    client.connection.putrequest("GET", "/")
    client.connection._buffer = [f"GET {raw}x?op=OPEN HTTP/1.1".encode("latin-1"), b"Host: x"]
    client.connection.endheaders()
    assert client.connection.getresponse().read() == b"1"
    client.connection.putrequest("PUT", "/")
    client.connection._buffer = [f"PUT {raw}y?op=CREATE HTTP/1.1".encode("latin-1"), b"Host: x"]
    client.connection.endheaders()
    answer = client.connection.getresponse()
    assert answer.read() == b""
    assert answer.headers["Location"].endswith("/%C3%A9/y?op=CREATE&data=true")


def test_folders_are_where_keys_are(aws: Emulated, client: Client) -> None:
    """What only shares the beginning of a name is in no folder; markers are none of its files; a made folder is in no bucket."""
    aws.put(client.bucket, "a/b/c", "12")
    aws.put(client.bucket, "a/b/", "")
    aws.put(client.bucket, "ab", "1")
    aws.put(client.bucket, "a-", "1")
    assert [client.kind(key) for key in ("", "a", "a/b", "a/b/c", "ab", "b", "a/b/c/d")] == [
        "DIRECTORY",
        "DIRECTORY",
        "DIRECTORY",
        "FILE",
        "FILE",
        None,
        None,
    ]
    assert (client.names(""), client.names("a"), client.names("a/b"), client.names("a/b/c")) == (["a", "a-", "ab"], ["b"], ["c"], [""])
    assert client.ask("PUT", "new/deep", "MKDIRS") == (200, {"boolean": True})
    assert (client.kind("new"), client.names("new"), client.names("new/deep")) == ("DIRECTORY", ["deep"], [])
    assert not aws.keys(client.bucket, "new")
    status, problem = client.ask("PUT", "ab/c", "MKDIRS")
    assert (status, problem["RemoteException"]["javaClassName"]) == (403, "org.apache.hadoop.fs.ParentNotDirectoryException")
    assert client.ask("GET", "a", "GETCONTENTSUMMARY")[1]["ContentSummary"]["length"] == 2


def test_a_file_is_one_block(aws: Emulated, client: Client) -> None:
    """Hadoop's versions ask for it in two ways; a file of no bytes has none."""
    aws.put(client.bucket, "x", "123")
    aws.put(client.bucket, "empty", "")
    (block,) = client.ask("GET", "x", "GETFILEBLOCKLOCATIONS")[1]["BlockLocations"]["BlockLocation"]
    assert (block["offset"], block["length"], block["hosts"]) == (0, 3, ["localhost"])
    located = client.ask("GET", "x", "GET_BLOCK_LOCATIONS")[1]["LocatedBlocks"]
    assert (located["fileLength"], [one["startOffset"] for one in located["locatedBlocks"]]) == (3, [0])
    assert located["lastLocatedBlock"] == located["locatedBlocks"][0]
    assert client.ask("GET", "empty", "GETFILEBLOCKLOCATIONS")[1] == {"BlockLocations": {"BlockLocation": []}}


def test_listing_goes_on_behind_a_page(aws: Emulated, client: Client) -> None:
    """S3 lists as many keys as it likes in one call, here two; in batches each name comes once."""
    listing_two = aws.client("s3")
    listing_two.meta.events.register("provide-client-params.s3.ListObjectsV2", lambda params, **_: {"MaxKeys": 2, **params})
    objects = Objects(listing_two)
    for number in range(5):
        aws.put(client.bucket, f"many/{number}", "")
    assert [child["pathSuffix"] for child in objects.children(f"/{client.bucket}/many")] == ["0", "1", "2", "3", "4"]
    _, answer = client.ask("GET", "many", "LISTSTATUS_BATCH", startAfter="2")
    listing = answer["DirectoryListing"]
    assert [one["pathSuffix"] for one in listing["partialListing"]["FileStatuses"]["FileStatus"]] == ["3", "4"]
    assert listing["remainingEntries"] == 0
    assert objects.delete(f"/{client.bucket}/many", recursive=True)
    assert aws.keys(client.bucket) == []


def test_a_rename_never_hides_anything(aws: Emulated, client: Client) -> None:
    """Into a folder that exists it goes below it; a file is replaced only when that is asked for; itself and its own child it leaves."""
    bucket = client.bucket

    def rename(source: str, to: str, **asked: str) -> bool:
        return bool(client.ask("PUT", source, "RENAME", destination=f"/{bucket}/{to}", **asked)[1]["boolean"])

    for key in ("one/x", "one/y", "other/x", "file"):
        aws.put(bucket, key, key)
    assert rename("one", "other")
    assert aws.keys(bucket) == ["file", "other/one/x", "other/one/y", "other/x"]
    assert not rename("gone", "anywhere")
    assert not rename("other", "other/one/deeper")
    assert not rename("file", "other/x")
    assert rename("file", "file")
    assert aws.get(bucket, "other/x") == b"other/x"
    assert rename("file", "other/x", renameoptions="OVERWRITE")
    assert aws.get(bucket, "other/x") == b"file"
    assert aws.keys(bucket) == ["other/one/x", "other/one/y", "other/x"]


def test_a_made_folder_moves_with_what_is_in_it(client: Client) -> None:
    client.ask("PUT", "a/empty", "MKDIRS")
    client.create("a/full/x", b"1")
    assert client.ask("PUT", "a", "RENAME", destination=f"/{client.bucket}/b")[1]["boolean"]
    assert (client.kind("a"), client.names("b"), client.kind("b/empty")) == (None, ["empty", "full"], "DIRECTORY")


def test_fails_when_something_would_be_lost(aws: Emulated, client: Client) -> None:
    """A file or folder that is there is not written over unasked, a full folder not deleted unasked; each with Hadoop's own exception."""
    aws.put(client.bucket, "a/b", "old")

    def refusal(answer: tuple[int, Any]) -> tuple[int, str]:
        return answer[0], answer[1]["RemoteException"]["exception"]

    assert refusal(client.create("a/b", b"new")) == (403, "FileAlreadyExistsException")
    assert refusal(client.create("a", b"new", overwrite="true")) == (403, "FileAlreadyExistsException")
    assert refusal(client.ask("DELETE", "a", "DELETE")) == (403, "PathIsNotEmptyDirectoryException")
    assert refusal(client.ask("GET", "a", "OPEN")) == (404, "FileNotFoundException")
    assert refusal(client.ask("GET", "none", "GETFILESTATUS")) == (404, "FileNotFoundException")
    assert refusal(client.ask("POST", "a/b", "APPEND")) == (400, "UnsupportedOperationException")
    assert client.ask("DELETE", "none", "DELETE") == (200, {"boolean": False})
    assert aws.get(client.bucket, "a/b") == b"old"
    assert client.create("a/b", b"new", overwrite="true") == (201, b"")
    assert aws.get(client.bucket, "a/b") == b"new"
    assert client.ask("DELETE", "a", "DELETE", recursive="true") == (200, {"boolean": True})
    assert aws.keys(client.bucket) == []


def test_half_a_body_becomes_no_object(aws: Emulated, client: Client) -> None:
    """A writer that dies leaves nothing behind; the gateway goes on."""
    target = f"/webhdfs/v1/{client.bucket}/half?op=CREATE&data=true"
    client.connection.putrequest("PUT", target)
    client.connection.putheader("Transfer-Encoding", "chunked")
    client.connection.endheaders()
    client.connection.send(b"5\r\nhello\r\n5\r\nhe")
    assert client.connection.sock is not None
    client.connection.sock.shutdown(1)
    assert client.connection.getresponse().status == 403
    client.connection.close()
    assert aws.keys(client.bucket) == []
    assert client.create("whole", b"hello") == (201, b"")


def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(aws: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3's failure in the middle ends the connection: nothing that is sent then could be told from the file's bytes."""

    class Broken(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            if found := super().read(2):
                return found
            raise TimeoutError

    monkeypatch.setattr(Objects, "open", lambda *_: (10, Broken(b"0123")))
    with serve(aws.s3) as port, contextlib.closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        connection.request("GET", "/webhdfs/v1/any/x?op=OPEN")
        with pytest.raises(http.client.IncompleteRead) as raised:
            connection.getresponse().read()
    assert raised.value.partial == b"0123"


def test_buckets_of_other_accounts_are_read_too(aws: Emulated) -> None:
    """Names of buckets are everybody's: one client of any account reads all that the emulator lets it."""
    bucket = aws.bucket()
    aws.put(bucket, "x", "1")
    with serve(aws.client("s3", account="222222222222")) as port:
        client = Client(port, bucket)
        assert client.ask("GET", "x", "OPEN") == (200, b"1")
        assert client.create("y", b"2") == (201, b"")
        client.connection.close()
    assert aws.keys(bucket) == ["x", "y"]


def test_no_bucket_is_made_or_deleted(aws: Emulated, client: Client) -> None:
    objects = Objects(aws.s3)
    bucket = client.bucket
    with pytest.raises(Refused, match="File does not exist: s3://no-such-bucket/x"):
        objects.status("/no-such-bucket/x")
    with pytest.raises(Refused, match="Bucket does not exist"):
        objects.require_creatable("/no-such-bucket/x", overwrite=True)
    with pytest.raises(Refused, match="in no bucket"):
        objects.make_folder("/no-such-bucket/x")
    with pytest.raises(Refused, match="not deleted through"):
        objects.delete("/", recursive=True)
    assert objects.delete(f"/{bucket}", recursive=True)
    assert bucket in [child["pathSuffix"] for child in objects.children("/")]
