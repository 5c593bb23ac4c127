"""Job specs as the tests hand them to the job."""

from __future__ import annotations

import json
from typing import Any

OPENFLIGHTS = {"format": "csv", "header": False, "null_marker": "\\N"}


def column(name: str, type_: str = "string", **more: Any) -> dict[str, Any]:
    """One column; further keys as in the spec, checks as `checks=[(kind, value)]`."""
    checks = [{"kind": kind, "value": value} for kind, value in more.pop("checks", [])]
    return {"name": name, "source_name": name, "type": type_, "checks": checks, **more}


def spec(columns: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """A job spec with these columns; a CSV with a header unless told otherwise."""
    return {
        "spec_version": 2,
        "product": "shop.orders",
        "contract_version": "1.2.0",
        "domain": "shop",
        "table": "orders",
        "database": "shop",
        "quarantine_database": "shop_quarantine",
        "format": "parquet",
        "source": {"format": "csv"},
        "columns": columns,
        "primary_key": [],
        "partitioning": [],
        **changed,
    }


def text(columns: list[dict[str, Any]], **changed: Any) -> str:
    """The same as JSON, as the job takes it."""
    return json.dumps(spec(columns, **changed))


ROUTES = spec(
    [
        column("airline", required=True, checks=[("pattern", "^[A-Z0-9]{2}$")]),
        column("airline_id", "int"),
        column("source_airport", required=True),
        column("source_airport_id", "int", required=True),
        column("destination_airport", required=True),
        column("destination_airport_id", "int", required=True),
        column("codeshare", checks=[("enum", ["", "Y"])]),
        column("stops", "int", required=True, checks=[("maximum", 0)]),
        column("equipment"),
    ],
    product="travel.routes",
    domain="travel",
    table="routes",
    database="travel",
    quarantine_database="travel_quarantine",
    source=OPENFLIGHTS,
    primary_key=["airline", "source_airport", "destination_airport"],
)

AIRPORTS = spec(
    [
        column("airport_id", "int"),
        column("name", required=True),
        column("city"),
        column("country", required=True),
        column("iata", checks=[("min_length", 3), ("max_length", 3)]),
        column("icao", unique=True),
        column("latitude", "decimal(9,6)", checks=[("minimum", -90), ("maximum", 90)]),
        column("longitude", "double", checks=[("minimum", -180), ("maximum", 180)]),
        column("altitude_ft", "int"),
        column("utc_offset", "decimal(4,2)"),
        column("dst"),
        column("tz"),
        column("type", checks=[("enum", ["airport"])]),
        column("source"),
    ],
    product="travel.airports",
    domain="travel",
    table="airports",
    database="travel",
    quarantine_database="travel_quarantine",
    source=OPENFLIGHTS,
    primary_key=["airport_id"],
    partitioning=[{"column": "dst", "transform": "identity"}],
)
