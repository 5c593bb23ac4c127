"""Which properties say with what a resource is encrypted; a table, as one of properties (`lakecheck.upgrade.watched`).

A key of the account's own can be denied to others, be watched and be withdrawn; AWS's keys open to whoever may read the data itself:
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
"""

from __future__ import annotations

from typing import Any, Final

from lakecheck.formula import Truth
from lakecheck.upgrade.reading import is_empty, is_open
from lakecheck.upgrade.watched import OFF, REMOVED, Danger, Direction, becomes, ranked, row

ENCRYPTION: Final = Danger(
    rule="security_weakened.encryption",
    consequence="What is written from now on is protected less: whoever may read it needs no right on a key of yours, or no key.",
    remedy="Keep the key and the mode; to change the key, name the new one in the same deployment.",
)
TRANSIT: Final = Danger(
    rule="security_weakened.transit",
    consequence="What travels between clients and the service can be read or changed on the way.",
    remedy="Leave encryption in transit on, and move the clients that cannot do it.",
)


def is_own(value: Any) -> bool:
    """Whether something names a key that is not AWS's own."""
    return not is_empty(value) and not (isinstance(value, str) and "alias/aws/" in value)


def _own_key_gone(was: Any, now: Any) -> Truth:
    if not is_own(was) or is_own(now):
        return Truth.FALSE
    return Truth.OPEN if is_open(now) else Truth.TRUE


OWN_KEY_GONE: Final = Direction(_own_key_gone, (("arn:of-a-key", None), ("1234abcd", "alias/aws/s3")))
"""A key of one's own is gone, or AWS's own takes its place."""

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "AWS::S3::Bucket": ("BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID",),
    "AWS::S3Tables::TableBucket": ("EncryptionConfiguration.KMSKeyArn",),
    "AWS::S3Tables::Table": ("EncryptionConfiguration.KMSKeyArn",),
    "AWS::DynamoDB::Table": ("SSESpecification.KMSMasterKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::Kinesis::Stream": ("StreamEncryption.KeyId",),
    "AWS::KinesisFirehose::DeliveryStream": (
        "DeliveryStreamEncryptionConfigurationInput.KeyARN",
        "ExtendedS3DestinationConfiguration.EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN",
    ),
    "AWS::MSK::Cluster": ("EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::RDS::DBInstance": ("KmsKeyId", "PerformanceInsightsKMSKeyId"),
    "AWS::RDS::DBCluster": ("KmsKeyId", "PerformanceInsightsKmsKeyId"),
    "AWS::DocDB::DBCluster": ("KmsKeyId",),
    "AWS::Neptune::DBCluster": ("KmsKeyId",),
    "AWS::Redshift::Cluster": ("KmsKeyId",),
    "AWS::RedshiftServerless::Namespace": ("KmsKeyId",),
    "AWS::ElastiCache::ReplicationGroup": ("KmsKeyId",),
    "AWS::MemoryDB::Cluster": ("KmsKeyId",),
    "AWS::Timestream::Database": ("KmsKeyId",),
    "AWS::OpenSearchService::Domain": ("EncryptionAtRestOptions.KmsKeyId",),
    "AWS::EFS::FileSystem": ("KmsKeyId",),
    "AWS::FSx::FileSystem": ("KmsKeyId",),
    "AWS::EC2::Volume": ("KmsKeyId",),
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Glue::DataCatalogEncryptionSettings": (
        "DataCatalogEncryptionSettings.EncryptionAtRest.SseAwsKmsKeyId",
        "DataCatalogEncryptionSettings.ConnectionPasswordEncryption.KmsKeyId",
    ),
    "AWS::Athena::WorkGroup": (
        "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.KmsKey",
        "WorkGroupConfiguration.ManagedQueryResultsConfiguration.EncryptionConfiguration.KmsKey",
        "WorkGroupConfiguration.CustomerContentEncryptionConfiguration.KmsKey",
    ),
    "AWS::CloudTrail::Trail": ("KMSKeyId",),
    "AWS::CloudTrail::EventDataStore": ("KmsKeyId",),
    "AWS::Backup::BackupVault": ("EncryptionKeyArn",),
    "AWS::StepFunctions::StateMachine": ("EncryptionConfiguration.KmsKeyId",),
    "AWS::Events::EventBus": ("KmsKeyIdentifier",),
    "AWS::Events::Archive": ("KmsKeyIdentifier",),
    "AWS::SageMaker::NotebookInstance": ("KmsKeyId",),
    "AWS::CodeBuild::Project": ("EncryptionKey",),
    "AWS::EMRServerless::Application": ("MonitoringConfiguration.S3MonitoringConfiguration.EncryptionKeyArn",),
    "AWS::DMS::ReplicationInstance": ("KmsKeyId",),
}
"""Where a type names the key that its data is encrypted with."""

_STORED: Final = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster")
_BUCKET_MODE: Final = "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm"
_SECURITY: Final = "AWS::Glue::SecurityConfiguration"
_CATALOG: Final = "DataCatalogEncryptionSettings"
_RESULTS: Final = "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption"
_DOMAINS: Final = ("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain")

