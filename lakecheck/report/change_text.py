"""What deploying an assembly over its base would do, as the first part of a run's text: what nobody approved, then the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.difference import Kind
from lakecheck.access.sentences import sentences
from lakecheck.checks.base import plural
from lakecheck.report import access_diff_text, upgrade_text
from lakecheck.report.upgrade_told import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.review import Review
    from lakecheck.report.style import Style
    from lakecheck.run import Run


def render(run: Run, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """The part line by line; nothing when the run had no base.

    Args:
        run: What to report.
        style: Colours.
        width: Columns to keep to; entries of the register are never cut.
        list_all: Every reason, harmless change and change of access; else the first, and how many there are.
    """
    if run.base is None or run.upgrade is None:
        return
    yield style.bold(f"what the change does, compared with {run.base.assembly.directory}")
    yield ""
    lines = list(_lines(run, style, width, list_all=list_all))
    yield from lines or ["nothing: both are the same", ""]


def _lines(run: Run, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    upgrade, gains = run.upgrade, run.gains
    for one in told(upgrade.open) if upgrade is not None else ():
        yield from upgrade_text.risk_block(one, style, width, list_all=list_all)
    if gains is not None:
        for said in sentences(gains.open):
            yield from access_diff_text.gain_block(said, style, width)
        yield from _access(gains, style, width, list_all=list_all)
    if upgrade is not None:
        yield from upgrade_text.rest(upgrade, style, width, list_all=list_all)


def _access(gains: Review, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """Approved gains and losses; how often access changed otherwise, as long as not all of it is asked for."""
    yield from access_diff_text.section("APPROVED", gains.of(Kind.GAIN), style, width, list_all=True)
    yield from access_diff_text.section("LOST", gains.of(Kind.LOSS), style, width, list_all=list_all)
    others = (("CHANGED", gains.of(Kind.CHANGE)), ("FOLLOWS", gains.of(Kind.FOLLOWS)))
    if list_all:
        for word, judged in others:
            yield from access_diff_text.section(word, judged, style, width, list_all=True)
    else:
        for word, judged in others:
            if judged:
                yield f"{style.bold(word)} {plural(len(sentences(judged)), 'line')}: --all prints them"
        yield from [""] if any(judged for _, judged in others) else []
    yield from access_diff_text.approvals(gains, style)
