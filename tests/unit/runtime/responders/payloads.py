"""Findings as EventBridge delivers them, whole, in the shapes that each service's user guide publishes."""

from __future__ import annotations

from typing import Any

ACCOUNT = "444444444401"
SECURITY = "333333333333"
MANAGEMENT = "111111111111"
REGION = "eu-west-1"
BUCKET = "lake-curated"
ROLE = "NotebookRole"
USER = "legacy-loader"


def envelope(source: str, kind: str, detail: dict[str, Any], *, account: str = SECURITY) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "cd2d702e-ab31-411b-9344-793ce56b1bc7",
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": "2026-11-20T22:57:31Z",
        "region": REGION,
        "resources": [],
        "detail": detail,
    }


def bucket_details(**more: Any) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:s3:::{BUCKET}",
        "name": BUCKET,
        "defaultServerSideEncryption": {"encryptionType": "SSEKMS", "kmsMasterKeyArn": "arn:aws:kms:eu-west-1:444444444401:key/k"},
        "createdAt": 1_700_000_000.0,
        "tags": [{"key": "zone", "value": "curated"}],
        "owner": {"id": "CanonicalId"},
        "publicAccess": {
            "permissionConfiguration": {
                "bucketLevelPermissions": {
                    "accessControlList": {"allowsPublicReadAccess": False, "allowsPublicWriteAccess": False},
                    "bucketPolicy": {"allowsPublicReadAccess": False, "allowsPublicWriteAccess": False},
                    "blockPublicAccess": {
                        "ignorePublicAcls": False,
                        "restrictPublicBuckets": False,
                        "blockPublicAcls": False,
                        "blockPublicPolicy": False,
                    },
                },
                "accountLevelPermissions": {
                    "blockPublicAccess": {
                        "ignorePublicAcls": False,
                        "restrictPublicBuckets": False,
                        "blockPublicAcls": False,
                        "blockPublicPolicy": False,
                    }
                },
            },
            "effectivePermission": "NOT_PUBLIC",
        },
        "type": "Destination",
        **more,
    }


def role_credentials(name: str = ROLE) -> dict[str, Any]:
    return {
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "principalId": f"AROAIOSFODNN7EXAMPLE:{name}-session",
        "userType": "AssumedRole",
        "userName": name,
    }


def guardduty(
    kind: str, resource: dict[str, Any], *, severity: float = 8, identity: str = "16afba5c5c43e07c9e3e5e2e544e95df"
) -> dict[str, Any]:
    return envelope(
        "aws.guardduty",
        "GuardDuty Finding",
        {
            "schemaVersion": "2.0",
            "accountId": ACCOUNT,
            "region": REGION,
            "partition": "aws",
            "id": identity,
            "arn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/9cb1a5a2/finding/{identity}",
            "type": kind,
            "resource": resource,
            "service": {
                "serviceName": "guardduty",
                "detectorId": "9cb1a5a2",
                "action": {
                    "actionType": "AWS_API_CALL",
                    "awsApiCallAction": {
                        "api": "GetObject",
                        "serviceName": "s3.amazonaws.com",
                        "callerType": "Remote IP",
                        "remoteIpDetails": {
                            "ipAddressV4": "198.51.100.0",
                            "organization": {"asn": "0", "asnOrg": "org", "isp": "isp", "org": "org"},
                            "country": {"countryName": "Nowhere"},
                            "city": {"cityName": "City"},
                            "geoLocation": {"lat": 0, "lon": 0},
                        },
                        "affectedResources": {"AWS::S3::Bucket": BUCKET},
                    },
                },
                "resourceRole": "TARGET",
                "additionalInfo": {"value": "{}", "type": "default"},
                "eventFirstSeen": "2026-11-20T22:46:00Z",
                "eventLastSeen": "2026-11-20T22:50:00Z",
                "archived": False,
                "count": 3,
            },
            "severity": severity,
            "createdAt": "2026-11-20T22:52:00.000Z",
            "updatedAt": "2026-11-20T22:52:00.000Z",
            "title": f"Something suspicious: {kind}",
            "description": "What GuardDuty says about it.",
        },
    )


def exfiltration() -> dict[str, Any]:
    """A role reads a bucket as it never did."""
    return guardduty(
        "Exfiltration:S3/AnomalousBehavior",
        {"resourceType": "S3Bucket", "accessKeyDetails": role_credentials(), "s3BucketDetails": [bucket_details()]},
    )


def stolen_instance_credentials() -> dict[str, Any]:
    return guardduty(
        "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        {"resourceType": "AccessKey", "accessKeyDetails": role_credentials()},
        identity="2cbd00000000000000000000000000a1",
    )


def leaked_key(key: str) -> dict[str, Any]:
    return guardduty(
        "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
        {
            "resourceType": "AccessKey",
            "accessKeyDetails": {"accessKeyId": key, "principalId": "AIDAEXAMPLE", "userType": "IAMUser", "userName": USER},
        },
        identity="3cbd00000000000000000000000000a1",
    )


