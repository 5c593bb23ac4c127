"""SerDe, input format, output format and classification of a table mean the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._lake import hive_tables, is_iceberg, is_unclear, parameters
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.catalog._cases import BUCKET, LINK, table
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_STORAGE: Final = "TableInput.StorageDescriptor"
_SERDES: Final = {
    "ParquetHiveSerDe": "parquet",
    "OrcSerde": "orc",
    "AvroSerDe": "avro",
    "OpenCSVSerde": "csv",
    "LazySimpleSerDe": "csv",
    "JsonSerDe": "json",
    "JsonSerde": "json",
}
_FORMATS: Final = {
    "MapredParquetInputFormat": "parquet",
    "MapredParquetOutputFormat": "parquet",
    "OrcInputFormat": "orc",
    "OrcOutputFormat": "orc",
    "AvroContainerInputFormat": "avro",
    "AvroContainerOutputFormat": "avro",
    "TextInputFormat": "text",
    "HiveIgnoreKeyTextOutputFormat": "text",
    "IgnoreKeyTextOutputFormat": "text",
}
"""Formats that are not listed, such as those of symbolic links, of Hudi or of CloudTrail, stand for nothing and disagree with nothing."""
_CLASSIFIED: Final = frozenset(_SERDES.values())
_TEXTS: Final = frozenset({"csv", "json"})


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    """Tables whose SerDe and input format are both known: through a symbolic link, for one, any SerDe reads files of any format."""
    for found in hive_tables(snapshot):
        if not is_iceberg(found) and _serde(found) and _class(value(found, f"{_STORAGE}.InputFormat")) in _FORMATS:
            yield found


def _serde(found: Resource) -> str:
    """What the SerDe reads; empty when it is none of those that are known."""
    return _SERDES.get(_class(value(found, f"{_STORAGE}.SerdeInfo.SerializationLibrary")), "")


def _class(name: object) -> str:
    return name.rpartition(".")[2] if isinstance(name, str) and not is_unclear(name) else ""


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    read = _serde(found)
    container = "text" if read in _TEXTS else read
    for name in ("InputFormat", "OutputFormat"):
        written = value(found, f"{_STORAGE}.{name}")
        of_format = _FORMATS.get(_class(written))
        if of_format is not None and of_format != container:
            yield Complaint(at=f"{_STORAGE}.{name}", message=f"is {_class(written)}, for {of_format} files; the SerDe reads {read}")
    classified = parameters(found).get("classification")
    if isinstance(classified, str) and classified.lower() in _CLASSIFIED and classified.lower() != read:
        yield Complaint(
            at="TableInput.Parameters.classification",
            message=f"is {shown(classified)}; the SerDe reads {read}",
        )


_JSON = {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}
_LINKED = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_TEXT = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}

RULE = Rule(
    id="catalog.formats_agree",
    title="SerDe, input format, output format and classification of a table are of one file format",
    rationale=(
        "Athena reads by the SerDe and the input format, Glue jobs and crawlers by the classification. Where they differ, some engines "
        "fail or return rows of NULL, while others work: it is found after somebody has relied on it."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html",
    severity=Severity.ERROR,
    remedy="Take SerDe, formats and classification of the same file format.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(table(), table(storage={"SerdeInfo": _JSON, **_TEXT}, Parameters={"classification": "json"})),
        failing=(
            table(storage={"SerdeInfo": _JSON}, Parameters={}),
            table(storage=_TEXT),
            table(Parameters={"classification": "csv"}),
        ),
        not_applicable=(
            BUCKET,
            LINK,
            table(storage={"SerdeInfo": {"SerializationLibrary": "com.example.OwnSerDe"}}),
            table(storage=_LINKED),
        ),
    ),
)
