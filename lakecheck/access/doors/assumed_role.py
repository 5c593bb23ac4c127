"""The door of assumed roles: who may become a role, by its trust policy and by the policies of whoever asks.

A trust policy must always allow. In the role's own account a principal that it names needs nothing more; naming the account leaves it to
the policies of its principals; from another account both sides must allow.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html

A service that a role trusts is no principal here: whoever commands the service acts as the role, see `pass_role` and `code_update`. Chains
of roles are for the closure over all edges.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, Answer
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.doors.rights import Rights, account_in, account_named, partition_of, split_arn
from lakecheck.access.model import Door, Edge, Step
from lakecheck.access.questions import DIRECT_CALL
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import Test, Truth, leaves
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.model import Context, Effect, Request
from lakecheck.values import outline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal
    from lakecheck.iam.model import Statement

ASSUME: Final = "sts:AssumeRole"
WITH_SAML: Final = "sts:AssumeRoleWithSAML"
WITH_WEB_IDENTITY: Final = "sts:AssumeRoleWithWebIdentity"

SHARED_PROVIDERS: Final = {
    "token.actions.githubusercontent.com": (
        "sub",
        "repository",
        "repository_owner",
        "job_workflow_ref",
        "repository_id",
        "repository_owner_id",
    ),
    "gitlab.com": ("sub", "namespace_path", "namespace_id", "project_path", "project_id"),
    "app.terraform.io": ("sub",),
    "api.bitbucket.org": ("sub", "aud"),
    "agent.buildkite.com": ("sub",),
    "oidc.circleci.com": ("sub", "aud"),
    "cognito-identity.amazonaws.com": ("aud", "sub"),
    "accounts.google.com": ("aud", "sub", "oaud"),
    "graph.facebook.com": ("app_id", "id"),
    "www.amazon.com": ("app_id", "user_id"),
}
"""Identity providers where anybody can have an account, as of 2026-07, each with the claims that tell one customer from another.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

_ANY_CUSTOMER: Final = re.compile(r"(?:repo:|project_path:|organization:)?[*?]")
_ASSUMED: Final = "assumed-role/"


def assumed_role(questions: Questions) -> Iterator[Edge]:
    """An edge from everybody who may assume a role to that role, with what remains (ExternalId, MFA, organisation, a provider's claims).

    Args:
        questions: About the estate.
    """
    yield from Rights.of(questions).kept("assumed_role", _edges)


def _edges(rights: Rights) -> Iterator[Edge]:
    for role in rights.questions.estate.principals:
        if role.trust is not None and role.kind is PrincipalKind.ROLE:
            for source, answer in _sources(rights, role):
                if source is not role and not answer.refused:
                    step = Step(Door.ASSUMED_ROLE, role.name, answer.because)
                    yield Edge(source=source, target=role, account=role.account, step=step, conditions=answer.allowed)


def _sources(rights: Rights, role: Principal) -> Iterator[tuple[Principal, Answer]]:
    """Whoever the trust policy may mean, each once, with what all policies say."""
    seen: set[int] = set()
    for source, answer in _asked(rights, role):
        if id(source) not in seen:
            if not answer.refused:
                seen.add(id(source))
            yield source, answer


def _asked(rights: Rights, role: Principal) -> Iterator[tuple[Principal, Answer]]:
    trust = role.trust
    if trust is None:
        return
    for statement in trust.statements:
        if statement.effect is Effect.ALLOW:
            for kind, entry in _entries(statement):
                yield from _of_entry(rights, role, kind, entry)
        if statement.unknown:
            yield _with(rights, rights.somebody("*"), role, ASSUME)
    if trust.unknown:
        yield _with(rights, rights.somebody("*"), role, ASSUME)


def _entries(statement: Statement) -> Iterable[tuple[str, str]]:
    if statement.principals is None:
        return (("AWS", "*"),)
    return tuple((kind, entry) for kind, entries in statement.principals.items() for entry in entries)


