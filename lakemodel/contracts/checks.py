"""Checks that span contracts: two that would be one product, one table or one id; personas that wait for a contract to name them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakemodel.config.model import Products
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.product import UNDECLARED_DOMAIN, product_name
from lakemodel.contracts.report import Report
from lakemodel.findings import Finding, Place, Severity
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import DataContract
    from lakemodel.contracts.rules import ContractRules
    from lakemodel.yaml_source import Document


@dataclass(frozen=True, slots=True)
class Claim:
    """What one contract, good or refused, wants to be called in the lake.

    Attributes:
        tables: Names in the catalog with their positions in the contract.
    """

    document: Document
    id: str
    domain: str
    product: str
    tables: tuple[tuple[str, int], ...]

    @property
    def file(self) -> str:
        """The contract's file, as findings name it."""
        return self.document.file


def claim_of(document: Document, data: dict[str, Any], rules: ContractRules) -> Claim:
    """The names that a contract claims, normalised whether or not that is allowed."""
    domain = normalize(text_of(data, "domain"))
    if rules.domains is not None and domain not in rules.domains:
        domain = rules.default_domain or domain
    names = [(normalize(text_of(node, "name")), index) for index, node in items_of(data, "schema")]
    return Claim(
        document=document,
        id=text_of(data, "id"),
        domain=domain or UNDECLARED_DOMAIN,
        product=normalize(product_name(data, document.file)),
        tables=tuple((name, index) for name, index in names if name),
    )


def collisions(claims: Iterable[Claim]) -> list[Finding]:
    """An error at each contract that shares its id, its product's name or a table's name with another one."""
    by_id: dict[str, list[tuple[Claim, int]]] = defaultdict(list)
    by_product: dict[str, list[tuple[Claim, int]]] = defaultdict(list)
    by_table: dict[tuple[str, str], list[tuple[Claim, int]]] = defaultdict(list)
    for claim in claims:
        if claim.id:
            by_id[claim.id].append((claim, 0))
        if claim.product:
            by_product[f"{claim.domain}.{claim.product}"].append((claim, 0))
        for name, index in {name: (name, index) for name, index in reversed(claim.tables)}.values():
            by_table[claim.domain, name].append((claim, index))
    found = []
    for identifier, sharing in by_id.items():
        found += _tell(sharing, "id", "duplicate_id", f"the id '{identifier}' is also that of", "Give each contract an id of its own.")
    for key, sharing in by_product.items():
        message = f"the product is called {key} in the lake, and so is that of"
        found += _tell(sharing, "dataProduct", "duplicate_product", message, "Rename one of them.")
    for (domain, name), sharing in by_table.items():
        message = f"the table {name} of domain {domain} is also described in"
        remedy = "A domain's tables share one database: rename one of them."
        found += _tell(sharing, "schema", "duplicate_table", message, remedy)
    return found


def unnamed_personas(contracts: Iterable[DataContract], config: LakeConfig, where: str) -> list[Finding]:
    """A warning for each persona that reads named products only, and that none of these contracts names.

    Args:
        contracts: All of the lake's.
        config: The lake they belong to.
        where: The folder they stand in, as findings name it.
    """
    named = {role.role for contract in contracts for role in contract.roles}
    found = []
    for name, persona in sorted(config.personas.items()):
        if persona.read.products is Products.NAMED and name not in named:
            message = f"no contract here names the persona {name} among its roles; it reads named products only, so it reads nothing"
            remedy = f"Add the role {name} to a contract, or set personas.{name}.read.products: all in lake.yaml."
            found.append(Finding(Place(where), "contract.persona_not_named", message, remedy, Severity.WARNING))
    return found


def _tell(sharing: list[tuple[Claim, int]], key: str, code: str, message: str, remedy: str) -> list[Finding]:
    if len(sharing) < 2:  # noqa: PLR2004 - one contract collides with nobody
        return []
    found = []
    for claim, index in sharing:
        others = ", ".join(sorted({other.file for other, _ in sharing if other is not claim}))
        path = (key, index) if key == "schema" else (key,)
        place = Place(claim.file, claim.document.line(path), Report(claim.document).shown(path))
        found.append(Finding(place, f"contract.{code}", f"{message} {others}", remedy))
    return found
