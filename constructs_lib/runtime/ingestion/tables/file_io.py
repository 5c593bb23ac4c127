"""PyIceberg's files over the job's own storage: disk or S3 with boto3, so that no second chain of credentials is needed.

PyIceberg makes the object itself, from the catalog's properties (`py-io-impl`); the storage travels in them.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyiceberg.io import FileIO, InputFile, OutputFile

from ..files import Storage, split_s3

if TYPE_CHECKING:
    from pyiceberg.typedef import Properties

STORAGE = "governed-lake.storage"
READ_AHEAD = 1024 * 1024


def io_properties(storage: Storage) -> dict[str, Any]:
    """What a PyIceberg catalog has to be made with."""
    return {"py-io-impl": f"{StorageFileIO.__module__}.{StorageFileIO.__name__}", STORAGE: storage}


def open_seekable(client: Any, path: str) -> Any:
    """The file's bytes as a stream that can seek; of S3 only the ranges that are read.

    Args:
        client: An S3 client; anything for a file on disk.
        path: A path or `s3://` URI.

    Raises:
        FileNotFoundError: If there is none.
    """
    if path.startswith("s3://"):
        return io.BufferedReader(_Ranges(client, path), buffer_size=READ_AHEAD)
    return _local(path).open("rb")


class StorageFileIO(FileIO):
    """Files of a table, its metadata among them."""

    def __init__(self, properties: Properties) -> None:
        super().__init__(properties)
        given: Any = properties.get(STORAGE)
        self._storage = given if isinstance(given, Storage) else Storage()
        self._client: Any = None

    def client(self, path: str) -> Any:
        """The S3 client, made when it is first needed."""
        if self._client is None and path.startswith("s3://"):
            self._client = self._storage.client_factory("s3")
        return self._client

    def new_input(self, location: str) -> InputFile:
        """The file there, to be read."""
        return _Stored(self, location)

    def new_output(self, location: str) -> OutputFile:
        """The file there, to be written."""
        return _Stored(self, location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Removes the file."""
        path = location if isinstance(location, str) else location.location
        if path.startswith("s3://"):
            bucket, key = split_s3(path)
            self.client(path).delete_object(Bucket=bucket, Key=key)
        else:
            _local(path).unlink()

    def __getstate__(self) -> dict[str, Any]:
        """Clients do not travel to executors."""
        return {**self.__dict__, "_client": None}


class _Stored(InputFile, OutputFile):
    """One file, small unless it is only read."""

    def __init__(self, owner: StorageFileIO, location: str) -> None:
        super().__init__(location)
        self._owner = owner

    def __len__(self) -> int:
        if self.location.startswith("s3://"):
            return _size(self._owner.client(self.location), self.location)
        return _local(self.location).stat().st_size

    def exists(self) -> bool:
        try:
            len(self)
        except FileNotFoundError:
            return False
        return True

    def open(self, seekable: bool = True) -> Any:  # noqa: ARG002, FBT001, FBT002 - PyIceberg's signature
        return open_seekable(self._owner.client(self.location), self.location)

    def create(self, overwrite: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyIceberg's signature
        if not overwrite and self.exists():
            raise FileExistsError(self.location)
        return _Whole(self._owner.client(self.location), self.location)

    def to_input_file(self) -> InputFile:
        return self


class _Whole(io.BytesIO):
    """A small file that is written at once when it is closed, unless its `with` block failed."""

    def __init__(self, client: Any, path: str) -> None:
        super().__init__()
        self._client, self._path = client, path

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            super().close()
        self.close()

    def close(self) -> None:
        if self.closed:
            return
        data = self.getvalue()
        super().close()
        if self._path.startswith("s3://"):
            bucket, key = split_s3(self._path)
            self._client.put_object(Bucket=bucket, Key=key, Body=data)
            return
        target = _local(self._path)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        unfinished.write_bytes(data)
        unfinished.replace(target)


class _Ranges(io.RawIOBase):
    """An object in S3 that is read in ranges."""

    def __init__(self, client: Any, path: str) -> None:
        super().__init__()
        self._client = client
        self._bucket, self._key = split_s3(path)
        self._length = _size(client, path)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._length)
        if end <= self._at:
            return 0
        answer = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=f"bytes={self._at}-{end - 1}")
        data = answer["Body"].read()
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _size(client: Any, path: str) -> int:
    bucket, key = split_s3(path)
    try:
        return int(client.head_object(Bucket=bucket, Key=key)["ContentLength"])
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise FileNotFoundError(path) from error
        raise


def _local(path: str) -> Path:
    return Path(path.removeprefix("file://"))
