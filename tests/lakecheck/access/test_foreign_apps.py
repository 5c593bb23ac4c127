"""The whole command on templates of other people: what may be there is not known, what is known is not doubted, nothing ends in a trace."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from lakecheck.cli import main

ARN = "arn:" + "aws"
ACCOUNT = "111122223333"
RULES = """\
version: 1
invariants:
  - id: nobody
    says: Nobody reads or writes.
    forbid: {do: [read, write]}
"""
NAMED = {"Parameters": {"Who": {"Type": "String"}}, "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Who"}, "x"]}}}


def allow(action: str | list[str], on: str, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": on, **more}]}


def role(name: str, *policies: Any, trust: Any = None) -> dict[str, Any]:
    trusted = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    inline = [{"PolicyName": f"p{number}", "PolicyDocument": each} for number, each in enumerate(policies)]
    properties = {"RoleName": name, "AssumeRolePolicyDocument": trusted if trust is None else trust, "Policies": inline}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


READ = allow("s3:GetObject", f"{ARN}:s3:::lake-data/*")
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-data"}}
TABLE = {
    "Type": "AWS::Glue::Table",
    "Properties": {
        "CatalogId": {"Ref": "AWS::AccountId"},
        "DatabaseName": "sales",
        "TableInput": {
            "Name": "orders",
            "StorageDescriptor": {"Location": "s3://lake-data/orders/", "Columns": [{"Name": "id", "Type": "string"}]},
        },
    },
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a supplement and without invariants."""
    monkeypatch.chdir(tmp_path)


