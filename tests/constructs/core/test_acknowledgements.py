"""An acknowledgement is narrow, complete, and stands in the tree with its owner."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from constructs_lib.core import ACKNOWLEDGEMENT_METADATA, LIBRARY_OWNER, acknowledge
from lakemodel.errors import DataLakeError
from tests.support import new_app, new_stack

RULE = "AwsSolutions::AwsSolutions-S1"


def entries(bucket: s3.Bucket) -> list[dict[str, str]]:
    return [entry.data for entry in bucket.node.metadata if entry.type == ACKNOWLEDGEMENT_METADATA]


def test_reason_owner_and_expiry_stand_on_the_node() -> None:
    """What a report needs to know is written where the assembly keeps it."""
    bucket = s3.Bucket(new_stack(), "Bucket")
    acknowledge(bucket, RULE, reason="is the log target", owner="platform", expires="2027-01-31")
    assert entries(bucket) == [{"id": RULE, "reason": "is the log target", "owner": "platform", "expires": "2027-01-31"}]


def test_the_library_owns_what_nobody_else_does_and_nothing_expires_unasked() -> None:
    """Left out, the owner is the library and there is no expiry."""
    bucket = s3.Bucket(new_stack(), "Bucket")
    acknowledge(bucket, RULE, reason="is the log target")
    assert entries(bucket) == [{"id": RULE, "reason": "is the log target", "owner": LIBRARY_OWNER}]


def test_each_rule_gets_an_entry_of_its_own() -> None:
    """Several rules for one reason stay apart in the report."""
    bucket = s3.Bucket(new_stack(), "Bucket")
    acknowledge(bucket, RULE, "PCI.DSS.321::PCI.DSS.321-S3BucketLoggingEnabled", reason="is the log target")
    assert [entry["id"] for entry in entries(bucket)] == [RULE, "PCI.DSS.321::PCI.DSS.321-S3BucketLoggingEnabled"]


@pytest.mark.parametrize("rule", ["AwsSolutions-S1", "AwsSolutions::AwsSolutions-IAM5", "AwsSolutions::", ""])
def test_fails_when_the_id_is_not_prefixed_or_not_granular(rule: str) -> None:
    """Ids that would silence everything, or silence without a trace, are refused."""
    with pytest.raises(DataLakeError, match="prefixed, granular id") as caught:
        acknowledge(s3.Bucket(new_stack(), "Bucket"), rule, reason="x")
    assert caught.value.code == "acknowledgement_not_narrow"


def test_a_granular_iam5_is_accepted() -> None:
    """The one rule that is never acknowledged bare takes its granular part."""
    bucket = s3.Bucket(new_stack(), "Bucket")
    acknowledge(bucket, "AwsSolutions::AwsSolutions-IAM5[Resource::*]", reason="x")
    assert len(entries(bucket)) == 1


@pytest.mark.parametrize("make", [new_stack, lambda app: cdk.Stage(app, "Dev"), lambda app: app])
def test_fails_when_put_on_more_than_a_resource(make) -> None:
    """A stack, a stage or an app would spread the acknowledgement over all it holds."""
    with pytest.raises(DataLakeError, match="not on a stack or an app") as caught:
        acknowledge(make(new_app()), RULE, reason="x")
    assert caught.value.code == "acknowledgement_not_narrow"


@pytest.mark.parametrize("wrong", [{"reason": " "}, {"reason": "x", "owner": ""}, {"reason": "x", "expires": "31.1.2027"}])
def test_fails_when_incomplete(wrong: dict[str, str]) -> None:
    """No reason, no owner, or a date nobody can compare."""
    with pytest.raises(DataLakeError) as caught:
        acknowledge(s3.Bucket(new_stack(), "Bucket"), RULE, **wrong)
    assert caught.value.code == "acknowledgement_incomplete"
