"""How much of each AWS quota the templates use: of a template, of one resource, of an account in a Region."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.model import ResourceType
from lakecheck.values import Unknown, has_hole, outline, with_sized_holes
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.snapshot import Snapshot
    from lakemodel.limits import Limit

    _Counted = Callable[[Mapping[str, Any]], tuple[int, bool] | None]

_SECTIONS: Final = {
    Quota.STACK_RESOURCES: "Resources",
    Quota.STACK_OUTPUTS: "Outputs",
    Quota.STACK_PARAMETERS: "Parameters",
    Quota.STACK_MAPPINGS: "Mappings",
}
_PER_ACCOUNT: Final = {
    "AWS::IAM::Role": Quota.ACCOUNT_ROLES,
    "AWS::IAM::ManagedPolicy": Quota.ACCOUNT_MANAGED_POLICIES,
    "AWS::Glue::Job": Quota.ACCOUNT_GLUE_JOBS,
}
_GLOBAL: Final = frozenset({Quota.ACCOUNT_ROLES, Quota.ACCOUNT_MANAGED_POLICIES})
_OF_ORGANIZATION: Final = {
    "SERVICE_CONTROL_POLICY": (Quota.SERVICE_CONTROL_POLICY_CHARACTERS, Quota.SERVICE_CONTROL_POLICIES),
    "RESOURCE_CONTROL_POLICY": (Quota.RESOURCE_CONTROL_POLICY_CHARACTERS, Quota.RESOURCE_CONTROL_POLICIES),
}
"""By type of an organisation's policy: how long one may be, and how many one target may have. Any other is a management policy."""
_AWS_OWN: Final = {"SERVICE_CONTROL_POLICY": 1, "RESOURCE_CONTROL_POLICY": 1}
"""What every target has of AWS: FullAWSAccess and RCPFullAWSAccess."""
_OF_HOLE: Final = "x" * 24
"""What stands for a piece of text whose length nobody knows: about as long as the names that CloudFormation makes up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """How much of one quota is used at one place.

    Attributes:
        quota: Which.
        count: How much, in the limit's unit.
        place: Where: construct paths of a stack and a resource, or an account and Region, for people.
        origin: The resource; None for a template or an account.
        stack: The template; None for an account.
        environment: The Stage.
        is_about: Whether the count has texts in it whose length is not known.
        raised_to: What AWS has raised the quota to; None for what it is by default.
    """

    quota: Quota
    count: int
    place: str
    environment: str
    stack: StackTemplate | None = None
    origin: Origin | None = None
    is_about: bool = False
    raised_to: int | None = None

    @property
    def allowed(self) -> Limit:
        """The quota's limit."""
        usual = limit(self.quota)
        return usual if self.raised_to is None else replace(usual, value=self.raised_to)

    @property
    def share(self) -> float:
        """The used part; above 1 what AWS refuses."""
        return self.count / self.allowed.value


def measures(snapshot: Snapshot, raised: Mapping[Quota, int] | None = None, *, policies_only: bool = False) -> tuple[Measure, ...]:
    """Everything that is counted, in no particular order.

    Args:
        snapshot: What to measure.
        raised: Quotas that AWS has raised, with their values; none when left out.
        policies_only: Whether only policies are measured, which needs no model of the estate; everything when left out.
    """
    known = {} if raised is None else raised
    counted = _policies(snapshot) if policies_only else _measures(snapshot)
    return tuple(replace(one, raised_to=known[one.quota]) if one.quota in known else one for one in counted)


def _measures(snapshot: Snapshot) -> Iterator[Measure]:
    for stack in snapshot.assembly.stacks:
        for quota, section in _SECTIONS.items():
            content = stack.bare.get(section)
            count = len(content) if isinstance(content, dict) else 0
            yield Measure(quota=quota, count=count, place=stack.path, environment=stack.environment, stack=stack)
        yield Measure(quota=Quota.TEMPLATE_BYTES, count=stack.size, place=stack.path, environment=stack.environment, stack=stack)
    yield from _sizes(snapshot, _OF_RESOURCES)
    yield from _policies(snapshot)
    yield from _accounts(snapshot)
    yield from _lake_formation(snapshot)


def _policies(snapshot: Snapshot) -> Iterator[Measure]:
    yield from _sizes(snapshot, _OF_POLICIES)
    yield from _roles(snapshot)
    yield from _queues(snapshot)
    yield from _organization(snapshot)


def _sizes(snapshot: Snapshot, table: Mapping[str, tuple[Quota, _Counted]]) -> Iterator[Measure]:
    for kind, (quota, counted) in table.items():
        for resource in snapshot.by_type.get(kind, ()):
            found = counted(resource.properties)
            if found is not None:
                yield _of_resource(quota, found, resource.origin)


def _of_resource(quota: Quota, counted: tuple[int, bool], origin: Origin) -> Measure:
    return Measure(
        quota=quota, count=counted[0], is_about=counted[1], place=str(origin), environment=origin.environment, origin=origin
    )  # fmt: skip


