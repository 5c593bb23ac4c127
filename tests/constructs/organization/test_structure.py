"""The organisation and its units, the places of accounts, controls on units."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.organization.control_tower import ControlTowerControls
from constructs_lib.organization.placement import PLACEMENT_TYPE, AccountPlacements
from constructs_lib.organization.structure import Organization, OrganizationalUnit
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.constructs.organization.resolved import resolved
from tests.support import new_stack, resources, template

MANAGEMENT, LAKE, CONSUMER = "111111111111", "444444444401", "444444444402"
EXISTING = Organization.from_id("o-exampleorgid", "r-exam")
ACCOUNTS = f"arn:aws:organizations::{MANAGEMENT}:account/o-exampleorgid/"
UNIT = f"arn:aws:organizations::{MANAGEMENT}:ou/o-exampleorgid/ou-exam-11111111"
MOVER = f"arn:aws:iam::{MANAGEMENT}:role/Mover"


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """An organisation that is there, units in it, accounts moved there, controls."""
    stack = new_stack(account=MANAGEMENT)
    lake = OrganizationalUnit(stack, "DataLake", name="DataLake", parent=EXISTING)
    production = OrganizationalUnit(stack, "Prod", name="prod", parent=lake)
    placements = AccountPlacements(stack, "Placements", organization=EXISTING)
    placements.place("ProdMain", account=LAKE, unit=production)
    placements.place("ProdAnalytics", account=CONSUMER, unit=OrganizationalUnit.from_id(EXISTING, "ou-exam-11111111"))
    controls = ["AWS-GR_RESTRICT_ROOT_USER", "5rw4crvgv4tpl9vcfz2mzmwb6", "CT.S3.PR.1"]
    parameters = {"CT.S3.PR.1": {"ExemptedPrincipalArns": ["arn:aws:iam::*:role/BreakGlass"]}}
    ControlTowerControls(stack, "Controls", unit=production, controls=controls, parameters=parameters)
    ControlTowerControls(stack, "Existing", unit=OrganizationalUnit.from_id(EXISTING, "ou-exam-11111111"), controls=controls[:1])
    made: dict[str, Any] = resolved(template(stack))
    return made


@pytest.fixture(scope="module")
def mover(synthesized: dict[str, Any]) -> dict[str, Any]:
    """The policy of the function that moves accounts."""
    policies = resources(synthesized, "AWS::IAM::ManagedPolicy")
    document: dict[str, Any] = next(iter(policies.values()))["Properties"]["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Sid"] != "WriteLog"]  # its resource is a reference
    return document


def test_an_organisation_that_is_made_outlives_its_stack() -> None:
    """With all features, without which there are no policies; what is imported makes nothing."""
    stack = new_stack(account=MANAGEMENT)
    organization = Organization(stack, "Organization")
    OrganizationalUnit(stack, "DataLake", name="DataLake", parent=organization)
    made = template(stack)
    ((name, resource),) = resources(made, "AWS::Organizations::Organization").items()
    assert (resource["Properties"], resource["DeletionPolicy"]) == ({"FeatureSet": "ALL"}, "Retain")
    unit = next(iter(resources(made, "AWS::Organizations::OrganizationalUnit").values()))
    assert unit["Properties"]["ParentId"] == {"Fn::GetAtt": [name, "RootId"]}


def test_units_stand_below_the_root_and_each_other(synthesized: dict[str, Any]) -> None:
    """And an imported organisation is not made again."""
    units = resources(synthesized, "AWS::Organizations::OrganizationalUnit")
    lake = next(name for name, unit in units.items() if unit["Properties"]["ParentId"] == "r-exam")
    assert [unit["Properties"]["ParentId"] for name, unit in units.items() if name != lake] == [{"Fn::GetAtt": [lake, "Id"]}]
    assert not resources(synthesized, "AWS::Organizations::Organization")


def test_accounts_are_placed_by_one_function(synthesized: dict[str, Any]) -> None:
    """Each below its unit, made here or imported; no account is made or closed."""
    placed = {each["Properties"]["AccountId"]: each["Properties"] for each in resources(synthesized, PLACEMENT_TYPE).values()}
    units = resources(synthesized, "AWS::Organizations::OrganizationalUnit")
    production = next(name for name, unit in units.items() if unit["Properties"]["Name"] == "prod")
    assert placed[LAKE]["UnitId"] == {"Fn::GetAtt": [production, "Id"]}
    assert placed[CONSUMER]["UnitId"] == "ou-exam-11111111"
    assert len({str(each["ServiceToken"]) for each in placed.values()}) == 1
    assert not resources(synthesized, "AWS::Organizations::Account")


@pytest.mark.parametrize(
    ("action", "resource", "word"),
    [
        ("organizations:MoveAccount", f"{ACCOUNTS}{LAKE}", "allowed"),
        ("organizations:MoveAccount", f"{ACCOUNTS}999999999999", "allowed"),  # which the code had before: it is moved back last
        ("organizations:MoveAccount", f"{ACCOUNTS}{LAKE}".replace("o-exampleorgid", "o-otherorganization"), "implicit_deny"),
        ("organizations:MoveAccount", UNIT, "allowed"),
        ("organizations:MoveAccount", f"arn:aws:organizations::{MANAGEMENT}:root/o-exampleorgid/r-exam", "allowed"),
        ("organizations:ListParents", f"{ACCOUNTS}{CONSUMER}", "allowed"),
        ("organizations:DescribeOrganization", "*", "allowed"),
        ("organizations:RemoveAccountFromOrganization", f"{ACCOUNTS}{LAKE}", "implicit_deny"),
        ("organizations:CloseAccount", f"{ACCOUNTS}{LAKE}", "implicit_deny"),
        ("organizations:DetachPolicy", f"{ACCOUNTS}{LAKE}", "implicit_deny"),
        ("ssm:PutParameter", f"arn:aws:ssm:eu-west-1:{MANAGEMENT}:parameter/governed-lake/account-placement/{LAKE}", "allowed"),
        ("ssm:PutParameter", f"arn:aws:ssm:eu-west-1:{MANAGEMENT}:parameter/governed-lake/organization-services", "implicit_deny"),
    ],
)
def test_the_function_moves_accounts_and_does_nothing_else(mover: dict[str, Any], action: str, resource: str, word: str) -> None:
    """Between places of this organisation; accounts are neither closed nor removed, and no policy is touched."""
    assert decide(MOVER, action, resource, identity=mover).word == word


def test_controls_are_enabled_one_after_the_other(synthesized: dict[str, Any]) -> None:
    """Control Tower refuses what is asked at once; ids of the catalogue are global ones."""
    controls = {each["Properties"]["ControlIdentifier"]: (name, each) for name, each in _of_unit(synthesized, "Controls").items()}
    first, second, third = (
        "arn:aws:controltower:eu-west-1::control/AWS-GR_RESTRICT_ROOT_USER",
        "arn:aws:controlcatalog:::control/5rw4crvgv4tpl9vcfz2mzmwb6",
        "arn:aws:controltower:eu-west-1::control/CT.S3.PR.1",
    )
    assert set(controls) == {first, second, third}
    assert "DependsOn" not in controls[first][1]
    assert controls[second][1]["DependsOn"] == [controls[first][0]]
    assert controls[third][1]["DependsOn"] == [controls[second][0]]
    assert controls[third][1]["Properties"]["Parameters"] == [{"Key": "ExemptedPrincipalArns", "Value": ["arn:aws:iam::*:role/BreakGlass"]}]
    assert "Parameters" not in controls[first][1]["Properties"]


def test_a_control_goes_to_the_unit_by_its_arn(synthesized: dict[str, Any]) -> None:
    """Of an imported unit in the management account, of one that is made by reference."""
    (existing,) = _of_unit(synthesized, "Existing").values()
    assert existing["Properties"]["TargetIdentifier"] == UNIT
    (made,) = {str(each["Properties"]["TargetIdentifier"]) for each in _of_unit(synthesized, "Controls").values()}
    assert "Fn::GetAtt" in made


def _of_unit(synthesized: dict[str, Any], prefix: str) -> dict[str, Any]:
    enabled = resources(synthesized, "AWS::ControlTower::EnabledControl")
    return {name: each for name, each in enabled.items() if name.startswith(prefix)}


# Misuse


@pytest.mark.parametrize(
    ("organization", "root", "code"),
    [
        ("exampleorgid", "r-exam", "organization_id"),
        ("o-exampleorgid", "ou-exam-11111111", "root_id"),
        ("o-short", "r-exam", "organization_id"),
    ],
)
def test_fails_when_an_imported_id_is_no_id(organization: str, root: str, code: str) -> None:
    """Before CloudFormation would find out."""
    with pytest.raises(DataLakeError, match="allowed is") as raised:
        Organization.from_id(organization, root)
    assert raised.value.code == code


def test_fails_when_an_imported_unit_is_the_root() -> None:
    """A root is no unit: controls and placements below it are another matter."""
    with pytest.raises(DataLakeError, match="allowed is a unit's id"):
        OrganizationalUnit.from_id(EXISTING, "r-exam")


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_fails_when_a_unit_has_no_possible_name(name: str) -> None:
    """Organizations allows 1 to 128 characters."""
    with pytest.raises(DataLakeError, match="1 to 128"):
        OrganizationalUnit(new_stack(), "Unit", name=name, parent=EXISTING)


def test_fails_when_an_account_is_placed_twice_or_manages_the_organisation() -> None:
    """An account has one place, and the management account's is the root."""
    placements = AccountPlacements(new_stack(account=MANAGEMENT), "Placements", organization=EXISTING)
    placements.place("One", account=LAKE, unit=EXISTING)
    with pytest.raises(DataLakeError, match=f"got account {LAKE} twice"):
        placements.place("Two", account=LAKE, unit=EXISTING)
    with pytest.raises(DataLakeError, match="manages the organisation"):
        placements.place("Three", account=MANAGEMENT, unit=EXISTING)


@pytest.mark.parametrize("controls", [["arn:aws:controltower:eu-west-1::control/X"], ["AWS-GR_X", "AWS-GR_X"], [""]])
def test_fails_when_a_control_is_no_id_or_twice(controls: list[str]) -> None:
    """An ARN would hold in one partition and Region only."""
    with pytest.raises(DataLakeError, match="allowed is each id once"):
        ControlTowerControls(new_stack(), "Controls", unit=OrganizationalUnit.from_id(EXISTING, "ou-exam-11111111"), controls=controls)


def test_fails_when_parameters_are_of_no_control() -> None:
    """A misspelt id would leave a control without its parameters."""
    unit = OrganizationalUnit.from_id(EXISTING, "ou-exam-11111111")
    with pytest.raises(DataLakeError, match="got parameters for AWS-GR_Y"):
        ControlTowerControls(new_stack(), "Controls", unit=unit, controls=["AWS-GR_X"], parameters={"AWS-GR_Y": {}})
