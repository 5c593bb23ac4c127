"""What `Ref`, the attributes and the ARN of a resource are, type by type.

Ref and attributes: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html;
ARNs: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One type.

    In the formats stand `{partition}`, `{region}`, `{account}`, `{suffix}`, `{name}`, `{arn}`, `{id}` (which AWS makes up), properties, and
    what `identities` puts together otherwise.

    Attributes:
        arn: Format of the ARN; empty when there is none.
        ref: Format of what `Ref` gives.
        attributes: Format of each attribute; `Arn` is the ARN unless it is stated here.
        name: The property with the name, a dot between the levels; empty for what has only an id.
        longest: The most characters that a generated name may have; zero when nothing is known of how it starts.
        lower: Whether generated names are in lower case.
        start: What stands before a generated id, such as `vpc-`.
        defaults: What a property is when it is left out.
    """

    arn: str = ""
    ref: str = "{name}"
    attributes: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    longest: int = 0
    lower: bool = False
    start: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)


def _arn(rest: str) -> str:
    return f"arn:{{partition}}:{rest}"


def _regional(service: str, resource: str) -> str:
    return _arn(f"{service}:{{region}}:{{account}}:{resource}")


_IAM_PATH: Final = {"Path": "/"}
_CATALOG: Final = {"CatalogId": "{account}"}

_STORAGE: Final = {
    "AWS::S3::Bucket": Kind(
        name="BucketName",
        longest=63,
        lower=True,
        arn=_arn("s3:::{name}"),
        attributes={
            "DomainName": "{name}.s3.{suffix}",
            "RegionalDomainName": "{name}.s3.{region}.{suffix}",
            "DualStackDomainName": "{name}.s3.dualstack.{region}.{suffix}",
        },
    ),
    "AWS::S3::AccessPoint": Kind(name="Name", arn=_regional("s3", "accesspoint/{name}"), attributes={"Name": "{name}"}),
    "AWS::S3::MultiRegionAccessPoint": Kind(name="Name", arn=_arn("s3::{account}:accesspoint/{id}"), attributes={"Alias": "{id}"}),
    "AWS::S3ObjectLambda::AccessPoint": Kind(name="Name", arn=_regional("s3-object-lambda", "accesspoint/{name}")),
    "AWS::S3::AccessGrantsInstance": Kind(
        arn=_regional("s3", "access-grants/default"),
        ref="{arn}",
        attributes={"AccessGrantsInstanceArn": "{arn}", "AccessGrantsInstanceId": "default"},
    ),
    "AWS::S3::AccessGrantsLocation": Kind(
        arn=_regional("s3", "access-grants/default/location/{id}"),
        ref="{id}",
        attributes={"AccessGrantsLocationArn": "{arn}", "AccessGrantsLocationId": "{id}"},
    ),
    "AWS::S3::AccessGrant": Kind(
        arn=_regional("s3", "access-grants/default/grant/{id}"),
        ref="{id}",
        attributes={"AccessGrantArn": "{arn}", "AccessGrantId": "{id}"},
    ),
    "AWS::S3Tables::TableBucket": Kind(
        name="TableBucketName", arn=_regional("s3tables", "bucket/{name}"), ref="{arn}", attributes={"TableBucketARN": "{arn}"}
    ),
    "AWS::S3Tables::Table": Kind(arn="{TableBucketARN}/table/{id}", ref="{arn}", attributes={"TableARN": "{arn}"}),
    "AWS::DynamoDB::Table": Kind(
        name="TableName", longest=255, arn=_regional("dynamodb", "table/{name}"), attributes={"StreamArn": "{arn}/stream/{id}"}
    ),
    "AWS::DynamoDB::GlobalTable": Kind(
        name="TableName", arn=_regional("dynamodb", "table/{name}"), attributes={"StreamArn": "{arn}/stream/{id}", "TableId": "{id}"}
    ),
    "AWS::ECR::Repository": Kind(
        name="RepositoryName",
        arn=_regional("ecr", "repository/{name}"),
        attributes={"RepositoryUri": "{account}.dkr.ecr.{region}.{suffix}/{name}"},
    ),
    "AWS::EFS::FileSystem": Kind(
        arn=_regional("elasticfilesystem", "file-system/{id}"), ref="{id}", start="fs-", attributes={"FileSystemId": "{id}"}
    ),
    "AWS::Backup::BackupVault": Kind(
        name="BackupVaultName",
        arn=_regional("backup", "backup-vault:{name}"),
        attributes={"BackupVaultArn": "{arn}", "BackupVaultName": "{name}"},
    ),
}

