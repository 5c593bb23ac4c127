"""A judged change as Markdown for a pull request: what is at risk first, the rest folded; no name can become markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.checks.base import plural
from lakecheck.report.contracts_diff_markdown import MOST_CHARACTERS, code
from lakecheck.report.upgrade_told import WORDS, by_type, counts, entry_for, told
from lakecheck.upgrade.model import Category
from lakecheck.upgrade.review import FAILING
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.report.upgrade_told import Told
    from lakecheck.upgrade.review import UpgradeReview

_TOO_LONG: Final = "too long for a comment; `lakecheck upgrade` prints all."
_MOST: Final = 600
_MOST_REASONS: Final = 5
_FOOT: Final = 2_000
"""Characters that are kept for what comes after the risks."""


def render(review: UpgradeReview) -> Iterator[str]:
    """The comment line by line; what does not fit is left out a risk at a time, and the comment says so."""
    room, is_short = MOST_CHARACTERS, False
    for block in _blocks(review):
        size = sum(len(line) + 1 for line in block)
        if room - size < _FOOT:
            is_short = True
            continue
        room -= size
        yield from (f"{line}\n" for line in block)
    if is_short:
        yield f"\nSome of it is left out: {_TOO_LONG}\n"


def _blocks(review: UpgradeReview) -> Iterator[list[str]]:
    numbers = counts(review)
    verdict = "nothing is lost that was not approved" if review.passed else f"{plural(numbers['open'], 'risk')} that nobody approved"
    words = ", ".join(f"{numbers[category.value]:,} {name}" for category, name in WORDS.items())
    yield [f"## Upgrade: {verdict}", "", f"{words}.", ""]
    for one in told(review.open):
        yield list(_open(one))
    approved = [
        f"- {WORDS[one.first.risk.category]}: {code(one.text, _MOST)}" for one in told(one for one in review.judged if one.is_approved)
    ]
    yield from _folded("Approved", approved)
    others = [one for one in review.judged if one.risk.category not in FAILING | {Category.HARMLESS}]
    yield from _folded("Identity", [f"- {code(one.text, _MOST)}: {code(one.first.risk.consequence, _MOST)}" for one in told(others)])
    harmless = review.of(Category.HARMLESS)
    yield from _folded("Harmless", [f"- {number:,} {code(kind)} {what}" for what, kind, number in by_type(harmless)])
    for word, entries in (("expired", review.expired), ("expires soon", review.soon), ("not needed", review.stale)):
        for entry in entries[:20]:
            what = code(f"{entry.approval.rule} at {entry.approval.stack}/{entry.approval.logical_id}")
            yield [f"- approval of {what} {word} ({code(str(entry.place))}, until {entry.approval.expires})"]
    yield from _folded("Not compared", [f"- {code(shown(reason), 400)}" for reason in review.comparison.not_known])


def _open(one: Told) -> Iterator[str]:
    risk = one.first.risk
    yield f"- **{WORDS[risk.category]}** {code(one.text, _MOST)}"
    yield f"  <br>{code(risk.consequence, _MOST)}"
    if risk.because:
        more = f" and {len(risk.because) - _MOST_REASONS:,} more" if len(risk.because) > _MOST_REASONS else ""
        yield f"  <br>because {'; '.join(code(reason, 300) for reason in risk.because[:_MOST_REASONS])}{more}"
    yield f"  <br>safely: {code(risk.remedy, _MOST)}"
    yield f"  <br>at {code(one.place)} ({code(risk.rule)})"
    if one.first.approval is not None:
        yield f"  <br>its approval expired on {one.first.approval.approval.expires} ({code(str(one.first.approval.place))})"
    yield "  <details><summary>how to approve it</summary>"
    entry = "&#10;".join(code(line, _MOST).removeprefix("<code>").removesuffix("</code>") for line in entry_for(one))
    yield f"  <pre>{entry}</pre>"
    yield "  </details>"


def _folded(title: str, lines: list[str]) -> Iterator[list[str]]:
    if lines:
        yield ["", "<details>", f"<summary>{title}: {len(lines):,}</summary>", "", *lines[:200], "", "</details>"]
