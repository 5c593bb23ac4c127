"""The life of an account's settings: administrators taken out and given back, second owners, requests that die anywhere, rollbacks."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from constructs_lib.runtime.lakeformation.memory import SecondOwnerError
from constructs_lib.runtime.lakeformation.settings import Settings, SettingsError
from tests.unit.runtime.lakeformation.fake import CrashError, error
from tests.unit.runtime.lakeformation.support import ACCOUNT, STACK, request, retry
from tests.unit.runtime.lakeformation.test_settings import ADMIN, HANDLER, MEMORY, OTHER, STALE, Account, FakeIam

REPLACE = {"ExistingAdmins": "replace"}
PEOPLE = [ADMIN, HANDLER, OTHER]


class Dying:
    """A client whose caller dies at one call of all its clients, before the call or after its effect."""

    def __init__(self, client: Any, calls: itertools.count[int], at: int, *, after: bool) -> None:
        self._client, self._calls, self._at, self._after = client, calls, at, after

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            dies = next(self._calls) == self._at
            if dies and not self._after:
                raise CrashError
            answer = getattr(self._client, name)(**arguments)
            if dies:
                raise CrashError
            return answer

        return call


class LongLived(Account):
    """An account with a request's stack and logical id, and a caller that may die."""

    def read_only(self) -> list[str]:
        return [entry["DataLakePrincipalIdentifier"] for entry in self.lake.settings["ReadOnlyAdmins"]]

    def send(self, kind: str, new: dict[str, Any], old: dict[str, Any] | None = None, **ids: str) -> dict[str, str]:
        handler = Settings(self.lake, FakeIam(self.lake), self.ssm, retry(self.clock), memory=MEMORY, account=ACCOUNT)
        return handler.apply(request(kind, new, old, **ids))

    def dies_in(self, at: int, kind: str, new: dict[str, Any], old: dict[str, Any], *, after: bool) -> None:
        calls = itertools.count()
        clients = [Dying(client, calls, at, after=after) for client in (self.lake, FakeIam(self.lake), self.ssm)]
        handler = Settings(*clients, retry(self.clock), memory=MEMORY, account=ACCOUNT)
        try:
            handler.apply(request(kind, new, old))
        except CrashError:
            return

    def state(self) -> tuple[set[str], set[str], str]:
        return set(self.lake.admins()), set(self.read_only()), self.ssm.values.get(MEMORY, "")


@pytest.fixture
def account() -> LongLived:
    return LongLived()


# Existing administrators


def test_replacing_takes_out_who_is_not_declared_and_gives_back_on_delete(account: LongLived) -> None:
    """Only declared administrators remain, in both lists; a delete brings back who was there, and nobody else."""
    account.has(OTHER)
    account.lake.settings["ReadOnlyAdmins"] = [{"DataLakePrincipalIdentifier": HANDLER}]
    declared = {"Admins": [ADMIN], **REPLACE}
    account.send("Create", declared)
    assert (account.lake.admins(), account.read_only()) == ([ADMIN], [])
    account.send("Delete", declared)
    assert (account.lake.admins(), account.read_only()) == ([OTHER], [HANDLER])
    assert account.ssm.values == {}


def test_whom_we_added_is_not_given_back(account: LongLived) -> None:
    """An administrator of an earlier declaration leaves with it, also when it is replacing that takes it out."""
    both, one = {"Admins": [ADMIN, HANDLER]}, {"Admins": [ADMIN], **REPLACE}
    account.send("Create", both)
    account.send("Update", one, both)
    account.send("Delete", one)
    assert account.lake.admins() == []


def test_keeping_again_gives_back(account: LongLived) -> None:
    """So does a rollback, which declares what was declared before."""
    account.has(OTHER)
    account.send("Create", {"Admins": [ADMIN]})
    account.send("Update", {"Admins": [ADMIN], **REPLACE}, {"Admins": [ADMIN]})
    assert account.lake.admins() == [ADMIN]
    account.send("Update", {"Admins": [ADMIN]}, {"Admins": [ADMIN], **REPLACE})
    assert account.lake.admins() == [ADMIN, OTHER]
    account.send("Delete", {"Admins": [ADMIN]})
    assert account.lake.admins() == [OTHER]


def test_who_was_deleted_meanwhile_is_not_given_back(account: LongLived) -> None:
    """An administrator that was taken out and no longer exists does not block the deletion."""
    account.has(OTHER, HANDLER)
    account.send("Create", {"Admins": [ADMIN], **REPLACE})
    account.lake.existing.remove(OTHER)
    account.send("Delete", {"Admins": [ADMIN], **REPLACE})
    assert account.lake.admins() == [HANDLER]


