"""What personas of `products: named` read: table by table, the columns of their classes that the contract's role leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakemodel.config.model import Products, Zone
from lakemodel.contracts.model import TableFormat
from lakemodel.contracts.quarantine import quarantine_columns, run_column
from lakemodel.naming import database_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lakemodel.config.model import LakeConfig, Persona
    from lakemodel.contracts.model import ContractRole, ContractSet, DataContract, RoleTable, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleRead:
    """What one persona reads of one table because a contract names it.

    Attributes:
        persona: Its name in lake.yaml.
        table: The table's name in the catalog; a quarantine table is called like the table whose rows it takes.
        columns: The columns, sorted; never all of those to come.
        rows: A PartiQL predicate; None for every row.
    """

    persona: str
    domain: str
    zone: Zone
    table: str
    columns: tuple[str, ...]
    rows: str | None = None

    @property
    def database(self) -> str:
        """The table's database."""
        return database_name(self.domain, self.zone)


def role_reads(config: LakeConfig, contracts: ContractSet) -> tuple[RoleRead, ...]:
    """What the personas that read named products alone are to be granted, in the order of persona, domain, table and zone.

    A persona that reads all products is granted by LF-Tags instead and is not among them. Nobody gets a column outside the persona's
    classes, a table the role leaves out, or one of which no column remains.

    Args:
        config: The lake's configuration.
        contracts: The contracts that may name personas.
    """
    found = [
        read
        for contract in contracts.contracts
        for role in contract.roles
        if role.access == "read" and (persona := config.personas.get(role.role)) is not None
        if persona.read.products is Products.NAMED and reads_domain(persona, contract.domain)
        for read in _of_contract(config, contract, role, persona)
    ]
    return tuple(sorted(found, key=lambda read: (read.persona, read.domain, read.table, read.zone.value)))


def reads_domain(persona: Persona, domain: str) -> bool:
    """Whether a domain is among those that the persona reads."""
    return persona.read.domains is None or domain in persona.read.domains


def columns_read(classes: Collection[str], table: Table, part: RoleTable) -> tuple[str, ...]:
    """The columns of a declared table that someone may read, sorted.

    Args:
        classes: The classes that may be read.
        table: The declared table.
        part: What the role is about of it.
    """
    added = (run_column(table.classification),) if table.format is TableFormat.PARQUET else ()
    return tuple(
        sorted(
            column.name
            for column in (*table.columns, *added)
            if column.classification in classes and (part.columns is None or column.name in part.columns)
        )
    )


def _of_contract(config: LakeConfig, contract: DataContract, role: ContractRole, persona: Persona) -> Iterator[RoleRead]:
    classes = config.classifications if persona.read.classifications is None else persona.read.classifications
    for table in contract.tables:
        part = role.of_table(table.name)
        if part is None:
            continue
        columns = columns_read(classes, table, part)
        if Zone.CURATED in persona.read.zones and columns:
            yield RoleRead(persona=role.role, domain=contract.domain, zone=Zone.CURATED, table=table.name, columns=columns, rows=part.rows)
        strictest = config.strictest_classification
        # A rejected row holds whatever was delivered, as text: no column and no condition can be relied on.
        if Zone.QUARANTINE in persona.read.zones and part.is_whole and strictest in classes:
            names = tuple(sorted(column.name for column in quarantine_columns(table, strictest)))
            yield RoleRead(persona=role.role, domain=contract.domain, zone=Zone.QUARANTINE, table=table.name, columns=names)
