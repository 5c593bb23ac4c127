"""Buckets, access points, Access Grants and keys as templates have them, and what is only named."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.estate.storage import granted_scope
from tests.lakecheck.estate.support import ARN, LAKE, OUTSIDE, REGION, allow, estate_of, reasons, role

READ = {"Effect": "Allow", "Principal": {"AWS": OUTSIDE}, "Action": "s3:GetObject", "Resource": f"{ARN}:s3:::lake-data/*"}
KMS = [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "Key"}}}]


def test_a_bucket_with_everything() -> None:
    """Policies of several resources are one; the key is found by its id; what is set is read."""
    found = estate_of(
        {
            "Key": ("AWS::KMS::Key", {"KeyPolicy": allow("kms:*", Principal={"AWS": LAKE})}),
            "Bucket": (
                "AWS::S3::Bucket",
                {
                    "BucketName": "lake-data",
                    "BucketEncryption": {"ServerSideEncryptionConfiguration": KMS},
                    "PublicAccessBlockConfiguration": {"BlockPublicPolicy": True, "RestrictPublicBuckets": "true"},
                    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                    "VersioningConfiguration": {"Status": "Enabled"},
                    "ObjectLockEnabled": True,
                    "ReplicationConfiguration": {
                        "Role": "r",
                        "Rules": [
                            {"Status": "Enabled", "Filter": {"Prefix": "sales/"}, "Destination": {"Bucket": f"{ARN}:s3:::copy"}},
                            {"Status": "Disabled", "Destination": {"Bucket": f"{ARN}:s3:::never"}},
                        ],
                    },
                    "Tags": [{"Key": "zone", "Value": "raw"}],
                },
            ),
            "One": ("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": [READ]}}),
            "Two": ("AWS::S3::BucketPolicy", {"Bucket": "lake-data", "PolicyDocument": {"Statement": [READ, READ]}}),
        }
    )
    bucket, copy = found.buckets
    (key,) = found.keys
    assert (bucket.name, bucket.arn, bucket.account, bucket.region) == ("lake-data", f"{ARN}:s3:::lake-data", LAKE, REGION)
    assert (bucket.encryption, bucket.key, bucket.bucket_key) == ("SSE_KMS", key.arn, True)
    assert (bucket.public_access_blocked, bucket.acl_enabled, bucket.versioned, bucket.object_lock) == (True, False, True, True)
    assert bucket.replicates_to == ((f"{ARN}:s3:::copy", "sales/"),)
    assert bucket.tags == {"zone": "raw"}
    assert bucket.policy is not None
    assert [each.index for each in bucket.policy.statements] == [0, 1, 2]
    assert (copy.name, copy.origin, copy.account) == ("copy", None, "")
    assert "no template defines the bucket" in copy.unknown_policy


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, ("SSE_S3", None, False, "")),
        ({"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, ("SSE_S3", False, False, "")),
        ({"PublicAccessBlockConfiguration": {"BlockPublicPolicy": True}}, ("SSE_S3", False, False, "")),
        ({"AccessControl": "PublicRead"}, ("SSE_S3", None, None, "PublicRead")),
        ({"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}, ("SSE_S3", None, True, "")),
        ({"PublicAccessBlockConfiguration": {"Ref": "Given"}}, ("SSE_S3", None, False, "")),
        (
            {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": {"Ref": "Given"}}}]
                }
            },
            ("", None, False, ""),
        ),
    ],
)
def test_what_a_bucket_does_not_say(properties: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """AWS's defaults where they are sure; not known where they depend on when the bucket was made, or on deployment."""
    (bucket,) = estate_of({"Bucket": ("AWS::S3::Bucket", properties)}, Parameters={"Given": {"Type": "String"}}).buckets
    assert (bucket.encryption, bucket.public_access_blocked, bucket.acl_enabled, bucket.acl) == expected
    assert bucket.policy is None


def test_a_bucket_that_is_defined_twice_keeps_its_policy() -> None:
    """In two templates, or under conditions that exclude each other."""
    bucket = ("AWS::S3::Bucket", {"BucketName": "lake-data"})
    policy = ("AWS::S3::BucketPolicy", {"Bucket": "lake-data", "PolicyDocument": {"Statement": [READ]}})
    found = estate_of({"One": bucket, "Other": bucket, "Policy": policy})
    assert [each.policy is not None for each in found.buckets] == [True, True]


def test_an_imported_bucket_has_its_policy() -> None:
    """A policy is the whole policy, whoever made the bucket."""
    policy = ("AWS::S3::BucketPolicy", {"Bucket": "theirs", "PolicyDocument": {"Statement": [READ]}})
    (bucket,) = estate_of({"Policy": policy}).buckets
    assert bucket.policy is not None
    assert (bucket.account, bucket.unknown_policy, bucket.origin) == (LAKE, "", None)


def test_addresses_name_buckets() -> None:
    """Tables, locations, workgroups, scripts and exact resources of policies; a pattern names none."""
    table = {"Name": "t", "StorageDescriptor": {"Location": "s3a://of-table/x", "Columns": [{"Name": "a"}]}}
    document = allow("s3:GetObject", on=[f"{ARN}:s3:::of-policy/x/*", f"{ARN}:s3:::some-*/x"])
    found = estate_of(
        {
            "Table": ("AWS::Glue::Table", {"CatalogId": LAKE, "DatabaseName": "d", "TableInput": table}),
            "Location": (
                "AWS::LakeFormation::Resource",
                {"ResourceArn": f"{ARN}:s3:::of-location/p/", "UseServiceLinkedRole": True},
            ),
            "Role": role(RoleName="Job", Policies=[{"PolicyName": "p", "PolicyDocument": document}]),
            "Function": (
                "AWS::Lambda::Function",
                {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"S3Bucket": f"cdk-hnb659fds-assets-{LAKE}-{REGION}", "S3Key": "k"}},
            ),
        }
    )
    assert {bucket.name: bucket.account for bucket in found.buckets} == {
        "of-table": "",
        "of-location": "",
        "of-policy": "",
        f"cdk-hnb659fds-assets-{LAKE}-{REGION}": LAKE,
    }


