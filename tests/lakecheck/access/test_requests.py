"""What is known of a request by itself: the Region that it goes to, and whether a service makes it in its own name."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.access.questions import Questions
from lakecheck.estate.model import Account, Bucket, Estate, Principal, PrincipalKind
from lakecheck.formula import Truth
from lakecheck.iam import Policy, parse_policy

LAKE, ORGANIZATION = "444444444401", "o-exampleorgid"
BUCKET = "arn:aws:s3:::lake"
OBJECT = f"{BUCKET}/sales/1"


def policy(*statements: dict[str, Any]) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="test")


ANALYST = Principal(
    arn=f"arn:aws:iam::{LAKE}:role/Analyst",
    kind=PrincipalKind.ROLE,
    account=LAKE,
    name="role/Analyst",
    policies=(policy({"Effect": "Allow", "Action": ["s3:*", "glue:*"], "Resource": "*"}),),
)
LOGGING = Principal(arn="logging.s3.amazonaws.com", kind=PrincipalKind.SERVICE, account="", name="logging.s3.amazonaws.com")
WRITES = {"Effect": "Allow", "Principal": {"Service": LOGGING.arn}, "Action": "s3:PutObject", "Resource": f"{BUCKET}/*"}
OUTSIDE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}


def estate(region: str) -> Estate:
    """A bucket in a Region; the account may work in eu-west-1 alone, and nobody but services reaches it from outside."""
    regions = {
        "Effect": "Deny",
        "NotAction": "iam:*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
    }
    full = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    account = Account(
        id=LAKE,
        organization=ORGANIZATION,
        scps=((policy(full, regions),),),
        rcps=(policy(OUTSIDE),),
    )
    bucket = Bucket(
        arn=BUCKET,
        name="lake",
        account=LAKE,
        region=region,
        policy=policy(WRITES),
    )
    return Estate(principals=(ANALYST, LOGGING), buckets=(bucket,), accounts={LAKE: account})


@pytest.mark.parametrize(("region", "truth"), [("eu-west-1", Truth.TRUE), ("us-east-1", Truth.FALSE)])
def test_a_request_goes_to_the_region_of_its_bucket(region: str, truth: Truth) -> None:
    """So a guardrail on Regions leaves no condition on what is in one."""
    assert Questions(estate(region)).decide(ANALYST, "s3:GetObject", OBJECT).truth is truth


@pytest.mark.parametrize(("region", "truth"), [("eu-west-1", Truth.TRUE), ("us-east-1", Truth.FALSE)])
def test_a_request_goes_to_the_region_of_its_arn(region: str, truth: Truth) -> None:
    table = f"arn:aws:glue:{region}:{LAKE}:table/sales/orders"
    assert Questions(estate("eu-west-1")).decide(ANALYST, "glue:GetTable", table).truth is truth


def test_a_service_in_its_own_name_is_a_service() -> None:
    """What denies everybody but services denies it nothing: its access must not be taken for impossible."""
    assert Questions(estate("eu-west-1")).decide(LOGGING, "s3:PutObject", OBJECT).truth is Truth.TRUE
    assert Questions(estate("eu-west-1")).decide(LOGGING, "s3:GetObject", OBJECT).truth is Truth.FALSE
