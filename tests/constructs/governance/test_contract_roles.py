"""From roles in contracts to grants by name, on both sides of a share: exactly the columns and rows, and nothing beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from constructs_lib.governance import (
    PERMISSIONS_TYPE,
    CatalogPermissions,
    DataPrincipal,
    LakeFormationSettings,
    LfTags,
    accept_contract_roles,
    accept_personas,
    associate_contracts,
    associate_databases,
    grant_contract_roles,
    grant_personas,
)
from constructs_lib.runtime.lakeformation.grants import Grants
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.permissions import Permissions
from constructs_lib.runtime.lakeformation.principals import Principals
from constructs_lib.runtime.lakeformation.tags import Tags
from lakemodel.config.model import LakeConfig
from lakemodel.contracts.model import Column, ContractRole, ContractSet, DataContract, RoleTable, Table, TableFormat
from lakemodel.errors import DataLakeError
from lakemodel.types.model import Primitive, PrimitiveKind
from tests.constructs.governance.support import ADMIN, grants, permissions_in
from tests.constructs.governance.test_personas import CONFIG as PLAIN
from tests.support import ACCOUNT, new_app, new_stack, resources, template
from tests.unit.runtime.lakeformation.fake import FakeLakeFormation
from tests.unit.runtime.lakeformation.support import request, retry

if TYPE_CHECKING:
    from aws_cdk import App, Stack

CONSUMER = "444444444402"
CLASSES = ["public", "internal", "restricted"]
OPEN = ["public", "internal"]
HERE = {name: DataPrincipal.role_arn(f"arn:aws:iam::{ACCOUNT}:role/{name}") for name in ("local", "auditor", "steward")}
THERE = {name: DataPrincipal.role_arn(f"arn:aws:iam::{CONSUMER}:role/{name}") for name in ("analyst", "partner", "agency", "reader")}


def persona(name: str, account: str, classes: list[str], **read: Any) -> dict[str, Any]:
    """A persona that reads named products of curated unless stated otherwise."""
    scope = {"zones": ["curated"], "classifications": classes, "products": "named"} | read
    return {"principal": {"permission_set": name}, "account": account, "read": scope}


def config(**personas: dict[str, Any]) -> LakeConfig:
    """The lake of the tests of personas with others beside or in place of its own."""
    return LakeConfig.model_validate(
        {**PLAIN.model_dump(mode="json"), "personas": {**PLAIN.model_dump(mode="json")["personas"], **personas}}
    )


CONFIG = config(
    partner=persona("Partner", "analytics", OPEN),
    agency=persona("Agency", "analytics", OPEN),
    idle=persona("Idle", "analytics", OPEN),
    local=persona("Local", "main", ["public"], domains=["sales"]),
    auditor=persona("Auditor", "main", CLASSES, zones=["curated", "quarantine"], domains=["sales"]),
)


def columns(**classes: str) -> tuple[Column, ...]:
    """Columns of text by name and class."""
    return tuple(
        Column(name=name, source_name=name, type=Primitive(PrimitiveKind.STRING), classification=one) for name, one in classes.items()
    )


def table(name: str, /, **classes: str) -> Table:
    """A table whose class is its strictest column's."""
    strictest = max(classes.values(), key=CLASSES.index)
    return Table(name=name, source_name=name, format=TableFormat.ICEBERG, classification=strictest, columns=columns(**classes))


def contract(product: str, *tables: Table, domain: str = "sales", roles: tuple[ContractRole, ...] = ()) -> DataContract:
    """A data product."""
    return DataContract(
        id=product, domain=domain, product=product, version="1.0.0", status="active", file=f"{product}.yaml", tables=tables, roles=roles
    )


def german(*names: str) -> tuple[RoleTable, ...]:
    """Orders of one country, of these columns or all."""
    return (RoleTable(table="orders", columns=names or None, rows="country = 'DE'"),)


