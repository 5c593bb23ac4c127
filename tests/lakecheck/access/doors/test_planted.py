"""Leaks planted in a plain CloudFormation template, as other people write them: each is found with its door, and without it nothing is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lakecheck.access.doors import LEAKS
from lakecheck.access.doors.access_grants import access_grants
from lakecheck.access.doors.access_points import access_points
from lakecheck.access.doors.replicas import replicas
from lakecheck.access.doors.s3 import s3
from lakecheck.access.model import Action, DatasetKind
from lakecheck.access.questions import Questions
from lakecheck.assembly.model import Assembly, StackTemplate
from lakecheck.assembly.resolution import resolve
from lakecheck.estate.build import build_estate

ACCOUNT = "444455556666"
PARTNER = "999999999999"
DOORS = (s3, access_points, access_grants, replicas)

Template = dict[str, Any]


def att(logical_id: str, name: str = "Arn") -> Template:
    """`Fn::GetAtt`."""
    return {"Fn::GetAtt": [logical_id, name]}


def below(logical_id: str, prefix: str = "*", separator: str = "/") -> Template:
    """Objects below a resource."""
    return {"Fn::Join": ["", [att(logical_id), separator, prefix]]}


def document(*statements: Template) -> Template:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Template:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def make_role(trusted: Template, *statements: Template, attached: list[str] | None = None) -> Template:
    """A role with an inline policy."""
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted})
    policies = [{"PolicyName": "Own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies, "ManagedPolicyArns": attached or []},
    }


def make_bucket(**more: Any) -> Template:
    """A private bucket under the lake's key."""
    blocked = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": att("Key")}}
    properties = {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
        "PublicAccessBlockConfiguration": blocked,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    }
    return {"Type": "AWS::S3::Bucket", "Properties": {**properties, **more}}


def make_policy(bucket: str, *statements: Template) -> Template:
    """A bucket policy."""
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": bucket}, "PolicyDocument": document(*statements)}}


def make_key(*more: Template) -> Template:
    """The lake's key, left to IAM, and open to these as well."""
    statements = [allow("kms:*", Principal=PEOPLE), *(allow("kms:Decrypt", Principal=each) for each in more)]
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(*statements)}}


PEOPLE = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
KEYED = allow(["kms:Decrypt"], att("Key"))
PLAIN = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}

BASE: Template = {
    "Key": make_key(),
    "Lake": make_bucket(),
    "Results": make_bucket(**PLAIN),
    "Database": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "sales"}}},
    "Table": {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Database"},
            "TableInput": {
                "Name": "customers",
                "StorageDescriptor": {
                    "Columns": [{"Name": "email", "Type": "string"}],
                    "Location": {"Fn::Sub": "s3://${Lake}/sales/customers/"},
                },
            },
        },
    },
    "Workgroup": {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": "analysts",
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "ResultConfiguration": {"OutputLocation": {"Fn::Sub": "s3://${Results}/analysts/"}},
            },
        },
    },
    "Analyst": make_role(PEOPLE, allow(["athena:StartQueryExecution", "athena:GetQueryResults"])),
    "Developer": make_role(PEOPLE, allow("logs:*")),
}

DELEGATE = make_policy(
    "Lake",
    allow("s3:*", below("Lake"), Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": {"Ref": "AWS::AccountId"}}}),
)
POINT: Template = {
    "Type": "AWS::S3::AccessPoint",
    "Properties": {
        "Bucket": {"Ref": "Lake"},
        "Name": "side-door",
        "Policy": document(
            allow(
                "s3:GetObject",
                {"Fn::Sub": "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/side-door/object/*"},
                Principal={"AWS": att("Developer")},
            )
        ),
    },
}
RULE: Template = {
    "Role": att("Copier"),
    "Rules": [
        {
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"Prefix": "sales/"},
            "Destination": {"Bucket": att("Copy")},
            "DeleteMarkerReplication": {"Status": "Disabled"},
        }
    ],
}
GRANTED: Template = {
    "Instance": {"Type": "AWS::S3::AccessGrantsInstance", "Properties": {}},
    "Location": {
        "Type": "AWS::S3::AccessGrantsLocation",
        "Properties": {"LocationScope": {"Fn::Sub": "s3://${Lake}/*"}, "IamRoleArn": att("Lender")},
    },
    "Grant": {
        "Type": "AWS::S3::AccessGrant",
        "Properties": {
            "AccessGrantsLocationId": att("Location", "AccessGrantsLocationId"),
            "AccessGrantsLocationConfiguration": {"S3SubPrefix": "sales/*"},
            "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": att("Developer")},
            "Permission": "READ",
        },
    },
    "Lender": make_role({"Service": "access-grants.s3.amazonaws.com"}, allow("s3:GetObject", below("Lake")), KEYED),
    "Developer": make_role(PEOPLE, allow("s3:GetDataAccess")),
}

