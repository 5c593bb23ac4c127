"""The smallest lake: two roles, the tables of a folder of contracts, one grant by tag and one by name."""

from pathlib import Path

from aws_cdk import App, Environment, Stack, aws_iam as iam

from constructs_lib.baseline import LakeAccount
from constructs_lib.governance import Columns, LfTags
from constructs_lib.lake import DataLake
from lakemodel.contracts.loader import load_contracts

CONTRACTS = Path(__file__).parent / "contracts"

app = App()
stack = Stack(app, "SalesLake", env=Environment(account="444455556666", region="eu-west-1"))
admin = iam.Role.from_role_name(stack, "Admin", "DataAdmin")
analyst = iam.Role(stack, "Analyst", role_name="Analyst", assumed_by=iam.AccountRootPrincipal())
partner = iam.Role(stack, "Partner", role_name="Partner", assumed_by=iam.AccountPrincipal("777788889999"))

account = LakeAccount(stack, "Account", admins=[admin])
lake = DataLake(stack, "Lake", account=account, contracts=load_contracts(CONTRACTS, None).require_all())
orders = lake.table("sales", "orders")

lake.grants.read(analyst, where=LfTags.all(domain="sales", classification=["public", "internal"]))
orders.grants.read(partner, columns=Columns.all_but("email"), rows="country = 'DE'")
lake.add_workgroup("Analysts", members=[analyst])
lake.add_pipeline("sales", "orders")

app.synth()
