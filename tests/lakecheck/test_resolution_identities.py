"""What resources are called: by type `Ref`, attributes and ARN, with given and with generated names."""

from __future__ import annotations

import doctest
import json
from typing import Any

import pytest

from lakecheck.assembly import Assembly, identities
from lakecheck.assembly.identity_table import KINDS
from lakecheck.assembly.resolution import arn_of, resolve
from lakecheck.formula import Truth
from lakecheck.iam.globs import match
from lakecheck.values import generated_holes, has_hole, holes, outline
from tests.lakecheck.resolving import ACCOUNT, ANY, REGION, by_id, resolved, stack, value

LONG = "AVeryLongLogicalIdThatLeavesNoRoomForTheNameOfItsStack0123456789"


def named(resource_type: str, properties: dict[str, Any] | None = None, *, logical_id: str = "It", **changed: Any) -> Any:
    template = {"Resources": {logical_id: {"Type": resource_type, "Properties": properties or {}}}}
    return by_id(resolved(stack("Lake", template, **changed)))[logical_id]


def test_the_example_of_the_docstring_runs() -> None:
    """`identify` does what its documentation shows."""
    assert doctest.testmod(identities).attempted > 0
    assert doctest.testmod(identities).failed == 0


HERE = f"{REGION}:{ACCOUNT}"
LAMBDA = {"FunctionName": "f"}


