"""A network for jobs: where there is a way out of it, who talks to whom in it, and what is refused."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from aws_cdk import Environment, Stack, aws_ec2 as ec2, aws_logs as logs

from constructs_lib.baseline.boundary import LakeBoundary
from constructs_lib.network import JOB_ENDPOINTS, Endpoint, JobNetwork, job_network_statements
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

ORGANIZATION, OTHERS = "o-exampleorgid", "o-somebodyelse"
JOB = f"arn:aws:iam::{ACCOUNT}:role/Job"

EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
GOES_OUT = (
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::EC2::VPNGateway",
)


class Made:
    """The template of a network, and what the packs say of it."""

    def __init__(self, **arguments: Any) -> None:
        app = new_app()
        stack = new_stack(app)
        self.network = JobNetwork(stack, "Network", organization_id=ORGANIZATION, **arguments)
        self.report = report(app)
        self.template = template(stack)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The properties of every resource of a type."""
        return [resource["Properties"] for resource in resources(self.template, kind).values()]

    def policy(self, service: str) -> dict[str, Any]:
        """The policy of the endpoint of a service."""
        (found,) = [each for each in self.of("AWS::EC2::VPCEndpoint") if str(each["ServiceName"]).rstrip("'}]").endswith(f".{service}")]
        return plain(found["PolicyDocument"])


def plain(value: Any) -> Any:
    """A document with its references filled in."""
    match value:
        case {"Fn::Join": ["", list() as parts]}:
            value = "".join(map(plain, parts))
        case {"Ref": "AWS::Partition"}:
            value = "aws"
        case {"Ref": str() as name}:
            value = name
        case dict():
            value = {key: plain(each) for key, each in value.items()}
        case list():
            value = [plain(each) for each in value]
    return value


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


@pytest.fixture(scope="module")
def wide() -> Made:
    """With everything that can be stated."""
    return Made(
        cidr="192.168.0.0/24",
        availability_zones=["euw1-az2", "euw1-az3", "euw1-az1"],
        endpoints=[*Endpoint, Endpoint.GLUE],
        aws_buckets=["aws-samples-of-old"],
        prefix_lists=["pl-11111111", "pl-22222222"],
        flow_log_retention=logs.RetentionDays.TEN_YEARS,
    )


@pytest.mark.parametrize("which", ["made", "wide"])
def test_there_is_no_way_out(which: str, request: pytest.FixtureRequest) -> None:
    """No gateway, no route, no peer, no public address: what AWS adds to a route table are the two gateways of endpoints."""
    network: Made = request.getfixturevalue(which)
    assert [kind for kind in GOES_OUT if resources(network.template, kind)] == []
    assert {subnet["MapPublicIpOnLaunch"] for subnet in network.of("AWS::EC2::Subnet")} == {False}
    tables = resources(network.template, "AWS::EC2::RouteTable")
    associated = {each["RouteTableId"]["Ref"] for each in network.of("AWS::EC2::SubnetRouteTableAssociation")}
    assert associated == set(tables)
    assert len(tables) == len(network.network.subnets)
    gateways = [each for each in network.of("AWS::EC2::VPCEndpoint") if each["VpcEndpointType"] == "Gateway"]
    assert [{table["Ref"] for table in gateway["RouteTableIds"]} for gateway in gateways] == [set(tables), set(tables)]


def test_zones_are_chosen_at_deployment_without_a_lookup(made: Made) -> None:
    """The first two of the Region, each a quarter of the addresses."""
    subnets = made.of("AWS::EC2::Subnet")
    assert [subnet["AvailabilityZone"] for subnet in subnets] == [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)]
    assert [subnet["CidrBlock"] for subnet in subnets] == ["10.128.0.0/22", "10.128.4.0/22"]


def test_a_further_zone_moves_no_subnet() -> None:
    """The blocks of the first ones stay: a subnet with other addresses would be another subnet."""
    blocks = []
    for count in (1, 4):
        stack = new_stack()
        JobNetwork(stack, "Network", organization_id=ORGANIZATION, availability_zones=count, endpoints=[])
        found = resources(template(stack), "AWS::EC2::Subnet")
        blocks.append({name: subnet["Properties"]["CidrBlock"] for name, subnet in found.items()})
    assert blocks[0].items() < blocks[1].items()
    assert len(blocks[1]) == 4


