"""The security account runs GuardDuty, Macie, Security Hub and Config's aggregator for the organisation, adopting what is there."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_kms as kms

from constructs_lib.organization.detection import (
    ClassificationJob,
    FindingsArchive,
    JobFrequency,
    Members,
    OrganizationConfigAggregator,
    OrganizationSecurityHub,
    OrganizationThreatDetection,
    SensitiveDataDiscovery,
    Standard,
)
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, new_stack, resources, template

LAKES = ["444444444412", "444444444411"]
ROOT, UNIT = "r-abcd", "ou-abcd-12345678"


def only(synthesized: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The properties of the only resource of a type."""
    (resource,) = resources(synthesized, resource_type).values()
    found: dict[str, Any] = resource["Properties"]
    return found


def statements(synthesized: dict[str, Any], resource_type: str, document: str) -> dict[str, Any]:
    """Statements with a Sid of all resources of a type."""
    return {
        statement["Sid"]: statement
        for resource in resources(synthesized, resource_type).values()
        for statement in resource["Properties"][document]["Statement"]
        if "Sid" in statement
    }


@pytest.fixture(scope="module")
def security() -> dict[str, Any]:
    """A security account with everything."""
    stack = new_stack()
    log_key = kms.Key(stack, "LogKey")
    OrganizationThreatDetection(stack, "GuardDuty", export=FindingsArchive(stack, "Findings"), log_key=log_key)
    SensitiveDataDiscovery(
        stack, "Macie", accounts=LAKES, job=ClassificationJob(tag_key="classification", tag_value="restricted"), log_key=log_key
    )
    OrganizationSecurityHub(stack, "SecurityHub", targets=[ROOT, UNIT, ACCOUNT], linked_regions=["us-east-1"], log_key=log_key)
    OrganizationConfigAggregator(stack, "Config")
    return template(stack)


def test_every_account_is_watched_by_default(security: dict[str, Any]) -> None:
    """All accounts, what the detector of a single account watches, repeated findings every fifteen minutes."""
    settings = only(security, "Custom::GuardDutyOrganization")
    assert settings["Members"] == "ALL"
    assert settings["Features"] == {
        "S3_DATA_EVENTS": [],
        "EBS_MALWARE_PROTECTION": [],
        "LAMBDA_NETWORK_LOGS": [],
        "RUNTIME_MONITORING": ["EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT"],
    }
    assert settings["PublishingFrequency"] == "FIFTEEN_MINUTES"
    assert not resources(security, "AWS::GuardDuty::Detector")


def test_findings_are_exported_by_the_adopted_detector(security: dict[str, Any]) -> None:
    """After bucket and key let GuardDuty in, because it tries to write at once."""
    ((_, export),) = resources(security, "AWS::GuardDuty::PublishingDestination").items()
    assert export["Properties"]["DetectorId"] == {
        "Fn::GetAtt": [next(iter(resources(security, "Custom::GuardDutyOrganization"))), "DetectorId"]
    }
    assert any(name.startswith("FindingsBucket") and "Policy" in name for name in export["DependsOn"])


