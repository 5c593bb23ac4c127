"""Changes that happened to others: what an upgrade lost, or failed on, by the issue or changelog that tells of it, and what passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.judges import JUDGES, RULES
from lakecheck.upgrade.review import FAILING
from tests.lakecheck.upgrade.known_cases import CASES, FUNCTION, KEEP, MAPPING, TAGGED, TARGET, Case, keyed, one, ref, subnet
from tests.lakecheck.upgrade.support import stack, state

if TYPE_CHECKING:
    from lakecheck.snapshot import Snapshot
    from tests.lakecheck.upgrade.known_cases import Resources


def failing(base: Snapshot, head: Snapshot) -> tuple[str, ...]:
    """Rules and places of everything that fails."""
    comparison = compare(base, head)
    risks = [risk for judge in JUDGES for risk in judge(comparison) if risk.category in FAILING]
    assert {risk.rule for risk in risks} <= set(RULES)
    told = {f"{risk.rule}{'' if risk.is_certain else '?'} {risk.logical_id or risk.property}" for risk in risks}
    return tuple(sorted(told))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_happened_to_others_is_told(case: Case) -> None:
    """That alone fails, and nothing when it is deployed again."""
    shared = case.shared if case.shared is not None else {"Alarm": one("SNS::Topic")}
    base, head = (state(stack({**shared, **resources}, sections=case.sections)) for resources in (case.base, case.head))
    assert failing(base, head) == tuple(sorted(case.fails))
    assert failing(head, head) == ()


def exported(value: Any, *, name: str = "e", imported: str = "e", **resources: Resources) -> Snapshot:
    """A stack that exports a value, and another one that imports one."""
    output = {"Outputs": {"O": {"Value": value, "Export": {"Name": name}}}}
    reader = {"Reader": one("SSM::Parameter", Type="String", Value={"Fn::ImportValue": imported} if imported else "none")}
    return state(stack(resources, "Storage", sections=output), stack(reader, "Api"))


STREAM = {"StreamViewType": "NEW_IMAGE"}


@pytest.mark.parametrize(
    ("base", "head", "fails"),
    [
        # https://github.com/linz/geostore/issues/630: what moves to another stack is exported no more
        (
            exported(ref("Data"), Data=one("S3::Bucket", also=KEEP)),
            exported("none", name="other", imported="", Data=one("S3::Bucket", also=KEEP)),
            ("collision.export_removed Outputs.O",),
        ),
        # https://github.com/aws/aws-cdk/issues/24748: another attribute is another export
        (
            exported(ref("Balancer"), name="Ref", imported="Ref", Balancer=one("ElasticLoadBalancingV2::LoadBalancer")),
            exported(
                {"Fn::GetAtt": ["Balancer", "LoadBalancerFullName"]},
                name="Name",
                imported="Name",
                Balancer=one("ElasticLoadBalancingV2::LoadBalancer"),
            ),
            ("collision.export_removed Outputs.O",),
        ),
        # https://github.com/aws-amplify/amplify-cli/issues/13674: the stream of a table that is made anew
        (
            exported({"Fn::GetAtt": ["Table", "StreamArn"]}, Table=keyed("id", StreamSpecification=STREAM)),
            exported({"Fn::GetAtt": ["Table", "StreamArn"]}, Table=keyed("tenant", StreamSpecification=STREAM)),
            ("collision.export_changed Outputs.O", "data_loss.replaced Table"),
        ),
        # An exported resource that goes although its export stays
        (
            exported(ref("Queue"), Queue=one("SQS::Queue", QueueName="q"), Other=one("SQS::Queue")),
            exported(ref("Other"), Other=one("SQS::Queue")),
            ("collision.export_changed Outputs.O", "data_loss.deleted Queue"),
        ),
        # https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk/Stack.html#aws_cdk.Stack.export_value: the name it has, written out
        (
            exported(ref("Queue"), Queue=one("SQS::Queue", also=KEEP)),
            exported("https://sqs.eu-west-1.amazonaws.com/444455556666/Prod-Storage-Queue-1ABC", Other=one("SNS::Topic")),
            ("collision.export_changed? Outputs.O",),
        ),
    ],
)
def test_exports_that_others_could_not_change(base: Snapshot, head: Snapshot, fails: tuple[str, ...]) -> None:
    """While another stack imports them."""
    assert failing(base, head) == fails


def test_a_bucket_goes_with_its_nested_stack() -> None:
    """https://github.com/dept/easy-genomics/pull/775: split from the main stack, and the runs of before had no files."""
    bucket = {"Labs": one("S3::Bucket", Tags=TAGGED), "Empty": one("Custom::S3AutoDeleteObjects", ServiceToken="t", BucketName=ref("Labs"))}
    nested = {"path": "Prod/Lake/Data", "parent": "Prod/Lake", "parent_logical_id": "Data", "stack_name": "Prod-Lake-Data"}
    main = stack({"Data": one("CloudFormation::Stack", TemplateURL="https://example.com/d.json")})
    base = state(main, stack(bucket, "Data", **nested))
    assert failing(base, state(stack({"Other": one("SNS::Topic")}))) == ("data_loss.deleted Labs",)
    moved = failing(base, state(stack({"Other": one("SNS::Topic")}), stack(bucket, "Api")))
    assert moved == ("data_loss.moved Labs",)


