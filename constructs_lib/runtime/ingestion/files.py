"""Files on a disk or in S3, by path or `s3://` URI. No Spark here; the S3 client is made where it is needed, also on executors."""

from __future__ import annotations

import bz2
import gzip
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable

_MAGIC_LENGTH = 4
_REFUSED_MAGIC = {b"PK\x03\x04": "a zip archive", b"\x28\xb5\x2f\xfd": "compressed with zstd", b"PAR1": "a Parquet file"}


def boto3_client(service: str) -> Any:
    """A client with whatever credentials and Region the process has."""
    import boto3  # noqa: PLC0415 - a laptop without AWS needs none

    return boto3.client(service)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file as it was listed. `version` is its ETag in S3: reading it later fails when it has been replaced since."""

    path: str
    size: int
    version: str = ""


def split_s3(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def join(root: str, *parts: str) -> str:
    """A path below `root`, on disk or in S3."""
    return "/".join([root.rstrip("/"), *(part.strip("/") for part in parts)])


@dataclass(frozen=True)
class Storage:
    """Reads and writes whole small files and streams large ones.

    Args:
        client_factory: Makes the S3 client; has to survive pickling, since executors call it too.
    """

    client_factory: Callable[[str], Any] = field(default=boto3_client)

    def files(self, root: str) -> list[StoredFile]:
        """The file at `root`, or every file below it, by path; markers of empty folders are left out."""
        if root.startswith("s3://"):
            return self._s3_files(root)
        path = Path(root)
        if path.is_file():
            return [StoredFile(str(path), path.stat().st_size)]
        found = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
        return [StoredFile(str(file), file.stat().st_size) for file in sorted(found)]

    def _s3_files(self, root: str) -> list[StoredFile]:
        bucket, key = split_s3(root)
        pages = self.client_factory("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        below = key if not key or key.endswith("/") else f"{key}/"
        return [
            StoredFile(f"s3://{bucket}/{item['Key']}", item["Size"], item["ETag"])
            for page in pages
            for item in page.get("Contents", [])
            if (item["Key"] == key or item["Key"].startswith(below)) and not item["Key"].endswith("/")
        ]

    def open(self, file: StoredFile) -> BinaryIO:
        """The file's bytes as a stream."""
        if not file.path.startswith("s3://"):
            return Path(file.path).open("rb")
        bucket, key = split_s3(file.path)
        condition = {"IfMatch": file.version} if file.version else {}
        body = self.client_factory("s3").get_object(Bucket=bucket, Key=key, **condition)["Body"]
        return cast("BinaryIO", io.BufferedReader(_Body(body), buffer_size=1024 * 1024))

    def open_plain(self, file: StoredFile) -> BinaryIO:
        """The same, decompressed when the bytes (not the name) say gzip or bzip2.

        Raises:
            UnreadableInput: If the first bytes are of a kind that is no text.
        """
        stream = self.open(file)
        magic = cast("io.BufferedReader", stream).peek(_MAGIC_LENGTH)[:_MAGIC_LENGTH]
        if magic in _REFUSED_MAGIC:
            message = f"{file.path}: the file is {_REFUSED_MAGIC[magic]}; expected text, plain or compressed with gzip or bzip2"
            raise UnreadableInput(message)
        if magic.startswith(b"\x1f\x8b"):
            return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
        if magic.startswith(b"BZh"):
            return cast("BinaryIO", bz2.BZ2File(stream))
        return stream

    def read_text(self, path: str) -> str:
        """A small UTF-8 file."""
        with self.open(StoredFile(path, 0)) as stream:
            return stream.read().decode("utf-8")

    def write_text(self, path: str, text: str) -> None:
        """Writes a small UTF-8 file whole or not at all."""
        if path.startswith("s3://"):
            bucket, key = split_s3(path)
            self.client_factory("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
            return
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(target)

    def exists(self, path: str) -> bool:
        """Whether a file (not a folder) stands there."""
        if path.startswith("s3://"):
            return any(file.path == path for file in self._s3_files(path))
        return Path(path).is_file()


class _Body(io.RawIOBase):
    """What S3 answers with, as a raw stream that a buffer can stand on."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()
