"""A platform team's own app: data apart from what works on it, an account that existed before, compliance packs, alarms."""

from pathlib import Path

from aws_cdk import App, CfnOutput, Environment, Size, Stack, aws_iam as iam, aws_kms as kms, aws_s3 as s3

from constructs_lib.baseline import LakeAccount, Singleton
from constructs_lib.compliance import add_compliance_packs
from constructs_lib.core import protect_stack
from constructs_lib.governance import Columns, DataPrincipal, LfTags
from constructs_lib.lake import DataLake
from constructs_lib.storage import LakeStorage, LakeZone
from lakemodel.config import Zone
from lakemodel.contracts.loader import load_contracts
from lakemodel.contracts.model import ContractSet
from lakemodel.locks.placement import PlacementLock

HERE = Path(__file__).parent
ACCOUNT = Environment(account="444455556666", region="eu-west-1")
RAW_KEY = "arn:aws:kms:eu-west-1:444455556666:key/11111111-2222-4333-8444-555555555555"


class StorageStack(Stack):
    """What holds data: protected, retained, apart from the rest. The raw zone was there before."""

    def __init__(self, scope: App, construct_id: str, *, contracts: ContractSet) -> None:
        super().__init__(scope, construct_id, env=ACCOUNT)
        protect_stack(self)
        raw = LakeZone.from_bucket(
            self,
            "ExistingRaw",
            zone=Zone.RAW,
            bucket=s3.Bucket.from_bucket_name(self, "RawBucket", "acme-raw"),
            key=kms.Key.from_key_arn(self, "RawKey", RAW_KEY),
        )
        self.storage = LakeStorage(self, "Zones", contracts=contracts, existing_zones={Zone.RAW: raw})


class LakeStack(Stack):
    """The catalog, who reads it, and the pipeline that fills it."""

    def __init__(self, scope: App, construct_id: str, *, contracts: ContractSet, storage: LakeStorage) -> None:
        super().__init__(scope, construct_id, env=ACCOUNT)
        admin = iam.Role.from_role_name(self, "Admin", "DataAdmin")
        account = LakeAccount(
            self,
            "Account",
            admins=[admin],
            audit_trail=Singleton.ORGANIZATION,
            threat_detection=Singleton.ADOPT,
        )
        lake = DataLake(
            self,
            "Lake",
            account=account,
            contracts=contracts,
            storage=storage,
            placement=PlacementLock.load(HERE / "placement.lock.json"),
        )
        analysts = DataPrincipal.permission_set("DataAnalyst", account_id=ACCOUNT.account)
        lake.grants.read(analysts, where=LfTags.all(domain="sales", classification=["public", "internal"]))
        auditor = iam.Role(self, "Auditor", role_name="SalesAuditor", assumed_by=iam.AccountRootPrincipal())
        lake.table("sales", "orders").grants.read(auditor, columns=Columns.only("order_id", "total", "ordered_at"))

        workgroup = lake.add_workgroup("Auditors", members=[auditor], scan_limit=Size.gibibytes(10))
        workgroup.add_named_query(
            "Revenue", database="sales", query="SELECT date(ordered_at) AS day, sum(total) AS revenue FROM orders GROUP BY 1"
        )

        pipeline = lake.add_pipeline("sales", "orders")
        operators = iam.Role(self, "Operators", role_name="SalesOperators", assumed_by=iam.AccountRootPrincipal())
        restart = iam.ManagedPolicy(self, "Restart", roles=[operators], description="Ingest an object of sales.orders again")
        pipeline.grants.start(restart)
        CfnOutput(self, "AlarmTopic", value=pipeline.foundation.alarm_topic.topic_arn, description="Subscribe whoever is on call")


app = App()
add_compliance_packs(app)
products = load_contracts(HERE / "contracts", None).require_all()
zones = StorageStack(app, "SalesStorage", contracts=products)
LakeStack(app, "SalesLake", contracts=products, storage=zones.storage)
app.synth()