_SECURITY: Final = {
    "AWS::KMS::Key": Kind(arn=_regional("kms", "key/{id}"), ref="{id}", attributes={"KeyId": "{id}"}),
    "AWS::KMS::ReplicaKey": Kind(arn=_regional("kms", "key/{key}"), ref="{key}", attributes={"KeyId": "{key}"}),
    "AWS::KMS::Alias": Kind(name="AliasName", arn=_regional("kms", "{name}")),
    "AWS::IAM::Role": Kind(
        name="RoleName", longest=64, arn=_arn("iam::{account}:role{Path}{name}"), defaults=_IAM_PATH, attributes={"RoleId": "{id}"}
    ),
    "AWS::IAM::User": Kind(name="UserName", longest=64, arn=_arn("iam::{account}:user{Path}{name}"), defaults=_IAM_PATH),
    "AWS::IAM::Group": Kind(name="GroupName", longest=128, arn=_arn("iam::{account}:group{Path}{name}"), defaults=_IAM_PATH),
    "AWS::IAM::ManagedPolicy": Kind(
        name="ManagedPolicyName",
        longest=128,
        arn=_arn("iam::{account}:policy{Path}{name}"),
        ref="{arn}",
        defaults=_IAM_PATH,
        attributes={"PolicyArn": "{arn}", "PolicyId": "{id}"},
    ),
    "AWS::IAM::InstanceProfile": Kind(
        name="InstanceProfileName", longest=128, arn=_arn("iam::{account}:instance-profile{Path}{name}"), defaults=_IAM_PATH
    ),
    "AWS::IAM::ServiceLinkedRole": Kind(ref="{id}", attributes={"RoleName": "{id}"}),
    "AWS::IAM::SAMLProvider": Kind(name="Name", arn=_arn("iam::{account}:saml-provider/{name}"), ref="{arn}"),
    "AWS::IAM::OIDCProvider": Kind(name="Url", arn=_arn("iam::{account}:oidc-provider/{host}"), ref="{arn}"),
    "AWS::SecretsManager::Secret": Kind(
        name="Name", arn=_regional("secretsmanager", "secret:{name}-{id}"), ref="{arn}", attributes={"Id": "{arn}"}
    ),
    "AWS::SSM::Parameter": Kind(name="Name", arn=_regional("ssm", "parameter{slashed}")),
    "AWS::CloudTrail::Trail": Kind(name="TrailName", longest=128, arn=_regional("cloudtrail", "trail/{name}")),
    "AWS::CloudTrail::EventDataStore": Kind(
        arn=_regional("cloudtrail", "eventdatastore/{id}"), ref="{arn}", attributes={"EventDataStoreArn": "{arn}"}
    ),
    "AWS::GuardDuty::Detector": Kind(arn=_regional("guardduty", "detector/{id}"), ref="{id}", attributes={"Id": "{id}"}),
    "AWS::Config::ConfigurationRecorder": Kind(name="Name"),
    "AWS::SSO::PermissionSet": Kind(
        arn=_arn("sso:::permissionSet/{instance}/ps-{id}"), ref="{InstanceArn}|{arn}", attributes={"PermissionSetArn": "{arn}"}
    ),
    "AWS::Organizations::Organization": Kind(
        arn=_arn("organizations::{account}:organization/{id}"), ref="{id}", start="o-", attributes={"Id": "{id}"}
    ),
    "AWS::Organizations::OrganizationalUnit": Kind(ref="{id}", start="ou-", attributes={"Id": "{id}"}),
    "AWS::Organizations::Policy": Kind(ref="{id}", start="p-", attributes={"Id": "{id}"}),
    "AWS::Organizations::Account": Kind(ref="{id}", attributes={"AccountId": "{id}"}),
    "AWS::RAM::ResourceShare": Kind(arn=_regional("ram", "resource-share/{id}"), ref="{arn}"),
    "AWS::Cognito::UserPool": Kind(
        arn=_regional("cognito-idp", "userpool/{id}"),
        ref="{id}",
        start="{region}_",
        attributes={
            "UserPoolId": "{id}",
            "ProviderName": "cognito-idp.{region}.{suffix}/{id}",
            "ProviderURL": "https://cognito-idp.{region}.{suffix}/{id}",
        },
    ),
    "AWS::Cognito::IdentityPool": Kind(
        arn=_regional("cognito-identity", "identitypool/{id}"), ref="{id}", start="{region}:", attributes={"Id": "{id}"}
    ),
}

