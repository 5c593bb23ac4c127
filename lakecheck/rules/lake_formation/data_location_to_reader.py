"""No access to a data location for somebody who only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import ResourceType
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.lake_formation._lake import (
    ACCOUNT,
    BUCKET,
    READS,
    TABLE,
    WRITES,
    Named,
    arn,
    grants_of,
    grants_on,
    is_admin,
    named,
    permission,
    region_of,
    settings_at,
)
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    held = frozenset[str]().union(*(each.permissions for each in grants_of(grant.principal, snapshot)))
    if named(grant) is not Named.ONE or not held & READS or held & WRITES:
        return
    if not is_admin(grant.principal, settings_at(snapshot, grant.account, region_of(grant))):
        message = f"{shown(grant.principal)} only reads; allowed is DATA_LOCATION_ACCESS to who creates or alters tables"
        yield Complaint(message=message, at="DataLocation")


_LOCATION = permission({"DataLocation": {"CatalogId": ACCOUNT, "ResourceArn": arn("s3:::curated")}}, "DATA_LOCATION_ACCESS")


def _case(*permissions: str) -> dict[str, Any]:
    return {"Location": _LOCATION, "Table": permission(TABLE, *permissions)}


RULE = Rule(
    id="lake_formation.data_location_to_reader",
    title="Data locations are granted to those who create or alter tables",
    rationale=(
        "Reading needs no access to a location. With it, whoever gets CREATE_TABLE somewhere can make a table of their own over "
        "files that nobody granted them, and owns it."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html",
    severity=Severity.WARNING,
    remedy="Revoke DATA_LOCATION_ACCESS; SELECT on the table is enough.",
    subjects=grants_on(ResourceType.LOCATION),
    judge=_judge,
    cases=Cases(
        compliant=(_case("SELECT", "ALTER", "INSERT"), {"Location": _LOCATION}),
        failing=(_case("SELECT", "DESCRIBE"),),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-6",),
)
