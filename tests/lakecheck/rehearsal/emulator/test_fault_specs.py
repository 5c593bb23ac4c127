"""Faults are read as they are written, and what cannot be meant is refused with the remedy."""

from __future__ import annotations

import pytest

from lakecheck.rehearsal.emulator.fault_specs import KINDS, FaultSpec, parsed
from lakecheck.rehearsal.emulator.operations import Call
from lakemodel.errors import DataLakeError


def call(service: str, operation: str) -> Call:
    """A call."""
    return Call(service=service, operation=operation, protocol="json")


@pytest.mark.parametrize(
    ("text", "kind", "value", "count", "skip"),
    [
        ("glue:StartJobRun:throttle", "throttle", "", 1, 0),
        ("glue:StartJobRun:throttle:2", "throttle", "", 2, 0),
        ("glue:StartJobRun:throttle:2@3", "throttle", "", 2, 3),
        ("glue:StartJobRun:error=EntityNotFoundException@1", "error", "EntityNotFoundException", 1, 1),
        ("glue:StartJobRun:slow=1.5:always", "slow", "1.5", None, 0),
        (" glue:*:lost ", "lost", "", 1, 0),
    ],
)
def test_forms(text: str, kind: str, value: str, count: int | None, skip: int) -> None:
    """Every part, given and left out."""
    spec = parsed(text)
    assert (spec.kind, spec.value, spec.count, spec.skip) == (kind, value, count, skip)
    assert spec.is_about(call("glue", "StartJobRun"))
    assert not spec.is_about(call("s3", "StartJobRun"))


@pytest.mark.parametrize("name", ["states", "stepfunctions"])
def test_step_functions_has_two_names(name: str) -> None:
    """Boto3's and IAM's; calls have IAM's."""
    assert parsed(f"{name}:StartExecution:drop").is_about(call("states", "StartExecution"))


def test_patterns_know_case_and_services() -> None:
    """A star stands for anything, on either side of the colon."""
    spec = parsed("dynamodb:Put*:throttle:3")
    assert spec.is_about(call("dynamodb", "PutItem"))
    assert not spec.is_about(call("dynamodb", "GetItem"))
    anything = parsed("*:*:slow=1")
    assert anything.is_about(call("states", "StartExecution"))
    assert isinstance(anything, FaultSpec)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("glue", "not of the form service:Operation:kind"),
        ("glue:StartJobRun", "not of the form"),
        ("glu:StartJobRun:throttle", "do you mean 'glue'"),
        ("glue:StartJobrun:throttle", "do you mean 'StartJobRun'"),
        ("glue:Zap*:throttle", "'Zap\\*', which glue has not"),
        ("glue:StartJobRun:explode", "; ".join(f"{kind}: .*" for kind in KINDS)),
        ("glue:StartJobRun:throttle:0", "'0' as its count; a whole number from 1 or always"),
        ("glue:StartJobRun:throttle:two", "'two' as its count"),
        ("glue:StartJobRun:throttle:", "'' as its count"),
        ("glue:StartJobRun:throttle:1@-1", "'-1' as its skip; a whole number from 0"),
        ("glue:StartJobRun:throttle@", "'' as its skip"),
        ("glue:StartJobRun:throttle=2", "write throttle alone"),
        ("glue:StartJobRun:error=", "write error=<Code>"),
        ("glue:StartJobRun:slow", "needs seconds after slow="),
        ("glue:StartJobRun:slow=long", "needs seconds"),
        ("glue:StartJobRun:slow=nan", "needs seconds"),
        ("glue:StartJobRun:slow=-1", "needs seconds"),
    ],
)
def test_fails_when_it_cannot_be_meant(text: str, told: str) -> None:
    """With what was got, what is allowed, the remedy."""
    with pytest.raises(DataLakeError, match=told) as caught:
        parsed(text)
    assert caught.value.code == "bad_fault"
    assert repr(text) in str(caught.value)
