"""Texts that differ and mean the same: a service answers with an ARN for a name, an id for an ARN; each with its reason.

Nothing is guessed: a short form is spelled out with the account and the Region of the resource, and the two must be the same then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _no_alias(_alias: str) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Where a resource is, as far as its short names mean something there.

    Attributes:
        account: Twelve digits.
        region: Its Region.
        partition: Its AWS partition.
        tags: The tags of its stack, which CloudFormation puts on what takes any.
        key_of: The ARN of the key behind an alias (`alias/aws/glue`); None when there is none.
    """

    account: str
    region: str
    partition: str = "aws"
    tags: Mapping[str, str] = field(default_factory=dict)
    key_of: Callable[[str], str | None] = _no_alias


@dataclass(frozen=True, kw_only=True, slots=True)
class Equivalence:
    """Two ways to write one thing.

    Attributes:
        name: What is written in two ways.
        properties: Names of the properties where it is; nowhere else do the two mean the same.
        reason: Why both occur.
        source: The AWS page that says so.
        spelled: The long form of a text; None for a text that is no such thing.
    """

    name: str
    properties: re.Pattern[str]
    reason: str
    source: str
    spelled: Callable[[str, Where], str | None]

    def holds(self, stated: str, found: str, name: str, where: Where) -> bool:
        """Whether two texts mean the same in a property of this name."""
        if not self.properties.search(name):
            return False
        long = self.spelled(stated, where)
        return long is not None and long == self.spelled(found, where)


_KEY_ID: Final = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})")
_ARN: Final = re.compile(r"arn:[^:]+:([^:]+):([^:]*):([^:]*):(.+)", re.DOTALL)
_NAME: Final = re.compile(r"[\w+=,.@-]+")


def _key(text: str, where: Where) -> str | None:
    if _KEY_ID.fullmatch(text):
        return f"arn:{where.partition}:kms:{where.region}:{where.account}:key/{text}"
    parts = _ARN.fullmatch(text)
    if parts is not None and parts[1] == "kms" and parts[4].startswith("key/"):
        return text
    if text.startswith("alias/") or (parts is not None and parts[1] == "kms" and parts[4].startswith("alias/")):
        return where.key_of(text)
    return None


def _role(text: str, where: Where) -> str | None:
    parts = _ARN.fullmatch(text)
    if parts is not None:
        # A role's name is its own in its account whatever its path; only a bare name may stand for the whole.
        return f"{parts[3]}/{text.rpartition('/')[2]}" if parts[1] == "iam" and parts[4].startswith("role/") else None
    return f"{where.account}/{text}" if _NAME.fullmatch(text) else None


def _log_group(text: str, where: Where) -> str | None:
    del where
    parts = _ARN.fullmatch(text)
    return text.removesuffix(":*") if parts is not None and parts[1] == "logs" and parts[4].startswith("log-group:") else None


def _function(text: str, where: Where) -> str | None:
    parts = _ARN.fullmatch(text)
    if parts is not None:
        return text if parts[1] == "lambda" and parts[4].startswith("function:") else None
    known = re.fullmatch(r"[a-zA-Z0-9_-]+", text)
    return f"arn:{where.partition}:lambda:{where.region}:{where.account}:function:{text}" if known else None


EQUIVALENCES: Final = (
    Equivalence(
        name="key of KMS by id, ARN or alias",
        properties=re.compile("kms|key", re.IGNORECASE),
        reason="KMS takes each of them for the same key, and services answer with the one they keep.",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id",
        spelled=_key,
    ),
    Equivalence(
        name="role by name or ARN",
        properties=re.compile("role", re.IGNORECASE),
        reason="Services that take a role's name answer with its ARN; a name is a role of the same account.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
        spelled=_role,
    ),
    Equivalence(
        name="log group's ARN with or without `:*`",
        properties=re.compile("log|destination|^arn$", re.IGNORECASE),
        reason="`Fn::GetAtt` and DescribeLogGroups give it with `:*`; services that write logs answer with and without.",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html",
        spelled=_log_group,
    ),
    Equivalence(
        name="function by name or ARN",
        properties=re.compile("^function(?:name|arn)?$", re.IGNORECASE),
        reason="Lambda takes both and answers with the ARN in mappings and configurations of calls.",
        source="https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html",
        spelled=_function,
    ),
)
"""Everything that counts as the same although it is written otherwise."""


def mean_the_same(stated: str, found: str, name: str, where: Where) -> bool:
    """Whether two texts that differ mean the same in a property of this name."""
    if _is_arn_of_role(stated) and _is_arn_of_role(found):
        return False  # two whole ARNs that differ are two roles, whatever their names
    return any(each.holds(stated, found, name, where) for each in EQUIVALENCES)


def _is_arn_of_role(text: str) -> bool:
    parts = _ARN.fullmatch(text)
    return parts is not None and parts[1] == "iam"