def anonymous_access_granted() -> dict[str, Any]:
    return guardduty(
        "Policy:S3/BucketAnonymousAccessGranted",
        {"resourceType": "S3Bucket", "accessKeyDetails": role_credentials("Admin"), "s3BucketDetails": [bucket_details()]},
        identity="4cbd00000000000000000000000000a1",
    )


def account_block_disabled() -> dict[str, Any]:
    return guardduty(
        "Policy:S3/AccountBlockPublicAccessDisabled",
        {"resourceType": "Account", "accessKeyDetails": role_credentials("Admin")},
        severity=2,
        identity="5cbd00000000000000000000000000a1",
    )


def malicious_file() -> dict[str, Any]:
    return guardduty(
        "Object:S3/MaliciousFile",
        {
            "resourceType": "S3Object",
            "s3BucketDetails": [
                bucket_details(
                    s3ObjectDetails=[
                        {"objectArn": f"arn:aws:s3:::{BUCKET}/in/a*b.zip", "key": "in/a*b.zip", "eTag": "e", "hash": "h", "versionId": "1"}
                    ]
                )
            ],
        },
        identity="6cbd00000000000000000000000000a1",
    )


def bad_function() -> dict[str, Any]:
    return guardduty(
        "CryptoCurrency:Lambda/BitcoinTool.B",
        {
            "resourceType": "Lambda",
            "lambdaDetails": {
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:loader",
                "functionName": "loader",
                "description": "",
                "lastModifiedAt": "2026-11-20T22:57:00.000Z",
                "revisionId": "r",
                "functionVersion": "$LATEST",
                "role": f"arn:aws:iam::{ACCOUNT}:role/loader",
                "vpcConfig": {},
                "tags": [],
            },
        },
        identity="7cbd00000000000000000000000000a1",
    )


def logging_disabled() -> dict[str, Any]:
    return guardduty(
        "Stealth:S3/ServerAccessLoggingDisabled",
        {"resourceType": "S3Bucket", "accessKeyDetails": role_credentials("Admin"), "s3BucketDetails": [bucket_details()]},
        severity=2,
        identity="8cbd00000000000000000000000000a1",
    )


def attack_sequence() -> dict[str, Any]:
    event = guardduty(
        "AttackSequence:S3/CompromisedData", {"resourceType": "AttackSequence"}, severity=9, identity="9cbd00000000000000000000000000a1"
    )
    event["detail"]["service"]["detection"] = {
        "sequence": {
            "uid": "9cbd",
            "description": "A sequence of actions",
            "actors": [{"id": "a", "user": {"name": ROLE, "uid": "AROAEXAMPLE", "type": "AssumedRole", "credentialUid": "ASIAEXAMPLE"}}],
            "resources": [
                {
                    "uid": f"arn:aws:s3:::{BUCKET}",
                    "name": BUCKET,
                    "accountId": ACCOUNT,
                    "resourceType": "S3_BUCKET",
                    "region": REGION,
                    "data": {"s3Bucket": {"ownerId": "CanonicalId", "effectivePermission": "NOT_PUBLIC"}},
                },
                {
                    "uid": "ASIAEXAMPLE",
                    "name": "ASIAEXAMPLE",
                    "accountId": ACCOUNT,
                    "resourceType": "ACCESS_KEY",
                    "region": REGION,
                    "data": {"accessKey": {"principalId": "AROAEXAMPLE:s", "userName": ROLE, "userType": "AssumedRole"}},
                },
            ],
            "signals": [],
            "sequenceIndicators": [],
        }
    }
    return event


def asff(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:security-control/S3.8/finding/0a1b2c3d",
        "ProductArn": f"arn:aws:securityhub:{REGION}::product/aws/securityhub",
        "ProductName": "Security Hub",
        "CompanyName": "AWS",
        "Region": REGION,
        "GeneratorId": "security-control/S3.8",
        "AwsAccountId": ACCOUNT,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "FirstObservedAt": "2026-11-20T22:00:00.000Z",
        "LastObservedAt": "2026-11-20T22:10:00.000Z",
        "CreatedAt": "2026-11-20T22:00:00.000Z",
        "UpdatedAt": "2026-11-20T22:10:00.000Z",
        "Severity": {"Label": "HIGH", "Normalized": 70, "Original": "HIGH"},
        "Title": "S3 general purpose buckets should block public access",
        "Description": "This control checks whether a bucket blocks public access at the bucket level.",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8", "AssociatedStandards": [{"StandardsId": "standards/x"}]},
        "ProductFields": {"aws/securityhub/ProductName": "Security Hub", "aws/securityhub/CompanyName": "AWS"},
        "Resources": list(resources),
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        **more,
    }


def asff_bucket(name: str, account: str = ACCOUNT) -> dict[str, Any]:
    del account
    return {
        "Type": "AwsS3Bucket",
        "Id": f"arn:aws:s3:::{name}",
        "Partition": "aws",
        "Region": REGION,
        "Details": {"AwsS3Bucket": {"OwnerId": "CanonicalId", "Name": name, "CreatedAt": "2026-01-01T00:00:00.000Z"}},
    }


