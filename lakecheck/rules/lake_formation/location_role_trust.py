"""No location's role that others than Lake Formation assume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.iam.globs import intersects
from lakecheck.iam.model import Effect
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.lake_formation._lake import BUCKET, arn, role
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.estate.model import DataLocation, Principal
    from lakecheck.iam.model import Statement
    from lakecheck.snapshot import Snapshot

_LAKE_FORMATION = "lakeformation.amazonaws.com"
_ALLOWED = frozenset({_LAKE_FORMATION, "glue.amazonaws.com"})
"""AWS's page asks for both: Glue is what serves the catalog."""
_ASSUMES = "sts:assumerole*"


@once
def _principals(snapshot: Snapshot) -> Mapping[str, Principal]:
    return {each.arn: each for each in snapshot.estate.principals}


def _subjects(snapshot: Snapshot) -> Iterator[DataLocation]:
    yield from (each for each in snapshot.estate.locations if each.role and ":role/aws-service-role/" not in each.role)


def _judge(location: DataLocation, snapshot: Snapshot) -> Iterator[Complaint]:
    principal = _principals(snapshot).get(location.role)
    trust = principal.trust if principal is not None else None
    if trust is None:
        yield Complaint(message=f"who assumes {shown(location.role)} is not known: no template has it", at="RoleArn", is_unknown=True)
        return
    name = shown(location.role) if principal is None else principal.name
    statements = [each for each in trust.statements if each.effect is Effect.ALLOW and _assumes(each)]
    unknown = (*trust.unknown, *(reason for each in statements for reason in each.unknown))
    others = sorted({whom for each in statements for whom in _others(each)})
    if others and not unknown:
        message = f"{name} is assumed by {', '.join(map(shown, others))}; allowed are {' and '.join(sorted(_ALLOWED))}"
        yield Complaint(message=message, at="RoleArn")
    elif unknown:
        yield Complaint(message=f"who assumes {name} is not known: {shown('; '.join(unknown))}", at="RoleArn", is_unknown=True)
    elif not any(_LAKE_FORMATION in _of_kind(each, "Service") for each in statements):
        yield Complaint(message=f"{name} is not assumed by {_LAKE_FORMATION}, which has to", at="RoleArn")


def _assumes(statement: Statement) -> bool:
    return statement.actions is None or any(intersects(_ASSUMES, action.lower()) for action in statement.actions)


def _of_kind(statement: Statement, kind: str) -> tuple[str, ...]:
    return statement.principals.get(kind, ()) if statement.principals is not None else ()


def _others(statement: Statement) -> Iterator[str]:
    if statement.not_principals is not None:
        yield "everybody but a few"
    yield from (service for service in _of_kind(statement, "Service") if service not in _ALLOWED)
    for kind in ("AWS", "Federated", "CanonicalUser"):
        yield from _of_kind(statement, kind)


def _case(principal: dict[str, Any]) -> dict[str, Any]:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    given = {"ResourceArn": arn("s3:::curated"), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "UseServiceLinkedRole": False}
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "Location": {"Type": "AWS::LakeFormation::Resource", "Properties": given},
    }


RULE = Rule(
    id="lake_formation.location_role_trust",
    title="A location's role is assumed by Lake Formation and Glue alone",
    rationale=(
        "The role reads and writes every object of the location. Whoever else assumes it, a person, a job or a function, has all "
        "tables with all columns and rows, and Lake Formation is not asked."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html",
    severity=Severity.ERROR,
    remedy="Trust lakeformation.amazonaws.com, with glue.amazonaws.com at most; give jobs and people roles of their own.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case({"Service": ["lakeformation.amazonaws.com", "glue.amazonaws.com"]}),),
        failing=(
            _case({"Service": "lakeformation.amazonaws.com", "AWS": role("Analyst")}),
            _case({"Service": ["lakeformation.amazonaws.com", "lambda.amazonaws.com"]}),
            _case({"Service": "glue.amazonaws.com"}),
        ),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
