"""Condition operators one by one.

From reference_policies_elements_condition_operators, reference_policies_condition-single-vs-multi-valued-context-keys and
reference_policies_variables of the IAM user guide.
"""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.formula import FALSE, TRUE, Test as ContextTest, Truth, Unresolved
from lakecheck.iam import Decision, decide
from lakecheck.values import hole

USER = "arn:aws:iam::111122223333:user/people/alice"
KEY = "svc:key"


def _decided(condition: dict[str, Any], context: dict[str, Any] | None = None, *, version: str = "2012-10-17", **rest: Any) -> Decision:
    statement = {"Effect": "Allow", "Action": "svc:Do", "Resource": "*", "Condition": condition}
    return decide(USER, "svc:Do", identity={"Version": version, "Statement": statement}, context=context, **rest)


def _met(operator: str, written: Any, value: Any, **rest: Any) -> bool:
    truth = _decided({operator: {KEY: written}}, {} if value is None else {KEY: value}, **rest).truth
    assert truth is not Truth.OPEN
    return truth is Truth.TRUE


@pytest.mark.parametrize(
    ("operator", "written", "value", "met"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "grün", "grün", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringEqualsIgnoreCase", "aB", "Ac", False),
        ("StringLike", "a*c?", "abbbcd", True),
        ("StringLike", "a*c?", "abbbc", False),
        ("StringLike", "a*", "A", False),
        ("StringLike", "*", "", True),
        ("StringLike", "a.c", "abc", False),
        ("StringLike", "a*b", "a\nb", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, 1e1, True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "11", True),
        ("NumericGreaterThan", "9", "10", True),
        ("NumericGreaterThanEquals", "1.2", "1.3", True),
        ("NumericGreaterThanEquals", "1.2", "nan", False),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01", "2026-01-01", True),
        ("DateEquals", "2026-01-01", "1767225600000", True),
        ("DateEquals", "2026-01-01", "1767225600001", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.5Z", True),
        ("DateLessThan", "2026-01-01", "2026-01-01", False),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01", True),
        ("DateGreaterThan", "2026-01-01", "2026-01-01T00:00Z", False),
        ("DateGreaterThan", "2026-01-01", "2026-01-02", True),
        ("DateGreaterThanEquals", "2026-01-01", "1767225600", True),
        ("DateGreaterThan", "yesterday", "2026-01-01", False),
        ("Bool", "true", "True", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("Bool", "yes", "yes", False),
        ("Bool", "true", "yes", False),
        ("Bool", "false", "yes", True),
        ("BinaryEquals", "QUJD", "QUJD", True),
        ("BinaryEquals", "QUJD", "ABC", True),
        ("BinaryEquals", "QUJD", "QUJE", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
        ("IpAddress", "203.0.113.7", "203.0.113.7", True),
        ("IpAddress", "203.0.113.9/24", "203.0.113.7", True),
        ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
        ("IpAddress", "2001:DB8::/32", "203.0.113.7", False),
        ("IpAddress", ["2001:DB8::/32", "203.0.113.0/24"], "203.0.113.7", True),
        ("ArnEquals", "arn:aws:sns:*:111122223333:topic", "arn:aws:sns:eu-west-1:111122223333:topic", True),
        ("ArnLike", "arn:aws:sns:*:*:topic", "arn:aws:sns:eu-west-1:111122223333:topic:subscription", False),
        ("ArnLike", "arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/a/b:c", True),
        ("ArnLike", "arn:???:*:*:*:*", "arn:aws:ec2:us-east-1:123456789012:instance/i-12345", True),
        ("ArnLike", "arn:aws:s3:::a", "arn:aws:s3:::A", False),
    ],
)
def test_operators_and_their_negations(operator, written, value, met):
    """Each operator as its page says, and its negation where it has one."""
    assert _met(operator, written, value) is met
    negated = {
        "StringEquals": "StringNotEquals",
        "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
        "StringLike": "StringNotLike",
        "NumericEquals": "NumericNotEquals",
        "DateEquals": "DateNotEquals",
        "IpAddress": "NotIpAddress",
        "ArnEquals": "ArnNotEquals",
        "ArnLike": "ArnNotLike",
    }.get(operator)
    if negated:
        assert _met(negated, written, value) is not met


@pytest.mark.parametrize(
    ("operator", "written", "value"),
    [
        ("NumericEquals", "ten", "ten"),
        ("NumericEquals", "10", "ten"),
        ("DateEquals", "2026-01-01", "yesterday"),
        ("DateEquals", ["yesterday", "today"], "2026-01-01"),
        ("IpAddress", "203.0.113.0/24", "nowhere"),
        ("IpAddress", "123456789012", "10.10.72.13"),
        ("ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:111122223333:topic"),
        ("ArnLike", "no-arn*", "no-arn-at-all"),
        ("ArnEquals", "arn:aws:iam::*:user/alice", "alice"),
        ("ArnLike", "arn:::bucket-name", "arn:::bucket-name"),
    ],
)
def test_what_cannot_be_read_meets_neither_an_operator_nor_its_negation(operator, written, value):
    """A value of the wrong type, in the request or as all that the policy has, fails the condition; one more that can be read counts."""
    negated = "NotIpAddress" if operator == "IpAddress" else f"{operator[:-6]}NotEquals" if operator.endswith("Equals") else "ArnNotLike"
    for quantifier in ("", "ForAllValues:", "ForAnyValue:"):
        assert not _met(quantifier + operator, written, value)
        assert not _met(quantifier + negated, written, value)
    assert _met(negated, written, None)
    assert _met("NumericNotEquals", ["ten", "10"], "11")


def test_what_a_policy_says_of_values_that_cannot_be_read_is_left_open():
    """AWS does not document it, so that an Allow with such a negated operator is not taken for one that never applies."""
    for context in ({}, {KEY: "203.0.113.7"}):
        found = _decided({"NotIpAddress": {KEY: "nowhere"}}, context, complete=False).allowed
        assert isinstance(found, Unresolved)
        assert "nowhere" in found.reason
    assert _decided({"IpAddress": {KEY: "203.0.113.0/24"}}, complete=False).allowed == ContextTest(KEY, "IpAddress", ("203.0.113.0/24",))


POSITIVE = [
    "StringEquals",
    "StringLike",
    "NumericEquals",
    "NumericLessThan",
    "DateLessThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "ArnLike",
]
NEGATED = [
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
    "NumericNotEquals",
    "DateNotEquals",
    "NotIpAddress",
    "ArnNotLike",
]


def test_a_missing_key():
    """Positive operators fail on it, negated ones and those with IfExists are met, ForAllValues is met, ForAnyValue is not."""
    for operator in POSITIVE:
        assert not _met(operator, "x", None)
        assert _met(f"{operator}IfExists", "x", None)
        assert not _met(f"ForAnyValue:{operator}IfExists", "x", None)
    for operator in NEGATED:
        assert _met(operator, "x", None)
        assert _met(f"{operator}IfExists", "x", None)
    for operator in POSITIVE + NEGATED:
        assert _met(f"ForAllValues:{operator}", "x", None)
        assert not _met(f"ForAnyValue:{operator}", "x", None)


def test_if_exists_changes_nothing_where_the_key_is():
    """A key that is there is compared."""
    assert not _met("StringEqualsIfExists", "a", "b")
    assert _met("StringEqualsIfExists", "a", "a")
    assert not _met("StringNotEqualsIfExists", "a", "a")


@pytest.mark.parametrize(
    ("operator", "values", "met"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", [""], True),
        ("ForAnyValue:StringEquals", ["c", "a"], True),
        ("ForAnyValue:StringEquals", ["c", "d"], False),
        ("ForAnyValue:StringEquals", [""], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["c", "a"], False),
        ("ForAnyValue:StringNotEquals", ["c", "a"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("StringEquals", ["a", "b"], False),
        ("StringNotEquals", ["a", "c"], False),
        ("StringNotEquals", ["c", "d"], True),
    ],
)
def test_several_values_in_the_request(operator, values, met):
    """ForAllValues asks each value of the request, ForAnyValue for one of them."""
    assert _met(operator, ["a", "b"], values) is met


@pytest.mark.parametrize(
    ("written", "value", "met"), [("true", None, True), ("true", "x", False), ("false", None, False), (False, "x", True), ("x", "x", False)]
)
def test_null(written, value, met):
    """Null asks whether the key is missing."""
    assert _met("Null", written, value) is met


@pytest.mark.parametrize(
    ("operator", "written", "missing", "there"),
    [
        ("ForAllValues:Null", "true", True, False),
        ("ForAllValues:Null", "false", True, True),
        ("ForAnyValue:Null", "true", False, False),
        ("ForAnyValue:Null", "false", False, True),
    ],
)
def test_null_with_a_set_operator(operator, written, missing, there):
    """It asks the values: where there are none ForAllValues is met and ForAnyValue is not, known or open."""
    assert _met(operator, written, None) is missing
    assert _met(operator, written, "") is missing
    assert _met(operator, written, "x") is there
    expected = {(True, True): TRUE, (False, False): FALSE}.get((missing, there))
    key = "svc:key/Tag"
    assert _open(operator, written) == (expected or ContextTest(key, "Null", ("true" if missing else "false",)))


def test_keys_are_found_in_any_case_and_tags_too():
    """Key names ignore case, the name of a tag in one too; values do not."""
    assert _decided({"StringEquals": {"AWS:sourceip": "a"}}, {"aws:SourceIp": "a"}).word == "allowed"
    for written in ("aws:PrincipalTag/Team", "aws:principaltag/team"):
        assert _decided({"StringEquals": {written: "x"}}, principal_tags={"TEAM": "x"}).word == "allowed"
        assert _decided({"StringEquals": {written: "x"}}, principal_tags={"TEAM": "X"}).word == "implicit_deny"
    assert _decided({"StringEquals": {"iam:ResourceTag/Team": "x"}}, resource_tags={"team": "x"}).word == "allowed"


def test_all_operators_and_keys_of_a_block_must_be_met():
    """AND over operators and keys, OR over values."""
    block = {"StringEquals": {"a:b": ["1", "2"], "a:c": "3"}, "Bool": {"a:d": "true"}}
    assert _decided(block, {"a:b": "2", "a:c": "3", "a:d": "true"}).word == "allowed"
    for one in ("a:b", "a:c", "a:d"):
        context = {"a:b": "2", "a:c": "3", "a:d": "true", one: "else"}
        assert _decided(block, context).word == "implicit_deny"


@pytest.mark.parametrize(
    ("operator", "written", "value", "met"),
    [
        ("StringEquals", "${aws:username}", "alice", True),
        ("StringEquals", "${AWS:UserName}-x", "alice-x", True),
        ("StringLike", "home/${aws:username}/*", "home/alice/x", True),
        ("StringLike", "home/${aws:username}/*", "home/bob/x", False),
        ("StringEquals", "${aws:PrincipalTag/team}", "a*", True),
        ("StringLike", "${aws:PrincipalTag/team}", "ab", False),
        ("StringLike", "${aws:PrincipalTag/team}", "a*", True),
        ("StringEquals", "${aws:PrincipalTag/none, 'fallback'}", "fallback", True),
        ("StringEquals", "${aws:PrincipalTag/none}", "${aws:PrincipalTag/none}", False),
        ("StringNotEquals", "${aws:PrincipalTag/none}", "x", False),
        ("StringNotEquals", ["${aws:PrincipalTag/none}", "y"], "x", False),
        ("StringEquals", ["${aws:PrincipalTag/none}", "x"], "x", True),
        ("StringNotEquals", "${aws:PrincipalTag/none}", None, True),
        ("StringNotLike", "${aws:username}*", "bob", True),
        ("StringLike", "a${*}", "ab", False),
        ("StringLike", "a${*}${?}${$}", "a*?$", True),
        ("StringEquals", "a${*}", "a*", True),
        ("ArnLike", "arn:aws:iam::111122223333:user/${aws:username}", "arn:aws:iam::111122223333:user/alice", True),
        ("NumericEquals", "${aws:PrincipalTag/number}", "3", False),
        ("StringEquals", "${no variable}", "${no variable}", True),
    ],
)
def test_policy_variables(operator, written, value, met):
    """Variables are replaced in string and ARN conditions; what they bring in is meant as itself; without a value nothing matches."""
    tags = {"team": "a*", "number": "3"}
    assert _met(operator, written, value, principal_tags=tags) is met


def test_policy_variables_need_the_new_version():
    """In 2008-10-17 a variable is text."""
    assert _met("StringEquals", "${aws:username}", "alice", version="2008-10-17") is False
    assert _met("StringEquals", "${aws:username}", "${aws:username}", version="2008-10-17") is True


def _open(operator: str, written: Any, **rest: Any) -> Any:
    return _decided({operator: {"svc:Key/Tag": written}}, complete=False, **rest).allowed


def test_a_key_that_is_not_known_stays_a_test():
    """The test has the operator in IAM's spelling, the key in lower case but for the tag's name, and sorted values."""
    assert _open("forallvalues:stringlike", ["b", "a"]) == ContextTest("svc:key/Tag", "StringLike", ("a", "b"), "ForAllValues")
    assert _open("StringNotEqualsIfExists", "a") == ContextTest("svc:key/Tag", "StringNotEquals", ("a",))
    assert _open("BoolIfExists", [True]) == ContextTest("svc:key/Tag", "Bool", ("true",), if_exists=True)
    assert _open("Null", "true") == ContextTest("svc:key/Tag", "Null", ("true",))
    assert _open("Null", ["true", "false"]) == TRUE
    assert _open("StringEquals", []) == FALSE
    assert _open("StringNotEquals", []) == TRUE
    assert _open("StringEqualsIfExists", []) == ContextTest("svc:key/Tag", "Null", ("true",))
    assert _open("ForAnyValue:StringNotEquals", []) == ContextTest("svc:key/Tag", "Null", ("false",))


def test_variables_in_an_open_test_are_replaced_as_far_as_known():
    """A variable with a value is replaced, one without matches nothing, one that is not known stays."""
    assert _open("StringEquals", "${aws:username}/x") == ContextTest("svc:key/Tag", "StringEquals", ("alice/x",))
    assert _open("StringEquals", ["${aws:PrincipalTag/t}", "y"], principal_tags={}) == ContextTest("svc:key/Tag", "StringEquals", ("y",))
    assert _open("StringNotEquals", "${aws:PrincipalTag/t}", principal_tags={}) == ContextTest("svc:key/Tag", "Null", ("true",))
    assert _open("StringEquals", "${aws:PrincipalTag/t}") == ContextTest("svc:key/Tag", "StringEquals", ("${aws:PrincipalTag/t}",))


def test_a_known_value_tells_what_an_unknown_variable_has_to_be():
    """The variable's key is tested for the texts that would match, which are finitely many."""
    decision = _decided({"StringLike": {KEY: "home/${aws:PrincipalTag/Team}/*"}}, {KEY: "home/a/b/c"}, complete=False)
    assert decision.allowed == ContextTest("aws:principaltag/Team", "StringEquals", ("a", "a/b"))
    assert _decided({"StringLike": {KEY: "home/${aws:PrincipalTag/Team}"}}, {KEY: "work/a"}, complete=False).allowed == FALSE


def test_a_value_with_a_hole_is_open():
    """A text that is not wholly known may match; what surely does not is refused."""
    name = "prod-" + hole("Bucket")
    assert isinstance(_decided({"StringEquals": {KEY: "prod-lake"}}, {KEY: name}).allowed, Unresolved)
    assert _decided({"StringLike": {KEY: "prod-*"}}, {KEY: name}).allowed == TRUE
    assert _decided({"StringEquals": {KEY: "dev-lake"}}, {KEY: name}).allowed == FALSE
