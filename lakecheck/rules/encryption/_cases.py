"""Templates that the rules of encryption are shown by: keys with a policy, and a bucket with a table whose key one of them is."""

from __future__ import annotations

from typing import Any, Final

from lakecheck.rules.catalog._cases import table

ACCOUNT: Final = "444455556666"
KEY_ARN: Final = {"Fn::GetAtt": ["Key", "Arn"]}
OTHER_ARN: Final = {"Fn::GetAtt": ["Other", "Arn"]}
OUTSIDE: Final = {"Fn::Sub": "arn:${AWS::Partition}:kms:eu-west-1:444455556666:key/00000000-1111-2222-3333-444444444444"}
USE: Final = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]


def key(
    *services: str, logical_id: str = "Key", condition: dict[str, Any] | None = None, actions: list[str] | None = None
) -> dict[str, Any]:
    """A key that its account administers and these services use."""
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::444455556666:root"}}
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]
    if services:
        given = USE if actions is None else actions
        statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": given, "Resource": "*"}
        if condition is not None:
            statement["Condition"] = condition
        statements.append(statement)
    return {logical_id: {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": statements}}}}


def encrypted(arn: Any = None, *, algorithm: str = "aws:kms", bucket_key: bool = True) -> dict[str, Any]:
    """The encryption of a bucket."""
    default = {"SSEAlgorithm": algorithm, **({} if arn is None else {"KMSMasterKeyID": arn})}
    return {"ServerSideEncryptionConfiguration": [{"BucketKeyEnabled": bucket_key, "ServerSideEncryptionByDefault": default}]}


def bucket(encryption: dict[str, Any] | None, *, name: str = "lake", logical_id: str = "Bucket") -> dict[str, Any]:
    """A bucket with this encryption; S3's own without one."""
    properties = {"BucketName": name, **({} if encryption is None else {"BucketEncryption": encryption})}
    return {logical_id: {"Type": "AWS::S3::Bucket", "Properties": properties}}


def lake(encryption: dict[str, Any] | None) -> dict[str, Any]:
    """The bucket, with a table in it."""
    return {**bucket(encryption), **table()}


def role(logical_id: str, service: str, *actions: str) -> dict[str, Any]:
    """A role of a service that may do this to everything."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": trust}
    if actions:
        document = {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        properties["Policies"] = [{"PolicyName": "Own", "PolicyDocument": document}]
    return {logical_id: {"Type": "AWS::IAM::Role", "Properties": properties}}