def _size(document: Any) -> tuple[int, bool] | None:
    """Bytes of a document without white space, and whether something in it is not known; None for what is not there."""
    if document is None or isinstance(document, Unknown):
        return None
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=_placeholder)
    is_about = has_hole(text) or _OF_HOLE in text
    known = outline(with_sized_holes(text, "x"), of_hole=_OF_HOLE)
    return len(known.encode(errors="replace")), is_about


def _placeholder(_value: Any) -> str:
    return _OF_HOLE


def _size_of(*names: str) -> _Counted:
    """The size of the first of these properties that is there."""
    return lambda properties: next((_size(properties[name]) for name in names if name in properties), None)


def _items_of(*path: str) -> _Counted:
    """The number of items of a list."""

    def counted(properties: Mapping[str, Any]) -> tuple[int, bool] | None:
        found: Any = properties
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return (len(found), False) if isinstance(found, list) else None

    return counted


def _parameter(properties: Mapping[str, Any]) -> tuple[int, bool] | None:
    return _size(properties.get("Value")) if properties.get("Tier", "Standard") == "Standard" else None


_OF_POLICIES: Final[Mapping[str, tuple[Quota, _Counted]]] = {
    "AWS::S3::BucketPolicy": (Quota.BUCKET_POLICY_BYTES, _size_of("PolicyDocument")),
    "AWS::KMS::Key": (Quota.KEY_POLICY_BYTES, _size_of("KeyPolicy")),
    "AWS::KMS::ReplicaKey": (Quota.KEY_POLICY_BYTES, _size_of("KeyPolicy")),
    "AWS::IAM::ManagedPolicy": (Quota.MANAGED_POLICY_CHARACTERS, _size_of("PolicyDocument")),
    "AWS::SSO::PermissionSet": (Quota.PERMISSION_SET_INLINE_POLICY_CHARACTERS, _size_of("InlinePolicy")),
    "AWS::SQS::QueuePolicy": (Quota.QUEUE_POLICY_BYTES, _size_of("PolicyDocument")),
}
"""Policies by type: which quota, and what counts. Those of roles and of an organisation are several resources together."""
_OF_RESOURCES: Final[Mapping[str, tuple[Quota, _Counted]]] = {
    "AWS::S3::Bucket": (Quota.BUCKET_LIFECYCLE_RULES, _items_of("LifecycleConfiguration", "Rules")),
    "AWS::SSM::Parameter": (Quota.SSM_PARAMETER_BYTES, _parameter),
    "AWS::StepFunctions::StateMachine": (Quota.STATE_MACHINE_DEFINITION_BYTES, _size_of("DefinitionString", "Definition")),
    "AWS::LakeFormation::PrincipalPermissions": (Quota.LF_NATIVE_EXPRESSION_KEYS, _items_of("Resource", "LFTagPolicy", "Expression")),
    "AWS::LakeFormation::DataCellsFilter": (
        Quota.LF_ROW_EXPRESSION_CHARACTERS,
        lambda properties: (
            _size((properties.get("RowFilter") or {}).get("FilterExpression")) if isinstance(properties.get("RowFilter"), dict) else None
        ),
    ),
}
"""Anything else by type."""


def _roles(snapshot: Snapshot) -> Iterator[Measure]:
    """A role's trust policy, its inline policies together, and how many managed policies are attached to it."""
    roles = {(role.account, role.ref): role for role in snapshot.by_type.get("AWS::IAM::Role", ())}
    inline: dict[tuple[str, str], list[tuple[int, bool]]] = {key: [] for key in roles}
    managed: Counter[tuple[str, str]] = Counter()
    for key, role in roles.items():
        trust = _size(role.properties.get("AssumeRolePolicyDocument"))
        if trust is not None:
            yield _of_resource(Quota.ROLE_TRUST_POLICY_CHARACTERS, trust, role.origin)
        inline[key] += [size for policy in _list(role.properties.get("Policies")) if (size := _document_size(policy)) is not None]
        managed[key] += len(_list(role.properties.get("ManagedPolicyArns")))
    for kind, name in (("AWS::IAM::Policy", "Roles"), ("AWS::IAM::RolePolicy", "RoleName")):
        for policy in snapshot.by_type.get(kind, ()):
            for key in _of_roles(policy, name, roles):
                inline[key] += [size for size in [_document_size(policy.properties)] if size is not None]
    for policy in snapshot.by_type.get("AWS::IAM::ManagedPolicy", ()):
        managed.update(_of_roles(policy, "Roles", roles))
    for key, role in roles.items():
        if inline[key]:
            total = sum(size for size, _ in inline[key]), any(is_about for _, is_about in inline[key])
            yield _of_resource(Quota.ROLE_INLINE_POLICY_CHARACTERS, total, role.origin)
        yield _of_resource(Quota.ROLE_MANAGED_POLICIES, (managed[key], False), role.origin)


def _queues(snapshot: Snapshot) -> Iterator[Measure]:
    for policy in snapshot.by_type.get("AWS::SQS::QueuePolicy", ()):
        document = policy.properties.get("PolicyDocument")
        statements = document.get("Statement") if isinstance(document, dict) else None
        if isinstance(statements, list):
            yield _of_resource(Quota.QUEUE_POLICY_STATEMENTS, (len(statements), False), policy.origin)


