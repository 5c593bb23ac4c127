"""A projected key has what its type of projection needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._lake import parameters
from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakecheck.rules.catalog._cases import BUCKET, LINK, projected, table
from lakecheck.rules.catalog._projection import is_projected, option, partition_keys, projectable
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = "TableInput.Parameters"
_TEMPLATE: Final = "storage.location.template"
_NEEDS: Final = {"enum": ("values",), "integer": ("range",), "date": ("range", "format"), "injected": ()}
_ENDS: Final = 2
_RELATIVE: Final = re.compile(r"NOW\s*([+-]\s*[0-9]+\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    if not is_projected(found):
        return
    keys = partition_keys(found)
    for key in keys:
        yield from _judge_key(found, key)
    template = parameters(found).get(_TEMPLATE)
    if is_open(template) and not isinstance(template, str):
        yield Complaint(at=_AT, message=f"{_TEMPLATE} is not known: {shown(template)}", is_unknown=True)
    elif isinstance(template, str):
        missing = [key for key in keys if f"${{{key}}}" not in template.lower()]
        if missing:
            placeholders = ", ".join(f"${{{key}}}" for key in missing)
            yield Complaint(at=_AT, message=f"{_TEMPLATE} lacks {placeholders}; it has to name every partition key")


def _judge_key(found: Resource, key: str) -> Iterator[Complaint]:
    stated = option(found, key, "type")
    if stated is None:
        return
    if is_open(stated):
        yield Complaint(at=_AT, message=f"projection.{key}.type is not known: {shown(stated)}", is_unknown=True)
        return
    kind = str(stated).strip().lower()
    if kind not in _NEEDS:
        yield Complaint(at=_AT, message=f"projection.{key}.type is {shown(stated)}; allowed are {', '.join(_NEEDS)}")
        return
    for name in _NEEDS[kind]:
        given = option(found, key, name)
        if is_open(given):
            yield Complaint(at=_AT, message=f"projection.{key}.{name} is not known: {shown(given)}", is_unknown=True)
        elif given is None or not str(given).strip():
            yield Complaint(at=_AT, message=f"projection.{key}.{name} is missing; type {kind} needs it")
        elif name == "range" and not _is_range(kind, given):
            need = "two integers, the lower first" if kind == "integer" else "two dates, such as NOW-3YEARS and NOW"
            yield Complaint(
                at=_AT, message=f"projection.{key}.range is {shown(given)}; type {kind} needs {need}, with a comma between them"
            )


def _is_range(kind: str, given: Any) -> bool:
    ends = [each.strip() for each in str(given).split(",")]
    if len(ends) != _ENDS or not all(ends):
        return False
    if kind != "integer":
        return all(_RELATIVE.fullmatch(each.upper()) for each in ends if each.upper().startswith("NOW"))
    try:
        return int(ends[0]) <= int(ends[1])
    except ValueError:
        return False


RULE = Rule(
    id="catalog.projection_ranges",
    title="A projected partition key has the range, values or format that its type needs, and its place in the location template",
    rationale=(
        "A missing or unreadable range makes each query on the table fail; a storage.location.template without one of the keys makes "
        "Athena look for several partitions in the same folder."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html",
    severity=Severity.ERROR,
    remedy="Add what is missing to the table's parameters: values for enum, range for integer, range and format for date.",
    subjects=projectable,
    judge=_judge,
    cases=Cases(
        compliant=(
            projected(),
            projected(projection_day_range="NOW-3YEARS,NOW+1DAY"),
            projected(projection_day_type="injected", projection_day_range=None, projection_day_format=None),
            table(),
        ),
        failing=(
            projected(projection_day_range=None),
            projected(projection_day_range="NOW-3,NOW"),
            projected(projection_day_type="integer", projection_day_range="9,1"),
            projected(projection_day_type="dates"),
            projected(storage_location_template="s3://lake/sales/orders/"),
        ),
        not_applicable=(BUCKET, LINK, table(Parameters={"table_type": "ICEBERG", "projection.enabled": "true"})),
    ),
)
