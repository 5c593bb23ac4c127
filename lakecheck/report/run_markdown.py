"""A run as a comment on a pull request: the verdict, what the change does, what fails, the rest folded; no name can become markup.

What a comment may have: https://github.github.com/gfm/, with GitHub's and GitLab's own mentions, references and emoji on top. A comment of
GitHub has up to 65,536 characters (https://github.com/orgs/community/discussions/27190).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.difference import Kind
from lakecheck.access.sentences import sentences
from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.entries import Entries
from lakecheck.report.json import count
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.access.review import Review
    from lakecheck.assembly import Acknowledgement
    from lakecheck.findings import Finding
    from lakecheck.run import Run

MARKER: Final = "<!-- lakecheck -->"
"""The first line, by which the comment of an earlier run is found."""
LIMIT: Final = 65_536

_UPGRADE: Final = "upgrade"
_TITLES: Final = {
    "data_loss": "Data would be lost",
    "access_gain": "Who gains access",
    "lost_access": "Access would be lost",
    "collision": "The deployment would fail",
    "security_weakened": "Security would be weaker",
    "identity": "Names that change",
}
"""By category, in the order of the report."""
_WORDS: Final = {
    "data_loss": "data loss",
    "access_gain": "gains of access",
    "lost_access": "lost access",
    "collision": "collisions",
    "security_weakened": "security weakened",
}
"""What fails of a change, in the first line."""
_NEW: Final = ("acknowledgements", "new")
"""Check and rule of an acknowledgement that the base has not; they have a section of their own."""
_MOST_TEXT: Final = 600
_MOST_PLACE: Final = 200
_MOST_PLACES: Final = 5
_MOST_DETAILS: Final = 12
_MOST_CONTROLS: Final = 5
_MOST_UNFOLDED: Final = 10
_FOOT: Final = 200
"""Characters that are kept for the line that says how much is left out, and for closing what is open."""

_SAFE: Final = re.compile(r"[^A-Za-z0-9 .,;:=+/'\"%?-]")
_BREAKS: Final = re.compile(
    r"(?<=[@#!~%$&^])(?=[\w\"'*])"  # mentions, and references of GitHub and GitLab
    r"|(?<=:)(?=[\w+-]+:)"  # emoji
    r"|(?<=:)(?=//)|(?<=www)(?=\.)"  # addresses
    r"|(?<=GH-)(?=\d)",
    re.IGNORECASE,
)
_NOT_CODE: Final = re.compile(r"[^A-Za-z0-9 .,;:=+/-]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_NOTHING: Final = "\u200b"
"""A space of no width: what stands around it is one reference, mention, address or emoji no more."""


@dataclass(slots=True)
class _Section:
    """Something of which whole items can be left out.

    Attributes:
        title: What it is, already safe; empty for what needs none.
        items: Markdown, each whole.
        is_folded: Whether the reader opens it.
    """

    title: str
    items: Sequence[str]
    is_folded: bool = False

    @property
    def head(self) -> str:
        if not self.title:
            return ""
        return f"<details><summary>{self.title}</summary>\n" if self.is_folded else f"### {self.title}\n"

    @property
    def tail(self) -> str:
        return "\n</details>\n" if self.is_folded else ""


def render(run: Run, limit: int = LIMIT) -> str:
    """The comment, which ends with a line feed and is never longer than the limit.

    Args:
        run: What to report.
        limit: Most characters; what does not fit is left out from the end, item by item, and counted. The verdict always stays.
    """
    top = f"{MARKER}\n## lakecheck: {_verdict(run)}\n"
    written = [top]
    room = limit - len(top) - _FOOT
    left_out = 0
    for section in _sections(run):
        kept: list[str] = []
        frame = len(section.head) + len(section.tail) + 2
        for number, item in enumerate(section.items):
            if len(item) + 1 + (0 if kept else frame) > room:
                left_out += len(section.items) - number
                room = 0  # nothing after it may come before it
                break
            room -= len(item) + 1 + (0 if kept else frame)
            kept.append(item)
        if kept:
            written.append("\n".join(["", *filter(None, [section.head]), *kept]) + f"\n{section.tail}")
    if left_out:
        written.append(f"\n{plural(left_out, 'item')} left out: too long for a comment. `lakecheck run` prints all.\n")
    whole = "".join(written)
    return whole if len(whole) <= limit else top


def _verdict(run: Run) -> str:
    if run.failing:
        return f"{plural(len(run.failing), 'open finding')}"
    if run.app_exit:
        return f"the app ended with exit code {run.app_exit}"
    return "nothing open"


def _sections(run: Run) -> Iterator[_Section]:
    """In the order of what a reviewer has to see: what the change does, what fails, then, folded, all the rest."""
    failing = frozenset(map(id, run.failing))
    entries = Entries(run)
    yield _Section("", ["\n".join(_summary(run))])
    yield from _open_changes(run, entries)
    yield _Section("What fails", _items(each for each in run.failing if each.check != _UPGRADE))
    yield _Section("Checks", ["\n".join(_table(run))], is_folded=True)
    calm = [each for each in run.findings if id(each) not in failing and (each.check, each.rule) != _NEW]
    changes = [each for each in calm if each.check == _UPGRADE]
    told = [each for each in calm if each.check != _UPGRADE and each.acknowledged is None]
    taken_on = [each for each in calm if each.check != _UPGRADE and each.acknowledged is not None]
    yield _Section(f"Changes that were approved or fail nothing: {len(changes):,}", _items(changes), is_folded=True)
    yield from _access(run.gains)
    yield _Section(f"Findings that fail nothing: {len(told):,}", _items(told), is_folded=True)
    gone = run.gone_acknowledgements
    if gone is not None:
        yield _Section(f"Acknowledgements that are gone: {len(gone):,}", _acknowledgements(gone), is_folded=True)
    yield _Section(f"Acknowledged findings: {len(taken_on):,}", _reasons(taken_on), is_folded=True)


def _summary(run: Run) -> Iterator[str]:
    """What fails by kind, what was judged, and what was not."""
    kinds = Counter(_WORDS.get(each.category, each.check) for each in run.failing)
    order = {word: place for place, word in enumerate(_WORDS.values())}
    failing = sorted(kinds.items(), key=lambda each: order.get(each[0], len(order)))
    if failing:
        yield f"{', '.join(f'**{prose(kind)}: {number:,}**' for kind, number in failing)}<br>"
    assembly = run.assembly
    named = [each for each in assembly.environments if each != NO_ENVIRONMENT]
    places = f"{plural(len(assembly.stacks), 'stack')}, {plural(assembly.resource_count, 'resource')}"
    not_run = [f"{prose(each.name)} ({prose(each.not_run)})" for each in run.results if each.not_run and each.name != _UPGRADE]
    without = f" Not run: {', '.join(not_run)}." if not_run else ""
    compared = "" if run.base is None else f", compared with {prose(run.base.assembly.directory)}"
    yield f"{prose(', '.join(named)) + ': ' if named else ''}{places}{compared}, as of {run.options.as_of.isoformat()}.{without}"


def _table(run: Run) -> Iterator[str]:
    yield "| check | errors | warnings | notes | acknowledged | |"
    yield "|---|--:|--:|--:|--:|---|"
    for result in run.results:
        if result.not_run:
            yield f"| {prose(result.name)} | | | | | not run: {prose(result.not_run)} |"
            continue
        numbers = count(result.findings)
        cells = " | ".join(f"{numbers[key]:,}" for key in ("errors", "warnings", "notes", "acknowledged"))
        detail = ": ".join(filter(None, (result.title, result.detail)))
        yield f"| {prose(result.name)} | {cells} | {prose(detail)} |"


def _open_changes(run: Run, entries: Entries) -> Iterator[_Section]:
    """What deploying this would do that fails the run, the gravest first, and what else somebody took on."""
    changes = [each for each in run.failing if each.check == _UPGRADE]
    for category, title in _TITLES.items():
        yield _Section(title, _items((each for each in changes if each.category == category), entries))
    yield _Section("What else the change does", _items((each for each in changes if each.category not in _TITLES), entries))
    new = run.new_acknowledgements
    if new is not None:
        yield _Section(f"New acknowledgements: {len(new):,}", _acknowledgements(new), is_folded=len(new) > _MOST_UNFOLDED)


def _access(gains: Review | None) -> Iterator[_Section]:
    if gains is None:
        return
    for title, kind in (
        ("Who loses access", Kind.LOSS),
        ("Access that changes", Kind.CHANGE),
        ("Access that follows new data", Kind.FOLLOWS),
    ):
        said = sentences(gains.of(kind))
        yield _Section(f"{title}: {len(said):,}", [f"- {prose(one.text)}" for one in said], is_folded=True)


def _acknowledgements(acknowledgements: Iterable[Acknowledgement]) -> list[str]:
    """What is acknowledged for one reason at several places, once."""
    groups: dict[tuple[str, str, str | None, str | None], list[str]] = {}
    for each in acknowledgements:
        groups.setdefault((each.rule, each.reason, each.owner, each.expires), []).append(each.path)
    items = []
    for (rule, reason, owner, expires), paths in groups.items():
        lines = [f"- {code(rule)}: {_taken_on(reason, owner, expires)}", *_at([code(path, _MOST_PLACE) for path in paths])]
        items.append("\n".join(lines))
    return items


def _reasons(findings: Iterable[Finding]) -> list[str]:
    """Who took what on and why, a line each, with the first place and the controls."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        taken = each.acknowledged
        if taken is not None:
            key = each.rule.partition("[")[0], _taken_on(taken.reason, taken.owner, taken.expires)
            groups.setdefault(key, []).append(each)
    return [f"- {code(rule)}: {taken}{_controls(group)}; {_where(group)}" for (rule, taken), group in groups.items()]


