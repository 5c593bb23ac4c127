"""Names what is more open or less watched after a change: a table of properties, resources that protect others, networks, keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.encryption_table import KEYS, is_own
from lakecheck.upgrade.model import Deletion, Fate
from lakecheck.upgrade.reading import MISSING, at, canonical, differing, is_open, number, objects, said, tell
from lakecheck.upgrade.watched import watch
from lakecheck.upgrade.weakening_table import GUARDS, NETWORK, WEAKENING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk

RULES: Final[Mapping[str, str]] = {
    "security_weakened.public_access": "Something that keeps the public, or other accounts, out is off or wider.",
    "security_weakened.encryption": "Data at rest is encrypted with less: no key, AWS's own key, or not at all.",
    "security_weakened.transit": "Data on its way is not encrypted any more.",
    "security_weakened.audit": "Less of what happens is recorded.",
    "security_weakened.detection": "Something that notices misuse, drift or failure is off or gone.",
    "security_weakened.query_limits": "A workgroup's configuration is not enforced, or its cap is higher or gone.",
    "security_weakened.authentication": "Callers have to prove less about who they are.",
    "security_weakened.network": "More of the network gets in, or with older protocols.",
    "security_weakened.guardrail": "A bound on what may be done, whatever is allowed otherwise, is gone.",
    "security_weakened.rotation": "A key or secret is rotated later or never.",
    "security_weakened.lake_formation": "Lake Formation decides less, or more people administer it.",
    "identity.encryption_key": "Data is encrypted with another key from now on.",
}

_GROUP: Final = "AWS::EC2::SecurityGroup"
_INGRESS: Final = "AWS::EC2::SecurityGroupIngress"
_WORLD: Final = ("0.0.0.0/0", "::/0")
_ALL: Final = "-1"
_LAST_PORT: Final = 65535


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Everything that is more open or less watched; new resources are judged by rules, not as a change."""
    gone = _gone(comparison)
    for change in comparison.changes:
        if change.fate is Fate.REMOVED:
            yield from _unguarded(change, gone)
        else:
            yield from _merged(watch(change, WEAKENING))
            yield from _keys(change)
            yield from _networks(change, comparison)


def _merged(found: Iterable[Risk]) -> Iterator[Risk]:
    """One risk for all properties of one object that are weaker in the same way."""
    by_parent: dict[tuple[str, str], list[Risk]] = {}
    for risk in found:
        by_parent.setdefault((risk.rule, risk.property.rpartition(".")[0] or risk.property), []).append(risk)
    for (_, parent), same in by_parent.items():
        if len(same) == 1:
            yield same[0]
            continue
        yield replace(
            same[0],
            property=parent,
            message="; ".join(each.message for each in same),
            was=", ".join(dict.fromkeys(each.was for each in same if each.was)),
            now=", ".join(dict.fromkeys(each.now for each in same if each.now)),
            because=tuple(dict.fromkeys(line for each in same for line in each.because)),
            is_certain=any(each.is_certain for each in same),
        )


def _gone(comparison: Comparison) -> frozenset[str]:
    """What resources are called that are removed."""
    return frozenset(
        canonical(name)
        for change in comparison.changes
        if change.fate is Fate.REMOVED and change.was is not None and change.type not in GUARDS
        for name in (change.was.resource.ref, change.was.resource.arn, *change.was.resource.attributes.values())
        if isinstance(name, str) and name
    )


def _unguarded(change: ResourceChange, gone: frozenset[str]) -> Iterator[Risk]:
    """A resource that protects others and goes, while what it protects stays."""
    guard = GUARDS.get(change.type)
    if guard is None or change.was is None or change.deletion is Deletion.RETAINED:
        return
    if guard.of and gone and any(canonical(text) in gone for text in _texts(at(change.was.resource.properties, guard.of))):
        return
    yield tell(
        change,
        guard.danger.rule,
        f"{guard.what} is removed",
        consequence=guard.danger.consequence,
        remedy=guard.danger.remedy,
        because=change.because,
    )


