"""The verdicts on the invariants of access.yaml: what is refuted with the requests that show it, what is not known, what is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.verdicts import State
from lakecheck.access.words import key_name
from lakecheck.checks.base import plural
from lakecheck.report.page.markup import Section, badge, code, facts, fold, listed, nothing, text
from lakecheck.report.verdicts_text import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.verdicts import Asked, Counterexample, Judgement, Verdict
    from lakecheck.run import Run

_TONES: Final = {State.PROVED: "good", State.REFUTED: "bad", State.UNKNOWN: "open"}
_ORDER: Final = (State.REFUTED, State.UNKNOWN, State.PROVED)


def section(run: Run) -> Section:
    """The section."""
    judgement = run.judgement
    if judgement is None:
        return Section(
            id="invariants", title="Invariants",
            body=(nothing("No access.yaml says who may reach what, so that nothing was proved or refuted."),),
        )  # fmt: skip
    worst = next((state for state in _ORDER if judgement.count(state)), State.PROVED)
    count = f"{judgement.count(worst)} {worst.value}"
    return Section(
        id="invariants", title="Invariants", count=count, tone=_TONES[worst], body=_body(judgement),
        lead="What has to hold whatever anybody asks for. Proved means: in no request that the templates allow.",
    )  # fmt: skip


def _body(judgement: Judgement) -> Iterator[str]:
    for state in _ORDER:
        for verdict in judgement.verdicts:
            if verdict.state is state:
                yield from _verdict(verdict)
    rests = f"<h3>Not known</h3>{listed(judgement.not_known)}" if judgement.not_known else ""
    if judgement.assumptions or rests:
        label = f"What this rests on: {plural(len(judgement.assumptions), 'assumption')}"
        yield fold(label, f"{listed(judgement.assumptions)}{rests}", attributes=' class="item quiet"') + "\n"


def _verdict(verdict: Verdict) -> Iterator[str]:
    tone = _TONES[verdict.state]
    head = f"{badge(verdict.state.value.upper(), tone)} <b>{text(verdict.id)}</b> <span>{text(verdict.says)}</span>"
    parts = [_example(example) for example in verdict.examples]
    parts += [f"<p>and {verdict.more:,} more</p>"] if verdict.more else []
    parts += [_exceptions(verdict)]
    looked = f"<p><small>{verdict.looked_at:,} looked at</small></p>"
    yield fold(head, "".join(parts) + looked, attributes=f' class="item card {tone}"', is_open=verdict.state is not State.PROVED) + "\n"


def _example(example: Counterexample) -> str:
    when = "".join(
        f"<li>{code(key_name(key))} is {text(', '.join(values)) or 'missing'}</li>"
        for key, values in sorted((example.context or {}).items())
    )
    rows = facts(
        (
            ("because", listed(example.because)),
            ("requests", "".join(_request(asked) for asked in example.requests)),
            ("when", f"<ul>{when}</ul>" if when else ""),
            ("not known", listed(example.reasons)),
            ("at", code(example.source) if example.source else ""),
            ("remedy", text(example.remedy)),
        )
    )
    return f'<article class="example"><h3>{text(said(example))}</h3>{rows}</article>'


def _request(asked: Asked) -> str:
    allowed = listed(asked.because)
    folded = fold("allowed by", allowed) if allowed else ""
    return f"<div>{code(asked.principal)} may {code(asked.action)} on {code(asked.resource)}{folded}</div>"


def _exceptions(verdict: Verdict) -> str:
    rows = []
    for each in verdict.exempted:
        names = ", ".join(map(text, each.principals)) if each.principals else text(each.who)
        rows.append(f"<li>{names}: {text(each.because)}{'' if each.needed else ' <b>(not needed: remove it)</b>'}</li>")
    return fold(f"{plural(len(rows), 'exception')}", f"<ul>{''.join(rows)}</ul>") if rows else ""
