"""Athena's results: whoever reads what a workgroup writes reads, in effect, what the workgroup's members read.

Results lie as files in the workgroup's output location, and `s3:GetObject` there is enough, whatever `athena:GetQueryResults` says. With
`GetQueryResults`, or `GetQueryResultsStream`, Athena reads the file in the caller's name (`aws:CalledVia`), so that the caller needs the
right to the object all the same, but perhaps only by that way. Where Athena keeps the results itself, there is no file, and the right on
the workgroup alone decides. A member is who may `athena:StartQueryExecution` in the workgroup, and the role that its Spark sessions run as;
no role that CloudFormation or Lake Formation alone can assume, for neither runs queries.
Where clients name the output location, results lie where no template tells.

https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
https://docs.aws.amazon.com/athena/latest/ug/managed-results.html
https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import Answer
from lakecheck.access.doors.data_plane import only_services
from lakecheck.access.doors.readers import readers
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.model import Door, Leak, Step
from lakecheck.estate.model import IAM_IDENTITIES
from lakecheck.formula import FALSE, TRUE, Truth, Unresolved, all_of, any_of
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal, Workgroup

VIA_ATHENA: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:viaawsservice": ("true",),
    "aws:calledvia": ("athena.amazonaws.com",),
    "aws:calledviafirst": ("athena.amazonaws.com",),
    "aws:calledvialast": ("athena.amazonaws.com",),
}
"""What a request to S3 looks like that Athena makes for a caller."""

_NEVER_ASKING: Final = frozenset({"cloudformation.amazonaws.com", "lakeformation.amazonaws.com"})
_RESULTS: Final = ("athena:GetQueryResults", "athena:GetQueryResultsStream")


def athena_results(questions: Questions) -> Iterable[Leak]:
    """Who reads what which member of a workgroup has read.

    Args:
        questions: Asks IAM about the estate.
    """
    for workgroup in questions.estate.workgroups:
        members = _members(questions, workgroup)
        if not members:
            continue
        for reader, verdict in _readers(questions, workgroup).items():
            where = shown(workgroup.output) if workgroup.output else f"the results of workgroup {workgroup.name}"
            step = Step(Door.ATHENA_RESULTS, where, (f"members of workgroup {workgroup.name} leave results there", *verdict.because))
            for member, joins in members.items():
                if member is not reader:
                    yield Leak(source=reader, member=member, step=step, conditions=all_of([verdict.allowed, joins.allowed]))


def _members(questions: Questions, workgroup: Workgroup) -> dict[Principal, Answer]:
    found = {each: may for each, may in _may(questions, workgroup, ("athena:StartQueryExecution",)).items() if _can_ask(each)}
    role = questions.principals.get(workgroup.role)
    if role is not None:
        found[role] = Answer(TRUE, (f"Spark sessions of workgroup {workgroup.name} run as {role.name}",))
    return found


def _can_ask(principal: Principal) -> bool:
    """Whether somebody may run queries as it: nobody does as a role that CloudFormation or Lake Formation alone can assume."""
    services = only_services(principal.trust)
    return not services or not _NEVER_ASKING.issuperset(services)


def _readers(questions: Questions, workgroup: Workgroup) -> dict[Principal, Answer]:
    """Of the files, and of what Athena hands out."""
    asking = _may(questions, workgroup, _RESULTS)
    if workgroup.managed_results:
        return asking
    if not workgroup.output:
        reason = f"where clients of workgroup {workgroup.name} in {workgroup.account} have results written, which no template says"
        return {reader: Answer(all_of([verdict.allowed, Unresolved(reason)]), verdict.because) for reader, verdict in asking.items()}
    found = readers(questions, workgroup.output, key=workgroup.key)
    for reader, verdict in readers(questions, workgroup.output, key=workgroup.key, calling=VIA_ATHENA).items():
        direct = found.get(reader)
        if reader not in asking or (direct is not None and direct.allowed.truth is Truth.TRUE):
            continue
        handed_out = all_of([asking[reader].allowed, verdict.allowed])
        because = (*asking[reader].because, *verdict.because)
        if direct is not None:
            found[reader] = Answer(any_of([direct.allowed, handed_out]), tuple(dict.fromkeys((*direct.because, *because))))
        elif handed_out != FALSE:
            found[reader] = Answer(handed_out, because)
    return found


def _may(questions: Questions, workgroup: Workgroup, actions: tuple[str, ...]) -> dict[Principal, Answer]:
    """Who may do one of these on the workgroup; Athena has no policies on resources, so that only its own account may."""
    found: dict[Principal, Answer] = {}
    for principal in questions.estate.principals:
        if principal.kind not in IAM_IDENTITIES or principal.account != workgroup.account:
            continue
        for action in actions:
            decision = questions.decide(principal, action, workgroup.arn, owner=workgroup.account)
            if decision.allowed != FALSE and (principal not in found or found[principal].allowed.truth is not Truth.TRUE):
                before = [found[principal].allowed] if principal in found else []
                found[principal] = Answer(any_of([*before, decision.allowed]), reasons(decision, action, workgroup.arn))
    return found