@pytest.mark.parametrize(
    ("resource_type", "properties", "ref", "arn"),
    [
        ("AWS::S3::Bucket", {"BucketName": "raw"}, "raw", "s3:::raw"),
        ("AWS::S3::AccessPoint", {"Name": "door"}, "door", f"s3:{HERE}:accesspoint/door"),
        ("AWS::S3::MultiRegionAccessPoint", {"Name": "all"}, "all", f"s3::{ACCOUNT}:accesspoint/*"),
        ("AWS::S3::AccessGrantsInstance", {}, "ARN", f"s3:{HERE}:access-grants/default"),
        ("AWS::S3::AccessGrantsLocation", {}, "*", f"s3:{HERE}:access-grants/default/location/*"),
        ("AWS::S3::AccessGrant", {}, "*", f"s3:{HERE}:access-grants/default/grant/*"),
        ("AWS::KMS::Key", {}, "*", f"kms:{HERE}:key/*"),
        ("AWS::KMS::Alias", {"AliasName": "alias/lake"}, "alias/lake", f"kms:{HERE}:alias/lake"),
        ("AWS::IAM::Role", {"RoleName": "r"}, "r", f"iam::{ACCOUNT}:role/r"),
        ("AWS::IAM::Role", {"RoleName": "r", "Path": "/lake/"}, "r", f"iam::{ACCOUNT}:role/lake/r"),
        ("AWS::IAM::User", {"UserName": "u", "Path": "/p/"}, "u", f"iam::{ACCOUNT}:user/p/u"),
        ("AWS::IAM::Group", {"GroupName": "g"}, "g", f"iam::{ACCOUNT}:group/g"),
        ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "m", "Path": "/p/"}, "ARN", f"iam::{ACCOUNT}:policy/p/m"),
        ("AWS::IAM::InstanceProfile", {"InstanceProfileName": "i"}, "i", f"iam::{ACCOUNT}:instance-profile/i"),
        ("AWS::IAM::OIDCProvider", {"Url": "https://id.example.com/x"}, "ARN", f"iam::{ACCOUNT}:oidc-provider/id.example.com/x"),
        ("AWS::Lambda::Function", LAMBDA, "f", f"lambda:{HERE}:function:f"),
        ("AWS::Lambda::Alias", {**LAMBDA, "Name": "live"}, "ARN", f"lambda:{HERE}:function:f:live"),
        ("AWS::Lambda::Version", {"FunctionName": f"{ACCOUNT}:function:f"}, "ARN", f"lambda:{HERE}:function:f:*"),
        ("AWS::Glue::Job", {"Name": "j"}, "j", f"glue:{HERE}:job/j"),
        ("AWS::Glue::Database", {"DatabaseInput": {"Name": "d"}}, "d", f"glue:{HERE}:database/d"),
        ("AWS::Glue::Table", {"DatabaseName": "d", "TableInput": {"Name": "t"}}, "t", f"glue:{HERE}:table/d/t"),
        ("AWS::Glue::Table", {"CatalogId": "1" * 12, "DatabaseName": "d", "Name": "t"}, "t", f"glue:{REGION}:{'1' * 12}:table/d/t"),
        ("AWS::Glue::Crawler", {"Name": "c"}, "c", f"glue:{HERE}:crawler/c"),
        ("AWS::StepFunctions::StateMachine", {"StateMachineName": "s"}, "ARN", f"states:{HERE}:stateMachine:s"),
        ("AWS::Athena::WorkGroup", {"Name": "w"}, "w", f"athena:{HERE}:workgroup/w"),
        ("AWS::SNS::Topic", {"TopicName": "t"}, "ARN", f"sns:{HERE}:t"),
        ("AWS::SQS::Queue", {"QueueName": "q"}, f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q", f"sqs:{HERE}:q"),
        ("AWS::DynamoDB::Table", {"TableName": "t"}, "t", f"dynamodb:{HERE}:table/t"),
        ("AWS::CloudTrail::Trail", {"TrailName": "t"}, "t", f"cloudtrail:{HERE}:trail/t"),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/lake/l"}, "/lake/l", f"logs:{HERE}:log-group:/lake/l"),
        ("AWS::ECS::Cluster", {"ClusterName": "c"}, "c", f"ecs:{HERE}:cluster/c"),
        ("AWS::ECS::TaskDefinition", {"Family": "f"}, "ARN", f"ecs:{HERE}:task-definition/f:*"),
        ("AWS::ECS::Service", {"ServiceName": "s", "Cluster": "c"}, "ARN", f"ecs:{HERE}:service/c/s"),
        ("AWS::EC2::VPCEndpoint", {}, "vpce-*", f"ec2:{HERE}:vpc-endpoint/vpce-*"),
        ("AWS::Redshift::Cluster", {"ClusterIdentifier": "c"}, "c", f"redshift:{HERE}:cluster:c"),
        ("AWS::RedshiftServerless::Namespace", {"NamespaceName": "n"}, "n", f"redshift-serverless:{HERE}:namespace/*"),
        ("AWS::SageMaker::NotebookInstance", {"NotebookInstanceName": "NoteBook"}, "ARN", f"sagemaker:{HERE}:notebook-instance/notebook"),
        ("AWS::CodeBuild::Project", {"Name": "p"}, "p", f"codebuild:{HERE}:project/p"),
        ("AWS::EMR::Cluster", {}, "j-*", f"elasticmapreduce:{HERE}:cluster/j-*"),
        ("AWS::SecretsManager::Secret", {"Name": "s"}, "ARN", f"secretsmanager:{HERE}:secret:s-*"),
        ("AWS::Organizations::Organization", {}, "o-*", f"organizations::{ACCOUNT}:organization/o-*"),
        ("AWS::Events::Rule", {"Name": "r"}, "r", f"events:{HERE}:rule/r"),
        ("AWS::Events::Rule", {"Name": "r", "EventBusName": "b"}, "b|r", f"events:{HERE}:rule/b/r"),
        ("AWS::ApiGateway::RestApi", {}, "*", f"apigateway:{REGION}::/restapis/*"),
        ("AWS::SSM::Parameter", {"Name": "/a/b"}, "/a/b", f"ssm:{HERE}:parameter/a/b"),
        ("AWS::SSM::Parameter", {"Name": "a"}, "a", f"ssm:{HERE}:parameter/a"),
        ("AWS::S3Tables::TableBucket", {"TableBucketName": "t"}, "ARN", f"s3tables:{HERE}:bucket/t"),
    ],
)
def test_names_and_arns(resource_type: str, properties: dict[str, Any], ref: str, arn: str) -> None:
    """By type, as the page of each type says."""
    found = named(resource_type, properties)
    assert outline(found.arn) == f"arn:aws:{arn}"
    assert outline(found.ref) == (f"arn:aws:{arn}" if ref == "ARN" else ref)
    assert arn_of(found) == found.arn


@pytest.mark.parametrize("resource_type", sorted(KINDS))
def test_every_type_has_its_names_whatever_its_properties(resource_type: str) -> None:
    """Without properties, and with properties of the wrong shape, nothing raises and no format is left over."""
    names = [name for name in KINDS[resource_type].name.split("|") if name]
    wrong: dict[str, Any] = {}
    for name in [*names, "Path", "CatalogId", "FunctionName", "Cluster", "EventBusName", "PrimaryKeyArn", "InstanceArn"]:
        wrong[name.split(".")[0]] = {name.split(".")[-1]: ["no text"]} if "." in name else {"no": "text"}
    for properties in ({}, wrong):
        found = named(resource_type, properties)
        for text in (found.ref, found.arn, *found.attributes.values()):
            assert isinstance(text, str)
            assert "{" not in outline(text)
        assert found.ref
        assert found.arn == "" or found.arn.startswith("arn:aws:") or has_hole(found.arn)


