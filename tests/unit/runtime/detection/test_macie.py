"""Macie's session is adopted or made, members join and leave, jobs follow their definition."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.runtime.detection import macie, macie_job
from tests.unit.runtime.detection.fakes import MEMORY, Dying, MacieApi, Organizations, Ssm
from tests.unit.runtime.lakeformation.support import request, retry

LAKES = ["444444444401", "444444444402"]
PROPERTIES = {
    "Accounts": LAKES,
    "NewMembers": "true",
    "AutomatedDiscovery": "false",
    "PublishingFrequency": "FIFTEEN_MINUTES",
    "MemoryParameter": MEMORY,
}
JOB = {
    "Name": "governed-lake",
    "Accounts": LAKES,
    "TagKey": "governed-lake:classification",
    "TagValue": "restricted",
    "Frequency": "WEEKLY",
    "SamplingPercentage": "100",
}


def send(api: Any, ssm: Any, kind: str = "Create", **changes: Any) -> dict[str, str]:
    """One request about the session."""
    return macie.apply(api, Organizations(), ssm, retry(), request(kind, {**PROPERTIES, **changes}, PROPERTIES))


def job(api: Any, kind: str = "Create", **changes: Any) -> dict[str, str]:
    """One request about the job."""
    return macie_job.apply(api, retry(), request(kind, {**JOB, **changes}, JOB))


@pytest.mark.parametrize("enabled", [True, False])
def test_a_session_is_adopted_or_made(enabled: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A paused one is resumed; members join; Security Hub is told; discovery, which is charged, stays off."""
    api, ssm = MacieApi(enabled=enabled), Ssm()
    assert [send(api, ssm), send(api, ssm)] == [{"Members": "2"}, {"Members": "2"}]
    assert api.session == {"status": "ENABLED", "findingPublishingFrequency": "FIFTEEN_MINUTES"}
    assert api.members == dict.fromkeys(LAKES, "Enabled")
    assert api.auto is True
    assert api.told == {"publishClassificationFindings": True, "publishPolicyFindings": True}
    assert api.discovery == {"status": "DISABLED", "autoEnableOrganizationMembers": "NONE"}


def test_deleting_gives_back_and_keeps_the_session() -> None:
    """A member that was there before stays one."""
    api, ssm = MacieApi(enabled=True), Ssm()
    api.members = {LAKES[0]: "Enabled"}
    send(api, ssm, AutomatedDiscovery="true")
    assert api.discovery == {"status": "ENABLED", "autoEnableOrganizationMembers": "ALL"}
    send(api, ssm, "Delete")
    assert api.session == {"status": "PAUSED", "findingPublishingFrequency": "SIX_HOURS"}
    assert api.members == {LAKES[0]: "Enabled"}
    assert (api.auto, api.discovery["status"], ssm.values) == (False, "DISABLED", {})
    assert api.told == {"publishClassificationFindings": False, "publishPolicyFindings": True}


def test_a_paused_member_is_resumed_and_paused_again() -> None:
    """It is a member already, which Macie makes no second time."""
    api, ssm = MacieApi(enabled=True), Ssm()
    api.members = {LAKES[0]: "Paused"}
    assert [send(api, ssm), send(api, ssm)] == [{"Members": "2"}] * 2
    assert api.members == dict.fromkeys(LAKES, "Enabled")
    send(api, ssm, "Delete")
    assert api.members == {LAKES[0]: "Paused"}


def test_macie_that_was_switched_off_does_not_block_the_delete() -> None:
    """Nothing is left to give back, and nothing is switched on for it."""
    api, ssm = MacieApi(enabled=True), Ssm()
    send(api, ssm)
    api.session = None
    send(api, ssm, "Delete")
    assert (api.session, ssm.values) == (None, {})


def test_who_left_comes_back() -> None:
    """An account that is listed and no member any more is made one again."""
    api = MacieApi(enabled=True)
    api.members = {LAKES[0]: "Removed", LAKES[1]: "Enabled"}
    send(api, Ssm())
    assert api.members == dict.fromkeys(LAKES, "Enabled")


def test_discovery_that_somebody_else_runs_goes_on() -> None:
    """Not declared here is not switched off."""
    api, ssm = MacieApi(enabled=True), Ssm()
    api.discovery = {"status": "ENABLED", "autoEnableOrganizationMembers": "NEW"}
    send(api, ssm)
    send(api, ssm, "Delete")
    assert api.discovery == {"status": "ENABLED", "autoEnableOrganizationMembers": "NEW"}


def test_an_account_that_is_no_longer_declared_leaves() -> None:
    """One that was added here, that is."""
    api, ssm = MacieApi(), Ssm()
    send(api, ssm)
    send(api, ssm, "Update", Accounts=LAKES[:1])
    assert api.members == {LAKES[0]: "Enabled"}


def test_throttling_passes() -> None:
    """Every operation is throttled once, enabling too."""
    api = MacieApi()
    send(Dying(api, throttles=True), Ssm())
    assert api.session is not None
    assert api.session["status"] == "ENABLED"


def test_a_job_looks_into_tagged_buckets_of_the_accounts() -> None:
    """Both conditions hold together; a repeated request makes no second one."""
    api = MacieApi()
    assert job(api) == job(api) == {"JobId": "job-0"}
    (made,) = api.jobs.values()
    accounts, tags = made["s3JobDefinition"]["bucketCriteria"]["includes"]["and"]
    assert accounts["simpleCriterion"] == {"key": "ACCOUNT_ID", "comparator": "EQ", "values": LAKES}
    assert tags["tagCriterion"]["tagValues"] == [{"key": "governed-lake:classification", "value": "restricted"}]
    assert (made["jobType"], made["samplingPercentage"]) == ("SCHEDULED", 100)


def test_another_definition_replaces_the_job_and_going_back_makes_it_again() -> None:
    """A cancelled job cannot be started again."""
    api = MacieApi()
    job(api)
    job(api, "Update", Frequency="DAILY")
    assert [each["jobStatus"] for each in api.jobs.values()] == ["CANCELLED", "RUNNING"]
    job(api, "Update")
    assert [each["jobStatus"] for each in api.jobs.values()] == ["CANCELLED", "CANCELLED", "RUNNING"]


def test_deleting_cancels_ours_alone() -> None:
    """A job of another name goes on; deleting twice is fine."""
    api = MacieApi()
    job(api)
    job(api, Name="governed-lakes")
    job(api, "Delete")
    job(api, "Delete")
    assert [each["jobStatus"] for each in api.jobs.values()] == ["CANCELLED", "RUNNING"]


def test_a_paused_job_stays_paused() -> None:
    """Somebody decided so."""
    api = MacieApi()
    job(api)
    api.jobs["job-0"]["jobStatus"] = "USER_PAUSED"
    job(api, "Update")
    assert {key: each["jobStatus"] for key, each in api.jobs.items()} == {"job-0": "USER_PAUSED"}
