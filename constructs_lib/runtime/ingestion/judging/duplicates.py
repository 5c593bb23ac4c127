"""Tells rows that say the same, or contradict each other: in a delivery, and against the table as readers see it.

Order is by file, then line; a published row is earlier than every delivered one. Only rows without a reason take part. A row's
identity is its primary key, or the whole row; what becomes of the rows of one identity is `spec.DuplicateRule`. Under `quarantine` a row
equal to the first is a duplicate and any other is `_record:key_conflict`, since leaving it out would lose what it says. A row that
wins over a published one names that row's file (`_replaces`); equal to it in every column, it is a duplicate and replaces nothing.

Values of a `unique` column are looked at after that, among the rows that are not duplicates: where an earlier row of this delivery or a
published row has the value already, it is `column:not_unique`. A row that replaces a published one does not clash with that one; with
every other published row it does, also with one that this run replaces.

How: a hash of each identity goes through one narrow count, of the delivery and of the published columns that it needs. Rows whose
hashes nobody shares, usually all, stay where they are; only the others are brought together, and compared by value, not by hash.
What is dear, reading and casting, is kept for all who look at it; outcomes of rows that share nothing are made anew each time.
"""

from __future__ import annotations

import json
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)
from pyspark.sql.window import Window

from ..reading import delivered, raw
from .comparing import comparable
from .names import DUPLICATE, GOOD, OUTCOME, QUARANTINED, REASONS, REPLACES, WARNINGS, nested, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from ..spec import JobSpec

KEY_CONFLICT = "_record:key_conflict"
NOT_UNIQUE = "not_unique"
DATA_FILE = "_data_file"
MOST_SUSPECTS = 50_000
"""Shared hashes that are looked for one by one; where there are more, all rows are brought together."""

PLACE = ("_file", "_line", "_lines", "_problem", "_record")
"""What a record has besides its columns."""

_PUBLISHED, _CLEAN, _DUPLICATE, _CONFLICT, _HASH = "_published", "_clean", "_duplicate", "_conflict", "_hash"


class Identity(NamedTuple):
    """What no two rows of a table may share: the values at these positions. `hash` names the column with their hash."""

    positions: tuple[int, ...]
    hash: str
    is_of_row: bool


class Rows(NamedTuple):
    """What is compared: the spec, the types of its columns, and what no two rows may share."""

    spec: JobSpec
    types: Sequence[T.DataType]
    identities: Sequence[Identity]

    def value(self, position: int) -> Column:
        """The value at that position, as it is compared."""
        return comparable(F.col(typed(position)), self.types[position])


def identities(spec: JobSpec) -> list[Identity]:
    """A row's own identity, unless equal rows are kept, then the columns whose values are unique."""
    found = []
    if spec.primary_key:
        found.append(Identity(tuple(spec.index_of(name) for name in spec.primary_key), "_hr", is_of_row=True))
    elif spec.duplicates.equal_rows == "remove":
        found.append(Identity(tuple(range(len(spec.columns))), "_hr", is_of_row=True))
    found += [
        Identity((at,), f"_h{at}", is_of_row=False)
        for at, column in enumerate(spec.columns)
        if column.unique and spec.primary_key != (column.name,)
    ]
    return found


def settle(own: DataFrame, rows: Rows, published: DataFrame | None, keep: Callable[[DataFrame], DataFrame]) -> DataFrame:
    """Every record with its outcome. Counts hashes at once, so it reads and casts the records.

    Args:
        own: The records with their typed values, and the reasons and warnings that a row has by itself or by its references.
        rows: What is compared.
        published: The table as readers see it, by catalog names and with `_data_file`; None when it has no row.
        keep: Persists a frame that is looked at several times.
    """
    names = [one.hash for one in rows.identities]
    hashed = _kept(own.withColumns(_hashes(rows)) if names else own, rows, keep)
    if not names:
        return _alone(hashed, rows)
    known = None if published is None else _as_judged(published, rows)
    shared = _shared(hashed, known, names)
    suspects = [row[0] for row in shared.limit(MOST_SUSPECTS + 1).collect()]
    if not suspects:
        return _alone(hashed, rows)
    if len(suspects) > MOST_SUSPECTS:
        return keep(_compared(hashed, None if known is None else _having(known, shared, names), rows))
    few = F.broadcast(_listed(own.sparkSession, suspects))
    together = keep(_compared(_having(hashed, few, names), None if known is None else _having(known, few, names), rows))
    return _alone(_having(hashed, few, names, negated=True), rows).union(together)


