"""The documents of AWS managed policies, from a dated table; a policy that is not in it is not guessed.

The table is `aws_managed_policies.zip` beside this file, made by `tools/managed_policies.py`. Its documents were gathered from AWS's API by
moto (https://github.com/getmoto/moto, Apache-2.0). AWS changes its policies at any time: a verdict that rests on one holds as of the
table's date.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versions.html
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from lakecheck.iam.documents import PolicyKind, read_policy

if TYPE_CHECKING:
    from lakecheck.iam.model import Policy

TABLE: Final = "aws_managed_policies.zip"
_ARN: Final = re.compile(r"^(?P<head>arn:[a-z-]+):iam::aws:policy/(?P<path>.+)$")
_PARTITION: Final = re.compile(r"arn:aws(?=:)")


def is_aws_managed(arn: str) -> bool:
    """Whether the ARN is that of a policy that AWS keeps, whether or not the table has it."""
    return _ARN.match(arn) is not None


def as_of() -> str:
    """The day of the newest document in the table, YYYY-MM-DD."""
    return str(_index()["as_of"])


def names() -> tuple[str, ...]:
    """Path and name of every policy in the table, such as `service-role/AWSGlueServiceRole`."""
    return tuple(_index()["policies"])


@cache
def managed_policy(arn: str) -> Policy | None:
    """A policy by its ARN; None when the table does not have it. The same object each time.

    The ARNs in the documents are of the partition `aws`; AWS's other partitions have the same documents with their own.

    Example:
        >>> managed_policy("arn:" + "aws:iam::aws:policy/AdministratorAccess").statements[0].actions
        ('*',)
    """
    found = _ARN.match(arn)
    number = _index()["policies"].get(found["path"]) if found is not None else None
    if found is None or number is None:
        return None
    line = _lines(number // _index()["chunk"])[number % _index()["chunk"]]
    policy, _ = read_policy(json.loads(_PARTITION.sub(found["head"], line)), name=arn, kind=PolicyKind.IDENTITY)
    return policy


def managed_policy_named(name: str, partition: str) -> Policy | None:
    """A policy by its name alone, as the Serverless transform takes one; None when the table has none, or several, of that name."""
    paths = _paths().get(name, ())
    return managed_policy(f"arn:{partition}:iam::aws:policy/{paths[0]}") if len(paths) == 1 else None


@cache
def _paths() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in names():
        name = path.rpartition("/")[2]
        found[name] = (*found.get(name, ()), path)
    return found


@cache
def _index() -> dict[str, Any]:
    index: dict[str, Any] = json.loads(_read("index.json"))
    return index


@cache
def _lines(chunk: int) -> list[str]:
    return _read(f"{chunk}.jsonl").splitlines()


def _read(member: str) -> str:
    packed = files("lakecheck.estate").joinpath(TABLE).read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return archive.read(member).decode()