ORDERS = table("orders", id="public", country="public", email="restricted", total="internal")
SECRETS = table("secrets", name="restricted")
CONTRACTS = ContractSet(
    contracts=(
        contract("far", table("far", id="public"), domain="far", roles=(ContractRole(role="agency"),)),
        contract("hidden", table("hidden", id="public", name="internal")),
        contract(
            "orders",
            ORDERS,
            SECRETS,
            roles=(
                ContractRole(role="partner", tables=german()),
                ContractRole(role="agency"),
                ContractRole(role="local"),
                ContractRole(role="auditor"),
                ContractRole(role="analyst"),
                ContractRole(role="stranger"),
            ),
        ),
        contract(
            "plans",
            table("plans", id="public", plan="internal"),
            roles=(
                ContractRole(role="partner", access="write"),
                ContractRole(role="auditor", tables=(RoleTable(table="plans", columns=("plan",)),)),
            ),
        ),
    )
)


def add_lake(app: App, lake_config: LakeConfig, contracts: ContractSet) -> Stack:
    """The grants' stack of the lake account: of personas and of roles."""
    stack = new_stack(app, "Lake")
    permissions = permissions_in(stack)
    associate_databases(permissions, ["sales", "travel"])
    associate_contracts(permissions, contracts.of_domains({"sales"}), strictest="restricted")
    grant_personas(permissions, lake_config, environment="dev", lake="main", principals=HERE)
    grant_contract_roles(permissions, lake_config, contracts, environment="dev", lake="main", principals=HERE)
    return stack


def add_consumer(app: App, lake_config: LakeConfig, contracts: ContractSet) -> Stack:
    """The access stack of the consumer's account."""
    stack = new_stack(app, "Consumer", account=CONSUMER)
    permissions = permissions_in(stack, ontology=None)
    where: dict[str, Any] = {"environment": "dev", "account": "analytics", "principals": THERE}
    databases = accept_personas(stack, permissions, lake_config, **where)
    found = accept_contract_roles(stack, permissions, lake_config, contracts, databases=databases, **where)
    assert found.keys() == databases.keys(), "every database was linked for the analyst"
    return stack