_CATALOG_TYPES: Final = {
    "AWS::Glue::Database": Kind(
        name="DatabaseInput.Name", arn=_arn("glue:{region}:{CatalogId}:database/{name}"), defaults=_CATALOG, attributes={"Name": "{name}"}
    ),
    "AWS::Glue::Table": Kind(
        name="TableInput.Name|Name", arn=_arn("glue:{region}:{CatalogId}:table/{DatabaseName}/{name}"), defaults=_CATALOG
    ),
    "AWS::Glue::Job": Kind(name="Name", arn=_regional("glue", "job/{name}")),
    "AWS::Glue::Crawler": Kind(name="Name", arn=_regional("glue", "crawler/{name}")),
    "AWS::Glue::Trigger": Kind(name="Name", arn=_regional("glue", "trigger/{name}")),
    "AWS::Glue::Workflow": Kind(name="Name", arn=_regional("glue", "workflow/{name}")),
    "AWS::Glue::Connection": Kind(name="ConnectionInput.Name", arn=_arn("glue:{region}:{CatalogId}:connection/{name}"), defaults=_CATALOG),
    "AWS::Glue::DevEndpoint": Kind(name="EndpointName", arn=_regional("glue", "devEndpoint/{name}")),
    "AWS::Glue::SecurityConfiguration": Kind(name="Name"),
    "AWS::Glue::DataQualityRuleset": Kind(name="Name", arn=_regional("glue", "dataQualityRuleset/{name}")),
    "AWS::Glue::MLTransform": Kind(arn=_regional("glue", "mlTransform/{id}"), ref="{id}"),
    "AWS::Glue::Registry": Kind(name="Name", arn=_regional("glue", "registry/{name}"), ref="{arn}"),
    "AWS::Glue::Schema": Kind(arn=_regional("glue", "schema/{id}"), ref="{arn}"),
    "AWS::LakeFormation::Tag": Kind(name="TagKey"),
    "AWS::Athena::WorkGroup": Kind(name="Name", arn=_regional("athena", "workgroup/{name}")),
    "AWS::Athena::DataCatalog": Kind(name="Name", arn=_regional("athena", "datacatalog/{name}")),
    "AWS::Athena::NamedQuery": Kind(ref="{id}", attributes={"NamedQueryId": "{id}"}),
    "AWS::Redshift::Cluster": Kind(
        name="ClusterIdentifier",
        arn=_regional("redshift", "cluster:{name}"),
        attributes={"ClusterNamespaceArn": _regional("redshift", "namespace:{id}")},
    ),
    "AWS::RedshiftServerless::Namespace": Kind(
        name="NamespaceName",
        arn=_regional("redshift-serverless", "namespace/{id}"),
        attributes={"Namespace.NamespaceArn": "{arn}", "Namespace.NamespaceId": "{id}", "Namespace.NamespaceName": "{name}"},
    ),
    "AWS::RedshiftServerless::Workgroup": Kind(
        name="WorkgroupName",
        arn=_regional("redshift-serverless", "workgroup/{id}"),
        attributes={
            "Workgroup.WorkgroupArn": "{arn}",
            "Workgroup.WorkgroupId": "{id}",
            "Workgroup.WorkgroupName": "{name}",
            "Workgroup.NamespaceName": "{NamespaceName}",
        },
    ),
    "AWS::RDS::DBCluster": Kind(name="DBClusterIdentifier", arn=_regional("rds", "cluster:{name}"), attributes={"DBClusterArn": "{arn}"}),
    "AWS::RDS::DBInstance": Kind(name="DBInstanceIdentifier", arn=_regional("rds", "db:{name}"), attributes={"DBInstanceArn": "{arn}"}),
}

