"""No grant to `IAM_ALLOWED_PRINCIPALS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS
from lakecheck.rules.base import Cases, Complaint, Rule, of_estate
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot


def _judge(grant: Grant, _snapshot: Snapshot) -> Iterator[Complaint]:
    if has_hole(grant.principal) and not grant.principal.startswith("arn:"):
        yield Complaint(message=f"to whom is granted is not known: {shown(grant.principal)}", is_unknown=True)
    elif grant.principal == IAM_ALLOWED_PRINCIPALS:
        what = ", ".join(sorted(grant.permissions))
        yield Complaint(message=f"grants {what} to {IAM_ALLOWED_PRINCIPALS}; allowed are principals by name")


def _grant(principal: str) -> dict[str, Any]:
    return {
        "Grant": {
            "Type": "AWS::LakeFormation::PrincipalPermissions",
            "Properties": {
                "Principal": {"DataLakePrincipalIdentifier": principal},
                "Resource": {"Database": {"CatalogId": "444455556666", "Name": "sales"}},
                "Permissions": ["DESCRIBE"],
                "PermissionsWithGrantOption": [],
            },
        }
    }


RULE = Rule(
    id="lake_formation.iam_allowed_principals",
    title="Nothing is granted to IAM_ALLOWED_PRINCIPALS",
    rationale="The group has everybody whom an IAM policy allows glue and s3 actions, so that Lake Formation decides nothing any more.",
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/upgrade-glue-lake-formation-background.html",
    severity=Severity.ERROR,
    remedy="Grant to the principals that need it, by name or by LF-Tags, and remove this grant.",
    subjects=of_estate("grants"),
    judge=_judge,
    cases=Cases(
        compliant=(_grant("arn:aws:iam::444455556666:role/Analyst"),),
        failing=(_grant(IAM_ALLOWED_PRINCIPALS),),
        not_applicable=({"Bucket": {"Type": "AWS::S3::Bucket"}},),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
