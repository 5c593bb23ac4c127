"""Where the lake's objects stand: keys, buckets, zones, how long objects stay."""

from constructs_lib.storage.buckets import AccessLogBucket, BucketHolder, ExistingBucket, InventoryBucket, LakeBucket
from constructs_lib.storage.keys import LakeKey
from constructs_lib.storage.object_lock import LockMode, ObjectLock
from constructs_lib.storage.replicas import ReplicaBucket
from constructs_lib.storage.replication import BucketReplication, ReplicaAddress
from constructs_lib.storage.zones import LakeStorage, LakeZone

__all__ = [
    "AccessLogBucket",
    "BucketHolder",
    "BucketReplication",
    "ExistingBucket",
    "InventoryBucket",
    "LakeBucket",
    "LakeKey",
    "LakeStorage",
    "LakeZone",
    "LockMode",
    "ObjectLock",
    "ReplicaAddress",
    "ReplicaBucket",
]
