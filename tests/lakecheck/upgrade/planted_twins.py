"""What looks like a danger and is none, by name: the same otherwise written, tightening, more of it, ordinary work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lakecheck.upgrade.planted import GONE, LAKE, column, document, grant
from tests.lakecheck.upgrade.support import ACCOUNT

if TYPE_CHECKING:
    from tests.lakecheck.upgrade.planted import Edits

RES = LAKE["Resources"]
B, RULES = "Bucket/Properties", "Bucket/Properties/LifecycleConfiguration/Rules"
LOCK = f"{B}/ObjectLockConfiguration/Rule/DefaultRetention"
ORDERS = "Orders/Properties/TableInput"
COLUMNS = f"{ORDERS}/StorageDescriptor/Columns"
POLICY = "BucketPolicy/Properties/PolicyDocument/Statement"
TRUST = "Properties/AssumeRolePolicyDocument/Statement"
KEYS = "Key/Properties/KeyPolicy/Statement"
TRAIL, WORKGROUP = "Trail/Properties", "Workgroup/Properties/WorkGroupConfiguration"
SCP = "Scp/Properties/Content/Statement"
SETTINGS, LOCATION = "Settings/Properties", "Location/Properties"
RETENTION = "Bucket/Properties/LifecycleConfiguration/Rules/1/NoncurrentVersionExpiration"


def rule(**fields: Any) -> dict[str, Any]:
    return {"Id": "new", "Status": "Enabled", **fields}


TWINS: dict[str, Edits] = {
    # the same, otherwise written
    "nothing": {},
    "parameter instead of a text": {f"{B}/BucketName": {"Fn::Sub": "${Prefix}-curated"}},
    "join instead of sub": {"Raw/Properties/BucketName": {"Fn::Join": ["-", [{"Ref": "Prefix"}, "raw"]]}},
    "number as a text": {"Stream/Properties/RetentionPeriodHours": "168", f"{LOCK}/Days": "30"},
    "boolean as a text": {"Key/Properties/EnableKeyRotation": "true", f"{TRAIL}/IsLogging": "true"},
    "parameter renamed": {
        "^Parameters/Days": GONE,
        "^Parameters/LogDays": {"Type": "Number", "Default": 400},
        "Logs/Properties/RetentionInDays": {"Ref": "LogDays"},
    },
    "mapping renamed": {
        "^Mappings/Kept": GONE,
        "^Mappings/Keep": {"logs": {"Days": 365}},
        "Audit/Properties/RetentionInDays": {"Fn::FindInMap": ["Keep", "logs", "Days"]},
    },
    "condition renamed": {
        "^Conditions/IsClosed": GONE,
        "^Conditions/Closed": {"Fn::Equals": [{"Ref": "Open"}, "no"]},
        "Guarded/Condition": "Closed",
    },
    "condition turned around": {"^Conditions/IsClosed": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Open"}, "yes"]}]}},
    "metadata and description": {"^Description": "the lake", "Bucket/Metadata": {"aws:cdk:path": "x"}},
    "depends on": {"Bucket/DependsOn": "Key"},
    "output without an export": {"^Outputs/More": {"Value": {"Ref": "Queue"}}},
    # keeps more
    "kept": {"Guarded/DeletionPolicy": "Retain", "Guarded/UpdateReplacePolicy": "Retain"},
    "queue kept": {"Queue/DeletionPolicy": "Retain", "Queue/UpdateReplacePolicy": "Retain"},
    "kept except on create": {"Bucket/DeletionPolicy": "RetainExceptOnCreate"},
    "versioning on": {"Raw/Properties/VersioningConfiguration/Status": "Enabled", f"{B}/VersioningConfiguration/Status": "Enabled"},
    "longer lock": {f"{LOCK}/Days": 90},
    "lock in years": {LOCK: {"Mode": "COMPLIANCE", "Years": 1}},
    "first lock": {
        "Raw/Properties/ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
        }
    },
    "logs kept longer": {"^Parameters/Days/Default": 731, "^Mappings/Kept/logs/Days": 400},
    "logs kept for ever": {"Logs/Properties/RetentionInDays": GONE},
    "stream keeps more": {"Stream/Properties/RetentionPeriodHours": 336},
    "more shards": {"Stream/Properties/ShardCount": 2},
    "later key deletion": {"Vault/Properties/LockConfiguration/MinRetentionDays": 60},
    "backups kept longer": {"Plan/Properties/BackupPlan/BackupPlanRule/0/Lifecycle/DeleteAfterDays": 90},
    "one more backup": {"Plan/Properties/BackupPlan/BackupPlanRule/+": {"RuleName": "yearly", "TargetBackupVault": {"Ref": "Vault"}}},
    "backup rules in another order": {
        "Plan/Properties/BackupPlan/BackupPlanRule": RES["Plan"]["Properties"]["BackupPlan"]["BackupPlanRule"][::-1]
    },
    "protection on": {"Guarded/Properties/DeletionProtectionEnabled": True},
    "recovery on": {"Guarded/Properties/PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    # lifecycles
    "expires later": {f"{RULES}/0/ExpirationInDays": 60},
    "rule gone": {f"{RULES}/0": GONE},
    "no rules": {f"{B}/LifecycleConfiguration": GONE},
    "rule switched off": {f"{RULES}/0/Status": "Disabled"},
    "disabled rule changed": {f"{RULES}/2/ExpirationInDays": 1},
    "new disabled rule": {f"{RULES}/+": rule(Status="Disabled", ExpirationInDays=1)},
    "rules in another order": {RULES: RES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"][::-1]},
    "rule has another id": {f"{RULES}/0/Id": "temporary"},
    "narrower prefix": {f"{RULES}/0/Prefix": "tmp/jobs/"},
    "one more tag": {f"{RULES}/4/TagFilters/+": {"Key": "team", "Value": "a"}},
    "narrower size": {f"{RULES}/5/ObjectSizeLessThan": 100},
    "larger objects alone": {f"{RULES}/0/ObjectSizeGreaterThan": 10},
    "more versions kept": {f"{RETENTION}/NewerNoncurrentVersions": 10},
    "versions kept longer": {f"{RETENTION}/NoncurrentDays": 365},
    "old property for the new": {
        f"{RULES}/6/NoncurrentVersionExpirationInDays": GONE,
        f"{RULES}/6/NoncurrentVersionExpiration": {"NoncurrentDays": 400},
    },
    "abort of uploads": {f"{RULES}/+": rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})},
    "abort sooner": {f"{RULES}/3/AbortIncompleteMultipartUpload/DaysAfterInitiation": 1},
    "expired delete markers": {f"{RULES}/+": rule(ExpiredObjectDeleteMarker=True)},
    "another class": {f"{RULES}/6/Transitions/0/StorageClass": "STANDARD_IA"},
    "narrower rule beside": {f"{RULES}/+": rule(Prefix="tmp/x/", ExpirationInDays=90)},
    "intelligent tiering": {
        f"{B}/IntelligentTieringConfigurations": [
            {"Id": "a", "Status": "Enabled", "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}
        ]
    },
    "rule split into two": {f"{RULES}/0/Prefix": "tmp/a/", f"{RULES}/+": rule(Prefix="tmp/b/", ExpirationInDays=30)},
    "prefix by a parameter": {f"{RULES}/0/Prefix": {"Ref": "Zone2"}, "^Parameters/Zone2": {"Type": "String", "Default": "tmp/"}},
    # catalog
    "new column": {f"{COLUMNS}/+": column("comment")},
    "wider column": {f"{COLUMNS}/1/Type": "decimal(12,2)"},
    "columns in capitals": {f"{COLUMNS}/0/Name": "ID", f"{COLUMNS}/0/Type": "BIGINT"},
    "comment": {f"{COLUMNS}/0/Comment": "the id", f"{ORDERS}/Description": "orders"},
    "new table": {
        "Returns": {
            "Type": "AWS::Glue::Table",
            "Properties": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableInput": {"Name": "returns"}},
        }
    },
    "parameters": {f"{ORDERS}/Parameters": {"classification": "parquet"}},
    # access
    "new grant": {"More": grant(f"arn:aws:iam::{ACCOUNT}:role/new", {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}, "DESCRIBE")},
    "wider grant beside": {
        "More": grant(
            f"arn:aws:iam::{ACCOUNT}:role/analyst",
            {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableWildcard": {}}},
            "SELECT",
            "DESCRIBE",
        )
    },
    "permissions in another order": {"ByName/Properties/Permissions": ["DESCRIBE", "SELECT"]},
    "values of an expression in another order": {"ByTag/Properties/Resource/LFTagPolicy/Expression/0/TagValues": ["public", "internal"]},
    "new tag value": {"Classes/Properties/TagValues": ["public", "internal", "secret", "top"]},
    "tag values in another order": {"Classes/Properties/TagValues": ["secret", "internal", "public"]},
    "new tag": {"Owner": {"Type": "AWS::LakeFormation::Tag", "Properties": {"CatalogId": ACCOUNT, "TagKey": "owner", "TagValues": ["a"]}}},
    "new location": {
        "RawLocation": {
            "Type": "AWS::LakeFormation::Resource",
            "Properties": {
                "ResourceArn": {"Fn::GetAtt": ["Raw", "Arn"]},
                "RoleArn": {"Fn::GetAtt": ["LocationRole", "Arn"]},
                "UseServiceLinkedRole": False,
            },
        }
    },
    "new filter": {
        "France": {"Type": "AWS::LakeFormation::DataCellsFilter", "Properties": {**RES["Germany"]["Properties"], "Name": "france"}}
    },
    # policies
    "sids": {f"{POLICY}/0/Sid": "A", f"{POLICY}/1/Sid": "B", f"{KEYS}/0/Sid": "C", f"{SCP}/0/Sid": "D"},
    "statements in another order": {POLICY: RES["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][::-1]},
    "actions as a list": {f"{POLICY}/1/Action": ["s3:PutObject"]},
    "wider deny": {f"{POLICY}/1/Action": ["s3:PutObject", "s3:GetObject"]},
    "deny without a condition": {f"{POLICY}/1/Condition": GONE},
    "new deny": {
        f"{POLICY}/+": {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]}}
    },
    "deny split into two": {
        f"{POLICY}/0/Resource": {"Fn::GetAtt": ["Bucket", "Arn"]},
        f"{POLICY}/+": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    },
    "shared no more": {f"{POLICY}/2": GONE},
    "one more condition": {f"{POLICY}/2/Condition/Bool": {"aws:SecureTransport": "true"}},
    "a role of the account may read": {
        f"{POLICY}/+": {
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::GetAtt": ["Reader", "Arn"]}},
            "Action": "s3:GetObject",
            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
        }
    },
    "the trail may write": {
        f"{POLICY}/+": {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    },
    "first policy denies": {
        "RawPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Raw"},
                "PolicyDocument": document(
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": {"Fn::Sub": "${Raw.Arn}/*"},
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ),
            },
        }
    },
    "key for a service": {
        f"{KEYS}/+": {
            "Effect": "Allow",
            "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}},
        }
    },
    "key for a role of the account": {
        f"{KEYS}/+": {"Effect": "Allow", "Principal": {"AWS": {"Fn::GetAtt": ["Reader", "Arn"]}}, "Action": "kms:Decrypt", "Resource": "*"}
    },
    "trust in a role of the account": {
        f"Reader/{TRUST}/+": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        }
    },
    "trust in a service": {f"JobRole/{TRUST}/0/Principal/Service": ["glue.amazonaws.com", "lambda.amazonaws.com"]},
    "trust narrowed": {f"Reader/{TRUST}/0/Principal/AWS": f"arn:aws:iam::{ACCOUNT}:role/x"},
    "trust in fewer": {f"Partner/{TRUST}/0/Principal/AWS": "arn:aws:iam::999988887777:role/x"},
    "first boundary": {"Partner/Properties/PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary"},
    "one more narrow right": {"JobPolicy/Properties/PolicyDocument/Statement/0/Action": ["s3:GetObject", "s3:GetObjectTagging"]},
    "another narrow policy": {
        "More": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "write",
                "Roles": [{"Ref": "JobRole"}],
                "PolicyDocument": document({"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Sub": "${Raw.Arn}/*"}}),
            },
        }
    },
    "wide statement moves to another policy": {
        "JobRole/Properties/Policies": GONE,
        "JobPolicy/Properties/PolicyDocument/Statement/+": RES["JobRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0],
    },
    "wide statement moves to a new policy": {
        "JobRole/Properties/Policies": GONE,
        "Wide": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "wide",
                "Roles": [{"Ref": "JobRole"}],
                "PolicyDocument": RES["JobRole"]["Properties"]["Policies"][0]["PolicyDocument"],
            },
        },
    },
    "deny moves to the role": {
        "JobPolicy/Properties/PolicyDocument/Statement/1": GONE,
        "JobRole/Properties/Policies/0/PolicyDocument/Statement/+": RES["JobPolicy"]["Properties"]["PolicyDocument"]["Statement"][1],
    },
    "wide right gone": {"JobRole/Properties/Policies": GONE},
    "new role with its policy": {
        "New": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": document(
                    {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
                )
            },
        },
        "NewPolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "n",
                "Roles": [{"Ref": "New"}],
                "PolicyDocument": document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}),
            },
        },
    },
    "scp refuses more": {f"{SCP}/+": {"Effect": "Deny", "Action": "guardduty:DeleteDetector", "Resource": "*"}},
    "scp for more": {"Scp/Properties/TargetIds/+": "ou-abcd-33333333"},
    "scp for the same in another order": {"Scp/Properties/TargetIds": ["ou-abcd-22222222", "ou-abcd-11111111"]},
    "endpoint refuses more": {
        "Endpoint/Properties/PolicyDocument/Statement/+": {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}
    },
    # watching
    "one more data resource": {f"{TRAIL}/EventSelectors/0/DataResources/0/Values/+": "arn:aws:s3:::acme-results/"},
    "every bucket": {f"{TRAIL}/EventSelectors/0/DataResources/0/Values": ["arn:aws:s3"]},
    "one more selector": {
        f"{TRAIL}/EventSelectors/+": {
            "ReadWriteType": "WriteOnly",
            "IncludeManagementEvents": False,
            "DataResources": [{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}],
        }
    },
    "data resources in another order": {
        f"{TRAIL}/EventSelectors/0/DataResources/0/Values": ["arn:aws:s3:::acme-raw/", "arn:aws:s3:::acme-curated/"]
    },
    "one more feature": {"Detector/Properties/Features/+": {"Name": "EKS_AUDIT_LOGS", "Status": "ENABLED"}},
    "more frequent": {"Detector/Properties/FindingPublishingFrequency": "ONE_HOUR"},
    "one more action": {"Alarm/Properties/AlarmActions/+": "arn:aws:sns:eu-west-1:444455556666:second"},
    "alarm's description": {"Alarm/Properties/AlarmDescription": "look"},
    "new alarm": {"Alarm2": RES["Alarm"]},
    "lower scan cap": {f"{WORKGROUP}/BytesScannedCutoffPerQuery": 10_000_000_000},
    "results by the customer's key": {f"{WORKGROUP}/ResultConfiguration/EncryptionConfiguration/EncryptionOption": "CSE_KMS"},
    "rotates sooner": {"Key/Properties/RotationPeriodInDays": 180},
    "secret rotates sooner": {"Rotation/Properties/RotationRules/AutomaticallyAfterDays": 7},
    "fewer administrators": {f"{SETTINGS}/Admins": []},
    "newer sharing": {f"{SETTINGS}/Parameters/CROSS_ACCOUNT_VERSION": "5"},
    "defaults not stated": {f"{SETTINGS}/CreateDatabaseDefaultPermissions": GONE},
    "narrower network": {"Group/Properties/SecurityGroupIngress/0/CidrIp": "10.0.1.0/24"},
    "one group more": {
        "Group/Properties/SecurityGroupIngress/+": {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": "sg-1"}
    },
    "ingress described": {"Group/Properties/SecurityGroupIngress/0/Description": "https"},
    "public access blocked": {
        "Raw/Properties/PublicAccessBlockConfiguration": RES["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]
    },
    "first encryption": {"Raw/Properties/BucketEncryption": RES["Bucket"]["Properties"]["BucketEncryption"]},
    "bucket key": {f"{B}/BucketEncryption/ServerSideEncryptionConfiguration/0/BucketKeyEnabled": True},
    "double encryption": {
        f"{B}/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm": "aws:kms:dsse"
    },
    "log prefix": {f"{B}/LoggingConfiguration/LogFilePrefix": "c/"},
    "dead letter queue": {"Dead/Properties/KmsMasterKeyId": {"Ref": "Key"}},
    "defaults left out": {f"{SETTINGS}/CreateTableDefaultPermissions": GONE},
    "feature gone": {"Detector/Properties/Features/0": GONE},
    "alarm's threshold": {"Alarm/Properties/Threshold": 1000},
    "trust with another action": {f"Partner/{TRUST}/0/Action": ["sts:AssumeRole", "sts:TagSession"]},
    # code
    "another asset": {"Function/Properties/Code/S3Key": "4567.zip", "Job/Properties/Command/ScriptLocation": "s3://assets/4567.py"},
    "another state machine": {"Machine/Properties/DefinitionString": '{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}'},
    "tags": {f"{B}/Tags": [{"Key": "team", "Value": "a"}], "Queue/Properties/Tags": [{"Key": "team", "Value": "a"}]},
    "new resources": {"Bucket2": RES["Guarded"], "Queue2": {"Type": "AWS::SQS::Queue"}},
    "role without data deleted": {"Function": GONE},
    "role under another logical id": {
        "LocationRole": GONE,
        "Registering": {
            **RES["LocationRole"],
            "Properties": {k: v for k, v in RES["LocationRole"]["Properties"].items() if k != "RoleName"},
        },
        f"{LOCATION}/RoleArn": {"Fn::GetAtt": ["Registering", "Arn"]},
    },
    "replication of more": {
        f"{B}/ReplicationConfiguration/Rules/0/Filter": {"Prefix": ""},
        f"{B}/ReplicationConfiguration/Rules/0/DeleteMarkerReplication/Status": "Enabled",
    },
    "second destination": {
        f"{B}/ReplicationConfiguration/Rules/+": {
            "Id": "two",
            "Status": "Enabled",
            "Priority": 2,
            "Filter": {"Prefix": ""},
            "Destination": {"Bucket": "arn:aws:s3:::acme-third"},
        }
    },
}
