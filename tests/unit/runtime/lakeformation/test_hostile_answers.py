"""What Lake Formation was seen to answer where its documentation says nothing, and opt-ins."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.lakeformation.permissions import PermissionsError
from tests.unit.runtime.lakeformation.fake import EVERYONE, FakeLakeFormation, error
from tests.unit.runtime.lakeformation.support import ACCOUNT, Clock, request, retry
from tests.unit.runtime.lakeformation.test_permissions import (
    ANALYST,
    EXPRESSION,
    STEWARD,
    TABLE,
    apply,
    columns,
    grant,
    held,
    on,
    permissions,
    tagged,
)

ORDERS = on("table", "sales", "orders")
DATABASE = {"Database": {"Name": "sales"}}
SALES = FakeLakeFormation()._resources(DATABASE)[0]
ALL_TABLES = {"Table": {"DatabaseName": "sales", "TableWildcard": {}}}


def opt_in(resource: dict[str, Any], to: str = ANALYST) -> dict[str, Any]:
    return {"Principal": {"DataLakePrincipalIdentifier": to}, "Resource": resource}


@pytest.fixture
def lake() -> FakeLakeFormation:
    fake = FakeLakeFormation()
    fake.existing = {ANALYST, STEWARD}
    fake.tables = {("sales", "orders"): ["id", "total", "email"], ("sales", "lines"): ["id"]}
    fake.vocabulary = {"zone": {"curated"}, "classification": {"public", "internal", "restricted"}}
    return fake


def test_a_column_that_is_no_more_leaves_no_grant_on_the_others(lake: FakeLakeFormation) -> None:
    """Lake Formation refuses an entry for one column it does not know: the other columns' grants are revoked all the same."""
    declared = {"Grants": [grant(columns("id", "email"), "SELECT")]}
    apply(lake, "Create", declared)
    lake.tables[("sales", "orders")].remove("email")
    apply(lake, "Delete", declared)
    assert held(lake) == {(on("column", "sales", "orders", "email"), "SELECT")}, "what nobody can revoke any more"


def test_a_column_that_does_not_exist_fails_by_its_name(lake: FakeLakeFormation) -> None:
    """The existing columns of the same entry are granted, and only the missing one is named."""
    with pytest.raises(PermissionsError) as raised:
        apply(lake, "Create", {"Grants": [grant(columns("id", "nowhere"), "SELECT")]})
    assert len(raised.value.failures) == 1
    assert "SELECT on column sales.orders.nowhere to" in raised.value.failures[0]
    assert held(lake) == {(on("column", "sales", "orders", "id"), "SELECT")}


def test_a_grant_under_a_condition_is_not_ours(lake: FakeLakeFormation) -> None:
    """What somebody granted with a condition does not count as held, nor does a resource of a kind that is not known yet."""
    principal = {"DataLakePrincipalIdentifier": ANALYST}
    conditional = {"Principal": principal, "Resource": TABLE, "Permissions": ["SELECT"], "Condition": {"Expression": "true"}}
    unknown = {"Principal": principal, "Resource": {"Hologram": {"Name": "x"}}, "Permissions": ["SELECT"]}
    lake.conditional = [conditional, unknown]
    apply(lake, "Create", {"Grants": [grant(TABLE, "SELECT")]})
    assert held(lake) == {(ORDERS, "SELECT")}


def test_what_all_implies_is_granted_by_itself_before_all_goes(lake: FakeLakeFormation) -> None:
    """ALL is listed with everything it implies: that does not count as held, or it would go with ALL."""
    lake.expands_all = True
    old, new = {"Grants": [grant(TABLE, "ALL")]}, {"Grants": [grant(TABLE, "SELECT")]}
    apply(lake, "Create", old)
    lake.calls.clear()
    apply(lake, "Update", new, old)
    assert held(lake) == {(ORDERS, "SELECT")}
    changes = [call for call in lake.calls if call.startswith("batch")]
    assert changes[:2] == ["batch_grant_permissions", "batch_revoke_permissions"]


