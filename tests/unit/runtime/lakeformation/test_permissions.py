"""Declared grants and associations against a Lake Formation that misbehaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.custom_resources.cfn_response import OutOfTimeError
from constructs_lib.runtime.lakeformation.grants import Grants
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.permissions import Permissions, PermissionsError
from constructs_lib.runtime.lakeformation.principals import Principals
from constructs_lib.runtime.lakeformation.tags import Tags
from tests.unit.runtime.lakeformation.fake import EVERYONE, FakeLakeFormation, error
from tests.unit.runtime.lakeformation.support import ACCOUNT, Clock, request, retry

if TYPE_CHECKING:
    from constructs_lib.runtime.custom_resources.retry import Retry

ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
STEWARD = f"arn:aws:iam::{ACCOUNT}:role/Steward"
TABLE = {"Table": {"DatabaseName": "sales", "Name": "orders"}}
EXPRESSION = {
    "LFTagPolicy": {
        "ResourceType": "TABLE",
        "Expression": [{"TagKey": "zone", "TagValues": ["curated"]}, {"TagKey": "classification", "TagValues": ["public", "internal"]}],
    },
}


def columns(*names: str) -> dict[str, Any]:
    return {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": list(names)}}


def grant(resource: dict[str, Any], *permissions: str, to: str = ANALYST, grantable: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "Principal": {"DataLakePrincipalIdentifier": to},
        "Resource": resource,
        "Permissions": list(permissions),
        "PermissionsWithGrantOption": list(grantable),
    }


def tagged(resource: dict[str, Any], **tags: str) -> dict[str, Any]:
    return {"Resource": resource, "LFTags": [{"TagKey": key, "TagValues": [value]} for key, value in tags.items()]}


def held(lake: FakeLakeFormation, principal: str = ANALYST) -> set[tuple[str, str]]:
    return {(right[1], right[2] + ("+" if right[3] else "")) for right in lake.rights if right[0] == principal}


def on(kind: str, *place: str) -> str:
    return json.dumps([kind, *place])


class FakeIam:
    """IAM with the roles of two permission sets whose names begin alike, on two pages."""

    calls = 0

    def list_roles(self, *, PathPrefix: str, Marker: str = "") -> dict[str, Any]:  # noqa: N803 - the API's names
        self.calls += 1
        assert PathPrefix == "/aws-reserved/sso.amazonaws.com/"
        names = ["AWSReservedSSO_Data_Analyst_00000000000000aa"] if not Marker else ["AWSReservedSSO_Data_00000000000000bb"]
        roles = [{"RoleName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{name}"} for name in names]
        return {"Roles": roles, "IsTruncated": not Marker, "Marker": "2"}


@pytest.fixture
def lake() -> FakeLakeFormation:
    fake = FakeLakeFormation()
    fake.existing = {ANALYST, STEWARD}
    fake.tables = {("sales", "orders"): ["id", "total", "email"], ("sales", "lines"): ["id"]}
    fake.vocabulary = {"zone": {"curated"}, "classification": {"public", "internal", "restricted"}}
    return fake


def permissions(lake: FakeLakeFormation, waiting: Retry | None = None, iam: FakeIam | None = None) -> Permissions:
    waiting = waiting or retry()
    principals = Principals(iam or FakeIam(), waiting)
    grants = Grants(lake, waiting, ACCOUNT, principals)
    return Permissions(grants, Tags(lake, waiting, ACCOUNT), OptIns(lake, waiting, ACCOUNT, principals))


def apply(lake: FakeLakeFormation, kind: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> None:
    permissions(lake).apply(request(kind, new, old))


def test_create_grants_and_tags_what_is_declared(lake: FakeLakeFormation) -> None:
    """A create brings about each grant and association, and nothing more."""
    apply(
        lake,
        "Create",
        {
            "Grants": [grant(TABLE, "SELECT", "DESCRIBE", grantable=("SELECT",)), grant(EXPRESSION, "SELECT", to=STEWARD)],
            "TagAssociations": [
                tagged({"Database": {"Name": "sales"}}, zone="curated"),
                tagged(columns("email"), classification="restricted"),
            ],
        },
    )
    orders = on("table", "sales", "orders")
    assert held(lake) == {(orders, "SELECT"), (orders, "SELECT+"), (orders, "DESCRIBE")}
    assert {permission for _, permission in held(lake, STEWARD)} == {"SELECT"}
    assert lake.tags == {("sales",): {"zone": "curated"}, ("sales", "orders", "email"): {"classification": "restricted"}}


def test_repeating_a_request_changes_nothing(lake: FakeLakeFormation) -> None:
    """The same create again grants nothing and tags nothing: it only reads."""
    declared = {
        "Grants": [grant(TABLE, "SELECT"), grant(columns("id"), "SELECT", to=STEWARD)],
        "TagAssociations": [tagged(TABLE, zone="curated")],
    }
    apply(lake, "Create", declared)
    before = set(lake.rights)
    lake.calls.clear()
    apply(lake, "Create", declared)
    assert lake.rights == before
    assert set(lake.calls) == {"list_permissions", "get_resource_lf_tags"}


def test_grants_are_read_page_by_page(lake: FakeLakeFormation) -> None:
    """What stands on later pages counts as held: nothing is granted again."""
    declared = {"Grants": [grant(TABLE, "SELECT", "DESCRIBE", "INSERT", "ALTER"), grant(TABLE, "SELECT", to=STEWARD)]}
    apply(lake, "Create", declared)
    lake.batches.clear()
    apply(lake, "Create", declared)
    assert lake.batches == []


def test_one_malformed_entry_fails_alone(lake: FakeLakeFormation) -> None:
    """A batch that is refused as a whole is sent entry by entry, so that the others are granted and the bad one is named."""
    lake.malformed = {"malformed"}
    with pytest.raises(PermissionsError) as raised:
        apply(lake, "Create", {"Grants": [grant(TABLE, "SELECT"), grant(TABLE, "SELECT", to="malformed"), grant(EXPRESSION, "SELECT")]})
    assert len(raised.value.failures) == 1
    assert "to malformed: InvalidInputException malformed request" in raised.value.failures[0]
    assert len(held(lake)) == 2


def test_a_tag_that_is_accepted_and_not_kept_fails(lake: FakeLakeFormation) -> None:
    """Associations are read back: success without effect is a failure."""
    lake.forgets_tags = True
    with pytest.raises(PermissionsError, match="was accepted and is not there"):
        apply(lake, "Create", {"TagAssociations": [tagged(TABLE, zone="curated")]})


def test_a_tag_that_is_read_late_is_waited_for(lake: FakeLakeFormation) -> None:
    """A read that is behind the write is no failure."""
    lake.stale_reads = 3  # the one before, and two after
    apply(lake, "Create", {"TagAssociations": [tagged(TABLE, zone="curated")]})
    assert lake.tags[("sales", "orders")] == {"zone": "curated"}
    assert lake.stale_reads == 0
    assert lake.calls.count("add_lf_tags_to_resource") == 1


def test_update_adds_before_it_takes_away(lake: FakeLakeFormation) -> None:
    """The new grant is there before the old one goes."""
    old = {"Grants": [grant(TABLE, "SELECT")]}
    apply(lake, "Create", old)
    lake.calls.clear()
    apply(lake, "Update", {"Grants": [grant(EXPRESSION, "SELECT")]}, old)
    changes = [call for call in lake.calls if call.startswith("batch")]
    assert changes == ["batch_grant_permissions", "batch_revoke_permissions"]
    assert [json.loads(resource)[0] for resource, _ in held(lake)] == ["lftagpolicy"]


def test_what_stays_is_never_missing(lake: FakeLakeFormation) -> None:
    """Rights that both the old and the new properties have are held after every single call."""
    old = {"Grants": [grant(columns("id", "total", "email"), "SELECT"), grant(EXPRESSION, "SELECT", "DESCRIBE")]}
    apply(lake, "Create", old)
    lake.stays = {right for right in lake.rights if '"email"' not in right[1] and right[2] != "DESCRIBE"}
    assert len(lake.stays) == 3
    apply(lake, "Update", {"Grants": [grant(columns("id", "total"), "SELECT"), grant(EXPRESSION, "SELECT")]}, old)
    assert lake.missing == []
    assert lake.rights == lake.stays


def test_narrowing_a_table_to_columns_ends_with_the_columns(lake: FakeLakeFormation) -> None:
    """Revoking SELECT on the table may take the columns' SELECT along: it is given again."""
    old = {"Grants": [grant(TABLE, "SELECT", "DESCRIBE")]}
    apply(lake, "Create", old)
    apply(lake, "Update", {"Grants": [grant(columns("id"), "SELECT")]}, old)
    assert held(lake) == {(on("column", "sales", "orders", "id"), "SELECT")}


