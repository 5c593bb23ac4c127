"""No statement that lets a reader of the lake read its files in S3 as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import EVERY_PERMISSION
from lakecheck.iam.globs import intersects
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.policies._people import allowing, grants_by_principal, is_admin
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, arn, document, role
from lakecheck.values import generated_holes, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import DataLocation, Principal
    from lakecheck.snapshot import Snapshot

_THROUGH_LAKE_FORMATION = "lakeformation:getdataaccess"
_READS = "s3:getobject"
_WRITES = EVERY_PERMISSION | {"ALTER", "DELETE", "INSERT"}


@once
def _locations(snapshot: Snapshot) -> tuple[DataLocation, ...]:
    """The locations that Lake Formation decides on for everybody."""
    return tuple(each for each in snapshot.estate.locations if not each.hybrid)


@once
def _location_roles(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(each.role for each in snapshot.estate.locations)


def _subjects(snapshot: Snapshot) -> Iterator[Principal]:
    """Those who read through Lake Formation and do not write, since engines write to S3 with rights of their own."""
    for principal in snapshot.estate.principals:
        if principal.origin is None or principal.arn in _location_roles(snapshot):
            continue
        writes = any(grant.permissions & _WRITES for grant in grants_by_principal(snapshot).get(principal.arn, ()))
        if not writes and any(allowing(principal, _THROUGH_LAKE_FORMATION, snapshot)) and not is_admin(principal, snapshot):
            yield principal


def _is_in(pattern: str, location: DataLocation, account: str) -> bool:
    """Whether a resource of a statement names objects of a location; of another account's only when it names the bucket."""
    bucket, registered = (arn.rpartition(":::")[2].partition("/")[0] for arn in (pattern, location.arn))
    if location.account != account and not bucket.strip("*?"):
        return False
    if generated_holes(bucket) and generated_holes(registered) and bucket != registered:
        return False  # names that CloudFormation makes up for two buckets are never the same, however alike they begin
    return intersects(pattern, f"{location.arn}/*")


def _judge(principal: Principal, snapshot: Snapshot) -> Iterator[Complaint]:
    for policy, statement in allowing(principal, _READS, snapshot):
        named = [each for each in _locations(snapshot) if any(_is_in(one, each, principal.account) for one in statement.resources or ())]
        if not named:
            continue
        what = f"{shown(policy.name)}, statement {statement.index + 1}, lets {principal.name} read {shown(named[0].arn)} in S3"
        if statement.conditions or statement.unknown:
            yield Complaint(message=f"{what}, on conditions that are not known to hold", is_unknown=True)
        else:
            yield Complaint(message=f"{what}, past Lake Formation, through which it reads already; allowed is one of both")


def _case(*each: dict[str, Any]) -> dict[str, Any]:
    made = role({"AWS": arn(f"iam::{ACCOUNT}:root")})
    registered = {"ResourceArn": arn("s3:::curated"), "RoleArn": arn(f"iam::{ACCOUNT}:role/Location"), "UseServiceLinkedRole": False}
    policies = [{"PolicyName": "own", "PolicyDocument": document(*each)}]
    return {
        "Location": {"Type": "AWS::LakeFormation::Resource", "Properties": registered},
        "Reader": {**made, "Properties": {**made["Properties"], "Policies": policies}},
    }


_DATA_ACCESS = {"Action": "lakeformation:GetDataAccess", "Resource": "*"}

RULE = Rule(
    id="policies.data_access_beside_s3",
    title="Who reads through Lake Formation does not read the same files from S3",
    rationale=(
        "A file has all columns and rows of its table. Whoever may read it in S3 needs no grant, and no filter holds for them; "
        "Lake Formation reads with the location's role, so that readers need nothing in S3 but their results."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html",
    severity=Severity.ERROR,
    remedy="Remove the registered location from the statement, leaving the bucket of the query results.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case(_DATA_ACCESS), _case(_DATA_ACCESS, {"Action": "s3:GetObject", "Resource": arn("s3:::results/*")})),
        failing=(
            _case(_DATA_ACCESS, {"Action": "s3:Get*", "Resource": arn("s3:::curated/sales/*")}),
            _case(_DATA_ACCESS, {"Action": "s3:*", "Resource": "*"}),
        ),
        not_applicable=(QUEUE, _case({"Action": "s3:GetObject", "Resource": arn("s3:::curated/*")})),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-3(7)", "NIST.800.53.R5 AC-6"),
)