def test_spellings_of_a_tag_are_one_right(lake: FakeLakeFormation) -> None:
    """Lake Formation keeps LF-Tags in lower case: another spelling is no other grant, and takes none away."""
    shouting = json.loads(json.dumps(EXPRESSION).replace("zone", "Zone").replace("curated", "Curated"))
    old, new = {"Grants": [grant(shouting, "SELECT")]}, {"Grants": [grant(EXPRESSION, "SELECT")]}
    apply(lake, "Create", old)
    lake.stays = set(lake.rights)
    apply(lake, "Update", new, old)
    assert lake.missing == []
    assert "batch_revoke_permissions" not in lake.calls


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidInputException", "No permissions revoked. Grantee has no permissions and no grantable permissions on resource."),
        ("InvalidInputException", "Cannot revoke. Please register the S3 path first."),
        ("InvalidInputException", f"Invalid principal, arn: {ANALYST}"),
        ("EntityNotFoundException", "Table not found"),
    ],
)
def test_what_cannot_be_revoked_because_it_is_gone_is_fine(lake: FakeLakeFormation, code: str, message: str) -> None:
    """Each answer for something that is no more ends a deletion well."""
    lake.refused = {("SELECT", ORDERS): [(code, message)] * 20}
    apply(lake, "Delete", {"Grants": [grant(TABLE, "SELECT")]})


@pytest.mark.parametrize("message", ["Please register the S3 path first", "Grantee has no permissions on the resource"])
def test_what_was_made_a_moment_ago_is_waited_for(lake: FakeLakeFormation, message: str) -> None:
    """A location that was just registered, or a grant that was just made, is not known everywhere at once."""
    lake.refused = {("SELECT", ORDERS): [("InvalidInputException", message)] * 3}
    clock = Clock()
    permissions(lake, retry(clock)).apply(request("Create", {"Grants": [grant(TABLE, "SELECT")]}))
    assert held(lake) == {(ORDERS, "SELECT")}
    assert len(clock.pauses) == 3


def test_a_right_that_is_gone_is_not_waited_for(lake: FakeLakeFormation) -> None:
    """A deletion that finds nothing to revoke does not pause for it."""
    clock = Clock()
    permissions(lake, retry(clock)).apply(request("Delete", {"Grants": [grant(TABLE, "SELECT")]}))
    assert clock.pauses == []


def test_a_revocation_that_had_its_effect_is_believed_before_the_list(lake: FakeLakeFormation) -> None:
    """Repeated after its answer got lost it revokes nothing, while the list still shows the grant: it is read again, not failed."""
    declared = {"Grants": [grant(TABLE, "SELECT")]}
    apply(lake, "Create", declared)
    apply(lake, "Delete", declared)
    lake.behind = 2
    apply(lake, "Delete", declared)
    assert lake.rights == set()
    assert lake.behind == 0


def test_a_refusal_that_stays_says_what_to_look_at(lake: FakeLakeFormation) -> None:
    """Lake Formation answers alike for what does not exist and what may not be seen: nothing is taken for gone, the remedy is said."""
    apply(lake, "Create", {"Grants": [grant(TABLE, "SELECT")]})
    refusal = ("AccessDeniedException", "Resource does not exist or requester is not authorized to access requested permissions.")
    lake.refused = {("SELECT", ORDERS): [refusal] * 40}
    with pytest.raises(PermissionsError, match="is this function's role still a data lake administrator"):
        apply(lake, "Delete", {"Grants": [grant(TABLE, "SELECT")]})
    assert held(lake) == {(ORDERS, "SELECT")}


def test_a_long_list_of_failures_names_some_and_counts_the_others(lake: FakeLakeFormation) -> None:
    """The reason has room for a few: it says how many there are, and the error has each."""
    lake.tables |= {("sales", f"t{number}"): ["id"] for number in range(60)}
    lake.refused = {("SELECT", on("table", "sales", f"t{number}")): [("InvalidInputException", "no")] for number in range(60)}
    entries = [grant({"Table": {"DatabaseName": "sales", "Name": f"t{number}"}}, "SELECT") for number in range(60)]
    with pytest.raises(PermissionsError, match=r"^60 failed.* and \d+ more, which the log names$") as raised:
        apply(lake, "Create", {"Grants": entries})
    assert len(raised.value.failures) == 60
    assert len(str(raised.value)) < 1_700


