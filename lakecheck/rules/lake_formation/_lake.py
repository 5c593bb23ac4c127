"""What the rules of this family look up: whom a grant names, where Lake Formation decides at all, which resource made a thing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lakecheck.access.lake_formation.locations import Locations
from lakecheck.access.lake_formation.names import account_of, is_organization
from lakecheck.estate.arns import account_in, parts
from lakecheck.estate.model import EVERY_PERMISSION, IAM_ALLOWED_PRINCIPALS, ResourceType
from lakecheck.iam.globs import covers
from lakecheck.rules.base import of_estate, once
from lakecheck.values import generated_holes, has_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.estate.model import Catalog, Grant
    from lakecheck.rules.base import Subject
    from lakecheck.snapshot import Snapshot

    Place = tuple[str, str]

ACCOUNT, OTHER_ACCOUNT, REGION = "444455556666", "777788889999", "eu-west-1"
"""The account that the cases stand in, another one, and their Region."""

ON_TABLES = frozenset({ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER})
ON_EXPRESSIONS = frozenset({ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION})
WRITES = frozenset({"ALTER", "CREATE_CATALOG", "CREATE_DATABASE", "CREATE_TABLE", "DELETE", "DROP", "INSERT"}) | EVERY_PERMISSION
READS = frozenset({"SELECT"}) | EVERY_PERMISSION


class Named(StrEnum):
    """Whom a principal of a grant stands for."""

    IAM_ALLOWED = "IAM_ALLOWED_PRINCIPALS"
    EVERYBODY = "every IAM principal of an account"
    ACCOUNT = "a whole account"
    ORGANIZATION = "an organisation or one of its units"
    ONE = "one principal"
    OPEN = "nobody knows whom"


def named(grant: Grant) -> Named:
    """Whom a grant's principal stands for."""
    text = grant.principal
    if text == IAM_ALLOWED_PRINCIPALS:
        return Named.IAM_ALLOWED
    if text.endswith(":IAMPrincipals"):
        return Named.EVERYBODY
    if is_organization(text):
        return Named.ORGANIZATION
    if has_hole(text) and not text.startswith("arn:"):
        return Named.ACCOUNT if text in {grant.account, grant.resource.catalog} else Named.OPEN
    return Named.ACCOUNT if account_of(text) else Named.ONE


def account_meant(grant: Grant) -> str:
    """The account that a grant's principal is, or is in; empty where it is in none that is known."""
    return account_of(grant.principal) or account_in(grant.principal)


def region_of(grant: Grant) -> str:
    """The Region of the catalog that a grant is about."""
    return grant.resource.region or grant.region


@once
def governed_places(snapshot: Snapshot) -> frozenset[Place]:
    """The accounts and Regions where Lake Formation is used: its settings, a location, an LF-Tag or a grant are there."""
    estate = snapshot.estate
    places = {(each.account, each.region) for each in estate.catalogs if each.settings_known}
    places |= {(each.account, each.region) for each in estate.locations}
    places |= {(each.account, each.region) for each in estate.tag_keys}
    places |= {(each.resource.catalog, region_of(each)) for each in estate.grants if each.principal != IAM_ALLOWED_PRINCIPALS}
    return frozenset(places)


def governed(kind: str) -> Callable[[Snapshot], Iterator[Any]]:
    """Subjects: what the estate has of a kind where Lake Formation is used."""
    every: Callable[[Snapshot], Iterator[Any]] = of_estate(kind)

    def subjects(snapshot: Snapshot) -> Iterator[Any]:
        places = governed_places(snapshot)
        yield from (each for each in every(snapshot) if (each.account, each.region) in places)

    return subjects


def settings(snapshot: Snapshot) -> Iterator[Catalog]:
    """Subjects: the settings of each account and Region that a template states."""
    yield from (each for each in snapshot.estate.catalogs if each.settings_known and each.origin is not None)


def grants_on(*types: ResourceType) -> Callable[[Snapshot], Iterator[Grant]]:
    """Subjects: the grants on resources of these types."""

    def subjects(snapshot: Snapshot) -> Iterator[Grant]:
        yield from (each for each in snapshot.estate.grants if each.resource.type in types)

    return subjects


