"""The handlers as Lambda calls them, through boto3, against moto's Organizations, GuardDuty and Macie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from constructs_lib.runtime.custom_resources import cfn_response
from constructs_lib.runtime.organization import placement, services
from tests.unit.runtime.lakeformation.support import Context, event

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK = f"arn:aws:cloudformation:eu-west-1:{DEFAULT_ACCOUNT_ID}:stack/Structure/1"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    got: list[dict[str, Any]] = []
    monkeypatch.setattr(cfn_response, "_put", lambda _url, body: got.append(json.loads(body)))
    with mock_aws():
        boto3.client("organizations").create_organization(FeatureSet="ALL")
        yield got


def test_an_account_moves_there_and_back(answers: list[dict[str, Any]]) -> None:
    """Below a unit, and back to the root."""
    organizations = boto3.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="DataLake")["OrganizationalUnit"]["Id"]
    account = organizations.create_account(AccountName="lake", Email="lake@example.com")["CreateAccountStatus"]["AccountId"]
    properties = {"AccountId": account, "UnitId": unit, "MemoryPrefix": "/governed-lake/account-placement"}
    for kind, place in (("Create", unit), ("Delete", root)):
        placement.handler(event(kind, properties, StackId=STACK), Context())
        assert answers[-1]["Status"] == "SUCCESS", answers[-1]["Reason"]
        assert organizations.list_parents(ChildId=account)["Parents"][0]["Id"] == place


def test_services_are_brought_about(answers: list[dict[str, Any]]) -> None:
    """Every call is one that boto3 and moto know, and what it does is seen by the next request, which changes nothing."""
    organizations = boto3.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    security = organizations.create_account(AccountName="security", Email="security@example.com")["CreateAccountStatus"]["AccountId"]
    boto3.client("macie2").enable_macie(status="ENABLED")
    administered = ["config-multiaccountsetup.amazonaws.com", "guardduty.amazonaws.com", "macie.amazonaws.com"]
    properties = {
        "RootId": root,
        "PolicyTypes": ["SERVICE_CONTROL_POLICY"],
        "TrustedAccess": administered,
        "DelegatedAdministrators": dict.fromkeys(administered, security),
        "Regions": ["eu-west-1"],
        "MemoryParameter": "/governed-lake/organization-services",
    }
    for _ in range(2):
        services.handler(event("Create", properties, StackId=STACK), Context())
        assert answers[-1]["Status"] == "SUCCESS", answers[-1]["Reason"]
    assert boto3.client("guardduty").list_organization_admin_accounts()["AdminAccounts"][0]["AdminAccountId"] == security
    assert boto3.client("macie2").list_organization_admin_accounts()["adminAccounts"][0]["accountId"] == security
    registered = organizations.list_delegated_administrators(ServicePrincipal=administered[0])["DelegatedAdministrators"]
    assert [each["Id"] for each in registered] == [security]
    types = organizations.list_roots()["Roots"][0]["PolicyTypes"]
    assert {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"} in types
