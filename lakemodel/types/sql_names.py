"""What the type names of the common databases, engines and formats mean; `sql.py` reads whole type expressions with it.

Where one name means different things to different systems, the meaning that loses nothing to any of them is chosen, unless the contract
names the system (`servers[].type`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakemodel.types.model import Decimal, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from lakemodel.types.model import DataType

_K = PrimitiveKind

INTEGERS: Final = {
    **dict.fromkeys(["tinyint", "byteint", "int1", "byte", "i8"], _K.TINYINT),
    **dict.fromkeys(["smallint", "int2", "int16", "short", "smallserial", "serial2", "year", "i16"], _K.SMALLINT),
    **dict.fromkeys(["int", "int4", "int32", "mediumint", "middleint", "serial", "serial4", "signed", "i32"], _K.INT),
    **dict.fromkeys(["bigint", "int8", "int64", "long", "bigserial", "serial8", "integer", "i64"], _K.BIGINT),
}
"""`integer` alone is 64 bits (it is also the logical type); `int8` is 8 bytes to most systems and 8 bits to some: 64 bits hold both."""

INTEGER_AS_INT: Final = frozenset(
    {
        *("postgres", "postgresql", "redshift", "mysql", "mariadb", "cloudsql", "sqlserver", "synapse", "fabric", "db2", "informix"),
        *("databricks", "spark", "hive", "impala", "glue", "athena", "trino", "presto", "duckdb", "clickhouse", "dremio", "teradata"),
    }
)
"""Systems whose `integer` has 32 bits."""

EVERY_INTEGER_AS_BIGINT: Final = frozenset({"bigquery", "snowflake", "oracle", "sqlite", "vertica"})
"""Systems whose integers all have 64 bits or more, whatever they are called: there `smallint` and `int` are other words for it."""

UNSIGNED: Final[dict[str, DataType]] = {
    **dict.fromkeys(["uint8", "utinyint", "u8", "unsignedbyte"], Primitive(_K.SMALLINT)),
    **dict.fromkeys(["uint16", "usmallint", "u16", "unsignedshort"], Primitive(_K.INT)),
    **dict.fromkeys(["uint32", "uinteger", "uint", "u32", "unsignedint"], Primitive(_K.BIGINT)),
    **dict.fromkeys(["uint64", "ubigint", "u64", "unsignedlong"], Decimal(20, 0)),
}

WIDENED: Final[dict[PrimitiveKind, DataType]] = {
    _K.TINYINT: Primitive(_K.SMALLINT),
    _K.SMALLINT: Primitive(_K.INT),
    _K.INT: Primitive(_K.BIGINT),
    _K.BIGINT: Decimal(20, 0),
}
"""What holds every value of an integer type that is followed by `unsigned`."""

DECIMALS: Final = frozenset({"decimal", "numeric", "number", "dec", "bigdecimal", "decimal32", "decimal64", "decimal128"})
# One argument of these is the scale (ClickHouse); the name gives the digits.
SIZED_DECIMALS: Final = {"decimal32": 9, "decimal64": 18, "decimal128": 38}

SINGLES: Final = frozenset({"real", "float4", "float32", "binary_float", "f32", "single"})
DOUBLES: Final = frozenset({"double", "double precision", "float8", "float64", "binary_double", "f64"})
DOUBLE_AS_REAL: Final = frozenset({"mysql", "mariadb", "snowflake", "sqlite"})
SINGLE_AS_FLOAT: Final = frozenset(
    {"databricks", "spark", "hive", "athena", "glue", "impala", "trino", "presto", "mysql", "duckdb", "kafka"}
)
DOUBLE_AS_FLOAT: Final = frozenset(
    {"postgres", "postgresql", "redshift", "snowflake", "sqlserver", "synapse", "oracle", "bigquery", "vertica"}
)

BOOLEANS: Final = frozenset({"boolean", "bool", "logical"})

STRINGS: Final = frozenset(
    {
        *("char", "character", "nchar", "national char", "national character", "bpchar", "varchar", "varchar2", "nvarchar", "nvarchar2"),
        *("character varying", "char varying", "national character varying", "national char varying", "nchar varying"),
        *("text", "ntext", "tinytext", "mediumtext", "longtext", "clob", "nclob", "dbclob", "long varchar", "character large object"),
        *("string", "str", "fixedstring", "keyword", "citext", "sysname", "utf8", "unicode", "token", "nmtoken", "normalizedstring"),
    }
)

TEXTUAL: Final = {
    **dict.fromkeys(["uuid", "guid", "uniqueidentifier"], "uuid"),
    **dict.fromkeys(["json", "jsonb", "bson"], "json"),
    **dict.fromkeys(["xml", "xmltype"], "xml"),
    **dict.fromkeys(["inet", "cidr", "ipaddress", "ipv4", "ipv6", "ip", "macaddr", "macaddr8"], "network address"),
    **dict.fromkeys(["rowid", "urowid", "objectid", "hierarchyid", "ltree", "url", "uri"], "identifier"),
    "enum": "enum",
    "enum8": "enum",
    "enum16": "enum",
    "set": "set",
}
"""Kept as text, with what they are called in findings."""

TIMES: Final = frozenset({"time", "timetz", "time_ntz", "time-millis", "time-micros", "time_millis", "time_micros"})

BINARIES: Final = frozenset(
    {
        *("binary", "varbinary", "binary varying", "bytea", "bytes", "blob", "tinyblob", "mediumblob", "longblob", "raw", "long raw"),
        *("image", "rowversion", "binary large object", "long varbinary"),
    }
)

DATES: Final = frozenset({"date", "date32"})

INSTANTS: Final = {
    "timestamp": None,
    "timestamptz": None,
    "timestamp_tz": None,
    "timestamp_ltz": None,
    "timestampltz": None,
    "datetimeoffset": 7,
    "timestamp-millis": None,
    "timestamp-micros": None,
    "timestamp_millis": None,
    "timestamp_micros": None,
    "timestamp-nanos": 9,
    "timestamp_nanos": 9,
}
"""Moments in time, with the digits of a second they have when none are written (None: at most six)."""

WALL_CLOCKS: Final = {
    "timestamp_ntz": None,
    "timestampntz": None,
    "datetime": None,
    "datetime2": 7,
    "smalldatetime": None,
    "datetime64": None,
    "local-timestamp-millis": None,
    "local-timestamp-micros": None,
    "timestamp_s": None,
    "timestamp_ms": None,
    "timestamp_us": None,
    "timestamp_ns": 9,
}
"""Dates with a time of day and no zone, with their digits as above."""

OFFSETS: Final = frozenset({"timestamp_tz", "datetimeoffset"})
"""These keep the offset a value was written with; the lake keeps the moment only."""

STRUCTS: Final = frozenset({"struct", "row", "record", "object", "nested", "document", "tuple"})
LISTS: Final = frozenset({"array", "list", "repeated"})
MAPS: Final = frozenset({"map"})
VECTORS: Final = frozenset({"vector", "halfvec", "dense_vector"})
TRANSPARENT: Final = frozenset({"nullable", "lowcardinality"})

UNSUPPORTED: Final = {
    **dict.fromkeys(["variant", "super", "sql_variant", "dynamic", "any", "anydata"], "semi-structured"),
    "interval": "interval",
    **dict.fromkeys(["geography", "geometry", "sdo_geometry", "point", "linestring", "polygon", "geo_point", "geo_shape"], "spatial"),
    **dict.fromkeys(["hugeint", "uhugeint", "int128", "int256", "uint128", "uint256", "i128", "u128"], "integer beyond 38 digits"),
    **dict.fromkeys(["bignumeric", "bigdecimal76", "decimal256", "decfloat"], "number beyond 38 digits"),
    **dict.fromkeys(["hllsketch", "varbit", "bit varying", "tsvector", "tsquery", "pg_lsn"], "special"),
}
"""Types with no column type of the lake that holds every value, with their kind."""

MULTI_WORD: Final = (
    *("double precision", "national character varying", "national char varying", "character varying", "char varying", "nchar varying"),
    *("national character", "national char", "binary varying", "bit varying", "long raw", "long varchar", "long varbinary"),
    *("character large object", "binary large object"),
)
"""Names of more than one word, longer ones first."""
