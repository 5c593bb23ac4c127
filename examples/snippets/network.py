"""The snippets of constructs_lib/network/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from constructs_lib.network import Endpoint, JobNetwork
from constructs_lib.pipeline import PipelineFoundation, PipelineState

if TYPE_CHECKING:
    from aws_cdk import Stack

    from constructs_lib.pipeline.dependencies import JobDependencies


def simplest(self: Stack) -> JobNetwork:
    network = JobNetwork(self, "Network", organization_id="o-exampleorgid")
    return network  # noqa: RET504


def jobs(self: Stack, stateful_stack: Stack, network: JobNetwork, wheels: JobDependencies) -> PipelineFoundation:
    state = PipelineState(stateful_stack, "PipelineState")
    foundation = PipelineFoundation(self, "Foundation", state=state, network=network, dependencies=wheels)
    return foundation  # noqa: RET504


def yours(network: JobNetwork) -> ec2.SelectedSubnets:
    function_subnets = network.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    return function_subnets  # noqa: RET504


def escape_hatch(network: JobNetwork) -> None:
    network.endpoints[Endpoint.GLUE].add_property_override("PrivateDnsEnabled", False)  # noqa: FBT003
