"""What a request finds after others that failed, were rolled back or came late: reads that are behind, and things that are gone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.lakeformation.permissions import PermissionsError
from tests.unit.runtime.lakeformation.fake import FakeLakeFormation, error
from tests.unit.runtime.lakeformation.support import Clock, request, retry
from tests.unit.runtime.lakeformation.test_hostile_answers import ALL_TABLES, DATABASE, ORDERS, opt_in
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

EMAIL, TOTAL = ("sales", "orders", "email"), ("sales", "orders", "total")


@pytest.fixture
def lake() -> FakeLakeFormation:
    fake = FakeLakeFormation()
    fake.existing = {ANALYST, STEWARD}
    fake.tables = {("sales", "orders"): ["id", "total", "email"], ("sales", "lines"): ["id"]}
    fake.vocabulary = {"zone": {"curated"}, "classification": {"public", "internal", "restricted"}}
    return fake


# Rollbacks that come before the reads have caught up


def test_a_rollback_gives_back_what_a_list_that_is_behind_still_shows(lake: FakeLakeFormation) -> None:
    """An update revoked a grant and its stack then failed: the rollback grants it again, whatever is still listed."""
    old, new = {"Grants": [grant(TABLE, "SELECT"), grant(EXPRESSION, "SELECT")]}, {"Grants": [grant(EXPRESSION, "SELECT")]}
    apply(lake, "Create", old)
    before = set(lake.rights)
    apply(lake, "Update", new, old)
    assert lake.rights != before
    lake.behind = 20
    apply(lake, "Update", old, new)
    assert lake.rights == before


def test_what_was_declared_before_is_not_granted_again(lake: FakeLakeFormation) -> None:
    """An update that changes nothing sends nothing: only what it brings itself is granted whatever the list says."""
    declared = {"Grants": [grant(TABLE, "SELECT"), grant(columns("id"), "SELECT", to=STEWARD)]}
    apply(lake, "Create", declared)
    lake.calls.clear()
    apply(lake, "Update", declared, declared)
    assert set(lake.calls) == {"list_permissions"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"classification": "restricted"}, {"classification": "public"}),
        ({"classification": "restricted"}, {}),
        ({}, {"classification": "public"}),
    ],
)
def test_a_rollback_of_tags_does_not_believe_a_read_that_is_behind(
    lake: FakeLakeFormation, old: dict[str, str], new: dict[str, str]
) -> None:
    """A column whose class an update changed, removed or gave has the old one again, or none, although a read still says so."""
    before, after = ({"TagAssociations": [tagged(columns("email"), **tags)] if tags else []} for tags in (old, new))
    apply(lake, "Create", before)
    apply(lake, "Update", after, before)
    assert lake.tags.get(EMAIL, {}) == new
    lake.tags_behind = 3
    apply(lake, "Update", before, after)
    assert lake.tags.get(EMAIL, {}) == old


def test_tags_that_are_as_expected_are_read_once(lake: FakeLakeFormation) -> None:
    """An update that finds what the one before left, and a deletion, wait for nothing."""
    old, new = ({"TagAssociations": [tagged(columns("email"), classification=value)]} for value in ("restricted", "internal"))
    clock = Clock()
    for kind, properties, former in (("Create", old, {}), ("Update", new, old), ("Update", new, new), ("Delete", new, {})):
        permissions(lake, retry(clock)).apply(request(kind, properties, former))
    assert clock.pauses == []
    assert lake.tags[EMAIL] == {}


# What is gone


@pytest.mark.parametrize("dropped", ["id", "total"])
def test_a_column_that_is_no_more_leaves_no_tag_on_the_others(lake: FakeLakeFormation, dropped: str) -> None:
    """Lake Formation refuses to read the tags of columns when it does not know one of them: the others lose theirs all the same."""
    declared = {"TagAssociations": [tagged(columns("id", "total", "email"), classification="public")]}
    apply(lake, "Create", declared)
    lake.tables[("sales", "orders")].remove(dropped)
    apply(lake, "Delete", declared)
    assert {path[2] for path, tags in lake.tags.items() if tags} == {dropped}, "what nobody can read any more"


def test_a_table_that_is_no_more_is_not_asked_for_by_column(lake: FakeLakeFormation) -> None:
    """However many columns had a tag: one look at the table tells."""
    declared = {"TagAssociations": [tagged(columns("id", "total", "email"), classification="public")]}
    apply(lake, "Create", declared)
    del lake.tables[("sales", "orders")]
    lake.calls.clear()
    apply(lake, "Delete", declared)
    assert lake.calls == ["get_resource_lf_tags"] * 2


def test_an_opt_in_to_a_table_that_is_no_more_does_not_block_a_deletion(lake: FakeLakeFormation) -> None:
    """Lake Formation denies to list what does not exist; any other refusal comes out."""
    declared = {"OptIns": [opt_in(TABLE)]}
    lake.errors = {
        "list_lake_formation_opt_ins": [error("AccessDeniedException", "Insufficient permissions: resource does not exist")] * 99
    }
    apply(lake, "Delete", declared)
    assert "delete_lake_formation_opt_in" not in lake.calls
    lake.errors = {"list_lake_formation_opt_ins": [error("AccessDeniedException", "Insufficient permissions on the catalog")] * 99}
    with pytest.raises(ClientError, match="on the catalog"):
        apply(lake, "Delete", declared)


def test_opt_ins_to_what_is_not_known_are_others(lake: FakeLakeFormation) -> None:
    """A resource of a kind that this version of boto3 drops from the answer does not end the request."""
    honest = lake.list_lake_formation_opt_ins

    def listing(**arguments: Any) -> dict[str, Any]:
        answer = honest(**arguments)
        answer["LakeFormationOptInsInfoList"].insert(0, {"Principal": {"DataLakePrincipalIdentifier": STEWARD}, "Resource": {}})
        return answer

    lake.list_lake_formation_opt_ins = listing  # type: ignore[method-assign]
    declared = {"OptIns": [opt_in(TABLE), opt_in(ALL_TABLES)]}
    apply(lake, "Create", declared)
    assert {resource for _, resource in lake.opt_ins} == {ORDERS, on("table", "sales", "*")}
    apply(lake, "Delete", declared)
    assert lake.opt_ins == set()


def test_a_create_that_could_not_be_read_can_be_deleted(lake: FakeLakeFormation) -> None:
    """Nothing of a resource of an unknown kind was ever granted: its deletion takes away the rest."""
    declared = {"Grants": [grant(TABLE, "SELECT"), grant({"Hologram": {"Name": "x"}}, "SELECT")]}
    with pytest.raises(ValueError, match="resource of kind Hologram is not supported"):
        apply(lake, "Create", declared)
    apply(lake, "Create", {"Grants": declared["Grants"][:1]})
    apply(lake, "Delete", declared)
    assert lake.rights == set()


# Revocations that are refused as a whole


@pytest.mark.parametrize("listed", [True, False])
def test_what_is_held_in_part_is_revoked_right_by_right(lake: FakeLakeFormation, listed: bool) -> None:  # noqa: FBT001
    """One permission of an entry that is gone already keeps none of the others, whether or not Lake Formation lists what is held."""
    lake.all_or_nothing = True
    declared = {"Grants": [grant(DATABASE, "ALTER", "DESCRIBE", "DROP", grantable=("DROP",))]}
    apply(lake, "Create", declared)
    lake.rights = {right for right in lake.rights if right[2] != "ALTER"}
    if not listed:
        lake.errors = {"list_permissions": [error("InvalidInputException", "cannot be listed")] * 99}
    apply(lake, "Delete", declared)
    assert held(lake) == set()


def test_rights_revoked_one_by_one_do_not_collide(lake: FakeLakeFormation) -> None:
    """Each in a call of its own, as many as there are: two of one call for the same principal and resource would be in each other's way."""
    lake.all_or_nothing = True
    everything = ("ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT")
    declared = {"Grants": [grant(TABLE, *everything, grantable=everything)]}
    apply(lake, "Create", declared)
    lake.rights = {right for right in lake.rights if right[2] != "ALTER"}
    lake.errors = {"list_permissions": [error("InvalidInputException", "cannot be listed")] * 99}
    clock = Clock()
    permissions(lake, retry(clock)).apply(request("Delete", declared))
    assert held(lake) == set()
    assert len(clock.pauses) == 1


def test_a_refusal_without_a_message_is_looked_at_again(lake: FakeLakeFormation) -> None:
    """A failure need not say why: a list that is behind is not believed at once."""
    declared = {"Grants": [grant(TABLE, "SELECT")]}
    apply(lake, "Create", declared)
    apply(lake, "Delete", declared)
    lake.behind = 2
    lake.refused = {("SELECT", ORDERS): [("InvalidInputException", "")] * 3}
    apply(lake, "Delete", declared)
    assert lake.behind == 0
    apply(lake, "Create", declared)
    lake.refused = {("SELECT", ORDERS): [("InvalidInputException", "")] * 20}
    with pytest.raises(PermissionsError, match="SELECT on table"):
        apply(lake, "Delete", declared)
