"""The organisation that is there before the first stack: what templates name of it, and what the emulator answers about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lakecheck.assembly.model import StackTemplate
from lakecheck.rehearsal.deployment.surroundings import organization

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.process import Emulator

MANAGEMENT, SECURITY, LAKE = "555555555601", "555555555602", "555555555603"
REGION = "eu-west-1"
UNIT = {"Unit": {"Type": "AWS::Organizations::OrganizationalUnit", "Properties": {"Name": "Lake", "ParentId": "r-rehe"}}}
PLACE = {"Place": {"Type": "Custom::OrganizationAccountPlacement", "Properties": {"AccountId": LAKE}}}


def stack(account: str, resources: dict[str, Any]) -> StackTemplate:
    template = {"Resources": resources}
    rest = {"file": "a.json", "size": 1, "bare": template, "construct_paths": {}, "sources": {}, "termination_protection": True}
    places = {"environment": "Organization", "stack_name": "Stack", "path": "Stack", "parent": None}
    return StackTemplate(template=template, account=account, region=REGION, **places, **rest)


def test_what_templates_name_of_an_organisation_they_do_not_make():
    """The management account is that of the stack that names the root; accounts are all that any template names."""
    sink = {"Sink": {"Type": "AWS::Oam::Sink", "Properties": {"Policy": {"aws:PrincipalOrgID": "o-rehearsal01"}}}}
    told = organization([stack(SECURITY, sink), stack(MANAGEMENT, {**UNIT, **PLACE})])
    expected = {"management": MANAGEMENT, "region": REGION, "root": "r-rehe", "id": "o-rehearsal01", "accounts": [SECURITY, LAKE]}
    assert told == expected
    assert organization([stack(SECURITY, sink)]) is None
    own = {"Own": {"Type": "AWS::Organizations::Organization", "Properties": {"FeatureSet": "ALL"}}}
    assert organization([stack(MANAGEMENT, {**own, **UNIT})]) is None


def test_an_organisation_is_there_and_its_administrators_do_what_only_they_may(emulator: Emulator):
    """With the ids that were named; services that are administered know who administers them, and refuse others."""
    told = {"management": MANAGEMENT, "region": REGION, "root": "r-rehe", "id": "o-rehearsal01", "accounts": [SECURITY, LAKE]}
    emulator.control("organization", told)

    def client(service: str, account: str = MANAGEMENT) -> Any:
        return emulator.clients(service, account=account, region=REGION)

    organizations = client("organizations")
    assert client("organizations", LAKE).describe_organization()["Organization"]["Id"] == "o-rehearsal01"
    assert [root["Id"] for root in organizations.list_roots()["Roots"]] == ["r-rehe"]
    assert {one["Id"] for one in organizations.list_accounts()["Accounts"]} == {MANAGEMENT, SECURITY, LAKE}
    unit = organizations.create_organizational_unit(ParentId="r-rehe", Name="Lake")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=LAKE, SourceParentId="r-rehe", DestinationParentId=unit)
    assert organizations.list_parents(ChildId=LAKE)["Parents"][0]["Id"] == unit
    client("ram").enable_sharing_with_aws_organization()
    assert client("iam").get_role(RoleName="AWSServiceRoleForResourceAccessManager")

    client("guardduty").enable_organization_admin_account(AdminAccountId=SECURITY)
    client("securityhub").enable_organization_admin_account(AdminAccountId=SECURITY)
    for service in ("guardduty", "securityhub"):
        there = organizations.list_delegated_administrators(ServicePrincipal=f"{service}.amazonaws.com")["DelegatedAdministrators"]
        assert [one["Id"] for one in there] == [SECURITY]
    guardduty, hub = client("guardduty", SECURITY), client("securityhub", SECURITY)
    (detector,) = guardduty.list_detectors()["DetectorIds"]
    feature = {"Name": "S3_DATA_EVENTS", "AutoEnable": "ALL"}
    guardduty.update_organization_configuration(DetectorId=detector, AutoEnableOrganizationMembers="ALL", Features=[feature])
    kept = guardduty.describe_organization_configuration(DetectorId=detector)
    assert (kept["AutoEnableOrganizationMembers"], kept["Features"]) == ("ALL", [feature])
    other = client("guardduty", LAKE)
    with pytest.raises(ClientError, match="delegated administrator"):
        other.describe_organization_configuration(DetectorId=other.create_detector(Enable=True)["DetectorId"])
    client("guardduty").disable_organization_admin_account(AdminAccountId=SECURITY)
    assert client("guardduty").list_organization_admin_accounts()["AdminAccounts"] == []

    aggregator = hub.create_finding_aggregator(RegionLinkingMode="NO_REGIONS")["FindingAggregatorArn"]
    assert hub.list_finding_aggregators()["FindingAggregators"] == [{"FindingAggregatorArn": aggregator}]
    assert hub.get_finding_aggregator(FindingAggregatorArn=aggregator)["FindingAggregationRegion"] == REGION
    central = {"ConfigurationType": "CENTRAL"}
    hub.update_organization_configuration(AutoEnable=False, AutoEnableStandards="NONE", OrganizationConfiguration=central)
    assert hub.describe_organization_configuration()["OrganizationConfiguration"]["Status"] == "ENABLED"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        hub.get_configuration_policy_association(Target={"AccountId": LAKE})
    hub.delete_finding_aggregator(FindingAggregatorArn=aggregator)
    assert hub.list_finding_aggregators()["FindingAggregators"] == []
    client("securityhub").disable_organization_admin_account(AdminAccountId=SECURITY)
    assert client("securityhub").list_organization_admin_accounts()["AdminAccounts"] == []


def test_without_an_organisation_there_are_no_units(emulator: Emulator):
    """As AWS says it, rather than by an internal error."""
    with pytest.raises(ClientError, match="AWSOrganizationsNotInUseException"):
        emulator.clients("organizations", account="555555555604", region=REGION).create_organizational_unit(ParentId="r-none", Name="a")
