"""The functions as Lambda calls them: the right clients, and an answer to CloudFormation."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from constructs_lib.runtime.custom_resources import cfn_response
from constructs_lib.runtime.detection import guardduty, macie, macie_job, security_hub, service_linked_role
from tests.unit.runtime.detection import test_guardduty, test_macie, test_security_hub
from tests.unit.runtime.detection.fakes import GuardDutyApi, MacieApi, Organizations, SecurityHubApi, Ssm
from tests.unit.runtime.lakeformation.support import Context, event

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What CloudFormation is told."""
    got: list[dict[str, Any]] = []
    monkeypatch.setattr(cfn_response, "_put", lambda _url, body: got.append(json.loads(body)))
    return got


@pytest.mark.parametrize(
    ("module", "properties", "attribute"),
    [
        (guardduty, test_guardduty.PROPERTIES, "DetectorId"),
        (macie, test_macie.PROPERTIES, "Members"),
        (macie_job, test_macie.JOB, "JobId"),
        (security_hub, test_security_hub.PROPERTIES, "Regions"),
    ],
)
def test_handlers_answer(
    answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, module: ModuleType, properties: dict[str, Any], attribute: str
) -> None:
    """Create, the same once more, and delete, under one physical id."""
    hub = SecurityHubApi()
    monkeypatch.setattr(hub, "meta", SimpleNamespace(region_name="eu-west-1"), raising=False)
    clients = {"guardduty": GuardDutyApi(), "macie2": MacieApi(), "securityhub": hub, "organizations": Organizations(), "ssm": Ssm()}
    monkeypatch.setattr(module.boto3, "client", lambda name, **_: clients[name])
    module.handler(event("Create", properties), Context())
    module.handler(event("Create", properties), Context())
    module.handler(event("Delete", properties, PhysicalResourceId=answers[0]["PhysicalResourceId"]), Context())
    assert [answer["Status"] for answer in answers] == ["SUCCESS"] * 3
    assert answers[0]["Data"] == answers[1]["Data"]
    assert answers[0]["Data"][attribute]
    assert len({answer["PhysicalResourceId"] for answer in answers}) == 1


@mock_aws
def test_a_service_linked_role_is_made_in_iam(answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Through boto3."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    properties = {"Service": "autoscaling.amazonaws.com", "RoleName": "AWSServiceRoleForAutoScaling"}  # moto knows its name
    service_linked_role.handler(event("Create", properties), Context())
    role = boto3.client("iam").get_role(RoleName="AWSServiceRoleForAutoScaling")["Role"]
    assert answers[0]["Data"] == {"Arn": role["Arn"]}
