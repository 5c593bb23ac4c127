"""What templates tell of the organisation: who manages it, what applies to whom."""

from __future__ import annotations

from typing import Any

from tests.lakecheck.estate.support import LAKE, TEAM, estate, reasons, role, stack

MANAGEMENT = "111111111111"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]}


def policy(name: str, *targets: Any, kind: str = "SERVICE_CONTROL_POLICY") -> tuple[str, dict[str, Any]]:
    return "AWS::Organizations::Policy", {"Name": name, "Type": kind, "Content": DENY, "TargetIds": list(targets)}


def lake() -> Any:
    return stack({"Role": role(RoleName="R")})


def names(levels: Any) -> list[list[str]]:
    return [[each.name.rpartition("/")[2] for each in level] for level in levels]


def test_without_an_organisation_nothing_is_known() -> None:
    """Neither yes nor no."""
    account = estate(lake()).accounts[LAKE]
    assert (account.organization, account.is_management, account.scps, account.rcps) == (None, None, None, ())
    assert account.environments == ("Prod",)


def test_policies_apply_level_by_level() -> None:
    """Root, unit of the account, account; FullAWSAccess at each; none on the management account."""
    found = estate(
        stack(
            {
                "Org": ("AWS::Organizations::Organization", {"FeatureSet": "ALL"}),
                "Unit": ("AWS::Organizations::OrganizationalUnit", {"Name": "lakes", "ParentId": "r-ab12"}),
                "Member": {
                    "Type": "AWS::Organizations::Account",
                    "Properties": {"AccountName": "lake", "Email": "a@example.com", "ParentIds": [{"Ref": "Unit"}]},
                },
                "AtRoot": policy("root", "r-ab12"),
                "AtUnit": policy("unit", {"Ref": "Unit"}),
                "AtAccount": policy("account", LAKE),
                "Resources": policy("rcp", "r-ab12", kind="RESOURCE_CONTROL_POLICY"),
                "Tags": policy("tags", LAKE, kind="TAG_POLICY"),
            },
            account=MANAGEMENT,
            name="Organization",
        ),
        lake(),
    )
    account, management = found.accounts[LAKE], found.accounts[MANAGEMENT]
    assert management.is_management is True
    assert management.scps is None
    assert management.rcps == ()
    assert account.is_management is False
    assert account.scps is not None
    assert names(account.scps) == [["FullAWSAccess", "AtRoot"], ["FullAWSAccess", "AtUnit"], ["FullAWSAccess", "AtAccount"]]
    assert [each.name for each in account.rcps] == ["Prod/Organization/Resources"]
    perhaps = account.scps[1][1].statements[0]
    assert "whether account" in perhaps.unknown[0]
    assert account.scps[0][1].statements[0].unknown == ()
    assert account.organization is not None


def placed(unit: Any, account: str = LAKE) -> tuple[str, dict[str, Any]]:
    return "Custom::OrganizationAccountPlacement", {"ServiceToken": "arn:aws:lambda:x", "AccountId": account, "UnitId": unit}


def test_an_account_is_where_it_is_placed() -> None:
    """Below units that are made below the root of an organisation that was there: their policies apply, those of others do not."""
    found = estate(
        stack(
            {
                "Unit": ("AWS::Organizations::OrganizationalUnit", {"Name": "lakes", "ParentId": "r-ab12"}),
                "Inner": ("AWS::Organizations::OrganizationalUnit", {"Name": "inner", "ParentId": {"Ref": "Unit"}}),
                "Beside": ("AWS::Organizations::OrganizationalUnit", {"Name": "beside", "ParentId": "r-ab12"}),
                "Place": placed({"Fn::GetAtt": ["Inner", "Id"]}),
                "AtRoot": policy("root", "r-ab12"),
                "AtUnit": policy("unit", {"Fn::GetAtt": ["Unit", "Id"]}),
                "AtInner": policy("inner", {"Ref": "Inner"}),
                "AtBeside": policy("beside", {"Ref": "Beside"}),
            },
            account=MANAGEMENT,
            name="Organization",
        ),
        lake(),
    )
    account, management = found.accounts[LAKE], found.accounts[MANAGEMENT]
    assert account.scps is not None
    assert [level[1:] for level in names(account.scps)] == [["AtRoot"], ["AtUnit"], ["AtInner"], []]
    assert not [each for level in account.scps for one in level for each in one.statements if each.unknown]
    assert (account.is_management, management.is_management, management.scps) == (False, True, None)
    assert "Custom::OrganizationAccountPlacement" not in reasons(found)


def test_what_is_above_a_unit_that_was_there_may_be_any_other_that_was() -> None:
    """A unit that a template makes is not above it; the root and the unit itself surely are."""
    found = estate(
        stack(
            {
                "Unit": ("AWS::Organizations::OrganizationalUnit", {"Name": "lakes", "ParentId": "r-ab12"}),
                "Place": placed("ou-ab12-11111111"),
                "AtRoot": policy("root", "r-ab12"),
                "AtIt": policy("it", "ou-ab12-11111111"),
                "AtMade": policy("made", {"Ref": "Unit"}),
                "AtOther": policy("other", "ou-ab12-22222222"),
            },
            account=MANAGEMENT,
            name="Organization",
        ),
        lake(),
    )
    scps = found.accounts[LAKE].scps
    assert scps is not None
    doubted = {name: bool(one.statements[0].unknown) for level in scps for one in level[1:] for name in [one.name.rpartition("/")[2]]}
    assert doubted == {"AtRoot": False, "AtIt": False, "AtOther": True}


def test_a_policy_on_an_account_that_is_made_may_be_anybodys() -> None:
    """Its id is not known before it is made: it may be the lake's account."""
    found = estate(
        stack(
            {
                "Org": ("AWS::Organizations::Organization", {}),
                "Member": ("AWS::Organizations::Account", {"AccountName": "lake", "ParentIds": ["r-ab12"]}),
                "AtMember": policy("member", {"Ref": "Member"}),
            },
            account=MANAGEMENT,
            name="Organization",
        ),
        lake(),
    )
    scps = found.accounts[LAKE].scps
    assert scps is not None
    (statement,) = [each for level in scps for each_policy in level for each in each_policy.statements if each.effect == "Deny"]
    assert statement.unknown


def test_a_policy_without_target_is_told() -> None:
    """It is attached by hand, or not at all."""
    found = estate(stack({"Loose": policy("loose")}, account=MANAGEMENT, name="Organization"), stack({}, account=TEAM, name="Team"))
    assert "is attached to nothing by its template" in reasons(found)
