"""Both sides of a share in one app: a lake gives some columns of some rows of a table, and another account's analysts read them."""

from pathlib import Path

from aws_cdk import App, Environment, Stack, aws_iam as iam

from constructs_lib.baseline import LakeAccount
from constructs_lib.governance import Account, CatalogPermissions, CatalogShare, Columns, SharedDatabase, SharedTable
from constructs_lib.lake import DataLake
from constructs_lib.query import QueryWorkgroup, ResultsBucket
from lakemodel.contracts.loader import load_contracts

CONTRACTS = Path(__file__).parent / "contracts"
LAKE = Environment(account="444455556666", region="eu-west-1")
MARKETING = Environment(account="777788889999", region="eu-west-1")


class LakeStack(Stack):
    """The producer: its catalog, its data, and what of it the marketing account may pass on to its own people."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=LAKE)
        admin = iam.Role.from_role_name(self, "Admin", "DataAdmin")
        account = LakeAccount(self, "Account", admins=[admin])
        lake = DataLake(self, "Lake", account=account, contracts=load_contracts(CONTRACTS, None).require_all())
        orders = SharedTable(lake.table("sales", "orders"), columns=Columns.all_but("email"), rows="country = 'DE'")
        self.to_marketing = CatalogShare(self, "ToMarketing", tables=[orders], consumer=Account("777788889999"))


class MarketingStack(Stack):
    """The consumer: the shared database under a name of its own, a role that reads it, and where that role's queries run."""

    def __init__(self, scope: App, construct_id: str, *, share: CatalogShare) -> None:
        super().__init__(scope, construct_id, env=MARKETING)
        admin = iam.Role.from_role_name(self, "Admin", "DataAdmin")
        account = LakeAccount(self, "Account", admins=[admin])
        analyst = iam.Role(self, "Analyst", role_name="MarketingAnalyst", assumed_by=iam.AccountRootPrincipal())
        permissions = CatalogPermissions(self, "Permissions", settings=account.settings)
        sales = SharedDatabase(self, "Sales", share=share, link_name="lake_sales", permissions=permissions)
        sales.grants.read(analyst)
        QueryWorkgroup(
            self,
            "Analysts",
            name="analysts",
            results=ResultsBucket(self, "Results", access_logs=None),
            members=[analyst],
            catalog_accounts=[sales.catalog_id],
        )


app = App()
lake = LakeStack(app, "SalesLake")
MarketingStack(app, "Marketing", share=lake.to_marketing)
app.synth()
