"""Rights on another account's catalog, by whichever way they are declared: held against the share, and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.governance import CatalogResource, Columns, DataPrincipal
from lakemodel.errors import DataLakeError
from tests.constructs.governance.sides import CLASSES, CONSUMER, GERMAN, INVOICES, ORDERS, ORGANIZATION, READER, Sides, sides
from tests.support import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER = DataPrincipal.role_arn("arn:aws:iam::444455556666:role/Other")
WHOLE = CatalogResource.table_named("sales", "orders", catalog_id=ACCOUNT)


def classified(two: Sides) -> None:
    two.giving.associate(CatalogResource.database_named("sales"), {"domain": "sales"})
    two.giving.associate(CatalogResource.table_named("sales", "orders"), {"classification": "public"})


def two_links(two: Sides) -> None:
    two.database(two.share(tables=[GERMAN])).grants.read(READER)
    two.database(two.share(name="All"), name="Other", link_name="other").grants.read(READER)


def beside_the_facade(two: Sides) -> None:
    two.database(two.share(tables=[GERMAN])).grants.read(READER)
    two.taking.grant(READER, WHOLE, ["SELECT"])


def whole_and_list(two: Sides) -> None:
    grants = two.database(two.share()).grants
    grants.read(READER)
    grants.read(READER, table="orders", columns=Columns.only("id"))


def by_tags(two: Sides) -> None:
    classified(two)
    grants = two.database(two.share(tables=[GERMAN], where=CLASSES)).grants
    grants.read(READER, table="orders", columns=Columns.only("country", "id", "total"), rows=GERMAN.rows)
    grants.read(READER, where=CLASSES)


def by_the_owner(two: Sides) -> None:
    two.giving.on_table(ORDERS).read(READER)
    two.database(two.share(tables=[GERMAN])).grants.read(READER)


def by_the_owners_tags(two: Sides) -> None:
    classified(two)
    two.giving.grants.read(READER, where=CLASSES)
    two.database(two.share(tables=[GERMAN])).grants.read(READER)


@pytest.mark.parametrize("declare", [two_links, beside_the_facade, whole_and_list, by_tags, by_the_owner, by_the_owners_tags])
def test_fails_when_a_filter_of_the_producers_is_void(declare: Callable[[Sides], None]) -> None:
    """Through two links, beside the facade, by LF-Tags that stand in the producer's stack, by a grant of the producer's to the role."""
    two = sides()

    def judge() -> None:
        declare(two)
        two.app.synth()

    with pytest.raises((DataLakeError, RuntimeError), match="role/Reader of account 444455556666 reads") as raised:  # at once, or at synth
        judge()
    assert "filter_void" in f"{getattr(raised.value, 'code', '')} {raised.value}"


def test_rights_on_tables_of_the_same_name_are_apart() -> None:
    """A table of the producer's and one of the consumer's own; LF-Tags that match other tables."""
    two = sides()
    classified(two)
    two.giving.associate(CatalogResource.table_named("sales", "invoices"), {"classification": "public"})
    two.taking.on_table(ORDERS).read(READER)
    grants = two.database(two.share(tables=[GERMAN], where=CLASSES), link_name="theirs").grants
    grants.read(READER, table="orders", columns=Columns.only("country", "id", "total"), rows=GERMAN.rows)
    grants.read(OTHER, where=CLASSES)
    assert two.problems() == ""


def granted(resource: CatalogResource, *permissions: str) -> Callable[[Sides], None]:
    return lambda two: two.taking.grant(OTHER, resource, permissions)


BESIDE: list[tuple[str, Callable[[Sides], None]]] = [
    ("SELECT on table sales.invoices", granted(CatalogResource.table_named("sales", "invoices", catalog_id=ACCOUNT), "SELECT")),
    ("INSERT on table sales.orders", granted(WHOLE, "INSERT")),
    ("SELECT on database sales", granted(CatalogResource.all_tables("sales", catalog_id=ACCOUNT), "SELECT")),
    ("CREATE_TABLE on database sales", granted(CatalogResource.database_named("sales", catalog_id=ACCOUNT), "CREATE_TABLE")),
    ("SELECT on table sales.orders", granted(CatalogResource.cells("sales", "orders", "cells_other", catalog_id=ACCOUNT), "SELECT")),
    ("DESCRIBE, SELECT on expression", lambda two: two.taking.grants.read(OTHER, where=CLASSES, catalog_id=ACCOUNT)),
]


@pytest.mark.parametrize(("found", "declare"), BESIDE)
def test_fails_when_what_is_granted_beside_the_facade_is_not_given(found: str, declare: Callable[[Sides], None]) -> None:
    """The producer is in the app: a grant on its catalog has to be of what it gave, permission by permission."""
    two = sides()
    two.database(two.share()).grants.read(READER)
    declare(two)
    problems = two.problems()
    assert f"[Consumer/Permissions] not_shared: got {found}" in problems
    assert "of account 444444444401, which does not give it to 444455556666" in problems


@pytest.mark.parametrize("consumer", [DataPrincipal.account(CONSUMER), ORGANIZATION])
def test_what_is_given_without_a_share_can_be_passed_on(consumer: DataPrincipal) -> None:
    """Grants of the producer's own to the account or its organisation; the whole, a part, and by LF-Tag."""
    two = sides()
    two.giving.on_table(ORDERS).write(consumer, grantable=True)
    two.giving.on_table(INVOICES).read(consumer, columns=Columns.only("id", "total"), grantable=True)
    two.giving.grants.read(consumer, where=CLASSES, grantable=True)
    two.taking.grant(READER, WHOLE, ["INSERT"])
    two.taking.grant(READER, CatalogResource.columns_of("sales", "invoices", ["total"], catalog_id=ACCOUNT), ["SELECT"])
    two.taking.grants.read(READER, where=CLASSES, catalog_id=ACCOUNT)
    assert two.problems() == ""


def test_another_apps_share_is_not_judged() -> None:
    """Where a `SharedDatabase` says that another app has the share, nothing is known here of what it gives."""
    two = sides()
    two.database(other_app=True)
    two.taking.grant(READER, WHOLE, ["SELECT"])
    assert two.problems() == ""


def test_fails_when_what_is_shared_is_granted_on() -> None:
    """An account gets nothing of another's catalog, with settings that share or without."""
    two = sides()
    with pytest.raises(DataLakeError) as raised:
        two.taking.grant(DataPrincipal.account("999999999999"), WHOLE, ["SELECT"], grantable=["SELECT"])
    assert raised.value.code == "shared_on"


def test_fails_when_a_role_of_the_producers_is_to_read() -> None:
    """A role that the app makes in the producer's account, by reference."""
    two = sides()
    role = iam.Role(two.producer, "Role", role_name="Producer", assumed_by=iam.AccountRootPrincipal())
    with pytest.raises(DataLakeError) as raised:
        two.database(two.share()).grants.read(role)
    assert raised.value.code == "principal_elsewhere"
