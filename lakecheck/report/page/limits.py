"""How near templates, resources and accounts are to AWS's quotas: the fullest of each kind, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.checks import limits
from lakecheck.report.page.markup import MOST_LISTED, Section, bar, fold, link, nothing, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.checks.measures import Measure
    from lakecheck.run import Run
    from lakemodel.limits import Quota


def section(run: Run) -> Section:
    """The section."""
    result = next((one for one in run.results if one.name == limits.NAME), None)
    measures = () if result is None else result.measures
    if not measures:
        why = result.not_run if result is not None and result.not_run else "no template was measured"
        return Section(id="limits", title="Limits", body=(nothing(f"Nothing was measured: {why}."),))
    highest = max(measures, key=lambda one: one.share)
    return Section(
        id="limits", title="Limits", count=f"{highest.share:.0%}", tone=_tone(highest), body=_body(measures),
        lead=f"The fullest of each kind against AWS's quotas as of {measures[0].allowed.as_of}; "
        f"from {limits.WARN_AT:.0%} it is a warning, from 100%, where nothing more fits, an error.",
    )  # fmt: skip


def _body(measures: Sequence[Measure]) -> Iterator[str]:
    by_quota: dict[Quota, list[Measure]] = {}
    for one in sorted(measures, key=lambda one: (-one.share, one.quota.value, one.place)):
        by_quota.setdefault(one.quota, []).append(one)
    yield from table("The fullest of each kind", ("Quota", "Used", "Where"), map(_row, by_quota.values()), name="limits")


def _row(group: Sequence[Measure]) -> str:
    measure = group[0]
    allowed, tone = measure.allowed, _tone(measure)
    about = "about " if measure.is_about else ""
    name = link(allowed.source, f"{allowed.unit} per {allowed.of}")
    raised = "raised by AWS" if measure.raised_to is not None else "AWS raises it on request" if allowed.adjustable else ""
    used = f'{bar(measure.share, tone)}<span class="share {tone}">{measure.share:.0%}</span> {about}{measure.count:,} of {allowed.value:,}'
    where = f"{text(measure.place)}{_next(group[1:])}"
    return f'<tr class="item"><th scope="row">{name} <small>{raised}</small></th><td>{used}</td><td>{where}</td></tr>\n'


def _next(measures: Sequence[Measure]) -> str:
    """The places that are full next."""
    rows = "".join(f"<li>{one.share:.0%} {text(one.place)}</li>" for one in measures[:MOST_LISTED])
    return fold(f"and {len(measures):,} more", f"<ul>{rows}</ul>") if rows else ""


def _tone(measure: Measure) -> str:
    if limits.is_full(measure):
        return "bad"
    return "warn" if measure.share >= limits.WARN_AT else "good"
