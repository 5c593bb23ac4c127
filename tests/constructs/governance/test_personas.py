"""From lake.yaml and contracts to tags and grants, on both sides of a share, down to what the handler brings about."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.governance import (
    PERMISSIONS_TYPE,
    CatalogResource,
    DataPrincipal,
    accept_personas,
    associate_contracts,
    associate_databases,
    grant_personas,
    grant_pipeline,
    shared_databases,
)
from constructs_lib.runtime.lakeformation.grants import Grants
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.permissions import Permissions
from constructs_lib.runtime.lakeformation.principals import Principals
from constructs_lib.runtime.lakeformation.tags import Tags
from lakemodel.config.model import LakeConfig, Zone
from lakemodel.contracts.model import Column, ContractSet, DataContract, Table, TableFormat
from lakemodel.errors import DataLakeError
from lakemodel.types.model import Primitive, PrimitiveKind
from tests.constructs.governance.support import Orders, associations, grants, permissions_in
from tests.support import ACCOUNT, new_app, new_stack, resources, template
from tests.unit.runtime.lakeformation.fake import FakeLakeFormation
from tests.unit.runtime.lakeformation.support import request, retry

CONSUMER = "444444444402"
STEWARD = DataPrincipal.role_arn(f"arn:aws:iam::{ACCOUNT}:role/Steward")
ANALYST = DataPrincipal.role_arn(f"arn:aws:iam::{CONSUMER}:role/Analyst")
READER = DataPrincipal.role_arn(f"arn:aws:iam::{CONSUMER}:role/PiiReader")
CLASSES = ["public", "internal", "restricted"]

CONFIG = LakeConfig.model_validate(
    {
        "version": 1,
        "organization": {"id": "o-exampleorgid", "management": "1" * 12, "log_archive": "2" * 12, "security": "3" * 12},
        "break_glass_role": "BreakGlass",
        "environments": {
            "dev": {
                "lakes": {"main": ACCOUNT, "other": "444444444409"},
                "consumers": {"analytics": CONSUMER},
                "region": "eu-west-1",
                "protection": "standard",
            }
        },
        "domains": {
            "sales": {"lake": "main", "owner": "a@example.com"},
            "travel": {"lake": "main", "owner": "a@example.com"},
            "far": {"lake": "other", "owner": "a@example.com"},
        },
        "classifications": CLASSES,
        "personas": {
            "analyst": {
                "principal": {"permission_set": "Analyst"},
                "account": "analytics",
                "read": {"zones": ["curated", "consumption"], "classifications": ["public", "internal"]},
            },
            "reader": {
                "principal": {"role": "PiiReader", "trusted_account": "analytics"},
                "account": "analytics",
                "read": {"zones": ["curated"], "domains": ["travel"]},
            },
            "steward": {"principal": {"permission_set": "Steward"}, "account": "main", "read": {"zones": ["quarantine"]}},
        },
    }
)


def _column(name: str, classification: str) -> Column:
    return Column(name=name, source_name=name, type=Primitive(PrimitiveKind.STRING), classification=classification)


CONTRACTS = ContractSet(
    contracts=(
        DataContract(
            id="1",
            domain="sales",
            product="orders",
            version="1.0.0",
            status="active",
            file="orders.odcs.yaml",
            tables=(
                Table(
                    name="orders",
                    source_name="orders",
                    format=TableFormat.ICEBERG,
                    classification="restricted",
                    columns=(
                        _column("id", "public"),
                        _column("country", "public"),
                        _column("email", "restricted"),
                        _column("total", "internal"),
                    ),
                ),
                Table(
                    name="plans",
                    source_name="plans",
                    format=TableFormat.PARQUET,
                    classification="internal",
                    columns=(_column("id", "internal"),),
                ),
            ),
        ),
    )
)


@pytest.fixture(scope="module")
def lake() -> dict[str, Any]:
    """The grants' stack of a lake account."""
    stack = new_stack()
    permissions = permissions_in(stack)
    associate_databases(permissions, ["sales", "travel"])
    associate_contracts(permissions, CONTRACTS, strictest="restricted")
    grant_personas(permissions, CONFIG, environment="dev", lake="main", principals={"steward": STEWARD, "analyst": ANALYST})
    return template(stack)


