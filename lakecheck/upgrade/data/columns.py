"""Compares the columns, partition keys and Iceberg retention of Glue tables: what readers cannot read any more.

Widening of types: https://iceberg.apache.org/spec/#schema-evolution
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import Truth
from lakecheck.upgrade.reading import at, both, canonical, is_open, objects, said, tell, touched
from lakecheck.upgrade.watched import CHANGED, LOWER, ON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.upgrade.model import ResourceChange, Risk
    from lakecheck.upgrade.watched import Direction

_COLUMNS: Final = "TableInput.StorageDescriptor.Columns"
_KEYS: Final = "TableInput.PartitionKeys"
_PARAMETERS: Final = "TableInput.Parameters"
_WIDER: Final = (("tinyint", "smallint", "int", "bigint"), ("float", "double"), ("char", "varchar", "string"))
_ALIASES: Final = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}
_SIZED: Final = re.compile(r"(decimal|varchar|char)\((\d+)(?:,(\d+))?\)")
_MOST_LEVELS: Final = 40

_SNAPSHOTS: Final[Mapping[str, tuple[Direction, Any, str]]] = {
    "history.expire.max-snapshot-age-ms": (LOWER, 432_000_000, "milliseconds that snapshots are kept"),
    "history.expire.min-snapshots-to-keep": (LOWER, 1, "snapshots that are always kept"),
    "vacuum_max_snapshot_age_seconds": (LOWER, 432_000, "seconds that snapshots are kept"),
    "vacuum_min_snapshots_to_keep": (LOWER, 1, "snapshots that are always kept"),
    "write.metadata.delete-after-commit.enabled": (ON, "false", "whether old metadata is deleted at each commit"),
    "write.metadata.previous-versions-max": (LOWER, 100, "metadata files that are kept"),
    "gc.enabled": (ON, "true", "whether files may be deleted"),
}
"""Properties of Iceberg tables: the direction in which less is kept, the default, what it is."""

_PLACES: Final = ("storage.location.template", "metadata_location")


def risks(change: ResourceChange) -> Iterator[Risk]:
    """What a change of a table's entry takes from its readers; the files stay as they are."""
    pair = both(change) if change.type == "AWS::Glue::Table" else None
    if pair is None or not touched(change, "TableInput"):
        return
    was, now = pair
    yield from _columns(change, was, now)
    before, after = (canonical([(_name(each), _type(each)) for each in objects(at(side, _KEYS))]) for side in (was, now))
    if before != after and (at(was, _KEYS) is not None or at(now, _KEYS) is not None):
        yield tell(
            change,
            "data_loss.partition_keys",
            f"partition keys are {_listed(at(now, _KEYS))} instead of {_listed(at(was, _KEYS))}",
            consequence="Partitions that are there do not fit the keys: readers find nothing in them, or the wrong rows.",
            remedy="Make a second table with the new keys, write the data there, move the readers, then remove this one.",
            at=_KEYS,
            was=_listed(at(was, _KEYS)),
            now=_listed(at(now, _KEYS)),
            is_certain=not is_open(at(was, _KEYS)) and not is_open(at(now, _KEYS)),
        )
    yield from snapshots(change, at(was, _PARAMETERS), at(now, _PARAMETERS), _PARAMETERS)
    yield from _places(change, at(was, _PARAMETERS), at(now, _PARAMETERS))


def _columns(change: ResourceChange, was: Any, now: Any) -> Iterator[Risk]:
    after = {_name(each): each for each in (*objects(at(now, _COLUMNS)), *objects(at(now, _KEYS)))}
    if is_open(at(was, _COLUMNS)) or is_open(at(now, _COLUMNS)):
        if canonical(at(was, _COLUMNS)) != canonical(at(now, _COLUMNS)):
            yield _told(change, "columns", "columns change in a way that is not known", at_path=_COLUMNS, is_certain=False)
        return
    for each in objects(at(was, _COLUMNS)):
        name, found = _name(each), after.get(_name(each))
        if found is None:
            yield _told(change, "columns", f"column {name} is gone", at_path=f"{_COLUMNS}[{name}]", was=_type(each))
        elif not is_wider(_type(each), _type(found)):
            message = f"column {name} is {_type(found)} instead of {_type(each)}"
            yield _told(change, "type_narrowed", message, at_path=f"{_COLUMNS}[{name}]", was=_type(each), now=_type(found))


_TOLD: Final = {
    "columns": (
        "Queries that name it fail, and what is in it cannot be read through the catalog any more; the files keep it.",
        "Announce it, let readers stop using it, then remove it; for another name add the new column and fill it first.",
    ),
    "type_narrowed": (
        "Values that do not fit the type fail the query, or come out as null; the files keep what they have.",
        "Add a column of the new type beside it, fill it, move the readers, then remove the old one.",
    ),
}