def test_rollback_restores_what_was(lake: FakeLakeFormation) -> None:
    """An update that failed half way, followed by CloudFormation's update with swapped properties, leaves the old state."""
    old = {"Grants": [grant(TABLE, "SELECT")], "TagAssociations": [tagged(columns("email"), classification="restricted")]}
    new = {
        "Grants": [grant(EXPRESSION, "SELECT"), grant(TABLE, "INSERT"), grant(columns("nowhere"), "SELECT", to=STEWARD)],
        "TagAssociations": [tagged(columns("email"), classification="internal")],
    }
    apply(lake, "Create", old)
    rights, tags = set(lake.rights), json.dumps(str(lake.tags))
    with pytest.raises(PermissionsError):
        apply(lake, "Update", new, old)
    assert rights < lake.rights
    apply(lake, "Update", old, new)
    assert lake.rights == rights
    assert json.dumps(str(lake.tags)) == tags


def test_a_partial_failure_names_each_and_takes_nothing_away(lake: FakeLakeFormation) -> None:
    """With one grant of several refused, the others stand, the refused one is named, and no old grant is revoked."""
    old = {"Grants": [grant({"Table": {"DatabaseName": "sales", "Name": "lines"}}, "SELECT")]}
    apply(lake, "Create", old)
    lake.refused[("INSERT", on("table", "sales", "orders"))] = [("AccessDeniedException", "Insufficient permissions")] * 20
    new = {"Grants": [grant(TABLE, "INSERT"), grant(EXPRESSION, "SELECT"), grant(TABLE, "SELECT", to="arn:aws:iam::1:role/Nobody")]}
    with pytest.raises(PermissionsError) as raised:
        apply(lake, "Update", new, old)
    assert len(raised.value.failures) == 2
    assert "INSERT on table sales.orders to " + ANALYST + ": AccessDeniedException Insufficient permissions" in str(raised.value)
    assert "role/Nobody" in str(raised.value)
    assert "batch_revoke_permissions" not in lake.calls
    assert (on("table", "sales", "lines"), "SELECT") in held(lake)
    assert any("lftagpolicy" in resource for resource, _ in held(lake))


