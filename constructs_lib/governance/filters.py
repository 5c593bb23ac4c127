"""Data cells filters: some columns of some rows of one table."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_lakeformation as lakeformation
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.governance.resources import CatalogResource

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST_LENGTH = 12


def cells_digest(database: str, table: str, columns: Iterable[str], rows: str) -> str:
    """What tells one filter from another: both sides of a share come to the same."""
    content = [database, table, sorted(set(columns)), rows]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:_DIGEST_LENGTH]


def cells_name(database: str, table: str, columns: Iterable[str], rows: str) -> str:
    """The name of the filter that `TableGrants.read(rows=...)` makes, known without it: a consumer in another account names it too."""
    return f"cells_{cells_digest(database, table, columns, rows)}"


class DataCellsFilter(Construct):
    """A native data cells filter with a list of included columns and a condition on rows.

    It cannot be changed in place. `TableGrants.read(rows=...)` names it by its content, so that an edited condition is a new filter:
    it is made, granted, and only then is the old one revoked and deleted.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html.

    Args:
        database_name: The table's database.
        table_name: The table.
        filter_name: Unique for the table.
        columns: The columns that are let through; top-level ones.
        rows: A PartiQL predicate; rows for which it holds are let through.

    Raises:
        DataLakeError: `nested_column` for a part of a column, which a filter of rows cannot have.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database_name: str,
        table_name: str,
        filter_name: str,
        columns: Iterable[str],
        rows: str,
    ) -> None:
        super().__init__(scope, construct_id)
        names = sorted(set(columns))
        nested = [name for name in names if "." in name]
        if nested:
            msg = f"got nested columns {', '.join(nested)}; a filter of rows takes whole columns only: name the outermost ones"
            raise misuse(self, msg, code="nested_column")
        catalog_id = Stack.of(self).account
        self.filter_name = filter_name
        self.filter = lakeformation.CfnDataCellsFilter(
            self,
            "Resource",
            table_catalog_id=catalog_id,
            database_name=database_name,
            table_name=table_name,
            name=filter_name,
            column_names=names,
            row_filter=lakeformation.CfnDataCellsFilter.RowFilterProperty(filter_expression=rows),
        )
        self.resource = CatalogResource.cells(database_name, table_name, filter_name, catalog_id=catalog_id, columns=names)
