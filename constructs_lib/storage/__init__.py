"""Where the lake's objects stand: keys, buckets, zones, how long objects stay."""

from constructs_lib.storage.buckets import AccessLogBucket, BucketHolder, ExistingBucket, InventoryBucket, LakeBucket
from constructs_lib.storage.keys import LakeKey
from constructs_lib.storage.zones import LakeStorage, LakeZone

__all__ = [
    "AccessLogBucket",
    "BucketHolder",
    "ExistingBucket",
    "InventoryBucket",
    "LakeBucket",
    "LakeKey",
    "LakeStorage",
    "LakeZone",
]
