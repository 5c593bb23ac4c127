"""What rules require, and rules about IAM actions: nothing is met because nobody was looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from lakecheck.access.invariants import judge as judging
from lakecheck.access.invariants.confirm import Confirmation
from lakecheck.access.invariants.iam_actions import is_on_objects
from lakecheck.access.invariants.verdicts import State
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.iam.documents import parse_policy
from tests.lakecheck.access.invariants.estates import BUCKET, LAKE, READ_ALL, TRAIL, allow, estate, judged, role, rules


@pytest.mark.parametrize(
    ("required", "missing"),
    [
        ({"who": {"principal": ["role/Notebok"]}, "data": {"table": ["sales.orders"]}}, "whom it is about"),
        ({"who": {"principal": ["role/Notebook"]}, "data": {"table": ["sales.order"]}}, "the data it is about"),
        ({"who": {"principal": ["role/Notebok"]}, "actions": ["cloudtrail:GetTrail"]}, "whom it is about"),
        (
            {"who": {"principal": ["role/Notebook"]}, "actions": ["sns:Publish"], "resources": {"type": ["AWS::SNS::Topic"]}},
            "a resource it is about",
        ),
    ],
)
def test_what_is_required_of_nobody_or_about_nothing_is_not_met(required: dict[str, object], missing: str):
    """A misspelt name proves nothing."""
    verdict = judged(estate(role("Notebook", *READ_ALL, allow("*", "*"))), {"require": required})
    assert verdict.state is State.REFUTED
    assert missing in verdict.examples[0].summary


def test_an_action_that_is_required_and_allowed_is_met():
    """And refuted for whoever lacks it."""
    rule = {"require": {"who": {"principal": ["role/Auditor"]}, "actions": ["cloudtrail:GetTrail"]}}
    rule["require"]["resources"] = {"type": ["AWS::CloudTrail::Trail"]}
    assert judged(estate(role("Auditor", allow("cloudtrail:GetTrail", TRAIL))), rule).state is State.PROVED
    assert judged(estate(role("Auditor")), rule).state is State.REFUTED


@pytest.mark.parametrize("key", [{"crossing": "account"}, {"door": ["s3"]}])
def test_fails_when_a_requirement_names_what_only_forbids(key: dict[str, object]):
    """It would be passed over."""
    with pytest.raises(ValidationError, match="go with forbid"):
        rules({"require": {"do": ["read"]} | key})


def test_an_action_on_objects_is_about_the_objects_of_a_bucket():
    """`s3:DeleteObject` is never allowed on a bucket's own ARN; on what is in it, it is."""
    rule = {"forbid": {"actions": ["s3:DeleteObject"], "resources": {"type": ["AWS::S3::Bucket"]}}}
    assert judged(estate(role("Cleaner", allow("s3:Delete*", f"{BUCKET}/old/*"))), rule).state is State.REFUTED
    assert judged(estate(role("Cleaner", allow("s3:Delete*", BUCKET))), rule).state is State.PROVED
    whole = {"forbid": {"actions": ["s3:DeleteBucket"], "resources": {"type": ["AWS::S3::Bucket"]}}}
    assert judged(estate(role("Cleaner", allow("s3:Delete*", BUCKET))), whole).state is State.REFUTED
    assert judged(estate(role("Cleaner", allow("s3:Delete*", f"{BUCKET}/*"))), whole).state is State.PROVED


@pytest.mark.parametrize(
    ("action", "on_objects"),
    [
        ("s3:GetObject", True),
        ("s3:PutObjectRetention", True),
        ("s3:BypassGovernanceRetention", True),
        ("s3:AbortMultipartUpload", True),
        ("s3:ListBucket", False),
        ("s3:PutBucketObjectLockConfiguration", False),
        ("s3:PutBucketPolicy", False),
        ("kms:Decrypt", False),
    ],
)
def test_which_actions_are_on_objects(action: str, on_objects: bool):  # noqa: FBT001 - expected
    """As the service authorization reference has them."""
    assert is_on_objects(action) is on_objects


def test_what_no_request_confirms_does_not_hide_what_one_does(monkeypatch: pytest.MonkeyPatch):
    """The eleventh of many is found, and what was not confirmed is neither printed nor counted as if it were."""
    readers = [role(f"Reader{number:02}", *READ_ALL) for number in range(14)]
    of = Confirmation.of

    def only_the_last(self: Confirmation, example: object) -> object:
        return of(self, example) if example.access.principal is readers[-1] else None  # type: ignore[attr-defined,arg-type]

    rule = {"forbid": {"do": ["read"], "data": {"table": ["sales.orders"]}}}
    assert judged(estate(*readers), rule).more == 4
    monkeypatch.setattr(Confirmation, "of", only_the_last)
    verdict = judged(estate(*readers), rule)
    assert verdict.state is State.REFUTED
    assert {each.access.principal.name for each in verdict.examples} == {"role/Reader13"}
    assert verdict.more == 0
    monkeypatch.setattr(judging, "MOST_TRIED", 3)
    verdict = judged(estate(*readers), rule)
    assert verdict.state is State.UNKNOWN
    assert "please report it" in verdict.examples[0].reasons[0]


def test_an_outsider_that_only_a_policy_names_is_confirmed_too():
    """A bucket open to another account is refuted with a request."""
    arn = "arn:aws:iam::999999999999:root"
    where = estate(Principal(arn=arn, kind=PrincipalKind.ACCOUNT, account="999999999999", name="account 999999999999"))
    document = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:*", "Resource": f"{BUCKET}/*"}]}
    bucket = replace(where.buckets[0], policy=parse_policy(document, name="BucketPolicy"), encryption="SSE_S3", key="")
    verdict = judged(replace(where, buckets=(bucket,)), {"forbid": {"crossing": "account"}})
    assert verdict.state is State.REFUTED
    assert {each.access.principal.account for each in verdict.examples} == {"999999999999"}
    assert LAKE not in {each.access.principal.account for each in verdict.examples}
