"""Which types of resources hold something that a template cannot make again, and what is lost with each; a table.

DeletionPolicy and UpdateReplacePolicy: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
Bringing back what was kept: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.reading import at, is_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """What a type of resource holds.

    Attributes:
        what: What is lost with it, for people.
        means: What that means, beyond what it says itself; a sentence.
        anew: What it means that a new one takes its place while the old one is kept; that it is empty when left out.
        blocked: What may stop its deletion; empty when nothing does.
        copy: How to bring the content into another one.
        snapshots: Whether CloudFormation can take a last snapshot of it (`DeletionPolicy: Snapshot`).
        when: Whether a resource with these properties holds anything; every one when left out.
        is_certain: False when the template does not tell whether there is anything in it.
    """

    what: str
    means: str = ""
    anew: str = ""
    blocked: str = ""
    copy: str = "Copy the content into the new one before readers are pointed at it."
    snapshots: bool = False
    when: Callable[[Mapping[str, Any]], bool] | None = None
    is_certain: bool = True


def holding(kind: str, properties: Mapping[str, Any]) -> Holding | None:
    """What a resource holds; None when it holds nothing that its template cannot make again.

    Args:
        kind: Its type.
        properties: Its resolved properties.

    Example:
        >>> holding("AWS::S3::Bucket", {}).what
        'every object and every version in it'
    """
    found = STATEFUL.get(kind)
    return found if found is not None and (found.when is None or found.when(properties)) else None


def _holds(what: str, **more: Any) -> Holding:
    return Holding(what=what, **more)


def _is_alone(properties: Mapping[str, Any]) -> bool:
    """A database instance outside of a cluster: the data of one inside is the cluster's."""
    return is_empty(at(properties, "DBClusterIdentifier"))


def _has_bookmark(properties: Mapping[str, Any]) -> bool:
    return bool(at(properties, "DefaultArguments.--job-bookmark-option") == "job-bookmark-enable")


_NOT_EMPTY: Final = "AWS refuses to delete it as long as something is in it: the deletion then fails and it stays, owned by no stack"
_PROTECTED: Final = "deletion protection, while it is on, makes the deletion fail"
_DUMP: Final = "Restore a snapshot or a dump into the new one, and point the clients at it afterwards."
_BACKUP: Final = "Restore a backup (AWS Backup or the service's own) into the new one, and point the clients at it afterwards."
_ENTRY: Final = "Make the new one beside it, grant and tag it in the same way, move the readers, then remove this one."
_USERS: Final = "Export the users and import them into the new one; passwords do not come along, so move them with a migration trigger."
_MIRROR: Final = "Replicate the topics with MSK Replicator first."
_POINTS: Final = "Copy the recovery points into the new vault."
_DRAIN: Final = "Stop the senders or point them at the new one, let the receivers empty the old one, then remove it."

_DATABASE: Final = _holds("every table and row in it, its automated backups too", blocked=_PROTECTED, copy=_DUMP, snapshots=True)
_CLUSTER: Final[dict[str, Any]] = {"blocked": _PROTECTED, "copy": _DUMP, "snapshots": True}
_CLUSTERED: Final = _holds("every table and row of all its instances, its automated backups too", **_CLUSTER)
_CACHE: Final = _holds("everything that is kept in memory", copy="Restore a snapshot into the new one.", snapshots=True)
_TABLE: Final = _holds("every item, the continuous backups too", blocked=_PROTECTED, copy="Export to S3 and import into the new table.")
_SEARCH: Final = _holds("every index and dashboard", copy="Take a manual snapshot into a bucket and restore it into the new domain.")

