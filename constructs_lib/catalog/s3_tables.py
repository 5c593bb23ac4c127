"""S3 Tables as an option: a table bucket that maintains its Iceberg tables itself, and tables in it that no edit can replace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import CfnTag, Stack, aws_iam as iam, aws_s3tables as s3tables
from constructs import Construct

from constructs_lib.core import misuse, removal_policy as checked_removal_policy
from lakemodel.contracts.catalog_text import table_parameters
from lakemodel.contracts.model import TableFormat
from lakemodel.locks.field_ids import field_ids_for
from lakemodel.locks.s3_tables import created_with

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy, aws_kms as kms

    from lakemodel.contracts.model import DataContract, Table

_UNREFERENCED_DAYS = 7
_NONCURRENT_DAYS = 10
_MAX_SNAPSHOT_AGE_HOURS = 7 * 24
_MIN_SNAPSHOTS = 5


class TableBucket(Construct):
    """A table bucket with a key of the account and maintenance on: unreferenced files go after 7 days, for good after 10 more.

    The key's policy lets the maintenance service use it for this bucket alone, without which no table can be created.
    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html

    Args:
        bucket_name: 3 to 63 characters; the service asks for a name.
        key: Encrypts its tables.
        namespaces: Namespaces to make, one for each domain: lower-case letters, digits and underscores.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_name: str,
        key: kms.IKey,
        namespaces: tuple[str, ...],
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        policy = checked_removal_policy(self, removal_policy)
        self.arn = Stack.of(self).format_arn(service="s3tables", resource="bucket", resource_name=bucket_name)
        self.resource = s3tables.CfnTableBucket(
            self,
            "Resource",
            table_bucket_name=bucket_name,
            encryption_configuration={"sseAlgorithm": "aws:kms", "kmsKeyArn": key.key_arn},
            unreferenced_file_removal={
                "status": "Enabled",
                "unreferencedDays": _UNREFERENCED_DAYS,
                "noncurrentDays": _NONCURRENT_DAYS,
            },
        )
        self.resource.apply_removal_policy(policy)
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="TableMaintenance",
                principals=[iam.ServicePrincipal("maintenance.s3tables.amazonaws.com")],
                actions=["kms:GenerateDataKey", "kms:Decrypt"],
                resources=["*"],
                conditions={"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{self.arn}/*"}},
            )
        )
        self.namespaces = {name: self._namespace(name, policy) for name in namespaces}

    def _namespace(self, name: str, policy: RemovalPolicy) -> s3tables.CfnNamespace:
        made = s3tables.CfnNamespace(self, f"Namespace{name}", namespace=name, table_bucket_arn=self.resource.attr_table_bucket_arn)
        made.apply_removal_policy(policy)
        return made


class S3Table(Construct):
    """An Iceberg table of a table bucket, created from a contract, and never created a second time.

    CloudFormation **replaces** the table when its schema, partitioning or properties change, which would leave an empty one. So the
    template says for good what `lakecheck contracts lock --s3-table` recorded when it was created. A contract that says something else by
    now is refused, unless an engine has evolved the table (`ALTER TABLE` in Athena or Spark), which is said with `evolved_by_engine`.
    Field ids of columns that an engine added are the engine's.

    Owner, contract version and classification are tags of the table, which may change.

    Args:
        bucket: Where it goes, with a namespace named as the contract's domain.
        contract: The contract that declares it.
        table: The declaration, read with its lock.
        evolved_by_engine: Whether an engine brought the table to what the contract says now; no when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `s3_table_format`, `s3_table_not_recorded`, `s3_table_would_be_replaced`, `namespace_missing`, `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: TableBucket,
        contract: DataContract,
        table: Table,
        evolved_by_engine: bool | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        evolved_by_engine = False if evolved_by_engine is None else evolved_by_engine
        if table.format is not TableFormat.ICEBERG:
            msg = f"got a {table.format} table; S3 Tables keeps Iceberg: remove tableFormat, or take ParquetTable"
            raise misuse(self, msg, code="s3_table_format")
        if contract.domain not in bucket.namespaces:
            known = ", ".join(bucket.namespaces) or "no namespace"
            msg = f"got a table of domain {contract.domain}; the bucket has {known}: add it to namespaces"
            raise misuse(self, msg, code="namespace_missing")
        ids = field_ids_for(contract, table)
        if ids.s3_tables is None:
            name = f"{contract.domain}.{table.name}"
            msg = f"nothing says what {name} was created with; run `lakecheck contracts lock --s3-table {name}` and commit the lock"
            raise misuse(self, msg, code="s3_table_not_recorded")
        if created_with(table, ids) != ids.s3_tables and not evolved_by_engine:
            msg = (
                f"the contract of {table.name} is not what the table was created with, and CloudFormation would replace the table, losing "
                "its rows: evolve it with an engine (ALTER TABLE), then set evolved_by_engine=True; the template keeps what was"
            )
            raise misuse(self, msg, code="s3_table_would_be_replaced")
        self.resource = s3tables.CfnTable(
            self,
            "Resource",
            table_bucket_arn=bucket.resource.attr_table_bucket_arn,
            namespace=contract.domain,
            table_name=table.name,
            open_table_format="ICEBERG",
            compaction={"status": "enabled"},
            snapshot_management={
                "status": "enabled",
                "maxSnapshotAgeHours": _MAX_SNAPSHOT_AGE_HOURS,
                "minSnapshotsToKeep": _MIN_SNAPSHOTS,
            },
            tags=[CfnTag(key=key, value=_tag(value)) for key, value in table_parameters(contract, table.classification).items()],
        )
        # As recorded, to the letter: the typed property would spell nested types, which are objects of any shape, in its own way.
        self.resource.add_property_override("IcebergMetadata", dict(ids.s3_tables))
        self.resource.add_dependency(bucket.namespaces[contract.domain])
        self.resource.apply_removal_policy(checked_removal_policy(self, removal_policy))


def _tag(value: str) -> str:
    """The value as a tag can have it; https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html."""
    return re.sub(r"[^\w ./=+@-]", "_", value, flags=re.ASCII)[:256]
