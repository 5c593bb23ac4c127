"""Paths of a run's files: whose they are, and how those of an earlier attempt are removed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PublishError
from ..files import split_s3

if TYPE_CHECKING:
    from ..files import Storage

_RUN_FOLDER = re.compile(r"/run_id=([^/]+)(?:/|$)")
_KEYS_A_CALL = 1000
"""Keys that one DeleteObjects takes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""


def run_of(path: str) -> str:
    """The run whose prefix the path stands below.

    Raises:
        PublishError: If it stands below no run's prefix.
    """
    found = _RUN_FOLDER.findall(path)
    if not found:
        message = f"{path} stands below no run's prefix; expected .../run_id=<run>/..., as `locations.run_location` gives it"
        raise PublishError(message)
    return str(found[-1])


def shown(path: str) -> str:
    """The path as messages show it: without directories below the run's, whose names are delivered values."""
    found = _RUN_FOLDER.search(path)
    if found is None:
        return path
    name = path.rpartition("/")[2] if path.endswith(".parquet") else ""
    return f"{path[: found.end()].rstrip('/')}/.../{name}"


def absolute(path: str) -> str:
    """The path as another process finds it, whatever folder it starts in."""
    return path if path.startswith("s3://") else str(Path(path).absolute())


def is_below(path: str, location: str) -> bool:
    """Whether the path is the location or stands below it."""
    return path.rstrip("/") == location.rstrip("/") or path.startswith(location.rstrip("/") + "/")


def remove_below(storage: Storage, location: str) -> None:
    """Removes every file below the location."""
    files = [file.path for file in storage.files(location)]
    if not location.startswith("s3://"):
        for path in files:
            Path(path).unlink(missing_ok=True)
        return
    bucket, _ = split_s3(location)
    client: Any = storage.client_factory("s3") if files else None
    for start in range(0, len(files), _KEYS_A_CALL):
        keys = [{"Key": split_s3(path)[1]} for path in files[start : start + _KEYS_A_CALL]]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        if errors := answer.get("Errors"):
            message = f"{location}: {len(errors)} files of an earlier attempt could not be removed ({errors[0].get('Code')})"
            raise PublishError(message)
