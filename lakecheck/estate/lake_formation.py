"""Lake Formation's settings, locations, grants, LF-Tags, filters and opt-ins: native resources and the project's desired state alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import principal_arn
from lakecheck.estate.catalog import gives_iam
from lakecheck.estate.governed import ALL_TABLES, governed
from lakecheck.estate.model import (
    Catalog,
    CellsFilter,
    DataLocation,
    GovernedResource,
    Grant,
    IamPrincipalsRevoked,
    OptIn,
    ResourceType,
    TagAssociation,
    TagKey,
)
from lakecheck.estate.sources import at, depending, flag, listed, lower, reasons, text, texts, unsure
from lakecheck.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.estate.sources import Sources

PERMISSIONS: Final = "Custom::LakeFormationPermissions"
SETTINGS: Final = "Custom::LakeFormationSettings"
"""The project's own custom resources, recognised by type and shape in anybody's template."""

_NATIVE: Final = frozenset(
    f"AWS::LakeFormation::{name}"
    for name in (
        "DataCellsFilter",
        "DataLakeSettings",
        "Permissions",
        "PrincipalPermissions",
        "Resource",
        "Tag",
        "TagAssociation",
    )
)
_VERSION: Final = "CROSS_ACCOUNT_VERSION"


@dataclass(slots=True)
class Rights:
    """What `Custom::LakeFormationPermissions` and the native resources say together."""

    grants: list[Grant] = field(default_factory=list)
    tag_associations: list[TagAssociation] = field(default_factory=list)
    opt_ins: list[OptIn] = field(default_factory=list)
    revoked: list[IamPrincipalsRevoked] = field(default_factory=list)


def read_settings(sources: Sources) -> Iterator[Catalog]:
    """Each account's settings.

    CloudFormation ignores empty default permissions of `AWS::LakeFormation::DataLakeSettings`: `IAM_ALLOWED_PRINCIPALS` keeps what it had,
    which in an account that nobody has touched is everything. With `MutationType: APPEND` defaults and administrators that are there stay
    as well. The project's custom resource does empty the defaults, and keeps administrators it does not know unless told to replace them.

    https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
    """
    for resource in sources.of("AWS::LakeFormation::DataLakeSettings"):
        properties = resource.properties
        appends = text(properties.get("MutationType")).upper() == "APPEND"
        admins = properties.get("Admins")
        yield Catalog(
            account=resource.account,
            region=resource.region,
            settings_known=True,
            admins=tuple(_principals(admins)),
            read_only_admins=tuple(_principals(properties.get("ReadOnlyAdmins"))),
            database_defaults=_native_defaults(properties.get("CreateDatabaseDefaultPermissions"), appends=appends),
            table_defaults=_native_defaults(properties.get("CreateTableDefaultPermissions"), appends=appends),
            external_filtering=flag(properties.get("AllowExternalDataFiltering")) is True,
            full_table_access=flag(properties.get("AllowFullTableExternalDataAccess")) is True,
            cross_account_version=text(at(properties.get("Parameters"), _VERSION)),
            keeps_other_admins=appends or admins is None or bool(unsure(admins)),
            origin=resource.origin,
        )
    for resource in sources.of(SETTINGS):
        properties = resource.properties
        is_ours = "Admins" in properties and "ExistingAdmins" in properties
        if not is_ours:
            sources.tell(f"{SETTINGS} has neither Admins nor ExistingAdmins: what it does to the settings is not known", resource.origin)
        admins = properties.get("Admins")
        yield Catalog(
            account=resource.account,
            region=resource.region,
            settings_known=is_ours,
            admins=tuple(_principals(admins)),
            read_only_admins=tuple(_principals(properties.get("ReadOnlyAdmins"))),
            database_defaults=False if is_ours else None,
            table_defaults=False if is_ours else None,
            cross_account_version=text(properties.get("CrossAccountVersion")),
            keeps_other_admins=text(properties.get("ExistingAdmins")).lower() != "replace" or bool(unsure(admins)),
            origin=resource.origin,
        )


def _native_defaults(permissions: Any, *, appends: bool) -> bool | None:
    if unsure(permissions):
        return None
    return True if appends or not listed(permissions) else gives_iam(permissions)


def _principals(entries: Any) -> Iterator[str]:
    """Identifiers of principals, as texts or as objects."""
    for entry in listed(entries):
        found = at(entry, "DataLakePrincipalIdentifier") if isinstance(entry, dict) else entry
        if found is not None:
            yield principal_arn(text(found))


def read_locations(sources: Sources) -> Iterator[DataLocation]:
    """Registered locations.

    https://docs.aws.amazon.com/lake-formation/latest/dg/register-data-lake.html
    """
    for resource in sources.of("AWS::LakeFormation::Resource"):
        properties = resource.properties
        hybrid = properties.get("HybridAccessEnabled")
        if unsure(hybrid):
            sources.tell("whether a location is in hybrid access mode is not known; it is taken to be", resource.origin)
        linked = flag(properties.get("UseServiceLinkedRole")) is True
        yield DataLocation(
            account=resource.account,
            region=resource.region,
            arn=text(properties.get("ResourceArn")).rstrip("/"),
            role="" if linked else text(properties.get("RoleArn")),
            hybrid=flag(hybrid) is True or bool(unsure(hybrid)),
            federated=flag(properties.get("WithFederation")) is True,
            origin=resource.origin,
        )


def read_tag_keys(sources: Sources) -> Iterator[TagKey]:
    """LF-Tags with their values, in lower case.

    https://docs.aws.amazon.com/lake-formation/latest/dg/lf-tag-considerations.html
    """
    for resource in sources.of("AWS::LakeFormation::Tag"):
        properties = resource.properties
        yield TagKey(
            account=text(properties.get("CatalogId"), resource.account),
            region=resource.region,
            key=lower(properties.get("TagKey")),
            values=tuple(map(lower, texts(properties.get("TagValues")))),
            origin=depending(resource.origin, unsure(properties.get("TagValues"))),
        )


def read_cells_filters(sources: Sources) -> Iterator[CellsFilter]:
    """Data cells filters; one whose columns are not known is taken to show all.

    https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html
    """
    for resource in sources.of("AWS::LakeFormation::DataCellsFilter"):
        properties = resource.properties
        included, excluded = properties.get("ColumnNames"), at(properties.get("ColumnWildcard"), "ExcludedColumnNames")
        rows = at(properties.get("RowFilter"), "FilterExpression")
        unknown = (*unsure(included), *unsure(excluded), *unsure(rows))
        yield CellsFilter(
            account=text(properties.get("TableCatalogId"), resource.account),
            region=resource.region,
            database=lower(properties.get("DatabaseName")),
            table=lower(properties.get("TableName")),
            name=text(properties.get("Name")),
            columns=tuple(map(lower, texts(included))) if listed(included) and not unknown else None,
            excluded=() if unknown else tuple(map(lower, texts(excluded))),
            rows="" if unsure(rows) else _rows(text(rows)),
            origin=depending(resource.origin, unknown),
        )


def _rows(expression: str) -> str:
    """The row expression; one that is always true filters nothing."""
    return "" if expression.strip().lower() == "true" else expression


def read_rights(sources: Sources) -> Rights:
    """Every grant, tag association, opt-in and revocation.

    https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
    """
    rights = Rights()
    for kind in sources.types:
        if kind.startswith("AWS::LakeFormation::") and kind not in _NATIVE:
            for resource in sources.of(kind):
                sources.tell(f"{kind} is not followed: what it gives or takes is in no verdict", resource.origin)
    for resource in sources.of("AWS::RAM::ResourceShare"):
        if any(":glue:" in text(arn) or isinstance(arn, Unknown) for arn in listed(resource.properties.get("ResourceArns"))):
            sources.tell(
                "AWS::RAM::ResourceShare shares a catalog beside Lake Formation: what that gives is in no verdict", resource.origin
            )
    for resource in sources.of("AWS::LakeFormation::Permissions"):
        rights.grants += _grants(sources, resource, resource.properties, principal="DataLakePrincipal")
    for resource in sources.of("AWS::LakeFormation::PrincipalPermissions"):
        rights.grants += _grants(sources, resource, resource.properties)
    for resource in sources.of("AWS::LakeFormation::TagAssociation"):
        rights.tag_associations += _associations(sources, resource, resource.properties)
    for resource in sources.of(PERMISSIONS):
        _desired_state(sources, resource, rights)
    return rights


def _grants(sources: Sources, resource: Resource, entry: Any, *, principal: str = "Principal") -> Iterator[Grant]:
    whom = at(entry, principal, "DataLakePrincipalIdentifier")
    catalog = text(at(entry, "Catalog"), resource.account)
    permissions, grantable = at(entry, "Permissions"), at(entry, "PermissionsWithGrantOption")
    if isinstance(entry, Unknown) or isinstance(whom, Unknown) or whom is None or at(entry, "Resource") is None:
        reason = "; ".join(reasons(entry)) or "it names no principal or no resource"
        sources.tell(f"a Lake Formation grant is not known: {reason}", resource.origin)
        if isinstance(entry, Unknown) or at(entry, "Resource") is None:
            return
    passing = frozenset(map(str.upper, texts(grantable)))
    for what, unknown in governed(at(entry, "Resource"), catalog, resource.region):
        open_facts = (*unknown, *unsure(permissions), *unsure(grantable))
        given = frozenset(map(str.upper, texts(permissions))) | passing
        yield Grant(
            account=resource.account,
            region=resource.region,
            principal=principal_arn(text(whom)),
            resource=what,
            permissions=frozenset({"ALL"}) if unsure(permissions) else given,
            grantable=passing,
            condition=text(at(entry, "Condition", "Expression")),
            origin=depending(resource.origin, open_facts),
        )


def _associations(sources: Sources, resource: Resource, entry: Any) -> Iterator[TagAssociation]:
    pairs = listed(at(entry, "LFTags"))
    unknown = tuple(dict.fromkeys((*reasons(entry), *unsure(pairs))))
    tags = tuple(
        (lower(at(pair, "TagKey")), lower(listed(at(pair, "TagValues"))[0]))
        for pair in pairs
        if isinstance(pair, dict) and listed(pair.get("TagValues"))
    )
    if unknown:
        sources.tell(f"LF-Tags are not all known: {'; '.join(unknown)}", resource.origin)
    for what, _ in governed(at(entry, "Resource"), resource.account, resource.region):
        origin = depending(resource.origin, unknown)
        yield TagAssociation(account=resource.account, region=resource.region, resource=what, tags=tags, origin=origin)


def _desired_state(sources: Sources, resource: Resource, rights: Rights) -> None:
    """What one custom resource of permissions brings about."""
    properties = resource.properties
    if not any(key in properties for key in ("Grants", "TagAssociations", "OptIns")):
        sources.tell(f"{PERMISSIONS} has none of Grants, TagAssociations and OptIns: what it does is not known", resource.origin)
    grants = [grant for entry in listed(properties.get("Grants")) for grant in _grants(sources, resource, entry)]
    tags = [each for entry in listed(properties.get("TagAssociations")) for each in _associations(sources, resource, entry)]
    opt_ins = [each for entry in listed(properties.get("OptIns")) for each in _opt_ins(sources, resource, entry)]
    rights.grants += grants
    rights.tag_associations += tags
    rights.opt_ins += opt_ins
    revokes = properties.get("RevokeIamAllowedPrincipals")
    if flag(revokes) is True or unsure(revokes):
        origin = depending(resource.origin, unsure(revokes))
        rights.revoked += _revoked(resource, origin, grants, tags, opt_ins)


def _opt_ins(sources: Sources, resource: Resource, entry: Any) -> Iterator[OptIn]:
    whom = at(entry, "Principal", "DataLakePrincipalIdentifier")
    if isinstance(whom, Unknown) or whom is None:
        sources.tell("a principal that is opted in is not known", resource.origin)
        return
    for what, unknown in governed(at(entry, "Resource"), resource.account, resource.region):
        origin = depending(resource.origin, unknown)
        yield OptIn(account=resource.account, region=resource.region, principal=principal_arn(text(whom)), resource=what, origin=origin)


_OF_TABLES: Final = frozenset({ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER})
_Named = tuple[str, str]


def _revoked(
    resource: Resource, origin: Origin, grants: Iterable[Grant], tags: Iterable[TagAssociation], opt_ins: Iterable[OptIn]
) -> Iterator[IamPrincipalsRevoked]:
    """What the handler takes `IAM_ALLOWED_PRINCIPALS` off.

    Of its own account alone: databases and tables (also all tables of a database) that the same custom resource grants on by name, columns
    and filters counting for their table, and those that it puts LF-Tags on. Not where, or in or around where, somebody is opted in.
    """
    named: dict[_Named, None] = {}
    for what in (*(each.resource for each in tags), *(each.resource for each in grants)):
        if what.catalog == resource.account and what.type in {*_OF_TABLES, ResourceType.DATABASE}:
            named[what.database, what.table if what.type in _OF_TABLES else ""] = None
    hybrid = {(each.resource.database, each.resource.table) for each in opt_ins if each.resource.catalog == resource.account}
    for database, table in named:
        if hybrid & _around(database, table) or any((database, table) in _around(*other) for other in hybrid):
            continue
        kind = ResourceType.TABLE if table else ResourceType.DATABASE
        closed = GovernedResource(type=kind, catalog=resource.account, region=resource.region, database=database, table=table)
        yield IamPrincipalsRevoked(account=resource.account, region=resource.region, resource=closed, origin=origin)


def _around(database: str, table: str) -> set[_Named]:
    """The target itself, its database, and all tables of that."""
    return {(database, table), (database, ""), (database, ALL_TABLES)}
