"""Every rule that a run applied, as SARIF describes one: what it asks for, how grave it is, how sure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.judges import RULES as UPGRADE_RULES
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.checks import CheckResult
    from lakecheck.evidence import Evidence
    from lakecheck.findings import Finding

MOST_TEXT: Final = 1_000
"""Characters of a description: GitHub shows 1,024."""
_MOST_NAME: Final = 255
_MOST_TAGS: Final = 10

LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_WEIGHT: Final = {Severity.ERROR: 2, Severity.WARNING: 1, Severity.NOTE: 0}
_PROBLEM: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
_SECURITY: Final = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
"""GitHub calls from 7.0 high, from 4.0 medium, below low; critical, above 9.0, is for what is being exploited."""
_SECURITY_CHECKS: Final = frozenset({"compliance", "access"})
_SECURITY_CATEGORIES: Final = frozenset({"security_weakened"})
_PRECISION: Final = {"limits": "very-high", "cloudformation": "very-high", "acknowledgements": "very-high"}
_WORD: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(slots=True)
class _Rule:
    check: str
    name: str
    tool: str
    evidence: Evidence | None = None
    findings: list[Finding] = field(default_factory=list)


def rule_id(check: str, rule: str) -> str:
    """The id of a rule in the report: its check first, since two tools may call theirs the same, without what it was about.

    Example:
        >>> rule_id("compliance", "AwsSolutions-IAM5[Resource::*]")
        'compliance.AwsSolutions-IAM5'
    """
    return f"{check}.{printable(rule).partition('[')[0] or rule}"


def descriptors(results: Iterable[CheckResult], findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The rules, in the order of their ids: all those that the checks say they applied, and those of the findings.

    Args:
        results: What the checks said.
        findings: Those that are reported.
    """
    tools = {result.name: result.title for result in results}
    rules: dict[str, _Rule] = {}

    def rule(check: str, name: str) -> _Rule:
        return rules.setdefault(rule_id(check, name), _Rule(check=check, name=name.partition("[")[0] or name, tool=tools.get(check, "")))

    for result in results:
        for evidence in result.evidence:
            rule(evidence.check, evidence.rule).evidence = evidence
    for finding in findings:
        rule(finding.check, finding.rule).findings.append(finding)
    return [_descriptor(name, rules[name]) for name in sorted(rules)]


def _descriptor(name: str, rule: _Rule) -> dict[str, Any]:
    title = cut(_title(rule))
    sources = [rule.evidence.source] if rule.evidence is not None else [each.help for each in rule.findings]
    source = next((each for each in sources if each.startswith("https://")), "")
    severity = max((each.severity for each in rule.findings), key=_WEIGHT.__getitem__, default=Severity.WARNING)
    remedy = cut(_common([each.remedy for each in rule.findings]))
    controls = _controls(rule)
    described = ". ".join(part.rstrip(".") for part in (title, f"Evidence for {', '.join(controls)}" if controls else "") if part) + "."
    helped = "\n\n".join(part for part in (remedy, f"Source: {source}" if source else "") if part) or described
    descriptor = {
        "id": name,
        "name": cut("".join(part[:1].upper() + part[1:] for part in _WORD.split(printable(rule.name)) if part) or "Rule", _MOST_NAME),
        "shortDescription": {"text": title},
        "fullDescription": {"text": cut(described)},
        "help": {"text": helped, "markdown": markdown(remedy or described) + (f"\n\n[Source]({_link(source)})" if source else "")},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": _properties(rule, severity, controls),
    }
    return {**descriptor, "helpUri": _link(source)} if source else descriptor


def _properties(rule: _Rule, severity: Severity, controls: Sequence[str]) -> dict[str, Any]:
    categories = dict.fromkeys(each.category for each in rule.findings if each.category)
    is_security = rule.check in _SECURITY_CHECKS or bool(controls) or not _SECURITY_CATEGORIES.isdisjoint(categories)
    family = rule.name.partition(".")[0] if "." in rule.name and rule.check in {"rules", "upgrade"} else ""
    tags = dict.fromkeys(("security" if is_security else "", rule.check, printable(family), *map(printable, categories), *controls))
    properties: dict[str, Any] = {
        "tags": [tag for tag in tags if tag][:_MOST_TAGS],
        "precision": _PRECISION.get(rule.check, "high"),
        "problem.severity": _PROBLEM[severity],
    }
    return {**properties, "security-severity": _SECURITY[severity]} if is_security else properties


def _title(rule: _Rule) -> str:
    """What has to be so; what was found, if the rule always says the same; else whose rule it is."""
    told = rule.evidence.title if rule.evidence is not None else UPGRADE_RULES.get(rule.name, "")
    said = shown(told) or _common([each.message for each in rule.findings])
    tool = f" of {rule.tool}" if rule.tool else ""
    return printable(said or f"{rule.name}, a rule{tool}, in the check {rule.check}")


def _controls(rule: _Rule) -> list[str]:
    named = rule.evidence.controls if rule.evidence is not None else ()
    return [printable(each) for each in dict.fromkeys((*named, *(control for one in rule.findings for control in one.controls)))]


def _common(texts: Sequence[str]) -> str:
    """What all of them say; nothing when they differ."""
    return printable(texts[0]) if len(set(texts)) == 1 else ""


def cut(text: str, most: int = MOST_TEXT) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def markdown(text: str) -> str:
    """Text in which Markdown and HTML see nothing of theirs."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]()<>#+!|~&@" else one for one in text)


def _link(source: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-._~:/?#@!$&'*+,;=%") else "%20" for one in source)
