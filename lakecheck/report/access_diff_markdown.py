"""A difference of access as Markdown for a pull request: who gains what first, the rest folded; no name can become markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.difference import Kind
from lakecheck.access.sentences import sentences
from lakecheck.checks.base import plural
from lakecheck.report.access_diff import entry_for, summary
from lakecheck.report.contracts_diff_markdown import MOST_CHARACTERS, code
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.review import Judged, Review
    from lakecheck.access.sentences import Said

_TOO_LONG: Final = "too long for a comment; `lakecheck access diff` prints all."
_MOST: Final = 600
_FOOT: Final = 2_000
"""Characters that are kept for what comes after the gains."""


def render(review: Review) -> Iterator[str]:
    """The comment line by line."""
    room = MOST_CHARACTERS
    for line in _lines(review):
        room -= len(line) + 1
        if room < _FOOT and line.startswith(("- ", "  ")):
            continue
        yield line + "\n"
    if room < _FOOT:
        yield f"\nSome of it is left out: {_TOO_LONG}\n"


def _lines(review: Review) -> Iterator[str]:
    numbers = summary(review)
    verdict = "nobody gains what was not approved" if review.passed else f"{plural(numbers['open'], 'gain')} that nobody approved"
    yield f"## Access: {verdict}"
    yield ""
    yield (
        f"{plural(numbers['gain'], 'gain')}, {numbers['loss']:,} lost, {numbers['change']:,} changed, {numbers['follows']:,} of "
        "new data that follow what machinery and administrators had."
    )
    yield ""
    for said in sentences(review.open):
        yield from _open(said)
    folded = (("Approved", Kind.GAIN), ("Lost", Kind.LOSS), ("Changed", Kind.CHANGE), ("Follows", Kind.FOLLOWS))
    for title, kind in folded:
        yield from _folded(title, review.of(kind))
    for word, entries in (("expired", review.expired), ("expires soon", review.soon), ("not needed", review.stale)):
        for entry in entries[:20]:
            what = code(f"{entry.approval.dataset} for {entry.approval.principal}")
            yield f"- approval of {what} {word} ({code(str(entry.place))}, until {entry.approval.expires})"
    reasons = review.difference.head_not_known
    if reasons:
        yield from ("", "<details>", f"<summary>Not known in HEAD, and no such thing in BASE: {len(reasons):,}</summary>", "")
        for reason in reasons:
            yield f"- {code(shown(reason), 400)}"
        yield from ("", "</details>")


def _open(said: Said) -> Iterator[str]:
    yield f"- **gain**: {code(said.text, _MOST)}"
    change = said.first.change
    reasons = dict.fromkeys((*(reason for step in change.right.via for reason in step.because), *change.because))
    if reasons:
        yield f"  <br>because {'; '.join(code(shown(reason), 300) for reason in list(reasons)[:3])}"
    if change.at:
        yield f"  <br>at {code(change.at)}"
    yield "  <details><summary>how to approve it</summary>"
    yield f"  <pre>{'&#10;'.join(code(line, _MOST).removeprefix('<code>').removesuffix('</code>') for line in entry_for(said))}</pre>"
    yield "  </details>"


def _folded(title: str, judged: Sequence[Judged]) -> Iterator[str]:
    if judged:
        said = sentences(judged)
        yield from ("", "<details>", f"<summary>{title}: {len(said):,}</summary>", "")
        for one in said:
            yield f"- {code(one.text, _MOST)}"
        yield from ("", "</details>")
