"""The machinery's roles, what counts as public, and what is taken for granted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.access.doors import DIRECT, LEAKS, assumptions, data_plane
from lakecheck.access.doors.public import is_public
from lakecheck.estate.model import DataLocation, Principal, PrincipalKind

from .lakes import BUCKET, COPY, LAKE, REGION, allow, bucket, job, lake, origin, policy, role, trust, workgroup

if TYPE_CHECKING:
    from lakecheck.iam.model import Policy

PEOPLE = policy("Trust", {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}})
MIXED = policy(
    "Trust",
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "glue.amazonaws.com"}},
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}},
)


def location(by: Principal) -> DataLocation:
    """A registered location."""
    return DataLocation(account=LAKE, region=REGION, arn=f"{BUCKET}/sales", role=by.arn, origin=origin("Location"))


def test_what_registers_and_what_runs_is_machinery() -> None:
    """Each is named with what makes it one."""
    registration = role("Registration", trust=trust("lakeformation.amazonaws.com"))
    runner = role("Runner", trust=trust("glue.amazonaws.com"))
    copier = role("Copier", trust=trust("s3.amazonaws.com"))
    questions = lake(registration, runner, copier, locations=(location(registration),), executors=(job(runner),))
    found = data_plane(questions)
    assert set(found) == {registration.arn, runner.arn, copier.arn}
    assert found[runner.arn] == f"glue job arn:aws:glue:{REGION}:{LAKE}:job/load runs as it; only glue.amazonaws.com can assume it"


@pytest.mark.parametrize("trusting", [PEOPLE, MIXED, None, replace(trust("glue.amazonaws.com"), unknown=("a parameter",))])
def test_a_role_that_people_assume_is_no_machinery(trusting: Policy | None) -> None:
    """Nor is one whose trust policy is not known."""
    runner = role("Runner", trust=trusting)
    assert data_plane(lake(runner, executors=(job(runner),), locations=(location(runner),))) == {}


def test_a_role_that_nothing_runs_as_is_no_machinery() -> None:
    """A trust policy alone makes none."""
    assert data_plane(lake(role("Idle", trust=trust("glue.amazonaws.com")))) == {}


@pytest.mark.parametrize("kind", ["sagemaker_notebook", "ec2_instance", "codebuild_project", "glue_dev_endpoint", "cloudformation_stack"])
def test_where_people_work_is_no_machinery(kind: str) -> None:
    """A notebook's role reads for whoever sits at it."""
    notebook = role("Notebook", trust=trust("sagemaker.amazonaws.com"))
    assert data_plane(lake(notebook, executors=(replace(job(notebook), kind=kind),))) == {}


def test_a_service_linked_role_is_machinery() -> None:
    """Nobody else can assume it."""
    linked = Principal(
        arn=f"arn:aws:iam::{LAKE}:role/aws-service-role/x", kind=PrincipalKind.SERVICE_LINKED_ROLE, account=LAKE, name="role/linked"
    )
    assert set(data_plane(lake(linked))) == {linked.arn}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("s3:GetObject", Principal="*"), True),
        (allow("s3:GetObject", Principal={"AWS": ["*"]}), True),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": LAKE}, "Action": "s3:*", "Resource": "*"}, True),
        (allow("s3:GetObject", Principal="*", Condition={"StringLike": {"aws:PrincipalOrgID": "o-*"}}), True),
        (allow("s3:GetObject", Principal="*", Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}), True),
        (allow("s3:GetObject", Principal="*", Condition={"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}), True),
        (allow("s3:GetObject", Principal="*", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), True),
        (allow("s3:GetObject", Principal="*", Condition={"StringEquals": {"s3:prefix": "x"}}), True),
        (allow("s3:GetObject", Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (allow("s3:GetObject", Principal="*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), False),
        (
            allow("s3:GetObject", Principal="*", Condition={"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:r:{LAKE}:accesspoint/*"}}),
            False,
        ),
        (allow("s3:GetObject", Principal={"AWS": LAKE}), False),
        ({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}, False),
    ],
)
def test_what_is_public(statement: dict[str, Any], *, expected: bool) -> None:
    """Everybody, unless bound to fixed values of a key that AWS takes for binding."""
    assert is_public(policy("Bucket policy", statement)) is expected


def test_assumptions_are_named_where_there_is_reason() -> None:
    """Each stands only where the estate has what it is about."""
    assert list(assumptions(lake(buckets=(bucket(encryption="SSE_S3", key=""),)))) == []
    questions = lake(
        buckets=(bucket(acl_enabled=True, replicates_to=((COPY, "sales/"),)),), workgroups=(workgroup("analysts", enforced=False),)
    )
    assert list(assumptions(questions)) == [
        "Objects are and were encrypted with the default key of their bucket.",
        "No object of prod-curated is given away by an ACL, although ACLs are enabled there.",
        f"Nobody but the principals of this estate reads the copy of s3://prod-curated/sales/ in {COPY}, which no template defines.",
        "Members of workgroup analysts leave results in its own output location, although clients may name another.",
    ]


def test_the_lists_name_every_door_to_objects() -> None:
    """A door that is not in the list is a door that nobody watches."""
    assert {door.__name__ for door in DIRECT} >= {"s3", "access_points", "access_grants", "replicas"}
    assert {door.__name__ for door in LEAKS} >= {"temporary_files", "athena_results"}
