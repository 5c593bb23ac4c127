"""Names what is more open or less watched after a change: a table of properties, resources that protect others, networks, keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS
from lakecheck.upgrade.lake_formation.single_rights import things
from lakecheck.upgrade.lake_formation.telling import Teller
from lakecheck.upgrade.model import Deletion, Fate
from lakecheck.upgrade.reading import at, canonical, differing, is_open, said, tell
from lakecheck.upgrade.security import networks, trails
from lakecheck.upgrade.security.encryption_table import KEYS, is_own
from lakecheck.upgrade.security.weakening_table import GUARDS, LAKE, WEAKENING
from lakecheck.upgrade.watched import watch

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


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Everything that is more open or less watched; new resources are judged by rules, not as a change."""
    gone = _gone(comparison)
    for change in comparison.changes:
        if change.fate is Fate.REMOVED:
            yield from _unguarded(change, gone)
        else:
            yield from _merged(watch(change, WEAKENING))
            yield from _keys(change)
            yield from trails.risks(change)
            yield from networks.risks(change, comparison)
    yield from _iam_decides(comparison)


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
        is_certain=guard.is_certain,
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


def _iam_decides(comparison: Comparison) -> Iterator[Risk]:
    """New grants to IAM_ALLOWED_PRINCIPALS on what was there before, which hand the decision about it back to IAM."""
    base = comparison.base_under_names_of_head().estate
    before = {(each.account, each.region, each.resource) for each in base.grants if each.principal == IAM_ALLOWED_PRINCIPALS}
    there = {(each.account, each.region, each.name) for each in base.databases}
    new = {(each.account, each.region, each.name) for each in comparison.head.estate.databases} - there
    teller = Teller(comparison)
    for grant in comparison.head.estate.grants:
        resource = grant.resource
        is_new = (resource.catalog, resource.region or grant.region, resource.database) in new
        if grant.principal != IAM_ALLOWED_PRINCIPALS or is_new or (grant.account, grant.region, grant.resource) in before:
            continue
        on = " and ".join(dict.fromkeys(str(thing) for thing in things(resource, grant.region)))
        yield teller.at(
            grant.origin,
            LAKE.rule,
            f"IAM_ALLOWED_PRINCIPALS gets {', '.join(sorted(grant.permissions))} on {on}",
            consequence="Whoever has the IAM actions of Glue and S3 reads it, whatever Lake Formation's grants say.",
            remedy="Leave it out, and grant what is needed by name or by LF-Tags.",
            at="Principal",
            now=IAM_ALLOWED_PRINCIPALS,
        )
