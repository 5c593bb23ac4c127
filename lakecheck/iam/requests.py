"""Policies as formulas over every request there can be: who asks, what for, on which resource, under which condition keys.

The action, the resource and the kind of principal are keys like any other (`lakecheck.iam.domains`); so is who asks: the role or user by
`aws:PrincipalArn`, to which `aws:PrincipalAccount` is bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from lakecheck.formula import FALSE, TRUE, All, Formula, Test, Unresolved, all_of, any_of, negate
from lakecheck.iam import globs, variables
from lakecheck.iam.domains import ACTION, KIND, RESOURCE
from lakecheck.iam.model import Effect
from lakecheck.iam.operators import EACH_NEGATED, WITH_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.iam.model import ConditionTest, Policy, Statement

PRINCIPAL: Final = "aws:principalarn"
SERVICE, FEDERATED, CANONICAL, SESSION = "@service", "@federated", "@canonical", "@session"
NAMES: Final = {"Service": SERVICE, "Federated": FEDERATED, "CanonicalUser": CANONICAL}
"""The key under which a principal of each kind is named; those of accounts go by `aws:PrincipalArn`."""

_ACCOUNT: Final = "aws:principalaccount"
_ACCOUNT_ID: Final = re.compile(r"\d{12}")
_UNIQUE_ID: Final = re.compile(r"A[A-Z0-9]{2,3}A?[A-Z0-9]{12,}")
_ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Access:
    """What one Allow gives on one of its resources.

    Attributes:
        statement: The Allow.
        resource: One of its resource patterns; `*` where it has none, or names those it leaves out.
    """

    statement: Statement
    resource: str


def accesses(policy: Policy) -> list[Access]:
    """Every Allow of a policy, resource by resource: what there is to look at one by one."""
    found: list[Access] = []
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW:
            resources = ("*",) if statement.resources is None else statement.resources
            found += [Access(statement, resource) for resource in dict.fromkeys(resources)]
    return found


def given(access: Access, version: str) -> Formula:
    """The requests that one Allow lets through on one of its resources."""
    where = _like(RESOURCE, (access.resource,), version)
    if access.statement.not_resources is not None:
        where = negate(_like(RESOURCE, access.statement.not_resources, version))
    return all_of([_acts(access.statement, None), where, _rest(access.statement, version)])


def denies(policy: Policy, within: Access) -> tuple[Formula, ...]:
    """What each Deny of a policy takes away of what an Allow gives."""
    return tuple(dict.fromkeys(_matched(policy, Effect.DENY, within)))


def not_granted(policy: Policy, within: Access, base: Formula) -> Formula:
    """The requests, of those that an Allow gives, that no Allow of a policy matches.

    Args:
        policy: The policy.
        within: The Allow.
        base: What is known of the requests; when an Allow asks for nothing else, it matches them all.
    """
    known = _parts(base)
    allows = list(dict.fromkeys(_matched(policy, Effect.ALLOW, within)))
    return FALSE if any(_parts(each) <= known for each in allows) else all_of(map(negate, allows))


def _parts(formula: Formula) -> frozenset[Formula]:
    return formula.parts if isinstance(formula, All) else frozenset() if formula == TRUE else frozenset({formula})


def asked(key: str, patterns: Iterable[str]) -> Formula:
    """That the action (`ACTION`) or resource (`RESOURCE`) is one of these patterns, in which nothing is a variable."""
    return _like(key, tuple(map(globs.fold, patterns)) if key == ACTION else tuple(patterns), version="")


def _matched(policy: Policy, effect: Effect, within: Access) -> Iterable[Formula]:
    for statement in policy.statements:
        if statement.effect is not effect:
            continue
        acts = _acts(statement, within.statement)
        where = _where(statement, policy.version, within.resource) if acts is not FALSE else FALSE
        if acts is not FALSE and where is not FALSE:
            yield all_of([acts, where, _kept_rest(policy, statement)])


def _acts(statement: Statement, within: Statement | None) -> Formula:
    asked_of = None if within is None or within.actions is None else tuple(map(globs.fold, within.actions))
    negated = statement.not_actions is not None
    patterns = tuple(map(globs.fold, (statement.not_actions if negated else statement.actions) or ()))
    found = _among(ACTION, patterns, asked_of)
    return negate(found) if negated else found


def _where(statement: Statement, version: str, within: str) -> Formula:
    patterns = statement.resources if statement.not_resources is None else statement.not_resources
    if patterns is None:
        return TRUE
    if version == variables.WITH_VARIABLES and any("${" in pattern for pattern in (*patterns, within)):
        found = _among_variables(patterns, within)
    else:
        found = _among(RESOURCE, patterns, (within,))
    return negate(found) if statement.not_resources is not None else found


@lru_cache(maxsize=65536)
def _among(key: str, patterns: tuple[str, ...], asked_of: tuple[str, ...] | None) -> Formula:
    """That one of the patterns matches a text of which it is known that one of others does: those that cannot are left out."""
    if "*" in patterns:
        return TRUE
    if asked_of is not None:
        patterns = _reachable(patterns, asked_of)
        if patterns and all(any(globs.covers(wide, narrow) for wide in patterns) for narrow in asked_of):
            return TRUE
    return any_of(Test(key, "StringLike", (variables.shield(pattern),)) for pattern in patterns)


def _among_variables(patterns: tuple[str, ...], within: str) -> Formula:
    """The same where variables stand in the patterns: as far as it is so whatever they are."""
    reach = _widest(within)
    if any("${" not in pattern and globs.covers(pattern, reach) for pattern in patterns):
        return TRUE
    return _like(RESOURCE, tuple(each for each in patterns if globs.intersects(_widest(each), reach)), variables.WITH_VARIABLES)


def _widest(pattern: str) -> str:
    """The pattern with a star for every variable."""
    return "".join(
        part if isinstance(part, str) else globs.literal(part.character) if isinstance(part, variables.Escaped) else "*"
        for part in variables.parse(pattern) or (pattern,)
    )


def _reachable(patterns: tuple[str, ...], asked_of: tuple[str, ...]) -> tuple[str, ...]:
    plain = frozenset(each for each in asked_of if globs.is_literal(each))
    wild = tuple(each for each in asked_of if each not in plain)
    return tuple(
        pattern
        for pattern in patterns
        if pattern in plain
        or any(globs.intersects(each, pattern) for each in wild)
        or (not globs.is_literal(pattern) and any(globs.intersects(each, pattern) for each in plain))
    )


def _like(key: str, patterns: tuple[str, ...], version: str) -> Formula:
    """One test for each pattern, so that equal ones are seen to be equal."""
    keep = version == variables.WITH_VARIABLES
    tests = (Test(key, "StringLike", (pattern if keep else variables.shield(pattern),)) for pattern in patterns if pattern != "*")
    return TRUE if "*" in patterns else any_of(tests)


def _kept_rest(policy: Policy, statement: Statement) -> Formula:
    """The rest of a statement, kept with its policy: it is the same whatever is asked."""
    kept = policy.kept.setdefault("rest", {})
    found = kept.get(id(statement))
    if found is None:
        found = kept[id(statement)] = _rest(statement, policy.version)
    return cast("Formula", found)


def _rest(statement: Statement, version: str) -> Formula:
    """Principals, conditions and what is not known."""
    parts = [condition(test, version) for test in statement.conditions]
    parts += [Unresolved(reason) for reason in statement.unknown]
    if statement.principals is not None:
        parts.append(principals(statement.principals))
    if statement.not_principals is not None:
        parts.append(negate(principals(statement.not_principals)))
    return all_of(parts)


def principals(by_kind: Mapping[str, tuple[str, ...]]) -> Formula:
    """That who asks is one of these; wildcards in them are patterns, as AWS reads those of a reference policy."""
    if "*" in by_kind.get("AWS", ()):
        return TRUE
    found = [all_of([_is(KIND, "AWS"), _of_account(text)]) for text in by_kind.get("AWS", ())]
    for kind, key in NAMES.items():
        for text in by_kind.get(kind, ()):
            named = TRUE if text == "*" else Test(key, "StringLike", (variables.shield(text),))
            found.append(all_of([_is(KIND, kind), named]))
    return any_of(found)


def _of_account(text: str) -> Formula:
    """A principal of an account: the account, a role or user, a session, a unique id."""
    parts = text.split(":", _ARN_PARTS - 1)
    if len(parts) == _ARN_PARTS and parts[5] == "root":
        text = parts[4]
    if _ACCOUNT_ID.fullmatch(text) or (len(parts) == _ARN_PARTS and parts[5] == "root"):
        return Test(PRINCIPAL, "ArnLike", (f"arn:*:*::{variables.shield(text)}:*",))
    if len(parts) == _ARN_PARTS and parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        owner = f"arn:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
        return all_of([Test(SESSION, "StringLike", (variables.shield(text),)), Test(PRINCIPAL, "ArnLike", (owner,))])
    if _UNIQUE_ID.fullmatch(text):
        return Test("aws:userid", "StringLike", tuple(sorted((text, f"{text}:*"))))
    if len(parts) < _ARN_PARTS and "*" not in text:
        return Unresolved(f"who the principal {text} is")
    return Test(PRINCIPAL, "StringLike", (variables.shield(text),))


def _is(key: str, value: str) -> Formula:
    return Test(key, "StringEquals", (value,))


def condition(test: ConditionTest, version: str) -> Formula:
    """A condition as a test; one of the caller's account as one of its ARN, which has the account in it."""
    key = variables.spelled(test.key)
    base = EACH_NEGATED.get(test.operator, test.operator)
    expands = version == variables.WITH_VARIABLES and base in WITH_VARIABLES
    values = tuple(sorted({value if expands or base not in WITH_VARIABLES else variables.shield(value) for value in test.values}))
    if not values:
        return _of_no_value(test, key)
    if key.lower() == _ACCOUNT and base in ("StringEquals", "StringLike") and not any("${" in value for value in values):
        escape = globs.literal if base == "StringEquals" else str
        patterns = tuple(sorted(f"arn:*:*::{escape(value)}:*" for value in values))
        return Test(PRINCIPAL, "ArnLike" if base == test.operator else "ArnNotLike", patterns, test.quantifier, test.if_exists)
    return Test(key, test.operator, values, test.quantifier, test.if_exists)


def _of_no_value(test: ConditionTest, key: str) -> Formula:
    """A condition without values: nothing matches it, so that only a missing key, or a negated operator, meets it."""
    if test.operator == "Null":
        return Test(key, "Null", ("true",)) if test.quantifier == "ForAllValues" else FALSE
    negated = test.operator in EACH_NEGATED
    missing = test.quantifier == "ForAllValues" if test.quantifier else negated or test.if_exists
    if missing == negated:
        return TRUE if negated else FALSE
    return Test(key, "Null", ("true" if missing else "false",))


def bound(formula: Formula, *, with_principals: bool) -> Formula:
    """The formula for requests as there are: the key `aws:PrincipalArn` is there when somebody of an account asks, and only then."""
    there = Test(PRINCIPAL, "Null", ("false",))
    if not with_principals:
        return all_of([formula, there])
    account = _is(KIND, "AWS")
    service = Test("aws:principalisawsservice", "Bool", ("true",))
    ties = [any_of([negate(account), there]), any_of([account, negate(there)])]
    ties += [any_of([negate(_is(KIND, "Service")), service]), any_of([_is(KIND, "Service"), negate(service)])]
    return all_of([formula, *ties])
