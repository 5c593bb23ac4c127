"""What the organisation's services are declared to be, and what their function may do."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.organization.services import (
    DETECTION_SERVICES,
    MALWARE_SERVICE,
    OWN_CALLS,
    SERVICES_TYPE,
    TRAIL_SERVICE,
    OrganizationServices,
    PolicyType,
)
from constructs_lib.organization.structure import Organization
from constructs_lib.runtime.organization.administrators import OWN_CALLS as CALLED
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.constructs.organization.resolved import resolved
from tests.support import new_stack, resources, template

MANAGEMENT, SECURITY = "111111111111", "333333333333"
EXISTING = Organization.from_id("o-exampleorgid", "r-exam")
ALWAYS = {"Read", "GiveBack", "GiveBackTypes", "GiveBackRegistrations", "RememberWhatWasThere"}
KEEPER = f"arn:aws:iam::{MANAGEMENT}:role/Keeper"
ROOT = f"arn:aws:organizations::{MANAGEMENT}:root/o-exampleorgid/r-exam"


def _made(**props: Any) -> dict[str, Any]:
    stack = new_stack(account=MANAGEMENT)
    OrganizationServices(stack, "Services", organization=EXISTING, **props)
    made: dict[str, Any] = resolved(template(stack))
    return made


def _policy(made: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = next(iter(resources(made, "AWS::IAM::ManagedPolicy").values()))["Properties"]["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Sid"] != "WriteLog"]  # its resource is a reference
    return document


def _properties(made: dict[str, Any]) -> dict[str, Any]:
    (resource,) = resources(made, SERVICES_TYPE).values()
    properties: dict[str, Any] = resource["Properties"]
    return {key: value for key, value in properties.items() if not key.startswith("Service")}


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    """Everything a lake's organisation needs."""
    return _made(
        trusted_access=[TRAIL_SERVICE, MALWARE_SERVICE],
        delegated_administrators=dict.fromkeys(DETECTION_SERVICES, SECURITY),
        regions=["us-east-1", "eu-west-1", "us-east-1"],
    )


@pytest.fixture(scope="module")
def policy(everything: dict[str, Any]) -> dict[str, Any]:
    """What the function may do then."""
    return _policy(everything)


def test_what_is_declared_is_what_the_handler_reads(everything: dict[str, Any]) -> None:
    """Sorted, so that another order in the code changes nothing; administrators bring their trusted access."""
    assert _properties(everything) == {
        "RootId": "r-exam",
        "PolicyTypes": ["RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY"],
        "TrustedAccess": sorted([TRAIL_SERVICE, MALWARE_SERVICE, *DETECTION_SERVICES]),
        "ShareWithOrganization": "true",
        "DelegatedAdministrators": dict.fromkeys(DETECTION_SERVICES, SECURITY),
        "Regions": ["eu-west-1", "us-east-1"],
        "MemoryParameter": "/governed-lake/organization-services",
    }


def test_defaults() -> None:
    """Policy types and sharing, nobody's access, no administrator, the stack's Region; and no right beyond that."""
    made = _made()
    properties = _properties(made)
    assert (properties["TrustedAccess"], properties["DelegatedAdministrators"], properties["Regions"]) == ([], {}, ["eu-west-1"])
    assert properties["ShareWithOrganization"] == "true"
    sids = {each["Sid"] for each in _policy(made)["Statement"]}
    assert sids == {*ALWAYS, "PolicyTypes", "TrustedAccess", "ServiceRoles", "Sharing", "LookUpSharing"}


def test_without_anything_there_are_no_rights_to_bring_about() -> None:
    """A declaration of nothing reads, remembers, and gives back what an earlier one declared."""
    made = _made(policy_types=[], share_with_organization=False)
    assert {each["Sid"] for each in _policy(made)["Statement"]} == ALWAYS


def test_handler_and_construct_know_the_same_services() -> None:
    """Which services are told by calls of their own, and by which client's."""
    assert {service: prefix for service, (prefix, _) in OWN_CALLS.items()} == {service: call.client for service, call in CALLED.items()}


def _service(name: str) -> dict[str, str]:
    return {"organizations:ServicePrincipal": name}


def _type(name: PolicyType) -> dict[str, str]:
    return {"organizations:PolicyType": name.value}


def _account(number: str) -> str:
    return f"arn:aws:organizations::{MANAGEMENT}:account/o-exampleorgid/{number}"


