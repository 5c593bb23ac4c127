"""Compares what reaches a security group: ports that the internet reaches and did not, and ranges or protocols that are wider.

Another group, another range of the own network or another port of one is ordinary work, and no risk here.
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import at, canonical, differing, is_open, number, objects, reasons, said, tell
from lakecheck.upgrade.security.weakening_table import NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk

_GROUP: Final = "AWS::EC2::SecurityGroup"
_INGRESS: Final = "AWS::EC2::SecurityGroupIngress"
_ALL: Final = "-1"
_LAST_PORT: Final = 65535
_ADDRESSES: Final = ("CidrIp", "CidrIpv6")

_OWN: Final = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")
)
"""Addresses that no internet has."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class _Door:
    """Who comes in by one rule, and where."""

    network: _Network
    protocol: str
    start: float
    end: float

    def covers(self, other: _Door) -> bool:
        """Whether it lets in whoever the other one does."""
        return self.is_around(other) and self.has_ports_of(other)

    def is_around(self, other: _Door) -> bool:
        """Whether its addresses contain those of the other."""
        return _is_within(other.network, self.network)

    @property
    def is_of_internet(self) -> bool:
        """Whether the internet has addresses that come in."""
        return not any(_is_within(self.network, own) for own in _OWN)

    def has_ports_of(self, other: _Door) -> bool:
        """Whether its protocol and ports contain those of the other."""
        return self.protocol in (_ALL, other.protocol) and self.start <= other.start and self.end >= other.end

    @property
    def where(self) -> str:
        """Its ports for people."""
        whole = (self.start, self.end) == (0, _LAST_PORT)
        ports = "every port" if whole else f"port {self.start:g}" if self.start == self.end else f"ports {self.start:g} to {self.end:g}"
        return f"{ports} ({'every protocol' if self.protocol == _ALL else self.protocol})"


def risks(change: ResourceChange, comparison: Comparison) -> Iterator[Risk]:
    """What a changed group lets in that it did not.

    Args:
        change: One of the changes.
        comparison: All of them.
    """
    if change.type == _GROUP:
        for path, was, now in differing(change, "SecurityGroupIngress"):
            yield from _opened(change, _doors(was), _doors(now), path)
            yield from _vague(change, was, now, path)
    elif change.type == _INGRESS and change.now is not None and change.fate is not Fate.LEFT_BEHIND:
        now = change.now.resource.properties
        was = change.was.resource.properties if change.was is not None else None
        if was is not None or _is_there(at(now, "GroupId"), comparison):
            yield from _opened(change, _doors(was), _doors(dict(now)), "CidrIp")
            yield from _vague(change, was, dict(now), "CidrIp")


def _opened(change: ResourceChange, before: list[_Door], after: list[_Door], path: str) -> Iterator[Risk]:
    for door in after:
        if any(one.covers(door) for one in before):
            continue
        if door.network.prefixlen == 0:
            yield _told(change, door, path, f"{door.where} is open to the whole internet ({door.network})")
        elif door.is_of_internet:
            yield _told(change, door, path, f"{door.where} is open to addresses of the internet ({door.network})")
        else:
            inside = [one for one in before if door.covers(one)]
            if inside:
                message = f"{door.where} is open to {door.network} instead of {inside[0].where} to {inside[0].network}"
                yield _told(change, door, path, message)


def _vague(change: ResourceChange, was: Any, now: Any, path: str) -> Iterator[Risk]:
    """Rules whose addresses no template tells, and that were not there."""
    before = {_addresses(rule) for rule in objects(was)}
    for rule in objects(now):
        if any(is_open(rule.get(name)) for name in _ADDRESSES) and _addresses(rule) not in before:
            yield tell(
                change,
                NETWORK.rule,
                "it is open to addresses that are not known",
                consequence=NETWORK.consequence,
                remedy="Write the addresses into the template, or give the value of the parameter.",
                at=path,
                because=reasons(*(rule.get(name) for name in _ADDRESSES)),
                is_certain=False,
            )


def _addresses(rule: Mapping[str, Any]) -> str:
    return canonical([rule.get(name) for name in _ADDRESSES])


def _told(change: ResourceChange, door: _Door, path: str, message: str) -> Risk:
    consequence = "Whoever is there may try to connect; what listens is found within minutes."
    if not door.is_of_internet:
        consequence = NETWORK.consequence
    return tell(
        change,
        NETWORK.rule,
        message,
        consequence=consequence,
        remedy="Name the addresses, prefix lists or security groups that need it.",
        at=path,
        now=str(door.network),
    )


def _is_within(one: _Network, other: _Network) -> bool:
    if isinstance(other, ipaddress.IPv4Network):
        return isinstance(one, ipaddress.IPv4Network) and one.subnet_of(other)
    return isinstance(one, ipaddress.IPv6Network) and one.subnet_of(other)


def _is_there(group: Any, comparison: Comparison) -> bool:
    """Whether a security group was there before: one that HEAD adds has no ingress that could be weaker."""
    name = canonical(group)
    added = (change for change in comparison.changes if change.fate is Fate.ADDED and change.type == _GROUP)
    return not any(name in (canonical(one.node.resource.ref), canonical(one.node.resource.attributes.get("GroupId"))) for one in added)


def _doors(rules: Any) -> list[_Door]:
    return [door for rule in objects(rules) for door in _door(rule)]


def _door(rule: Mapping[str, Any]) -> Iterable[_Door]:
    protocol = said(rule.get("IpProtocol"))
    start, end = number(rule.get("FromPort")), number(rule.get("ToPort"))
    if protocol == _ALL or start is None or end is None or start == -1:
        start, end = 0, _LAST_PORT
    for name in _ADDRESSES:
        try:
            yield _Door(ipaddress.ip_network(str(rule.get(name)), strict=False), protocol, start, end)
        except ValueError:
            continue
