"""Replication takes encrypted objects along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed, text
from lakecheck.rules._lake import buckets_by_name
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.storage._cases import bucket
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "ReplicationConfiguration.Rules"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    """The buckets whose objects are encrypted with a KMS key: to them it matters."""
    for found in snapshot.estate.buckets:
        if found.origin is not None and found.encryption == "SSE_KMS":
            yield buckets_by_name(snapshot)[found.name]


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    for index, rule in enumerate(listed(value(found, _AT))):
        name = shown(text(at(rule, "Id"), f"number {index + 1}"))
        if is_open(rule):
            yield Complaint(at=_AT, message=f"rule {name} is not known: {shown(rule)}", is_unknown=True)
        elif at(rule, "Status") == "Disabled":
            continue
        else:
            taken = at(rule, "SourceSelectionCriteria", "SseKmsEncryptedObjects", "Status")
            key = at(rule, "Destination", "EncryptionConfiguration", "ReplicaKmsKeyID")
            if taken != "Enabled":
                message = f"rule {name} has no SseKmsEncryptedObjects that is Enabled; the bucket's objects are encrypted with a KMS key"
                yield Complaint(at=_AT, message=message, is_unknown=is_open(taken))
            elif key is None:
                yield Complaint(at=_AT, message=f"rule {name} has no ReplicaKmsKeyID; replicas need a key of the destination's Region")


def _replicated(criteria: bool, key: bool, **status: Any) -> dict[str, Any]:  # noqa: FBT001 - of cases only
    destination: dict[str, Any] = {"Bucket": "replica"}
    if key:
        destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": "alias/replica"}
    rule: dict[str, Any] = {"Status": "Enabled", "Destination": destination, **status}
    if criteria:
        rule["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    return bucket(BucketEncryption=_KMS, ReplicationConfiguration={"Role": "Replication", "Rules": [rule]})


_KMS = {
    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/lake"}}],
}

RULE = Rule(
    id="storage.replication_of_encrypted",
    title="Replication of a bucket whose objects a KMS key encrypts includes them",
    rationale=(
        "S3 does not replicate objects encrypted with a KMS key unless the rule says so and names a key for the replicas. The "
        "configuration deploys, other objects are copied, and the copy of the lake is empty on the day it is needed."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html",
    severity=Severity.ERROR,
    remedy="Add SourceSelectionCriteria.SseKmsEncryptedObjects and Destination.EncryptionConfiguration.ReplicaKmsKeyID to the rule.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            _replicated(criteria=True, key=True),
            bucket(BucketEncryption=_KMS),
            _replicated(criteria=False, key=False, Status="Disabled"),
        ),
        failing=(_replicated(criteria=False, key=True), _replicated(criteria=True, key=False)),
        not_applicable=(bucket(),),
    ),
    controls=("NIST.800.53.R5 CP-9",),
)
