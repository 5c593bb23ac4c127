"""Resource links: names in a consumer's catalog for databases of a lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_glue as glue
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.governance.resources import CatalogResource

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from constructs_lib.governance.permissions import CatalogPermissions
    from constructs_lib.governance.principals import DataPrincipal


class ResourceLink(Construct):
    """A database in this account's catalog that stands for one in a lake account, so that engines find its tables.

    Reading through it takes two grants: DESCRIBE on the link (`allow`), and rights on what it points at. `SharedDatabase` makes all three;
    a link alone is for a database in another Region. It holds no data; deleting it harms nobody but those who query by its name.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/create-resource-link-database.html.

    Args:
        database_name: The database in the lake's catalog.
        catalog_id: The lake's account.
        link_name: Its name here; the database's own when left out.
        region: The lake's Region; the stack's own when left out.

    Raises:
        DataLakeError: `link_to_itself`, if the catalog is this account's own.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database_name: str,
        catalog_id: str,
        link_name: str | None = None,
        region: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        link_name = database_name if link_name is None else link_name
        account = Stack.of(self).account
        if catalog_id == account:
            msg = f"got catalog {catalog_id}, which is this account's own; {database_name} needs no link here: use it directly"
            raise misuse(self, msg, code="link_to_itself")
        self.link_name = link_name
        self.database_name = database_name
        self.catalog_id = catalog_id
        self.link = glue.CfnDatabase(
            self,
            "Resource",
            catalog_id=account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=link_name,
                target_database=glue.CfnDatabase.DatabaseIdentifierProperty(
                    catalog_id=catalog_id, database_name=database_name, region=region
                ),
            ),
        )
        self.resource = CatalogResource.link_named(link_name)

    def allow(self, principal: DataPrincipal | iam.IRole, permissions: CatalogPermissions) -> None:
        """Lets the principal see the link. What it may read behind it is another grant.

        Raises:
            DataLakeError: `link_elsewhere`, if the permissions are another account's, where the name may be that of a database.
        """
        account, here = Stack.of(permissions).account, Stack.of(self).account
        if account != here:
            msg = f"got permissions of account {account}; the link {self.link_name} is in account {here}: pass the permissions of that one"
            raise misuse(self, msg, code="link_elsewhere")
        permissions.grant(principal, self.resource, ["DESCRIBE"], after=self)
