"""Zip archives of functions, for tests."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

from lakecheck.rehearsal.functions.process import Function

ACCOUNT = "515151515151"
REGION = "eu-west-1"


def zipped(**files: str) -> bytes:
    """An archive, the same for the same files whenever it is made; a file `a__b` is `a/b.py`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name.replace('__', '/')}.py"), text)
    return buffer.getvalue()


def function(code: str, *, layers: tuple[bytes, ...] = (), **given: Any) -> Function:
    """A function whose handler is `h` in a module `m`."""
    archive = zipped(m=code)
    digest = hashlib.sha256(b"".join((archive, *layers))).hexdigest()
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    stated: dict[str, Any] = {"handler": "m.h", "runtime": "python3.13", "timeout": 20, **given}
    return Function(arn=arn, name="f", role=f"arn:aws:iam::{ACCOUNT}:role/f", code=archive, digest=digest, layers=layers, **stated)
