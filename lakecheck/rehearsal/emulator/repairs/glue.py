"""Glue's catalog: other accounts' catalogs, resource links, Iceberg tables, and writers that overtake each other.

moto enforces no right of Lake Formation's or IAM's: whoever asks, reads. It also knows nothing of what is shared with whom.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult
from moto.glue.exceptions import GlueClientError, InvalidInputException
from moto.glue.models import FakeDatabase, FakePartition, FakeTable, GlueBackend, glue_backends
from moto.glue.responses import GlueResponse
from moto.s3.models import s3_backends

from lakecheck.rehearsal.emulator.iceberg import (
    Metadata,
    RefusedError,
    declared,
    glue_columns,
    metadata_path,
    new_metadata,
    number_of,
    updated_metadata,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCOUNT = re.compile(r"\d{12}")
_LOCK = threading.RLock()
_MOST_LINKS = 5
_create_table = GlueBackend.create_table
_partition_of, _partitions_of, _partition_shown = FakeTable.get_partition, FakeTable.get_partitions, FakePartition.as_dict
_PARTITIONS = {name: getattr(GlueResponse, name) for name in ("get_partitions", "get_partition", "batch_get_partition")}


def install() -> None:
    """Puts the mends into moto."""
    # moto answers from the caller's catalog whatever CatalogId says.
    GlueResponse.glue_backend = property(_backend)
    # moto returns links as they were put; nothing is found behind them.
    GlueBackend.get_database = _database_behind
    GlueBackend.create_table = _create_table_behind
    GlueResponse.get_database = _get_database
    GlueResponse.get_databases = _get_databases
    GlueResponse.get_table = _get_table
    for name, original in _PARTITIONS.items():
        setattr(GlueResponse, name, _of_target(original))
    # moto leaves CatalogId out of partitions.
    FakeTable.get_partition = _get_partition
    FakeTable.get_partitions = _get_partitions
    FakePartition.as_dict = _shown_partition
    # moto takes no table without TableInput, and writes no metadata: no engine can open its Iceberg tables.
    GlueResponse.create_table = _create
    # moto does not look at VersionId, so that of two writers the later wins silently; and it has no update in Iceberg's words.
    GlueResponse.update_table = _update


def _backend(self: Any) -> GlueBackend:
    asked = self.parameters.get("CatalogId") if self.body else None
    account = asked if isinstance(asked, str) and _ACCOUNT.fullmatch(asked) else self.current_account
    found: GlueBackend = glue_backends[account][self.region]
    return found


def _home(backend: GlueBackend, name: str) -> tuple[GlueBackend, str]:
    """The backend and the name of the database that a name leads to.

    https://docs.aws.amazon.com/lake-formation/latest/dg/resource-links-glue-apis.html
    """
    for _ in range(_MOST_LINKS):
        found = backend.databases.get(name)
        target = (found.input.get("TargetDatabase") if found else None) or {}
        if not target:
            break
        backend = glue_backends[target.get("CatalogId") or backend.account_id][target.get("Region") or backend.region_name]
        name = target["DatabaseName"]
    return backend, name


def _own_database(backend: GlueBackend, name: str) -> FakeDatabase:
    from moto.glue.exceptions import DatabaseNotFoundException  # noqa: PLC0415 - beside its only use

    if name not in backend.databases:
        raise DatabaseNotFoundException(name)
    return backend.databases[name]


def _database_behind(self: GlueBackend, database_name: str) -> FakeDatabase:
    """What tables and partitions are looked up in."""
    _own_database(self, database_name)
    return _own_database(*_home(self, database_name))


def _create_table_behind(self: GlueBackend, database_name: str, *arguments: Any, **named: Any) -> FakeTable:
    backend, name = _home(self, database_name)
    table: FakeTable = _create_table(backend, name, *arguments, **named)
    return table


def _shown(backend: GlueBackend, database: FakeDatabase) -> dict[str, Any]:
    """A database as it is returned: a link keeps its name and target, and shows the rest of what it leads to."""
    own: dict[str, Any] = database.as_dict()
    target, name = _home(backend, database.name)
    if (target, name) == (backend, database.name) or name not in target.databases:
        return own
    return {**target.databases[name].as_dict(), **{key: own[key] for key in ("Name", "CatalogId", "TargetDatabase", "CreateTime")}}


def _get_database(self: Any) -> ActionResult:
    backend = self.glue_backend
    return ActionResult({"Database": _shown(backend, _own_database(backend, self.parameters.get("Name")))})


def _get_databases(self: Any) -> ActionResult:
    backend = self.glue_backend
    return ActionResult({"DatabaseList": [_shown(backend, each) for each in backend.get_databases()]})


def _target_of(table: FakeTable, region: str) -> FakeTable | None:
    """The table that a link to a table leads to, if it is there."""
    stated = table.as_dict().get("TargetTable")
    if not stated:
        return None
    backend, name = _home(
        glue_backends[stated.get("CatalogId") or table.catalog_id][stated.get("Region") or region], stated["DatabaseName"]
    )
    return backend.databases[name].tables.get(stated["Name"]) if name in backend.databases else None


def _get_table(self: Any) -> ActionResult:
    table = self.glue_backend.get_table(self.parameters.get("DatabaseName"), self.parameters.get("Name"))
    own, target = table.as_dict(), _target_of(table, self.region)
    kept = {key: own[key] for key in ("DatabaseName", "Name", "CatalogId", "CreateTime", "VersionId")}
    return ActionResult({"Table": {**own, **target.as_dict(), **kept} if target else own})


def _of_target(original: Any) -> Any:
    """An operation on partitions, asked of the table behind a link."""

    def answer(self: Any) -> Any:
        database, name = self.parameters.get("DatabaseName"), self.parameters.get("TableName")
        target = _target_of(self.glue_backend.get_table(database, name), self.region)
        if target is None:
            return original(self)
        asked = {**self.parameters, "CatalogId": target.catalog_id, "DatabaseName": target.database_name, "TableName": target.name}
        self.body = json.dumps(asked)
        return original(self)

    return answer


def _get_partition(self: FakeTable, values: Any) -> FakePartition:
    found: FakePartition = _partition_of(self, values)
    found.catalog_id = self.catalog_id
    return found


def _get_partitions(self: FakeTable, expression: str) -> list[FakePartition]:
    found: list[FakePartition] = _partitions_of(self, expression)
    for each in found:
        each.catalog_id = self.catalog_id
    return found


def _shown_partition(self: FakePartition) -> dict[str, Any]:
    return {**_partition_shown(self), "CatalogId": self.catalog_id}


def _create(self: Any) -> ActionResult:
    parameters = self.parameters
    table_input = parameters.get("TableInput")
    iceberg = (parameters.get("OpenTableFormatInput") or {}).get("IcebergInput")
    name = (table_input or {}).get("Name") or parameters.get("Name")
    if iceberg is not None:
        stated = iceberg.get("CreateIcebergTableInput")
        if stated and table_input:
            msg = "an Iceberg table is declared by CreateIcebergTableInput or by TableInput, not by both"
            raise InvalidInputException("CreateTable", msg)
        table_input = _iceberg_table(stated or declared(table_input or {}), name, str(iceberg.get("Version") or "2"), table_input or {})
    if not table_input or not name:
        msg = "TableInput with a Name is missing"
        raise InvalidInputException("CreateTable", msg)
    self.glue_backend.create_table(parameters.get("DatabaseName"), name, table_input)
    return EmptyResult()


def _iceberg_table(stated: Mapping[str, Any], name: str, version: str, table_input: Mapping[str, Any]) -> dict[str, Any]:
    """Writes the first metadata of a table and returns how Glue shows it."""
    try:
        metadata = new_metadata(stated, version)
    except (RefusedError, KeyError, ValueError) as error:
        msg = f"Iceberg table {name}: {error}"
        raise InvalidInputException("CreateTable", msg) from error
    path = metadata_path(metadata["location"], 0)
    _write(path, metadata)
    return _as_shown({**table_input, "Name": name}, metadata, path)


def _as_shown(table_input: Mapping[str, Any], metadata: Metadata, path: str) -> dict[str, Any]:
    """`TableInput` of an Iceberg table, as Glue keeps it."""
    parameters = {**(table_input.get("Parameters") or {}), "table_type": "ICEBERG", "metadata_location": path}
    storage = {**(table_input.get("StorageDescriptor") or {}), "Location": metadata["location"], "Columns": glue_columns(metadata)}
    return {**table_input, "TableType": "EXTERNAL_TABLE", "Parameters": parameters, "StorageDescriptor": storage}


def _update(self: Any) -> ActionResult:
    parameters = self.parameters
    backend, database = self.glue_backend, parameters.get("DatabaseName")
    name = (parameters.get("TableInput") or {}).get("Name") or parameters.get("Name")
    with _LOCK:
        table = backend.get_table(database, name)
        table = _target_of(table, self.region) or table
        current = table.as_dict()
        asked = parameters.get("VersionId")
        if asked is not None and str(asked) != current["VersionId"]:
            raise GlueClientError(
                "ConcurrentModificationException", f"Table {name} is at version {current['VersionId']}, the update is of version {asked}"
            )
        iceberg = (parameters.get("UpdateOpenTableFormatInput") or {}).get("UpdateIcebergInput")
        table.update(_iceberg_update(table, iceberg) if iceberg is not None else parameters["TableInput"])
    return EmptyResult()


def _iceberg_update(table: FakeTable, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Writes the next metadata of a table and returns how Glue shows it."""
    current = table.get_version(str(table._current_version))  # noqa: SLF001 - moto has no other way
    path = (current.get("Parameters") or {}).get("metadata_location")
    if not path:
        msg = f"{table.name} is no Iceberg table: it has no metadata_location"
        raise InvalidInputException("UpdateTable", msg)
    metadata: Metadata = json.loads(_object(path))
    try:
        for each in (asked.get("UpdateIcebergTableInput") or {}).get("Updates") or []:
            metadata = updated_metadata(metadata, each, path)
    except (RefusedError, KeyError, ValueError) as error:
        msg = f"Iceberg table {table.name}: {error}"
        raise InvalidInputException("UpdateTable", msg) from error
    written = metadata_path(metadata["location"], number_of(path) + 1)
    _write(written, metadata)
    parameters = {**(current.get("Parameters") or {}), "previous_metadata_location": path}
    return _as_shown({**current, "Parameters": parameters}, metadata, written)


def _bucket(path: str) -> tuple[Any, str, str]:
    name, _, key = path.partition("://")[2].partition("/")
    if name not in s3_backends.bucket_accounts:
        msg = f"the location of an Iceberg table has to be in a bucket that exists: {path}"
        raise InvalidInputException("CreateTable", msg)
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition], name, key


def _write(path: str, metadata: Metadata) -> None:
    backend, bucket, key = _bucket(path)
    backend.put_object(bucket, key, json.dumps(metadata).encode())


def _object(path: str) -> bytes:
    backend, bucket, key = _bucket(path)
    found = backend.get_object(bucket, key)
    if found is None:
        msg = f"there is no metadata at {path}"
        raise InvalidInputException("UpdateTable", msg)
    content: bytes = found.value
    return content
