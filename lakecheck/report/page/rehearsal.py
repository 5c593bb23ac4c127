"""A rehearsal as one page that needs nothing else: steps in time, how much was rehearsed by type, each resource with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.checks.base import plural
from lakecheck.rehearsal.comparison.summary import by_type, counts
from lakecheck.rehearsal.model import Outcome, Rehearsed
from lakecheck.report.json import tool_version
from lakecheck.report.page.markup import MOST_LISTED, Section, badge, choice, code, facts, fold, listed, nothing, table, text
from lakecheck.report.page.shell import closed, opened, part
from lakecheck.report.rehearsal_told import HOW, OUTCOMES, RULE, extent, place, title, value, verdict, where

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.rehearsal.comparison.summary import TypeSummary
    from lakecheck.rehearsal.model import Report, ResourceResult, Step

_TONES: Final = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.SKIPPED: "warn"}
_HOW_TONES: Final = {Rehearsed.NOT: "warn", Rehearsed.BY_EMULATOR: "good", Rehearsed.BY_ADAPTER: "open", Rehearsed.NOWHERE: "calm"}
"""In the order of the page: what is missing first."""
_MOST_DIFFERENCES: Final = 12
_LEAST_WIDTH: Final = 0.4


def render(report: Report) -> Iterator[str]:
    """The page piece by piece."""
    sections = (_extent(report), _resources(report), _steps(report), _untruths(report), _changes(report))
    shown = [one for one in sections if one is not None]
    yield from opened(f"Rehearsal: {title(report)}", shown)
    yield from _head(report)
    for section in shown:
        yield from part(section)
    version = tool_version()
    tool = "lakecheck" if version == "0" else f"lakecheck {version}"
    seconds = sum(step.seconds for step in report.steps)
    yield f'<footer class="part"><p>{text(tool)}, {seconds:.1f} s. {text(RULE)}</p></footer>\n'
    yield from closed()


def _head(report: Report) -> Iterator[str]:
    found = counts(report.resources)
    failed = sum(step.outcome is Outcome.FAILED for step in report.steps)
    words = "no share" if found.percentage is None else f"{found.percentage:g} %"
    why = f"{plural(failed, 'step')} failed" if failed else "rehearsed; no step failed"
    yield f'<section class="title" aria-label="Verdict"><div><h1>{text(title(report))}</h1>\n<p>{text(where(report))}</p></div>\n'
    yield f'<p class="verdict {"good" if report.is_enough else "bad"}"><strong>{words}</strong><span>{text(why)}</span></p></section>\n'
    figures = (
        (found.emulator, "by the emulator", "good"),
        (found.adapter, "by our adapters", "open"),
        (found.missed, "not rehearsed", "warn"),
        (found.nowhere, "in no API", "calm"),
    )
    yield '<ul class="figures">'
    for number, label, tone in figures:
        yield f'<li class="{tone if number else "none"}"><a href="#resources"><b>{number:,}</b> {label}</a></li>'
    yield f'</ul>\n<p class="lead">{text(verdict(report))}.</p>\n'


def _extent(report: Report) -> Section:
    found = counts(report.resources)
    tone = "warn" if found.missed or not found.counted else "good"
    lead = f"{RULE} What our adapters make is our simulation of what CloudFormation does with the type."
    return Section(id="extent", title="How much", count=f"{found.missed:,} not", tone=tone, lead=lead, body=_table(report))


def _table(report: Report) -> Iterator[str]:
    summaries = [one for one in by_type(report.resources) if one.counts.counted]
    if not summaries:
        yield nothing(f"{extent(counts(report.resources))}.".capitalize())
        return
    heads = ("Type", "Emulator", "Adapters", "Not", "Properties returned", "What is missing")
    summaries.sort(key=lambda one: not one.counts.missed)
    yield from table(plural(len(summaries), "type"), heads, map(_row, summaries), name="types")


def _row(one: TypeSummary) -> str:
    found = one.counts
    missing = "".join(f"<li>{text(f'{len(results):,}: {reason}')}</li>" for reason, results in one.reasons[:_MOST_DIFFERENCES])
    notes = "".join(f"<li>{text(note)}</li>" for note in one.notes)
    lists = (f"<ul>{missing}</ul>" if missing else "") + (fold("what is known of it", f"<ul>{notes}</ul>") if notes else "")
    cells = "".join(f'<td class="number">{number:,}</td>' for number in (found.emulator, found.adapter, found.missed))
    return (
        f'<tr class="item row" data-type="{text(one.type)}"><th scope="row">{code(one.type).replace("::", "::<wbr>")}</th>{cells}'
        f'<td class="number">{found.returned:,} of {found.properties:,}</td><td>{lists}</td></tr>\n'
    )


def _resources(report: Report) -> Section | None:
    if not report.resources:
        return None
    return Section(id="resources", title="Resources", count=f"{len(report.resources):,}", body=_groups(report))


def _groups(report: Report) -> Iterator[str]:
    types = sorted({one.type for one in report.resources})
    stacks = sorted({one.stack for one in report.resources})
    yield '<form class="filters">'
    yield choice("type", "Type", types)
    yield choice("how", "Rehearsed", [HOW[how] for how in _HOW_TONES])
    yield choice("stack", "Stack", stacks)
    yield '<button type="reset">Clear</button></form>\n'
    groups: dict[str, list[ResourceResult]] = {}
    for one in report.resources:
        groups.setdefault(one.type, []).append(one)
    missed = {kind for kind, found in groups.items() if any(one.rehearsed is Rehearsed.NOT for one in found)}
    for kind in sorted(groups, key=lambda name: (name not in missed, name)):
        found = groups[kind]
        numbers = " ".join(
            badge(f"{number:,} {HOW[how]}", tone)
            for how, tone in _HOW_TONES.items()
            if (number := sum(one.rehearsed is how for one in found))
        )
        yield f'<details class="group card {"warn" if kind in missed else "good"}">'
        yield f'<summary class="head"><b>{text(kind)}</b> <small>{plural(len(found), "resource")}</small> {numbers}</summary>\n'
        order = list(_HOW_TONES)
        for one in sorted(found, key=lambda each: order.index(each.rehearsed)):
            yield _resource(one)
        yield "</details>\n"


def _resource(one: ResourceResult) -> str:
    tone = _HOW_TONES[one.rehearsed]
    returned = f"{one.returned:,} of {plural(one.properties, 'property').replace('propertys', 'properties')}"
    head = f"{badge(HOW[one.rehearsed], tone)} {text(place(one))} <small>{returned}</small>"
    differences = "".join(
        f"<li>{code(each.path)}: stated {code(value(each.path, each.stated))}, "
        f"{f'returned {code(value(each.path, each.found))}' if each.is_returned else 'not returned'}</li>"
        for each in one.differences[:_MOST_DIFFERENCES]
    )
    more = len(one.differences) - _MOST_DIFFERENCES
    body = facts(
        (
            ("Why", text(one.reason)),
            ("Differs", f"<ul>{differences}{f'<li>and {more:,} more</li>' if more > 0 else ''}</ul>" if differences else ""),
            ("Unread", listed(one.unread)),
            ("Known", text(one.note)),
            ("Added", text(", ".join(one.added) and f"read by what this project added to the emulator: {', '.join(one.added)}")),
            ("Id", code(one.physical_id)),
            ("Stack", text(f"{one.stack}/{one.logical_id} in {one.account} {one.region}")),
        )
    )
    data = {"type": one.type, "how": HOW[one.rehearsed], "stack": one.stack}
    attributes = "".join(f' data-{name}="{text(said)}"' for name, said in data.items())
    return fold(head, body, attributes=f' class="item"{attributes}') + "\n"


def _steps(report: Report) -> Section:
    failed = sum(step.outcome is Outcome.FAILED for step in report.steps)
    count, tone = (f"{failed:,} failed", "bad") if failed else (plural(len(report.steps), "step"), "good")
    return Section(id="steps", title="Steps", count=count, tone=tone, body=_timeline(report.steps))


def _timeline(steps: Sequence[Step]) -> Iterator[str]:
    total = sum(step.seconds for step in steps) or 1.0
    began = 0.0
    for step in steps:
        said = "".join(f"<li>{text(fact)}</li>" for fact in step.facts[:MOST_LISTED])
        reason = f'<p class="{"bad-text" if step.outcome is Outcome.FAILED else ""}">{text(step.reason)}</p>' if step.reason else ""
        yield f'<div class="item group"><h3>{badge(OUTCOMES[step.outcome], _TONES[step.outcome])} {text(step.title)} '
        yield f"<small>{text(step.name)}, {step.seconds:.1f} s</small></h3>"
        yield _bar(began / total, step.seconds / total, _TONES[step.outcome])
        yield f"{reason}{f'<ul>{said}</ul>' if said else ''}</div>\n"
        began += step.seconds


def _bar(start: float, share: float, tone: str) -> str:
    """One step's time in that of all."""
    width = min(max(share * 100, _LEAST_WIDTH), 100 - start * 100)
    return (
        f'<svg class="bar {tone}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail" width="100" height="6"/>'
        f'<rect class="full" x="{start * 100:.2f}" width="{max(width, 0):.2f}" height="6"/></svg>'
    )


def _untruths(report: Report) -> Section:
    body = (listed(report.untruths) or nothing("Nothing is named."),)
    lead = "What a rehearsal does not show, however many resources count."
    return Section(id="untruths", title="What the emulator leaves out", count=f"{len(report.untruths):,}", body=body, lead=lead)


def _changes(report: Report) -> Section | None:
    if not report.rewritten and not report.retained:
        return None
    return Section(id="changed", title="Changed and left", body=_changed(report))


def _changed(report: Report) -> Iterator[str]:
    if report.rewritten:
        yield f"<h3>Changed in the copy of the assembly that was deployed</h3>{listed(report.rewritten)}\n"
    if report.retained:
        heads = ("Account", "Type", "Id", "Stack")
        rows = (
            f'<tr class="item row"><td>{text(one.account)} {text(one.region)}</td><td>{code(one.type)}</td><td>{code(one.physical_id)}</td>'
            f"<td>{text(one.stack)}/{text(one.logical_id)}</td></tr>\n"
            for one in report.retained
        )
        yield from table(f"Left after destroying: {len(report.retained):,}", heads, rows)
