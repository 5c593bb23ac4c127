"""Every finding, worst first, what says the same of several places once; boxes narrow them down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.report.page.markup import MOST_LISTED, TONES, Section, badge, choice, code, facts, fold, link, listed, nothing, text
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.findings import Finding
    from lakecheck.run import Run

MOST_PLACES: Final = 4000
"""Places on the page; those of the worst findings come first."""

_STATES: Final = ("open", "acknowledged")


def section(run: Run) -> Section:
    """The section."""
    if not run.findings:
        return Section(id="findings", title="Findings", count="none", tone="good", body=(nothing("No check found anything."),))
    still = [one for one in run.findings if one.is_open]
    worst = "bad" if any(one.severity is Severity.ERROR for one in still) else "warn" if still else "good"
    count = f"{len(still):,} open" if still else "none open"
    return Section(
        id="findings", title="Findings", count=count, tone=worst, body=_body(run), lead="Worst first; what is the same is said once."
    )


def _body(run: Run) -> Iterator[str]:
    findings = run.findings
    yield '<form class="filters" data-filters="findings">'
    yield choice("environment", "Environment", dict.fromkeys(_stage(one) for one in findings))
    yield choice("check", "Check", dict.fromkeys(one.check for one in findings))
    yield choice("severity", "Severity", dict.fromkeys(one.severity.value for one in findings))
    yield choice("state", "State", _STATES)
    yield choice("stack", "Stack", sorted({one.stack for one in findings}))
    yield '<button type="reset">Clear</button></form>\n'
    room = MOST_PLACES
    groups = sorted(_grouped(findings), key=lambda group: group[0].acknowledged is not None)
    for group in groups:
        if room <= 0:
            break
        shown_here = group[: min(room, MOST_LISTED)]
        room -= len(shown_here)
        yield from _group(group, shown_here)
    if room <= 0:
        yield nothing(f"The page has room for {MOST_PLACES:,} of {len(findings):,} places; the report of --json has all.")


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        taken = None if one.acknowledged is None else (one.acknowledged.reason, one.acknowledged.owner, one.acknowledged.expires)
        groups.setdefault((one.check, one.rule, one.severity, one.message, one.remedy, taken), []).append(one)
    return list(groups.values())


def _group(group: Sequence[Finding], places: Sequence[Finding]) -> Iterator[str]:
    one = group[0]
    taken = one.acknowledged
    tone = "calm" if taken is not None else TONES[one.severity]
    word = "acknowledged" if taken is not None else one.severity.value
    number = "" if len(group) == 1 else f' <span class="count">{len(group):,}</span>'
    head = f"{badge(word, tone)} <b>{text(one.rule)}</b>{number} <span>{text(one.message)}</span> <small>{text(one.check)}</small>"
    about = facts(
        (
            ("remedy", text(one.remedy)),
            ("reason", "" if taken is None else text(taken.reason)),
            ("owner", "" if taken is None else text("nobody" if taken.owner is None else taken.owner)),
            ("until", "" if taken is None or taken.expires is None else text(taken.expires)),
            ("controls", text(", ".join(one.controls))),
            ("see", link(one.help, one.help) if one.help else ""),
        )
    )
    rows = "".join(_place(each) for each in places)
    more = f"<li>and {len(group) - len(places):,} more places: the report of --json has them</li>" if len(group) > len(places) else ""
    yield f'<details class="group card {tone}"{" open" if one.is_open and len(group) <= 3 else ""}>'  # noqa: PLR2004 - few are read at once
    yield f'<summary class="head">{head}</summary><div class="head">{about}</div><ul class="places">{rows}{more}</ul></details>\n'


def _place(one: Finding) -> str:
    state = "acknowledged" if one.acknowledged is not None else "open"
    data = (
        f' data-environment="{text(_stage(one))}" data-check="{text(one.check)}" data-severity="{one.severity.value}"'
        f' data-state="{state}" data-stack="{text(one.stack)}"'
    )
    name = f" <small>{text(one.logical_id)}</small>" if one.logical_id and one.construct_path else ""
    source = f" <small>{code(one.source)}</small>" if one.source else ""
    behind = fold("because", listed(one.details, most=30)) if one.details else ""
    return f'<li class="item"{data}>{text(one.where)}{name}{source}{behind}</li>'


def _stage(one: Finding) -> str:
    return "" if one.environment == NO_ENVIRONMENT else one.environment
