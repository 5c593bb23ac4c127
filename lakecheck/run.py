"""One run: every check once over one assembly, and the verdict."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakecheck.checks import CheckResult, acknowledgements, cloudformation, compliance, limits, lint
from lakecheck.checks.base import quiet
from lakecheck.findings import in_order
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from lakecheck.assembly import Assembly, StackTemplate
    from lakecheck.checks.base import Progress
    from lakecheck.findings import Finding

CHECKS = (compliance.NAME, cloudformation.NAME, lint.NAME, limits.NAME, acknowledgements.NAME)
"""Every check, in the order of the report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How to judge.

    Attributes:
        as_of: The day to judge expiry by.
        skip: Checks to leave out, by name, with the words that say who asked for it.
        require_packs: Compliance packs that must have left a trace in the validation report.
        fail_on: The least severity of an open finding that fails the run: WARNING (so errors too) or ERROR.
        processes: Linters at a time; as many as there are processors when left out.
    """

    as_of: date
    skip: dict[str, str] = field(default_factory=dict)
    require_packs: tuple[str, ...] = ()
    fail_on: Severity = Severity.WARNING
    processes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What a run said.

    Attributes:
        assembly: What was judged.
        options: How.
        results: One for each of `CHECKS`, in that order.
        findings: Of all checks, worst first.
        seconds: Wall-clock time of reading and judging.
        synth_seconds: Time the app took; None when it was not run.
        app_exit: The app's exit code; None when it was not run.
    """

    assembly: Assembly
    options: Options
    results: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    seconds: float
    synth_seconds: float | None = None
    app_exit: int | None = None

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that nobody acknowledged and that are severe enough."""
        severities = {Severity.ERROR} if self.options.fail_on is Severity.ERROR else {Severity.ERROR, Severity.WARNING}
        return tuple(each for each in self.findings if each.acknowledged is None and each.severity in severities)

    @property
    def passed(self) -> bool:
        """Whether nothing fails, the app's own verdict included."""
        return not self.failing and not self.app_exit

    def of_stack(self, stack: StackTemplate) -> tuple[Finding, ...]:
        """The findings in one template, without those in the stacks nested in it."""
        return tuple(each for each in self.findings if each.stack == stack.path)


def judge(
    assembly: Assembly,
    options: Options,
    *,
    progress: Progress = quiet,
    started: float | None = None,
    synth_seconds: float | None = None,
    app_exit: int | None = None,
) -> Run:
    """Runs the checks.

    Args:
        assembly: What to judge.
        options: How.
        progress: Told what goes on.
        started: `time.perf_counter()` from which to count the run's time; now when left out.
        synth_seconds: As in `Run`.
        app_exit: As in `Run`.

    Raises:
        DataLakeError: `check_extra_missing`, if what a check stands on is not installed.
    """
    started = time.perf_counter() if started is None else started
    processes = options.processes or os.cpu_count() or 1

    def run(name: str, check: Callable[[], CheckResult]) -> CheckResult:
        return CheckResult(name=name, title="", not_run=options.skip[name]) if name in options.skip else check()

    # The linter first: it forks, which is safe only as long as no library has started threads.
    linted = run(lint.NAME, lambda: lint.check(assembly, processes=processes, progress=progress))
    validated = run(cloudformation.NAME, lambda: cloudformation.check(assembly, progress=progress))
    complied = run(compliance.NAME, lambda: compliance.check(assembly, require_packs=options.require_packs, already=validated.findings))
    limited = run(limits.NAME, lambda: limits.check(assembly))
    so_far = (complied, validated, linted, limited)
    acknowledged = run(acknowledgements.NAME, lambda: acknowledgements.check(assembly, so_far, as_of=options.as_of))
    results = (*so_far, acknowledged)
    return Run(
        assembly=assembly,
        options=options,
        results=results,
        findings=in_order(each for result in results for each in result.findings),
        seconds=time.perf_counter() - started,
        synth_seconds=synth_seconds,
        app_exit=app_exit,
    )
