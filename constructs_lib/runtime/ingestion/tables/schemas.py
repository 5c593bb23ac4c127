"""Types between Spark, Iceberg and Arrow, with field ids kept. No storage here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.transforms import parse_transform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)
from pyspark.sql import types as T  # noqa: N812 - the name everybody gives it

from ..errors import PublishError
from .partition_values import partition_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.types import IcebergType

    from ..spec import JobSpec
    from .arrow_files import Key

_TO_ICEBERG: dict[type[T.DataType], IcebergType] = {
    T.BooleanType: BooleanType(),
    T.ByteType: IntegerType(),
    T.ShortType: IntegerType(),
    T.IntegerType: IntegerType(),
    T.LongType: LongType(),
    T.FloatType: FloatType(),
    T.DoubleType: DoubleType(),
    T.StringType: StringType(),
    T.DateType: DateType(),
    T.TimestampType: TimestamptzType(),
    T.TimestampNTZType: TimestampType(),
    T.BinaryType: BinaryType(),
}
_TO_SPARK: dict[type[IcebergType], T.DataType] = {
    **{type(iceberg): spark() for spark, iceberg in _TO_ICEBERG.items() if spark not in {T.ByteType, T.ShortType}},
    FixedType: T.BinaryType(),
}
_SPARK_FIELD_ID = "parquet.field.id"


def to_iceberg(type_: T.DataType) -> IcebergType:
    """The Iceberg type of a Spark type; nested parts have no ids of their own yet."""
    if isinstance(type_, T.DecimalType):
        return DecimalType(type_.precision, type_.scale)
    if isinstance(type_, T.ArrayType):
        return ListType(element_id=0, element=to_iceberg(type_.elementType), element_required=False)
    if isinstance(type_, T.MapType):
        return MapType(
            key_id=0, key_type=to_iceberg(type_.keyType), value_id=0, value_type=to_iceberg(type_.valueType), value_required=False
        )
    if isinstance(type_, T.StructType):
        fields = (NestedField(field_id=0, name=one.name, field_type=to_iceberg(one.dataType), required=False) for one in type_.fields)
        return StructType(*fields)
    return _TO_ICEBERG[type(type_)]


def new_schema(spec: JobSpec, rows: T.StructType) -> Schema:
    """The schema of a table that is created from its spec: ids numbered as a first lock would."""
    required = {column.name for column in spec.columns if column.required}
    fields = [
        NestedField(field_id=at, name=field.name, field_type=to_iceberg(field.dataType), required=field.name in required)
        for at, field in enumerate(rows.fields, start=1)
    ]
    return assign_fresh_schema_ids(Schema(*fields))


def new_partition_spec(spec: JobSpec, schema: Schema) -> PartitionSpec:
    """The partitioning of such a table, its fields named as the deployed tables' are."""
    taken = set(schema.column_names)
    fields = []
    for at, (column, transform) in enumerate(spec.partitioning):
        name = column
        if transform != "identity":
            name = f"{column}_{re.sub(r'[^a-z0-9]+', '_', transform).strip('_')}"
            while name in taken:
                name += "_part"
            taken.add(name)
        source = schema.find_field(column).field_id
        fields.append(
            PartitionField(source_id=source, field_id=PARTITION_FIELD_ID_START + at, transform=parse_transform(transform), name=name)
        )
    return PartitionSpec(*fields)


def to_spark(type_: IcebergType) -> T.DataType:
    """The Spark type by which files of an Iceberg table are read: fields are found by id wherever Spark has a place for one."""
    if isinstance(type_, DecimalType):
        return T.DecimalType(type_.precision, type_.scale)
    if isinstance(type_, ListType):
        return T.ArrayType(to_spark(type_.element_type), True)  # noqa: FBT003 - Spark's signature
    if isinstance(type_, MapType):
        return T.MapType(to_spark(type_.key_type), to_spark(type_.value_type), True)  # noqa: FBT003 - Spark's signature
    if isinstance(type_, StructType):
        return spark_struct(type_.fields)
    return _TO_SPARK[type(type_)]


