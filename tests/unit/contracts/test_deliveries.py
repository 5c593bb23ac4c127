"""What a contract says about files and rows that are not as described, about volumes and schedules; what cannot work is refused there."""

from __future__ import annotations

import itertools
import json
import re
import zoneinfo
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.runtime.ingestion import spec as job
from constructs_lib.runtime.ingestion.errors import SpecError
from constructs_lib.runtime.ingestion.tables.base import DATA_FILE
from lakemodel.contracts.context import RESERVED_COLUMNS
from lakemodel.contracts.deliveries import CONFLICTS, EQUAL_ROWS
from lakemodel.contracts.job_spec import job_spec
from lakemodel.contracts.model import DuplicateRule, ExpectedVolume, Schedule, Table
from lakemodel.contracts.quarantine import quarantine_columns
from lakemodel.contracts.schedules import time_zones

from .support import codes, document, finding_of, read, table_of

KEY = {"name": "k", "logicalType": "integer", "physicalType": "int", "primaryKey": True, "required": True}
WHEN = {"name": "Changed At", "logicalType": "timestamp"}
NOTE = {"name": "note", "logicalType": "string"}
TAGS = {"name": "tags", "logicalType": "array", "items": {"logicalType": "string"}}


def own(**properties: Any) -> dict[str, Any]:
    return {"customProperties": [{"property": name, "value": value, "vendor": "governed-lake"} for name, value in properties.items()]}


