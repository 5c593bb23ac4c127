"""One zone, and all zones of a lake together."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.storage.buckets import AccessLogBucket, InventoryBucket, LakeBucket
from constructs_lib.storage.keys import LakeKey
from constructs_lib.storage.lifecycle import retention_rules, zone_rules
from lakemodel.config.model import Zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import RemovalPolicy, aws_kms as kms, aws_s3 as s3

    from constructs_lib.storage.buckets import BucketHolder
    from constructs_lib.storage.object_lock import ObjectLock
    from constructs_lib.storage.replication import ReplicaAddress
    from lakemodel.contracts.model import ContractSet


class LakeZone(Construct):
    """One zone: a bucket and the key that encrypts it.

    Args:
        zone: Which zone; decides the lifecycle, and whether object events go to EventBridge (landing).
        contracts: Whose retention becomes lifecycle rules; none when left out.
        access_logs: Where server access logs go; not logged when left out.
        inventory: Where a weekly inventory goes; none when left out.
        lifecycle_rules: In place of the zone's own rules (`zone_rules`); rules from contracts and the housekeeping stay.
        bucket: An existing bucket, used as it is; a new one when left out.
        key: An existing key for the bucket; a new one when left out. Needed together with `bucket`.
        object_lock: For how long no object version of a new bucket can be deleted; no lock when left out.
        replica: Where every new object of a new bucket is copied to; no copies when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `existing_bucket_without_key`; `too_many_lifecycle_rules`; `object_lock`, `replica_not_locked`, `replica_key`, see
            `LakeBucket`; `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: Zone,
        contracts: ContractSet | None = None,
        access_logs: BucketHolder | None = None,
        inventory: BucketHolder | None = None,
        lifecycle_rules: Sequence[s3.LifecycleRule] | None = None,
        bucket: s3.IBucket | None = None,
        key: kms.IKey | None = None,
        object_lock: ObjectLock | None = None,
        replica: ReplicaAddress | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if bucket is not None and key is None:
            msg = "got an existing bucket without its key; pass the key that encrypts the bucket as well"
            raise misuse(self, msg, code="existing_bucket_without_key")
        if key is None:
            key = LakeKey(self, "Key", description=f"objects of the {zone.value} zone", removal_policy=removal_policy).key
        if bucket is None:
            rules = zone_rules(zone) if lifecycle_rules is None else lifecycle_rules
            bucket = LakeBucket(
                self,
                "Bucket",
                key=key,
                access_logs=access_logs,
                inventory=inventory,
                lifecycle_rules=[*rules, *(() if contracts is None else retention_rules(zone, contracts))],
                notify=zone is Zone.LANDING,
                object_lock=object_lock,
                replica=replica,
                removal_policy=removal_policy,
            ).bucket
        self.zone = zone
        self.bucket: s3.IBucket = bucket
        self.key: kms.IKey = key

    @classmethod
    def from_bucket(cls, scope: Construct, construct_id: str, *, zone: Zone, bucket: s3.IBucket, key: kms.IKey) -> LakeZone:
        """A zone around a bucket and a key that exist already; makes no resource and changes nothing on them."""
        return cls(scope, construct_id, zone=zone, bucket=bucket, key=key)


class LakeStorage(Construct):
    """The zones of one lake, with one bucket for their access logs and one for their inventories.

    Args:
        contracts: Whose retention becomes lifecycle rules; none when left out. Adding a product changes rules of the buckets and no
            logical id.
        zones: Which zones to make; all when left out.
        existing_zones: Zones that exist already (`LakeZone.from_bucket`), used in place of new ones; none when left out.
        access_logs: An existing place for access logs; a new `AccessLogBucket` when left out.
        inventory: An existing place for inventories; a new `InventoryBucket` when left out.
        object_locks: Zones whose object versions cannot be deleted for a time, and for how long; none when left out. Raw is made for it:
            what arrived is written once. In curated every file that a compaction or a deletion of rows leaves behind would stay as well.
        replicas: Zones whose new objects are copied, and where to; none when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `no_such_zone`, when a zone is asked for that is not there, or locked or copied and not made here; `zone_mismatch`,
            when a key of `existing_zones` is not the zone of its value; `too_many_lifecycle_rules`; `object_lock`, `replica_not_locked`,
            `replica_key`, see `LakeBucket`; `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contracts: ContractSet | None = None,
        zones: Sequence[Zone] | None = None,
        existing_zones: Mapping[Zone, LakeZone] | None = None,
        access_logs: BucketHolder | None = None,
        inventory: BucketHolder | None = None,
        object_locks: Mapping[Zone, ObjectLock] | None = None,
        replicas: Mapping[Zone, ReplicaAddress] | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        zones = tuple(Zone) if zones is None else zones
        existing_zones = {} if existing_zones is None else existing_zones
        object_locks = {} if object_locks is None else object_locks
        replicas = {} if replicas is None else replicas
        self._check_made({*object_locks, *replicas}, set(zones) - set(existing_zones))
        if access_logs is None:
            access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        if inventory is None:
            inventory = InventoryBucket(self, "Inventory", access_logs=access_logs, removal_policy=removal_policy)
        made = {
            zone: LakeZone(
                self,
                zone.name.title(),
                zone=zone,
                contracts=contracts,
                access_logs=access_logs,
                inventory=inventory,
                object_lock=object_locks.get(zone),
                replica=replicas.get(zone),
                removal_policy=removal_policy,
            )
            for zone in Zone
            if zone in zones and zone not in existing_zones
        }
        self._check_existing(existing_zones)
        self.zones: Mapping[Zone, LakeZone] = MappingProxyType({**made, **existing_zones})
        self.access_logs = access_logs
        self.inventory = inventory

    def zone(self, zone: Zone) -> LakeZone:
        """That zone; raises `no_such_zone` when the storage was made without it."""
        if zone not in self.zones:
            there = ", ".join(self.zones)
            msg = f"there is no {zone.value} zone here, only {there or 'none'}; add it to `zones`, or bring it along in `existing_zones`"
            raise misuse(self, msg, code="no_such_zone")
        return self.zones[zone]

    @property
    def landing(self) -> LakeZone:
        """Where producers put objects."""
        return self.zone(Zone.LANDING)

    @property
    def raw(self) -> LakeZone:
        """Unchanged copies of what arrived."""
        return self.zone(Zone.RAW)

    @property
    def curated(self) -> LakeZone:
        """Tables that satisfy their contract."""
        return self.zone(Zone.CURATED)

    @property
    def consumption(self) -> LakeZone:
        """Products derived from curated tables."""
        return self.zone(Zone.CONSUMPTION)

    @property
    def quarantine(self) -> LakeZone:
        """Rows that do not satisfy their contract."""
        return self.zone(Zone.QUARANTINE)

    def _check_made(self, asked: set[Zone], made: set[Zone]) -> None:
        if strange := sorted(asked - made):
            there = ", ".join(sorted(made))
            msg = f"got an Object Lock or a replica for {', '.join(strange)}; allowed are zones that are made here: {there or 'none'}"
            raise misuse(self, msg, code="no_such_zone")

    def _check_existing(self, existing_zones: Mapping[Zone, LakeZone]) -> None:
        for zone, lake_zone in existing_zones.items():
            if lake_zone.zone is not zone:
                msg = f"existing_zones has a {lake_zone.zone.value} zone as {zone.value}; key and zone must be the same"
                raise misuse(self, msg, code="zone_mismatch")
