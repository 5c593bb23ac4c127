"""How long objects stay, and in which storage class: by zone, and by each contract's retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, aws_s3 as s3

from lakemodel.config.model import Zone
from lakemodel.contracts.model import TableFormat
from lakemodel.limits import Quota, limit
from lakemodel.naming import product_prefix, table_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.contracts.model import ContractSet, DataContract

MAXIMUM_RULES = limit(Quota.BUCKET_LIFECYCLE_RULES).value
"""Rules that one bucket's lifecycle configuration takes."""

_ABORT_DAYS = 7
_NONCURRENT_DAYS = 30
_LANDING_DAYS = 30
_TIERING_DAYS = 30
_ARCHIVE_DAYS = 90
_DEEP_ARCHIVE_DAYS = 365


def housekeeping() -> list[s3.LifecycleRule]:
    """What every bucket does: nothing half uploaded is kept, nor noncurrent versions for longer than a mistake needs."""
    return [
        s3.LifecycleRule(
            id="housekeeping",
            abort_incomplete_multipart_upload_after=Duration.days(_ABORT_DAYS),
            noncurrent_version_expiration=Duration.days(_NONCURRENT_DAYS),
            expired_object_delete_marker=True,
        )
    ]


def zone_rules(zone: Zone) -> list[s3.LifecycleRule]:
    """The rules a zone has whatever its contracts say.

    Landing expires after 30 days: what arrived was copied to raw. Raw goes to Glacier Instant Retrieval after 90 days and to Deep
    Archive after 365. Curated and consumption go to Intelligent-Tiering after 30 days, without its archive tiers, which queries cannot
    read; 30, so that files a compaction soon replaces are not paid for. Quarantine stays as it is.
    """
    match zone:
        case Zone.LANDING:
            return [s3.LifecycleRule(id="expire-landed", expiration=Duration.days(_LANDING_DAYS))]
        case Zone.RAW:
            return [
                s3.LifecycleRule(
                    id="archive",
                    transitions=[
                        _transition(s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, _ARCHIVE_DAYS),
                        _transition(s3.StorageClass.DEEP_ARCHIVE, _DEEP_ARCHIVE_DAYS),
                    ],
                )
            ]
        case Zone.CURATED | Zone.CONSUMPTION:
            return [s3.LifecycleRule(id="tier", transitions=[_transition(s3.StorageClass.INTELLIGENT_TIERING, _TIERING_DAYS)])]
        case Zone.QUARANTINE:
            return []


def retention_rules(zone: Zone, contracts: ContractSet) -> list[s3.LifecycleRule]:
    """One rule for each product whose contract has a retention: its objects in `zone` expire after that many days.

    A product's objects share a prefix, and a bucket takes only so many rules. So what a table leaves behind that the contract no longer
    has expires with the product's, as it was agreed. In the curated zone each Parquet table has a rule of its own: deleting the files of
    an Iceberg table by age, a retired one's too, would leave snapshots that point at nothing, so its rows have to be deleted by the
    engine. Landing gets a rule only where the retention is shorter than the zone's own 30 days, and consumption none: what is derived
    there has no contract.
    """
    rules = []
    for contract in contracts.contracts:
        if contract.retention_days is not None:
            rules += [
                s3.LifecycleRule(id=f"retain-{name}", prefix=prefix, expiration=Duration.days(contract.retention_days))
                for name, prefix in _expiring(zone, contract, contract.retention_days)
            ]
    return rules


def _expiring(zone: Zone, contract: DataContract, days: int) -> Iterator[tuple[str, str]]:
    """What of a product expires in a zone: its name for the rule, and its prefix."""
    match zone:
        case Zone.CURATED:
            for table in contract.tables:
                if table.format is TableFormat.PARQUET:
                    yield f"{contract.key}.{table.name}", table_prefix(contract.domain, contract.product, table.name)
        case Zone.RAW | Zone.QUARANTINE:
            yield contract.key, product_prefix(contract.domain, contract.product)
        case Zone.LANDING if days < _LANDING_DAYS:
            yield contract.key, product_prefix(contract.domain, contract.product)


def _transition(storage_class: s3.StorageClass, days: int) -> s3.Transition:
    return s3.Transition(storage_class=storage_class, transition_after=Duration.days(days))
