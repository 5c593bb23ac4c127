"""OpenLineage run events: which files a run read, which tables it wrote, with what columns and quality.

One event a run, when it ends: everything about it in one place, whatever a collector has seen before. The job writes it beside its
manifest (`.lineage.json`) and the state machine's notice names its address; from there it can be sent on, such as to Amazon DataZone, which
takes run events of at most 300,000 bytes (PostLineageEvent): what is listed in it is limited. Nothing in it is a delivered value.

- Input: the table's prefix in raw, the same for every run, so that a graph of lineage has one node and not one a file; the files of the
  run are its `subset`. A delivery from anywhere else is named as it was given.
- Outputs: the table and, where rows were quarantined, its quarantine table, by the names of Glue's catalog; their folders on a laptop.
- The equation input = good + quarantined + duplicates is the run's test `accounting`; rules of the gate are assertions.

Only facets of the standard are used. They need no package: the tests hold events against the classes of `openlineage-python` 1.54.
https://openlineage.io/docs/spec/object-model, https://openlineage.io/docs/spec/naming
https://docs.aws.amazon.com/datazone/latest/APIReference/API_PostLineageEvent.html
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .manifest import GateEntry, Manifest, WrittenEntry
    from .spec import ColumnSpec, JobSpec

SPEC_URL: Final = "https://openlineage.io/spec"
MOST_FILES: Final = 200
"""Files that the event names; the manifest names them all."""
MOST_FILTER_COLUMNS: Final = 100
"""Columns that the event names as filters of rows; each of more would cost the event 200 bytes."""

_FACETS: Final = {
    "catalog": ("1-1-0", "CatalogDatasetFacet"),
    "columnLineage": ("1-2-0", "ColumnLineageDatasetFacet"),
    "dataQualityAssertions": ("1-1-0", "DataQualityAssertionsDatasetFacet"),
    "dataQualityMetrics": ("1-0-3", "DataQualityMetricsInputDatasetFacet"),
    "dataSource": ("1-0-1", "DatasourceDatasetFacet"),
    "datasetType": ("1-0-1", "DatasetTypeDatasetFacet"),
    "executionParameters": ("1-0-0", "ExecutionParametersRunFacet"),
    "inputStatistics": ("1-0-0", "InputStatisticsInputDatasetFacet"),
    "jobType": ("2-0-4", "JobTypeJobFacet"),
    "outputStatistics": ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
    "parent": ("1-2-0", "ParentRunFacet"),
    "processing_engine": ("1-1-1", "ProcessingEngineRunFacet"),
    "schema": ("1-2-0", "SchemaDatasetFacet"),
    "storage": ("1-0-1", "StorageDatasetFacet"),
    "symlinks": ("1-0-1", "SymlinksDatasetFacet"),
    "test": ("1-0-1", "TestRunFacet"),
    "version": ("1-0-1", "DatasetVersionDatasetFacet"),
}
_SUBSET: Final = f"{SPEC_URL}/facets/1-0-0/BaseSubsetDatasetFacet.json#/$defs/InputSubsetInputDatasetFacet"
_EVENT_TYPES: Final = {"published": "COMPLETE", "held": "ABORT", "written": "OTHER"}
_SEVERITIES: Final = {"block": "error", "warn": "warn"}
_DELIVERED_VALUES: Final = frozenset({"minimum", "maximum"})
"""Metrics whose measured number is a delivered value."""
_PARTITIONS: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-isob-": "aws-iso-b",
    "us-iso-": "aws-iso",
}
"""By how the names of their Regions begin; all others are of the partition aws."""


def run_event(
    manifest: Manifest, spec: JobSpec, *, producer: str, region: str = "", account: str = "", engine_version: str = ""
) -> dict[str, Any]:
    """The event of a run that ended.

    `COMPLETE` when readers see it, `ABORT` when the gate holds it, `OTHER` when it was told not to publish. The same manifest gives the
    same event; a run that is released after it was held has the same run id, so that its `COMPLETE` takes the place of the `ABORT`.

    Args:
        manifest: What the run says of itself.
        spec: What it was told of its table.
        producer: URI of the code that produces the event.
        region: Of the catalog; empty on a laptop, where the tables are named by their folders.
        account: Of the catalog.
        engine_version: Of Spark; not told when left out.
    """
    made = _Event(manifest, spec, producer, _arn_prefix("glue", region, account), _arn_prefix("states", region, account) or "local")
    run_id = _uuid(made.scheduler, manifest["product"], manifest["table"], manifest["run_id"])
    return {
        "eventType": _EVENT_TYPES[manifest["status"]],
        "eventTime": manifest["published_at"] or manifest["written_at"],
        "producer": producer,
        "schemaURL": f"{SPEC_URL}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id, "facets": made.run(engine_version)},
        "job": {"namespace": made.scheduler, "name": f"{manifest['product']}.{manifest['table']}", "facets": made.job()},
        "inputs": [made.input()],
        "outputs": made.outputs(),
    }


def dataset(path: str) -> tuple[str, str]:
    """Namespace and name of files: bucket and key in S3, `file` and the absolute path on disk; without a slash at the end."""
    if path.startswith("s3://"):
        bucket, _, key = path.removeprefix("s3://").partition("/")
        return f"s3://{bucket}", key.rstrip("/")
    return "file", os.path.abspath(path.removeprefix("file://"))  # noqa: PTH100 - of a path that may be gone, links not followed


class _Event:
    """What the parts of one event have in common."""

    def __init__(self, manifest: Manifest, spec: JobSpec, producer: str, catalog: str, scheduler: str) -> None:
        self.manifest = manifest
        self.spec = spec
        self.producer = producer
        self.catalog = catalog
        self.scheduler = scheduler
        self.source = dataset(_table_folder(manifest["input"], spec))

    def _facets(self, **facets: Mapping[str, Any] | None) -> dict[str, Any]:
        """The facets that there are, each with its producer and its schema."""
        base = {name: f"{SPEC_URL}/facets/{version}/{kind}.json#/$defs/{kind}" for name, (version, kind) in _FACETS.items()}
        base["subset"] = _SUBSET
        return {
            name: {"_producer": self.producer, "_schemaURL": base[name], **values} for name, values in facets.items() if values is not None
        }

    def run(self, engine_version: str) -> dict[str, Any]:
        manifest = self.manifest
        told = {name: manifest[name] for name in ("run_id", "execution", "contract_version", "job_version", "since", "until")}
        parent = {
            "run": {"runId": _uuid(manifest["execution"])},
            "job": {"namespace": self.scheduler, "name": manifest["product"]},
        }
        return self._facets(
            processing_engine={"name": "spark", "version": engine_version} if engine_version else None,
            parent=parent if manifest["execution"] else None,
            executionParameters={"parameters": [{"key": key, "value": value} for key, value in told.items() if value]},
            test={"tests": [self._accounting()]},
        )

    def _accounting(self) -> dict[str, Any]:
        counts = self.manifest["counts"]
        parts = ("good", "quarantined", "duplicates")
        total = counts["good"] + counts["quarantined"] + counts["duplicates"]
        return {
            "name": "accounting",
            "type": "row_count",
            "status": "pass" if total == counts["input"] else "fail",
            "severity": "error",
            "description": f"input = {' + '.join(parts)}",
            "expected": str(counts["input"]),
            "actual": str(total),
            "params": dict(counts),
        }

    def job(self) -> dict[str, Any]:
        return self._facets(jobType={"processingType": "BATCH", "integration": "SPARK", "jobType": "JOB"})

    def input(self) -> dict[str, Any]:
        manifest = self.manifest
        namespace, name = self.source
        files = manifest["files"]
        statistics = {"rowCount": manifest["counts"]["input"], "fileCount": len(files)}
        size = sum(file["size"] for file in files)
        assertions = [self._assertion(entry) for entry in manifest["gate"]["results"]]
        columns = [{"name": column.source_name, "ordinal_position": at} for at, column in enumerate(self.spec.columns, start=1)]
        locations = [file["path"] for file in files[:MOST_FILES]]
        return {
            "namespace": namespace,
            "name": name,
            "facets": self._facets(
                dataSource={"name": namespace, "uri": f"{namespace}/{name}" if namespace != "file" else f"file://{name}"},
                datasetType={"datasetType": "FILE"},
                schema={"fields": columns},
            ),
            "inputFacets": self._facets(
                inputStatistics={**statistics, "size": size},
                dataQualityMetrics={**statistics, "bytes": size, "columnMetrics": {}},
                dataQualityAssertions={"assertions": assertions} if assertions else None,
                subset={"inputCondition": {"type": "location", "locations": locations}} if locations else None,
            ),
        }

    def _assertion(self, entry: GateEntry) -> dict[str, Any]:
        """A rule of the gate; what was measured is told unless it is a delivered value."""
        rule = next((rule for rule in self.spec.gate if rule.name == entry["name"]), None)
        told: dict[str, Any] = {
            "assertion": rule.metric if rule else "custom",
            "name": entry["name"],
            "success": entry["passed"],
            "severity": _SEVERITIES[entry["severity"]],
            "description": entry["rule"],
        }
        if rule:
            told["expected"] = f"{rule.operator} {rule.threshold:g}"
            if rule.column:
                told["column"] = self.spec.columns[self.spec.index_of(rule.column)].source_name
        if rule and entry["measured"] is not None and rule.metric not in _DELIVERED_VALUES:
            told["actual"] = f"{entry['measured']:g}"
        return told

    def outputs(self) -> list[dict[str, Any]]:
        manifest, spec = self.manifest, self.spec
        good = self._table(spec.database, manifest["curated_location"], spec.format)
        version = manifest["table_version"]
        seen = manifest["status"] == "published"
        fields = [{"name": column.name, "type": column.type, "ordinal_position": at} for at, column in enumerate(spec.columns, start=1)]
        good["facets"] |= self._facets(
            schema={"fields": fields},
            version={"datasetVersion": version} if version else None,
            columnLineage=self._column_lineage(),
        )
        good["outputFacets"] = self._facets(outputStatistics=_statistics(manifest["written"]) if seen else None)
        if not manifest["quarantined"]["rows"]:
            return [good]
        bad = self._table(spec.quarantine_database, manifest["quarantine_location"], "parquet")
        bad["outputFacets"] = self._facets(outputStatistics=_statistics(manifest["quarantined"]))
        return [good, bad]

    def _table(self, database: str, location: str, format_: str) -> dict[str, Any]:
        """A table by its name in Glue's catalog, where there is one, with the folder of its files as its other name."""
        folder = _table_folder(location, self.spec)
        bucket, key = dataset(folder)
        namespace, name = (self.catalog, f"table/{database}/{self.spec.table}") if self.catalog else (bucket, key)
        iceberg = format_ == "iceberg"
        return {
            "namespace": namespace,
            "name": name,
            "facets": self._facets(
                dataSource={"name": namespace, "uri": folder},
                datasetType={"datasetType": "TABLE"},
                storage={"storageLayer": "iceberg", "fileFormat": "parquet"} if iceberg else None,
                catalog={"framework": "iceberg" if iceberg else "hive", "type": "glue", "name": "AwsDataCatalog", "source": "spark"}
                if self.catalog
                else None,
                symlinks={"identifiers": [{"namespace": bucket, "name": key, "type": "LOCATION"}]} if self.catalog else None,
            ),
        }

    def _column_lineage(self) -> dict[str, Any]:
        """Each column out of one delivered column; besides, the columns whose rules decide whether a row is among the good ones."""
        spec = self.spec
        deciding = [column for column in spec.columns if _decides(column, spec)][:MOST_FILTER_COLUMNS]
        filtering = {"type": "INDIRECT", "subtype": "FILTER", "masking": False}
        return {
            "fields": {column.name: {"inputFields": [self._field(column, _transformation(column))]} for column in spec.columns},
            "dataset": [self._field(column, filtering) for column in deciding],
        }

    def _field(self, column: ColumnSpec, transformation: Mapping[str, Any]) -> dict[str, Any]:
        namespace, name = self.source
        return {"namespace": namespace, "name": name, "field": column.source_name, "transformations": [transformation]}


