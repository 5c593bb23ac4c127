"""How large the Glue job of a product is: workers from the volume that its contract expects, the execution class from its deadline.

The numbers, and where they come from:

- A worker of type G.1X has 4 vCPUs and 16 GB; one of a run's workers is the driver, so that a job has at least two.
  https://docs.aws.amazon.com/glue/latest/dg/worker-types.html
- The ingestion job casts and checks 22 MB of CSV (300,000 rows) in 45 to 50 s on two cores, besides the start: with four, 50 MB a minute.
  It is measured on one kind of rows; wide or nested ones are slower, and the job's duration in CloudWatch says what is true.
- Workers are a limit, not a bill: auto scaling takes those that there is work for. One text file is read by one task, so more workers
  help deliveries of several files. https://docs.aws.amazon.com/glue/latest/dg/auto-scaling.html
- Flex takes spare capacity at a lower price and may wait for it. https://docs.aws.amazon.com/glue/latest/dg/add-job.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakemodel.contracts.model import ExpectedVolume

if TYPE_CHECKING:
    from lakemodel.contracts.model import DataContract, Schedule

WORKER_TYPE: Final = "G.1X"
LEAST_WORKERS: Final = 2
MOST_WORKERS: Final = 20
"""More than these is a decision of its own: set it on the job by hand."""

WORKERS_WITHOUT_VOLUME: Final = 4
MEGABYTES_A_MINUTE: Final = 50
MINUTES: Final = 10
"""How long the work of a run may take where nothing asks for less."""

LEAST_MINUTES: Final = 2
FLEX_HOURS: Final = 24
_NIGHTLY_FLEX_HOURS: Final = 12
_NIGHT: Final = ("20:00", "06:00")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSize:
    """What a Glue job runs on.

    Attributes:
        worker_type: As Glue calls it.
        most_workers: The limit of auto scaling, the driver among them.
        flex: Whether it may wait for spare capacity.
        reason: Why, for people.
    """

    worker_type: str
    most_workers: int
    flex: bool
    reason: str


def product_size(contract: DataContract) -> JobSize:
    """The size of the one job that ingests all of a product's tables: for the largest delivery, and all deliveries of a day."""
    megabytes = [one for table in contract.tables if (one := table.volume.megabytes_per_delivery) is not None]
    deliveries = [one for table in contract.tables if (one := table.volume.deliveries_per_day) is not None]
    volume = ExpectedVolume(megabytes_per_delivery=max(megabytes, default=None), deliveries_per_day=sum(deliveries) if deliveries else None)
    return job_size(volume, contract.freshness_hours, contract.schedule)


def job_size(volume: ExpectedVolume, freshness_hours: int | None, schedule: Schedule | None = None) -> JobSize:
    """The size of a job.

    A run has to be done in ten minutes, in a tenth of the promised freshness, and in half of the time from one delivery to the next;
    what is least counts. A scheduled product ingests all deliveries of a day in one run.

    Args:
        volume: What is expected; four workers where it says nothing of megabytes.
        freshness_hours: The deadline; None where the contract promises none, and then the job waits for no capacity.
        schedule: When it is ingested; on arrival when left out.

    Example:
        >>> job_size(ExpectedVolume(megabytes_per_delivery=2000), 24).most_workers
        5
    """
    flex, why = _flex(freshness_hours, schedule)
    megabytes = volume.megabytes_per_delivery
    if megabytes is None:
        reason = f"{WORKERS_WITHOUT_VOLUME} workers at most, since no expectedVolume is stated; {why}"
        return JobSize(worker_type=WORKER_TYPE, most_workers=WORKERS_WITHOUT_VOLUME, flex=flex, reason=reason)
    deliveries = volume.deliveries_per_day
    if schedule is not None and deliveries is not None:
        megabytes, deliveries = megabytes * max(1.0, deliveries), 1.0
    minutes = _minutes(deliveries, freshness_hours)
    wanted = 1 + math.ceil(megabytes / (MEGABYTES_A_MINUTE * minutes))
    workers = min(MOST_WORKERS, max(LEAST_WORKERS, wanted))
    cut = f", {wanted} would be needed" if wanted > workers else ""
    reason = (
        f"{workers} workers at most{cut}: a driver, and {MEGABYTES_A_MINUTE} MB a minute each for {megabytes:g} MB"
        f" in {minutes:g} minutes; {why}"
    )
    return JobSize(worker_type=WORKER_TYPE, most_workers=workers, flex=flex, reason=reason)


def _minutes(deliveries_per_day: float | None, freshness_hours: int | None) -> float:
    limits = [float(MINUTES)]
    if deliveries_per_day is not None:
        limits.append(24 * 60 / deliveries_per_day / 2)
    if freshness_hours is not None:
        limits.append(freshness_hours * 60 / 10)
    return max(float(LEAST_MINUTES), min(limits))


def _flex(freshness_hours: int | None, schedule: Schedule | None) -> tuple[bool, str]:
    """Whether the job may wait, and why."""
    start, end = _NIGHT
    is_nightly = schedule is not None and (schedule.at >= start or schedule.at < end)
    if freshness_hours is not None and freshness_hours >= FLEX_HOURS:
        return True, f"Flex, since {freshness_hours} hours of freshness leave time to wait for capacity"
    if is_nightly and (freshness_hours is None or freshness_hours >= _NIGHTLY_FLEX_HOURS):
        return True, "Flex, since it runs at night"
    if freshness_hours is None:
        return False, "no Flex, since no freshness says how long it may wait"
    return False, f"no Flex, since {freshness_hours} hours of freshness leave no time to wait for capacity"
