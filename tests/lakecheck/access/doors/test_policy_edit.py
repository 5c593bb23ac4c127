"""Who makes itself an administrator, or takes a role or user over, by editing policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.doors.policy_edit import policy_edit
from lakecheck.estate.model import Account
from lakecheck.formula import Truth, unresolved
from tests.lakecheck.access.doors.escalations import ANYTHING, edge, edges, keys, permission_set, root, trusting, user
from tests.lakecheck.access.doors.lakes import CONSUMER, LAKE, allow, deny, lake, policy, role

DEV = f"arn:aws:iam::{LAKE}:role/Dev"
ALL = ("role/Dev", ANYTHING)
OTHER = ("role/Dev", "role/Reader")


def found(*principals: Any, **more: Any) -> dict[tuple[str, str], Truth]:
    """Who can edit what."""
    return edges(policy_edit(lake(*principals, **more)))


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:*", "iam:P*", "*"])
def test_a_policy_on_oneself_is_everything(action: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html tells why boundaries exist."""
    assert found(role("Dev", allow(action)))[ALL] is Truth.TRUE
    assert found(role("Dev", allow(action, DEV)))[ALL] is Truth.TRUE
    assert ALL not in found(role("Dev", allow(action), deny("iam:*")))
    assert ALL not in found(role("Dev", allow([action], "arn:aws:s3:::*")))


def test_a_policy_on_somebody_else_is_not() -> None:
    """Unless one can become it."""
    assert found(role("Dev", allow("iam:PutRolePolicy", f"arn:aws:iam::{LAKE}:role/Other")), role("Other")) == {}


def test_not_action_that_leaves_policies_is_everything() -> None:
    """The usual mistake of a power user."""
    assert found(role("Dev", {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}))[ALL] is Truth.TRUE
    assert found(role("Dev", {"Effect": "Allow", "NotAction": ["iam:*", "sso:*"], "Resource": "*"})) == {}


def test_reading_and_using_rights_is_none() -> None:
    """Nor is writing policies that hang on nobody."""
    assert found(role("Dev", allow(["iam:Get*", "iam:List*", "iam:PassRole", "iam:CreatePolicy", "iam:TagRole", "s3:*"]))) == {}


def test_a_user_gives_itself_policies_too() -> None:
    """By actions of its own."""
    assert found(user("alice", allow("iam:PutUserPolicy")))[("user/alice", ANYTHING)] is Truth.TRUE
    assert found(user("alice", allow("iam:AttachUserPolicy")))[("user/alice", ANYTHING)] is Truth.TRUE
    assert found(user("alice", allow("iam:PutRolePolicy"))) == {}


def test_attaching_some_policies_only_is_less() -> None:
    """What they allow is not asked here."""
    only = {"Condition": {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}}
    dev = role("Dev", allow("iam:AttachRolePolicy", **only))
    one = edge(policy_edit(lake(dev)), dev, None)
    assert any("may attach" in reason for reason in unresolved(one.conditions))
    own = {"Condition": {"ArnLike": {"iam:PolicyARN": f"arn:aws:iam::{LAKE}:policy/*"}}}
    assert found(role("Dev", allow("iam:AttachRolePolicy", **own), allow("iam:CreatePolicy")))[ALL] is Truth.TRUE


def test_a_managed_policy_that_one_has_can_be_rewritten() -> None:
    """That of somebody else is of no use to oneself."""
    arn = f"arn:aws:iam::{LAKE}:policy/DevPolicy"
    rewrite = allow("iam:CreatePolicyVersion", arn)
    plain = role("Dev", rewrite)
    managed = replace(plain, policies=(*plain.policies, replace(policy("DevPolicy", allow("s3:List*")), arn=arn)))
    assert found(plain) == {}
    assert found(managed) == {ALL: Truth.TRUE}
    older = role("Dev", allow("iam:SetDefaultPolicyVersion", arn))
    assert found(replace(older, policies=(*older.policies, *managed.policies[1:]))) == {ALL: Truth.OPEN}


