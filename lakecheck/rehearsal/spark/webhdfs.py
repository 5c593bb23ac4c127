"""Buckets as a file system over HTTP: the WebHDFS protocol, as Hadoop's client speaks it, in front of a boto3 S3 client.

The protocol is https://hadoop.apache.org/docs/r3.3.4/hadoop-project-dist/hadoop-hdfs/WebHDFS.html; `/webhdfs/v1/<bucket>/<key>` is a path.
What a path is and what becomes of it is in `objects`; here is HTTP alone.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import re
import string
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote_to_bytes

from lakecheck.rehearsal.spark.objects import Objects, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOST = "127.0.0.1"
"""Nobody but this machine reads and writes the emulated lake."""

PREFIX = "/webhdfs/v1"
_CHUNK = 1024 * 1024
_IN_MEMORY = 16 * 1024 * 1024
_NO_TOKEN = "AAAAAA"  # noqa: S105 - opens nothing
"""Hadoop's writing of a token in which everything is empty."""

_LENGTH_OF_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r?\n")


@contextlib.contextmanager
def serve(client: Any, port: int = 0) -> Iterator[int]:
    """Answers on loopback until the block ends.

    Args:
        client: A boto3 S3 client of the emulator; boto3's clients may be called from several threads.
        port: Where to listen; a free port when 0.

    Yields:
        The port.
    """
    objects = Objects(client)
    server = _Server((HOST, port), functools.partial(_Handler, objects))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="webhdfs", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Threads end with the process: a client that keeps its connection does not hold up the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nothing to report: Hadoop does so whenever it seeks."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def __init__(self, objects: Objects, request: Any, client_address: Any, server: Any) -> None:
        self._objects = objects
        self._port = server.server_address[1]
        super().__init__(request, client_address, server)

    def do_GET(self) -> None:
        self._answer(
            {
                "OPEN": self._open,
                "GETFILESTATUS": lambda path, _: self._json({"FileStatus": self._objects.status(path)}),
                "LISTSTATUS": lambda path, _: self._json({"FileStatuses": {"FileStatus": self._objects.children(path)}}),
                "LISTSTATUS_BATCH": self._batch,
                "GETCONTENTSUMMARY": lambda path, _: self._json({"ContentSummary": self._objects.summary(path)}),
                "GETFILEBLOCKLOCATIONS": lambda path, _: self._json({"BlockLocations": {"BlockLocation": self._objects.blocks(path)}}),
                "GET_BLOCK_LOCATIONS": self._located,
                "GETHOMEDIRECTORY": lambda *_: self._json({"Path": "/user"}),
                "CHECKACCESS": lambda path, _: self._json({"FileStatus": self._objects.status(path)}),
            }
        )

    def do_PUT(self) -> None:
        self._answer(
            {
                "CREATE": self._create,
                "MKDIRS": lambda path, _: self._json({"boolean": self._objects.make_folder(path)}),
                "RENAME": self._rename,
                "SETPERMISSION": lambda *_: self._json({}),
                "SETOWNER": lambda *_: self._json({}),
                "SETTIMES": lambda *_: self._json({}),
                "SETREPLICATION": lambda *_: self._json({"boolean": True}),
            }
        )

    def do_POST(self) -> None:
        self._answer({})

    def do_DELETE(self) -> None:
        def delete(path: str, asked: Mapping[str, str]) -> None:
            self._json({"boolean": self._objects.delete(path, recursive=asked.get("recursive") == "true")})

        self._answer({"DELETE": delete})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: what fails is told to the client."""

    def _answer(self, operations: Mapping[str, Callable[[str, Mapping[str, str]], None]]) -> None:
        try:
            path, asked = _parsed(self.path)
            name = asked.get("op", "").upper()
            if name not in operations:
                message = (
                    f"operation {name or 'none'} of {self.command} was asked for; this gateway to S3 has {', '.join(operations) or 'none'}"
                )
                raise Refused("UnsupportedOperationException", message)  # noqa: TRY301 - told like every other refusal
            operations[name](path, asked)
        except Refused as refused:
            self._refuse(refused)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - whatever S3 says is for the client, which else would wait
            self._refuse(Refused("IOException", f"{type(error).__name__}: {error}"))

    def _refuse(self, refused: Refused) -> None:
        self.close_connection = True  # a body may not have been read
        problem = {"exception": refused.kind, "javaClassName": refused.java_class, "message": str(refused)}
        self._json({"RemoteException": problem}, refused.status)

    def _json(self, content: Mapping[str, Any], status: int = 200) -> None:
        self._send(status, json.dumps(content).encode())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _open(self, path: str, asked: Mapping[str, str]) -> None:
        """The bytes themselves; the client takes them as well as a redirection to them."""
        start = int(asked.get("offset", "0"))
        length = int(asked["length"]) if asked.get("length", "null") != "null" else None
        size, body = self._objects.open(path, start, length)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        with contextlib.closing(body):
            try:
                while chunk := body.read(_CHUNK):
                    self.wfile.write(chunk)
            except Exception as error:
                message = f"{path} ended before its {size} bytes"  # an answer now would be taken for the rest of them
                raise ConnectionAbortedError(message) from error

    def _batch(self, path: str, asked: Mapping[str, str]) -> None:
        after = asked.get("startAfter", "")
        found = [child for child in self._objects.children(path) if child["pathSuffix"] > after]
        listed = {"FileStatuses": {"FileStatus": found}}
        self._json({"DirectoryListing": {"partialListing": listed, "remainingEntries": 0}})

    def _located(self, path: str, _: Mapping[str, str]) -> None:
        """The same blocks as HDFS would name them, to clients that ask it so: without the nodes, of which there are none."""
        blocks = [
            {
                "block": {"blockPoolId": "", "blockId": 0, "generationStamp": 0, "numBytes": one["length"]},
                "blockToken": {"urlString": _NO_TOKEN},
                "cachedLocations": [],
                "isCorrupt": False,
                "locations": [],
                "startOffset": one["offset"],
                "storageTypes": [],
            }
            for one in self._objects.blocks(path)
        ]
        length = sum(block["block"]["numBytes"] for block in blocks)
        whole = {"fileLength": length, "isUnderConstruction": False, "isLastBlockComplete": True}
        self._json({"LocatedBlocks": {**whole, "locatedBlocks": blocks, "lastLocatedBlock": blocks[-1] if blocks else None}})

    def _create(self, path: str, asked: Mapping[str, str]) -> None:
        """In two steps: the client sends its data only where it has been led to."""
        overwrite = asked.get("overwrite") == "true"
        if asked.get("data") != "true":
            self._objects.require_creatable(path, overwrite=overwrite)
            target = quote(self.path.encode("latin-1"), safe=string.punctuation)  # a header has no letters but ASCII's
            self._send(307, b"", Location=f"http://{HOST}:{self._port}{target}&data=true")
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            self._read_body(file)
            file.seek(0)
            self._objects.create(path, file, overwrite=overwrite)
        self._send(201, b"")

    def _rename(self, path: str, asked: Mapping[str, str]) -> None:
        overwrite = "OVERWRITE" in asked.get("renameoptions", "")
        self._json({"boolean": self._objects.rename(path, asked["destination"], overwrite=overwrite)})

    def _read_body(self, file: IO[bytes]) -> None:
        """All of the request's body, or an error: half a file must not become an object."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            self._copy(int(self.headers.get("Content-Length", "0")), file)
            return
        while length := self._length_of_chunk():
            self._copy(length, file)
            self.rfile.readline(3)
        while self.rfile.readline(_CHUNK) not in {b"\r\n", b"\n", b""}:
            pass

    def _length_of_chunk(self) -> int:
        line = self.rfile.readline(_CHUNK)
        found = _LENGTH_OF_CHUNK.fullmatch(line)
        if found is None:
            self.close_connection = True
            raise http.client.IncompleteRead(line)
        return int(found[1], 16)

    def _copy(self, length: int, file: IO[bytes]) -> None:
        while length:
            data = self.rfile.read(min(length, _CHUNK))
            if not data:
                self.close_connection = True
                raise http.client.IncompleteRead(b"", length)
            file.write(data)
            length -= len(data)


def _parsed(target: str) -> tuple[str, dict[str, str]]:
    """Path below the prefix and parameters; bytes that were not escaped are UTF-8, as Java sends them."""
    path, _, query = target.partition("?")
    if not path.startswith(PREFIX):
        message = f"{path} is no path of WebHDFS, which all begin with {PREFIX}"
        raise Refused("FileNotFoundException", message)
    text = unquote_to_bytes(path.removeprefix(PREFIX).encode("latin-1")).decode()
    asked = parse_qs(query.encode("latin-1").decode(), keep_blank_values=True)
    return text or "/", {name: values[-1] for name, values in asked.items()}
