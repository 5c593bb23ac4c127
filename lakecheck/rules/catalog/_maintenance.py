"""Which Iceberg tables an optimizer has to look after, and whether one does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import at
from lakecheck.rules._lake import iceberg_tables, parameters
from lakecheck.rules.base import Complaint, is_open, is_true, value
from lakecheck.rules.catalog._iceberg import INPUT, known, optimizer_of
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_ENABLED: Final = "TableOptimizerConfiguration.Enabled"


def readable(snapshot: Snapshot) -> Iterator[Resource]:
    """The Iceberg tables that have metadata at all; for the others `catalog.iceberg_shape` has the last word."""
    for table in iceberg_tables(snapshot):
        native = at(table.properties.get("OpenTableFormatInput"), "IcebergInput") is not None
        if native or parameters(table).get("metadata_location") is not None:
            yield table


def property_names(table: Resource) -> set[str]:
    """The names of its table properties, in either form."""
    own = value(table, f"{INPUT}.Properties")
    names: set[Any] = {*parameters(table), *(own if isinstance(own, dict) else ())}
    return {name for name in names if isinstance(name, str)}


def without(kind: str, table: Resource, snapshot: Snapshot, *, then: str) -> Iterator[Complaint]:
    """Complains when no optimizer of a type is on for the table.

    Args:
        kind: The optimizer's type, such as `retention`.
        table: The table.
        snapshot: Where to look for it.
        then: What happens without one.
    """
    seen = known(table, snapshot)
    if seen is None:
        return
    optimizer = optimizer_of(seen, kind, snapshot)
    if optimizer is None:
        yield Complaint(message=f"{seen.database}.{seen.name} has no optimizer of type {kind}; {then}")
        return
    enabled = value(optimizer, _ENABLED)
    if is_open(enabled):
        yield Complaint(message=f"whether the optimizer of type {kind} is on is not known: {shown(enabled)}", is_unknown=True)
    elif not is_true(enabled):
        yield Complaint(message=f"the optimizer of type {kind} of {seen.database}.{seen.name} is off; {then}")