def source(*columns: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return document(list(columns or (KEY, NOTE)), table=own(**properties))


def duplicates(*columns: dict[str, Any], **properties: Any) -> DuplicateRule:
    return table_of(source(*columns, **properties)).duplicates


def test_reads_rules_about_rows_that_come_twice() -> None:
    """The column of `latest` by its name in the contract or in the catalog."""
    assert duplicates() == DuplicateRule()
    assert duplicates(NOTE, duplicateRows="keep") == DuplicateRule(equal_rows="keep")
    assert duplicates(keyConflict="first") == DuplicateRule(conflict="first")
    when = WHEN | {"name": "changed_at", "physicalName": "ChangedAt"}
    assert duplicates(KEY, when, keyConflict="latest", latestBy="changed_at") == DuplicateRule(conflict="latest", latest_by="changed_at")


@pytest.mark.parametrize(("columns", "properties", "said"), [
    ((KEY, NOTE), {"duplicateRows": "drop"}, "duplicateRows is 'drop'; allowed: remove, keep"),
    ((KEY, NOTE), {"duplicateRows": "kep"}, "did you mean 'keep'"),
    ((KEY, NOTE), {"keyConflict": "newest"}, "allowed: quarantine, first, last, latest"),
    ((KEY, NOTE), {"keyConflict": True}, "keyConflict is 'True'"),
    ((KEY, NOTE), {"duplicateRows": "keep"}, "has a primary key (k)"),
    ((NOTE,), {"keyConflict": "first"}, "has no primary key"),
    ((KEY, NOTE), {"keyConflict": "last", "tableFormat": "parquet"}, "kept as parquet: only iceberg can"),
    ((KEY, NOTE), {"keyConflict": "latest"}, "latestBy is missing"),
    ((KEY, NOTE), {"keyConflict": "first", "latestBy": "note"}, "goes with keyConflict latest, not first"),
    ((KEY, NOTE), {"latestBy": "note"}, "goes with keyConflict latest, not quarantine"),
    ((KEY, NOTE), {"keyConflict": "latest", "latestBy": "noet"}, "did you mean 'note', which is no column; columns: k, note"),
    ((KEY, TAGS), {"keyConflict": "latest", "latestBy": "tags", "sourceFormat": "jsonl"}, "no order"),
])  # fmt: skip
def test_fails_when_a_rule_about_rows_cannot_be_carried_out(columns: tuple[Any, ...], properties: dict[str, Any], said: str) -> None:
    """With the place, what was found, what is allowed, and the remedy."""
    data = source(*columns, **properties)
    assert set(codes(data, severity="error")) == {"duplicates"}
    found = finding_of(data, "duplicates")
    assert said in found.message
    assert found.place.path.startswith("schema.thing.customProperties.")
    assert found.remedy


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("kept_as", ["iceberg", "parquet"])
@pytest.mark.parametrize(("equal", "conflict", "latest_by"), [*itertools.product(job.EQUAL_ROWS, job.CONFLICT_RULES, [None, "note"])])
def test_refuses_what_the_job_refuses_and_nothing_else(
    equal: str, conflict: str, latest_by: str | None, kept_as: str, *, has_key: bool
) -> None:
    """The contract's rules and those of the job's spec are the same: nothing fails when the job runs only, nothing for no reason."""
    columns = (KEY, NOTE) if has_key else (NOTE,)
    stated = {"duplicateRows": equal, "keyConflict": conflict} | ({} if latest_by is None else {"latestBy": latest_by})
    contract, _ = read(source(*columns, tableFormat=kept_as, **stated))
    plain, _ = read(source(*columns, tableFormat=kept_as))
    assert plain is not None
    table = replace(plain.tables[0], duplicates=DuplicateRule(equal_rows=equal, conflict=conflict, latest_by=latest_by))
    assert (contract is not None) == is_taken(plain, table)
    assert (EQUAL_ROWS, CONFLICTS) == (job.EQUAL_ROWS, job.CONFLICT_RULES)


def is_taken(contract: Any, table: Table) -> bool:
    """Whether the job takes the compiled table."""
    try:
        job.parse_spec(json.dumps(job_spec(contract, table)))
    except SpecError:
        return False
    return True


def test_reads_what_becomes_of_other_columns() -> None:
    """A bare null in YAML is the word, too."""
    found = table_of(source(missingColumns="null", extraColumns="quarantine", columnOrder="declared")).source
    assert (found.missing_columns, found.extra_columns, found.column_order) == ("null", "quarantine", "declared")
    assert table_of(source(missingColumns=None)).source.missing_columns == "null"
    default = table_of(source()).source
    assert (default.missing_columns, default.extra_columns, default.column_order) == ("quarantine", "ignore", "any")
    assert table_of(source(missingColumns="null", extraColumns="ignore", sourceFormat="jsonl")).source.missing_columns == "null"
    assert table_of(source(columnOrder="declared", sourceFormat="parquet")).source.column_order == "declared"


@pytest.mark.parametrize(("properties", "said"), [
    ({"missingColumns": "ignore"}, "allowed: quarantine, null"),
    ({"extraColumns": "quarantin"}, "did you mean 'quarantine'; allowed: ignore, quarantine"),
    ({"extraColumns": None}, "extraColumns is 'null'"),
    ({"columnOrder": 1}, "allowed: any, declared"),
    ({"missingColumns": "null", "header": False}, "read by position"),
    ({"columnOrder": "any", "header": False}, "read by position"),
    ({"columnOrder": "declared", "sourceFormat": "jsonl"}, "keys have no order"),
])  # fmt: skip
def test_fails_when_files_cannot_be_told_by_their_columns(properties: dict[str, Any], said: str) -> None:
    """A file without names cannot lack one."""
    assert codes(source(**properties), severity="error") == ["source_option"]
    assert said in finding_of(source(**properties), "source_option").message


def test_reads_the_expected_volume() -> None:
    """Either number alone says something."""
    assert table_of(source()).volume == ExpectedVolume()
    assert table_of(source(expectedVolume={"megabytesPerDelivery": 12.5})).volume == ExpectedVolume(megabytes_per_delivery=12.5)
    both = table_of(source(expectedVolume={"megabytesPerDelivery": 1, "deliveriesPerDay": 0.5})).volume
    assert both == ExpectedVolume(megabytes_per_delivery=1, deliveries_per_day=0.5)


@pytest.mark.parametrize(("value", "said", "place"), [
    (5, "allowed: a mapping with megabytesPerDelivery, deliveriesPerDay", "value"), ({}, "allowed: a mapping", "value"),
    ({"megabytesPerDelivry": 5}, "did you mean 'megabytesPerDelivery'", "megabytesPerDelivry"),
    ({"deliveriesPerDay": "4"}, "deliveriesPerDay is '4'; allowed: a number above 0", "deliveriesPerDay"),
    ({"deliveriesPerDay": 0}, "above 0", "deliveriesPerDay"), ({"deliveriesPerDay": True}, "above 0", "deliveriesPerDay"),
    ({"megabytesPerDelivery": 1e10}, "at most 1,000,000,000", "megabytesPerDelivery"),
])  # fmt: skip
def test_fails_for_a_volume_that_is_none(value: Any, said: str, place: str) -> None:
    """At the number that is wrong."""
    found = finding_of(source(expectedVolume=value), "volume")
    assert said in found.message
    assert found.place.path.endswith(place)


def schedule(value: Any) -> Schedule | None:
    contract, findings = read(document(**own(schedule=value)))
    assert contract is not None, [str(finding) for finding in findings]
    return contract.schedule


def test_reads_schedules() -> None:
    """A text, or all that can be said; days in the order of the week."""
    assert schedule("02:30 Europe/Berlin") == Schedule(at="02:30", time_zone="Europe/Berlin")
    whole = {"at": "23:59", "timeZone": "UTC", "days": ["fri", "MON"], "windowMinutes": 0}
    assert schedule(whole) == Schedule(at="23:59", time_zone="UTC", days=("MON", "FRI"), window_minutes=0)
    assert schedule({"at": "00:00", "timeZone": "America/Argentina/Ushuaia", "days": "SUN"}) == Schedule(
        at="00:00", time_zone="America/Argentina/Ushuaia", days=("SUN",)
    )
    contract, _ = read(document())
    assert contract is not None
    assert contract.schedule is None


@pytest.mark.parametrize(("value", "said"), [
    ("02:30", 'allowed: "HH:MM Europe/Berlin" or a mapping'), (5, "schedule is 5"), ({}, "schedule is {}"),
    ("2:30 Europe/Berlin", "at is '2:30'"),
    ("24:00 UTC", "00:00 to 23:59"), ("02:30 CEST", "allowed: a name of the IANA time zone database"),
    ("02:30 Europe/Berln", "did you mean 'Europe/Berlin'"), ("02:30 europe/berlin", "did you mean 'Europe/Berlin'"),
    ("02:30 EST", "timeZone is 'EST'"), ({"at": "02:30"}, "schedule has no timeZone"), ({"timeZone": "UTC"}, "schedule has no at"),
    ({"at": "02:30", "timezone": "UTC"}, "did you mean 'timeZone'"), ({"at": 230, "timeZone": "UTC"}, "at is 230"),
    ({"at": "02:30", "timeZone": "UTC", "days": ["MON", "Monday"]}, "days has 'Monday'; allowed: a list of MON"),
    ({"at": "02:30", "timeZone": "UTC", "days": []}, "days is empty"),
    ({"at": "02:30", "timeZone": "UTC", "days": ["MON", "mon"]}, "names a day twice"),
    ({"at": "02:30", "timeZone": "UTC", "windowMinutes": 1441}, "from 0 to 1,440"),
    ({"at": "02:30", "timeZone": "UTC", "windowMinutes": 1.5}, "a whole number"),
])  # fmt: skip
def test_fails_for_a_schedule_that_cannot_be_meant(value: Any, said: str) -> None:
    """A pipeline that starts at another hour than meant is a promise broken every day."""
    data = document(**own(schedule=value))
    assert set(codes(data, severity="error")) == {"schedule"}
    assert any(said in finding.message for finding in read(data)[1]), [str(finding) for finding in read(data)[1]]


def test_time_zones_are_pinned() -> None:
    """The list comes with the package and is none of the machine's; each name is a region and city, or UTC."""
    zones = time_zones()
    assert list(zones) == sorted(set(zones))
    assert len(zones) > 500
    assert all(re.fullmatch(r"[A-Z][A-Za-z_]+(/[A-Za-z_+-]+){1,2}|UTC|GMT", zone) for zone in zones)
    assert {"Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"} <= set(zones)
    assert not {"EST", "CET", "Etc/GMT+5", "Factory"} & set(zones)
    assert zoneinfo.ZoneInfo("Europe/Berlin").key in zones


def test_keeps_names_that_the_pipeline_uses() -> None:
    """A column of such a name would be taken for the pipeline's own."""
    own_names = {column.name for column in quarantine_columns(table_of(source()))} - {"k", "note"}
    assert own_names | {DATA_FILE} == RESERVED_COLUMNS
    for name in RESERVED_COLUMNS:
        assert codes(source(KEY, NOTE | {"name": name}), severity="error") == ["reserved_name"]


def test_tells_of_a_vendor_that_was_forgotten() -> None:
    """These names are nobody else's."""
    for name in ("keyConflict", "expectedVolume", "missingColumns"):
        bare = {"customProperties": [{"property": name, "value": "first"}]}
        assert codes(document(table=bare), severity="warning") == ["no_vendor"]
    assert codes(document(customProperties=[{"property": "schedule", "value": "daily"}])) == []