def test_only_guardduty_of_this_account_writes_findings(security: dict[str, Any]) -> None:
    """Objects and data keys, for detectors of this account and Region."""
    bound = {
        "ArnLike": {"aws:SourceArn": f"arn:aws:guardduty:eu-west-1:{ACCOUNT}:detector/*"},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    of_buckets = statements(security, "AWS::S3::BucketPolicy", "PolicyDocument")
    of_keys = statements(security, "AWS::KMS::Key", "KeyPolicy")
    for statement in (of_buckets["AllowGuardDutyToLook"], of_buckets["AllowGuardDutyToExport"], of_keys["AllowGuardDutyToEncrypt"]):
        assert statement["Condition"] == bound
        assert statement["Principal"] == {"Service": "guardduty.amazonaws.com"}


def test_macie_looks_where_it_is_told_and_costs_nothing_unasked(security: dict[str, Any]) -> None:
    """The lakes are members; discovery and new members are off."""
    settings = only(security, "Custom::MacieOrganization")
    assert (settings["Accounts"], settings["NewMembers"], settings["AutomatedDiscovery"]) == (sorted(LAKES), False, False)


def test_a_job_looks_weekly_into_tagged_buckets(security: dict[str, Any]) -> None:
    """After the session is on."""
    (job,) = resources(security, "Custom::MacieClassificationJob").values()
    assert job["Properties"]["Accounts"] == sorted(LAKES)
    assert (job["Properties"]["TagKey"], job["Properties"]["TagValue"]) == ("classification", "restricted")
    assert (job["Properties"]["Frequency"], job["Properties"]["SamplingPercentage"]) == ("WEEKLY", 100)
    assert next(iter(resources(security, "Custom::MacieOrganization"))) in job["DependsOn"]


def test_one_policy_holds_for_all_targets(security: dict[str, Any]) -> None:
    """Standards by ARN of this Region; each target with its kind; the empty list of controls is written out."""
    policy = only(security, "AWS::SecurityHub::ConfigurationPolicy")["ConfigurationPolicy"]["SecurityHub"]
    assert policy["ServiceEnabled"] is True
    assert policy["EnabledStandardIdentifiers"] == [
        f"arn:aws:securityhub:eu-west-1::standards/{name}"
        for name in (
            "aws-foundational-security-best-practices/v/1.0.0",
            "cis-aws-foundations-benchmark/v/5.0.0",
            "nist-800-53/v/5.0.0",
        )
    ]
    assert policy["SecurityControlsConfiguration"] == {"DisabledSecurityControlIdentifiers": []}
    found = {
        each["Properties"]["TargetId"]: each["Properties"]["TargetType"]
        for each in resources(security, "AWS::SecurityHub::PolicyAssociation").values()
    }
    assert found == {ROOT: "ROOT", UNIT: "ORGANIZATIONAL_UNIT", ACCOUNT: "ACCOUNT"}


def test_the_policy_waits_for_central_configuration(security: dict[str, Any]) -> None:
    """Security Hub takes none before; nothing native that fails where a hub is there."""
    (policy,) = resources(security, "AWS::SecurityHub::ConfigurationPolicy").values()
    assert next(iter(resources(security, "Custom::SecurityHubOrganization"))) in policy["DependsOn"]
    for kind in ("Hub", "FindingAggregator", "OrganizationConfiguration"):
        assert not resources(security, f"AWS::SecurityHub::{kind}")


def test_the_aggregator_reads_all_regions_with_a_role_that_reads(security: dict[str, Any]) -> None:
    """The role trusts Config for this account alone, and reads the organisation's accounts."""
    source = only(security, "AWS::Config::ConfigurationAggregator")["OrganizationAggregationSource"]
    assert source["AllAwsRegions"] is True
    (role,) = [value for key, value in resources(security, "AWS::IAM::Role").items() if key.startswith("ConfigRole")]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_handlers_may_do_nothing_else(security: dict[str, Any]) -> None:
    """No handler may delete a detector, switch a service off, or make another service's role; none has a wildcard action."""
    found = [
        statement
        for policy in resources(security, "AWS::IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    actions = {action for each in found for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])}
    assert not [action for action in actions if "*" in action or "Disable" in action or action == "guardduty:DeleteDetector"]
    made = [each for each in found if each["Action"] == "iam:CreateServiceLinkedRole"]
    assert len(made) == 3
    assert all("iam:AWSServiceName" in each["Condition"]["StringEquals"] and "*" not in str(each["Resource"]) for each in made)


def test_new_members_alone_and_other_features_can_be_chosen() -> None:
    """For an organisation whose other accounts are somebody else's."""
    stack = new_stack()
    OrganizationThreatDetection(stack, "GuardDuty", members=Members.NEW, features={"S3_DATA_EVENTS": ()})
    synthesized = template(stack)
    settings = only(synthesized, "Custom::GuardDutyOrganization")
    assert (settings["Members"], settings["Features"]) == ("NEW", {"S3_DATA_EVENTS": []})
    assert not resources(synthesized, "AWS::GuardDuty::PublishingDestination")


def test_without_central_configuration_there_is_no_policy() -> None:
    """New accounts get a hub with the default standards."""
    stack = new_stack()
    hub = OrganizationSecurityHub(stack, "SecurityHub", targets=[], central=False)
    assert (hub.policy, hub.associations) == (None, [])
    assert only(template(stack), "Custom::SecurityHubOrganization")["Central"] is False


def test_standards_and_controls_can_be_chosen() -> None:
    """A control that is not checked is one that nobody asks about."""
    stack = new_stack()
    OrganizationSecurityHub(stack, "SecurityHub", targets=[ROOT], standards=[Standard.CIS_3], disabled_controls=["Macie.2", "Inspector.1"])
    policy = only(template(stack), "AWS::SecurityHub::ConfigurationPolicy")["ConfigurationPolicy"]["SecurityHub"]
    assert policy["SecurityControlsConfiguration"]["DisabledSecurityControlIdentifiers"] == ["Inspector.1", "Macie.2"]
    assert len(policy["EnabledStandardIdentifiers"]) == 1


@pytest.mark.parametrize(("targets", "central"), [(["workloads"], True), ([ROOT], False)])
def test_fails_when_a_target_is_none(targets: list[str], central: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A policy is associated by id, and only under central configuration."""
    with pytest.raises(DataLakeError) as caught:
        OrganizationSecurityHub(new_stack(), "SecurityHub", targets=targets, central=central)
    assert caught.value.code == "policy_target"


@pytest.mark.parametrize(("accounts", "percentage"), [([], 100), (LAKES, 0), (LAKES, 101)])
def test_fails_when_a_job_looks_into_nothing(accounts: list[str], percentage: int) -> None:
    """Macie would refuse it at deployment."""
    job = ClassificationJob(tag_key="a", tag_value="b", frequency=JobFrequency.DAILY, sampling_percentage=percentage)
    with pytest.raises(DataLakeError, match="a job needs an account at least") as caught:
        SensitiveDataDiscovery(new_stack(), "Macie", accounts=accounts, job=job)
    assert caught.value.code == "classification_job"
