"""Which policies hang on which role, user or group: managed ones by ARN or name, inline ones, whatever resource attaches them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lakecheck.estate.arns import account_in, parts
from lakecheck.estate.managed_policies import is_aws_managed, managed_policy, managed_policy_named
from lakecheck.estate.sources import arn_of, listed, text
from lakecheck.iam.documents import PolicyKind
from lakecheck.iam.model import Policy
from lakecheck.values import Unknown, generated_holes, has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.estate.sources import Sources


@dataclass(slots=True)
class Held:
    """What hangs on one role, user or group, or may."""

    policies: list[Policy] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    where: list[Origin] = field(default_factory=list)

    def add(self, policy: Policy) -> None:
        """Adds a policy, once."""
        if all(policy is not other for other in self.policies):
            self.policies.append(policy)

    def include(self, other: Held) -> None:
        """Adds all of another, as a user has what its groups have."""
        for policy in other.policies:
            self.add(policy)
        self.unknown += other.unknown


Identity = tuple[str, str, str]
"""Account, kind (`role`, `user` or `group`) and name."""


class Attachments:
    """Every managed policy of the templates, and everything that hangs on somebody.

    Args:
        sources: The resources.
        elsewhere: Managed policies by ARN that no template makes; none when left out.
    """

    def __init__(self, sources: Sources, elsewhere: Mapping[str, Policy] | None = None) -> None:
        self._sources = sources
        self._held: dict[Identity, Held] = {}
        self._managed: dict[str, Policy] = dict(elsewhere if elsewhere is not None else {})
        self._by_name = {(account_in(arn), arn.rpartition("/")[2]): policy for arn, policy in self._managed.items()}
        self._of_anybody: dict[tuple[str, str], list[str]] = {}
        self._read_managed()
        self._read_inline()

    @property
    def identities(self) -> tuple[Identity, ...]:
        """Everybody on whom something hangs."""
        return tuple(self._held)

    def of(self, account: str, kind: str, name: str) -> Held:
        """What hangs on somebody."""
        held = self._held.setdefault((account, kind, name), Held())
        anybody = self._of_anybody.get((account, kind), ())
        return Held([*held.policies], [*held.unknown, *anybody], held.where)

    def managed(self, arn: Any, *, account: str = "") -> Policy | str:
        """A managed policy by its ARN, or why it is not known."""
        if isinstance(arn, Unknown):
            return f"a managed policy is not known: {arn.reason}"
        name = text(arn)
        found = self._managed.get(name) or managed_policy(name)
        if found is not None:
            return found
        if is_aws_managed(name):
            return f"the AWS managed policy {shown(name)} is not in the table of documents"
        split = parts(name)
        if split is None and not has_hole(name):
            named = self._by_name.get((account, name)) or managed_policy_named(name, self._sources.partition(account))
            if named is not None:
                return named
        return f"the managed policy {shown(name)} is in no template"

    def managed_by_name(self, account: str, name: str) -> Policy | str:
        """A customer managed policy by the name it has in an account, or why it is not known."""
        found = self._by_name.get((account, name))
        return found if found is not None else f"the customer managed policy {shown(name)} of account {shown(account)} is in no template"

    def attach(self, held: Held, arns: Any, *, account: str, origin: Origin) -> None:
        """Adds the managed policies of a `ManagedPolicyArns`."""
        for arn in listed(arns):
            found = self.managed(arn, account=account)
            if isinstance(found, Policy):
                held.add(found)
            else:
                held.unknown.append(f"{found} (attached by {shown(str(origin))})")

    def inline(self, held: Held, policies: Any, origin: Origin) -> None:
        """Adds the documents of a `Policies`."""
        for entry in listed(policies):
            if not isinstance(entry, dict):
                reason = entry.reason if isinstance(entry, Unknown) else "it is no object"
                held.unknown.append(f"an inline policy of {shown(str(origin))} is not known: {reason}")
                continue
            name = f"{origin}/{shown(text(entry.get('PolicyName'), 'inline policy'))}"
            document = entry.get("PolicyDocument")
            held.add(self._sources.policy(document, name=name, origin=origin, kind=PolicyKind.IDENTITY))

    def boundary(self, arn: Any, *, account: str, origin: Origin) -> Policy | None:
        """A permissions boundary; one that is not known may let anything pass, or nothing."""
        if arn is None:
            return None
        found = self.managed(arn, account=account)
        if isinstance(found, Policy):
            return found
        return Policy(name=f"permissions boundary of {shown(str(origin))}", statements=(), unknown=(found,))

    def _read_managed(self) -> None:
        for resource in self._sources.of("AWS::IAM::ManagedPolicy"):
            properties = resource.properties
            policy = self._sources.policy(
                properties.get("PolicyDocument"), name=str(resource.origin), origin=resource.origin, kind=PolicyKind.IDENTITY
            )
            name = text(properties.get("ManagedPolicyName"))
            path = text(properties.get("Path"), "/")
            policy = replace(policy, arn=resource.ref)
            self._managed[resource.ref] = policy
            if name:
                self._managed[arn_of(resource, "iam", f"policy{path}{name}", region=False)] = policy
                self._by_name[resource.account, name] = policy
            self._distribute(resource, policy)

    def _read_inline(self) -> None:
        for resource in self._sources.of("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy"):
            policy = self._sources.policy(
                resource.properties.get("PolicyDocument"), name=str(resource.origin), origin=resource.origin, kind=PolicyKind.IDENTITY
            )
            self._distribute(resource, policy)

    def _distribute(self, resource: Resource, policy: Policy) -> None:
        """Hangs a policy on whom its resource names; one whose targets are not known may hang on anybody of the account."""
        for kind, keys in _TARGETS.items():
            for key in keys:
                for target in listed(resource.properties.get(key)):
                    name = text(target)
                    if not isinstance(target, Unknown):
                        held = self._held.setdefault((resource.account, kind, name), Held())
                        held.add(policy)
                        held.where.append(resource.origin)
                    if isinstance(target, Unknown) or (has_hole(name) and not generated_holes(name)):
                        reason = f"the policy {shown(str(resource.origin))} may be attached to it: {shown(target)} is not known"
                        self._of_anybody.setdefault((resource.account, kind), []).append(reason)


_TARGETS = {"role": ("Roles", "RoleName"), "user": ("Users", "UserName"), "group": ("Groups", "GroupName")}
