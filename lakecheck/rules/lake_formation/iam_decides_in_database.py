"""No database that gives its new tables to `IAM_ALLOWED_PRINCIPALS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS
from lakecheck.estate.sources import unsure
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.lake_formation._lake import BUCKET, DATABASE, governed, permission, resource_of
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Database
    from lakecheck.snapshot import Snapshot

_DEFAULTS = "DatabaseInput.CreateTableDefaultPermissions"


def _subjects(snapshot: Snapshot) -> Iterator[Database]:
    yield from (each for each in governed("databases")(snapshot) if each.target is None)


def _judge(database: Database, snapshot: Snapshot) -> Iterator[Complaint]:
    resource = resource_of(database, snapshot)
    if database.table_defaults:
        yield Complaint(message=f"new tables in it give {IAM_ALLOWED_PRINCIPALS} permissions; allowed is none", at=_DEFAULTS)
    elif resource is not None and unsure(value(resource, _DEFAULTS)):
        yield Complaint(
            message=f"whether new tables in it give {IAM_ALLOWED_PRINCIPALS} permissions is not known", at=_DEFAULTS, is_unknown=True
        )


def _case(principal: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {"Name": "sales"}
    if principal is not None:
        given["CreateTableDefaultPermissions"] = [{"Principal": {"DataLakePrincipalIdentifier": principal}, "Permissions": ["ALL"]}]
    database = {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": given}}
    return {"Database": database, "Grant": permission(DATABASE, "DESCRIBE")}


RULE = Rule(
    id="lake_formation.iam_decides_in_database",
    title="No database gives its new tables to IAM_ALLOWED_PRINCIPALS",
    rationale=(
        "A database's own default goes before that of the account: a table that a crawler or a job creates in it is open to whom "
        "IAM allows, beside tables that Lake Formation guards."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html",
    severity=Severity.ERROR,
    remedy="Remove CreateTableDefaultPermissions from the database, and revoke what its tables have got.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case(None),),
        failing=(_case(IAM_ALLOWED_PRINCIPALS),),
        not_applicable=(BUCKET, {"Database": _case(IAM_ALLOWED_PRINCIPALS)["Database"]}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
