"""What the code acknowledges: where, why, who answers for it, until when; what is new against the base and what is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.checks import acknowledgements as check
from lakecheck.checks.base import plural
from lakecheck.report.page.markup import Section, badge, code, nothing, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from lakecheck.assembly import Acknowledgement
    from lakecheck.run import Run

MOST_ROWS: Final = 1500
_STATES: Final = {"stale": "warn", "expired": "bad", "expires-soon": "warn", "bare-id": "bad", "unreadable-date": "bad"}
"""What the check says of an acknowledgement, by the rule's name."""


def section(run: Run) -> Section:
    """The section."""
    all_of_them = run.assembly.acknowledgements
    if not all_of_them and not run.gone_acknowledgements:
        return Section(id="acknowledgements", title="Acknowledgements", body=(nothing("Nothing was acknowledged."),))
    new = len(run.new_acknowledgements or ())
    lead = "Findings that somebody took on, with the reason that stands in the code."
    if run.new_acknowledgements is not None:
        lead += f" Against the base {new:,} {'is' if new == 1 else 'are'} new, {len(run.gone_acknowledgements or ()):,} gone."
    count = f"{new:,} new" if new else f"{len(all_of_them):,}"
    return Section(
        id="acknowledgements", title="Acknowledgements", count=count, tone="warn" if new else "calm", lead=lead, body=_body(run)
    )  # fmt: skip


def _body(run: Run) -> Iterator[str]:
    new = set(run.new_acknowledgements or ())
    gone = tuple(run.gone_acknowledgements or ())
    rules = {(each.construct_path, each.rule) for each in run.findings if each.check == check.NAME}
    alike: dict[tuple[object, ...], list[Acknowledgement]] = {}
    stages = {stack.path: stack.environment for stack in run.assembly.stacks}
    environments = tuple(dict.fromkeys(stages.values()))
    for one in (*gone, *run.assembly.acknowledgements):
        state = "gone" if one in gone else "new" if one in new else ""
        inside = one.path
        for environment in environments:
            inside = inside.removeprefix(f"{environment}/") if one.path.startswith(f"{environment}/") else inside
        alike.setdefault((state != "gone", state != "new", state, one.rule, inside, one.reason, one.owner, one.expires), []).append(one)
    groups = [(str(key[2]), str(key[4]), group) for key, group in sorted(alike.items(), key=_soonest)]
    rows = (_row(state, inside, group, run.options.as_of, rules, environments) for state, inside, group in groups[:MOST_ROWS])
    heads = ("What", "Where", "Reason", "Owner", "Until")
    yield from table(plural(len(run.assembly.acknowledgements), "acknowledgement"), heads, rows, name="acknowledgements")
    if len(groups) > MOST_ROWS:
        yield nothing(f"{len(groups) - MOST_ROWS:,} more rows are in the report of --json.")


def _soonest(one: tuple[tuple[object, ...], object]) -> tuple[object, ...]:
    """What is gone, what is new, then what ends first."""
    *states, until = one[0][0], one[0][1], one[0][-1]
    return (*states, until is None, until)


def _row(
    state: str,
    inside: str,
    group: Sequence[Acknowledgement],
    as_of: date,
    rules: set[tuple[str, str]],
    environments: Sequence[str],
) -> str:
    one = group[0]
    marks = {"new": badge("new", "warn"), "gone": badge("gone", "calm")}.get(state, "")
    marks += "".join(badge(word, tone) for word, tone in _STATES.items() if any((each.path, word) in rules for each in group))
    where = [each for each in environments if any(f"{found.path}/".startswith(f"{each}/") for found in group)]
    stages = f"<br><small>{text(', '.join(where))}</small>" if where else ""
    source = f"<br><small>{code(one.source)}</small>" if one.source else ""
    owner = text(one.owner) if one.owner is not None else '<span class="soft">nobody</span>'
    late = " bad-text" if one.expires is not None and one.expires < as_of.isoformat() else ""
    until = f'<span class="date{late}">{text(one.expires)}</span>' if one.expires is not None else '<span class="soft">no end</span>'
    first = f'<th scope="row">{code(one.rule)} {marks}</th>'
    return (
        f'<tr class="item">{first}<td>{text(inside)}{stages}{source}</td><td>{text(one.reason)}</td><td>{owner}</td><td>{until}</td></tr>\n'
    )
