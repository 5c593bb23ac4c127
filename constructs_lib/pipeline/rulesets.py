"""A contract's rules as data quality rulesets beside its tables in the catalog, for evaluations by hand; the gate measures in the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_glue as glue
from constructs import Construct

from lakemodel.config.model import Zone
from lakemodel.dqdl import ruleset
from lakemodel.naming import database_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.contracts.model import DataContract


def catalog_rulesets(scope: Construct, contract: DataContract, tables: Sequence[str]) -> dict[str, glue.DataQualityRuleset]:
    """A ruleset for each of the contract's tables named in `tables`, below `scope`; none for a table whose contract states no rule.

    https://docs.aws.amazon.com/glue/latest/dg/data-quality-getting-started.html
    """
    database = database_name(contract.domain, Zone.CURATED)
    parent = Construct(scope, "Rulesets")
    arn = Stack.of(scope).format_arn(service="glue", resource="database", resource_name=database)
    imported = glue.Database.from_database_arn(parent, "Database", arn)
    texts = {table.name: ruleset(table) for table in contract.tables if table.name in tables}
    return {
        name: glue.DataQualityRuleset(
            parent,
            name,
            ruleset_name=f"{contract.domain}.{contract.product}.{name}",
            description=f"What the contract of {contract.key} asks of {name}",
            dqdl=glue.Dqdl.from_string(text),
            target_table=glue.DataQualityTargetTable.from_table_name(imported, name),
        )
        for name, text in texts.items()
        if text
    }
