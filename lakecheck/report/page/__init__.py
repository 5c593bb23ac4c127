"""A run as one page for people who decide: it needs nothing else, no network, no script to be complete; every name is escaped.

Each section is a module with `section(run)`. `page.css` and `page.js` stand beside them; the page's content policy names both by their
hash, so that no other style or script runs in it, whatever a template has smuggled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.json import count, tool_version
from lakecheck.report.page import access, acknowledgements, changes, coverage, estate, findings, invariants, limits
from lakecheck.report.page.markup import text
from lakecheck.report.page.shell import closed, opened, part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lakecheck.findings import Finding
    from lakecheck.report.page.markup import Section
    from lakecheck.run import Run

SECTIONS: Final[tuple[Callable[[Run], Section], ...]] = (
    estate.section,
    access.section,
    invariants.section,
    changes.section,
    findings.section,
    coverage.section,
    limits.section,
    acknowledgements.section,
)
"""In the order of the page; what changes comes first where there is a base."""

_MOST_SETTLED: Final = 6
_WORDS: Final = {
    "data_loss": "data loss",
    "access_gain": "gain of access",
    "lost_access": "lost access",
    "collision": "collision",
    "security_weakened": "security weakened",
}
"""What a change endangers, the gravest first."""


def render(run: Run) -> Iterator[str]:
    """The page piece by piece; the same run gives the same page but for its times.

    Args:
        run: What was judged.
    """
    sections = [each(run) for each in sorted(SECTIONS, key=lambda each: run.base is not None and each is not changes.section)]
    environments = [one for one in run.assembly.environments if one != NO_ENVIRONMENT]
    title = " · ".join(environments) or run.assembly.directory
    yield from opened(f"{'passed' if run.passed else 'failed'}: {title}", sections)
    yield from _head(run, title, sections)
    for section in sections:
        yield from part(section)
    yield from _foot(run)
    yield from closed()


def _head(run: Run, title: str, sections: Sequence[Section]) -> Iterator[str]:
    assembly = run.assembly
    numbers = count(run.findings)
    failing = len(run.failing)
    words = "Passed" if run.passed else "Failed"
    why = f"{plural(failing, 'finding')} to settle" if failing else "nothing open" if run.passed else "the app itself ended with an error"
    yield f'<section class="title" aria-label="Verdict"><div><h1>{text(title)}</h1>\n'
    parts = (
        plural(len(assembly.accounts), "account"),
        plural(len(assembly.stacks), "stack"),
        plural(assembly.resource_count, "resource"),
        f"judged as of {run.options.as_of.isoformat()}",
    )
    yield f"<p>{' · '.join(map(text, parts))}</p></div>\n"
    yield f'<p class="verdict {"good" if run.passed else "bad"}"><strong>{words}</strong><span>{text(why)}</span></p></section>\n'
    yield '<ul class="figures">'
    figures = [
        (numbers["errors"], "errors", "#findings", "bad"),
        (numbers["warnings"], "warnings", "#findings", "warn"),
        (numbers["notes"], "notes", "#findings", "calm"),
        (numbers["acknowledged"], "acknowledged", "#acknowledgements", "calm"),
    ]
    for number, word, target, tone in figures:
        yield f'<li class="{tone if number else "none"}"><a href="{target}"><b>{number:,}</b> {word}</a></li>'
    ending = sum(one.check == "acknowledgements" and one.rule in ("expires-soon", "expired") for one in run.findings)
    approvals = sum(len(review.soon) + len(review.expired) for review in (run.upgrade, run.gains) if review is not None)
    if ending or approvals:
        target = "acknowledgements" if ending else "changes"
        yield f'<li class="warn"><a href="#{target}"><b>{ending + approvals:,}</b> ended or soon to end</a></li>'
    for one in sections:
        if one.id in ("invariants", "changes") and one.count:
            yield f'<li class="{one.tone}"><a href="#{one.id}"><b>{text(one.count)}</b> {text(one.title.lower())}</a></li>'
    yield "</ul>\n"
    yield from _settle(run)


def _settle(run: Run) -> Iterator[str]:
    """What has to be decided first."""
    groups: dict[tuple[str, str, str, str], int] = {}
    for one in sorted(run.failing, key=_gravity):
        key = (one.check, one.rule, one.message, _WORDS.get(one.category, one.rule))
        groups[key] = groups.get(key, 0) + 1
    if not groups:
        return
    yield '<div class="settle"><h2>To settle</h2><ol>'
    for (check, rule, message, words), number in list(groups.items())[:_MOST_SETTLED]:
        places = "" if number == 1 else f" <small>{number:,} places</small>"
        yield f'<li><a href="#{_told_in(run, check, rule)}">{text(words)}</a> {text(message)}{places}</li>'
    if len(groups) > _MOST_SETTLED:
        yield f'<li><a href="#findings">and {len(groups) - _MOST_SETTLED:,} more</a></li>'
    yield "</ol></div>\n"


def _gravity(finding: Finding) -> int:
    """What the change does before what was there; the order within stays."""
    places = list(_WORDS)
    return places.index(finding.category) if finding.category in places else len(places)


def _told_in(run: Run, check: str, rule: str) -> str:
    """The section that tells most of a finding."""
    if check == "access" and run.judgement is not None and any(rule == verdict.id for verdict in run.judgement.verdicts):
        return "invariants"
    return {"upgrade": "changes", "limits": "limits"}.get(check, "findings")


def _foot(run: Run) -> Iterator[str]:
    yield '<footer class="part"><h2>How it was judged</h2><ul class="checks">'
    for result in run.results:
        said = f"not run: {result.not_run}" if result.not_run else ": ".join(filter(None, (result.title, result.detail)))
        yield f"<li><b>{text(result.name)}</b> {text(said)}</li>"
    version = tool_version()
    tool = "lakecheck" if version == "0" else f"lakecheck {version}"
    synth = "" if run.synth_seconds is None else f" after {run.synth_seconds:.1f} s of synthesis"
    yield f"</ul><p>{text(tool)}, {run.seconds:.1f} s{synth}.</p></footer>\n"