def test_a_subnet_of_a_vpc_that_is_made_anew_overlaps_nothing() -> None:
    """Neither does one beside the old ones, nor one whose addresses are not known."""

    def app(block: str, **subnets: Resources) -> Snapshot:
        return state(stack({"Vpc": one("EC2::VPC", CidrBlock=block), **subnets}))

    base = app("10.0.0.0/16", A=subnet("10.0.0.0/24"))
    assert failing(base, app("10.0.0.0/16", A=subnet("10.0.0.0/24"), B=subnet("10.0.1.0/24"))) == ()
    assert failing(base, app("10.0.0.0/17", B=subnet("10.0.0.0/24"))) == ()
    assert failing(base, app("10.0.0.0/16", A=subnet("10.0.0.0/24"), B=one("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock=ref("Cidr")))) == ()
    assert failing(base, app("10.0.0.0/16", B=subnet("10.0.0.0/24"))) == ("collision.subnet_overlap B",)


def test_a_log_group_of_a_function_that_never_had_one() -> None:
    """It is made anew with the group, or writes to another one."""
    group = {"Logs": one("Logs::LogGroup", LogGroupName={"Fn::Sub": "/aws/lambda/${Fn}"})}
    image = {**FUNCTION, "Properties": {**FUNCTION["Properties"], "PackageType": "Image"}}
    assert failing(state(stack({"Fn": FUNCTION})), state(stack({"Fn": image, **group}))) == ()
    other = {**FUNCTION, "Properties": {**FUNCTION["Properties"], "LoggingConfig": {"LogGroup": "mine"}}}
    assert failing(state(stack({"Fn": other})), state(stack({"Fn": other, **group}))) == ()


def test_what_is_unique_beside_something_new_is_free() -> None:
    """The mount target of a file system that is made anew, and a trigger of another function."""
    base = {"Files": one("EFS::FileSystem"), "Target1": TARGET}
    head = {"Files": one("EFS::FileSystem", Encrypted=True), "TargetPrivate1": TARGET}
    assert failing(state(stack(base)), state(stack(head))) == ("data_loss.replaced Files",)
    base, head = {"Fn": FUNCTION, "Old": MAPPING}, {"Fn": FUNCTION, "Other": FUNCTION, "New": one("Lambda::EventSourceMapping")}
    head["New"]["Properties"] = {**MAPPING["Properties"], "FunctionName": ref("Other")}
    assert failing(state(stack(base)), state(stack(head))) == ()


def test_a_file_system_without_its_policy_is_open_to_whoever_reaches_it() -> None:
    """That is EFS's default."""
    closed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "elasticfilesystem:*"}]}
    base, head = {"Files": one("EFS::FileSystem", FileSystemPolicy=closed)}, {"Files": one("EFS::FileSystem")}
    assert failing(state(stack(base)), state(stack(head))) == ("security_weakened.policy Files",)
    assert failing(state(stack({})), state(stack(head))) == ()
