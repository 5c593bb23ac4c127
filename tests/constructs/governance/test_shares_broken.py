"""Shares with one side broken on purpose: nobody takes it up, nothing is shared, more is read than was given, misuse."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib.governance import (
    Account,
    CatalogPermissions,
    CatalogShare,
    Columns,
    DataPrincipal,
    LakeFormationSettings,
    LfTags,
    SharedDatabase,
    SharedTable,
)
from lakemodel.errors import DataLakeError
from tests.constructs.governance.sides import (
    CLASSES,
    CONSUMER,
    FLIGHTS,
    GERMAN,
    ORDERS,
    ORGANIZATION,
    READER,
    UNIT,
    cheap_permissions,
    sides,
)
from tests.constructs.governance.support import Orders
from tests.support import ACCOUNT, new_app, new_stack


def test_fails_when_nobody_takes_the_share_up() -> None:
    """The consumer's account is in the app and has no other side; nor when it has one of another database or of another account."""
    two = sides()
    two.share(tables=[ORDERS, FLIGHTS])
    two.database(catalog_id="555566667777", database_name="travel").grants.read(READER)
    problems = two.problems()
    assert "[Producer/Share] share_without_consumer: account 444455556666 is in this app" in problems
    assert "has no SharedDatabase for sales, travel" in problems
    by_tag = sides()
    by_tag.share(where=CLASSES)
    assert "has no SharedDatabase for whatever has classification in internal/public, domain in sales" in by_tag.problems()


def test_fails_when_one_database_of_a_share_is_not_taken_up() -> None:
    """Tables that no link leads to cannot be queried."""
    two = sides()
    two.database(two.share(tables=[ORDERS, FLIGHTS]), database_name="sales").grants.read(READER)
    assert "has no SharedDatabase for travel; add one there" in two.problems()


def test_fails_when_nothing_is_shared() -> None:
    """The producer's account is in the app and shares nothing, or something else, or with somebody else."""
    nothing = sides()
    nothing.database().grants.read(READER)
    expected = "[Consumer/Sales] consumer_without_share: account 444444444401 is in this app and shares nothing of sales with 444455556666"
    assert expected in nothing.problems()
    other = sides()
    other.share(tables=[FLIGHTS])
    other.share(name="ToOthers", consumer=Account("777788889999"))
    other.database().grants.read(READER, table="orders")
    problems = other.problems()
    assert expected in problems
    assert "has no SharedDatabase for travel" in problems


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ({}, "every table of sales"),
        ({"table": "invoices"}, "sales.invoices"),
        ({"table": "orders"}, "sales.orders"),
        ({"table": "orders", "columns": Columns.only("id", "email")}, "sales.orders (email, id)"),
        ({"table": ORDERS, "columns": Columns.all_but("id")}, "sales.orders (country, email, total)"),
        ({"table": "orders", "columns": Columns.only("id"), "rows": "country = 'DE'"}, "sales.orders (id) where country = 'DE'"),
        ({"where": LfTags.all(domain="sales", classification="public")}, "whatever has classification in public, domain in sales"),
        ({"where": LfTags.all(domain="sales")}, "whatever has domain in sales"),
    ],
    ids=["everything", "table", "all-columns", "column", "all-but", "rows", "narrower-expression", "wider-expression"],
)
def test_fails_when_more_is_read_than_was_given(asked: dict[str, Any], missing: str) -> None:
    """By name at synth, with the share at hand at once: the same complaint, which names what was given."""
    given = {"tables": [SharedTable(ORDERS, Columns.only("id", "total"))], "where": CLASSES}
    expected = f"got {missing}; given is sales.orders (id, total); whatever has classification in internal/public, domain in sales"
    later = sides()
    later.share(**given)
    later.database().grants.read(READER, **asked)
    assert f"[Consumer/Sales] not_shared: {expected} (by Producer/Share)" in later.problems()
    if asked:
        at_once = sides()
        database = at_once.database(at_once.share(**given))
        with pytest.raises(DataLakeError) as raised:
            database.grants.read(READER, **asked)
        assert raised.value.code == "not_shared"
        assert expected in str(raised.value)


@pytest.mark.parametrize(
    "asked",
    [
        {"table": "orders"},
        {"table": "orders", "columns": Columns.only("country", "id", "total")},
        {"table": "orders", "rows": "country = 'FR'", "columns": Columns.only("country", "id", "total")},
        {"table": "orders", "rows": "country = 'DE'", "columns": Columns.only("id")},
        {"table": ORDERS, "rows": "country = 'DE'"},
    ],
    ids=["all-rows", "all-rows-of-columns", "other-rows", "fewer-columns", "more-columns"],
)
def test_fails_when_a_filter_is_not_passed_on_as_it_is(asked: dict[str, Any]) -> None:
    """The filter is an object of the producer's: another condition or another list of columns would be another filter."""
    two = sides()
    database = two.database(two.share(tables=[GERMAN]))
    with pytest.raises(DataLakeError, match=r"given is sales.orders \(country, id, total\) where country = 'DE'") as raised:
        database.grants.read(READER, **asked)
    assert raised.value.code == "not_shared"
    database.grants.read(READER, table="orders", rows="country = 'DE'")