def test_named_zones_are_taken_as_they_are(wide: Made) -> None:
    """In the order stated, which is the order Glue tries them in; the blocks do not overlap and stay in the VPC's."""
    subnets = wide.of("AWS::EC2::Subnet")
    assert [subnet["AvailabilityZoneId"] for subnet in subnets] == ["euw1-az2", "euw1-az3", "euw1-az1"]
    blocks = [ipaddress.ip_network(subnet["CidrBlock"]) for subnet in subnets]
    assert all(block.subnet_of(ipaddress.ip_network("192.168.0.0/24")) for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_each_subnet_has_a_connection_that_puts_jobs_into_it(made: Made) -> None:
    """Subnet, its zone and the jobs' security group; Glue takes the first one that is well."""
    requirements = [each["ConnectionInput"]["PhysicalConnectionRequirements"] for each in made.of("AWS::Glue::Connection")]
    assert {each["ConnectionInput"]["ConnectionType"] for each in made.of("AWS::Glue::Connection")} == {"NETWORK"}
    subnets = list(resources(made.template, "AWS::EC2::Subnet"))
    assert [each["SubnetId"]["Ref"] for each in requirements] == subnets
    assert [each["AvailabilityZone"]["Fn::GetAtt"] for each in requirements] == [[name, "AvailabilityZone"] for name in subnets]
    assert len(made.network.connections) == len(subnets)


def test_jobs_talk_to_each_other_and_to_endpoints_alone(made: Made) -> None:
    """Into jobs come jobs; out of them go HTTPS, and everything to jobs; into endpoints come jobs, out of them goes nothing."""
    jobs, endpoints = (name for name in resources(made.template, "AWS::EC2::SecurityGroup"))
    groups = {name: each["Properties"] for name, each in resources(made.template, "AWS::EC2::SecurityGroup").items()}
    assert not [name for name, group in groups.items() if "SecurityGroupIngress" in group]
    assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in groups[jobs]["SecurityGroupEgress"]] == [("0.0.0.0/0", 443, 443)]
    assert [rule["CidrIp"] for rule in groups[endpoints]["SecurityGroupEgress"]] == ["127.0.0.1/32"]
    into = [
        (rule["GroupId"]["Ref"], rule["SourceSecurityGroupId"]["Ref"], rule["FromPort"], rule["ToPort"])
        for rule in made.of("AWS::EC2::SecurityGroupIngress")
    ]
    assert into == [(jobs, jobs, 0, 65535), (endpoints, jobs, 443, 443)]


def test_with_prefix_lists_no_rule_names_the_whole_world(wide: Made) -> None:
    """Then jobs reach the gateways' addresses and the endpoints, by rule and not only by route."""
    assert "0.0.0.0/0" not in str(wide.template)
    jobs = wide.of("AWS::EC2::SecurityGroup")[0]
    assert [rule["DestinationPrefixListId"] for rule in jobs["SecurityGroupEgress"]] == ["pl-11111111", "pl-22222222"]


def test_the_endpoints_are_those_that_a_run_calls(made: Made, wide: Made) -> None:
    """Six when left out, each once whatever is stated, with private names in every subnet."""
    for network, expected in ((made, JOB_ENDPOINTS), (wide, tuple(Endpoint))):
        found = [each for each in network.of("AWS::EC2::VPCEndpoint") if each["VpcEndpointType"] == "Interface"]
        assert len(found) == len(expected) == len(network.network.endpoints)
        assert {each["PrivateDnsEnabled"] for each in found} == {True}
        assert {len(each["SubnetIds"]) for each in found} == {len(network.network.subnets)}
    assert len(JOB_ENDPOINTS) == 6


