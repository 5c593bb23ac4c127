"""A run as text for a terminal and for a CI log: what the change does, a table of stacks, the checks, every finding with its remedy."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.checks import upgrade
from lakecheck.checks.base import plural
from lakecheck.report import change_text
from lakecheck.report.json import count, stack_seconds
from lakecheck.report.style import WIDTH, Style
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.assembly import StackTemplate
    from lakecheck.checks import CheckResult
    from lakecheck.findings import Finding
    from lakecheck.run import Run

MOST_PLACES = 12
MOST_STACKS = 12
_MOST_DETAILS = 4

_HEADINGS = ("environment", "account", "stack", "resources", "findings", "acknowledged", "time")
_NUMBERS_FROM = 3
_GAP = "  "
_LABEL = 9
_WIDEST_VERDICT = 30
_NO_ACCOUNT = "any"
_SAYS_NOTHING = {0: NO_ENVIRONMENT, 1: _NO_ACCOUNT}
"""By column: where every row has this, the column is left out."""


def render(run: Run, *, style: Style | None = None, width: int = WIDTH, list_acknowledged: bool = False, list_all: bool = False) -> str:
    """The whole report, which ends with a line feed.

    Args:
        run: What to report.
        style: Plain when left out.
        width: Columns to keep to; names and ids that are longer than a line are never cut in the findings.
        list_acknowledged: Print each acknowledged finding with its reason, too.
        list_all: Print every place of a finding; else the first dozen, and how many more there are.
    """
    style = Style() if style is None else style
    lines = [*_header(run, style, width), "", *change_text.render(run, style, width, list_all=list_all)]
    lines += [*_table(run, style, width, list_all=list_all), "", *_checks(run, style, width)]
    told_above = upgrade.NAME if run.upgrade is not None else ""
    open_ones = [finding for finding in run.findings if finding.acknowledged is None and finding.check != told_above]
    acknowledged = [finding for finding in run.findings if finding.acknowledged is not None]
    shown = [*open_ones, *acknowledged] if list_acknowledged else open_ones
    for group in _grouped(shown):
        lines += ["", *_group(group, style, width, len(group) if list_all else MOST_PLACES)]
    lines += ["", *_verdict(run, style, len(acknowledged), listed=list_acknowledged)]
    return "\n".join(style.plain(line).rstrip() for line in lines) + "\n"


def _header(run: Run, style: Style, width: int) -> Iterator[str]:
    assembly = run.assembly
    environments = [environment for environment in assembly.environments if environment != NO_ENVIRONMENT]
    parts = [plural(len(environments), "environment")] if environments else []
    parts += [plural(len(assembly.accounts), "account")] if assembly.accounts else []
    parts += [plural(len(assembly.stacks), "stack"), plural(assembly.resource_count, "resource")]
    numbers = ", ".join(parts)
    time = f"{run.seconds:.1f} s" if run.synth_seconds is None else f"{run.synth_seconds:.1f} s synth, {run.seconds:.1f} s checks"
    title = " · ".join(environments) or assembly.directory
    one_line = f"{title}   {numbers}"
    if len(one_line) + len(time) + len(_GAP) <= width:
        yield style.bold(title) + f"   {numbers}" + time.rjust(width - len(one_line))
    else:
        yield style.bold(title)
        yield f"{numbers}{_GAP}{time}"


def _table(run: Run, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """A row for each stack; beside a change those that neither change nor have open findings are counted only, where they are many."""
    stacks = run.assembly.stacks
    told = stacks if list_all or len(stacks) <= MOST_STACKS else _concerned(run)
    if told:
        yield from _rows([_row(run, stack) for stack in told], style, width)
    if len(told) < len(stacks):
        others = plural(len(stacks) - len(told), "other stack" if told else "stack")
        yield style.faint(f"{others} without changes and open findings: --all prints a row for each")


def _concerned(run: Run) -> tuple[StackTemplate, ...]:
    """All of them without a base; else those that change or have open findings."""
    stacks = run.assembly.stacks
    if run.upgrade is None:
        return stacks
    changed = {change.node.stack.path for change in run.upgrade.comparison.changes}
    return tuple(stack for stack in stacks if stack.path in changed or any(one.is_open for one in run.of_stack(stack)))


def _rows(rows: Sequence[tuple[str, ...]], style: Style, width: int) -> Iterator[str]:
    last = [""] * 2
    shown = []
    for row in rows:
        # A value that repeats from the row above is left out: what is new is seen.
        cells = list(row)
        for column in range(2):
            if list(row[: column + 1]) == last[: column + 1]:
                cells[column] = ""
        last = list(row[:2])
        shown.append(cells)
    widths = [max(len(heading), *(len(row[column]) for row in rows)) for column, heading in enumerate(_HEADINGS)]
    room = width - (sum(widths) - widths[2]) - len(_GAP) * (len(widths) - 1)
    widths[2] = max(min(widths[2], room), len(_HEADINGS[2]), 12)
    told = [column for column in range(len(widths)) if any(row[column] != _SAYS_NOTHING.get(column) for row in rows)]
    yield style.faint(_GAP.join(_cell(_HEADINGS[column], widths, column) for column in told))
    for row, cells in zip(rows, shown, strict=True):
        line = _GAP.join(_cell(cells[column], widths, column) for column in told)
        yield line if row[4] == "0" else style.bold(line)


def _row(run: Run, stack: StackTemplate) -> tuple[str, ...]:
    numbers = count(run.of_stack(stack))
    return (
        stack.environment,
        stack.account or _NO_ACCOUNT,
        stack.path.removeprefix(f"{stack.environment}/"),
        f"{len(stack.resources):,}",
        f"{numbers['errors'] + numbers['warnings']:,}",
        f"{numbers['acknowledged']:,}",
        f"{stack_seconds(run, stack):.1f} s",
    )


def _cell(text: str, widths: Sequence[int], column: int) -> str:
    width = widths[column]
    if len(text) > width:
        keep = width - 1
        text = f"{text[: keep // 2]}…{text[len(text) - (keep - keep // 2) :]}"
    return text.rjust(width) if column >= _NUMBERS_FROM else text.ljust(width)


def _checks(run: Run, style: Style, width: int) -> Iterator[str]:
    names = max(len(result.name) for result in run.results)
    verdicts = min(max((len(_counted(result)) for result in run.results), default=0), _WIDEST_VERDICT)
    for result in run.results:
        head = f"  {result.name.ljust(names)}  "
        if result.not_run:
            yield style.severity(Severity.WARNING, f"{head}not run: {result.not_run}")
            continue
        yield from _check(result, head, verdicts, style, width)


def _counted(result: CheckResult) -> str:
    numbers = count(result.findings)
    counted = {"error": numbers["errors"], "warning": numbers["warnings"], "note": numbers["notes"]}
    parts = [plural(number, noun) for noun, number in counted.items() if number]
    parts += [f"{numbers['acknowledged']:,} acknowledged"] if numbers["acknowledged"] else []
    return ", ".join(parts) or "nothing found"


def _check(result: CheckResult, head: str, verdicts: int, style: Style, width: int) -> Iterator[str]:
    numbers = count(result.findings)
    time = f"{result.seconds:.1f} s"
    verdict = _counted(result).ljust(verdicts)
    text = f"{verdict}{_GAP}{result.title}: {result.detail}" if result.detail else verdict
    wrapped = textwrap.wrap(text, width - len(head) - len(time) - len(_GAP), subsequent_indent=" " * (verdicts + len(_GAP)))
    failed = numbers["errors"] + numbers["warnings"]
    for index, line in enumerate(wrapped):
        if index == 0:
            full = f"{head}{line}".ljust(width - len(time)) + time
            yield full if not failed else style.bold(full)
        else:
            yield " " * len(head) + line


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        reason = None if finding.acknowledged is None else (finding.acknowledged.reason, finding.acknowledged.owner)
        key = (finding.check, finding.rule, finding.severity, finding.message, finding.remedy, reason)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _group(group: Sequence[Finding], style: Style, width: int, most: int) -> Iterator[str]:
    """One block for all places where the same rule says the same."""
    finding = group[0]
    word = "ACKNOWLEDGED" if finding.acknowledged else finding.severity.value.upper()
    places = "" if len(group) == 1 else f"  {len(group):,} places"
    severity = Severity.NOTE if finding.acknowledged else finding.severity
    yield style.severity(severity, f"{word} {finding.rule}") + f"  {finding.check}{places}"
    yield from _labelled("found", finding.message, width)
    if finding.acknowledged:
        yield from _labelled("reason", finding.acknowledged.reason, width)
        yield from _labelled("owner", finding.acknowledged.owner or "nobody", width)
        if finding.controls:
            yield from _labelled("controls", ", ".join(finding.controls), width)
    for number, detail in enumerate(dict.fromkeys(detail for each in group for detail in each.details)):
        if number < (len(finding.details) if most == len(group) else _MOST_DETAILS):
            yield from _labelled("because" if number == 0 else "", detail, width)
    if finding.remedy:
        yield from _labelled("remedy", finding.remedy, width)
    lines = list(_places(group))
    for index, line in enumerate(lines[:most]):
        yield f"  {('' if index else 'at').ljust(_LABEL)}{line}"
    if len(lines) > most:
        yield f"  {''.ljust(_LABEL)}… and {len(lines) - most:,} more lines like these: --all prints them, --json has them"


def _places(group: Sequence[Finding]) -> Iterator[str]:
    """Each place on one line, never cut, so that it can be searched for and copied; the same one in several environments once."""
    environments: dict[str, list[Finding]] = {}
    for finding in group:
        inside = finding.where.removeprefix(f"{finding.environment}/")
        expires = f", until {finding.acknowledged.expires}" if finding.acknowledged and finding.acknowledged.expires else ""
        logical_id = f" ({finding.logical_id})" if finding.logical_id and finding.construct_path else ""
        source = f"  {finding.source}" if finding.source else ""
        environments.setdefault(f"{inside}{logical_id}{expires}\0{source}", []).append(finding)
    for key, findings in environments.items():
        what, _, source = key.partition("\0")
        if len(findings) == 1:
            stage = findings[0].environment
            yield f"{stage}/{what}{source}" if findings[0].where.startswith(f"{stage}/") else f"{what}{source}"
        else:
            yield f"{what}  in {', '.join(dict.fromkeys(each.environment or 'the assembly' for each in findings))}{source}"


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    indent = " " * (_LABEL + 2)
    wrapped = textwrap.wrap(
        text, width, initial_indent=f"  {label.ljust(_LABEL)}", subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    yield from wrapped or [f"  {label}"]


def _verdict(run: Run, style: Style, acknowledged: int, *, listed: bool) -> Iterator[str]:
    if acknowledged and not listed:
        yield style.faint(f"{plural(acknowledged, 'acknowledged finding')}: `lakecheck run --acknowledged` says why")
    if run.app_exit:
        yield style.severity(Severity.ERROR, f"the app ended with exit code {run.app_exit}")
    not_run = [result.name for result in run.results if result.not_run and result.name != upgrade.NAME]
    without = f"; not run: {', '.join(not_run)}" if not_run else ""
    if run.passed:
        yield style.good(f"passed: nothing open in {plural(len(run.assembly.stacks), 'stack')}{without}")
    elif not run.failing:
        yield style.severity(Severity.ERROR, f"failed: the app's own verdict{without}")
    else:
        changes = sum(one.check == upgrade.NAME for one in run.failing)
        of_change = f", {'all' if changes == len(run.failing) else f'{changes:,}'} by what the change does" if changes else ""
        yield style.severity(Severity.ERROR, f"failed: {plural(len(run.failing), 'finding')}{of_change}{without}")
