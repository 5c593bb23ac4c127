"""Shares with both sides right: what each account's template gets, and that nothing else crosses."""

from __future__ import annotations

import json
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

from constructs_lib.catalog import LakeDatabase
from constructs_lib.governance import (
    Account,
    CatalogShare,
    Columns,
    DataPrincipal,
    ResourceLink,
    SharedDatabase,
    SharedTable,
)
from constructs_lib.lake.data_lake import LakeTable, LakeZoneDatabase
from constructs_lib.runtime.lakeformation.grants import Grants
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.permissions import Permissions
from constructs_lib.runtime.lakeformation.principals import Principals
from constructs_lib.runtime.lakeformation.tags import Tags
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.constructs.governance.sides import (
    CLASSES,
    CONSUMER,
    FLIGHTS,
    GERMAN,
    INVOICES,
    ORDERS,
    ORGANIZATION,
    READER,
    UNIT,
    cheap_permissions,
    sides,
)
from tests.constructs.governance.support import grants
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template
from tests.unit.runtime.lakeformation.fake import EVERYONE, FakeLakeFormation
from tests.unit.runtime.lakeformation.support import request, retry


def entries(made: dict[str, Any], principal: str) -> dict[str, tuple[list[str], list[str]]]:
    """What a template grants to one principal: permissions, and those with grant option, by resource."""
    return {
        json.dumps(grant["Resource"], sort_keys=True): (grant["Permissions"], grant.get("PermissionsWithGrantOption", []))
        for grant in grants(made)
        if grant["Principal"]["DataLakePrincipalIdentifier"] == principal
    }


def named(**resource: Any) -> str:
    return json.dumps(resource, sort_keys=True)


def both(*permissions: str) -> tuple[list[str], list[str]]:
    return list(permissions), list(permissions)


def only(*permissions: str) -> tuple[list[str], list[str]]:
    return list(permissions), []


@pytest.fixture(scope="module")
def shared() -> tuple[dict[str, Any], dict[str, Any]]:
    """The templates of both accounts: a table by column and row, one by column, a whole one, a database, an expression."""
    two = sides(real=True)
    share = two.share(tables=[GERMAN, SharedTable(INVOICES, Columns.only("id", "total"))], databases=["travel"], where=CLASSES)
    two.database(share, database_name="sales").grants.read(READER)
    two.database(share, name="Travel", database_name="travel", link_name="journeys").grants.read(READER)
    return two.templates()


def filter_name(made: dict[str, Any]) -> str:
    (cells,) = resources(made, "AWS::LakeFormation::DataCellsFilter").values()
    name: str = cells["Properties"]["Name"]
    return name


