"""A difference of access as text: what nobody approved first, each with its reasons and the entry that would approve it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from lakecheck.access.difference import Kind
from lakecheck.access.sentences import sentences
from lakecheck.checks.base import plural
from lakecheck.report.access_diff import entry_for, summary
from lakecheck.report.style import WIDTH, Style
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.review import Judged, Review
    from lakecheck.access.sentences import Said
    from lakemodel.approvals import RegisteredGain

MOST_LISTED: Final = 20
_MOST_REASONS: Final = 3


def render(review: Review, *, style: Style | None = None, width: int = WIDTH, list_all: bool = False) -> Iterator[str]:
    """The report line by line.

    Args:
        review: What was judged.
        style: Colours; none by default.
        width: Longest line; entries of the register are never cut.
        list_all: Every loss, change, and what follows for machinery; the first of each otherwise.
    """
    style = Style() if style is None else style
    for line in _lines(review, style, width, list_all=list_all):
        yield line.rstrip() + "\n"


def _lines(review: Review, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    for said in sentences(review.open):
        yield from gain_block(said, style, width)
    told = (
        ("APPROVED", review.of(Kind.GAIN), True),
        ("LOST", review.of(Kind.LOSS), list_all),
        ("CHANGED", review.of(Kind.CHANGE), list_all),
        ("FOLLOWS", review.of(Kind.FOLLOWS), list_all),
    )
    for word, judged, whole in told:
        yield from section(word, judged, style, width, list_all=whole)
    yield from approvals(review, style)
    if review.difference.head_not_known:
        yield style.severity(Severity.WARNING, "not known in HEAD, and no such thing in BASE")
        reasons = review.difference.head_not_known
        most = len(reasons) if list_all else MOST_LISTED
        for reason in reasons[:most]:
            yield from _wrapped("  ", printable(shown(reason)), width)
        if len(reasons) > most:
            yield f"  and {len(reasons) - most:,} more: --all prints them"
        yield ""
    yield from _summary(review, style)


def gain_block(said: Said, style: Style, width: int) -> Iterator[str]:
    """A gain that nobody approved: its reasons, where it is from, and the entry that approves it."""
    yield from _wrapped(style.severity(Severity.ERROR, "GAIN") + " ", said.text, width)
    change = said.first.change
    steps = [reason for step in change.right.via for reason in step.because]
    for place, reason in enumerate(dict.fromkeys((*steps, *change.because))):
        if place < _MOST_REASONS:
            yield from _wrapped("because " if place == 0 else " " * 8, printable(shown(reason)), width)
    if change.at:
        yield f"  at      {printable(change.at)}"
    if said.first.approval is not None:
        entry = said.first.approval
        yield f"  expired {printable(str(entry.place))}: the approval ended on {entry.approval.expires}"
    yield "  needs   in config/approvals.yaml, with reason, owner and expires:"
    for line in entry_for(said):
        yield f"            {line}"
    yield ""


def section(word: str, judged: Sequence[Judged], style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """What changes alike and fails nothing, a sentence each; the first of them, or all."""
    said = sentences(judged)
    most = len(said) if list_all else MOST_LISTED
    for one in said[:most]:
        yield from _wrapped(style.bold(word) + " ", one.text, width)
        if word == "APPROVED" and one.first.approval is not None:
            approval = one.first.approval.approval
            yield from _wrapped("reason  ", printable(f"{approval.reason} ({approval.owner}, until {approval.expires})"), width)
    if len(said) > most:
        yield f"{word} {len(said) - most:,} more: --all prints them"
    if said:
        yield ""


def approvals(review: Review, style: Style) -> Iterator[str]:
    """Entries of the register that do not count any more, or soon will not."""
    told = (
        (review.expired, "expired", "it does not count any more: remove it, or have it approved again"),
        (review.soon, "expires soon", "have it approved again, or be done by then"),
        (review.stale, "not needed", "it allows nothing that changed: remove it"),
    )
    lines = [
        f"{style.severity(Severity.WARNING, 'warning')} {_entry(entry)} {word}; {what}" for entries, word, what in told for entry in entries
    ]
    yield from [*lines, ""] if lines else []


def _entry(entry: RegisteredGain) -> str:
    approval = entry.approval
    return printable(f"{entry.place}: the approval of {approval.dataset} for {approval.principal} (until {approval.expires})")


def _summary(review: Review, style: Style) -> Iterator[str]:
    numbers = summary(review)
    yield (
        f"{plural(numbers['gain'], 'gain')}, {numbers['loss']:,} lost, {numbers['change']:,} changed, {numbers['follows']:,} of "
        f"new data that follow; as of {review.as_of.isoformat()}"
    )
    if review.passed:
        yield style.good("passed: nobody gains what was not approved")
    else:
        yield style.severity(Severity.ERROR, f"failed: {plural(numbers['open'], 'gain')} that nobody approved")


def _wrapped(label: str, text: str, width: int) -> Iterator[str]:
    """A label, perhaps coloured, and text that goes on below itself."""
    indent = "  " if label.startswith((" ", "because", "reason")) else ""
    lines = textwrap.wrap(text, width - 10, break_long_words=False, break_on_hyphens=False) or [""]
    yield f"{indent}{label}{lines[0]}"
    for line in lines[1:]:
        yield f"          {line}"
