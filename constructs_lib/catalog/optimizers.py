"""Glue's table optimizers: compaction, snapshot retention and orphan file deletion of Iceberg tables, and the role they run as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_cdk import ArnFormat, Duration, Stack, Token, aws_glue as glue, aws_iam as iam
from constructs import Construct

from constructs_lib.catalog.rendering import typed
from constructs_lib.core import acknowledge_wildcards, misuse
from lakemodel.config.regions import Service, region_table
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.catalog.tables import IcebergTable

LAKE_FORMATION_PERMISSIONS: Final = ("ALTER", "DESCRIBE", "INSERT", "DELETE")
"""What the role needs on each optimized table;
https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html. Grant it where grants are made."""

_LOG_GROUPS: Final = ("iceberg-compaction", "iceberg-retention", "iceberg-orphan-file-deletion")
_DATABASES_PER_POLICY: Final = 12

SNAPSHOT_DAYS: Final = 7
SNAPSHOTS_TO_KEEP: Final = 5
ORPHAN_DAYS: Final = 7


def optimizer_properties(
    database: LakeDatabase,
    table_name: str,
    role_arn: str,
    *,
    snapshot_days: int = SNAPSHOT_DAYS,
    snapshots_to_keep: int = SNAPSHOTS_TO_KEEP,
    orphan_days: int = ORPHAN_DAYS,
    enabled: bool = True,
) -> dict[str, dict[str, Any]]:
    """Properties of `AWS::Glue::TableOptimizer` for the optimizers of a table, by the end of their logical ids."""
    configurations: dict[str, tuple[str, dict[str, Any]]] = {
        "Compaction": ("compaction", {"Strategy": "binpack"}),
        "Retention": (
            "retention",
            {"SnapshotRetentionPeriodInDays": snapshot_days, "NumberOfSnapshotsToRetain": snapshots_to_keep, "CleanExpiredFiles": True},
        ),
        "OrphanFiles": ("orphan_file_deletion", {"OrphanFileRetentionPeriodInDays": orphan_days}),
    }
    return {
        name: {
            "CatalogId": database.catalog_id,
            "DatabaseName": database.database_name,
            "TableName": table_name,
            "Type": kind,
            "TableOptimizerConfiguration": {
                "Enabled": enabled,
                "RoleArn": role_arn,
                f"{pascal_case(kind)}Configuration": {"IcebergConfiguration": configuration},
            },
        }
        for name, (kind, configuration) in configurations.items()
    }


def optimizers_available(scope: Construct) -> bool:
    """Whether the stack's Region is known to have table optimizers; a Region that is not known at synth counts as one without."""
    region = Stack.of(scope).region
    if Token.is_unresolved(region):
        return False
    known = region_table().regions.get(region)
    return known is not None and Service.GLUE_TABLE_OPTIMIZERS in known.services


class OptimizerRole(Construct):
    """The role that Glue optimizes the Iceberg tables of some databases as.

    It reaches objects through Lake Formation's credentials alone and has no S3 or KMS rights of its own, so the tables have to stand on a
    registered location, and the role needs `LAKE_FORMATION_PERMISSIONS` on them.

    Args:
        databases: Whose tables it may change; no other.
    """

    def __init__(self, scope: Construct, construct_id: str, *, databases: Sequence[LakeDatabase]) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.role = iam.Role(
            self,
            "Resource",
            assumed_by=iam.ServicePrincipal("glue.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}),
            description="Glue table optimizers",
        )
        names = sorted(database.database_name for database in databases)
        chunks = [names[start : start + _DATABASES_PER_POLICY] for start in range(0, len(names), _DATABASES_PER_POLICY)]
        self.policies = tuple(self._policy(number, chunk) for number, chunk in enumerate(chunks, start=1))

    def _policy(self, number: int, database_names: Sequence[str]) -> iam.ManagedPolicy:
        stack = Stack.of(self)
        tables = [stack.format_arn(service="glue", resource="table", resource_name=f"{name}/*") for name in database_names]
        databases = [stack.format_arn(service="glue", resource="database", resource_name=name) for name in database_names]
        logs = [
            stack.format_arn(
                service="logs", resource="log-group", resource_name=f"/aws-glue/{group}/logs:*", arn_format=ArnFormat.COLON_RESOURCE_NAME
            )
            for group in _LOG_GROUPS
        ]
        policy = iam.ManagedPolicy(
            self,
            "Policy" if number == 1 else f"Policy{number}",
            description="What Glue table optimizers need",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    sid="Tables",
                    actions=["glue:GetTable", "glue:UpdateTable"],
                    resources=[stack.format_arn(service="glue", resource="catalog"), *databases, *tables],
                ),
                iam.PolicyStatement(sid="Objects", actions=["lakeformation:GetDataAccess"], resources=["*"]),
                iam.PolicyStatement(
                    sid="Logs", actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], resources=logs
                ),
            ],
        )
        acknowledge_wildcards(
            policy,
            {
                "Tables": "one role optimizes every Iceberg table of the named databases; Lake Formation decides on each table besides",
                "Objects": "lakeformation:GetDataAccess knows no resources; Lake Formation decides on each table",
                "Logs": "streams in the three log groups that Glue names itself",
            },
        )
        return policy


