"""Pipelines in a network without a way out: what the job is given, what its role may do there, what it must not need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.network import JobNetwork
from constructs_lib.pipeline import IngestionPipeline, PipelineFoundation, PipelineState
from constructs_lib.pipeline.dependencies import JobDependencies
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.compliance.nag import acknowledged, findings, report
from tests.constructs.pipeline.lake import contract, existing_storage, pipelines, spec, statements
from tests.constructs.pipeline.test_dependencies import zip_of
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

if TYPE_CHECKING:
    from pathlib import Path

JOB = f"arn:aws:iam::{ACCOUNT}:role/Job"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}"
INTERFACE = f"{EC2}:network-interface/eni-1"


class Private:
    """A pipeline whose jobs run in a network of another stack."""

    def __init__(self, folder: Path) -> None:
        app = new_app(folder / "cdk.out")
        network_stack, self.stack = new_stack(app, "Network"), new_stack(app, "Pipelines")
        self.network = JobNetwork(network_stack, "Private", organization_id="o-exampleorgid", endpoints=[])
        wheels = JobDependencies.from_wheels(
            self.stack, "Wheels", zip_of(folder / "job.gluewheels.zip", "wheels/requirements.txt", "wheels/a-1-py3-none-any.whl")
        )
        foundation = PipelineFoundation(
            self.stack, "Foundation", state=PipelineState(network_stack, "State"), dependencies=wheels, network=self.network
        )
        IngestionPipeline(
            self.stack,
            "Flights",
            contract=contract("routes"),
            job_specs={"routes": spec("routes")},
            zones=existing_storage(self.stack),
            foundation=foundation,
        )
        self.report = report(app)
        self.template = template(self.stack)
        self.policy = {"Version": "2012-10-17", "Statement": list(_plain(statements(self.template, "FlightsJobNetworkPolicy")).values())}


def _plain(value: Any) -> Any:
    """A document with what it has of the network's stack as the ids there: `PrivateSubnet1`, and `Private` for the VPC itself."""
    match value:
        case {"Fn::ImportValue": str() as name}:
            found = re.fullmatch(r"Network:ExportsOutputRef(\w*?)[0-9A-F]{16}", name)
            assert found is not None
            return found[1]
        case {"Fn::Join": ["", list() as parts]}:
            return "".join(map(_plain, parts))
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Private:
    return Private(tmp_path_factory.mktemp("private"))


def test_the_job_is_given_every_connection_of_the_network(private: Private) -> None:
    """In their order: Glue takes the first whose subnet is well."""
    (job,) = resources(private.template, "AWS::Glue::Job").values()
    connections = job["Properties"]["Connections"]["Connections"]
    assert _plain(connections) == ["PrivateGlueConnection1", "PrivateGlueConnection2"]


def test_nothing_is_installed_from_an_index(private: Private) -> None:
    """The wheels travel, and pip is told to ask nobody."""
    (job,) = resources(private.template, "AWS::Glue::Job").values()
    arguments = job["Properties"]["DefaultArguments"]
    assert arguments["--python-modules-installer-option"] == "--no-index"
    assert ".gluewheels.zip" in str(arguments["--additional-python-modules"])


def test_a_job_in_glues_own_network_has_neither_connection_nor_rights_in_one() -> None:
    """Without a network nothing is as it was not."""
    stack, _ = pipelines()
    synthesized = template(stack)
    (job,) = resources(synthesized, "AWS::Glue::Job").values()
    assert "Connections" not in job["Properties"]
    assert "ec2:" not in str(synthesized)


INTO = {"MakeInterfaces": [INTERFACE, f"{EC2}:subnet/PrivateSubnet1", f"{EC2}:subnet/PrivateSubnet2", f"{EC2}:security-group/PrivateJobs"]}


