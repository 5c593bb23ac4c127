"""Rules of policies where a case is not enough: what is not known, what only seems wrong, who is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from tests.lakecheck.rules.hostile import made_hostile
from tests.lakecheck.rules.snapshots import ACCOUNT, snapshot_of
from tests.lakecheck.rules.stacks import OPEN, WHAT, said, stack_of

if TYPE_CHECKING:
    from lakecheck.rules import Rule

OTHER = "777788889999"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OBJECTS = "arn:aws:s3:::lake/*"
OURS = [rule for rule in all_rules() if rule.family == "policies"]
NOTHING = {"Ref": "AWS::NoValue"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}


def bucket_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"P": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "lake", "PolicyDocument": document(*statements)}}}


def managed(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(*statements)}}}


def role(principal: Any = None, *statements: dict[str, Any], trust: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    who = {"AWS": ROOT} if principal is None else principal
    given = {
        "AssumeRolePolicyDocument": document({"Principal": who, "Action": "sts:AssumeRole", **({} if trust is None else trust)}),
        "Policies": [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else [],
    }
    return {"R": {"Type": "AWS::IAM::Role", "Properties": {**given, **properties}}}


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.id)
def test_nothing_that_a_property_may_be_ends_in_a_trace(rule: Rule):
    for case in (*rule.cases.failing, *rule.cases.compliant):
        for changed in made_hostile(case):
            found = rules.check(snapshot_of(changed, **OPEN), [rule]).findings
            assert all(each.message and each.remedy for each in found)


# --- services --------------------------------------------------------------------------------------------------------------------------

DELIVERY = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": OBJECTS}


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
        {"StringEquals": {"aws:SourceAccount": WHAT}},
        {"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::landing"}},
        {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-exampleorgid/*"}},
    ],
)
def test_a_condition_on_the_source_suffices(condition: dict[str, Any]):
    assert said("policies.service_without_source", bucket_policy({**DELIVERY, "Condition": condition})) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        {"StringNotEquals": {"aws:SourceAccount": OTHER}},
        {"Null": {"aws:SourceAccount": "false"}},
        {"StringLike": {"aws:SourceAccount": "*"}},
        {"ForAllValues:StringEquals": {"aws:SourceOrgPaths": "o-exampleorgid/*"}},
    ],
)
def test_a_condition_that_leaves_everybody_in_does_not(condition: dict[str, Any]):
    (found,) = said("policies.service_without_source", bucket_policy({**DELIVERY, "Condition": condition}))
    assert found.startswith("warning: PolicyDocument: statement 1 lets cloudtrail.amazonaws.com in for any account")


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"Resource": {"Fn::Sub": "arn:aws:s3:::logs/trail/AWSLogs/${AWS::AccountId}/*"}}, 0),
        ({"Resource": ["arn:aws:s3:::logs/AWSLogs/444455556666/*", "arn:aws:s3:::logs/AWSLogs/o-exampleorgid/*"]}, 0),
        ({"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::logs"}, 0),
        ({"Resource": "arn:aws:s3:::logs/AWSLogs/*"}, 1),
        ({"Resource": ["arn:aws:s3:::logs/AWSLogs/444455556666/*", "arn:aws:s3:::logs/*"]}, 1),
        ({"Action": ["s3:GetBucketAcl", "s3:PutObject"]}, 1),
    ],
)
def test_a_service_puts_the_account_it_delivers_for_into_the_key(change: dict[str, Any], count: int):
    assert len(said("policies.service_without_source", bucket_policy({**DELIVERY, **change}))) == count


def test_a_deny_of_other_sources_suffices_and_other_denies_do_not():
    refusing = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": OBJECTS}
    others = {**refusing, "Condition": {"StringNotEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}}
    plain = {**refusing, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert said("policies.service_without_source", bucket_policy(DELIVERY, others)) == []
    assert len(said("policies.service_without_source", bucket_policy(DELIVERY, plain))) == 1


def test_what_aws_encrypts_names_the_resource_and_a_service_is_known_without_its_region():
    logs = {"Principal": {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}}, "Action": "kms:Encrypt", "Resource": "*"}
    context = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}}
    events = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*"}

    def key(*statements: dict[str, Any]) -> dict[str, Any]:
        return {"K": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(*statements)}}}

    assert said("policies.service_without_source", key({**logs, "Condition": context}, events)) == []
    (found,) = said("policies.service_without_source", key(logs, events))
    assert "logs.eu-west-1.amazonaws.com" in found


def test_a_statement_of_an_event_bus_has_no_document_around_it():
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "events:PutEvents", "Resource": "*"}
    bus = {"B": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"StatementId": "one", "Statement": statement}}}
    assert len(said("policies.service_without_source", bus)) == 1


# --- what is not known ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "policy",
    [
        WHAT,
        {"Version": "2012-10-17", "Statement": [{"Fn::If": ["Wanted", {"Effect": "Allow", "Action": "*", "Resource": "*"}, NOTHING]}]},
        {"Fn::If": ["Wanted", {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, NOTHING]},
    ],
)
def test_a_policy_that_is_not_known_is_told_once(policy: Any):
    resources = {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}}
    found = [each for rule in OURS for each in said(rule.id, resources)]
    assert len(found) == 1
    assert found[0].startswith("note: PolicyDocument: what it allows, by Not... or otherwise, is not known")


# --- trust -----------------------------------------------------------------------------------------------------------------------------


def test_accounts_of_one_app_trust_one_another():
    trusting = role({"AWS": f"arn:aws:iam::{OTHER}:root"})
    rule = "policies.outsider_without_condition"
    assert len(said(rule, trusting)) == 1
    assert said(rule, trusting, stack_of({"B": {"Type": "AWS::S3::Bucket"}}, OTHER)) == []


def test_an_account_may_be_a_number_or_open():
    rule = "policies.outsider_without_condition"
    (number,) = said(rule, role({"AWS": int(OTHER)}))
    assert number.startswith(f"error: AssumeRolePolicyDocument: statement 1 lets everybody whom account {OTHER} lets")
    (open_,) = said(rule, role({"AWS": {"Fn::Sub": "arn:aws:iam::${What}:root"}}))
    assert open_.startswith("note: ")
    assert said(rule, role({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}})) == []


def test_everybody_is_narrowed_by_an_account_and_an_account_is_not():
    rule = "policies.outsider_without_condition"
    condition = {"Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER}}}
    assert said(rule, role("*", trust=condition)) == []
    assert len(said(rule, role({"AWS": OTHER}, trust=condition))) == 1


# --- identities ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "severity"), [("iam:PassRole", "error"), ("iam:Pass*", "error"), ("iam:*", None), ("*", None)])
def test_whoever_may_do_everything_is_found_by_others(action: str, severity: str | None):
    found = said("policies.pass_role_without_service", managed({"Action": action, "Resource": "*"}))
    assert [each.partition(":")[0] for each in found] == ([] if severity is None else [severity])


def test_a_boundary_may_allow_all_but_a_few():
    all_but = {"NotAction": "iam:*", "Resource": "*"}
    bounded = role({"Service": "glue.amazonaws.com"}, PermissionsBoundary={"Ref": "P"})
    assert said("policies.allow_with_not", {**managed(all_but), **bounded}) == []
    assert len(said("policies.allow_with_not", managed(all_but))) == 1


def test_a_wildcard_is_a_characters_own_escape_and_a_tags_value():
    rule = "policies.wildcard_under_equals"

    def of(key: str, value: Any) -> list[str]:
        return said(rule, managed({"Action": "s3:GetObject", "Resource": OBJECTS, "Condition": {"StringEquals": {key: value}}}))

    assert of("s3:prefix", "home/${*}") == []
    assert of("aws:ResourceTag/team", "*") == []
    assert of("aws:SourceArn", {"Fn::Sub": "arn:aws:s3:::${What}"}) == []
    (found,) = of("kms:ViaService", "s3.*.amazonaws.com")
    assert found.endswith("allowed is StringLike")


def test_two_statements_that_deny_the_same_are_one():
    rule = "policies.deny_misses_half"
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": condition}
    on_bucket, on_objects = {**deny, "Resource": "arn:aws:s3:::lake"}, {**deny, "Resource": OBJECTS}
    assert said(rule, bucket_policy(on_bucket, on_objects)) == []
    assert len(said(rule, bucket_policy(on_bucket))) == 1
    assert said(rule, bucket_policy({**deny, "Resource": "arn:aws:s3:::lake*"})) == []
    made = {"B": {"Type": "AWS::S3::Bucket"}, **bucket_policy({**deny, "Resource": {"Fn::GetAtt": ["B", "Arn"]}})}
    assert len(said(rule, made)) == 1


# --- people in a lake ------------------------------------------------------------------------------------------------------------------

SETTINGS = {"S": {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": {"Admins": []}}}
WRITES = {"Action": "lakeformation:*", "Resource": "*"}


def test_a_deny_beside_takes_the_settings_away():
    rule = "policies.settings_by_iam"
    denied = {"Effect": "Deny", "Action": "lakeformation:PutDataLakeSettings", "Resource": "*"}
    assert len(said(rule, {**SETTINGS, **role(None, WRITES)})) == 1
    assert said(rule, {**SETTINGS, **role(None, WRITES, denied)}) == []
    (conditional,) = said(rule, {**SETTINGS, **role(None, {**WRITES, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})})
    assert conditional.startswith("note: ")


def test_the_settings_are_of_no_concern_where_there_is_no_lake():
    assert said("policies.settings_by_iam", role(None, WRITES)) == []


def test_users_and_permission_sets_are_people():
    rule = "policies.settings_by_iam"
    user = {"U": {"Type": "AWS::IAM::User", "Properties": {"Policies": [{"PolicyName": "own", "PolicyDocument": document(WRITES)}]}}}
    assert len(said(rule, {**SETTINGS, **user})) == 1
    permission_set = {"Type": "AWS::SSO::PermissionSet", "Properties": {"Name": "Analyst", "InlinePolicy": document(WRITES)}}
    assigned = {
        "Type": "AWS::SSO::Assignment",
        "Properties": {"PermissionSetArn": {"Ref": "Set"}, "TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT"},
    }
    assert len(said(rule, {**SETTINGS, "Set": permission_set, "Assigned": assigned})) == 1


DATA = {"Action": "lakeformation:GetDataAccess", "Resource": "*"}
FILES = {"Action": "s3:GetObject", "Resource": OBJECTS}


def location(**properties: Any) -> dict[str, Any]:
    given = {"ResourceArn": "arn:aws:s3:::lake", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Location", "UseServiceLinkedRole": False}
    return {"L": {"Type": "AWS::LakeFormation::Resource", "Properties": {**given, **properties}}}


def test_files_in_hybrid_mode_are_read_from_s3_as_well():
    rule = "policies.data_access_beside_s3"
    assert len(said(rule, {**location(), **role(None, DATA, FILES)})) == 1
    assert said(rule, {**location(HybridAccessEnabled=True), **role(None, DATA, FILES)}) == []


def test_a_writer_reads_its_files():
    name = {"RoleName": "Job"}
    insert = {
        "Type": "AWS::LakeFormation::PrincipalPermissions",
        "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/Job"},
            "Resource": {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}},
            "Permissions": ["INSERT"],
            "PermissionsWithGrantOption": [],
        },
    }
    rule = "policies.data_access_beside_s3"
    assert len(said(rule, {**location(), **role(None, DATA, FILES, **name)})) == 1
    assert said(rule, {**location(), **role(None, DATA, FILES, **name), "G": insert}) == []


def test_files_of_another_account_are_meant_when_their_bucket_is_named():
    rule = "policies.data_access_beside_s3"
    owner = stack_of(location(), OTHER)
    assert len(said(rule, role(None, DATA, FILES), owner)) == 1
    assert said(rule, role(None, DATA, {**FILES, "Resource": "*"}), owner) == []
    assert len(said(rule, {**location(), **role(None, DATA, {**FILES, "Resource": "*"})})) == 1


@pytest.mark.parametrize(
    ("key", "also", "complaints"),
    [
        ("dynamodb:LeadingKeys", {}, 1),
        ("dynamodb:LeadingKeys", {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "*"}}, 0),
        ("dynamodb:LeadingKeys", {"Null": {"dynamodb:Attributes": "false"}}, 1),
        ("AWS:TagKeys", {}, 0),
    ],
)
def test_another_condition_may_ask_for_the_key(key: str, also: dict[str, Any], complaints: int):
    condition = {"ForAllValues:StringEquals": {key: ["a"]}, **also}
    statement = {"Action": "dynamodb:Query", "Resource": "*", "Condition": condition}
    assert len(said("policies.for_all_values_without_key", managed(statement))) == complaints