def test_somebody_who_was_there_stays_theirs_through_every_change(account: LongLived) -> None:
    """Declared, no longer declared and taken out, declared again after a rollback: a delete leaves them in the list."""
    account.has(OTHER)
    both, one = {"Admins": [ADMIN, OTHER], **REPLACE}, {"Admins": [ADMIN], **REPLACE}
    account.send("Create", both)
    account.send("Update", one, both)
    assert account.lake.admins() == [ADMIN]
    account.send("Update", both, one)
    assert set(account.lake.admins()) == {ADMIN, OTHER}
    account.send("Delete", both)
    assert account.lake.admins() == [OTHER]


def test_replacing_takes_out_a_concurrent_administrator_too(account: LongLived) -> None:
    """Whom somebody adds while it is replaced is remembered like the others."""
    account.lake.meddling = [{"DataLakeAdmins": [{"DataLakePrincipalIdentifier": name} for name in (ADMIN, OTHER)]}]
    account.send("Create", {"Admins": [ADMIN], **REPLACE})
    assert account.lake.admins() == [ADMIN]
    account.send("Delete", {"Admins": [ADMIN], **REPLACE})
    assert account.lake.admins() == [OTHER]


# What is not ours


def test_a_put_loses_nothing_else(account: LongLived) -> None:
    """Every other setting, and a field that did not exist when this was written, comes out as it went in."""
    others = {
        "AllowExternalDataFiltering": True,
        "AllowFullTableExternalDataAccess": True,
        "ExternalDataFilteringAllowList": [{"DataLakePrincipalIdentifier": "999999999999"}],
        "AuthorizedSessionTagValueList": ["engine"],
        "SomethingOfTheFuture": {"Deep": [1, 2]},
    }
    account.lake.settings |= others
    account.send("Create", {"Admins": [ADMIN], "CrossAccountVersion": "4"})
    account.send("Update", {"Admins": [HANDLER], **REPLACE}, {"Admins": [ADMIN]})
    account.send("Delete", {"Admins": [HANDLER], **REPLACE})
    assert {name: account.lake.settings[name] for name in others} == others
    assert account.lake.settings["TrustedResourceOwners"] == ["999999999999"]
    assert account.lake.settings["Parameters"] == {"CROSS_ACCOUNT_VERSION": "4", "SET_CONTEXT": "TRUE"}


def test_a_stale_administrator_of_another_account_is_known_by_what_lake_formation_says(account: LongLived) -> None:
    """It cannot be looked up; the one the refusal names goes, another whose name begins alike stays."""
    gone, stays = "arn:aws:iam::999999999999:role/DataOld", "arn:aws:iam::999999999999:role/Data"
    account.lake.existing.add(stays)
    account.has(gone, stays)
    account.send("Create", {"Admins": [ADMIN]})
    assert account.lake.admins() == [stays, ADMIN]


# Owners


def test_a_second_stack_is_refused_and_its_deletion_harms_nobody(account: LongLived) -> None:
    """It fails before it changes anything, and its rollback takes nothing from the first one."""
    account.send("Create", {"Admins": [ADMIN]})
    before = account.state()
    with pytest.raises(SecondOwnerError, match=f"kept by {STACK}; an account has one owner.*delete the SSM parameter {MEMORY}"):
        account.send("Create", {"Admins": [HANDLER]}, stack=f"{STACK}x")
    account.send("Delete", {"Admins": [ADMIN]}, stack=f"{STACK}x")
    assert account.state() == before


def test_another_logical_id_in_the_same_stack_takes_over(account: LongLived) -> None:
    """CloudFormation makes the new one, then deletes the old one, which must not take out what the new one declares."""
    declared = {"Admins": [ADMIN]}
    account.send("Create", declared, logical_id="Old")
    account.send("Create", declared, logical_id="New")
    account.send("Delete", declared, logical_id="Old")
    assert account.lake.admins() == [ADMIN]
    account.send("Delete", declared, logical_id="New")
    assert (account.lake.admins(), account.ssm.values) == ([], {})


def test_a_takeover_that_is_rolled_back_hands_back(account: LongLived) -> None:
    """The new one is deleted before the old one ever was: the old one goes on."""
    declared = {"Admins": [ADMIN]}
    account.send("Create", declared, logical_id="Old")
    account.send("Create", declared, logical_id="New")
    account.send("Delete", declared, logical_id="New")
    assert account.lake.admins() == [ADMIN]
    account.send("Delete", declared, logical_id="Old")
    assert (account.lake.admins(), account.ssm.values) == ([], {})


def test_a_memory_of_the_first_format_is_understood(account: LongLived) -> None:
    """Without an owner and without those taken out: the next request adds what is missing."""
    account.has(ADMIN, OTHER)
    account.ssm.values[MEMORY] = json.dumps({"Admins": {ADMIN: False, OTHER: True}, "ReadOnlyAdmins": {}})
    declared = {"Admins": [ADMIN, OTHER]}
    account.send("Update", declared, declared)
    account.send("Delete", declared)
    assert account.lake.admins() == [OTHER]


