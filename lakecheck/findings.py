"""What every check says about an assembly, in one shape; how bad input is refused is said by `lakemodel.findings` instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledged:
    """Who took a finding on.

    Attributes:
        rule: The id that was acknowledged, with its prefix, such as `AwsSolutions::AwsSolutions-S1`.
        at: Construct path the acknowledgement stands on.
        reason: Why.
        owner: Who answers for it; None when the acknowledgement names no one.
        expires: Last day (YYYY-MM-DD) it holds; None when it has no end.
    """

    rule: str
    at: str
    reason: str
    owner: str | None = None
    expires: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that one check found at one place of an assembly.

    Attributes:
        check: Name of the check, such as `lint`.
        rule: The rule's id, as the tool that owns it spells it.
        severity: Errors and warnings fail a run, notes do not; nor does what is acknowledged.
        message: What was found and what is allowed.
        remedy: What to do about it; a sentence.
        environment: The Stage, as in `StackTemplate.environment`; empty when it is about the whole assembly.
        stack: Construct path of the stack; empty when it is about the whole assembly.
        logical_id: The resource, where there is one.
        construct_path: The construct, where it is known.
        source: `file:line` of the code that made the construct, where the assembly tells.
        controls: Ids of the framework's controls that the rule stands for.
        acknowledged: Set when somebody took the finding on.
        details: What is behind it, a line each: the statements that allow an access, the chain that replaces a resource.
        help: The page that explains the rule; empty when there is none.
        category: Of a change, what it endangers, such as `data_loss`; empty for what is not about a change.
    """

    check: str
    rule: str
    severity: Severity
    message: str
    remedy: str = ""
    environment: str = ""
    stack: str = ""
    logical_id: str = ""
    construct_path: str = ""
    source: str = ""
    controls: tuple[str, ...] = ()
    acknowledged: Acknowledged | None = None
    details: tuple[str, ...] = ()
    help: str = ""
    category: str = ""

    @property
    def where(self) -> str:
        """The narrowest place that is known: the construct's path, else the stack and the logical id."""
        if self.construct_path:
            return self.construct_path
        if self.logical_id:
            return f"{self.stack}/{self.logical_id}" if self.stack else self.logical_id
        return self.stack or "the assembly"

    @property
    def is_open(self) -> bool:
        """Whether it fails a run that fails on warnings."""
        return self.acknowledged is None and self.severity is not Severity.NOTE


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, then by check, rule and place: the same findings always come in the same order."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, str, str, str, str, str]:
    weight = _WEIGHT[finding.severity]
    return (weight, finding.check, finding.rule, finding.stack, finding.construct_path, finding.logical_id, finding.message)