def _texts(value: Any) -> Iterator[str]:
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            todo += each.values()
        elif isinstance(each, list | tuple):
            todo += each


def _keys(change: ResourceChange) -> Iterator[Risk]:
    """Another key of one's own: nothing is weaker, and readers need the old one as long as old data is there."""
    if change.fate is not Fate.UPDATED:
        return
    for path, was, now in differing(change, *KEYS.get(change.type, ())):
        if is_own(was) and is_own(now) and canonical(was) != canonical(now):
            yield tell(
                change,
                "identity.encryption_key",
                f"data is encrypted with {said(now)} instead of {said(was)} from now on",
                consequence="What is there stays encrypted with the old key: readers need both, and nothing old is readable without it.",
                remedy="Let readers and writers use the new key first, keep the old one, and encrypt old data again if it is to go.",
                at=path,
                was=was,
                now=now,
                is_certain=not is_open(was) or not is_open(now),
            )


# --- networks ---------------------------------------------------------------------------------------------------------------------------


def _networks(change: ResourceChange, comparison: Comparison) -> Iterator[Risk]:
    """Ports of a security group that the whole internet reaches and did not."""
    if change.type == _GROUP:
        for path, was, now in differing(change, "SecurityGroupIngress"):
            before = [_ports(each) for each in objects(was) if _is_world(each)]
            for each in objects(now):
                if _is_world(each) and not any(_covers(one, _ports(each)) for one in before):
                    yield _opened(change, each, path)
    elif change.type == _INGRESS and change.now is not None and change.fate is not Fate.LEFT_BEHIND:
        now = change.now.resource.properties
        earlier = [change.was.resource.properties] if change.was is not None else []
        if not earlier and not _is_there(at(now, "GroupId"), comparison):
            return
        if _is_world(now) and not any(_is_world(one) and _covers(_ports(one), _ports(now)) for one in earlier):
            yield _opened(change, now, "CidrIp")


def _is_there(group: Any, comparison: Comparison) -> bool:
    """Whether a security group was there before: one that HEAD adds has no ingress that could be weaker."""
    name = canonical(group)
    added = (change for change in comparison.changes if change.fate is Fate.ADDED and change.type == _GROUP)
    return not any(name in (canonical(one.node.resource.ref), canonical(one.node.resource.attributes.get("GroupId"))) for one in added)


def _is_world(rule: Mapping[str, Any]) -> bool:
    return rule.get("CidrIp") in _WORLD or rule.get("CidrIpv6") in _WORLD


def _ports(rule: Mapping[str, Any]) -> tuple[str, float, float]:
    protocol = said(rule.get("IpProtocol"))
    start, end = number(rule.get("FromPort")), number(rule.get("ToPort"))
    if protocol == _ALL or start is None or end is None or start == -1:
        return protocol, 0, _LAST_PORT
    return protocol, start, end


def _covers(one: tuple[str, float, float], other: tuple[str, float, float]) -> bool:
    return one[0] in (_ALL, other[0]) and one[1] <= other[1] and one[2] >= other[2]


def _opened(change: ResourceChange, rule: Mapping[str, Any], path: str) -> Risk:
    protocol, start, end = _ports(rule)
    where = "every port" if (start, end) == (0, _LAST_PORT) else f"port {start:g}" if start == end else f"ports {start:g} to {end:g}"
    source = rule.get("CidrIp") if rule.get("CidrIp") is not MISSING else rule.get("CidrIpv6")
    return tell(
        change,
        NETWORK.rule,
        f"{where} ({'every protocol' if protocol == _ALL else protocol}) is open to the whole internet ({said(source)})",
        consequence="Anybody may try to connect; what listens there is found within minutes.",
        remedy="Name the addresses, prefix lists or security groups that need it.",
        at=path,
        now=source,
    )
