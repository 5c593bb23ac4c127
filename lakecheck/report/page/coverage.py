"""Compliance coverage: by framework each control, whether its resources comply, and which do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.coverage import NOTE, Result, coverage
from lakecheck.report.page.markup import Section, badge, fold, nothing, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.report.coverage import Control, Entry, Framework
    from lakecheck.run import Run

MOST_PLACES: Final = 6
"""Places that are named of one rule in one control."""

MOST_CONTROLS: Final = 400
_TONES: Final = {Result.FAILS: "bad", Result.NOT_KNOWN: "open", Result.ACKNOWLEDGED: "warn", Result.COMPLIES: "good"}

_ITEM: Final = ' class="item"'


def section(run: Run) -> Section:
    """The section."""
    frameworks = coverage(run)
    if not frameworks:
        return Section(id="coverage", title="Compliance", body=(nothing("No rule or pack named a control."),))
    failing = sum(control.result is Result.FAILS for each in frameworks for control in each.controls)
    count, tone = (f"{failing:,} failing", "bad") if failing else (f"{sum(len(each.controls) for each in frameworks):,} controls", "good")
    return Section(id="coverage", title="Compliance", count=count, tone=tone, lead=NOTE.replace("`", '"'), body=_body(frameworks))


def _body(frameworks: Sequence[Framework]) -> Iterator[str]:
    yield '<p class="legend">'
    for result, tone in _TONES.items():
        yield f'<span class="key {tone}">{result.value}</span>'
    yield "</p>\n"
    for framework in frameworks:
        counted = {result: sum(control.result is result for control in framework.controls) for result in Result}
        numbers = " ".join(badge(f"{number:,} {result.value}", _TONES[result]) for result, number in counted.items() if number)
        total = len(framework.controls)
        strip = _strip([(counted[result], _TONES[result]) for result in Result])
        yield '<details class="group card">'
        yield f'<summary class="head"><b>{text(framework.name)}</b> <small>{plural(total, "control")}</small> {numbers}{strip}</summary>'
        yield '<ul class="controls">'
        order = list(Result)
        for control in sorted(framework.controls, key=lambda one: order.index(one.result))[:MOST_CONTROLS]:
            yield _control(control)
        more = total - MOST_CONTROLS
        yield f"{f'<li>and {more:,} more: the evidence as CSV has them</li>' if more > 0 else ''}</ul></details>\n"


def _strip(parts: Sequence[tuple[int, str]]) -> str:
    """One bar in as many colours as there are results."""
    total, left, rectangles = sum(number for number, _ in parts), 0.0, []
    for number, tone in parts:
        width = number / total * 100 if total else 0.0
        if width:
            rectangles.append(f'<rect class="fill {tone}" x="{left:.2f}" width="{width:.2f}" height="6"/>')
        left += width
    return f'<svg class="strip" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{"".join(rectangles)}</svg>'


def _control(control: Control) -> str:
    numbers = ", ".join(f"{number:,} {result.value}" for result in Result if (number := control.count(result)))
    head = f"{badge(control.result.value, _TONES[control.result])} <b>{text(control.id)}</b> <small>{numbers}</small>"
    groups: dict[tuple[str, Result, str, str, str], list[Entry]] = {}
    for entry in control.entries:
        groups.setdefault((entry.rule, entry.result, entry.reason, entry.owner, entry.expires), []).append(entry)
    order = list(Result)
    rows = "".join(_rule(group) for _, group in sorted(groups.items(), key=lambda each: (order.index(each[0][1]), each[0])))
    return f"<li>{fold(head, f'<ul>{rows}</ul>', attributes=_ITEM)}</li>\n"


def _rule(group: Sequence[Entry]) -> str:
    one = group[0]
    places: dict[str, list[str]] = {}
    for entry in group:
        place = entry.place
        stage = "" if place.environment == NO_ENVIRONMENT else place.environment
        inside = str(place).removeprefix(f"{stage}/").strip("/") if stage else str(place).strip("/")
        places.setdefault(inside, []).append(stage)
    named = [f"{text(inside)}{_stages(stages, bare=not inside)}" for inside, stages in list(places.items())[:MOST_PLACES]]
    more = f", and {len(places) - MOST_PLACES:,} more" if len(places) > MOST_PLACES else ""
    reason = f"<br><small>{text(one.reason)}{f' ({text(one.owner)})' if one.owner else ''}</small>" if one.reason else ""
    where = ", ".join(filter(None, named))
    return f"<li>{badge(one.result.value, _TONES[one.result])} <b>{text(one.rule)}</b> {text(one.title)}<br>{where}{more}{reason}</li>"


def _stages(stages: Sequence[str], *, bare: bool) -> str:
    found = ", ".join(text(each) for each in dict.fromkeys(stages) if each)
    return "" if not found else found if bare else f" <small>{found}</small>"
