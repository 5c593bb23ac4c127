"""What changed policies open to others, deny no more, or give widely is named with a request; ordinary work within the account is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.model import Category, Risk
from lakecheck.upgrade.security import policies
from lakecheck.upgrade.security.policy_table import IDENTITY_POLICIES, RESOURCE_POLICIES
from tests.lakecheck.upgrade.support import ACCOUNT, OTHER, compared, stack, state

BUCKET = {"Lake": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake"}}}
OWN, FOREIGN = f"arn:aws:iam::{ACCOUNT}:role/reader", f"arn:aws:iam::{OTHER}:role/reader"
TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::lake/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def allow(who: Any, **condition: Any) -> dict[str, Any]:
    principal = who if who == "*" or isinstance(who, dict) else {"AWS": who}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}
    return statement | ({"Condition": condition} if condition else {})


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def bucket_policy(*statements: Any, bucket: Any = "lake") -> dict[str, Any]:
    return {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": bucket, "PolicyDocument": document(*statements)}}}


def risks(base: dict[str, Any], head: dict[str, Any]) -> list[Risk]:
    return list(policies.risks(compared(base, head)))


def rules(base: dict[str, Any], head: dict[str, Any]) -> list[str]:
    return [risk.rule for risk in risks(base, head)]


def changed(was: list[Any], now: list[Any]) -> list[str]:
    return rules(BUCKET | bucket_policy(*was), BUCKET | bucket_policy(*now))


# --- who gets in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        allow(FOREIGN),
        allow(OTHER),
        allow(f"arn:aws:iam::{OTHER}:root"),
        allow("*"),
        allow("*", StringEquals={"aws:PrincipalOrgID": "o-exampleorgid"}),
        allow({"AWS": "*"}, IpAddress={"aws:SourceIp": "203.0.113.0/24"}),
        allow({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
    ],
    ids=lambda statement: json.dumps(statement["Principal"]),
)
def test_somebody_outside_of_the_account_is_told_with_a_request(statement):
    (found,) = risks(BUCKET | bucket_policy(allow(OWN)), BUCKET | bucket_policy(allow(OWN), statement))
    assert (found.rule, found.category, found.is_certain) == ("security_weakened.policy", Category.SECURITY_WEAKENED, True)
    assert "s3:GetObject" in found.message
    assert found.because
    assert changed([allow(OWN), statement], [allow(OWN)]) == []


@pytest.mark.parametrize(
    "statement",
    [
        allow(f"arn:aws:iam::{ACCOUNT}:role/another"),
        allow(ACCOUNT),
        allow(f"arn:aws:iam::{ACCOUNT}:root"),
        allow({"Service": "logging.s3.amazonaws.com"}),
        allow("*", StringEquals={"aws:PrincipalAccount": ACCOUNT}),
        allow("*", StringEquals={"AWS:SourceOwner": ACCOUNT}),
        allow("*", StringEquals={"kms:CallerAccount": ACCOUNT}),
        allow("*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}),
    ],
    ids=json.dumps,
)
def test_those_of_the_account_are_ordinary_work(statement):
    assert changed([], [statement]) == []


def test_more_of_what_a_foreigner_could_do_is_told_and_less_is_not():
    more = allow(FOREIGN) | {"Action": ["s3:GetObject", "s3:PutObject"]}
    assert changed([allow(FOREIGN)], [more]) == ["security_weakened.policy"]
    assert changed([more], [allow(FOREIGN)]) == []
    assert changed([allow(FOREIGN)], [allow(FOREIGN) | {"Sid": "Another"}]) == []


def test_a_new_policy_of_an_old_bucket_counts_and_one_of_a_new_bucket_only_where_it_is_open_to_all():
    assert rules(BUCKET, BUCKET | bucket_policy(allow(FOREIGN))) == ["security_weakened.policy"]
    assert rules({}, BUCKET | bucket_policy(allow(FOREIGN), bucket={"Ref": "Lake"})) == []
    assert rules({}, BUCKET | bucket_policy(allow("*"), bucket={"Ref": "Lake"})) == ["security_weakened.policy"]
    guarded = allow("*", StringEquals={"aws:PrincipalOrgID": "o-exampleorgid"})
    assert rules({}, BUCKET | bucket_policy(guarded, bucket={"Ref": "Lake"})) == []


def test_a_policy_that_is_not_known_is_not_taken_for_harmless():
    head = BUCKET | {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "lake", "PolicyDocument": {"Ref": "Whole"}}}}
    (found,) = risks(BUCKET | bucket_policy(allow(OWN)), head)
    assert not found.is_certain
    assert found.because


# --- what is denied, and under which condition -----------------------------------------------------------


def test_a_deny_that_goes_or_is_narrower_is_told_and_a_new_one_is_not():
    assert changed([TLS], [allow(OWN)]) == ["security_weakened.deny"]
    assert changed([TLS], [TLS | {"Action": "s3:GetObject"}]) == ["security_weakened.deny"]
    assert changed([allow(OWN)], [TLS]) == []
    assert changed([TLS | {"Action": "s3:GetObject"}], [TLS]) == []
    assert changed([TLS], [TLS | {"Sid": "Tls"}]) == []


def test_a_role_of_the_account_that_a_deny_excepts_is_ordinary_work():
    def denying(*roles: str) -> dict[str, Any]:
        return TLS | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": list(roles)}}}

    assert changed([denying(OWN)], [denying(OWN, f"arn:aws:iam::{ACCOUNT}:role/new")]) == []
    assert changed([denying(OWN)], [denying(OWN, FOREIGN)]) == ["security_weakened.deny"]


def test_a_policy_that_goes_takes_its_denies_along_unless_its_bucket_goes_too():
    with_policy = BUCKET | bucket_policy(TLS, bucket={"Ref": "Lake"})
    assert rules(with_policy, BUCKET) == ["security_weakened.deny"]
    assert rules(with_policy, {}) == []
    moved = {"Another": bucket_policy(TLS, allow(OWN), bucket={"Ref": "Lake"})["Policy"]}
    assert rules(with_policy, BUCKET | moved) == []


def role(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document(*statements)} | more}}


def assume(who: Any, **condition: Any) -> dict[str, Any]:
    statement = allow(who, **condition)
    del statement["Resource"]
    return statement | {"Action": "sts:AssumeRole"}


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_a_trust_policy_that_opens_the_role_to_others_is_told():
    (found,) = risks(role(assume(OWN)), role(assume(OWN), assume(OTHER)))
    assert found.rule == "security_weakened.trust"
    assert rules(role(assume(OWN)), role(assume(OWN), assume(f"arn:aws:iam::{ACCOUNT}:role/new"))) == []
    assert rules(role(assume(OWN)), role(assume({"Service": "glue.amazonaws.com"}))) == []
    assert rules({}, role(assume(OTHER))) == []
    assert rules({}, role(assume("*"))) == ["security_weakened.trust"]


def test_a_web_identity_that_is_wider_is_told():
    def federated(subject: str) -> dict[str, Any]:
        provider = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
        condition = {"StringLike": {"token.actions.githubusercontent.com:sub": subject}}
        return assume(provider, **condition) | {"Action": "sts:AssumeRoleWithWebIdentity"}

    narrow, every = role(federated("repo:acme/lake:ref:refs/heads/main")), role(federated("repo:acme/*"))
    assert rules(narrow, every) == ["security_weakened.trust"]
    assert rules(every, narrow) == []


def test_conditions_that_go_are_told():
    assert rules(role(assume(OWN, **MFA)), role(assume(OWN))) == ["security_weakened.condition"]
    assert rules(role(assume(OWN)), role(assume(OWN, **MFA))) == []
    external = {"StringEquals": {"sts:ExternalId": "lake"}}
    assert rules(role(assume(OTHER, **external)), role(assume(OTHER))) == ["security_weakened.condition"]
    assert rules(role(assume(OTHER, **external)), role(assume("111122223333"))) == ["security_weakened.trust"]
    service, source = {"Service": "glue.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert rules(role(assume(service, **source)), role(assume(service))) == ["security_weakened.condition"]


def test_a_key_that_opens_to_another_account_is_told():
    def key(*who: str) -> dict[str, Any]:
        policy = document(*({"Effect": "Allow", "Principal": {"AWS": each}, "Action": "kms:*", "Resource": "*"} for each in who))
        return {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}}

    own = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert rules(key(own), key(own, OTHER)) == ["security_weakened.policy"]
    assert rules(key(own), key(own, {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/new"})) == []


def test_an_account_that_is_not_known_is_the_own_one_all_the_same():
    def states(*who: Any) -> Any:
        policy = document(*({"Effect": "Allow", "Principal": {"AWS": each}, "Action": "kms:*", "Resource": "*"} for each in who))
        return state(stack({"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}}, account=None), is_template=True)

    own, new = ({"Fn::Sub": f"arn:aws:iam::${{AWS::AccountId}}:{name}"} for name in ("root", "role/new"))
    assert not list(policies.risks(compare(states(own), states(own, new))))
    assert len(list(policies.risks(compare(states(own), states(own, OTHER))))) == 1


# --- every place of a policy -----------------------------------------------------------------------------


def _placed(kind: str, path: str, policy: Any) -> dict[str, Any]:
    inner: Any = policy
    for step in reversed(path.split(".")):
        inner = {step: inner}
    return {"It": {"Type": kind, "Properties": inner | ({RESOURCE_POLICIES[kind].of: "name"} if RESOURCE_POLICIES[kind].of else {})}}


@pytest.mark.parametrize("kind", [kind for kind, carrier in RESOURCE_POLICIES.items() if carrier.read is None])
def test_each_place_of_a_resource_policy_is_looked_at(kind):
    path = RESOURCE_POLICIES[kind].path
    was, now = (_placed(kind, path, document(*statements)) for statements in ([allow(OWN)], [allow(OWN), allow(OTHER)]))
    assert len(rules(was, now)) == 1
    assert rules(now, was) == []


def test_a_policy_as_text_is_read():
    was, now = (
        {"It": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyName": "it", "PolicyDocument": json.dumps(document(*each))}}}
        for each in ([allow(OWN)], [allow(OWN), allow("*")])
    )
    assert rules(was, now) == ["security_weakened.policy"]


def test_a_permission_of_a_function_is_a_policy():
    function = {"It": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "it"}}}

    def permission(**properties: Any) -> dict[str, Any]:
        stated = {"FunctionName": "it", "Action": "lambda:InvokeFunction"} | properties
        return function | {"Permission": {"Type": "AWS::Lambda::Permission", "Properties": stated}}

    assert rules(function, permission(Principal="*")) == ["security_weakened.policy"]
    assert rules(function, permission(Principal=OTHER)) == ["security_weakened.policy"]
    assert rules(function, permission(Principal="s3.amazonaws.com", SourceAccount=ACCOUNT)) == []
    assert rules(function, permission(Principal=ACCOUNT)) == []


def test_statements_of_the_shared_catalog_are_a_policy():
    was, now = (
        {
            "It": {
                "Type": "Custom::LakeFormationCatalogPolicy",
                "Properties": {"Statements": list(each)},
            }
        }
        for each in ([allow(OWN)], [allow(OWN), allow(OTHER)])
    )
    assert rules(was, now) == ["security_weakened.policy"]


# --- identities ------------------------------------------------------------------------------------------


def grant(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def identity(kind: str, *statements: Any) -> dict[str, Any]:
    (path,) = IDENTITY_POLICIES[kind]
    policy: Any = document(*statements)
    return {"It": {"Type": kind, "Properties": {path: [{"PolicyName": "it", "PolicyDocument": policy}] if path == "Policies" else policy}}}


READS = grant("s3:GetObject", "arn:aws:s3:::lake/*")


@pytest.mark.parametrize("kind", IDENTITY_POLICIES)
def test_each_place_of_an_identity_policy_is_looked_at(kind):
    was, now = identity(kind, READS), identity(kind, READS, grant("*"))
    (found,) = risks(was, now)
    assert (found.rule, found.is_certain) == ("security_weakened.wide_rights", True)
    assert risks(now, was) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:*", "*"),
        ("s3:*", "arn:aws:s3:::*"),
        ("iam:PassRole", "*"),
        ("sts:AssumeRole", "*"),
        ("iam:PutRolePolicy", "arn:aws:iam::444455556666:role/it"),
        ("iam:*", "arn:aws:iam::444455556666:role/it"),
        ("kms:Put*", "arn:aws:kms:eu-west-1:444455556666:key/1"),
        ("lakeformation:GrantPermissions", "*"),
    ],
)
def test_wide_rights_are_told(action, resource):
    assert rules(identity("AWS::IAM::Policy", READS), identity("AWS::IAM::Policy", READS, grant(action, resource))) == [
        "security_weakened.wide_rights"
    ]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:Get*", "arn:aws:s3:::lake/*"),
        ("s3:*", "arn:aws:s3:::lake/*"),
        ("glue:GetTable", "*"),
        ("iam:PassRole", "arn:aws:iam::444455556666:role/it"),
        ("kms:Decrypt", "*"),
        ("lakeformation:GetDataAccess", "*"),
    ],
)
def test_narrow_rights_are_ordinary_work(action, resource):
    assert rules(identity("AWS::IAM::Policy", READS), identity("AWS::IAM::Policy", READS, grant(action, resource))) == []


def test_not_action_is_wide_and_a_deny_takes_away():
    everything_else = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert rules(identity("AWS::IAM::Policy", READS), identity("AWS::IAM::Policy", everything_else)) == ["security_weakened.wide_rights"]
    denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert rules(identity("AWS::IAM::Policy", READS), identity("AWS::IAM::Policy", READS, grant("s3:*"), denied)) == []


def test_a_new_role_is_no_weakening_and_a_new_policy_of_an_old_one_is():
    old = role(assume(OWN), RoleName="old")
    attached = {"It": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document(grant("s3:*")), "Roles": [{"Ref": "Role"}]}}}
    assert rules(old, old | attached) == ["security_weakened.wide_rights"]
    assert rules({}, old | attached) == []
    assert rules({}, identity("AWS::IAM::Role", grant("*"))) == []


def test_wide_managed_policies_are_told():
    def attached(*names: str) -> dict[str, Any]:
        return role(assume(OWN), ManagedPolicyArns=[f"arn:aws:iam::aws:policy/{name}" for name in names])

    assert rules(attached(), attached("AdministratorAccess")) == ["security_weakened.wide_rights"]
    assert rules(attached(), attached("AmazonS3FullAccess")) == ["security_weakened.wide_rights"]
    assert rules(attached(), attached("service-role/AWSGlueServiceRole", "ReadOnlyAccess")) == []
    assert rules(attached("AdministratorAccess"), attached()) == []
    assert rules(attached("AdministratorAccess"), attached("AdministratorAccess", "ReadOnlyAccess")) == []


# --- organisations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"])
def test_an_organisation_policy_that_refuses_less_is_told(kind):
    def policy(*actions: str) -> dict[str, Any]:
        who = {"Principal": "*"} if kind == "RESOURCE_CONTROL_POLICY" else {}
        content = document({"Effect": "Deny", "Action": list(actions), "Resource": "*"} | who)
        return {"It": {"Type": "AWS::Organizations::Policy", "Properties": {"Name": "it", "Type": kind, "Content": content}}}

    more, less = policy("s3:PutBucketPolicy", "s3:DeleteBucket"), policy("s3:DeleteBucket")
    assert rules(more, less) == ["security_weakened.organization_policy"]
    assert rules(less, more) == []


def test_tag_policies_are_no_guardrail():
    was, now = (
        {"It": {"Type": "AWS::Organizations::Policy", "Properties": {"Name": "it", "Type": "TAG_POLICY", "Content": {"tags": each}}}}
        for each in ({"a": 1}, {})
    )
    assert rules(was, now) == []


@pytest.mark.parametrize(
    "value", [None, 7, "no json", [1, [2]], {"Statement": 7}, {"Statement": [{"Effect": 7}]}, {"Statement": {"Effect": "Allow"}}]
)
def test_a_policy_may_be_any_json(value):
    for kind, carrier in RESOURCE_POLICIES.items():
        if carrier.read is None:
            risks(_placed(kind, carrier.path, document(allow(OWN))), _placed(kind, carrier.path, value))
            risks(_placed(kind, carrier.path, value), _placed(kind, carrier.path, document(TLS)))
    for kind, (path,) in IDENTITY_POLICIES.items():
        risks(identity(kind, READS), {"It": {"Type": kind, "Properties": {path: value}}})
    permission = {"It": {"Type": "AWS::Lambda::Permission", "Properties": {"Principal": value, "FunctionName": value, "Action": value}}}
    risks({}, permission)


def test_every_rule_is_listed():
    assert {rule.partition(".")[0] for rule in policies.RULES} == {"security_weakened"}


def test_the_request_names_what_has_no_known_name_as_it_is():
    lake = {"Lake": {"Type": "AWS::S3::Bucket"}}
    arn = {"Fn::Sub": "${Lake.Arn}/*"}
    was, now = (
        lake | bucket_policy(*each, bucket={"Ref": "Lake"}) for each in ([allow(OWN)], [allow(OWN), allow(FOREIGN) | {"Resource": arn}])
    )
    (found,) = risks(was, now)
    assert "{Prod/Lake/Lake}" in found.message
    assert "unknown" not in found.message


def test_more_policies_than_are_compared_are_not_taken_for_harmless(monkeypatch):
    monkeypatch.setattr("lakecheck.upgrade.security.policy_statements._MOST", 0)
    (found,) = risks(BUCKET | bucket_policy(allow(OWN)), BUCKET | bucket_policy(allow(OWN), allow(FOREIGN)))
    assert not found.is_certain


def test_a_policy_that_follows_a_replaced_resource_is_the_same():
    def queue(name: str) -> dict[str, Any]:
        denied = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}} | {
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}
        }
        policy = {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document(denied)}
        return {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}},
            "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": policy},
        }

    assert rules(queue("one"), queue("another")) == []
