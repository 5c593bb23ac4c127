"""Puts a supplement into an estate: first data and catalogs, then, when everything named is there, principals and the organisation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.assembly.resources import Origin
from lakecheck.estate.arns import account_in, permission_set_arn, principal_arn
from lakecheck.estate.attachments import Held
from lakecheck.estate.governed import ALL_TABLES
from lakecheck.estate.model import (
    IAM_ALLOWED_PRINCIPALS,
    Account,
    Bucket,
    Catalog,
    Estate,
    GovernedResource,
    Grant,
    IamPrincipalsRevoked,
    Key,
    KeyGrant,
    OptIn,
    Principal,
    PrincipalKind,
    ResourceType,
)
from lakecheck.estate.organizations import FULL_ACCESS, perhaps
from lakecheck.estate.principals import NO_TEMPLATE
from lakecheck.estate.sources import joined
from lakecheck.iam.model import Policy
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.attachments import Attachments
    from lakecheck.estate.sources import Sources
    from lakecheck.estate.supplement import Supplement
    from lakecheck.estate.supplement_model import CatalogEntry, ControlPolicy, Organization, PrincipalEntry

_UNDEFINED: Final = "no template defines "


class Supplementing:
    """One supplement and the estate it belongs to.

    Args:
        supplement: What templates cannot say.
        sources: The resources, for partitions.
        attachments: The managed policies of the templates.
    """

    def __init__(self, supplement: Supplement, sources: Sources, attachments: Attachments) -> None:
        self._supplement = supplement
        self._file = supplement.file
        self._sources = sources
        self._attachments = attachments

    def data(self, estate: Estate) -> Estate:
        """The estate with buckets, keys, grants of keys, opt-ins and settings of catalogs."""
        estate = replace(
            estate,
            buckets=self._buckets(estate),
            keys=self._keys(estate),
            key_grants=(*estate.key_grants, *self._key_grants()),
            opt_ins=(*estate.opt_ins, *self._opt_ins()),
        )
        for number, entry in enumerate(self._file.lake_formation):
            estate = self._catalog(estate, number, entry)
        return estate

    def people(self, estate: Estate) -> Estate:
        """The estate with principals and the organisation; everything that is only named has to be in it already."""
        principals = {each.arn: each for each in estate.principals}
        for number, entry in enumerate(self._file.principals):
            for arn, account in self._arns(entry):
                principals[arn] = self._principal(principals.get(arn), arn, account, number, entry)
        accounts = dict(estate.accounts)
        for principal in principals.values():
            if principal.account:
                accounts.setdefault(principal.account, Account(id=principal.account))
        if self._file.organization is not None:
            accounts = self._organized(accounts, self._file.organization)
        return replace(estate, principals=tuple(principals.values()), accounts=accounts)

    # --- data and catalogs -------------------------------------------------------------------------------------------------------------

    def _origin(self, *where: str | int) -> Origin:
        return Origin(environment=NO_ENVIRONMENT, stack=self._supplement.name, logical_id=".".join(map(str, where)))

    def _identifier(self, named: str, account: str) -> str:
        """A principal by its ARN, or the role of a permission set by its name."""
        if named.startswith("arn:"):
            return principal_arn(named)
        return permission_set_arn(self._sources.partition(account), account, named)

    def _buckets(self, estate: Estate) -> tuple[Bucket, ...]:
        buckets = {bucket.name: bucket for bucket in estate.buckets}
        for number, entry in enumerate(self._file.buckets):
            if (there := buckets.get(entry.name)) is not None and there.origin is not None:
                continue  # a template tells more
            buckets[entry.name] = Bucket(
                arn=f"arn:{self._sources.partition(entry.account)}:s3:::{entry.name}",
                name=entry.name,
                account=entry.account,
                region=entry.region if entry.region is not None else "",
                policy=self._supplement.policies.get(("buckets", number, "policy")),
                encryption="SSE_KMS" if entry.key is not None else "SSE_S3",
                key=entry.key if entry.key is not None else "",
                origin=self._origin("buckets", number),
            )
        return tuple(buckets.values())

    def _keys(self, estate: Estate) -> tuple[Key, ...]:
        keys = {key.arn: key for key in estate.keys}
        for number, entry in enumerate(self._file.keys):
            policy = self._supplement.policies["keys", number, "policy"]
            made = Key(arn=entry.arn, account=account_in(entry.arn), policy=policy, origin=self._origin("keys", number))
            keys.setdefault(entry.arn, made)
        return tuple(keys.values())

    def _key_grants(self) -> Iterator[KeyGrant]:
        for number, entry in enumerate(self._file.kms_grants):
            yield KeyGrant(
                key=entry.key,
                grantee=principal_arn(entry.grantee),
                operations=frozenset(entry.operations),
                origin=self._origin("kms_grants", number),
            )

    def _opt_ins(self) -> Iterator[OptIn]:
        for number, entry in enumerate(self._file.opt_ins):
            yield OptIn(
                account=entry.account,
                region=entry.region,
                principal=self._identifier(entry.principal, entry.account),
                resource=_resource(entry.account, entry.region, entry.database, entry.table),
                origin=self._origin("opt_ins", number),
            )

    def _catalog(self, estate: Estate, number: int, entry: CatalogEntry) -> Estate:
        origin = self._origin("lake_formation", number)
        catalogs = {(each.account, each.region): each for each in estate.catalogs}
        regions = [entry.region] if entry.region is not None else [region for account, region in catalogs if account == entry.account]
        if not regions:  # an account of another environment, which these templates are not about
            return estate
        grants, revoked = list(estate.grants), list(estate.iam_principals_revoked)
        for region in regions:
            place = entry.account, region
            there = catalogs.get(place, Catalog(account=entry.account, region=region))
            catalogs[place] = self._set(there, number, entry, origin)
            allowed = entry.iam_allowed_principals
            stated: list[tuple[tuple[str, str | None], bool]] = [
                ((name, None), has_rights) for name, has_rights in allowed.databases.items()
            ]
            stated += [((name.partition(".")[0], name.partition(".")[2]), has_rights) for name, has_rights in allowed.tables.items()]
            for (database, table), has_rights in stated:
                what = _resource(entry.account, region, database, table)
                if has_rights:
                    grants.append(_to_all(what, origin))
                else:
                    revoked.append(IamPrincipalsRevoked(account=entry.account, region=region, resource=what, origin=origin))
        return replace(estate, catalogs=tuple(catalogs.values()), grants=tuple(grants), iam_principals_revoked=tuple(revoked))

    def _set(self, catalog: Catalog, number: int, entry: CatalogEntry, origin: Origin) -> Catalog:
        allowed = entry.iam_allowed_principals
        policy = self._supplement.policies.get(("lake_formation", number, "policy"))
        admins = (self._identifier(each, entry.account) for each in entry.admins)
        read_only = (self._identifier(each, entry.account) for each in entry.read_only_admins)
        return replace(
            catalog,
            policy=joined(each for each in (catalog.policy, policy) if each is not None),
            settings_known=catalog.settings_known or entry.no_other_admins,
            admins=tuple(dict.fromkeys((*catalog.admins, *admins))),
            read_only_admins=tuple(dict.fromkeys((*catalog.read_only_admins, *read_only))),
            database_defaults=catalog.database_defaults if allowed.new_databases is None else allowed.new_databases,
            table_defaults=catalog.table_defaults if allowed.new_tables is None else allowed.new_tables,
            keeps_other_admins=catalog.keeps_other_admins and not entry.no_other_admins,
            origin=catalog.origin if catalog.origin is not None else origin,
        )

    # --- principals --------------------------------------------------------------------------------------------------------------------

    def _arns(self, entry: PrincipalEntry) -> Iterator[tuple[str, str]]:
        if entry.arn is not None:
            yield principal_arn(entry.arn), account_in(entry.arn)
        elif entry.permission_set is not None:
            for account in entry.accounts:
                yield permission_set_arn(self._sources.partition(account), account, entry.permission_set), account

    def _principal(self, there: Principal | None, arn: str, account: str, number: int, entry: PrincipalEntry) -> Principal:
        origin = self._origin("principals", number)
        held = Held([*there.policies] if there is not None else [])
        for named in entry.managed_policies:
            found = self._managed(named, account)
            if isinstance(found, Policy):
                held.add(found)
            else:
                held.unknown.append(found)
        for index in range(len(entry.inline_policies)):
            held.add(self._supplement.policies["principals", number, "inline_policies", index])
        before = there.unknown if there is not None else (NO_TEMPLATE,)
        if entry.complete:
            before = tuple(reason for reason in before if reason != NO_TEMPLATE and not reason.startswith(_UNDEFINED))
        return Principal(
            arn=arn,
            kind=there.kind if there is not None else _kind(arn, entry),
            account=account,
            name=there.name if there is not None else _name(arn, entry),
            policies=tuple(held.policies),
            boundary=self._boundary(there, account, entry, origin),
            trust=self._trust(there, number, entry, arn),
            tags=entry.tags if entry.tags is not None else there.tags if there is not None else None,
            unknown=(*before, *held.unknown),
            origin=there.origin if there is not None and there.origin is not None else origin,
            named_in=there.named_in if there is not None else (),
        )

    def _managed(self, named: str, account: str) -> Policy | str:
        is_arn = named.startswith("arn:")
        return self._attachments.managed(named, account=account) if is_arn else self._attachments.managed_by_name(account, named)

    def _boundary(self, there: Principal | None, account: str, entry: PrincipalEntry, origin: Origin) -> Policy | None:
        if entry.boundary is None:
            return there.boundary if there is not None else None
        found = self._managed(entry.boundary, account)
        return found if isinstance(found, Policy) else Policy(name=f"permissions boundary of {origin}", statements=(), unknown=(found,))

    def _trust(self, there: Principal | None, number: int, entry: PrincipalEntry, arn: str) -> Policy | None:
        stated = self._supplement.policies.get(("principals", number, "trust"))
        if stated is not None:
            return stated
        if there is not None and there.trust is not None:
            return there.trust
        if entry.permission_set is not None or not arn.partition(":iam::")[2].partition(":")[2].startswith("role/"):
            return None
        reason = f"the trust policy of {shown(arn)} is in no template and in no supplement"
        return Policy(name=f"trust policy of {shown(arn)}", statements=(), unknown=(reason,))

    # --- organisation ------------------------------------------------------------------------------------------------------------------

    def _organized(self, accounts: dict[str, Account], organization: Organization) -> dict[str, Account]:
        stated = [*organization.accounts, organization.management]
        stated += [each for policy in (*organization.scps, *organization.rcps) if policy.accounts != "all" for each in policy.accounts]
        for account in stated:
            accounts.setdefault(account, Account(id=account))
        members = {*self._sources.accounts, *stated}
        return {
            name: self._member(account, organization)
            if name in members
            else replace(account, is_management=False if account.is_management is None else account.is_management)
            for name, account in accounts.items()
        }

    def _member(self, account: Account, organization: Organization) -> Account:
        is_management = account.id == organization.management
        member = organization.accounts.get(account.id)
        path = None if is_management and member is None else tuple(member.path) if member is not None else None
        levels = tuple(self._levels("scps", organization.scps, account.id, path))
        own = account.scps if account.scps is not None else ()
        rcps = [
            policy for level in self._levels("rcps", organization.rcps, account.id, path) for policy in level if policy is not FULL_ACCESS
        ]
        return replace(
            account,
            organization=organization.id,
            organization_paths=("/".join((organization.id, *path, "")),) if path is not None else None,
            is_management=is_management,
            scps=None if is_management or not (own or organization.scps) else (*own, *levels),
            rcps=() if is_management else (*account.rcps, *rcps),
        )

    def _levels(self, key: str, entries: list[ControlPolicy], account: str, path: tuple[str, ...] | None) -> Iterator[tuple[Policy, ...]]:
        """The root, the units and the account, each with what is attached there."""
        places: dict[str, list[Policy]] = {"": [], **{each: [] for each in path or ()}, account: []}
        for number, entry in enumerate(entries):
            if entry.accounts != "all" and account not in entry.accounts:
                continue
            policy = self._supplement.policies["organization", key, number]
            at = entry.at if entry.at is not None else "" if entry.accounts == "all" else account
            if at in places:
                places[at].append(policy)
            elif at.startswith("r-") or entry.accounts != "all":
                places[""].append(policy)
            elif path is None:
                places[""].append(perhaps(policy, account, at))
        for policies in places.values():
            yield (FULL_ACCESS, *policies)


def _resource(account: str, region: str, database: str, table: str | None) -> GovernedResource:
    kind = ResourceType.DATABASE if table is None else ResourceType.TABLE
    name = "" if table is None else ALL_TABLES if table == ALL_TABLES else table.lower()
    return GovernedResource(type=kind, catalog=account, region=region, database=database.lower(), table=name)


def _to_all(what: GovernedResource, origin: Origin) -> Grant:
    return Grant(
        account=what.catalog,
        region=what.region,
        principal=IAM_ALLOWED_PRINCIPALS,
        resource=what,
        permissions=frozenset({"ALL"}),
        origin=origin,
    )


def _kind(arn: str, entry: PrincipalEntry) -> PrincipalKind:
    if entry.permission_set is not None:
        return PrincipalKind.PERMISSION_SET
    return PrincipalKind.USER if ":user/" in arn else PrincipalKind.ROLE


def _name(arn: str, entry: PrincipalEntry) -> str:
    return f"permission-set/{entry.permission_set}" if entry.permission_set is not None else arn.split(":", 5)[5]
