"""The resolved resources by type, plain values out of their properties, and the list of what could not be told: what every reader uses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.model import NotKnown
from lakecheck.formula import TRUE, Unresolved, all_of, unresolved
from lakecheck.iam.documents import PolicyKind, read_policy
from lakecheck.iam.model import Policy
from lakecheck.values import Unknown, generated_holes, has_hole, hole, shown, unknowns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.assembly.resources import Origin, Resource

_PIECES: Final = re.compile("\ue000[^\ue001]*\ue001|[^\ue000]+")  # a hole, or what stands between two


class Sources:
    """The resources that an estate is made of.

    Args:
        resources: Every resource of every template, in order.
        not_known: What the resolution could not tell.
    """

    def __init__(self, resources: Iterable[Resource], not_known: Iterable[str] = ()) -> None:
        self.resources = tuple(resources)
        self.not_known: dict[NotKnown, None] = dict.fromkeys(NotKnown(reason=reason) for reason in not_known)
        self._by_type: dict[str, list[Resource]] = {}
        for resource in self.resources:
            self._by_type.setdefault(resource.type, []).append(resource)
        self.accounts = frozenset(resource.account for resource in self.resources)
        """The accounts with resources: those whose principals the templates tell."""
        self._partitions = {resource.account: resource.partition for resource in self.resources}

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of these types, type by type, each in the templates' order."""
        for one in types:
            yield from self._by_type.get(one, ())

    @property
    def types(self) -> tuple[str, ...]:
        """Every type that occurs."""
        return tuple(self._by_type)

    def partition(self, account: str) -> str:
        """The partition an account is in; that of the first account of the estate for one outside, `aws` where there is none."""
        return self._partitions.get(account) or next(iter(self._partitions.values()), "aws")

    def tell(self, reason: str, origin: Origin | None = None) -> None:
        """Notes something that could not be told."""
        self.not_known.setdefault(NotKnown(reason=reason, origin=origin))

    def policy(self, document: Any, *, name: str, origin: Origin | None, kind: PolicyKind) -> Policy:
        """A policy out of a template; what AWS would refuse in it, or what is not resolved, is unknown in it and noted."""
        policy, findings = read_policy(in_words(document), name=name, at=origin.source if origin is not None else "", kind=kind)
        for finding in findings:
            self.tell(str(finding), origin)
        return policy if origin is None else existing(policy, origin)


