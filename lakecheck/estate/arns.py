"""What ARNs and S3 addresses say by themselves: whose they are, what they name."""

from __future__ import annotations

import re
from typing import Final

from lakecheck.values import has_hole, outline

ACCOUNT: Final = re.compile(r"^[0-9]{12}$")
_RESERVED: Final = re.compile(
    r"^arn:(?P<partition>[a-z-]+):iam::(?P<account>[^:]*):role/(?:aws-reserved/sso\.amazonaws\.com/)?(?:[a-z0-9-]+/)?\*?"
    r"AWSReservedSSO_(?P<name>.+?)_(?:[0-9a-f]{16}|\*|\?{16})$"
)
_SESSION: Final = re.compile(r"^arn:(?P<partition>[^:]+):sts::(?P<account>[^:]*):assumed-role/(?P<name>[^/]+)/.+$")
_PARTS: Final = 6


def parts(arn: str) -> tuple[str, str, str, str, str] | None:
    """Partition, service, Region, account and the rest of an ARN; None for what is none."""
    split = arn.split(":", _PARTS - 1)
    return (split[1], split[2], split[3], split[4], split[5]) if len(split) == _PARTS and split[0] == "arn" else None


def account_in(arn: str) -> str:
    """The account in an ARN; empty without one."""
    found = parts(arn)
    return found[3] if found is not None else ""


def region_in(arn: str) -> str:
    """The Region of an ARN; empty when it has none."""
    split = parts(arn)
    return split[2] if split is not None else ""


def is_role(arn: str) -> bool:
    """Whether it is the ARN of a role."""
    found = parts(arn)
    return found is not None and found[1] == "iam" and found[4].startswith("role/")


def is_exact(pattern: str) -> bool:
    """Whether a pattern has neither wildcards nor variables, so that it names one thing."""
    return not any(sign in pattern for sign in "*?$")


def permission_set_arn(partition: str, account: str, name: str) -> str:
    """The pattern of the role that Identity Center makes of a permission set in an account; its suffix is not known before.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    return f"arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{name}_{'?' * 16}"


def permission_set(arn: str) -> tuple[str, str, str] | None:
    """Partition, account and name, when it is the role of a permission set, exactly or as a pattern."""
    found = _RESERVED.match(arn)
    return (found["partition"], found["account"], found["name"]) if found is not None else None


def principal_arn(arn: str) -> str:
    """The ARN a principal is known by in the estate: a session's is its role's, that of a permission set's role its pattern."""
    reserved = permission_set(arn)
    if reserved is not None and is_exact(reserved[1]):
        return permission_set_arn(*reserved)
    session = _SESSION.match(arn)
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['name']}" if session is not None else arn


def bucket_in(address: str) -> str:
    """The bucket's name in an `s3://` address or an S3 ARN; empty for anything else."""
    if "://" in address:
        scheme, _, rest = address.partition("://")
        return rest.partition("/")[0] if scheme in {"s3", "s3a", "s3n"} else ""
    found = parts(address)
    return found[4].partition("/")[0] if found is not None and found[1] == "s3" and not found[2] and not found[3] else ""


def s3_uri(address: str) -> str:
    """An address with the scheme `s3`, whichever of Hadoop's it has."""
    return re.sub(r"^s3[an]://", "s3://", address)


def folder(address: str) -> str:
    """An address of a folder, with a slash at its end; empty stays empty."""
    plain = s3_uri(address)
    return plain if not plain or plain.endswith("/") else f"{plain}/"


def asset_account(bucket: str) -> str:
    """The account in the name of a bucket of the CDK's bootstrap stack; empty for another bucket.

    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
    """
    found = re.fullmatch(r"cdk-[a-z0-9]+-assets-(?P<account>[0-9]{12})-[a-z0-9-]+", outline(bucket))
    return found["account"] if found is not None and not has_hole(bucket) else ""