def readers(capsys: pytest.CaptureFixture[str], resources: dict[str, Any], *, dataset: str = "s3://lake-data/", **sections: Any) -> Any:
    """Who reads something by itself, with the verdict, and what is not known, as `lakecheck access` says of one template."""
    capsys.readouterr()
    Path("lake.json").write_text(json.dumps({"Resources": resources, **sections}))
    assert main(["access", "lake.json", "--format", "json", "--parameters", f"AWS::AccountId={ACCOUNT}"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = [each for each in found["accesses"] if each["action"] == "read" and each["dataset"].endswith(dataset) and not each["via"]]
    return {each["principal"].rpartition("/")[2]: each["verdict"] for each in rows}, found["not_known"]


def judged(capsys: pytest.CaptureFixture[str], resources: dict[str, Any], **sections: Any) -> str:
    """The verdict on the invariant that nobody reads or writes."""
    capsys.readouterr()
    Path("access.yaml").write_text(RULES)
    Path("lake.json").write_text(json.dumps({"Resources": resources, **sections}))
    main(["access", "check", "lake.json", "--invariants", "access.yaml", "--format", "json"])
    (one,) = json.loads(capsys.readouterr().out)["invariants"]
    return str(one["verdict"])


# --- what may be there ------------------------------------------------------------------------------------------------------------------


def test_a_role_that_may_not_exist_may_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Its condition has no known value; that of a role beside it is known."""
    perhaps = {**role("Perhaps"), "Condition": "Wanted"}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "PolicyDocument": READ, "Roles": ["Perhaps"]}}
    lake = {"Data": BUCKET, "Perhaps": perhaps, "Policy": policy}
    found, _ = readers(capsys, {**lake, "Surely": role("Surely", READ)}, **NAMED)
    assert found == {"Perhaps": "unknown", "Surely": "yes"}
    assert judged(capsys, lake, **NAMED) == "unknown"


def test_a_parameter_may_name_any_principal(capsys: pytest.CaptureFixture[str]) -> None:
    """In a bucket's policy, and in a grant: each role may be meant, by the account or by its ARN."""
    named = {"Bucket": "lake-data", "PolicyDocument": allow("s3:GetObject", f"{ARN}:s3:::lake-data/*", Principal={"AWS": {"Ref": "Who"}})}
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": named}
    found, _ = readers(capsys, {"Data": BUCKET, "Policy": policy, "Bystander": role("Bystander")}, **NAMED)
    assert found["Bystander"] == "unknown"
    vended = allow(["lakeformation:GetDataAccess", "glue:GetTable", "glue:GetDatabase"], "*")
    granted = {
        "DataLakePrincipal": {"DataLakePrincipalIdentifier": {"Ref": "Who"}},
        "Resource": {"TableResource": {"DatabaseName": "sales", "Name": "orders"}},
        "Permissions": ["SELECT"],
    }
    location = {
        "Type": "AWS::LakeFormation::Resource",
        "Properties": {"ResourceArn": f"{ARN}:s3:::lake-data", "UseServiceLinkedRole": True},
    }
    nobody = [{"Principal": {"DataLakePrincipalIdentifier": "nobody"}, "Permissions": []}]
    settings = {"CreateDatabaseDefaultPermissions": nobody, "CreateTableDefaultPermissions": nobody}
    lake = {
        "Data": BUCKET,
        "Orders": TABLE,
        "Settings": {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": settings},
        "Location": location,
        "Grant": {"Type": "AWS::LakeFormation::Permissions", "Properties": granted},
        "Engine": role("Engine", vended),
        "Bystander": role("Bystander"),
    }
    found, _ = readers(capsys, lake, dataset="sales.orders", **NAMED)
    assert found == {"Engine": "unknown", "{parameter Who of lake}": "unknown"}


def test_the_policy_of_a_bucket_that_a_parameter_names(capsys: pytest.CaptureFixture[str]) -> None:
    """It may be that of a bucket without a policy of its own, never of one that has one."""
    document = allow("s3:GetObject", f"{ARN}:s3:::*", Principal={"AWS": f"{ARN}:iam::{ACCOUNT}:role/Reader"})
    unclear = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Who"}, "PolicyDocument": document}}
    lake = {"Data": BUCKET, "Unclear": unclear, "Reader": role("Reader")}
    assert readers(capsys, lake, **NAMED)[0]["Reader"] == "unknown"
    refused = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:Put*", "Resource": f"{ARN}:s3:::*"}],
    }
    own = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Data"}, "PolicyDocument": refused}}
    assert "Reader" not in readers(capsys, {**lake, "Own": own}, **NAMED)[0]


def test_a_crawlers_tables_are_judged_and_doubt_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the files reads them; nobody does where nobody reads the bucket, which is proved."""
    targets = {"S3Targets": [{"Path": "s3://lake-data/raw/"}]}
    crawler = {"Type": "AWS::Glue::Crawler", "Properties": {"Role": "Crawls", "DatabaseName": "raw", "Targets": targets}}
    crawls = role(
        "Crawls", trust={"Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    )
    lake = {"Data": BUCKET, "Crawler": crawler, "Crawls": crawls}
    found, unknown = readers(capsys, {**lake, "Reader": role("Reader", READ)}, dataset="finds below s3://lake-data/raw/}")
    assert (found, unknown) == ({"Reader": "yes"}, [])
    assert judged(capsys, lake) == "proved"
    assert judged(capsys, {**lake, "Reader": role("Reader", READ)}) == "refuted"


def test_an_import_that_is_not_there_doubts_only_what_it_is_in(capsys: pytest.CaptureFixture[str]) -> None:
    """A network's id from another app is no reason to doubt the data; a policy with it is."""
    network = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"VpcId": {"Fn::ImportValue": "network-vpc"}, "GroupDescription": "x"}}
    lake = {"Data": BUCKET, "Network": network, "Reader": role("Reader", allow("s3:GetObject", f"{ARN}:s3:::elsewhere/*"))}
    assert readers(capsys, lake) == ({}, [])
    imported = allow("s3:GetObject", {"Fn::Join": ["", [{"Fn::ImportValue": "bucket-arn"}, "/*"]]})  # type: ignore[arg-type]
    assert readers(capsys, {**lake, "Reader": role("Reader", imported)})[0] == {"Reader": "unknown"}


def test_a_serverless_function_reads_with_its_role(capsys: pytest.CaptureFixture[str]) -> None:
    """The role that the transform makes has the rights that the function states, and no more."""
    policies = [{"S3ReadPolicy": {"BucketName": {"Ref": "Data"}}}, "AWSLambdaBasicExecutionRole"]
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "i.h", "Runtime": "python3.12", "Policies": policies}}
    lake = {"Data": BUCKET, "Load": function}
    found, unknown = readers(capsys, lake, Transform="AWS::Serverless-2016-10-31")
    assert (list(found.values()), unknown) == (["yes"], [])
    quiet = {**function, "Properties": {**function["Properties"], "Policies": []}}  # type: ignore[dict-item]
    assert judged(capsys, {"Data": BUCKET, "Load": quiet}, Transform="AWS::Serverless-2016-10-31") == "proved"


