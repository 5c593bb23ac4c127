"""Columns have types that the format of their table has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import at, listed, text
from lakecheck.rules._lake import is_iceberg, own_tables
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.catalog._cases import BUCKET, LINK, iceberg, table
from lakecheck.rules.catalog._iceberg import SCHEMA, nested
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_COLUMNS: Final = ("TableInput.StorageDescriptor.Columns", "TableInput.PartitionKeys")
_HIVE: Final = frozenset(
    "boolean tinyint smallint int integer bigint float double string char binary date timestamp void".split()  # noqa: SIM905 - a list to read
)
_ICEBERG: Final = frozenset(
    "boolean int long float double date time timestamp timestamptz timestamp_ns timestamptz_ns string uuid binary variant unknown".split()  # noqa: SIM905
)
_DECIMAL: Final = re.compile(r"decimal\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)")
_SIZED: Final = re.compile(r"(?:var)?char\(\s*\d+\s*\)")
_FIXED: Final = re.compile(r"fixed[\[(]\s*\d+\s*[\])]|geometry(\(.*\))?|geography(\(.*\))?")
_MOST_DIGITS: Final = 38
_DEEPEST: Final = 50
_PARTS: Final = {"array": 1, "map": 2, "struct": None}


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    if is_iceberg(found):
        yield from _judge_list(found, f"{SCHEMA}.Fields", _wrong_in_iceberg)
        return
    for path in _COLUMNS:
        yield from _judge_list(found, path, _wrong_in_hive)


def _judge_list(found: Resource, path: str, wrong: Any) -> Iterator[Complaint]:
    for each in listed(value(found, path)):
        written = at(each, "Type")
        if written is None:
            continue
        name = shown(text(at(each, "Name"), "?"))
        if is_open(written):
            yield Complaint(at=path, message=f"the type of {name} is not known: {shown(written)}", is_unknown=True)
            continue
        problem = wrong(written, 0)
        if problem:
            yield Complaint(at=path, message=f"{name} is of type {shown(written)}: {problem}")


def _wrong_in_hive(written: Any, depth: int) -> str:
    """What is wrong with a type of Hive's; empty when nothing is, or it is nested too deeply to tell."""
    kind = str(written).strip().lower()
    if depth > _DEEPEST or kind in _HIVE or _SIZED.fullmatch(kind) or kind.startswith(("timestamp with", "uniontype<", "interval")):
        return ""
    if kind in {"decimal", "numeric"}:
        return "without precision it is decimal(10,0), which drops what is behind the point"
    if kind.startswith("decimal("):
        return _wrong_decimal(kind)
    return _wrong_inside(kind, depth) if "<" in kind else "Hive has no such type"


def _wrong_inside(kind: str, depth: int) -> str:
    """What is wrong with a type that has others in brackets."""
    outer, _, inside = kind.partition("<")
    if outer not in _PARTS or not inside.endswith(">"):
        return f"Hive has {', '.join(f'{name}<...>' for name in _PARTS)}, each with its closing bracket"
    parts = _split(inside[:-1])
    number = _PARTS[outer]
    if number is not None and len(parts) != number:
        return f"{outer} has {number} in its brackets"
    if outer == "struct":
        if not all(":" in part for part in parts):
            return "each part of a struct is name:type"
        parts = [part.partition(":")[2] for part in parts]
    return next((problem for part in parts if (problem := _wrong_in_hive(part, depth + 1))), "")


def _split(inside: str) -> list[str]:
    """The parts between the commas of one level."""
    parts, depth, start = [], 0, 0
    for index, sign in enumerate(inside):
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and depth == 0:
            parts.append(inside[start:index])
            start = index + 1
    return [*parts, inside[start:]]


def _wrong_in_iceberg(written: Any, depth: int) -> str:
    found = nested(written)
    if depth > _DEEPEST:
        return ""
    if isinstance(found, dict):
        inner = [at(each, "type") for each in listed(found.get("fields"))]
        inner += [found[key] for key in ("element", "key", "value") if key in found]
        return next((problem for each in inner if not is_open(each) and (problem := _wrong_in_iceberg(each, depth + 1))), "")
    kind = str(found).strip().lower()
    if kind.startswith("decimal"):
        return _wrong_decimal(kind)
    return "" if kind in _ICEBERG or _FIXED.fullmatch(kind) else "Iceberg has no such type"


def _wrong_decimal(kind: str) -> str:
    found = _DECIMAL.fullmatch(kind)
    if found is None:
        return "a decimal is decimal(precision,scale)"
    precision, scale = int(found[1]), int(found[2]) if found[2] is not None else 0
    if 1 <= precision <= _MOST_DIGITS and scale <= precision:
        return ""
    return f"allowed are up to {_MOST_DIGITS} digits, and no more behind the point"


def _typed(kind: str) -> dict[str, Any]:
    return table(storage={"Columns": [{"Name": "id", "Type": kind}]})


def _field(kind: str) -> dict[str, Any]:
    return iceberg(schema={"Fields": [{"Id": 1, "Name": "id", "Required": True, "Type": kind}]}, PartitionSpec={"Fields": []})


RULE = Rule(
    id="catalog.column_types",
    title="Columns have types of Hive, fields of Iceberg tables types of Iceberg, and decimals their precision",
    rationale=(
        "Glue stores any text as a type. A type that no engine knows makes every query on the table fail, and a decimal without precision "
        "and scale silently loses the cents."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/data-types.html",
    severity=Severity.ERROR,
    remedy="Take a type of the table's format: timestamp for datetime, string for text, decimal(12,2) for decimal, long for Iceberg.",
    subjects=own_tables,
    judge=_judge,
    cases=Cases(
        compliant=(
            table(),
            iceberg(),
            _typed("array<struct<a:int,b:map<string,decimal(12,2)>>>"),
            _field('{"type":"list","element-id":2,"element":"long"}'),
        ),
        failing=(
            _typed("datetime"),
            _typed("decimal"),
            _typed("array<text>"),
            _typed("decimal(40,2)"),
            _field("bigint"),
            _field("array<int>"),
        ),
        not_applicable=(BUCKET, LINK),
    ),
)