def _kept(frame: DataFrame, rows: Rows, keep: Callable[[DataFrame], DataFrame]) -> DataFrame:
    """What is needed from here on; a text is kept once, whether as delivered or as the column's value."""
    unread = {delivered(at) for at in range(len(rows.types))} & set(frame.columns)
    texts = [] if unread else [at for at, type_ in enumerate(rows.types) if isinstance(type_, T.StringType)]
    narrow = keep(frame.drop(*unread, *(nested(at) for at in range(len(rows.types))), *(typed(at) for at in texts)))
    return narrow.withColumns({typed(at): F.col(raw(at)) for at in texts}) if texts else narrow


def _listed(spark: SparkSession, hashes: Sequence[int]) -> DataFrame:
    """The hashes as a frame that Spark makes by itself: out of a list of Python's, every look at it would start Python again."""
    return spark.range(1).select(F.explode(F.from_json(F.lit(json.dumps(hashes)), "array<bigint>")).alias(_HASH))


def _hashes(rows: Rows) -> dict[str, Column]:
    """NULL for what shares nothing: a key or a unique column without a value, a record that could not be split."""
    found = {}
    for one in rows.identities:
        hashed = F.xxhash64(F.lit(one.hash), *(rows.value(at) for at in one.positions))
        if one.is_of_row and not rows.spec.primary_key:
            given = F.col("_problem").isNull()
        else:
            given = reduce(and_, (F.col(typed(at)).isNotNull() for at in one.positions))
        found[one.hash] = F.when(given, hashed)
    return found


def _as_judged(published: DataFrame, rows: Rows) -> DataFrame:
    """The published rows with their values named as those of judged rows, their file, and their hashes."""
    values = [
        F.col(f"`{column.name}`").cast(type_).alias(typed(at))
        for at, (column, type_) in enumerate(zip(rows.spec.columns, rows.types, strict=True))
    ]
    nothing = F.lit(None).cast("string").alias("_problem")
    return published.select(*values, F.col(DATA_FILE), nothing).withColumns(_hashes(rows)).drop("_problem")


def _shared(delivered: DataFrame, known: DataFrame | None, names: Sequence[str]) -> DataFrame:
    """The hashes that two delivered rows have, or a delivered and a published one."""

    def hashes(frame: DataFrame) -> DataFrame:
        one = F.col(names[0]) if len(names) == 1 else F.explode(F.array(*names))
        return frame.select(one.alias(_HASH)).where(F.col(_HASH).isNotNull())

    counted = hashes(delivered).groupBy(_HASH).agg(F.count("*").alias("n"))
    twice = counted.where("n > 1").select(_HASH)
    return twice if known is None else twice.union(hashes(known).join(counted, _HASH, "left_semi")).distinct()


def _having(frame: DataFrame, hashes: DataFrame, names: Sequence[str], *, negated: bool = False) -> DataFrame:
    """The rows that have one of the hashes; those that have none when `negated`."""
    columns = frame.columns
    marks = []
    for name in names:
        mark = f"{name}_shared"
        frame = frame.join(hashes.select(F.col(_HASH).alias(name), F.lit(True).alias(mark)), name, "left")  # noqa: FBT003
        marks.append(F.col(mark).isNotNull())
    has = reduce(or_, marks)
    return frame.where(~has if negated else has).select(*columns)


def _alone(judged: DataFrame, rows: Rows) -> DataFrame:
    """Rows that share nothing with another."""
    outcome = F.when(F.size(REASONS) > 0, F.lit(QUARANTINED)).otherwise(F.lit(GOOD))
    return _result(judged.withColumns({OUTCOME: outcome, REPLACES: F.lit(None).cast("string")}), rows)


def _result(frame: DataFrame, rows: Rows) -> DataFrame:
    columns = [name(at) for name in (raw, typed) for at in range(len(rows.types))]
    return frame.select(*PLACE, *columns, REASONS, WARNINGS, OUTCOME, REPLACES)


def _compared(judged: DataFrame, known: DataFrame | None, rows: Rows) -> DataFrame:
    """Rows that share something, each with its outcome."""
    frame = judged.withColumns({_PUBLISHED: F.lit(False), DATA_FILE: F.lit(None).cast("string")})  # noqa: FBT003
    if known is not None:
        marked = known.withColumns({_PUBLISHED: F.lit(True), REASONS: F.array().cast("array<string>")})  # noqa: FBT003
        frame = frame.unionByName(marked, allowMissingColumns=True)
    frame = frame.withColumn(_CLEAN, F.size(REASONS) == 0)
    frame = _by_identity(frame, rows)
    more = [F.when(F.col(_CONFLICT), F.lit(KEY_CONFLICT))]
    for one in rows.identities:
        if not one.is_of_row:
            frame = _by_value(frame, rows, one)
            more.append(F.when(F.col(_clash(one)), F.lit(f"{rows.spec.columns[one.positions[0]].name}:{NOT_UNIQUE}")))
    reasons = F.when(F.col(_DUPLICATE), F.col(REASONS)).otherwise(F.concat(F.col(REASONS), F.array_compact(F.array(*more))))
    outcome = F.when(F.col(_DUPLICATE), F.lit(DUPLICATE)).when(F.size(REASONS) > 0, F.lit(QUARANTINED)).otherwise(F.lit(GOOD))
    settled = frame.where(~F.col(_PUBLISHED)).withColumn(REASONS, reasons).withColumn(OUTCOME, outcome)
    return _result(settled.withColumn(REPLACES, F.when(F.col(OUTCOME) == GOOD, F.col(REPLACES))), rows)


