"""A network comes back from EC2 as a template states it, with its tags, settings and rules."""

from __future__ import annotations

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import REGION, emulated, lacking, make, round_trip

TAGS = [{"Key": "Name", "Value": "lake"}]


def test_a_network_comes_back_with_everything_in_it():
    with emulated() as clients:
        vpc = make(clients, "AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
        of = {"VpcId": vpc.physical_id, "Tags": TAGS}
        subnet = make(clients, "AWS::EC2::Subnet", {**of, "CidrBlock": "10.0.0.0/24"})
        table = make(clients, "AWS::EC2::RouteTable", of)
        gateway = make(clients, "AWS::EC2::InternetGateway", {"Tags": TAGS})
        address = make(clients, "AWS::EC2::EIP", {"Domain": "vpc", "Tags": TAGS})
        allocation = adapters()[address.type].attribute(address, "AllocationId")
        attached = {"VpcId": vpc.physical_id, "InternetGatewayId": gateway.physical_id}
        attachment = make(clients, "AWS::EC2::VPCGatewayAttachment", attached)
        route = {"RouteTableId": table.physical_id, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway.physical_id}
        stated = {
            "VPC": {
                "CidrBlock": "10.1.0.0/16",
                "EnableDnsHostnames": True,
                "EnableDnsSupport": True,
                "InstanceTenancy": "default",
                "Tags": TAGS,
            },
            "Subnet": {**of, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": f"{REGION}a", "MapPublicIpOnLaunch": True},
            "RouteTable": of,
            "SubnetRouteTableAssociation": {"RouteTableId": table.physical_id, "SubnetId": subnet.physical_id},
            "Route": route,
            "InternetGateway": {"Tags": TAGS},
            "EIP": {"Domain": "vpc", "Tags": TAGS},
            "NatGateway": {"AllocationId": allocation, "SubnetId": subnet.physical_id, "Tags": TAGS},
            "VPCEndpoint": {
                "VpcId": vpc.physical_id,
                "ServiceName": f"com.amazonaws.{REGION}.s3",
                "VpcEndpointType": "Gateway",
                "RouteTableIds": [table.physical_id],
            },
            "FlowLog": {
                "ResourceId": vpc.physical_id,
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestinationType": "s3",
                "LogDestination": "arn:aws:s3:::flows",
                "MaxAggregationInterval": 60,
                "Tags": TAGS,
            },
        }
        configuration = {"LocationConstraint": REGION}
        clients("s3", account=vpc.account, region=REGION).create_bucket(Bucket="flows", CreateBucketConfiguration=configuration)
        trips = {name: round_trip(clients, f"AWS::EC2::{name}", one) for name, one in stated.items()}
        assert lacking(attached, adapters()[attachment.type].look(attachment)) == ()
    assert {name: (trip.lacks, trip.is_deleted) for name, trip in trips.items()} == dict.fromkeys(stated, ((), True))


def test_what_can_be_changed_of_a_network_is():
    with emulated() as clients:
        stated = {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True, "Tags": TAGS}
        trip = round_trip(clients, "AWS::EC2::VPC", stated, {**stated, "EnableDnsHostnames": False, "Tags": [{"Key": "b", "Value": "1"}]})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_rules_of_a_group_are_those_that_are_stated_and_no_others():
    inside = {"CidrIp": "10.0.0.0/16", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Description": "from inside"}
    out = {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1", "Description": "anywhere"}
    with emulated() as clients:
        vpc = make(clients, "AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
        stated = {
            "GroupDescription": "d",
            "VpcId": vpc.physical_id,
            "SecurityGroupIngress": [inside, {**inside, "FromPort": 80, "ToPort": 80}],
            "SecurityGroupEgress": [out],
            "Tags": TAGS,
        }
        changed = {
            **stated,
            "SecurityGroupIngress": [{**inside, "CidrIp": "10.1.0.0/16"}],
            "SecurityGroupEgress": [{**inside, "Description": "x"}],
        }
        trip = round_trip(clients, "AWS::EC2::SecurityGroup", stated, changed)
        group = make(clients, "AWS::EC2::SecurityGroup", {"GroupDescription": "d", "VpcId": vpc.physical_id})
        own = {"GroupId": group.physical_id, "SourceSecurityGroupId": group.physical_id, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
        ingress = round_trip(clients, "AWS::EC2::SecurityGroupIngress", own)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert (ingress.lacks, ingress.is_deleted) == ((), True)
