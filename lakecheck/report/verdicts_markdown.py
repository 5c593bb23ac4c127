"""Verdicts on invariants for a pull request: the sum first, what is refuted or not known open, the rest folded."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lakecheck.access.invariants.verdicts import State
from lakecheck.access.words import key_name
from lakecheck.checks.base import plural
from lakecheck.report.verdicts_text import said, summary
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.verdicts import Judgement, Verdict


def render(judgement: Judgement) -> str:
    """The whole report, which ends with a line feed."""
    lines = ["### Access invariants", "", summary(judgement), ""]
    for verdict in judgement.verdicts:
        if verdict.state is not State.PROVED:
            lines += _open(verdict)
    proved = [verdict for verdict in judgement.verdicts if verdict.state is State.PROVED]
    if proved:
        lines += ["<details><summary>Proved</summary>", ""]
        lines += [f"- `{verdict.id}`: {_text(verdict.says)}{_exceptions(verdict)}" for verdict in proved]
        lines += ["", "</details>", ""]
    lines += [f"<details><summary>{plural(len(judgement.assumptions), 'assumption')}</summary>", ""]
    lines += [f"- {_text(each)}" for each in judgement.assumptions]
    lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _open(verdict: Verdict) -> Iterator[str]:
    yield f"#### {verdict.state.value.upper()} `{verdict.id}`"
    yield ""
    yield _text(verdict.says)
    yield ""
    for example in verdict.examples:
        yield f"- **{_text(said(example))}**"
        yield from (f"  - because {_text(each)}" for each in example.because)
        yield from (f"  - `{_code(asked.principal)}` may `{asked.action}` on `{_code(asked.resource)}`" for asked in example.requests)
        yield from (
            f"  - when `{_code(key_name(key))}` is {_text(', '.join(values)) or 'missing'}"
            for key, values in sorted((example.context or {}).items())
        )
        yield from (f"  - not known: {_text(each)}" for each in example.reasons)
        if example.source:
            yield f"  - at `{_code(example.source)}`"
        if example.remedy:
            yield f"  - {_text(example.remedy)}"
    if verdict.more:
        yield f"- and {verdict.more} more"
    yield ""


def _exceptions(verdict: Verdict) -> str:
    named = [f"{_text(', '.join(each.principals))} ({_text(each.because)})" for each in verdict.exempted if each.needed]
    return f" Except {'; '.join(named)}." if named else ""


def _text(value: str) -> str:
    """The text without what Markdown or HTML would read in it."""
    plain = escape(printable(value), quote=False)
    return "".join(f"\\{one}" if one in "\\`*_[]|#~" else one for one in plain)


def _code(value: str) -> str:
    return printable(value).replace("`", "'")
