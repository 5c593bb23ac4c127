"""Organizations, shares and permission sets."""

import pytest

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, resource, round_trip

DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
INSTANCE = "arn:aws:sso:::instance/ssoins-aaaabbbbccccdddd"


def test_units_and_policies_come_back_and_change_in_place():
    kind = "AWS::Organizations::Organization"
    with emulated() as clients:
        organization = make(clients, kind, {"FeatureSet": "ALL"})
        assert adapters()[kind].look(organization)["FeatureSet"] == "ALL"
        root = adapters()[kind].attribute(organization, "RootId")
        organization.client("organizations").enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        unit = {"Name": "data", "ParentId": root, "Tags": [{"Key": "a", "Value": "1"}]}
        units = round_trip(clients, "AWS::Organizations::OrganizationalUnit", unit, {**unit, "Name": "lake", "Tags": []})
        parent = make(clients, "AWS::Organizations::OrganizationalUnit", unit).physical_id
        policy = {"Name": "no", "Type": "SERVICE_CONTROL_POLICY", "Description": "d", "Content": DENY, "TargetIds": [parent]}
        changed = {**policy, "Content": {**DENY, "Statement": []}, "TargetIds": [root]}
        policies = round_trip(clients, "AWS::Organizations::Policy", policy, changed)
        account = {"AccountName": "lake", "Email": "lake@example.com", "ParentIds": [parent]}
        accounts = round_trip(clients, "AWS::Organizations::Account", account, {**account, "ParentIds": [root]})
    for trip in (units, policies, accounts):
        assert trip.lacks == trip.lacks_after_change == ()
        assert trip.is_deleted


def test_a_share_comes_back_and_refuses_the_change_that_the_emulator_cannot_make():
    stated = {"Name": "lake", "AllowExternalPrincipals": True, "Principals": ["222222222222"]}
    stated["ResourceArns"] = [f"arn:aws:glue:{REGION}:{ACCOUNT}:database/lake"]
    with emulated() as clients:
        trip = round_trip(clients, "AWS::RAM::ResourceShare", stated, {**stated, "Name": "else", "AllowExternalPrincipals": False})
        with pytest.raises(NotImplementedError, match="Principals"):
            round_trip(clients, "AWS::RAM::ResourceShare", stated, {**stated, "Principals": ["333333333333"]})
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_permission_sets_and_assignments_come_back():
    own = {"Name": "lake-reads", "Path": "/"}
    stated = {
        "Name": "Analyst",
        "InstanceArn": INSTANCE,
        "Description": "d",
        "SessionDuration": "PT2H",
        "RelayStateType": "https://example.com",
        "InlinePolicy": DENY,
        "ManagedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        "CustomerManagedPolicyReferences": [own],
    }
    changed = {"Name": "Analyst", "InstanceArn": INSTANCE, "Description": "e", "ManagedPolicies": ["arn:aws:iam::aws:policy/SecurityAudit"]}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::SSO::PermissionSet", stated, changed)
        analyst = make(clients, "AWS::SSO::PermissionSet", stated)
        assignment = {
            "InstanceArn": INSTANCE,
            "PermissionSetArn": adapters()["AWS::SSO::PermissionSet"].attribute(analyst, "PermissionSetArn"),
            "TargetId": ACCOUNT,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": "GROUP",
            "PrincipalId": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        }
        assigned = round_trip(clients, "AWS::SSO::Assignment", assignment)
    assert trip.lacks == trip.lacks_after_change == assigned.lacks == ()
    assert not trip.read_after_change["InlinePolicy"]
    assert trip.read_after_change["CustomerManagedPolicyReferences"] == []
    assert trip.is_deleted
    assert assigned.is_deleted


def _found(clients, kind, properties):
    return adapters()[kind].look(resource(clients, kind, properties))


def test_what_handlers_made_of_an_organisation_is_read_back():
    """Where an account stands, what services may do, a service's own role; of what is not there nothing is told."""
    with emulated() as clients:
        organization = make(clients, "AWS::Organizations::Organization", {"FeatureSet": "ALL"})
        root = adapters()["AWS::Organizations::Organization"].attribute(organization, "RootId")
        client = organization.client("organizations")
        account = client.create_account(AccountName="lake", Email="lake@example.com")["CreateAccountStatus"]["AccountId"]
        place = {"AccountId": account, "UnitId": root, "MemoryPrefix": "/place"}
        assert _found(clients, "Custom::OrganizationAccountPlacement", place) == {"AccountId": account, "UnitId": root}
        services = {
            "RootId": root,
            "PolicyTypes": ["TAG_POLICY"],
            "TrustedAccess": ["guardduty.amazonaws.com"],
            "ShareWithOrganization": "false",
            "DelegatedAdministrators": {"guardduty.amazonaws.com": account},
        }
        nothing = {"PolicyTypes": [], "TrustedAccess": [], "DelegatedAdministrators": {}}
        assert _found(clients, "Custom::OrganizationServices", services) == {**services, **nothing}
        client.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
        client.enable_aws_service_access(ServicePrincipal="guardduty.amazonaws.com")
        client.register_delegated_administrator(AccountId=account, ServicePrincipal="guardduty.amazonaws.com")
        assert _found(clients, "Custom::OrganizationServices", services) == services
        role = {"Service": "config.amazonaws.com", "RoleName": "AWSServiceRoleForConfig"}
        assert _found(clients, "Custom::ServiceLinkedRole", role) is None
        organization.client("iam").create_service_linked_role(AWSServiceName="config.amazonaws.com")
        assert _found(clients, "Custom::ServiceLinkedRole", role) == role
