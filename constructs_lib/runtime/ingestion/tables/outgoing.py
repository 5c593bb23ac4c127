"""Files that come into being in two steps: a task writes the bytes, and the driver completes those files whose description reached it.

Spark may run a task twice, at the same time even, and a lost executor may go on writing. So a task never makes a visible file: on disk
it writes a hidden one, in S3 a multipart upload; completing is a rename or `CompleteMultipartUpload`. What is never completed no reader
sees; on disk the next attempt of the run removes it, in S3 the buckets' lifecycle rule aborts it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..files import split_s3

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..files import Storage

PART_SIZE = 16 * 1024 * 1024
"""Bytes of an upload's part, at least 5 MiB but for the last; 10,000 parts at most make 160 GB.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
"""

Pending = dict[str, Any]
"""What completes a file: JSON-ready."""


class _Target(Protocol):
    def write(self, data: Any) -> None: ...

    def finish(self) -> Pending: ...

    def discard(self) -> None: ...


class Outgoing:
    """A file being written, as pyarrow takes it; counts and hashes its bytes."""

    def __init__(self, storage: Storage, path: str) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._target: _Target = _Upload(storage, path) if path.startswith("s3://") else _Hidden(path)
        self.closed = False

    def write(self, data: Any) -> int:
        """Takes bytes or a buffer."""
        view = memoryview(data)
        self._hash.update(view)
        self._target.write(view)
        self.size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """How many bytes there are."""
        return self.size

    def flush(self) -> None:
        """Nothing: what is not complete nobody reads."""

    def writable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Nothing: `finish` or `discard` end it."""

    def finish(self) -> Pending:
        """All bytes are there; what `complete` needs."""
        return {"path": self.path, "size": self.size, "sha256": self._hash.hexdigest(), **self._target.finish()}

    def discard(self) -> None:
        """Gives the file up."""
        self._target.discard()


class _Hidden:
    """Beside its place, under a name that readers skip."""

    def __init__(self, path: str) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._path = target.with_name(f".{target.name}.unfinished")
        self._stream = self._path.open("wb")

    def write(self, data: Any) -> None:
        self._stream.write(data)

    def finish(self) -> Pending:
        self._stream.close()
        return {"hidden": str(self._path)}

    def discard(self) -> None:
        self._stream.close()
        self._path.unlink(missing_ok=True)


class _Upload:
    """A multipart upload; parts keep the checksums that the client gave them."""

    def __init__(self, storage: Storage, path: str) -> None:
        self._bucket, self._key = split_s3(path)
        self._client = storage.client_factory("s3")
        self._id = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key)["UploadId"]
        self._buffer = bytearray()
        self._parts: list[dict[str, Any]] = []

    def write(self, data: Any) -> None:
        self._buffer += data
        while len(self._buffer) >= PART_SIZE:
            self._send(PART_SIZE)

    def _send(self, size: int) -> None:
        number = len(self._parts) + 1
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        answer = self._client.upload_part(Bucket=self._bucket, Key=self._key, UploadId=self._id, PartNumber=number, Body=body)
        checksums = {key: value for key, value in answer.items() if key.startswith("Checksum") and key != "ChecksumType"}
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})

    def finish(self) -> Pending:
        if self._buffer or not self._parts:
            self._send(len(self._buffer))
        return {"upload": self._id, "parts": self._parts}

    def discard(self) -> None:
        with contextlib.suppress(Exception):  # the lifecycle rule does it otherwise
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._id)


def complete(storage: Storage, pending: Iterable[Pending]) -> None:
    """Makes the files appear."""
    client: Any = None
    for one in pending:
        if "hidden" in one:
            Path(one["hidden"]).replace(one["path"])
            continue
        client = storage.client_factory("s3") if client is None else client
        bucket, key = split_s3(one["path"])
        client.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=one["upload"], MultipartUpload={"Parts": one["parts"]})
