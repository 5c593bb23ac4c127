"""Which single properties say who gets in and who watches; a table, each row with the way in which it is weaker.

What each property does stands on its type's page: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import Truth
from lakecheck.upgrade.reading import MISSING, UNLIMITED, at, canonical, is_empty, is_open, objects
from lakecheck.upgrade.security.encryption_table import ENCRYPTED
from lakecheck.upgrade.watched import FEWER, HIGHER, LOWER, MORE, OFF, ON, REMOVED, Danger, Direction, becomes, by_type, ranked, row
from lakecheck.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC: Final = Danger(
    rule="security_weakened.public_access",
    consequence="Something that kept people outside is gone; whether it is open now depends on its policies and addresses.",
    remedy="Keep it closed, and give those who need it access by name.",
)
AUDIT: Final = Danger(
    rule="security_weakened.audit",
    consequence="What happens from now on is recorded less or not at all, and nobody can tell later who did what.",
    remedy="Keep the record; narrow it only where another one covers the same.",
)
DETECTION: Final = Danger(
    rule="security_weakened.detection",
    consequence="Misuse, drift or failure that it noticed is noticed by nobody from now on.",
    remedy="Keep it on; if another account or tool took over, say so in the approval.",
)
LIMITS: Final = Danger(
    rule="security_weakened.query_limits",
    consequence="Queries may write results elsewhere or unencrypted, or scan more than is paid for.",
    remedy="Keep the workgroup's configuration enforced, and its cap at what its members need.",
)
LOGIN: Final = Danger(
    rule="security_weakened.authentication",
    consequence="Callers prove less about who they are, or nothing.",
    remedy="Keep the authentication; move the callers that cannot do it to a door of their own.",
)
NETWORK: Final = Danger(
    rule="security_weakened.network",
    consequence="More of the network reaches it, or with protocols that are known to be broken.",
    remedy="Keep it as narrow as it was; open it to the addresses and security groups that need it.",
)
GUARDRAIL: Final = Danger(
    rule="security_weakened.guardrail",
    consequence="A bound that held whatever else was allowed is gone for those that it was for.",
    remedy="Keep the bound, or put the new one in place in the same deployment.",
)
ROTATION: Final = Danger(
    rule="security_weakened.rotation",
    consequence="A key or secret that leaked stays good for longer.",
    remedy="Leave the rotation on, at least yearly for keys.",
)
LAKE: Final = Danger(
    rule="security_weakened.lake_formation",
    consequence="More is decided by IAM policies alone, or by more people, than by Lake Formation's grants.",
    remedy="Keep the setting; grant what is needed by name or by LF-Tags.",
)

UNSTATED: Final = Danger(
    rule="security_weakened.lake_formation",
    consequence="No template states the administrators and defaults any more; AWS does not say whether the deletion takes them back.",
    remedy="Keep it; or set its DeletionPolicy to Retain first, and state the settings elsewhere before it is removed.",
)

_BLOCKS: Final = {"true": 2, "null": 1, "false": 0}


def _block(was: Any, now: Any) -> Truth:
    """A block of public access: on is better than not set, which is on for new buckets, and that is better than off."""
    before, after = (_BLOCKS.get(canonical(value).strip('"').lower()) for value in (was, now))
    if after == _BLOCKS["true"] or before == _BLOCKS["false"]:
        return Truth.FALSE
    if before is None or after is None:
        return Truth.OPEN if is_open(was) or is_open(now) else Truth.FALSE
    return Truth.TRUE if after < before else Truth.FALSE


BLOCK: Final = Direction(_block, ((True, False), (True, None), (None, False)))
"""It blocks less."""

_TLS: Final = re.compile(r"(?<!\d)1[-._]([0-3])(?!\d)")


def _tls(was: Any, now: Any) -> Truth:
    if not isinstance(was, str) or not isinstance(now, str) or is_open(was) or is_open(now):
        return Truth.OPEN if is_open(was) or is_open(now) else Truth.FALSE
    before, after = (int(found[1]) if (found := _TLS.search(text)) else 0 for text in (was, now))
    return Truth.TRUE if after < before else Truth.FALSE


OLDER_TLS: Final = Direction(_tls, (("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"), ("TLSv1.2_2021", "TLSv1_2016")))
"""The policy's name has an older minimum version of TLS, or none, which stands for 1.0."""