def test_creating_a_role_and_filling_it_is_everything() -> None:
    """The new role names whoever creates it in its trust policy."""
    assert found(role("Dev", allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::*:role/dev/*")))[ALL] is Truth.TRUE
    assert found(role("Dev", allow("iam:CreateRole"))) == {}
    assert found(role("Dev", allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::*:role/dev/*"), deny("sts:AssumeRole"))) == {}
    apart = (allow("iam:CreateRole", "arn:aws:iam::*:role/dev/*"), allow("iam:PutRolePolicy", "arn:aws:iam::*:role/ops/*"))
    assert ALL not in found(role("Dev", *apart))


def test_creating_a_user_needs_credentials_too() -> None:
    """A user without a password or a key is nobody."""
    users = "arn:aws:iam::*:user/*"
    assert found(role("Dev", allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"], users)))[ALL] is Truth.TRUE
    assert found(role("Dev", allow(["iam:CreateUser", "iam:PutUserPolicy"], users))) == {}


def test_what_must_stay_below_a_boundary_is_not_known() -> None:
    """The boundary that a delegated administrator has to put on new roles is somewhere else."""
    must = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{LAKE}:policy/Limit"}}}
    dev = role("Dev", allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::*:role/dev/*", **must))
    assert found(dev) == {ALL: Truth.OPEN}


def test_groups_make_users_wider() -> None:
    """Joining a group whose policies one edits is everything; either alone depends on the groups."""
    groups = f"arn:aws:iam::{LAKE}:group/*"
    pair = ("user/alice", ANYTHING)
    assert found(user("alice", allow(["iam:AddUserToGroup", "iam:PutGroupPolicy"], groups)))[pair] is Truth.TRUE
    assert found(user("alice", allow("iam:AddUserToGroup", groups)))[pair] is Truth.OPEN
    assert found(user("alice", allow("iam:AttachGroupPolicy", groups)))[pair] is Truth.OPEN
    assert found(role("Dev", allow(["iam:AddUserToGroup", "iam:PutGroupPolicy"], groups))) == {}


# --- boundaries, guardrails, denies ----------------------------------------------------------------------------------------------------


def test_a_boundary_that_leaves_iam_out_holds() -> None:
    """The edit itself is refused."""
    assert found(role("Dev", allow("*"), boundary=policy("Limit", allow("s3:*")))) == {}


def test_below_a_boundary_it_depends_on_what_passes() -> None:
    """Nothing that matters, something, or everything."""
    self_edit = allow("iam:PutRolePolicy", DEV)
    assert found(role("Dev", self_edit, boundary=policy("Limit", allow(["iam:PutRolePolicy", "s3:GetObject"])))) == {ALL: Truth.OPEN}
    assert found(role("Dev", self_edit, boundary=policy("Limit", allow(["iam:PutRolePolicy", "s3:*"])))) == {ALL: Truth.OPEN}
    assert found(role("Dev", self_edit, boundary=policy("Limit", allow("*")))) == {ALL: Truth.TRUE}


def test_a_boundary_that_can_be_taken_off_is_none() -> None:
    """Or rewritten, where it is a policy of the account."""
    off = allow(["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"], DEV)
    limit = policy("Limit", allow(["iam:*", "s3:*"]))
    assert found(role("Dev", off, boundary=limit)) == {ALL: Truth.TRUE}
    arn = f"arn:aws:iam::{LAKE}:policy/Limit"
    rewrite = (allow("iam:PutRolePolicy", DEV), allow("iam:CreatePolicyVersion", arn))
    assert found(role("Dev", *rewrite, boundary=replace(limit, arn=arn))) == {ALL: Truth.TRUE}


def test_a_service_control_policy_holds() -> None:
    """It is asked about the edit."""
    scps = ((policy("Full", allow("*")), policy("NoEdits", deny(["iam:Put*", "iam:Attach*", "iam:Create*", "iam:Update*", "iam:Add*"]))),)
    guarded = Account(id=LAKE, environments=("Prod",), scps=scps)
    assert ALL not in found(role("Dev", allow("iam:*")), accounts={LAKE: guarded})


def test_taking_off_ones_own_denies_is_not_known() -> None:
    """What it may do then is in no one statement."""
    dev = role("Dev", allow(["s3:*", "iam:DeleteRolePolicy"]), deny("s3:GetObject"))
    assert found(dev) == {ALL: Truth.OPEN}
    assert found(role("Dev", allow(["s3:*", "iam:DeleteRolePolicy"]))) == {}


# --- others ----------------------------------------------------------------------------------------------------------------------------


def test_rewriting_a_trust_policy_is_taking_the_role() -> None:
    """Of its own account, and where assuming roles is not refused."""
    reader = role("Reader")
    edit = allow("iam:UpdateAssumeRolePolicy", reader.arn)
    assert found(role("Dev", edit), reader) == {OTHER: Truth.TRUE}
    assert found(role("Dev", allow("iam:UpdateAssumeRolePolicy", "arn:aws:iam::*:role/Other")), reader) == {}
    assert found(role("Dev", edit, deny("sts:AssumeRole")), reader) == {}
    assert found(role("Dev", edit, boundary=policy("B", allow("iam:*"))), reader) == {}
    assert found(role("Dev", edit), role("Reader", account=CONSUMER)) == {}


@pytest.mark.parametrize("action", ["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"])
def test_credentials_of_a_user_are_the_user(action: str) -> None:
    """One's own are nothing new."""
    alice = user("alice", allow(action))
    assert found(role("Dev", allow(action, alice.arn)), alice)[("role/Dev", "user/alice")] is Truth.TRUE
    assert ("user/alice", "user/alice") not in found(alice)
    assert found(role("Dev", allow(action, "arn:aws:iam::*:user/${aws:username}")), user("alice")) == {}


def test_a_condition_on_the_edit_remains() -> None:
    """Such as a second factor."""
    reader = role("Reader")
    dev = role("Dev", allow("iam:UpdateAssumeRolePolicy", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    assert keys(edge(policy_edit(lake(dev, reader)), dev, reader)) == {"aws:multifactorauthpresent"}


def test_widening_a_role_that_one_can_become_is_everything() -> None:
    """Widening one that nobody of the two can become is not."""
    reader = role("Reader", trust=trusting(DEV))
    edit = allow("iam:PutRolePolicy", reader.arn)
    assert found(role("Dev", edit), reader) == {ALL: Truth.TRUE}
    assert found(role("Dev", edit), role("Reader")) == {}


def test_widening_and_becoming_may_be_two_ways() -> None:
    """Dev becomes the editor, who widens the reader, whom Dev can become, too."""
    reader = role("Reader", trust=trusting(DEV))
    editor = role("Editor", allow("iam:AttachRolePolicy", reader.arn), trust=trusting(root()))
    dev = role("Dev", allow("sts:AssumeRole", editor.arn))
    one = found(dev, editor, reader)
    assert one[ALL] is Truth.TRUE
    assert ("role/Editor", ANYTHING) not in one


def test_policies_that_nobody_knows_may_be_anything() -> None:
    """Such as those of a role that is only named; what depends on them stays open."""
    named = replace(role("Named"), unknown=("the policies of role/Named",))
    one = edge(policy_edit(lake(named)), named, None)
    assert unresolved(one.conditions) == {"the policies of role/Named"}
    assert found(role("Dev")) == {}


# --- Identity Center -------------------------------------------------------------------------------------------------------------------


def test_permission_sets_cannot_be_edited_as_roles() -> None:
    """AWS protects their path; new roles they can make."""
    engineer = permission_set("Engineer", allow("iam:PutRolePolicy"))
    assert found(engineer) == {}
    assert (
        found(permission_set("Engineer", allow(["iam:PutRolePolicy", "iam:CreateRole"])))[("permission-set/Engineer", ANYTHING)]
        is Truth.TRUE
    )


def test_who_edits_its_own_permission_set_can_do_everything() -> None:
    """In each account that it is assigned in; others depend on who is assigned what."""
    one = found(permission_set("Platform", allow("sso:PutInlinePolicyToPermissionSet")), permission_set("Analyst", account=CONSUMER))
    assert one[("permission-set/Platform", ANYTHING)] is Truth.TRUE
    dev = role("Dev", allow("sso:CreateAccountAssignment"))
    assert found(dev, permission_set("Analyst")) == {("role/Dev", "permission-set/Analyst"): Truth.OPEN}


def test_sso_rights_by_a_star_count_in_the_management_account_only() -> None:
    """Elsewhere there is no instance to administer."""
    everything = {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}
    assert found(role("Dev", everything), permission_set("Analyst")) == {}
    management = Account(id=LAKE, environments=("Prod",), is_management=True)
    assert found(role("Dev", everything), permission_set("Analyst"), accounts={LAKE: management}) != {}
