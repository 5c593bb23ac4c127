"""A change of every table costs in proportion to the tables. It takes too long for every run: `make test-full`."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from lakecheck.access.difference import difference
from lakecheck.access.review import review
from lakecheck.access.sentences import sentences
from lakecheck.upgrade.review import judge_upgrade
from lakemodel.approvals import Register
from tests.lakecheck.upgrade.support import ACCOUNT, stack, state

pytestmark = pytest.mark.full

DAY = date(2026, 11, 22)
KEPT = tuple(f"kept{number}" for number in range(10))
MOST = 2.4
"""How much more twice as many tables may take: a machine that does other things as well is not exact. Four times is what a square takes."""


def lake(tables: int, columns: tuple[str, ...]) -> dict[str, Any]:
    """Tables in one database, and a grant of every column to one role."""
    found: dict[str, Any] = {
        "Database": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "sales"}}},
    }
    for number in range(tables):
        name = f"table{number}"
        storage = {"Location": f"s3://lake/{name}/", "Columns": [{"Name": column, "Type": "string"} for column in columns]}
        properties = {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableInput": {"Name": name, "StorageDescriptor": storage}}
        found[f"Table{number}"] = {"Type": "AWS::Glue::Table", "Properties": properties}
        resource = {"TableWithColumns": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": name, "ColumnNames": [*KEPT, "gone"]}}
        found[f"Grant{number}"] = {
            "Type": "AWS::LakeFormation::PrincipalPermissions",
            "Properties": {
                "Catalog": ACCOUNT,
                "Principal": {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/reader"},
                "Resource": resource,
                "Permissions": ["SELECT"],
                "PermissionsWithGrantOption": [],
            },
        }
    return found


def least(tables: int) -> float:
    """Seconds of CPU for judging a change that takes a column from every table, the least of two."""
    taken = []
    for _ in range(2):
        base, head = state(stack(lake(tables, (*KEPT, "gone")))), state(stack(lake(tables, KEPT)))
        base_matrix, head_matrix = base.matrix, head.matrix
        started = time.process_time()
        reviewed = judge_upgrade(base, head, Register(), as_of=DAY)
        sentences(review(difference(base_matrix, head_matrix), Register(), as_of=DAY).judged)
        taken.append(time.process_time() - started)
        dying = [one for one in reviewed.judged if one.risk.rule == "lost_access.dies_with_column"]
        assert len(dying) == tables
    return min(taken)


def test_twice_as_many_tables_take_twice_as_long() -> None:
    """Whatever is looked up for a table is found without looking at all the others."""
    assert least(1400) < MOST * least(700)
