"""A rehearsal as text: its steps, what was not rehearsed and why, what the emulator leaves out, and last the table of how much counts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from lakecheck.rehearsal.comparison.summary import by_type, counts
from lakecheck.rehearsal.model import Outcome
from lakecheck.report.rehearsal_told import OUTCOMES, RULE, places, title, verdict, where
from lakecheck.report.style import WIDTH, Style
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.rehearsal.comparison.summary import Counts, TypeSummary
    from lakecheck.rehearsal.model import Report

_MOST_REASONS: Final = 4
_MOST_PLACES: Final = 3
_MOST_PROPERTIES: Final = 8
_MOST_RETAINED: Final = 20
_HEADS: Final = ("type", "emulator", "adapters", "not", "properties")


def render(report: Report, *, style: Style | None = None, width: int = WIDTH, list_all: bool = False) -> str:
    """The whole report, which ends with a line feed.

    Args:
        report: What was found.
        style: Plain when left out.
        width: Columns to keep to; names are never cut.
        list_all: Every reason, place and property; else the first of each, and how many more there are.
    """
    style = Style() if style is None else style
    lines = [style.bold(f"Rehearsal: {title(report)}"), where(report), ""]
    lines += [*_steps(report, style, width), *_missed(report, style, width, list_all=list_all)]
    lines += _listed("changed in the copy of the assembly that was deployed", report.rewritten, style, width)
    lines += _retained(report, style, list_all=list_all)
    lines += _listed("what the emulator leaves out", report.untruths, style, width)
    lines += [*_table(report, style, width), "", *_verdict(report, style, width)]
    return "\n".join(style.plain(line).rstrip() for line in lines) + "\n"


def _steps(report: Report, style: Style, width: int) -> Iterator[str]:
    for step in report.steps:
        word = OUTCOMES[step.outcome].ljust(8)
        told = {
            Outcome.PASSED: style.good(word),
            Outcome.FAILED: style.severity(Severity.ERROR, word),
            Outcome.SKIPPED: style.severity(Severity.WARNING, word),
        }[step.outcome]
        yield f"  {told} {step.seconds:7.1f} s  {step.name}: {step.title}"
        for fact in (*((step.reason,) if step.reason else ()), *step.facts):
            yield from _wrapped(fact, width, " " * 22)
    yield ""


def _missed(report: Report, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    found = [one for one in by_type(report.resources) if one.counts.missed]
    if found:
        yield style.bold("not rehearsed")
        for one in found:
            yield from _type(one, style, width, list_all=list_all)
        yield ""


def _type(one: TypeSummary, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    yield f"  {style.severity(Severity.WARNING, one.type)}  {one.counts.missed:,} of {one.counts.counted:,}"
    most = len(one.reasons) if list_all else _MOST_REASONS
    for reason, results in one.reasons[:most]:
        yield from _wrapped(f"{len(results):,}: {reason}", width, "      ")
        named, more = places(results, len(results) if list_all else _MOST_PLACES)
        yield from (f"        {name}" for name in named)
        if more:
            yield style.faint(f"        and {more:,} more")
    if len(one.reasons) > most:
        yield style.faint(f"      and {len(one.reasons) - most:,} more reasons")
    if one.differing:
        first = one.differing if list_all else one.differing[:_MOST_PROPERTIES]
        more = len(one.differing) - len(first)
        told = ", ".join(f"{path} ({number:,})" for path, number in first) + (f" and {more:,} more" if more else "")
        yield from _wrapped(f"properties: {told}", width, "      ")
    for note in one.notes:
        yield from _wrapped(f"note: {note}", width, "      ")


def _listed(head: str, sentences: Sequence[str], style: Style, width: int) -> Iterator[str]:
    if sentences:
        yield style.bold(head)
        for sentence in sentences:
            yield from _wrapped(sentence, width, "    ", first="  - ")
        yield ""


def _retained(report: Report, style: Style, *, list_all: bool) -> Iterator[str]:
    if report.retained:
        yield style.bold(f"left in the accounts after destroying: {len(report.retained):,}")
        most = len(report.retained) if list_all else _MOST_RETAINED
        for one in report.retained[:most]:
            yield f"  {one.account} {one.region}  {one.type}  {one.physical_id}  ({one.stack}/{one.logical_id})"
        if len(report.retained) > most:
            yield style.faint(f"  and {len(report.retained) - most:,} more")
        yield ""


def _table(report: Report, style: Style, width: int) -> Iterator[str]:
    yield style.bold("how much was rehearsed")
    yield from _wrapped(RULE, width, "  ")
    summaries = by_type(report.resources)
    if not summaries:
        return
    rows = [_row(one.type, one.counts) for one in summaries if one.counts.counted]
    total = _row("all", counts(report.resources))
    widths = [max(len(row[column]) for row in (_HEADS, *rows, total)) for column in range(len(_HEADS))]
    yield style.faint(_line(_HEADS, widths))
    for row in rows:
        yield _line(row, widths) if row[3] == "0" else style.bold(_line(row, widths))
    yield style.bold(_line(total, widths))


def _row(name: str, found: Counts) -> tuple[str, ...]:
    return name, f"{found.emulator:,}", f"{found.adapter:,}", f"{found.missed:,}", f"{found.returned:,} of {found.properties:,}"


def _line(row: Iterable[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(
        cell.rjust(size) if column else cell.ljust(size) for column, (cell, size) in enumerate(zip(row, widths, strict=True))
    )


def _verdict(report: Report, style: Style, width: int) -> Iterator[str]:
    for line in textwrap.wrap(verdict(report), width, break_long_words=False, break_on_hyphens=False):
        yield style.bold(line) if report.is_enough else style.severity(Severity.ERROR, line)


def _wrapped(text: str, width: int, indent: str, *, first: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        text, width, initial_indent=first or indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