def test_collisions_and_throttling_are_waited_out(lake: FakeLakeFormation) -> None:
    """A call that is throttled, and an entry that collided, are tried again after pauses that grow."""
    clock = Clock()
    lake.errors = {
        "list_permissions": [error("ThrottlingException")] * 2,
        "batch_grant_permissions": [error("ConcurrentModificationException")],
        "add_lf_tags_to_resource": [error("ConcurrentModificationException")],
    }
    lake.refused[("SELECT", on("table", "sales", "orders"))] = [("ConcurrentModificationException", "collided")] * 3
    lines = {"Table": {"DatabaseName": "sales", "Name": "lines"}}
    declared = {"Grants": [grant(TABLE, "SELECT"), grant(lines, "SELECT")], "TagAssociations": [tagged(TABLE, zone="curated")]}
    permissions(lake, retry(clock)).apply(request("Create", declared))
    assert len(held(lake)) == 2
    assert lake.tags[("sales", "orders")] == {"zone": "curated"}
    assert len(clock.pauses) == 7
    collided = clock.pauses[3:6]
    assert collided == sorted(collided)
    assert collided[0] < collided[-1]
    assert lake.batches == [2, 1, 1, 1], "only what collided is sent again"


def test_a_principal_made_seconds_ago_is_waited_for(lake: FakeLakeFormation) -> None:
    """A role that Lake Formation does not see yet is granted once it does."""
    lake.refused[("SELECT", on("table", "sales", "orders"))] = [("InvalidInputException", "Invalid principal")] * 2
    apply(lake, "Create", {"Grants": [grant(TABLE, "SELECT")]})
    assert len(held(lake)) == 1