def _registering(organization: str) -> tuple[str, str]:
    return "organizations:RegisterDelegatedAdministrator", f"arn:aws:organizations::{MANAGEMENT}:account/{organization}/{SECURITY}"


def _role(service: str) -> str:
    return f"arn:aws:iam::{MANAGEMENT}:role/aws-service-role/{service}/AWSServiceRole"


@pytest.mark.parametrize(
    ("action", "resource", "context", "word"),
    [
        ("organizations:EnablePolicyType", ROOT, _type(PolicyType.SERVICE_CONTROL), "allowed"),
        ("organizations:EnablePolicyType", ROOT, _type(PolicyType.BACKUP), "implicit_deny"),
        ("organizations:EnableAWSServiceAccess", "*", _service(TRAIL_SERVICE), "allowed"),
        ("organizations:EnableAWSServiceAccess", "*", _service("ram.amazonaws.com"), "allowed"),
        ("organizations:EnableAWSServiceAccess", "*", _service("stacksets.cloudformation.amazonaws.com"), "implicit_deny"),
        ("organizations:DisableAWSServiceAccess", "*", _service("backup.amazonaws.com"), "allowed"),  # which an update left out
        ("organizations:DisablePolicyType", ROOT, _type(PolicyType.BACKUP), "allowed"),
        ("organizations:DeregisterDelegatedAdministrator", _account("999999999999"), _service("backup.amazonaws.com"), "allowed"),
        ("organizations:RegisterDelegatedAdministrator", _account(SECURITY), _service("guardduty.amazonaws.com"), "allowed"),
        ("organizations:RegisterDelegatedAdministrator", _account("999999999999"), _service("guardduty.amazonaws.com"), "allowed"),
        ("organizations:RegisterDelegatedAdministrator", _account(SECURITY), _service("sso.amazonaws.com"), "implicit_deny"),
        (*_registering("o-otherorganization"), _service("guardduty.amazonaws.com"), "implicit_deny"),
        ("guardduty:EnableOrganizationAdminAccount", "*", {}, "allowed"),
        ("macie2:EnableMacie", "*", {}, "allowed"),
        ("securityhub:ListOrganizationAdminAccounts", "*", {}, "allowed"),
        ("guardduty:DeleteDetector", "*", {}, "implicit_deny"),
        ("macie2:DisableMacie", "*", {}, "implicit_deny"),
        ("iam:CreateServiceLinkedRole", _role("ram.amazonaws.com"), {"iam:AWSServiceName": "ram.amazonaws.com"}, "allowed"),
        ("iam:CreateServiceLinkedRole", _role("es.amazonaws.com"), {"iam:AWSServiceName": "es.amazonaws.com"}, "implicit_deny"),
        ("ram:EnableSharingWithAwsOrganization", "*", {}, "allowed"),
        ("organizations:ListRoots", "*", {}, "allowed"),
        ("organizations:ListPolicies", "*", {}, "allowed"),
        ("organizations:DetachPolicy", ROOT, {}, "implicit_deny"),
        ("organizations:DeletePolicy", "*", {}, "implicit_deny"),
        ("organizations:LeaveOrganization", "*", {}, "implicit_deny"),
    ],
)
def test_what_the_function_may_do(policy: dict[str, Any], action: str, resource: str, context: dict[str, str], word: str) -> None:
    """What is declared can be brought about, what was declared can be given back; nothing else of the organisation can be changed."""
    assert decide(KEEPER, action, resource, identity=policy, context=context).word == word


@pytest.mark.parametrize(
    ("props", "said"),
    [
        ({"trusted_access": ["guardduty"]}, "allowed is a service principal"),
        ({"trusted_access": ["ram.amazonaws.com"]}, "say share_with_organization"),
        ({"delegated_administrators": {"guardduty.amazonaws.com": MANAGEMENT}}, "allowed is a member account"),
        ({"delegated_administrators": {"cloudtrail.amazonaws.com": SECURITY}}, "told by cloudtrail:RegisterOrganizationDelegatedAdmin"),
    ],
)
def test_fails_when_a_declaration_could_not_work(props: dict[str, Any], said: str) -> None:
    """Each says what is allowed instead."""
    with pytest.raises(DataLakeError, match=said):
        OrganizationServices(new_stack(account=MANAGEMENT), "Services", organization=EXISTING, **props)
