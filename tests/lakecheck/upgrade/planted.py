"""A plain CloudFormation lake by nobody in particular, and the edits that plant a danger or its harmless twin into it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.lakecheck.upgrade.support import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Mapping

GONE = object()
"""The value that takes away what is at a path."""

Edits = dict[str, Any]
"""New values by path below the template, `/` between the levels; a number is a place in a list, `+` after a list's path appends."""


def _iam(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def document(*statements: Any) -> dict[str, Any]:
    """A policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def grant(who: Any, thing: Mapping[str, Any], *permissions: str) -> dict[str, Any]:
    """A native grant."""
    return {
        "Type": "AWS::LakeFormation::PrincipalPermissions",
        "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": who},
            "Resource": thing,
            "Permissions": list(permissions),
            "PermissionsWithGrantOption": [],
        },
    }


def kept(kind: str, policy: str = "Retain", **properties: Any) -> dict[str, Any]:
    """A resource that is kept when it goes."""
    return {"Type": kind, "DeletionPolicy": policy, "UpdateReplacePolicy": policy, "Properties": properties}


def column(name: str, kind: str = "string") -> dict[str, str]:
    """A column of a table."""
    return {"Name": name, "Type": kind}


_SSE = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}}
_BLOCKS = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
_ALARM: dict[str, Any] = {
    "Namespace": "AWS/States",
    "MetricName": "ExecutionsFailed",
    "Threshold": 1,
    "EvaluationPeriods": 1,
    "Period": 300,
    "Statistic": "Sum",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [{"Ref": "Topic"}],
}
_ORDERS = {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}

LAKE: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {
        "Days": {"Type": "Number", "Default": 400},
        "Zone": {"Type": "String", "Default": "curated"},
        "Open": {"Type": "String", "Default": "no"},
        "Prefix": {"Type": "String", "Default": "acme"},
    },
    "Mappings": {"Kept": {"logs": {"Days": 365}}, "Names": {"queue": {"Name": "ingest-queue"}}},
    "Conditions": {"IsClosed": {"Fn::Equals": [{"Ref": "Open"}, "no"]}},
    "Resources": {
        "Key": kept(
            "AWS::KMS::Key",
            EnableKeyRotation=True,
            PendingWindowInDays=30,
            KeyPolicy=document(
                {
                    "Sid": "Own",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ),
        ),
        "Bucket": kept(
            "AWS::S3::Bucket",
            BucketName="acme-curated",
            VersioningConfiguration={"Status": "Enabled"},
            BucketEncryption={"ServerSideEncryptionConfiguration": [_SSE]},
            PublicAccessBlockConfiguration=_BLOCKS,
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            LoggingConfiguration={"DestinationBucketName": "acme-access-logs", "LogFilePrefix": "curated/"},
            ObjectLockEnabled=True,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}},
            },
            ReplicationConfiguration={
                "Role": _iam("replicate"),
                "Rules": [
                    {
                        "Id": "all",
                        "Status": "Enabled",
                        "Priority": 1,
                        "Filter": {"Prefix": ""},
                        "DeleteMarkerReplication": {"Status": "Disabled"},
                        "Destination": {"Bucket": "arn:aws:s3:::acme-copy"},
                    }
                ],
            },
            LifecycleConfiguration={
                "Rules": [
                    {"Id": "tmp", "Status": "Enabled", "Prefix": "tmp/", "ExpirationInDays": 30},
                    {"Id": "old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3}},
                    {"Id": "off", "Status": "Disabled", "Prefix": "", "ExpirationInDays": 7},
                    {"Id": "parts", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
                    {
                        "Id": "tagged",
                        "Status": "Enabled",
                        "Prefix": "stage/",
                        "TagFilters": [{"Key": "ttl", "Value": "short"}],
                        "ExpirationInDays": 60,
                    },
                    {"Id": "small", "Status": "Enabled", "Prefix": "logs/", "ObjectSizeLessThan": 1000, "ExpirationInDays": 90},
                    {
                        "Id": "cold",
                        "Status": "Enabled",
                        "Prefix": "archive/",
                        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
                        "NoncurrentVersionExpirationInDays": 400,
                    },
                ]
            },
        ),
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": document(
                    {
                        "Sid": "Tls",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                    {
                        "Sid": "Key",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:PutObject",
                        "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
                    },
                    {
                        "Sid": "Org",
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": ["s3:GetObject"],
                        "Resource": {"Fn::Sub": "${Bucket.Arn}/shared/*"},
                        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
                    },
                ),
            },
        },
        "Raw": kept("AWS::S3::Bucket", BucketName={"Fn::Sub": "${Prefix}-raw"}, VersioningConfiguration={"Status": "Enabled"}),
        "State": kept(
            "AWS::DynamoDB::Table",
            TableName="ingest-state",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            DeletionProtectionEnabled=True,
        ),
        "Logs": kept(
            "AWS::Logs::LogGroup", LogGroupName="/lake/jobs", RetentionInDays={"Ref": "Days"}, KmsKeyId={"Fn::GetAtt": ["Key", "Arn"]}
        ),
        "Audit": kept("AWS::Logs::LogGroup", RetentionInDays={"Fn::FindInMap": ["Kept", "logs", "Days"]}),
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": {"Fn::FindInMap": ["Names", "queue", "Name"]},
                "MessageRetentionPeriod": 1209600,
                "KmsMasterKeyId": {"Ref": "Key"},
                "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3},
            },
        },
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
        "Stream": kept(
            "AWS::Kinesis::Stream",
            ShardCount=1,
            RetentionPeriodHours=168,
            StreamEncryption={"EncryptionType": "KMS", "KeyId": {"Ref": "Key"}},
        ),
        "Secret": kept("AWS::SecretsManager::Secret", Name="source-password"),
        "Rotation": {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "Properties": {"SecretId": {"Ref": "Secret"}, "RotationRules": {"AutomaticallyAfterDays": 30}},
        },
        "Vault": kept(
            "AWS::Backup::BackupVault", BackupVaultName="lake", LockConfiguration={"MinRetentionDays": 30, "MaxRetentionDays": 365}
        ),
        "Plan": {
            "Type": "AWS::Backup::BackupPlan",
            "Properties": {
                "BackupPlan": {
                    "BackupPlanName": "lake",
                    "BackupPlanRule": [
                        {"RuleName": "daily", "TargetBackupVault": {"Ref": "Vault"}, "Lifecycle": {"DeleteAfterDays": 35}},
                        {"RuleName": "monthly", "TargetBackupVault": {"Ref": "Vault"}, "Lifecycle": {"DeleteAfterDays": 365}},
                    ],
                }
            },
        },
        "Reader": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "reader",
                "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
                "AssumeRolePolicyDocument": document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                    }
                ),
            },
        },
        "Partner": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "partner",
                "AssumeRolePolicyDocument": document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"sts:ExternalId": "acme-7"}},
                    }
                ),
            },
        },
        "LocationRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "location",
                "AssumeRolePolicyDocument": document(
                    {"Effect": "Allow", "Principal": {"Service": "lakeformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ),
            },
        },
        "JobRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": document(
                    {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ),
                "Policies": [
                    {
                        "PolicyName": "admin",
                        "PolicyDocument": document(
                            {
                                "Sid": "Wide",
                                "Effect": "Allow",
                                "Action": "glue:*",
                                "Resource": "*",
                            }
                        ),
                    }
                ],
            },
        },
        "JobPolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "read",
                "Roles": [{"Ref": "JobRole"}],
                "PolicyDocument": document(
                    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Bucket.Arn}/*"}},
                    {"Effect": "Deny", "Action": "s3:DeleteObject*", "Resource": "*"},
                ),
            },
        },
        "Location": {
            "Type": "AWS::LakeFormation::Resource",
            "Properties": {
                "ResourceArn": {"Fn::GetAtt": ["Bucket", "Arn"]},
                "RoleArn": {"Fn::GetAtt": ["LocationRole", "Arn"]},
                "UseServiceLinkedRole": False,
                "HybridAccessEnabled": False,
            },
        },
        "Settings": {
            "Type": "AWS::LakeFormation::DataLakeSettings",
            "Properties": {
                "Admins": [{"DataLakePrincipalIdentifier": _iam("lake-admin")}],
                "CreateDatabaseDefaultPermissions": [],
                "CreateTableDefaultPermissions": [],
                "Parameters": {"CROSS_ACCOUNT_VERSION": "4"},
            },
        },
        "Classes": {
            "Type": "AWS::LakeFormation::Tag",
            "Properties": {"CatalogId": ACCOUNT, "TagKey": "class", "TagValues": ["public", "internal", "secret"]},
        },
        "Sales": {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "sales", "LocationUri": "s3://acme-curated/sales/"}},
        },
        "Orders": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": ACCOUNT,
                "DatabaseName": {"Ref": "Sales"},
                "TableInput": {
                    "Name": "orders",
                    "TableType": "EXTERNAL_TABLE",
                    "PartitionKeys": [column("day", "date")],
                    "StorageDescriptor": {
                        "Location": "s3://acme-curated/sales/orders/",
                        "Columns": [column("id", "bigint"), column("total", "decimal(10,2)"), column("email"), column("country")],
                    },
                },
            },
        },
        "OrdersTag": {
            "Type": "AWS::LakeFormation::TagAssociation",
            "Properties": {
                "Resource": {"Table": _ORDERS},
                "LFTags": [{"CatalogId": ACCOUNT, "TagKey": "class", "TagValues": ["internal"]}],
            },
        },
        "Germany": {
            "Type": "AWS::LakeFormation::DataCellsFilter",
            "Properties": {
                "TableCatalogId": ACCOUNT,
                "DatabaseName": "sales",
                "TableName": "orders",
                "Name": "germany",
                "ColumnNames": ["id", "total"],
                "RowFilter": {"FilterExpression": "country = 'DE'"},
            },
        },
        "ByName": grant(_iam("analyst"), {"Table": _ORDERS}, "SELECT", "DESCRIBE"),
        "ByTag": grant(
            _iam("scientist"),
            {
                "LFTagPolicy": {
                    "CatalogId": ACCOUNT,
                    "ResourceType": "TABLE",
                    "Expression": [{"TagKey": "class", "TagValues": ["internal", "public"]}],
                }
            },
            "SELECT",
        ),
        "ByFilter": grant(
            _iam("partner"),
            {"DataCellsFilter": {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": "germany"}},
            "SELECT",
        ),
        "ByDatabase": grant(_iam("ingest"), {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}, "CREATE_TABLE", "DESCRIBE"),
        "ByLocation": grant(
            _iam("ingest"), {"DataLocation": {"CatalogId": ACCOUNT, "ResourceArn": "arn:aws:s3:::acme-curated"}}, "DATA_LOCATION_ACCESS"
        ),
        "ByRole": grant({"Fn::GetAtt": ["Reader", "Arn"]}, {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}, "DESCRIBE"),
        "ByColumns": grant(
            _iam("marketing"),
            {"TableWithColumns": {**_ORDERS, "ColumnNames": ["id", "country"]}},
            "SELECT",
        ),
        "Workgroup": {
            "Type": "AWS::Athena::WorkGroup",
            "Properties": {
                "Name": "analysts",
                "WorkGroupConfiguration": {
                    "EnforceWorkGroupConfiguration": True,
                    "BytesScannedCutoffPerQuery": 100_000_000_000,
                    "PublishCloudWatchMetricsEnabled": True,
                    "ResultConfiguration": {
                        "OutputLocation": "s3://acme-results/analysts/",
                        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]}},
                    },
                },
            },
        },
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "Properties": {
                "TrailName": "lake",
                "S3BucketName": "acme-trail",
                "IsLogging": True,
                "IsMultiRegionTrail": True,
                "IncludeGlobalServiceEvents": True,
                "EnableLogFileValidation": True,
                "KMSKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
                "EventSelectors": [
                    {
                        "ReadWriteType": "All",
                        "IncludeManagementEvents": True,
                        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::acme-curated/", "arn:aws:s3:::acme-raw/"]}],
                    }
                ],
            },
        },
        "Detector": {
            "Type": "AWS::GuardDuty::Detector",
            "Properties": {
                "Enable": True,
                "FindingPublishingFrequency": "FIFTEEN_MINUTES",
                "Features": [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}, {"Name": "LAMBDA_NETWORK_LOGS", "Status": "ENABLED"}],
            },
        },
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": _ALARM},
        "Scp": {
            "Type": "AWS::Organizations::Policy",
            "Properties": {
                "Name": "guardrail",
                "Type": "SERVICE_CONTROL_POLICY",
                "TargetIds": ["ou-abcd-11111111", "ou-abcd-22222222"],
                "Content": document(
                    {"Sid": "NoLeave", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
                    {"Sid": "Trail", "Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*"},
                ),
            },
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "jobs",
                "VpcId": "vpc-1",
                "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}],
            },
        },
        "Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "ServiceName": f"com.amazonaws.{REGION}.s3",
                "VpcId": "vpc-1",
                "PolicyDocument": document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
                    }
                ),
            },
        },
        "CatalogKeys": {
            "Type": "AWS::Glue::DataCatalogEncryptionSettings",
            "Properties": {
                "CatalogId": ACCOUNT,
                "DataCatalogEncryptionSettings": {
                    "EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
                    "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": True, "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
                },
            },
        },
        "JobSecurity": {
            "Type": "AWS::Glue::SecurityConfiguration",
            "Properties": {
                "Name": "jobs",
                "EncryptionConfiguration": {
                    "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": {"Fn::GetAtt": ["Key", "Arn"]}}],
                    "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": {"Fn::GetAtt": ["Key", "Arn"]}},
                },
            },
        },
        "Job": {
            "Type": "AWS::Glue::Job",
            "Properties": {
                "Name": "orders",
                "Role": {"Fn::GetAtt": ["JobRole", "Arn"]},
                "SecurityConfiguration": {"Ref": "JobSecurity"},
                "Command": {"Name": "glueetl", "ScriptLocation": "s3://assets/0123.py"},
                "DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"},
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": _iam("machine"),
                "LoggingConfiguration": {
                    "Level": "ALL",
                    "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["Audit", "Arn"]}}}],
                },
                "DefinitionString": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": "assets", "S3Key": "0123.zip"},
                "Role": {"Fn::GetAtt": ["JobRole", "Arn"]},
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}},
            },
        },
        "Guarded": {
            **kept(
                "AWS::DynamoDB::Table",
                "Delete",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ),
            "Condition": "IsClosed",
        },
    },
    "Outputs": {"BucketArn": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}, "Export": {"Name": "lake-bucket"}}},
}


def edited(template: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a template with values changed, added (`path/+` to a list, a new key to an object) or gone (`GONE`).

    Paths start below `Resources`, or with `^` at the template itself.
    """
    found = copy.deepcopy(dict(template))
    for path, value in edits.items():
        steps = path[1:].split("/") if path.startswith("^") else ["Resources", *path.split("/")]
        inside: Any = found
        for step in steps[:-1]:
            inside = inside[int(step)] if isinstance(inside, list) else inside.setdefault(step, {})
        _set(inside, steps[-1], copy.deepcopy(value) if value is not GONE else GONE)
    return found


def _set(inside: Any, step: str, value: Any) -> None:
    if isinstance(inside, list):
        if step == "+":
            inside.append(value)
        elif value is GONE:
            del inside[int(step)]
        else:
            inside[int(step)] = value
    elif value is GONE:
        del inside[step]
    else:
        inside[step] = value
