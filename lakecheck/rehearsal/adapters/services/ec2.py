"""EC2: networks that functions and jobs run in. The emulator's own CloudFormation drops tags, DNS settings and public addresses of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import ID, Adapter, Call, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.reading import in_form_of, joined, own_tags, steps, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakecheck.rehearsal.adapters.model import Step, Value


def _ids(resource: Resource) -> list[str]:
    return [resource.physical_id]


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    resource.client("ec2").create_tags(Resources=_ids(resource), Tags=pairs)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("ec2").delete_tags(Resources=_ids(resource), Tags=[{"Key": key} for key in keys])


_TAGS: Final = tagged(_tag, _untag)


def _with_tags(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    return {**found, "Tags": own_tags(resource, found.get("Tags", []))}


def _read(operation: str, at: str, by: str, *, words: Mapping[str, str] | None = None, shape: Any = _with_tags) -> Any:
    """Describes one by its id."""
    given: dict[str, Any] = {by: _ids}
    return joined("ec2", Read(call(operation, **given), at=at, words=words or {}), shape=shape)


def _modified(operation: str, by: str, names: Sequence[str]) -> Step:
    """EC2 changes one attribute in one call."""

    def modify(resource: Resource) -> None:
        for name in names:
            value = resource.get(name)
            if value is not None and value != resource.old_properties.get(name):
                given: dict[str, Any] = {by: ID, name: {"Value": value}}
                call(operation, **given).run(resource, "ec2")

    return modify


_DNS: Final = ("EnableDnsHostnames", "EnableDnsSupport")
_VPC: Final = _modified("modify_vpc_attribute", "VpcId", _DNS)
_SUBNET: Final = _modified("modify_subnet_attribute", "SubnetId", ("MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation"))


def _read_vpc(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    client = resource.client("ec2")
    names = {name: f"{name[0].lower()}{name[1:]}" for name in _DNS}
    answers = {name: client.describe_vpc_attribute(VpcId=resource.physical_id, Attribute=given) for name, given in names.items()}
    return {**_with_tags(resource, found), **{name: answer[name]["Value"] for name, answer in answers.items()}}


def _default_of(operation: str, at: str, identity: str, **by: str) -> Value:
    """What a new network brings with it."""

    def find(resource: Resource) -> str:
        filters = [{"Name": "vpc-id", "Values": [resource.physical_id]}, *({"Name": key, "Values": [value]} for key, value in by.items())]
        return str(getattr(resource.client("ec2"), operation)(Filters=filters)[at][0][identity])

    return find


_ROUTE_TO: Final = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "InstanceId",
    "NetworkInterfaceId",
    "VpcEndpointId",
)
_ROUTE_FOR: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _where(resource: Resource) -> tuple[str, Any]:
    return next((name, resource.get(name)) for name in _ROUTE_FOR if resource.get(name) is not None)


def _read_route(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
    name, value = _where(resource)
    route = next((one for one in found["Routes"] if one.get(name) == value), None)
    return route and {**route, "RouteTableId": found["RouteTableId"]}


def _read_association(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
    return next((one for one in found["Associations"] if one["RouteTableAssociationId"] == resource.physical_id), None)


def _read_attachment(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
    attached = [one["VpcId"] for one in found.get("Attachments", [])]
    vpc = next((one for one in attached if one == resource.get("VpcId")), None)
    return vpc and {"VpcId": vpc, "InternetGatewayId": found["InternetGatewayId"]}


_ENDS: Final = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
}
"""Where the API has the other end of a rule."""


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of a template as the API takes it."""
    told: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    told.update({name: int(rule[name]) for name in ("FromPort", "ToPort") if rule.get(name) is not None and told["IpProtocol"] != "-1"})
    description = {"Description": rule["Description"]} if rule.get("Description") else {}
    for name, (group, member) in _ENDS.items():
        if rule.get(name) is not None:
            told[group] = [{member: rule[name], **description}]
    return told


