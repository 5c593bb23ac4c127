"""The reference's custom resources for Lake Formation: their real handlers run against moto in this process, then what is there is read."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.runtime.custom_resources.cfn_response import Deadline, Request
from constructs_lib.runtime.custom_resources.retry import Retry
from constructs_lib.runtime.lakeformation.catalog_policy import CatalogPolicy
from constructs_lib.runtime.lakeformation.grants import Grants
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.permissions import Permissions
from constructs_lib.runtime.lakeformation.principals import Principals
from constructs_lib.runtime.lakeformation.settings import Settings
from constructs_lib.runtime.lakeformation.tags import Tags
from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, lacking, make, resource

ROLE = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
PERMISSION_SET = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Steward_????????????????"
GRANTS = [
    {"Principal": {"DataLakePrincipalIdentifier": ROLE}, "Resource": {"Database": {"Name": "sales"}}, "Permissions": ["DESCRIBE"]},
    {
        "Principal": {"DataLakePrincipalIdentifier": PERMISSION_SET},
        "Resource": {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["total", "id"]}},
        "Permissions": ["SELECT"],
        "PermissionsWithGrantOption": ["SELECT"],
    },
    {
        "Principal": {"DataLakePrincipalIdentifier": "222222222222"},
        "Resource": {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "domain", "TagValues": ["sales"]}]}},
        "Permissions": ["DESCRIBE", "SELECT"],
        "PermissionsWithGrantOption": ["DESCRIBE"],
    },
]
PAIR = {"CatalogId": ACCOUNT, "TagKey": "domain", "TagValues": ["sales"]}
ASSOCIATIONS = [
    {"Resource": {"Database": {"Name": "sales"}}, "LFTags": [PAIR]},
    {"Resource": {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["id", "total"]}}, "LFTags": [PAIR]},
]
PERMISSIONS = {"Grants": GRANTS, "TagAssociations": ASSOCIATIONS, "RevokeIamAllowedPrincipals": "true", "ServiceTimeout": "3600"}
SETTINGS = {
    "Admins": [ROLE],
    "ReadOnlyAdmins": [],
    "ExistingAdmins": "keep",
    "CrossAccountVersion": "4",
    "MemoryParameter": "/lake/settings",
    "ServiceTimeout": "1200",
}
POLICY = {
    "Statements": [
        {
            "Sid": "Shares",
            "Effect": "Allow",
            "Principal": {"Service": "ram.amazonaws.com"},
            "Action": ["glue:ShareResource"],
            "Resource": [f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog"],
        }
    ],
    "ServiceTimeout": "1200",
}


class World:
    """An account with a table, a tag and the role of a permission set, and the handlers that work in it."""

    def __init__(self, clients: Any) -> None:
        self.clients = clients
        self.retry = Retry(Deadline(at=1e18), sleep=lambda _seconds: None)
        make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales"}})
        columns = [{"Name": name, "Type": "string"} for name in ("id", "total", "currency")]
        table = {"Name": "orders", "StorageDescriptor": {"Columns": columns}}
        make(clients, "AWS::Glue::Table", {"DatabaseName": "sales", "TableInput": table})
        make(clients, "AWS::LakeFormation::Tag", {"TagKey": "domain", "TagValues": ["sales", "travel"]})
        path = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
        self.client("iam").create_role(Path=path, RoleName="AWSReservedSSO_Steward_0123456789abcdef", AssumeRolePolicyDocument="{}")

    def client(self, service: str) -> Any:
        """A client of the account."""
        return self.clients(service, account=ACCOUNT, region=REGION)

    def request(self, kind: str, properties: dict[str, Any], old: dict[str, Any] | None = None) -> Request:
        """What CloudFormation would ask for."""
        return Request(
            kind=kind,
            properties=properties,
            old_properties=old or {},
            physical_id="Thing-1",
            account=ACCOUNT,
            stack="arn:stack",
            logical_id="Thing",
        )

    def permissions(self, kind: str, properties: dict[str, Any], old: dict[str, Any] | None = None) -> None:
        """The handler of permissions does what a request asks for."""
        lakeformation = self.client("lakeformation")
        principals = Principals(self.client("iam"), self.retry)
        grants = Grants(lakeformation, self.retry, ACCOUNT, principals)
        opt_ins = OptIns(lakeformation, self.retry, ACCOUNT, principals)
        Permissions(grants, Tags(lakeformation, self.retry, ACCOUNT), opt_ins, lambda: ROLE).apply(self.request(kind, properties, old))

    def settings(self, kind: str, properties: dict[str, Any]) -> None:
        """The handler of settings."""
        clients = [self.client(service) for service in ("lakeformation", "iam", "ssm")]
        made = Settings(*clients, self.retry, memory=properties["MemoryParameter"], account=ACCOUNT)
        made.apply(self.request(kind, properties))

    def policy(self, kind: str, properties: dict[str, Any]) -> None:
        """The handler of the catalog policy."""
        CatalogPolicy(self.client("glue"), self.retry).apply(self.request(kind, properties))

    def lacks(self, kind: str, properties: dict[str, Any]) -> tuple[str, ...]:
        """What the read of a custom resource lacks."""
        adapter = adapters()[f"Custom::{kind}"]
        return lacking(properties, adapter.look(resource(self.clients, adapter.type, properties)), adapter.unread)

    def is_gone(self, kind: str, properties: dict[str, Any]) -> bool:
        """Whether nothing of it is there."""
        return adapters()[f"Custom::{kind}"].look(resource(self.clients, f"Custom::{kind}", properties)) is None


@pytest.fixture
def world():
    with emulated() as clients:
        yield World(clients)


def test_permissions_are_there_once_their_handler_ran(world):
    assert world.is_gone("LakeFormationPermissions", PERMISSIONS)
    world.permissions("Create", PERMISSIONS)
    assert world.lacks("LakeFormationPermissions", PERMISSIONS) == ()
    world.permissions("Delete", PERMISSIONS)
    assert world.is_gone("LakeFormationPermissions", PERMISSIONS)


def test_changed_permissions_are_read_as_they_are_now(world):
    changed = {**PERMISSIONS, "Grants": GRANTS[:1], "TagAssociations": [{**ASSOCIATIONS[0], "LFTags": [{**PAIR, "TagValues": ["travel"]}]}]}
    world.permissions("Create", PERMISSIONS)
    world.permissions("Update", changed, PERMISSIONS)
    assert world.lacks("LakeFormationPermissions", changed) == ()
    lacks = world.lacks("LakeFormationPermissions", PERMISSIONS)
    assert "Grants[1].Permissions" in lacks
    assert "Grants[2].Permissions" in lacks
    assert any(path.startswith("TagAssociations[0].LFTags") for path in lacks)
    assert not any(path.startswith("Grants[0]") for path in lacks)


def test_one_column_that_is_not_granted_is_noticed(world):
    world.permissions("Create", PERMISSIONS)
    entry = world.client("lakeformation").list_permissions(ResourceType="TABLE")["PrincipalResourcePermissions"][0]
    one = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["total"]}}
    world.client("lakeformation").revoke_permissions(Principal=entry["Principal"], Resource=one, Permissions=["SELECT"])
    assert "Grants[1].Permissions" in world.lacks("LakeFormationPermissions", PERMISSIONS)


def test_one_column_without_its_tag_is_noticed(world):
    world.permissions("Create", PERMISSIONS)
    one = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["total"]}}
    world.client("lakeformation").remove_lf_tags_from_resource(Resource=one, LFTags=[PAIR])
    assert any(path.startswith("TagAssociations[1]") for path in world.lacks("LakeFormationPermissions", PERMISSIONS))


def test_the_option_to_grant_is_noticed_when_it_is_gone(world):
    world.permissions("Create", PERMISSIONS)
    expression = {**GRANTS[2]["Resource"]["LFTagPolicy"], "CatalogId": ACCOUNT}
    world.client("lakeformation").revoke_permissions(
        Principal=GRANTS[2]["Principal"], Resource={"LFTagPolicy": expression}, PermissionsWithGrantOption=["DESCRIBE"], Permissions=[]
    )
    assert world.lacks("LakeFormationPermissions", PERMISSIONS) == ("Grants[2].PermissionsWithGrantOption",)


def test_settings_are_there_once_their_handler_ran(world):
    assert world.is_gone("LakeFormationSettings", SETTINGS)
    world.settings("Create", SETTINGS)
    assert world.lacks("LakeFormationSettings", SETTINGS) == ()
    assert world.lacks("LakeFormationSettings", {**SETTINGS, "Admins": [ROLE, "arn:aws:iam::1:role/other"]}) == ("Admins",)
    assert world.lacks("LakeFormationSettings", {**SETTINGS, "CrossAccountVersion": "3"}) == ("CrossAccountVersion",)
    world.settings("Delete", SETTINGS)
    assert world.is_gone("LakeFormationSettings", SETTINGS)


def test_an_administrator_too_many_is_noticed_where_only_declared_ones_may_be(world):
    world.settings("Create", SETTINGS)
    settings = world.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    settings["DataLakeAdmins"].append({"DataLakePrincipalIdentifier": "arn:aws:iam::1:role/other"})
    world.client("lakeformation").put_data_lake_settings(DataLakeSettings=settings)
    assert world.lacks("LakeFormationSettings", SETTINGS) == ()
    assert world.lacks("LakeFormationSettings", {**SETTINGS, "ExistingAdmins": "replace"}) == ("Admins",)


def test_a_catalog_policy_is_there_once_its_handler_ran(world):
    assert world.is_gone("LakeFormationCatalogPolicy", POLICY)
    world.policy("Create", POLICY)
    assert world.lacks("LakeFormationCatalogPolicy", POLICY) == ()
    other = {"Statements": [{**POLICY["Statements"][0], "Action": ["glue:GetTable"]}]}
    assert world.lacks("LakeFormationCatalogPolicy", other) == ("Statements[0].Action[0]",)
    world.policy("Delete", POLICY)
    assert world.is_gone("LakeFormationCatalogPolicy", POLICY)
