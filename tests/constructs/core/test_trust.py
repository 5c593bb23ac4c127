"""Roles are assumed by services for this account only, wherever the service says for whom it acts."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.core import SERVICE_TRUSTS, trusted_service
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, new_stack, resources, template

OTHER = "999999999999"
SOURCES = {
    "events.amazonaws.com": "arn:aws:events:{region}:{account}:rule/bus/any",
    "scheduler.amazonaws.com": "arn:aws:scheduler:{region}:{account}:schedule-group/default",
    "states.amazonaws.com": "arn:aws:states:{region}:{account}:stateMachine:any",
    "vpc-flow-logs.amazonaws.com": "arn:aws:ec2:{region}:{account}:vpc-flow-log/fl-1",
}


@pytest.fixture(scope="module")
def trusts() -> dict[str, dict[str, Any]]:
    """The trust policy of a role for each service of the table."""
    stack = new_stack()
    for service in SERVICE_TRUSTS:
        iam.Role(stack, service.partition(".")[0], assumed_by=trusted_service(stack, service))
    documents = [role["Properties"]["AssumeRolePolicyDocument"] for role in resources(template(stack), "AWS::IAM::Role").values()]
    return {document["Statement"][0]["Principal"]["Service"]: document for document in documents}


def assumes(service: str, trust: dict[str, Any], account: str, *, region: str = REGION) -> bool:
    """Whether `service` gets the role, telling what it is documented to tell of a resource of `account`."""
    context = {"aws:SourceAccount": account, "aws:SourceArn": SOURCES.get(service, "").format(account=account, region=region)}
    role = f"arn:aws:iam::{ACCOUNT}:role/R"
    return decide(service, "sts:AssumeRole", role, context={k: v for k, v in context.items() if v}, trust_policy=trust).word == "allowed"


@pytest.mark.parametrize("service", sorted(SERVICE_TRUSTS))
def test_a_service_acts_for_this_account_alone_where_it_tells_its_source(service: str, trusts: dict[str, dict[str, Any]]) -> None:
    """Its own account's resources go through; those of another account only where the service tells nothing."""
    assert assumes(service, trusts[service], ACCOUNT)
    assert assumes(service, trusts[service], OTHER) is not SERVICE_TRUSTS[service].account


@pytest.mark.parametrize("service", sorted(SOURCES))
def test_a_service_acts_for_its_own_kind_of_resource_in_this_region(service: str, trusts: dict[str, dict[str, Any]]) -> None:
    """The ARN that AWS documents, with this Region in it."""
    assert not assumes(service, trusts[service], ACCOUNT, region="us-east-1")


def test_who_tells_nothing_is_bound_by_nothing_and_says_why(trusts: dict[str, dict[str, Any]]) -> None:
    """A condition on a key that is not told would lock the service out; each page says what is."""
    bare = {service for service, trust in trusts.items() if "Condition" not in trust["Statement"][0]}
    assert bare == {"cloudtrail.amazonaws.com", "glue.amazonaws.com", "lambda.amazonaws.com", "s3.amazonaws.com"}
    assert bare == {service for service, trust in SERVICE_TRUSTS.items() if trust.why_bare}
    assert all(trust.page.startswith("https://docs.aws.amazon.com/") for trust in SERVICE_TRUSTS.values())


def test_a_single_source_can_be_named() -> None:
    """And then no other of its kind."""
    principal = trusted_service(new_stack(), "events.amazonaws.com", source_arns=["arn:aws:events:eu-west-1:444444444401:rule/one"])
    assert principal.policy_fragment.conditions["ArnLike"] == {"aws:SourceArn": ["arn:aws:events:eu-west-1:444444444401:rule/one"]}


def test_fails_for_a_service_nobody_looked_up() -> None:
    """Rather than trusting it without a condition."""
    with pytest.raises(DataLakeError, match=r"^Test: got the service 'ec2\.amazonaws\.com'; known are .*look up what it tells") as caught:
        trusted_service(new_stack(), "ec2.amazonaws.com")
    assert caught.value.code == "unknown_service_trust"


def test_fails_for_a_source_that_is_never_told() -> None:
    """The role could not be assumed by anybody."""
    with pytest.raises(DataLakeError, match=r"glue\.amazonaws\.com, which tells no aws:SourceArn .*leave them out") as caught:
        trusted_service(new_stack(), "glue.amazonaws.com", source_arns=["arn:aws:glue:eu-west-1:444444444401:job/a"])
    assert caught.value.code == "no_source_arn"
