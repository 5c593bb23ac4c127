"""Who may assume which role, by trust policies and by the policies of whoever asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.doors.assumed_role import assumed_role
from lakecheck.estate.model import Account, Principal, PrincipalKind
from lakecheck.formula import Truth, unresolved
from tests.lakecheck.access.doors.escalations import edge, edges, keys, permission_set, root, trusting, user
from tests.lakecheck.access.doors.lakes import ANYONE, CONSUMER, LAKE, STRANGER, allow, deny, lake, policy, role, trust

ASSUME = allow("sts:AssumeRole")
PAIR = ("role/Dev", "role/Reader")


def found(*principals: Any, **more: Any) -> dict[tuple[str, str], Truth]:
    """Who may assume what."""
    return edges(assumed_role(lake(*principals, **more)))


def test_a_role_named_in_the_same_account_needs_no_policy_of_its_own():
    """See https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html for the rule."""
    dev = role("Dev")
    assert found(dev, role("Reader", trust=trusting(dev.arn))) == {PAIR: Truth.TRUE}


def test_naming_the_account_leaves_it_to_the_policies_of_its_principals():
    """By its root or by its number."""
    reader = role("Reader", trust=trusting(root()))
    assert found(role("Dev"), reader) == {}
    assert found(role("Dev", ASSUME), reader) == {PAIR: Truth.TRUE}
    assert found(role("Dev", ASSUME), role("Reader", trust=trusting(LAKE))) == {PAIR: Truth.TRUE}


def test_the_own_account_is_nobody_outside() -> None:
    """Even where no template has anything in it but the role."""
    assert found(role("Reader", trust=trusting(root())), accounts={}) == {}


def test_the_policy_of_whoever_asks_must_fit_the_role():
    """Patterns and NotAction too."""
    reader = role("Reader", trust=trusting(root()))
    assert found(role("Dev", allow("sts:AssumeRole", "arn:aws:iam::*:role/Other*")), reader) == {}
    assert found(role("Dev", allow("sts:*", "arn:aws:iam::*:role/Read*")), reader) == {PAIR: Truth.TRUE}
    assert found(role("Dev", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), reader) == {PAIR: Truth.TRUE}
    assert found(role("Dev", {"Effect": "Allow", "NotAction": "sts:*", "Resource": "*"}), reader) == {}


def test_from_another_account_both_sides_must_allow():
    """Naming the own account is no help there."""
    dev, reader = role("Dev", account=CONSUMER), "arn:aws:iam::444444444422:role/Dev"
    assert found(dev, role("Reader", trust=trusting(reader))) == {}
    assert found(role("Dev", ASSUME, account=CONSUMER), role("Reader", trust=trusting(reader))) == {PAIR: Truth.TRUE}
    assert found(role("Dev", ASSUME, account=CONSUMER), role("Reader", trust=trusting(root(CONSUMER)))) == {PAIR: Truth.TRUE}
    assert found(role("Dev", ASSUME, account=CONSUMER), role("Reader", trust=trusting(root()))) == {}


def test_a_deny_on_either_side_wins():
    """In the own policy and in the trust policy."""
    reader = role("Reader", trust=trusting(root()))
    assert found(role("Dev", ASSUME, deny("sts:AssumeRole", reader.arn)), reader) == {}
    refusing = policy(
        "Trust",
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": root()}},
        {
            "Effect": "Deny",
            "Action": "sts:AssumeRole",
            "Principal": "*",
            "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Dev"}},
        },
    )
    assert found(role("Dev", ASSUME), role("Reader", trust=refusing)) == {}


def test_a_boundary_that_leaves_it_out_refuses():
    """See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html for the rule."""
    reader = role("Reader", trust=trusting(root()))
    assert found(role("Dev", ASSUME, boundary=policy("Boundary", allow("s3:*"))), reader) == {}
    assert found(role("Dev", ASSUME, boundary=policy("Boundary", allow("*"))), reader) == {PAIR: Truth.TRUE}


def test_a_service_control_policy_refuses():
    """It is asked for the account of whoever assumes."""
    dev, reader = role("Dev", ASSUME), role("Reader", trust=trusting(root()))
    full = policy("FullAccess", allow("*"))
    blocked = Account(id=LAKE, environments=("Prod",), scps=((full, policy("NoRoles", deny("sts:AssumeRole"))),))
    assert found(dev, reader, accounts={LAKE: blocked}) == {}


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ({"StringEquals": {"sts:ExternalId": "secret"}}, "sts:externalid"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "aws:multifactorauthpresent"),
        ({"StringLike": {"sts:SourceIdentity": "*@example.com"}}, "sts:sourceidentity"),
    ],
)
def test_what_only_the_request_tells_remains(condition, key):
    """As a test of the context."""
    dev, reader = role("Dev", ASSUME), role("Reader", trust=trusting(root(), Condition=condition))
    assert keys(edge(assumed_role(lake(dev, reader)), dev, reader)) == {key}


def test_the_organisation_is_known():
    """So that the condition is decided."""
    anybody = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-lake"}}}
    reader = role("Reader", trust=trusting("*", **anybody))
    dev = role("Dev", ASSUME, account=CONSUMER)
    assert found(dev, reader)[PAIR] is Truth.TRUE
    other = Account(id=CONSUMER, environments=("Prod",), organization="o-other")
    assert PAIR not in found(dev, reader, accounts={CONSUMER: other})


def test_a_star_lets_everybody_in():
    """Everybody of the account without a policy, of others with one, and everybody outside."""
    reader = role("Reader", trust=trusting("*"))
    dev, far, poor = role("Dev"), role("Far", ASSUME, account=CONSUMER), role("Poor", account=CONSUMER)
    assert found(dev, far, poor, reader, ANYONE) == {
        PAIR: Truth.TRUE,
        ("role/Far", "role/Reader"): Truth.TRUE,
        ("anyone", "role/Reader"): Truth.TRUE,
    }


def test_an_account_outside_is_a_principal():
    """Its administrators decide who it is."""
    reader = role("Reader", trust=trusting(root(STRANGER)))
    (one,) = assumed_role(lake(reader))
    assert (one.source.kind, one.source.account, one.conditions.truth) == (PrincipalKind.ACCOUNT, STRANGER, Truth.TRUE)


def test_a_role_outside_has_policies_that_nobody_knows():
    """From another account both sides must allow."""
    reader = role("Reader", trust=trusting(f"arn:aws:iam::{STRANGER}:role/Partner"))
    (one,) = assumed_role(lake(reader))
    assert one.source.arn == f"arn:aws:iam::{STRANGER}:role/Partner"
    assert one.conditions.truth is Truth.OPEN
    assert any("Partner" in reason for reason in unresolved(one.conditions))


def test_policies_that_nobody_knows_may_assume_in_another_account() -> None:
    """In its own account they may do anything anyway, which another door tells once."""
    named = replace(role("Named", account=CONSUMER), unknown=("the policies of role/Named",))
    assert found(named, role("Reader", trust=trusting(root(CONSUMER)))) == {("role/Named", "role/Reader"): Truth.OPEN}
    assert found(replace(role("Named"), unknown=("its policies",)), role("Reader", trust=trusting(root()))) == {}


def test_a_trusted_session_is_a_trusted_role():
    """Whoever has the role picks the name of its session."""
    dev = role("Dev")
    reader = role("Reader", trust=trusting(f"arn:aws:sts::{LAKE}:assumed-role/Dev/alice"))
    assert found(dev, role("Other"), reader) == {PAIR: Truth.TRUE}


def test_a_user_can_assume():
    """Named directly."""
    alice = user("alice")
    assert found(alice, role("Reader", trust=trusting(alice.arn))) == {("user/alice", "role/Reader"): Truth.TRUE}


def test_a_permission_set_can_be_named_by_pattern():
    """Its own account and rights count."""
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Steward_*"}}
    reader = role("Reader", trust=trusting(root(), Condition=condition))
    steward, poor = permission_set("Steward", ASSUME), permission_set("Analyst", allow("s3:*"))
    far = permission_set("Steward", ASSUME, account=CONSUMER)
    assert set(found(steward, poor, reader)) == {("permission-set/Steward", "role/Reader")}
    assert found(far, reader) == {}


def test_a_service_is_no_principal_of_this_door():
    """Whoever commands the service is found by other doors."""
    assert found(role("Job", trust=trust("glue.amazonaws.com")), role("Dev", allow("*"))) == {}


def test_a_role_does_not_become_itself():
    """Nothing is gained."""
    own = role("Reader", ASSUME, trust=trusting(root()))
    assert found(own) == {}


GITHUB = f"arn:aws:iam::{LAKE}:oidc-provider/token.actions.githubusercontent.com"
AUDIENCE = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}


def federated(condition: dict[str, str]) -> Any:
    """A role for workflows of GitHub."""
    return role(
        "Deploy", trust=trusting(GITHUB, kind="Federated", action="sts:AssumeRoleWithWebIdentity", Condition={"StringLike": condition})
    )


def test_a_workflow_of_one_repository_is_that_provider_alone():
    """The subject remains as a condition."""
    one = found(federated({**AUDIENCE, "token.actions.githubusercontent.com:sub": "repo:example/lake:*"}))
    assert one == {("oidc-provider/token.actions.githubusercontent.com", "role/Deploy"): Truth.OPEN}


@pytest.mark.parametrize(
    "more", [{}, {"token.actions.githubusercontent.com:sub": "repo:*"}, {"token.actions.githubusercontent.com:sub": "*"}]
)
def test_a_shared_provider_without_a_customer_is_anyone(more):
    """See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html for the rule."""
    assert ("anyone", "role/Deploy") in found(federated({**AUDIENCE, **more}))


def test_a_providers_own_host_is_not_shared():
    """Only its own users have accounts there."""
    own = f"arn:aws:iam::{LAKE}:oidc-provider/login.example.com"
    deploy = role("Deploy", trust=trusting(own, kind="Federated", action="sts:AssumeRoleWithWebIdentity"))
    assert found(deploy) == {("oidc-provider/login.example.com", "role/Deploy"): Truth.TRUE}


def test_a_saml_provider_is_a_principal():
    """With the action that belongs to it."""
    saml = f"arn:aws:iam::{LAKE}:saml-provider/Corporate"
    deploy = role("Deploy", trust=trusting(saml, kind="Federated", action="sts:AssumeRoleWithSAML"))
    assert found(deploy) == {("saml-provider/Corporate", "role/Deploy"): Truth.TRUE}
    wrong = role("Deploy", trust=trusting(saml, kind="Federated"))
    assert found(wrong) == {}


def test_a_trust_policy_that_is_not_known_may_let_anybody_in():
    """One edge that stays open says so."""
    hidden = replace(
        policy("Trust", {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": root()}}), unknown=("a transform",)
    )
    assert found(role("Reader", trust=hidden)) == {("anyone", "role/Reader"): Truth.OPEN}


def test_the_reason_names_the_statement():
    """As a reader finds it."""
    dev, reader = role("Dev", ASSUME), role("Reader", trust=trusting(root()))
    because = edge(assumed_role(lake(dev, reader)), dev, reader).step.because
    assert any("Dev/DefaultPolicy statement 1 allows sts:AssumeRole" in line for line in because)


def test_principals_of_no_kind_that_acts_do_not_assume():
    """A service-linked role has no policies of the account's."""
    linked = Principal(
        arn=f"arn:aws:iam::{LAKE}:role/aws-service-role/x", kind=PrincipalKind.SERVICE_LINKED_ROLE, account=LAKE, name="linked"
    )
    assert found(linked, role("Reader", trust=trusting(root()))) == {}