def _of_entry(rights: Rights, role: Principal, kind: str, entry: str) -> Iterator[tuple[Principal, Answer]]:
    where = f"the trust policy of {role.name}"
    if kind == "Federated":
        yield from _federated(rights, role, entry, where)
    elif kind == "AWS":
        account = account_named(entry)
        if entry == "*":
            yield from _everybody(rights, role)
        elif account is not None:
            yield from _of_account(rights, role, account, entry, where)
        elif _ASSUMED in entry:
            yield from _of_session(rights, role, entry)
        else:
            for source in _principals_at(rights, entry, where):
                yield _with(rights, source, role, ASSUME)


def _everybody(rights: Rights, role: Principal) -> Iterator[tuple[Principal, Answer]]:
    yield _with(rights, rights.somebody("*"), role, ASSUME)
    for source in rights.acting:
        if source.account == role.account or source.unknown or rights.could(source, ASSUME):
            yield _with(rights, source, role, ASSUME)
    for source in rights.questions.estate.principals:
        if source.kind is PrincipalKind.ACCOUNT and source.account != role.account:
            yield _with(rights, source, role, ASSUME)


def _of_account(rights: Rights, role: Principal, account: str, entry: str, where: str) -> Iterator[tuple[Principal, Answer]]:
    if account != role.account and not rights.is_ours(account):
        yield _with(rights, rights.account_principal(account, partition_of(entry), where), role, ASSUME)
    for source in rights.delegates(account, ASSUME, role.account):
        yield _with(rights, source, role, ASSUME)


def _of_session(rights: Rights, role: Principal, entry: str) -> Iterator[tuple[Principal, Answer]]:
    """Whoever has a role picks the name of its session, so a trusted session is a trusted role."""
    name = split_arn(entry)[-1].removeprefix(_ASSUMED).partition("/")[0]
    account = account_in(entry)
    for source in rights.acting:
        if source.account == account and source.arn.rpartition("/")[2] == name:
            asks = rights.questions
            request = Request(
                caller=replace(asks.caller(source), session=entry),
                action=ASSUME,
                resource=role.arn,
                resource_account=role.account,
                context=Context(values=DIRECT_CALL, complete=False),
            )
            decision = evaluate(request, asks.layers(source, ASSUME, role.arn))
            yield source, NO if decision.truth is Truth.FALSE else Answer(decision.allowed, reasons(decision, ASSUME, role.arn))


def _principals_at(rights: Rights, entry: str, where: str) -> Iterable[Principal]:
    if rights.questions.principals.get(entry) is None:
        found = rights.sets_at(entry)
        if found:
            return found
    return (rights.somebody(entry, where),)


def _federated(rights: Rights, role: Principal, entry: str, where: str) -> Iterator[tuple[Principal, Answer]]:
    action = WITH_SAML if ":saml-provider/" in entry else WITH_WEB_IDENTITY
    source = rights.somebody(entry, where)
    source, answer = _with(rights, source, role, action)
    yield source, answer
    if not answer.refused and _open_to_anyone(entry, answer):
        yield rights.somebody("*"), answer


def _open_to_anyone(provider: str, answer: Answer) -> bool:
    """Whether no condition tells the provider's customers apart."""
    host = provider.rpartition("oidc-provider/")[2].lower()
    name = next((each for each in SHARED_PROVIDERS if host == each or host.startswith(f"{each}/")), None)
    if name is None:
        return False
    telling = [
        leaf
        for leaf in leaves(answer.allowed)
        if isinstance(leaf, Test) and leaf.key.startswith(f"{name}") and leaf.key.rpartition(":")[2] in SHARED_PROVIDERS[name]
    ]
    return all(_ANY_CUSTOMER.match(outline(value)) for leaf in telling for value in leaf.values)


def _with(rights: Rights, source: Principal, role: Principal, action: str) -> tuple[Principal, Answer]:
    return source, rights.ask(source, action, role.arn)
