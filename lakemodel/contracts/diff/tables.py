"""Compares the tables of a product: which there are, their columns, keys, partitioning, format and delivery."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.diff.classes import Classes, lowered_by_renaming
from lakemodel.contracts.diff.comparison import ABSENT, Comparison, Handler, Pair, aligned, differing_keys, leaves, means_the_same, told
from lakemodel.contracts.diff.custom import custom_properties, own_name
from lakemodel.contracts.diff.properties import COMMON, Matched, catalog_name, compare_column
from lakemodel.contracts.diff.types import shown_type
from lakemodel.contracts.model import ExpectedVolume, PartitionField, Source, SourceFormat, Table, TableFormat
from lakemodel.contracts.nodes import flag_of, items_of, text_of
from lakemodel.contracts.tables import is_computed

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS: Final = {"format": "sourceFormat", "null_marker": "nullMarker"}
"""Custom properties whose name is not that of the delivery's attribute."""

_DRIFT: Final = {"missing_columns": "missingColumns", "extra_columns": "extraColumns", "column_order": "columnOrder"}
_DRIFT_RULES: Final = {
    "quarantine": "delivery.refused",
    "declared": "delivery.refused",
    "ignore": "delivery.taken",
    "any": "delivery.taken",
    "null": "delivery.missing_as_null",
}
"""What it means that a file with other columns is treated so from now on."""


def compare_tables(comparison: Comparison, pair: Pair) -> None:
    """Two lists of tables."""
    gone: list[Pair] = []
    new: list[Pair] = []
    for base, head in aligned(pair.base, pair.head, lambda node: catalog_name(node) or None):
        item = pair.item(base, head)
        if head is None:
            gone.append(item)
        elif base is None:
            new.append(item)
        else:
            _compare_table(comparison, item)
    _note_gone_and_new(comparison, gone, new, "table", lambda node, _: catalog_name(node))


def _compare_table(comparison: Comparison, pair: Pair) -> None:
    name = catalog_name(pair.head)
    base, head = comparison.base.tables.get(name), comparison.head.tables.get(name)
    if not pair.differs and base == head:
        return
    explained = _key(comparison, pair) | _partitioning(comparison, pair, base, head)
    if base is not None and head is not None:
        explained |= _format(comparison, pair, base, head) | _delivery(comparison, pair, base, head)
        explained |= _rows(comparison, pair, base, head)
    _columns(comparison, pair.child("properties"), base, head, frozenset(explained))
    handlers: dict[str, Handler] = COMMON | {
        "name": means_the_same,
        "logicalType": means_the_same,
        "physicalName": _physical_name(pair),
        "physicalType": _kind,
        "customProperties": custom_properties(frozenset(explained), is_known=base is not None and head is not None),
    }
    for key in differing_keys(pair):
        if key != "properties":
            told(comparison, pair.child(key), handlers.get(key, leaves("other.changed")))


def _physical_name(table: Pair) -> Handler:
    def handle(comparison: Comparison, pair: Pair) -> None:
        was, now = (text_of(side, "physicalName") or text_of(side, "name") for side in (table.base, table.head))
        if was != now:
            comparison.note("table.physical_name_changed", pair, was=was, now=now)

    return handle


def _kind(comparison: Comparison, pair: Pair) -> None:
    if str(pair.base).lower() != str(pair.head).lower():
        comparison.note("table.kind_changed", pair)


def _key(comparison: Comparison, pair: Pair) -> set[str]:
    was, now = (_key_of(side) for side in (pair.base, pair.head))
    if set(was) == set(now):
        return set()
    rule = "primary_key.removed" if not now else "primary_key.changed" if was else "primary_key.added"
    comparison.note(rule, pair, was=", ".join(was) or ABSENT, now=", ".join(now) or ABSENT)
    return {"primaryKey", "primaryKeyPosition"}


def _key_of(table: Any) -> list[str]:
    return [catalog_name(prop) for _, prop in items_of(table, "properties") if _takes_part(prop, "primaryKey")]


def _takes_part(prop: Any, flag: str) -> bool:
    """Whether a column is part of the key or the partitioning: a position without the flag says so, too."""
    position = prop.get(f"{flag.removesuffix('ed').replace('partition', 'partitionKey')}Position")
    is_placed = isinstance(position, int) and not isinstance(position, bool) and position > 0
    return flag_of(prop, flag) is True or (flag_of(prop, flag) is None and is_placed)


