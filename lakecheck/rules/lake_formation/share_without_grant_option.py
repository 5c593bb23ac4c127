"""No share of a database or table that the other account cannot pass on to its own people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.estate.model import EVERY_PERMISSION, ResourceType
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.lake_formation._lake import (
    ACCOUNT,
    BUCKET,
    ON_TABLES,
    ORGANIZATION,
    OTHER_ACCOUNT,
    TABLE,
    WRITES,
    Named,
    account_meant,
    is_seen_in_part,
    named,
    permission,
)
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot

_BY_NAME = ON_TABLES | {ResourceType.DATABASE}
"""What is shared by LF-Tags, the other account may pass on by its DESCRIBE on the tag as well."""


def _is_too_much(grant: Grant) -> bool:
    """Whether other rules refuse the grant as it is, so that passing it on is no remedy."""
    return bool(grant.permissions & (WRITES if named(grant) is Named.ORGANIZATION else EVERY_PERMISSION))


def _subjects(snapshot: Snapshot) -> Iterator[Grant]:
    for grant in snapshot.estate.grants:
        whom = named(grant)
        is_other = whom is Named.ORGANIZATION or (whom is Named.ACCOUNT and account_meant(grant) != grant.resource.catalog)
        if is_other and grant.resource.type in _BY_NAME and grant.resource.catalog == grant.account and not _is_too_much(grant):
            yield grant


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    if any(not has_hole(each) for each in grant.grantable):
        return
    whom = shown(grant.principal)
    if is_seen_in_part(grant, snapshot):
        yield Complaint(message=f"whether {whom} may pass the share on is not known", at="PermissionsWithGrantOption", is_unknown=True)
        return
    what = ", ".join(sorted(grant.permissions))
    message = f"{whom} gets {what} and may pass nothing on, so that only its administrators have it; allowed is the grant option"
    yield Complaint(message=message, at="PermissionsWithGrantOption")


RULE = Rule(
    id="lake_formation.share_without_grant_option",
    title="What is shared with an account or an organisation is shared with the grant option",
    rationale=(
        "A share goes to the administrators of the other account. Without the grant option they cannot grant it to anybody, and "
        "people there become administrators in order to read."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/crosss-account-how-works.html",
    severity=Severity.WARNING,
    remedy="List the shared permissions in PermissionsWithGrantOption too, or share with the roles of the other account directly.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({"Share": permission(TABLE, "SELECT", to=OTHER_ACCOUNT, PermissionsWithGrantOption=["SELECT"])},),
        failing=({"Share": permission(TABLE, "SELECT", to=OTHER_ACCOUNT)}, {"Share": permission(TABLE, "SELECT", to=ORGANIZATION)}),
        not_applicable=(
            BUCKET,
            {"Grant": permission(TABLE, "SELECT")},
            {"Own": permission(TABLE, "SELECT", to=ACCOUNT)},
            {"All": permission(TABLE, "ALL", to=OTHER_ACCOUNT)},
            {"Changes": permission(TABLE, "INSERT", to=ORGANIZATION)},
        ),
    ),
)
