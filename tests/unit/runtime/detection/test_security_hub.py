"""The hub is adopted or made, Regions are added, central configuration comes and goes with what it needs."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.runtime.detection.keeping import DetectionError
from constructs_lib.runtime.detection.security_hub import apply
from tests.unit.runtime.detection.fakes import MEMORY, Dying, SecurityHubApi, Ssm
from tests.unit.runtime.lakeformation.support import request, retry

PROPERTIES = {
    "LinkedRegions": ["us-east-1"],
    "Central": "true",
    "PolicyName": "governed-lake",
    "Targets": ["r-abcd"],
    "Standards": ["cis-aws-foundations-benchmark/v/5.0.0"],
    "MemoryParameter": MEMORY,
}


def send(api: Any, ssm: Any, kind: str = "Create", **changes: Any) -> dict[str, str]:
    """One request."""
    return apply(api, ssm, retry(), request(kind, {**PROPERTIES, **changes}, PROPERTIES), "eu-west-1")


@pytest.mark.parametrize("hub", [True, False])
def test_a_hub_is_adopted_or_made(hub: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Without default standards: the policy says which; a repeated request changes nothing."""
    api, ssm = SecurityHubApi(hub=hub), Ssm()
    answer = {"Organization": "CENTRAL/false/NONE", "Regions": "SPECIFIED_REGIONS:us-east-1"}
    assert [send(api, ssm), send(api, ssm)] == [answer, answer]
    assert api.hub == (
        {"EnableDefaultStandards": True} if hub else {"EnableDefaultStandards": False, "ControlFindingGenerator": "SECURITY_CONTROL"}
    )
    assert api.kind == {"ConfigurationType": "CENTRAL", "Status": "ENABLED"}


def test_deleting_gives_back_local_configuration_and_then_the_aggregator() -> None:
    """In that order, because central configuration needs one; the hub stays."""
    api, ssm = SecurityHubApi(), Ssm()
    send(api, ssm)
    send(api, ssm, "Delete")
    assert (api.aggregator, api.kind["ConfigurationType"]) == (None, "LOCAL")
    assert api.organization == {"AutoEnable": True, "AutoEnableStandards": "DEFAULT"}
    assert api.hub is not None


@pytest.mark.parametrize(
    ("there", "after"),
    [
        ({"RegionLinkingMode": "ALL_REGIONS"}, "ALL_REGIONS"),
        ({"RegionLinkingMode": "NO_REGIONS"}, "SPECIFIED_REGIONS:us-east-1"),
        ({"RegionLinkingMode": "SPECIFIED_REGIONS", "Regions": ["eu-central-1"]}, "SPECIFIED_REGIONS:eu-central-1,us-east-1"),
        (
            {"RegionLinkingMode": "ALL_REGIONS_EXCEPT_SPECIFIED", "Regions": ["sa-east-1", "us-east-1"]},
            "ALL_REGIONS_EXCEPT_SPECIFIED:sa-east-1",
        ),
        ({"RegionLinkingMode": "ALL_REGIONS_EXCEPT_SPECIFIED", "Regions": ["us-east-1"]}, "ALL_REGIONS"),
    ],
)
def test_regions_are_added_to_what_is_gathered(there: dict[str, Any], after: str) -> None:
    """None that was there is lost, and deleting gives back exactly what was."""
    api, ssm = SecurityHubApi(hub=True, aggregator=there), Ssm()
    assert send(api, ssm)["Regions"] == after
    send(api, ssm, "Delete")
    assert api.aggregator == there


def test_central_configuration_of_somebody_else_stays_theirs() -> None:
    """Also on delete, and when local configuration is declared."""
    api, ssm = SecurityHubApi(hub=True, aggregator={"RegionLinkingMode": "ALL_REGIONS"}), Ssm()
    api.kind, api.organization = {"ConfigurationType": "CENTRAL", "Status": "ENABLED"}, {"AutoEnable": False, "AutoEnableStandards": "NONE"}
    assert send(api, ssm, Central="false")["Organization"] == "CENTRAL/false/NONE"
    send(api, ssm, "Delete")
    assert api.kind["ConfigurationType"] == "CENTRAL"


