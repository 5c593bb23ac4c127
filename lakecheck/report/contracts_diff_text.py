"""A comparison of contracts as text: what is open first, with its place, what it was, what it is, whom it concerns and the remedy."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from lakecheck.checks.base import plural
from lakecheck.report.contracts_diff import classes_of, summary
from lakecheck.report.style import WIDTH, Style
from lakemodel.contracts.diff.model import Product, Verdict
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.approvals import Registered
    from lakemodel.contracts.diff.model import ProductDiff
    from lakemodel.contracts.diff.verdict import Judged, Review

_SHOWN: Final = 200
_LABEL: Final = 8
_WORDS: Final = {Verdict.OPEN: "OPEN", Verdict.APPROVED: "APPROVED", Verdict.NEW_MAJOR: "NEW MAJOR", Verdict.ALLOWED: "compatible"}
_STATES: Final = {Product.ADDED: "new", Product.REMOVED: "gone", Product.NOT_COMPARED: "not compared"}


def render(review: Review, rules: str, *, style: Style | None = None, width: int = WIDTH) -> str:
    """The whole report, which ends with a line feed.

    Args:
        review: What was judged.
        rules: By which rules contracts were read, in words.
        style: Colours; none by default.
        width: Longest line; places are never cut.
    """
    style = Style() if style is None else style
    refused, unbuilt = style.severity(Severity.ERROR, "REFUSED"), style.severity(Severity.WARNING, "BASE")
    lines = [f"{refused} {printable(str(finding))} [{finding.code}]" for finding in review.diff.refused]
    lines += [f"{unbuilt} {printable(str(finding))} [{finding.code}]" for finding in review.diff.base_findings]
    lines += [""] if lines else []
    for product, judged in review.products():
        if judged:
            lines += [*_product(product, judged, style, width), ""]
    lines += _approvals(review, style)
    lines += _summary(review, rules, style)
    return "\n".join(lines) + "\n"


def _product(product: ProductDiff, judged: tuple[Judged, ...], style: Style, width: int) -> Iterator[str]:
    versions = [product.base_version, product.head_version]
    version = " -> ".join(dict.fromkeys(printable(one) or "no version" for one in versions if one is not None))
    state = _STATES.get(product.state, "new major version" if product.is_major else "")
    yield style.bold(f"{product.contract} {version}") + (f"  {state}" if state else "")
    for warning in product.warnings:
        yield f"  {style.severity(Severity.WARNING, 'warning')} {printable(warning)}"
    for verdict in (Verdict.OPEN, Verdict.APPROVED, Verdict.NEW_MAJOR):
        for one in judged:
            if one.verdict is verdict:
                yield from _block(one, style, width)
    for one in judged:
        if one.verdict is Verdict.ALLOWED:
            yield _line(one, style)


def _block(judged: Judged, style: Style, width: int) -> Iterator[str]:
    change = judged.change
    severity = Severity.ERROR if judged.verdict is Verdict.OPEN else Severity.NOTE
    yield f"  {style.severity(severity, f'{_WORDS[judged.verdict]} {change.rule.id}')}  {', '.join(classes_of(judged))}"
    yield f"    {'at'.ljust(_LABEL)}{_where(judged)}"
    yield from _labelled("was", _value(change.was), width)
    yield from _labelled("now", _value(change.now), width)
    yield from _labelled("what", change.rule.what, width)
    yield from _labelled("why", f"{change.rule.why} {change.hint}".strip(), width)
    if judged.verdict is Verdict.OPEN:
        yield from _labelled("remedy", change.rule.remedy, width)
        yield from _labelled("needs", judged.needs + _expired(judged), width)
    elif judged.approval is not None:
        approval = judged.approval.approval
        yield from _labelled("reason", f"{approval.reason} ({approval.owner}, until {approval.expires})", width)


def _expired(judged: Judged) -> str:
    if judged.approval is None:
        return ""
    place = judged.approval.place
    return f"; the one at {place.file}:{place.line} expired on {judged.approval.approval.expires}"


def _line(judged: Judged, style: Style) -> str:
    change = judged.change
    values = f"{_value(change.was, 60)} -> {_value(change.now, 60)}"
    return f"  {style.faint(_WORDS[judged.verdict])} {change.rule.id}  {_where(judged)}: {values}"


def _where(judged: Judged) -> str:
    change = judged.change
    place = printable(str(change.place))
    return f"{place} (in BASE)" if change.is_gone else place


def _value(value: str | None, most: int = _SHOWN) -> str:
    if value is None:
        return "not there"
    text = printable(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    if text:
        first, rest = f"    {label.ljust(_LABEL)}", " " * (_LABEL + 4)
        yield from textwrap.wrap(
            text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        ) or [f"{first}{text}"]


def _approvals(review: Review, style: Style) -> Iterator[str]:
    told = (
        (review.expired, "expired", "it does not count any more: remove it, or have it approved again"),
        (review.soon, "expires soon", "have it approved again, or be done by then"),
        (review.stale, "not needed", "it allows nothing that changed: remove it"),
    )
    lines = [
        f"{style.severity(Severity.WARNING, 'warning')} {_entry(entry)} {word}; {what}" for entries, word, what in told for entry in entries
    ]
    yield from [*lines, ""] if lines else []


def _entry(entry: Registered) -> str:
    approval = entry.approval
    return printable(f"{entry.place}: the approval of {approval.rule} in {approval.contract} (until {approval.expires})")


def _summary(review: Review, rules: str, style: Style) -> Iterator[str]:
    numbers = summary(review)
    states = [(Product.ADDED, "new"), (Product.REMOVED, "gone"), (Product.NOT_COMPARED, "not compared")]
    products = [f"{plural(numbers['compared'], 'product')} compared", *(f"{numbers[one]:,} {word}" for one, word in states if numbers[one])]
    yield ", ".join(products)
    yield (
        f"{plural(numbers['changes'], 'change')}: {numbers['compatible']:,} compatible, {numbers['breaking_for_consumers']:,} breaking for "
        f"consumers, {numbers['breaking_for_producers']:,} breaking for producers, {numbers['governance']:,} of governance"
    )
    if review.diff.known:
        yield f"HEAD still has {plural(len(review.diff.known), 'error')} of BASE: it cannot be built either, and this change is not why."
    yield f"Judged by {rules}, as of {review.as_of.isoformat()}."
    if review.passed:
        allowed = [(Verdict.NEW_MAJOR, "by a new major version"), (Verdict.APPROVED, "approved")]
        what = ", ".join(f"{numbers[verdict]:,} {word}" for verdict, word in allowed if numbers[verdict])
        yield style.good(f"passed: nothing open{f' ({what})' if what else ''}")
        return
    parts = [plural(numbers["open"], "open change")] if numbers["open"] else []
    parts += [f"{plural(numbers['refused'], 'contract')} of HEAD refused"] if numbers["refused"] else []
    yield style.severity(Severity.ERROR, f"failed: {', '.join(parts)}")
    if numbers["open"]:
        yield "An approval in config/approvals.yaml repeats rule, contract, path, was and now, and adds a reason, an owner and a last day."
