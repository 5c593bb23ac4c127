"""Changes that happened to somebody, as a table: what was lost, what failed and what passed, with who tells of it.

Each template has only what the change was about, in this project's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Resources = dict[str, Any]
CDK = "https://github.com/aws/aws-cdk/issues"
KEEP = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def one(kind: str, *, also: Mapping[str, Any] | None = None, **properties: Any) -> Resources:
    """A resource of type `AWS::<kind>`, or `<kind>` where it has another owner."""
    return {"Type": kind if kind.startswith("Custom::") else f"AWS::{kind}", "Properties": properties, **(also or {})}


def ref(logical_id: str) -> Resources:
    return {"Ref": logical_id}


def arn(logical_id: str) -> Resources:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


@dataclass(frozen=True)
class Case:
    """One change.

    Attributes:
        what: What happened.
        source: Who tells of it.
        base: The resources before; of the second stack as well, where there are two.
        head: The resources after.
        fails: The rules that fail, each with its logical id (or output); with a question mark what depends on what no template tells.
        shared: The same resources before and after.
        sections: Other sections of the template, before and after.
    """

    what: str
    source: str
    base: Resources
    head: Resources
    fails: tuple[str, ...] = ()
    shared: Resources | None = None
    sections: Resources | None = None


FUNCTION = one("Lambda::Function", Handler="index.main", Runtime="python3.12", Code={"S3Bucket": "assets", "S3Key": "a1.zip"})
BUS_POLICY = one("Events::EventBusPolicy", EventBusName="orders", StatementId="Partner", Action="events:PutEvents", Principal="1")
ADDON = one("EKS::Addon", ClusterName="main", AddonName="amazon-cloudwatch-observability")
DEPLOY_POLICY = one("IAM::ManagedPolicy", ManagedPolicyName="deploy", PolicyDocument={"Version": "2012-10-17", "Statement": []})
RESOLVER = one("AppSync::Resolver", ApiId={"Fn::GetAtt": ["Api", "ApiId"]}, TypeName="Query", FieldName="listTeams", DataSourceName="d")
TARGET = one("EFS::MountTarget", FileSystemId=ref("Files"), SubnetId="subnet-1", SecurityGroups=["sg-1"])
ALIAS = one("Lambda::Alias", FunctionName=ref("Fn"), FunctionVersion="1", Name="live")
MAPPING = one("Lambda::EventSourceMapping", FunctionName=ref("Fn"), EventSourceArn="arn:aws:sqs:eu-west-1:1:q")
QUEUE_POLICY = one("SQS::QueuePolicy", Queues=[ref("Queue")], PolicyDocument={"Version": "2012-10-17", "Statement": []})
EMPTIER = one("Custom::S3AutoDeleteObjects", ServiceToken="t", BucketName=ref("Bucket"))
TAGGED = [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]
SITE = one("Custom::CDKBucketDeployment", ServiceToken="t", DestinationBucketName=ref("Bucket"), Prune=True)
OWNED_SITE = one("Custom::CDKBucketDeployment", ServiceToken="t", DestinationBucketName=ref("Bucket"), RetainOnDelete=False)
NOTIFICATIONS = one("Custom::S3BucketNotifications", ServiceToken="t", BucketName=ref("Bucket"), NotificationConfiguration={})
MEMBER = one("GuardDuty::Member", DetectorId="d", MemberId="123456789012", Email="a@example.com")
SITE_ALIASES = {"DistributionConfig": {"Aliases": ["www.example.com"], "Enabled": True}}


def keyed(attribute: str, kind: str = "S", **more: Any) -> Resources:
    """A DynamoDB table."""
    return one(
        "DynamoDB::Table",
        KeySchema=[{"AttributeName": attribute, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": kind}],
        **more,
    )


def subnet(block: str) -> Resources:
    return one("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock=block, AvailabilityZone="eu-west-1a")


def cluster(**more: Any) -> Resources:
    return one("RDS::DBCluster", Engine="aurora-mysql", **more)


CASES = (
    # --- what was lost
    Case(
        "switching auto_delete_objects off emptied the bucket (CDK before 1.126: no tag)",
        f"{CDK}/16603",
        {"Bucket": one("S3::Bucket", also=KEEP), "Empty": EMPTIER},
        {"Bucket": one("S3::Bucket", also=KEEP)},
        ("data_loss.emptied? Empty",),
    ),
    Case(
        "another logical id of the custom resource empties a bucket that stays tagged",
        f"{CDK}/16603",
        {"Bucket": one("S3::Bucket", also=KEEP, Tags=TAGGED), "Empty": EMPTIER},
        {"Bucket": one("S3::Bucket", also=KEEP, Tags=TAGGED), "Emptier": EMPTIER},
        ("data_loss.emptied Emptier",),
    ),
    Case(
        "a first deployment of files deleted what was in the bucket",
        f"{CDK}/16658",
        {},
        {"Site": SITE},
        ("data_loss.pruned? Site",),
        shared={"Bucket": one("S3::Bucket", also=KEEP)},
    ),
    Case(
        "the deletion of an old deployment deletes the files that the new one has just deployed",
        "https://github.com/aws/aws-cdk/pull/17530",
        {"Site": OWNED_SITE},
        {"SiteWithVpc": OWNED_SITE},
        ("data_loss.handler SiteWithVpc",),
        shared={"Bucket": one("S3::Bucket", also=KEEP)},
    ),
    Case(
        "the key's ARN instead of its id made a new, empty file system",
        "https://github.com/aws/aws-cdk/pull/11524",
        {"Files": one("EFS::FileSystem", Encrypted=True, KmsKeyId=ref("Key"))},
        {"Files": one("EFS::FileSystem", Encrypted=True, KmsKeyId=arn("Key"))},
        ("data_loss.replaced Files",),
        shared={"Key": one("KMS::Key", KeyPolicy={})},
    ),
    Case(
        "encryption at rest by default replaces file systems that were not encrypted",
        "https://github.com/aws/aws-cdk/pull/14033",
        {"Files": one("EFS::FileSystem")},
        {"Files": one("EFS::FileSystem", Encrypted=True)},
        ("data_loss.replaced Files",),
    ),
    Case(
        "stating Encrypted: false where nothing was stated made the file system anew",
        "https://github.com/docker-archive/for-aws/issues/138",
        {"Files": one("EFS::FileSystem")},
        {"Files": one("EFS::FileSystem", Encrypted=False)},
        ("data_loss.replaced Files",),
    ),
    Case(
        "a default database name made the cluster anew, and its configuration was gone",
        "https://github.com/aws-samples/cdk-keycloak/issues/123",
        {"Db": cluster()},
        {"Db": cluster(DatabaseName="keycloak")},
        ("data_loss.replaced Db",),
    ),
    Case(
        "the same, with a snapshot of the old cluster",
        "https://github.com/aws-samples/cdk-keycloak/issues/137",
        {"Db": {**cluster(), "UpdateReplacePolicy": "Snapshot"}},
        {"Db": {**cluster(DatabaseName="keycloak"), "UpdateReplacePolicy": "Snapshot"}},
        ("data_loss.starts_empty Db",),
    ),
    Case(
        "DeletionPolicy: Retain keeps nothing of what is replaced",
        f"{CDK}/2901",
        {"Table": {**keyed("a"), "DeletionPolicy": "Retain"}},
        {"Table": {**keyed("b"), "DeletionPolicy": "Retain"}},
        ("data_loss.replaced Table",),
    ),
    Case(
        "other keys of a table dropped it with its rows",
        "https://github.com/architect/architect/issues/1329",
        {"Table": keyed("accountID")},
        {"Table": keyed("tenantID")},
        ("data_loss.replaced Table",),
    ),
    Case(
        "an app's name in the logical id made the bucket anew beside the old one",
        "https://github.com/guardian/cdk/pull/1018",
        {"Data": one("S3::Bucket", also=KEEP, VersioningConfiguration={"Status": "Enabled"})},
        {"DataApp": one("S3::Bucket", also=KEEP, VersioningConfiguration={"Status": "Enabled"})},
        ("data_loss.starts_empty DataApp",),
    ),
    Case(
        "another engine version without EnableVersionUpgrade makes a new domain without an index",
        "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1862",
        {"Search": one("OpenSearchService::Domain", EngineVersion="OpenSearch_2.5")},
        {"Search": one("OpenSearchService::Domain", EngineVersion="OpenSearch_2.9")},
        ("data_loss.replaced Search",),
    ),
    Case(
        "replacing a custom resource deletes the database that it made, with all permissions on it",
        "https://github.com/data-dot-all/dataall/pull/431",
        {"Database": one("Custom::GlueDatabase", ServiceToken="t", Name="sales")},
        {"DatabaseNew": one("Custom::GlueDatabase", ServiceToken="u", Name="sales")},
        ("data_loss.handler? Database",),
    ),
    # --- what failed: a name, or what is unique, is still taken
    Case(
        "two policies of a bus with one statement id",
        f"{CDK}/28520",
        {"BusPolicy": BUS_POLICY},
        {"BusPartner": BUS_POLICY},
        ("collision.name_taken BusPartner",),
    ),
    Case(
        "the add-on is there under its old logical id",
        "https://github.com/awslabs/cdk-eks-blueprints/issues/1009",
        {"CloudWatchInsights": ADDON},
        {"Observability": ADDON},
        ("collision.name_taken Observability",),
    ),
    Case(
        "a named policy whose construct path changed",
        f"{CDK}/15357",
        {"ProjectPolicy": DEPLOY_POLICY},
        {"ExecPolicy": DEPLOY_POLICY},
        ("collision.name_taken ExecPolicy",),
    ),
    Case(
        "only one resolver is allowed per field",
        f"{CDK}/13269",
        {"SourceListTeams": RESOLVER},
        {"ListTeams": RESOLVER},
        ("collision.name_taken ListTeams",),
        shared={"Api": one("AppSync::GraphQLApi", Name="api", AuthenticationType="AWS_IAM")},
    ),
    Case(
        "mount targets that are numbered otherwise: one in each zone is the most",
        "https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cx-api/FEATURE_FLAGS.md",
        {"Target1": TARGET},
        {"TargetPrivate1": TARGET},
        ("collision.name_taken TargetPrivate1",),
        shared={"Files": one("EFS::FileSystem")},
    ),
    Case(
        "an alias whose construct moved below its function",
        f"{CDK}/20650",
        {"Live": ALIAS},
        {"FnAliaslive": ALIAS},
        ("collision.name_taken FnAliaslive",),
        shared={"Fn": FUNCTION},
    ),
    Case(
        "a queue triggers a function once",
        "https://repost.aws/knowledge-center/cloudformation-resource-exists-error",
        {"Trigger": MAPPING},
        {"OrdersTrigger": MAPPING},
        ("collision.name_taken OrdersTrigger",),
        shared={"Fn": FUNCTION},
    ),
    Case(
        "a distribution with the alternate name of the one that it replaces",
        f"{CDK}/21397",
        {"WebCFDistribution": one("CloudFront::Distribution", **SITE_ALIASES)},
        {"Web": one("CloudFront::Distribution", **SITE_ALIASES)},
        ("collision.name_taken Web",),
    ),
    Case(
        "a queue's policy is a property of the queue: the old one's deletion takes the new one away",
        "https://github.com/pulumi/pulumi-aws/issues/1923",
        {"OldPolicy": QUEUE_POLICY},
        {"NewPolicy": QUEUE_POLICY},
        ("collision.undone_by_removal NewPolicy",),
        shared={"Queue": one("SQS::Queue")},
    ),
    Case(
        "a bucket's notifications under another logical id: none is left",
        f"{CDK}/21036",
        {"Notifications": NOTIFICATIONS},
        {"DataNotifications": NOTIFICATIONS},
        ("collision.undone_by_removal DataNotifications",),
        shared={"Bucket": one("S3::Bucket", also=KEEP)},
    ),
    Case(
        "a member of a detector is there under its old logical id",
        "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/363",
        {"Member": MEMBER},
        {"Member2": MEMBER},
        ("collision.name_taken Member2",),
    ),
    Case(
        "log groups of functions that ran before",
        f"{CDK}/34612",
        {},
        {"Logs": one("Logs::LogGroup", also=KEEP, LogGroupName={"Fn::Sub": "/aws/lambda/${Fn}"})},
        ("collision.log_group_exists? Logs",),
        shared={"Fn": FUNCTION},
    ),
    Case(
        "a version of a function in which nothing changed but how CDK hashes it",
        f"{CDK}/26739",
        {"FnVersion1a": one("Lambda::Version", also=KEEP, FunctionName=ref("Fn"))},
        {"FnVersion2b": one("Lambda::Version", also=KEEP, FunctionName=ref("Fn"))},
        ("collision.version_exists? FnVersion2b",),
        shared={"Fn": FUNCTION},
    ),
    Case(
        "a third zone moves the addresses of all subnets",
        f"{CDK}/6683",
        {"Public1": subnet("10.0.0.0/18"), "Private1": subnet("10.0.128.0/18")},
        {"Public1": subnet("10.0.0.0/19"), "Private1": subnet("10.0.96.0/19"), "Private2": subnet("10.0.128.0/19")},
        ("collision.subnet_overlap Private2", "collision.subnet_overlap Public1"),
        shared={"Vpc": one("EC2::VPC", CidrBlock="10.0.0.0/16")},
    ),
    # --- what failed: replaced under its name
    Case(
        "a security group with a name and another description",
        "https://github.com/data-dot-all/dataall/issues/1080",
        {"Group": one("EC2::SecurityGroup", GroupName="cbprojects-sg", GroupDescription="a", VpcId="vpc-1")},
        {"Group": one("EC2::SecurityGroup", GroupName="cbprojects-sg", GroupDescription="b", VpcId="vpc-1")},
        ("collision.replaced_under_its_name Group",),
    ),
    Case(
        "a named target group with another port",
        "https://github.com/honerlaw/serverless-fargate-plugin/issues/19",
        {"Target": one("ElasticLoadBalancingV2::TargetGroup", Name="TGroup", Port=80, Protocol="HTTP", VpcId="vpc-1")},
        {"Target": one("ElasticLoadBalancingV2::TargetGroup", Name="TGroup", Port=8080, Protocol="HTTP", VpcId="vpc-1")},
        ("collision.replaced_under_its_name Target",),
    ),
    Case(
        "a named EMR security configuration with more encryption",
        "https://github.com/awsdocs/aws-cloudformation-user-guide/issues/927",
        {"Emr": one("EMR::SecurityConfiguration", Name="dev", SecurityConfiguration={"EncryptionConfiguration": {"A": 1}})},
        {"Emr": one("EMR::SecurityConfiguration", Name="dev", SecurityConfiguration={"EncryptionConfiguration": {"A": 2}})},
        ("collision.replaced_under_its_name Emr",),
    ),
    Case(
        "another type of a key of a named table: refused, so nothing is lost",
        "https://github.com/aws-amplify/amplify-cli/issues/1866",
        {"Table": keyed("id", "S", TableName="health")},
        {"Table": keyed("id", "N", TableName="health")},
        ("collision.replaced_under_its_name Table",),
    ),
    # --- what failed: custom resources
    Case(
        "a provider function with another logical id",
        "https://github.com/cloudcomponents/cdk-constructs/issues/197",
        {"Handler": FUNCTION, "Service": one("Custom::BlueGreenService", ServiceToken=arn("Handler"))},
        {"HandlerV2": FUNCTION, "Service": one("Custom::BlueGreenService", ServiceToken=arn("HandlerV2"))},
        ("collision.service_token Service",),
    ),
    Case(
        "a provider that moved into a nested stack",
        f"{CDK}/6129",
        {"Handler": FUNCTION, "Cluster": one("Custom::AWSCDK-EKS-Cluster", ServiceToken=arn("Handler"))},
        {"Cluster": one("Custom::AWSCDK-EKS-Cluster", ServiceToken={"Fn::GetAtt": ["Provider", "Outputs.Arn"]})},
        ("collision.service_token Cluster",),
        shared={"Provider": one("CloudFormation::Stack", TemplateURL="https://example.com/provider.json")},
    ),
    # --- what passed
    Case(
        "switching auto_delete_objects off with a current CDK: the tag goes first",
        "https://github.com/aws/aws-cdk/pull/16756",
        {"Bucket": one("S3::Bucket", also=KEEP, Tags=TAGGED), "Empty": EMPTIER},
        {"Bucket": one("S3::Bucket", also=KEEP)},
    ),
    Case(
        "another engine version of a domain with EnableVersionUpgrade",
        "https://github.com/aws/aws-cdk/pull/12239",
        {"Search": one("OpenSearchService::Domain", also={"UpdatePolicy": {"EnableVersionUpgrade": True}}, EngineVersion="OpenSearch_2.5")},
        {"Search": one("OpenSearchService::Domain", also={"UpdatePolicy": {"EnableVersionUpgrade": True}}, EngineVersion="OpenSearch_2.9")},
    ),
    Case(
        "a bucket's name from a mapping instead of a Sub: the same name, whatever cdk diff says",
        "https://github.com/guardian/amigo/pull/622",
        {"Data": one("S3::Bucket", BucketName={"Fn::Sub": "amigo-data-prod"})},
        {"Data": one("S3::Bucket", BucketName={"Fn::FindInMap": ["Stage", "prod", "bucket"]})},
        sections={"Mappings": {"Stage": {"prod": {"bucket": "amigo-data-prod"}}}},
    ),
    Case(
        "a reader that is to be made after the writer",
        f"{CDK}/30383",
        {"Reader": one("RDS::DBInstance", DBClusterIdentifier=ref("Db"), DBInstanceClass="db.r5.large")},
        {"Reader": one("RDS::DBInstance", also={"DependsOn": ["Db"]}, DBClusterIdentifier=ref("Db"), DBInstanceClass="db.r5.large")},
        shared={"Db": cluster()},
    ),
    Case(
        "another engine version of a cluster, and of its instances, is an upgrade in place",
        "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/216",
        {"Db": cluster(EngineVersion="10.7"), "Writer": one("RDS::DBInstance", DBClusterIdentifier=ref("Db"), EngineVersion="10.7")},
        {"Db": cluster(EngineVersion="10.14"), "Writer": one("RDS::DBInstance", DBClusterIdentifier=ref("Db"), EngineVersion="10.14")},
    ),
    Case(
        "one more attribute of a table, for an index",
        "https://github.com/serverless/serverless/issues/716",
        {"Table": keyed("id", TableName="users")},
        {
            "Table": one(
                "DynamoDB::Table",
                TableName="users",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("email", "id")],
                GlobalSecondaryIndexes=[{"IndexName": "e", "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}]}],
            )
        },
    ),
    Case(
        "other code, another runtime, other tags, and a version that follows them",
        f"{CDK}/26739",
        {"Fn": FUNCTION, "FnVersion1a": one("Lambda::Version", FunctionName=ref("Fn"))},
        {
            "Fn": one(
                "Lambda::Function",
                Handler="index.main",
                Runtime="python3.13",
                Code={"S3Bucket": "assets", "S3Key": "b2.zip"},
                Tags=[{"Key": "version", "Value": "2"}],
            ),
            "FnVersion2b": one("Lambda::Version", FunctionName=ref("Fn")),
        },
    ),
    Case(
        "a policy that says what holds without one: whoever reaches a mount target",
        "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
        {"Files": one("EFS::FileSystem")},
        {
            "Files": one(
                "EFS::FileSystem",
                FileSystemPolicy={
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": ["elasticfilesystem:ClientWrite", "elasticfilesystem:ClientMount"],
                            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
                        }
                    ],
                },
            )
        },
    ),
    Case(
        "stating the ownership without which a bucket with an access control list could not be",
        "https://github.com/aws/aws-cdk/pull/25021",
        {"Logs": one("S3::Bucket", AccessControl="LogDeliveryWrite")},
        {
            "Logs": one(
                "S3::Bucket",
                AccessControl="LogDeliveryWrite",
                OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
            )
        },
    ),
    Case(
        "an account that leaves the template is kept, as its type's default is",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-organizations-account.html",
        {"Account": one("Organizations::Account", AccountName="data", Email="data@example.com")},
        {},
    ),
)