def test_fails_when_a_wider_grant_makes_a_filter_void() -> None:
    """A share may have a filter for some readers and the table for others; who gets both reads every row."""
    two = sides()
    database = two.database(two.share(tables=[GERMAN, ORDERS]))
    database.grants.read(READER, table="orders", columns=Columns.only("email"))
    database.grants.read(READER, table="orders", rows="country = 'DE'")
    other = DataPrincipal.role_arn(f"arn:aws:iam::{CONSUMER}:role/Other")
    with pytest.raises(DataLakeError, match=r"which has sales\.orders .* where country = 'DE'; rights add up") as raised:
        database.grants.read(READER, table="orders", columns=Columns.only("id"))
    assert raised.value.code == "filter_void"
    with pytest.raises(DataLakeError) as raised:
        database.grants.read(other)
    assert raised.value.code == "filter_void"
    assert two.problems() == ""


def test_fails_when_the_consumer_is_in_another_region() -> None:
    """Grants are made in the catalog's Region, with the share at hand and by name."""
    two = sides(region="eu-central-1")
    share = two.share()
    with pytest.raises(DataLakeError, match="of eu-west-1; this stack is in eu-central-1") as raised:
        two.database(share)
    assert raised.value.code == "region_mismatch"
    by_name = sides(region="eu-central-1")
    by_name.share()
    by_name.database().grants.read(READER)
    problems = by_name.problems()
    assert "region_mismatch: sales is shared in eu-west-1, this stack is in eu-central-1" in problems
    assert "share_without_consumer" in problems


def test_fails_when_what_was_shared_is_shared_on() -> None:
    """By the shared database or its link as an object, by the link's name, and to an account through the consumer's grants."""
    two = sides()
    database = two.database(two.share(), link_name="partners")
    third = Account("777788889999")
    permissions = CatalogPermissions(
        two.consumer, "More", settings=LakeFormationSettings(two.consumer, "Sharing", admins=[READER.identifier])
    )
    for item in (database, database.link):
        with pytest.raises(DataLakeError, match=r"got sales, which account 444444444401 shares with this one") as raised:
            CatalogShare(two.consumer, f"On{type(item).__name__}", consumer=third, databases=[item], permissions=permissions)
        assert raised.value.code == "shared_on"
    for principal in (third.principal, ORGANIZATION):
        with pytest.raises(DataLakeError, match="cannot be shared on") as raised:
            database.grants.read(principal)
        assert raised.value.code == "shared_on"
    again = Orders(database_name="partners")
    CatalogShare(two.consumer, "ByName", consumer=third, tables=[again], permissions=permissions)
    assert "[Consumer/ByName] shared_on: partners is a link to a database of account 444444444401" in two.problems()


def test_fails_when_an_account_shares_with_itself() -> None:
    """An account's own principals are granted directly."""
    two = sides()
    with pytest.raises(DataLakeError, match="which is this account itself") as raised:
        two.share(consumer=Account(ACCOUNT))
    assert raised.value.code == "share_to_itself"
    with pytest.raises(DataLakeError) as raised:
        SharedDatabase(two.producer, "Own", permissions=two.giving, catalog_id=ACCOUNT, database_name="sales")
    assert raised.value.code == "link_to_itself"


@pytest.mark.parametrize("consumer", [Account(CONSUMER), UNIT], ids=["account", "unit"])
def test_fails_when_the_settings_do_not_share(consumer: Any) -> None:
    """Without the rights on RAM the grant would fail when it is deployed."""
    two = sides(shares=False)
    with pytest.raises(DataLakeError, match="shares=False") as raised:
        two.share(consumer=consumer)
    assert raised.value.code == "shares_disabled"


def test_fails_when_iam_still_decides() -> None:
    """Lake Formation refuses to share what everybody reads through IAM; LF-Tags alone name no table to close."""
    two = sides(revoke_iam_allowed_principals=False)
    with pytest.raises(DataLakeError, match="leave IAM_ALLOWED_PRINCIPALS on what is named") as raised:
        two.share()
    assert raised.value.code == "iam_still_decides"
    two.share(name="ByTag", where=CLASSES)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"tables": []}, "nothing_shared"),
        ({"where": LfTags.all(classification="public")}, "no_database_visible"),
        ({"consumer": DataPrincipal.role_arn(f"arn:aws:iam::{CONSUMER}:role/Reader")}, "consumer_not_shareable"),
        ({"consumer": DataPrincipal.identity_center_group("01234567-89ab-4cde-8f01-23456789abcd")}, "consumer_not_shareable"),
        ({"tables": [SharedTable(ORDERS, Columns.only("id", "weight"))]}, "unknown_column"),
        ({"tables": [SharedTable(ORDERS, rows="weight > 10")]}, "row_filter"),
        ({"where": LfTags.all(domain="weather")}, "unknown_tag"),
    ],
    ids=["nothing", "classes-alone", "role", "group", "column", "rows", "tag"],
)
def test_fails_when_the_share_cannot_be_right(what: dict[str, Any], code: str) -> None:
    """Each is refused where it is declared."""
    two = sides()
    with pytest.raises(DataLakeError) as raised:
        two.share(**what)
    assert raised.value.code == code


