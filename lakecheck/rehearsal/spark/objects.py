"""What Hadoop expects of a file system, said with calls of S3: paths are `/<bucket>/<key>`. No HTTP here.

S3 has no folders. One is there as long as a key stands below it; one that was just made, and holds nothing yet, only this gateway knows,
so that nothing appears in a bucket that no object store would have.
"""

from __future__ import annotations

import threading
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 128 * 1024 * 1024
_KEYS_A_CALL = 1000
"""Keys that one DeleteObjects takes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

_STATUS = {"FileNotFoundException": 404, "UnsupportedOperationException": 400, "IllegalArgumentException": 400}
_PACKAGES = {
    "FileNotFoundException": "java.io",
    "IOException": "java.io",
    "UnsupportedOperationException": "java.lang",
    "IllegalArgumentException": "java.lang",
}


class Refused(Exception):  # noqa: N818 - an answer rather than an error of ours
    """What the client is told instead of a result.

    Args:
        kind: The Java exception that the client raises, without its package.
        message: What was got, what is allowed.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def status(self) -> int:
        """HTTP's."""
        return _STATUS.get(self.kind, 403)

    @property
    def java_class(self) -> str:
        """With its package: Hadoop's own unless it is one of Java's."""
        return f"{_PACKAGES.get(self.kind, 'org.apache.hadoop.fs')}.{self.kind}"


