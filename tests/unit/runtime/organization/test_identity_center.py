"""Lake Formation's connection to Identity Center: made or adopted, shared with whom is declared, given back."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from constructs_lib.runtime.organization.identity_center import Connection, OtherInstanceError
from constructs_lib.runtime.organization.memory import SecondOwnerError
from tests.unit.runtime.lakeformation.support import STACK, Clock, request, retry
from tests.unit.runtime.organization.fake import Client, CrashError, Fake, Parameters, error

INSTANCE, OTHER = (f"ssoins-{each}234567890abcdef" for each in "19")
ARN, OTHER_ARN = (f"arn:aws:sso:::instance/{each}" for each in (INSTANCE, OTHER))
CONSUMER, ORGANIZATION = "444444444402", "arn:aws:organizations::111111111111:organization/o-exampleorgid"
MEMORY = "/governed-lake/lake-formation-identity-center"
FILTERING = {"Status": "ENABLED", "AuthorizedTargets": ["999999999999"]}


class Account(Fake):
    """An account's connection, as Lake Formation keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.connection: dict[str, Any] | None = None
        self.parameters = Parameters()

    def send(self, kind: str, instance: str = INSTANCE, share: tuple[str, ...] = (), **ids: str) -> dict[str, str]:
        """One request of CloudFormation's."""
        connection = Connection(Client(self, self), Client(self.parameters, self), retry(Clock()), memory=MEMORY)
        return connection.apply(request(kind, {"Instance": instance, "ShareRecipients": list(share)}, **ids))

    def has(self, instance: str, *share: str) -> None:
        """What somebody else made."""
        self.connection = {"InstanceArn": instance, "ApplicationArn": "application", "ExternalFiltering": FILTERING}
        self._update_lake_formation_identity_center_configuration([{"DataLakePrincipalIdentifier": each} for each in share])

    def shared(self) -> list[str]:
        """With whom it is shared."""
        assert self.connection is not None
        return [each["DataLakePrincipalIdentifier"] for each in self.connection.get("ShareRecipients", ())]

    def _describe_lake_formation_identity_center_configuration(self) -> dict[str, Any]:
        if self.connection is None:
            raise error("EntityNotFoundException")
        return self.connection

    def _create_lake_formation_identity_center_configuration(self, InstanceArn: str) -> None:  # noqa: N803 - boto3's spelling
        if self.connection is not None:
            raise error("AlreadyExistsException")
        self.connection = {"InstanceArn": InstanceArn, "ApplicationArn": "application"}

    def _update_lake_formation_identity_center_configuration(self, ShareRecipients: list[dict[str, str]]) -> None:  # noqa: N803 - boto3's spelling
        assert self.connection is not None
        self.connection["ShareRecipients"] = ShareRecipients

    def _delete_lake_formation_identity_center_configuration(self) -> None:
        if self.connection is None:
            raise error("EntityNotFoundException")
        self.connection = None


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_connection_is_made_and_deleted(account: Account) -> None:
    """With whom it is shared; nothing is left behind."""
    assert account.send("Create", share=(CONSUMER,)) == {"ApplicationArn": "application"}
    assert (account._describe_lake_formation_identity_center_configuration()["InstanceArn"], account.shared()) == (ARN, [CONSUMER])
    account.send("Delete", share=(CONSUMER,))
    assert (account.connection, account.parameters.values) == (None, {})


def test_one_that_is_there_is_adopted_and_stays(account: Account) -> None:
    """Whom somebody else shares it with stays throughout; only ours come and go, and filtering is not touched."""
    account.has(ARN, ORGANIZATION)
    account.send("Create", share=(CONSUMER, ORGANIZATION))
    assert account.shared() == [ORGANIZATION, CONSUMER]
    account.send("Update", share=())
    assert account.shared() == [ORGANIZATION]
    account.send("Update", share=(CONSUMER,))
    account.send("Delete", share=(CONSUMER,))
    assert account.shared() == [ORGANIZATION]
    assert account.connection is not None
    assert account.connection["ExternalFiltering"] == FILTERING
    assert account.parameters.values == {}
    assert "create_lake_formation_identity_center_configuration" not in account.calls


