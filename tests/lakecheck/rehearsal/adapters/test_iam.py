"""Principals of IAM and their policies: what is stated comes back, and what other resources gave them is left alone."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, among, emulated, make, round_trip

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"


def trust(service):
    """The trust of a role in a service."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}]}


TRUST, OTHER_TRUST = trust("glue.amazonaws.com"), trust("lambda.amazonaws.com")


def may(action):
    """A policy's document."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


ROLE = {
    "RoleName": "reader",
    "Path": "/lake/",
    "AssumeRolePolicyDocument": TRUST,
    "Description": "reads",
    "MaxSessionDuration": 7200,
    "PermissionsBoundary": AUDIT,
    "ManagedPolicyArns": [READ_ONLY],
    "Policies": [{"PolicyName": "a", "PolicyDocument": may("s3:GetObject")}, {"PolicyName": "b", "PolicyDocument": may("s3:PutObject")}],
    "Tags": [{"Key": "owner", "Value": "lake"}, {"Key": "old", "Value": "1"}],
}
CHANGED_ROLE = {
    "RoleName": "reader",
    "Path": "/lake/",
    "AssumeRolePolicyDocument": OTHER_TRUST,
    "Description": "reads on",
    "ManagedPolicyArns": [AUDIT],
    "Policies": [{"PolicyName": "b", "PolicyDocument": may("s3:GetObject")}],
    "Tags": [{"Key": "owner", "Value": "else"}],
}


def test_a_role_comes_back_with_its_policies_and_changes_in_place():
    with emulated() as clients:
        trip = round_trip(clients, "AWS::IAM::Role", ROLE, CHANGED_ROLE)
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.read_after_change["MaxSessionDuration"] == 3600
    assert "PermissionsBoundary" not in trip.read_after_change
    assert trip.is_deleted


def test_a_role_loses_what_it_states_no_longer():
    with emulated() as clients:
        role = make(clients, "AWS::IAM::Role", ROLE)
        adapters()["AWS::IAM::Role"].change(replace(role, properties=CHANGED_ROLE, old_properties=ROLE))
        iam = role.client("iam")
        assert iam.list_role_policies(RoleName="reader")["PolicyNames"] == ["b"]
        assert [one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]] == [AUDIT]
        assert iam.list_role_tags(RoleName="reader")["Tags"] == [{"Key": "owner", "Value": "else"}]


def test_a_policy_of_another_resource_is_not_a_property_of_the_role():
    with emulated() as clients:
        role = make(clients, "AWS::IAM::Role", {"RoleName": "reader", "AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [READ_ONLY]})
        managed = make(clients, "AWS::IAM::ManagedPolicy", {"PolicyDocument": may("s3:*"), "Roles": ["reader"]})
        inline = make(clients, "AWS::IAM::Policy", {"PolicyName": "more", "PolicyDocument": may("s3:*"), "Roles": ["reader"]})
        read = adapters()["AWS::IAM::Role"].look(among(role, managed, inline))
        assert read["Policies"] == []
        assert read["ManagedPolicyArns"] == [READ_ONLY]
        with pytest.raises(ClientError, match="DeleteConflict"):  # as IAM does, while anything is left on it
            adapters()["AWS::IAM::Role"].remove(role)


def test_half_a_role_is_taken_back():
    wrong = {**ROLE, "ManagedPolicyArns": [f"arn:aws:iam::{ACCOUNT}:policy/missing"]}
    with emulated() as clients:
        with pytest.raises(ClientError, match="missing"):
            make(clients, "AWS::IAM::Role", wrong)
        make(clients, "AWS::IAM::Role", ROLE)


def test_a_role_has_attributes():
    with emulated() as clients:
        role = make(clients, "AWS::IAM::Role", ROLE)
        assert adapters()["AWS::IAM::Role"].attribute(role, "Arn") == f"arn:aws:iam::{ACCOUNT}:role/lake/reader"
        assert adapters()["AWS::IAM::Role"].attribute(role, "RoleId").startswith("AROA")


def test_a_managed_policy_comes_back_with_those_who_have_it():
    with emulated() as clients:
        for name in ("one", "two"):
            make(clients, "AWS::IAM::Role", {"RoleName": name, "AssumeRolePolicyDocument": TRUST})
        stated = {
            "ManagedPolicyName": "reads",
            "Path": "/lake/",
            "Description": "reads",
            "PolicyDocument": may("s3:GetObject"),
            "Roles": ["one"],
        }
        trip = round_trip(clients, "AWS::IAM::ManagedPolicy", stated, {**stated, "PolicyDocument": may("s3:*"), "Roles": ["two"]})
    assert trip.made.physical_id == f"arn:aws:iam::{ACCOUNT}:policy/lake/reads"
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_a_managed_policy_changes_more_often_than_it_can_have_versions():
    """CloudFormation drops the oldest version that is not in force."""
    with emulated() as clients:
        policy, entry = make(clients, "AWS::IAM::ManagedPolicy", {"PolicyDocument": may("s3:Get0")}), adapters()["AWS::IAM::ManagedPolicy"]
        for number in range(1, 8):
            policy = replace(policy, properties={"PolicyDocument": may(f"s3:Get{number}")}, old_properties=policy.properties)
            entry.change(policy)
        assert entry.look(policy)["PolicyDocument"] == may("s3:Get7")
        versions = policy.client("iam").list_policy_versions(PolicyArn=policy.physical_id)["Versions"]
        assert sorted(one["VersionId"] for one in versions) == ["v4", "v5", "v6", "v7", "v8"]


def test_an_inline_policy_follows_those_it_names():
    with emulated() as clients:
        role = make(clients, "AWS::IAM::Role", {"RoleName": "one", "AssumeRolePolicyDocument": TRUST})
        make(clients, "AWS::IAM::User", {"UserName": "two"})
        stated = {"PolicyName": "p", "PolicyDocument": may("s3:GetObject"), "Roles": ["one"], "Users": ["two"]}
        trip = round_trip(clients, "AWS::IAM::Policy", stated, {"PolicyName": "q", "PolicyDocument": may("s3:*"), "Users": ["two"]})
        assert role.client("iam").list_role_policies(RoleName="one")["PolicyNames"] == []
        assert role.client("iam").list_user_policies(UserName="two")["PolicyNames"] == []
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_an_inline_policy_that_one_of_its_roles_lost_is_told():
    with emulated() as clients:
        for name in ("one", "two"):
            make(clients, "AWS::IAM::Role", {"RoleName": name, "AssumeRolePolicyDocument": TRUST})
        policy = make(clients, "AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": may("s3:*"), "Roles": ["one", "two"]})
        policy.client("iam").put_role_policy(RoleName="two", PolicyName="p", PolicyDocument=json.dumps(may("s3:Get*")))
        assert adapters()["AWS::IAM::Policy"].look(policy)["PolicyDocument"] == may("s3:Get*")
        policy.client("iam").delete_role_policy(RoleName="one", PolicyName="p")
        assert adapters()["AWS::IAM::Policy"].look(policy)["Roles"] == ["two"]


def test_users_and_groups_come_back():
    with emulated() as clients:
        group = {"GroupName": "readers", "Path": "/lake/", "ManagedPolicyArns": [READ_ONLY]}
        with_policy = {**group, "ManagedPolicyArns": [], "Policies": [{"PolicyName": "a", "PolicyDocument": may("s3:GetObject")}]}
        group_trip = round_trip(clients, "AWS::IAM::Group", group, with_policy)
        make(clients, "AWS::IAM::Group", group)
        user = {
            "UserName": "ann",
            "Groups": ["readers"],
            "ManagedPolicyArns": [AUDIT],
            "LoginProfile": {"Password": "Long-enough-1", "PasswordResetRequired": True},
            "Tags": [{"Key": "a", "Value": "1"}],
        }
        user_trip = round_trip(clients, "AWS::IAM::User", user, {"UserName": "ann", "Tags": [{"Key": "b", "Value": "2"}]})
    assert group_trip.lacks == group_trip.lacks_after_change == user_trip.lacks == user_trip.lacks_after_change == ()
    assert (user_trip.read["Groups"], user_trip.read_after_change["Groups"]) == (["readers"], [])
    assert group_trip.is_deleted
    assert user_trip.is_deleted


def test_policies_of_their_own_and_members_come_back():
    with emulated() as clients:
        make(clients, "AWS::IAM::Role", {"RoleName": "one", "AssumeRolePolicyDocument": TRUST})
        stated = {"RoleName": "one", "PolicyName": "p", "PolicyDocument": may("s3:GetObject")}
        policy = round_trip(clients, "AWS::IAM::RolePolicy", stated, {**stated, "PolicyDocument": may("s3:*")})
        for name in ("ann", "bob"):
            make(clients, "AWS::IAM::User", {"UserName": name})
        make(clients, "AWS::IAM::Group", {"GroupName": "readers"})
        members = {"GroupName": "readers", "Users": ["ann"]}
        added = round_trip(clients, "AWS::IAM::UserToGroupAddition", members, {"GroupName": "readers", "Users": ["bob"]})
        profile = {"InstanceProfileName": "p", "Path": "/lake/", "Roles": ["one"]}
        instance = round_trip(clients, "AWS::IAM::InstanceProfile", profile, {**profile, "Roles": []})
    for trip in (policy, added, instance):
        assert trip.lacks == trip.lacks_after_change == ()
        assert trip.is_deleted


def test_identity_providers_and_service_roles_come_back():
    with emulated() as clients:
        oidc = {"Url": "https://token.example.com", "ClientIdList": ["sts.amazonaws.com"], "ThumbprintList": ["a" * 40]}
        provider = round_trip(clients, "AWS::IAM::OIDCProvider", oidc, {**oidc, "ThumbprintList": ["b" * 40]})
        saml = round_trip(clients, "AWS::IAM::SAMLProvider", {"SamlMetadataDocument": "a" * 1024}, {"SamlMetadataDocument": "b" * 1024})
        service = {"AWSServiceName": "lakeformation.amazonaws.com", "Description": "d"}
        role = round_trip(clients, "AWS::IAM::ServiceLinkedRole", service, {**service, "Description": "e"})
    for trip in (provider, saml, role):
        assert trip.lacks == trip.lacks_after_change == ()
        assert trip.is_deleted
