"""The lake that `bench/access.py` judges: N tables of 20 columns in one bucket, M roles that read parts of it by LF-Tags.

Usage: access_lake.py <tables> <principals> <output folder> <cdk.json> [<shape>]

Every tenth role is a job that also has the prefix of some tables, one role in twenty can assume another, one in ten can start queries.
The shapes: `usual`; `open`, with IAM_ALLOWED_PRINCIPALS on every table; `prefixes`, where everybody has rights in S3, prefix by prefix;
`unknown`, where every fifth role has a policy that no template defines.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import App, Stack, aws_iam as iam, aws_lakeformation as lakeformation
from python_lake import ACCOUNT, ENVIRONMENT, contract, placement

from constructs_lib.catalog import ContractCatalog, DomainDatabases
from constructs_lib.governance import CatalogPermissions, CatalogResource, DataLocation, LakeFormationSettings, LfTags
from constructs_lib.storage import LakeZone
from lakemodel.config.model import Zone
from lakemodel.contracts.model import ContractSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import Construct

CLASSES = ("public", "internal", "confidential", "restricted")
SHAPES = ("usual", "open", "prefixes", "unknown")
PER_STACK = 50
PREFIXES = 8
GLUE = ["glue:GetTable", "glue:GetTables", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartitions", "glue:GetPartition"]
WORKGROUP = f"arn:aws:athena:eu-west-1:{ACCOUNT}:workgroup/people"


def main() -> None:
    """Builds and writes the lake."""
    tables, people, outdir, cdk_json = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    (shape,) = sys.argv[5:] or SHAPES[:1]
    app = App(outdir=str(outdir), context=json.loads(cdk_json.read_text())["context"])
    base = Stack(app, "Base", env=ENVIRONMENT)
    zones = {zone: LakeZone(base, zone.value.title(), zone=zone) for zone in (Zone.CURATED, Zone.RAW)}
    settings = LakeFormationSettings(base, "Settings", admins=[], shares=False)
    DataLocation(base, "Location", zone=zones[Zone.CURATED], settings=settings)
    databases = DomainDatabases(base, "Databases", domains=["sales"], zones={Zone.CURATED: zones[Zone.CURATED]}).databases
    declared = contract(tables)
    places = placement(declared)
    for shard, own in places.by_stack(ContractSet(contracts=(declared,))).items():
        stack = Stack(app, f"Catalog{shard}", env=ENVIRONMENT)
        catalog = ContractCatalog(
            stack,
            "Catalog",
            contracts=own,
            zones={Zone.CURATED: zones[Zone.CURATED]},
            placement=places,
            databases=databases,
            quarantine=False,
            optimizers=False,
        )
        permissions = CatalogPermissions(stack, "Permissions", settings=settings)
        for number, table in enumerate(catalog.tables.values()):
            resource = CatalogResource.table_named(table.database_name, table.table_name)
            permissions.associate(resource, {"classification": CLASSES[number % len(CLASSES)]}, after=catalog)
            if shape == "open":
                leave_open(stack, number, table.database_name, table.table_name)
    add_people(app, people, tables, zones[Zone.CURATED], settings, shape)
    app.synth()


def leave_open(scope: Construct, number: int, database: str, table: str) -> None:
    """Leaves a table to IAM."""
    named = lakeformation.CfnPrincipalPermissions.TableResourceProperty(catalog_id=ACCOUNT, database_name=database, name=table)
    lakeformation.CfnPrincipalPermissions(
        scope,
        f"Open{number}",
        catalog=ACCOUNT,
        principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(data_lake_principal_identifier="IAM_ALLOWED_PRINCIPALS"),
        resource=lakeformation.CfnPrincipalPermissions.ResourceProperty(table=named),
        permissions=["ALL"],
        permissions_with_grant_option=[],
    )


def add_people(app: App, people: int, tables: int, zone: LakeZone, settings: LakeFormationSettings, shape: str) -> None:
    """Roles with what a person or a job has, and grants by LF-Tags."""
    for first in range(0, people, PER_STACK):
        stack = Stack(app, f"People{first // PER_STACK}", env=ENVIRONMENT)
        permissions = CatalogPermissions(stack, "Permissions", settings=settings)
        for number in range(first, min(first + PER_STACK, people)):
            role = iam.Role(
                stack,
                f"Role{number}",
                role_name=f"person-{number}",
                assumed_by=iam.ServicePrincipal("glue.amazonaws.com") if number % 10 == 0 else iam.AccountPrincipal(ACCOUNT),
            )
            iam.ManagedPolicy(stack, f"Policy{number}", roles=[role], statements=list(statements(stack, number, tables, zone, shape)))
            if shape == "unknown" and number % 5 == 1:
                role.add_managed_policy(iam.ManagedPolicy.from_managed_policy_name(stack, f"Elsewhere{number}", f"made-elsewhere-{number}"))
            permissions.grants.read(role, where=LfTags.all(classification=CLASSES[: 1 + number % len(CLASSES)]))


def statements(scope: Construct, number: int, tables: int, zone: LakeZone, shape: str) -> Iterator[iam.PolicyStatement]:
    """What one of them may do."""
    yield iam.PolicyStatement(actions=GLUE, resources=["*"])
    yield iam.PolicyStatement(actions=["lakeformation:GetDataAccess"], resources=["*"])
    if shape == "prefixes":
        for each in range(PREFIXES):
            below = f"sales/bench/table_{(number * 7 + each * 131) % tables}*"
            yield iam.PolicyStatement(actions=["s3:GetObject"], resources=[zone.bucket.arn_for_objects(below)])
        yield iam.PolicyStatement(actions=["kms:Decrypt"], resources=[zone.key.key_arn])
    if number % 10 == 0:
        own = [zone.bucket.arn_for_objects(f"sales/bench/table_{(number + each) % tables}/*") for each in range(3)]
        yield iam.PolicyStatement(actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=own)
        yield iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[zone.key.key_arn])
    if number % 20 == 1:
        yield iam.PolicyStatement(
            actions=["sts:AssumeRole"], resources=[f"arn:{Stack.of(scope).partition}:iam::{ACCOUNT}:role/person-{number + 1}"]
        )
    if number % 10 == len(CLASSES):
        yield iam.PolicyStatement(actions=["athena:StartQueryExecution", "athena:GetQueryResults"], resources=[WORKGROUP])


if __name__ == "__main__":
    main()