_COMPUTE: Final = {
    "AWS::Lambda::Function": Kind(name="FunctionName", longest=64, arn=_regional("lambda", "function:{name}")),
    "AWS::Lambda::Alias": Kind(arn="{function}:{Name}", ref="{arn}", attributes={"AliasArn": "{arn}"}),
    "AWS::Lambda::Version": Kind(
        arn="{function}:{id}", ref="{arn}", attributes={"FunctionArn": "{arn}", "FunctionArnWithVersion": "{arn}", "Version": "{id}"}
    ),
    "AWS::Lambda::Url": Kind(ref="{function}", attributes={"FunctionArn": "{function}"}),
    "AWS::Lambda::LayerVersion": Kind(
        arn=_regional("lambda", "layer:{LayerName}:{id}"), ref="{arn}", attributes={"LayerVersionArn": "{arn}"}
    ),
    "AWS::StepFunctions::StateMachine": Kind(
        name="StateMachineName", arn=_regional("states", "stateMachine:{name}"), ref="{arn}", attributes={"Name": "{name}"}
    ),
    "AWS::StepFunctions::Activity": Kind(
        name="Name", arn=_regional("states", "activity:{name}"), ref="{arn}", attributes={"Name": "{name}"}
    ),
    "AWS::ECS::Cluster": Kind(name="ClusterName", longest=255, arn=_regional("ecs", "cluster/{name}")),
    "AWS::ECS::TaskDefinition": Kind(
        name="Family", arn=_regional("ecs", "task-definition/{name}:{id}"), ref="{arn}", attributes={"TaskDefinitionArn": "{arn}"}
    ),
    "AWS::ECS::Service": Kind(
        name="ServiceName",
        arn=_regional("ecs", "service/{cluster}/{name}"),
        ref="{arn}",
        attributes={"ServiceArn": "{arn}", "Name": "{name}"},
    ),
    "AWS::EKS::Cluster": Kind(name="Name", arn=_regional("eks", "cluster/{name}")),
    "AWS::EMR::Cluster": Kind(arn=_regional("elasticmapreduce", "cluster/{id}"), ref="{id}", start="j-", attributes={"Id": "{id}"}),
    "AWS::EMR::Studio": Kind(arn=_regional("elasticmapreduce", "studio/{id}"), ref="{id}", start="es-", attributes={"StudioId": "{id}"}),
    "AWS::EMRServerless::Application": Kind(
        arn=_regional("emr-serverless", "/applications/{id}"), ref="{id}", attributes={"ApplicationId": "{id}"}
    ),
    "AWS::SageMaker::NotebookInstance": Kind(
        name="NotebookInstanceName",
        arn=_regional("sagemaker", "notebook-instance/{lower}"),
        ref="{arn}",
        attributes={"NotebookInstanceArn": "{arn}", "NotebookInstanceName": "{name}"},
    ),
    "AWS::SageMaker::Domain": Kind(
        arn=_regional("sagemaker", "domain/{id}"), ref="{id}", start="d-", attributes={"DomainArn": "{arn}", "DomainId": "{id}"}
    ),
    "AWS::SageMaker::UserProfile": Kind(
        name="UserProfileName",
        arn=_regional("sagemaker", "user-profile/{DomainId}/{name}"),
        attributes={"UserProfileArn": "{arn}"},
    ),
    "AWS::SageMaker::Pipeline": Kind(name="PipelineName", arn=_regional("sagemaker", "pipeline/{name}")),
    "AWS::SageMaker::Model": Kind(
        name="ModelName", arn=_regional("sagemaker", "model/{name}"), ref="{arn}", attributes={"ModelArn": "{arn}", "ModelName": "{name}"}
    ),
    "AWS::CodeBuild::Project": Kind(name="Name", arn=_regional("codebuild", "project/{name}")),
    "AWS::CodePipeline::Pipeline": Kind(name="Name", arn=_regional("codepipeline", "{name}")),
    "AWS::CodeCommit::Repository": Kind(
        arn=_regional("codecommit", "{RepositoryName}"), ref="{id}", attributes={"Name": "{RepositoryName}", "RepositoryId": "{id}"}
    ),
    "AWS::MWAA::Environment": Kind(name="Name", arn=_regional("airflow", "environment/{name}")),
    "AWS::Batch::JobQueue": Kind(
        name="JobQueueName", arn=_regional("batch", "job-queue/{name}"), ref="{arn}", attributes={"JobQueueArn": "{arn}"}
    ),
    "AWS::Batch::ComputeEnvironment": Kind(
        name="ComputeEnvironmentName",
        arn=_regional("batch", "compute-environment/{name}"),
        ref="{arn}",
        attributes={"ComputeEnvironmentArn": "{arn}"},
    ),
    "AWS::Batch::JobDefinition": Kind(
        name="JobDefinitionName",
        arn=_regional("batch", "job-definition/{name}:{id}"),
        ref="{arn}",
        attributes={"JobDefinitionArn": "{arn}"},
    ),
}

