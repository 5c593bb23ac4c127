"""A judged change as text: the most dangerous first, each with what happens, why, how to do it safely, and the entry that approves it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from lakecheck.checks.base import plural
from lakecheck.report.style import WIDTH, Style
from lakecheck.report.upgrade_told import WORDS, by_type, counts, entry_for, told
from lakecheck.upgrade.model import Category
from lakecheck.upgrade.review import FAILING
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.report.upgrade_told import Told
    from lakecheck.upgrade.review import UpgradeReview
    from lakemodel.approvals import RegisteredRisk

MOST_LISTED: Final = 20
_MOST_REASONS: Final = 6
_LABEL: Final = 10


def render(review: UpgradeReview, *, style: Style | None = None, width: int = WIDTH, list_all: bool = False) -> Iterator[str]:
    """The report line by line.

    Args:
        review: What was judged.
        style: Colours; none by default.
        width: Longest line; entries of the register are never cut.
        list_all: Every reason, identity and harmless change; otherwise the first, and harmless ones by number.
    """
    style = Style() if style is None else style
    for line in _lines(review, style, width, list_all=list_all):
        yield line.rstrip() + "\n"


def _lines(review: UpgradeReview, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    for one in told(review.open):
        yield from risk_block(one, style, width, list_all=list_all)
    yield from rest(review, style, width, list_all=list_all)
    yield from _summary(review, style)


def rest(review: UpgradeReview, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """What fails nothing: approved, identity and harmless changes, entries that do not count, what is not known."""
    yield from _approved(review, style, width)
    yield from _identity(review, style, width, list_all=list_all)
    yield from _harmless(review, style, width, list_all=list_all)
    yield from _approvals(review, style)
    reasons = review.comparison.not_known
    if reasons:
        yield style.severity(Severity.WARNING, "not compared")
        for reason in reasons if list_all else reasons[:MOST_LISTED]:
            yield from _labelled("", printable(shown(reason)), width)
        if len(reasons) > MOST_LISTED and not list_all:
            yield f"  and {len(reasons) - MOST_LISTED:,} more: --all prints them"
        yield ""


def risk_block(one: Told, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """An open risk: what happens, why, how to do it safely, where, and the entry that approves it."""
    risk = one.first.risk
    severity = Severity.ERROR if risk.is_certain else Severity.WARNING
    head = WORDS[risk.category].upper()
    yield from _headed(style.severity(severity, head), len(head), f"{one.text} [{risk.rule}]", width)
    yield from _labelled("then", printable(risk.consequence), width)
    most = len(risk.because) if list_all else _MOST_REASONS
    for number, reason in enumerate(risk.because[:most]):
        yield from _labelled("because" if number == 0 else "", printable(reason), width)
    if len(risk.because) > most:
        yield from _labelled("", f"and {len(risk.because) - most:,} more: --all prints them", width)
    yield from _labelled("remedy", printable(risk.remedy), width)
    yield from _labelled("at", one.place, width)
    if one.first.approval is not None:
        entry = one.first.approval
        yield from _labelled("expired", printable(f"{entry.place}: the approval ended on {entry.approval.expires}"), width)
    yield "  needs     in config/approvals.yaml, with reason, owner and expires:"
    for line in entry_for(one):
        yield f"              {line}"
    yield ""


def _approved(review: UpgradeReview, style: Style, width: int) -> Iterator[str]:
    found = told(one for one in review.judged if one.is_approved)
    for one in found:
        yield from _headed(style.bold("APPROVED"), len("APPROVED"), f"{WORDS[one.first.risk.category]}: {one.text}", width)
        if one.first.approval is not None:
            approval = one.first.approval.approval
            yield from _labelled("reason", printable(f"{approval.reason} ({approval.owner}, until {approval.expires})"), width)
    if found:
        yield ""


def _identity(review: UpgradeReview, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    found = told(one for one in review.judged if one.risk.category not in FAILING | {Category.HARMLESS})
    most = len(found) if list_all else MOST_LISTED
    for one in found[:most]:
        word = WORDS[one.first.risk.category].upper()
        yield from _headed(style.severity(Severity.NOTE, word), len(word), one.text, width)
        yield from _labelled("then", printable(one.first.risk.consequence), width)
    if len(found) > most:
        yield f"IDENTITY {len(found) - most:,} more: --all prints them"
    if found:
        yield ""


def _harmless(review: UpgradeReview, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    found = review.of(Category.HARMLESS)
    if not found:
        return
    if list_all:
        for one in told(found):
            yield from _headed(style.faint("HARMLESS"), len("HARMLESS"), f"{one.text}: {one.place}", width)
    else:
        words = ", ".join(f"{number:,} {kind} {what}" for what, kind, number in by_type(found))
        yield from _headed(style.faint("HARMLESS"), len("HARMLESS"), words, width)
    yield ""


def _approvals(review: UpgradeReview, style: Style) -> Iterator[str]:
    kinds = (
        (review.expired, "expired", "it does not count any more: remove it, or have it approved again"),
        (review.soon, "expires soon", "have it approved again, or be done by then"),
        (review.stale, "not needed", "it allows nothing that changes: remove it"),
    )
    lines = [
        f"{style.severity(Severity.WARNING, 'warning')} {_entry(entry)} {word}; {what}"
        for entries, word, what in kinds
        for entry in entries
    ]
    yield from [*lines, ""] if lines else []


def _entry(entry: RegisteredRisk) -> str:
    approval = entry.approval
    where = "/".join(part for part in (approval.stack, approval.logical_id, approval.property) if part)
    return printable(f"{entry.place}: the approval of {approval.rule} at {where} (until {approval.expires})")


def _summary(review: UpgradeReview, style: Style) -> Iterator[str]:
    numbers = counts(review)
    told_of = ", ".join(f"{numbers[category.value]:,} {words}" for category, words in WORDS.items())
    yield f"{told_of}; as of {review.as_of.isoformat()}"
    if review.passed:
        yield style.good("passed: nothing is lost or weakened that was not approved")
    else:
        yield style.severity(Severity.ERROR, f"failed: {plural(numbers['open'], 'risk')} that nobody approved")


def _headed(word: str, length: int, text: str, width: int) -> Iterator[str]:
    """A word, perhaps coloured, and text that goes on below itself."""
    lines = textwrap.wrap(text, width, initial_indent=" " * (length + 1), break_long_words=False, break_on_hyphens=False) or [""]
    yield f"{word} {lines[0].strip()}"
    yield from (f"{' ' * _LABEL}  {line.strip()}" for line in lines[1:])


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    if not text:
        return
    lines = textwrap.wrap(text, width - _LABEL - 2, break_long_words=False, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        yield f"  {(label if number == 0 else ''):<{_LABEL}}{line}"
