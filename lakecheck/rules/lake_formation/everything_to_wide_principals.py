"""No ALL to a whole account, an organisation or all IAM principals of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.estate.model import EVERY_PERMISSION
from lakecheck.rules.base import Cases, Complaint, Rule, of_estate
from lakecheck.rules.lake_formation._lake import (
    BUCKET,
    DATABASE,
    ORGANIZATION,
    OTHER_ACCOUNT,
    TABLE,
    Named,
    is_seen_in_part,
    named,
    permission,
)
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot

_WIDE = frozenset({Named.ACCOUNT, Named.ORGANIZATION, Named.EVERYBODY})


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    everything = sorted((grant.permissions | grant.grantable) & EVERY_PERMISSION)
    if not everything or named(grant) not in _WIDE:
        return
    if is_seen_in_part(grant, snapshot):
        yield Complaint(message=f"what is granted to {shown(grant.principal)} is not known; it may be everything", is_unknown=True)
        return
    what = f"{' and '.join(everything)} on a {grant.resource.type.value.replace('_', ' ')}"
    yield Complaint(message=f"grants {what} to {shown(grant.principal)}, {named(grant).value}; allowed is to name the permissions")


RULE = Rule(
    id="lake_formation.everything_to_wide_principals",
    title="ALL is granted to single principals only",
    rationale=(
        "ALL (Super) has ALTER and DROP in it, and whatever AWS adds to it. Given to an account, an organisation or all IAM "
        "principals of an account, it lets everybody there, or whomever its administrators choose, change and delete what is "
        "shared."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html",
    severity=Severity.ERROR,
    remedy="Grant the permissions that are needed by name, such as SELECT and DESCRIBE.",
    subjects=of_estate("grants"),
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Grant": permission(TABLE, "SELECT", "DESCRIBE", to=OTHER_ACCOUNT)},
            {"Grant": permission(TABLE, "ALL")},
        ),
        failing=(
            {"Grant": permission(TABLE, "ALL", to=OTHER_ACCOUNT)},
            {"Grant": permission(DATABASE, "ALL", to=f"{OTHER_ACCOUNT}:IAMPrincipals")},
            {"Grant": permission(DATABASE, "SUPER", to=ORGANIZATION)},
        ),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
