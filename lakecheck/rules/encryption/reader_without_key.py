"""Roles that read data for others may decrypt it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.access.lake_formation.locations import Locations
from lakecheck.estate.arns import bucket_in
from lakecheck.estate.sources import at, text
from lakecheck.rules._lake import contents
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.catalog._cases import iceberg
from lakecheck.rules.catalog._iceberg import optimizers
from lakecheck.rules.encryption._cases import KEY_ARN, bucket, encrypted, key, role
from lakecheck.rules.encryption._keys import refused
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Bucket
    from lakecheck.snapshot import Snapshot

_LOCATION, _OPTIMIZER = "AWS::LakeFormation::Resource", "AWS::Glue::TableOptimizer"


@once
def _reads(snapshot: Snapshot) -> Mapping[tuple[str, str], tuple[str, Bucket]]:
    """By resource, the role that reads and the bucket with a key that it reads from: of locations, and optimizers of other tables."""
    by_name = {each.name: each for each in snapshot.estate.buckets if each.key}
    found: dict[tuple[str, str], tuple[str, Bucket]] = {}
    for location in snapshot.estate.locations:
        there = by_name.get(bucket_in(location.arn))
        if location.role and there is not None:
            found[location.origin.stack, location.origin.logical_id] = location.role, there
    registered = Locations(snapshot.estate)
    for name, there in by_name.items():
        for placed in contents(snapshot)[name].tables if name in contents(snapshot) else ():
            table = placed.table
            # Below a registered location Lake Formation hands out credentials of the location's role instead.
            if registered.of_table(table).location is not None:
                continue
            for each in optimizers(snapshot).get((table.account, table.database, table.name), {}).values():
                role_arn = text(at(each.properties, "TableOptimizerConfiguration", "RoleArn"))
                found[each.origin.stack, each.origin.logical_id] = role_arn, there
    return found


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for kind in (_LOCATION, _OPTIMIZER):
        yield from (each for each in snapshot.by_type.get(kind, ()) if (each.origin.stack, each.origin.logical_id) in _reads(snapshot))


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    role_arn, there = _reads(snapshot)[found.origin.stack, found.origin.logical_id]
    reader, used = snapshot.questions.principals.get(role_arn), snapshot.questions.keys.get(there.key)
    if reader is None or used is None or used.policy is None:
        what = "role" if reader is None else "key"
        yield Complaint(at="RoleArn", message=f"the {what} by which {there.origin} is read is in no template", is_unknown=True)
        return
    said = {
        action: snapshot.questions.decide(reader, action, used.arn, context=_through_s3(there, reader.account)).truth
        for action in _needed(found)
    }
    path = "RoleArn" if found.type == _LOCATION else "TableOptimizerConfiguration.RoleArn"
    then = "queries through Lake Formation fail" if found.type == _LOCATION else "the optimizer fails"
    yield from refused(said, reader.name, used, path=path, then=then, is_role=True)


def _needed(found: Resource) -> tuple[str, ...]:
    return ("kms:Decrypt",) if found.type == _LOCATION else ("kms:Decrypt", "kms:GenerateDataKey")


def _through_s3(there: Bucket, account: str) -> dict[str, tuple[str, ...]]:
    """What S3 tells KMS about a request that it passes on."""
    china = there.arn.startswith("arn:aws-cn:")
    service = f"s3.{there.region}.amazonaws.com{'.cn' if china else ''}"
    return {
        "kms:viaservice": (service,),
        "kms:calleraccount": (account,),
        "kms:encryptioncontext:aws:s3:arn": (there.arn,),
        "aws:viaawsservice": ("true",),
    }


def _location(*actions: str) -> dict[str, Any]:
    properties = {"ResourceArn": {"Fn::GetAtt": ["Bucket", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["Reader", "Arn"]}}
    return {
        "Location": {"Type": _LOCATION, "Properties": properties},
        **role("Reader", "lakeformation.amazonaws.com", *actions),
        **key(),
        **bucket(encrypted(KEY_ARN)),
    }


def _optimizer(*actions: str) -> dict[str, Any]:
    configuration = {"Enabled": True, "RoleArn": {"Fn::GetAtt": ["Reader", "Arn"]}}
    properties = {"DatabaseName": "sales", "TableName": "orders", "Type": "compaction", "TableOptimizerConfiguration": configuration}
    return {
        "Optimizer": {"Type": _OPTIMIZER, "Properties": properties},
        **role("Reader", "glue.amazonaws.com", *actions),
        **key(),
        **bucket(encrypted(KEY_ARN)),
        **iceberg(),
    }


RULE = Rule(
    id="encryption.reader_without_key",
    title="The role of a registered location, and of an optimizer, may use the key of the bucket that it reads",
    rationale=(
        "Lake Formation reads a registered location as its role, whoever asks: without the right to decrypt, every query on every table "
        "below fails with AccessDenied, although all grants are right. An optimizer without it never compacts and never expires anything."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/register-encrypted.html",
    severity=Severity.ERROR,
    remedy="Allow the role kms:Decrypt and kms:GenerateDataKey on the bucket's key, in its own policy or in the key's.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_location("s3:GetObject", "kms:Decrypt"), _optimizer("kms:*")),
        failing=(_location("s3:GetObject"), _optimizer("kms:Decrypt")),
        not_applicable=(key(), {**_location("s3:GetObject"), **bucket(None)}),
    ),
)
