"""Responders: what findings reach them, what they may do, and that what they are told fits what they read."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from moto.events.models import EventPattern

from constructs_lib.organization.response import Responders, Response, elsewhere
from constructs_lib.organization.response.patterns import ELSEWHERE, PATTERNS, patterns
from constructs_lib.runtime.responders.settings import Settings
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, new_stack, resources, template
from tests.unit.runtime.responders import payloads

SECURITY = "333333333333"
MANAGEMENT = "111111111111"
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"


def of_control(control: str, status: str = "FAILED") -> dict[str, str]:
    return {"Status": status, "SecurityControlId": control}


def make(**props: Any) -> Any:
    stack = new_stack(account=SECURITY)
    given = {"organization_id": "o-exampleorgid", "accounts": [ACCOUNT], "break_glass_role": "BreakGlass"}
    Responders(stack, "Responders", **{**given, "protected_accounts": [MANAGEMENT], "access_logs": None, **props})
    return stack


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return template(make(mode=Response.CONTAIN, management_account=MANAGEMENT, identity_instance=INSTANCE, alerts="team@example.com"))


def settings_of(synthesized: dict[str, Any]) -> dict[str, Any]:
    """The environment of a function, with references as their logical ids."""
    function = next(each for each in resources(synthesized, "AWS::Lambda::Function").values() if "respond" in each["Properties"]["Handler"])
    _, parts = function["Properties"]["Environment"]["Variables"]["RESPONDER"]["Fn::Join"]
    text = "".join(part if isinstance(part, str) else str(part.get("Ref", part.get("Fn::GetAtt", ["?"])[0])) for part in parts)
    found: dict[str, Any] = json.loads(text)
    return found


def test_what_functions_are_told_is_what_they_read(made: dict[str, Any]) -> None:
    """Every setting is stated but the functions' own names, which would be a circle."""
    told = settings_of(made)
    settings = Settings.from_environment({"RESPONDER": json.dumps(told)})
    assert set(told) == {field.name for field in fields(Settings)} - {"own_functions"}
    assert (settings.mode, settings.accounts, settings.protected_accounts) == ("contain", (ACCOUNT,), (MANAGEMENT,))
    assert settings.protected_principals[:2] == ("BreakGlass", "governed-lake-responder")
    assert settings.identity_region == REGION


def test_dry_run_is_the_default_and_nobody_enters_management() -> None:
    synthesized = template(make())
    assert settings_of(synthesized)["mode"] == "dry_run"
    assert settings_of(synthesized)["identity_role"] == ""
    assert MANAGEMENT + ":role" not in json.dumps(synthesized)
    assert not resources(synthesized, "AWS::SNS::Subscription")


def test_the_role_assumes_containment_roles_of_these_accounts_and_no_other(made: dict[str, Any]) -> None:
    (policy,) = resources(made, "AWS::IAM::ManagedPolicy").values()
    statements = {each["Sid"]: each for each in policy["Properties"]["PolicyDocument"]["Statement"]}
    targets = [each["Fn::Join"][1][-1] for each in statements["Contain"]["Resource"]]
    assert sorted(targets) == sorted(f":iam::{account}:role/governed-lake-containment" for account in (ACCOUNT, MANAGEMENT))
    assert "s3:DeleteObject" not in json.dumps(statements)
    assert all(statement["Resource"] != "*" for statement in statements.values())


