"""How large a job is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from lakemodel.contracts.model import DataContract, ExpectedVolume, Schedule, Table, TableFormat
from lakemodel.sizing import LEAST_WORKERS, MOST_WORKERS, WORKERS_WITHOUT_VOLUME, JobSize, job_size, product_size

NIGHT = Schedule(at="02:30", time_zone="UTC")
NOON = Schedule(at="12:00", time_zone="UTC")


def volume(megabytes: float | None = None, deliveries: float | None = None) -> ExpectedVolume:
    return ExpectedVolume(megabytes_per_delivery=megabytes, deliveries_per_day=deliveries)


@pytest.mark.parametrize(("megabytes", "deliveries", "freshness", "workers"), [
    (1, None, None, 2), (500, None, 24, 2), (501, None, 24, 3), (2000, 1, 24, 5), (1e6, 1, 24, MOST_WORKERS),
    (500, 144, 24, 3),  # every ten minutes: five for a run
    (500, 1e6, 24, 6),  # never less than two minutes
    (900, 1, 1, 4),  # six minutes of the hour
    (900, 1, 2, 3), (1500, 1, None, 4),
])  # fmt: skip
def test_workers_follow_the_volume(megabytes: float, deliveries: float | None, freshness: int | None, workers: int) -> None:
    """A driver, and 50 MB a minute for each of the others."""
    found = job_size(volume(megabytes, deliveries), freshness)
    assert (found.worker_type, found.most_workers) == ("G.1X", workers)
    assert f"{workers} workers at most" in found.reason


def test_says_what_is_more_than_it_gives() -> None:
    """The limit is told where it cuts."""
    assert "201 would be needed" in job_size(volume(100_000), 24).reason
    assert "would be needed" not in job_size(volume(100), 24).reason


def test_without_a_volume_four_workers_do() -> None:
    """As long as nobody says how much is delivered."""
    for stated in (volume(), volume(None, 24)):
        found = job_size(stated, None)
        assert (found.most_workers, found.flex) == (WORKERS_WITHOUT_VOLUME, False)
        assert "no expectedVolume" in found.reason


@pytest.mark.parametrize(("freshness", "schedule", "flex"), [
    (24, None, True), (168, NOON, True), (23, None, False), (None, None, False), (None, NIGHT, True), (12, NIGHT, True), (11, NIGHT, False),
    (None, NOON, False), (None, replace(NIGHT, at="20:00"), True), (None, replace(NIGHT, at="06:00"), False),
])  # fmt: skip
def test_flex_where_there_is_time_to_wait(freshness: int | None, schedule: Schedule | None, *, flex: bool) -> None:
    """A day of freshness, or a run at night whose data is not wanted before noon; a deadline that nobody stated is none to miss."""
    found = job_size(volume(1), freshness, schedule)
    assert found.flex is flex
    assert ("no Flex" in found.reason) is not flex


def test_a_schedule_gathers_the_deliveries_of_a_day() -> None:
    """In one run."""
    assert job_size(volume(500, 8), 24, NIGHT).most_workers == 1 + 8
    assert job_size(volume(500, 8), 24).most_workers == 2
    assert job_size(volume(500, 0.1), 24, NIGHT).most_workers == 2


@given(
    st.none() | st.floats(1e-3, 1e9),
    st.none() | st.floats(1e-3, 1e9),
    st.none() | st.integers(1, 10_000),
    st.sampled_from([None, NIGHT, NOON]),
)
def test_is_always_a_job_that_glue_can_start(
    megabytes: float | None, deliveries: float | None, freshness: int | None, schedule: Schedule | None
) -> None:
    """Two workers at least, and a limit."""
    found = job_size(volume(megabytes, deliveries), freshness, schedule)
    assert LEAST_WORKERS <= found.most_workers <= MOST_WORKERS
    assert found == job_size(volume(megabytes, deliveries), freshness, schedule)


def test_a_product_has_one_job_for_all_its_tables() -> None:
    """Its largest delivery, all deliveries together."""

    def table(name: str, stated: ExpectedVolume) -> Table:
        return Table(name=name, source_name=name, format=TableFormat.ICEBERG, columns=(), classification="public", volume=stated)

    def product(*stated: ExpectedVolume) -> JobSize:
        tables = tuple(table(f"t{at}", one) for at, one in enumerate(stated))
        contract = DataContract(id="1", domain="d", product="p", version="1", status="active", tables=tables, file="x", freshness_hours=24)
        return product_size(contract)

    assert product(volume(500, 72), volume(10, 72)) == job_size(volume(500, 144), 24)
    assert product(volume(), volume(700)) == job_size(volume(700), 24)
    assert product(volume()) == job_size(volume(), 24)
