"""Reads which calls are to fail, and how: `service:Operation:kind[:count][@skip]`, as in `glue:StartJobRun:throttle:2`."""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.rehearsal.emulator.operations import model_of, services, services_named, shown
from lakecheck.rehearsal.emulator.signing_names import SERVICES_BY_SIGNING_NAME
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.rehearsal.emulator.operations import Call

KINDS: Final = {
    "throttle": "the service's own code for too many requests",
    "error": "an internal error, 500; or error=<Code>, that code",
    "denied": "the caller lacks the permission",
    "drop": "the connection is closed, nothing was done",
    "lost": "the call is done, its answer is lost",
    "slow": "slow=<seconds>, the call is done after them",
}
"""Kinds of faults."""
ALWAYS: Final = "always"
_FORM: Final = re.compile(
    r"(?P<service>[^:@]+):(?P<operation>[^:@]+):(?P<kind>[^:@=]+)(=(?P<value>[^:@]*))?(:(?P<count>[^@]*))?(@(?P<skip>.*))?"
)
_LONGEST: Final = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultSpec:
    """Which calls fail, and how.

    Attributes:
        text: As it was given.
        services: Names of services as calls have them, which the pattern means.
        operation: An operation, or a pattern with `*`.
        kind: One of `KINDS`.
        value: The code of `error=<Code>`, the seconds of `slow=<seconds>`; otherwise empty.
        count: How many calls fail; None for all.
        skip: How many calls are let through before.
    """

    text: str
    services: frozenset[str]
    operation: str
    kind: str
    value: str = ""
    count: int | None = 1
    skip: int = 0

    def is_about(self, call: Call) -> bool:
        """Whether a call is one of these."""
        return call.service in self.services and fnmatch.fnmatchcase(call.operation, self.operation)


def parsed(text: str) -> FaultSpec:
    """Reads one.

    Args:
        text: `service:Operation:kind[:count][@skip]`. The service as boto3 or as IAM calls it; `*` stands for anything in both. One call
            fails when the count is left out, all when it is `always`; `@3` lets three calls through before.

    Raises:
        DataLakeError: `bad_fault`.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        msg = f"the fault {text!r} is not of the form service:Operation:kind[:count][@skip], such as glue:StartJobRun:throttle:2"
        raise DataLakeError(msg, code="bad_fault")
    meant = _services(text, found["service"])
    _check_operation(text, found["service"], meant, found["operation"])
    _check_kind(text, found["kind"], found["value"])
    count = found["count"]
    return FaultSpec(
        text=text.strip(),
        services=frozenset(map(shown, meant)),
        operation=found["operation"],
        kind=found["kind"],
        value=found["value"] or "",
        count=None if count == ALWAYS else _number(text, "count", count, least=1) if count is not None else 1,
        skip=_number(text, "skip", found["skip"], least=0) if found["skip"] is not None else 0,
    )


def _services(text: str, pattern: str) -> tuple[str, ...]:
    if "*" in pattern:
        return tuple(name for name in sorted(services()) if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(shown(name), pattern))
    meant = services_named(pattern)
    if not meant:
        known = {*services(), *SERVICES_BY_SIGNING_NAME}
        msg = f"the fault {text!r} names the service {pattern!r}, which AWS has not{_nearest(pattern, known)}; name it as boto3 or IAM does"
        raise DataLakeError(msg, code="bad_fault")
    return meant


def _check_operation(text: str, service: str, meant: tuple[str, ...], pattern: str) -> None:
    if "*" in service:
        return
    known = [name for each in meant for name in model_of(each).operation_names]
    if any(fnmatch.fnmatchcase(name, pattern) for name in known):
        return
    hint = _nearest(pattern, known) if "*" not in pattern else ""
    msg = f"the fault {text!r} names the operation {pattern!r}, which {service} has not{hint}; spell it as the API does, * stands for any"
    raise DataLakeError(msg, code="bad_fault")


def _check_kind(text: str, kind: str, value: str | None) -> None:
    if kind not in KINDS:
        told = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
        raise DataLakeError(f"the fault {text!r} has the kind {kind!r}, which is none of these: {told}", code="bad_fault")
    if kind == "slow":
        _check_seconds(text, value)
    elif value is not None and not (kind == "error" and value):
        remedy = "error=<Code>, such as error=EntityNotFoundException" if kind == "error" else f"{kind} alone"
        raise DataLakeError(f"the fault {text!r} has {kind}={value}; write {remedy}", code="bad_fault")


def _check_seconds(text: str, value: str | None) -> None:
    try:
        is_right = value is not None and 0 < float(value) <= _LONGEST
    except ValueError:
        is_right = False
    if not is_right:
        msg = f"the fault {text!r} needs seconds after slow=, more than 0 and up to {_LONGEST:.0f}, such as slow=2.5"
        raise DataLakeError(msg, code="bad_fault")


def _number(text: str, what: str, value: str, *, least: int) -> int:
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        allowed = f"a whole number from {least}" + (f" or {ALWAYS}" if what == "count" else "")
        raise DataLakeError(f"the fault {text!r} has {value!r} as its {what}; {allowed} is allowed", code="bad_fault")
    return int(value)


def _nearest(name: str, known: Iterable[str]) -> str:
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return f" (do you mean {by_lower[found[0]]!r}?)" if found else ""
