"""Lineage events, held against the classes that OpenLineage's Python client generates from the standard."""

from __future__ import annotations

import copy
import importlib
import json
import pkgutil
import types
import typing
import uuid
from typing import TYPE_CHECKING, Any

import attr
import pytest
from openlineage.client import generated
from openlineage.client.event_v2 import RunEvent, RunState
from openlineage.client.generated.base import BaseFacet
from openlineage.client.naming.dataset import S3, AWSGlue
from openlineage.client.serde import Serde

from constructs_lib.runtime.ingestion.lineage import MOST_FILES, dataset, run_event
from constructs_lib.runtime.ingestion.spec import parse_spec
from tests.runtime.ingestion.specs import column, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PRODUCER = "https://example.org/governed-lake/0.1.0"
ACCOUNT = "111122223333"
RAW = "s3://lake-raw/shop/orders/orders"
EXECUTION = f"arn:aws:states:eu-west-1:{ACCOUNT}:execution:Orders:4f0c"
COLUMNS = [
    column("order_id", "bigint", required=True),
    {**column("note"), "source_name": "Note to us"},
    {**column("ordered_at", "date"), "date_format": "dd.MM.yyyy"},
    column("country", checks=[("enum", ["DE", "FR"])]),
]
GATE = [
    {"name": "enough", "metric": "rows", "operator": ">=", "threshold": 3},
    {"name": "cheapest", "metric": "minimum", "column": "order_id", "operator": ">", "threshold": 0, "severity": "warn"},
]
SPEC = text(COLUMNS, primary_key=["order_id"], gate=GATE, format="iceberg")
MANIFEST: dict[str, Any] = {
    "manifest_version": 2,
    "run_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "execution": EXECUTION,
    "product": "shop.orders",
    "table": "orders",
    "contract_version": "1.2.0",
    "job_version": "0.1.0",
    "input": f"{RAW}/2026/11/22/0f1e2d3c4b5a69788796a5b4c3d2e1f0/",
    "since": None,
    "until": None,
    "status": "published",
    "started_at": "2026-11-22T10:00:00+00:00",
    "written_at": "2026-11-22T10:01:00+00:00",
    "published_at": "2026-11-22T10:01:05+00:00",
    "seconds": 65.0,
    "counts": {"input": 10, "good": 6, "quarantined": 3, "duplicates": 1, "replaced": 0},
    "reasons": {"country:enum": 3},
    "warnings": {},
    "files": [
        {
            "path": f"{RAW}/2026/11/22/0f1e2d3c4b5a69788796a5b4c3d2e1f0/c0ffee/orders.csv",
            "size": 400,
            "sha256": "ab" * 32,
            "records": 10,
            "lines": 11,
            "empty_lines": 0,
            "undeclared_columns": [],
            "repeats": None,
        }
    ],
    "refused_files": [],
    "gate": {
        "verdict": "warn",
        "results": [
            {"name": "enough", "severity": "block", "passed": True, "measured": 6.0, "rule": "rows >= 3"},
            {"name": "cheapest", "severity": "warn", "passed": False, "measured": -987654.0, "rule": "minimum of order_id > 0"},
        ],
    },
    "curated_location": "s3://lake-curated/shop/orders/orders/run_id=0f1e2d3c4b5a69788796a5b4c3d2e1f0/",
    "quarantine_location": "s3://lake-quarantine/shop/orders/orders/run_id=0f1e2d3c4b5a69788796a5b4c3d2e1f0/",
    "quarantined": {
        "files": [{"path": "s3://lake-quarantine/q.parquet", "rows": 3, "size": 33, "partition": [], "sha256": ""}],
        "rows": 3,
        "replaced_rows": 0,
        "replaced_files": [],
        "base_version": "",
    },
    "written": {
        "files": [
            {"path": "s3://lake-curated/a.parquet", "rows": 4, "size": 44, "partition": [], "sha256": ""},
            {"path": "s3://lake-curated/b.parquet", "rows": 2, "size": 22, "partition": [], "sha256": ""},
        ],
        "rows": 6,
        "replaced_rows": 0,
        "replaced_files": [],
        "base_version": "8",
    },
    "table_version": "9",
}


