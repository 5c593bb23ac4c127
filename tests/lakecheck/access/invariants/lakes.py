"""A lake.yaml with contracts for tests of invariants, beside the small governed lake of the tests of Lake Formation."""

from __future__ import annotations

from typing import Any

from lakecheck.access.invariants.candidates import Candidate, Situation
from lakecheck.access.invariants.loader import LoadedRules
from lakecheck.access.invariants.model import AccessRules
from lakecheck.access.invariants.subjects import DataFacts, PrincipalFacts
from lakecheck.access.matrix import build_matrix
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Estate, Principal, ResourceType
from lakecheck.formula import Truth
from lakemodel.config.model import LakeConfig
from lakemodel.contracts.model import ContractSet
from tests.lakecheck.access.lake_formation.estates import CONSUMER, LAKE, STRANGER, lake, on, permission_set, role, tag
from tests.unit.contracts.support import document, read

DEV = "999900001111"
ORGANIZATION = {"id": "o-exampleorgid", "management": "111111111111", "log_archive": "222222222222", "security": "333333333333"}
CLASSES = ["public", "internal", "restricted"]
ANALYST = permission_set("Analyst", account=CONSUMER)
STEWARD = permission_set("Steward")
PARTNER = role("Partner", account=CONSUMER)
TAGS = (
    tag(on(ResourceType.DATABASE), zone="curated", domain="sales"),
    tag(on(), classification="internal"),
    tag(on(ResourceType.COLUMNS, columns=("email",)), classification="restricted"),
)
"""Of the table `sales.orders`: its e-mail is restricted, the rest internal."""


def persona(principal: dict[str, str], account: str, **read: Any) -> dict[str, Any]:
    return {"principal": principal, "account": account, "read": read}


def configuration() -> LakeConfig:
    """Two environments of one lake; an analyst of all products, a partner of named ones, a steward in the lake's own account."""
    environment = {"region": "eu-west-1", "protection": "standard"}
    return LakeConfig.model_validate(
        {
            "version": 1,
            "organization": {
                "id": "o-exampleorgid",
                "management": "111111111111",
                "log_archive": "222222222222",
                "security": "333333333333",
            },
            "break_glass_role": "BreakGlass",
            "environments": {
                "dev": {"lakes": {"main": DEV}, "consumers": {"use": "999900002222"}} | environment,
                "prod": {"lakes": {"main": LAKE}, "consumers": {"use": CONSUMER}} | environment,
            },
            "domains": {name: {"lake": "main", "owner": "a@example.com"} for name in ("sales", "travel")},
            "classifications": CLASSES,
            "personas": {
                "analyst": persona({"permission_set": "Analyst"}, "use", zones=["curated"], classifications=["public", "internal"]),
                "steward": persona({"permission_set": "Steward"}, "main", zones=["curated"], classifications=CLASSES, domains=["sales"]),
                "partner": persona(
                    {"role": "Partner", "trusted_account": "use"},
                    "use",
                    zones=["curated"],
                    classifications=["public", "internal"],
                    products="named",
                ),
            },
        }
    )


def contracts(config: LakeConfig) -> ContractSet:
    """Two products of sales whose names contain each other; the first names the partner, for German orders."""
    classes = {"id": "internal", "email": "restricted", "country": "internal", "total": "internal"}
    columns = [{"name": name, "logicalType": "string", "classification": one, "description": "x"} for name, one in classes.items()]
    own = [{"property": "rows", "value": "country = 'DE'", "vendor": "governed-lake"}]
    roles = [{"role": "partner", "access": "read", "customProperties": own}]
    found = []
    for product, name, named in (("orders", "orders", roles), ("orders_archive", "archived", [])):
        contract, findings = read(document(columns, table={"name": name}, dataProduct=product, id=product, roles=named), config)
        assert contract is not None, [str(finding) for finding in findings]
        found.append(contract)
    return ContractSet(contracts=tuple(found))


def loaded(*invariants: dict[str, Any], **more: Any) -> LoadedRules:
    """access.yaml with this lake.yaml and these contracts."""
    config = configuration()
    numbered = [{"id": f"rule-{number}", "says": "It is so."} | each for number, each in enumerate(invariants)]
    rules = AccessRules.model_validate({"version": 1, "invariants": numbered or [{"id": "none", "says": "x", "personas": "query"}], **more})
    return LoadedRules(file="access.yaml", rules=rules, lake=config, contracts=contracts(config), classifications=tuple(CLASSES))


def situation(where: Estate, rules: LoadedRules | None = None) -> Situation:
    """What rules are judged over."""
    rules = loaded() if rules is None else rules
    questions = Questions(where)
    return Situation(
        questions=questions,
        matrix=build_matrix(where, questions=questions),
        loaded=rules,
        data=DataFacts(where, rules),
        who=PrincipalFacts(where, rules),
    )


def tagged(*principals: Principal, **parts: Any) -> Estate:
    """The small governed lake with its tags."""
    return lake(*principals, **({"tag_associations": TAGS} | parts))


def said(candidates: Any) -> list[str]:
    """What speaks against an invariant for sure."""
    found: list[Candidate] = list(candidates)
    return [each.told().summary for each in found if each.possible is Truth.TRUE]


__all__ = ["ANALYST", "CONSUMER", "DEV", "LAKE", "PARTNER", "STEWARD", "STRANGER", "loaded", "said", "situation", "tagged"]
