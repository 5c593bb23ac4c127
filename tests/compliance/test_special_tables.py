"""Tables over others' data, and S3 Tables, satisfy every pack."""

from __future__ import annotations

from dataclasses import replace

from aws_cdk import aws_glue as glue, aws_kms as kms, aws_s3 as s3

from constructs_lib.catalog import LakeDatabase, ProjectedTable, Projection, S3Table, TableBucket
from lakemodel.config.model import Zone
from lakemodel.contracts.model import Table, TableFormat
from lakemodel.locks.field_ids import fresh_ids
from lakemodel.locks.s3_tables import created_with
from tests.compliance.nag import acknowledged, findings, report
from tests.constructs.catalog.lake import ORDERS, column, contract
from tests.support import new_app, new_stack


def recorded(table: Table) -> Table:
    """The table as it is read from a lock that says what it was created with."""
    ids = fresh_ids(table)
    return replace(table, field_ids=replace(ids, s3_tables=created_with(table, ids)))


def test_no_finding_is_left() -> None:
    """Nothing violates a rule, and nothing of these tables is acknowledged either."""
    app = new_app()
    stack = new_stack(app)
    ProjectedTable(
        stack,
        "Clicks",
        database=LakeDatabase.from_database_name(stack, "Sales", domain="sales", zone=Zone.CONSUMPTION),
        table_name="clicks",
        bucket=s3.Bucket.from_bucket_name(stack, "Exports", "exports"),
        prefix="clicks",
        columns=[column("page")],
        partitions={"day": Projection.date("yyyy-MM-dd", "2024-01-01")},
        data_format=glue.DataFormat.JSON,
        owner="web@example.com",
        classification="internal",
    )
    bucket = TableBucket(stack, "Tables", bucket_name="tables", key=kms.Key(stack, "Key", enable_key_rotation=True), namespaces=("sales",))
    table = recorded(ORDERS)
    assert table.format is TableFormat.ICEBERG
    S3Table(stack, "Orders", bucket=bucket, contract=contract(table), table=table)
    judged = report(app)
    assert findings(judged) == []
    assert acknowledged(judged) == {}