@pytest.mark.parametrize(
    ("action", "resource", "context", "word"),
    [
        *(("ec2:CreateNetworkInterface", resource, {}, "allowed") for resource in INTO["MakeInterfaces"]),
        ("ec2:CreateNetworkInterface", f"{EC2}:subnet/subnet-of-others", {}, "implicit_deny"),
        ("ec2:CreateNetworkInterface", f"{EC2}:security-group/sg-of-others", {}, "implicit_deny"),
        ("ec2:DeleteNetworkInterface", INTERFACE, {"ec2:Vpc": f"{EC2}:vpc/Private"}, "allowed"),
        ("ec2:DeleteNetworkInterface", INTERFACE, {"ec2:Vpc": f"{EC2}:vpc/vpc-of-others"}, "implicit_deny"),
        ("ec2:DeleteNetworkInterface", INTERFACE, {}, "implicit_deny"),
        ("ec2:CreateTags", INTERFACE, {"aws:TagKeys": ["aws-glue-service-resource"]}, "allowed"),
        ("ec2:CreateTags", INTERFACE, {"aws:TagKeys": ["aws-glue-service-resource", "owner"]}, "implicit_deny"),
        ("ec2:CreateTags", INTERFACE, {}, "implicit_deny"),
        ("ec2:DeleteTags", f"{EC2}:vpc/Private", {"aws:TagKeys": ["aws-glue-service-resource"]}, "implicit_deny"),
        ("ec2:DescribeSubnets", "*", {"aws:RequestedRegion": REGION}, "allowed"),
        ("ec2:DescribeSubnets", "*", {"aws:RequestedRegion": "us-east-1"}, "implicit_deny"),
        ("ec2:DescribeInstances", "*", {"aws:RequestedRegion": REGION}, "implicit_deny"),
        ("glue:GetConnection", f"{GLUE}:connection/PrivateGlueConnection2", {}, "allowed"),
        ("glue:GetConnection", f"{GLUE}:connection/warehouse", {}, "implicit_deny"),
        ("ec2:AttachNetworkInterface", INTERFACE, {}, "implicit_deny"),
        ("ec2:ModifyNetworkInterfaceAttribute", INTERFACE, {}, "implicit_deny"),
    ],
)
def test_the_role_makes_interfaces_in_this_network_alone(
    private: Private, action: str, resource: str, context: dict[str, Any], word: str
) -> None:
    """What Glue needs to put workers into the subnets, and no other subnet, group, VPC, tag, Region or connection."""
    assert decide(JOB, action, resource, identity=private.policy, context=context).word == word


def test_the_packs_are_content(private: Private) -> None:
    """The wildcards of the network are acknowledged one by one; the job's other policies have what they always have."""
    assert findings(private.report) == []
    rules = acknowledged(private.report)["Pipelines/Flights/JobNetworkPolicy/Resource"]
    assert sorted(rule.partition("IAM5")[2] for rule in rules) == [
        "[Resource::*]",
        f"[Resource::arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/*]",
    ]


@pytest.mark.parametrize("stated", [False, True])
def test_fails_when_the_job_would_ask_an_index_it_cannot_reach(stated: bool) -> None:  # noqa: FBT001 - pytest's way
    """The default, and the index by name: told at synth, with the remedy, instead of at the first run's time-out."""
    stack = new_stack()
    network = JobNetwork(stack, "Private", organization_id="o-exampleorgid", endpoints=[])
    dependencies = JobDependencies.from_index(stack, "Index") if stated else None
    with pytest.raises(DataLakeError, match=r"make job-wheels.*JobDependencies.from_wheels") as caught:
        PipelineFoundation(stack, "Foundation", state=PipelineState(stack, "State"), network=network, dependencies=dependencies)
    assert caught.value.code == "pipeline_network"


def test_dependencies_of_somebodys_own_may_need_nothing() -> None:
    """A job whose packages are all Glue's asks no index."""
    stack = new_stack()
    network = JobNetwork(stack, "Private", organization_id="o-exampleorgid", endpoints=[])
    nothing = JobDependencies(stack, "Nothing", arguments={}, object_arns=[])
    foundation = PipelineFoundation(stack, "Foundation", state=PipelineState(stack, "State"), network=network, dependencies=nothing)
    assert foundation.network is network