@once
def _settings_by_place(snapshot: Snapshot) -> Mapping[Place, Catalog]:
    return {(each.account, each.region): each for each in settings(snapshot)}


def settings_at(snapshot: Snapshot, account: str, region: str) -> Catalog | None:
    """The settings of one account and Region; None when no template states them."""
    return _settings_by_place(snapshot).get((account, region))


def is_admin(principal: str, catalog: Catalog | None) -> bool:
    """Whether a principal is among the administrators that settings list."""
    return catalog is not None and any(principal == admin or covers(admin, principal) for admin in catalog.admins)


@once
def locations(snapshot: Snapshot) -> Locations:
    """The registered locations."""
    return Locations(snapshot.estate)


@once
def _grants_by_principal(snapshot: Snapshot) -> Mapping[str, tuple[Grant, ...]]:
    found: dict[str, list[Grant]] = {}
    for grant in snapshot.estate.grants:
        found.setdefault(grant.principal, []).append(grant)
    return {principal: tuple(grants) for principal, grants in found.items()}


def grants_of(principal: str, snapshot: Snapshot) -> tuple[Grant, ...]:
    """Every grant that names a principal in the same words."""
    return _grants_by_principal(snapshot).get(principal, ())


@once
def _grants_by_database(snapshot: Snapshot) -> Mapping[tuple[str, str, str], tuple[Grant, ...]]:
    found: dict[tuple[str, str, str], list[Grant]] = {}
    for grant in snapshot.estate.grants:
        found.setdefault((grant.principal, grant.resource.catalog, grant.resource.database), []).append(grant)
    return {key: tuple(grants) for key, grants in found.items()}


def grants_in(principal: str, catalog: str, database: str, snapshot: Snapshot) -> tuple[Grant, ...]:
    """A principal's grants on one database and what is in it; without a name, on what is in no database, such as by LF-Tags."""
    return _grants_by_database(snapshot).get((principal, catalog, database), ())


@once
def _by_origin(snapshot: Snapshot) -> Mapping[tuple[str, str, str], Resource]:
    return {_key(each.origin): each for each in snapshot.resolution.resources}


def _key(origin: Origin) -> tuple[str, str, str]:
    return origin.environment, origin.stack, origin.logical_id


def resource_of(subject: Subject, snapshot: Snapshot) -> Resource | None:
    """The resource that made a thing of the estate; None for what a supplement states."""
    return None if subject.origin is None else _by_origin(snapshot).get(_key(subject.origin))


def is_seen_in_part(subject: Subject, snapshot: Snapshot) -> bool:
    """Whether a thing of the estate is not wholly known: it depends on more than whether its resource exists."""
    resource = resource_of(subject, snapshot)
    return resource is not None and subject.origin is not None and subject.origin.exists != resource.origin.exists


def is_unclear(text: str) -> bool:
    """Whether a part of a text is not known that no deployment makes up."""
    return has_hole(text) and not generated_holes(text)


def relative_name(arn: str) -> str:
    """What an ARN names inside its account, such as `role/Analyst`; empty for what is no ARN."""
    found = parts(arn)
    return found[4] if found is not None else ""


def arn(text: str) -> dict[str, str]:
    """An ARN without its partition, for cases: `arn("s3:::bucket")`."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{text}"}


def role(name: str, account: str = ACCOUNT) -> dict[str, str]:
    """A role's ARN, for cases."""
    return arn(f"iam::{account}:role/{name}")


def permission(resource: dict[str, Any], *permissions: str, to: Any = None, **properties: Any) -> dict[str, Any]:
    """A native grant, for cases: what is granted on which resource; to one role when left out."""
    whom = role("Analyst") if to is None else to
    return {
        "Type": "AWS::LakeFormation::PrincipalPermissions",
        "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": whom},
            "Resource": resource,
            "Permissions": list(permissions),
            "PermissionsWithGrantOption": [],
            **properties,
        },
    }


ORGANIZATION = arn("organizations::111122223333:organization/o-exampleorgid")
DATABASE = {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}
TABLE = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}
BUCKET: dict[str, dict[str, Any]] = {"Bucket": {"Type": "AWS::S3::Bucket"}}
"""Something that no rule of this family is about, for cases."""