def in_words(document: Any) -> Any:
    """The document with the numbers of accounts as texts, as CloudFormation takes numbers."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not any(_numbers(each) for each in listed(statements)):
        return document
    return {**document, "Statement": [_named_in_words(each) for each in listed(statements)]}


def _numbers(statement: Any) -> bool:
    named = at(statement, "Principal", "AWS")
    return any(isinstance(each, int) and not isinstance(each, bool) for each in listed(named))


def _named_in_words(statement: Any) -> Any:
    if not _numbers(statement):
        return statement
    named = [str(each) if isinstance(each, int) and not isinstance(each, bool) else each for each in listed(statement["Principal"]["AWS"])]
    return {**statement, "Principal": {**statement["Principal"], "AWS": named}}


def existing(policy: Policy, origin: Origin) -> Policy:
    """The policy with what its existence depends on in each statement; the same object when it exists for certain."""
    if origin.exists == TRUE:
        return policy
    why = "; ".join(sorted(unresolved(origin.exists)))
    reason = f"whether {shown(str(origin))} exists" + (f": {why}" if why else "")
    return doubtful(policy, reason)


def doubtful(policy: Policy, reason: str) -> Policy:
    """The policy as one that may not apply: each statement depends on a fact that is not known."""
    return replace(policy, statements=tuple(replace(each, unknown=(*each.unknown, reason)) for each in policy.statements))


def depending(origin: Origin, reasons: Iterable[str]) -> Origin:
    """The origin of something that is seen in part: whether it is as seen depends on these facts."""
    facts = [Unresolved(reason) for reason in reasons]
    return replace(origin, exists=all_of([origin.exists, *facts])) if facts else origin


def joined(policies: Iterable[Policy]) -> Policy | None:
    """Several documents as one policy, their statements numbered through; the policy itself when there is one, None without any."""
    parts = list(policies)
    if len(parts) <= 1:
        return parts[0] if parts else None
    statements = [statement for part in parts for statement in part.statements]
    return Policy(
        name=" and ".join(part.name for part in parts),
        version=max(part.version for part in parts),
        statements=tuple(replace(statement, index=index) for index, statement in enumerate(statements)),
        unknown=tuple(dict.fromkeys(reason for part in parts for reason in part.unknown)),
        at=parts[0].at,
    )


def text(value: Any, otherwise: str = "") -> str:
    """A value as text; one that is not known as a text of which nothing is known."""
    if value is None:
        return otherwise
    if isinstance(value, Unknown):
        return hole(value.reason)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, default=shown) if isinstance(value, dict | list) else str(value)


def lower(value: Any, otherwise: str = "") -> str:
    """A name as Glue and Lake Formation keep it, in lower case; the holes in it stay what they are."""
    name = text(value, otherwise)
    if not has_hole(name):
        return name.lower()
    return _PIECES.sub(lambda piece: piece[0] if has_hole(piece[0]) else piece[0].lower(), name)


def flag(value: Any) -> bool | None:
    """A boolean, also as the text that templates often have; None when it is absent or not known."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def at(value: Any, *path: str) -> Any:
    """What stands at a path of keys; None when it is not there, the `Unknown` when something on the way is one."""
    for key in path:
        if isinstance(value, Unknown):
            return value
        value = value.get(key) if isinstance(value, dict) else None
    return value


def listed(value: Any) -> list[Any]:
    """A list as it is; nothing as an empty one; anything else, an `Unknown` too, as a list of it."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def texts(value: Any) -> tuple[str, ...]:
    """Every text of a list; those that are not known are left out: `reasons` tells them."""
    return tuple(text(each) for each in listed(value) if not isinstance(each, Unknown | dict | list))


def reasons(value: Any) -> tuple[str, ...]:
    """Why a value is not wholly known, without doubles."""
    return tuple(dict.fromkeys(each.reason for each in unknowns(value)))


def unsure(value: Any) -> tuple[str, ...]:
    """Why a list of names or a flag is not wholly known: `reasons`, and texts of which a part is not known."""
    found = [*reasons(value)]
    found += [f"{shown(each)} is not known" for each in _strings(value) if has_hole(each) and not generated_holes(each)]
    return tuple(dict.fromkeys(found))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def attribute(resource: Resource, name: str, otherwise: str) -> str:
    """An attribute of a resource as text; `otherwise` when the resolution has none or only a hole for it."""
    found = resource.attributes.get(name)
    return found if isinstance(found, str) and (found.startswith("arn:") or not has_hole(found)) else otherwise


def arn_of(resource: Resource, service: str, relative: str, *, region: bool = True, account: bool = True) -> str:
    """The ARN of a resource: its `Arn` attribute where that is known, else put together."""
    where = resource.region if region else ""
    whose = resource.account if account else ""
    return attribute(resource, "Arn", f"arn:{resource.partition}:{service}:{where}:{whose}:{relative}")


def tags_of(value: Any) -> dict[str, str] | None:
    """Tags of a resource, as a list of pairs or as an object; None when they are not all known."""
    if reasons(value):
        return None
    if isinstance(value, dict):
        return {key: text(each) for key, each in value.items()}
    return {text(pair["Key"]): text(pair.get("Value")) for pair in listed(value) if isinstance(pair, dict) and "Key" in pair}


def named(mapping: Mapping[str, Any], *keys: str) -> Any:
    """The first of several keys that is there."""
    return next((mapping[key] for key in keys if mapping.get(key) is not None), None)
