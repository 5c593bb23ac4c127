"""The search held against the evaluator: of random policies and random requests, it denies none that there is and invents none."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings, strategies as st

from lakecheck.formula import Truth
from lakecheck.iam import Decision, decide
from lakecheck.iam.solver import solve

ROLE = f"arn:{'aws'}:iam::111122223333:role/Reader"
TEXTS = ("a", "ab", "b", "cab")
ARNS = tuple(f"arn:{'aws'}:{rest}" for rest in ("s3:::lake", "s3:::lake/a:b", "iam::111122223333:role/Reader", "iam::444455556666:role/x"))
STRING = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")

Kind = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Operators, what a policy may have, what a request may have."""

_STRINGS: Kind = (STRING, (*TEXTS, "a*", "?", "*", "*b", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'b'}*"), TEXTS)
_ARNS: Kind = (
    ("ArnLike", "ArnNotEquals", "StringLike", "StringNotLike"),
    (*ARNS, "arn:*:iam::*:role/*", "arn:*:s3:::l*", "lake", "*"),
    ARNS,
)
KEYS: dict[str, Kind] = {
    "aws:SourceVpce": _STRINGS,
    "aws:PrincipalTag/team": (
        (*STRING, "NumericNotEquals", "NumericLessThan", "Bool"),
        (*TEXTS, "3", "12", "true", "a*"),
        (*TEXTS, "3", "12", "true"),
    ),
    "aws:TagKeys": (
        tuple(f"{which}:{operator}" for which in ("ForAllValues", "ForAnyValue") for operator in STRING),
        (*TEXTS, "a*"),
        TEXTS,
    ),
    "svc:Count": (
        ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"),
        ("3", "12", "many"),
        ("3", "5", "12"),
    ),
    "svc:Owner": _ARNS,
    "svc:PeerArn": _ARNS,
    "aws:SourceIp": (("IpAddress", "NotIpAddress"), ("10.0.0.0/8", "10.1.0.0/16", "nowhere"), ("10.1.2.3", "10.2.3.4", "192.0.2.1")),
    "aws:MultiFactorAuthPresent": (("Bool",), ("true", "false"), ("true", "false")),
}


@st.composite
def _conditions(draw: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key in draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=2, unique=True)):
        operators, written, _ = KEYS[key]
        if draw(st.integers(0, 4)) == 0:
            found.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false"]))
            continue
        operator = draw(st.sampled_from(operators)) + draw(st.sampled_from(["", "", "IfExists"]))
        found.setdefault(operator, {})[key] = draw(st.lists(st.sampled_from(written), min_size=1, max_size=2))
    return found


_statements = st.builds(
    lambda effect, condition: {"Effect": effect, "Action": "s3:*", "Resource": "*", "Condition": condition},
    st.sampled_from(["Allow", "Deny", "Deny"]),
    _conditions(),
)
_identities = st.lists(_statements, min_size=1, max_size=4).map(
    lambda found: {"Version": "2012-10-17", "Statement": [{**found[0], "Effect": "Allow"}, *found[1:]]}
)


@st.composite
def _contexts(draw: Any) -> dict[str, list[str]]:
    found = {}
    for key in draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=5, unique=True)):
        several = 2 if key == "aws:TagKeys" else 1
        found[key] = draw(st.lists(st.sampled_from(KEYS[key][2]), min_size=1, max_size=several, unique=True))
    # AWS sends one of them, never both.
    if "aws:SourceVpce" in found:
        found.pop("aws:SourceIp", None)
    return found


def _asked(identity: Any, **rest: Any) -> Decision:
    return decide(ROLE, "s3:GetObject", f"arn:{'aws'}:s3:::lake/a", identity=identity, **rest)


@settings(max_examples=150, deadline=None)
@given(_identities, st.lists(_contexts(), min_size=4, max_size=4))
def test_what_some_request_gets_is_never_denied_to_be(identity, contexts):
    """Where the evaluator lets a request through, the search does not say that it lets none through, and the other way round."""
    left = _asked(identity, complete=False).allowed
    solution = solve(left)
    if any(_asked(identity, context=context).truth is Truth.TRUE for context in contexts):
        assert solution.truth is not Truth.FALSE
    if solution.truth is Truth.TRUE:
        assert solution.witness is not None
        assert _asked(identity, context=solution.witness).truth is Truth.TRUE
