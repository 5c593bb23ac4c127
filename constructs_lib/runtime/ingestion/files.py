"""Files on a disk or in S3, by path or `s3://` URI. No Spark here; the S3 client is made where it is needed, also on executors."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .compression import CHUNK, is_compressed, plain
from .errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable


def boto3_client(service: str) -> Any:
    """A client with whatever credentials and Region the process has."""
    import boto3  # noqa: PLC0415 - a laptop without AWS needs none

    return boto3.client(service)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file as it was listed.

    Attributes:
        version: Its ETag in S3: reading it later fails when it has been replaced since.
        modified: When it was last written: S3's LastModified, on disk the time of modification.
    """

    path: str
    size: int
    version: str = ""
    modified: dt.datetime | None = None


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
        """The file at `root`, or every file below it, by path; markers of empty folders are left out.

        Raises:
            UnreadableInput: If a folder is a link, behind which files would be passed over, or a file is none that can be read.
        """
        if root.startswith("s3://"):
            return self._s3_files(root)
        path = Path(root)
        if path.is_file():
            return [_on_disk(path)]
        found: list[Path] = []
        for folder, folders, names in os.walk(path, onerror=_refuse):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            if links:
                message = f"{Path(folder) / links[0]} is a link to a folder, which is not followed; deliver the folder itself"
                raise UnreadableInput(message)
            found += (Path(folder) / name for name in names)
        if strange := [file for file in found if not file.is_file()]:
            message = f"{min(strange)} is no file but a broken link or a device; deliver the file itself"
            raise UnreadableInput(message)
        return [_on_disk(file) for file in sorted(found)]

    def _s3_files(self, root: str) -> list[StoredFile]:
        bucket, key = split_s3(root)
        pages = self.client_factory("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        below = key if not key or key.endswith("/") else f"{key}/"
        return [
            StoredFile(f"s3://{bucket}/{item['Key']}", item["Size"], item["ETag"], item["LastModified"])
            for page in pages
            for item in page.get("Contents", [])
            if (item["Key"] == key or item["Key"].startswith(below)) and not item["Key"].endswith("/")
        ]

    def open(self, file: StoredFile, start: int = 0, length: int | None = None) -> BinaryIO:
        """The file's bytes as a stream from byte `start` on; no more than `length` bytes are asked of S3, where it is given."""
        if not file.path.startswith("s3://"):
            stream = Path(file.path).open("rb")  # noqa: SIM115 - the caller closes it
            stream.seek(start)
            return stream
        bucket, key = split_s3(file.path)
        asked: dict[str, str] = {"IfMatch": file.version} if file.version else {}
        if start or length is not None:
            asked["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        body = self.client_factory("s3").get_object(Bucket=bucket, Key=key, **asked)["Body"]
        return cast("BinaryIO", io.BufferedReader(_Body(body), buffer_size=CHUNK))

    def open_plain(self, file: StoredFile, start: int = 0) -> BinaryIO:
        """The same, decompressed when the bytes (not the name) say so; `start` counts decompressed bytes.

        Raises:
            UnreadableInput: If the first bytes are of a kind that is no text.
        """
        stream = plain(cast("io.BufferedReader", self.open(file)), file.path)
        if not start:
            return stream
        if not self.is_compressed(file):
            stream.close()
            return self.open(file, start)
        while start:
            start -= len(stream.read(min(start, CHUNK)) or b"?" * start)
        return stream

    def open_seekable(self, file: StoredFile) -> BinaryIO:
        """The file's bytes for somebody who reads here and there; in S3, each turn is a request."""
        if not file.path.startswith("s3://"):
            return Path(file.path).open("rb")
        return cast("BinaryIO", io.BufferedReader(_Ranges(self, file), buffer_size=CHUNK))

    def is_compressed(self, file: StoredFile) -> bool:
        """Whether the file's first bytes say that it is decompressed when it is read."""
        with self.open(file) as stream:
            return is_compressed(cast("io.BufferedReader", stream).peek(8))

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


def _refuse(error: OSError) -> None:
    """What of a folder cannot be listed must not be passed over."""
    if not isinstance(error, FileNotFoundError):
        raise error


def as_pattern(path: str) -> str:
    """What Spark reads as this path: to Spark a path is a pattern."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def _on_disk(path: Path) -> StoredFile:
    found = path.stat()
    return StoredFile(str(path), found.st_size, modified=dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))


class _Ranges(io.RawIOBase):
    """An S3 object as a raw stream that can be at any place."""

    def __init__(self, storage: Storage, file: StoredFile) -> None:
        super().__init__()
        self._storage = storage
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._file.size:
            return 0
        with self._storage.open(self._file, self._at, len(buffer)) as stream:
            data = stream.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


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
