"""Each singleton of an account has one owner, and a second one is told so."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib.baseline import OWNER_PARAMETER, AuditStorage, ExistingAdmins, LakeAccount, Singleton
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, new_app, new_stack, resources, template

SINGLETONS = {
    "AWS::CloudTrail::Trail": "audit_trail",
    "AWS::GuardDuty::Detector": "threat_detection",
    "AWS::Glue::DataCatalogEncryptionSettings": "catalog_encryption",
}
SETTINGS = "Custom::LakeFormationSettings"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/DataAdmin"


@pytest.fixture(scope="module")
def created() -> tuple[LakeAccount, dict[str, Any]]:
    """An account that owns everything."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[ADMIN])
    return account, template(stack)


@pytest.mark.parametrize("resource_type", SINGLETONS)
def test_everything_is_created_by_default(created: tuple[LakeAccount, dict[str, Any]], resource_type: str) -> None:
    """Left out means create, once."""
    assert len(resources(created[1], resource_type)) == 1


@pytest.mark.parametrize("owner", [Singleton.ADOPT, Singleton.ORGANIZATION])
@pytest.mark.parametrize(("resource_type", "prop"), SINGLETONS.items())
def test_what_somebody_else_owns_is_not_touched(owner: Singleton, resource_type: str, prop: str) -> None:
    """Neither adopted nor organisation-owned singletons leave a resource; the others are still made."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[], **{prop: owner})
    synthesized = template(stack)
    assert getattr(account, prop) is None
    assert not resources(synthesized, resource_type)
    for other in set(SINGLETONS) - {resource_type}:
        assert len(resources(synthesized, other)) == 1


def test_no_audit_storage_without_a_trail_of_ours() -> None:
    """No bucket is made for log files that go elsewhere."""
    stack = new_stack()
    LakeAccount(stack, "Account", admins=[], audit_trail=Singleton.ORGANIZATION)
    assert not resources(template(stack), "AWS::S3::Bucket")


def test_the_owner_is_written_where_a_second_one_fails(created: tuple[LakeAccount, dict[str, Any]]) -> None:
    """The fixed name is what makes a second owner, in whatever app, fail."""
    (parameter,) = resources(created[1], "AWS::SSM::Parameter").values()
    assert (parameter["Properties"]["Name"], parameter["Properties"]["Value"]) == (OWNER_PARAMETER, "Test/Account")
    assert OWNER_PARAMETER == "/governed-lake/account-owner"


@pytest.mark.parametrize("resource_type", [*SINGLETONS, SETTINGS])
def test_every_singleton_waits_for_the_owner(created: tuple[LakeAccount, dict[str, Any]], resource_type: str) -> None:
    """A second owner fails before it changes anything."""
    (parameter,) = resources(created[1], "AWS::SSM::Parameter")
    (singleton,) = resources(created[1], resource_type).values()
    assert parameter in singleton["DependsOn"]


def test_lake_formation_gets_its_administrators(created: tuple[LakeAccount, dict[str, Any]]) -> None:
    """The settings are always ours, and their functions' logs are encrypted with the audit key."""
    (settings,) = resources(created[1], SETTINGS).values()
    assert ADMIN in settings["Properties"]["Admins"]
    assert created[0].settings.log_key is created[0].audit_storage.key


def test_lake_formation_does_without_an_audit_key() -> None:
    """Where the organisation has the trail, the settings are made all the same."""
    stack = new_stack()
    LakeAccount(stack, "Account", admins=[ADMIN], audit_trail=Singleton.ORGANIZATION)
    assert len(resources(template(stack), SETTINGS)) == 1


def test_an_adopted_detector_is_known_by_its_id() -> None:
    """What attaches to the detector works the same for one that was there before."""
    account = LakeAccount(
        new_stack(), "Account", admins=[], threat_detection=Singleton.ADOPT, detector_id="12abc34d567e8fa901bc2d34e56789f0"
    )
    assert account.detector_id == "12abc34d567e8fa901bc2d34e56789f0"


def test_fails_when_a_detector_is_named_and_another_would_be_created() -> None:
    """An account has one detector: naming one and creating one cannot both be meant."""
    with pytest.raises(DataLakeError, match=r"to use an existing one pass Singleton\.ADOPT") as caught:
        LakeAccount(new_stack(), "Account", admins=[], detector_id="12abc34d567e8fa901bc2d34e56789f0")
    assert caught.value.code == "singleton_not_adopted"


def test_fails_when_storage_is_given_for_a_trail_that_is_not_ours() -> None:
    """Storage nobody writes to would look like an audit trail."""
    stack = new_stack()
    storage = AuditStorage(stack, "Audit", access_logs=None)
    with pytest.raises(DataLakeError, match="no trail of ours would write there") as caught:
        LakeAccount(stack, "Account", admins=[], audit_trail=Singleton.ADOPT, audit_storage=storage)
    assert caught.value.code == "singleton_not_adopted"


def test_fails_when_an_account_gets_a_second_owner() -> None:
    """In another stack, even another stage: the error names the first owner and the remedy."""
    app = new_app()
    LakeAccount(new_stack(app), "Account", admins=[])
    other = cdk.Stack(cdk.Stage(app, "Dev"), "Other", env=cdk.Environment(account=ACCOUNT, region="eu-west-1"))
    with pytest.raises(
        DataLakeError, match=rf"account {ACCOUNT} in eu-west-1 has an owner already, Test/Account; .*pass that one on"
    ) as caught:
        LakeAccount(other, "Account", admins=[])
    assert caught.value.code == "second_account_owner"


@pytest.mark.parametrize(("account", "region"), [("444444444402", "eu-west-1"), (ACCOUNT, "eu-central-1")])
def test_other_accounts_and_regions_have_owners_of_their_own(account: str, region: str) -> None:
    """Singletons are one in each account and Region."""
    app = new_app()
    LakeAccount(new_stack(app), "Account", admins=[])
    other = cdk.Stack(app, "Other", env=cdk.Environment(account=account, region=region))
    LakeAccount(other, "Account", admins=[])


def test_an_unknown_account_is_told_apart_by_its_stack() -> None:
    """Without an environment two stacks may mean two accounts, one stack cannot."""
    app = new_app()
    first, second = cdk.Stack(app, "First"), cdk.Stack(app, "Second")
    LakeAccount(first, "Account", admins=[])
    LakeAccount(second, "Account", admins=[])
    with pytest.raises(DataLakeError) as caught:
        LakeAccount(first, "Again", admins=[])
    assert caught.value.code == "second_account_owner"


@pytest.mark.parametrize(("given", "declared"), [(None, "keep"), (ExistingAdmins.KEEP, "keep"), (ExistingAdmins.REPLACE, "replace")])
def test_existing_administrators_are_kept_unless_stated(given: ExistingAdmins | None, declared: str) -> None:
    """The choice reaches Lake Formation's settings."""
    stack = new_stack()
    LakeAccount(stack, "Account", admins=[], existing_admins=given, audit_trail=Singleton.ORGANIZATION)
    (settings,) = resources(template(stack), SETTINGS).values()
    assert settings["Properties"]["ExistingAdmins"] == declared