def _partitioning(comparison: Comparison, pair: Pair, base: Table | None, head: Table | None) -> set[str]:
    if base is not None and head is not None:
        was, now = (_levels(table.partitioning) for table in (base, head))
    else:
        was, now = (_written_levels(side) for side in (pair.base, pair.head))
    if was == now:
        return set()
    is_dropped = not now or (len(now) < len(was) and now == [level for level in was if level in now])
    rule = "partition.dropped" if is_dropped else "partition.changed" if was else "partition.added"
    comparison.note(rule, pair, was=", ".join(was) or ABSENT, now=", ".join(now) or ABSENT)
    return {"partitioned", "partitionKeyPosition", "partitionTransform"}


def _levels(partitioning: tuple[PartitionField, ...]) -> list[str]:
    return [one.column if one.transform == "identity" else f"{one.transform}({one.column})" for one in partitioning]


def _written_levels(table: Any) -> list[str]:
    """The partitioning of a table that the lake refuses, as it is written."""
    parts = [prop for _, prop in items_of(table, "properties") if _takes_part(prop, "partitioned")]
    return [catalog_name(prop) for prop in sorted(parts, key=lambda prop: str(prop.get("partitionKeyPosition", "")))]


def _format(comparison: Comparison, pair: Pair, base: Table, head: Table) -> set[str]:
    if base.format is head.format:
        return set()
    comparison.note("table.format_changed", _custom(pair, "tableFormat"), was=base.format.value, now=head.format.value)
    return {"tableFormat"}


def _delivery(comparison: Comparison, pair: Pair, base: Table, head: Table) -> set[str]:
    explained: set[str] = set()
    is_csv = base.source.format is head.source.format is SourceFormat.CSV
    for attribute in fields(Source):
        was, now = getattr(base.source, attribute.name), getattr(head.source, attribute.name)
        name = _DRIFT.get(attribute.name, _OPTIONS.get(attribute.name, attribute.name))
        if was == now:
            continue
        explained.add(name)
        if attribute.name in _DRIFT:
            comparison.note(_DRIFT_RULES[now], _custom(pair, name), was=was, now=now)
        elif is_csv or name in {"sourceFormat", "encoding"}:
            comparison.note("delivery.changed", _custom(pair, name), was=was, now=now)
    if is_csv and not (base.source.header and head.source.header):
        before, after = ([column.source_name for column in table.columns] for table in (base, head))
        if after[: len(before)] != before:
            comparison.note("delivery.positions_changed", pair.child("properties"), was=", ".join(before), now=", ".join(after))
    return explained


def _rows(comparison: Comparison, pair: Pair, base: Table, head: Table) -> set[str]:
    """Rows that come twice, and how much is delivered."""
    explained: set[str] = set()
    was, now = base.duplicates, head.duplicates
    if was.equal_rows != now.equal_rows:
        comparison.note("duplicates.rows_changed", _custom(pair, "duplicateRows"), was=was.equal_rows, now=now.equal_rows)
        explained.add("duplicateRows")
    if (was.conflict, was.latest_by) != (now.conflict, now.latest_by):
        shown = [rule.conflict if rule.latest_by is None else f"{rule.conflict} by {rule.latest_by}" for rule in (was, now)]
        comparison.note("duplicates.key_conflict_changed", _custom(pair, "keyConflict"), was=shown[0], now=shown[1])
        explained |= {"keyConflict", "latestBy"}
    if base.volume != head.volume:
        comparison.note("delivery.volume_changed", _custom(pair, "expectedVolume"), was=_said(base.volume), now=_said(head.volume))
        explained.add("expectedVolume")
    return explained


def _said(volume: ExpectedVolume) -> Any:
    """A volume as people say it."""
    parts = [
        "" if volume.megabytes_per_delivery is None else f"{volume.megabytes_per_delivery:g} MB a delivery",
        "" if volume.deliveries_per_day is None else f"{volume.deliveries_per_day:g} deliveries a day",
    ]
    return ", ".join(part for part in parts if part) or ABSENT


