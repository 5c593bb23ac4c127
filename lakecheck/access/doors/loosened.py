"""The door of what stands in somebody's own way: its permissions boundary, and policies of its own that deny, where it can take them off.

Whoever takes them off is asked about anew, as if they were gone: what it then reads itself, and whom it can then become. Widening its own
policies is in `policy_edit`; of a policy that allows and denies, so that taking it off also takes rights away, that module tells the doubt.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakecheck.access.doors.access_grants import access_grants
from lakecheck.access.doors.access_points import access_points
from lakecheck.access.doors.answers import Answer, every
from lakecheck.access.doors.assumed_role import assumed_role
from lakecheck.access.doors.code_update import code_update
from lakecheck.access.doors.pass_role import pass_role
from lakecheck.access.doors.replicas import replicas
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.s3 import s3
from lakecheck.access.doors.self_grant import self_grant
from lakecheck.access.doors.widening import owns, widens_itself
from lakecheck.access.model import Access, Door, Edge, Step
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import TRUE
from lakecheck.iam.model import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal
    from lakecheck.iam.model import Policy

_KINDS = {PrincipalKind.ROLE: "Role", PrincipalKind.USER: "User"}


@dataclass(frozen=True, slots=True, eq=False)
class _Free:
    """Somebody without what it took off itself.

    Attributes:
        source: As it is.
        principal: As it is afterwards.
        step: What it takes off.
        way: Whether it may.
    """

    source: Principal
    principal: Principal
    step: Step
    way: Answer


def loosened(questions: Questions) -> Iterator[Access]:
    """Everybody's own access after taking off its boundary, or policies that deny.

    Args:
        questions: About the estate.
    """
    from lakecheck.access.lake_formation.door import accesses  # noqa: PLC0415 - it builds on the other doors

    for free in _free(Rights.of(questions)):
        before = questions.about(replace(questions.estate, principals=_alone(questions, free.source, free.source)))
        after = questions.about(replace(questions.estate, principals=_alone(questions, free.source, free.principal)))
        doors = (accesses, s3, access_points, access_grants, replicas, self_grant)
        had = {_what(each) for door in doors for each in door(before) if each.principal is free.source and each.conditions == TRUE}
        for each in (each for door in doors for each in door(after)):
            if each.principal is free.principal and _what(each) not in had:
                conditions = every((free.way, Answer(each.conditions))).allowed
                yield replace(each, principal=free.source, via=(free.step, *each.via), conditions=conditions)


def loosened_edges(questions: Questions) -> Iterator[Edge]:
    """Edges to whom somebody can become after that, or to anything in its account.

    Args:
        questions: About the estate.
    """
    for free in _free(Rights.of(questions)):
        principals = tuple(free.principal if each is free.source else each for each in questions.estate.principals)
        after = questions.about(replace(questions.estate, principals=principals))
        for edge in (edge for find in (assumed_role, pass_role, code_update) for edge in find(after)):
            if edge.source is free.principal and edge.target is not free.principal:
                conditions = every((free.way, Answer(edge.conditions))).allowed
                yield replace(edge, source=free.source, step=free.step, conditions=conditions)
        for _, answer in widens_itself(Rights.of(after), free.principal):
            if not answer.refused:
                conditions = every((free.way, answer)).allowed
                yield Edge(source=free.source, target=None, account=free.source.account, step=free.step, conditions=conditions)


def _free(rights: Rights) -> Iterator[_Free]:
    for source in rights.acting:
        if source.kind in _KINDS and (source.boundary is not None or any(map(only_denies, source.policies))) and not owns(rights, source):
            parts = [each for each in (_without_boundary(rights, source), _without_denies(rights, source)) if each is not None]
            yield from parts
            if len(parts) > 1:
                both = replace(parts[0].principal, policies=parts[1].principal.policies)
                way = every(each.way for each in parts)
                yield _Free(source, both, Step(Door.POLICY_EDIT, f"{source.name}, its boundary and denials", way.because), way)


def _without_boundary(rights: Rights, source: Principal) -> _Free | None:
    action = f"iam:Delete{_KINDS[source.kind]}PermissionsBoundary"
    if source.boundary is None or not rights.could(source, action):
        return None
    way = rights.ask(source, action, source.arn)
    step = Step(Door.POLICY_EDIT, f"{source.name}, its boundary", way.because)
    return None if way.refused else _Free(source, replace(source, boundary=None), step, way)


def _without_denies(rights: Rights, source: Principal) -> _Free | None:
    kind = _KINDS[source.kind]
    off: list[Policy] = []
    ways: list[Answer] = []
    for policy in filter(only_denies, source.policies):
        action = f"iam:Detach{kind}Policy" if policy.arn else f"iam:Delete{kind}Policy"
        way = rights.ask(source, action, source.arn, {"iam:policyarn": (policy.arn,)} if policy.arn else None)
        if not way.refused:
            off.append(policy)
            ways.append(way)
    if not off:
        return None
    kept = tuple(each for each in source.policies if each not in off)
    way = every(ways)
    return _Free(source, replace(source, policies=kept), Step(Door.POLICY_EDIT, f"{source.name}, what denies", way.because), way)


def only_denies(policy: Policy) -> bool:
    """Whether a policy has nothing but denials, so that whoever takes it off loses nothing."""
    return bool(policy.statements) and all(each.effect is Effect.DENY for each in policy.statements)


def _alone(questions: Questions, source: Principal, instead: Principal) -> tuple[Principal, ...]:
    """Those whom the doors need beside one principal: roles that services read as, nobody else who acts."""
    estate = questions.estate
    needed = {each.role for each in estate.locations} | {each.role for each in estate.access_grants}
    needed |= {each.key_role for each in estate.catalogs}
    return tuple(instead if each is source else each for each in estate.principals if each is source or each.arn in needed)


def _what(access: Access) -> tuple[object, ...]:
    return access.dataset, access.action, access.door, access.columns, access.rows
