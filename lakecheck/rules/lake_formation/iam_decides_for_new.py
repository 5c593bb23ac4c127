"""No `IAM_ALLOWED_PRINCIPALS` on databases and tables that are created later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.lake_formation._lake import BUCKET, resource_of, role, settings
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Catalog
    from lakecheck.snapshot import Snapshot

_KINDS = {"CreateDatabaseDefaultPermissions": "databases", "CreateTableDefaultPermissions": "tables"}


def _judge(catalog: Catalog, snapshot: Snapshot) -> Iterator[Complaint]:
    resource = resource_of(catalog, snapshot)
    given = resource.properties if resource is not None else {}
    found = dict(zip(_KINDS, (catalog.database_defaults, catalog.table_defaults), strict=True))
    unknown = [key for key, gives in found.items() if gives is None]
    stated = [key for key, gives in found.items() if gives and given.get(key)]
    kept = [key for key, gives in found.items() if gives and not given.get(key)]
    if unknown:
        yield Complaint(message=f"what {_new(unknown)} give to IAM_ALLOWED_PRINCIPALS is not known", at=unknown[0], is_unknown=True)
    if stated:
        yield Complaint(message=f"{_new(stated)} give IAM_ALLOWED_PRINCIPALS permissions; allowed is none", at=stated[0])
    if kept:
        message = f"what {_new(kept)} give to IAM_ALLOWED_PRINCIPALS stays as an account begins, which is everything: CloudFormation passes"
        yield Complaint(message=f"{message} empty defaults over; allowed is none", at=kept[0])


def _new(keys: list[str]) -> str:
    return f"new {' and '.join(_KINDS[key] for key in keys)}"


RULE = Rule(
    id="lake_formation.iam_decides_for_new",
    title="New databases and tables are Lake Formation's from the start",
    rationale=(
        "With the defaults that an account begins with, everything new is granted to IAM_ALLOWED_PRINCIPALS: whom IAM allows "
        "reads it, whatever Lake Formation says, until somebody revokes that. CloudFormation passes empty defaults over, so that "
        "a template alone does not change this."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html",
    severity=Severity.WARNING,
    remedy=(
        "Empty both defaults by PutDataLakeSettings, in a custom resource of the account or once by hand, and acknowledge this in "
        "the latter case."
    ),
    subjects=settings,
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Settings": {"Type": "Custom::LakeFormationSettings", "Properties": {"Admins": [role("Admin")], "ExistingAdmins": "keep"}}},
        ),
        failing=(
            {
                "Settings": {
                    "Type": "AWS::LakeFormation::DataLakeSettings",
                    "Properties": {
                        "Admins": [{"DataLakePrincipalIdentifier": role("Admin")}],
                        "CreateTableDefaultPermissions": [
                            {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
                        ],
                    },
                }
            },
            {
                "Settings": {
                    "Type": "AWS::LakeFormation::DataLakeSettings",
                    "Properties": {"CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []},
                }
            },
        ),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
