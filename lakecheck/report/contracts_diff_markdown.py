"""A comparison of contracts as Markdown for a pull request; nothing that stands in a contract can become markup, a link or a mention."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lakecheck.checks.base import plural
from lakecheck.report.contracts_diff import classes_of, summary
from lakemodel.contracts.diff.model import Verdict
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakemodel.contracts.diff.model import ProductDiff
    from lakemodel.contracts.diff.verdict import Judged, Review

MOST_CHARACTERS: Final = 60_000
"""A comment of a pull request has at most 65,536 characters, on GitHub."""

_SHOWN: Final = 160
_FOLDED: Final = 5
"""So many compatible changes of a product, or fewer, are not folded away."""

_ORDER: Final = (Verdict.OPEN, Verdict.APPROVED, Verdict.NEW_MAJOR, Verdict.ALLOWED)
_TOO_LONG: Final = "too long for a comment, `lakecheck contracts diff` prints all."
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 .,;=+-]")
_WEB: Final = re.compile(r"www\.", re.IGNORECASE)
_WORDS: Final = {"compatible": "compatible", "breaking_for_consumers": "breaks consumers", "breaking_for_producers": "breaks producers",
                 "governance": "governance"}  # fmt: skip
_HEAD: Final = ("| change | where | was | now | concerns | |", "|---|---|---|---|---|---|")


def render(review: Review) -> str:
    """The whole comment, which ends with a line feed."""
    lines = [*_top(review)]
    left_out = 0
    for product, judged in review.products():
        if not judged:
            continue
        section = _fitting(product, judged, MOST_CHARACTERS - _size(lines))
        left_out += not section
        lines += section
    if left_out:
        lines += [f"{plural(left_out, 'product')} more: {_TOO_LONG}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _fitting(product: ProductDiff, judged: Sequence[Judged], most: int) -> list[str]:
    """As much of a product as there is room for, what is open first; nothing when there is room for none of it."""
    shown = sorted(judged, key=lambda one: _ORDER.index(one.verdict))
    while shown:
        section = list(_product(product, shown))
        if left_out := len(judged) - len(shown):
            section += [f"{plural(left_out, 'change')} more: {_TOO_LONG}", ""]
        if _size(section) <= most:
            return section
        shown = shown[: len(shown) // 2]
    return []


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def code(text: str, most: int = _SHOWN) -> str:
    """Text as code in a cell: every character that could be markup is a number, so that it stays what it is.

    Example:
        >>> code("a|`b`")
        '<code>a&#124;&#96;b&#96;</code>'
    """
    shown = printable(text)
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    harmless = _PLAIN.sub(lambda found: f"&#{ord(found.group())};", shown)
    return f"<code>{_WEB.sub('www&#46;', harmless)}</code>"


def _top(review: Review) -> Iterator[str]:
    numbers = summary(review)
    parts = [plural(numbers["open"], "open change")] if numbers["open"] else []
    parts += [f"{plural(numbers['refused'], 'contract')} refused"] if numbers["refused"] else []
    yield f"## Data contracts: {'nothing open' if review.passed else ', '.join(parts)}"
    yield ""
    yield (
        f"{plural(numbers['changes'], 'change')}: {numbers['compatible']:,} compatible, {numbers['breaking_for_consumers']:,} breaking for "
        f"consumers, {numbers['breaking_for_producers']:,} breaking for producers, {numbers['governance']:,} of governance."
    )
    yield ""
    for finding in (*review.diff.refused[:20], *review.diff.base_findings[:20]):
        word = "base" if finding in review.diff.base_findings and finding not in review.diff.refused else "**refused**"
        yield f"- {word} {code(str(finding.place))}: {code(f'{finding.message}. {finding.remedy}', 400)}"
    if review.diff.refused or review.diff.base_findings:
        yield ""
    for word, entries in (("expired", review.expired), ("expires soon", review.soon), ("not needed", review.stale)):
        for entry in entries[:20]:
            shown = code(f"{entry.approval.rule} in {entry.approval.contract}")
            yield f"- approval of {shown} {word} ({code(str(entry.place))}, until {entry.approval.expires})"
    if review.expired or review.soon or review.stale:
        yield ""


def _product(product: ProductDiff, judged: Sequence[Judged]) -> Iterator[str]:
    versions = dict.fromkeys(one for one in (product.base_version, product.head_version) if one is not None)
    yield f"### {code(product.contract)} {' → '.join(code(version) for version in versions)}"
    yield ""
    for warning in product.warnings:
        yield f"- {code(warning, 400)}"
    if product.warnings:
        yield ""
    told = [one for verdict in _ORDER[:-1] for one in judged if one.verdict is verdict]
    if told:
        yield from (*_HEAD, *(_row(one) for one in told), "")
    quiet = [one for one in judged if one.verdict is Verdict.ALLOWED]
    if len(quiet) > _FOLDED:
        yield from ("<details>", f"<summary>{plural(len(quiet), 'compatible change')}</summary>", "")
        yield from (*_HEAD, *(_row(one) for one in quiet), "", "</details>", "")
    elif quiet:
        yield from (*_HEAD, *(_row(one) for one in quiet), "")


def _row(judged: Judged) -> str:
    change = judged.change
    verdict = {
        Verdict.OPEN: f"**open**: needs {judged.needs}. {change.rule.remedy}",
        Verdict.APPROVED: "approved",
        Verdict.NEW_MAJOR: "new major version",
        Verdict.ALLOWED: "",
    }[judged.verdict]
    if judged.verdict is Verdict.APPROVED and judged.approval is not None:
        approval = judged.approval.approval
        verdict = f"approved by {code(approval.owner)} until {approval.expires}: {code(approval.reason)}"
    where = f"{code(change.path or change.contract)}<br>{code(f'{change.place.file}:{change.place.line}')}"
    where += " in BASE" if change.is_gone else ""
    cells = [
        f"`{change.rule.id}`<br>{change.rule.what}",
        where,
        "" if change.was is None else code(change.was),
        "" if change.now is None else code(change.now),
        ", ".join(_WORDS[one] for one in classes_of(judged)),
        verdict.strip(),
    ]
    return f"| {' | '.join(cells)} |"
