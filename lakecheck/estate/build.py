"""Makes the estate: reads every family of resources, adds what is only named, then what a supplement says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakecheck.estate.catalog import read_catalog_keys, read_catalog_policies, read_databases, read_tables
from lakecheck.estate.compute import read_executors, read_workgroups
from lakecheck.estate.crawled import read_crawled
from lakecheck.estate.custom import note_custom_resources
from lakecheck.estate.keys import Keys
from lakecheck.estate.lake_formation import (
    read_cells_filters,
    read_locations,
    read_rights,
    read_settings,
    read_tag_keys,
)
from lakecheck.estate.model import Catalog, Estate
from lakecheck.estate.named import Named
from lakecheck.estate.organizations import Organizations
from lakecheck.estate.principals import Principals
from lakecheck.estate.protected import read_protected
from lakecheck.estate.sources import Sources, joined, text
from lakecheck.estate.storage import read_access_grants, read_access_grants_locations, read_access_points, read_buckets
from lakecheck.estate.supplemented import Supplementing
from lakecheck.estate.warehouse import read_warehouses
from lakecheck.iam.documents import PolicyKind
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resolution import Resolution
    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.supplement import Supplement
    from lakecheck.iam.model import Policy


def build_estate(resolution: Resolution, *, supplement: Supplement | None = None) -> Estate:
    """The estate of everything that was resolved.

    What cannot be told is in `Estate.not_known`, in a principal's, table's or policy's `unknown`, or in the `exists` of an origin; it is
    never left out and never a no.

    Args:
        resolution: The resources of all assemblies together.
        supplement: What templates cannot say; nothing when left out.
    """
    sources = Sources(resolution.resources, resolution.not_known)
    keys = Keys(sources)
    principals = Principals(sources, _managed_policies(supplement))
    rights = read_rights(sources)
    endpoints = tuple(_endpoints(sources))
    estate = Estate(
        principals=tuple(principals.found.values()),
        buckets=tuple(read_buckets(sources, keys)),
        access_points=tuple(read_access_points(sources)),
        access_grants=tuple(read_access_grants(sources)),
        access_grants_locations=tuple(read_access_grants_locations(sources)),
        keys=keys.found,
        databases=tuple(read_databases(sources)),
        tables=(*read_tables(sources), *read_crawled(sources)),
        catalogs=tuple(_catalogs(sources, keys)),
        locations=tuple(read_locations(sources)),
        grants=tuple(rights.grants),
        tag_keys=tuple(read_tag_keys(sources)),
        tag_associations=tuple(rights.tag_associations),
        cells_filters=tuple(read_cells_filters(sources)),
        opt_ins=tuple(rights.opt_ins),
        iam_principals_revoked=tuple(rights.revoked),
        executors=tuple(read_executors(sources, principals)),
        workgroups=tuple(read_workgroups(sources, keys, principals)),
        warehouses=tuple(read_warehouses(sources, principals)),
        protected=tuple(read_protected(sources)),
        endpoints=endpoints,
    )
    added = None if supplement is None else Supplementing(supplement, sources, principals.attachments)
    if added is not None:
        estate = added.data(estate)
    estate = _with_named(estate, sources, principals)
    if added is not None:
        estate = added.people(estate)
    note_custom_resources(sources, estate.executors, {each.arn: each for each in estate.principals})
    return replace(estate, not_known=(*sources.not_known, *estate.not_known))


def _managed_policies(supplement: Supplement | None) -> dict[str, Policy]:
    if supplement is None:
        return {}
    return {entry.arn: supplement.policies["managed_policies", number] for number, entry in enumerate(supplement.file.managed_policies)}


def _with_named(estate: Estate, sources: Sources, principals: Principals) -> Estate:
    """The estate with everything that it names and does not define."""
    named = Named(sources, principals)
    _name_principals(estate, named)
    _name_storage(estate, named)
    buckets = {bucket.name for bucket in estate.buckets}
    keys = {key.arn for key in estate.keys}
    found = (*estate.principals, *named.principals)
    found += tuple(principals.perhaps_assigned({each.arn for each in found}))
    accounts = Organizations(sources).accounts(named.accounts)
    return replace(
        estate,
        accounts=accounts,
        principals=found,
        buckets=(*estate.buckets, *(bucket for name, bucket in named.buckets.items() if name not in buckets)),
        keys=(*estate.keys, *(key for arn, key in named.keys.items() if arn not in keys)),
    )


def _name_principals(estate: Estate, named: Named) -> None:
    for identifier, origin in _identifiers(estate):
        named.add_principal(identifier, shown(str(origin)))
    for catalog in estate.catalogs:
        named.read_resource_policy(catalog.policy)
    for bucket in estate.buckets:
        named.read_resource_policy(bucket.policy)
    for key in estate.keys:
        named.read_resource_policy(key.policy)
    for point in estate.access_points:
        named.read_resource_policy(point.policy)
    for executor in estate.executors:
        named.read_resource_policy(executor.invokers)
    for principal in estate.principals:
        named.read_resource_policy(principal.trust, services=False)
        for policy in principal.policies:
            named.read_identity_policy(policy)


def _identifiers(estate: Estate) -> Iterator[tuple[str, Origin | None]]:
    """Every identifier of a principal outside policies, with what has it."""
    for catalog in estate.catalogs:
        yield from ((admin, catalog.origin) for admin in (*catalog.admins, *catalog.read_only_admins))
    yield from ((each.principal, each.origin) for each in estate.grants)
    yield from ((each.principal, each.origin) for each in estate.opt_ins)
    yield from ((each.role, each.origin) for each in estate.executors)
    yield from ((each.role, each.origin) for each in estate.locations)
    yield from ((each.role, each.origin) for each in estate.workgroups)
    yield from ((each.role, each.origin) for each in estate.access_grants)
    yield from ((each.grantee, each.origin) for each in estate.access_grants if each.grantee_kind == "IAM")
    yield from ((role, each.origin) for each in estate.warehouses for role in each.roles)


def _name_storage(estate: Estate, named: Named) -> None:
    addresses = [address for bucket in estate.buckets for address, _ in bucket.replicates_to]
    addresses += [point.bucket for point in estate.access_points]
    addresses += [grant.scope for grant in estate.access_grants]
    addresses += [location.arn for location in estate.locations]
    addresses += [table.location for table in estate.tables]
    addresses += [database.location for database in estate.databases]
    addresses += [address for executor in estate.executors for address in (executor.code, executor.temporary)]
    addresses += [workgroup.output for workgroup in estate.workgroups]
    for address in addresses:
        named.add_bucket(address)
    for key in (
        *(bucket.key for bucket in estate.buckets),
        *(workgroup.key for workgroup in estate.workgroups),
        *(catalog.key for catalog in estate.catalogs),
    ):
        named.add_key(key)


def _catalogs(sources: Sources, keys: Keys) -> Iterator[Catalog]:
    """One for each account and Region of which templates say anything, whatever resources say it."""
    found: dict[tuple[str, str], Catalog] = {}
    for settings in read_settings(sources):
        place = settings.account, settings.region
        if place in found:
            settings = _merged(found[place], settings)  # noqa: PLW2901 - the two are one from here on
        found[place] = settings
    policies: dict[tuple[str, str], list[Policy]] = {}
    for account, region, policy in read_catalog_policies(sources):
        policies.setdefault((account, region), []).append(policy)
    for place, theirs in policies.items():
        found[place] = replace(found.get(place, Catalog(account=place[0], region=place[1])), policy=joined(theirs))
    for resource, key, role in read_catalog_keys(sources, keys):
        place = text(resource.properties.get("CatalogId"), resource.account), resource.region
        found[place] = replace(found.get(place, Catalog(account=place[0], region=place[1])), key=key, key_role=role)
    for resource in sources.of("AWS::Glue::Database", "AWS::Glue::Table", "AWS::LakeFormation::Resource"):
        place = text(resource.properties.get("CatalogId"), resource.account), resource.region
        found.setdefault(place, Catalog(account=place[0], region=place[1]))
    yield from found.values()


def _merged(one: Catalog, other: Catalog) -> Catalog:
    """The settings of an account that two resources write: what either lets in counts."""

    def either(first: bool | None, second: bool | None) -> bool | None:  # noqa: FBT001
        return True if first or second else None if first is None or second is None else False

    return replace(
        other,
        settings_known=one.settings_known and other.settings_known,
        admins=tuple(dict.fromkeys((*one.admins, *other.admins))),
        read_only_admins=tuple(dict.fromkeys((*one.read_only_admins, *other.read_only_admins))),
        database_defaults=either(one.database_defaults, other.database_defaults),
        table_defaults=either(one.table_defaults, other.table_defaults),
        external_filtering=one.external_filtering or other.external_filtering,
        full_table_access=one.full_table_access or other.full_table_access,
        keeps_other_admins=one.keeps_other_admins or other.keeps_other_admins,
    )


def _endpoints(sources: Sources) -> Iterator[Policy]:
    for resource in sources.of("AWS::EC2::VPCEndpoint"):
        document = resource.properties.get("PolicyDocument")
        if document is not None:
            yield sources.policy(document, name=str(resource.origin), origin=resource.origin, kind=PolicyKind.RESOURCE)