def _transformation(column: ColumnSpec) -> dict[str, Any]:
    if column.type == "string":
        return {"type": "DIRECT", "subtype": "IDENTITY", "masking": False}
    how = f"cast to {column.type}" + (f", read as {column.date_format}" if column.date_format else "")
    return {"type": "DIRECT", "subtype": "TRANSFORMATION", "description": how, "masking": False}


def _decides(column: ColumnSpec, spec: JobSpec) -> bool:
    """Whether its value can keep a row from the good ones: by a rule, or because it may not be of its type."""
    used = {*spec.primary_key, *(name for reference in spec.references for name in reference.columns)}
    return column.type != "string" or column.required or column.unique or bool(column.checks) or column.name in used


def _statistics(written: WrittenEntry) -> dict[str, Any]:
    return {"rowCount": written["rows"], "size": sum(file["size"] for file in written["files"]), "fileCount": len(written["files"])}


def _table_folder(path: str, spec: JobSpec) -> str:
    """The table's folder in a zone, where `path` leads below it; else the path itself."""
    root, found, _ = f"{path}/".rpartition(f"/{spec.prefix}")
    return f"{root}/{spec.prefix}".rstrip("/") if found else path


def _arn_prefix(service: str, region: str, account: str) -> str:
    """How names of a service's things in one account and Region begin; empty where there is no Region."""
    if not region:
        return ""
    partition = next((partition for start, partition in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:{service}:{region}:{account}"


def _uuid(*parts: str) -> str:
    """The same UUID for the same parts: OpenLineage wants UUIDs, and ours are hashes and ARNs."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)))
