"""Objects of moto's S3 without the way through boto3, which costs more than all the rest."""

from __future__ import annotations

import datetime as dt
from typing import Any

from moto.s3.models import s3_backends

from tests.pipeline_runs.machine import ACCOUNT


def _backend() -> Any:
    return s3_backends[ACCOUNT]["aws"]


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def get(uri: str) -> bytes | None:
    """The object there, or None."""
    found = _backend().get_object(*split(uri))
    return None if found is None else found.value


def put(uri: str, content: str) -> None:
    """Writes an object."""
    _backend().put_object(*split(uri), content.encode())


def stored(root: str) -> list[tuple[str, bytes, dt.datetime]]:
    """Address, content and time of every object below a prefix."""
    bucket, prefix = split(root)
    found = [key for name, key in sorted(_backend().get_bucket(bucket).keys.items()) if name.startswith(prefix)]
    return [(f"s3://{bucket}/{key.name}", key.value, key.last_modified.replace(tzinfo=dt.UTC)) for key in found]
