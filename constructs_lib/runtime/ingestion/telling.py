"""What is said of an error that is not the job's own: enough to act on, and no delivered value, which its message may quote.

Spark, pyarrow and PyIceberg quote values (`Integer value 3000000000 not in range`) and paths, whose directories may be values. So of their
messages only what is known to be harmless is told: their kind, a fixed phrase, a place in the code. The errors of the file system and of
AWS are told by what they are about.
"""

from __future__ import annotations

import re
import traceback
from pathlib import PurePath
from typing import Any, Final

_BELOW_A_RUN: Final = re.compile(r"(/run_id=[^/\s\"']+)/[^\s\"']*")
_OF_OURS: Final = re.compile(r"^\s*[\w.]*\bingestion\.errors\.\w+: (?P<message>[^\n]+)", re.MULTILINE)
_IN_A_TASK: Final = re.compile(r'File "(?P<file>[\w./-]+\.py)", line (?P<line>\d+), in (?P<name>\w+)')
_KIND_IN_A_TASK: Final = re.compile(r"^\s*(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Invalid))\b", re.MULTILINE)
_PHRASES: Final = (
    "No space left on device",
    "Permission denied",
    "Read-only file system",
    "Too many open files",
    "Cannot allocate memory",
    "OutOfMemoryError",
    "Connection refused",
    "database is locked",
    "Unable to locate credentials",
    "You must specify a region",
)
"""Of whatever it is that quotes them: all that has to be known."""
_DENIED: Final = ("AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "UnauthorizedOperation", "UnrecognizedClient")
"""Codes of AWS whose messages name who may not do what."""
_TELLING: Final = ("botocore.", "pyiceberg.exceptions")
"""Packages whose errors speak of tables, files and services, not of rows."""
_QUOTING: Final = "ParamValidationError"


def told(error: BaseException) -> str:
    """The error in one line."""
    return f"{type(error).__name__}: " + _BELOW_A_RUN.sub(r"\1/...", _what(error))


def trace(error: BaseException) -> list[str]:
    """Where it came from, the innermost place last, in a task of Spark's too: files, lines and functions, and nothing of what they held."""
    own = [f"{PurePath(one.filename).name}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__)]
    there = [f"{PurePath(one['file']).name}:{one['line']} {one['name']} in a task" for one in _IN_A_TASK.finditer(str(error))]
    return [*own, *dict.fromkeys(there)]


def _what(error: BaseException) -> str:
    text = str(error)
    answer: Any = getattr(error, "response", None)
    if isinstance(answer, dict) and "Error" in answer:
        code = str(answer["Error"].get("Code"))
        more = f": {answer['Error'].get('Message')}" if code.startswith(_DENIED) else ""
        return f"{code} was the answer to {getattr(error, 'operation_name', 'a call')}{more}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + ("" if error.filename is None else f": {error.filename}")
    if isinstance(error, ImportError) or (type(error).__module__.startswith(_TELLING) and type(error).__name__ != _QUOTING):
        return next(iter(text.splitlines()), "")
    ours = _OF_OURS.search(text)
    if ours is not None:
        return ours["message"]
    kinds = [found["kind"].rpartition(".")[2] for found in _KIND_IN_A_TASK.finditer(text)]
    said = [phrase for phrase in _PHRASES if phrase in text]
    condition: Any = getattr(error, "getCondition", getattr(error, "getErrorClass", lambda: None))()
    parts = [*([condition] if condition else []), *kinds[-1:], *said]
    return ", ".join(parts) if parts else "what it says is withheld, since it may quote what was delivered"