@pytest.fixture(scope="module")
def sides() -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides in one app, so that each is held against the other at synth."""
    app = new_app()
    lake, consumer = add_lake(app, CONFIG, CONTRACTS), add_consumer(app, CONFIG, CONTRACTS)
    return template(lake), template(consumer)


@pytest.fixture(scope="module")
def lake(sides: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """The template of the lake."""
    return sides[0]


@pytest.fixture(scope="module")
def consumer(sides: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """The template of the consumer."""
    return sides[1]


def by_name(made: dict[str, Any], principal: str) -> list[Any]:
    """What a principal is granted by name, filters as what they let through: kind, place, columns, rows, rights."""
    filters = {
        body["Name"]: (tuple(body["ColumnNames"]), body["RowFilter"]["FilterExpression"])
        for body in (one["Properties"] for one in resources(made, "AWS::LakeFormation::DataCellsFilter").values())
        for body in [body.get("TableData", body)]
    }
    found = []
    for grant in grants(made):
        ((kind, body),) = grant["Resource"].items()
        if grant["Principal"]["DataLakePrincipalIdentifier"] != principal or kind == "LFTagPolicy":
            continue
        rights = (*grant["Permissions"], *(["grant option"] if grant.get("PermissionsWithGrantOption") == grant["Permissions"] else []))
        if kind == "Database":
            found.append((kind, body["Name"], rights))
        elif kind == "DataCellsFilter":
            found.append((kind, f"{body['DatabaseName']}.{body['TableName']}", *filters.get(body["Name"], (body["Name"],)), rights))
        else:
            found.append((kind, f"{body['DatabaseName']}.{body['Name']}", tuple(body.get("ColumnNames", ["*"])), rights))
    return sorted(found, key=str)


READ, PASS = ("SELECT",), ("SELECT", "grant option")


def test_a_persona_of_the_lake_reads_columns_of_its_classes(lake: dict[str, Any]) -> None:
    """By a list even where it is most of the table; nothing of tables without such a column, nor of products that do not name it."""
    assert by_name(lake, HERE["local"].identifier) == [
        ("Database", "sales", ("DESCRIBE",)),
        ("TableWithColumns", "sales.orders", ("country", "id"), READ),
    ]


def test_rejected_rows_go_to_who_reads_quarantine_and_is_not_narrowed(lake: dict[str, Any]) -> None:
    """All columns of the quarantine tables of orders, none of plans, of which the role leaves one column."""
    rejected = ("_reasons", "_run_id", "_source_file", "_source_line", "_source_record")
    assert by_name(lake, HERE["auditor"].identifier) == [
        ("Database", "sales", ("DESCRIBE",)),
        ("Database", "sales_quarantine", ("DESCRIBE",)),
        ("TableWithColumns", "sales.orders", ("country", "email", "id", "total"), READ),
        ("TableWithColumns", "sales.plans", ("plan",), READ),
        ("TableWithColumns", "sales.secrets", ("name",), READ),
        ("TableWithColumns", "sales_quarantine.orders", (*rejected, "country", "email", "id", "total"), READ),
        ("TableWithColumns", "sales_quarantine.secrets", (*rejected, "name"), READ),
    ]


def test_an_account_gets_the_part_of_each_of_its_personas_to_pass_on(lake: dict[str, Any]) -> None:
    """Some rows for the one, every row for the other: an account reads nothing itself, so neither makes the other void."""
    assert by_name(lake, CONSUMER) == [
        ("DataCellsFilter", "sales.orders", ("country", "id", "total"), "country = 'DE'", PASS),
        ("Database", "sales", ("DESCRIBE", "grant option")),
        ("TableWithColumns", "sales.orders", ("country", "id", "total"), PASS),
    ]


def test_each_persona_of_a_consumer_gets_its_own_part(lake: dict[str, Any], consumer: dict[str, Any]) -> None:
    """The partner the very filter of the lake, the agency the columns, in every lake; the one that reads by LF-Tags nothing by name."""
    (made,) = resources(lake, "AWS::LakeFormation::DataCellsFilter").values()
    name = made["Properties"]["Name"]
    link = [("Database", "sales", ("DESCRIBE",))]
    assert by_name(consumer, THERE["partner"].identifier) == [("DataCellsFilter", "sales.orders", name, READ), *link, *link]
    assert by_name(consumer, THERE["agency"].identifier) == [
        *[("Database", "far", ("DESCRIBE",))] * 2,
        *link * 2,
        ("TableWithColumns", "far.far", ("id",), READ),
        ("TableWithColumns", "sales.orders", ("country", "id", "total"), READ),
    ]
    catalogs = {
        body.get("TableCatalogId", body.get("CatalogId", "here"))
        for grant in grants(consumer)
        for body in grant["Resource"].values()
        if grant["Principal"]["DataLakePrincipalIdentifier"] == THERE["agency"].identifier
    }
    assert catalogs == {"here", ACCOUNT, "444444444409"}
    assert not [entry for entry in by_name(consumer, THERE["analyst"].identifier) if entry[0] != "Database"]


def test_nothing_is_granted_by_tags_or_whole_or_to_others(lake: dict[str, Any], consumer: dict[str, Any]) -> None:
    """A persona of named products has no expression; no table is granted with its columns to come; products name nobody in vain."""
    named = {*(HERE[name].identifier for name in ("local", "auditor")), *(THERE[name].identifier for name in ("partner", "agency"))}
    for made in (lake, consumer):
        for grant in grants(made):
            ((kind, body),) = grant["Resource"].items()
            assert kind != "Table"
            assert kind != "LFTagPolicy" or grant["Principal"]["DataLakePrincipalIdentifier"] not in named
            assert "hidden" not in str(body)
            assert "Idle" not in grant["Principal"]["DataLakePrincipalIdentifier"]
            assert "ColumnWildcard" not in body
    ((only, _),) = [(entry[1], entry) for entry in by_name(lake, HERE["auditor"].identifier) if "plans" in entry[1]]
    assert only == "sales.plans"


def test_a_database_that_only_roles_need_is_linked() -> None:
    """Where no persona reads by LF-Tags, the share makes what it needs, once for each database."""
    stack = new_stack(new_app(), account=CONSUMER)
    permissions = permissions_in(stack, ontology=None)
    found = accept_contract_roles(stack, permissions, CONFIG, CONTRACTS, environment="dev", account="analytics", principals=THERE)
    assert sorted(found) == ["far", "sales"]
    assert [
        one["Properties"]["DatabaseInput"]["TargetDatabase"] for _, one in sorted(resources(template(stack), "AWS::Glue::Database").items())
    ] == [
        {"CatalogId": "444444444409", "DatabaseName": "far"},
        {"CatalogId": ACCOUNT, "DatabaseName": "sales"},
    ]


def test_tables_over_several_permissions_show_their_database_once() -> None:
    """The right to see a database has one owner: taking it out with one table must not take it from the others."""
    stack = new_stack()
    owner = LakeFormationSettings(stack, "LakeFormation", admins=[ADMIN])
    first, *others = [CatalogPermissions(stack, name, settings=owner) for name in ("Main", "Tables", "Tables2")]
    for permissions, key in zip(others, ("sales.orders", "sales.plans"), strict=True):
        grant_contract_roles(
            permissions, CONFIG, CONTRACTS.only({key}), environment="dev", lake="main", principals=HERE, database_permissions=first
        )
    parts = resources(template(stack), PERMISSIONS_TYPE)
    owners = [
        (key, grant["Principal"]["DataLakePrincipalIdentifier"])
        for key, part in parts.items()
        for grant in part["Properties"].get("Grants", [])
        if grant["Resource"] == {"Database": {"Name": "sales"}}
    ]
    assert sorted(principal for _, principal in owners) == sorted([CONSUMER, HERE["auditor"].identifier, HERE["local"].identifier])
    assert {key[:4] for key, _ in owners} == {"Main"}


def test_fails_when_another_grant_makes_a_role_void() -> None:
    """Rights add up: by name at once, by LF-Tags when all of them are known."""
    partner = config(partner=persona("Partner", "main", OPEN, domains=["sales"]))
    principals = {"partner": HERE["local"]}
    roles = ContractSet(contracts=(contract("orders", ORDERS, roles=(ContractRole(role="partner", tables=german()),)),))
    permissions = permissions_in(new_stack())
    wider = ContractSet(contracts=(contract("orders", ORDERS, roles=(ContractRole(role="partner"),)),))
    grant_contract_roles(permissions, partner, wider, environment="dev", lake="main", principals=principals)
    with pytest.raises(
        DataLakeError, match=r"every row of country, id, total, which makes its filter of rows of sales.orders void"
    ) as raised:
        grant_contract_roles(permissions, partner, roles, environment="dev", lake="main", principals=principals)
    assert raised.value.code == "filter_void"

    permissions = permissions_in(new_stack())
    associate_databases(permissions, ["sales"])
    associate_contracts(permissions, roles, strictest="restricted")
    grant_contract_roles(permissions, partner, roles, environment="dev", lake="main", principals=principals)
    assert not list(permissions.problems())
    permissions.grants.read(HERE["local"], where=LfTags.all(domain="sales", classification=["public"]))
    assert "makes its filter of rows void" in "".join(permissions.problems())


def test_fails_when_a_persona_has_no_principal() -> None:
    """On either side: a persona that would silently read nothing is refused."""
    permissions = permissions_in(new_stack())
    with pytest.raises(DataLakeError, match="persona auditor of account main has no principal") as raised:
        grant_contract_roles(permissions, CONFIG, CONTRACTS, environment="dev", lake="main", principals={})
    assert raised.value.code == "persona_without_principal"
    stack = new_stack(account=CONSUMER)
    there = permissions_in(stack, ontology=None)
    with pytest.raises(DataLakeError, match="persona agency of account analytics has no principal"):
        accept_contract_roles(stack, there, CONFIG, CONTRACTS, environment="dev", account="analytics", principals={})


def test_what_one_persona_loses_stays_with_the_others() -> None:
    """Deployed into a strict Lake Formation: the account keeps what the partner still reads of the columns that the agency had too."""
    both = (ContractRole(role="partner", tables=(RoleTable(table="orders", columns=("id", "total")),)), ContractRole(role="agency"))
    before, after = (
        template(add_lake(new_app(), CONFIG, ContractSet(contracts=(contract("orders", ORDERS, roles=roles),))))
        for roles in (both, both[:1])
    )
    account = FakeLakeFormation()
    account.existing = {*(one.identifier for one in HERE.values()), CONSUMER}
    account.tables = {("sales", "orders"): ["id", "country", "email", "total"], ("sales_quarantine", "orders"): []}
    account.vocabulary = {"domain": {"sales", "travel"}, "zone": {"curated", "consumption", "quarantine"}, "classification": set(CLASSES)}
    waiting = retry()
    who = Principals(None, waiting)
    grant_handler = Grants(account, waiting, ACCOUNT, who)
    handler = Permissions(grant_handler, Tags(account, waiting, ACCOUNT), OptIns(account, waiting, ACCOUNT, who))
    old, new = ({key: part["Properties"] for key, part in sorted(resources(made, PERMISSIONS_TYPE).items())} for made in (before, after))
    for properties in old.values():
        handler.apply(request("Create", properties))
    held = {right for right in account.rights if right[0] == CONSUMER and "orders" in right[1]}
    assert len(held) == 6, "three columns, each with grant option"
    for key, properties in new.items():
        handler.apply(request("Update", properties, old[key]))
    left = {right for right in account.rights if right[0] == CONSUMER and "orders" in right[1]}
    assert held - left == {right for right in held if "country" in right[1]}


NAMES = ["a", "b", "c"]
COLUMNS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CLASSES), min_size=1)
CHOICE = st.none() | st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
ROWS = st.sampled_from([None, "a = 'x'", "b = 'y'"])


@st.composite
def products(draw: st.DrawFn) -> tuple[DataContract, ...]:
    """A few products, each perhaps with a role for the persona, perhaps narrowed."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        tables = [table(f"t{number}{at}", **draw(COLUMNS)) for at in range(draw(st.integers(1, 2)))]
        parts = tuple(
            RoleTable(
                table=one.name, columns=None if chosen is None else tuple(sorted({c.name for c in one.columns} & set(chosen))), rows=rows
            )
            for one in tables
            if draw(st.booleans())
            for chosen, rows in [(draw(CHOICE), draw(ROWS))]
            if rows is None or rows[0] in {c.name for c in one.columns}
        )
        role = ContractRole(role=draw(st.sampled_from(["local", "local", "other"])), tables=draw(st.sampled_from([None, parts])))
        made.append(contract(f"p{number}", *tables, roles=(role,)))
    return tuple(made)


