"""The partner of the reference reads the rows and columns that one contract leaves it, on both sides of the share, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.assembly import Lake, Synthesized

COLUMNS = ["currency", "order_id", "ordered_at", "state", "tax", "total"]


def grants_of(stack: Synthesized) -> Iterator[tuple[str, str, dict[str, Any], list[str]]]:
    """Principal, kind, resource and permissions of every grant of a stack."""
    for part in stack.of_type("Custom::LakeFormationPermissions").values():
        for grant in part["Properties"].get("Grants", []):
            ((kind, body),) = grant["Resource"].items()
            yield json.dumps(grant["Principal"]["DataLakePrincipalIdentifier"]), kind, body, grant["Permissions"]


def the_filter(lake: Lake, environment: str) -> dict[str, Any]:
    """The one data cells filter of an environment."""
    (made,) = lake.of(environment)["MainGrants"].of_type("AWS::LakeFormation::DataCellsFilter").values()
    properties: dict[str, Any] = made["Properties"]
    return properties


def test_the_filter_is_what_the_contract_leaves(reference: Lake) -> None:
    """Columns of the persona's classes but two, and one condition; in every environment alike, and nowhere another filter."""
    assert len(list(reference.resources("AWS::LakeFormation::DataCellsFilter"))) == len(reference.environments)
    for environment in reference.environments:
        made = the_filter(reference, environment)
        assert (made["DatabaseName"], made["TableName"], made["ColumnNames"]) == ("sales", "orders", COLUMNS)
        assert made["RowFilter"] == {"FilterExpression": "currency = 'EUR'"}
        assert "ColumnWildcard" not in made


@pytest.mark.parametrize("environment", ["Dev", "Staging", "Prod"])
def test_the_account_may_pass_on_that_and_no_table(reference: Lake, environment: str) -> None:
    """By name the consumer's account has the filter and sees the database: neither columns of every row nor a table."""
    consumer = reference.of(environment)["AnalyticsAccess"].account
    named = [
        (kind, body.get("Name"), permissions)
        for stack in reference.of(environment).values()
        for principal, kind, body, permissions in grants_of(stack)
        if principal == json.dumps(consumer) and kind != "LFTagPolicy"
    ]
    cells = the_filter(reference, environment)["Name"]
    assert sorted(named) == [("DataCellsFilter", cells, ["SELECT"]), ("Database", "sales", ["DESCRIBE"])]


@pytest.mark.parametrize("environment", ["Dev", "Staging", "Prod"])
def test_the_partner_reads_through_the_filter_alone(reference: Lake, environment: str) -> None:
    """In its account it sees the link and the database behind it, and has no grant by LF-Tags; nobody else has the filter."""
    access = reference.of(environment)["AnalyticsAccess"]
    lake = reference.of(environment)["MainGrants"].account
    partner = [(kind, body, permissions) for principal, kind, body, permissions in grants_of(access) if "PartnerAnalyst" in principal]
    cells = {"TableCatalogId": lake, "DatabaseName": "sales", "TableName": "orders", "Name": the_filter(reference, environment)["Name"]}
    assert sorted(partner, key=str) == sorted(
        [
            ("DataCellsFilter", cells, ["SELECT"]),
            ("Database", {"Name": "sales"}, ["DESCRIBE"]),
            ("Database", {"CatalogId": lake, "Name": "sales"}, ["DESCRIBE"]),
        ],
        key=str,
    )
    assert [
        principal for principal, kind, _, _ in grants_of(access) if kind == "DataCellsFilter" and "PartnerAnalyst" not in principal
    ] == []
