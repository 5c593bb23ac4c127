"""The door of edited policies, those of roles, users and permission sets: who makes itself an administrator, or takes somebody over.

An edge without a target says that the source can do anything in an account: by its own policies (`widening`), or by widening a role that it
can also become, in any number of steps. Policies of buckets and keys are in `resource_edit`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, YES, Answer, doubtful, every, some
from lakecheck.access.doors.assumed_role import assumed_role
from lakecheck.access.doors.code_update import code_update
from lakecheck.access.doors.pass_role import pass_role
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.widening import assumes, owns, widens, widens_itself
from lakecheck.access.model import Door, Edge, Step
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import TRUE, Unresolved, any_of
from lakecheck.iam.model import Effect
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.questions import Questions

_SET_EDITS: Final = (
    "sso:PutInlinePolicyToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
)


def policy_edit(questions: Questions) -> Iterator[Edge]:
    """Edges from everybody who can widen policies to what that makes them: a role, a user, or anything in the account (no target).

    Args:
        questions: About the estate.
    """
    yield from Rights.of(questions).kept("policy_edit", _edges)


def _edges(rights: Rights) -> Iterator[Edge]:
    for source in rights.acting:
        yield from _unknown(source)
        for target, answer in widens_itself(rights, source):
            if not answer.refused:
                yield _anything(source, target, answer)
                if answer.allowed == TRUE:
                    break
    others = [*_of_others(rights)]
    yield from others
    yield from _through_others(rights, others)
    yield from _permission_sets(rights)


def _unknown(source: Principal) -> Iterator[Edge]:
    """What is not known of somebody's policies may be anything."""
    if source.unknown:
        answer = Answer(any_of(Unresolved(reason) for reason in source.unknown))
        yield _anything(source, f"{source.name}, whose policies are not known", answer)


def _anything(source: Principal, target: str, answer: Answer, *, account: str = "") -> Edge:
    step = Step(Door.POLICY_EDIT, target, answer.because)
    return Edge(source=source, target=None, account=account or source.account, step=step, conditions=answer.allowed)


# --- others ----------------------------------------------------------------------------------------------------------------------------


def _of_others(rights: Rights) -> Iterator[Edge]:
    """Taking over a role by its trust policy, or a user by credentials."""
    for source in rights.holders("iam:UpdateAssumeRolePolicy"):
        if owns(rights, source):
            continue
        for role in rights.questions.estate.principals:
            if role.kind is PrincipalKind.ROLE and role is not source and role.account == source.account:
                edit = rights.ask(source, "iam:UpdateAssumeRolePolicy", role.arn)
                if not edit.refused:
                    yield from _edge(source, role, f"the trust policy of {role.name}", every((edit, assumes(rights, source, role.arn))))
    users = [each for each in rights.acting if each.kind is PrincipalKind.USER]
    for action in ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"):
        for source in rights.holders(action) if users else ():
            for user in users:
                if user is not source and user.account == source.account and not owns(rights, source):
                    yield from _edge(source, user, f"credentials of {user.name}", rights.ask(source, action, user.arn))


def _edge(source: Principal, target: Principal, what: str, answer: Answer) -> Iterator[Edge]:
    if not answer.refused:
        step = Step(Door.POLICY_EDIT, what, answer.because)
        yield Edge(source=source, target=target, account=target.account, step=step, conditions=answer.allowed)


_Ways = dict[int, Answer]


def _through_others(rights: Rights, others: Iterable[Edge]) -> Iterator[Edge]:
    """Widening a role that one can also become: both parts may take several steps."""
    editors = [each for each in rights.acting if not owns(rights, each) and any(rights.could(each, action) for action in _WIDENING)]
    if not editors:
        return
    steps = _steps(rights, others)
    reached = {id(source): _reached(steps, source) for source in rights.acting if not owns(rights, source)}
    sure: set[tuple[int, str]] = set()
    for editor in editors:
        sources = [each for each in rights.acting if id(editor) in reached.get(id(each), ())]
        for target in rights.acting:
            waiting = [each for each in sources if each is not target and (id(each), target.account) not in sure]
            if target is editor or target.account != editor.account or not any(id(target) in reached[id(each)] for each in waiting):
                continue
            wide = widens(rights, editor, target)
            for source in waiting if not wide.refused else ():
                ways = reached[id(source)]
                if id(target) not in ways:
                    continue
                answer = every((ways[id(editor)], ways[id(target)], wide))
                if answer.allowed == TRUE:
                    sure.add((id(source), target.account))
                if not answer.refused:
                    yield _anything(source, f"policies of {target.name}", answer, account=target.account)


_WIDENING: Final = (
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PutUserPolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)


def reach(rights: Rights) -> Mapping[int, Mapping[int, Answer]]:
    """By the identity of each principal: whom it can become in any number of steps, itself included, each with what remains."""
    steps = _steps(rights, rights.kept("policy_edit", _edges))
    return {id(source): _reached(steps, source) for source in rights.acting}


def _steps(rights: Rights, others: Iterable[Edge]) -> Mapping[int, list[tuple[Principal, Answer]]]:

    found: dict[int, list[tuple[Principal, Answer]]] = defaultdict(list)
    asks = rights.questions
    for edge in (*assumed_role(asks), *pass_role(asks), *code_update(asks), *others):
        if edge.target is not None:
            found[id(edge.source)].append((edge.target, Answer(edge.conditions, edge.step.because)))
    return found


def _reached(steps: Mapping[int, list[tuple[Principal, Answer]]], source: Principal) -> _Ways:
    """Whom somebody can become, itself included, by sure steps where there are some."""
    found: _Ways = {id(source): YES}
    for sure in (True, False):
        here = list(found)
        while here:
            key = here.pop()
            for target, answer in steps.get(key, ()):
                if id(target) not in found and (not sure or answer.allowed == TRUE):
                    joint = every((found[key], answer))
                    if not joint.refused:
                        found[id(target)] = joint
                        here.append(id(target))
    return found


# --- Identity Center -------------------------------------------------------------------------------------------------------------------


def _permission_sets(rights: Rights) -> Iterator[Edge]:
    """Who administers permission sets widens, or takes, the roles that they make in every account.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html
    """
    for source in rights.acting:
        if not _administers_sets(rights, source):
            continue
        edit = some(rights.ask(source, action, "*") for action in _SET_EDITS if rights.could(source, action))
        assign = rights.ask(source, "sso:CreateAccountAssignment", "*") if rights.could(source, "sso:CreateAccountAssignment") else NO
        for target in rights.permission_sets:
            if target.name == source.name:
                if not edit.refused:
                    yield _anything(source, target.name, edit, account=target.account)
                continue
            doubt = doubtful(edit, f"whether those who use {source.name} are assigned {target.name} in {shown(target.account)}")
            if not doubt.refused:
                yield _anything(source, target.name, doubt, account=target.account)
            doubt = doubtful(assign, f"whether those who use {source.name} are, or can be, somebody in Identity Center")
            yield from _edge(source, target, f"assignments of {target.name}", doubt)


def _administers_sets(rights: Rights, source: Principal) -> bool:
    account = rights.questions.estate.accounts.get(source.account)
    if account is not None and account.is_management:
        return True
    named = (
        action
        for policy in source.policies
        for each in policy.statements
        if each.effect is Effect.ALLOW
        for action in (each.actions if each.actions is not None else ())
    )
    return any(action.lower().startswith("sso:") for action in named)
