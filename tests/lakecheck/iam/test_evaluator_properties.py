"""What holds for every request and every policy: monotony, order, and that three values agree with two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Anything

from hypothesis import given, settings, strategies as st

from lakecheck.formula import All, Any, Constant, Formula, Not, Test as ContextTest, Truth, Unresolved, all_of, any_of, negate
from lakecheck.iam import Caller, CallerKind, Context, Layers, Policy, Request, ResourceKind, evaluate, parse_policy
from lakecheck.iam.conditions import settled
from lakecheck.iam.keys import Keys

OWN, OTHER = "111122223333", "444455556666"
ROLE, USER = f"arn:aws:iam::{OWN}:role/Reader", f"arn:aws:iam::{OWN}:user/alice"
SESSION = f"arn:aws:sts::{OWN}:assumed-role/Reader/s1"
KEYS = ("aws:SourceVpce", "aws:PrincipalTag/Team", "svc:Number", "aws:CalledVia", "aws:username", "aws:PrincipalArn", "aws:userid")
VALUES = ("a", "ab", "b", "", "3", "12", "true", "AROA1:s1", "alice", ROLE)
WRITTEN = (
    *VALUES,
    "a*",
    "?",
    "*",
    "${aws:PrincipalTag/Team}",
    "x${aws:username}",
    "${aws:PrincipalTag/Team, 'b'}*",
    "arn:aws:iam::*:role/*",
)
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "NumericLessThan",
    "NumericNotEquals",
    "Bool",
    "ArnLike",
    "ArnNotEquals",
)
RESOURCES = ("arn:aws:s3:::lake/a", "arn:aws:s3:::lake/ab", "arn:aws:s3:::other/b", "*")
PATTERNS = (*RESOURCES, "arn:aws:s3:::lake/*", "arn:aws:s3:::lake/${aws:PrincipalTag/Team}", "arn:aws:s3:::*/${aws:username}*")
ACTIONS = ("s3:GetObject", "s3:PutObject", "kms:Decrypt", "sts:AssumeRole")
PRINCIPALS = ("*", OWN, OTHER, ROLE, USER, SESSION, "AROA1AAAAAAAAAAAAAAA")


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


_operators = st.builds(
    lambda quantifier, operator, suffix: quantifier + operator + suffix,
    st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from(OPERATORS),
    st.sampled_from(["", "", "IfExists"]),
)
_tests = st.dictionaries(st.sampled_from(KEYS), _some(WRITTEN), min_size=1, max_size=2)
_nulls = st.fixed_dictionaries({"Null": st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["true", "false"]), min_size=1, max_size=1)})
_conditions = st.one_of(st.just({}), st.dictionaries(_operators, _tests, max_size=2), _nulls)


@st.composite
def _statements(draw: Anything, *, with_principal: bool, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")) -> dict[str, Anything]:
    statement: dict[str, Anything] = {"Effect": draw(st.sampled_from(effects)), "Condition": draw(_conditions)}
    statement[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(_some((*ACTIONS, "s3:*", "*")))
    statement[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(_some(PATTERNS))
    if with_principal:
        statement["Principal"] = {"AWS": draw(_some(PRINCIPALS))}
    return statement


def _policies(*, with_principal: bool = False) -> st.SearchStrategy[Policy]:
    statements = st.lists(_statements(with_principal=with_principal), max_size=3)
    versions = st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"])
    return st.builds(lambda found, version: parse_policy({"Version": version, "Statement": found}, name="P"), statements, versions)


_own = _policies()
_named = _policies(with_principal=True)
_layers = st.builds(
    Layers,
    identity=st.lists(_own, max_size=2).map(tuple),
    boundary=st.none() | _own,
    session=st.none() | st.lists(_own, max_size=2).map(tuple),
    scps=st.none() | st.lists(st.lists(_own, max_size=2).map(tuple), max_size=2).map(tuple),
    rcps=st.lists(_named, max_size=1).map(tuple),
    resource=st.none() | _named,
    resource_kind=st.sampled_from(ResourceKind),
    endpoint=st.none() | _named,
)
_callers = st.sampled_from(
    [
        Caller(arn=ROLE, account=OWN),
        Caller(arn=ROLE, account=OWN, session=SESSION),
        Caller(arn=USER, account=OWN, kind=CallerKind.USER, tags={"Team": "a"}),
        Caller(arn=f"arn:aws:iam::{OWN}:root", account=OWN, kind=CallerKind.ROOT),
        Caller(arn="*", account="", kind=CallerKind.ANONYMOUS),
        Caller(arn=ROLE, account=OWN, kind=CallerKind.SERVICE_LINKED_ROLE),
    ],
)
_values = st.lists(st.sampled_from(VALUES), max_size=2).map(tuple)
_contexts = st.dictionaries(st.sampled_from(KEYS), _values, max_size=4).map(
    # Only the services a request came through are several; a variable, for one, stands for one value.
    lambda found: {key: values if key == "aws:CalledVia" else values[:1] for key, values in found.items()},
)
_requests = st.builds(
    lambda caller, action, resource, account, values: Request(
        caller=caller, action=action, resource=resource, resource_account=account, context=Context(values=values)
    ),
    _callers,
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from([OWN, OWN, OTHER]),
    _contexts,
)


def _allowed(request: Request, layers: Layers) -> bool:
    truth = evaluate(request, layers).truth
    assert truth is not Truth.OPEN
    return truth is Truth.TRUE


def _settled(formula: Formula, keys: Keys) -> Formula:
    if isinstance(formula, ContextTest):
        return settled(formula, keys)
    if isinstance(formula, Not):
        return negate(_settled(formula.part, keys))
    if isinstance(formula, All | Any):
        return (all_of if isinstance(formula, All) else any_of)(_settled(part, keys) for part in formula.parts)
    assert isinstance(formula, Constant | Unresolved)
    return formula


@settings(max_examples=200, deadline=None)
@given(_requests, _layers, st.sets(st.sampled_from(KEYS)))
def test_three_values_agree_with_two(request, layers, told):
    """With some keys told, what stays open comes out, once the others are told, as if all had been told at once."""
    whole_keys, alone = Keys(request), Keys(replace(request, context=Context(complete=False)))
    follow = {key for key in KEYS if alone.get(key.lower()) is not None}
    known = {key: whole_keys.get(key.lower()) or () for key in told | follow}
    asked = replace(request, context=Context(values=known, complete=False))
    formula = evaluate(asked, layers).allowed
    answer = _settled(formula, whole_keys)
    whole = evaluate(request, layers).allowed
    if isinstance(answer, Constant):
        assert answer == whole
    else:
        assert all(isinstance(leaf, Unresolved) for leaf in _leaves(answer))


def _leaves(formula: Formula) -> list[Formula]:
    if isinstance(formula, Not):
        return _leaves(formula.part)
    if isinstance(formula, All | Any):
        return [leaf for part in formula.parts for leaf in _leaves(part)]
    return [formula]


@settings(max_examples=100, deadline=None)
@given(_requests, _layers, _statements(with_principal=True, effects=("Deny",)))
def test_adding_a_deny_never_adds_access(request, layers, statement):
    """In whichever layer it is added."""
    if _allowed(request, layers):
        return
    deny = parse_policy({"Version": "2012-10-17", "Statement": statement}, name="D")
    for wider in (
        replace(layers, identity=(*layers.identity, deny)),
        replace(layers, rcps=(*layers.rcps, deny)),
        replace(layers, resource=_with(layers.resource, deny)),
        replace(layers, session=(*layers.session, deny)) if layers.session is not None else layers,
    ):
        assert not _allowed(request, wider)


@settings(max_examples=100, deadline=None)
@given(_requests, _layers, _statements(with_principal=True, effects=("Allow",)))
def test_adding_an_allow_never_takes_access(request, layers, statement):
    """In whichever layer it is added."""
    if not _allowed(request, layers):
        return
    allow = parse_policy({"Version": "2012-10-17", "Statement": statement}, name="A")
    for wider in (
        replace(layers, identity=(*layers.identity, allow)),
        replace(layers, rcps=(*layers.rcps, allow)),
        replace(layers, resource=_with(layers.resource, allow)),
    ):
        assert _allowed(request, wider)


def _with(policy: Policy | None, other: Policy) -> Policy:
    return other if policy is None else Policy(name=policy.name, version=policy.version, statements=policy.statements + other.statements)


@settings(max_examples=60, deadline=None)
@given(_requests, _layers)
def test_the_order_of_statements_and_policies_is_irrelevant(request, layers):
    """Turned round, the layers say the same."""

    def turned(policy: Policy | None) -> Policy | None:
        return None if policy is None else Policy(name=policy.name, version=policy.version, statements=policy.statements[::-1])

    def all_turned(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
        return tuple(found for policy in policies[::-1] if (found := turned(policy)) is not None)

    other = replace(
        layers,
        identity=all_turned(layers.identity),
        boundary=turned(layers.boundary),
        session=None if layers.session is None else all_turned(layers.session),
        scps=None if layers.scps is None else tuple(all_turned(level) for level in layers.scps[::-1]),
        rcps=all_turned(layers.rcps),
        resource=turned(layers.resource),
        endpoint=turned(layers.endpoint),
    )
    assert evaluate(request, layers).allowed == evaluate(request, other).allowed
    assert evaluate(request, layers).word == evaluate(request, other).word
