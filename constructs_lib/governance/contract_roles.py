"""From roles in contracts to grants by name: columns, or cells of some rows, for the personas that read named products only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.governance.columns import Columns
from constructs_lib.governance.facades import TableGrants
from constructs_lib.governance.personas import persona_principal
from constructs_lib.governance.shared_database import SharedDatabase
from constructs_lib.governance.shares import Account, CatalogShare, SharedTable
from lakemodel.config.model import Zone
from lakemodel.contracts.model import TableFormat
from lakemodel.contracts.quarantine import RUN_ID, quarantine_columns, run_column
from lakemodel.contracts.role_reads import role_reads
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs import Construct

    from constructs_lib.governance.permissions import CatalogPermissions
    from constructs_lib.governance.principals import DataPrincipal
    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import Column, ContractSet, Table
    from lakemodel.contracts.role_reads import RoleRead


def grant_contract_roles(
    permissions: CatalogPermissions,
    config: LakeConfig,
    contracts: ContractSet,
    *,
    environment: str,
    lake: str,
    principals: Mapping[str, DataPrincipal],
    database_permissions: CatalogPermissions | None = None,
) -> dict[str, CatalogShare]:
    """The lake's side: lets each persona of `products: named` read what the contracts that name it leave of their tables.

    Always by a list of columns, so that a column which is added later is read when it has a class and is deployed; with a condition on
    rows, through a data cells filter. An account is granted what each of its personas reads, to pass on; a persona of it gets its own part.

    Args:
        permissions: What carries the grants of these tables.
        config: The lake's configuration.
        contracts: The contracts of the tables; those of other lakes are left out.
        environment: Which environment.
        lake: Which of its lakes.
        principals: The principal of each persona of this account, by name; others are ignored.
        database_permissions: What carries the right to see the databases; `permissions` when left out. Where the tables of a lake are
            spread over several, give each call the same: the right has one owner.

    Returns:
        The share with each account whose personas these contracts name, by the account's name in lake.yaml.

    Raises:
        DataLakeError: `persona_without_principal`, and what `TableGrants.read` and `CatalogShare` raise.

    Example:
        >>> grant_contract_roles(permissions, config, contracts, environment="prod", lake="main", principals={})  # doctest: +SKIP
    """
    tables = _Tables(permissions, config, contracts, database_permissions)
    shared: dict[str, dict[SharedTable, None]] = {}
    for read in _of_lake(config, contracts, lake):
        persona = config.personas[read.persona]
        table, columns = tables.of(read), Columns.only(*read.columns)
        if persona.account == lake:
            table.grants.read(persona_principal(principals, read.persona, persona), columns=columns, rows=read.rows)
        else:
            shared.setdefault(persona.account, {})[SharedTable(table, columns, read.rows)] = None
    accounts = config.environments[environment].accounts
    return {
        account: CatalogShare(
            permissions,
            f"NamedTo{pascal_case(account)}",
            consumer=Account(accounts[account]),
            tables=list(parts),
            permissions=permissions,
        )
        for account, parts in shared.items()
    }


def accept_contract_roles(
    scope: Construct,
    permissions: CatalogPermissions,
    config: LakeConfig,
    contracts: ContractSet,
    *,
    environment: str,
    account: str,
    principals: Mapping[str, DataPrincipal],
    databases: Mapping[str, SharedDatabase] | None = None,
) -> dict[str, SharedDatabase]:
    """The consumer's side: passes on to each persona of `products: named` its own part of what the lakes share by name.

    To be deployed after the lakes' grants.

    Args:
        scope: Where databases are made that are not there yet.
        permissions: Of the consumer's account.
        config: The lake's configuration.
        contracts: The contracts of every lake.
        environment: Which environment.
        account: Which of its accounts, by its name in lake.yaml.
        principals: The principal of each persona of this account, by name; others are ignored.
        databases: Those that `accept_personas` made; none when left out.

    Returns:
        All the databases, by name.

    Raises:
        DataLakeError: `persona_without_principal`, and what `SharedDatabaseGrants.read` raises.
    """
    found = {} if databases is None else dict(databases)
    for lake, catalog_id in sorted(config.environments[environment].lakes.items()):
        for read in _of_lake(config, contracts, lake):
            persona = config.personas[read.persona]
            if persona.account != account or account == lake:
                continue
            if read.database not in found:
                found[read.database] = SharedDatabase(
                    scope,
                    f"{pascal_case(read.database)}Link",
                    permissions=permissions,
                    catalog_id=catalog_id,
                    database_name=read.database,
                )
            principal = persona_principal(principals, read.persona, persona)
            found[read.database].grants.read(principal, table=read.table, columns=Columns.only(*read.columns), rows=read.rows)
    return found


class _NamedTable:
    """A declared table as what grants are made on: by its names."""

    def __init__(
        self,
        database: str,
        name: str,
        columns: Iterable[Column],
        partitions: Iterable[str],
        permissions: CatalogPermissions,
        database_permissions: CatalogPermissions | None,
    ) -> None:
        self.database_name = database
        self.table_name = name
        self.column_types = {column.name: column.type for column in columns}
        self.column_names = tuple(self.column_types)
        self.prefix_columns = tuple(partitions)
        self.permissions = permissions
        self.grants = TableGrants.from_table(self, permissions, database_permissions=database_permissions)


class _Tables:
    """The declared tables of some contracts and their quarantine tables, each made when it is first asked for."""

    def __init__(
        self, permissions: CatalogPermissions, config: LakeConfig, contracts: ContractSet, database_permissions: CatalogPermissions | None
    ) -> None:
        self._permissions = permissions
        self._database_permissions = database_permissions
        self._strictest = config.strictest_classification
        self._declared = {(contract.domain, table.name): table for contract, table in contracts.tables()}
        self._made: dict[tuple[str, str], _NamedTable] = {}

    def of(self, read: RoleRead) -> _NamedTable:
        """The table that is read."""
        key = (read.database, read.table)
        if key not in self._made:
            table = self._declared[read.domain, read.table]
            columns, partitions = self._layout(table, read.zone)
            self._made[key] = _NamedTable(*key, columns, partitions, self._permissions, self._database_permissions)
        return self._made[key]

    def _layout(self, table: Table, zone: Zone) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        """The columns of the table, or of its quarantine table, and those whose values stand in the objects' prefix."""
        if zone is Zone.QUARANTINE:
            return quarantine_columns(table, self._strictest), (RUN_ID,)
        if table.format is TableFormat.PARQUET:
            return (*table.columns, run_column(table.classification)), (*(field.column for field in table.partitioning), RUN_ID)
        return table.columns, ()


def _of_lake(config: LakeConfig, contracts: ContractSet, lake: str) -> Iterator[RoleRead]:
    domains = {name for name, domain in config.domains.items() if domain.lake == lake}
    yield from role_reads(config, contracts.of_domains(domains))
