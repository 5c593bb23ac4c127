"""The table of AWS managed policies: whole, dated, cheap, never a guess."""

from __future__ import annotations

import json
import zipfile
from importlib.resources import files

import pytest

from lakecheck.estate.managed_policies import TABLE, as_of, is_aws_managed, managed_policy, names
from tests.lakecheck.estate.support import ARN
from tools.managed_policies import CHUNK, members

HEAD = f"{ARN}:iam::aws:policy"


def test_policies_that_lakes_use_are_in_it() -> None:
    """With their paths; and it has a date."""
    expected = {
        "AdministratorAccess",
        "AmazonAthenaFullAccess",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AWSLakeFormationDataAdmin",
        "IAMFullAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "job-function/DataScientist",
        "job-function/ViewOnlyAccess",
        "service-role/AWSGlueServiceRole",
        "service-role/AWSLambdaBasicExecutionRole",
    }
    assert expected <= set(names())
    assert len(names()) > 1_000
    assert as_of() >= "2026-01-01"


def test_a_policy_is_the_document_of_that_name() -> None:
    """The first, one in the middle, the last: each line belongs to its name."""
    only = managed_policy(f"{HEAD}/service-role/AWSLambdaBasicExecutionRole")
    assert only is not None
    assert only.statements[0].actions == ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    power = managed_policy(f"{HEAD}/PowerUserAccess")
    assert power is not None
    assert power.statements[0].not_actions is not None
    assert "iam:*" in power.statements[0].not_actions
    assert power.name == f"{HEAD}/PowerUserAccess"


def test_the_same_policy_is_the_same_object() -> None:
    """So that verdicts about it are kept."""
    assert managed_policy(f"{HEAD}/ReadOnlyAccess") is managed_policy(f"{HEAD}/ReadOnlyAccess")


def test_another_partition_has_its_own_arns() -> None:
    """The documents name ARNs of `aws`; elsewhere they are those of that partition."""
    policy = managed_policy("arn:aws-cn:iam::aws:policy/service-role/AWSGlueServiceRole")
    assert policy is not None
    resources = {resource for statement in policy.statements for resource in statement.resources or ()} - {"*"}
    assert resources
    assert all(resource.startswith("arn:aws-cn:") for resource in resources)


@pytest.mark.parametrize(
    "arn", [f"{HEAD}/NoSuchPolicy", f"{HEAD}/AWSGlueServiceRole", f"{ARN}:iam::444455556666:policy/ReadOnlyAccess", ""]
)
def test_what_is_not_in_it_is_none(arn: str) -> None:
    """An unknown name, a right name without its path, a customer's policy of the same name."""
    assert managed_policy(arn) is None
    assert is_aws_managed(arn) is arn.startswith(HEAD)


def test_no_document_has_anything_unknown() -> None:
    """Every hundredth of them: AWS's own documents are read whole."""
    for name in names()[::100]:
        policy = managed_policy(f"{HEAD}/{name}")
        assert policy is not None
        assert policy.unknown == ()
        assert all(statement.unknown == () for statement in policy.statements)


def test_the_archive_says_where_it_is_from() -> None:
    """Source, licence, date; small enough for the wheel."""
    packed = files("lakecheck.estate").joinpath(TABLE)
    with packed.open("rb") as file, zipfile.ZipFile(file) as archive:
        index = json.loads(archive.read("index.json"))
    assert "moto" in index["source"]
    assert index["licence"].startswith("Apache-2.0")
    assert len(packed.read_bytes()) < 600_000


def test_the_tool_puts_each_document_where_the_index_says() -> None:
    """Names in order, `CHUNK` to a file; the date is the newest one's."""
    policies = {
        f"P{number:03}": {"Path": "/", "CreateDate": f"2020-01-{number % 28 + 1:02}T00:00:00+00:00", "Document": {"Id": str(number)}}
        for number in range(CHUNK + 3)
    }
    written = members(policies)
    index = json.loads(written["index.json"])
    assert index["as_of"] == "2020-01-28"
    assert set(written) == {"index.json", "0.jsonl", "1.jsonl"}
    number = index["policies"][f"P{CHUNK + 1:03}"]
    assert json.loads(written[f"{number // CHUNK}.jsonl"].splitlines()[number % CHUNK]) == {"Id": str(CHUNK + 1)}