def security_hub(*findings: dict[str, Any], kind: str = "Security Hub Findings - Imported") -> dict[str, Any]:
    return envelope("aws.securityhub", kind, {"findings": list(findings)})


def guardduty_through_security_hub() -> dict[str, Any]:
    """The same as `exfiltration`, imported."""
    finding = "16afba5c5c43e07c9e3e5e2e544e95df"
    return security_hub(
        asff(
            {
                "Type": "AwsIamAccessKey",
                "Id": "AWS::IAM::AccessKey:ASIAIOSFODNN7EXAMPLE",
                "Partition": "aws",
                "Region": REGION,
                "Details": {"AwsIamAccessKey": {"PrincipalId": "AROAEXAMPLE:s", "PrincipalType": "AssumedRole", "PrincipalName": ROLE}},
            },
            asff_bucket(BUCKET),
            Id=f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/9cb1a5a2/finding/{finding}",
            ProductArn=f"arn:aws:securityhub:{REGION}::product/aws/guardduty",
            ProductName="GuardDuty",
            GeneratorId=f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/9cb1a5a2",
            Types=["TTPs/Exfiltration/Exfiltration:S3-AnomalousBehavior"],
            Compliance=None,
            ProductFields={"aws/guardduty/service/archived": "false", "aws/securityhub/ProductName": "GuardDuty"},
        )
    )


def config_change(rule: str, kind: str, name: str, compliance: str = "NON_COMPLIANT") -> dict[str, Any]:
    def result(value: str, when: str) -> dict[str, Any]:
        qualifier = {"configRuleName": rule, "resourceType": kind, "resourceId": name, "evaluationMode": "DETECTIVE"}
        return {
            "evaluationResultIdentifier": {"evaluationResultQualifier": qualifier, "orderingTimestamp": when},
            "complianceType": value,
            "resultRecordedTime": when,
            "configRuleInvokedTime": when,
        }

    return envelope(
        "aws.config",
        "Config Rules Compliance Change",
        {
            "resourceId": name,
            "awsRegion": REGION,
            "awsAccountId": ACCOUNT,
            "configRuleName": rule,
            "recordVersion": "1.0",
            "configRuleARN": f"arn:aws:config:{REGION}:{ACCOUNT}:config-rule/config-rule-abc123",
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": result(compliance, "2026-11-20T22:10:00.000Z"),
            "oldEvaluationResult": result("COMPLIANT", "2026-11-20T21:10:00.000Z"),
            "notificationCreationTime": "2026-11-20T22:10:01.000Z",
            "resourceType": kind,
        },
        account=ACCOUNT,
    )


def macie(kind: str, *, public: bool = False, key: str | None = None, **more: Any) -> dict[str, Any]:
    bucket = {**bucket_details(), "sharedAccess": "NOT_SHARED", "allowsUnencryptedObjectUploads": "FALSE"}
    bucket["publicAccess"] = {"permissionConfiguration": {}, "effectivePermission": "PUBLIC" if public else "NOT_PUBLIC"}
    item = {
        "bucketArn": f"arn:aws:s3:::{BUCKET}",
        "key": key,
        "path": f"{BUCKET}/{key}",
        "extension": "csv",
        "lastModified": "2026-11-20T20:00:00Z",
        "eTag": "e",
        "serverSideEncryption": {"encryptionType": "aws:kms", "kmsMasterKeyId": "k"},
        "size": 4750,
        "storageClass": "STANDARD",
        "tags": [],
        "publicAccess": public,
    }
    return envelope(
        "aws.macie",
        "Macie Finding",
        {
            "schemaVersion": "1.0",
            "id": "64b917aa-3843-014c-91d8-937ffe6b4d6b",
            "accountId": ACCOUNT,
            "partition": "aws",
            "region": REGION,
            "type": kind,
            "title": "The S3 object or bucket has a problem",
            "description": "What Macie says about it.",
            "severity": {"score": 3, "description": "High"},
            "createdAt": "2026-11-20T22:10:00Z",
            "updatedAt": "2026-11-20T22:10:00Z",
            "count": 1,
            "resourcesAffected": {"s3Bucket": bucket, "s3Object": item if key else None},
            "category": "CLASSIFICATION" if key else "POLICY",
            "classificationDetails": None,
            "policyDetails": None,
            "sample": False,
            "archived": False,
            **more,
        },
    )


def access_analyzer(kind: str, arn: str, *, public: bool = False, principal: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return envelope(
        "aws.access-analyzer",
        "Access Analyzer Finding",
        {
            "version": "1.0",
            "id": "22222222-dcba-4444-dcba-333333333333",
            "status": "ACTIVE",
            "resourceType": kind,
            "resource": arn,
            "createdAt": "2026-11-20T22:00:00Z",
            "analyzedAt": "2026-11-20T22:10:00Z",
            "updatedAt": "2026-11-20T22:10:00Z",
            "accountId": ACCOUNT,
            "region": REGION,
            "principal": {"AWS": "999988887777"} if principal is None else principal,
            "action": ["s3:GetObject"],
            "condition": {},
            "isDeleted": False,
            "isPublic": public,
            **more,
        },
    )