def _custom(pair: Pair, name: str) -> Pair:
    """HEAD's custom property of that name, or the table where it has none."""
    for index, custom in items_of(pair.head, "customProperties"):
        if own_name(custom) == name:
            return Pair(ABSENT, custom, pair.base_path, (*pair.head_path, "customProperties", index))
    return pair


def _columns(comparison: Comparison, pair: Pair, base: Table | None, head: Table | None, explained: frozenset[str]) -> None:
    known = [{} if table is None else {column.name: column for column in table.columns} for table in (base, head)]
    gone: list[Pair] = []
    new: list[Pair] = []
    kept: list[tuple[int, str]] = []
    before = len(comparison.changes)
    for first, second in aligned(pair.base, pair.head, lambda node: catalog_name(node) or None):
        item = pair.item(first, second)
        was, now = _is_column(item.base), _is_column(item.head)
        name = catalog_name(item.base if second is None else item.head)
        if was and now:
            kept.append((first if first is not None else 0, name))
            column = Matched(known[0].get(name), known[1].get(name), _format_of(head), explained)
            if item.differs or column.base != column.head:
                compare_column(comparison, item, column)
        elif was:
            gone.append(item)
        elif now:
            new.append(item)
        elif item.differs:
            leaves("lineage.changed")(comparison, item)
    _note_gone_and_new(comparison, gone, new, "column", lambda node, at: _type_of(node, known[at]))
    for one, other in _twins(gone, new):
        renamed = Pair(one.base, other.head, one.base_path, other.head_path)
        columns = (known[0].get(catalog_name(one.base)), known[1].get(catalog_name(other.head)))
        lowered_by_renaming(comparison, renamed, Classes.of(comparison), *columns)
    if kept != sorted(kept):
        order = [name for _, name in sorted(kept)], [name for _, name in kept]
        comparison.note("column.reordered", pair, was=", ".join(order[0]), now=", ".join(order[1]))
    if pair.differs and len(comparison.changes) == before and not explained:
        comparison.note("spelling.changed", pair)


def _format_of(table: Table | None) -> TableFormat:
    return TableFormat.ICEBERG if table is None else table.format


def _is_column(prop: Any) -> bool:
    return isinstance(prop, dict) and not is_computed(prop)


def _type_of(prop: Any, known: dict[str, Any]) -> str:
    column = known.get(catalog_name(prop))
    written = " ".join(text_of(prop, key) for key in ("logicalType", "physicalType") if text_of(prop, key))
    return shown_type(column.type) if column is not None else written or "no type"


def _note_gone_and_new(comparison: Comparison, gone: list[Pair], new: list[Pair], family: str, shown: Callable[[Any, int], Any]) -> None:
    """Notes what is gone and what is new; two that look like one thing under two names say so of each other."""
    twins = _twins(gone, new)
    for before in gone:
        other = next((catalog_name(after.head) for twin, after in twins if twin is before), None)
        hint = "" if other is None else f"{other} looks like its new name: data under the old name is not read under the new one."
        comparison.note(f"{family}.removed", before, was=shown(before.base, 0), now=ABSENT, hint=hint)
    for after in new:
        other = next((catalog_name(before.base) for before, twin in twins if twin is after), None)
        hint = "" if other is None else f"It looks like {other} under a new name: data under the old name is not read under this one."
        is_required = family == "column" and (flag_of(after.head, "required") is True or flag_of(after.head, "primaryKey") is True)
        rule = f"{family}.added_required" if is_required else f"{family}.added"
        comparison.note(rule, after, was=ABSENT, now=shown(after.head, 1), hint=hint)


def _twins(gone: list[Pair], new: list[Pair]) -> list[tuple[Pair, Pair]]:
    twins: list[tuple[Pair, Pair]] = []
    for after in new:
        before = next((one for one in gone if _is_twin(one.base, after.head) and all(one is not twin for twin, _ in twins)), None)
        if before is not None:
            twins.append((before, after))
    return twins


def _is_twin(base: Any, head: Any) -> bool:
    """Whether two of different names have the same id, or come from the same thing at the producer's."""
    ids = {text_of(side, "id") for side in (base, head)}
    sources = {text_of(side, "physicalName") or text_of(side, "name") for side in (base, head)}
    return (len(ids) == 1 and ids != {""}) or len(sources) == 1
