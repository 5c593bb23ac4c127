"""Names what changes in place so that data is deleted sooner, or protected and backed up less: tables, and what a table cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.data import columns, iceberg, lifecycle
from lakecheck.upgrade.data.retention_table import BACKUPS, COPIES, LOCK, PROTECTING, RETENTION, SOONER
from lakecheck.upgrade.model import Deletion, Fate
from lakecheck.upgrade.reading import (
    MISSING,
    at,
    both,
    canonical,
    differing,
    is_empty,
    is_open,
    items,
    number,
    objects,
    said,
    tell,
    touched,
)
from lakecheck.upgrade.watched import watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk
    from lakecheck.upgrade.watched import Danger

RULES: Final[Mapping[str, str]] = {
    "data_loss.sooner": "Data is kept for less time than before.",
    "data_loss.lifecycle": "A lifecycle rule deletes objects or images that none deleted before, or deletes them sooner.",
    "data_loss.backups": "Backups are kept for less time, cover less or are made no more.",
    "data_loss.versions": "Versioning of a bucket is suspended.",
    "data_loss.lock": "Object Lock or a vault's lock is gone, shorter or weaker.",
    "data_loss.copies": "Data is copied to fewer places.",
    "data_loss.protection_off": "A protection from deletion is switched off.",
    "data_loss.dead_letters": "What fails is kept nowhere any more.",
    "data_loss.stream": "A stream of changes is gone or has less of each item.",
    "data_loss.key": "A key is disabled, or its deletion waits for less time.",
    "data_loss.catalog_entries": "A crawler deletes tables from the catalog.",
    "data_loss.columns": "A table's column is gone, is called otherwise, or has another field id.",
    "data_loss.type_narrowed": "A table's column has a type that does not take all values of the old one.",
    "data_loss.partition_keys": "A table's partition keys change.",
    "data_loss.other_data": "A table or database points at another place.",
}

_YEAR: Final = 365
_RETENTION: Final = "ObjectLockConfiguration.Rule.DefaultRetention"
_LISTS: Final[Mapping[str, tuple[str, str, str, Danger]]] = {
    "AWS::DynamoDB::GlobalTable": ("Replicas", "Region", "replica", COPIES),
    "AWS::SecretsManager::Secret": ("ReplicaRegions", "Region", "replica", COPIES),
    "AWS::Backup::BackupPlan": ("BackupPlan.BackupPlanRule", "RuleName", "rule", BACKUPS),
    "AWS::DLM::LifecyclePolicy": ("PolicyDetails.Schedules", "Name", "schedule", BACKUPS),
}
"""Types with a list whose items protect data: the list, what its items are known by, what one is called."""
_DELETING_OPTIMIZERS: Final = ("retention", "orphan_file_deletion")


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Every property that keeps or protects less than before, and every backup that is made no more."""
    for change in comparison.changes:
        if change.fate is Fate.REMOVED:
            yield from _unprotected(change)
        elif change.fate is Fate.ADDED:
            yield from _optimized(change, comparison)
        else:
            yield from watch(change, RETENTION)
            yield from lifecycle.risks(change)
            yield from columns.risks(change)
            yield from iceberg.risks(change)
            yield from _lock(change)
            yield from _replication(change)
            yield from _gone(change)


def _unprotected(change: ResourceChange) -> Iterator[Risk]:
    consequence = PROTECTING.get(change.type)
    if consequence is not None and change.deletion is not Deletion.RETAINED:
        yield tell(
            change,
            BACKUPS.rule,
            f"{change.type.removeprefix('AWS::').replace('::', ' ')} is removed",
            consequence=f"{consequence[0].upper()}{consequence[1:]}.",
            remedy="Remove it only together with what it backs up, or when another plan covers that.",
            because=change.because,
        )


def _lock(change: ResourceChange) -> Iterator[Risk]:
    """Object Lock's default retention, in days or years; its removal is told by its mode."""
    if change.type != "AWS::S3::Bucket":
        return
    for _, was, now in differing(change, _RETENTION):
        if is_empty(was) or is_empty(now):
            continue
        before, after = _days(was), _days(now)
        if before is not None and after is not None and after >= before:
            continue
        if (before is None or after is None) and not (is_open(was) or is_open(now)):
            continue
        yield tell(
            change,
            LOCK.rule,
            f"Object Lock keeps new objects for {_said_days(now)} instead of {_said_days(was)}",
            consequence=LOCK.consequence,
            remedy=LOCK.remedy,
            at=f"{_RETENTION}.Days",
            was=_said_days(was),
            now=_said_days(now),
            is_certain=before is not None and after is not None,
        )