def test_local_configuration_gives_new_accounts_a_hub() -> None:
    """For organisations that do not want central configuration."""
    api, ssm = SecurityHubApi(), Ssm()
    api.organization = {"AutoEnable": False, "AutoEnableStandards": "NONE"}
    assert send(api, ssm, Central="false")["Organization"] == "LOCAL/true/DEFAULT"
    assert api.organization == {"AutoEnable": True, "AutoEnableStandards": "DEFAULT"}


@pytest.mark.parametrize("kind", ["APPLIED", "INHERITED"])
def test_a_policy_that_somebody_else_applied_is_not_replaced(kind: str) -> None:
    """One that is only inherited may be overridden; ours may be associated again."""
    api, ssm = SecurityHubApi(hub=True, aggregator={"RegionLinkingMode": "ALL_REGIONS"}), Ssm()
    api.kind = {"ConfigurationType": "CENTRAL", "Status": "ENABLED"}
    api.associations["r-abcd"] = {"ConfigurationPolicyId": "1", "AssociationType": kind}
    api.policies["1"] = "theirs"
    if kind == "APPLIED":
        with pytest.raises(DetectionError, match="r-abcd has Security Hub's configuration policy 'theirs' already"):
            send(api, ssm)
        api.policies["1"] = "governed-lake"
    send(api, ssm)


def test_an_inherited_policy_that_checks_more_is_not_overridden() -> None:
    """Ours would switch its standards off below the target; an earlier version of one of ours is no other standard."""
    api, ssm = SecurityHubApi(hub=True, aggregator={"RegionLinkingMode": "ALL_REGIONS"}), Ssm()
    api.kind = {"ConfigurationType": "CENTRAL", "Status": "ENABLED"}
    api.associations["r-abcd"] = {"ConfigurationPolicyId": "1", "AssociationType": "INHERITED"}
    api.policies["1"] = "theirs"
    api.standards["1"] = ["arn:aws:securityhub:eu-west-1::standards/pci-dss/v/4.0.1"]
    with pytest.raises(DetectionError, match="'theirs', which checks pci-dss too"):
        send(api, ssm)
    assert ssm.values == {}
    api.standards["1"] = ["arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"]
    send(api, ssm)


def test_a_hub_that_was_switched_off_does_not_block_the_delete() -> None:
    """Nothing is left to give back, and nothing is switched on for it."""
    api, ssm = SecurityHubApi(), Ssm()
    send(api, ssm)
    api.hub = None
    send(api, ssm, "Delete")
    assert (api.hub, ssm.values) == (None, {})


def test_findings_that_are_gathered_elsewhere_by_now_do_not_block_the_delete() -> None:
    """What is still as it was set is given back; somebody else's aggregator stays."""
    api, ssm = SecurityHubApi(), Ssm()
    send(api, ssm)
    api.aggregator = {"RegionLinkingMode": "ALL_REGIONS", "FindingAggregationRegion": "eu-central-1"}
    send(api, ssm, "Delete")
    assert (api.kind["ConfigurationType"], ssm.values) == ("LOCAL", {})
    assert api.aggregator["FindingAggregationRegion"] == "eu-central-1"


def test_fails_when_findings_are_gathered_elsewhere() -> None:
    """Before anything is changed: a hub has one home."""
    api, ssm = SecurityHubApi(hub=True, aggregator={"RegionLinkingMode": "ALL_REGIONS", "FindingAggregationRegion": "eu-central-1"}), Ssm()
    with pytest.raises(DetectionError, match="make eu-central-1 the home Region"):
        send(api, ssm)
    assert (api.kind["ConfigurationType"], ssm.values) == ("LOCAL", {})


def test_fails_when_central_configuration_is_refused_and_rolls_back() -> None:
    """Security Hub tells it after a while; the delete that follows goes back to what was."""
    api, ssm = SecurityHubApi(), Ssm()
    api.fails = True
    with pytest.raises(DetectionError, match="did not take central configuration"):
        send(api, ssm)
    send(api, ssm, "Delete")
    assert (api.kind["ConfigurationType"], api.aggregator) == ("LOCAL", None)


def test_throttling_passes() -> None:
    """Every operation is throttled once."""
    api = SecurityHubApi()
    send(Dying(api, throttles=True), Ssm())
    assert api.kind["ConfigurationType"] == "CENTRAL"
