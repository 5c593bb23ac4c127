"""The VPC that jobs run in: subnets without a route to anywhere but AWS's own endpoints."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Fn, Stack, aws_ec2 as ec2, aws_glue as glue
from constructs import Construct

from constructs_lib.core import acknowledge, misuse
from constructs_lib.network.default_group import ClosedDefaultGroup
from constructs_lib.network.endpoints import JOB_ENDPOINTS, Endpoint, gateway_policy, interface_policy, service_of
from constructs_lib.network.flow_logs import FlowLogs
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy, aws_logs as logs

DEFAULT_CIDR = "10.128.0.0/20"
DEFAULT_AVAILABILITY_ZONES = 2
MOST_AVAILABILITY_ZONES = 4

_SMALLEST_CIDR, _LARGEST_CIDR = 24, 16
_ZONE_ID = re.compile(r"[a-z]+[0-9]+-az[0-9]+")
_HTTPS = 443
_GATEWAYS = {"s3": "S3", "dynamodb": "DYNAMODB"}
_NOWHERE = "127.0.0.1/32"
_DEFAULT_GROUP = tuple(f"{pack}::{pack}-VPCDefaultSecurityGroupClosed" for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"))


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSubnet:
    """A subnet, with the route table of its own that has the gateways and nothing else, and the connection that puts a job into it."""

    subnet: ec2.CfnSubnet
    route_table: ec2.CfnRouteTable
    connection: glue.CfnConnection


class JobNetwork(Construct):
    """A VPC for jobs without internet gateway, NAT, peering or public addresses; AWS's services are reached through endpoints.

    Each endpoint lets through the organisation's principals on their way to the organisation's resources, so that neither foreign
    credentials nor foreign buckets are of use in it. A job has to bring what it installs: no package index can be reached.

    Nothing is looked up at synth: which Availability Zones there are is decided at deployment, the first ones of the Region. State their
    ids where an endpoint does not exist in one of those; a subnet that moves to another zone is replaced.

    See https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html and
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html.

    Args:
        organization_id: The AWS organisation whose principals and resources may be on either end of an endpoint.
        cidr: The private addresses, /16 to /24; 10.128.0.0/20 when left out, which is room for some 2,000 workers. A quarter of it is for
            each Availability Zone, used or not, so that a further zone moves no subnet.
        availability_zones: How many, or which by id, such as `euw1-az1`, which means the same zone in every account; 2 when left out, at
            most 4. A run of a job is in one of them.
        endpoints: Interface endpoints; those that a run of the ingestion job calls when left out (`JOB_ENDPOINTS`). Each costs by the
            hour and Availability Zone. S3 and DynamoDB have gateways, always, which cost nothing.
        aws_buckets: Names of AWS's own buckets that jobs read, which belong to no organisation of yours; none when left out. That of ECR's
            image layers is among them by itself where ECR has an endpoint.
        prefix_lists: Ids of the Region's prefix lists of S3 and DynamoDB, to which alone jobs may open connections besides the endpoints;
            when left out to any address, of which these are the only ones that there is a route to.
        flow_log_retention: How long flow logs are kept; one year when left out.
        removal_policy: Of the flow logs: RETAIN when left out; anything else needs `core.allow_destroy`.

    Attributes:
        vpc: The VPC, for constructs of CDK that want one.
        subnets: The subnets, each with its connection.
        connections: The Glue connections in the order that Glue tries them for a run.
        job_group: The security group of jobs.
        endpoint_group: The security group of the endpoints, which lets in `job_group`.
        endpoints: The interface endpoints.
        gateways: The gateways, by `s3` and `dynamodb`.
        flow_logs: The flow logs.
        default_group: What keeps the VPC's default security group without rules.

    Raises:
        DataLakeError: `network_cidr`, `network_zones`; `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization_id: str,
        cidr: str | None = None,
        availability_zones: int | Sequence[str] | None = None,
        endpoints: Sequence[Endpoint] | None = None,
        aws_buckets: Sequence[str] = (),
        prefix_lists: Sequence[str] = (),
        flow_log_retention: logs.RetentionDays | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        cidr = DEFAULT_CIDR if cidr is None else cidr
        zones = DEFAULT_AVAILABILITY_ZONES if availability_zones is None else availability_zones
        self._check_zones(zones)
        chosen = JOB_ENDPOINTS if endpoints is None else tuple(dict.fromkeys(endpoints))
        blocks = self._blocks(cidr)
        self.organization_id = organization_id
        self.resource = ec2.CfnVPC(self, "Resource", cidr_block=cidr, enable_dns_hostnames=True, enable_dns_support=True)
        acknowledge(
            self.resource,
            *_DEFAULT_GROUP,
            reason="a custom resource takes the rules out of the VPC's default security group, which the packs do not see",
        )
        self.job_group = self._make_job_group(prefix_lists)
        self.endpoint_group = self._make_endpoint_group()
        placed: list[dict[str, Any]] = (
            [{"availability_zone": Fn.select(number, Fn.get_azs())} for number in range(zones)]
            if isinstance(zones, int)
            else [{"availability_zone_id": zone} for zone in zones]
        )
        self.subnets = [self._make_subnet(number, zone, blocks[number - 1]) for number, zone in enumerate(placed, start=1)]
        self.vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=self.resource.ref,
            vpc_cidr_block=cidr,
            availability_zones=[each.subnet.attr_availability_zone for each in self.subnets],
            isolated_subnet_ids=[each.subnet.ref for each in self.subnets],
            isolated_subnet_route_table_ids=[each.route_table.ref for each in self.subnets],
        )
        self.gateways = {
            service: self._make_gateway(service, gateway_policy(self, service, organization_id, endpoints=chosen, aws_buckets=aws_buckets))
            for service in _GATEWAYS
        }
        self.endpoints = {endpoint: self._make_endpoint(endpoint) for endpoint in chosen}
        self.flow_logs = FlowLogs(self, "FlowLogs", vpc_id=self.resource.ref, retention=flow_log_retention, removal_policy=removal_policy)
        self.default_group = ClosedDefaultGroup(
            self, "DefaultGroup", group_id=self.resource.attr_default_security_group, log_key=self.flow_logs.key
        )
        self.connections: list[glue.IConnection] = [
            glue.Connection.from_connection_name(self, f"Connection{number}", each.connection.ref)
            for number, each in enumerate(self.subnets, start=1)
        ]

    def _check_zones(self, wanted: int | Sequence[str]) -> None:
        count = wanted if isinstance(wanted, int) else len(wanted)
        ids = () if isinstance(wanted, int) else wanted
        if not 1 <= count <= MOST_AVAILABILITY_ZONES or len(set(ids)) != len(ids) or not all(map(_ZONE_ID.fullmatch, ids)):
            msg = (
                f"got {wanted!r} as Availability Zones; allowed are 1 to {MOST_AVAILABILITY_ZONES}, "
                "or the ids of so many different ones, such as euw1-az1"
            )
            raise misuse(self, msg, code="network_zones")

    def _blocks(self, cidr: str) -> list[str]:
        try:
            network = ipaddress.IPv4Network(cidr)
        except ValueError as error:
            msg = f"got {cidr!r} as the network's addresses: {error}; allowed is a block such as {DEFAULT_CIDR}"
            raise misuse(self, msg, code="network_cidr") from error
        if not _LARGEST_CIDR <= network.prefixlen <= _SMALLEST_CIDR or not network.is_private:
            msg = f"got {cidr} as the network's addresses; allowed are private ones, /{_LARGEST_CIDR} to /{_SMALLEST_CIDR}"
            raise misuse(self, msg, code="network_cidr")
        return [str(block) for block in network.subnets(prefixlen_diff=2)]

    def _make_subnet(self, number: int, zone: dict[str, Any], block: str) -> JobSubnet:
        subnet = ec2.CfnSubnet(
            self,
            f"Subnet{number}",
            vpc_id=self.resource.ref,
            cidr_block=block,
            **zone,
            map_public_ip_on_launch=False,
        )
        table = ec2.CfnRouteTable(self, f"Routes{number}", vpc_id=self.resource.ref)
        ec2.CfnSubnetRouteTableAssociation(self, f"RoutesOfSubnet{number}", subnet_id=subnet.ref, route_table_id=table.ref)
        connection = glue.CfnConnection(
            self,
            f"GlueConnection{number}",
            catalog_id=Stack.of(self).account,
            connection_input=glue.CfnConnection.ConnectionInputProperty(
                connection_type="NETWORK",
                description="Puts jobs into a subnet without a way to the internet",
                connection_properties={},
                physical_connection_requirements=glue.CfnConnection.PhysicalConnectionRequirementsProperty(
                    subnet_id=subnet.ref,
                    availability_zone=subnet.attr_availability_zone,
                    security_group_id_list=[self.job_group.ref],
                ),
            ),
        )
        return JobSubnet(subnet=subnet, route_table=table, connection=connection)

    def _make_job_group(self, prefix_lists: Sequence[str]) -> ec2.CfnSecurityGroup:
        """Jobs talk among each other on every port, as Glue demands, and to endpoints by HTTPS."""
        https: dict[str, Any] = {"ip_protocol": "tcp", "from_port": _HTTPS, "to_port": _HTTPS}
        rule = ec2.CfnSecurityGroup.EgressProperty
        anywhere = rule(cidr_ip="0.0.0.0/0", description="HTTPS to what there is a route to: the endpoints", **https)
        lists = [rule(destination_prefix_list_id=each, description="HTTPS to a gateway", **https) for each in prefix_lists]
        group = ec2.CfnSecurityGroup(
            self,
            "Jobs",
            vpc_id=self.resource.ref,
            group_description="Jobs: among each other, and to endpoints",
            security_group_egress=lists or [anywhere],
        )
        among: dict[str, Any] = {"ip_protocol": "tcp", "from_port": 0, "to_port": 65535, "description": "Workers of a job among each other"}
        ec2.CfnSecurityGroupIngress(self, "FromJobs", group_id=group.ref, source_security_group_id=group.ref, **among)
        ec2.CfnSecurityGroupEgress(self, "ToJobs", group_id=group.ref, destination_security_group_id=group.ref, **among)
        return group

    def _make_endpoint_group(self) -> ec2.CfnSecurityGroup:
        https: dict[str, Any] = {"ip_protocol": "tcp", "from_port": _HTTPS, "to_port": _HTTPS, "description": "HTTPS of jobs to endpoints"}
        group = ec2.CfnSecurityGroup(
            self,
            "Endpoints",
            vpc_id=self.resource.ref,
            group_description="Endpoints: HTTPS of jobs",
            # An endpoint opens no connections; without a rule here EC2 would allow all.
            security_group_egress=[ec2.CfnSecurityGroup.EgressProperty(ip_protocol="-1", cidr_ip=_NOWHERE, description="Nowhere")],
        )
        jobs = self.job_group.ref
        ec2.CfnSecurityGroupIngress(self, "JobsIntoEndpoints", group_id=group.ref, source_security_group_id=jobs, **https)
        ec2.CfnSecurityGroupEgress(self, "JobsToEndpoints", group_id=jobs, destination_security_group_id=group.ref, **https)
        return group

    def _make_gateway(self, service: str, policy: object) -> ec2.CfnVPCEndpoint:
        aws_service: ec2.GatewayVpcEndpointAwsService = getattr(ec2.GatewayVpcEndpointAwsService, _GATEWAYS[service])
        return ec2.CfnVPCEndpoint(
            self,
            f"{pascal_case(service)}Gateway",
            vpc_id=self.resource.ref,
            vpc_endpoint_type="Gateway",
            service_name=aws_service.name,
            route_table_ids=[each.route_table.ref for each in self.subnets],
            policy_document=policy,
        )

    def _make_endpoint(self, endpoint: Endpoint) -> ec2.CfnVPCEndpoint:
        return ec2.CfnVPCEndpoint(
            self,
            f"{pascal_case(endpoint.value.replace('.', '_'))}Endpoint",
            vpc_id=self.resource.ref,
            vpc_endpoint_type="Interface",
            service_name=service_of(endpoint).name,
            private_dns_enabled=True,
            subnet_ids=[each.subnet.ref for each in self.subnets],
            security_group_ids=[self.endpoint_group.ref],
            policy_document=interface_policy(endpoint, self.organization_id),
        )