def _organization(snapshot: Snapshot) -> Iterator[Measure]:
    """The length of each of the organisation's policies, and how many of a type each root, unit or account has."""
    attached: dict[tuple[str, str], dict[str, Origin]] = {}
    management = Quota.MANAGEMENT_POLICY_CHARACTERS, Quota.MANAGEMENT_POLICIES
    for policy in snapshot.by_type.get("AWS::Organizations::Policy", ()):
        kind = str(policy.properties.get("Type", ""))
        size = _size(policy.properties.get("Content"))
        if size is not None:
            yield _of_resource(_OF_ORGANIZATION.get(kind, management)[0], size, policy.origin)
        for target in _list(policy.properties.get("TargetIds")):
            attached.setdefault((kind, str(target)), {})[str(policy.origin)] = policy.origin
    for (kind, _), policies in attached.items():
        count = len(policies) + _AWS_OWN.get(kind, 0)
        yield _of_resource(_OF_ORGANIZATION.get(kind, management)[1], (count, False), [*policies.values()][-1])


def _of_roles(policy: Resource, name: str, roles: Mapping[tuple[str, str], Resource]) -> Iterator[tuple[str, str]]:
    named = policy.properties.get(name)
    for role in _list(named) if isinstance(named, list) else [named]:
        if isinstance(role, str) and (policy.account, role) in roles:
            yield policy.account, role


def _document_size(policy: Any) -> tuple[int, bool] | None:
    return _size(policy.get("PolicyDocument")) if isinstance(policy, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _accounts(snapshot: Snapshot) -> Iterator[Measure]:
    counted: Counter[tuple[Quota, str, str, str]] = Counter()
    for stack in snapshot.assembly.stacks:
        counted[Quota.ACCOUNT_STACKS, stack.account or "", stack.region or "", stack.environment] += 1
    for kind, quota in _PER_ACCOUNT.items():
        for resource in snapshot.by_type.get(kind, ()):
            region = "" if quota in _GLOBAL else resource.region
            counted[quota, resource.account, region, resource.origin.environment] += 1
    for rule in snapshot.by_type.get("AWS::Events::Rule", ()):
        if rule.properties.get("EventBusName") in (None, "default"):
            counted[Quota.EVENT_BUS_RULES, rule.account, rule.region, rule.origin.environment] += 1
    for (quota, account, region, environment), count in counted.items():
        if account and not has_hole(account):
            place = f"account {account}" + (f" in {region}" if region and not has_hole(region) else "")
            yield Measure(quota=quota, count=count, place=place, environment=environment)


def _lake_formation(snapshot: Snapshot) -> Iterator[Measure]:
    """What LF-Tags, their associations and grants of all resources together make, native and desired-state alike."""
    if not any(kind.startswith(("AWS::LakeFormation::", "Custom::LakeFormation")) for kind in snapshot.by_type):
        return
    estate = snapshot.estate
    for key in estate.tag_keys:
        yield _of_resource(Quota.LF_TAG_VALUES, (len(key.values), False), key.origin)
    tags: dict[tuple[str, ...], dict[str, Origin]] = {}
    for association in estate.tag_associations:
        on = association.resource
        for column in on.columns if on.columns is not None else ("",):
            found = tags.setdefault((on.catalog, on.region, on.database, on.table, column), {})
            found.update({key: association.origin for key, _ in association.tags})
    yield from _together(Quota.LF_TAGS_PER_RESOURCE, tags)
    filters: dict[tuple[str, ...], dict[str, Origin]] = {}
    for grant in estate.grants:
        on = grant.resource
        if on.type is ResourceType.CELLS_FILTER:
            filters.setdefault((grant.principal, on.catalog, on.region, on.database, on.table), {})[on.filter] = grant.origin
    yield from _together(Quota.LF_FILTERS_PER_PRINCIPAL_AND_TABLE, filters)


def _together(quota: Quota, found: Mapping[tuple[str, ...], Mapping[str, Origin]]) -> Iterator[Measure]:
    """What several resources put on one thing, counted where the last of them stands; columns that have the same count once."""
    places = {(len(names), [*names.values()][-1]) for names in found.values() if names}
    for count, origin in sorted(places, key=lambda place: (-place[0], str(place[1]))):
        yield _of_resource(quota, (count, False), origin)


def highest(found: Iterable[Measure], of_each: int = 3) -> tuple[Measure, ...]:
    """The fullest of each quota, fullest first; what is not used at all is left out."""
    by_quota: dict[Quota, list[Measure]] = {}
    for measure in found:
        if measure.count:
            by_quota.setdefault(measure.quota, []).append(measure)
    kept = [one for group in by_quota.values() for one in sorted(group, key=_order)[:of_each]]
    return tuple(sorted(kept, key=_order))


def _order(measure: Measure) -> tuple[float, str, str]:
    return -measure.share, measure.quota.value, measure.place