def _controls(group: Sequence[Finding]) -> str:
    controls = list(dict.fromkeys(control for each in group for control in each.controls))
    more = f" and {len(controls) - _MOST_CONTROLS:,} more" if len(controls) > _MOST_CONTROLS else ""
    return f"; controls {prose(', '.join(controls[:_MOST_CONTROLS]))}{more}" if controls else ""


def _where(group: Sequence[Finding]) -> str:
    more = f" and {plural(len(group) - 1, 'more place')}" if len(group) > 1 else ""
    return f"at {code(group[0].where, _MOST_PLACE)}{more}"


def _taken_on(reason: str, owner: str | None, expires: str | None) -> str:
    until = f", until {prose(expires)}" if expires else ""
    return f"{prose(reason) or 'no reason is given'} ({prose(owner) if owner else 'nobody answers for it'}{until})"


def _at(places: Sequence[str]) -> Iterator[str]:
    yield from (f"  <br>at {place}" for place in places[:_MOST_PLACES])
    if len(places) > _MOST_PLACES:
        yield f"  <br>and at {plural(len(places) - _MOST_PLACES, 'more place')}"


def _items(findings: Iterable[Finding], entries: Entries | None = None) -> list[str]:
    return [_item(group, entries) for group in _grouped(findings)]


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """What one rule says alike of several places, once."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        taken = finding.acknowledged
        reason = None if taken is None else (taken.reason, taken.owner, taken.expires)
        details = finding.details if finding.check == _UPGRADE else ()
        key = (finding.check, finding.rule, finding.severity, finding.message, finding.remedy, details, reason)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _item(group: Sequence[Finding], entries: Entries | None) -> str:
    """What was found, what comes of it, what to do, where; what is behind it and how to approve it folded."""
    first = group[0]
    mark = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "🛈"}[first.severity] if first.acknowledged is None else "☑️"
    consequence, details = (first.details[:1], first.details[1:]) if first.check == _UPGRADE else ((), first.details)
    lines = [f"- {mark} **{prose(shown(first.message)) or '—'}** ({code(first.rule)})"]
    lines += [f"  <br>{prose(shown(line))}" for line in consequence]
    if first.acknowledged is not None:
        lines.append(f"  <br>{_taken_on(first.acknowledged.reason, first.acknowledged.owner, first.acknowledged.expires)}")
    elif first.remedy:
        lines.append(f"  <br>→ {prose(shown(first.remedy))}")
    lines += _at(list(dict.fromkeys(map(_place, group))))
    if details:
        lines.append("  <details><summary>because</summary>")
        lines += [f"  <br>{prose(shown(line))}" for line in details[:_MOST_DETAILS]]
        lines += [f"  <br>and {len(details) - _MOST_DETAILS:,} more"] if len(details) > _MOST_DETAILS else []
        lines.append("  </details>")
    for entry in dict.fromkeys(() if entries is None else map(entries.of, group)):
        lines += _approval(entry)
    return "\n".join(lines)


def _approval(entry: Sequence[str]) -> Iterator[str]:
    """The entry of the register that lets the change pass, to be copied."""
    if entry:
        yield "  <details><summary>how to approve it: in approvals.yaml, with reason, owner and expires</summary>"
        yield f"  <pre>{'&#10;'.join(code(line).removeprefix('<code>').removesuffix('</code>') for line in entry)}</pre>"
        yield "  </details>"


def _place(finding: Finding) -> str:
    logical_id = f" ({code(finding.logical_id, _MOST_PLACE)})" if finding.logical_id and finding.construct_path else ""
    source = f", {code(finding.source, _MOST_PLACE)}" if finding.source else ""
    where = finding.where if finding.construct_path or finding.stack or finding.logical_id else finding.environment or finding.where
    return f"{code(where, _MOST_PLACE)}{logical_id}{source}"


def prose(text: str, most: int = _MOST_TEXT) -> str:
    """Text of which nothing is markup, a mention, a reference, an address or an emoji, however it is rendered.

    Example:
        >>> prose("a|<b>")
        'a&#124;&#60;b&#62;'
    """
    plain = _cut(printable(text).strip(), most)
    return _SAFE.sub(_number, _BREAKS.sub(_NOTHING, plain))


def code(text: str, most: int = _MOST_TEXT) -> str:
    """Text as code; neither mentions nor references are looked for in it.

    Example:
        >>> code("a`@b")
        '<code>a&#96;&#64;b</code>'
    """
    return f"<code>{_NOT_CODE.sub(_number, _cut(printable(text), most))}</code>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _number(found: re.Match[str]) -> str:
    one = found.group()
    return f"&#{ord(one)};" if one.isascii() else one
