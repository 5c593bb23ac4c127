"""Which Glue tables CloudFormation has to adopt when a product is brought back: its tables stayed in the catalog when it was retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakemodel.config.model import Zone
from lakemodel.naming import database_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakemodel.contracts.model import DataContract
    from lakemodel.locks.placement import PlacementLock


def import_mappings(contract: DataContract, placement: PlacementLock, *, account: str) -> Mapping[int, Mapping[str, Mapping[str, str]]]:
    """By number of the catalog stack, what `cdk import --resource-mapping` takes: logical ids with the identity of what is there.

    Tables and their quarantine tables are in it. Optimizers are not: retiring deletes them, so that they are made anew. The identity of an
    `AWS::Glue::Table` is its catalog, database and name.

    Args:
        contract: The product that comes back.
        placement: The lock that kept its places.
        account: The lake's account, which is the catalog's id.

    Raises:
        DataLakeError: `placement_missing`, if the lock has no place for one of its tables.
    """
    found: dict[int, dict[str, Mapping[str, str]]] = {}
    for table in contract.tables:
        place = placement.place(contract, table)
        for suffix, zone in (("", Zone.CURATED), ("Quarantine", Zone.QUARANTINE)):
            identity = {"CatalogId": account, "DatabaseName": database_name(contract.domain, zone), "Name": table.name}
            found.setdefault(place.stack, {})[place.logical_id + suffix] = identity
    return found
