"""One run: every check once over one assembly, and the verdict."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakecheck.checks import CheckResult, access, acknowledgements, cloudformation, compliance, limits, lint, rules, upgrade
from lakecheck.findings import in_order
from lakecheck.progress import quiet
from lakecheck.rules import all_rules
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.verdicts import Judgement
    from lakecheck.access.review import Review
    from lakecheck.assembly import Acknowledgement, Assembly, StackTemplate
    from lakecheck.evidence import Evidence
    from lakecheck.findings import Finding
    from lakecheck.progress import Tell
    from lakecheck.rules.base import Rule
    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.review import UpgradeReview
    from lakemodel.approvals import Register
    from lakemodel.limits import Quota

CHECKS = (
    compliance.NAME,
    cloudformation.NAME,
    lint.NAME,
    rules.NAME,
    limits.NAME,
    access.NAME,
    upgrade.NAME,
    acknowledgements.NAME,
)
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
        rules: The lake rules to apply; all of lakecheck's own when left out.
        guard: Files with rules in the language of CloudFormation Guard.
        quotas: Quotas that AWS has raised for these accounts.
        invariants: What access.yaml says; None judges only what holds for every lake.
        register: What was approved of a change.
    """

    as_of: date
    skip: dict[str, str] = field(default_factory=dict)
    require_packs: tuple[str, ...] = ()
    fail_on: Severity = Severity.WARNING
    processes: int | None = None
    rules: tuple[Rule, ...] | None = None
    guard: tuple[Path, ...] = ()
    quotas: Mapping[Quota, int] = field(default_factory=dict)
    invariants: LoadedRules | None = None
    register: Register | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What a run said.

    Attributes:
        snapshot: What was judged, with all that was made of it.
        options: How.
        results: One for each of `CHECKS`, in that order.
        findings: Of all checks, worst first.
        seconds: Wall-clock time of reading and judging.
        synth_seconds: Time the app took; None when it was not run.
        app_exit: The app's exit code; None when it was not run.
        judgement: The verdicts on the invariants of access.yaml; None without one.
        base: What the snapshot was compared with; None without a base.
        upgrade: What deploying it over the base endangers; None without a base.
        gains: Who gains or loses access to what against the base; None without a base.
        new_acknowledgements: Those that the base has not; None without a base.
        gone_acknowledgements: Those of the base that are there no more; None without a base.
    """

    snapshot: Snapshot
    options: Options
    results: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    seconds: float
    synth_seconds: float | None = None
    app_exit: int | None = None
    judgement: Judgement | None = None
    base: Snapshot | None = None
    upgrade: UpgradeReview | None = None
    gains: Review | None = None
    new_acknowledgements: tuple[Acknowledgement, ...] | None = None
    gone_acknowledgements: tuple[Acknowledgement, ...] | None = None

    @property
    def assembly(self) -> Assembly:
        """What was judged."""
        return self.snapshot.assembly

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was found to be in order, by check and rule."""
        return tuple(each for result in self.results for each in result.evidence)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that nobody acknowledged and that are severe enough; what is near a quota and not above it fails nothing."""
        severities = {Severity.ERROR} if self.options.fail_on is Severity.ERROR else {Severity.ERROR, Severity.WARNING}
        open_ones = (each for each in self.findings if each.acknowledged is None and each.severity in severities)
        return tuple(each for each in open_ones if each.check != limits.NAME or each.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        """Whether nothing fails, the app's own verdict included."""
        return not self.failing and not self.app_exit

    def of_stack(self, stack: StackTemplate) -> tuple[Finding, ...]:
        """The findings in one template, without those in the stacks nested in it."""
        return tuple(each for each in self.findings if each.stack == stack.path)


def judge(
    snapshot: Snapshot,
    options: Options,
    *,
    base: Snapshot | None = None,
    progress: Tell = quiet,
    started: float | None = None,
    synth_seconds: float | None = None,
    app_exit: int | None = None,
) -> Run:
    """Runs the checks.

    Args:
        snapshot: What to judge.
        options: How.
        base: What it is compared with; without one nothing is said of a change.
        progress: Told what goes on.
        started: `time.perf_counter()` from which to count the run's time; now when left out.
        synth_seconds: As in `Run`.
        app_exit: As in `Run`.

    Raises:
        DataLakeError: `check_extra_missing`, if what a check stands on is not installed; `guard_unreadable`, for a Guard file that is none.
        InvalidInput: If the supplement cannot be read, or an exception of access.yaml is too wide.
    """
    started = time.perf_counter() if started is None else started
    accessed, compared = access.Outcome(), upgrade.Outcome()
    results = _results(snapshot, options, base, progress, accessed, compared)
    new, gone = (None, None) if base is None else acknowledgements.delta(base.assembly, snapshot.assembly)
    return Run(
        snapshot=snapshot,
        options=options,
        results=results,
        findings=in_order(each for result in results for each in result.findings),
        seconds=time.perf_counter() - started,
        synth_seconds=synth_seconds,
        app_exit=app_exit,
        judgement=accessed.judgement,
        base=base,
        upgrade=compared.review,
        gains=compared.gains,
        new_acknowledgements=new,
        gone_acknowledgements=gone,
    )


def _results(
    snapshot: Snapshot, options: Options, base: Snapshot | None, progress: Tell, accessed: access.Outcome, compared: upgrade.Outcome
) -> tuple[CheckResult, ...]:
    """What each check says, in the order of the report."""
    assembly, base_assembly = snapshot.assembly, None if base is None else base.assembly

    def run(name: str, check: Callable[[], CheckResult]) -> CheckResult:
        return CheckResult(name=name, title="", not_run=options.skip[name]) if name in options.skip else check()

    with ExitStack() as ending:
        linting = None
        if lint.NAME not in options.skip:
            # First, in other processes while this one does the rest: forks, which is safe only as long as no library has started threads.
            processes = options.processes or os.cpu_count() or 1
            linting = ending.enter_context(lint.Linting(assembly, processes=processes, progress=progress))
        validated = run(cloudformation.NAME, lambda: cloudformation.check(assembly, guard=options.guard, progress=progress))
        complied = run(
            compliance.NAME, lambda: compliance.check(assembly, require_packs=options.require_packs, already=validated.findings)
        )  # fmt: skip
        applied = all_rules() if options.rules is None else options.rules
        ruled = run(rules.NAME, lambda: rules.check(snapshot, applied, progress=progress))
        limited = run(limits.NAME, lambda: limits.check(snapshot, raised=options.quotas))
        reached = run(access.NAME, lambda: access.check(snapshot, options.invariants, into=accessed, progress=progress))
        upgraded = run(
            upgrade.NAME, lambda: upgrade.check(base, snapshot, options.register, as_of=options.as_of, into=compared, progress=progress)
        )
        linted = CheckResult(name=lint.NAME, title="", not_run=options.skip[lint.NAME]) if linting is None else linting.result()
    so_far = (complied, validated, linted, ruled, limited, reached, upgraded)
    acknowledged = run(
        acknowledgements.NAME, lambda: acknowledgements.check(assembly, so_far, as_of=options.as_of, base=base_assembly)
    )  # fmt: skip
    return (*so_far, acknowledged)