@pytest.fixture(scope="module")
def consumer() -> dict[str, Any]:
    """The grants' stack of a consumer account."""
    stack = new_stack(new_app(), account=CONSUMER)
    permissions = permissions_in(stack, ontology=None)
    principals = {"analyst": ANALYST, "reader": READER}
    accept_personas(stack, permissions, CONFIG, environment="dev", account="analytics", principals=principals)
    return template(stack)


def expressions(made: dict[str, Any], principal: str) -> list[tuple[str, tuple[Any, ...]]]:
    """Resource type and expression of each grant to a principal."""
    policies = [
        grant["Resource"]["LFTagPolicy"] for grant in grants(made) if grant["Principal"]["DataLakePrincipalIdentifier"] == principal
    ]
    return sorted((p["ResourceType"], tuple((e["TagKey"], tuple(e["TagValues"])) for e in p["Expression"])) for p in policies)


def by_expression(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The grants by LF-Tag."""
    return [grant for grant in grants(made) if "LFTagPolicy" in grant["Resource"]]


def test_contracts_become_tags(lake: dict[str, Any]) -> None:
    """Databases carry domain and zone, the table its strictest class, other columns their own, all of quarantine the strictest."""
    assert associations(lake) == {
        "sales": {"domain": "sales", "zone": "curated"},
        "sales_consumption": {"domain": "sales", "zone": "consumption"},
        "sales_quarantine": {"domain": "sales", "zone": "quarantine"},
        "travel": {"domain": "travel", "zone": "curated"},
        "travel_consumption": {"domain": "travel", "zone": "consumption"},
        "travel_quarantine": {"domain": "travel", "zone": "quarantine"},
        "sales.orders": {"classification": "restricted"},
        "sales.orders.id": {"classification": "public"},
        "sales.orders.country": {"classification": "public"},
        "sales.orders.total": {"classification": "internal"},
        "sales.plans": {"classification": "internal"},
        "sales_quarantine.orders": {"classification": "restricted"},
        "sales_quarantine.plans": {"classification": "restricted"},
    }


def test_a_persona_of_the_lake_reads_directly(lake: dict[str, Any]) -> None:
    """Every class is named where none is stated: what has no class is read by nobody."""
    quarantine = ("zone", ("quarantine",))
    assert expressions(lake, STEWARD.identifier) == [
        ("DATABASE", (quarantine,)),
        ("TABLE", (("classification", ("internal", "public", "restricted")), quarantine)),
    ]
    assert not any(
        "PermissionsWithGrantOption" in grant for grant in grants(lake) if grant["Principal"]["DataLakePrincipalIdentifier"] != CONSUMER
    )


def test_the_account_passes_on_exactly_what_its_personas_read(lake: dict[str, Any], consumer: dict[str, Any]) -> None:
    """Lake Formation lets a consumer pass on only the very expression it has with grant option: both sides are the same."""
    here = expressions(lake, CONSUMER)
    local = {
        (policy["ResourceType"], tuple((e["TagKey"], tuple(e["TagValues"])) for e in policy["Expression"]))
        for policy in (grant["Resource"]["LFTagPolicy"] for grant in by_expression(consumer))
        if policy["CatalogId"] == ACCOUNT
    }
    assert set(here) == local
    assert len(here) == 4
    for grant in grants(lake):
        if grant["Principal"]["DataLakePrincipalIdentifier"] == CONSUMER:
            assert grant["Permissions"] == grant["PermissionsWithGrantOption"]
    assert not any("PermissionsWithGrantOption" in grant for grant in grants(consumer))


def test_the_lake_grants_nothing_to_roles_of_other_accounts(lake: dict[str, Any]) -> None:
    """A persona of the consumer is granted by the consumer."""
    assert expressions(lake, ANALYST.identifier) == []
    assert not any("LFTag" in grant["Resource"] for grant in grants(lake)), (
        "DESCRIBE on tags would let the account pass on other expressions"
    )


def test_only_lakes_that_a_persona_reads_are_named(consumer: dict[str, Any]) -> None:
    """A persona limited to a domain gets nothing of lakes without that domain."""
    catalogs = {
        (grant["Principal"]["DataLakePrincipalIdentifier"].split("/")[1], grant["Resource"]["LFTagPolicy"]["CatalogId"])
        for grant in by_expression(consumer)
    }
    assert catalogs == {("Analyst", ACCOUNT), ("Analyst", "444444444409"), ("PiiReader", ACCOUNT)}


def test_a_persona_sees_the_links_of_what_it_reads_and_no_other(consumer: dict[str, Any]) -> None:
    """DESCRIBE on each link, for those whose persona reads the database behind it."""
    seen: dict[str, list[str]] = {}
    for grant in grants(consumer):
        if "Database" in grant["Resource"]:
            assert grant["Permissions"] == ["DESCRIBE"]
            name = grant["Resource"]["Database"]["Name"]
            seen.setdefault(grant["Principal"]["DataLakePrincipalIdentifier"].split("/")[1], []).append(name)
    everything = ["far", "far_consumption", "sales", "sales_consumption", "travel", "travel_consumption"]
    assert {name: sorted(databases) for name, databases in seen.items()} == {"Analyst": everything, "PiiReader": ["travel"]}


def test_a_lake_without_domains_shares_nothing() -> None:
    """There is no database that the other account could link to; its personas are granted when a domain comes."""
    stack = new_stack()
    permissions = permissions_in(stack)
    config = CONFIG.model_copy(update={"domains": {"far": CONFIG.domains["far"]}})
    shares = grant_personas(permissions, config, environment="dev", lake="main", principals={"steward": STEWARD})
    assert shares == {}
    assert {grant["Principal"]["DataLakePrincipalIdentifier"] for grant in grants(template(stack))} == {STEWARD.identifier}


def test_databases_to_link_follow_from_the_personas() -> None:
    """Each database that some persona of the account reads, with its readers; none of the account's own."""
    shared = {database.database_name: database.personas for database in shared_databases(CONFIG, environment="dev", account="analytics")}
    assert shared == {
        "far": ("analyst",),
        "far_consumption": ("analyst",),
        "sales": ("analyst",),
        "sales_consumption": ("analyst",),
        "travel": ("analyst", "reader"),
        "travel_consumption": ("analyst",),
    }
    of_lake = shared_databases(CONFIG, environment="dev", account="main")
    assert [(database.database_name, database.zone, database.lake) for database in of_lake] == [
        ("far_quarantine", Zone.QUARANTINE, "other")
    ]


def test_fails_when_a_persona_has_no_principal() -> None:
    """A persona that would silently read nothing is refused."""
    with pytest.raises(DataLakeError, match="persona steward of account main has no principal; got none") as raised:
        grant_personas(permissions_in(new_stack()), CONFIG, environment="dev", lake="main", principals={})
    assert raised.value.code == "persona_without_principal"


def test_a_pipeline_registers_in_its_own_tables_only() -> None:
    """Its job may alter and fill its tables and use their locations; it may not drop, delete or create others."""
    stack = new_stack()
    permissions = permissions_in(stack)
    grant_pipeline(permissions, STEWARD, tables=[Orders()], locations=[CatalogResource.location("arn:aws:s3:::curated")])
    found = {next(iter(grant["Resource"])): grant["Permissions"] for grant in grants(template(stack))}
    assert found == {
        "Database": ["DESCRIBE"],
        "Table": ["ALTER", "DESCRIBE", "INSERT", "SELECT"],
        "DataLocation": ["DATA_LOCATION_ACCESS"],
    }


def test_the_handler_brings_about_what_the_template_says(lake: dict[str, Any]) -> None:
    """Deployed part by part, in order, into a strict Lake Formation: every tag and right is there, and all go with the stack."""
    account = FakeLakeFormation()
    account.existing = {STEWARD.identifier, CONSUMER}
    account.tables = {(database, name): [] for database in ("sales", "sales_quarantine") for name in ("orders", "plans")}
    account.tables["sales", "orders"] = ["id", "country", "email", "total"]
    account.vocabulary = {"domain": {"sales", "travel"}, "zone": {"curated", "consumption", "quarantine"}, "classification": set(CLASSES)}
    waiting = retry()
    principals = Principals(None, waiting)
    grants_of = Grants(account, waiting, ACCOUNT, principals)
    handler = Permissions(grants_of, Tags(account, waiting, ACCOUNT), OptIns(account, waiting, ACCOUNT, principals))
    parts = [part["Properties"] for _, part in sorted(resources(lake, PERMISSIONS_TYPE).items())]
    for properties in parts:
        handler.apply(request("Create", properties))
    assert {".".join(path): tags for path, tags in account.tags.items()} == associations(lake)
    assert {right[0] for right in account.rights} == {STEWARD.identifier, CONSUMER}
    assert len([right for right in account.rights if right[3]]) == 6
    for properties in reversed(parts):
        handler.apply(request("Delete", properties))
    assert account.rights == set()
    assert not any(account.tags.values())
