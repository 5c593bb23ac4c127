"""Who may make a service run something of theirs as a role."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.access.doors.pass_role import pass_role, plain_service
from lakecheck.access.doors.ways import CHANGED, HARMLESS, PASSED
from lakecheck.estate.model import Account
from lakecheck.formula import Truth, unresolved
from tests.lakecheck.access.doors.escalations import edge, edges, keys, permission_set, trusting, user
from tests.lakecheck.access.doors.lakes import CONSUMER, LAKE, allow, deny, lake, policy, role, trust

PASS = allow("iam:PassRole")
PAIR = ("role/Dev", "role/Job")


def found(*principals: Any, **more: Any) -> dict[tuple[str, str], Truth]:
    """Who may pass which role."""
    return edges(pass_role(lake(*principals, **more)))


def job(service: str = "glue.amazonaws.com", **more: Any) -> Any:
    """A role that a service may assume."""
    return role("Job", trust=trust(service), **more)


WAYS = [(service, way) for service, ways in PASSED.items() for way in ways if service != "cognito-identity.amazonaws.com"]


@pytest.mark.parametrize(("service", "way"), WAYS, ids=[f"{service}-{'-'.join(way)}" for service, way in WAYS])
def test_each_way_needs_every_right_of_it(service: str, way: tuple[str, ...]) -> None:
    """All of them together with iam:PassRole reach the role."""
    assert found(role("Dev", PASS, allow(list(way))), job(service)) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow(list(way))), job(service)) == {}
    shorter = list(way[1:])
    if shorter and not any(set(other) <= set(shorter) for other in PASSED[service]):
        assert found(role("Dev", PASS, allow(shorter)), job(service)) == {}


def test_the_role_must_trust_the_service() -> None:
    """A role for Lambda cannot be given to Glue."""
    dev = role("Dev", PASS, allow(["glue:CreateJob", "glue:StartJobRun"]))
    assert found(dev, job("lambda.amazonaws.com")) == {}
    assert found(dev, role("Job")) == {}
    assert found(dev, role("Job", trust=trusting(f"arn:aws:iam::{LAKE}:root"))) == {}


def test_the_service_that_a_role_may_be_passed_to_counts() -> None:
    """iam:PassedToService is the service that the role trusts."""
    glue = allow("glue:*")

    def passing(service: str) -> Any:
        return allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": service}})

    assert found(role("Dev", passing("glue.amazonaws.com"), glue), job()) == {PAIR: Truth.TRUE}
    assert found(role("Dev", passing("lambda.amazonaws.com"), glue), job()) == {}


def test_what_it_is_passed_for_remains() -> None:
    """iam:AssociatedResourceArn is known when the role is passed only."""
    condition = {"ArnLike": {"iam:AssociatedResourceArn": "arn:aws:glue:*:*:job/mine-*"}}
    dev = role("Dev", allow("iam:PassRole", Condition=condition), allow("glue:*"))
    target = job()
    assert keys(edge(pass_role(lake(dev, target)), dev, target)) == {"iam:associatedresourcearn"}


def test_only_roles_that_fit_are_passed() -> None:
    """The resource of iam:PassRole is the role."""
    glue = allow("glue:*")
    assert found(role("Dev", allow("iam:PassRole", "arn:aws:iam::*:role/Jo*"), glue), job()) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow("iam:PassRole", "arn:aws:iam::*:role/service-role/*"), glue), job()) == {}
    assert found(role("Dev", PASS, deny("iam:PassRole", "arn:aws:iam::*:role/Job"), glue), job()) == {}
    edits = ["iam:Put*", "iam:Attach*", "iam:Create*", "iam:Set*", "iam:Add*", "iam:Update*"]
    assert found(role("Dev", {"Effect": "Allow", "NotAction": edits, "Resource": "*"}), job()) == {PAIR: Truth.TRUE}
    assert found(role("Dev", {"Effect": "Allow", "NotAction": [*edits, "iam:Pass*"], "Resource": "*"}), job()) == {}


def test_a_role_stays_in_its_account() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html says so."""
    assert found(role("Dev", PASS, allow("glue:*"), account=CONSUMER), job()) == {}
    assert found(role("Dev", PASS, allow("glue:*")), job(account=CONSUMER)) == {}


def test_the_right_to_start_must_be_in_the_account() -> None:
    """Jobs of another account are of no use."""
    assert found(role("Dev", PASS, allow("glue:*", f"arn:aws:glue:*:{CONSUMER}:*")), job()) == {}
    assert found(role("Dev", PASS, allow("glue:*", f"arn:aws:glue:*:{LAKE}:job/dev-*")), job()) == {PAIR: Truth.TRUE}


