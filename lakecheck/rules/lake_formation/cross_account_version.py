"""No sharing between accounts in an outdated version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.lake_formation._lake import (
    BUCKET,
    OTHER_ACCOUNT,
    TABLE,
    Named,
    account_meant,
    named,
    permission,
    region_of,
    role,
    settings,
)
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Catalog
    from lakecheck.snapshot import Snapshot

_OUTDATED = frozenset({"", "1", "2", "3"})


@once
def _sharing(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """The accounts and Regions that share something with another account."""
    return frozenset(
        (grant.account, region_of(grant))
        for grant in snapshot.estate.grants
        if (named(grant) is Named.ORGANIZATION or account_meant(grant) not in {"", grant.account}) and named(grant) is not Named.OPEN
    )


def _subjects(snapshot: Snapshot) -> Iterator[Catalog]:
    yield from (each for each in settings(snapshot) if (each.account, each.region) in _sharing(snapshot))


def _judge(catalog: Catalog, _snapshot: Snapshot) -> Iterator[Complaint]:
    version = catalog.cross_account_version
    if not version or has_hole(version):
        found = shown(version) if version else "not stated, so that it stays what it is"
        yield Complaint(message=f"the version of sharing is not known: {found}", at="CROSS_ACCOUNT_VERSION", is_unknown=True)
    elif not version.isdecimal() or version.lstrip("0") in _OUTDATED:
        yield Complaint(message=f"sharing has version {version}; allowed is 4 or later", at="CROSS_ACCOUNT_VERSION")


def _case(version: str) -> dict[str, Any]:
    properties = {"Admins": [{"DataLakePrincipalIdentifier": role("Admin")}], "Parameters": {"CROSS_ACCOUNT_VERSION": version}}
    return {
        "Settings": {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": properties},
        "Share": permission(TABLE, "SELECT", to=OTHER_ACCOUNT, PermissionsWithGrantOption=["SELECT"]),
    }


RULE = Rule(
    id="lake_formation.cross_account_version",
    title="What is shared with other accounts is shared in version 4 or later",
    rationale=(
        "Versions 1 and 2 share tables by LF-Tags past the resource access manager, by a catalog policy alone, so that no "
        "invitation is asked for and none can be withdrawn; before 3 no single principal of another account can be named, before "
        "4 sharing needs IAM_ALLOWED_PRINCIPALS to be gone from what is shared."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/optimize-ram.html",
    severity=Severity.WARNING,
    remedy="Set the parameter CROSS_ACCOUNT_VERSION to 4 or later; what is shared already stays shared.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case("4"), _case("5")),
        failing=(_case("1"), _case("3")),
        not_applicable=(BUCKET, {"Settings": _case("1")["Settings"]}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-4"),
)