PLANTED: list[Any] = [
    pytest.param({"Developer": make_role(PEOPLE, allow("s3:Get*", below("Lake")), KEYED)}, "s3", id="direct grant"),
    pytest.param({"Developer": make_role(PEOPLE, {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})}, "s3", id="NotAction"),
    pytest.param(
        {"Developer": make_role(PEOPLE, {"Effect": "Allow", "Action": ["s3:GetObject", "kms:Decrypt"], "NotResource": below("Results")})},
        "s3",
        id="NotResource",
    ),
    pytest.param(
        {"Developer": make_role(PEOPLE, attached=["arn:aws:iam::aws:policy/AdministratorAccess"])},
        "s3",
        id="managed policy",
    ),
    pytest.param(
        {
            "Policy": make_policy("Lake", allow("s3:GetObject", below("Lake"), Principal={"AWS": att("Developer")})),
            "Key": make_key({"AWS": "*"}),
        },
        "s3",
        id="bucket and key policy",
    ),
    pytest.param(
        {"Lake": make_bucket(**PLAIN), "Policy": make_policy("Lake", allow("s3:GetObject", below("Lake"), Principal="*"))},
        "s3",
        id="everybody",
    ),
    pytest.param({"Point": POINT, "Policy": DELEGATE, "Developer": make_role(PEOPLE, KEYED)}, "access_point", id="access point"),
    pytest.param(GRANTED, "access_grant", id="access grant"),
    pytest.param(
        {
            "Lake": make_bucket(ReplicationConfiguration=RULE),
            "Copy": make_bucket(**PLAIN),
            "Copier": make_role({"Service": "s3.amazonaws.com"}),
            "Developer": make_role(PEOPLE, allow("s3:GetObject", below("Copy"))),
        },
        "replica",
        id="replica",
    ),
]


def asked(planted: Template) -> Questions:
    """The estate of the base with what is planted."""
    template = {"Resources": copy.deepcopy({**BASE, **planted})}
    stack = StackTemplate(
        environment="Prod", account=ACCOUNT, region="eu-west-1", stack_name="Lake", path="Prod/Lake", parent=None, file="", size=0,
        template=template, bare=template, construct_paths={}, sources={}, termination_protection=False,
    )  # fmt: skip
    return Questions(build_estate(resolve([Assembly(directory="cdk.out", version="", stacks=(stack,))])))


def read_by(questions: Questions, logical_id: str) -> dict[str, str]:
    """The doors through which a role reads the table, each with its truth."""
    found = (access for door in DOORS for access in door(questions) if access.dataset.kind is DatasetKind.TABLE)
    return {
        access.door.value: access.conditions.truth.value
        for access in found
        if access.action is Action.READ and access.principal.origin is not None and access.principal.origin.logical_id == logical_id
    }


def test_without_a_leak_nobody_reads() -> None:
    """The base is shut: no principal reaches the table's objects, by any door, for any action."""
    questions = asked({})
    assert questions.estate.tables[0].location.endswith("/sales/customers/")
    assert [access for door in DOORS for access in door(questions)] == []
    assert [leak for door in LEAKS for leak in door(questions)] == []


@pytest.mark.parametrize(("planted", "door"), PLANTED)
def test_a_planted_leak_is_found_with_its_door(planted: Template, door: str) -> None:
    """The developer reads the table for sure, by that door and no other."""
    assert read_by(asked(planted), "Developer") == {door: "true"}


def test_results_of_others_are_found() -> None:
    """Who reads the result prefix reads what the analyst reads."""
    questions = asked({"Developer": make_role(PEOPLE, allow("s3:GetObject", below("Results", "analysts/*")))})
    (leak,) = [leak for door in LEAKS for leak in door(questions)]
    assert (leak.source.origin.logical_id, leak.member.origin.logical_id) == ("Developer", "Analyst")  # type: ignore[union-attr]
    assert (leak.step.door.value, leak.conditions.truth.value) == ("athena_results", "true")


def test_temporary_files_of_a_job_are_found() -> None:
    """Who reads a job's temporary folder reads what its role reads."""
    job = {
        "Type": "AWS::Glue::Job",
        "Properties": {
            "Role": att("Runner"),
            "Command": {"Name": "glueetl", "ScriptLocation": "s3://scripts/job.py"},
            "DefaultArguments": {"--TempDir": {"Fn::Sub": "s3://${Results}/tmp/"}},
        },
    }
    runner = make_role({"Service": "glue.amazonaws.com"}, allow("s3:*", below("Lake")), KEYED)
    questions = asked({"Job": job, "Runner": runner, "Developer": make_role(PEOPLE, allow("s3:GetObject", below("Results", "tmp/*")))})
    (leak,) = [leak for door in LEAKS for leak in door(questions)]
    assert (leak.source.origin.logical_id, leak.member.origin.logical_id) == ("Developer", "Runner")  # type: ignore[union-attr]
    assert leak.step.door.value == "temporary_files"


def test_an_account_outside_is_found() -> None:
    """A bucket and key opened to a partner's account are read by somebody there."""
    partner = {"AWS": PARTNER}
    questions = asked({"Key": make_key(partner), "Policy": make_policy("Lake", allow("s3:GetObject", below("Lake"), Principal=partner))})
    found = [access for door in DOORS for access in door(questions) if access.dataset.kind is DatasetKind.TABLE]
    assert {(access.principal.account, access.action.value, access.conditions.truth.value) for access in found} == {
        (PARTNER, "read", "true")
    }
