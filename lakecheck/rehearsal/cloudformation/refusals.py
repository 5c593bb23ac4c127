"""What CloudFormation refuses before it makes anything: parameters, rules, references that lead nowhere; and names that are taken.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import at
from lakecheck.rehearsal.cloudformation.template import Scope, TemplateError, ordered, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ONE_EACH: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::Events::Rule": ("Name", "EventBusName"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
}
"""Types whose API answers with the one of that name that is there, or overwrites it, and what names one. CloudFormation refuses a second
one; where the API refuses it itself, it is left to that."""


def name_of(kind: str, properties: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What names a resource of a type of `ONE_EACH`; None where the template gives no name."""
    stated = tuple(at(properties, path) for path in ONE_EACH.get(kind, ()))
    return stated if stated and stated[0] is not None else None


def refuse_value(name: str, stated: Mapping[str, Any], value: Any) -> None:
    """Refuses a parameter's value that its declaration does not allow.

    Raises:
        TemplateError: As CloudFormation says it.
    """
    for each in value if isinstance(value, list) else [value]:
        for constraint, holds, text in _CONSTRAINTS:
            if constraint in stated and not holds(each, stated[constraint]):
                why = stated.get("ConstraintDescription") or f"{text} {_told(stated[constraint])}"
                msg = f"Parameter '{name}' with the value {each!r} {why}"
                raise TemplateError(msg)
    if stated.get("Type") == "Number" and not _is_number(value):
        msg = f"Parameter '{name}' must be a number."
        raise TemplateError(msg)


def refuse(template: Mapping[str, Any], scope: Scope, *, is_expanded: bool) -> None:
    """Refuses a template whose rules do not hold, whose references lead nowhere or whose resources wait for each other.

    Args:
        template: The document.
        scope: Its parameters.
        is_expanded: Whether a macro makes more resources in AWS, which references may lead to.

    Raises:
        TemplateError: As CloudFormation says it.
    """
    _refuse_rules(template, scope)
    if not is_expanded:
        known = {*template["Resources"], *template.get("Parameters", {})}
        for block in ("Resources", "Outputs"):
            missing = sorted({name for name in _named(template.get(block) or {}) if name not in known and not name.startswith("AWS::")})
            if missing:
                msg = f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the {block} block of the template"
                raise TemplateError(msg)
    ordered(template["Resources"])


def _named(block: Mapping[str, Any]) -> Iterable[str]:
    """What a block refers to; a module's inner resource has a dot in its name."""
    for one in block.values():
        stated = one.get("DependsOn", [])
        used = [one[key] for key in ("Properties", "Value", "Export") if key in one]
        for name in (*([stated] if isinstance(stated, str) else stated), *references(used)):
            yield name.partition(".")[0]


def _refuse_rules(template: Mapping[str, Any], scope: Scope) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html."""
    for name, rule in template.get("Rules", {}).items():
        if name == "CheckBootstrapVersion" or ("RuleCondition" in rule and not scope.evaluate(rule["RuleCondition"])):
            continue
        for one in rule.get("Assertions", []):
            if not scope.evaluate(one["Assert"]):
                msg = f"Template error: Rule {name} failed: {one.get('AssertDescription', 'its assertion does not hold')}"
                raise TemplateError(msg)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _told(limit: Any) -> str:
    return f"[{', '.join(map(str, limit))}]" if isinstance(limit, list) else str(limit)


_CONSTRAINTS: Final[tuple[tuple[str, Callable[[Any, Any], bool], str], ...]] = (
    ("AllowedValues", lambda value, allowed: str(value) in map(str, allowed), "must be one of AllowedValues"),
    ("AllowedPattern", lambda value, pattern: re.fullmatch(pattern, str(value)) is not None, "must match pattern"),
    ("MinLength", lambda value, least: len(str(value)) >= int(least), "must have a length of at least"),
    ("MaxLength", lambda value, most: len(str(value)) <= int(most), "must have a length of at most"),
    ("MinValue", lambda value, least: _is_number(value) and float(value) >= float(least), "must be a number that is at least"),
    ("MaxValue", lambda value, most: _is_number(value) and float(value) <= float(most), "must be a number that is at most"),
)
