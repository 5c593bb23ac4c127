"""What roles, users and groups of IAM have alike: inline policies and attached ones, whose operations differ by one word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, document, gone_tags, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakecheck.rehearsal.adapters.model import Resource


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of principal.

    Attributes:
        word: As it is in the names of operations.
        listed: The property of policies that names principals of this kind.
    """

    word: str
    listed: str

    def named(self, name: str) -> dict[str, Any]:
        """The parameter that names one."""
        return {f"{self.word.capitalize()}Name": name}

    def put(self, iam: Any, name: str, policy: str, what: Any) -> None:
        """Gives one an inline policy."""
        getattr(iam, f"put_{self.word}_policy")(**self.named(name), PolicyName=policy, PolicyDocument=document(what))

    def drop(self, iam: Any, name: str, policy: str) -> None:
        """Takes an inline policy from one; that it or its owner is not there is fine."""
        ask(iam, f"delete_{self.word}_policy", **self.named(name), PolicyName=policy)

    def inline(self, iam: Any, name: str, policy: str) -> Mapping[str, Any] | None:
        """An inline policy of one."""
        found: Mapping[str, Any] | None = ask(iam, f"get_{self.word}_policy", **self.named(name), PolicyName=policy)
        return found

    def attach(self, iam: Any, name: str, arn: str) -> None:
        """Attaches a managed policy."""
        getattr(iam, f"attach_{self.word}_policy")(**self.named(name), PolicyArn=arn)

    def detach(self, iam: Any, name: str, arn: str) -> None:
        """Detaches a managed policy; that it was not attached is fine."""
        ask(iam, f"detach_{self.word}_policy", **self.named(name), PolicyArn=arn)

    def change(self, iam: Any, name: str, properties: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Brings `Policies` and `ManagedPolicyArns` from the old properties to the new ones."""
        here, before = _documents(properties), _documents(old)
        for policy, what in here.items():
            if before.get(policy) != what:
                self.put(iam, name, policy, what)
        for policy in before.keys() - here.keys():
            self.drop(iam, name, policy)
        added, gone = added_and_gone(properties.get("ManagedPolicyArns"), old.get("ManagedPolicyArns"))
        for arn in added:
            self.attach(iam, name, arn)
        for arn in gone:
            self.detach(iam, name, arn)

    def policies(self, iam: Any, resource: Resource) -> dict[str, Any]:
        """`Policies` and `ManagedPolicyArns` as IAM returns them.

        Of those that other resources give it (a policy that names its roles), only what the resource states itself is its property; what
        nothing states is told as its own.
        """
        name, stated = resource.physical_id, resource.properties
        wanted, arns = _documents(stated), stated.get("ManagedPolicyArns") or []
        names = paged(iam, f"list_{self.word}_policies", "PolicyNames", **self.named(name))
        attached = [one["PolicyArn"] for one in paged(iam, f"list_attached_{self.word}_policies", "AttachedPolicies", **self.named(name))]
        given = self._given_by_others(resource)
        inline = [found for policy in names if (policy in wanted or policy not in given) and (found := self.inline(iam, name, policy))]
        return {
            "Policies": [{"PolicyName": one["PolicyName"], "PolicyDocument": parsed(one["PolicyDocument"])} for one in inline],
            "ManagedPolicyArns": [arn for arn in attached if arn in arns or arn not in given],
        }

    def _given_by_others(self, resource: Resource) -> set[str]:
        """Names of inline policies and ARNs of managed ones that other resources give to a principal."""
        name, owner = resource.physical_id, f"{self.word.capitalize()}Name"
        inline = [
            *(one for one in resource.others("AWS::IAM::Policy") if name in (one.properties.get(self.listed) or [])),
            *(one for one in resource.others(f"AWS::IAM::{self.word.capitalize()}Policy") if one.properties.get(owner) == name),
        ]
        managed = [one for one in resource.others("AWS::IAM::ManagedPolicy") if name in (one.properties.get(self.listed) or [])]
        here = {one.properties["PolicyName"] for one in inline if one.account == resource.account}
        return here | {one.physical_id for one in managed if one.account == resource.account}


ROLE: Final = Kind("role", "Roles")
USER: Final = Kind("user", "Users")
GROUP: Final = Kind("group", "Groups")
KINDS: Final = (ROLE, USER, GROUP)


def stated_principals(properties: Mapping[str, Any]) -> list[tuple[Kind, str]]:
    """Whom a policy names."""
    return [(kind, name) for kind in KINDS for name in properties.get(kind.listed) or []]


def by_kind(found: Sequence[tuple[Kind, str]]) -> dict[str, list[str]]:
    """Principals under the properties that name them."""
    return {kind.listed: [name for one, name in found if one is kind] for kind in KINDS}


def tag_principal(resource: Resource, word: str, named: Mapping[str, str]) -> None:
    """Brings the tags of something in IAM to what is stated; `word` is as in the names of the operations."""
    iam = resource.client("iam")
    if gone := gone_tags(resource):
        tell(iam, f"untag_{word}", **named, TagKeys=gone)
    if tags := tag_list(resource):
        tell(iam, f"tag_{word}", **named, Tags=tags)


def _documents(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies") or []}
