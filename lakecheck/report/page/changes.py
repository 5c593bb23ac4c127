"""What deploying over the base endangers, most dangerous first, with what happens and the remedy; who gains access; the rest counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from lakecheck.access.difference import Kind
from lakecheck.access.sentences import sentences
from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.access_diff import entry_for as gain_entry
from lakecheck.report.page.markup import MOST_LISTED, Section, badge, code, facts, fold, listed, nothing, text
from lakecheck.report.upgrade_told import Told, entry_for as upgrade_entry
from lakecheck.upgrade.model import Category
from lakemodel.access_gain import AccessGain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.review import Review
    from lakecheck.access.sentences import Said
    from lakecheck.run import Run
    from lakecheck.upgrade.review import JudgedRisk, UpgradeReview
    from lakemodel.approvals import RegisteredGain, RegisteredRisk

TITLES: Final = {
    Category.DATA_LOSS: "Data loss",
    Category.LOST_ACCESS: "Lost access",
    Category.COLLISION: "Collision",
    Category.SECURITY_WEAKENED: "Security weakened",
    Category.IDENTITY: "Identity",
    Category.HARMLESS: "Harmless",
}
_TONES: Final = {Category.DATA_LOSS: "bad", Category.LOST_ACCESS: "bad", Category.COLLISION: "bad", Category.SECURITY_WEAKENED: "bad"}
_MOST_KINDS: Final = 40
_KINDS: Final = ((Kind.LOSS, "lost"), (Kind.CHANGE, "changed"), (Kind.FOLLOWS, "follows"))


def section(run: Run) -> Section:
    """The section."""
    upgrade, gains = run.upgrade, run.gains
    if upgrade is None and gains is None:
        return Section(id="changes", title="Changes", body=(nothing("Nothing was compared: --base names the assembly that is deployed."),))
    open_ones = (0 if upgrade is None else len(upgrade.open)) + (0 if gains is None else len(sentences(gains.open)))
    count, tone = (f"{open_ones:,} open", "bad") if open_ones else ("nothing open", "good")
    return Section(
        id="changes", title="Changes", count=count, tone=tone, body=_body(upgrade, gains),
        lead="What deploying this over the base would do, most dangerous first. An approval lets a change pass until its day.",
    )  # fmt: skip


def _body(upgrade: UpgradeReview | None, gains: Review | None) -> Iterator[str]:
    if upgrade is not None:
        yield from _counts(upgrade)
        for category in Category:
            if category is not Category.HARMLESS:
                yield from _category(category, upgrade.of(category))
    if gains is not None:
        yield from _gains(gains)
    yield from _register(upgrade, gains)
    if upgrade is not None:
        yield from _harmless(upgrade.of(Category.HARMLESS))
        not_known = upgrade.comparison.not_known
        if not_known:
            label = f"{badge('not known', 'open')} {len(not_known):,} could not be compared"
            yield fold(label, listed(not_known), attributes=' class="item card open"') + "\n"


def _counts(upgrade: UpgradeReview) -> Iterator[str]:
    yield '<ul class="figures small">'
    for category, title in TITLES.items():
        found = upgrade.of(category)
        still = sum(one.is_open for one in found)
        tone = "none" if not found else "calm" if not still else _TONES.get(category, "warn")
        yield f'<li class="{tone}"><span><b>{len(found):,}</b> {text(title.lower())}</span></li>'
    yield "</ul>\n"


def _category(category: Category, found: Sequence[JudgedRisk]) -> Iterator[str]:
    if not found:
        return
    ordered = sorted(found, key=lambda one: not one.is_open)
    yield f'<div class="group"><h3 class="head">{TITLES[category]}</h3>\n'
    alike: dict[tuple[object, ...], list[JudgedRisk]] = {}
    for one in ordered:
        risk = one.risk
        key = (one.is_open, risk.rule, risk.type, _inside(one), risk.property, risk.was, risk.now, risk.message, id(one.approval))
        alike.setdefault(key, []).append(one)
    groups = list(alike.values())
    for group in groups[:MOST_LISTED]:
        yield _risk(group)
    if len(groups) > MOST_LISTED:
        yield nothing(f"{len(groups) - MOST_LISTED:,} more of this category are in the report of --json.")
    yield "</div>\n"


def _inside(one: JudgedRisk) -> str:
    risk = one.risk
    return f"{risk.stack}/{risk.logical_id}".removeprefix(f"{risk.environment}/").rstrip("/")


def _risk(group: Sequence[JudgedRisk]) -> str:
    one, risk = group[0], group[0].risk
    tone = _TONES.get(risk.category, "warn") if one.is_open or risk.category is Category.IDENTITY else "calm"
    state = badge("open", tone) if one.is_open else badge("approved", "good") if one.approval is not None else ""
    state += "" if risk.is_certain else f" {badge('perhaps', 'open')}"
    stages = [each.risk.environment for each in group if each.risk.environment not in ("", NO_ENVIRONMENT)]
    where = f"<small>{text(', '.join(dict.fromkeys(stages)))}</small>"
    change = f"{code(risk.was)} → {code(risk.now)}" if risk.was or risk.now else ""
    rows = facts(
        (
            ("what happens", text(risk.consequence)),
            ("remedy", text(risk.remedy)),
            ("where", "<br>".join(code(each.risk.construct_path or f"{each.risk.stack}/{each.risk.logical_id}") for each in group[:12])),
            ("property", code(risk.property) if risk.property else ""),
            ("was → is", change),
            ("because", listed(risk.because)),
            ("at", code(risk.source) if risk.source else ""),
            ("approval", _approval(one.approval)),
            ("rule", code(risk.rule)),
            ("to pass", _entry(upgrade_entry(Told(tuple(group), ()))) if one.is_open else ""),
        )
    )
    head = f"{state} <b>{text(_inside(one))}</b> {text(risk.message)} <small>{text(risk.type)}</small> {where}"
    return fold(head, rows, attributes=f' class="item card {tone}"', is_open=one.is_open) + "\n"


def _entry(lines: Sequence[str]) -> str:
    """The entry of the register that lets it pass, to be copied."""
    entry = "\n".join(map(text, lines))
    return fold("how to approve it: in approvals.yaml, with reason, owner and expires", f"<pre>{entry}</pre>")


def _approval(entry: RegisteredRisk | RegisteredGain | None) -> str:
    if entry is None:
        return ""
    approval = entry.approval
    return f"{text(approval.reason)} <small>{text(approval.owner)}, until {text(approval.expires)}, {text(entry.place)}</small>"


def _gains(gains: Review) -> Iterator[str]:
    open_ones, approved = sentences(gains.open), sentences(gains.of(Kind.GAIN))
    yield '<div class="group"><h3 class="head">Who gains or loses access</h3>\n'
    for said in open_ones[:MOST_LISTED]:
        yield _said(said, badge("gain", "bad"), "bad", is_open=True)
    for said in approved[:MOST_LISTED]:
        yield _said(said, badge("approved", "good"), "calm", is_open=False)
    left_out = max(len(open_ones) - MOST_LISTED, 0) + max(len(approved) - MOST_LISTED, 0)
    for kind, word in _KINDS:
        told = sentences(gains.of(kind))
        left_out += max(len(told) - MOST_LISTED, 0)
        for said in told[:MOST_LISTED]:
            yield _said(said, badge(word, "calm"), "calm", is_open=False)
    if left_out:
        yield nothing(f"{left_out:,} more are in the report of lakecheck access diff.")
    if not gains.judged:
        yield nothing("Nobody gains or loses access to anything.")
    yield "</div>\n"


def _said(said: Said, mark: str, tone: str, *, is_open: bool) -> str:
    change = said.first.change
    steps = [reason for step in change.right.via for reason in step.because]
    rows = facts(
        (
            ("because", listed(tuple(dict.fromkeys((*steps, *change.because))), most=12)),
            ("at", code(change.at) if change.at else ""),
            ("approval", _approval(said.first.approval)),
            ("to pass", _entry(gain_entry(said)) if is_open else ""),
        )
    )
    return fold(f"{mark} {text(said.text)}", rows, attributes=f' class="item card {tone}"', is_open=is_open) + "\n"


def _register(upgrade: UpgradeReview | None, gains: Review | None) -> Iterator[str]:
    """Entries of the register that do not count any more, or soon will not."""
    reviews = [review for review in (upgrade, gains) if review is not None]
    kinds = (
        ("expired", "bad", "it counts no more", [entry for review in reviews for entry in review.expired]),
        ("expires soon", "warn", "have it approved again, or be done by then", [entry for review in reviews for entry in review.soon]),
        ("not needed", "calm", "it allows nothing that changes: remove it", [entry for review in reviews for entry in review.stale]),
    )
    if any(entries for *_, entries in kinds):
        yield '<div class="group"><h3 class="head">Approvals in the register</h3>\n'
        for word, tone, what, entries in kinds:
            for entry in entries[:MOST_LISTED]:
                yield fold(f"{badge(word, tone)} {text(_about(entry))}", facts((("so", text(what)), ("approval", _approval(entry)))),
                           attributes=f' class="item card {tone}"') + "\n"  # fmt: skip
        yield "</div>\n"


def _about(entry: RegisteredRisk | RegisteredGain) -> str:
    approval = entry.approval
    if isinstance(approval, AccessGain):
        return f"{approval.dataset} for {approval.principal}, until {approval.expires}"
    where = "/".join(part for part in (approval.stack, approval.logical_id, approval.property) if part)
    return f"{approval.rule} at {where}, until {approval.expires}"


def _harmless(found: Sequence[JudgedRisk]) -> Iterator[str]:
    if found:
        counted = Counter((one.risk.message, one.risk.type) for one in found)
        common = counted.most_common(_MOST_KINDS)
        rows = "".join(f"<li>{number:,} of {text(kind)}: {text(message)}</li>" for (message, kind), number in common)
        more = f"<li>and {len(counted) - _MOST_KINDS:,} other kinds</li>" if len(counted) > _MOST_KINDS else ""
        label = f"{badge('harmless', 'good')} {plural(len(found), 'change')} that {'endanger' if len(found) > 1 else 'endangers'} nothing"
        yield fold(label, f"<ul>{rows}{more}</ul>", attributes=' class="item card calm"') + "\n"