def test_every_rule_sends_to_the_queue_and_keeps_what_it_cannot_send(made: dict[str, Any]) -> None:
    rules = resources(made, "AWS::Events::Rule").values()
    assert len(rules) == len(PATTERNS) + 1
    (queues,) = {json.dumps(each["Properties"]["Targets"]) for each in rules}
    assert "DeadLetterConfig" in queues
    on_bus = [each for each in rules if "EventBusName" in each["Properties"]]
    assert [each["Properties"]["EventPattern"]["source"] for each in on_bus] == [["aws.config"]]
    (policy,) = resources(made, "AWS::Events::EventBusPolicy").values()
    assert policy["Properties"]["Statement"]["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}


def test_a_message_that_fails_goes_to_the_dead_letters_and_raises_an_alarm(made: dict[str, Any]) -> None:
    """And so does one that nobody reads, long before it expires."""
    (with_redrive,) = [each for each in resources(made, "AWS::SQS::Queue").values() if "RedrivePolicy" in each["Properties"]]
    assert with_redrive["Properties"]["RedrivePolicy"]["maxReceiveCount"] == settings_of(made)["last_attempt"]
    assert with_redrive["Properties"]["VisibilityTimeout"] >= 6 * 300
    (mapping,) = resources(made, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    attempts = settings_of(made)["last_attempt"] * with_redrive["Properties"]["VisibilityTimeout"]
    alarms = {
        each["Properties"]["MetricName"]: each["Properties"]["Threshold"] for each in resources(made, "AWS::CloudWatch::Alarm").values()
    }
    assert alarms["ApproximateNumberOfMessagesVisible"] == 1
    assert attempts < alarms["ApproximateAgeOfOldestMessage"] < with_redrive["Properties"]["MessageRetentionPeriod"]


def test_ledger_and_evidence_stay(made: dict[str, Any]) -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"):
        assert {each["DeletionPolicy"] for each in resources(made, kind).values()} == {"Retain"}
    (table,) = resources(made, "AWS::DynamoDB::Table").values()
    assert table["Properties"]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize(
    ("props", "code"),
    [
        ({"mode": Response.NONE}, "responders_off"),
        ({"minimum_severity": 11}, "responders_bounds"),
        ({"most_per_hour": 0}, "responders_bounds"),
        ({"accounts": [MANAGEMENT]}, "responders_accounts"),
    ],
)
def test_fails_when_misused(props: dict[str, Any], code: str) -> None:
    with pytest.raises(DataLakeError) as caught:
        make(**props)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("rule", "event", "reaches"),
    [
        ("GuardDuty", payloads.exfiltration(), True),
        ("GuardDuty", payloads.account_block_disabled(), True),
        ("GuardDuty", payloads.logging_disabled(), False),
        ("SecurityHub", payloads.guardduty_through_security_hub(), True),
        ("SecurityHub", payloads.security_hub(payloads.asff(Severity={"Label": "LOW"}, Compliance=of_control("EC2.8"))), False),
        ("SecurityHub", payloads.security_hub(payloads.asff(Severity={"Label": "MEDIUM"}, Compliance=of_control("S3.1"))), True),
        ("SecurityHub", payloads.security_hub(payloads.asff(Severity={"Label": "LOW"}, Compliance=of_control("S3.1", "PASSED"))), False),
        ("SecurityHub", payloads.security_hub(payloads.asff(Workflow={"Status": "SUPPRESSED"})), False),
        ("SecurityHubChosen", payloads.security_hub(payloads.asff(), kind="Security Hub Findings - Custom Action"), True),
        ("Macie", payloads.macie("Policy:IAMUser/S3BucketPublic", public=True), True),
        ("AccessAnalyzer", payloads.access_analyzer("AWS::S3::Bucket", "arn:aws:s3:::b"), True),
        ("AccessAnalyzer", payloads.access_analyzer("AWS::S3::Bucket", "arn:aws:s3:::b", status="RESOLVED"), False),
        ("Config", payloads.config_change("r", "AWS::S3::Bucket", "b"), True),
        ("Config", payloads.config_change("r", "AWS::S3::Bucket", "b", "COMPLIANT"), False),
    ],
)
def test_which_findings_reach_the_queue(rule: str, event: dict[str, Any], reaches: bool) -> None:  # noqa: FBT001
    """As EventBridge matches patterns; an array matches where one of its elements does, here the only one."""
    findings = event["detail"].get("findings")
    event = {**event, "detail": {**event["detail"], "findings": findings[0]}} if findings else event
    assert EventPattern.load(json.dumps(PATTERNS[rule])).matches_event(event) is reaches


def test_what_is_to_be_answered_reaches_the_queue() -> None:
    """Whoever answers from a lower severity on hears of it; whoever answers from a higher one still hears of medium ones."""
    low = json.dumps(patterns(2)["GuardDuty"])
    assert EventPattern.load(low).matches_event(payloads.logging_disabled())
    assert patterns(9) == PATTERNS
    told = next(each for each in resources(template(make(minimum_severity=2)), "AWS::Events::Rule").values() if "2" in json.dumps(each))
    assert told["Properties"]["EventPattern"] == json.loads(low)


def test_findings_of_other_regions_are_taken_from_the_bus() -> None:
    """Where they are sent from the account's other Regions; each pattern there has a rule here."""
    rules = resources(template(make(other_regions=True)), "AWS::Events::Rule").values()
    on_bus = [each["Properties"]["EventPattern"] for each in rules if "EventBusName" in each["Properties"]]
    assert [each for each in on_bus if each["source"] != ["aws.config"]] == [patterns(7)[name] for name in ELSEWHERE]
    assert sorted(map(json.dumps, elsewhere().values())) == sorted(json.dumps(patterns(7)[name]) for name in ELSEWHERE)