STATEFUL: Final[Mapping[str, Holding]] = {
    # Objects and files
    "AWS::S3::Bucket": _holds(
        "every object and every version in it",
        blocked="AWS deletes an empty bucket only: one with objects fails to be deleted and stays, owned by no stack",
        copy="Copy the objects with S3 Batch Replication or `aws s3 sync` before readers and writers are pointed at the new bucket.",
    ),
    "AWS::S3Express::DirectoryBucket": _holds("every object in it", blocked=_NOT_EMPTY),
    "AWS::S3Outposts::Bucket": _holds("every object in it", blocked=_NOT_EMPTY),
    "AWS::S3Tables::TableBucket": _holds("every table, snapshot and file in it", blocked=_NOT_EMPTY),
    "AWS::S3Tables::Namespace": _holds("the namespace with its grants", blocked=_NOT_EMPTY, copy=_ENTRY),
    "AWS::S3Tables::Table": _holds("the table with every snapshot and every file, at once"),
    "AWS::S3Vectors::VectorBucket": _holds("every index and vector in it", blocked=_NOT_EMPTY),
    "AWS::S3Vectors::Index": _holds("every vector in it"),
    "AWS::EFS::FileSystem": _holds("every file", copy=_BACKUP),
    "AWS::FSx::FileSystem": _holds("every file and its automatic backups", copy=_BACKUP),
    "AWS::FSx::Volume": _holds("every file and its automatic backups", copy=_BACKUP),
    "AWS::FSx::Snapshot": _holds("the state of the volume at that time"),
    "AWS::EC2::Volume": _holds("every block of it", copy="Make the new volume of a snapshot (SnapshotId).", snapshots=True),
    "AWS::EC2::Instance": _holds(
        "what was written to its root volume and its instance store",
        copy="Keep what has to last on a volume of its own, or make an image (AMI) first.",
        is_certain=False,
    ),
    "AWS::MediaStore::Container": _holds("every object in it", blocked=_NOT_EMPTY),
    # Databases
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::RDS::DBInstance": _holds(_DATABASE.what, blocked=_PROTECTED, copy=_DUMP, snapshots=True, when=_is_alone),
    "AWS::RDS::DBCluster": _CLUSTERED,
    "AWS::RDS::GlobalCluster": _holds(
        "the tie between the clusters of several Regions", blocked="AWS deletes it only when no cluster is in it", copy=_DUMP
    ),
    "AWS::DocDB::DBCluster": _holds("every collection and document, its automated backups too", **_CLUSTER),
    "AWS::DocDBElastic::Cluster": _holds("every collection and document", copy=_DUMP),
    "AWS::DSQL::Cluster": _holds("every table and row in it", blocked=_PROTECTED, copy=_BACKUP),
    "AWS::Neptune::DBCluster": _holds("every vertex and edge, its automated backups too", **_CLUSTER),
    "AWS::NeptuneGraph::Graph": _holds("every vertex and edge", blocked=_PROTECTED, copy="Export the graph and import it."),
    "AWS::Redshift::Cluster": _holds("every table and row in it, its automated snapshots too", copy=_DUMP, snapshots=True),
    "AWS::RedshiftServerless::Namespace": _holds("every table and row in it, its recovery points too", copy=_DUMP),
    "AWS::ElastiCache::CacheCluster": _CACHE,
    "AWS::ElastiCache::ReplicationGroup": _CACHE,
    "AWS::ElastiCache::ServerlessCache": _holds("everything that is kept in memory", copy="Restore a snapshot into the new one."),
    "AWS::MemoryDB::Cluster": _holds("every key, since it is a database and no cache", copy="Restore a snapshot into the new one."),
    "AWS::Timestream::Database": _holds("every table in it", blocked=_NOT_EMPTY, copy=_BACKUP),
    "AWS::Timestream::Table": _holds("every record in memory and on disk", copy=_BACKUP),
    "AWS::Timestream::InfluxDBInstance": _holds("every bucket and point"),
    "AWS::Timestream::InfluxDBCluster": _holds("every bucket and point"),
    "AWS::Cassandra::Keyspace": _holds("every table in it"),
    "AWS::Cassandra::Table": _holds("every row in it, its continuous backups too"),
    "AWS::QLDB::Ledger": _holds("every journal and document", blocked=_PROTECTED),
    "AWS::SDB::Domain": _holds("every item"),
    "AWS::CloudFront::KeyValueStore": _holds("every pair that was written to it"),
    "AWS::Lightsail::Bucket": _holds("every object in it"),
    "AWS::Lightsail::Database": _holds("every table and row in it", copy=_DUMP),
    "AWS::Lightsail::Disk": _holds("every block of it"),
    "AWS::Lightsail::Instance": _holds("what was written to its disk", is_certain=False),
    # Keys, secrets, identities
    "AWS::KMS::Key": _holds(
        "the key",
        means="When its waiting period is over, nobody can read what was encrypted with it any more, backups too.",
        anew="What is there stays encrypted with the old key, whose policy no template changes any more; the new one opens none of it.",
        copy="A key cannot be copied: encrypt everything again with the new key first, and keep the old one as long as backups use it.",
    ),
    "AWS::KMS::ReplicaKey": _holds(
        "the replica of the key",
        means="What was encrypted with it in this Region cannot be read here any more.",
        copy="Make the replica again of the same primary key.",
    ),
    "AWS::SecretsManager::Secret": _holds(
        "the secret's value and versions, a generated password among them",
        copy="Read the value first; clients that know the old name or ARN find nothing under it.",
    ),
    "AWS::Cognito::UserPool": _holds("every user with password and attributes", blocked=_PROTECTED, copy=_USERS),
    "AWS::Cognito::IdentityPool": _holds("the identities it gave out, under whose ids data may be kept"),
    "AWS::DirectoryService::MicrosoftAD": _holds("every user, group and computer of the directory"),
    "AWS::DirectoryService::SimpleAD": _holds("every user, group and computer of the directory"),
    "AWS::IdentityStore::User": _holds("the user with the assignments"),
    "AWS::IdentityStore::Group": _holds("the group with the assignments that name it"),
    "AWS::VerifiedPermissions::PolicyStore": _holds("every policy in it", blocked=_PROTECTED),
    "AWS::ACMPCA::CertificateAuthority": _holds(
        "the authority",
        means="Certificates that it gave out can be neither renewed nor revoked.",
        copy="Issue every certificate anew from another authority.",
    ),
    # Catalogues and queries
    "AWS::Glue::Database": _holds(
        "the catalog entry with every table, partition, grant and tag in it; the files stay",
        anew="The new database has only the tables, grants and LF-Tags that templates make in it; the old one gets nothing new.",
        copy=_ENTRY,
    ),
    "AWS::Glue::Table": _holds(
        "the catalog entry with its columns, partitions, grants and tags; the files stay",
        anew="The new table has the columns, grants and LF-Tags that templates state, and no partition that was added later.",
        copy=_ENTRY,
    ),
    "AWS::Glue::Registry": _holds("every schema and version in it", blocked=_NOT_EMPTY),
    "AWS::Glue::Schema": _holds("every version of the schema", means="Messages that name one cannot be decoded any more."),
    "AWS::Glue::MLTransform": _holds("what it learned from labels"),
    "AWS::Glue::Job": _holds(
        "its bookmark",
        means="The next run reads everything from the beginning, and writes it twice.",
        copy="Note where the old job stood, and run the new one with a bookmark reset to it or with the old data filtered out.",
        when=_has_bookmark,
    ),
    "AWS::Athena::WorkGroup": _holds(
        "its history of queries, its saved queries and prepared statements",
        blocked="AWS deletes an empty workgroup only, unless RecursiveDeleteOption is on",
    ),
    "AWS::DataZone::Domain": _holds("its catalog, glossaries, projects and subscriptions", blocked=_NOT_EMPTY),
    "AWS::DataZone::Project": _holds("its assets and subscriptions"),
    "AWS::CleanRooms::Collaboration": _holds("the collaboration for all its members"),
    "AWS::OpenSearchService::Domain": _SEARCH,
    "AWS::Elasticsearch::Domain": _SEARCH,
    "AWS::OpenSearchServerless::Collection": _holds("every index in it"),
    "AWS::Kendra::Index": _holds("the index with everything in it"),
    "AWS::QBusiness::Application": _holds("its indexes and conversations"),
    "AWS::QBusiness::Index": _holds("every document in it"),
    "AWS::Wisdom::KnowledgeBase": _holds("every article in it"),
    "AWS::Rekognition::Collection": _holds("every face in it"),
    # Messages, streams, logs
    "AWS::SQS::Queue": _holds("the messages that wait in it", copy=_DRAIN),
    "AWS::Kinesis::Stream": _holds("the records in it, and the place at which each reader stands", copy=_DRAIN),
    "AWS::KinesisVideo::Stream": _holds("the recordings in it"),
    "AWS::MSK::Cluster": _holds("every topic with its records and offsets", copy=_MIRROR),
    "AWS::MSK::ServerlessCluster": _holds("every topic with its records and offsets", copy=_MIRROR),
    "AWS::AmazonMQ::Broker": _holds("the messages that wait in it, its queues and topics", copy=_DRAIN),
    "AWS::Events::Archive": _holds("the events in it, which can be replayed no more"),
    "AWS::Logs::LogGroup": _holds("every log line in it", copy="Export the group to S3 first."),
    "AWS::CloudTrail::EventDataStore": _holds(
        "every event in it", blocked="termination protection, on by default, makes the deletion fail; 7 days are left to restore it"
    ),
    "AWS::APS::Workspace": _holds("every metric in it"),
    "AWS::Grafana::Workspace": _holds("its dashboards, alerts and users"),
    # Backups, images, code
    "AWS::Backup::BackupVault": _holds("every recovery point in it", blocked=_NOT_EMPTY, copy=_POINTS),
    "AWS::Backup::LogicallyAirGappedBackupVault": _holds(
        "every recovery point in it", blocked=_NOT_EMPTY, copy=_POINTS
    ),
    "AWS::ECR::Repository": _holds(
        "every image", blocked="AWS deletes an empty repository only, unless EmptyOnDelete is on", copy="Push the images to the new one."
    ),
    "AWS::ECR::PublicRepository": _holds("every image", copy="Push the images to the new one."),
    "AWS::CodeArtifact::Domain": _holds("every package of its repositories", blocked=_NOT_EMPTY),
    "AWS::CodeArtifact::Repository": _holds("every package that was published to it"),
    "AWS::CodeCommit::Repository": _holds("every commit and branch, at once", copy="Mirror the repository first: `git clone --mirror`."),
    # Machine learning
    "AWS::SageMaker::FeatureGroup": _holds("the online store's records; the offline store's files stay"),
    "AWS::SageMaker::NotebookInstance": _holds("the notebooks on its volume"),
    "AWS::SageMaker::Domain": _holds("the users' home folders, unless their file system is kept"),
    "AWS::SageMaker::Space": _holds("the files on its volume"),
    "AWS::SageMaker::ModelPackageGroup": _holds("every registered version of the model", blocked=_NOT_EMPTY),
    "AWS::Bedrock::KnowledgeBase": _holds("the index's state; what is in the vector store goes when its data source says so"),
    "AWS::BedrockAgentCore::Memory": _holds("everything that agents remembered"),
    "AWS::Personalize::Dataset": _holds("every interaction, user or item in it"),
    # Work places, devices, health, contacts
    "AWS::WorkSpaces::Workspace": _holds("the user's volume"),
    "AWS::EMR::Cluster": _holds("what is in HDFS; tables in S3 stay", is_certain=False),
    "AWS::Cloud9::EnvironmentEC2": _holds("the files on its volume"),
    "AWS::Connect::Instance": _holds("its contacts, flows and users"),
    "AWS::CustomerProfiles::Domain": _holds("every profile"),
    "AWS::SES::ContactList": _holds("every contact with their preferences"),
    "AWS::Pinpoint::App": _holds("its endpoints, segments and campaigns"),
    "AWS::Location::Tracker": _holds("the positions of every device"),
    "AWS::Location::GeofenceCollection": _holds("every geofence that was put into it"),
    "AWS::IoTAnalytics::Channel": _holds("every message in it"),
    "AWS::IoTAnalytics::Datastore": _holds("every message in it"),
    "AWS::IoTSiteWise::Asset": _holds("the values of its properties"),
    "AWS::HealthLake::FHIRDatastore": _holds("every record"),
    "AWS::HealthImaging::Datastore": _holds("every image set", blocked=_NOT_EMPTY),
    "AWS::Omics::ReferenceStore": _holds("every genome in it", blocked=_NOT_EMPTY),
    "AWS::Omics::SequenceStore": _holds("every read set in it", blocked=_NOT_EMPTY),
    "AWS::Omics::VariantStore": _holds("every variant"),
    "AWS::Omics::AnnotationStore": _holds("every annotation"),
    # Evidence, accounts, names
    "AWS::Detective::Graph": _holds("the behaviour of a year that investigations look at"),
    "AWS::AuditManager::Assessment": _holds("the evidence it gathered"),
    "AWS::Organizations::Account": _holds(
        "the account",
        means="It is closed, and everything in it is deleted after 90 days.",
        copy="An account is not replaced: change its name or address in its own settings.",
    ),
    "AWS::Organizations::Organization": _holds("the organisation with its policies", blocked="AWS deletes it only without accounts"),
    "AWS::Route53::HostedZone": _holds(
        "the zone with its name servers, which the parent zone names",
        blocked="AWS deletes it only when no other record is in it",
        copy="Make the new zone with all records first, then the delegation in the parent zone, and wait until it is known.",
    ),
}  # fmt: skip
"""By type; what is not in it, is made again by its template, or is not known here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handler:
    """What a custom resource of a known type does when it is deleted or replaced.

    Attributes:
        loses: What is lost; empty when nothing is.
        when: Whether one with these properties loses anything; every one when left out.
        remedy: How to do it safely.
    """

    loses: str = ""
    when: Callable[[Mapping[str, Any]], bool] | None = None
    remedy: str = ""


def _prunes(properties: Mapping[str, Any]) -> bool:
    """CDK's deployment of files deletes them with its resource unless `RetainOnDelete` is on, which is its default."""
    return str(at(properties, "RetainOnDelete")).lower() == "false"


