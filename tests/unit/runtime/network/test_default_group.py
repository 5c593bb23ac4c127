"""A default security group is closed, once and for all, and no other group is touched."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from constructs_lib.runtime.custom_resources import cfn_response
from constructs_lib.runtime.network import default_group
from constructs_lib.runtime.network.default_group import DefaultGroup, DefaultGroupError
from tests.unit.runtime.lakeformation.support import Clock, Context, event, request, retry

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


class Ec2:
    """Security groups as EC2 answers about them."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, Any]] = {}

    def make(self, name: str, *inbound: dict[str, Any]) -> str:
        """A group with the outbound rule that every new one has, and with these inbound ones."""
        group = f"sg-{len(self.groups)}"
        anything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self.groups[group] = {"GroupId": group, "GroupName": name, "IpPermissions": list(inbound), "IpPermissionsEgress": [anything]}
        return group

    def describe_security_groups(self, GroupIds: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"SecurityGroups": [copy.deepcopy(self.groups[group]) for group in GroupIds]}

    def authorize_security_group_ingress(self, GroupId: str, IpPermissions: list[dict[str, Any]]) -> None:  # noqa: N803
        self.groups[GroupId]["IpPermissions"] += IpPermissions

    def revoke_security_group_ingress(self, GroupId: str, IpPermissions: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        return self._revoke(self.groups[GroupId]["IpPermissions"], IpPermissions)

    def revoke_security_group_egress(self, GroupId: str, IpPermissions: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        return self._revoke(self.groups[GroupId]["IpPermissionsEgress"], IpPermissions)

    def _revoke(self, rules: list[dict[str, Any]], gone: list[dict[str, Any]]) -> dict[str, Any]:
        assert gone
        for rule in gone:
            rules.remove(rule)
        return {}


class Network:
    """A VPC's default security group, and another group in it."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        if isinstance(ec2, Ec2):
            self.group, self.other = (
                ec2.make("default", {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "itself"}]}),
                ec2.make("jobs"),
            )
            return
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        (found,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        self.group = found["GroupId"]
        itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": self.group}]}
        if not found["IpPermissions"]:  # as EC2 makes it, and moto does not
            ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[itself])
        self.other = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]

    def rules(self, group: str) -> tuple[int, int]:
        """How many rules there are, inbound and outbound."""
        (found,) = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return len(found["IpPermissions"]), len(found["IpPermissionsEgress"])

    def ask(self, kind: str, group: str, old: str = "") -> dict[str, str]:
        """What the handler answers to a request about that group."""
        before = {"GroupId": old} if old else None
        return DefaultGroup(self.ec2, retry()).apply(request(kind, {"GroupId": group}, before))


@pytest.fixture(params=["fake", pytest.param("moto", marks=pytest.mark.full)])
def network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """On a small stand-in; on moto's EC2 as well, which takes seconds to start, where there is time."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    if request.param == "fake":
        ec2 = Ec2()
        monkeypatch.setattr(boto3, "client", lambda *_, **__: ec2)
        yield Network(ec2)
        return
    with mock_aws():
        yield Network(boto3.client("ec2"))


def test_the_group_is_closed_and_its_neighbour_is_not(network: Network) -> None:
    """Both rules that EC2 makes go; a group that has a purpose keeps its own."""
    assert network.rules(network.group) == (1, 1)
    network.ask("Create", network.group)
    assert network.rules(network.group) == (0, 0)
    assert network.rules(network.other) == (0, 1)


def test_rules_of_somebody_else_go_too_and_a_repetition_finds_nothing(network: Network) -> None:
    """Closed means closed, whoever opened it; the second request has nothing to revoke."""
    network.ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[HTTPS])
    for kind in ("Create", "Create", "Update"):
        network.ask(kind, network.group)
        assert network.rules(network.group) == (0, 0)


def test_an_update_and_its_rollback_close_each_group_they_name(network: Network) -> None:
    """To another VPC's group and back: both stay closed."""
    another = Network(network.ec2)
    network.ask("Create", network.group)
    network.ask("Update", another.group, network.group)
    network.ask("Update", network.group, another.group)
    assert network.rules(network.group) == network.rules(another.group) == (0, 0)


def test_a_delete_opens_nothing_and_asks_nothing(network: Network) -> None:
    """Also of a group that never was, as after a create that failed."""
    network.ask("Create", network.group)
    network.ask("Delete", network.group)
    assert network.rules(network.group) == (0, 0)
    assert network.ask("Delete", "sg-unknown") == {}


def test_fails_when_the_group_is_not_a_default_one(network: Network) -> None:
    """A wrong id closes nothing that is in use."""
    with pytest.raises(DefaultGroupError, match="named jobs; only a VPC's default group"):
        network.ask("Create", network.other)
    assert network.rules(network.other) == (0, 1)


def test_lambda_answers_cloudformation(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry does it with clients of its own; an unknown group is a FAILED answer."""
    answers: list[dict[str, Any]] = []
    monkeypatch.setattr(cfn_response, "_put", lambda _url, body: answers.append(json.loads(body)))
    default_group.handler(event("Create", {"GroupId": network.group}), Context())
    default_group.handler(event("Create", {"GroupId": "sg-00000000000000000"}), Context())
    assert [answer["Status"] for answer in answers] == ["SUCCESS", "FAILED"]
    assert network.rules(network.group) == (0, 0)


class Shaky:
    """EC2 with one inbound rule, which answers revocations as it is told to."""

    def __init__(self, *errors: str, stubborn: bool = False) -> None:
        self.errors = list(errors)
        self.stubborn = stubborn
        self.open = True

    def describe_security_groups(self, GroupIds: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"SecurityGroups": [{"GroupId": GroupIds[0], "GroupName": "default", "IpPermissions": [HTTPS] if self.open else []}]}

    def revoke_security_group_ingress(self, **_: Any) -> dict[str, Any]:
        if self.errors:
            code = self.errors.pop(0)
            self.open = code != "InvalidPermission.NotFound"
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "RevokeSecurityGroupIngress")
        self.open = self.stubborn
        return {}

    def revoke_security_group_egress(self, **_: Any) -> dict[str, Any]:
        raise AssertionError


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "InvalidPermission.NotFound"])
def test_throttling_and_somebody_who_was_faster_do_not_matter(code: str) -> None:
    """One passes, the other did our work."""
    shaky = Shaky(code)
    assert DefaultGroup(shaky, retry()).apply(request("Create", {"GroupId": "sg-1"})) == {}
    assert not shaky.open


def test_fails_when_something_is_denied() -> None:
    """Told as it is."""
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        DefaultGroup(Shaky("UnauthorizedOperation"), retry()).apply(request("Create", {"GroupId": "sg-1"}))


def test_fails_when_somebody_keeps_opening_it() -> None:
    """A limited number of attempts, with pauses, and the remedy."""
    clock = Clock()
    with pytest.raises(DefaultGroupError, match="make it stop"):
        DefaultGroup(Shaky(stubborn=True), retry(clock)).apply(request("Create", {"GroupId": "sg-1"}))
    assert clock.pauses
