"""The lake that `bench/access.py` judges: N tables of 20 columns in one bucket, M roles that read parts of it by LF-Tags.

Usage: access_lake.py <tables> <principals> <output folder> <cdk.json>

Every tenth role is a job that also has the prefix of some tables, one role in twenty can assume another, one in ten can start queries.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import App, Stack, aws_iam as iam
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
PER_STACK = 50
GLUE = ["glue:GetTable", "glue:GetTables", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartitions", "glue:GetPartition"]
WORKGROUP = f"arn:aws:athena:eu-west-1:{ACCOUNT}:workgroup/people"


def main() -> None:
    """Builds and writes the lake."""
    tables, people, outdir, cdk_json = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
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
    add_people(app, people, tables, zones[Zone.CURATED], settings)
    app.synth()


def add_people(app: App, people: int, tables: int, zone: LakeZone, settings: LakeFormationSettings) -> None:
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
            iam.ManagedPolicy(stack, f"Policy{number}", roles=[role], statements=list(statements(stack, number, tables, zone)))
            permissions.grants.read(role, where=LfTags.all(classification=CLASSES[: 1 + number % len(CLASSES)]))


def statements(scope: Construct, number: int, tables: int, zone: LakeZone) -> Iterator[iam.PolicyStatement]:
    """What one of them may do."""
    yield iam.PolicyStatement(actions=GLUE, resources=["*"])
    yield iam.PolicyStatement(actions=["lakeformation:GetDataAccess"], resources=["*"])
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
