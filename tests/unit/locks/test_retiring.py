"""Retiring a product keeps its data, its name can be freed, and bringing it back adopts what is there: rehearsed on moto's Glue.

What CloudFormation does in an import is not rehearsed: no emulator knows it.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import boto3
import jmespath
import pytest
from botocore import xform_name
from moto import mock_aws

from lakecheck.cli import main
from lakemodel.contracts.loader import load_contracts
from lakemodel.errors import DataLakeError
from lakemodel.locks.adoption import import_mappings
from lakemodel.locks.placement import PlacementLock
from tests.unit.contracts.support import CONTRACTS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "444444444401"
SNAPSHOT = json.loads((ROOT / "tests/snapshot/MainCatalog.json").read_text())


def test_adopts_what_the_template_holds():
    """Logical ids, databases and names are those of the reference's own template, where each is retained, as an import demands."""
    placement = PlacementLock.load(ROOT / "config/placement.lock.json")
    found: dict[str, Any] = {}
    for contract in load_contracts(CONTRACTS, None).contracts:
        for mapping in import_mappings(contract, placement, account=ACCOUNT).values():
            found |= mapping
    tables = {key: one for key, one in SNAPSHOT.items() if one["Type"] == "AWS::Glue::Table"}
    pinned = json.loads((ROOT / "tests/stacks/logical_ids.json").read_text())["MainCatalog"]
    assert found.keys() == {key for key, kind in pinned.items() if kind == "AWS::Glue::Table"}
    assert tables
    for key, one in tables.items():
        properties = one["Properties"]
        assert one["DeletionPolicy"] == "Retain"
        assert found[key] == {
            "CatalogId": ACCOUNT,
            "DatabaseName": properties["DatabaseName"],
            "Name": properties.get("Name") or properties["TableInput"]["Name"],
        }