def _rules(stated: Sequence[Mapping[str, Any]], permissions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the API returns as rules of a template, those that are stated first and in their order."""
    ends = {
        "IpRanges": ("CidrIp",),
        "Ipv6Ranges": ("CidrIpv6",),
        "UserIdGroupPairs": ("SourceSecurityGroupId", "DestinationSecurityGroupId"),
    }
    ends["PrefixListIds"] = ("SourcePrefixListId", "DestinationPrefixListId")
    used = {name for rule in stated for name in rule}
    found = []
    for permission in permissions:
        plain = {name: permission[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in permission}
        for group, names in ends.items():
            name = next((one for one in names if one in used), names[0])
            member = _ENDS[name][1]
            found += [{**plain, name: one[member], **_described(one)} for one in permission.get(group, [])]
    order = [_place(rule) for rule in stated]
    return sorted(found, key=lambda rule: order.index(_place(rule)) if _place(rule) in order else len(order))


def _described(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"Description": one["Description"]} if one.get("Description") else {}


def _place(rule: Mapping[str, Any]) -> str:
    """A rule but for its description."""
    kept = {key: str(value) for key, value in rule.items() if key != "Description"}
    if kept.get("IpProtocol") == "-1":
        kept = {key: value for key, value in kept.items() if key not in ("FromPort", "ToPort")}
    return json.dumps(kept, sort_keys=True)


_DIRECTIONS: Final = {"SecurityGroupIngress": ("ingress", "IpPermissions"), "SecurityGroupEgress": ("egress", "IpPermissionsEgress")}


def _put_rules(resource: Resource) -> None:
    """Rules as stated, and no others; where no outgoing ones are stated, everything may go out, as EC2 makes a group."""
    client = resource.client("ec2")
    for name, (direction, at) in _DIRECTIONS.items():
        if name not in resource.properties and name not in resource.old_properties:
            continue
        there = client.describe_security_groups(GroupIds=_ids(resource))["SecurityGroups"][0][at]
        if there:
            getattr(client, f"revoke_security_group_{direction}")(GroupId=resource.physical_id, IpPermissions=there)
        for rule in resource.get(name) or []:
            getattr(client, f"authorize_security_group_{direction}")(GroupId=resource.physical_id, IpPermissions=[_permission(rule)])


def _read_group(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    rules = {name: _rules(resource.get(name) or [], found.get(at, [])) for name, (_, at) in _DIRECTIONS.items()}
    return {**_with_tags(resource, found), "GroupDescription": found["Description"], **rules}


def _one_rule(direction: str, at: str) -> dict[str, Any]:
    """The parts of an entry for a rule that is a resource of its own."""

    def do(verb: str) -> Any:
        def change(resource: Resource) -> None:
            operation = getattr(resource.client("ec2"), f"{verb}_security_group_{direction}")
            operation(GroupId=resource.get("GroupId"), IpPermissions=[_permission(resource.properties)])

        return change

    def read(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
        stated = {name: value for name, value in resource.properties.items() if name != "GroupId"}
        told = next((rule for rule in _rules([stated], found.get(at, [])) if _place(rule) == _place(stated)), None)
        return told and {**told, "GroupId": found["GroupId"]}

    group = Read(call("describe_security_groups", GroupIds=lambda resource: [resource.get("GroupId")]), at="SecurityGroups")
    return {"create": do("authorize"), "delete": do("revoke"), "read": joined("ec2", group, shape=read)}


def _read_endpoint(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
    if found["State"] == "deleted":
        return None
    policy = in_form_of(resource.get("PolicyDocument"), found.get("PolicyDocument"))
    groups = [one["GroupId"] for one in found.get("Groups", [])]
    return {**_with_tags(resource, found), "PolicyDocument": policy, "SecurityGroupIds": groups}


def _read_flow_log(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    kind = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}.get(str(found.get("ResourceId", "")).split("-")[0])
    return {**_with_tags(resource, found), "ResourceType": kind}


def _address_tags(resource: Resource) -> list[dict[str, Any]] | None:
    tags = tag_list(resource)
    return [{"ResourceType": "elastic-ip", "Tags": tags}] if tags else None


def _allocation(resource: Resource) -> str:
    return str(resource.client("ec2").describe_addresses(PublicIps=_ids(resource))["Addresses"][0]["AllocationId"])


def _read_nat(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
    if found["State"] == "deleted":
        return None
    address: Mapping[str, Any] = next(iter(found.get("NatGatewayAddresses", [])), {})
    return {**_with_tags(resource, found), "AllocationId": address.get("AllocationId")}


def _entry(name: str, create: Call, remove: str, by: str, read: Any, *, more: tuple[Step, ...] = (), **rest: Any) -> Adapter:
    """An entry for what has an id of EC2's and tags."""
    given: dict[str, Any] = {by: ID}
    return Adapter(
        type=f"AWS::EC2::{name}",
        service="ec2",
        create=steps("ec2", create, *more, _TAGS),
        update=steps("ec2", *more, _TAGS),
        delete=call(remove, **given),
        read=read,
        **rest,
    )


_ASSOCIATION: Final[dict[str, Any]] = {"Filters": lambda resource: [{"Name": "route-table-id", "Values": [resource.get("RouteTableId")]}]}
_ROUTE: Final[dict[str, Any]] = {name: prop(name) for name in ("RouteTableId", *_ROUTE_FOR)}

ADAPTERS = (
    _entry(
        "VPC",
        call("create_vpc", CidrBlock=prop("CidrBlock"), InstanceTenancy=prop("InstanceTenancy"), returns="Vpc.VpcId"),
        "delete_vpc",
        "VpcId",
        _read("describe_vpcs", "Vpcs", "VpcIds", shape=_read_vpc),
        more=(_VPC,),
        attributes={
            "VpcId": "{id}",
            "CidrBlock": "read:CidrBlock",
            "DefaultSecurityGroup": _default_of("describe_security_groups", "SecurityGroups", "GroupId", **{"group-name": "default"}),
            "DefaultNetworkAcl": _default_of("describe_network_acls", "NetworkAcls", "NetworkAclId", default="true"),
            "CidrBlockAssociations": lambda resource: [
                one["AssociationId"]
                for one in resource.client("ec2").describe_vpcs(VpcIds=_ids(resource))["Vpcs"][0]["CidrBlockAssociationSet"]
            ],
        },
    ),
    _entry(
        "Subnet",
        call("create_subnet", everything=True, Tags=lambda _: None, returns="Subnet.SubnetId"),
        "delete_subnet",
        "SubnetId",
        _read("describe_subnets", "Subnets", "SubnetIds"),
        more=(_SUBNET,),
        attributes={name: f"read:{name}" for name in ("SubnetId", "AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId")},
    ),
    _entry(
        "RouteTable",
        call("create_route_table", VpcId=prop("VpcId"), returns="RouteTable.RouteTableId"),
        "delete_route_table",
        "RouteTableId",
        _read("describe_route_tables", "RouteTables", "RouteTableIds"),
        attributes={"RouteTableId": "{id}"},
    ),
    Adapter(
        type="AWS::EC2::SubnetRouteTableAssociation",
        service="ec2",
        create=call("associate_route_table", everything=True, returns="AssociationId"),
        delete=call("disassociate_route_table", AssociationId=ID),
        read=joined("ec2", Read(call("describe_route_tables", **_ASSOCIATION), at="RouteTables"), shape=_read_association),
        attributes={"Id": "{id}"},
    ),
    Adapter(
        type="AWS::EC2::Route",
        service="ec2",
        identifier=lambda resource: f"{resource.get('RouteTableId')}|{_where(resource)[1]}",
        create=call("create_route", everything=True),
        update=call("replace_route", everything=True),
        delete=call("delete_route", **_ROUTE),
        read=joined("ec2", Read(call("describe_route_tables", **_ASSOCIATION), at="RouteTables"), shape=_read_route),
        attributes={"CidrBlock": lambda resource: _where(resource)[1]},
    ),
    _entry(
        "InternetGateway",
        call("create_internet_gateway", returns="InternetGateway.InternetGatewayId"),
        "delete_internet_gateway",
        "InternetGatewayId",
        _read("describe_internet_gateways", "InternetGateways", "InternetGatewayIds"),
        attributes={"InternetGatewayId": "{id}"},
    ),
    Adapter(
        type="AWS::EC2::VPCGatewayAttachment",
        service="ec2",
        identifier=lambda resource: f"IGW|{resource.get('VpcId')}",
        create=call("attach_internet_gateway", everything=True),
        delete=call("detach_internet_gateway", InternetGatewayId=prop("InternetGatewayId"), VpcId=prop("VpcId")),
        read=joined(
            "ec2",
            Read(
                call("describe_internet_gateways", InternetGatewayIds=lambda resource: [resource.get("InternetGatewayId")]),
                at="InternetGateways",
            ),
            shape=_read_attachment,
        ),
        attributes={"AttachmentType": lambda _: "IGW"},
        note="Attachments of VPN gateways are not rehearsed.",
    ),
    Adapter(
        type="AWS::EC2::EIP",
        service="ec2",
        create=call("allocate_address", Domain=prop("Domain"), TagSpecifications=_address_tags, returns="PublicIp"),
        delete=lambda resource: resource.client("ec2").release_address(AllocationId=_allocation(resource)),
        read=joined("ec2", Read(call("describe_addresses", PublicIps=_ids), at="Addresses"), shape=_with_tags),
        attributes={"AllocationId": "read:AllocationId", "PublicIp": "{id}"},
    ),
    _entry(
        "NatGateway",
        call("create_nat_gateway", everything=True, Tags=lambda _: None, returns="NatGateway.NatGatewayId"),
        "delete_nat_gateway",
        "NatGatewayId",
        joined(
            "ec2",
            Read(call("describe_nat_gateways", NatGatewayIds=_ids), at="NatGateways"),
            shape=_read_nat,
        ),
        attributes={"NatGatewayId": "{id}"},
    ),
    _entry(
        "SecurityGroup",
        call(
            "create_security_group",
            GroupName=lambda resource: resource.get("GroupName") or resource.generated_name(most=255),
            Description=prop("GroupDescription"),
            VpcId=prop("VpcId"),
            returns="GroupId",
        ),
        "delete_security_group",
        "GroupId",
        _read("describe_security_groups", "SecurityGroups", "GroupIds", shape=_read_group),
        more=(_put_rules,),
        attributes={"GroupId": "{id}", "Id": "{id}", "VpcId": "read:VpcId"},
    ),
    Adapter(type="AWS::EC2::SecurityGroupIngress", service="ec2", **_one_rule("ingress", "IpPermissions")),
    Adapter(type="AWS::EC2::SecurityGroupEgress", service="ec2", **_one_rule("egress", "IpPermissionsEgress")),
    Adapter(
        type="AWS::EC2::VPCEndpoint",
        service="ec2",
        create=steps("ec2", call("create_vpc_endpoint", everything=True, returns="VpcEndpoint.VpcEndpointId"), _TAGS),
        delete=call("delete_vpc_endpoints", VpcEndpointIds=_ids),
        read=_read("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointIds", shape=_read_endpoint),
        attributes={"Id": "{id}"},
        note="The emulator cannot change an endpoint: any change makes another one.",
    ),
    Adapter(
        type="AWS::EC2::FlowLog",
        service="ec2",
        create=steps(
            "ec2",
            lambda resource: call("create_flow_logs", everything=True, Tags=lambda _: None, ResourceIds=[resource.get("ResourceId")]).run(
                resource, "ec2"
            )["FlowLogIds"][0],
            _TAGS,
        ),
        update=_TAGS,
        delete=call("delete_flow_logs", FlowLogIds=_ids),
        read=_read("describe_flow_logs", "FlowLogs", "FlowLogIds", shape=_read_flow_log),
        attributes={"Id": "{id}"},
        note="The emulator logs no flow.",
    ),
)
