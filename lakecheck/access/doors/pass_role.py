"""The door of passed roles: who may hand a role to a service and make the service run something of theirs as that role.

It takes `iam:PassRole` on the role, for that service, a trust policy that lets the service in, and every right of one way of
`ways.PASSED`. A role is passed within its account only. That an instance profile or a container image is there is taken for granted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, YES, Answer, doubtful, every, some
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.ways import HARMLESS, PASSED
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Door, Edge, Step
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.iam.model import Effect
from lakecheck.values import outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.questions import Questions

PASS: Final = "iam:PassRole"  # noqa: S105 - the name of a right

_REGIONAL: Final = re.compile(r"^(.+)\.[a-z]{2}(?:-[a-z]+)+-\d+(\.amazonaws\.com)$")
_COGNITO: Final = "cognito-identity.amazonaws.com"
_EXCEPT_READS: Final = re.compile(r"(?:get|list|describe|search|batchget|lookup|view)")


def pass_role(questions: Questions) -> Iterator[Edge]:
    """An edge from everybody who may start something as a role to that role.

    A service that is neither in `ways.PASSED` nor in `ways.HARMLESS` gives an edge that depends on what the service does with the role.

    Args:
        questions: About the estate.
    """
    yield from Rights.of(questions).kept("pass_role", _edges)


def _edges(rights: Rights) -> Iterator[Edge]:
    questions = rights.questions
    holders = [each for each in rights.holders(PASS) if not owns(rights, each)]
    if not holders:
        return
    services = {id(role): trusted_services(rights, role) for role in questions.estate.principals if role.kind is PrincipalKind.ROLE}
    for role in questions.estate.principals:
        for service, trusts in services.get(id(role), {}).items():
            for source in holders:
                if source is role or source.account != role.account:
                    continue
                answer = passes(rights, source, role, service, trusts)
                if not answer.refused:
                    step = Step(Door.PASS_ROLE, role.name, answer.because)
                    yield Edge(source=source, target=role, account=role.account, step=step, conditions=answer.allowed)


def passes(rights: Rights, source: Principal, role: Principal, service: str, trusts: Answer) -> Answer:
    """Whether somebody may make a service run something as a role that trusts it."""
    started = starts(rights, source, service)
    if started.refused:
        return NO
    return every((may_pass(rights, source, role, service), started, trusts))


def may_pass(rights: Rights, source: Principal, role: Principal, service: str) -> Answer:
    """Whether somebody may hand the role to the service."""
    if source.account != role.account or not rights.could(source, PASS):
        return NO
    return rights.ask(source, PASS, role.arn, {"iam:passedtoservice": (service,)})


def starts(rights: Rights, source: Principal, service: str) -> Answer:
    """Whether somebody has all rights of a way to make the service run something."""
    key = (id(source), service)
    if key not in rights.started:
        rights.started[key] = _starts(rights, source, service)
    return rights.started[key]


def _starts(rights: Rights, source: Principal, service: str) -> Answer:
    ways = PASSED.get(service)
    if ways is None:
        return _unlisted(rights, source, service)
    return some(every(rights.ask_any(source, action) for action in way) for way in ways if all(rights.could(source, each) for each in way))


def trusted_services(rights: Rights, role: Principal) -> Mapping[str, Answer]:
    """The services that a role's trust policy lets in, without their Region, each with what remains."""
    found: dict[str, Answer] = {}
    for statement in role.trust.statements if role.trust is not None else ():
        if statement.effect is not Effect.ALLOW or statement.principals is None:
            continue
        for entry in statement.principals.get("Service", ()):
            service = plain_service(entry)
            if service not in HARMLESS and service not in found:
                found[service] = _trusts(rights, role, entry)
        if _COGNITO in statement.principals.get("Federated", ()):
            found[_COGNITO] = rights.ask(rights.somebody(_COGNITO), "sts:AssumeRoleWithWebIdentity", role.arn)
    return {service: answer for service, answer in found.items() if not answer.refused}


def plain_service(name: str) -> str:
    """A service principal without its Region and partition."""
    text = outline(name, of_hole="xx-xxxx-1").lower().removesuffix(".cn")
    found = _REGIONAL.match(text)
    return found[1] + found[2] if found else text


def _trusts(rights: Rights, role: Principal, entry: str) -> Answer:
    context = {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (entry,),
        "aws:sourceaccount": (role.account,),
    }
    answer = rights.ask(rights.service(entry), "sts:AssumeRole", role.arn, context)
    return answer if answer.refused else Answer(answer.allowed)


def _unlisted(rights: Rights, source: Principal, service: str) -> Answer:
    prefix = service.partition(".")[0]
    if not rights.commands(source, prefix, besides=_EXCEPT_READS):
        return NO
    return doubtful(YES, f"whether {service} lets those who command it use the roles that they pass to it")
