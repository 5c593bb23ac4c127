"""Is an environment anywhere weaker than another? Equal is fine, known to be stronger is fine, everything else is a weakness.

Differences are judged by a short list of what is stronger. A difference that the list does not know is reported, so that a new property
cannot weaken production unseen.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.stacks.policies import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.stacks.assembly import Synthesized

LONGER = {
    "BackupRetentionPeriod",
    "ExpirationInDays",
    "MessageRetentionPeriod",
    "NoncurrentDays",
    "PendingWindowInDays",
    "RecoveryPeriodInDays",
    "RetentionInDays",
}
"""More days keep data, and the way back to it, longer."""

SMALLER = {"BytesScannedCutoffPerQuery", "MaxSessionDuration"}
"""A cap."""

RANKED = {
    "DeletionPolicy": (None, "Delete", "Retain"),
    "UpdateReplacePolicy": (None, "Delete", "Retain"),
    "VersioningConfiguration.Status": (None, "Suspended", "Enabled"),
}
"""From weak to strong."""

RIGHTS = {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User", "AWS::LakeFormation::PrincipalPermissions"}
"""Fewer of them are fine, more of them are not."""


def weaknesses(standard: Mapping[str, Synthesized], strict: Mapping[str, Synthesized]) -> list[str]:
    """What is weaker in `strict` than in `standard`; both by the stacks' names in their environment."""
    said = []
    for name, stack in standard.items():
        other = strict.get(name)
        if other is None:
            said.append(f"{name}: the stack is missing")
            continue
        if stack.protected and not other.protected:
            said.append(f"{name}: no termination protection")
        said += _resources(name, _neutral(stack, standard), _neutral(other, strict))
    return said


def _neutral(stack: Synthesized, environment: Mapping[str, Synthesized]) -> dict[str, dict[str, Any]]:
    """The stack's resources without what names its environment: accounts by their order, the environment's name left out."""
    text = json.dumps(stack.resources)
    for number, account in enumerate(sorted({each.account for each in environment.values()})):
        text = text.replace(account, f"<account {number}>")
    text = re.sub(rf'(?<=["/]){stack.environment}(?=[-/])', "<environment>", text)
    text = re.sub(rf'"{stack.environment}(\w+?)[0-9A-F]{{8}}"', r'"<environment>\1"', text)
    neutral: dict[str, dict[str, Any]] = json.loads(text)
    return neutral


def _resources(stack: str, standard: dict[str, dict[str, Any]], strict: dict[str, dict[str, Any]]) -> Iterator[str]:
    for logical_id, resource in standard.items():
        if logical_id in strict:
            for place, before, after in _differences(resource, strict[logical_id], ""):
                yield f"{stack}/{logical_id}: {place} is {_short(after)}, elsewhere {_short(before)}"
        elif resource["Type"] not in RIGHTS:
            yield f"{stack}/{logical_id}: the {resource['Type']} is missing"
    for logical_id, resource in strict.items():
        if logical_id not in standard and (resource["Type"] in RIGHTS or _allows(resource)):
            yield f"{stack}/{logical_id}: the {resource['Type']} gives rights that exist here only"