def test_names_the_identity_that_cloudformation_knows():
    """The keys are the resource type's primary identifier, no more and no less."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415 - loads all of cfn-lint

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", "AWS::Glue::Table").schema
    contract = load_contracts(CONTRACTS, None).contracts[0]
    mapping = import_mappings(contract, PlacementLock().extend(load_contracts(CONTRACTS, None)), account=ACCOUNT)[1]
    for identity in mapping.values():
        assert {f"/properties/{key}" for key in identity} == set(schema["primaryIdentifier"])
    assert {"create", "read", "update", "delete"} <= schema["handlers"].keys()


def test_fails_for_a_product_that_never_had_a_place():
    """There is nothing to bring back then."""
    contract = load_contracts(CONTRACTS, None).contracts[0]
    with pytest.raises(DataLakeError, match="has no place"):
        import_mappings(contract, PlacementLock(), account=ACCOUNT)


def test_prints_the_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """JSON on stdout, nothing besides; a wrong call says what is there."""
    arguments = [
        "contracts",
        "adopt",
        "--contracts",
        str(CONTRACTS),
        "--placement",
        str(ROOT / "config/placement.lock.json"),
        "--no-config",
    ]
    assert main([*arguments, "sales.orders", "--account", ACCOUNT]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"TableSalesOrdersOrders3D9F50CF", "TableSalesOrdersOrders3D9F50CFQuarantine"}
    assert main([*arguments, "sales.orders", "--account", ACCOUNT, "--output", str(tmp_path / "adopt.json")]) == 0
    assert len(json.loads((tmp_path / "adopt.json").read_text())) == 2
    assert not capsys.readouterr().out
    assert main([*arguments, "sales.nothing", "--account", ACCOUNT]) == 2
    assert "there are sales.customers, sales.orders" in capsys.readouterr().err
    assert main([*arguments, "sales.orders", "--account", "1"]) == 2
    assert main([*arguments, "sales.orders", "--account", ACCOUNT, "--stack", "7"]) == 2
    assert "stand in the catalog stacks 1" in capsys.readouterr().err


def run(script: str, folder: Path) -> None:
    """Runs the AWS commands of a documented script: options as parameters, `--query` by JMESPath, files in a folder."""
    client = boto3.client("glue", region_name="eu-west-1")
    text = (ROOT / "examples/commands" / script).read_text().replace("\\\n", " ")
    for words in (shlex.split(line) for line in text.splitlines() if line):
        assert words[:2] == ["aws", "glue"]
        target = words[words.index(">") + 1] if ">" in words else None
        options = dict(zip(words[3::2], words[4::2], strict=False))
        query = options.pop("--query", None)
        members = {xform_name(name, "-"): name for name in client.meta.service_model.operation_model(camel(words[2])).input_shape.members}
        sent = {
            members[key.removeprefix("--")]: json.loads((folder / value.removeprefix("file://")).read_text())
            if value.startswith("file://")
            else value
            for key, value in options.items()
            if key not in {"--output", ">"}
        }
        answer = getattr(client, words[2].replace("-", "_"))(**sent)
        if target is not None:
            (folder / target).write_text(json.dumps(jmespath.search(query, answer) if query else answer, default=str))


def camel(operation: str) -> str:
    return "".join(part.title() for part in operation.split("-"))


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A catalog with a domain's database and its archive."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    with mock_aws():
        client = boto3.client("glue", region_name="eu-west-1")
        for name in ("sales", "sales_archive"):
            client.create_database(DatabaseInput={"Name": name})
        yield client


COLUMNS = [{"Name": "id", "Type": "bigint"}]


def test_frees_the_name_of_an_iceberg_table(glue: Any, tmp_path: Path):
    """The archive has the table's last metadata, so all of its data; the name can be given again, and the old table stays readable."""
    last = "s3://curated/sales/orders/orders/metadata/00007-x.metadata.json"
    storage = {"Columns": COLUMNS, "Location": "s3://curated/sales/orders/orders"}
    parameters = {"table_type": "ICEBERG", "metadata_location": last, "previous_metadata_location": "s3://x", "lake.owner": "a"}
    table = {"Name": "orders", "TableType": "EXTERNAL_TABLE", "Parameters": parameters, "StorageDescriptor": storage}
    glue.create_table(DatabaseName="sales", TableInput=table)
    run("free-name-iceberg.sh", tmp_path)
    archived = glue.get_table(DatabaseName="sales_archive", Name="orders")["Table"]
    assert archived["Parameters"] == {"table_type": "ICEBERG", "metadata_location": last}
    assert archived["StorageDescriptor"]["Location"] == storage["Location"]
    assert glue.get_tables(DatabaseName="sales")["TableList"] == []
    glue.create_table(DatabaseName="sales", TableInput={"Name": "orders"})


def test_frees_the_name_of_a_parquet_table(glue: Any, tmp_path: Path):
    """Its partitions move along: they are what a reader sees of it."""
    keys = [{"Name": "_run_id", "Type": "string"}]
    storage = {"Columns": COLUMNS, "Location": "s3://curated/sales/visits/visits"}
    table = {"Name": "visits", "TableType": "EXTERNAL_TABLE", "Parameters": {"a": "b"}, "StorageDescriptor": storage, "PartitionKeys": keys}
    glue.create_table(DatabaseName="sales", TableInput=table)
    for at in ("one", "two"):
        where = {"Values": [at], "StorageDescriptor": storage | {"Location": f"{storage['Location']}/{at}"}}
        glue.create_partition(DatabaseName="sales", TableName="visits", PartitionInput=where)
    run("free-name-parquet.sh", tmp_path)
    archived = glue.get_partitions(DatabaseName="sales_archive", TableName="visits")["Partitions"]
    assert {(one["Values"][0], one["StorageDescriptor"]["Location"]) for one in archived} == {
        ("one", "s3://curated/sales/visits/visits/one"),
        ("two", "s3://curated/sales/visits/visits/two"),
    }
    assert glue.get_table(DatabaseName="sales_archive", Name="visits")["Table"]["PartitionKeys"] == keys
    assert glue.get_tables(DatabaseName="sales")["TableList"] == []
