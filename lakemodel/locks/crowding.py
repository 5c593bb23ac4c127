"""Says which stacks hold more than CloudFormation takes, or soon will, before it does."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from lakemodel.findings import Finding, Place, Severity
from lakemodel.limits import Quota, limit
from lakemodel.locks.weights import CROWDED, EMPTY_CATALOG, EMPTY_PIPELINES, Weight, pipeline_weight, table_weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakemodel.contracts.model import DataContract, Table
    from lakemodel.locks.placement_file import Placement

_SHOWN: Final = 3
_TABLES: Final = (
    "Take the lines of tables that are not deployed yet out of the lock and run `lakecheck contracts lock`: they get another stack. "
    "One that is deployed stays where it is: shorten its descriptions, or move it as the guide to deployment says."
)
_PRODUCTS: Final = (
    "Take the lines of some of its products (domain/product) out of the lock and run `lakecheck contracts lock`: a pipeline holds no data, "
    "and is made anew in another stack."
)
_ONE_PRODUCT: Final = "Split the product: its pipeline alone fills a stack."


def crowded_catalogs(tables: Iterable[tuple[str, Placement, Table]], file: str) -> Iterator[Finding]:
    """What is to be said of the catalog stacks that these tables stand in, each given with its lake."""
    stacks: dict[tuple[int, str], list[tuple[str, Weight]]] = defaultdict(list)
    for lake, placement, table in tables:
        stacks[placement.stack, lake].append((placement.key, table_weight(table)))
    yield from _crowded("catalog", "tables", stacks, EMPTY_CATALOG, file)


def crowded_pipelines(products: Iterable[tuple[str, int, DataContract]], file: str) -> Iterator[Finding]:
    """What is to be said of the pipelines stacks that these products are ingested in, each given with its lake."""
    stacks: dict[tuple[int, str], list[tuple[str, Weight]]] = defaultdict(list)
    for lake, stack, contract in products:
        stacks[stack, lake].append((f"{contract.domain}/{contract.product}", pipeline_weight(contract)))
    yield from _crowded("pipelines", "products", stacks, EMPTY_PIPELINES, file)


def _crowded(
    kind: str, things: str, stacks: dict[tuple[int, str], list[tuple[str, Weight]]], empty: Weight, file: str
) -> Iterator[Finding]:
    for (number, lake), held in sorted(stacks.items()):
        weight = sum((each for _, each in held), start=empty)
        if weight.share < CROWDED:
            continue
        heaviest = ", ".join(key for key, _ in sorted(held, key=lambda one: (-one[1].share, one[0]))[:_SHOWN])
        resources, size = limit(Quota.STACK_RESOURCES), limit(Quota.TEMPLATE_BYTES)
        where = f"{kind} stack {number} of lake {lake}" if lake else f"{kind} stack {number}"
        message = (
            f"{where} has {len(held):,} {things}, about {weight.resources:,} resources and {weight.size:,} bytes; "
            f"allowed are {resources.value:,} and {size.value:,}; the largest: {heaviest}"
        )
        remedy = _TABLES if kind == "catalog" else _PRODUCTS if len(held) > 1 else _ONE_PRODUCT
        severity = Severity.ERROR if weight.share > 1 else Severity.WARNING
        yield Finding(Place(file), "placement.crowded_stack", message, remedy, severity)