class TableOptimizers(Construct):
    """Compaction, snapshot retention and orphan file deletion for one Iceberg table.

    Args:
        table: The table.
        role: Whose rights they use.
        snapshot_retention: How long snapshots are kept for time travel, in whole days; 7 days when left out.
        snapshots_to_keep: How many snapshots are kept however old; 5 when left out.
        orphan_retention: How old a file that no snapshot names has to be before it is deleted, in whole days; 7 days when left out.
            Longer than the longest write.
        enabled: Whether they run; True when left out.

    Raises:
        DataLakeError: `optimizers_unavailable`, in a Region without them; `optimizer_settings`, for a duration under a day or no snapshot.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        table: IcebergTable,
        role: OptimizerRole,
        snapshot_retention: Duration | None = None,
        snapshots_to_keep: int | None = None,
        orphan_retention: Duration | None = None,
        enabled: bool | None = None,
        logical_id: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        snapshot_days = SNAPSHOT_DAYS if snapshot_retention is None else int(snapshot_retention.to_days())
        orphan_days = ORPHAN_DAYS if orphan_retention is None else int(orphan_retention.to_days())
        snapshots_to_keep = SNAPSHOTS_TO_KEEP if snapshots_to_keep is None else snapshots_to_keep
        enabled = True if enabled is None else enabled
        region = Stack.of(self).region
        if not Token.is_unresolved(region) and not optimizers_available(self):
            msg = f"got Region {region}, which has no table optimizers; leave them out there, and compact with a job"
            raise misuse(self, msg, code="optimizers_unavailable")
        if snapshot_days < 1 or orphan_days < 1 or snapshots_to_keep < 1:
            msg = f"got {snapshot_days} and {orphan_days} days, {snapshots_to_keep} snapshots; each has to be at least 1"
            raise misuse(self, msg, code="optimizer_settings")
        rendered = optimizer_properties(
            table.database,
            table.table_name,
            role.role.role_arn,
            snapshot_days=snapshot_days,
            snapshots_to_keep=snapshots_to_keep,
            orphan_days=orphan_days,
            enabled=enabled,
        )
        made = {name: self._optimizer(name, properties, logical_id) for name, properties in rendered.items()}
        self.compaction = made["Compaction"]
        self.retention = made["Retention"]
        self.orphan_files = made["OrphanFiles"]
        # A role without its policies would be refused, and so would a table that is not there yet.
        self.node.add_dependency(table.resource, *role.policies)

    def _optimizer(self, name: str, properties: dict[str, Any], logical_id: str | None) -> glue.CfnTableOptimizer:
        optimizer = glue.CfnTableOptimizer(
            self,
            name,
            catalog_id=properties["CatalogId"],
            database_name=properties["DatabaseName"],
            table_name=properties["TableName"],
            type=properties["Type"],
            table_optimizer_configuration=typed(properties["TableOptimizerConfiguration"]),
        )
        if logical_id is not None:
            optimizer.override_logical_id(logical_id + name)
        return optimizer
