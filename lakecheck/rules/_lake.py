"""What rules of several families ask of a snapshot, made once for it: its tables with where they are, and the buckets that hold them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import bucket_in
from lakecheck.estate.sources import at
from lakecheck.rules.base import is_open, once, value
from lakecheck.values import has_hole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.estate.model import Table
    from lakecheck.snapshot import Snapshot

TABLE: Final = "AWS::Glue::Table"
_AFTER_ALL: Final = "\uffff"


def place(origin: Origin) -> tuple[str, str]:
    """What tells one resource from every other."""
    return origin.stack, origin.logical_id


def is_iceberg(table: Resource) -> bool:
    """Whether a table says of itself that it is of Iceberg, by `OpenTableFormatInput` or by the parameter `table_type`."""
    if at(table.properties.get("OpenTableFormatInput"), "IcebergInput") is not None:
        return True
    declared = at(parameters(table), "table_type")
    return isinstance(declared, str) and declared.strip().lower() == "iceberg"


def parameters(table: Resource) -> Mapping[str, Any]:
    """The parameters of a table of Hive's form; none when they are not known."""
    found = value(table, "TableInput.Parameters")
    return found if isinstance(found, dict) else {}


def is_link(table: Resource) -> bool:
    """Whether it is a resource link, which has neither data nor columns of its own."""
    return value(table, "TableInput.TargetTable") is not None


def is_view(table: Resource) -> bool:
    """Whether it is a view, whose columns say nothing about files."""
    return bool(value(table, "TableInput.TableType") == "VIRTUAL_VIEW")


def own_tables(snapshot: Snapshot) -> Iterator[Resource]:
    """The tables that have data: no links, no views, none of which nothing is known."""
    for table in snapshot.by_type.get(TABLE, ()):
        if not is_open(table.properties.get("TableInput")) and not is_link(table) and not is_view(table):
            yield table


def hive_tables(snapshot: Snapshot) -> Iterator[Resource]:
    """The tables with data that have a `TableInput`."""
    yield from (table for table in own_tables(snapshot) if isinstance(table.properties.get("TableInput"), dict))


def iceberg_tables(snapshot: Snapshot) -> Iterator[Resource]:
    """The tables with data of Iceberg's format."""
    yield from (table for table in own_tables(snapshot) if is_iceberg(table))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Placed:
    """A table with data in a bucket.

    Attributes:
        table: What the estate knows of it.
        resource: What declares it.
        prefix: Where it is in its bucket, with a slash at the end; empty when it has the whole bucket.
        is_iceberg: Whether it is of Iceberg.
    """

    table: Table
    resource: Resource
    prefix: str
    is_iceberg: bool

    @property
    def name(self) -> str:
        """`database.table`."""
        return f"{self.table.database}.{self.table.name}"


@dataclass(kw_only=True, slots=True, eq=False)
class Contents:
    """The tables in one bucket.

    Attributes:
        tables: All of them, by prefix.
    """

    tables: list[Placed] = field(default_factory=list)
    _prefixes: list[str] = field(default_factory=list)

    def finish(self) -> None:
        """Sorts them; to be called once."""
        self.tables.sort(key=lambda each: each.prefix)
        self._prefixes = [each.prefix for each in self.tables]

    def touched_by(self, prefix: str) -> list[Placed]:
        """The tables that have objects below a prefix: those in it, and those it is in."""
        first, end = bisect_left(self._prefixes, prefix), bisect_left(self._prefixes, prefix + _AFTER_ALL)
        above = [prefix[: index + 1] for index, sign in enumerate(prefix) if sign == "/" and index + 1 < len(prefix)]
        found = []
        for one in ["", *above] if prefix else []:
            at_first, at_end = bisect_left(self._prefixes, one), bisect_left(self._prefixes, one + "\0")
            found += self.tables[at_first:at_end]
        return found + self.tables[first:end]


@once
def tables_by_place(snapshot: Snapshot) -> Mapping[tuple[str, str], Table]:
    """What the estate knows of each table, by the resource that declares it."""
    return {place(table.origin): table for table in snapshot.estate.tables}


@once
def contents(snapshot: Snapshot) -> Mapping[str, Contents]:
    """The tables by the name of their bucket; those whose bucket is not known are in none."""
    known = tables_by_place(snapshot)
    found: dict[str, Contents] = {}
    for resource in own_tables(snapshot):
        table = known.get(place(resource.origin))
        bucket = bucket_in(table.location) if table is not None else ""
        if table is None or not bucket:
            continue
        prefix = table.location.partition("://")[2].partition("/")[2]
        placed = Placed(table=table, resource=resource, prefix=prefix, is_iceberg=is_iceberg(resource))
        found.setdefault(bucket, Contents()).tables.append(placed)
    for each in found.values():
        each.finish()
    return found


@once
def data_buckets(snapshot: Snapshot) -> tuple[Resource, ...]:
    """The buckets that hold governed data: a table's, or a location's that is registered with Lake Formation."""
    names = {*contents(snapshot), *(bucket_in(location.arn) for location in snapshot.estate.locations)}
    names |= {bucket_in(database.location) for database in snapshot.estate.databases if database.location}
    return tuple(bucket for bucket in snapshot.by_type.get("AWS::S3::Bucket", ()) if bucket.ref in names)


@once
def buckets_by_name(snapshot: Snapshot) -> Mapping[str, Resource]:
    """The buckets that templates define."""
    return {bucket.ref: bucket for bucket in snapshot.by_type.get("AWS::S3::Bucket", ())}


def some(names: list[str], most: int = 3) -> str:
    """The first few names, and how many more there are.

    Example:
        >>> some(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def is_unclear(found: Any) -> bool:
    """Whether something has to be a text and is none that is wholly known."""
    return not isinstance(found, str) or has_hole(found)
