"""Roles, users with their groups, and the roles of permission sets, with all policies that templates give them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import is_exact, is_role, parts, permission_set_arn
from lakecheck.estate.attachments import Attachments, Held
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.estate.sources import arn_of, at, joined, listed, reasons, tags_of, text
from lakecheck.formula import Unresolved, all_of, any_of
from lakecheck.iam.documents import PolicyKind
from lakecheck.iam.model import Policy
from lakecheck.values import Unknown, generated_holes, has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.estate.sources import Sources
    from lakecheck.formula import Formula

NO_TEMPLATE: Final = "no template defines it"
_SERVICE_ROLE_PATH: Final = "/aws-service-role/"


class Principals:
    """Everybody whom templates define, and where roles are found by name.

    Args:
        sources: The resources.
        managed_policies: Managed policies by ARN that no template makes; none when left out.
    """

    def __init__(self, sources: Sources, managed_policies: Mapping[str, Policy] | None = None) -> None:
        self._sources = sources
        self.attachments = Attachments(sources, managed_policies)
        self._roles_by_name: dict[tuple[str, str], str] = {}
        self.found: dict[str, Principal] = {}
        """By ARN."""
        self.permission_sets: dict[str, Resource] = {}
        """Permission sets by name, assigned or not."""
        self._unassigned: dict[str, Resource] = {}
        self._groups = {(each.account, each.ref): self._group(each) for each in sources.of("AWS::IAM::Group")}
        for resource in sources.of("AWS::IAM::Role"):
            self._add(self._role(resource))
        for resource in sources.of("AWS::IAM::User"):
            self._add(self._user(resource))
        for resource in sources.of("AWS::IAM::ServiceLinkedRole"):
            self._add(self._service_linked_role(resource))
        for principal in self._of_permission_sets():
            self._add(principal)
        for principal in tuple(self._only_attached()):
            self._add(principal)

    def role_arn(self, account: str, role: str) -> str:
        """The ARN of a role that a property names, which may be an ARN, a name, or a path and a name."""
        if not role or role.startswith("arn:"):
            return role
        name = role.rpartition("/")[2]
        found = self._roles_by_name.get((account, name))
        return found if found is not None else f"arn:{self._sources.partition(account)}:iam::{account}:role/{role.lstrip('/')}"

    def by_name(self, account: str, name: str) -> Principal | None:
        """The role of that name in an account, whatever its path."""
        return self.found.get(self._roles_by_name.get((account, name), ""))

    def permission_set(self, account: str, name: str, arn: str, resource: Resource) -> Principal:
        """The principal of a permission set in one account."""
        properties, origin = resource.properties, resource.origin
        held = Held()
        document = properties.get("InlinePolicy")
        if document not in (None, "", {}):
            held.add(self._sources.policy(document, name=f"{origin}/InlinePolicy", origin=origin, kind=PolicyKind.IDENTITY))
        self.attachments.attach(held, properties.get("ManagedPolicies"), account=account, origin=origin)
        for reference in listed(properties.get("CustomerManagedPolicyReferences")):
            self._refer(held, account, reference)
        return Principal(
            arn=arn,
            kind=PrincipalKind.PERMISSION_SET,
            account=account,
            name=f"permission-set/{shown(name)}",
            policies=tuple(held.policies),
            boundary=self._set_boundary(account, properties.get("PermissionsBoundary"), origin),
            unknown=tuple(dict.fromkeys(held.unknown)),
            origin=origin,
        )

    def _add(self, principal: Principal) -> None:
        there = self.found.get(principal.arn)
        self.found[principal.arn] = principal if there is None else _merged(there, principal)
        if is_role(principal.arn):
            self._roles_by_name.setdefault((principal.account, principal.arn.rpartition("/")[2]), principal.arn)

    def _own(self, resource: Resource, kind: str) -> Held:
        held = self.attachments.of(resource.account, kind, resource.ref)
        properties = resource.properties
        self.attachments.attach(held, properties.get("ManagedPolicyArns"), account=resource.account, origin=resource.origin)
        self.attachments.inline(held, properties.get("Policies"), resource.origin)
        return held

    def _role(self, resource: Resource) -> Principal:
        properties, origin = resource.properties, resource.origin
        held = self._own(resource, "role")
        path = text(properties.get("Path"), "/")
        trust = properties.get("AssumeRolePolicyDocument")
        return Principal(
            arn=arn_of(resource, "iam", f"role{path}{resource.ref}", region=False),
            kind=PrincipalKind.SERVICE_LINKED_ROLE if path.startswith(_SERVICE_ROLE_PATH) else PrincipalKind.ROLE,
            account=resource.account,
            name=f"role/{_called(resource)}",
            policies=tuple(held.policies),
            boundary=self.attachments.boundary(properties.get("PermissionsBoundary"), account=resource.account, origin=origin),
            trust=self._sources.policy(trust, name=f"trust policy of {shown(str(origin))}", origin=origin, kind=PolicyKind.TRUST),
            tags=tags_of(properties.get("Tags")),
            unknown=tuple(dict.fromkeys(held.unknown)),
            origin=origin,
        )

    def _user(self, resource: Resource) -> Principal:
        properties, origin = resource.properties, resource.origin
        held = self._own(resource, "user")
        for group in (*listed(properties.get("Groups")), *self._added_groups(resource)):
            name = text(group)
            if (resource.account, name) in self._groups:
                held.include(self._groups[resource.account, name])
            else:
                held.include(self.attachments.of(resource.account, "group", name))
                held.unknown.append(f"its group {shown(group)} is in no template")
        return Principal(
            arn=arn_of(resource, "iam", f"user{text(properties.get('Path'), '/')}{resource.ref}", region=False),
            kind=PrincipalKind.USER,
            account=resource.account,
            name=f"user/{_called(resource)}",
            policies=tuple(held.policies),
            boundary=self.attachments.boundary(properties.get("PermissionsBoundary"), account=resource.account, origin=origin),
            tags=tags_of(properties.get("Tags")),
            unknown=tuple(dict.fromkeys(held.unknown)),
            origin=origin,
        )

    def _group(self, resource: Resource) -> Held:
        return self._own(resource, "group")

    def _added_groups(self, user: Resource) -> Iterator[Any]:
        for addition in self._sources.of("AWS::IAM::UserToGroupAddition"):
            members = listed(addition.properties.get("Users"))
            not_told = any(isinstance(each, Unknown) or (has_hole(text(each)) and not generated_holes(text(each))) for each in members)
            if addition.account == user.account and (user.ref in map(text, members) or not_told):
                yield addition.properties.get("GroupName")

    def _service_linked_role(self, resource: Resource) -> Principal:
        service = text(resource.properties.get("AWSServiceName"))
        name = hole(f"name of the service-linked role {resource.origin}", generated=True)
        return Principal(
            arn=arn_of(resource, "iam", f"role{_SERVICE_ROLE_PATH}{service}/{name}", region=False),
            kind=PrincipalKind.SERVICE_LINKED_ROLE,
            account=resource.account,
            name=f"service-linked-role/{shown(service)}",
            unknown=(f"the policies of a service-linked role are those of {shown(service)}",),
            origin=resource.origin,
        )

    def _of_permission_sets(self) -> Iterator[Principal]:
        """One for each account that a permission set is, or may be, assigned to; also for one that no template defines."""
        assigned = self._assigned()
        for resource in self._sources.of("AWS::SSO::PermissionSet"):
            name = text(resource.properties.get("Name"))
            arn = resource.attributes.get("PermissionSetArn")
            accounts = {**assigned.pop(resource.ref, {}), **assigned.pop(text(arn), {})}
            self.permission_sets[name] = resource
            if not accounts:
                self._unassigned[name] = resource
            yield from self._of_set(name, resource, accounts)
        for left, accounts in assigned.items():
            for account in accounts:
                yield Principal(
                    arn=permission_set_arn(self._sources.partition(account), account, hole(f"name of {shown(left)}")),
                    kind=PrincipalKind.PERMISSION_SET,
                    account=account,
                    name=f"permission-set/{shown(left)}",
                    unknown=(f"no template defines the permission set {shown(left)}",),
                )

    def perhaps_assigned(self, named: Container[str]) -> Iterator[Principal]:
        """The permission sets that no template assigns, in each account where nothing names them: whether they are there is not known.

        Args:
            named: ARNs that something names: whoever grants something to the role of a set counts on it.
        """
        for name, resource in self._unassigned.items():
            why = f"whether the permission set {shown(name)}, which no template assigns, is assigned to account "
            accounts = {account: Unresolved(f"{why}{shown(account)}") for account in sorted(self._sources.accounts)}
            yield from (made for made in self._of_set(name, resource, accounts) if made.arn not in named)

    def _of_set(self, name: str, resource: Resource, accounts: Mapping[str, Formula]) -> Iterator[Principal]:
        for account, exists in accounts.items():
            made = self.permission_set(account, name, permission_set_arn(self._sources.partition(account), account, name), resource)
            yield replace(made, origin=replace(resource.origin, exists=all_of([resource.origin.exists, exists])))

    def _assigned(self) -> dict[str, dict[str, Formula]]:
        """By permission set the accounts it is assigned to, each with what that depends on."""
        found: dict[str, dict[str, list[Formula]]] = {}
        for assignment in self._sources.of("AWS::SSO::Assignment"):
            target, exists = text(assignment.properties.get("TargetId")), assignment.origin.exists
            accounts = found.setdefault(text(assignment.properties.get("PermissionSetArn")), {})
            accounts.setdefault(target, []).append(exists)
            if has_hole(target) and not generated_holes(target) and target not in self._sources.accounts:
                for account in sorted(self._sources.accounts):
                    accounts.setdefault(account, []).append(all_of([exists, Unresolved(f"whether {shown(target)} is {shown(account)}")]))
        return {name: {account: any_of(ways) for account, ways in accounts.items()} for name, accounts in found.items()}

    def _refer(self, held: Held, account: str, reference: Any) -> None:
        name = at(reference, "Name")
        found: Policy | str
        found = f"a reference to a customer managed policy: {name.reason}" if isinstance(name, Unknown) else ""
        found = found or self.attachments.managed_by_name(account, text(name))
        if isinstance(found, Policy):
            held.add(found)
        else:
            held.unknown.append(found)

    def _set_boundary(self, account: str, boundary: Any, origin: Origin) -> Policy | None:
        if boundary is None:
            return None
        if (arn := at(boundary, "ManagedPolicyArn")) is not None:
            return self.attachments.boundary(arn, account=account, origin=origin)
        found = self.attachments.managed_by_name(account, text(at(boundary, "CustomerManagedPolicyReference", "Name")))
        unknown = reasons(boundary) or ((found,) if isinstance(found, str) else ())
        if unknown or isinstance(found, str):
            return Policy(name=f"permissions boundary of {shown(str(origin))}", statements=(), unknown=unknown)
        return found

    def _only_attached(self) -> Iterator[Principal]:
        """Those to whom templates attach policies and who are defined elsewhere."""
        known = {("role", *key) for key in self._roles_by_name}
        known |= {("user", each.account, each.arn.rpartition("/")[2]) for each in self.found.values() if each.kind is PrincipalKind.USER}
        for account, kind, name in self.attachments.identities:
            if kind == "group" or (kind, account, name) in known:
                continue
            held = self.attachments.of(account, kind, name)
            yield Principal(
                arn=f"arn:{self._sources.partition(account)}:iam::{account}:{kind}/{name}",
                kind=PrincipalKind.ROLE if kind == "role" else PrincipalKind.USER,
                account=account,
                name=f"{kind}/{shown(name)}",
                policies=tuple(held.policies),
                unknown=(NO_TEMPLATE, *dict.fromkeys(held.unknown)),
                named_in=tuple(dict.fromkeys(shown(str(origin)) for origin in held.where)),
            )


def _merged(one: Principal, other: Principal) -> Principal:
    """A principal that is defined twice, as under conditions that exclude each other: whatever either may do, it may do."""
    return replace(
        one,
        policies=(*one.policies, *(policy for policy in other.policies if all(policy is not each for each in one.policies))),
        boundary=one.boundary if one.boundary is other.boundary else None,
        trust=joined(policy for policy in (one.trust, other.trust) if policy is not None),
        tags=one.tags if one.tags == other.tags else None,
        unknown=tuple(dict.fromkeys((*one.unknown, *other.unknown))),
        origin=one.origin if one.origin is None or other.origin is None else _either(one.origin, other.origin),
    )


def _either(one: Origin, other: Origin) -> Origin:
    """The place of the first; it exists when either does."""
    return replace(one, exists=any_of([one.exists, other.exists]))


def _called(resource: Resource) -> str:
    """The name a reader knows it by: its own, or its construct's where CloudFormation makes the name up."""
    if not has_hole(resource.ref):
        return resource.ref
    path = shown(str(resource.origin))
    while path.endswith("/Resource"):
        path = path.removesuffix("/Resource")
    return path


def named_arn(arn: str) -> tuple[PrincipalKind, str, str] | None:
    """Kind, account and name of a principal by its ARN alone; None when it is no single role or user."""
    found = parts(arn)
    if found is None or found[1] != "iam" or not is_exact(arn):
        return None
    kind, _, name = found[4].partition("/")
    if kind == "role":
        is_linked = name.startswith(_SERVICE_ROLE_PATH.lstrip("/"))
        return (PrincipalKind.SERVICE_LINKED_ROLE if is_linked else PrincipalKind.ROLE), found[3], f"role/{shown(name)}"
    return (PrincipalKind.USER, found[3], f"user/{shown(name)}") if kind == "user" else None