def test_rights_given_seconds_ago_are_waited_for(lake: FakeLakeFormation) -> None:
    """A function that is not known as administrator yet, by IAM or by Lake Formation, goes on once it is."""
    lake.errors = {"list_permissions": [error("AccessDeniedException", "no identity-based policy allows it")] * 3}
    lake.refused[("SELECT", on("table", "sales", "orders"))] = [("AccessDeniedException", "Insufficient permissions")] * 3
    apply(lake, "Create", {"Grants": [grant(TABLE, "SELECT")]})
    assert held(lake) == {(on("table", "sales", "orders"), "SELECT")}


def test_a_refusal_that_stays_is_believed_after_a_minute(lake: FakeLakeFormation) -> None:
    """However many grants are refused, together they are waited for once."""
    clock = Clock()
    lake.errors = {"batch_grant_permissions": [error("AccessDeniedException", "no identity-based policy allows it")] * 200}
    declared = [grant(TABLE, "SELECT"), grant(TABLE, "INSERT", to=STEWARD), grant(EXPRESSION, "SELECT")]
    with pytest.raises(PermissionsError) as raised:
        permissions(lake, retry(clock)).apply(request("Create", {"Grants": declared}))
    assert len(raised.value.failures) == 3
    assert 30 < clock.now - 1000 < 90


def test_an_explicit_denial_is_believed_at_once(lake: FakeLakeFormation) -> None:
    """What a policy forbids does not become allowed by waiting."""
    clock = Clock()
    lake.errors = {"list_permissions": [error("AccessDeniedException", "with an explicit deny in a service control policy")]}
    with pytest.raises(ClientError, match="explicit deny"):
        permissions(lake, retry(clock)).apply(request("Create", {"Grants": [grant(TABLE, "SELECT")]}))
    assert clock.pauses == []


@pytest.mark.parametrize(("catalog", "arrives"), [("444444444499", True), (ACCOUNT, False)])
def test_only_what_another_account_shares_may_be_found_late(lake: FakeLakeFormation, catalog: str, arrives: bool) -> None:  # noqa: FBT001
    """An expression of a catalog that was shared a moment ago is found after a while; one of the own catalog is there or is not."""
    expression = {"LFTagPolicy": {"CatalogId": catalog, **EXPRESSION["LFTagPolicy"]}}
    (resource,) = lake._resources(EXPRESSION)
    lake.refused[("SELECT", resource)] = [("EntityNotFoundException", "LF-Tag not found")] * 3
    declared = {"Grants": [grant(expression, "SELECT")]}
    if arrives:
        apply(lake, "Create", declared)
    else:
        with pytest.raises(PermissionsError, match="LF-Tag not found"):
            apply(lake, "Create", declared)
    assert bool(held(lake)) is arrives


def test_time_that_runs_out_is_said_before_lambda_ends(lake: FakeLakeFormation) -> None:
    """Endless collisions end with an error well before the invocation does, not in a timeout."""
    clock = Clock()
    lake.errors = {"list_permissions": [error("ConcurrentModificationException")] * 100}
    with pytest.raises(OutOfTimeError, match="deploying again goes on from there"):
        permissions(lake, retry(clock, seconds=10)).apply(request("Create", {"Grants": [grant(TABLE, "SELECT")]}))
    assert clock.now < 1010