@pytest.mark.parametrize(
    ("resource_type", "attribute", "expected"),
    [
        ("AWS::S3::Bucket", "RegionalDomainName", f"lake-it-*.s3.{REGION}.amazonaws.com"),
        ("AWS::Logs::LogGroup", "Arn", f"arn:aws:logs:{HERE}:log-group:Lake-It-*:*"),
        ("AWS::SQS::Queue", "QueueName", "Lake-It-*"),
        ("AWS::RedshiftServerless::Workgroup", "Workgroup.WorkgroupArn", f"arn:aws:redshift-serverless:{HERE}:workgroup/*"),
        ("AWS::Redshift::Cluster", "ClusterNamespaceArn", f"arn:aws:redshift:{HERE}:namespace:*"),
        ("AWS::IAM::ManagedPolicy", "PolicyArn", f"arn:aws:iam::{ACCOUNT}:policy/Lake-It-*"),
    ],
)
def test_attributes(resource_type: str, attribute: str, expected: str) -> None:
    """Those with a form of their own."""
    assert outline(named(resource_type).attributes[attribute]) == expected


@pytest.mark.parametrize(
    ("resource_type", "logical_id", "expected"),
    [
        ("AWS::S3::Bucket", "RawBucket", "lake-rawbucket-*"),
        ("AWS::IAM::Role", "Reader", "Lake-Reader-*"),
        ("AWS::Lambda::Function", "Handler", "Lake-Handler-*"),
        ("AWS::IAM::Role", LONG, "Lake-AVeryLon*"),
        ("AWS::S3::Bucket", LONG, "lake-averylon*"),
        ("AWS::IAM::ManagedPolicy", LONG, f"Lake-{LONG}-*"),
        ("AWS::Glue::Job", "Job", "*"),
        ("AWS::StepFunctions::StateMachine", "Machine", "*"),
    ],
)
def test_generated_names_start_as_far_as_is_sure(resource_type: str, logical_id: str, expected: str) -> None:
    """Stack and logical id where CloudFormation surely uses both; a few letters of the logical id where it may shorten them."""
    found = named(resource_type, logical_id=logical_id)
    name = found.arn.rpartition("/")[2].rpartition(":")[2]
    assert outline(name) == expected
    assert generated_holes(name) == (f"Prod/Lake/{logical_id}",)


def test_of_a_long_name_of_a_stack_a_few_letters_are_sure() -> None:
    """And nothing of the logical id, which may begin anywhere behind them."""
    template = {"Resources": {LONG: {"Type": "AWS::S3::Bucket"}}}
    assert outline(by_id(resolved(stack("ALakeWithANameOfManyLetters", template)))[LONG].ref) == "alakewithanameof*"


def test_a_generated_name_of_a_bucket_has_no_sign_of_an_arn() -> None:
    """A pattern for another bucket whose star may stand for several parts of an ARN does not match it; one for names like it may."""
    bucket = named("AWS::S3::Bucket", logical_id="RawBucket").arn
    assert match("arn:*:s3:::another-bucket/*", f"{bucket}/some/object") is Truth.FALSE
    assert match("arn:*:s3:::lake-rawbucket-x*", f"{bucket}/some/object") is Truth.OPEN
    assert match("arn:*:s3:::lake-rawbucket-*", f"{bucket}/some/object") is Truth.TRUE


def test_generated_names_differ_and_the_same_one_is_the_same() -> None:
    """Of two buckets; of one bucket wherever it is named; of stacks with the same path in two assemblies."""
    template = {"Resources": {"A": {"Type": "AWS::S3::Bucket"}, "B": {"Type": "AWS::S3::Bucket"}}}
    found = by_id(resolved(stack("Lake", template)))
    assert found["A"].ref != found["B"].ref
    twice = [Assembly(directory=name, version="", stacks=(stack("Lake", template, account=name * 12),)) for name in ("1", "2")]
    refs = [each.ref for each in resolve(twice).resources]
    assert len(set(refs)) == len(refs) == 4
    assert [each.origin.stack for each in resolve(twice).resources] == ["Prod/Lake"] * 4


