"""Packing keeps what statements say together: nothing is lost, nothing is added, nothing moves without need."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from constructs_lib.organization.guardrails.packing import document, merged, pack, text
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError

ACTIONS = ("s3:GetObject", "s3:Put*", "kms:Decrypt", "iam:*", "glue:GetTable")
RESOURCES = ("*", "arn:*:s3:::a/*", "arn:*:s3:::b/*")
CONDITIONS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"ArnNotLike": {"aws:PrincipalArn": ["arn:*:iam::*:role/BreakGlass"]}},
    {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
)
REQUESTS = [
    (f"arn:aws:iam::111122223333:role/{role}", action, resource, region)
    for role in ("BreakGlass", "Somebody")
    for action in ("s3:GetObject", "s3:PutObject", "kms:Decrypt", "glue:GetTable", "sqs:SendMessage")
    for resource in ("arn:aws:s3:::a/1", "arn:aws:s3:::b/1", "arn:aws:s3:::c/1")
    for region in ("eu-west-1", "us-east-1")
]


def statement(sid: str, part: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": sid, "Effect": "Deny", part: sorted(actions), "Resource": "*" if "*" in resources else sorted(resources)}
    return made if condition is None else {**made, "Condition": condition}


statements = st.lists(
    st.tuples(
        st.sampled_from(("Action", "Action", "NotAction")),
        st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3, unique=True),
        st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2, unique=True),
        st.sampled_from(CONDITIONS),
    ),
    min_size=1,
    max_size=8,
).map(lambda parts: [statement(f"S{at}", *each) for at, each in enumerate(parts)])


def denied(policies: list[dict[str, Any]]) -> list[bool]:
    """Which of the requests at least one policy denies."""
    return [
        bool(decide(who, action, resource, context={"aws:RequestedRegion": region}, scps=[policies]).denies)
        for who, action, resource, region in REQUESTS
    ]


@settings(max_examples=30)
@given(statements=statements, room=st.integers(min_value=330, max_value=1_200))
def test_packed_policies_deny_exactly_what_the_statements_deny(statements: list[dict[str, Any]], room: int) -> None:
    """For random statements, sizes and requests; and every policy keeps to its size."""
    packed = pack(statements, max_characters=room, of="policy")
    assert denied([document(each) for each in packed]) == denied([document([each]) for each in statements])
    assert all(len(text(each)) <= room for each in packed)
    sids = [each["Sid"] for policy in packed for each in policy]
    assert len(sids) == len(set(sids))


def test_statements_that_differ_in_actions_or_resources_alone_are_one() -> None:
    """And no others: not with another condition, and never two with NotAction, whose union would be their intersection."""
    one = statement("A", "Action", ["s3:GetObject"], ["*"], None)
    assert merged([one, statement("B", "Action", ["kms:Decrypt"], ["*"], None)]) == [
        statement("AAndB", "Action", ["kms:Decrypt", "s3:GetObject"], ["*"], None)
    ]
    first, second = (statement(sid, "Action", ["s3:Put*"], [arn], None) for sid, arn in (("A", RESOURCES[1]), ("B", RESOURCES[2])))
    assert merged([first, second]) == [statement("AAndB", "Action", ["s3:Put*"], list(RESOURCES[1:]), None)]
    assert len(merged([one, statement("B", "Action", ["kms:Decrypt"], ["*"], CONDITIONS[1])])) == 2
    assert len(merged([statement(sid, "NotAction", [action], ["*"], None) for sid, action in (("A", "s3:Put*"), ("B", "iam:*"))])) == 2


def test_one_that_is_added_at_the_end_moves_no_other() -> None:
    """Only the policy that it goes into changes."""
    before = [statement(f"S{at}", "Action", [f"s3:Action{at}"], [f"arn:*:s3:::{'x' * 40}{at}"], None) for at in range(12)]
    packed = pack(before, max_characters=500, of="policy")
    assert len(packed) > 2
    for size in range(1, len(before)):
        earlier, later = (pack(before[:end], max_characters=500, of="policy") for end in (size, size + 1))
        assert sum(one != other for one, other in zip(earlier, later, strict=False)) + len(later) - len(earlier) == 1


def test_fails_when_a_statement_is_too_large_for_a_policy() -> None:
    """The remedy is said."""
    with pytest.raises(DataLakeError, match="part its actions, resources or exempt roles") as failure:
        pack([statement("Big", "Action", [f"s3:Action{at}" for at in range(100)], ["*"], None)], max_characters=500, of="policy")
    assert failure.value.code == "guardrail_too_large"


def test_fails_when_two_guardrails_have_one_name() -> None:
    """The same one twice is one; another one of that name is a mistake."""
    one = statement("A", "Action", ["s3:GetObject"], ["*"], None)
    assert pack([one, dict(one)], max_characters=500, of="policy") == [[one]]
    with pytest.raises(DataLakeError, match="rename one of them") as failure:
        pack([one, statement("A", "Action", ["kms:Decrypt"], ["*"], None)], max_characters=500, of="policy")
    assert failure.value.code == "guardrail_twice"


def test_sizes_are_counted_as_aws_counts_them() -> None:
    """Without white space."""
    one = statement("A", "Action", ["s3:GetObject"], ["*"], None)
    assert json.loads(text([one])) == document([one])
    assert " " not in text([one])