HANDLERS: Final[Mapping[str, Handler]] = {
    "Custom::LakeFormationPermissions": Handler(),
    "Custom::LakeFormationSettings": Handler(),
    "Custom::LakeFormationCatalogPolicy": Handler(),
    "Custom::CDKBucketDeployment": Handler(
        loses="the files under its destination, since `RetainOnDelete` is off",
        when=_prunes,
        remedy="Deploy with retain_on_delete=True first; then remove or replace it.",
    ),
    "Custom::S3AutoDeleteObjects": Handler(),
    "Custom::ECRAutoDeleteImages": Handler(),
    "Custom::LogRetention": Handler(
        loses="every log line of its group, since it is to be removed with it",
        when=lambda properties: at(properties, "RemovalPolicy") == "destroy",
        remedy="Leave out its removal policy and deploy; then remove it.",
    ),
    "Custom::S3BucketNotifications": Handler(),
    "Custom::CDKECRDeployment": Handler(),
    "Custom::CrossAccountZoneDelegation": Handler(),
    "Custom::CrossRegionExportReader": Handler(),
    "Custom::CrossRegionExportWriter": Handler(),
    "Custom::CrossRegionStringParameterReader": Handler(),
    "Custom::AWSCDKOpenIdConnectProvider": Handler(),
    "Custom::AWSCDKCfnUtilsProvider": Handler(),
    "Custom::VpcRestrictDefaultSG": Handler(),
    "Custom::OpenSearchAccessPolicy": Handler(),
    "Custom::UserPoolCloudFrontDomainName": Handler(),
    "Custom::DescribeCognitoUserPoolClient": Handler(),
    "Custom::AWSCDK-EKS-KubernetesPatch": Handler(),
    "Custom::AWSCDK-EKS-KubernetesObjectValue": Handler(),
}
"""What the custom resources of this library and of CDK do, by type; what dies of grants is told as lost access.

https://github.com/aws/aws-cdk/tree/main/packages/%40aws-cdk/custom-resource-handlers
"""

EMPTIES: Final[Mapping[str, tuple[str, str]]] = {
    "Custom::S3AutoDeleteObjects": ("AWS::S3::Bucket", "BucketName"),
    "Custom::ECRAutoDeleteImages": ("AWS::ECR::Repository", "RepositoryName"),
}
"""Custom resources that delete everything inside another resource before that is deleted: its type, and the property that names it."""
