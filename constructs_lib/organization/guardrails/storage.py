"""Ready guardrails on data at rest: buckets and keys keep their settings, nothing is public, nothing is unencrypted, nothing leaves."""

from __future__ import annotations

from typing import Final

from constructs_lib.organization.guardrails.model import Guardrail
from constructs_lib.organization.guardrails.services import CONTAINED, DEPLOYED

_S3: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"
_PUBLIC_ACLS: Final = ("authenticated-read", "aws-exec-read", "public-read", "public-read-write")


def encrypted_private_storage() -> tuple[Guardrail, ...]:
    """Nothing in S3 becomes public or loses its settings; disks and databases are encrypted; no function has an open address.

    S3 encrypts every object by itself, with what the bucket says: so what is kept is the bucket's settings, and objects that are
    encrypted with a key of the caller's own, which nobody else could read again, are refused.
    """
    return (
        Guardrail(
            sid="KeepStorageSettings",
            why="A bucket's settings are what keeps it private, encrypted and recoverable, and a copy of it where it belongs.",
            deny=(
                *("s3:DeleteBucketPolicy", "s3:PutAccessPointPublicAccessBlock", "s3:PutAccountPublicAccessBlock", "s3:PutBucketAcl"),
                *(
                    "s3:PutBucketLogging",
                    "s3:PutBucketObjectLockConfiguration",
                    "s3:PutBucketOwnershipControls",
                    "s3:PutBucketPolicy",
                    "s3:PutBucketPublicAccessBlock",
                ),
                *("s3:PutBucketVersioning", "s3:PutBucketWebsite", "s3:PutEncryptionConfiguration", "s3:PutInventoryConfiguration"),
                *("s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration"),
                *("ec2:DisableEbsEncryptionByDefault", "ec2:DisableImageBlockPublicAccess", "ec2:DisableSnapshotBlockPublicAccess"),
            ),
            exempt=CONTAINED,
            source=_S3,
        ),
        Guardrail(
            sid="NoPublicObjects",
            why="An object with such a list of its own is read by everybody, or by everybody with an AWS account.",
            deny=("s3:CreateBucket", "s3:PutBucketAcl", "s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
            conditions={"StringEquals": {"s3:x-amz-acl": _PUBLIC_ACLS}},
            source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl",
        ),
        Guardrail(
            sid="NoObjectLists",
            why="A list of who may read, in the body of a request, is seen by no condition; what is not one of these is such a list.",
            deny=("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
            conditions={"StringNotEquals": {"s3:x-amz-acl": ("bucket-owner-full-control", "bucket-owner-read", "private")}},
            source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
        ),
        Guardrail(
            sid="NoForeignKeys",
            why="What is encrypted with a caller's own key is lost to everybody else: so ransom is asked.",
            deny=("s3:PutObject",),
            conditions={"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
            source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html",
        ),
        Guardrail(
            sid="NoPlainVolumes",
            why="A volume cannot be encrypted later.",
            deny=("ec2:CreateVolume", "ec2:RunInstances"),
            resources=("arn:*:ec2:*:*:volume/*",),
            conditions={"Bool": {"ec2:Encrypted": "false"}},
            source="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
        ),
        Guardrail(
            sid="NoPlainFileSystems",
            why="A file system cannot be encrypted later.",
            deny=("elasticfilesystem:CreateFileSystem",),
            conditions={"Bool": {"elasticfilesystem:Encrypted": "false"}},
            source="https://docs.aws.amazon.com/efs/latest/ug/using-iam-to-enforce-encryption-at-rest.html",
        ),
        Guardrail(
            sid="NoPlainDatabases",
            why="A database cannot be encrypted later.",
            deny=("rds:CreateDBCluster", "rds:CreateDBInstance"),
            conditions={"Bool": {"rds:StorageEncrypted": "false"}},
            source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html",
        ),
        Guardrail(
            sid="NoOpenFunctions",
            why="A function with an address and no authorization is called by everybody, as its role.",
            deny=("lambda:AddPermission", "lambda:CreateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig"),
            conditions={"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
            source="https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
        ),
    )


def keep_data() -> tuple[Guardrail, ...]:
    """No version of an object, no bucket, no key is destroyed, but by deployments. What lifecycle rules expire is not touched."""
    return (
        Guardrail(
            sid="KeepData",
            why="What is deleted with its versions, or encrypted with a key that is gone, is gone.",
            deny=("s3:BypassGovernanceRetention", "s3:DeleteBucket", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold"),
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
        ),
        Guardrail(
            sid="KeepKeys",
            why="What is encrypted with a key that is gone, is gone; whoever a key's policy names can read.",
            deny=(
                # A key that others know by its alias is replaced by moving the alias.
                "kms:DeleteAlias",
                "kms:DeleteImportedKeyMaterial",
                "kms:UpdateAlias",
                "kms:DisableKey",
                "kms:DisableKeyRotation",
                "kms:PutKeyPolicy",
                "kms:ScheduleKeyDeletion",
            ),
            exempt=CONTAINED,
            source="https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
        ),
    )


def keep_log_archive(buckets: tuple[str, ...]) -> tuple[Guardrail, ...]:
    """What services have logged is neither changed nor deleted, nor are the buckets' settings.

    Args:
        buckets: Names of buckets; a `*` at the end stands for the rest.
    """
    return (
        Guardrail(
            sid="KeepLogArchive",
            why="Logs tell what happened as long as nobody writes them but the services.",
            deny=("s3:BypassGovernanceRetention", "s3:Delete*", "s3:ObjectOwnerOverrideToBucketOwner", "s3:Put*", "s3:Replicate*"),
            resources=tuple(f"arn:*:s3:::{bucket}{rest}" for bucket in buckets for rest in ("", "/*")),
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html",
        ),
    )


def writes_stay_in_organization(organization_id: str, *, trusted_accounts: tuple[str, ...] = ()) -> tuple[Guardrail, ...]:
    """Nobody writes objects or messages into accounts outside the organisation.

    Args:
        organization_id: The organisation's id.
        trusted_accounts: Accounts outside that may be written to; none when left out.
    """
    outside: dict[str, str | tuple[str, ...]] = {"aws:ResourceOrgID": organization_id}
    if trusted_accounts:
        outside["aws:ResourceAccount"] = trusted_accounts
    return (
        Guardrail(
            sid="WriteInside",
            why="Who has the data and a bucket elsewhere needs one call.",
            deny=("s3:PutObject", "s3:ReplicateObject", "sns:Publish", "sqs:SendMessage"),
            conditions={"StringNotEqualsIfExists": outside},
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html",
        ),
    )


def no_outside_shares() -> tuple[Guardrail, ...]:
    """Nobody shares resources with accounts outside the organisation.

    Lake Formation asks for such shares itself, on behalf of who grants; whom it shares with is its administrators' matter. So services
    that act for somebody are let through.
    """
    return (
        Guardrail(
            sid="ShareInside",
            why="A share is a way around every policy on the resource.",
            deny=("ram:CreateResourceShare", "ram:UpdateResourceShare"),
            conditions={"Bool": {"ram:RequestedAllowsExternalPrincipals": "true"}, "BoolIfExists": {"aws:ViaAWSService": "false"}},
            source="https://docs.aws.amazon.com/ram/latest/userguide/scp.html",
        ),
        Guardrail(
            sid="JoinInside",
            why="A share that lets principals outside in is there already: Lake Formation makes such shares.",
            deny=("ram:AssociateResourceShare",),
            conditions={"Bool": {"ram:AllowsExternalPrincipals": "true"}, "BoolIfExists": {"aws:ViaAWSService": "false"}},
            source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsresourceaccessmanager.html",
        ),
    )