CALLS = (
    ("s3", "s3:PutObject", "arn:aws:s3:::lake/a"),
    ("dynamodb", "dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/claims"),
    ("glue", "glue:UpdateTable", f"arn:aws:glue:{REGION}:{ACCOUNT}:table/sales/orders"),
    ("kms", "kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"),
    ("lakeformation", "lakeformation:GetDataAccess", "*"),
    ("logs", "logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws-glue/jobs/error:log-stream:s"),
    ("monitoring", "cloudwatch:PutMetricData", "*"),
    ("sts", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/Other"),
)
BY_RESOURCE: dict[str, dict[str, Any]] = {
    "kms": {"key_policy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": JOB}, "Action": "kms:*", "Resource": "*"}}},
    "sts": {"trust_policy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": JOB}, "Action": "sts:AssumeRole"}}},
}


@pytest.mark.parametrize(("service", "action", "resource"), CALLS, ids=[service for service, _, _ in CALLS])
def test_an_endpoint_is_open_for_the_organisation_to_itself(made: Made, service: str, action: str, resource: str) -> None:
    """A job calls what it needs; neither a stranger's credentials nor a stranger's resource get through."""
    policy = made.policy(service)

    def word(organization: str | None = ORGANIZATION, owner: str | None = ORGANIZATION) -> str:
        return decide(
            JOB,
            action,
            resource,
            identity=EVERYTHING,
            endpoint=policy,
            organization=organization,
            resource_organization=owner,
            **BY_RESOURCE.get(service, {}),
        ).word

    assert word() == "allowed"
    assert word(organization=OTHERS) == "implicit_deny"
    assert word(organization=None) == "implicit_deny"
    assert word(owner=OTHERS) == "implicit_deny"


def test_an_endpoint_lets_through_its_own_service_alone(made: Made) -> None:
    """The policy of one is no policy for another."""
    assert {str(each["PolicyDocument"]["Statement"][0]["Action"]) for each in made.of("AWS::EC2::VPCEndpoint")} == {
        f"{prefix}:*" for prefix in ("s3", "dynamodb", "glue", "kms", "lakeformation", "logs", "cloudwatch", "sts")
    }


def test_buckets_of_aws_are_read_and_not_written(made: Made, wide: Made) -> None:
    """ECR's layers where images are pulled, and what was stated; nothing of the kind otherwise."""
    layers = f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket/layer"
    stated = "arn:aws:s3:::aws-samples-of-old/a"
    for network, resource, action, expected in (
        (wide, layers, "s3:GetObject", "allowed"),
        (wide, stated, "s3:GetObject", "allowed"),
        (wide, layers, "s3:PutObject", "implicit_deny"),
        (wide, "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/layer", "s3:GetObject", "implicit_deny"),
        (made, layers, "s3:GetObject", "implicit_deny"),
    ):
        decision = decide(
            JOB,
            action,
            resource,
            identity=EVERYTHING,
            endpoint=network.policy("s3"),
            organization=ORGANIZATION,
            resource_account="999999999999",
            resource_organization=OTHERS,
            resource_policy={"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
        )
        assert decision.word == expected, (resource, action)


def test_flow_logs_are_of_everything_and_encrypted(made: Made, wide: Made) -> None:
    """Accepted and rejected, kept for a year unless stated, written by flow logs of this account."""
    (flow,) = made.of("AWS::EC2::FlowLog")
    assert (flow["TrafficType"], flow["ResourceType"], flow["LogDestinationType"]) == ("ALL", "VPC", "cloud-watch-logs")
    group = made.of("AWS::Logs::LogGroup")[0]
    assert flow["LogDestination"] == {"Fn::GetAtt": [next(iter(resources(made.template, "AWS::Logs::LogGroup"))), "Arn"]}
    assert "KmsKeyId" in group
    assert group["RetentionInDays"] == 365
    assert wide.of("AWS::Logs::LogGroup")[0]["RetentionInDays"] == 3653
    role = made.of("AWS::IAM::Role")[0]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    policy = made.of("AWS::IAM::ManagedPolicy")[0]
    (write,) = policy["PolicyDocument"]["Statement"]
    assert write["Action"] == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    assert write["Resource"] != "*"


@pytest.mark.parametrize("which", ["made", pytest.param("wide", marks=pytest.mark.full)])
def test_packs_and_validators_are_content(which: str, request: pytest.FixtureRequest) -> None:
    """Acknowledged are the default security group, which the packs take for open, and what every handler of the library has."""
    network: Made = request.getfixturevalue(which)
    assert findings(network.report) == []
    rules = {path: {rule.rpartition("-")[2] for rule in found} for path, found in acknowledged(network.report).items()}
    assert rules == {
        "Test/Network/Resource": {"VPCDefaultSecurityGroupClosed"},
        "Test/Network/DefaultGroup/Handler/Policy/Resource": {"IAM5[Resource::*]"},
        "Test/Network/DefaultGroup/Handler/Resource/Resource": {"LambdaInsideVPC", "LambdaDLQ"},
    }
    assert lint(network.template, account=ACCOUNT, region=REGION) == []


def test_the_default_group_is_closed_by_a_function_that_can_close_no_other(made: Made) -> None:
    """It may take rules out of that one group, and make none."""
    group = {"Fn::GetAtt": [next(iter(resources(made.template, "AWS::EC2::VPC"))), "DefaultSecurityGroup"]}
    (resource,) = made.of("Custom::ClosedDefaultSecurityGroup")
    assert resource["GroupId"] == group
    statements = {each["Sid"]: each for each in made.of("AWS::IAM::ManagedPolicy")[1]["PolicyDocument"]["Statement"]}
    close = statements["CloseGroup"]
    assert close["Action"] == ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
    assert close["Resource"]["Fn::Join"][1][-1] == group
    assert "Authorize" not in str(made.template)


def test_the_lakes_boundary_leaves_these_roles_what_they_do(made: Made) -> None:
    """Flow logs, the function that closes the default group, and jobs: each right is within what any role of the lake may have."""
    stack = new_stack()
    network = JobNetwork(stack, "Network", organization_id=ORGANIZATION, endpoints=[])
    boundary = LakeBoundary(stack, "Boundary", organization_id=ORGANIZATION).policy.document.to_json()
    most = {action for each in boundary["Statement"] if each["Effect"] == "Allow" for action in each["Action"]}
    rights = [each for policy in made.of("AWS::IAM::ManagedPolicy") for each in policy["PolicyDocument"]["Statement"]]
    rights += [statement.to_statement_json() for statement in job_network_statements(network)]
    actions = {action for each in rights for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])}
    assert len(actions) > 15
    assert actions <= most