def test_fails_when_an_account_is_no_account() -> None:
    """A name or an ARN is not what RAM shares with."""
    with pytest.raises(DataLakeError, match="an account id of 12 digits"):
        Account("marketing")


def test_fails_when_nothing_says_what_carries_the_grants() -> None:
    """Tables that are no `DataLake`'s do not know their permissions; those of another account are not the catalog's."""
    two = sides()
    with pytest.raises(DataLakeError, match="cannot tell from 1 tables and databases") as raised:
        CatalogShare(two.producer, "Share", consumer=Account(CONSUMER), tables=[ORDERS])
    assert raised.value.code == "share_without_permissions"
    with pytest.raises(DataLakeError) as raised:
        CatalogShare(two.producer, "Other", consumer=Account("777788889999"), tables=[ORDERS], permissions=two.taking)
    assert raised.value.code == "share_outside_account"
    with pytest.raises(DataLakeError) as raised:
        SharedDatabase(two.consumer, "Sales", permissions=two.giving, catalog_id=ACCOUNT, database_name="sales")
    assert raised.value.code == "share_outside_account"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"catalog_id": ACCOUNT}, "share_or_names"),
        ({"database_name": "weather"}, "not_shared"),
        ({}, "which_database"),
    ],
    ids=["both", "unknown", "several"],
)
def test_fails_when_the_database_is_not_clear(names: dict[str, str], code: str) -> None:
    """A share of two databases leaves open which one is linked."""
    two = sides()
    share = two.share(tables=[ORDERS, FLIGHTS])
    with pytest.raises(DataLakeError) as raised:
        two.database(share, **names)
    assert raised.value.code == code
    with pytest.raises(DataLakeError) as raised:
        SharedDatabase(two.consumer, "Half", permissions=two.taking, catalog_id=ACCOUNT)
    assert raised.value.code == "share_or_names"


def test_fails_when_the_share_is_for_another_account() -> None:
    """What one account got is not another's."""
    two = sides(consumer="777788889999")
    share = two.share(consumer=Account(CONSUMER))
    with pytest.raises(DataLakeError, match="is for account 444455556666; this stack is in 777788889999") as raised:
        two.database(share)
    assert raised.value.code == "shared_with_another"


def test_fails_when_the_producers_account_is_not_known() -> None:
    """A reference from one account to another would bring a role into the producer; so nothing that needs one is accepted."""
    app = new_app()
    nowhere, consumer = cdk.Stack(app, "Anywhere"), new_stack(app, "Consumer", account=CONSUMER)
    share = CatalogShare(nowhere, "Share", tables=[ORDERS], consumer=Account(CONSUMER), permissions=cheap_permissions(nowhere))
    permissions = cheap_permissions(consumer)
    with pytest.raises(DataLakeError, match="names no account and Region") as raised:
        SharedDatabase(consumer, "Sales", share=share, permissions=permissions)
    assert raised.value.code == "account_unknown"
    with pytest.raises(DataLakeError, match="names alone cross accounts") as raised:
        SharedDatabase(consumer, "ByName", catalog_id=nowhere.account, database_name="sales", permissions=permissions)
    assert raised.value.code == "account_unknown"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"principal": DataPrincipal.role_arn("arn:aws:iam::777788889999:role/Reader")}, "principal_elsewhere"),
        ({"table": "orders", "where": CLASSES}, "table_and_tags"),
        ({"columns": Columns.only("id")}, "columns_of_what"),
        ({"rows": "country = 'DE'"}, "columns_of_what"),
        ({"table": "orders", "columns": Columns.all_but("id")}, "columns_of_what"),
        ({"table": "orders", "rows": "country = 'DE'"}, "columns_of_what"),
        ({"table": ORDERS, "columns": Columns.only("weight")}, "unknown_column"),
        ({"table": FLIGHTS}, "not_shared"),
        ({"table": Orders(table_name=cdk.Fn.ref("Table"))}, "unnamed_table"),
    ],
    ids=["principal", "table-and-tags", "columns-alone", "rows-alone", "all-but", "rows", "column", "database", "reference"],
)
def test_fails_when_what_is_read_is_not_clear(asked: dict[str, Any], code: str) -> None:
    """Each is refused where it is declared, whether the share is known or not."""
    two = sides()
    database = two.database(two.share())
    with pytest.raises(DataLakeError) as raised:
        database.grants.read(**{"principal": READER, **asked})
    assert raised.value.code == code


def test_fails_when_a_link_name_is_taken() -> None:
    """Two lakes may have a database of the same name; their links in one account may not."""
    two = sides()
    two.database(two.share())
    with pytest.raises(DataLakeError, match="Consumer/Sales has in this account already; pass another link_name") as raised:
        two.database(name="Again", catalog_id="555566667777")
    assert raised.value.code == "link_name_taken"
    two.database(name="Third", catalog_id="555566667777", link_name="their_sales")
