"""Wildcards are acknowledged by statement, and only in the statements that are named."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_iam as iam, aws_s3 as s3

from constructs_lib.core import acknowledge_wildcards
from tests.compliance.nag import acknowledged, findings, report
from tests.support import new_app, new_stack

POLICY = "Here/Policy/Resource"


@pytest.fixture(scope="module")
def validation() -> dict[str, Any]:
    """The report on a policy with wildcards over buckets of its own stack, of another, and over everything."""
    app = new_app()
    there, here = new_stack(app, "There"), new_stack(app, "Here")
    far, near = s3.Bucket(there, "Far"), s3.Bucket(here, "Near")
    policy = iam.ManagedPolicy(
        here,
        "Policy",
        statements=[
            iam.PolicyStatement(sid="Named", actions=["s3:GetObject"], resources=[far.arn_for_objects("a/*"), near.arn_for_objects("b/*")]),
            iam.PolicyStatement(sid="Unnamed", actions=["sqs:Receive*"], resources=["arn:aws:sqs:*:444444444401:queue"]),
        ],
    )
    acknowledge_wildcards(policy, {"Named": "proves that the wildcards of a named statement are acknowledged"})
    return report(app)


def test_the_wildcards_of_a_named_statement_are_acknowledged(validation: dict[str, Any]) -> None:
    """Both references, into the same stack and into another, are spelled as the report spells them."""
    rules = acknowledged(validation)[POLICY]
    assert len(rules) == 2
    assert [rule for rule in rules if "<Near" in rule and rule.endswith(".Arn>/b/*]")]
    assert [rule for rule in rules if "There:ExportsOutput" in rule and rule.endswith("/a/*]")]


def test_the_wildcards_of_other_statements_are_still_found(validation: dict[str, Any]) -> None:
    """A statement that nobody gave a reason for keeps its findings."""
    found = [finding for finding in findings(validation) if finding.startswith(POLICY)]
    assert found == [
        f"{POLICY}: AwsSolutions::AwsSolutions-IAM5[Action::sqs:Receive*]",
        f"{POLICY}: AwsSolutions::AwsSolutions-IAM5[Resource::arn:aws:sqs:*:444444444401:queue]",
    ]
