"""Writes the inputs of a lake of any size: lake.yaml and contracts, the same for the same arguments, for tests and measurements.

Usage: generated_lake.py <folder> [--tables 1000] [--per-product 10] [--domains 10] [--shape narrow]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

CLASSES = ("public", "internal", "confidential", "restricted")
_TYPES = (
    "logicalType: string, physicalType: varchar(40)",
    "logicalType: integer, physicalType: bigint",
    "logicalType: number, physicalType: 'decimal(12,2)'",
    "logicalType: timestamp",
    "logicalType: date",
    "logicalType: boolean, physicalType: boolean",
)
_WORDS = "what the producer wrote about it when the contract was agreed upon, kept as it was said and not shortened by anybody since then "


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What the tables look like.

    Attributes:
        columns: The fewest columns of a table; there are up to half as many more.
        description: Characters of each column's description.
        depth: How deep the last column is nested; 0 for a plain one.
        classes: How many classes the columns have in turn.
        iceberg: Whether tables are Iceberg, else every third is Parquet.
        retention: Whether products have a retention.
        promises: Whether products promise a freshness, and every second one is ingested on a schedule.
    """

    columns: int = 12
    description: int = 40
    depth: int = 0
    classes: int = 4
    iceberg: bool = True
    retention: bool = False
    promises: bool = False


SHAPES = {
    "narrow": Shape(columns=3, description=10, classes=1),
    "usual": Shape(),
    "mixed": Shape(iceberg=False, retention=True, promises=True),
    "wide": Shape(columns=400, description=250),
    "nested": Shape(columns=20, depth=8),
}
"""Shapes by name; `usual` has 12 to 18 columns of every class."""


def write_lake(
    folder: Path, *, tables: int, per_product: int = 10, domains: int = 10, personas: int = 5, shape: Shape = SHAPES["usual"]
) -> None:
    """Writes `lake.yaml` and `contracts/` into a folder: one environment with one lake and one consumer account.

    Args:
        folder: Where to; made when it is not there.
        tables: How many tables in all.
        per_product: How many of them each product has, the last one fewer.
        domains: Over how many domains the products are spread.
        personas: How many personas read; every second one reads a single domain.
        shape: What the tables look like.
    """
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    (folder / "lake.yaml").write_text(lake_yaml(domains=domains, personas=personas))
    for number, first in enumerate(range(0, tables, per_product)):
        text = contract(number, domain=f"domain_{number % domains:03d}", tables=min(per_product, tables - first), shape=shape)
        (folder / "contracts" / f"product_{number:05d}.odcs.yaml").write_text(text)


def lake_yaml(*, domains: int, personas: int = 5) -> str:
    """A configuration with so many domains and personas."""
    head = (
        "version: 1\n"
        'organization: { id: o-exampleorgid, management: "111111111111", log_archive: "222222222222", security: "333333333333" }\n'
        "break_glass_role: BreakGlass\nenvironments:\n  dev:\n"
        '    lakes: { main: "444444444401" }\n    consumers: { analytics: "444444444402" }\n'
        "    region: eu-west-1\n    protection: standard\n"
        f"classifications: [{', '.join(CLASSES)}]\n"
    )
    named = "".join(f"  domain_{each:03d}: {{ lake: main, owner: domain-{each}@example.com }}\n" for each in range(domains))
    return head + "domains:\n" + named + "personas:\n" + "".join(_persona(each, domains) for each in range(personas))


def _persona(number: int, domains: int) -> str:
    limited = f", domains: [domain_{number % domains:03d}]" if number % 2 else ""
    account = "analytics" if number % 3 else "main"
    read = f"zones: [curated, consumption], classifications: [{', '.join(CLASSES[: number % 4 + 1])}]{limited}"
    return f"  persona_{number:03d}: {{ principal: {{ permission_set: Persona{number:03d} }}, account: {account}, read: {{ {read} }} }}\n"


def contract(number: int, *, domain: str, tables: int, shape: Shape) -> str:
    """One product's contract."""
    name = f"product_{number:05d}"
    head = (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nname: Product {number}\nversion: 1.2.0\nstatus: active\n"
        f"domain: {domain}\ndataProduct: {name}\n"
        f"team:\n  name: team-{number}\n  members:\n    - {{ username: owner-{number}@example.com, role: Data Owner }}\n"
        "roles:\n  - { role: persona_000, access: read }\n"
    )
    levels = [f"property: retention, value: {1 + number % 7}, unit: years"] if shape.retention else []
    levels += ["property: freshness, value: 26, unit: h"] if shape.promises else []
    if levels:
        head += "slaProperties:\n" + "".join(f"  - {{ {level} }}\n" for level in levels)
    if shape.promises and number % 2:
        head += 'customProperties:\n  - { property: schedule, value: "02:30 Europe/Berlin", vendor: governed-lake }\n'
    return head + "schema:\n" + "".join(_table(name, each, number, shape) for each in range(tables))


def _table(product: str, number: int, seed: int, shape: Shape) -> str:
    chosen = "iceberg" if shape.iceberg or (number + seed) % 3 else "parquet"
    head = (
        f"  - name: {product}_table_{number:03d}\n    description: Table {number} of {product}.\n"
        f"    customProperties:\n      - {{ property: tableFormat, value: {chosen}, vendor: governed-lake }}\n    properties:\n"
    )
    columns = shape.columns + (number + seed) % (shape.columns // 2 + 1)
    return head + "".join(_column(each, number, shape) for each in range(columns)) + _nested(shape)


def _column(number: int, table: int, shape: Shape) -> str:
    written = f"Column {number}, {_WORDS * 3}"[: shape.description].replace(",", ";").strip()
    kind = (
        _TYPES[(number + table) % len(_TYPES)] if number else "logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1"
    )
    classification = CLASSES[(number + table) % shape.classes]
    return f"      - {{ name: column_{number:03d}, {kind}, classification: {classification}, description: '{written}' }}\n"


def _nested(shape: Shape) -> str:
    if not shape.depth:
        return ""
    inner = "{ name: leaf, logicalType: string, description: 'The innermost part.' }"
    for level in range(shape.depth):
        parts = ", ".join([inner, *(f"{{ name: part_{each}, logicalType: string, description: 'Part {each}.' }}" for each in range(4))])
        inner = f"{{ name: level_{level}, logicalType: object, properties: [{parts}] }}"
    return f"      - {inner[:-2]}, classification: internal }}\n" if inner.endswith(" }") else ""


def main() -> None:
    """Writes a lake as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", type=int, default=1000, help="how many tables")
    parser.add_argument("--per-product", type=int, default=10, help="how many of them a product has")
    parser.add_argument("--domains", type=int, default=10, help="how many domains")
    parser.add_argument("--personas", type=int, default=5, help="how many personas")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="usual", help="what the tables look like")
    given = parser.parse_args()
    write_lake(
        given.folder,
        tables=given.tables,
        per_product=given.per_product,
        domains=given.domains,
        personas=given.personas,
        shape=SHAPES[given.shape],
    )


if __name__ == "__main__":
    main()
