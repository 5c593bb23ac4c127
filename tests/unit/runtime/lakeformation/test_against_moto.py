"""The handlers as Lambda calls them, against moto's Lake Formation, IAM and SSM."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.lakeformation.models import Permission, lakeformation_backends

from constructs_lib.runtime.custom_resources import cfn_response
from constructs_lib.runtime.lakeformation import catalog_policy, permissions, settings
from constructs_lib.runtime.lakeformation.opt_ins import OptIns
from constructs_lib.runtime.lakeformation.principals import Principals
from tests.unit.runtime.lakeformation.support import Context, event, retry

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK = f"arn:aws:cloudformation:eu-west-1:{DEFAULT_ACCOUNT_ID}:stack/Grants/1"
ADMIN = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/Admin"
ANALYST = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/Analyst"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # moto keeps permissions in a set and changes them there, so that it does not find them again
    monkeypatch.setattr(Permission, "__hash__", lambda self: hash(json.dumps([self.principal, self.resource])))
    got: list[dict[str, Any]] = []
    monkeypatch.setattr(cfn_response, "_put", lambda _url, body: got.append(json.loads(body)))
    with mock_aws():
        backend = lakeformation_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
        # moto fails on anything that has no tags yet, where the service answers with none
        backend.lf_database_tags = defaultdict(list)
        backend.lf_table_tags = defaultdict(list)
        backend.create_lf_tag(DEFAULT_ACCOUNT_ID, "zone", ["curated"])
        backend.create_lf_tag(DEFAULT_ACCOUNT_ID, "classification", ["public", "restricted"])
        yield got


def test_settings_live_and_die(answers: list[dict[str, Any]]) -> None:
    """Create, update and delete through boto3: declared administrators come and go, defaults stay cleared."""
    client = boto3.client("lakeformation")
    properties = {"Admins": [ADMIN], "CrossAccountVersion": "4", "MemoryParameter": "/governed-lake/memory"}
    both = {**properties, "Admins": [ADMIN, ANALYST]}
    settings.handler(event("Create", properties, StackId=STACK), Context())
    settings.handler(event("Update", both, StackId=STACK, PhysicalResourceId="x", OldResourceProperties=properties), Context())
    found = client.get_data_lake_settings()["DataLakeSettings"]
    assert [admin["DataLakePrincipalIdentifier"] for admin in found["DataLakeAdmins"]] == [ADMIN, ANALYST]
    assert found["CreateTableDefaultPermissions"] == []
    settings.handler(event("Delete", both, StackId=STACK, PhysicalResourceId="x"), Context())
    assert client.get_data_lake_settings()["DataLakeSettings"]["DataLakeAdmins"] == []
    assert [answer["Status"] for answer in answers] == ["SUCCESS"] * 3


def test_existing_administrators_come_back(answers: list[dict[str, Any]]) -> None:
    """Replaced ones are taken out and given back through boto3; settings that nobody declares come out as they went in."""
    client = boto3.client("lakeformation")
    there = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": ANALYST}], "TrustedResourceOwners": ["999999999999"]}
    client.put_data_lake_settings(DataLakeSettings=there)
    properties = {"Admins": [ADMIN], "ExistingAdmins": "replace", "CrossAccountVersion": "4", "MemoryParameter": "/governed-lake/memory"}
    settings.handler(event("Create", properties, StackId=STACK), Context())
    found = client.get_data_lake_settings()["DataLakeSettings"]
    assert [admin["DataLakePrincipalIdentifier"] for admin in found["DataLakeAdmins"]] == [ADMIN]
    assert found["TrustedResourceOwners"] == ["999999999999"]
    settings.handler(event("Delete", properties, StackId=STACK, PhysicalResourceId="x"), Context())
    found = client.get_data_lake_settings()["DataLakeSettings"]
    assert found["DataLakeAdmins"] == there["DataLakeAdmins"]
    assert [answer["Status"] for answer in answers] == ["SUCCESS"] * 2
    assert answers[0]["Data"]["CrossAccountVersion"] == "4"


def test_a_catalog_policy_lives_and_dies(answers: list[dict[str, Any]]) -> None:
    """Made in an account without one, kept beside what another writes, taken out again; each time through boto3."""
    client = boto3.client("glue")
    statement = {"Effect": "Allow", "Principal": {"Service": "ram.amazonaws.com"}, "Action": ["glue:ShareResource"], "Resource": ["*"]}
    properties = {"Statements": [{"Sid": "Ours", **statement}]}
    catalog_policy.handler(event("Create", properties, StackId=STACK), Context())
    policy = json.loads(client.get_resource_policy()["PolicyInJson"])
    client.put_resource_policy(PolicyInJson=json.dumps({**policy, "Statement": [{"Sid": "Theirs", **statement}, *policy["Statement"]]}))
    catalog_policy.handler(event("Update", properties, StackId=STACK, PhysicalResourceId="x"), Context())
    assert len(json.loads(client.get_resource_policy()["PolicyInJson"])["Statement"]) == 2
    catalog_policy.handler(event("Delete", properties, StackId=STACK, PhysicalResourceId="x"), Context())
    (left,) = json.loads(client.get_resource_policy()["PolicyInJson"])["Statement"]
    assert left["Sid"] == "Theirs"
    assert [answer["Status"] for answer in answers] == ["SUCCESS"] * 3


@pytest.mark.parametrize("resource", [{"Database": {"Name": "sales"}}, {"Table": {"DatabaseName": "sales", "TableWildcard": {}}}])
def test_opt_ins_are_asked_for_as_boto3_takes_it(answers: list[dict[str, Any]], resource: dict[str, Any]) -> None:
    """There are no opt-ins in moto: boto3 itself checks the parameters and the shape of the answers."""
    client = boto3.client("lakeformation")
    ((kind, body),) = resource.items()
    listed = {"Principal": {"DataLakePrincipalIdentifier": ANALYST}, "Resource": {kind: {"CatalogId": DEFAULT_ACCOUNT_ID, **body}}}
    asked = {"Principal": {"DataLakePrincipalIdentifier": ANALYST}, "Resource": resource}
    opt_ins = OptIns(client, retry(), DEFAULT_ACCOUNT_ID, Principals(None, retry()))
    wanted = opt_ins.declared([asked], tolerant=False)
    with Stubber(client) as stub:
        stub.add_response("list_lake_formation_opt_ins", {"LakeFormationOptInsInfoList": []}, {"Resource": resource})
        stub.add_response("create_lake_formation_opt_in", {}, asked)
        assert opt_ins.add(wanted) == []
        stub.add_response("list_lake_formation_opt_ins", {"LakeFormationOptInsInfoList": [], "NextToken": "2"}, {"Resource": resource})
        stub.add_response(
            "list_lake_formation_opt_ins", {"LakeFormationOptInsInfoList": [listed]}, {"Resource": resource, "NextToken": ANY}
        )
        stub.add_response("delete_lake_formation_opt_in", {}, asked)
        assert opt_ins.remove(wanted) == []
        stub.assert_no_pending_responses()
    assert answers == []


def test_permissions_live_and_die(answers: list[dict[str, Any]]) -> None:
    """Create, update, rollback and delete through boto3, with tags."""
    client = boto3.client("lakeformation")
    table = {"Table": {"DatabaseName": "sales", "Name": "orders"}}

    def declared(*granted: str) -> dict[str, Any]:
        return {
            "Grants": [{"Principal": {"DataLakePrincipalIdentifier": ANALYST}, "Resource": table, "Permissions": list(granted)}],
            "TagAssociations": [{"Resource": {"Database": {"Name": "sales"}}, "LFTags": [{"TagKey": "zone", "TagValues": ["curated"]}]}],
        }

    def held() -> list[str]:
        return sorted(p for entry in client.list_permissions()["PrincipalResourcePermissions"] for p in entry["Permissions"])

    one, two = declared("SELECT", "DESCRIBE"), declared("DESCRIBE", "ALTER")
    permissions.handler(event("Create", one, StackId=STACK), Context())
    assert held() == ["DESCRIBE", "SELECT"]
    permissions.handler(event("Update", two, StackId=STACK, PhysicalResourceId="x", OldResourceProperties=one), Context())
    assert held() == ["ALTER", "DESCRIBE"]
    permissions.handler(event("Update", one, StackId=STACK, PhysicalResourceId="x", OldResourceProperties=two), Context())
    assert held() == ["DESCRIBE", "SELECT"]
    tags = client.get_resource_lf_tags(Resource={"Database": {"Name": "sales"}})["LFTagOnDatabase"]
    assert [(tag["TagKey"], tag["TagValues"]) for tag in tags] == [("zone", ["curated"])]
    permissions.handler(event("Delete", one, StackId=STACK, PhysicalResourceId="x"), Context())
    assert held() == []
    assert "LFTagOnDatabase" not in client.get_resource_lf_tags(Resource={"Database": {"Name": "sales"}})
    assert [answer["Status"] for answer in answers] == ["SUCCESS"] * 4


def test_requests_are_such_as_boto3_takes(answers: list[dict[str, Any]]) -> None:
    """Every kind of resource and tag target passes boto3's own validation of parameters."""
    resources: list[dict[str, Any]] = [
        {"Catalog": {}},
        {"Database": {"Name": "sales"}},
        {"Table": {"DatabaseName": "sales", "TableWildcard": {}}},
        {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["id", "total"]}},
        {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {"ExcludedColumnNames": ["email"]}}},
        {"DataLocation": {"ResourceArn": "arn:aws:s3:::bucket"}},
        {"DataCellsFilter": {"TableCatalogId": DEFAULT_ACCOUNT_ID, "DatabaseName": "sales", "TableName": "orders", "Name": "germany"}},
        {"LFTag": {"TagKey": "zone", "TagValues": ["curated"]}},
        {
            "LFTagPolicy": {
                "CatalogId": "222222222222",
                "ResourceType": "TABLE",
                "Expression": [{"TagKey": "zone", "TagValues": ["curated"]}],
            }
        },
    ]
    principal = {"DataLakePrincipalIdentifier": ANALYST}
    tagged = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["email"]}}
    declared = {
        "Grants": [{"Principal": principal, "Resource": resource, "Permissions": ["DESCRIBE"]} for resource in resources],
        "TagAssociations": [{"Resource": tagged, "LFTags": [{"TagKey": "classification", "TagValues": ["restricted"]}]}],
    }
    permissions.handler(event("Create", declared, StackId=STACK), Context())
    assert [answer["Status"] for answer in answers] == ["SUCCESS"], answers
    grants = lakeformation_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].grants
    assert len(grants[DEFAULT_ACCOUNT_ID].permissions) == len(resources) - 1
    assert len(grants["222222222222"].permissions) == 1