def test_the_producer_gives_all_with_grant_option(shared: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """DESCRIBE on each database, the filter, the columns, every table, the expression with its databases: and nothing else."""
    lake, _ = shared
    expression = [{"TagKey": "classification", "TagValues": ["internal", "public"]}, {"TagKey": "domain", "TagValues": ["sales"]}]
    cells = {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": filter_name(lake)}
    assert entries(lake, CONSUMER) == {
        named(Database={"Name": "sales"}): both("DESCRIBE"),
        named(Database={"Name": "travel"}): both("DESCRIBE"),
        named(DataCellsFilter=cells): both("SELECT"),
        named(TableWithColumns={"DatabaseName": "sales", "Name": "invoices", "ColumnNames": ["id", "total"]}): both("SELECT"),
        named(Table={"DatabaseName": "travel", "TableWildcard": {}}): both("DESCRIBE", "SELECT"),
        named(LFTagPolicy={"ResourceType": "DATABASE", "Expression": expression[1:]}): both("DESCRIBE"),
        named(LFTagPolicy={"ResourceType": "TABLE", "Expression": expression}): both("DESCRIBE", "SELECT"),
    }


def test_ram_may_share_the_producers_catalog(shared: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The settings that share bring the statement of the catalog's policy; a consumer that shares nothing needs none."""
    lake, reader = shared
    (policy,) = resources(lake, "Custom::LakeFormationCatalogPolicy").values()
    (statement,) = policy["Properties"]["Statements"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "ram.amazonaws.com"}, ["glue:ShareResource"])
    assert resources(reader, "Custom::LakeFormationCatalogPolicy") == {}


def test_the_filter_is_the_producers(shared: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """All but some columns is the list of the others; the consumer makes no filter of its own."""
    lake, reader = shared
    (cells,) = resources(lake, "AWS::LakeFormation::DataCellsFilter").values()
    assert cells["Properties"]["ColumnNames"] == ["country", "id", "total"]
    assert cells["Properties"]["RowFilter"] == {"FilterExpression": "country = 'DE'"}
    assert resources(reader, "AWS::LakeFormation::DataCellsFilter") == {}


def test_the_consumer_passes_on_exactly_what_it_got(shared: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """DESCRIBE on the links, and the producer's rights on what is in the producer's catalog, none of them to be passed on again."""
    lake, reader = shared
    at_home = {"CatalogId": ACCOUNT}
    expression = [{"TagKey": "classification", "TagValues": ["internal", "public"]}, {"TagKey": "domain", "TagValues": ["sales"]}]
    columns = {**at_home, "DatabaseName": "sales", "Name": "invoices", "ColumnNames": ["id", "total"]}
    cells = {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": filter_name(lake)}
    assert entries(reader, READER.identifier) == {
        named(Database={"Name": "sales"}): only("DESCRIBE"),
        named(Database={"Name": "journeys"}): only("DESCRIBE"),
        named(Database={**at_home, "Name": "sales"}): only("DESCRIBE"),
        named(Database={**at_home, "Name": "travel"}): only("DESCRIBE"),
        named(DataCellsFilter=cells): only("SELECT"),
        named(TableWithColumns=columns): only("SELECT"),
        named(Table={**at_home, "DatabaseName": "travel", "TableWildcard": {}}): only("DESCRIBE", "SELECT"),
        named(LFTagPolicy={**at_home, "ResourceType": "DATABASE", "Expression": expression[1:]}): only("DESCRIBE"),
        named(LFTagPolicy={**at_home, "ResourceType": "TABLE", "Expression": expression}): only("DESCRIBE", "SELECT"),
    }


def test_links_point_at_the_producers_databases(shared: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """A link for each database, under the name it was given; its tables need none. The producer has no database more."""
    lake, reader = shared
    links = {
        database["Properties"]["DatabaseInput"]["Name"]: database["Properties"]["DatabaseInput"]["TargetDatabase"]
        for database in resources(reader, "AWS::Glue::Database").values()
    }
    assert links == {
        "sales": {"CatalogId": ACCOUNT, "DatabaseName": "sales"},
        "journeys": {"CatalogId": ACCOUNT, "DatabaseName": "travel"},
    }
    assert resources(lake, "AWS::Glue::Database") == resources(reader, "AWS::Glue::Table") == {}


def test_nothing_refers_from_one_account_to_the_other(shared: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Names alone cross: no export, no import, no output of the other stack, no role that publishes one, no right on any key."""
    for made in shared:
        text = json.dumps(made)
        assert not [word for word in ("Fn::ImportValue", "Fn::GetStackOutput", "PublishGetStackOutput", "Export") if word in text]
        assert made.get("Outputs", {}) == {}
    for made, other in zip(shared, reversed([ACCOUNT, CONSUMER]), strict=True):
        keys = json.dumps(resources(made, "AWS::KMS::Key"))
        policies = json.dumps([resources(made, kind) for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role")])
        assert other not in keys
        assert other not in policies
        assert resources(made, "AWS::S3::BucketPolicy") == {}


def test_the_consumer_is_deployed_after_the_share() -> None:
    """In one stage CloudFormation would otherwise make the grants in any order; across stages there is no such dependency to state."""
    two = sides()
    two.database(two.share()).grants.read(READER)
    assert [stack.stack_name for stack in two.consumer.dependencies] == [two.producer.stack_name]
    apart = sides(in_stages=True)
    apart.database(apart.share()).grants.read(READER)
    assert apart.consumer.dependencies == []
    assert apart.problems() == ""


def test_both_sides_in_stages_of_their_own_find_each_other_by_name() -> None:
    """No object passes between the stages: account, Region and database tell what is meant."""
    two = sides(in_stages=True)
    two.database().grants.read(READER, table="orders", columns=Columns.only("id"))
    two.share(tables=[SharedTable(ORDERS, Columns.all_but("email"))])
    assert two.problems() == ""


def test_a_part_of_what_is_shared_can_be_passed_on() -> None:
    """Fewer columns of fewer tables, and a table by name or as an object."""
    two = sides()
    share = two.share(databases=["sales"], tables=[SharedTable(FLIGHTS, Columns.only("number", "origin"))])
    database = two.database(share, database_name="sales")
    database.grants.read(READER, table="orders")
    database.grants.read(READER, table=INVOICES, columns=Columns.all_but("email"))
    travel = two.database(share, name="Travel", database_name="travel")
    travel.grants.read(READER, table="flights", columns=Columns.all_but("origin"))
    _, reader = two.templates()
    held = entries(reader, READER.identifier)
    where = {"CatalogId": ACCOUNT, "DatabaseName": "sales"}
    assert held[named(Table={**where, "Name": "orders"})] == only("DESCRIBE", "SELECT")
    assert held[named(TableWithColumns={**where, "Name": "invoices", "ColumnNames": ["country", "id", "total"]})] == only("SELECT")
    flights = {"CatalogId": ACCOUNT, "DatabaseName": "travel", "Name": "flights", "ColumnNames": ["number"]}
    assert held[named(TableWithColumns=flights)] == only("SELECT")
    assert not any("TableWildcard" in resource for resource in held)


@pytest.mark.parametrize("consumer", [ORGANIZATION, UNIT], ids=["organization", "unit"])
def test_a_part_of_the_organization_is_shared_with_like_an_account(consumer: DataPrincipal) -> None:
    """Everything with grant option, as an organisation cannot use anything itself. Whose accounts are in it nobody knows here."""
    two = sides()
    two.database(two.share(consumer=consumer)).grants.read(READER)
    lake, _ = two.templates()
    assert entries(lake, consumer.identifier) == {
        named(Database={"Name": "sales"}): both("DESCRIBE"),
        named(Table={"DatabaseName": "sales", "Name": "orders"}): both("DESCRIBE", "SELECT"),
    }
    alone = sides()
    alone.share(consumer=consumer)
    assert alone.problems() == ""


def test_the_other_side_may_be_in_another_app() -> None:
    """An account that this app has no stack in is taken at its word, on either side; so is one that says so."""
    producer = new_stack()
    CatalogShare(producer, "Share", tables=[ORDERS], consumer=Account(CONSUMER), permissions=cheap_permissions(producer))
    template(producer)
    consumer = new_stack(account=CONSUMER)
    permissions = cheap_permissions(consumer)
    database = SharedDatabase(consumer, "Sales", permissions=permissions, catalog_id=ACCOUNT, database_name="sales")
    database.grants.read(READER)
    assert named(Table={"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableWildcard": {}}) in entries(
        template(consumer), READER.identifier
    )
    two = sides()
    two.share(other_app=True)
    two.database(other_app=True, link_name="elsewhere").grants.read(READER, where=CLASSES)
    assert two.problems() == ""


def test_a_stack_without_an_account_is_not_judged() -> None:
    """What is not known at synth is no fault: the stack may be deployed to any account."""
    app = new_app()
    producer, consumer = cdk.Stack(app, "Anywhere"), new_stack(app, "Consumer", account=CONSUMER)
    CatalogShare(producer, "Share", tables=[ORDERS], consumer=Account(CONSUMER), permissions=cheap_permissions(producer))
    cheap_permissions(consumer)
    app.synth()


def test_tables_of_a_lake_say_what_carries_their_grants() -> None:
    """With `DataLake.table` nothing but the table and the consumer has to be named, for a part of the table as well."""
    two = sides()
    orders, invoices = (LakeTable(table, two.giving) for table in cast("list[Any]", [ORDERS, INVOICES]))
    parts = [orders, SharedTable(invoices, Columns.only("id"))]
    travel: Any = LakeZoneDatabase(LakeDatabase.from_database_name(two.producer, "Travel", domain="travel", zone=Zone.CURATED), two.giving)
    share = CatalogShare(two.producer, "Share", tables=parts, databases=[travel], consumer=Account(CONSUMER))
    assert share.permissions is two.giving
    assert [str(right) for right in share.offer.tables] == ["sales.orders", "sales.invoices (id)", "every table of travel"]


def test_several_shares_of_one_database_have_one_link() -> None:
    """What they give adds up, and the link is theirs together."""
    two = sides()
    shares = [two.share(), two.share(name="More", tables=[INVOICES])]
    two.database(shares).grants.read(READER)
    _, reader = two.templates()
    names = {grant["Resource"]["Table"]["Name"] for grant in grants(reader) if "Table" in grant["Resource"]}
    assert names == {"orders", "invoices"}
    assert len(resources(reader, "AWS::Glue::Database")) == 1


def test_the_handler_passes_on_and_leaves_the_owners_catalog_alone() -> None:
    """Deployed into the consumer's account: every right is there; what IAM_ALLOWED_PRINCIPALS has in the producer's is not touched."""
    two = sides()
    two.database(two.share(tables=[ORDERS, SharedTable(INVOICES, Columns.only("id"))]), link_name="far").grants.read(READER)
    _, reader = two.templates()
    lake = FakeLakeFormation()
    lake.existing = {READER.identifier, EVERYONE}
    lake.tables = {("sales", table.table_name): list(table.column_names) for table in (ORDERS, INVOICES)}
    to_all = {"Principal": {"DataLakePrincipalIdentifier": EVERYONE}, "Permissions": ["ALL"], "PermissionsWithGrantOption": []}
    lake.batch_grant_permissions(Entries=[{"Id": "1", "Resource": {"Table": {"DatabaseName": "sales", "Name": "orders"}}, **to_all}])
    open_before = set(lake.rights)
    waiting = retry()
    principals = Principals(None, waiting)
    handler = Permissions(
        Grants(lake, waiting, CONSUMER, principals), Tags(lake, waiting, CONSUMER), OptIns(lake, waiting, CONSUMER, principals)
    )
    for part in resources(reader, "Custom::LakeFormationPermissions").values():
        handler.apply(request("Create", part["Properties"]))
    assert open_before <= lake.rights
    assert "batch_revoke_permissions" not in lake.calls
    given = sorted((json.loads(resource)[0], permission) for _, resource, permission, _ in lake.rights - open_before)
    assert given == [("column", "SELECT"), ("database", "DESCRIBE"), ("database", "DESCRIBE"), ("table", "DESCRIBE"), ("table", "SELECT")]


def test_what_is_shared_is_closed_to_iam() -> None:
    """The producer's permissions take IAM_ALLOWED_PRINCIPALS off the tables they name."""
    two = sides()
    two.database(two.share()).grants.read(READER)
    lake, _ = two.templates()
    (part,) = [
        part["Properties"]
        for part in resources(lake, "Custom::LakeFormationPermissions").values()
        if any("Table" in grant["Resource"] for grant in part["Properties"]["Grants"])
    ]
    assert part["RevokeIamAllowedPrincipals"] == "true"


def test_a_catalog_key_is_opened_through_glue_and_to_the_consumer_alone() -> None:
    """Decrypting metadata, through Glue in this Region: once for an account, however much it gets. No other right, no other key."""
    two = sides()
    key = kms.Key(two.producer, "CatalogKey")
    two.database([two.share(catalog_key=key), two.share(name="More", tables=[INVOICES], catalog_key=key)]).grants.read(READER)
    lake, _ = two.templates()
    statements = {
        logical_id: [one for one in body["Properties"]["KeyPolicy"]["Statement"] if CONSUMER in json.dumps(one)]
        for logical_id, body in resources(lake, "AWS::KMS::Key").items()
    }
    (opened,) = [(logical_id, one) for logical_id, found in statements.items() for one in found]
    assert opened[0].startswith("CatalogKey")
    conditions = opened[1].pop("Condition")["StringEquals"]
    assert opened[1]["Action"] == "kms:Decrypt"
    assert CONSUMER in json.dumps(opened[1]["Principal"])
    assert conditions["kms:CallerAccount"] == CONSUMER
    assert json.dumps(conditions["kms:ViaService"]).startswith(('"glue.eu-west-1', '{"Fn::Join": ["", ["glue.eu-west-1'))


def test_fails_when_a_catalog_key_cannot_be_opened() -> None:
    """An imported key's policy would silently stay as it is; an organisation's accounts cannot be named."""
    two = sides()
    imported = kms.Key.from_key_arn(two.producer, "Imported", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-4333-8444-555555555555")
    with pytest.raises(DataLakeError, match="whose policy cannot be changed from here") as raised:
        two.share(catalog_key=imported)
    assert raised.value.code == "catalog_key_not_ours"
    with pytest.raises(DataLakeError, match="a key is opened to accounts that are named") as raised:
        two.share(name="ToAll", tables=[INVOICES], consumer=ORGANIZATION, catalog_key=kms.Key(two.producer, "CatalogKey"))
    assert raised.value.code == "catalog_key_for_organization"


def test_a_link_for_another_region_stays_possible() -> None:
    """Grants are made where the catalog is; elsewhere a link with the Region leads there."""
    two = sides(region="eu-central-1")
    ResourceLink(two.consumer, "Far", database_name="sales", catalog_id=ACCOUNT, region=REGION)
    (link,) = resources(template(two.consumer), "AWS::Glue::Database").values()
    assert link["Properties"]["DatabaseInput"]["TargetDatabase"]["Region"] == REGION