def _told(
    change: ResourceChange, kind: str, message: str, *, at_path: str, was: Any = None, now: Any = None, is_certain: bool = True
) -> Risk:
    consequence, remedy = _TOLD[kind]
    return tell(
        change,
        f"data_loss.{kind}",
        message,
        consequence=consequence,
        remedy=remedy,
        at=at_path,
        was=was,
        now=now,
        is_certain=is_certain,
    )


def _name(column: Mapping[str, Any]) -> str:
    return said(column.get("Name")).lower()


def _type(column: Mapping[str, Any]) -> str:
    return re.sub(r"\s+", "", said(column.get("Type"))).lower() if isinstance(column.get("Type"), str) else said(column.get("Type"))


def _listed(keys: Any) -> str:
    return ", ".join(f"{_name(each)} {_type(each)}".strip() for each in objects(keys)) or "none"


def is_wider(was: str, now: str, levels: int = _MOST_LEVELS) -> bool:
    """Whether every value of a type can be read as another: the same, a larger number, a struct with more fields.

    Example:
        >>> is_wider("int", "bigint"), is_wider("decimal(10,2)", "decimal(8,2)"), is_wider("struct<a:int>", "struct<a:int,b:string>")
        (True, False, True)
    """
    was, now = _ALIASES.get(was, was), _ALIASES.get(now, now)
    if was == now:
        return True
    if levels == 0:
        return False
    one, other = _SIZED.fullmatch(was), _SIZED.fullmatch(now)
    if one and other and one[1] == other[1]:
        return int(one[2]) <= int(other[2]) and int(one[3] or 0) == int(other[3] or 0)
    outer, inner = was.partition("<")[0], now.partition("<")[0]
    if "<" in was and outer == inner and was.endswith(">") and now.endswith(">"):
        return _parts_wider(outer, _split(was[len(outer) + 1 : -1]), _split(now[len(inner) + 1 : -1]), levels - 1)
    bare = (one[1] if one else was, other[1] if other else now)
    return any(bare[0] in row and bare[1] in row and row.index(bare[0]) < row.index(bare[1]) for row in _WIDER)


def _parts_wider(outer: str, was: list[str], now: list[str], levels: int) -> bool:
    if outer != "struct":
        return len(was) == len(now) and all(is_wider(one, other, levels) for one, other in zip(was, now, strict=True))
    after = dict(each.partition(":")[::2] for each in now)
    before = dict(each.partition(":")[::2] for each in was)
    return all(name in after and is_wider(kind, after[name], levels) for name, kind in before.items())


def _split(text: str) -> list[str]:
    """The parts between commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for index, sign in enumerate(text):
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def snapshots(change: ResourceChange, was: Any, now: Any, place: str) -> Iterator[Risk]:
    """What properties of an Iceberg table delete sooner; `place` is where they stand."""
    before, after = (side if isinstance(side, dict) else {} for side in (was, now))
    for name, (direction, default, what) in _SNAPSHOTS.items():
        values = before.get(name, default), after.get(name, default)
        truth = direction.is_weaker(*values) if canonical(values[0]) != canonical(values[1]) else Truth.FALSE
        if truth is not Truth.FALSE:
            yield tell(
                change,
                "data_loss.sooner",
                f"{what}: {said(values[1])} instead of {said(values[0])}",
                consequence="Older snapshots and their files are deleted at the next maintenance, and time travel to them ends.",
                remedy="Keep the longer time, or tag the snapshots that are still needed.",
                at=f"{place}.{name}",
                was=values[0],
                now=values[1],
                is_certain=truth is Truth.TRUE,
            )


def _places(change: ResourceChange, was: Any, now: Any) -> Iterator[Risk]:
    before, after = (side if isinstance(side, dict) else {} for side in (was, now))
    for name in _PLACES:
        truth = CHANGED.is_weaker(before.get(name), after.get(name))
        if truth is not Truth.FALSE and canonical(before.get(name)) != canonical(after.get(name)):
            yield tell(
                change,
                "data_loss.other_data",
                f"{name}: {said(after.get(name))} instead of {said(before.get(name))}",
                consequence="Readers see what is at the new place, and no more what they saw before; the files at the old one stay unread.",
                remedy="Copy the files to the new place first; leave out metadata_location, which belongs to the writers.",
                at=f"{_PARAMETERS}.{name}",
                was=before.get(name),
                now=after.get(name),
                is_certain=truth is Truth.TRUE,
            )
