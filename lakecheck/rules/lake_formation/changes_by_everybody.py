"""No right to change anything for an organisation, or for all IAM principals of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.estate.model import EVERY_PERMISSION
from lakecheck.rules.base import Cases, Complaint, Rule, of_estate
from lakecheck.rules.lake_formation._lake import (
    ACCOUNT,
    BUCKET,
    DATABASE,
    ORGANIZATION,
    OTHER_ACCOUNT,
    TABLE,
    WRITES,
    Named,
    named,
    permission,
)
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot

_EVERYBODY = frozenset({Named.ORGANIZATION, Named.EVERYBODY})
_CHANGES = (WRITES | {"ASSOCIATE", "DATA_LOCATION_ACCESS"}) - EVERY_PERMISSION


def _judge(grant: Grant, _snapshot: Snapshot) -> Iterator[Complaint]:
    changes = sorted(grant.permissions & _CHANGES)
    if changes and named(grant) in _EVERYBODY:
        yield Complaint(
            message=f"grants {', '.join(changes)} to {shown(grant.principal)}, {named(grant).value}; allowed are SELECT and DESCRIBE"
        )


RULE = Rule(
    id="lake_formation.changes_by_everybody",
    title="Only principals that are named, or accounts, may change data, tables or LF-Tags",
    rationale=(
        "Whoever is anybody in an account or an organisation could write wrong data, drop a table, or put another LF-Tag on it, "
        "which gives it to others; nobody could say who needs that."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_DataLakePrincipal.html",
    severity=Severity.ERROR,
    remedy="Grant it to the roles that write; leave SELECT and DESCRIBE to everybody, if that is meant.",
    subjects=of_estate("grants"),
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Grant": permission(DATABASE, "DESCRIBE", to=f"{ACCOUNT}:IAMPrincipals")},
            {"Grant": permission(TABLE, "INSERT", "DELETE", to=OTHER_ACCOUNT)},
        ),
        failing=(
            {"Grant": permission(TABLE, "SELECT", "INSERT", to=f"{ACCOUNT}:IAMPrincipals")},
            {"Grant": permission(DATABASE, "CREATE_TABLE", to=ORGANIZATION)},
        ),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
