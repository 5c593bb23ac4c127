"""Verdicts on invariants as text: a line that sums up, each invariant with what refutes it, what it rests on last."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lakecheck.access.invariants.verdicts import State
from lakecheck.access.words import key_name
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.style import WIDTH, Style
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.verdicts import Counterexample, Judgement, Verdict

_LABEL = 9
_MOST_REASONS = 5


def render(judgement: Judgement, *, style: Style | None = None, width: int = WIDTH, list_all: bool = False) -> str:
    """The whole report, which ends with a line feed.

    Args:
        judgement: What to report.
        style: Plain when left out.
        width: Columns to keep to.
        list_all: Name every exempted principal and every assumption; else how many there are.
    """
    style = Style() if style is None else style
    lines = [style.bold(summary(judgement)), ""]
    for verdict in judgement.verdicts:
        lines += _verdict(verdict, style, width, list_all=list_all)
    if judgement.not_known:
        lines += ["", "not known, so that nothing is proved:", *(f"  {printable(each)}" for each in judgement.not_known)]
    lines += ["", *_assumptions(judgement, width, list_all=list_all)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def summary(judgement: Judgement) -> str:
    """How many invariants have which verdict."""
    return "   ".join(f"{state.value.upper()} {judgement.count(state)}" for state in State)


def _verdict(verdict: Verdict, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    word = verdict.state.value.upper()
    painted = style.good(word) if verdict.state is State.PROVED else style.severity(_severity(verdict), word)
    yield f"{painted}{' ' * (_LABEL - len(word))}{style.bold(verdict.id)}"
    yield from _labelled("", verdict.says, width)
    following = [*(example.remedy for example in verdict.examples[1:]), ""]
    for example, next_remedy in zip(verdict.examples, following, strict=False):
        yield from _example(example, style, width)
        if example.remedy != next_remedy:
            yield from _labelled("remedy", example.remedy, width)
    if verdict.more:
        yield from _labelled("", f"and {verdict.more:,} more", width)
    yield from _exceptions(verdict, width, list_all=list_all)


def _exceptions(verdict: Verdict, width: int, *, list_all: bool) -> Iterator[str]:
    """Whom the rule is not about, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for each in verdict.exempted:
        if each.needed:
            whole = list_all or len(each.principals) <= 1
            named = ", ".join(each.principals) if whole else f"{each.who} ({len(each.principals)} principals)"
            by_reason.setdefault(each.because, []).append(named)
    for because, names in by_reason.items():
        yield from _labelled("except", f"{', '.join(names)}: {because}", width)
    for each in verdict.exempted:
        if not each.needed:
            yield from _labelled("", f"the exception {each.who} is not needed: remove it", width)


def _severity(verdict: Verdict) -> Severity:
    return Severity.ERROR if verdict.state is State.REFUTED else Severity.WARNING


def _example(example: Counterexample, style: Style, width: int) -> Iterator[str]:
    lines = textwrap.wrap(printable(said(example)), width - 4, break_long_words=False, break_on_hyphens=False)
    yield from (f"{'    ' if number else '  '}{style.bold(line)}" for number, line in enumerate(lines))
    for reason in example.because[:_MOST_REASONS]:
        yield from _labelled("because", reason, width)
    for asked in example.requests:
        yield from _labelled("request", f"{asked.principal} may {asked.action} on {asked.resource}", width)
    for key, values in sorted((example.context or {}).items()):
        yield from _labelled("when", f"{key_name(key)} is {', '.join(values) or 'missing'}", width)
    for reason in example.reasons[:_MOST_REASONS]:
        yield from _labelled("unknown", reason, width)
    if example.source:
        yield from _labelled("at", example.source, width)


def said(example: Counterexample) -> str:
    """The summary, with the environment where it does not say that itself."""
    where = example.environment
    return example.summary if where in ("", NO_ENVIRONMENT) or f" in {where}" in example.summary else f"{example.summary} ({where})"


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    lines = textwrap.wrap(printable(text), max(width - _LABEL - 2, 40), break_long_words=False, break_on_hyphens=False) or [""]
    for index, line in enumerate(lines):
        yield f"  {(label if index == 0 else ''):<{_LABEL}}{line}"


def _assumptions(judgement: Judgement, width: int, *, list_all: bool) -> Iterator[str]:
    if not list_all:
        yield f"under {plural(len(judgement.assumptions), 'assumption')}; --all lists them"
        return
    yield "under these assumptions:"
    for each in judgement.assumptions:
        yield from textwrap.wrap(printable(each), width, initial_indent="  - ", subsequent_indent="    ", break_long_words=False)