@pytest.mark.parametrize(
    ("region", "name"), [("cn-north-1", "cn.com.amazonaws.cn-north-1.sts"), ("us-gov-west-1", "com.amazonaws.us-gov-west-1.sts")]
)
def test_other_partitions_have_their_own_names(region: str, name: str) -> None:
    """Of services and of resources."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region=region))
    JobNetwork(stack, "Network", organization_id=ORGANIZATION, endpoints=[Endpoint.STS], aws_buckets=["of-aws"])
    synthesized = template(stack)
    assert name in str(synthesized)
    assert "arn:aws:" not in str(synthesized)


def test_constructs_of_cdk_take_the_vpc() -> None:
    """A function of somebody's own goes into its isolated subnets."""
    stack = new_stack()
    network = JobNetwork(stack, "Network", organization_id=ORGANIZATION, endpoints=[])
    chosen = network.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    assert [stack.resolve(each) for each in chosen.subnet_ids] == [stack.resolve(each.subnet.ref) for each in network.subnets]


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.0.0.0/25", "8.8.0.0/16", "10.0.0.1/20", "private"])
def test_fails_when_the_addresses_are_no_private_block(cidr: str) -> None:
    """Too large, too small, public, not a block, no address."""
    with pytest.raises(DataLakeError, match="as the network's addresses") as caught:
        JobNetwork(new_stack(), "Network", organization_id=ORGANIZATION, cidr=cidr)
    assert caught.value.code == "network_cidr"


@pytest.mark.parametrize("zones", [0, 5, [], ["euw1-az1", "euw1-az1"], ["eu-west-1a"], [f"euw1-az{number}" for number in range(1, 6)]])
def test_fails_when_there_are_not_so_many_zones(zones: Any) -> None:
    """None, more than four, one twice, a name, which means another zone in another account."""
    with pytest.raises(DataLakeError, match="as Availability Zones") as caught:
        JobNetwork(new_stack(), "Network", organization_id=ORGANIZATION, availability_zones=zones)
    assert caught.value.code == "network_zones"
