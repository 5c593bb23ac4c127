"""Partition projection as the parameters of a table say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import at, listed
from lakecheck.rules._lake import hive_tables, is_iceberg, is_unclear, parameters
from lakecheck.rules.base import is_true, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

ENABLED: Final = "projection.enabled"
_PREFIX: Final = "projection."


def projectable(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the tables that may have projected partitions; `catalog.projection_with_publisher` refuses it to those of Iceberg."""
    yield from (table for table in hive_tables(snapshot) if not is_iceberg(table))


def is_projected(table: Resource) -> bool:
    """Whether Athena computes the table's partitions."""
    return is_true(parameters(table).get(ENABLED))


def partition_keys(table: Resource) -> list[str]:
    """The names of the partition keys that are known, in lower case."""
    names = (at(key, "Name") for key in listed(value(table, "TableInput.PartitionKeys")))
    return [name.lower() for name in names if isinstance(name, str) and not is_unclear(name)]


def has_unknown_keys(table: Resource) -> bool:
    """Whether a partition key is not known by name."""
    return any(is_unclear(at(key, "Name")) for key in listed(value(table, "TableInput.PartitionKeys")))


def projected_keys(table: Resource) -> Iterator[str]:
    """The columns that have a type of projection, in lower case."""
    for name in parameters(table):
        if isinstance(name, str) and name.startswith(_PREFIX) and name.endswith(".type"):
            yield name.removeprefix(_PREFIX).removesuffix(".type").lower()


def option(table: Resource, key: str, name: str) -> Any:
    """One property of a column's projection, such as its `range`; None when it is not there."""
    wanted = f"{_PREFIX}{key}.{name}"
    return next((each for written, each in parameters(table).items() if isinstance(written, str) and written.lower() == wanted), None)
