"""Evidence for auditors: framework, control, resource, result; of what does not comply and, where a rule says so, of what does."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.invariants.verdicts import State
from lakecheck.assembly.resources import Origin
from lakecheck.report.json import tool_version
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.invariants.verdicts import Verdict
    from lakecheck.findings import Finding
    from lakecheck.run import Run

NOTE: Final = (
    "Compliance packs report violations only, so that a control of which only a pack knows is listed where it fails or is "
    "acknowledged, and nowhere else. `complies` comes from rules that say what they looked at, and from invariants of access. "
    "What is not listed was not judged."
)
"""What has to be said beside every table of this."""

INVARIANTS: Final = "access.yaml"
"""The framework of a lake's own invariants: each is a control."""

COLUMNS: Final = (
    "framework",
    "control",
    "rule",
    "title",
    "result",
    "environment",
    "stack",
    "logical_id",
    "construct_path",
    "reason",
    "owner",
    "expires",
)

_COMPLIANCE: Final = "compliance"
_PACKS: Final = ("AwsSolutions", "HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321", "Serverless")
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - a spreadsheet takes the wide ones, too


class Result(StrEnum):
    """What is known of a resource and a control; the gravest first."""

    FAILS = "fails"
    NOT_KNOWN = "not known"
    """It depends on what the templates leave open."""
    ACKNOWLEDGED = "acknowledged"
    """It does not comply, and somebody took that on."""
    COMPLIES = "complies"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One rule's result at one place.

    Attributes:
        rule: The rule's id.
        title: What has to be so, or what was found.
        result: The result.
        place: Where; without a stack for what is about an environment or everything.
        reason: Why it was acknowledged.
        owner: Who answers for that.
        expires: Last day it holds.
    """

    rule: str
    title: str
    result: Result
    place: Origin
    reason: str = ""
    owner: str = ""
    expires: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """One control.

    Attributes:
        id: As the framework spells it: `AC-6`.
        entries: By rule and place.
    """

    id: str
    entries: tuple[Entry, ...]

    def count(self, result: Result) -> int:
        """How many entries have this result."""
        return sum(entry.result is result for entry in self.entries)

    @property
    def result(self) -> Result:
        """The gravest of its entries."""
        order = list(Result)
        return min((entry.result for entry in self.entries), key=order.index)


@dataclass(frozen=True, kw_only=True, slots=True)
class Framework:
    """One framework.

    Attributes:
        name: As its pack or our rules name it: `NIST.800.53.R5`.
        controls: By id; only those of which something is known.
    """

    name: str
    controls: tuple[Control, ...]

    @property
    def shows_compliance(self) -> bool:
        """Whether anything in it says what complies; `NOTE` says why something may not."""
        return any(control.count(Result.COMPLIES) for control in self.controls)


def coverage(run: Run) -> tuple[Framework, ...]:
    """Everything that is known of controls, by framework and control.

    Args:
        run: What was judged.
    """
    found: dict[str, dict[str, list[Entry]]] = {}
    for framework, control, entry in (*_of_findings(run), *_of_evidence(run), *_of_invariants(run)):
        found.setdefault(framework, {}).setdefault(control, []).append(entry)
    return tuple(
        Framework(name=name, controls=tuple(Control(id=key, entries=_ordered(entries)) for key, entries in sorted(controls.items())))
        for name, controls in sorted(found.items())
    )


def evidence_csv(run: Run) -> str:
    """A row for each entry, under `COLUMNS`; no cell is a formula to a spreadsheet."""
    written = io.StringIO()
    table = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(COLUMNS)
    for framework in coverage(run):
        for control in framework.controls:
            for entry in control.entries:
                table.writerow([_cell(value) for value in (framework.name, control.id, *_values(entry))])
    return written.getvalue()


def evidence_json(run: Run) -> str:
    """The same with what has to be known to read it; it ends with a line feed."""
    data = {
        "tool": {"name": "lakecheck", "version": tool_version()},
        "assembly": run.assembly.directory,
        "as_of": run.options.as_of.isoformat(),
        "note": NOTE,
        "frameworks": [
            {
                "name": framework.name,
                "shows_compliance": framework.shows_compliance,
                "controls": [_control_data(control) for control in framework.controls],
            }
            for framework in coverage(run)
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode() + "\n"


def _control_data(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "result": control.result.value,
        "counts": {result.value: control.count(result) for result in Result},
        "entries": [dict(zip(COLUMNS[2:], _values(entry), strict=True)) for entry in control.entries],
    }


def _values(entry: Entry) -> tuple[str, ...]:
    place = entry.place
    return (
        entry.rule, entry.title, entry.result.value, place.environment, place.stack, place.logical_id, place.construct_path,
        entry.reason, entry.owner, entry.expires,
    )  # fmt: skip


def _cell(value: str) -> str:
    """A spreadsheet computes what begins like this: https://owasp.org/www-community/attacks/CSV_Injection."""
    return f"'{printable(value)}" if value.lstrip().startswith(_FORMULA) else printable(value)


