"""A finding in the one form that the rest works on, whichever service reported it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, BUCKET, OBJECT, ROLE, USER, ACCESS_KEY, KEY, FUNCTION = (
    "account",
    "bucket",
    "object",
    "role",
    "user",
    "access_key",
    "key",
    "function",
)

_SHAPES = {
    ACCOUNT: re.compile(r"[0-9]{12}"),
    BUCKET: re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    OBJECT: re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.{1,1024}", re.DOTALL),
    ROLE: re.compile(r"[\w+=,.@-]{1,64}", re.ASCII),
    USER: re.compile(r"[\w+=,.@-]{1,64}", re.ASCII),
    ACCESS_KEY: re.compile(r"AKIA[A-Z0-9]{12,28}"),
    KEY: re.compile(r"(?:mrk-)?[0-9a-f-]{32,40}"),
    FUNCTION: re.compile(r"[A-Za-z0-9_-]{1,64}"),
}
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z0-9]+){1,3}-[0-9]{1,2}")


class MalformedError(ValueError):
    """A message that is no finding of any kind: it belongs into the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What a finding is about.

    Args:
        kind: One of the kinds of this module.
        name: Name of a bucket, role, user or function; `bucket/key` of an object; id of a key or an access key; an account.
        account: The account that it is in.
        region: The Region that it is in; that of the finding for what has none.
        facts: What the finding says besides: the `user` of an access key, an outside `principal`, whether it is `exposed`.
    """

    kind: str
    name: str
    account: str
    region: str
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def is_well_formed(self) -> bool:
        """Whether every part is spelled as AWS spells it; nothing is done about anything else."""
        return bool(_SHAPES[self.kind].fullmatch(self.name) and _ACCOUNT.fullmatch(self.account) and _REGION.fullmatch(self.region))

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in account {self.account}, {self.region}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        source: Who reported it: `guardduty`, `securityhub`, `macie`, `config`, `accessanalyzer`, or what the envelope says.
        id: The same however often, and through whichever service, it arrives.
        type: As its service names it, such as `Exfiltration:S3/AnomalousBehavior`.
        account: The account it is about; empty when it does not say.
        region: The Region it is about.
        severity: From 0 to 10; 0 when it has none.
        title: What a person is told.
        resources: What it is about, in its order; only what can be told from it.
        sample: Whether it was made up to try things out.
        closed: Why nothing is to be done any more: archived, resolved, suppressed, compliant; empty when it is open.
        updated: When it was last reported, in ISO 8601.
        raw: The finding as it came, kept as evidence.
    """

    source: str
    id: str
    type: str
    account: str
    region: str
    severity: float
    title: str
    resources: tuple[Resource, ...]
    sample: bool
    closed: str
    updated: str
    raw: Mapping[str, Any] = field(compare=False)


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` if it is a mapping, else an empty one: a field that is missing, null or of another shape is one that says nothing."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings in `value`, a list or a single one."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts in `value`, a list or a single one."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def text(*values: Any) -> str:
    """The first of `values` that says something, as text; empty when none does."""
    return next((str(value).strip() for value in values if isinstance(value, str | int) and str(value).strip()), "")


def number(value: Any) -> float:
    """`value` as a number, 0 when it is none."""
    if isinstance(value, bool):
        return 0.0
    try:
        found = float(value)
    except (OverflowError, TypeError, ValueError):
        return 0.0
    return found if 0 <= found <= 1000 else 0.0  # noqa: PLR2004 - also refuses NaN and infinity


def of_arn(arn: str) -> tuple[str, str, str, str]:
    """Service, Region, account and the rest of an ARN; empty texts for what is none."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return "", "", "", ""
    return parts[2], parts[3], parts[4], parts[5]


def resource_of_arn(arn: str, account: str, region: str, facts: Mapping[str, Any] | None = None) -> Resource | None:
    """What an ARN names, if it is of a kind that something can be done about; account and Region where the ARN has none."""
    service, its_region, its_account, rest = of_arn(arn)
    name = rest.rsplit("/", 1)[-1]
    found = {
        "s3": (OBJECT if "/" in rest else BUCKET, rest),
        "iam": (rest.partition("/")[0], name),
        "kms": (KEY, name) if rest.startswith("key/") else None,
        "lambda": (FUNCTION, rest.split(":")[1]) if rest.startswith("function:") else None,
        "sts": (ROLE, rest.split("/")[1]) if rest.startswith("assumed-role/") else None,
    }.get(service)
    if found is None or found[0] not in _SHAPES:
        return None
    return Resource(found[0], found[1], its_account or account, its_region or region, facts or {})


def whole_account(kind: str, account: str, region: str) -> Resource | None:
    """The account, for the type of finding that is about all of it and names, as a resource, only who did it."""
    return Resource(ACCOUNT, account, account, region) if kind == "Policy:S3/AccountBlockPublicAccessDisabled" else None


def says_sample(value: str) -> bool:
    """Whether a text of JSON, as GuardDuty adds one to a finding, says that it is a sample."""
    try:
        return mapping(json.loads(value or "{}")).get("sample") is True
    except ValueError:
        return False


def distinct(resources: list[Resource | None]) -> tuple[Resource, ...]:
    """Each once, in their order. Two findings of one name tell together what each tells."""
    found: dict[Resource, Resource] = {}
    for each in resources:
        if each is None:
            continue
        known = found.get(each)
        facts = {**(known.facts if known else {}), **each.facts}
        found[each] = Resource(each.kind, each.name, each.account, each.region, facts)
    return tuple(found.values())
