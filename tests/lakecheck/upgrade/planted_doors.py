"""What takes access or opens doors when it is planted into a lake: by name the edits, and what is to be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lakecheck.upgrade.planted import GONE, LAKE, document, grant
from tests.lakecheck.upgrade.support import ACCOUNT, OTHER

if TYPE_CHECKING:
    from tests.lakecheck.upgrade.planted import Edits

RES = LAKE["Resources"]
B = "Bucket/Properties"
ORDERS = "Orders/Properties/TableInput"
POLICY = "BucketPolicy/Properties/PolicyDocument/Statement"
TRUST = "Properties/AssumeRolePolicyDocument/Statement"
KEYS = "Key/Properties/KeyPolicy/Statement"
TRAIL, WORKGROUP = "Trail/Properties", "Workgroup/Properties/WorkGroupConfiguration"
SCP = "Scp/Properties/Content/Statement"
SETTINGS, LOCATION = "Settings/Properties", "Location/Properties"
EVERYBODY = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]


DOORS: dict[str, tuple[Edits, str]] = {
    # access
    "grant gone": ({"ByName": GONE}, "lost_access.grant ByName"),
    "grant narrowed": ({"ByName/Properties/Permissions": ["DESCRIBE"]}, "lost_access.gap ByName, lost_access.grant ByName"),
    "grant to another": (
        {"ByName/Properties/Principal/DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/b"},
        "lost_access.grant ByName",
    ),
    "grant by expression narrowed": (
        {"ByTag/Properties/Resource/LFTagPolicy/Expression/0/TagValues": ["public"]},
        "lost_access.grant ByTag",
    ),
    "grant by expression with another key": (
        {"ByTag/Properties/Resource/LFTagPolicy/Expression/+": {"TagKey": "class2", "TagValues": ["a"]}},
        "lost_access.grant ByTag",
    ),
    "grant on fewer columns": (
        {"ByColumns/Properties/Resource/TableWithColumns/ColumnNames": ["id"]},
        "lost_access.gap ByColumns, lost_access.grant ByColumns",
    ),
    "grant on a database gone": ({"ByDatabase": GONE}, "lost_access.grant ByDatabase"),
    "grant on a location gone": ({"ByLocation": GONE}, "lost_access.grant ByLocation"),
    "grant's logical id": ({"ByName": GONE, "Analyst": RES["ByName"]}, "lost_access.revoked_after_grant Analyst"),
    "grant gets more": ({"ByName/Properties/Permissions": ["SELECT", "DESCRIBE", "INSERT"]}, "lost_access.gap ByName"),
    "filter with a grant gone": ({"Germany": GONE}, "lost_access.dies_with_filter Germany"),
    "filter's rows": ({"Germany/Properties/RowFilter/FilterExpression": "country = 'AT'"}, "lost_access.dies_with_filter Germany"),
    "filter's columns": ({"Germany/Properties/ColumnNames": ["id"]}, "lost_access.dies_with_filter Germany"),
    "tag on a table gone": ({"OrdersTag": GONE}, "lost_access.tag OrdersTag"),
    "tag's value": (
        {"OrdersTag/Properties/LFTags/0/TagValues": ["secret"]},
        "lost_access.tag OrdersTag",
    ),
    "tag's values": ({"Classes/Properties/TagValues": ["public", "secret"]}, "lost_access.tag_value Classes"),
    "tag deleted": ({"Classes": GONE}, "lost_access.tag_value Classes"),
    "location gone": ({"Location": GONE}, "lost_access.location Location"),
    "location narrowed": ({f"{LOCATION}/ResourceArn": {"Fn::Sub": "${Bucket.Arn}/sales"}}, "lost_access.location Location"),
    "database renamed": (
        {"Sales/Properties/DatabaseInput/Name": "sales2"},
        "data_loss.replaced Orders, data_loss.replaced Sales, lost_access.dies_with_database Sales",
    ),
    "database deleted": (
        {"Sales": GONE, "Orders": GONE},
        "data_loss.deleted Orders, data_loss.deleted Sales, lost_access.dies_with_database Sales",
    ),
    "database with another logical id": (
        {"Sales": GONE, "SalesDb": RES["Sales"], "Orders/Properties/DatabaseName/Ref": "SalesDb"},
        "collision.name_taken SalesDb",
    ),
    "table renamed": ({f"{ORDERS}/Name": "orders2"}, "data_loss.replaced Orders, lost_access.dies_with_table Orders"),
    "table deleted": ({"Orders": GONE}, "data_loss.deleted Orders, lost_access.dies_with_table Orders"),
    "location role renamed": ({"LocationRole/Properties/RoleName": "location-2"}, ""),
    "role with grants renamed": ({"Partner/Properties/RoleName": "partner-2"}, "lost_access.principal Partner"),
    "role with grants deleted": ({"Partner": GONE}, "lost_access.principal Partner"),
    # doors
    "tls statement gone": ({f"{POLICY}/0": GONE}, "security_weakened.deny BucketPolicy"),
    "key statement gone": ({f"{POLICY}/1": GONE}, "security_weakened.deny BucketPolicy"),
    "deny narrowed to an action": ({f"{POLICY}/0/Action": "s3:GetObject"}, "security_weakened.deny BucketPolicy"),
    "deny narrowed to a prefix": ({f"{POLICY}/1/Resource": {"Fn::Sub": "${Bucket.Arn}/sales/*"}}, "security_weakened.deny BucketPolicy"),
    "deny with another condition": (
        {f"{POLICY}/0/Condition/StringEquals": {"aws:PrincipalAccount": "1"}},
        "security_weakened.deny BucketPolicy",
    ),
    "deny for one principal": ({f"{POLICY}/0/Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}}, "security_weakened.deny BucketPolicy"),
    "deny with an exception": (
        {f"{POLICY}/0/Condition/ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}},
        "security_weakened.deny BucketPolicy",
    ),
    "bucket policy gone": ({"BucketPolicy": GONE}, "security_weakened.deny BucketPolicy"),
    "organisation condition gone": ({f"{POLICY}/2/Condition": GONE}, "security_weakened.policy BucketPolicy"),
    "bucket opened to an account": (
        {
            f"{POLICY}/+": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Action": "s3:GetObject",
                "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
            }
        },
        "security_weakened.policy BucketPolicy",
    ),
    "bucket open to all": (
        {f"{POLICY}/+": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Bucket.Arn}/*"}}},
        "security_weakened.policy BucketPolicy",
    ),
    "shared with all of the organisation": (
        {f"{POLICY}/2/Resource": {"Fn::Sub": "${Bucket.Arn}/*"}},
        "security_weakened.policy BucketPolicy",
    ),
    "first policy of a bucket": (
        {
            "RawPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": {"Ref": "Raw"},
                    "PolicyDocument": document(
                        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "s3:*", "Resource": {"Fn::Sub": "${Raw.Arn}/*"}}
                    ),
                },
            }
        },
        "security_weakened.policy RawPolicy",
    ),
    "key opened to an account": (
        {f"{KEYS}/+": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "kms:Decrypt", "Resource": "*"}},
        "security_weakened.policy Key",
    ),
    "key open to all": ({f"{KEYS}/0/Principal": "*"}, "security_weakened.policy Key"),
    "key by a service with a condition for anybody": (
        {
            f"{KEYS}/+": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "kms:*",
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
            }
        },
        "security_weakened.policy Key",
    ),
    "trust to another account": (
        {f"Reader/{TRUST}/+": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "sts:AssumeRole"}},
        "security_weakened.trust Reader",
    ),
    "trust to all": ({f"Reader/{TRUST}/0/Principal": {"AWS": "*"}}, "security_weakened.trust Reader"),
    "trust without a second factor": ({f"Reader/{TRUST}/0/Condition": GONE}, "security_weakened.condition Reader"),
    "trust without an external id": ({f"Partner/{TRUST}/0/Condition": GONE}, "security_weakened.condition Partner"),
    "trust to another external id": (
        {f"Partner/{TRUST}/0/Condition/StringEquals/sts:ExternalId": ["acme-7", "other"]},
        "security_weakened.trust Partner",
    ),
    "boundary gone": ({"Reader/Properties/PermissionsBoundary": GONE}, "security_weakened.guardrail Reader"),
    "boundary is administration": (
        {"Reader/Properties/PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
        "security_weakened.guardrail Reader",
    ),
    "administration": (
        {"JobPolicy/Properties/PolicyDocument/Statement/0/Action": "*", "JobPolicy/Properties/PolicyDocument/Statement/0/Resource": "*"},
        "security_weakened.wide_rights JobPolicy",
    ),
    "a whole service": (
        {"JobPolicy/Properties/PolicyDocument/Statement/0/Action": "s3:*", "JobPolicy/Properties/PolicyDocument/Statement/0/Resource": "*"},
        "security_weakened.wide_rights JobPolicy",
    ),
    "identity's deny gone": ({"JobPolicy/Properties/PolicyDocument/Statement/1": GONE}, "security_weakened.deny JobPolicy"),
    "managed administration": (
        {"Reader/Properties/ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
        "security_weakened.wide_rights Reader",
    ),
    "grants itself": (
        {
            "JobPolicy/Properties/PolicyDocument/Statement/0/Action": ["lakeformation:GrantPermissions"],
            "JobPolicy/Properties/PolicyDocument/Statement/0/Resource": "*",
        },
        "security_weakened.wide_rights JobPolicy",
    ),
    "scp statement gone": ({f"{SCP}/0": GONE}, "security_weakened.organization_policy Scp"),
    "scp action gone": ({f"{SCP}/1/Action": ["cloudtrail:StopLogging"]}, "security_weakened.organization_policy Scp"),
    "scp with an exception": (
        {f"{SCP}/1/Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops"}}},
        "security_weakened.organization_policy Scp",
    ),
    "scp detached": ({"Scp/Properties/TargetIds": ["ou-abcd-11111111"]}, "security_weakened.guardrail Scp"),
    "scp gone": ({"Scp": GONE}, "security_weakened.guardrail Scp"),
    "public access block off": ({f"{B}/PublicAccessBlockConfiguration/BlockPublicPolicy": False}, "security_weakened.public_access Bucket"),
    "public access block gone": ({f"{B}/PublicAccessBlockConfiguration": GONE}, "security_weakened.public_access Bucket"),
    "ownership": ({f"{B}/OwnershipControls/Rules/0/ObjectOwnership": "ObjectWriter"}, "security_weakened.public_access Bucket"),
    "encryption by AWS's key": (
        {f"{B}/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}},
        "security_weakened.encryption Bucket",
    ),
    "encryption gone": ({f"{B}/BucketEncryption": GONE}, "security_weakened.encryption Bucket"),
    "log group's key": ({"Logs/Properties/KmsKeyId": GONE}, "security_weakened.encryption Logs"),
    "queue's key": ({"Queue/Properties/KmsMasterKeyId": GONE}, "security_weakened.encryption Queue"),
    "topic's key": ({"Topic/Properties/KmsMasterKeyId": "alias/aws/sns"}, "security_weakened.encryption Topic"),
    "stream's key": ({"Stream/Properties/StreamEncryption": GONE}, "security_weakened.encryption Stream"),
    "catalog's key": (
        {"CatalogKeys/Properties/DataCatalogEncryptionSettings/EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}},
        "security_weakened.encryption CatalogKeys",
    ),
    "catalog's encryption gone": ({"CatalogKeys": GONE}, "security_weakened.guardrail CatalogKeys"),
    "job's security": ({"Job/Properties/SecurityConfiguration": GONE}, "security_weakened.encryption Job"),
    "access log": ({f"{B}/LoggingConfiguration": GONE}, "security_weakened.audit Bucket"),
    "rotation off": ({"Key/Properties/EnableKeyRotation": False}, "security_weakened.rotation Key"),
    "rotation left out": ({"Key/Properties/EnableKeyRotation": GONE}, "security_weakened.rotation Key"),
    "secret's rotation": ({"Rotation/Properties/RotationRules/AutomaticallyAfterDays": 365}, "security_weakened.rotation Rotation"),
    "secret's rotation gone": ({"Rotation": GONE}, "security_weakened.rotation Rotation"),
    "IAM decides by default in databases": (
        {f"{SETTINGS}/CreateDatabaseDefaultPermissions": EVERYBODY},
        "security_weakened.lake_formation Settings",
    ),
    "IAM decides by default in tables": (
        {f"{SETTINGS}/CreateTableDefaultPermissions": EVERYBODY},
        "security_weakened.lake_formation Settings",
    ),
    "settings gone": ({"Settings": GONE}, "security_weakened.lake_formation Settings"),
    "one more administrator": (
        {f"{SETTINGS}/Admins/+": {"DataLakePrincipalIdentifier": "arn:aws:iam::1:role/x"}},
        "security_weakened.lake_formation Settings",
    ),
    "older sharing": ({f"{SETTINGS}/Parameters/CROSS_ACCOUNT_VERSION": "1"}, "security_weakened.lake_formation Settings"),
    "engines of others": ({f"{SETTINGS}/AllowExternalDataFiltering": True}, "security_weakened.lake_formation Settings"),
    "hybrid": ({f"{LOCATION}/HybridAccessEnabled": True}, "security_weakened.lake_formation Location"),
    "IAM_ALLOWED_PRINCIPALS on a table": (
        {"All": grant("IAM_ALLOWED_PRINCIPALS", {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}, "ALL")},
        "security_weakened.lake_formation All",
    ),
    "workgroup not enforced": ({f"{WORKGROUP}/EnforceWorkGroupConfiguration": False}, "security_weakened.query_limits Workgroup"),
    "scan cap": ({f"{WORKGROUP}/BytesScannedCutoffPerQuery": GONE}, "security_weakened.query_limits Workgroup"),
    "higher scan cap": ({f"{WORKGROUP}/BytesScannedCutoffPerQuery": 10**13}, "security_weakened.query_limits Workgroup"),
    "results unencrypted": ({f"{WORKGROUP}/ResultConfiguration/EncryptionConfiguration": GONE}, "security_weakened.encryption Workgroup"),
    "metrics off": ({f"{WORKGROUP}/PublishCloudWatchMetricsEnabled": False}, "security_weakened.audit Workgroup"),
    "logging off": ({f"{TRAIL}/IsLogging": False}, "security_weakened.audit Trail"),
    "one Region": ({f"{TRAIL}/IsMultiRegionTrail": False}, "security_weakened.audit Trail"),
    "no validation": ({f"{TRAIL}/EnableLogFileValidation": GONE}, "security_weakened.audit Trail"),
    "no selectors": ({f"{TRAIL}/EventSelectors": GONE}, "security_weakened.audit Trail"),
    "a data resource less": ({f"{TRAIL}/EventSelectors/0/DataResources/0/Values/1": GONE}, "security_weakened.audit Trail"),
    "writes alone": ({f"{TRAIL}/EventSelectors/0/ReadWriteType": "WriteOnly"}, "security_weakened.audit Trail"),
    "no management events": ({f"{TRAIL}/EventSelectors/0/IncludeManagementEvents": False}, "security_weakened.audit Trail"),
    "trail gone": ({"Trail": GONE}, "security_weakened.audit Trail"),
    "trail's key": ({f"{TRAIL}/KMSKeyId": GONE}, "security_weakened.encryption Trail"),
    "detector off": ({"Detector/Properties/Enable": False}, "security_weakened.detection Detector"),
    "detector gone": ({"Detector": GONE}, "security_weakened.detection Detector"),
    "feature off": ({"Detector/Properties/Features/0/Status": "DISABLED"}, "security_weakened.detection Detector"),
    "alarm gone": ({"Alarm": GONE}, "security_weakened.detection Alarm"),
    "alarm silent": ({"Alarm/Properties/ActionsEnabled": False}, "security_weakened.detection Alarm"),
    "alarm calls nobody": ({"Alarm/Properties/AlarmActions": GONE}, "security_weakened.detection Alarm"),
    "executions unlogged": ({"Machine/Properties/LoggingConfiguration/Level": "OFF"}, "security_weakened.audit Machine"),
    "executions' log gone": ({"Machine/Properties/LoggingConfiguration": GONE}, "security_weakened.audit Machine"),
    "open to the world": ({"Group/Properties/SecurityGroupIngress/0/CidrIp": "0.0.0.0/0"}, "security_weakened.network Group"),
    "open to half of the world": ({"Group/Properties/SecurityGroupIngress/0/CidrIp": "0.0.0.0/1"}, "security_weakened.network Group"),
    "open to a parameter": (
        {"Group/Properties/SecurityGroupIngress/0/CidrIp": {"Ref": "Who"}, "^Parameters/Who": {"Type": "String"}},
        "security_weakened.network Group",
    ),
    "open to a wider network": ({"Group/Properties/SecurityGroupIngress/0/CidrIp": "10.0.0.0/8"}, "security_weakened.network Group"),
    "all ports": ({"Group/Properties/SecurityGroupIngress/0/IpProtocol": "-1"}, "security_weakened.network Group"),
    "another port": (
        {"Group/Properties/SecurityGroupIngress/+": {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "203.0.113.0/24"}},
        "security_weakened.network Group",
    ),
    "endpoint's policy gone": ({"Endpoint/Properties/PolicyDocument": GONE}, "security_weakened.guardrail Endpoint"),
    "endpoint's condition gone": (
        {"Endpoint/Properties/PolicyDocument/Statement/0/Condition": GONE},
        "security_weakened.endpoint Endpoint",
    ),
    "role with grants that follow renamed": ({"Reader/Properties/RoleName": "reader-2"}, "lost_access.principal Reader"),
    "bucket policy under another logical id": ({"BucketPolicy": GONE, "Doors": RES["BucketPolicy"]}, "collision.name_taken Doors"),
}
