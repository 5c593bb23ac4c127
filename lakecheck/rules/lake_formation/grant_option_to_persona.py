"""No grant option for somebody who is no administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules.base import Cases, Complaint, Rule, of_estate
from lakecheck.rules.lake_formation._lake import (
    ACCOUNT,
    BUCKET,
    OTHER_ACCOUNT,
    TABLE,
    Named,
    is_admin,
    named,
    permission,
    region_of,
    role,
    settings_at,
)
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot

_OPTION = "PermissionsWithGrantOption"
_OTHERS = frozenset({Named.ACCOUNT, Named.ORGANIZATION, Named.IAM_ALLOWED})
"""Accounts share on with their own people; that IAM_ALLOWED_PRINCIPALS has anything at all is another rule's."""
_DEPLOYS = "-cfn-exec-role-"
"""In the name of the role that CloudFormation has in an account bootstrapped for the CDK."""


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    whom = named(grant)
    if not grant.grantable or whom in _OTHERS or _DEPLOYS in grant.principal:
        return
    what = ", ".join(sorted(each for each in grant.grantable if not has_hole(each)))
    catalog = settings_at(snapshot, grant.account, region_of(grant))
    if not what:
        yield Complaint(message=f"whether {shown(grant.principal)} may pass anything on is not known", at=_OPTION, is_unknown=True)
    elif whom is Named.OPEN:
        yield Complaint(message=f"who may pass {what} on is not known: {shown(grant.principal)}", at=_OPTION, is_unknown=True)
    elif whom is Named.ONE and catalog is None:
        message = f"{shown(grant.principal)} may pass {what} on; whether it is an administrator is not known: no template has the settings"
        yield Complaint(message=message, at=_OPTION, is_unknown=True)
    elif not is_admin(grant.principal, catalog):
        message = f"{shown(grant.principal)} may pass {what} on; allowed to that are administrators, and accounts that share with their own"
        yield Complaint(message=message, at=_OPTION)


_SETTINGS = {"Type": "Custom::LakeFormationSettings", "Properties": {"Admins": [role("Admin")], "ExistingAdmins": "replace"}}

RULE = Rule(
    id="lake_formation.grant_option_to_persona",
    title="Only administrators and other accounts may pass permissions on",
    rationale=(
        "Whoever has the grant option decides alone who reads, without a review, and no template shows it afterwards; a role that "
        "many assume makes administrators of all of them."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-overview.html",
    severity=Severity.WARNING,
    remedy="Take PermissionsWithGrantOption away; make the principal an administrator if it is to decide who reads.",
    subjects=of_estate("grants"),
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Settings": _SETTINGS, "Grant": permission(TABLE, "SELECT", to=role("Admin"), PermissionsWithGrantOption=["SELECT"])},
            {"Settings": _SETTINGS, "Grant": permission(TABLE, "SELECT", to=OTHER_ACCOUNT, PermissionsWithGrantOption=["SELECT"])},
            {"Settings": _SETTINGS, "Grant": permission(TABLE, "SELECT")},
        ),
        failing=(
            {"Settings": _SETTINGS, "Grant": permission(TABLE, "SELECT", PermissionsWithGrantOption=["SELECT"])},
            {"Grant": permission(TABLE, "SELECT", to=f"{ACCOUNT}:IAMPrincipals", PermissionsWithGrantOption=["SELECT"])},
        ),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3(7)", "NIST.800.53.R5 AC-6"),
)
