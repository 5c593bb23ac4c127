"""What once broke or stalled a run: templates, assemblies and surroundings that nobody means well with."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import Any

import pytest

from lakecheck.access import composition
from lakecheck.checks import rules
from lakecheck.formula import FALSE, TRUE, All, Any as AnyOf, Not, Truth, Unresolved, all_of, any_of, negate
from lakecheck.iam import globs, solver
from lakecheck.iam.keys import Keys
from lakecheck.iam.matching import Patterns
from lakecheck.iam.model import Caller, Request
from lakecheck.rules.encryption import _writes, denied_encryption
from lakecheck.upgrade import moves
from tests.lakecheck.resolving import ANY, by_id, resolved, stack
from tests.lakecheck.rules.snapshots import snapshot_of

REQUEST = Request(
    caller=Caller(arn="arn:aws:iam::444455556666:role/r", account="444455556666"), action="s3:GetObject", resource="arn:aws:s3:::lake/a"
)


def test_a_loop_over_what_the_loop_makes_is_not_followed():
    """`Ref` in what `Fn::ForEach` runs over names a resource, which is not there before the loop is done; what stands beside it is."""
    loop = ["Name", {"Ref": "Queue"}, {"Queue${Name}": {"Type": ANY}}]
    found = resolved(stack("Lake", {"Resources": {"Queue": {"Type": ANY}, "Fn::ForEach::Queues": loop}}))
    assert list(by_id(found)) == ["Queue"]
    assert any("Fn::ForEach::Queues" in note for note in found.not_known)


def test_a_key_is_tried_once_and_only_where_it_is_surely_asked_for(monkeypatch: Any):
    """Buckets that are perhaps each other's, with hundreds of keys in policies: every bucket asked for each of them."""
    asked: list[str] = []
    key = "arn:aws:kms:eu-west-1:444455556666:key"
    real = _writes.writable
    monkeypatch.setattr(denied_encryption, "writable", lambda bucket, *what: asked.append(str(what)) or real(bucket, *what))
    refused = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
    asks = [{"StringNotEquals": {_writes.KEY: f"{key}/{number % 3}"}} for number in range(60)]
    document = {"Statement": [{**refused, "Condition": each} for each in asks]}
    perhaps = {"Statement": [{**refused, "Condition": {"StringNotEquals": {_writes.KEY: f"{key}/perhaps"}}}]}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake"}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "lake", "PolicyDocument": document}},
    }
    found = rules.check(snapshot_of(resources), [denied_encryption.RULE])
    assert not found.findings  # no encryption at all is spared, so that it is not refused for its encryption
    assert len(asked) <= len(set(asked)) + 1
    assert sum("key/" in each for each in asked) == 3
    other = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Named"}, "PolicyDocument": perhaps}}
    only_perhaps = snapshot_of({"Bucket": resources["Bucket"], "Other": other}, Parameters={"Named": {"Type": "String"}})
    bucket = next(each for each in only_perhaps.estate.buckets if each.name == "lake")
    assert bucket.policy is not None
    assert _writes.named_keys(bucket) == []


def test_open_facts_that_are_asked_for_one_way_need_no_search(monkeypatch: Any):
    """Roles that no template defines leave dozens of facts open; trying them all took a minute for a template of 26 resources."""
    monkeypatch.setattr(solver, "_possible", lambda _formula: 1 / 0)
    pairs = [all_of([Unresolved(f"allows {number}"), negate(Unresolved(f"denies {number}"))]) for number in range(40)]
    chained = all_of(any_of([one, other]) for one, other in pairwise(pairs))
    found = solver.solve(chained)
    assert found.truth is Truth.OPEN
    assert len(found.reasons) == 80


def test_open_facts_that_are_asked_for_both_ways_are_searched():
    """Whether a formula of them always holds, or never, is still told."""
    one, other = Unresolved("one"), Unresolved("other")
    always = any_of([one, all_of([negate(one), other]), all_of([negate(one), negate(other)])])
    never = negate(always)
    assert isinstance(always, AnyOf)
    assert isinstance(never, All | Not)
    assert solver.solve(always).truth is Truth.TRUE
    assert solver.solve(never).truth is Truth.FALSE


def test_what_follows_from_conditions_is_seen_without_solving(monkeypatch: Any):
    """Whether a row says nothing new was solved anew for each pair of conditions that no template tells."""
    monkeypatch.setattr(composition, "together", lambda *_: 1 / 0)
    one, other, third = (Unresolved(name) for name in ("one", "other", "third"))
    assert composition._follows(one, all_of([one, other]))
    assert composition._follows(all_of([one, other]), all_of([one, other, third]))
    assert composition._follows(TRUE, one)
    assert not composition._follows(all_of([one, other]), one)
    assert not composition._follows(one, TRUE)
    assert not composition._follows(any_of([one, other]), one)


@pytest.mark.parametrize("text", ["a" * 60, "a" * 59 + "b"])
def test_many_stars_take_no_longer_than_few(text: str):
    """A pattern with a star for each letter, in the form that policies are matched in: it would take years to try all ways."""
    pattern = "*a" * 25 + "*b"
    assert bool(re.fullmatch(globs.expression(pattern), text, re.DOTALL)) is text.endswith("b")
    assert Patterns([pattern], "2012-10-17").matched(text, Keys(REQUEST)) == (TRUE if text.endswith("b") else FALSE)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("*a*b", "xaybzb", True),
        ("*ab*ab", "abxab", True),
        ("*ab*ab", "xab", False),
        ("a*a", "a", False),
        ("a?*?b", "axyb", True),
        ("a?*?b", "axb", False),
        ("a**b", "a\nb", True),
        ("**", "x", True),
        ("a.c", "abc", False),
        ("*?x*", "x", False),
        ("*?x*", "xx", True),
    ],
)
def test_patterns_match_as_before(pattern: str, text: str, fits: bool):  # noqa: FBT001 - a table
    """A star takes anything, a question mark one character, the rest itself."""
    assert bool(re.fullmatch(globs.expression(pattern), text, re.DOTALL)) is fits


def test_a_long_text_is_looked_through_once():
    """A name of ten thousand characters in a resource that may have moved was looked at from each of them on."""
    long = "x" * 20_000
    started = time.process_time()
    assert moves._BEFORE_HOLE.sub("", long) == long
    assert moves._BEFORE_HOLE.sub("", f"{long}\ue000\ue002") == "\ue000\ue002"
    assert time.process_time() - started < 0.5