def event(spec: str = SPEC, region: str = "eu-west-1", **changed: Any) -> dict[str, Any]:
    """The event of the run above, with parts of its manifest changed."""
    manifest = {**copy.deepcopy(MANIFEST), **changed}
    account = ACCOUNT if region else ""
    return run_event(manifest, parse_spec(spec), producer=PRODUCER, region=region, account=account, engine_version="3.5.4")  # type: ignore[arg-type]


def _facet_classes() -> dict[str, type]:
    """Every class of a facet by the address of its schema."""
    modules = [importlib.import_module(f"{generated.__name__}.{module.name}") for module in pkgutil.iter_modules(generated.__path__)]
    found = [one for module in modules for one in vars(module).values() if isinstance(one, type) and issubclass(one, BaseFacet)]
    return {one._get_schema(): one for one in found}


FACETS = _facet_classes()


def built(kind: Any, value: Any) -> Any:
    """`value` as an instance of `kind`, part by part; a key that a class does not know, or lacks, raises."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        return built(_member(arguments, value), value)
    if origin is list:
        return [built(arguments[0], one) for one in value]
    if origin is dict:
        return {key: built(arguments[1], one) for key, one in value.items()}
    if isinstance(value, dict) and "_schemaURL" in value:
        kind = FACETS[value["_schemaURL"]]
        value = {key: one for key, one in value.items() if key != "_schemaURL"}
    if attr.has(kind):
        attr.resolve_types(kind)
        fields = {field.name: field for field in attr.fields(kind)}
        unknown = set(value) - set(fields)
        assert not unknown, f"{kind.__name__} has no {unknown}"
        return kind(**{fields[key].alias: built(fields[key].type, one) for key, one in value.items()})
    return value


def _member(kinds: Sequence[Any], value: Any) -> Any:
    """Which of several kinds a value is: the class whose `type` it names, where classes have one; else the one that is not None."""
    for kind in kinds:
        if attr.has(kind) and hasattr(attr.fields(kind), "type") and attr.fields(kind).type.default == value["type"]:
            return kind
    return next(kind for kind in kinds if kind is not type(None))


def without_empty(value: Any) -> Any:
    """`value` without empty lists and objects, which the classes add of their own."""
    if isinstance(value, dict):
        return {key: kept for key, one in value.items() if (kept := without_empty(one)) not in ({}, [], None)}
    return [without_empty(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("status", ["published", "held", "written"])
@pytest.mark.parametrize("region", ["eu-west-1", ""])
def test_the_classes_of_the_standard_take_every_part_of_an_event(status: str, region: str) -> None:
    """Each facet is what the schema it names says, nothing is unknown, and the client would send the same JSON."""
    made = event(region=region, status=status)
    given = {key: value for key, value in made.items() if key != "schemaURL"}
    rebuilt = built(RunEvent, {**given, "eventType": RunState(made["eventType"])})
    assert without_empty(Serde.to_dict(rebuilt)) == without_empty(made)


def test_a_facet_that_is_not_the_standards_would_be_seen() -> None:
    """The check above is awake."""
    made = event()
    made["inputs"][0]["facets"]["schema"]["filds"] = []
    with pytest.raises(AssertionError, match="SchemaDatasetFacet has no"):
        built(RunEvent, {key: value for key, value in made.items() if key not in {"schemaURL", "eventType"}})


def test_names_are_those_of_the_standard() -> None:
    """Tables by Glue's catalog, files by bucket and key, so that events of other tools meet these."""
    made = event()
    table = AWSGlue("eu-west-1", ACCOUNT, "shop", "orders")
    files = S3("lake-raw", "shop/orders/orders")
    assert (made["outputs"][0]["namespace"], made["outputs"][0]["name"]) == (table.get_namespace(), table.get_name())
    assert made["outputs"][1]["name"] == "table/shop_quarantine/orders"
    assert [(one["namespace"], one["name"]) for one in made["inputs"]] == [(files.get_namespace(), files.get_name())]
    assert made["job"]["name"] == "shop.orders.orders"
    assert made["job"]["namespace"] == f"arn:aws:states:eu-west-1:{ACCOUNT}"
    assert made["outputs"][0]["facets"]["symlinks"]["identifiers"] == [
        {"namespace": "s3://lake-curated", "name": "shop/orders/orders", "type": "LOCATION"}
    ]


