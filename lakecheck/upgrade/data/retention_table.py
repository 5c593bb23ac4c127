"""Which single properties say how long data is kept and what protects it; a table, each row with the way in which it is weaker.

What each property does stands on its type's page: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.reading import UNLIMITED
from lakecheck.upgrade.watched import CHANGED, FEWER, LOWER, MORE, OFF, ON, REMOVED, Danger, by_type, ranked, row

if TYPE_CHECKING:
    from collections.abc import Mapping

SOONER: Final = Danger(
    rule="data_loss.sooner",
    consequence="What is older than that is deleted soon after the deployment, and nothing brings it back.",
    remedy="Keep the longer time; or copy what is still needed away before this is deployed.",
)
EXPIRES: Final = Danger(
    rule="data_loss.sooner",
    consequence="Items whose time in that attribute has passed are deleted within a few days of the deployment.",
    remedy="Look at what the attribute has in items that are there; export the table to S3 before it is switched on.",
)
BACKUPS: Final = Danger(
    rule="data_loss.backups",
    consequence="Backups that are older are deleted, and the data cannot be brought back to a time before that any more.",
    remedy="Keep backups at least as long as before; copy those that are still needed into a vault of AWS Backup first.",
)
VERSIONS: Final = Danger(
    rule="data_loss.versions",
    consequence="What is written from now on is gone at once when it is overwritten or deleted; versions that are there stay.",
    remedy="Leave versioning on, and let a lifecycle rule with NoncurrentVersionExpiration bound what it costs.",
)
PROTECTION: Final = Danger(
    rule="data_loss.protection_off",
    consequence="Nothing happens now; a deletion by mistake, in a template or by hand, is refused no more.",
    remedy="Leave the protection on; switch it off in the change that deletes the resource on purpose.",
)
EMPTIED: Final = Danger(
    rule="data_loss.emptied_on_delete",
    consequence="Nothing happens now; when the resource is removed, replaced or its stack deleted, everything in it goes with it.",
    remedy="Leave it off where the content is real; empty what is to be deleted by hand.",
)
LOCK: Final = Danger(
    rule="data_loss.lock",
    consequence="What is written from now on can be deleted or overwritten sooner, or by more people.",
    remedy="Keep the lock as it is; where the law asks for it, ask who answers for that before it is changed.",
)
LETTERS: Final = Danger(
    rule="data_loss.dead_letters",
    consequence="Messages that cannot be worked on are dropped when their tries or their time are over, and nobody sees them.",
    remedy="Keep a queue for what fails, or say why nothing that fails is worth keeping.",
)
COPIES: Final = Danger(
    rule="data_loss.copies",
    consequence="What is written from now on is in one place less; a copy that the service manages itself is deleted.",
    remedy="Keep the copy until another one is complete.",
)
STREAM: Final = Danger(
    rule="data_loss.stream",
    consequence="Changes that no reader has fetched yet are lost, or reach readers without the old or new item.",
    remedy="Let the readers catch up, move them, then change the stream.",
)
KEY: Final = Danger(
    rule="data_loss.key",
    consequence="Nobody can read or write what is encrypted with the key, until it is enabled again.",
    remedy="Leave the key enabled; to retire it, encrypt everything with another one first.",
)
WAITING: Final = Danger(
    rule="data_loss.key",
    consequence="When the key is deleted, there is less time to notice that and to cancel it.",
    remedy="Leave the waiting period at 30 days.",
)
OTHER_DATA: Final = Danger(
    rule="data_loss.other_data",
    consequence="Readers see what is at the new place, and no more what they saw before; the files at the old one stay unread.",
    remedy="Copy the files to the new place first, and check there that registration, rights and keys fit; then change it.",
)
NEW_TABLES: Final = Danger(
    rule="data_loss.other_data",
    consequence="Tables that are made without a location of their own are put there from now on; those that are there stay where they are.",
    remedy="Check that registration, rights and keys fit at the new place, and that no job writes by the old default.",
)
CATALOG: Final = Danger(
    rule="data_loss.catalog_entries",
    consequence="Tables whose files the crawler finds no more are deleted from the catalog, with their partitions, grants and tags.",
    remedy="Leave it at LOG or DEPRECATE_IN_DATABASE, and delete tables on purpose.",
)

_TABLE: Final = "AWS::DynamoDB::Table"
_GLOBAL: Final = "AWS::DynamoDB::GlobalTable"
_CLUSTERS: Final = ("AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster")
_CACHES: Final = (
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::MemoryDB::Cluster",
)
_ICEBERG: Final = "RetentionConfiguration.IcebergConfiguration"
_ORPHANS: Final = "OrphanFileDeletionConfiguration.IcebergConfiguration"
_RDS: Final = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_PROTECTED: Final = ("AWS::RDS::DBInstance", *_CLUSTERS, "AWS::RDS::GlobalCluster", "AWS::NeptuneGraph::Graph")
_PLAN_RULE: Final = "BackupPlan.BackupPlanRule.[RuleName]"
_DEPLOYMENT: Final = "Custom::CDKBucketDeployment"
_DAYS: Final = "days that it keeps data"

RETENTION: Final = by_type(
    (
        # Objects, tables in S3
        row(
            "AWS::S3::Bucket", "VersioningConfiguration.Status", ranked("Enabled", "Suspended"), "versioning", VERSIONS,
            default="Suspended",
        ),
        row("AWS::S3::Bucket", "ObjectLockEnabled", OFF, "Object Lock", LOCK, default=False),
        row(
            "AWS::S3::Bucket", "ObjectLockConfiguration.Rule.DefaultRetention.Mode", ranked("COMPLIANCE", "GOVERNANCE", "NONE"),
            "mode of Object Lock", LOCK, default="NONE",
        ),
        row(
            "AWS::S3Tables::TableBucket", "UnreferencedFileRemoval.UnreferencedDays", LOWER,
            "days until files that no snapshot names are marked", SOONER, default=3,
        ),
        row(
            "AWS::S3Tables::TableBucket", "UnreferencedFileRemoval.NoncurrentDays", LOWER,
            "days until marked files are deleted", SOONER, default=10,
        ),
        row("AWS::S3Tables::Table", "SnapshotManagement.MaxSnapshotAgeHours", LOWER, "hours that snapshots are kept", SOONER, default=120),
        row("AWS::S3Tables::Table", "SnapshotManagement.MinSnapshotsToKeep", LOWER, "snapshots that are always kept", SOONER, default=1),
        row(_DEPLOYMENT, "Prune", ON, "whether files that the deployment does not have are deleted", SOONER, default=True),
        row(_DEPLOYMENT, "RetainOnDelete", OFF, "whether files stay when the deployment is removed", PROTECTION, default=True),
        # Tables
        row(_TABLE, "TimeToLiveSpecification.Enabled", ON, "time to live", EXPIRES, default=False),
        row(_GLOBAL, "TimeToLiveSpecification.Enabled", ON, "time to live", EXPIRES, default=False),
        row((_TABLE, _GLOBAL), "TimeToLiveSpecification.AttributeName", CHANGED, "attribute of the time to live", EXPIRES),
        row(
            _TABLE, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", OFF, "point-in-time recovery", BACKUPS, default=False
        ),
        row(_TABLE, "PointInTimeRecoverySpecification.RecoveryPeriodInDays", LOWER, "days of point-in-time recovery", BACKUPS, default=35),
        row(
            _GLOBAL, "Replicas.[Region].PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", OFF,
            "point-in-time recovery of the replica", BACKUPS, default=False,
        ),
        row(
            _GLOBAL, "Replicas.[Region].PointInTimeRecoverySpecification.RecoveryPeriodInDays", LOWER,
            "days of point-in-time recovery of the replica", BACKUPS, default=35,
        ),
        row(_GLOBAL, "Replicas.[Region].DeletionProtectionEnabled", OFF, "deletion protection of the replica", PROTECTION, default=False),
        row(_TABLE, "StreamSpecification", REMOVED, "stream of changes", STREAM, examples=(({"StreamViewType": "NEW_IMAGE"}, None),)),
        row(
            (_TABLE, _GLOBAL), "StreamSpecification.StreamViewType", CHANGED, "what its stream has of an item", STREAM,
            examples=(("NEW_AND_OLD_IMAGES", "KEYS_ONLY"),),
        ),
        row((_TABLE, "AWS::DSQL::Cluster"), "DeletionProtectionEnabled", OFF, "deletion protection", PROTECTION, default=False),
        row("AWS::Cassandra::Table", "PointInTimeRecoveryEnabled", OFF, "point-in-time recovery", BACKUPS, default=False),
        row(
            "AWS::Cassandra::Table", "DefaultTimeToLive", LOWER, "seconds until rows are deleted", SOONER, default=UNLIMITED, endless=(0,)
        ),
        row(
            "AWS::Timestream::Table", "RetentionProperties.MagneticStoreRetentionPeriodInDays", LOWER, _DAYS, SOONER, default=73000
        ),
        # Databases
        row(("AWS::RDS::DBInstance", *_CLUSTERS), "BackupRetentionPeriod", LOWER, "days that backups are kept", BACKUPS, default=1),
        row("AWS::DocDBElastic::Cluster", "BackupRetentionPeriod", LOWER, "days that backups are kept", BACKUPS, default=1),
        row(_PROTECTED, "DeletionProtection", OFF, "deletion protection", PROTECTION, default=False),
        row("AWS::QLDB::Ledger", "DeletionProtection", OFF, "deletion protection", PROTECTION, default=True),
        row(_RDS, "DeleteAutomatedBackups", ON, "whether automated backups go with the database", BACKUPS, default=True),
        row("AWS::RDS::DBCluster", "BacktrackWindow", LOWER, "seconds it can be set back", BACKUPS, default=0),
        row(
            "AWS::Redshift::Cluster", "AutomatedSnapshotRetentionPeriod", LOWER, "days that automated snapshots are kept", BACKUPS,
            default=1,
        ),
        row(
            "AWS::Redshift::Cluster", "ManualSnapshotRetentionPeriod", LOWER, "days that manual snapshots are kept", BACKUPS,
            default=UNLIMITED, endless=(-1,),
        ),
        row("AWS::Redshift::Cluster", "DestinationRegion", REMOVED, "Region that snapshots are copied to", COPIES),
        row("AWS::RedshiftServerless::Namespace", "FinalSnapshotName", REMOVED, "name of the last snapshot", PROTECTION),
        row(
            "AWS::RedshiftServerless::Namespace", "SnapshotCopyConfigurations", FEWER, "Regions that snapshots are copied to", COPIES
        ),
        row(
            _CACHES, "SnapshotRetentionLimit", LOWER, "days that snapshots are kept", BACKUPS, default=0,
        ),
        row("AWS::ElastiCache::ServerlessCache", "FinalSnapshotName", REMOVED, "name of the last snapshot", PROTECTION),
        # Files, volumes, instances
        row("AWS::EFS::FileSystem", "BackupPolicy.Status", ranked("ENABLED", "DISABLED"), "automatic backups", BACKUPS, default="DISABLED"),
        *(
            row("AWS::FSx::FileSystem", f"{kind}.AutomaticBackupRetentionDays", LOWER, "days that backups are kept", BACKUPS, default=days)
            for kind, days in (
                ("WindowsConfiguration", 30), ("OntapConfiguration", 30), ("OpenZFSConfiguration", 30), ("LustreConfiguration", 0)
            )
        ),
        row("AWS::EC2::Instance", "DisableApiTermination", OFF, "termination protection", PROTECTION, default=False),
        row("AWS::EMR::Cluster", "Instances.TerminationProtected", OFF, "termination protection", PROTECTION, default=False),
        # Messages, streams, logs
        row("AWS::Logs::LogGroup", "RetentionInDays", LOWER, "days that log lines are kept", SOONER, default=UNLIMITED),
        row("AWS::Logs::LogGroup", "DeletionProtectionEnabled", OFF, "deletion protection", PROTECTION, default=False),
        row("Custom::LogRetention", "RetentionInDays", LOWER, "days that log lines are kept", SOONER, default=UNLIMITED),
        row("AWS::Kinesis::Stream", "RetentionPeriodHours", LOWER, "hours that records are kept", SOONER, default=24),
        row("AWS::KinesisVideo::Stream", "DataRetentionInHours", LOWER, "hours that recordings are kept", SOONER, default=0),
        row("AWS::SQS::Queue", "MessageRetentionPeriod", LOWER, "seconds that messages wait", SOONER, default=345600),
        row(
            ("AWS::SQS::Queue", "AWS::SNS::Subscription"), "RedrivePolicy", REMOVED, "queue for what fails", LETTERS,
            examples=(({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:444455556666:failed"}, None),),
        ),
        row("AWS::Lambda::Function", "DeadLetterConfig", REMOVED, "queue for what fails", LETTERS),
        row(
            ("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"), "DestinationConfig.OnFailure", REMOVED,
            "destination of what fails", LETTERS,
        ),
        row(("AWS::Lambda::Permission", "AWS::Events::EventBus"), "DeadLetterConfig", REMOVED, "queue for what fails", LETTERS),
        row("AWS::MSK::Cluster", "StorageMode", ranked("TIERED", "LOCAL"), "storage", SOONER, default="LOCAL"),
        row("AWS::Events::Archive", "RetentionDays", LOWER, "days that events are kept", SOONER, default=UNLIMITED, endless=(0,)),
        row("AWS::CloudTrail::EventDataStore", "RetentionPeriod", LOWER, "days that events are kept", SOONER, default=2557),
        row("AWS::CloudTrail::EventDataStore", "TerminationProtectionEnabled", OFF, "termination protection", PROTECTION, default=True),
        row(
            "AWS::APS::Workspace", "WorkspaceConfiguration.RetentionPeriodInDays", LOWER, "days that metrics are kept", SOONER, default=150,
        ),
        *(
            row(f"AWS::IoTAnalytics::{kind}", "RetentionPeriod.NumberOfDays", LOWER, _DAYS, SOONER, default=UNLIMITED)
            for kind in ("Channel", "Datastore", "Dataset")
        ),
        row(
            "AWS::KinesisFirehose::DeliveryStream", "ExtendedS3DestinationConfiguration.S3BackupMode", ranked("Enabled", "Disabled"),
            "copy of the records as they came", COPIES, default="Disabled",
        ),
        # Keys, users, policies
        row(_KEYS, "Enabled", OFF, "whether the key is enabled", KEY, default=True),
        row(_KEYS, "PendingWindowInDays", LOWER, "days that its deletion waits", WAITING, default=30),
        row(
            "AWS::Cognito::UserPool", "DeletionProtection", ranked("ACTIVE", "INACTIVE"), "deletion protection", PROTECTION,
            default="INACTIVE",
        ),
        row(
            "AWS::VerifiedPermissions::PolicyStore", "DeletionProtection.Mode", ranked("ENABLED", "DISABLED"), "deletion protection",
            PROTECTION, default="DISABLED",
        ),
        # Catalogues
        row("AWS::Athena::WorkGroup", "RecursiveDeleteOption", ON, "whether its history and queries go with it", EMPTIED, default=False),
        row("AWS::Glue::Table", "TableInput.StorageDescriptor.Location", CHANGED, "location of the table", OTHER_DATA),
        row(
            "AWS::Glue::Table", "OpenTableFormatInput.IcebergInput.IcebergTableInput.Location", CHANGED, "location of the table",
            OTHER_DATA,
        ),
        row("AWS::Glue::Database", "DatabaseInput.LocationUri", CHANGED, "location of new tables", NEW_TABLES),
        row(
            "AWS::Glue::Crawler", "SchemaChangePolicy.DeleteBehavior", ranked("LOG", "DEPRECATE_IN_DATABASE", "DELETE_FROM_DATABASE"),
            "what becomes of tables without files", CATALOG, default="DEPRECATE_IN_DATABASE",
        ),
        *(
            row("AWS::Glue::TableOptimizer", f"TableOptimizerConfiguration.{path}", weaker, what, SOONER, default=default)
            for path, weaker, what, default in (
                (f"{_ICEBERG}.SnapshotRetentionPeriodInDays", LOWER, "days that snapshots are kept", 5),
                (f"{_ICEBERG}.NumberOfSnapshotsToRetain", LOWER, "snapshots that are always kept", 1),
                (f"{_ICEBERG}.CleanExpiredFiles", ON, "whether files of expired snapshots are deleted", False),
                (f"{_ORPHANS}.OrphanFileRetentionPeriodInDays", LOWER, "days that orphans are kept", 3),
                ("Enabled", ON, "whether it runs", False),
            )
        ),
        # Backups, images
        row("AWS::ECR::Repository", "EmptyOnDelete", ON, "whether its images go with it", EMPTIED, default=False),
        row(
            "AWS::Backup::BackupVault", "LockConfiguration", REMOVED, "lock of the vault", LOCK,
            examples=(({"MinRetentionDays": 7}, None),),
        ),
        row("AWS::Backup::BackupVault", "LockConfiguration.MinRetentionDays", LOWER, "days that backups are kept at least", LOCK),
        row("AWS::Backup::LogicallyAirGappedBackupVault", "MinRetentionDays", LOWER, "days that backups are kept at least", LOCK),
        row(
            "AWS::Backup::BackupPlan", f"{_PLAN_RULE}.Lifecycle.DeleteAfterDays", LOWER, "days that recovery points are kept", BACKUPS,
            default=UNLIMITED, endless=(-1,),
        ),
        row("AWS::Backup::BackupPlan", f"{_PLAN_RULE}.EnableContinuousBackup", OFF, "continuous backup", BACKUPS, default=False),
        row("AWS::Backup::BackupPlan", f"{_PLAN_RULE}.CopyActions", FEWER, "copies in other vaults", COPIES),
        row("AWS::Backup::BackupSelection", "BackupSelection.Resources", FEWER, "resources that are backed up", BACKUPS),
        row("AWS::Backup::BackupSelection", "BackupSelection.NotResources", MORE, "resources that are not backed up", BACKUPS),
        row("AWS::DLM::LifecyclePolicy", "State", ranked("ENABLED", "DISABLED"), "snapshots of volumes", BACKUPS, default="ENABLED"),
        row(
            "AWS::DLM::LifecyclePolicy", "PolicyDetails.Schedules.[Name].RetainRule.Count", LOWER, "snapshots that are kept", BACKUPS
        ),
    )
)  # fmt: skip
"""By type of resource."""

PROTECTING: Final[Mapping[str, str]] = {
    "AWS::Backup::BackupPlan": "no more backups are made by it; recovery points that are there expire as before",
    "AWS::Backup::BackupSelection": "what it selected is backed up no more; recovery points that are there expire as before",
    "AWS::DLM::LifecyclePolicy": "no more snapshots are made by it, and those that are there are deleted by nobody",
}
"""Types whose removal stops backups, and what that means."""