def _of_findings(run: Run) -> Iterator[tuple[str, str, Entry]]:
    titles = {(each.check, each.rule): each.title for each in run.evidence}
    for finding in run.findings:
        taken = finding.acknowledged
        entry = Entry(
            rule=finding.rule,
            title=shown(titles.get((finding.check, finding.rule), finding.message)),
            result=_result(finding),
            place=Origin(
                environment=finding.environment,
                stack=finding.stack,
                logical_id=finding.logical_id,
                construct_path=finding.construct_path,
                source=finding.source,
            ),
            reason="" if taken is None else taken.reason,
            owner="" if taken is None else taken.owner or "",
            expires="" if taken is None else taken.expires or "",
        )
        for framework, control in _controls(finding.check, finding.rule, finding.controls):
            yield framework, control, entry


def _result(finding: Finding) -> Result:
    if finding.acknowledged is not None:
        return Result.ACKNOWLEDGED
    # A note of a rule is about what the templates leave open; one of a pack is a violation that weighs little.
    return Result.NOT_KNOWN if finding.severity is Severity.NOTE and finding.check != _COMPLIANCE else Result.FAILS


def _controls(check: str, rule: str, controls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Framework and control of each: a pack names its framework in the rule, ours in the control.

    A pack that is its own framework, such as AwsSolutions, has its rules for controls.
    """
    pack = next((each for each in _PACKS if rule.startswith(f"{each}-")), "")
    if check == _COMPLIANCE and pack and not controls:
        yield pack, rule.partition("[")[0].removeprefix(f"{pack}-")
    for control in filter(None, controls):
        named, separator, inside = control.partition(" ")
        if check == _COMPLIANCE:
            yield pack or rule.partition("-")[0], control
        elif separator and inside:
            yield named, inside
        else:
            yield check, control


def _of_evidence(run: Run) -> Iterator[tuple[str, str, Entry]]:
    for evidence in run.evidence:
        for framework, control in _controls(evidence.check, evidence.rule, evidence.controls):
            for origin in evidence.complied:
                yield framework, control, Entry(rule=evidence.rule, title=shown(evidence.title), result=Result.COMPLIES, place=origin)


def _of_invariants(run: Run) -> Iterator[tuple[str, str, Entry]]:
    """Each invariant is proved or not for all of the lake; an exception that is needed is something that somebody took on."""
    for verdict in () if run.judgement is None else run.judgement.verdicts:
        for entry in _verdict(verdict):
            yield INVARIANTS, verdict.id, entry


def _verdict(verdict: Verdict) -> Iterator[Entry]:
    result = {State.PROVED: Result.COMPLIES, State.REFUTED: Result.FAILS, State.UNKNOWN: Result.NOT_KNOWN}[verdict.state]
    environments = dict.fromkeys(example.environment for example in verdict.examples)
    for environment in environments or ("",):
        place = Origin(environment=environment, stack="", logical_id="")
        yield Entry(rule=verdict.id, title=shown(verdict.says), result=result, place=place)
    for exempted in verdict.exempted:
        if exempted.needed:
            reason = f"{', '.join(exempted.principals)}: {exempted.because}"
            place = Origin(environment="", stack="", logical_id="")
            yield Entry(rule=verdict.id, title=shown(verdict.says), result=Result.ACKNOWLEDGED, place=place, reason=shown(reason))


def _ordered(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    def key(entry: Entry) -> tuple[str, ...]:
        place = entry.place
        return (entry.rule, place.environment, place.stack, place.construct_path, place.logical_id, entry.result.value, entry.reason)

    return tuple(sorted(dict.fromkeys(entries), key=key))
