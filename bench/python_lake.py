"""The lake of bench/javascript/app.js, written with this library: N Iceberg tables of 20 columns with three grants each.

Usage: python_lake.py <tables> <output folder> <cdk.json> [--checked]

With --checked every compliance pack looks at it, and the native CloudFormation validation at each template.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aws_cdk import App, Environment, Stack, aws_kms as kms, aws_lambda as lambda_, aws_s3 as s3
from constructs import Construct

from constructs_lib.catalog import ContractCatalog, DomainDatabases
from constructs_lib.governance import CatalogPermissions, CatalogResource, DataPrincipal, DeclaredRights
from constructs_lib.storage import LakeZone
from lakemodel.config.model import Zone
from lakemodel.contracts.model import Column, ContractSet, DataContract, Table, TableFormat
from lakemodel.findings import Severity
from lakemodel.locks.field_ids import FieldIds
from lakemodel.locks.placement import Placement, PlacementLock, table_key
from lakemodel.types.model import Primitive, PrimitiveKind

ACCOUNT = "444444444401"
ENVIRONMENT = Environment(account=ACCOUNT, region="eu-west-1")
PER_STACK = 100
ROLES = [DataPrincipal.role_arn(f"arn:aws:iam::{ACCOUNT}:role/{name}") for name in ("Analyst", "Engineer", "Scientist")]


class Settings(Construct):
    """Stands for the account's LakeFormationSettings, which the JavaScript lake has no counterpart of."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "Settings")
        self.shares = False
        self.declared = DeclaredRights()
        self.resource = self
        arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:permissions"
        self.permissions_function: lambda_.IFunction = lambda_.Function.from_function_arn(self, "Function", arn)


def contract(tables: int) -> DataContract:
    """One product with that many tables."""
    text = Primitive(PrimitiveKind.STRING)
    columns = tuple(
        Column(
            name=f"column_{number}",
            source_name=f"column_{number}",
            type=text,
            classification="internal",
            description=f"Column number {number}",
        )
        for number in range(20)
    )
    ids = FieldIds(fields={column.name: number for number, column in enumerate(columns, start=1)})  # as the lock beside a contract has them
    return DataContract(
        id="bench",
        domain="sales",
        product="bench",
        version="1.0.0",
        status="active",
        file="bench.odcs.yaml",
        owner="bench@example.com",
        tables=tuple(
            Table(
                name=f"table_{number}",
                source_name=f"table_{number}",
                format=TableFormat.ICEBERG,
                columns=columns,
                classification="internal",
                field_ids=ids,
            )
            for number in range(tables)
        ),
    )


def placement(declared: DataContract) -> PlacementLock:
    """A hundred tables to a stack, as the JavaScript lake has them; without quarantine tables and optimizers there is room."""
    keys = [table_key("sales", "bench", table.name) for table in declared.tables]
    return PlacementLock(
        {key: Placement(key=key, stack=number // PER_STACK + 1, logical_id=f"Table{number}") for number, key in enumerate(keys)}
    )


def main() -> None:
    """Builds and writes the lake."""
    tables, outdir, cdk_json = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    checked = "--checked" in sys.argv
    app = App(outdir=str(outdir), context=json.loads(cdk_json.read_text())["context"])
    if checked:
        from constructs_lib.compliance import add_compliance_packs  # noqa: PLC0415 - the other comparison is of synthesis alone

        add_compliance_packs(app)
    base = Stack(app, "Base", env=ENVIRONMENT)
    key = kms.Key.from_key_arn(base, "Key", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000")
    bucket = s3.Bucket.from_bucket_name(base, "Bucket", "lake-curated")
    zones = {Zone.CURATED: LakeZone.from_bucket(base, "Curated", zone=Zone.CURATED, bucket=bucket, key=key)}
    databases = DomainDatabases(base, "Databases", domains=["sales"], zones=zones).databases
    settings = Settings(base)
    declared = contract(tables)
    places = placement(declared)
    for shard, own in places.by_stack(ContractSet(contracts=(declared,))).items():
        stack = Stack(app, f"Catalog{shard}", env=ENVIRONMENT)
        catalog = ContractCatalog(
            stack,
            "Catalog",
            contracts=own,
            zones=zones,
            placement=places,
            databases=databases,
            quarantine=False,
            optimizers=False,
        )
        permissions = CatalogPermissions(stack, "Permissions", settings=settings)
        for table in catalog.tables.values():
            resource = CatalogResource.table_named(table.database_name, table.table_name)
            for role in ROLES:
                permissions.grant(role, resource, ["SELECT", "DESCRIBE"], after=catalog)
    app.synth()
    if checked:
        validate(outdir)


def validate(outdir: Path) -> None:
    """Lets the native validation look at every template, as `lakecheck run` does; ends with the errors it finds."""
    from lakecheck.assembly import read_assembly  # noqa: PLC0415 - as above
    from lakecheck.checks.cloudformation import check  # noqa: PLC0415

    errors = [finding for finding in check(read_assembly(outdir)).findings if finding.severity is Severity.ERROR]
    if errors:
        sys.exit("\n".join(map(str, errors)))


if __name__ == "__main__":
    main()