def spark_struct(fields: Sequence[NestedField]) -> T.StructType:
    """The fields with their ids in Spark's metadata."""
    return T.StructType(
        [T.StructField(one.name, to_spark(one.field_type), True, {_SPARK_FIELD_ID: one.field_id}) for one in fields]  # noqa: FBT003
    )


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema that files of the table are written with: field ids at every level, offsets as small as Spark sends them."""
    large = schema_to_pyarrow(schema, include_field_ids=True)
    return pa.schema([_small_field(field) for field in large])


def _small_field(field: pa.Field) -> pa.Field:
    return field.with_type(_small(field.type))


def _small(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(type_):
        return pa.string()
    if pa.types.is_large_binary(type_):
        return pa.binary()
    if pa.types.is_large_list(type_) or pa.types.is_list(type_):
        return pa.list_(_small_field(type_.value_field))
    if pa.types.is_map(type_):
        return pa.map_(_small_field(type_.key_field), _small_field(type_.item_field))
    if pa.types.is_struct(type_):
        return pa.struct([_small_field(type_.field(at)) for at in range(type_.num_fields)])
    return type_


@dataclass(frozen=True)
class IcebergLayout:
    """Rows as files of an Iceberg table; a column that they lack is NULL. Holds texts: they travel to executors.

    Args:
        schema: The table's, as JSON.
        partition_spec: The table's, as JSON.
    """

    schema: str
    partition_spec: str

    def arrange(self, table: pa.Table) -> tuple[list[pa.Array], pa.Table]:
        """The text of each partition field for every row, and the rows with the table's columns, types and ids."""
        schema, spec, target = self._parsed()
        columns: list[Any] = []
        for field in target:
            if field.name in table.column_names:
                columns.append(_cast(table.column(field.name).combine_chunks(), field))
            else:
                columns.append(pa.nulls(table.num_rows, field.type))
        stored = pa.Table.from_arrays(columns, schema=target)
        return partition_texts(stored, spec, schema), stored

    def folder(self, key: Key) -> str:  # noqa: ARG002 - Iceberg keeps the values in its manifests
        """None: where a file stands says nothing."""
        return ""

    def _parsed(self) -> tuple[Schema, PartitionSpec, pa.Schema]:
        key = (self.schema, self.partition_spec)
        if key not in _PARSED:
            schema = Schema.model_validate_json(self.schema)
            _PARSED[key] = (schema, PartitionSpec.model_validate_json(self.partition_spec), arrow_schema(schema))
        return _PARSED[key]


_PARSED: dict[tuple[str, str], tuple[Schema, PartitionSpec, pa.Schema]] = {}


def _cast(column: Any, field: pa.Field) -> Any:
    if not field.nullable and column.null_count:
        message = f"{column.null_count} rows have no {field.name}, which the table requires"
        raise PublishError(message)
    return column if column.type == field.type else column.cast(field.type)


def layout_of(schema: Schema, spec: PartitionSpec) -> IcebergLayout:
    """The layout of a table's files."""
    return IcebergLayout(schema.model_dump_json(), spec.model_dump_json())


def widens(narrow: IcebergType, wide: IcebergType) -> bool:
    """Whether every value of the one type is one of the other, and Iceberg lets a column go that way.

    https://iceberg.apache.org/spec/#schema-evolution
    """
    if isinstance(narrow, DecimalType) and isinstance(wide, DecimalType):
        return narrow.scale == wide.scale and narrow.precision < wide.precision
    return (type(narrow), type(wide)) in {(IntegerType, LongType), (FloatType, DoubleType)}


def fitting(rows: T.StructType, schema: Schema, table: str) -> None:
    """Holds the columns of rows against the table's.

    Raises:
        PublishError: If the table lacks one of them, requires one that is not among them, or has one under a type that does not hold it.
    """
    columns = rows.names
    known = {field.name for field in schema.fields}
    lacking = [name for name in columns if name not in known]
    missing = [field.name for field in schema.fields if field.required and field.name not in columns]
    others = []
    for row_field in rows.fields:
        if row_field.name in known:
            stored, delivered = schema.find_type(row_field.name), to_iceberg(row_field.dataType)
            if to_spark(stored).simpleString() != to_spark(delivered).simpleString() and not widens(delivered, stored):
                others.append(f"{row_field.name} ({to_spark(stored).simpleString()}, not {row_field.dataType.simpleString()})")
    if lacking or missing or others:
        found = [f"{table} lacks the columns {', '.join(lacking)}"] * bool(lacking)
        found += [f"{table} requires {', '.join(missing)}, which the rows lack"] * bool(missing)
        found += [f"{table} has other types: {', '.join(others)}"] * bool(others)
        message = f"{'; '.join(found)}: deploy the contract's tables before its pipeline runs"
        raise PublishError(message)