class Objects:
    """The file system.

    Args:
        client: A boto3 S3 client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._made: set[str] = set()
        self._lock = threading.Lock()

    def status(self, path: str) -> dict[str, Any]:
        """Of a file or a folder.

        Raises:
            Refused: If there is neither.
        """
        found = self._find(path)
        if found is None:
            raise Refused("FileNotFoundException", f"File does not exist: s3:/{path}")
        return found

    def children(self, path: str) -> list[dict[str, Any]]:
        """What stands in a folder, by name; of a file, itself."""
        status = self.status(path)
        if status["type"] == "FILE":
            return [status]
        bucket, key = _split(path)
        if not bucket:
            return [_folder(each["Name"]) for each in self._client.list_buckets()["Buckets"]]
        below = f"{key}/" if key else ""
        found: dict[str, dict[str, Any]] = {}
        for page in self._pages(bucket, below, Delimiter="/"):
            for common in page.get("CommonPrefixes", []):
                name = common["Prefix"][len(below) : -1]
                if name:
                    found[name] = _folder(name)
            for item in page.get("Contents", []):
                name = item["Key"][len(below) :]
                if name:
                    found[name] = _file(item, name)
        for made in self._made_below(path):
            name = made.removeprefix(path.rstrip("/") + "/").partition("/")[0]
            found.setdefault(name, _folder(name))
        return [found[name] for name in sorted(found)]

    def open(self, path: str, start: int, length: int | None) -> tuple[int, Any]:
        """Number of bytes from `start` on, no more than `length`, and a stream of them."""
        status = self.status(path)
        if status["type"] != "FILE":
            raise Refused("FileNotFoundException", f"Path is not a file: s3:/{path}")
        whole = status["length"]
        if start < 0 or start > whole:
            raise Refused("IOException", f"Offset={start} out of the range [0, {whole}] of s3:/{path}")
        size = whole - start if length is None else min(length, whole - start)
        if not size:
            return 0, _Nothing()
        bucket, key = _split(path)
        answer = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{start + size - 1}")
        return int(answer["ContentLength"]), answer["Body"]

    def blocks(self, path: str) -> list[dict[str, Any]]:
        """One that is the whole file, on this machine: old input formats take a file without any for broken."""
        length = self.status(path)["length"]
        here = {"hosts": ["localhost"], "names": ["localhost:0"], "topologyPaths": ["/default-rack/localhost:0"]}
        one = {**here, "cachedHosts": [], "storageTypes": ["DISK"], "corrupt": False, "offset": 0, "length": length}
        return [one] if length else []

    def summary(self, path: str) -> dict[str, int]:
        """Files, folders and bytes below."""
        status = self.status(path)
        items = [status["length"]] if status["type"] == "FILE" else [item["Size"] for item in self._items_below(path)]
        count = {"directoryCount": int(status["type"] != "FILE"), "fileCount": len(items), "length": sum(items)}
        return {**count, "spaceConsumed": sum(items), "quota": -1, "spaceQuota": -1}

    def require_creatable(self, path: str, *, overwrite: bool) -> None:
        """Holds that a file can be written there.

        Raises:
            Refused: If a folder stands there, or a file that is not to be replaced; or if it would be outside of every bucket.
        """
        bucket, key = _split(path)
        if not bucket or not key:
            raise Refused("IOException", f"{path} is no object's place; expected /<bucket>/<key>")
        found = self._find(path)
        if found is not None and (found["type"] != "FILE" or not overwrite):
            what = "a folder" if found["type"] != "FILE" else "a file"
            raise Refused("FileAlreadyExistsException", f"s3:/{path} already exists as {what}")
        if found is None and self._find(f"/{bucket}") is None:
            raise Refused("FileNotFoundException", f"Bucket does not exist: s3://{bucket}")

    def create(self, path: str, content: IO[bytes], *, overwrite: bool) -> None:
        """Stores a whole file."""
        self.require_creatable(path, overwrite=overwrite)
        bucket, key = _split(path)
        self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def make_folder(self, path: str) -> bool:
        """Whether a folder stands there now; it has one above it for every part of its path."""
        bucket, key = _split(path)
        if not bucket or self._find(f"/{bucket}") is None:
            raise Refused("IOException", f"{path} is in no bucket that there is; expected /<bucket>/<key>")
        parts = key.split("/") if key else []
        for end in range(1, len(parts) + 1):
            above = f"/{bucket}/{'/'.join(parts[:end])}"
            if (found := self._find(above)) is not None and found["type"] == "FILE":
                raise Refused("ParentNotDirectoryException", f"s3:/{above} is a file; there can be no folder at s3:/{path}")
        if key:
            with self._lock:
                self._made.add(_plain(path))
        return True

    def rename(self, path: str, to: str, *, overwrite: bool = False) -> bool:
        """Moves a file or all that is below a folder: copies, then deletes. False when it cannot be, as Hadoop wants it."""
        path, to = _plain(path), _plain(to)
        source = self._find(path)
        if source is None or to.startswith(f"{path}/") or not _split(path)[1]:
            return False
        target = self._find(to)
        if target is not None and target["type"] != "FILE" and not overwrite:
            to = f"{to}/{path.rpartition('/')[2]}"
            target = self._find(to)
        if path == to:
            return True
        if target is not None:
            if not overwrite or (target["type"] != "FILE" and self._is_filled(to)):
                return False
            self.delete(to, recursive=True)
        self._move(path, to, is_file=source["type"] == "FILE")
        return True

    def delete(self, path: str, *, recursive: bool) -> bool:
        """Whether there was something, which is gone now.

        Raises:
            Refused: If a folder has something in it and is not to be deleted with it, or a bucket is named.
        """
        path = _plain(path)
        found = self._find(path)
        if found is None:
            return False
        bucket, key = _split(path)
        if found["type"] == "FILE":
            self._client.delete_object(Bucket=bucket, Key=key)
            return True
        if not recursive and self._is_filled(path):
            raise Refused("PathIsNotEmptyDirectoryException", f"s3:/{path} is not empty; it is deleted recursively only")
        if not bucket:
            raise Refused("IOException", "the buckets of the lake are not deleted through its file system")
        keys = [item["Key"] for item in self._items_below(path)]
        self._delete(bucket, keys)
        self._forget(path)
        return True

    def _find(self, path: str) -> dict[str, Any] | None:
        bucket, key = _split(path)
        if not bucket:
            return _folder("")
        try:
            first = self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
            items = first.get("Contents", [])
            if not key:
                return _folder("")
            if items and items[0]["Key"] == key:
                return _file(items[0], "")
            below = self._client.list_objects_v2(Bucket=bucket, Prefix=f"{key}/", MaxKeys=1) if items else {}
        except self._client.exceptions.NoSuchBucket:
            return None
        if below.get("Contents") or any(self._made_at(path)):
            return _folder("")
        return None

    def _is_filled(self, path: str) -> bool:
        return bool(self.children(path))

    def _move(self, path: str, to: str, *, is_file: bool) -> None:
        (bucket, key), (other, new) = _split(path), _split(to)
        keys = [key] if is_file else [item["Key"] for item in self._items_below(path)]
        for each in keys:
            self._client.copy_object(CopySource={"Bucket": bucket, "Key": each}, Bucket=other, Key=new + each[len(key) :])
        self._delete(bucket, keys)
        if not is_file:
            folders = self._made_at(path)
            with self._lock:
                self._made.update(to + made[len(path) :] for made in folders)
            self._forget(path)

    def _delete(self, bucket: str, keys: list[str]) -> None:
        for start in range(0, len(keys), _KEYS_A_CALL):
            doomed = [{"Key": key} for key in keys[start : start + _KEYS_A_CALL]]
            answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
            if errors := answer.get("Errors"):
                raise Refused("IOException", f"{len(errors)} objects of {bucket} were not deleted: {errors[0].get('Code')}")

    def _items_below(self, path: str) -> list[dict[str, Any]]:
        bucket, key = _split(path)
        return [item for page in self._pages(bucket, f"{key}/" if key else "") for item in page.get("Contents", [])]

    def _pages(self, bucket: str, prefix: str, **more: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **more)
        yield from pages

    def _made_below(self, path: str) -> list[str]:
        with self._lock:
            return [made for made in self._made if made.startswith(_plain(path).rstrip("/") + "/")]

    def _made_at(self, path: str) -> list[str]:
        with self._lock:
            return [made for made in self._made if f"{made}/".startswith(_plain(path).rstrip("/") + "/")]

    def _forget(self, path: str) -> None:
        with self._lock:
            self._made = {made for made in self._made if not f"{made}/".startswith(path.rstrip("/") + "/")}


class _Nothing:
    """No bytes: S3 answers no range of none."""

    def read(self, _: int = -1) -> bytes:
        return b""

    def close(self) -> None:
        """There is nothing to close."""


def _plain(path: str) -> str:
    return "/" + path.strip("/")


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.strip("/").partition("/")
    return bucket, key


def _file(item: dict[str, Any], name: str) -> dict[str, Any]:
    modified = int(item["LastModified"].timestamp() * 1000)
    return _described(name, "FILE", item["Size"], modified)


def _folder(name: str) -> dict[str, Any]:
    return _described(name, "DIRECTORY", 0, 0)


def _described(name: str, kind: str, length: int, modified: int) -> dict[str, Any]:
    return {
        "pathSuffix": name,
        "type": kind,
        "length": length,
        "modificationTime": modified,
        "accessTime": modified,
        "blockSize": _BLOCK if kind == "FILE" else 0,
        "replication": 1 if kind == "FILE" else 0,
        "owner": "lake",
        "group": "lake",
        "permission": "644" if kind == "FILE" else "755",
        "fileId": 0,
        "childrenNum": 0,
        "storagePolicy": 0,
    }