_GROUP: Final = "IAM_ALLOWED_PRINCIPALS"


def _iam_decides(was: Any, now: Any) -> Truth:
    def named(value: Any) -> bool:
        return any(
            isinstance(principal := each.get("Principal"), dict) and principal.get("DataLakePrincipalIdentifier") == _GROUP
            for each in objects(value)
        )

    if named(was):
        return Truth.FALSE
    return Truth.TRUE if named(now) else Truth.OPEN if is_open(now) else Truth.FALSE


IAM_DECIDES: Final = Direction(_iam_decides, (([], [{"Principal": {"DataLakePrincipalIdentifier": _GROUP}, "Permissions": ["ALL"]}]),))
"""IAM_ALLOWED_PRINCIPALS is in the list and was not."""


def _ownership(properties: Any) -> Any:
    """Buckets made before April 2023 let writers own their objects; later ones do not, and take no access control list.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    has_list = at(properties, "AccessControl") not in (MISSING, "Private", "BucketOwnerFullControl")
    return "ObjectWriter" if has_list else Unknown("BucketOwnerEnforced for a bucket made since April 2023, else ObjectWriter")


def _unbound(was: Any, now: Any) -> Truth:
    return Truth.TRUE if not is_empty(was) and (is_empty(now) or str(now).endswith(_NO_BOUNDS)) else Truth.FALSE


_NO_BOUNDS: Final = (":policy/AdministratorAccess", ":policy/PowerUserAccess")
UNBOUND: Final = Direction(_unbound, (("some-policy", None), ("some-policy", "arn:aws:iam::aws:policy/AdministratorAccess")))
"""It was there, and is gone or bounds nothing any more."""

_BUCKETS: Final = ("AWS::S3::Bucket", "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint")
_TRAIL: Final = "AWS::CloudTrail::Trail"
_STORE: Final = "AWS::CloudTrail::EventDataStore"
_GROUPS: Final = "AWS::Athena::WorkGroup"
_SETTINGS: Final = "AWS::LakeFormation::DataLakeSettings"
_OWN_SETTINGS: Final = "Custom::LakeFormationSettings"
_DOMAINS: Final = ("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain")
_RDS: Final = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_ALARMS: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")

WEAKENING: Final = by_type(
    (
        *ENCRYPTED,
        # Public access
        *(
            row(_BUCKETS, f"PublicAccessBlockConfiguration.{name}", BLOCK, f"block of public access ({name})", PUBLIC)
            for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        ),
        row(
            "AWS::S3::Bucket", "OwnershipControls.Rules.0.ObjectOwnership",
            ranked("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"), "ownership of objects", PUBLIC,
            default=_ownership,
        ),
        row(
            "AWS::S3::Bucket", "AccessControl", becomes("PublicRead", "PublicReadWrite", "AuthenticatedRead", example="Private"),
            "access control list", PUBLIC, default="Private",
        ),
        row(
            (*_RDS, "AWS::Redshift::Cluster", "AWS::RedshiftServerless::Workgroup", "AWS::AmazonMQ::Broker"),
            "PubliclyAccessible", ON, "whether it has a public address", PUBLIC, default=False,
        ),
        row("AWS::DMS::ReplicationInstance", "PubliclyAccessible", ON, "whether it has a public address", PUBLIC, default=True),
        row("AWS::NeptuneGraph::Graph", "PublicConnectivity", ON, "whether it has a public address", PUBLIC, default=False),
        row(
            "AWS::MSK::Cluster", "BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type", ranked("DISABLED", "SERVICE_PROVIDED_EIPS"),
            "public access", PUBLIC, default="DISABLED",
        ),
        row("AWS::EKS::Cluster", "ResourcesVpcConfig.EndpointPublicAccess", ON, "public endpoint", PUBLIC, default=True),
        row("AWS::EC2::Subnet", "MapPublicIpOnLaunch", ON, "public addresses", PUBLIC, default=False),
        row(
            "AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme", ranked("internal", "internet-facing"), "scheme", PUBLIC,
            default="internet-facing",
        ),
        row(
            "AWS::SageMaker::NotebookInstance", "DirectInternetAccess", ranked("Disabled", "Enabled"), "access to the internet", PUBLIC,
            default="Enabled",
        ),
        row("AWS::SageMaker::NotebookInstance", "RootAccess", ranked("Disabled", "Enabled"), "root access", GUARDRAIL, default="Enabled"),
        row(
            "AWS::SageMaker::Domain", "AppNetworkAccessType", ranked("VpcOnly", "PublicInternetOnly"), "network of its apps", PUBLIC,
            default="PublicInternetOnly",
        ),
        row(
            "AWS::EC2::SnapshotBlockPublicAccess", "State", ranked("block-all-sharing", "block-new-sharing", "unblocked"),
            "block of public snapshots", PUBLIC, default="unblocked",
        ),
        row(
            "AWS::RAM::ResourceShare", "AllowExternalPrincipals", ON, "whether it may be shared outside of the organisation", PUBLIC,
            default=True,
        ),
        row("AWS::RAM::ResourceShare", "Principals", MORE, "whom it is shared with", PUBLIC),
        # Records
        row(_TRAIL, "IsLogging", OFF, "logging", AUDIT),
        row(_TRAIL, "IsMultiRegionTrail", OFF, "logging in all Regions", AUDIT, default=False),
        row(_TRAIL, "IncludeGlobalServiceEvents", OFF, "events of global services", AUDIT),
        row(_TRAIL, "EnableLogFileValidation", OFF, "validation of log files", AUDIT, default=False),
        row(_TRAIL, "IsOrganizationTrail", OFF, "logging of the whole organisation", AUDIT, default=False),
        row(_TRAIL, "CloudWatchLogsLogGroupArn", REMOVED, "log group of the trail", AUDIT),
        row(_TRAIL, "InsightSelectors", FEWER, "insights", DETECTION),
        row(_STORE, "MultiRegionEnabled", OFF, "events of all Regions", AUDIT, default=True),
        row(_STORE, "OrganizationEnabled", OFF, "events of the whole organisation", AUDIT, default=False),
        row(_STORE, "IngestionEnabled", OFF, "recording", AUDIT, default=True),
        row("AWS::S3::Bucket", "LoggingConfiguration.DestinationBucketName", REMOVED, "bucket of its access log", AUDIT),
        row("AWS::Redshift::Cluster", "LoggingProperties", REMOVED, "audit log", AUDIT, examples=(({"BucketName": "logs"}, None),)),
        row("AWS::RedshiftServerless::Namespace", "LogExports", FEWER, "logs", AUDIT),
        row(
            (*_RDS, "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster"), "EnableCloudwatchLogsExports", FEWER, "logs", AUDIT
        ),
        row(_DOMAINS, "LogPublishingOptions.AUDIT_LOGS.Enabled", OFF, "audit log", AUDIT, default=False),
        row("AWS::ApiGateway::Stage", "AccessLogSetting.DestinationArn", REMOVED, "access log", AUDIT),
        row("AWS::ApiGatewayV2::Stage", "AccessLogSettings.DestinationArn", REMOVED, "access log", AUDIT),
        row("AWS::CloudFront::Distribution", "DistributionConfig.Logging.Bucket", REMOVED, "access log", AUDIT),
        row(
            "AWS::StepFunctions::StateMachine", "LoggingConfiguration.Level", ranked("ALL", "ERROR", "FATAL", "OFF"), "log of executions",
            AUDIT, default="OFF",
        ),
        # What watches
        row("AWS::GuardDuty::Detector", "Enable", OFF, "GuardDuty", DETECTION),
        row("AWS::GuardDuty::Detector", "Features.[Name].Status", ranked("ENABLED", "DISABLED"), "feature of GuardDuty", DETECTION),
        row("AWS::GuardDuty::Detector", "DataSources.S3Logs.Enable", OFF, "GuardDuty for S3", DETECTION),
        row("AWS::Config::ConfigurationRecorder", "RecordingGroup.AllSupported", OFF, "recording of all types", DETECTION),
        row("AWS::Config::ConfigurationRecorder", "RecordingGroup.IncludeGlobalResourceTypes", OFF, "recording of global types", DETECTION),
        row("AWS::Macie::Session", "Status", ranked("ENABLED", "PAUSED"), "Macie", DETECTION, default="ENABLED"),
        row("AWS::SecurityHub::Hub", "AutoEnableControls", OFF, "new controls of Security Hub", DETECTION, default=True),
        row("AWS::SecurityHub::Standard", "DisabledStandardsControls", MORE, "controls that are switched off", DETECTION),
        row("AWS::AccessAnalyzer::Analyzer", "ArchiveRules", MORE, "findings that are archived unseen", DETECTION),
        row("AWS::ECR::Repository", "ImageScanningConfiguration.ScanOnPush", OFF, "scan of images", DETECTION, default=False),
        row("AWS::ECR::Repository", "ImageTagMutability", ranked("IMMUTABLE", "MUTABLE"), "tags of images", GUARDRAIL, default="MUTABLE"),
        row(_ALARMS, "ActionsEnabled", OFF, "whether the alarm does something", DETECTION, default=True),
        row(_ALARMS, "AlarmActions", FEWER, "what the alarm does", DETECTION),
        # Queries
        row(
            _GROUPS, "WorkGroupConfiguration.EnforceWorkGroupConfiguration", OFF, "whether the configuration is enforced", LIMITS,
            default=True,
        ),
        row(
            _GROUPS, "WorkGroupConfiguration.BytesScannedCutoffPerQuery", HIGHER, "bytes that a query may scan", LIMITS, default=UNLIMITED
        ),
        row(_GROUPS, "WorkGroupConfiguration.PublishCloudWatchMetricsEnabled", OFF, "metrics", AUDIT, default=True),
        # Who calls
        row("AWS::Lambda::Url", "AuthType", ranked("AWS_IAM", "NONE"), "who may call it", LOGIN),
        row("AWS::ApiGateway::Method", "AuthorizationType", becomes("NONE", example="AWS_IAM"), "authorisation", LOGIN, default="NONE"),
        row("AWS::ApiGateway::Method", "ApiKeyRequired", OFF, "key of the API", LOGIN, default=False),
        row("AWS::ApiGatewayV2::Route", "AuthorizationType", becomes("NONE", example="AWS_IAM"), "authorisation", LOGIN, default="NONE"),
        row("AWS::AppSync::GraphQLApi", "AuthenticationType", becomes("API_KEY", example="AWS_IAM"), "authentication", LOGIN),
        row(_RDS, "EnableIAMDatabaseAuthentication", OFF, "IAM authentication", LOGIN, default=False),
        row("AWS::Neptune::DBCluster", "IamAuthEnabled", OFF, "IAM authentication", LOGIN, default=False),
        row(
            "AWS::MSK::Cluster", "ClientAuthentication.Unauthenticated.Enabled", ON, "clients without authentication", LOGIN,
            default=False,
        ),
        row("AWS::ElastiCache::ReplicationGroup", "AuthToken", REMOVED, "token of the clients", LOGIN),
        row(_DOMAINS, "AdvancedSecurityOptions.Enabled", OFF, "fine-grained access control", LOGIN, default=False),
        row(_DOMAINS, "AdvancedSecurityOptions.AnonymousAuthEnabled", ON, "anonymous access", LOGIN, default=False),
        row("AWS::Cognito::UserPool", "MfaConfiguration", ranked("ON", "OPTIONAL", "OFF"), "second factor", LOGIN, default="OFF"),
        row("AWS::Cognito::UserPool", "Policies.PasswordPolicy.MinimumLength", LOWER, "length of passwords", LOGIN, default=8),
        row(
            "AWS::Cognito::UserPool", "UserPoolAddOns.AdvancedSecurityMode", ranked("ENFORCED", "AUDIT", "OFF"), "threat protection", LOGIN,
            default="OFF",
        ),
        row("AWS::Cognito::IdentityPool", "AllowUnauthenticatedIdentities", ON, "guests", LOGIN, default=False),
        row("AWS::EC2::Instance", "MetadataOptions.HttpTokens", ranked("required", "optional"), "tokens of the metadata service", LOGIN),
        row(
            "AWS::EC2::LaunchTemplate", "LaunchTemplateData.MetadataOptions.HttpTokens", ranked("required", "optional"),
            "tokens of the metadata service", LOGIN,
        ),
        # The network
        row("AWS::ElasticLoadBalancingV2::Listener", "SslPolicy", OLDER_TLS, "policy for TLS", NETWORK),
        row(
            "AWS::CloudFront::Distribution", "DistributionConfig.ViewerCertificate.MinimumProtocolVersion", OLDER_TLS,
            "policy for TLS", NETWORK,
        ),
        row("AWS::ApiGateway::DomainName", "SecurityPolicy", OLDER_TLS, "policy for TLS", NETWORK, examples=(("TLS_1_2", "TLS_1_0"),)),
        row(_DOMAINS, "DomainEndpointOptions.TLSSecurityPolicy", OLDER_TLS, "policy for TLS", NETWORK,
            examples=(("Policy-Min-TLS-1-2-2019-07", "Policy-Min-TLS-1-0-2019-07"),)),
        row("AWS::EC2::VPCEndpointService", "AcceptanceRequired", OFF, "acceptance of connections", NETWORK, default=True),
        row(
            "AWS::EC2::TransitGateway", "AutoAcceptSharedAttachments", ranked("disable", "enable"), "acceptance of attachments", NETWORK,
            default="disable",
        ),
        # Bounds
        row(("AWS::IAM::Role", "AWS::IAM::User"), "PermissionsBoundary", UNBOUND, "permissions boundary", GUARDRAIL),
        row("AWS::SSO::PermissionSet", "PermissionsBoundary", REMOVED, "permissions boundary", GUARDRAIL),
        row("AWS::EC2::VPCEndpoint", "PolicyDocument", REMOVED, "policy of the endpoint", GUARDRAIL),
        row("AWS::Organizations::Policy", "TargetIds", FEWER, "what the policy is attached to", GUARDRAIL),
        row("AWS::CloudFront::Distribution", "DistributionConfig.WebACLId", REMOVED, "web ACL", GUARDRAIL),
        row("AWS::Lambda::Function", "CodeSigningConfigArn", REMOVED, "code signing", GUARDRAIL),
        row("AWS::Lambda::Permission", "SourceAccount", REMOVED, "account of the caller", GUARDRAIL),
        row("AWS::Lambda::Permission", "SourceArn", REMOVED, "source of the call", GUARDRAIL),
        row("AWS::Lambda::Permission", "PrincipalOrgID", REMOVED, "organisation of the caller", GUARDRAIL),
        row("AWS::ECS::TaskDefinition", "ContainerDefinitions.[Name].Privileged", ON, "privileged container", GUARDRAIL, default=False),
        row("AWS::CodeBuild::Project", "Environment.PrivilegedMode", ON, "privileged builds", GUARDRAIL, default=False),
        # Rotation
        row("AWS::KMS::Key", "EnableKeyRotation", OFF, "rotation of the key", ROTATION, default=False),
        row("AWS::KMS::Key", "RotationPeriodInDays", HIGHER, "days between rotations", ROTATION, default=365, examples=((365, 730),)),
        row("AWS::SecretsManager::RotationSchedule", "RotationRules.AutomaticallyAfterDays", HIGHER, "days between rotations", ROTATION),
        # Lake Formation
        row(_SETTINGS, "CreateDatabaseDefaultPermissions", IAM_DECIDES, "who may do all in new databases", LAKE),
        row(_SETTINGS, "CreateTableDefaultPermissions", IAM_DECIDES, "who may do all in new tables", LAKE),
        row(
            _SETTINGS, "Parameters.CROSS_ACCOUNT_VERSION", LOWER, "version of sharing across accounts", LAKE, default=1,
            examples=(("4", "1"),),
        ),
        row(_OWN_SETTINGS, "CrossAccountVersion", LOWER, "version of sharing across accounts", LAKE, examples=(("4", "1"),)),
        row(_SETTINGS, "AllowExternalDataFiltering", ON, "filtering by engines of others", LAKE, default=False),
        row(_SETTINGS, "AllowFullTableExternalDataAccess", ON, "whole tables for engines of others", LAKE, default=False),
        row(_SETTINGS, "ExternalDataFilteringAllowList", MORE, "accounts whose engines may filter", LAKE),
        row(_SETTINGS, "AuthorizedSessionTagValueList", MORE, "engines that are trusted", LAKE),
        row(_SETTINGS, "TrustedResourceOwners", MORE, "accounts whose grants are trusted", LAKE),
        row((_SETTINGS, _OWN_SETTINGS), "Admins", MORE, "administrators of the data lake", LAKE),
        row("AWS::LakeFormation::Resource", "HybridAccessEnabled", ON, "whether IAM policies open the location, too", LAKE, default=False),
    )
)  # fmt: skip
"""By type of resource."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """A resource that protects others by being there.

    Attributes:
        what: What it is, for people.
        danger: What it means that it goes.
        of: The property that names what it protects; empty for the whole account.
        is_certain: False where AWS does not say what its deletion does.
    """

    what: str
    danger: Danger
    of: str = ""
    is_certain: bool = True


GUARDS: Final[Mapping[str, Guard]] = {
    _TRAIL: Guard(what="the trail", danger=AUDIT),
    "AWS::EC2::FlowLog": Guard(what="the flow log", danger=AUDIT, of="ResourceId"),
    "AWS::WAFv2::LoggingConfiguration": Guard(what="the log of the web ACL", danger=AUDIT, of="ResourceArn"),
    "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation": Guard(what="the log of DNS queries", danger=AUDIT, of="ResourceId"),
    "AWS::GuardDuty::Detector": Guard(what="the detector with its findings", danger=DETECTION),
    "AWS::GuardDuty::MalwareProtectionPlan": Guard(
        what="the scan for malware", danger=DETECTION, of="ProtectedResource.S3Bucket.BucketName"
    ),
    "AWS::Config::ConfigurationRecorder": Guard(what="the recorder", danger=DETECTION),
    "AWS::Config::DeliveryChannel": Guard(what="the delivery of configurations", danger=DETECTION),
    "AWS::Config::ConfigRule": Guard(what="the rule", danger=DETECTION),
    "AWS::Config::ConformancePack": Guard(what="the conformance pack", danger=DETECTION),
    "AWS::Config::OrganizationConfigRule": Guard(what="the organisation's rule", danger=DETECTION),
    "AWS::Config::OrganizationConformancePack": Guard(what="the organisation's conformance pack", danger=DETECTION),
    "AWS::SecurityHub::Hub": Guard(what="Security Hub", danger=DETECTION),
    "AWS::SecurityHub::Standard": Guard(what="the standard", danger=DETECTION),
    "AWS::Macie::Session": Guard(what="Macie", danger=DETECTION),
    "AWS::AccessAnalyzer::Analyzer": Guard(what="the analyzer", danger=DETECTION),
    "AWS::CloudWatch::Alarm": Guard(what="the alarm", danger=DETECTION, of="Dimensions"),
    "AWS::WAFv2::WebACLAssociation": Guard(what="the web ACL", danger=GUARDRAIL, of="ResourceArn"),
    "AWS::Shield::Protection": Guard(what="Shield's protection", danger=GUARDRAIL, of="ResourceArn"),
    "AWS::NetworkFirewall::Firewall": Guard(what="the firewall", danger=NETWORK, of="VpcId"),
    "AWS::EC2::SnapshotBlockPublicAccess": Guard(what="the block of public snapshots", danger=PUBLIC),
    "AWS::EC2::VPCBlockPublicAccessOptions": Guard(what="the block of public access to networks", danger=PUBLIC),
    "AWS::Organizations::Policy": Guard(what="the organisation's policy", danger=GUARDRAIL),
    _SETTINGS: Guard(what="what says who administers the lake and what IAM decides in it", danger=UNSTATED, is_certain=False),
    "AWS::Glue::DataCatalogEncryptionSettings": Guard(what="the encryption of the data catalog", danger=GUARDRAIL),
    "AWS::SecretsManager::RotationSchedule": Guard(what="the rotation", danger=ROTATION, of="SecretId"),
}
"""By type: what its removal takes away."""