def test_a_boundary_and_a_service_control_policy_refuse() -> None:
    """They limit whoever passes, not the role."""
    rights = (PASS, allow("glue:*"))
    assert found(role("Dev", *rights, boundary=policy("B", allow("glue:*"))), job()) == {}
    guarded = Account(id=LAKE, environments=("Prod",), scps=((policy("Full", allow("*")), policy("No", deny("glue:CreateJob"))),))
    assert found(role("Dev", PASS, allow(["glue:CreateJob", "glue:StartJobRun"])), job(), accounts={LAKE: guarded}) == {}


def test_users_and_permission_sets_pass_roles() -> None:
    """Everybody with policies can."""
    rights = (PASS, allow("glue:*"))
    assert found(user("alice", *rights), permission_set("Engineer", *rights), job()) == {
        ("user/alice", "role/Job"): Truth.TRUE,
        ("permission-set/Engineer", "role/Job"): Truth.TRUE,
    }


def test_an_administrator_has_a_shorter_way() -> None:
    """Whoever can surely do anything in the account is told once, by the door of policy edits."""
    assert found(role("Admin", allow("*")), job()) == {}


@pytest.mark.parametrize("name", ["states.eu-west-1.amazonaws.com", "states.amazonaws.com", "states.cn-north-1.amazonaws.com.cn"])
def test_regional_names_are_the_service(name: str) -> None:
    """States and others have a name for each Region."""
    assert plain_service(name) == "states.amazonaws.com"
    dev = role("Dev", PASS, allow("states:*"))
    assert found(dev, job(name)) == {PAIR: Truth.TRUE}


def test_a_trust_that_looks_at_the_account_holds() -> None:
    """The service calls from the account that the job is in."""
    own = trusting("glue.amazonaws.com", kind="Service", Condition={"StringEquals": {"aws:SourceAccount": LAKE}})
    other = trusting("glue.amazonaws.com", kind="Service", Condition={"StringEquals": {"aws:SourceAccount": CONSUMER}})
    dev = role("Dev", PASS, allow("glue:*"))
    assert found(dev, role("Job", trust=own)) == {PAIR: Truth.TRUE}
    assert found(dev, role("Job", trust=other)) == {}


def test_what_the_trust_policy_asks_of_the_service_remains() -> None:
    """Such as the resource that it calls for."""
    own = trusting("glue.amazonaws.com", kind="Service", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:glue:*:*:job/nightly-*"}})
    dev, target = role("Dev", PASS, allow("glue:*")), role("Job", trust=own)
    assert keys(edge(pass_role(lake(dev, target)), dev, target)) == {"aws:sourcearn"}


def test_a_service_that_nobody_listed_is_not_known() -> None:
    """It might hand the role's rights out."""
    dev, target = role("Dev", PASS, allow("newthing:Create*")), job("newthing.amazonaws.com")
    one = edge(pass_role(lake(dev, target)), dev, target)
    assert any("newthing.amazonaws.com" in reason for reason in unresolved(one.conditions))
    assert found(role("Dev", PASS, allow("newthing:Get*")), target) == {}


def test_services_that_only_write_records_are_harmless() -> None:
    """A trail's role is of no use to whoever makes the trail."""
    assert found(role("Dev", PASS, allow("cloudtrail:*")), job("cloudtrail.amazonaws.com")) == {}


def test_two_requests_have_two_contexts() -> None:
    """Tags asked of the job and of the session do not exclude each other."""
    one = allow("glue:CreateJob", Condition={"StringEquals": {"aws:RequestTag/team": "a"}})
    two = allow("glue:StartJobRun", Condition={"StringEquals": {"aws:RequestTag/team": "b"}})
    dev, target = role("Dev", PASS, one, two), job()
    assert len(keys(edge(pass_role(lake(dev, target)), dev, target))) == 2


def test_the_reasons_name_both_statements() -> None:
    """That of the pass and that of the start."""
    dev, target = role("Dev", PASS, allow(["glue:CreateJob", "glue:StartJobRun"])), job()
    because = " ".join(edge(pass_role(lake(dev, target)), dev, target).step.because)
    assert "allows iam:PassRole" in because
    assert "allows glue:CreateJob" in because


def test_the_tables_do_not_contradict_each_other() -> None:
    """What only writes records has no ways; every action has a service."""
    assert not HARMLESS & set(PASSED)
    actions = {each for ways in PASSED.values() for way in ways for each in way}
    actions |= {each for ways in CHANGED.values() for way in ways for each, _ in way}
    assert all(each.count(":") == 1 and "*" not in each for each in actions)