ENCRYPTED: Final = (
    *(
        row(kind, path, OWN_KEY_GONE, "key that its data is encrypted with", ENCRYPTION)
        for kind, paths in KEYS.items()
        for path in paths
    ),
    row("AWS::S3::Bucket", _BUCKET_MODE, ranked("aws:kms:dsse", "aws:kms", "AES256"), "encryption", ENCRYPTION, default="AES256"),
    row(
        "AWS::S3Tables::TableBucket", "EncryptionConfiguration.SSEAlgorithm", ranked("aws:kms", "AES256"), "encryption", ENCRYPTION,
        default="AES256",
    ),
    row(
        ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"), "SSESpecification.SSEEnabled", OFF, "encryption with KMS", ENCRYPTION,
        default=False,
    ),
    row("AWS::DynamoDB::GlobalTable", "Replicas.[Region].SSESpecification.KMSMasterKeyId", OWN_KEY_GONE, "key of the replica", ENCRYPTION),
    row("AWS::SQS::Queue", "SqsManagedSseEnabled", OFF, "encryption", ENCRYPTION, default=True),
    row("AWS::Kinesis::Stream", "StreamEncryption.EncryptionType", REMOVED, "encryption", ENCRYPTION, examples=(("KMS", None),)),
    row(_STORED, "StorageEncrypted", OFF, "encryption", ENCRYPTION, default=False),
    row("AWS::Redshift::Cluster", "Encrypted", OFF, "encryption", ENCRYPTION, default=False),
    row(("AWS::EFS::FileSystem", "AWS::EC2::Volume"), "Encrypted", OFF, "encryption", ENCRYPTION, default=False),
    row("AWS::ElastiCache::ReplicationGroup", "AtRestEncryptionEnabled", OFF, "encryption", ENCRYPTION, default=False),
    row(_DOMAINS, "EncryptionAtRestOptions.Enabled", OFF, "encryption", ENCRYPTION, default=False),
    row(
        "AWS::Glue::DataCatalogEncryptionSettings", f"{_CATALOG}.EncryptionAtRest.CatalogEncryptionMode",
        becomes("DISABLED", example="SSE-KMS"),
        "encryption of the data catalog", ENCRYPTION, default="DISABLED",
    ),
    row(
        "AWS::Glue::DataCatalogEncryptionSettings", f"{_CATALOG}.ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted", OFF,
        "encryption of connection passwords", ENCRYPTION, default=False,
    ),
    row(
        _SECURITY, "EncryptionConfiguration.S3Encryptions.0.S3EncryptionMode", ranked("SSE-KMS", "SSE-S3", "DISABLED"),
        "encryption of what jobs write", ENCRYPTION, default="DISABLED",
    ),
    row(_SECURITY, "EncryptionConfiguration.S3Encryptions.0.KmsKeyArn", OWN_KEY_GONE, "key of what jobs write", ENCRYPTION),
    row(
        _SECURITY, "EncryptionConfiguration.CloudWatchEncryption.CloudWatchEncryptionMode", ranked("SSE-KMS", "DISABLED"),
        "encryption of logs", ENCRYPTION, default="DISABLED",
    ),
    row(
        _SECURITY, "EncryptionConfiguration.JobBookmarksEncryption.JobBookmarksEncryptionMode", ranked("CSE-KMS", "DISABLED"),
        "encryption of bookmarks", ENCRYPTION, default="DISABLED",
    ),
    row(
        ("AWS::Glue::Job", "AWS::Glue::MLTransform", "AWS::Glue::DevEndpoint"), "SecurityConfiguration", REMOVED,
        "security configuration", ENCRYPTION,
    ),
    row("AWS::Glue::Crawler", "CrawlerSecurityConfiguration", REMOVED, "security configuration", ENCRYPTION),
    row("AWS::EMR::Cluster", "SecurityConfiguration", REMOVED, "security configuration", ENCRYPTION),
    row(
        "AWS::Athena::WorkGroup", _RESULTS, ranked("CSE_KMS", "SSE_KMS", "SSE_S3", "NONE"), "encryption of results", ENCRYPTION,
        default="NONE",
    ),
    # In transit
    row("AWS::MSK::Cluster", "EncryptionInfo.EncryptionInTransit.InCluster", OFF, "encryption between brokers", TRANSIT, default=True),
    row(
        "AWS::MSK::Cluster", "EncryptionInfo.EncryptionInTransit.ClientBroker", ranked("TLS", "TLS_PLAINTEXT", "PLAINTEXT"),
        "encryption between clients and brokers", TRANSIT, default="TLS",
    ),
    row("AWS::ElastiCache::ReplicationGroup", "TransitEncryptionEnabled", OFF, "encryption in transit", TRANSIT, default=False),
    row("AWS::MemoryDB::Cluster", "TLSEnabled", OFF, "encryption in transit", TRANSIT, default=True),
    row(_DOMAINS, "NodeToNodeEncryptionOptions.Enabled", OFF, "encryption between nodes", TRANSIT, default=False),
    row(_DOMAINS, "DomainEndpointOptions.EnforceHTTPS", OFF, "HTTPS alone", TRANSIT, default=False),
    row("AWS::CloudFront::Distribution", "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy",
        ranked("https-only", "redirect-to-https", "allow-all"), "protocol of viewers", TRANSIT),
    row(
        "AWS::ElasticLoadBalancingV2::Listener", "Protocol", becomes("HTTP", "TCP", example="HTTPS"), "protocol", TRANSIT, default="HTTP",
    ),
    row(
        "AWS::DMS::Endpoint", "SslMode", ranked("verify-full", "verify-ca", "require", "none"), "TLS to the database", TRANSIT,
        default="none",
    ),
    row("AWS::DAX::Cluster", "ClusterEndpointEncryptionType", ranked("TLS", "NONE"), "encryption in transit", TRANSIT, default="NONE"),
    row(
        "AWS::Glue::Connection", "ConnectionInput.ConnectionProperties.JDBC_ENFORCE_SSL", OFF, "TLS to the database", TRANSIT,
        default=False,
    ),
)  # fmt: skip
"""The rows."""
