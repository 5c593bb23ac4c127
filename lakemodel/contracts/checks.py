"""Checks that span contracts: two that would be one product, one table or one id."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakemodel.contracts.model import DataContract


def collisions(contracts: Iterable[DataContract]) -> list[Finding]:
    """An error at each contract that shares its id, its product's name or a table's name with another one."""
    by_id: dict[str, list[DataContract]] = defaultdict(list)
    by_key: dict[str, list[DataContract]] = defaultdict(list)
    by_table: dict[tuple[str, str], list[DataContract]] = defaultdict(list)
    for contract in contracts:
        by_id[contract.id].append(contract)
        by_key[contract.key].append(contract)
        for table in contract.tables:
            by_table[contract.domain, table.name].append(contract)
    found = []
    for identifier, sharing in by_id.items():
        found += _tell(sharing, "id", "duplicate_id", f"the id '{identifier}' is also that of", "Give each contract an id of its own.")
    for key, sharing in by_key.items():
        message = f"the product is called {key} in the lake, and so is that of"
        found += _tell(sharing, "dataProduct", "duplicate_product", message, "Rename one of them.")
    for (domain, name), sharing in by_table.items():
        message = f"the table {name} of domain {domain} is also described in"
        remedy = "A domain's tables share one database: rename one of them."
        found += _tell(sharing, f"schema.{name}", "duplicate_table", message, remedy)
    return found


def _tell(sharing: list[DataContract], path: str, code: str, message: str, remedy: str) -> list[Finding]:
    if len(sharing) < 2:  # noqa: PLR2004 - one contract collides with nobody
        return []
    found = []
    for contract in sharing:
        others = ", ".join(sorted({other.file for other in sharing if other is not contract}))
        found.append(Finding(Place(contract.file, None, path), f"contract.{code}", f"{message} {others}", remedy))
    return found