def test_a_number_names_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudFormation takes numbers for texts, also in a policy."""
    named = {"Bucket": {"Ref": "Data"}, "PolicyDocument": allow("s3:GetObject", f"{ARN}:s3:::lake-data/*", Principal={"AWS": 999988887777})}
    found, unknown = readers(capsys, {"Data": BUCKET, "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": named}})
    assert (list(found.values()), unknown) == (["yes"], [])


# --- what is broken ---------------------------------------------------------------------------------------------------------------------

WHOLE: dict[str, Any] = {
    **NAMED,
    "Resources": {
        "Data": BUCKET,
        "Orders": TABLE,
        "Reader": {**role("Reader", READ), "Condition": "Wanted"},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Data"}, "PolicyDocument": allow("s3:*", "*", Principal={"AWS": {"Ref": "Who"}})},
        },
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": allow("kms:*", "*", Principal={"AWS": {"Ref": "AWS::AccountId"}})}},
        "Grant": {
            "Type": "AWS::LakeFormation::PrincipalPermissions",
            "Properties": {
                "Principal": {"DataLakePrincipalIdentifier": {"Fn::GetAtt": ["Reader", "Arn"]}},
                "Resource": {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "zone", "TagValues": ["raw"]}]}},
                "Permissions": ["SELECT"],
            },
        },
        "Crawler": {
            "Type": "AWS::Glue::Crawler",
            "Properties": {"Role": {"Ref": "Reader"}, "DatabaseName": "raw", "Targets": {"S3Targets": [{"Path": "s3://lake-data/raw"}]}},
        },
    },
}
JUNK: tuple[Any, ...] = (
    None, "", 0, 1.5, True, [], {}, [[]], [None], "x" * 10_000, "\x00", "\u202e\ue000", "*", "${A}", {"Ref": "Nope"},
    {"Ref": "AWS::NoValue"},
    {"Fn::GetAtt": ["a"]}, {"Fn::If": ["Wanted", 1]}, {"Fn::If": ["Wanted", {}, {"Ref": "AWS::NoValue"}]}, {"Fn::Sub": ["${x}", None]},
    {"Fn::Transform": {"Name": "M"}}, {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}, {"Version": 1},
)  # fmt: skip


def mutated(seed: int) -> dict[str, Any]:
    """The whole template with some of its values taken for junk, moved, wrapped or left out."""
    chance = random.Random(seed)  # noqa: S311
    template = copy.deepcopy(WHOLE)
    for _ in range(chance.choice((1, 2, 5, 12))):
        places: list[tuple[Any, Any]] = []
        todo: list[Any] = [template]
        while todo:
            each = todo.pop()
            inner = list(each.items()) if isinstance(each, dict) else list(enumerate(each)) if isinstance(each, list) else []
            places += [(each, key) for key, _ in inner]
            todo += [value for _, value in inner]
        if not places:
            break
        holder, key = chance.choice(places)
        kind = chance.random()
        if kind < 0.6:
            holder[key] = copy.deepcopy(chance.choice(JUNK))
        elif kind < 0.75:
            holder[key] = {"a": holder[key]} if isinstance(holder[key], list) else [holder[key]]
        elif kind < 0.9:
            other, where = chance.choice(places)
            holder[key] = copy.deepcopy(other[where])
        else:
            holder[key] = json.dumps(holder[key])
    return template


@pytest.mark.parametrize("seed", range(60))
def test_a_broken_template_is_reported_or_refused(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """By the whole command, in each of its forms; a refusal names the file."""
    Path("broken.json").write_text(json.dumps(mutated(seed)))
    Path("whole.json").write_text(json.dumps(WHOLE))
    Path("access.yaml").write_text(RULES)
    forms = (
        ["broken.json", "--all"],
        ["broken.json", "whole.json", "--format", "json"],
        ["check", "broken.json", "--invariants", "access.yaml"],
        ["diff", "whole.json", "broken.json"],
    )
    code = main(["access", *forms[seed % len(forms)]])
    assert code in {0, 1, 2}
    assert code != 2 or "broken.json" in capsys.readouterr().err


def test_the_same_stack_in_two_assemblies_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither hides what is in the other."""
    for name, reader in (("one", "Ann"), ("two", "Bob")):
        Path(name).mkdir()
        template = {"Resources": {reader: role(reader, READ), **({"Data": BUCKET} if name == "one" else {})}}
        Path(name, "Lake.template.json").write_text(json.dumps(template))
        stack = {"type": "aws:cloudformation:stack", "environment": f"aws://{ACCOUNT}/eu-west-1"}
        artifacts = {"Lake": {**stack, "properties": {"templateFile": "Lake.template.json"}}}
        Path(name, "manifest.json").write_text(json.dumps({"version": "50.0.0", "artifacts": artifacts}))
    assert main(["access", "one", "two", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["principal"].rpartition("/")[2]: each["verdict"] for each in found["accesses"]} == {"Ann": "yes", "Bob": "yes"}
