"""A table over data that others append, whose partitions Athena computes. What a pipeline writes never is one."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_glue as glue
from constructs import Construct

from constructs_lib.catalog.databases import check_name
from constructs_lib.core import misuse, removal_policy as checked_removal_policy
from lakemodel.contracts.catalog_text import PARAMETER_PREFIX, comment, description as fitted
from lakemodel.limits import Quota, limit
from lakemodel.types.glue import glue_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import RemovalPolicy, aws_s3 as s3

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.catalog.projections import Projection
    from lakemodel.contracts.model import Column

_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


class ProjectedTable(Construct):
    """A table of files that somebody else appends (logs, exports, deliveries of a service), with partition projection.

    Athena computes the partitions and ignores those of the catalog; Glue jobs, Spark and Redshift Spectrum see none. A file is visible the
    moment it lands, so nothing can be published whole: tables that a pipeline writes are `IcebergTable` or `ParquetTable`, which have no
    way to switch projection on, and no pipeline takes this one.

    Lake Formation governs the table only where its location is registered (`governance.DataLocation`). Where it is not, a reader needs IAM
    and S3 rights of its own on the prefix, and column and row grants protect nothing. Do not put it below a prefix of a zone.

    Args:
        database: Where it goes.
        table_name: Its name: lower-case letters, digits and underscores.
        bucket: The bucket in which the files stand.
        prefix: The part of the keys that all of them share: `exports/clicks/`.
        columns: What is in the files.
        partitions: Each partition key with its values, outermost first.
        data_format: How the files are written.
        owner: Who answers for it.
        classification: The class of all of it.
        location_template: Where a partition stands, each key as `${key}`; Hive's `key=value/` below the prefix when left out.
        description: None when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `catalog_name`, `columns`, `projection`, `location_template`, `table_too_large`, `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: LakeDatabase,
        table_name: str,
        bucket: s3.IBucket,
        prefix: str,
        columns: Sequence[Column],
        partitions: Mapping[str, Projection],
        data_format: glue.DataFormat,
        owner: str,
        classification: str,
        location_template: str | None = None,
        description: str | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_name(self, "table", table_name)
        prefix = prefix.strip("/")
        self.database_name = database.database_name
        self.table_name = table_name
        self.location = f"s3://{bucket.bucket_name}/{prefix}/" if prefix else f"s3://{bucket.bucket_name}/"
        self.column_names = self._check_columns(columns, partitions)
        if location_template is None:
            location_template = self.location + "".join(f"{key}=${{{key}}}/" for key in partitions)
        self._check_template(location_template, partitions)
        table_input: dict[str, Any] = {
            "name": table_name,
            "tableType": "EXTERNAL_TABLE",
            "parameters": _parameters(partitions, location_template, owner, classification, data_format),
            "partitionKeys": [{"name": key, "type": glue_type(one.type)} for key, one in partitions.items()],
            "storageDescriptor": {
                "columns": [_column(column) for column in columns],
                "location": self.location,
                "inputFormat": data_format.input_format.class_name,
                "outputFormat": data_format.output_format.class_name,
                "serdeInfo": {"serializationLibrary": data_format.serialization_library.class_name},
            },
        }
        if description is not None:
            table_input["description"] = fitted(description)
        self._check_size(table_input)
        # The typed L1: the L2 passes numbers of 64 bits through JavaScript, which rounds them.
        self.resource = glue.CfnTable(
            self, "Resource", catalog_id=database.catalog_id, database_name=self.database_name, table_input=table_input
        )
        self.resource.apply_removal_policy(checked_removal_policy(self, removal_policy))
        if not database.precedes(scope):
            database.precede(self)

    def _check_columns(self, columns: Sequence[Column], partitions: Mapping[str, Projection]) -> tuple[str, ...]:
        names = (*(column.name for column in columns), *partitions)
        for name in names:
            check_name(self, "column", name)
        if not columns or len(set(names)) != len(names):
            msg = f"got columns {', '.join(names) or 'none'}; needed is at least one in the files, each name once, partition keys too"
            raise misuse(self, msg, code="columns")
        if not partitions:
            msg = "got no partition; every partition key has a projection, and a table without any needs no projection: take another table"
            raise misuse(self, msg, code="projection")
        return names

    def _check_template(self, template: str, partitions: Mapping[str, Projection]) -> None:
        # The bucket's name may be a token, which is written with the same braces.
        path = template.removeprefix(self.location)
        found = _PLACEHOLDER.findall(path)
        if path == template or sorted(found) != sorted(partitions) or not template.endswith("/"):
            msg = (
                f"got location_template {template}; it has to start with {self.location}, end in a slash, and name each "
                f"partition key once: {', '.join(f'${{{key}}}' for key in partitions)}"
            )
            raise misuse(self, msg, code="location_template")

    def _check_size(self, table_input: dict[str, Any]) -> None:
        size, most = len(gzip.compress(json.dumps(table_input).encode())), limit(Quota.GLUE_TABLE_METADATA_BYTES).value
        if size > most:
            msg = f"its metadata has {size:,} bytes compressed; Glue keeps {most:,}: project fewer enum values, or inject the key"
            raise misuse(self, msg, code="table_too_large")


def _column(column: Column) -> dict[str, str]:
    said = {"name": column.name, "type": glue_type(column.type)}
    return said | ({"comment": comment(column.description)} if column.description else {})


def _parameters(
    partitions: Mapping[str, Projection], location_template: str, owner: str, classification: str, data_format: glue.DataFormat
) -> dict[str, str]:
    said = {"projection.enabled": "true", "storage.location.template": location_template}
    for key, one in partitions.items():
        said |= {f"projection.{key}.{name}": value for name, value in one.properties.items()}
    if data_format.classification_string is not None:
        said["classification"] = data_format.classification_string.value
    return said | {f"{PARAMETER_PREFIX}owner": owner, f"{PARAMETER_PREFIX}classification": classification}