def test_a_bare_template_has_no_stack_name() -> None:
    """Its file's name is not the stack's, so no generated name starts with it, and the stack's name is a hole."""
    template = {"Resources": {"Raw": {"Type": "AWS::S3::Bucket"}, "P": {"Type": ANY, "Properties": {"N": {"Ref": "AWS::StackName"}}}}}
    found = by_id(resolved(stack("lake", template, account=None, region=None), is_template=True))
    assert outline(found["Raw"].ref) == outline(found["P"].properties["N"]) == "*"
    assert generated_holes(found["Raw"].ref)
    assert not generated_holes(found["P"].properties["N"])


def test_an_unbound_account_is_one_hole_throughout_an_assembly() -> None:
    """The same in all of its stacks, another one in another assembly; nothing CloudFormation makes up."""
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}}}
    loose = {"account": None, "region": None}
    one = Assembly(directory="a", version="", stacks=(stack("A", template, **loose), stack("B", template, **loose)))
    first, second = resolve([one]).resources
    assert first.account == second.account == first.arn.split(":")[4]
    assert (first.account == first.region, generated_holes(first.arn), first.partition) == (False, (), "aws")
    two = Assembly(directory="b", version="", stacks=(stack("C", template, **loose),))
    assert len({each.account for each in resolve([one, two]).resources}) == 2


def test_names_from_unknown_values_are_their_holes() -> None:
    """A name from a parameter is as unknown as the parameter, and nothing that CloudFormation makes up."""
    bucket = {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "lake-${P}"}}}}
    found = value({"Fn::GetAtt": "B.Arn"}, resources=bucket, Parameters={"P": {"Type": "String"}})
    assert (outline(found), holes(found), generated_holes(found)) == ("arn:aws:s3:::lake-*", ("parameter P of Prod/Lake",), ())
    assert value({"Ref": "B"}, resources={"B": {**bucket["B"], "Properties": {"BucketName": {"Ref": "AWS::NoValue"}}}}).startswith(
        "lake-b-"
    )


@pytest.mark.parametrize(
    ("resource_type", "attribute", "expected", "generated"),
    [
        ("Custom::Thing", "Arn", "*", False),
        ("AWS::CloudFormation::CustomResource", "Arn", "*", False),
        ("Acme::Any::Thing", "Arn", "*", False),
        ("AWS::IoT::Thing", "Arn", "arn:aws:iot:*", True),
        ("AWS::NoSuch::Thing", "ThingArn", "arn:aws:*", True),
        ("AWS::NoSuch::Thing", "Id", "*", True),
        ("AWS::NoSuch::Thing", "VpcId", "*", False),
        ("AWS::NoSuch::Thing", "Endpoint.Address", "*", False),
        ("AWS::NoSuch::Thing", "RoleArn", "given", False),
    ],
)
def test_other_attributes(resource_type: str, attribute: str, expected: str, generated: bool) -> None:  # noqa: FBT001 - a table
    """Of a type without a row: the property of the name; what AWS surely makes up for it; else what may be anything."""
    resources = {"It": {"Type": resource_type, "Properties": {"RoleArn": "given"}}}
    found = value({"Fn::GetAtt": ["It", attribute]}, resources=resources)
    assert (outline(found), bool(generated_holes(found))) == (expected, generated)
    again = value(
        [{"Fn::GetAtt": ["It", attribute]}, {"Fn::GetAtt": ["It", attribute]}, {"Fn::GetAtt": ["It", "Another"]}], resources=resources
    )
    assert again[0] == again[1] != again[2]


def test_a_type_without_a_row_is_named_by_the_property_that_identifies_it() -> None:
    """`Ref` gives it where it is given; where it is not, what CloudFormation makes up."""
    repository = {"Type": "AWS::ApiGateway::DomainName", "Properties": {"DomainName": "lake.example.com"}}
    assert value({"Ref": "D"}, resources={"D": repository}) == "lake.example.com"
    assert generated_holes(value({"Ref": "D"}, resources={"D": {**repository, "Properties": {}}}))
    assert not generated_holes(value({"Ref": "C"}, resources={"C": {"Type": "Custom::Thing"}}))


def test_the_tables_name_no_type_twice() -> None:
    """What has a row needs no identifier."""
    identifiers = json.loads((identities.files("lakecheck.assembly") / "identifiers.json").read_text())
    assert not set(identifiers) & set(KINDS)
    assert len(identifiers) > 200