def _days(retention: Any) -> float | None:
    days, years = number(at(retention, "Days")), number(at(retention, "Years"))
    return days if days is not None else None if years is None else years * _YEAR


def _said_days(retention: Any) -> str:
    days = _days(retention)
    return "a time that is not known" if days is None else f"{days:g} days"


def _replication(change: ResourceChange) -> Iterator[Risk]:
    """Destinations that a bucket is replicated to no more, or with less of it."""
    if change.type != "AWS::S3::Bucket":
        return
    for path, was, now in differing(change, "ReplicationConfiguration"):
        before, after = _targets(was), _targets(now)
        for target, scopes in before.items():
            left = after.get(target, [])
            if not all(any(_covers(one, each) for one in left) for each in scopes):
                what = "is gone" if not left else "copies less than before"
                yield tell(
                    change,
                    COPIES.rule,
                    f"replication to {target} {what}",
                    consequence="Objects that are written from now on are not copied there; copies that are there stay.",
                    remedy="Keep the rule until another one copies the same objects, and catch up with S3 Batch Replication.",
                    at=path,
                    was=said(was),
                    now=said(now),
                    is_certain=not is_open(now),
                )


def _targets(configuration: Any) -> dict[str, list[tuple[Any, frozenset[str]]]]:
    """By destination, the prefix and tags of each rule that is enabled."""
    found: dict[str, list[tuple[Any, frozenset[str]]]] = {}
    for rule in objects(at(configuration, "Rules")):
        if rule.get("Status") == "Disabled":
            continue
        scope = rule.get("Filter")
        inner = at(scope, "And") if at(scope, "And") is not MISSING else scope
        prefix = at(inner, "Prefix") if at(inner, "Prefix") is not MISSING else rule.get("Prefix")
        tags = [*items(at(inner, "TagFilters")), *items(at(inner, "TagFilter"))]
        scoped = ("" if prefix is MISSING else prefix, frozenset(canonical(each) for each in tags))
        found.setdefault(said(at(rule, "Destination.Bucket")), []).append(scoped)
    return found


def _covers(one: tuple[Any, frozenset[str]], other: tuple[Any, frozenset[str]]) -> bool:
    start, text = one[0], other[0]
    wider = canonical(start) == canonical(text) or (
        isinstance(start, str) and isinstance(text, str) and not is_open(start) and text.startswith(start)
    )
    return wider and one[1] <= other[1]


def _gone(change: ResourceChange) -> Iterator[Risk]:
    """Items of a list that protect data and are there no more."""
    path, key, what, danger = _LISTS.get(change.type, ("", "", "", COPIES))
    pair = both(change) if path else None
    if pair is None or not touched(change, path):
        return
    was, now = (at(side, path) for side in pair)
    after = {canonical(each.get(key)) for each in objects(now)}
    for each in objects(was):
        if canonical(each.get(key)) not in after:
            yield tell(
                change,
                danger.rule,
                f"{what} {said(each.get(key))} is gone",
                consequence=danger.consequence,
                remedy=danger.remedy,
                at=f"{path}[{said(each.get(key))}]",
                was=said(each.get(key)),
                is_certain=not is_open(now),
            )


def _optimized(change: ResourceChange, comparison: Comparison) -> Iterator[Risk]:
    """A new optimizer that deletes snapshots or files of a table that is there already."""
    if change.type != "AWS::Glue::TableOptimizer":
        return
    properties = change.node.resource.properties
    kind = at(properties, "Type")
    if kind not in _DELETING_OPTIMIZERS:
        return
    wanted = tuple(canonical(at(properties, name)) for name in ("DatabaseName", "TableName"))
    for table in comparison.base.by_type.get("AWS::Glue::Table", ()):
        names = at(table.properties, "DatabaseName"), at(table.properties, "TableInput.Name")
        if (canonical(names[0]), canonical(table.ref if names[1] is MISSING else names[1])) == wanted:
            what = "snapshots that are older than its retention" if kind == "retention" else "files that no snapshot names"
            yield tell(
                change,
                SOONER.rule,
                f"a new optimizer deletes {what} of table {said(names[1])}, which nothing deleted before",
                consequence="It runs soon after the deployment; time travel to what it deletes ends.",
                remedy="Check that its retention is as long as readers travel back; orphan deletion needs a location of the table's own.",
                at="Type",
                now=said(kind),
            )
            return
