"""No right to give several roles to whatever service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.iam.documents import PolicyKind
from lakecheck.iam.globs import is_literal
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, arn, demands, is_boundary, managed, names_action, of_kind
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot

_PASSES = "iam:passrole"
_SERVICES = frozenset({"iam:passedtoservice", "iam:associatedresourcearn"})


def _judge(stated: Stated, snapshot: Snapshot) -> Iterator[Complaint]:
    statement = stated.statement
    if not names_action(statement, _PASSES) or any(demands(test, _SERVICES.__contains__) for test in statement.conditions):
        return
    wide = [each for each in statement.resources or () if not is_literal(each)]
    if statement.not_resources is not None:
        wide.append("all but some")
    if not wide or is_boundary(stated, snapshot):
        return
    roles = ", ".join(shown(each) for each in wide)
    if statement.unknown:
        message = f"whether {stated.name} passes {roles} to any service is not known: {shown('; '.join(statement.unknown))}"
        yield Complaint(message=message, at=stated.at, is_unknown=True)
    else:
        yield Complaint(
            message=f"{stated.name} passes {roles} to any service; allowed is with iam:PassedToService, or one role by its ARN",
            at=stated.at,
        )


def _case(resource: Any, **condition: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"Action": "iam:PassRole", "Resource": resource}
    return {"Policy": managed({**given, "Condition": condition} if condition else given)}


RULE = Rule(
    id="policies.pass_role_without_service",
    title="Who passes roles of a pattern passes them to a named service",
    rationale=(
        "A role is as strong as what may be started with it. Whoever passes any role of a pattern to any service starts a "
        "function, a job or a notebook with the strongest of them, and acts as that role."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    severity=Severity.ERROR,
    remedy="Name the roles, or add a condition StringEquals on iam:PassedToService, such as glue.amazonaws.com.",
    subjects=of_kind(PolicyKind.IDENTITY),
    judge=_judge,
    cases=Cases(
        compliant=(
            _case(arn(f"iam::{ACCOUNT}:role/GlueJob")),
            _case("*", StringEquals={"iam:PassedToService": "glue.amazonaws.com"}),
        ),
        failing=(
            _case("*"),
            _case(arn(f"iam::{ACCOUNT}:role/*")),
            _case("*", StringEqualsIfExists={"iam:PassedToService": "glue.amazonaws.com"}),
        ),
        not_applicable=(QUEUE,),
    ),
    controls=("NIST.800.53.R5 AC-6", "NIST.800.53.R5 AC-6(10)"),
)
