"""The organisation: who manages it, what is above each account, and which control policies apply there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakecheck.estate.arns import ACCOUNT
from lakecheck.estate.model import Account
from lakecheck.estate.sources import doubtful, listed, text
from lakecheck.iam.documents import PolicyKind
from lakecheck.iam.model import Effect, Policy, Statement
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.sources import Sources

FULL_ACCESS: Final = Policy(name="FullAWSAccess", statements=(Statement(index=0, effect=Effect.ALLOW, actions=("*",), resources=("*",)),))
"""What AWS attaches to everything in an organisation by itself; taken to be still there."""

PLACEMENT: Final = "Custom::OrganizationAccountPlacement"
"""Moves the account `AccountId` below the unit or root `UnitId` of `OrganizationId`, in the account that manages that organisation."""

_ONLY_IN_MANAGEMENT: Final = ("AWS::Organizations::Organization", "AWS::Organizations::OrganizationalUnit", PLACEMENT)

_SCP, _RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


@dataclass(slots=True)
class _Attached:
    """The control policies by what they are attached to: a root, a unit or an account."""

    scps: dict[str, list[Policy]] = field(default_factory=dict)
    rcps: dict[str, list[Policy]] = field(default_factory=dict)


class Organizations:
    """What templates tell of organisations.

    An account's place is known when a template makes the account or places it there (`PLACEMENT`), or when it is the target of a policy
    itself; the units above it are then those that templates make. A policy on a unit that may be above an account or not may apply to it:
    its statements are unknown there. AWS's own `FullAWSAccess` is taken to be attached everywhere, as AWS does by itself.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html

    Args:
        sources: The resources.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._parents: dict[str, str] = {}
        self._attached = _Attached()
        self._organization = next(sources.of("AWS::Organizations::Organization"), None)
        self._units = {each.ref: each for each in sources.of("AWS::Organizations::OrganizationalUnit")}
        for unit in self._units.values():
            self._parents[unit.ref] = text(unit.properties.get("ParentId"))
        for account in sources.of("AWS::Organizations::Account"):
            parents = listed(account.properties.get("ParentIds"))
            for name in {account.ref, text(account.attributes.get("AccountId"), account.ref)}:
                self._parents[name] = text(parents[0]) if parents else ""
        self._imported = ""
        for placement in sources.of(PLACEMENT):
            self._imported = text(placement.properties.get("OrganizationId")) or self._imported
            self._parents[text(placement.properties.get("AccountId"))] = text(placement.properties.get("UnitId"))
        self._read_policies()

    def accounts(self, named: Iterable[str]) -> dict[str, Account]:
        """Every account with resources, then those that are only named."""
        environments: dict[str, dict[str, None]] = {}
        for resource in self._sources.resources:
            environments.setdefault(resource.account, {})[resource.origin.environment] = None
        made = [each for each in self._parents if ACCOUNT.match(each)]
        targeted = [each for each in (*self._attached.scps, *self._attached.rcps) if ACCOUNT.match(each)]
        every = dict.fromkeys((*environments, *made, *targeted, *named))
        return {each: self._account(each, tuple(environments.get(each, ()))) for each in every if each}

    def _account(self, account: str, environments: tuple[str, ...]) -> Account:
        managing = self._managing()
        is_member = account == managing or account in self._parents or account in self._targets()
        organization = (self._organization.ref if self._organization is not None else self._imported or None) if is_member else None
        is_management = None if managing is None else account == managing
        has_scps = bool(self._attached.scps) and not is_management
        return Account(
            id=account,
            environments=environments,
            organization=organization,
            organization_paths=self._paths(account, organization),
            is_management=is_management,
            scps=tuple(self._levels(account)) if has_scps else None,
            rcps=() if is_management else tuple(policy for level in self._policies(account, self._attached.rcps) for policy in level),
        )

    def _managing(self) -> str | None:
        """The management account: the only one in which CloudFormation can make the organisation and its units, and place accounts."""
        found = next(self._sources.of(*_ONLY_IN_MANAGEMENT), None)
        return found.account if found is not None else None

    def _targets(self) -> set[str]:
        return {*self._attached.scps, *self._attached.rcps}

    def _above(self, account: str) -> tuple[str, ...] | None:
        """Ids from the root down to the account; None when its place is not known."""
        if account not in self._parents:
            return None
        chain = [account]
        while (parent := self._parents.get(chain[-1], "")) and parent not in chain:
            chain.append(parent)
        return tuple(reversed(chain))

    def _paths(self, account: str, organization: str | None) -> tuple[str, ...] | None:
        above = self._above(account)
        if organization is None or above is None or any(has_hole(each) for each in above):
            return None
        return ("/".join((organization, *above[:-1], "")),)

    def _levels(self, account: str) -> Iterator[tuple[Policy, ...]]:
        for level in self._policies(account, self._attached.scps):
            yield (FULL_ACCESS, *level)

    def _policies(self, account: str, attached: dict[str, list[Policy]]) -> Iterator[tuple[Policy, ...]]:
        """The policies level by level, a level for each place above the account whose place is known."""
        above = self._above(account)
        roots = [each for each in attached if self._is_root(each)]
        if above is None:
            yield tuple(policy for root in roots for policy in attached[root])
            for unit, policies in attached.items():
                if unit not in roots and unit != account and not ACCOUNT.match(unit):
                    yield tuple(perhaps(policy, account, unit) for policy in policies)
            yield tuple(attached.get(account, ()))
            return
        if not self._is_root(above[0]):
            yield tuple(policy for root in roots for policy in attached[root])
            for unit, policies in attached.items():
                if unit not in (*roots, *above, *self._units) and not ACCOUNT.match(unit):
                    yield tuple(perhaps(policy, account, unit) for policy in policies)
        for place in above:
            yield tuple(attached.get(place, ()))

    def _is_root(self, place: str) -> bool:
        root = self._organization.attributes.get("RootId") if self._organization is not None else None
        return place.startswith("r-") or place == root

    def _read_policies(self) -> None:
        for resource in self._sources.of("AWS::Organizations::Policy"):
            kind = text(resource.properties.get("Type"))
            if kind not in {_SCP, _RCP}:
                continue
            policy = self._sources.policy(
                resource.properties.get("Content"), name=str(resource.origin), origin=resource.origin, kind=PolicyKind.ANY
            )
            self._attach(resource, policy, self._attached.scps if kind == _SCP else self._attached.rcps)

    def _attach(self, resource: Resource, policy: Policy, attached: dict[str, list[Policy]]) -> None:
        targets = listed(resource.properties.get("TargetIds"))
        if not targets:
            self._sources.tell(f"the control policy {shown(str(resource.origin))} is attached to nothing by its template", resource.origin)
        for target in targets:
            attached.setdefault(text(target), []).append(policy)


def perhaps(policy: Policy, account: str, unit: str) -> Policy:
    """The policy as one that applies only if the account is below the unit."""
    reason = f"whether account {shown(account)} is below {shown(unit)}, to which {policy.name} is attached"
    return doubtful(policy, reason)