def _differences(standard: Any, strict: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Where `strict` is not known to be as strong, with both values."""
    if standard == strict or _stronger(standard, strict, place):
        return
    key = place.rpartition(".")[2]
    special = {"Statement": _statements, "Grants": _grants, "Rules": _lifecycle}.get(key)
    if special is not None and isinstance(standard, list) and isinstance(strict, list):
        yield from special(standard, strict, place)
    elif isinstance(standard, dict) and isinstance(strict, dict):
        for name in sorted({*standard, *strict}):
            yield from _differences(standard.get(name), strict.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(standard, list) and isinstance(strict, list) and len(standard) == len(strict):
        for number, (before, after) in enumerate(zip(standard, strict, strict=True)):
            yield from _differences(before, after, f"{place}[{number}]")
    else:
        yield place, standard, strict


def _stronger(standard: Any, strict: Any, place: str) -> bool:
    key = place.rpartition(".")[2]
    if key in LONGER and isinstance(strict, int):
        return standard is not None and strict >= standard
    if key in SMALLER and isinstance(strict, int):
        return standard is None or strict <= standard
    for ranked, order in RANKED.items():
        if place == ranked or place.endswith(f".{ranked}"):
            return strict in order and standard in order and order.index(strict) >= order.index(standard)
    return False


def _statements(standard: list[Any], strict: list[Any], place: str) -> Iterator[tuple[str, Any, Any]]:
    """Nothing more is allowed, nothing less is denied."""
    for statement in strict:
        if statement["Effect"] == "Allow" and not any(_narrower(statement, each) for each in standard):
            yield f"{place} allows", None, statement
    for statement in standard:
        if statement["Effect"] == "Deny" and statement not in strict:
            yield f"{place} denies", statement, None


def _narrower(statement: dict[str, Any], wider: dict[str, Any]) -> bool:
    """Whether `wider` allows the same or more: the same but for actions and resources, of which it has at least as many."""
    listed = {"Action", "Resource"}
    if {key: value for key, value in statement.items() if key not in listed} != {k: v for k, v in wider.items() if k not in listed}:
        return False
    return all(_texts(statement.get(key)) <= _texts(wider.get(key)) for key in listed)


def _grants(standard: list[Any], strict: list[Any], place: str) -> Iterator[tuple[str, Any, Any]]:
    """Each grant is one of the other's, or less than one."""
    for grant in strict:
        if not any(_less(grant, each) for each in standard):
            yield f"{place} gives", None, grant


def _less(grant: dict[str, Any], wider: dict[str, Any]) -> bool:
    rights = ("Permissions", "PermissionsWithGrantOption")
    return (
        grant["Principal"] == wider["Principal"]
        and all(set(grant.get(key, [])) <= set(wider.get(key, [])) for key in rights)
        and _inside(grant["Resource"], wider["Resource"])
    )


def _inside(resource: dict[str, Any], wider: dict[str, Any]) -> bool:
    """Whether the resource is the other one, or an expression over LF-Tags that selects no more."""
    if resource == wider:
        return True
    if not ({*resource} == {*wider} == {"LFTagPolicy"}):
        return False
    inner, outer = resource["LFTagPolicy"], wider["LFTagPolicy"]
    tags = {each["TagKey"]: set(each["TagValues"]) for each in inner["Expression"]}
    rest = {key: value for key, value in inner.items() if key != "Expression"}
    return rest == {key: value for key, value in outer.items() if key != "Expression"} and all(
        each["TagKey"] in tags and tags[each["TagKey"]] <= set(each["TagValues"]) for each in outer["Expression"]
    )


def _lifecycle(standard: list[Any], strict: list[Any], place: str) -> Iterator[tuple[str, Any, Any]]:
    """No rule deletes earlier, and none deletes what is kept elsewhere."""
    if any("Id" not in rule for rule in (*standard, *strict)):
        yield place, standard, strict
        return
    before, after = {rule["Id"]: rule for rule in standard}, {rule["Id"]: rule for rule in strict}
    for name in sorted({*before, *after}):
        if name not in after and "ExpirationInDays" in before[name]:
            continue  # nothing is deleted by it here
        yield from _differences(before.get(name), after.get(name), f"{place}.{name}")


def _allows(resource: dict[str, Any]) -> bool:
    statements = resource.get("Properties", {}).get("PolicyDocument", {}).get("Statement", [])
    return bool(resource.get("Properties", {}).get("Grants")) or any(each["Effect"] == "Allow" for each in as_list(statements))


def _texts(value: Any) -> set[str]:
    return {json.dumps(each, sort_keys=True) for each in as_list(value) if each is not None}


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 160 else f"{text[:160]}…"