@pytest.mark.parametrize(
    ("region", "namespace"),
    [
        ("cn-north-1", f"arn:aws-cn:glue:cn-north-1:{ACCOUNT}"),
        ("us-gov-west-1", f"arn:aws-us-gov:glue:us-gov-west-1:{ACCOUNT}"),
        ("us-isob-east-1", f"arn:aws-iso-b:glue:us-isob-east-1:{ACCOUNT}"),
    ],
)
def test_each_partition_has_its_own_names(region: str, namespace: str) -> None:
    """A lake in China is not one of the partition aws."""
    assert event(region=region)["outputs"][0]["namespace"] == namespace


def test_on_a_laptop_tables_are_their_folders() -> None:
    """No account, no ARN."""
    made = event(
        region="",
        input="/home/me/landing/orders.csv",
        curated_location="/home/me/lake/curated/shop/orders/orders/run_id=1/",
        quarantine_location="/home/me/lake/quarantine/shop/orders/orders/run_id=1/",
    )
    names = [(one["namespace"], one["name"]) for one in (*made["inputs"], *made["outputs"])]
    assert names == [
        ("file", "/home/me/landing/orders.csv"),
        ("file", "/home/me/lake/curated/shop/orders/orders"),
        ("file", "/home/me/lake/quarantine/shop/orders/orders"),
    ]
    assert "arn:" not in json.dumps({**made, "run": {}})
    assert made["job"]["namespace"] == "local"


