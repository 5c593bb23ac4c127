"""Those of buckets under tables."""

from __future__ import annotations

from typing import Any

from tests.lakecheck.rules.mutations.model import REMOVED, Mutation


def _named(beginning: str) -> Any:
    return lambda logical_id, _definition: logical_id.startswith(beginning)


def _bucket(path: str, value: Any, *, beginning: str = "ZonesCurated") -> Mutation:
    return Mutation(stack="MainStorage", type="AWS::S3::Bucket", where=_named(beginning), path=path, value=value)


_RULES = "LifecycleConfiguration.Rules"
_REPLICATION = {
    "Role": "replication",
    "Rules": [{"Id": "all", "Status": "Enabled", "Destination": {"Bucket": {"Fn::Sub": "arn:${AWS::Partition}:s3:::copy-of-curated"}}}],
}

MUTATIONS = {
    "storage.expiry_on_iceberg": _bucket(f"{_RULES}.-", {"Id": "old", "Status": "Enabled", "Prefix": "sales/", "ExpirationInDays": 3650}),
    "storage.archive_under_tables": _bucket(f"{_RULES}.1.Transitions.0.StorageClass", "GLACIER"),
    "storage.incomplete_uploads": _bucket(f"{_RULES}.0.AbortIncompleteMultipartUpload", REMOVED),
    "storage.noncurrent_versions": _bucket(f"{_RULES}.0.NoncurrentVersionExpiration", REMOVED),
    "storage.data_retained": _bucket("^.DeletionPolicy", "Delete"),
    "storage.access_logs_delivered": _bucket("ObjectLockEnabled", True, beginning="ZonesAccessLogs"),  # noqa: FBT003 - a property
    "storage.replication_of_encrypted": _bucket("ReplicationConfiguration", _REPLICATION),
    "storage.events_sent": _bucket(
        "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled",
        False,  # noqa: FBT003 - a property
        beginning="ZonesLanding",
    ),
}