class Recorded(CatalogPermissions):
    """Keeps what is granted by name, so that an example needs no synthesis: principal, table, columns, rows."""

    def grant(self, principal: Any, resource: Any, *_: Any, **__: Any) -> None:
        if resource.kind != "Database":
            RECORDED.append((principal.identifier, resource.table, resource.columns, None))

    def grant_cells(self, principal: Any, *, table: str, columns: Any, rows: str, **_: Any) -> Any:
        RECORDED.append((principal.identifier, table, tuple(columns), rows))


RECORDED: list[tuple[str, str, tuple[str, ...] | None, str | None]] = []


@pytest.fixture(scope="module")
def recorder() -> CatalogPermissions:
    """Permissions that keep what is granted."""
    stack = new_stack()
    return Recorded(stack, "Permissions", settings=LakeFormationSettings(stack, "LakeFormation", admins=[ADMIN]))


@settings(max_examples=150, deadline=None)
@given(made=products(), classes=st.lists(st.sampled_from(CLASSES), min_size=1, unique=True))
def test_exactly_what_persona_role_and_product_agree_on_is_granted(
    recorder: CatalogPermissions, made: tuple[DataContract, ...], classes: list[str]
) -> None:
    """Whatever contracts and personas say: the persona's classes, the role's columns with its rows, and only where the product names it."""
    RECORDED.clear()
    lake_config = config(local=persona("Local", "main", classes, domains=["sales"]))
    grant_contract_roles(recorder, lake_config, ContractSet(contracts=made), environment="dev", lake="main", principals=HERE)
    expected = []
    for product in made:
        for declared in product.tables:
            part = product.roles[0].of_table(declared.name) if product.roles[0].role == "local" else None
            readable = {column.name for column in declared.columns if column.classification in classes}
            if part is not None and part.columns is not None:
                readable &= set(part.columns)
            if part is not None and readable:
                expected.append((HERE["local"].identifier, declared.name, tuple(sorted(readable)), part.rows))
    assert sorted(RECORDED, key=str) == sorted(expected, key=str)


def test_a_lake_without_named_products_is_as_before() -> None:
    """Where every persona reads all products, contracts' roles grant nothing."""
    assert by_name(template(add_lake(new_app(), PLAIN, CONTRACTS)), CONSUMER) == []


def test_fails_when_the_sides_read_other_contracts() -> None:
    """A consumer deployed from another state of the contracts would ask for what the lake does not share."""
    app = new_app()
    add_lake(app, CONFIG, CONTRACTS.only({"sales.plans"}))
    stack = add_consumer(app, CONFIG, CONTRACTS)
    with pytest.raises(Exception, match=r"not_shared: got sales\.orders"):
        template(stack)
