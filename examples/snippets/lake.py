"""The snippets of constructs_lib/lake/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Size

from constructs_lib.baseline import LakeAccount
from constructs_lib.governance import Columns, LfTags
from constructs_lib.lake import DataLake

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam

    from lakemodel.contracts.model import ContractSet


def simplest(self: Stack, data_admin: iam.IRole, contracts: ContractSet, analyst: iam.IRole, partner: iam.IRole) -> None:
    account = LakeAccount(self, "Account", admins=[data_admin])
    lake = DataLake(self, "Lake", account=account, contracts=contracts)
    orders = lake.table("sales", "orders")

    lake.grants.read(analyst, where=LfTags.all(domain="sales", classification=["public", "internal"]))
    orders.grants.read(partner, columns=Columns.all_but("delivery_note"), rows="currency = 'EUR'")
    lake.add_pipeline("sales", "orders")
    lake.add_workgroup("Analysts", members=[analyst], scan_limit=Size.gibibytes(10))


def escape_hatch(data_lake: DataLake) -> None:
    lake = data_lake
    lake.storage.raw.bucket.node.default_child.add_property_override("ObjectLockEnabled", True)  # noqa: FBT003
    lake.table("sales", "orders").table.resource.add_property_override("OpenTableFormatInput.IcebergInput.Version", "2")