def test_a_permission_set_that_was_assigned_anew_leaves_nothing_behind(lake: FakeLakeFormation) -> None:
    """Its role gets another suffix: the next request grants to the newest and revokes what the former role holds; others' roles stay."""

    def role(name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{name}"

    old, new, other = (
        "AWSReservedSSO_Data_00000000000000ff",
        "AWSReservedSSO_Data_00000000000000bb",
        "AWSReservedSSO_Data_X_00000000000000cc",
    )

    class Iam:
        def list_roles(self, **_: Any) -> dict[str, Any]:
            made = {new: "2026-06-01", old: "2026-01-01", other: "2026-07-01"}
            return {"Roles": [{"RoleName": name, "Arn": role(name), "CreateDate": made[name]} for name in made], "IsTruncated": False}

    lake.existing |= {role(new), role(old), role(other)}
    lake.rights = {(role(name), ORDERS, permission, False) for name in (old, other) for permission in ("SELECT", "ALTER")}
    declared = {"Grants": [grant(TABLE, "SELECT", to=role("*AWSReservedSSO_Data_????????????????"))]}
    permissions(lake, iam=Iam()).apply(request("Update", declared, declared))  # type: ignore[arg-type]
    assert held(lake, role(new)) == {(ORDERS, "SELECT")}
    assert held(lake, role(old)) == {(ORDERS, "ALTER")}, "only what is declared for the set"
    assert len(held(lake, role(other))) == 2


# Opt-ins


def test_an_opt_in_follows_its_grants_and_leaves_before_them(lake: FakeLakeFormation) -> None:
    """Who is opted in always has what is declared; an opt-in that is there already is not made again."""
    declared = {"Grants": [grant(TABLE, "SELECT")], "OptIns": [opt_in(TABLE), opt_in(ALL_TABLES), opt_in(DATABASE)]}
    apply(lake, "Create", declared)
    assert {resource for _, resource in lake.opt_ins} == {ORDERS, on("table", "sales", "*"), SALES}
    lake.calls.clear()
    apply(lake, "Create", declared)
    assert "create_lake_formation_opt_in" not in lake.calls
    lake.calls.clear()
    apply(lake, "Delete", declared)
    assert lake.opt_ins == set()
    assert lake.calls.index("delete_lake_formation_opt_in") < lake.calls.index("batch_revoke_permissions")


def test_others_opt_ins_are_left_alone(lake: FakeLakeFormation) -> None:
    """Only what was declared is taken out, page by page."""
    lake.opt_ins = {(STEWARD, ORDERS), ("arn:aws:iam::999999999999:role/Elsewhere", ORDERS)}
    before = set(lake.opt_ins)
    declared = {"OptIns": [opt_in(TABLE)]}
    apply(lake, "Create", declared)
    assert len(lake.opt_ins) == 3
    apply(lake, "Update", {}, declared)
    assert lake.opt_ins == before


def test_nobody_is_opted_in_without_a_grant(lake: FakeLakeFormation) -> None:
    """When a grant fails, opting in would leave the principal with nothing."""
    lake.refused = {("SELECT", ORDERS): [("InvalidInputException", "no")]}
    with pytest.raises(PermissionsError):
        apply(lake, "Create", {"Grants": [grant(TABLE, "SELECT")], "OptIns": [opt_in(TABLE)]})
    assert lake.opt_ins == set()


def test_an_opt_in_whose_answer_got_lost_is_fine_and_one_that_fails_is_named(lake: FakeLakeFormation) -> None:
    """After an error what counts is whether it is there."""
    honest = lake.create_lake_formation_opt_in

    def lossy(**arguments: Any) -> dict[str, Any]:
        honest(**arguments)
        raise error("InvalidInputException", "Opt-in exists already")

    lake.create_lake_formation_opt_in = lossy  # type: ignore[method-assign]
    apply(lake, "Create", {"OptIns": [opt_in(TABLE)]})
    lake.create_lake_formation_opt_in = honest  # type: ignore[method-assign]
    with pytest.raises(PermissionsError, match=r"opt-in of .*Nobody on table sales\.orders: InvalidInputException Invalid principal"):
        apply(lake, "Create", {"OptIns": [opt_in(TABLE, to="arn:aws:iam::1:role/Nobody")]})


def test_an_opt_in_to_columns_is_refused(lake: FakeLakeFormation) -> None:
    """Principals are opted in to databases and tables; a deletion of what could never be made is fine."""
    with pytest.raises(ValueError, match=r"column sales\.orders\.id cannot be opted in to; databases and tables can"):
        apply(lake, "Create", {"OptIns": [opt_in(columns("id"))]})
    apply(lake, "Delete", {"OptIns": [opt_in(columns("id"))]})


@pytest.mark.parametrize(
    ("hybrid", "kept"),
    [
        ([TABLE], {"orders", "database"}),
        ([ALL_TABLES], {"orders", "lines", "database"}),
        ([DATABASE], {"orders", "lines", "database"}),
        ([], set()),
    ],
)
def test_iam_stays_where_somebody_is_opted_in(lake: FakeLakeFormation, hybrid: list[dict[str, Any]], kept: set[str]) -> None:
    """Everybody else reads there by IAM, which needs IAM_ALLOWED_PRINCIPALS on the table and on its database."""
    places = {"orders": ORDERS, "lines": on("table", "sales", "lines"), "database": SALES}
    lake.rights = {(EVERYONE, place, "ALL", False) for place in places.values()}
    lines = {"Table": {"DatabaseName": "sales", "Name": "lines"}}
    declared = {
        "Grants": [grant(TABLE, "SELECT"), grant(lines, "SELECT"), grant(DATABASE, "DESCRIBE")],
        "OptIns": [opt_in(resource) for resource in hybrid],
        "RevokeIamAllowedPrincipals": "true",
    }
    apply(lake, "Create", declared)
    assert {right[1] for right in lake.rights if right[0] == EVERYONE} == {places[name] for name in kept}


# Tags


def test_tags_leave_from_the_database_down(lake: FakeLakeFormation) -> None:
    """A column keeps its own class until what it then inherits is there."""
    old = {
        "TagAssociations": [
            tagged(DATABASE, classification="restricted"),
            tagged(TABLE, classification="public"),
            tagged(columns("email"), classification="restricted"),
        ]
    }
    apply(lake, "Create", old)
    seen = []
    lake.watching.append(lambda now: seen.append([path for path, tags in now.tags.items() if tags]))
    apply(lake, "Update", {"TagAssociations": old["TagAssociations"][:1]}, old)
    assert seen == [[("sales", "orders", "email"), ("sales",)], [("sales",)]]


def test_time_that_runs_out_in_the_middle_leaves_a_state_to_go_on_from(lake: FakeLakeFormation) -> None:
    """What was granted stays; the next request grants the rest and no more."""
    clock = Clock()
    lake.tables |= {("sales", f"t{number}"): ["id"] for number in range(45)}
    entries = [grant({"Table": {"DatabaseName": "sales", "Name": f"t{number}"}}, "SELECT") for number in range(45)]
    lake.watching.append(lambda now: clock.sleep(100) if len(now.rights) == 20 else None)
    with pytest.raises(Exception, match="deploying again goes on from there"):
        permissions(lake, retry(clock, seconds=90)).apply(request("Create", {"Grants": entries}))
    assert len(lake.rights) == 20
    lake.batches.clear()
    apply(lake, "Create", {"Grants": entries})
    assert lake.batches == [20, 5]


def test_errors_of_listing_opt_ins_come_out(lake: FakeLakeFormation) -> None:
    """A refusal to list is no empty list; a table that is gone is."""
    lake.errors = {"list_lake_formation_opt_ins": [error("AccessDeniedException", "with an explicit deny")]}
    with pytest.raises(ClientError, match="explicit deny"):
        apply(lake, "Delete", {"OptIns": [opt_in(TABLE)]})
    apply(lake, "Delete", {"OptIns": [opt_in({"Table": {"DatabaseName": "sales", "Name": "gone"}})]})
