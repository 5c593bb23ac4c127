"""What every check returns, and what several of them need: acknowledgements by construct, a finding at a place in a template."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakecheck.findings import Acknowledged, Finding
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

    from lakecheck.assembly import Acknowledgement, Assembly, StackTemplate
    from lakecheck.assembly.resources import Origin
    from lakecheck.checks.measures import Measure
    from lakecheck.evidence import Evidence
    from lakemodel.findings import Severity

IGNORED = ("W3005",)
"""Rules of cfn-lint and of CloudFormation's validation that are no finding: CDK writes a redundant DependsOn on purpose; it is harmless."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What one check says.

    Attributes:
        name: Stable name, such as `lint`; public API.
        title: What did the work, such as `cfn-lint 1.58.0`.
        findings: Open and acknowledged ones.
        detail: What was looked at, in a few words: `31 templates`.
        seconds: Wall-clock time.
        stack_seconds: Time spent on each template, by its file.
        not_run: Why the check did not run; empty when it did.
        evidence: What complied, rule by rule, from checks that know it.
        measures: What was counted against a quota: the fullest of each.
    """

    name: str
    title: str
    findings: tuple[Finding, ...] = ()
    detail: str = ""
    seconds: float = 0.0
    stack_seconds: Mapping[str, float] = field(default_factory=dict)
    not_run: str = ""
    evidence: tuple[Evidence, ...] = ()
    measures: tuple[Measure, ...] = ()


class Acknowledgements:
    """Finds the acknowledgement that covers a finding: the one on the construct itself, else on its closest ancestor."""

    def __init__(self, acknowledgements: Iterable[Acknowledgement]) -> None:
        self._by_place = {(each.path, each.rule): each for each in acknowledgements}

    def at(self, path: str, rule: str) -> Acknowledgement | None:
        """The acknowledgement of exactly this rule on exactly this construct."""
        return self._by_place.get((path, rule))

    def covering(self, construct_path: str, rule: str) -> Acknowledged | None:
        """The acknowledgement of `rule` (prefixed) that holds for a construct."""
        path = construct_path
        while path:
            found = self._by_place.get((path, rule))
            if found is not None:
                return Acknowledged(rule=rule, at=path, reason=found.reason, owner=found.owner, expires=found.expires)
            path = path.rpartition("/")[0]
        return None


def path_of(origin: Origin) -> str:
    """The path by which a resource is acknowledged: its construct's, else that of its stack with the logical id."""
    if origin.construct_path or not origin.logical_id:
        return origin.construct_path or origin.stack
    return f"{origin.stack}/{origin.logical_id}"


def finding_in(
    stack: StackTemplate,
    logical_id: str,
    *,
    check: str,
    rule: str,
    severity: Severity,
    message: str,
    remedy: str = "",
    acknowledgements: Acknowledgements | None = None,
    prefix: str = "",
) -> Finding:
    """A finding about a template or one thing in it, acknowledged where the code does so as `prefix::rule`."""
    construct_path = stack.construct_paths.get(logical_id, "")
    acknowledged = None
    if acknowledgements is not None:
        place = construct_path or (f"{stack.path}/{logical_id}" if logical_id else stack.path)
        acknowledged = acknowledgements.covering(place, f"{prefix}::{rule}")
    return Finding(
        check=check,
        rule=rule,
        severity=severity,
        message=message,
        remedy=remedy,
        environment=stack.environment,
        stack=stack.path,
        logical_id=logical_id,
        construct_path=construct_path,
        source=stack.sources.get(logical_id, ""),
        acknowledged=acknowledged,
    )


def tool(module: str, distribution: str) -> ModuleType:
    """Imports what a check stands on; late, because it takes a second.

    Raises:
        DataLakeError: `check_extra_missing`, if it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        msg = f"{distribution} is not installed, so its check cannot run; install the extra: pip install 'governed-lake[check]'"
        raise DataLakeError(msg, code="check_extra_missing") from error


def plural(number: int, noun: str) -> str:
    """`1 template`, `31 templates`, `1,204 resources`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def templates(assembly: Assembly) -> str:
    """How many templates were looked at."""
    return plural(len(assembly.stacks), "template")


def first(value: Any, default: str = "") -> str:
    """Text of a value that a tool may leave out."""
    return default if value is None else str(value)
