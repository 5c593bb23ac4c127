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

_DEFAULTS = {"databases": "CreateDatabaseDefaultPermissions", "tables": "CreateTableDefaultPermissions"}


def _judge(catalog: Catalog, snapshot: Snapshot) -> Iterator[Complaint]:
    resource = resource_of(catalog, snapshot)
    given = resource.properties if resource is not None else {}
    for kind, found in (("databases", catalog.database_defaults), ("tables", catalog.table_defaults)):
        key = _DEFAULTS[kind]
        if found is None:
            yield Complaint(message=f"what new {kind} give to IAM_ALLOWED_PRINCIPALS is not known", at=key, is_unknown=True)
        elif found and given.get(key):
            yield Complaint(message=f"new {kind} give IAM_ALLOWED_PRINCIPALS permissions; allowed is none", at=key)
        elif found:
            yield Complaint(
                message=f"CloudFormation changes nothing where this is empty: new {kind} keep giving IAM_ALLOWED_PRINCIPALS everything,"
                " as an account begins; allowed is that they give it nothing",
                at=key,
            )


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
