"""Glue databases and tables, links to them, and what each account's catalog is set to apart from Lake Formation's settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import folder
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Database, Table
from lakecheck.estate.sources import at, listed, lower, named, text, unsure
from lakecheck.iam.documents import PolicyKind
from lakecheck.values import Unknown, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.keys import Keys
    from lakecheck.estate.sources import Sources
    from lakecheck.iam.model import Policy

CATALOG_POLICY: Final = "Custom::LakeFormationCatalogPolicy"
"""The project's own custom resource: its `Statements` become part of the catalog's policy."""

_NOT_FOLLOWED: Final = ("AWS::Glue::Catalog", "AWS::Glue::IdentityCenterConfiguration")
_NESTED: Final = re.compile(r"^[0-9]{12}[:/].+")


def read_databases(sources: Sources) -> Iterator[Database]:
    """Databases and resource links to databases.

    Empty `CreateTableDefaultPermissions` say nothing here: CloudFormation drops empty default permissions (as of
    `AWS::LakeFormation::DataLakeSettings`), so the settings decide.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-database-databaseinput.html
    """
    for resource in sources.of(*_NOT_FOLLOWED):
        sources.tell(f"{resource.type} is not followed: what is in it, and who reads it, is in no verdict", resource.origin)
    for resource in sources.of("AWS::Glue::Database"):
        given = resource.properties.get("DatabaseInput")
        if isinstance(given, Unknown):
            sources.tell(f"a database is not known: {given.reason}", resource.origin)
            continue
        account = _catalog(sources, resource)
        target = at(given, "TargetDatabase")
        yield Database(
            account=account,
            region=resource.region,
            name=lower(at(given, "Name"), resource.ref),
            location=folder(text(at(given, "LocationUri"))),
            target=None if target is None else (text(at(target, "CatalogId"), account), lower(at(target, "DatabaseName"))),
            target_region=text(at(target, "Region"), resource.region) if target is not None else "",
            table_defaults=gives_iam(at(given, "CreateTableDefaultPermissions")),
            origin=resource.origin,
        )


def gives_iam(permissions: Any) -> bool | None:
    """Whether default permissions give something to `IAM_ALLOWED_PRINCIPALS`; None when they say nothing, or it is not known."""
    entries = listed(permissions)
    if not entries or unsure(permissions):
        return None
    return any(
        at(entry, "Principal", "DataLakePrincipalIdentifier") == IAM_ALLOWED_PRINCIPALS and listed(at(entry, "Permissions"))
        for entry in entries
    )


def read_tables(sources: Sources) -> Iterator[Table]:
    """Tables of Hive's and of Iceberg's form, and resource links to tables; columns in lower case, as Glue keeps them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-table.html
    """
    for resource in sources.of("AWS::Glue::Table"):
        properties = resource.properties
        given = properties.get("TableInput")
        if isinstance(given, Unknown):
            sources.tell(f"a table is not known: {given.reason}", resource.origin)
            continue
        account = _catalog(sources, resource)
        database = lower(properties.get("DatabaseName"))
        name = lower(properties.get("Name") if at(given, "Name") is None else at(given, "Name"), resource.ref)
        target = at(given, "TargetTable")
        if target is not None:
            pointed = (text(at(target, "CatalogId"), account), lower(at(target, "DatabaseName"), database), lower(at(target, "Name"), name))
            yield Table(
                account=account,
                region=resource.region,
                database=database,
                name=name,
                target=pointed,
                target_region=text(at(target, "Region"), resource.region),
                origin=resource.origin,
            )
            continue
        iceberg = at(properties.get("OpenTableFormatInput"), "IcebergInput", "IcebergTableInput")
        columns, unknown = _columns(given, iceberg)
        location = at(given, "StorageDescriptor", "Location")
        yield Table(
            account=account,
            region=resource.region,
            database=database,
            name=name,
            columns=columns,
            location=folder(text(at(iceberg, "Location") if location is None else location)),
            parameters={**_parameters(at(given, "Parameters")), **_parameters(at(iceberg, "Properties"))},
            unknown=unknown,
            origin=resource.origin,
        )


def read_catalog_policies(sources: Sources) -> Iterator[tuple[str, str, Policy]]:
    """Account, Region and policy of every statement about a catalog that templates make, for `estate.build` to join.

    CloudFormation itself has no resource for Glue's catalog policy.

    https://docs.aws.amazon.com/glue/latest/dg/security_iam_resource-based-policy-examples.html
    """
    for resource in sources.of(CATALOG_POLICY):
        statements = resource.properties.get("Statements")
        if statements is None:
            sources.tell(f"{CATALOG_POLICY} without Statements: what it writes into the catalog's policy is not known", resource.origin)
            continue
        yield resource.account, resource.region, _policy(sources, resource, {"Version": "2012-10-17", "Statement": statements})
    for resource in sources.of("AWS::Glue::ResourcePolicy"):
        given = resource.properties
        document: Any = named(given, "PolicyInJson", "Policy", "PolicyDocument", "ResourcePolicy")
        if document is None:
            document = Unknown("AWS::Glue::ResourcePolicy has no policy that is known by name")
        yield resource.account, resource.region, _policy(sources, resource, document)


def read_catalog_keys(sources: Sources, keys: Keys) -> Iterator[tuple[Resource, str, str]]:
    """The resource that encrypts a catalog, the key's ARN, and the ARN of the role that uses it for everybody.

    https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html
    """
    for resource in sources.of("AWS::Glue::DataCatalogEncryptionSettings"):
        rest = at(resource.properties.get("DataCatalogEncryptionSettings"), "EncryptionAtRest")
        mode = text(at(rest, "CatalogEncryptionMode"))
        if mode and mode != "DISABLED":
            key = keys.arn(text(at(rest, "SseAwsKmsKeyId")), resource.account, resource.region)
            yield resource, key, text(at(rest, "CatalogEncryptionServiceRole"))


def _policy(sources: Sources, resource: Resource, document: Any) -> Policy:
    return sources.policy(document, name=f"catalog policy of {resource.origin}", origin=resource.origin, kind=PolicyKind.RESOURCE)


def _catalog(sources: Sources, resource: Resource) -> str:
    """The account whose catalog it is in; a catalog inside it is told."""
    found = text(resource.properties.get("CatalogId"), resource.account)
    if _NESTED.match(found):
        sources.tell(f"{shown(found)} is a catalog inside the account's: rights there are taken for rights in the account's own")
        return found[:12]
    return found


def _columns(given: Any, iceberg: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns, and why they are not all known."""
    descriptor = at(given, "StorageDescriptor")
    lists = (at(descriptor, "Columns"), at(iceberg, "Schema", "Fields"), at(given, "PartitionKeys"))
    columns: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for each in (entry for entries in lists for entry in listed(entries)):
        name = at(each, "Name")
        if isinstance(name, str):
            columns[lower(name)] = None
        for reason in (each.reason,) if isinstance(each, Unknown) else (name.reason,) if isinstance(name, Unknown) else ():
            unknown[f"a column is not known: {reason}"] = None
    if at(descriptor, "SchemaReference") is not None:
        unknown["its columns are in a schema registry"] = None
    elif not columns and not unknown:
        unknown["its template states no columns"] = None
    return tuple(columns), tuple(unknown)


def _parameters(value: Any) -> Mapping[str, str]:
    return {key: text(each) for key, each in value.items()} if isinstance(value, dict) else {}
