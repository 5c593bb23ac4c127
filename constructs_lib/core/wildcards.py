"""Wildcards in IAM policies: each acknowledged by the statement it stands in, whatever its resource is called in the template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsii
from aws_cdk import Stack
from constructs import IValidation

from constructs_lib.core.acknowledgements import LIBRARY_OWNER, acknowledge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk import aws_iam as iam

_RULE = "AwsSolutions::AwsSolutions-IAM5[{}]"


def acknowledge_wildcards(policy: iam.ManagedPolicy, reasons: Mapping[str, str], *, owner: str = LIBRARY_OWNER) -> None:
    """Acknowledges the wildcards in the named statements of `policy`, and in no other.

    The ids of such findings contain the policy's references as the template spells them, which differ with the stack a bucket or
    key stands in. So they are worked out when the App is validated, from the statements themselves.

    Args:
        policy: A policy whose statements have a `Sid`.
        reasons: Why the wildcards of a statement are right, by its `Sid`. A statement that is not named keeps its findings.
        owner: Who answers for it; the library for what follows from its design.
    """
    policy.node.add_validation(_WildcardsAreNamed(policy, reasons, owner))


@jsii.implements(IValidation)
class _WildcardsAreNamed:
    """Acknowledges at validation, when references between stacks have been resolved; complains about nothing itself."""

    def __init__(self, policy: iam.ManagedPolicy, reasons: Mapping[str, str], owner: str) -> None:
        self._policy = policy
        self._reasons = dict(reasons)
        self._owner = owner
        self._done: set[str] = set()

    def validate(self) -> list[str]:
        document = Stack.of(self._policy).resolve(self._policy.document)
        for statement in _as_list((document or {}).get("Statement", [])):
            reason = self._reasons.get(statement.get("Sid", ""))
            if reason is None:
                continue
            for finding in _wildcards(statement):
                rule = _RULE.format(finding)
                if rule not in self._done:
                    self._done.add(rule)
                    acknowledge(self._policy, rule, reason=reason, owner=self._owner)
        return []


def _wildcards(statement: Mapping[str, Any]) -> Iterator[str]:
    for action in _as_list(statement.get("Action", [])):
        if "*" in action:
            yield f"Action::{action}"
    for resource in map(_flat, _as_list(statement.get("Resource", []))):
        if "*" in resource:
            yield f"Resource::{resource}"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flat(value: Any) -> str:
    """A reference as the report spells it: `<LogicalId.Attribute>`, joins joined, imports by their name."""
    match value:
        case str():
            flat = value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [delimiter, items]}:
            flat = str(delimiter).join(map(_flat, items))
        case {"Fn::Sub": inner} | {"Fn::ImportValue": inner}:
            flat = _flat(inner)
        case {"Fn::GetAtt": [resource, attribute]}:
            flat = f"<{_flat(resource)}.{_flat(attribute)}>"
        case {"Ref": name}:
            flat = f"<{_flat(name)}>"
        case _:
            flat = json.dumps(value, separators=(",", ":"))
    return flat