def _by_identity(frame: DataFrame, rows: Rows) -> DataFrame:
    """Marks duplicates and conflicts, and names the file of the published row with the same identity."""
    never, nothing = F.lit(False), F.lit(None).cast("string")  # noqa: FBT003
    one = next((one for one in rows.identities if one.is_of_row), None)
    if one is None:
        return frame.withColumns({_DUPLICATE: never, _CONFLICT: never, REPLACES: nothing})
    rule = rows.spec.duplicates
    others = [at for at in range(len(rows.types)) if at not in one.positions]
    whole = F.struct(*(rows.value(at).alias(typed(at)) for at in others)) if others else F.struct(F.lit(1))
    window = Window.partitionBy(*_apart(F.col(_CLEAN), one), *(rows.value(at) for at in one.positions)).orderBy(*_order(rows))
    everything = window.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    found = {"_nth": F.row_number().over(window)}
    if rule.conflict == "quarantine":
        found["_model"] = F.first(whole).over(window.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    replaces = rule.conflict in {"last", "latest"}
    if replaces:
        is_known = F.col(_PUBLISHED)
        found[REPLACES] = F.first(F.when(is_known, F.col(DATA_FILE)), ignorenulls=True).over(everything)
        found["_model"] = F.first(F.when(is_known, whole), ignorenulls=True).over(everything)
        for other in rows.identities:
            if not other.is_of_row:
                value = F.when(is_known, rows.value(other.positions[0]))
                found[_replaced_value(other)] = F.first(value, ignorenulls=True).over(everything)
    frame = frame.withColumns(found)
    takes_part = F.col(_CLEAN) & ~F.col(_PUBLISHED)
    later = takes_part & (F.col("_nth") > 1)
    marks = {_CONFLICT: never}
    if rule.conflict == "quarantine":
        equal = whole.eqNullSafe(F.col("_model"))
        marks = {_DUPLICATE: later & equal, _CONFLICT: later & ~equal, REPLACES: nothing}
    elif replaces:
        equal = F.col(REPLACES).isNotNull() & whole.eqNullSafe(F.col("_model"))
        marks[_DUPLICATE] = later | (takes_part & equal)
    else:
        marks |= {_DUPLICATE: later, REPLACES: nothing}
    return frame.withColumns(marks)


def _order(rows: Rows) -> list[Column]:
    """Such that the row that stays comes first."""
    rule = rows.spec.duplicates
    if rule.conflict == "last":
        return [F.asc(_PUBLISHED), F.desc("_file"), F.desc("_line")]
    earliest = [F.desc(_PUBLISHED), F.asc("_file"), F.asc("_line"), F.asc(DATA_FILE)]
    if rule.conflict == "latest" and rule.latest_by is not None:
        return [F.desc_nulls_last(typed(rows.spec.index_of(rule.latest_by))), *earliest]
    return earliest


def _apart(takes_part: Column, one: Identity) -> list[Column]:
    """Keeps rows that take no part from those that do, and from each other: thousands without a key are no group of one task."""
    return [F.when(takes_part, F.col(one.hash)).otherwise(F.xxhash64("_file", "_line", DATA_FILE)), takes_part]


def _by_value(frame: DataFrame, rows: Rows, one: Identity) -> DataFrame:
    """Marks rows whose value of a unique column another row had before."""
    value = rows.value(one.positions[0])
    is_known = F.col(_PUBLISHED)
    takes_part = F.col(_CLEAN) & ~F.col(_DUPLICATE) & value.isNotNull()
    order = [F.desc(_PUBLISHED), F.asc("_file"), F.asc("_line"), F.asc(DATA_FILE)]
    window = Window.partitionBy(*_apart(takes_part, one), value).orderBy(*order)
    everything = window.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    published = F.sum(F.col(_PUBLISHED).cast("int")).over(everything)
    own = F.lit(0)
    if _replaced_value(one) in frame.columns:
        own = (F.col(REPLACES).isNotNull() & value.eqNullSafe(F.col(_replaced_value(one)))).cast("int")
    clash = takes_part & ~is_known & ((F.row_number().over(window) > 1 + published) | (published > own))
    return frame.withColumn(_clash(one), clash)


def _clash(one: Identity) -> str:
    return f"{one.hash}_clash"


def _replaced_value(one: Identity) -> str:
    """Name of the column with the value that the published row of the same key has."""
    return f"{one.hash}_replaced"