def test_access_points() -> None:
    """One of one bucket, confined to a VPC; one of several Regions, a door to each of its buckets."""
    found = estate_of(
        {
            "Point": (
                "AWS::S3::AccessPoint",
                {"Name": "ap", "Bucket": "one", "VpcConfiguration": {"VpcId": "vpc-1"}, "Policy": {"Statement": [READ]}},
            ),
            "Multi": ("AWS::S3::MultiRegionAccessPoint", {"Name": "m", "Regions": [{"Bucket": "one"}, {"Bucket": "two"}]}),
            "MultiPolicy": (
                "AWS::S3::MultiRegionAccessPointPolicy",
                {"MrapName": {"Ref": "Multi"}, "Policy": {"Statement": [READ]}},
            ),
        }
    )
    point, *several = found.access_points
    assert (point.arn, point.bucket, point.vpc) == (f"{ARN}:s3:{REGION}:{LAKE}:accesspoint/ap", f"{ARN}:s3:::one", "vpc-1")
    assert point.policy is not None
    assert [each.bucket for each in several] == [f"{ARN}:s3:::one", f"{ARN}:s3:::two"]
    assert len({each.arn for each in several}) == 1
    assert all(each.policy is not None for each in several)
    assert {bucket.name for bucket in found.buckets} == {"one", "two"}
    assert {each.name for each in found.principals} == {f"account/{OUTSIDE}"}


def test_access_grants_are_joined_with_their_location() -> None:
    """Scope and role of the location; a location of no template is told."""
    grant = {"Grantee": {"GranteeType": "IAM", "GranteeIdentifier": f"{ARN}:iam::{OUTSIDE}:role/Theirs"}, "Permission": "READ"}
    found = estate_of(
        {
            "Role": role(RoleName="Grants"),
            "Location": (
                "AWS::S3::AccessGrantsLocation",
                {"LocationScope": "s3://lake", "IamRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
            ),
            "Grant": (
                "AWS::S3::AccessGrant",
                {
                    **grant,
                    "AccessGrantsLocationId": {"Ref": "Location"},
                    "AccessGrantsLocationConfiguration": {"S3SubPrefix": "sales/*"},
                },
            ),
            "Lost": ("AWS::S3::AccessGrant", {**grant, "AccessGrantsLocationId": "0000-1111"}),
        }
    )
    known, lost = found.access_grants
    assert (known.scope, known.permission, known.role) == ("s3://lake/sales/*", "READ", f"{ARN}:iam::{LAKE}:role/Grants")
    assert known.grantee == f"{ARN}:iam::{OUTSIDE}:role/Theirs"
    assert "the location 0000-1111 of an Access Grant is in no template" in reasons(found)
    assert lost.scope != known.scope


@pytest.mark.parametrize(
    ("location", "prefix", "scope"),
    [
        ("s3://", "lake/sales/*", "s3://lake/sales/*"),
        ("s3://lake", "", "s3://lake/*"),
        ("s3://lake/*", "sales/*", "s3://lake/sales/*"),
        ("s3://lake/raw*", "", "s3://lake/raw*"),
    ],
)
def test_scopes_of_grants(location: str, prefix: str, scope: str) -> None:
    """The prefix is put behind the location."""
    assert granted_scope(location, prefix) == scope
    assert granted_scope("s3://lake", "a.csv", is_object=True) == "s3://lake/a.csv"


def test_keys_are_found_by_alias_id_and_arn() -> None:
    """A bucket names its key in any way; AWS's own keys are no keys here; a key of nobody's template is only named."""

    def bucket(key: Any) -> tuple[str, dict[str, Any]]:
        rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        return "AWS::S3::Bucket", {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}

    elsewhere = f"{ARN}:kms:{REGION}:{OUTSIDE}:key/1234"
    found = estate_of(
        {
            "Key": ("AWS::KMS::Key", {}),
            "Alias": ("AWS::KMS::Alias", {"AliasName": "alias/lake", "TargetKeyId": {"Ref": "Key"}}),
            "A": bucket("alias/lake"),
            "B": bucket({"Fn::GetAtt": ["Key", "Arn"]}),
            "C": bucket(f"{ARN}:kms:{REGION}:{LAKE}:alias/lake"),
            "D": bucket("alias/aws/s3"),
            "E": bucket(elsewhere),
        }
    )
    key, named = found.keys
    assert [each.key for each in found.buckets] == [key.arn, key.arn, key.arn, "", elsewhere]
    assert key.aliases == ("alias/lake",)
    assert (named.arn, named.account, named.policy) == (elsewhere, OUTSIDE, None)
    assert "no template defines the key" in named.unknown_policy


def test_a_key_without_policy_has_awss_default() -> None:
    """It delegates everything to the account's IAM."""
    (key,) = estate_of({"Key": ("AWS::KMS::Key", {})}).keys
    assert key.policy is not None
    (statement,) = key.policy.statements
    assert statement.actions == ("kms:*",)
    assert statement.principals == {"AWS": (f"{ARN}:iam::{LAKE}:root",)}


def test_what_is_not_followed_is_told() -> None:
    """Table buckets and their like are in no verdict, and it is said."""
    found = estate_of({"Tables": ("AWS::S3Tables::TableBucket", {"TableBucketName": "t"})})
    assert "AWS::S3Tables::TableBucket is not followed" in reasons(found)
