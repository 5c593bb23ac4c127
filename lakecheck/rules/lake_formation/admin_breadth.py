"""No administrator of the lake that is more than one role or user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lakecheck.estate.arns import is_exact, permission_set
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.lake_formation._lake import ACCOUNT, BUCKET, arn, is_unclear, relative_name, role, settings
from lakecheck.values import has_hole, outline, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Catalog
    from lakecheck.snapshot import Snapshot

_ACCOUNT = re.compile(r"[0-9]{12}(:IAMPrincipals)?")
_WIDE = {
    "root": "a whole account",
    "group/": "a group",
    "role/aws-service-role/": "a service's own role",
}


def _why(admin: str) -> str:
    """What an administrator is that it must not be; empty for one role or user."""
    if admin == IAM_ALLOWED_PRINCIPALS or _ACCOUNT.fullmatch(admin):
        return "everybody whom others choose"
    name = relative_name(admin)
    for start, what in _WIDE.items():
        if name == start or (start.endswith("/") and name.startswith(start)):
            return what
    reserved = permission_set(admin)
    if reserved is not None:
        return "" if is_exact(reserved[1]) and is_exact(reserved[2]) else "several permission sets"
    return "" if is_exact(outline(admin, of_hole="-")) else "every principal that the pattern matches"


def _judge(catalog: Catalog, _snapshot: Snapshot) -> Iterator[Complaint]:
    for admin in catalog.admins:
        why = _why(admin)
        if why:
            yield Complaint(message=f"{shown(admin)} is {why}; allowed is one role, user or permission set", at="Admins")
        elif has_hole(admin) and (not admin.startswith("arn:") or is_unclear(relative_name(admin))):
            yield Complaint(message=f"who administers the lake is not known: {shown(admin)}", at="Admins", is_unknown=True)


def _case(admin: Any) -> dict[str, Any]:
    admins = [{"DataLakePrincipalIdentifier": admin}]
    return {"Settings": {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": {"Admins": admins}}}


RULE = Rule(
    id="lake_formation.admin_breadth",
    title="Each administrator of the lake is one role, user or permission set",
    rationale=(
        "An administrator may grant itself every right on every table. An account, a group or a pattern of names makes "
        "administrators of people whom nobody chose, and of roles that somebody will name so."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html",
    severity=Severity.ERROR,
    remedy="List the few roles that grant and deploy, each by its ARN.",
    subjects=settings,
    judge=_judge,
    cases=Cases(
        compliant=(
            _case(role("LakeAdmin")),
            _case(role("aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_LakeAdmin_0123456789abcdef")),
        ),
        failing=(_case(arn(f"iam::{ACCOUNT}:root")), _case(role("Data*")), _case(arn(f"iam::{ACCOUNT}:group/analysts"))),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-6", "NIST.800.53.R5 AC-6(5)"),
)