def test_delete_takes_only_what_was_declared(lake: FakeLakeFormation) -> None:
    """Others' grants and tags, on the same table too, outlive the resource."""
    declared = {
        "Grants": [grant(TABLE, "SELECT", "DESCRIBE"), grant(columns("id"), "SELECT", to=STEWARD)],
        "TagAssociations": [tagged(TABLE, zone="curated")],
    }
    apply(lake, "Create", declared)
    apply(lake, "Create", {"Grants": [grant(TABLE, "INSERT")], "TagAssociations": [tagged(TABLE, classification="public")]})
    apply(lake, "Delete", declared)
    assert {(right[0], right[2]) for right in lake.rights} == {(ANALYST, "INSERT")}
    assert lake.tags[("sales", "orders")] == {"classification": "public"}


def test_delete_tolerates_what_is_gone_already(lake: FakeLakeFormation) -> None:
    """A dropped table, a role that is no more and a right somebody revoked do not block the deletion."""
    declared = {
        "Grants": [
            grant({"Table": {"DatabaseName": "sales", "Name": "dropped"}}, "SELECT"),
            grant(TABLE, "SELECT", to="arn:aws:iam::444444444401:role/Gone"),
            grant(EXPRESSION, "SELECT"),
        ],
        "TagAssociations": [tagged({"Table": {"DatabaseName": "sales", "Name": "dropped"}}, zone="curated")],
    }
    apply(lake, "Delete", declared)
    assert lake.rights == set()


def test_delete_of_something_never_created_does_nothing(lake: FakeLakeFormation) -> None:
    """Properties of an older or emptier shape are fine."""
    apply(lake, "Delete", {})
    assert lake.calls == []


@pytest.mark.parametrize("said", ["No permissions revoked.", "Principal may not revoke what another principal has passed on."])
def test_no_word_in_a_refusal_makes_a_right_gone(lake: FakeLakeFormation, said: str) -> None:
    """What is held is held, whatever the refusal is about; only a principal that is said not to exist has lost it."""
    old = {"Grants": [grant(TABLE, "SELECT")]}
    apply(lake, "Create", old)
    lake.refused[("SELECT", on("table", "sales", "orders"))] = [("InvalidInputException", said)] * 20
    with pytest.raises(PermissionsError, match=r"SELECT on table sales\.orders"):
        apply(lake, "Delete", old)


def test_only_the_grant_option_leaves(lake: FakeLakeFormation) -> None:
    """Dropping the grant option keeps the permission, at every moment."""
    old = {"Grants": [grant(TABLE, "SELECT", grantable=("SELECT",))]}
    apply(lake, "Create", old)
    lake.stays = {right for right in lake.rights if not right[3]}
    apply(lake, "Update", {"Grants": [grant(TABLE, "SELECT")]}, old)
    assert held(lake) == {(on("table", "sales", "orders"), "SELECT")}
    assert lake.missing == []


def test_many_grants_go_in_batches_of_twenty(lake: FakeLakeFormation) -> None:
    """No call has more entries than the API takes, and none is lost."""
    lake.tables |= {("sales", f"t{number}"): ["id"] for number in range(45)}
    apply(lake, "Create", {"Grants": [grant({"Table": {"DatabaseName": "sales", "Name": f"t{number}"}}, "SELECT") for number in range(45)]})
    assert lake.batches == [20, 20, 5]
    assert len(held(lake)) == 45


def test_columns_alike_share_an_entry(lake: FakeLakeFormation) -> None:
    """Columns of one table that get the same permissions are one entry, not one each."""
    apply(lake, "Create", {"Grants": [grant(columns("id", "total", "email"), "SELECT")]})
    assert lake.batches == [1]
    assert len(held(lake)) == 3


