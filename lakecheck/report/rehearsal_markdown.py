"""A rehearsal as Markdown for a comment: how much was rehearsed first, the rest folded; no name can become markup."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from lakecheck.rehearsal.comparison.summary import by_type, counts
from lakecheck.report.contracts_diff_markdown import MOST_CHARACTERS, code
from lakecheck.report.rehearsal_told import OUTCOMES, RULE, extent, places, title, verdict, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rehearsal.comparison.summary import Counts, TypeSummary
    from lakecheck.rehearsal.model import Report

_MOST: Final = 600
_MOST_LISTED: Final = 100
_MOST_FOLDED: Final = 12_000
"""Characters of one fold."""
_MOST_REASONS: Final = 4
_MOST_PLACES: Final = 3


def render(report: Report) -> Iterator[str]:
    """The comment line by line; what does not fit is left out a block at a time, and the comment says so."""
    room, is_short = MOST_CHARACTERS, False
    for block in _blocks(report):
        size = sum(len(line) + 1 for line in block)
        if size > room:
            is_short = True
            continue
        room -= size
        yield from (f"{line}\n" for line in block)
    if is_short:
        yield "\nSome of it is left out: too long for a comment; the text, JSON and page have all.\n"


def _blocks(report: Report) -> Iterator[list[str]]:
    yield [
        f"## Rehearsal: {extent(counts(report.resources))}",
        "",
        f"{code(title(report), _MOST)}, {code(where(report))}. {verdict(report).partition(';')[0].capitalize()}"
        + ("." if report.required is None else f"; {report.required:g} % were demanded."),
        "",
    ]
    summaries = by_type(report.resources)
    yield list(_table(report, summaries))
    yield from _folded("Steps", list(_steps(report)), is_open=not report.is_enough)
    yield from _folded("Not rehearsed", [line for one in summaries if one.counts.missed for line in _type(one)])
    yield from _folded("What the emulator leaves out", [f"- {_plain(each)}" for each in report.untruths])
    yield from _folded("Changed in the copy that was deployed", [f"- {_plain(each)}" for each in report.rewritten])
    left = [f"- {code(one.type)} {code(one.physical_id)} in {code(f'{one.account}/{one.stack}')}" for one in report.retained]
    yield from _folded("Left after destroying", left)


def _table(report: Report, summaries: tuple[TypeSummary, ...]) -> Iterator[str]:
    if not summaries:
        return
    yield "| type | emulator | adapters | not | properties |"
    yield "|---|---:|---:|---:|---:|"
    told = [one for one in summaries if one.counts.counted]
    # Those that are not whole come first: they must not fall behind what is cut.
    told.sort(key=lambda one: not one.counts.missed)
    for one in told[:_MOST_LISTED]:
        yield _row(code(one.type), one.counts)
    if len(told) > _MOST_LISTED:
        yield f"| and {len(told) - _MOST_LISTED:,} more types | | | | |"
    yield _row("**all**", counts(report.resources))
    yield ""
    yield RULE


def _row(name: str, found: Counts) -> str:
    missed = f"**{found.missed:,}**" if found.missed else "0"
    return f"| {name} | {found.emulator:,} | {found.adapter:,} | {missed} | {found.returned:,} of {found.properties:,} |"


def _steps(report: Report) -> Iterator[str]:
    for step in report.steps:
        yield f"- **{OUTCOMES[step.outcome]}** {code(step.name)} {_plain(step.title)}, {step.seconds:.1f} s"
        for fact in (*((step.reason,) if step.reason else ()), *step.facts[:_MOST_LISTED]):
            yield f"  <br>{_plain(fact)}"


def _type(one: TypeSummary) -> Iterator[str]:
    yield f"- {code(one.type)}: {one.counts.missed:,} of {one.counts.counted:,}"
    for reason, results in one.reasons[:_MOST_REASONS]:
        named, more = places(results, _MOST_PLACES)
        at = ", ".join(code(name) for name in named) + (f" and {more:,} more" if more else "")
        yield f"  <br>{len(results):,}: {_plain(reason)}: {at}"
    if len(one.reasons) > _MOST_REASONS:
        yield f"  <br>and {len(one.reasons) - _MOST_REASONS:,} more reasons"


def _folded(head: str, lines: list[str], *, is_open: bool = False) -> Iterator[list[str]]:
    if lines:
        kept = [line for line, size in zip(lines, accumulate(map(len, lines)), strict=True) if size <= _MOST_FOLDED]
        more = [f"- and {len(lines) - len(kept):,} more lines"] if len(lines) > len(kept) else []
        yield ["", f"<details{' open' if is_open else ''}>", f"<summary>{head}</summary>", "", *kept, *more, "", "</details>"]


def _plain(text: str) -> str:
    """A sentence that may hold names: nothing in it becomes markup."""
    return code(text, _MOST).removeprefix("<code>").removesuffix("</code>")
