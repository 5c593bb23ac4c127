"""Lake Formation's permissions: what each lets do, and what IAM has to allow beside it.

https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.model import Action
from lakecheck.estate.model import EVERY_PERMISSION

if TYPE_CHECKING:
    from collections.abc import Iterable

SELECT: Final = "SELECT"
DESCRIBE: Final = "DESCRIBE"
DROP_DATABASE: Final = "DROP_DATABASE"
"""Not one of AWS's: DROP on the database of a table."""

TABLE_PERMISSIONS: Final = frozenset({SELECT, DESCRIBE, "INSERT", "DELETE", "ALTER", "DROP"})
"""What ALL (Super) on a table stands for."""

WHOLE_TABLE: Final = frozenset({"INSERT", "DELETE", "ALTER", "DROP"})
"""Those that an LF-Tag expression gives only where it matches every column.

https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-notes.html
"""

ACTIONS: Final = {
    SELECT: Action.READ,
    "INSERT": Action.WRITE,
    "DELETE": Action.WRITE,
    "ALTER": Action.ALTER,
    "DROP": Action.DROP,
    DROP_DATABASE: Action.DROP,
}
"""What each permission lets do with data; DESCRIBE shows no data."""

CATALOG_ACTIONS: Final = {
    SELECT: "glue:GetTable",
    "INSERT": "glue:GetTable",
    "DELETE": "glue:GetTable",
    "ALTER": "glue:UpdateTable",
    "DROP": "glue:DeleteTable",
    DROP_DATABASE: "glue:DeleteDatabase",
}
"""The catalog's action that IAM must allow for each, on the catalog, the database and, but for the last, the table.

Engines ask for more (`glue:GetDatabase`, `glue:GetPartitions`, Athena for `athena:StartQueryExecution` in a workgroup); none of it is
needed by all of them, so none of it is part of the door.
https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
"""

GRANTING: Final = ("lakeformation:GrantPermissions", "lakeformation:BatchGrantPermissions")
"""Either of them passes a permission on.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslakeformation.html
"""

NEEDS_DATA: Final = frozenset({SELECT, "INSERT", "DELETE"})
"""Those for which the engine asks Lake Formation for credentials: IAM must allow `lakeformation:GetDataAccess`, too.

https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html
"""


def expanded(permissions: Iterable[str]) -> frozenset[str]:
    """The permissions on a table, ALL taken apart; any of them shows the table's description."""
    held = {each.upper() for each in permissions}
    if held & EVERY_PERMISSION:
        held |= TABLE_PERMISSIONS
    return frozenset(held & TABLE_PERMISSIONS) | ({DESCRIBE} if held else frozenset())


def on_catalog(permissions: Iterable[str]) -> frozenset[str]:
    """What permissions on a whole catalog may give on each of its tables: ALL and super user everything, the others nothing."""
    held = {each.upper() for each in permissions}
    return TABLE_PERMISSIONS if held & EVERY_PERMISSION else frozenset()


def on_database(permissions: Iterable[str]) -> frozenset[str]:
    """What permissions on a database give on each of its tables: dropping a database drops its tables."""
    held = {each.upper() for each in permissions}
    return frozenset({DROP_DATABASE}) if held & (EVERY_PERMISSION | {"DROP"}) else frozenset()