_MESSAGING: Final = {
    "AWS::SNS::Topic": Kind(
        name="TopicName",
        longest=256,
        arn=_regional("sns", "{name}"),
        ref="{arn}",
        attributes={"TopicArn": "{arn}", "TopicName": "{name}"},
    ),
    "AWS::SQS::Queue": Kind(
        name="QueueName",
        longest=80,
        arn=_regional("sqs", "{name}"),
        ref="https://sqs.{region}.{suffix}/{account}/{name}",
        attributes={"QueueName": "{name}", "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{name}"},
    ),
    "AWS::Events::Rule": Kind(name="Name", longest=64, arn=_regional("events", "rule/{bus}{name}"), ref="{bar}{name}"),
    "AWS::Events::EventBus": Kind(name="Name", arn=_regional("events", "event-bus/{name}"), attributes={"Name": "{name}"}),
    "AWS::Scheduler::Schedule": Kind(
        name="Name", arn=_regional("scheduler", "schedule/{GroupName}/{name}"), defaults={"GroupName": "default"}
    ),
    "AWS::Kinesis::Stream": Kind(name="Name", longest=128, arn=_regional("kinesis", "stream/{name}")),
    "AWS::KinesisFirehose::DeliveryStream": Kind(name="DeliveryStreamName", arn=_regional("firehose", "deliverystream/{name}")),
    "AWS::Logs::LogGroup": Kind(
        name="LogGroupName",
        longest=512,
        arn=_regional("logs", "log-group:{name}"),
        attributes={"Arn": _regional("logs", "log-group:{name}:*")},
    ),
    "AWS::CloudWatch::Alarm": Kind(name="AlarmName", longest=255, arn=_regional("cloudwatch", "alarm:{name}")),
    "AWS::ApiGateway::RestApi": Kind(arn=_arn("apigateway:{region}::/restapis/{id}"), ref="{id}", attributes={"RestApiId": "{id}"}),
    "AWS::ApiGatewayV2::Api": Kind(arn=_arn("apigateway:{region}::/apis/{id}"), ref="{id}", attributes={"ApiId": "{id}"}),
    "AWS::AppSync::GraphQLApi": Kind(arn=_regional("appsync", "apis/{id}"), ref="{arn}", attributes={"ApiId": "{id}"}),
    "AWS::DataZone::Domain": Kind(arn=_regional("datazone", "domain/{id}"), ref="{id}", start="dzd", attributes={"Id": "{id}"}),
}


def _ec2(resource: str, start: str, *attributes: str) -> Kind:
    return Kind(arn=_regional("ec2", f"{resource}/{{id}}"), ref="{id}", start=start, attributes=dict.fromkeys(attributes, "{id}"))


_NETWORK: Final = {
    "AWS::EC2::VPCEndpoint": _ec2("vpc-endpoint", "vpce-", "Id"),
    "AWS::EC2::VPC": _ec2("vpc", "vpc-", "VpcId"),
    "AWS::EC2::Subnet": _ec2("subnet", "subnet-", "SubnetId"),
    "AWS::EC2::RouteTable": _ec2("route-table", "rtb-", "RouteTableId"),
    "AWS::EC2::SecurityGroup": _ec2("security-group", "sg-", "GroupId", "Id"),
    "AWS::EC2::Instance": _ec2("instance", "i-", "InstanceId"),
    "AWS::EC2::LaunchTemplate": _ec2("launch-template", "lt-", "LaunchTemplateId"),
}

KINDS: Final[Mapping[str, Kind]] = MappingProxyType({**_STORAGE, **_SECURITY, **_CATALOG_TYPES, **_COMPUTE, **_MESSAGING, **_NETWORK})
"""Every type that is known."""