def test_an_exclude_list_is_granted_as_such(lake: FakeLakeFormation) -> None:
    """All columns but some stays one grant of that kind."""
    but = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {"ExcludedColumnNames": ["email"]}}}
    apply(lake, "Create", {"Grants": [grant(but, "SELECT")]})
    assert held(lake) == {(on("but", "sales", "orders", "email"), "SELECT")}


def test_a_permission_set_is_looked_up_at_deploy(lake: FakeLakeFormation) -> None:
    """The pattern becomes the role of exactly that permission set, and IAM is asked once for any number of grants."""
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Data_00000000000000bb"
    lake.existing.add(role)
    pattern = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Data_????????????????"
    iam = FakeIam()
    declared = {"Grants": [grant(TABLE, "SELECT", to=pattern), grant(EXPRESSION, "SELECT", to=pattern)]}
    permissions(lake, iam=iam).apply(request("Create", declared))
    assert {right[0] for right in lake.rights} == {role}
    assert iam.calls == 2


def test_an_unassigned_permission_set_fails_a_create_and_not_a_delete(lake: FakeLakeFormation) -> None:
    """Nobody to grant to is an error with a remedy; nobody to revoke from is not."""
    pattern = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Nobody_????????????????"
    declared = {"Grants": [grant(TABLE, "SELECT", to=pattern)]}
    with pytest.raises(Exception, match="assign it to the account in Identity Center first"):
        apply(lake, "Create", declared)
    assert lake.rights == set()
    apply(lake, "Delete", declared)


def test_a_changed_tag_gives_way_and_is_read_back(lake: FakeLakeFormation) -> None:
    """A column's new class replaces the old one in one step; no key is removed on the way."""
    old = {"TagAssociations": [tagged(columns("email", "total"), classification="restricted", zone="curated")]}
    apply(lake, "Create", old)
    lake.calls.clear()
    new = {
        "TagAssociations": [tagged(columns("email"), classification="internal", zone="curated"), tagged(columns("total"), zone="curated")]
    }
    apply(lake, "Update", new, old)
    assert lake.tags[("sales", "orders", "email")] == {"classification": "internal", "zone": "curated"}
    assert lake.tags[("sales", "orders", "total")] == {"zone": "curated"}
    assert lake.calls.index("add_lf_tags_to_resource") < lake.calls.index("remove_lf_tags_from_resource")


def test_a_tag_somebody_changed_since_is_left_alone(lake: FakeLakeFormation) -> None:
    """A delete removes a tag only while it has the declared value."""
    declared = {"TagAssociations": [tagged(TABLE, classification="restricted")]}
    apply(lake, "Create", declared)
    lake.tags[("sales", "orders")]["classification"] = "public"
    apply(lake, "Delete", declared)
    assert lake.tags[("sales", "orders")] == {"classification": "public"}


def test_an_unknown_tag_value_fails_by_name(lake: FakeLakeFormation) -> None:
    """Failures inside a successful answer are not overlooked."""
    with pytest.raises(PermissionsError, match=r"tag classification=secret on column sales\.orders\.email: EntityNotFoundException"):
        apply(lake, "Create", {"TagAssociations": [tagged(columns("email"), classification="secret")]})


def test_iam_allowed_principals_leave_when_asked(lake: FakeLakeFormation) -> None:
    """On tagged and granted databases and tables they are revoked, after the declared grants; nowhere else."""
    orders, lines = on("table", "sales", "orders"), on("table", "sales", "lines")
    lake.rights = {(EVERYONE, orders, "ALL", False), (EVERYONE, lines, "ALL", False)}
    declared = {"Grants": [grant(EXPRESSION, "SELECT")], "TagAssociations": [tagged(columns("email"), classification="restricted")]}
    apply(lake, "Create", declared)
    assert len(held(lake, EVERYONE)) == 2
    apply(lake, "Update", {**declared, "RevokeIamAllowedPrincipals": "true"}, declared)
    assert held(lake, EVERYONE) == {(lines, "ALL")}
    assert len(held(lake)) == 1
