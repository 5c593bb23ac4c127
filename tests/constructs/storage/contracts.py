"""Contracts as small as lifecycle rules need them."""

from __future__ import annotations

from lakemodel.contracts.model import ContractSet, DataContract, Table, TableFormat


def table(name: str, table_format: TableFormat = TableFormat.PARQUET) -> Table:
    """A table without columns."""
    return Table(name=name, source_name=name, format=table_format, columns=(), classification="public")


def contract(product: str, *tables: Table, retention_days: int | None = None) -> DataContract:
    """A product of the domain `sales`."""
    return DataContract(
        id=product,
        domain="sales",
        product=product,
        version="1.0.0",
        status="active",
        tables=tables,
        file=f"{product}.odcs.yaml",
        retention_days=retention_days,
    )


def contract_set(*contracts: DataContract) -> ContractSet:
    """A set without findings."""
    return ContractSet(contracts=contracts)
