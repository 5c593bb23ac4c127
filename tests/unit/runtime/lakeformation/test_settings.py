"""Data lake settings against a Lake Formation with stale administrators and other writers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.lakeformation.settings import Settings, SettingsError
from tests.unit.runtime.lakeformation.fake import FakeLakeFormation, error
from tests.unit.runtime.lakeformation.support import ACCOUNT, Clock, request, retry

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/path/DataAdmin"
HANDLER = f"arn:aws:iam::{ACCOUNT}:role/Handler"
OTHER = f"arn:aws:iam::{ACCOUNT}:user/somebody"
STALE = f"arn:aws:iam::{ACCOUNT}:role/Deleted"
STALE_ID = "AROAEXAMPLEEXAMPLE123"
MEMORY = "/governed-lake/memory"


class FakeSsm:
    """A parameter store."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        if Name not in self.values:
            code = "ParameterNotFound"
            raise error(code)
        return {"Parameter": {"Value": self.values[Name]}}

    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - the API's names
        self.values[Name] = Value
        return {}

    def delete_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        if self.values.pop(Name, None) is None:
            code = "ParameterNotFound"
            raise error(code)
        return {}


class FakeIam:
    """IAM that knows the roles and users that exist."""

    def __init__(self, lake: FakeLakeFormation) -> None:
        self._lake = lake

    def get_role(self, *, RoleName: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        return self._get(f":role/{RoleName}", f"/{RoleName}")

    def get_user(self, *, UserName: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        return self._get(f":user/{UserName}", f":user/{UserName}")

    def _get(self, *endings: str) -> dict[str, Any]:
        if not any(arn.endswith(endings) for arn in self._lake.existing):
            code = "NoSuchEntity"
            raise error(code)
        return {}


class Account:
    """An account whose settings are looked after."""

    def __init__(self) -> None:
        self.lake = FakeLakeFormation()
        self.lake.existing = {ADMIN, HANDLER, OTHER}
        self.ssm = FakeSsm()
        self.clock = Clock()

    def apply(self, kind: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, str]:
        settings = Settings(self.lake, FakeIam(self.lake), self.ssm, retry(self.clock), memory=MEMORY, account=ACCOUNT)
        return settings.apply(request(kind, new, old))

    def has(self, *admins: str) -> None:
        self.lake.settings["DataLakeAdmins"] = [{"DataLakePrincipalIdentifier": admin} for admin in admins]


@pytest.fixture
def account() -> Account:
    return Account()


def test_create_merges_and_keeps_everything_else(account: Account) -> None:
    """Administrators are added to those who are there; defaults are cleared; what is not ours stays as it is."""
    account.has(OTHER)
    account.apply("Create", {"Admins": [ADMIN, HANDLER], "ReadOnlyAdmins": [OTHER], "CrossAccountVersion": "4"})
    settings = account.lake.settings
    assert account.lake.admins() == [OTHER, HANDLER, ADMIN]
    assert settings["ReadOnlyAdmins"] == [{"DataLakePrincipalIdentifier": OTHER}]
    assert settings["CreateDatabaseDefaultPermissions"] == []
    assert settings["CreateTableDefaultPermissions"] == []
    assert settings["Parameters"] == {"CROSS_ACCOUNT_VERSION": "4", "SET_CONTEXT": "TRUE"}
    assert settings["TrustedResourceOwners"] == ["999999999999"]


def test_repeating_a_request_puts_nothing(account: Account) -> None:
    """The second of two equal requests only reads."""
    account.apply("Create", {"Admins": [ADMIN], "CrossAccountVersion": "4"})
    account.lake.calls.clear()
    account.apply("Create", {"Admins": [ADMIN], "CrossAccountVersion": "4"})
    assert set(account.lake.calls) == {"get_data_lake_settings"}


def test_delete_gives_back_only_what_was_added(account: Account) -> None:
    """An administrator who was one before stays one; defaults stay cleared; the memory goes."""
    account.has(OTHER)
    declared = {"Admins": [ADMIN, OTHER], "CrossAccountVersion": "4"}
    account.apply("Create", declared)
    account.apply("Delete", declared)
    assert account.lake.admins() == [OTHER]
    assert account.lake.settings["CreateTableDefaultPermissions"] == []
    assert account.lake.settings["Parameters"]["CROSS_ACCOUNT_VERSION"] == "4"
    assert account.ssm.values == {}


def test_a_create_that_lambda_repeats_remembers_rightly(account: Account) -> None:
    """Whom the first attempt added, the second does not take for somebody who was there before."""
    account.lake.meddling = [{}]
    account.lake.errors = {"put_data_lake_settings": []}
    account.apply("Create", {"Admins": [ADMIN]})
    account.apply("Create", {"Admins": [ADMIN]})
    account.apply("Delete", {"Admins": [ADMIN]})
    assert account.lake.admins() == []


def test_update_swaps_administrators_and_rolls_back(account: Account) -> None:
    """Who is no longer declared leaves, and comes back when CloudFormation rolls back."""
    account.has(OTHER)
    old, new = {"Admins": [ADMIN, OTHER]}, {"Admins": [HANDLER]}
    account.apply("Create", old)
    account.apply("Update", new, old)
    assert account.lake.admins() == [OTHER, HANDLER]
    account.apply("Update", old, new)
    assert account.lake.admins() == [OTHER, ADMIN]
    account.apply("Delete", old)
    assert OTHER not in json.loads(json.dumps(account.ssm.values))
    assert ADMIN not in account.lake.admins()


def test_administrators_that_no_longer_exist_are_taken_out(account: Account) -> None:
    """Deleted roles, by name or by the id that is left of them, do not block the put; they are reported."""
    account.has(STALE, STALE_ID, OTHER)
    answer = account.apply("Create", {"Admins": [ADMIN]})
    assert account.lake.admins() == [OTHER, ADMIN]
    assert answer["StaleAdmins"] == f"{STALE_ID},{STALE}"


def test_a_declared_administrator_that_does_not_exist_fails(account: Account) -> None:
    """What was asked for is never dropped silently."""
    with pytest.raises(SettingsError, match=f"declared administrators do not exist: {STALE}"):
        account.apply("Create", {"Admins": [STALE]})
    assert account.lake.admins() == []


def test_a_concurrent_writer_is_merged_with(account: Account) -> None:
    """When somebody puts other settings right after ours, both end up there."""
    account.lake.meddling = [{"DataLakeAdmins": [{"DataLakePrincipalIdentifier": OTHER}]}]
    account.apply("Create", {"Admins": [ADMIN]})
    assert account.lake.admins() == [OTHER, ADMIN]


def test_an_account_that_is_fought_over_fails_clearly(account: Account) -> None:
    """A second owner that always wins is named as the cause, not waited for without end."""
    default = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
    account.lake.meddling = [{"CreateTableDefaultPermissions": default}] * 20
    with pytest.raises(SettingsError, match="something else in this account writes them"):
        account.apply("Create", {"Admins": [ADMIN]})


def test_throttling_is_waited_out(account: Account) -> None:
    """Passing errors of any call are tried again."""
    account.lake.errors = {
        "get_data_lake_settings": [error("ThrottlingException")],
        "put_data_lake_settings": [error("ConcurrentModificationException"), error("InternalServiceException")],
    }
    account.apply("Create", {"Admins": [ADMIN]})
    assert account.lake.admins() == [ADMIN]
    assert len(account.clock.pauses) == 3


def test_a_caller_that_may_not_is_told_why(account: Account) -> None:
    """A refusal by policy says where to look."""
    account.lake.errors = {"put_data_lake_settings": [error("AccessDeniedException", "explicit deny")]}
    with pytest.raises(SettingsError, match="explicit deny; an SCP or a permissions boundary forbids it"):
        account.apply("Create", {"Admins": [ADMIN]})


def test_other_errors_are_not_swallowed(account: Account) -> None:
    """An error of no known kind comes out as it is."""
    account.lake.errors = {"put_data_lake_settings": [error("EntityNotFoundException", "odd")]}
    with pytest.raises(ClientError, match="odd"):
        account.apply("Create", {"Admins": [ADMIN]})


def test_the_sharing_version_is_never_lowered(account: Account) -> None:
    """An account that shares with a newer version keeps it, and the remedy is said."""
    account.lake.settings["Parameters"] = {"CROSS_ACCOUNT_VERSION": "5"}
    with pytest.raises(SettingsError, match="declare cross_account_version=5"):
        account.apply("Create", {"Admins": [ADMIN], "CrossAccountVersion": "4"})
    assert account.lake.settings["Parameters"] == {"CROSS_ACCOUNT_VERSION": "5"}


def test_too_many_administrators_fail_before_anything_is_put(account: Account) -> None:
    """The limit of 30 is checked with those who are there already."""
    account.has(*(f"arn:aws:iam::{ACCOUNT}:role/A{number}" for number in range(30)))
    with pytest.raises(SettingsError, match="would have 31 entries, allowed are 30"):
        account.apply("Create", {"Admins": [ADMIN]})
    assert "put_data_lake_settings" not in account.lake.calls


def test_delete_without_a_memory_takes_nothing(account: Account) -> None:
    """After a create that failed before it began, nobody who was there is removed."""
    account.has(ADMIN)
    account.apply("Delete", {"Admins": [ADMIN]})
    assert account.lake.admins() == [ADMIN]
