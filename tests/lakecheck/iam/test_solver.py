"""Whether a request meets a formula, held against trying every small request, and against the evaluator of IAM."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.formula import FALSE, TRUE, All, Any, Constant, Formula, Not, Test as KeyTest, Truth, Unresolved, all_of, any_of, negate
from lakecheck.iam import decide
from lakecheck.iam.solver import TOO_MANY, solve

Context = dict[str, tuple[str, ...]]
WORLDS = tuple(map(frozenset, ((), ("one",), ("two",), ("one", "two"))))
KEYS = ("aws:sourcevpce", "s3:prefix", "aws:tagkeys")


def holds(formula: Formula, context: Context, facts: frozenset[str] = frozenset()) -> bool:
    """A formula in one request, said as plainly as can be; facts that hold are named."""
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Unresolved):
        return formula.reason in facts
    if isinstance(formula, Not):
        return not holds(formula.part, context, facts)
    if isinstance(formula, All):
        return all(holds(part, context, facts) for part in formula.parts)
    if isinstance(formula, Any):
        return any(holds(part, context, facts) for part in formula.parts)
    assert isinstance(formula, KeyTest)
    return _met(formula, context.get(formula.key, ()))


def _met(test: KeyTest, values: tuple[str, ...]) -> bool:
    if test.operator == "Null":
        return ("false" if values else "true") in test.values
    negated = "Not" in test.operator
    if not values:
        return test.quantifier == "ForAllValues" if test.quantifier else negated or test.if_exists
    each = [any(_fits(test.operator.replace("Not", ""), value, wanted) for wanted in test.values) for value in values]
    if not test.quantifier:
        return not any(each) if negated else each == [True]
    said = [one is not negated for one in each]
    return all(said) if test.quantifier == "ForAllValues" else any(said)


def _fits(operator: str, value: str, wanted: str) -> bool:
    if operator == "StringEquals":
        return value == wanted
    return re.fullmatch(re.escape(wanted).replace(r"\*", ".*").replace(r"\?", "."), value) is not None


def _some(*texts: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(texts), min_size=1, max_size=2, unique=True).map(sorted).map(tuple)


def asking(key: str) -> st.SearchStrategy[Formula]:
    """Tests of one key over the letters a and b."""
    quantifiers = st.sampled_from(["", "ForAllValues", "ForAnyValue"] if key == "aws:tagkeys" else [""])
    same = _some("a", "b", "ab"), st.sampled_from(["StringEquals", "StringNotEquals"])
    like = _some("a", "b", "a*", "*b", "?", "*"), st.sampled_from(["StringLike", "StringNotLike"])
    plain = st.one_of([st.builds(KeyTest, st.just(key), operators, texts, quantifiers) for texts, operators in (same, like)])
    missing = st.builds(KeyTest, st.just(key), st.just("Null"), st.sampled_from([("true",), ("false",)]))
    return plain | missing


FORMULAS = st.recursive(
    st.one_of([asking(key) for key in KEYS]) | st.sampled_from([Unresolved("one"), Unresolved("two")]),
    lambda parts: st.builds(negate, parts) | st.lists(parts, min_size=1, max_size=4).map(all_of) | st.lists(parts, max_size=4).map(any_of),
    max_leaves=7,
)
_WORDS = ["a", "b", "ab", "ba", "aa", "c", "cc", "cb", "ac"]
_SINGLE = [(), *((word,) for word in _WORDS)]
_SETS = [(), *((word,) for word in _WORDS), *product(_WORDS, repeat=2), *product(["a", "ab", "b", "c", "cb"], repeat=3)]


def brute(formula: Formula) -> Truth:
    """The truth by trying every small request under every state of the facts."""
    keys = sorted({test.key for test in _tests(formula)})
    possible = False
    for values in product(*(_SETS if key == "aws:tagkeys" else _SINGLE for key in keys)):
        context = dict(zip(keys, values, strict=True))
        said = [holds(formula, context, facts) for facts in WORLDS]
        if all(said):
            return Truth.TRUE
        possible = possible or any(said)
    return Truth.OPEN if possible else Truth.FALSE


def _tests(formula: Formula) -> set[KeyTest]:
    if isinstance(formula, KeyTest):
        return {formula}
    parts = formula.parts if isinstance(formula, All | Any) else {formula.part} if isinstance(formula, Not) else ()
    return {test for part in parts for test in _tests(part)}


@settings(max_examples=100, deadline=None)
@given(formula=FORMULAS)
def test_the_search_is_exact(formula: Formula) -> None:
    """It says what trying every small request says, and its witness is one."""
    solution = solve(formula)
    assert solution.truth is brute(formula)
    if solution.truth is Truth.TRUE:
        assert solution.witness is not None
        assert all(holds(formula, solution.witness, facts) for facts in WORLDS)
    if solution.truth is Truth.OPEN:
        assert set(solution.reasons) <= {"one", "two"}
        assert solution.reasons


def check(operator: str, *values: str, key: str = "s3:x", quantifier: str = "", if_exists: bool = False) -> KeyTest:
    """A test in few words."""
    return KeyTest(key, operator, tuple(sorted(values)), quantifier, if_exists)


@pytest.mark.parametrize(
    ("parts", "possible"),
    [
        ([check("NumericGreaterThan", "3"), check("NumericLessThan", "4")], True),
        ([check("NumericGreaterThan", "4"), check("NumericLessThan", "4")], False),
        ([check("NumericGreaterThanEquals", "4"), check("NumericLessThanEquals", "4")], True),
        ([check("NumericGreaterThan", "3", key="s3:max-keys"), check("NumericLessThan", "4", key="s3:max-keys")], False),
        ([check("NumericLessThan", "0", key="aws:multifactorauthage")], False),
        ([check("DateGreaterThan", "2026-01-01T00:00:00Z"), check("DateLessThan", "2026-01-02T00:00:00Z")], True),
        ([check("DateGreaterThan", "2026-01-02T00:00:00Z"), check("DateLessThan", "2026-01-02")], False),
        ([check("IpAddress", "10.0.0.0/8"), check("NotIpAddress", "10.0.0.0/9")], True),
        ([check("IpAddress", "10.0.0.0/8"), check("NotIpAddress", "10.0.0.0/9", "10.128.0.0/9")], False),
        ([check("IpAddress", "2001:db8::/32"), check("NotIpAddress", "2001:db8::/33")], True),
        ([check("IpAddress", "2001:db8::/32"), check("IpAddress", "10.0.0.0/8")], False),
        ([negate(check("Bool", "true")), negate(check("Bool", "false")), check("Null", "false")], False),
        ([negate(check("Bool", "true")), negate(check("Bool", "false"))], True),
        ([check("Bool", "false", key="aws:securetransport"), check("Null", "true", key="aws:securetransport")], False),
        ([check("StringEqualsIgnoreCase", "Ab"), check("StringNotEquals", "Ab", "ab", "AB")], True),
        ([check("ArnLike", "arn:*:iam::1:role/*"), check("StringLike", "*:s3:*")], True),
        ([check("ArnLike", "arn:*:iam::1:role"), check("StringLike", "arn:x:y:*")], False),
        ([check("ArnNotLike", "arn:*:iam::1:role/*"), check("Null", "false")], True),
        ([check("ArnNotLike", "arn:*:iam::1:role/*"), check("StringEquals", "alice")], False),
        ([negate(check("ArnLike", "arn:*:iam::1:*")), negate(check("ArnNotLike", "arn:*:iam::1:*")), check("Null", "false")], True),
        ([negate(check("NumericEquals", "5")), negate(check("NumericNotEquals", "5"))], False),
        ([negate(check(operator, "5", key="aws:principaltag/level")) for operator in ("NumericEquals", "NumericNotEquals")], True),
        ([check("NumericNotEquals", "five"), check("Null", "false")], False),
        ([check("Null", "true", key="aws:tagkeys", quantifier="ForAnyValue")], False),
        ([negate(check("Null", "false", key="aws:tagkeys", quantifier="ForAllValues"))], False),
        ([check("Null", "true", key="aws:tagkeys", quantifier="ForAllValues"), check("Null", "true", key="aws:tagkeys")], True),
        ([check("StringEquals", "a", "b"), check("StringNotEquals", "a")], True),
        ([check("StringEquals", "a", if_exists=True), check("StringNotEquals", "a")], True),
        ([check("StringEquals", "a", if_exists=True), check("StringNotEquals", "a"), check("Null", "false")], False),
        ([check("DateLessThan", "2026-01-01", key="aws:currenttime"), check("DateGreaterThan", "1800000000", key="aws:epochtime")], False),
        ([check("StringEquals", "vpce-1", key="aws:sourcevpce"), check("Null", "true", key="aws:sourcevpc")], False),
        ([check("StringEquals", "vpce-1", key="aws:sourcevpce"), check("IpAddress", "10.0.0.0/8", key="aws:sourceip")], False),
        ([check("Null", "false", key="aws:calledvia"), check("Bool", "false", key="aws:viaawsservice")], False),
        ([check("StringEquals", "${aws:username}"), check("StringEquals", "bob"), check("StringEquals", "bob", key="aws:username")], True),
        ([check("StringEquals", "${aws:username}"), check("StringEquals", "bob"), check("StringEquals", "eve", key="aws:username")], False),
        ([check("StringEquals", "${aws:username}"), check("StringEquals", "bob")], True),
        ([check("StringLike", "home/${aws:username}/*"), check("StringEquals", "home/bob/x")], True),
        (
            [check("StringNotEquals", "${aws:username}"), check("StringEquals", "bob"), check("StringEquals", "bob", key="aws:username")],
            False,
        ),
        ([check("StringLike", "${$}{x}"), check("StringEquals", "${$}{x}")], True),
    ],
)
def test_what_can_be_met_together(parts: list[Formula], possible: object) -> None:
    """Bounds, ranges, truth values, missing keys, keys that come together, variables."""
    assert solve(all_of(parts)).truth is (Truth.TRUE if possible else Truth.FALSE)


def test_several_values_of_a_key() -> None:
    """Two values can meet what one cannot, where a request may have two."""
    both = [check("StringEquals", value, key="aws:tagkeys", quantifier="ForAnyValue") for value in ("a", "b")]
    assert solve(all_of(both)).witness == {"aws:tagkeys": ("a", "b")}
    single = [check("StringEquals", value, key="aws:principalorgid", quantifier="ForAnyValue") for value in ("a", "b")]
    assert solve(all_of(single)).truth is Truth.FALSE


def test_facts_about_the_caller_bind() -> None:
    """A key that is known is not chosen, in any case of its name, and stands in the witness."""
    test = check("StringEquals", "o-1", key="aws:principalorgid")
    assert solve(test, known={"aws:PrincipalOrgID": ("o-1",)}).witness == {"aws:principalorgid": ("o-1",)}
    assert solve(test, known={"aws:PrincipalOrgID": ("o-2",)}).truth is Truth.FALSE
    assert solve(test, known={"aws:PrincipalOrgID": ()}).truth is Truth.FALSE
    assert solve(check("StringEquals", "a", key="aws:tagkeys"), known={"aws:TagKeys": ("a", "b")}).truth is Truth.FALSE
    assert solve(check("StringEquals", "${aws:username}"), known={"aws:username": ("bob",)}).witness == {
        "aws:username": ("bob",),
        "s3:x": ("bob",),
    }


def test_open_facts_are_told_apart() -> None:
    """A fact that does not matter is not named; a formula that holds either way is true."""
    fact, other = Unresolved("fact"), Unresolved("other")
    test = check("StringEquals", "a")
    assert solve(all_of([fact, test])).reasons == ("fact",)
    assert solve(any_of([all_of([fact, test]), all_of([negate(fact), test])])).truth is Truth.TRUE
    assert solve(all_of([fact, negate(fact), test])).truth is Truth.FALSE
    assert solve(any_of([all_of([fact, test]), all_of([other, check("StringEquals", "b")])])).truth is Truth.OPEN
    assert solve(TRUE).witness == {}
    assert solve(FALSE).truth is Truth.FALSE


def test_two_hundred_denies_are_decided() -> None:
    """One condition that two hundred denies leave open is found, and none where they leave nothing."""
    denies = [negate(all_of([check("StringLike", f"p{n}/*"), check("StringNotEquals", f"vpce-{n}", key="s3:y")])) for n in range(200)]
    solution = solve(all_of([check("StringLike", "p1*"), check("StringNotEquals", "vpce-7", key="s3:y"), *denies]))
    assert solution.truth is Truth.TRUE
    assert solution.witness is not None
    assert holds(all_of(denies), solution.witness)
    closed = [negate(check("StringLike", f"p{n:03}*")) for n in range(200)]
    assert solve(all_of([check("StringEquals", *(f"p{n:03}/x" for n in range(200))), *closed])).truth is Truth.FALSE


def test_too_much_is_open() -> None:
    """Past the cap the answer is that it is not known, and why."""
    formula = all_of(any_of([check("StringEquals", "a", key=f"s3:{n}"), check("StringEquals", "b", key=f"s3:{n + 1}")]) for n in range(30))
    assert solve(formula, cap=2).reasons == (TOO_MANY,)
    assert solve(formula).truth is Truth.TRUE


@settings(max_examples=60, deadline=None)
@given(
    conditions=st.lists(
        st.sampled_from(
            [
                {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}},
                {"StringNotLike": {"aws:SourceVpce": "vpce-1*"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}},
                {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
                {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}, "Null": {"aws:TagKeys": "false"}},
                {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
                {"StringEqualsIfExists": {"s3:prefix": "${aws:PrincipalTag/team}"}},
                {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
            ]
        ),
        min_size=2,
        max_size=4,
    )
)
def test_the_evaluator_lets_the_witness_through(conditions: list[dict[str, dict[str, object]]]) -> None:
    """What the evaluator leaves open is met by the witness, and with it the evaluator allows the request."""
    effects = ["Allow", "Allow", *["Deny"] * len(conditions)]
    statements = [
        {"Effect": effect, "Action": "s3:*", "Resource": "*", "Condition": condition}
        for effect, condition in zip(effects, conditions, strict=False)
    ]
    caller = f"arn:{'aws'}:iam::111111111111:role/A"
    document = {"Version": "2012-10-17", "Statement": statements}
    left = decide(caller, "s3:GetObject", "x", identity=document, complete=False).allowed
    solution = solve(left)
    assert solution.truth is not Truth.OPEN
    if solution.witness is not None:
        assert decide(caller, "s3:GetObject", "x", identity=document, context=solution.witness).truth is Truth.TRUE
