"""Whom the estate's policies speak of, and what a statement of theirs allows, for rules on principals in a lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, PrincipalKind
from lakecheck.iam.globs import covers, intersects
from lakecheck.iam.model import Effect
from lakecheck.rules.base import once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.estate.model import Catalog, Grant, Principal
    from lakecheck.iam.model import Policy, Statement
    from lakecheck.snapshot import Snapshot


@once
def lake_accounts(snapshot: Snapshot) -> frozenset[str]:
    """The accounts in which Lake Formation has settings or locations, or grants something."""
    estate = snapshot.estate
    found = {each.account for each in estate.catalogs if each.settings_known}
    found |= {each.account for each in estate.locations}
    found |= {each.account for each in estate.grants if each.principal != IAM_ALLOWED_PRINCIPALS}
    return frozenset(found)


@once
def _settings(snapshot: Snapshot) -> Mapping[str, tuple[Catalog, ...]]:
    found: dict[str, list[Catalog]] = {}
    for each in snapshot.estate.catalogs:
        if each.settings_known:
            found.setdefault(each.account, []).append(each)
    return {account: tuple(catalogs) for account, catalogs in found.items()}


def settings_of(account: str, snapshot: Snapshot) -> tuple[Catalog, ...]:
    """The settings of an account, one for each Region; none when no template states them."""
    return _settings(snapshot).get(account, ())


def is_admin(principal: Principal, snapshot: Snapshot) -> bool:
    """Whether it administers the lake of its account."""
    return any(covers(admin, principal.arn) for each in settings_of(principal.account, snapshot) for admin in each.admins)


@once
def grants_by_principal(snapshot: Snapshot) -> Mapping[str, tuple[Grant, ...]]:
    """Every grant by the principal it names."""
    found: dict[str, list[Grant]] = {}
    for grant in snapshot.estate.grants:
        found.setdefault(grant.principal, []).append(grant)
    return {principal: tuple(grants) for principal, grants in found.items()}


def is_person(principal: Principal) -> bool:
    """Whether people act as it: users, permission sets, and roles that not only services assume."""
    if principal.kind in {PrincipalKind.USER, PrincipalKind.PERMISSION_SET}:
        return True
    if principal.kind is not PrincipalKind.ROLE or principal.trust is None:
        return False
    allowing = [each for each in principal.trust.statements if each.effect is Effect.ALLOW]
    return any(each.not_principals is not None or bool(set(each.principals or ()) - {"Service"}) for each in allowing)


@once
def _told(_snapshot: Snapshot) -> dict[tuple[Policy, str], tuple[bool, tuple[Statement, ...]]]:
    """What was found out of each policy about an action: many principals share one."""
    return {}


def allowing(principal: Principal, action: str, snapshot: Snapshot) -> Iterator[tuple[Policy, Statement]]:
    """The statements of a principal's policies that allow an action (in lower case) and name its service, where none denies it to all.

    Who may do everything is not meant: that is plain to see, and another tool's finding.
    """
    told = _told(snapshot)
    found = []
    for policy in principal.policies:
        key = (policy, action)
        if key not in told:
            told[key] = _denies(policy, action), tuple(_allowing(policy, action))
        denies, statements = told[key]
        if denies:
            return
        found += [(policy, statement) for statement in statements]
    yield from found


def _denies(policy: Policy, action: str) -> bool:
    """Whether a policy refuses an action on everything, whatever else holds."""
    plain = (each for each in policy.statements if each.effect is Effect.DENY and not each.conditions and not each.unknown)
    return any("*" in (each.resources or ()) and any(intersects(one.lower(), action) for one in each.actions or ()) for each in plain)


def _allowing(policy: Policy, action: str) -> Iterator[Statement]:
    service = action.partition(":")[0]
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW and any(_names(each.lower(), service, action) for each in statement.actions or ()):
            yield statement


def _names(pattern: str, service: str, action: str) -> bool:
    return pattern.partition(":")[0] == service and intersects(pattern, action)
