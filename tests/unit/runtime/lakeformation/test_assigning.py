"""LF-Tags are made by CloudFormation's role: who is to assign them has to be allowed to."""

from __future__ import annotations

import pytest

from constructs_lib.runtime.lakeformation.grants import Grants
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.permissions import Permissions, PermissionsError
from constructs_lib.runtime.lakeformation.principals import Principals, own_role
from constructs_lib.runtime.lakeformation.tags import Tags
from tests.unit.runtime.lakeformation.fake import FakeLakeFormation
from tests.unit.runtime.lakeformation.support import ACCOUNT, request, retry
from tests.unit.runtime.lakeformation.test_permissions import ANALYST, TABLE, FakeIam, columns, grant, tagged

ROLE = f"arn:aws:iam::{ACCOUNT}:role/Handler"
EMAIL = ("sales", "orders", "email")


@pytest.fixture
def lake() -> FakeLakeFormation:
    fake = FakeLakeFormation()
    fake.existing = {ANALYST, ROLE}
    fake.tables = {("sales", "orders"): ["id", "total", "email"]}
    fake.vocabulary = {"zone": {"curated"}, "classification": {"public", "restricted"}}
    fake.assigner = ROLE
    return fake


def permissions(lake: FakeLakeFormation, role: str) -> Permissions:
    waiting = retry()
    principals = Principals(FakeIam(), waiting)
    tags, opt_ins = Tags(lake, waiting, ACCOUNT), OptIns(lake, waiting, ACCOUNT, principals)
    return Permissions(Grants(lake, waiting, ACCOUNT, principals), tags, opt_ins, lambda: role)


def associates(lake: FakeLakeFormation) -> set[str]:
    return {right[1] for right in lake.rights if (right[0], right[2], right[3]) == (ROLE, "ASSOCIATE", False)}


def test_the_function_may_assign_and_take_off_what_it_declares(lake: FakeLakeFormation) -> None:
    """It grants itself the values that it assigns or removes, and no other; nobody else gets any."""
    old, new = ({"TagAssociations": [tagged(columns("email"), classification=value)]} for value in ("restricted", "public"))
    permissions(lake, ROLE).apply(request("Create", old))
    assert lake.tags[EMAIL] == {"classification": "restricted"}
    assert len(associates(lake)) == 1
    permissions(lake, ROLE).apply(request("Update", new, old))
    assert lake.tags[EMAIL] == {"classification": "public"}
    permissions(lake, ROLE).apply(request("Delete", new))
    assert lake.tags[EMAIL] == {}
    assert len(associates(lake)) == len(lake.rights) == 2


def test_without_a_role_the_refusal_is_named(lake: FakeLakeFormation) -> None:
    """What Lake Formation says about an LF-Tag that may not be assigned is in the failure."""
    declared = {"TagAssociations": [tagged(columns("email"), classification="restricted")]}
    with pytest.raises(PermissionsError, match="Required Associate on LF-Tag"):
        permissions(lake, "").apply(request("Create", declared))
    assert lake.rights == set()


def test_nothing_is_granted_to_itself_where_no_tag_moves(lake: FakeLakeFormation) -> None:
    """Neither for grants alone, nor when every LF-Tag is there, nor in another account's catalog."""
    permissions(lake, ROLE).apply(request("Create", {"Grants": [grant(TABLE, "SELECT")]}))
    lake.tags[EMAIL] = {"classification": "restricted"}
    permissions(lake, ROLE).apply(request("Create", {"TagAssociations": [tagged(columns("email"), classification="restricted")]}))
    assert associates(lake) == set()
    elsewhere = ROLE.replace(ACCOUNT, "999999999999")
    with pytest.raises(PermissionsError, match="Required Associate"):
        permissions(lake, elsewhere).apply(request("Create", {"TagAssociations": [tagged(TABLE, zone="curated")]}))
    assert associates(lake) == set()


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/Stack-Handler-ABC/function-name", f"arn:aws-cn:iam::{ACCOUNT}:role/Stack-Handler-ABC"),
        (f"arn:aws:iam::{ACCOUNT}:user/somebody", ""),
    ],
)
def test_the_role_follows_from_the_session(caller: str, role: str) -> None:
    """In any partition; a user has none."""

    class Sts:
        def get_caller_identity(self) -> dict[str, str]:
            return {"Arn": caller}

    assert own_role(Sts(), retry()) == role
