"""Both sides of a share for tests: a producer's and a consumer's stack in one app, each with permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from constructs_lib.governance import (
    Account,
    CatalogPermissions,
    CatalogShare,
    Columns,
    DataPrincipal,
    DeclaredRights,
    LfTagOntology,
    LfTags,
    SharedDatabase,
    SharedTable,
)
from tests.constructs.governance.support import Orders, permissions_in
from tests.support import ACCOUNT, REGION, new_app, template

CONSUMER = "444455556666"
READER = DataPrincipal.role_arn(f"arn:aws:iam::{CONSUMER}:role/Reader")
ORDERS = Orders()
ORGANIZATION = DataPrincipal.organization("arn:aws:organizations::111111111111:organization/o-exampleorgid")
UNIT = DataPrincipal.organization("arn:aws:organizations::111111111111:ou/o-exampleorgid/ou-root-marketing")
CLASSES = LfTags.all(domain="sales", classification=["public", "internal"])
INVOICES = Orders(table_name="invoices")
FLIGHTS = Orders(database_name="travel", table_name="flights", column_names=("number", "origin"))
GERMAN = SharedTable(ORDERS, columns=Columns.all_but("email"), rows="country = 'DE'")


@dataclass(frozen=True)
class Sides:
    """A producer and a consumer in one app."""

    app: cdk.App
    producer: cdk.Stack
    consumer: cdk.Stack
    giving: CatalogPermissions
    taking: CatalogPermissions

    def share(self, **what: Any) -> CatalogShare:
        """A share with the consumer; of the whole table unless something is said."""
        what.setdefault("consumer", Account(CONSUMER))
        if not what.keys() & {"tables", "databases", "where"}:
            what["tables"] = [ORDERS]
        return CatalogShare(self.producer, what.pop("name", "Share"), permissions=self.giving, **what)

    def database(self, share: CatalogShare | None = None, **names: Any) -> SharedDatabase:
        """The consumer's side; by name when no share is passed."""
        if share is None:
            names = {"catalog_id": ACCOUNT, "database_name": "sales", **names}
        return SharedDatabase(self.consumer, names.pop("name", "Sales"), permissions=self.taking, share=share, **names)

    def problems(self) -> str:
        """What the synthesis complains of; empty when it is content."""
        try:
            self.app.synth()
        except RuntimeError as error:
            return str(error)
        return ""

    def templates(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The producer's and the consumer's template."""
        return template(self.producer), template(self.consumer)


class Owner:
    """What applies permissions, without the settings behind it, which take long to make and are beside the point here."""

    def __init__(self, stack: cdk.Stack, *, shares: bool) -> None:
        self.shares = shares
        self.declared = DeclaredRights()
        self.permissions_function = lambda_.Function.from_function_arn(
            stack, "Handler", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:handler"
        )
        self.resource: Any = cdk.CfnWaitConditionHandle(stack, "Settings")


def cheap_permissions(stack: cdk.Stack, *, shares: bool = True, **more: Any) -> CatalogPermissions:
    """Permissions without settings."""
    return CatalogPermissions(stack, "Permissions", settings=Owner(stack, shares=shares), **more)


def sides(
    *, in_stages: bool = False, consumer: str = CONSUMER, region: str = REGION, shares: bool = True, real: bool = False, **giving: Any
) -> Sides:
    """Two accounts in one app.

    Args:
        in_stages: Whether each is in a stage of its own.
        consumer: The consumer's account.
        region: The consumer's Region.
        shares: Whether the producer's settings allow shares.
        real: Whether the settings are made as well.
        giving: More for the producer's permissions.
    """
    app = new_app()
    here = cdk.Stage(app, "Lake") if in_stages else app
    there = cdk.Stage(app, "Readers") if in_stages else app
    producer = cdk.Stack(here, "Producer", env=cdk.Environment(account=ACCOUNT, region=REGION))
    reader = cdk.Stack(there, "Consumer", env=cdk.Environment(account=consumer, region=region))
    if real:
        return Sides(app, producer, reader, permissions_in(producer), permissions_in(reader, ontology=None, shares=False))
    giving.setdefault("ontology", LfTagOntology.from_values(producer, "Tags", domains=["sales"], classifications=["public", "internal"]))
    return Sides(app, producer, reader, cheap_permissions(producer, shares=shares, **giving), cheap_permissions(reader, shares=False))
