"""Which directories of a Parquet table readers see: partitions in Glue's catalog, or a JSON file in a folder. A port with two sides.

A run is registered by one call. Glue answers such a call with a list of those partitions it could not create, so it does not promise all or
nothing; what was created beside a refused one is taken back here. The file in a folder is replaced as a whole. Glue's side is rehearsed
against an emulation (moto) only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import PublishError
from .places import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

RUN_KEY = "_run_id"
"""A table's last partition key, by which several runs may add to the same values."""
BATCH = 100
"""Partitions that one call to the catalog takes.

https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
"""
_DELETED_A_CALL = 25
"""https://docs.aws.amazon.com/glue/latest/webapi/API_BatchDeletePartition.html"""

Values = tuple[str, ...]


class PartitionRegistry(Protocol):
    """The partitions of one table."""

    @property
    def name(self) -> str:
        """The table, for messages."""
        ...

    def keys(self) -> list[str]:
        """The names of the partition keys.

        Raises:
            PublishError: If there is no such table.
        """
        ...

    def partitions(self) -> dict[Values, str]:
        """Where each partition stands; locations end without a slash."""
        ...

    def remove(self, doomed: Sequence[Values]) -> None:
        """Takes partitions from readers; their files stay."""
        ...

    def register(self, wanted: Mapping[Values, str], check: Callable[[Mapping[Values, str]], None]) -> None:
        """Registers at most `BATCH` partitions in one step; those that stand there already are left.

        Args:
            wanted: Locations by values.
            check: Called with what is registered, as late as the registry can; what it raises leaves everything as it was.

        Raises:
            PublishError: If one of them stands elsewhere, or could not be registered; then none is.
        """
        ...


@dataclass(frozen=True)
class GlueRegistry:
    """Partitions in Glue's catalog. The check and the registration are two calls: runs of one product do not overlap in Glue.

    Args:
        client: A boto3 Glue client.
    """

    client: Any
    database: str
    table: str

    @property
    def name(self) -> str:
        """The table, for messages."""
        return f"{self.database}.{self.table}"

    def keys(self) -> list[str]:
        """The names of the partition keys."""
        return [key["Name"] for key in self._description().get("PartitionKeys", [])]

    def partitions(self) -> dict[Values, str]:
        """Where each partition stands, asked for without the columns that each of them carries."""
        pages = self.client.get_paginator("get_partitions").paginate(
            DatabaseName=self.database, TableName=self.table, ExcludeColumnSchema=True
        )
        return {
            tuple(one["Values"]): one["StorageDescriptor"]["Location"].rstrip("/") for page in pages for one in page.get("Partitions", [])
        }

    def register(self, wanted: Mapping[Values, str], check: Callable[[Mapping[Values, str]], None]) -> None:
        """One call of BatchCreatePartition."""
        descriptor = self._description()["StorageDescriptor"]
        check(self.partitions())
        entries = [
            {"Values": list(values), "StorageDescriptor": {**descriptor, "Location": f"{place}/"}} for values, place in wanted.items()
        ]
        answer = self.client.batch_create_partition(DatabaseName=self.database, TableName=self.table, PartitionInputList=entries)
        refused = {tuple(error["PartitionValues"]): error["ErrorDetail"] for error in answer.get("Errors", [])}
        problems: list[str] = []
        for values, detail in refused.items():
            if detail["ErrorCode"] != "AlreadyExistsException":
                problems.append(str(detail["ErrorCode"]))
            elif self._location(values) != wanted[values]:
                problems.append(conflict(self._location(values), wanted[values]))
        if problems:
            self.remove([values for values in wanted if values not in refused])
            message = f"{self.name}: {'; '.join(problems)}"
            raise PublishError(message)

    def _description(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.client.get_table(DatabaseName=self.database, Name=self.table)["Table"]
        except self.client.exceptions.EntityNotFoundException as error:
            message = f"{self.name} is not in the catalog; deploy it before its pipeline runs"
            raise PublishError(message) from error
        return found

    def _location(self, values: Values) -> str:
        partition = self.client.get_partition(DatabaseName=self.database, TableName=self.table, PartitionValues=list(values))
        return str(partition["Partition"]["StorageDescriptor"]["Location"]).rstrip("/")

    def remove(self, doomed: Sequence[Values]) -> None:
        """Calls of BatchDeletePartition."""
        for start in range(0, len(doomed), _DELETED_A_CALL):
            some = [{"Values": list(values)} for values in doomed[start : start + _DELETED_A_CALL]]
            self.client.batch_delete_partition(DatabaseName=self.database, TableName=self.table, PartitionsToDelete=some)


@dataclass(frozen=True)
class FolderRegistry:
    """The same as a JSON file, replaced as a whole under a lock, so that two runs at once cannot overwrite each other.

    Args:
        folder: Holds a file for each table; made when the first run is registered.
        partition_keys: Of a table that has no file yet.
    """

    folder: str
    database: str
    table: str
    partition_keys: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table, for messages."""
        return f"{self.database}.{self.table}"

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.folder) / f"{self.database}.{self.table}.partitions.json"

    def keys(self) -> list[str]:
        """The names of the partition keys."""
        return list(self._read()["keys"])

    def partitions(self) -> dict[Values, str]:
        """Where each partition stands."""
        return {tuple(one["values"]): one["location"] for one in self._read()["partitions"]}

    def register(self, wanted: Mapping[Values, str], check: Callable[[Mapping[Values, str]], None]) -> None:
        """Replaces the file."""
        with self._locked():
            standing = self.partitions()
            check(standing)
            problems = [conflict(standing[values], place) for values, place in wanted.items() if standing.get(values, place) != place]
            if problems:
                message = f"{self.name}: {'; '.join(problems)}"
                raise PublishError(message)
            self._replace({**standing, **wanted})

    def remove(self, doomed: Sequence[Values]) -> None:
        """Replaces the file."""
        with self._locked():
            self._replace({values: place for values, place in self.partitions().items() if values not in doomed})

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, partitions: Mapping[Values, str]) -> None:
        entries = [{"values": list(values), "location": partitions[values]} for values in sorted(partitions)]
        unfinished = self.path.with_name(f".{self.path.name}.unfinished")
        unfinished.write_text(json.dumps({"keys": self.keys(), "partitions": entries}, indent=2, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(self.path)

    def _read(self) -> dict[str, Any]:
        if not self.path.exists():
            return {"keys": list(self.partition_keys), "partitions": []}
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found


def conflict(standing: str, wanted: str) -> str:
    """That registering one place would hide another."""
    return f"a partition stands at {shown(standing)}, and registering {shown(wanted)} would hide what is there"