def test_paths_on_disk_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two starts from two folders name the same file alike."""
    monkeypatch.chdir(tmp_path)
    assert dataset("orders.csv") == dataset(f"file://{tmp_path}/orders.csv") == ("file", f"{tmp_path}/orders.csv")


def test_the_run_id_is_a_uuid_that_depends_on_the_run_alone() -> None:
    """The same run is told of under the same id, another under another; a release completes what was held."""
    first, again, held = (event()["run"]["runId"], event()["run"]["runId"], event(status="held", published_at=None)["run"]["runId"])
    assert first == again == held == str(uuid.UUID(first))
    assert event(run_id="another")["run"]["runId"] != first
    assert event(table="returns")["run"]["runId"] != first
    assert event(region="eu-central-1")["run"]["runId"] != first


def test_a_published_run_says_what_it_wrote() -> None:
    """Rows, bytes and files of both tables, and the version that readers see."""
    made = event()
    good, bad = made["outputs"]
    assert (made["eventType"], made["eventTime"]) == ("COMPLETE", "2026-11-22T10:01:05+00:00")
    assert _numbers(good["outputFacets"]["outputStatistics"]) == {"rowCount": 6, "size": 66, "fileCount": 2}
    assert _numbers(bad["outputFacets"]["outputStatistics"]) == {"rowCount": 3, "size": 33, "fileCount": 1}
    assert _numbers(made["inputs"][0]["inputFacets"]["inputStatistics"]) == {"rowCount": 10, "size": 400, "fileCount": 1}
    assert good["facets"]["version"]["datasetVersion"] == "9"
    assert good["facets"]["storage"]["storageLayer"] == "iceberg"
    assert "storage" not in bad["facets"]


def test_a_held_run_wrote_nothing_that_readers_see() -> None:
    """ABORT, no version, no statistics of the table; what was quarantined is there."""
    made = event(status="held", published_at=None, table_version=None)
    assert (made["eventType"], made["eventTime"]) == ("ABORT", "2026-11-22T10:01:00+00:00")
    assert made["outputs"][0]["outputFacets"] == {}
    assert "version" not in made["outputs"][0]["facets"]
    assert made["outputs"][1]["outputFacets"]["outputStatistics"]["rowCount"] == 3


def test_a_run_without_bad_rows_has_one_output() -> None:
    """A quarantine table that nothing went to is none of its outputs."""
    nothing = {"files": [], "rows": 0, "replaced_rows": 0, "replaced_files": [], "base_version": ""}
    assert [one["name"] for one in event(quarantined=nothing)["outputs"]] == ["table/shop/orders"]


def test_the_equation_is_a_test_of_the_run() -> None:
    """Whoever reads the event alone can check it."""
    (accounting,) = event()["run"]["facets"]["test"]["tests"]
    assert (accounting["status"], accounting["expected"], accounting["actual"]) == ("pass", "10", "10")
    assert accounting["params"] == MANIFEST["counts"]
    (lost,) = event(counts={**MANIFEST["counts"], "good": 5})["run"]["facets"]["test"]["tests"]
    assert (lost["status"], lost["actual"]) == ("fail", "9")


def test_columns_come_from_what_the_producer_calls_them() -> None:
    """By their own names, with the kind of change; rows are filtered by the columns that have rules or types to break."""
    lineage = event()["outputs"][0]["facets"]["columnLineage"]
    shown = {
        name: [(one["field"], one["transformations"][0]["subtype"]) for one in field["inputFields"]]
        for name, field in lineage["fields"].items()
    }
    assert shown == {
        "order_id": [("order_id", "TRANSFORMATION")],
        "note": [("Note to us", "IDENTITY")],
        "ordered_at": [("ordered_at", "TRANSFORMATION")],
        "country": [("country", "IDENTITY")],
    }
    assert lineage["fields"]["ordered_at"]["inputFields"][0]["transformations"][0]["description"] == "cast to date, read as dd.MM.yyyy"
    assert [one["field"] for one in lineage["dataset"]] == ["order_id", "ordered_at", "country"]
    inputs = {(one["namespace"], one["name"]) for one in event()["inputs"]}
    assert {(one["namespace"], one["name"]) for field in lineage["fields"].values() for one in field["inputFields"]} == inputs


def test_rules_of_the_gate_are_assertions_without_delivered_values() -> None:
    """A smallest value stands in a delivered row; a number of rows does not."""
    made = event()
    enough, cheapest = made["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (enough["assertion"], enough["success"], enough["severity"], enough["expected"], enough["actual"]) == (
        "rows",
        True,
        "error",
        ">= 3",
        "6",
    )
    assert (cheapest["column"], cheapest["success"], cheapest["severity"]) == ("order_id", False, "warn")
    assert "987654" not in json.dumps(made)
    assert "dataQualityAssertions" not in event(gate={"verdict": "pass", "results": []})["inputs"][0]["inputFacets"]


def test_the_execution_is_the_parent() -> None:
    """Found again from the event; without one there is no parent."""
    facets = event()["run"]["facets"]
    assert {"key": "execution", "value": EXECUTION} in facets["executionParameters"]["parameters"]
    assert facets["parent"]["job"]["name"] == "shop.orders"
    assert facets["parent"]["run"]["runId"] == str(uuid.uuid5(uuid.NAMESPACE_URL, EXECUTION))
    alone = event(execution="")["run"]["facets"]
    assert "parent" not in alone
    assert "execution" not in {one["key"] for one in alone["executionParameters"]["parameters"]}


def test_an_event_of_a_wide_table_and_many_files_fits_where_it_is_sent() -> None:
    """Amazon DataZone takes 300,000 bytes."""
    wide = text([column(f"a_rather_long_name_of_column_{number}", "bigint", required=True) for number in range(400)])
    one = MANIFEST["files"][0]
    many = [{**one, "path": one["path"].replace("orders.csv", f"part-{number:05}-of-a-delivery.csv")} for number in range(5_000)]
    made = event(wide, files=many, gate={"verdict": "pass", "results": []})
    assert len(json.dumps(made, ensure_ascii=False).encode()) < 300_000
    assert len(made["inputs"][0]["inputFacets"]["subset"]["inputCondition"]["locations"]) == MOST_FILES
    assert made["inputs"][0]["inputFacets"]["inputStatistics"]["fileCount"] == 5_000


def _numbers(facet: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facet.items() if not key.startswith("_")}
