"""Athena writes results with the key of the bucket that they go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.arns import bucket_in
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.encryption._cases import KEY_ARN, OTHER_ARN, bucket, encrypted, key
from lakecheck.rules.encryption._keys import key_of, same_key
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Bucket
    from lakecheck.snapshot import Snapshot

_WORKGROUP = "AWS::Athena::WorkGroup"
_RESULT = "WorkGroupConfiguration.ResultConfiguration"
_AT = f"{_RESULT}.EncryptionConfiguration"


def _bucket(found: Resource, snapshot: Snapshot) -> Bucket | None:
    """The bucket of the results, if it is one that a key of its owner encrypts."""
    output = value(found, f"{_RESULT}.OutputLocation")
    there = snapshot.questions.bucket_at(output) if isinstance(output, str) and bucket_in(output) else None
    return there if there is not None and there.key else None


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for found in snapshot.by_type.get(_WORKGROUP, ()):
        if value(found, _AT) is not None and _bucket(found, snapshot) is not None:
            yield found


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    there = _bucket(found, snapshot)
    option, written = value(found, f"{_AT}.EncryptionOption"), value(found, f"{_AT}.KmsKey")
    if there is None:
        return
    of_bucket = f"bucket {shown(str(there.origin))} has {shown(there.key)}"
    if is_open(option) or option is None:
        yield Complaint(at=_AT, message=f"how results are encrypted is not known; {of_bucket}", is_unknown=True)
    elif option == "SSE_S3":
        yield Complaint(at=_AT, message=f"results are written with SSE_S3; {of_bucket}")
    elif option == "SSE_KMS":
        key_there = key_of(written, found, snapshot)
        arn = key_there.arn if key_there is not None else written
        agrees = same_key(arn, there.key) if isinstance(arn, str) else None
        if agrees is None:
            yield Complaint(at=_AT, message=f"whether results have the bucket's key is not known; {of_bucket}", is_unknown=True)
        elif not agrees:
            yield Complaint(at=_AT, message=f"results are written with key {shown(arn)}; {of_bucket}")


def _workgroup(**encryption: Any) -> dict[str, Any]:
    result = {"OutputLocation": "s3://results/analysts/", **({"EncryptionConfiguration": encryption} if encryption else {})}
    properties = {"Name": "analysts", "WorkGroupConfiguration": {"ResultConfiguration": result}}
    return {
        "Workgroup": {"Type": _WORKGROUP, "Properties": properties},
        **key(),
        **key(logical_id="Other"),
        **bucket(encrypted(KEY_ARN), name="results"),
    }


RULE = Rule(
    id="encryption.workgroup_key_agrees",
    title="A workgroup encrypts its results with the key of the bucket that they go to",
    rationale=(
        "Athena names the workgroup's encryption in each write. Where the bucket's policy insists on the bucket's key, every query fails "
        "after it has run; where it does not, whoever reads results with the right to the bucket's key cannot decrypt them."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/encrypting-query-results-stored-in-s3.html",
    severity=Severity.ERROR,
    remedy="Take the bucket's default key as KmsKey of the workgroup.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_workgroup(EncryptionOption="SSE_KMS", KmsKey=KEY_ARN), _workgroup(EncryptionOption="SSE_KMS", KmsKey={"Ref": "Key"})),
        failing=(_workgroup(EncryptionOption="SSE_S3"), _workgroup(EncryptionOption="SSE_KMS", KmsKey=OTHER_ARN)),
        not_applicable=(key(), _workgroup()),
    ),
    controls=("NIST.800.53.R5 SC-28(1)",),
)