# Rollbacks


def test_a_rollback_never_fails_for_the_version(account: LongLived) -> None:
    """An update to 5 that is rolled back to 4 leaves 5 and says so; raising to what is less than what is there fails."""
    four, five = {"CrossAccountVersion": "4"}, {"CrossAccountVersion": "5"}
    account.send("Create", four)
    account.send("Update", five, four)
    assert account.send("Update", four, five)["CrossAccountVersion"] == "5"
    assert account.lake.settings["Parameters"]["CROSS_ACCOUNT_VERSION"] == "5"
    assert account.send("Update", four, four)["CrossAccountVersion"] == "5"
    with pytest.raises(SettingsError, match="declare cross_account_version=5"):
        account.send("Update", four, {"CrossAccountVersion": "3"})


def test_a_declared_administrator_that_was_deleted_since_does_not_block(account: LongLived) -> None:
    """It was there when it was declared: an update and its rollback report it; a new name that does not exist fails, again and again."""
    account.lake.existing.add(STALE)
    old, new = {"Admins": [ADMIN, STALE]}, {"Admins": [ADMIN, HANDLER]}
    account.send("Create", old)
    account.lake.existing.remove(STALE)
    account.send("Update", new, old)
    assert account.lake.admins() == [ADMIN, HANDLER]
    assert account.send("Update", old, new)["StaleAdmins"] == STALE
    assert account.lake.admins() == [ADMIN]
    typo = {"Admins": [ADMIN, f"{HANDLER}Typo"]}
    for _ in range(2):
        with pytest.raises(SettingsError, match="declared administrators do not exist"):
            account.send("Update", typo, old)
        account.send("Update", old, typo)


def test_a_failed_create_and_its_deletion_leave_what_was(account: LongLived) -> None:
    """Whatever the create came to: CloudFormation deletes what it made."""
    account.has(OTHER)
    account.lake.errors = {"put_data_lake_settings": [error("AccessDeniedException", "explicit deny")]}
    with pytest.raises(SettingsError, match="may not change the data lake settings"):
        account.send("Create", {"Admins": [ADMIN], **REPLACE})
    account.send("Delete", {"Admins": [ADMIN], **REPLACE})
    assert (account.lake.admins(), account.ssm.values) == ([OTHER], {})


def test_a_caller_that_may_not_read_is_told_so(account: LongLived) -> None:
    """Before anything is remembered or put."""
    account.lake.errors = {"get_data_lake_settings": [error("AccessDeniedException", "explicit deny")]}
    with pytest.raises(SettingsError, match="may not read the data lake settings: explicit deny"):
        account.send("Create", {"Admins": [ADMIN]})
    assert account.ssm.values == {}


DECLARED = st.builds(
    lambda admins, read_only, mode: {"Admins": sorted(admins), "ReadOnlyAdmins": sorted(read_only), "ExistingAdmins": mode},
    st.sets(st.sampled_from(PEOPLE)),
    st.sets(st.sampled_from(PEOPLE)),
    st.sampled_from(["keep", "replace"]),
)
THERE = st.sets(st.sampled_from([*PEOPLE, STALE])).map(sorted)


def lived(there: list[str], *steps: tuple[str, dict[str, Any], dict[str, Any]]) -> LongLived:
    account = LongLived()
    account.has(*there)
    for step in steps:
        account.send(*step)
    return account


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(there=THERE, old=DECLARED, new=DECLARED, kind=st.sampled_from(["Create", "Update", "Delete"]))
def test_wherever_a_request_dies_repeating_it_ends_as_if_it_had_not(
    there: list[str], old: dict[str, Any], new: dict[str, Any], kind: str
) -> None:
    """For every call, before and after its effect: the same settings and the same memory; and a delete then leaves who was there."""
    before: list[tuple[str, dict[str, Any], dict[str, Any]]] = [] if kind == "Create" else [("Create", old, {})]
    last = (kind, old, {}) if kind == "Delete" else (kind, new, {} if kind == "Create" else old)
    expected = lived(there, *before, last)
    for at, after in itertools.product(range(len(expected.lake.calls) + 8), (False, True)):
        account = lived(there, *before)
        account.dies_in(at, *last, after=after)
        if kind == "Update":
            stays = set(old["Admins"]) & set(new["Admins"])
            assert stays <= set(account.lake.admins())
        account.send(*last)
        assert account.state() == expected.state(), (at, after)
    if kind != "Delete":
        expected.send("Delete", last[1])
    assert set(expected.lake.admins()) - {STALE} == set(there) - {STALE}
    assert expected.ssm.values == {}