def test_nothing_is_updated_where_nobody_is_added(account: Account) -> None:
    """An empty list would end the shares of others, so it is not even sent."""
    account.has(ARN, ORGANIZATION)
    account.send("Create")
    account.send("Delete")
    assert account.shared() == [ORGANIZATION]
    assert "update_lake_formation_identity_center_configuration" not in account.calls


def test_fails_when_the_connection_is_to_another_instance(account: Account) -> None:
    """Somebody else's connection, and every grant through it, stays as it is; the rollback finds nothing to do."""
    account.has(OTHER_ARN, ORGANIZATION)
    with pytest.raises(OtherInstanceError, match=f"connected to {OTHER_ARN}, declared is {ARN}"):
        account.send("Create")
    account.send("Delete")
    assert account.connection is not None
    assert (account.connection["InstanceArn"], account.shared()) == (OTHER_ARN, [ORGANIZATION])


def test_our_own_connection_changes_its_instance_and_back(account: Account) -> None:
    """A declared change is made, and rolled back."""
    account.send("Create", share=(CONSUMER,))
    for instance, arn in ((OTHER, OTHER_ARN), (INSTANCE, ARN)):
        account.send("Update", instance, (CONSUMER,))
        assert account.connection is not None
        assert (account.connection["InstanceArn"], account.shared()) == (arn, [CONSUMER])
    account.send("Delete")
    assert account.connection is None


def test_a_second_owner_is_refused(account: Account) -> None:
    """And its deletion leaves the first one's connection."""
    account.send("Create")
    with pytest.raises(SecondOwnerError, match="connection to Identity Center is kept by"):
        account.send("Create", stack=f"{STACK}x")
    account.send("Delete", stack=f"{STACK}x")
    assert account.connection is not None


def test_throttling_passes(account: Account) -> None:
    """What Lake Formation says to try again is tried again; so is what was done by a call whose answer got lost."""
    account.failures["create_lake_formation_identity_center_configuration"] = [error("ConcurrentModificationException")]
    account.failures["describe_lake_formation_identity_center_configuration"] = [error("OperationTimeoutException")]
    account.send("Create")
    assert account.connection is not None


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("adopted", [False, True])
def test_a_crash_anywhere_is_repeatable(account: Account, at: int, after: bool, adopted: bool) -> None:  # noqa: FBT001 - parameters
    """Create, change and delete, each repeated after it died: the account ends as it began."""
    if adopted:
        account.has(ARN, ORGANIZATION)
    for kind, share in (("Create", (CONSUMER,)), ("Update", ("444444444403",)), ("Delete", ("444444444403",))):
        account.crash(at, after=after)
        try:
            account.send(kind, share=share)
        except CrashError:
            account.recover()
            account.send(kind, share=share)
        account.recover()
    assert account.parameters.values == {}
    if adopted:
        assert account.shared() == [ORGANIZATION]
    else:
        assert account.connection is None


def test_the_calls_are_as_the_service_model_has_them(account: Account) -> None:
    """boto3 itself accepts names and shapes of what is sent."""
    client = boto3.client("lakeformation", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106 - none
    recipients = [{"DataLakePrincipalIdentifier": CONSUMER}]
    with Stubber(client) as stub:
        describe, name = "describe_lake_formation_identity_center_configuration", "lake_formation_identity_center_configuration"
        stub.add_client_error(describe, "EntityNotFoundException")
        stub.add_response(f"create_{name}", {}, {"InstanceArn": ARN})
        stub.add_response(describe, {"InstanceArn": ARN, "ApplicationArn": "application"})
        stub.add_response(f"update_{name}", {}, {"ShareRecipients": recipients})
        connection = Connection(client, Client(account.parameters, account), retry(Clock()), memory=MEMORY)
        connection.apply(request("Create", {"Instance": INSTANCE, "ShareRecipients": [CONSUMER]}))
        stub.assert_no_pending_responses()
