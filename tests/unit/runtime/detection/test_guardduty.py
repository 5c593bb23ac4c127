"""The detector of an administrator is adopted or made, and members get what is declared, never less than they had."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.runtime.detection.guardduty import apply
from constructs_lib.runtime.detection.keeping import DetectionError, NotAdministratorError
from tests.unit.runtime.detection.fakes import MEMORY, Dying, GuardDutyApi, Ssm
from tests.unit.runtime.lakeformation.support import Clock, request, retry

AGENTS = ["EC2_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT"]
PROPERTIES = {
    "Members": "ALL",
    "Features": {"S3_DATA_EVENTS": [], "RUNTIME_MONITORING": AGENTS},
    "PublishingFrequency": "FIFTEEN_MINUTES",
    "MemoryParameter": MEMORY,
}


def send(api: Any, ssm: Ssm, kind: str = "Create", **changes: Any) -> dict[str, str]:
    """One request."""
    return apply(api, ssm, retry(), request(kind, {**PROPERTIES, **changes}, PROPERTIES))


@pytest.mark.parametrize("there", [True, False])
def test_a_detector_is_adopted_or_made(there: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Either way it watches what is declared, and so do all members; a repeated request changes nothing."""
    api, ssm = GuardDutyApi(there=there), Ssm()
    answers = [send(api, ssm), send(api, ssm)]
    assert answers == [{"DetectorId": "abc" if there else "new", "LeftOut": ""}] * 2
    assert api.made == (0 if there else 1)
    assert api.own() == {"CLOUD_TRAIL": "ENABLED", "S3_DATA_EVENTS": "ENABLED", "RUNTIME_MONITORING": "ENABLED"}
    assert api.members() == {"S3_DATA_EVENTS": "ALL", "RUNTIME_MONITORING": "ALL"}
    (runtime,) = [each for each in api.organization["Features"] if each["Name"] == "RUNTIME_MONITORING"]
    assert {part["Name"]: part["AutoEnable"] for part in runtime["AdditionalConfiguration"]} == dict.fromkeys(AGENTS, "ALL")
    assert api.organization["AutoEnableOrganizationMembers"] == "ALL"


def test_deleting_gives_back_what_was_there_and_leaves_the_detector() -> None:
    """Its findings would go with it."""
    api, ssm = GuardDutyApi(), Ssm()
    send(api, ssm)
    send(api, ssm, "Delete")
    assert api.own() == {"CLOUD_TRAIL": "ENABLED", "S3_DATA_EVENTS": "DISABLED", "RUNTIME_MONITORING": "DISABLED"}
    assert set(api.members().values()) == {"NONE"}
    assert api.organization["AutoEnableOrganizationMembers"] == "NEW"
    assert api.detectors["abc"]["FindingPublishingFrequency"] == "SIX_HOURS"
    assert ssm.values == {}


def test_what_watches_more_is_not_lowered() -> None:
    """New members only is less than all of them; a feature nobody declares here stays on."""
    api, ssm = GuardDutyApi(), Ssm()
    api.organization = {
        "AutoEnableOrganizationMembers": "ALL",
        "Features": [{"Name": "S3_DATA_EVENTS", "AutoEnable": "ALL"}, {"Name": "RDS_LOGIN_EVENTS", "AutoEnable": "NEW"}],
    }
    send(api, ssm, Members="NEW")
    assert api.organization["AutoEnableOrganizationMembers"] == "ALL"
    assert api.members() == {"S3_DATA_EVENTS": "ALL", "RDS_LOGIN_EVENTS": "NEW", "RUNTIME_MONITORING": "NEW"}


def test_a_suspended_detector_is_woken_and_suspended_again() -> None:
    """As it was found."""
    api, ssm = GuardDutyApi(), Ssm()
    api.detectors["abc"]["Status"] = "DISABLED"
    send(api, ssm)
    assert api.detectors["abc"]["Status"] == "ENABLED"
    send(api, ssm, "Delete")
    assert api.detectors["abc"]["Status"] == "DISABLED"


def test_the_older_runtime_feature_is_kept_and_told() -> None:
    """GuardDuty refuses both; what is on goes on."""
    api, ssm = GuardDutyApi(), Ssm()
    api.organization["Features"] = [{"Name": "EKS_RUNTIME_MONITORING", "AutoEnable": "NEW"}]
    assert send(api, ssm)["LeftOut"] == "members/RUNTIME_MONITORING"
    assert api.members() == {"EKS_RUNTIME_MONITORING": "NEW", "S3_DATA_EVENTS": "ALL"}
    assert api.own()["RUNTIME_MONITORING"] == "ENABLED"


def test_who_is_no_administrator_is_told_after_a_while() -> None:
    """A delegation made just before is waited for; the delete that follows passes."""
    api, ssm, clock = GuardDutyApi(administrator=False), Ssm(), Clock()
    with pytest.raises(NotAdministratorError, match="delegate it from the management account first"):
        apply(api, ssm, retry(clock), request("Create", PROPERTIES))
    assert 0 < sum(clock.pauses) < 120
    assert send(api, ssm, "Delete") == {}


def test_a_detector_that_is_gone_is_not_made_by_a_delete() -> None:
    """Somebody switched GuardDuty off: there is nothing to give back, and nothing is switched on to find that out."""
    api, ssm = GuardDutyApi(), Ssm()
    send(api, ssm)
    api.detectors.clear()
    send(api, ssm, "Delete")
    assert (api.detectors, api.made, ssm.values) == ({}, 0, {})


def test_a_delegation_that_was_withdrawn_does_not_block_the_delete() -> None:
    """There is nothing to give back any more."""
    api, ssm = GuardDutyApi(), Ssm()
    send(api, ssm)
    api.administrator = False
    send(api, ssm, "Delete")
    assert ssm.values == {}


def test_throttling_passes() -> None:
    """Every operation is throttled once."""
    api, ssm = GuardDutyApi(), Ssm()
    apply(Dying(api, throttles=True), Dying(ssm, throttles=True), retry(), request("Create", PROPERTIES))
    assert api.members()["S3_DATA_EVENTS"] == "ALL"


def test_fails_when_members_is_no_choice() -> None:
    """Before anything is changed."""
    api, ssm = GuardDutyApi(), Ssm()
    with pytest.raises(DetectionError, match="allowed are ALL, NEW and NONE"):
        send(api, ssm, Members="SOME")
    assert ssm.values == {}
