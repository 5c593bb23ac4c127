"""Statements into as few policies as their size allows, without changing what they say together; pure data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Statement = dict[str, Any]

_UNITED: Final = ("Action", "Resource")
"""What may be united when everything else is the same: a Deny on either is the Deny on both. Never NotAction: two of them deny
everything."""
_SID_CHARACTERS: Final = 64
_LONGEST_PARTITION: Final = "aws-us-gov"

ANY_PARTITION: Final = "arn:*:"
"""How an ARN begins here; in a template it has the partition that it is deployed to."""


def pack(statements: Sequence[Statement], *, max_characters: int, of: str) -> list[list[Statement]]:
    """The statements of each policy, merged where that changes nothing.

    Each statement goes into the first policy that has room, in the order given: one that is added at the end moves no other.

    Args:
        statements: Denies, with a `Sid` each.
        max_characters: The most that a policy may have, as `text` writes it, with the longest partition in every ARN.
        of: What kind of policy, for the error.

    Raises:
        DataLakeError: `guardrail_too_large`, for a statement that is too large for a policy of its own; `guardrail_twice`, for two
            different statements with one Sid.
    """
    kept: dict[str, Statement] = {}
    for each in statements:
        if kept.setdefault(each["Sid"], each) != each:
            msg = f"two different guardrails are called {each['Sid']}; allowed is one of a name: rename one of them"
            raise DataLakeError(msg, code="guardrail_twice")
    policies: list[list[Statement]] = []
    for each in kept.values():
        size = size_of([each])
        if size > max_characters:
            msg = (
                f"guardrail {each['Sid']} has {size:,} characters in a policy of its own; a {of} has at most {max_characters:,}: "
                "part its actions, resources or exempt roles among several guardrails, or write them with wildcards"
            )
            raise DataLakeError(msg, code="guardrail_too_large")
        for policy in policies:
            if size_of(merged([*policy, each])) <= max_characters:
                policy.append(each)
                break
        else:
            policies.append([each])
    return [merged(policy) for policy in policies]


def merged(statements: Iterable[Statement]) -> list[Statement]:
    """Those of them united that differ in their actions alone, then those that differ in their resources alone."""
    found = list(statements)
    for part in _UNITED:
        groups: dict[str, list[Statement]] = {}
        for each in found:
            rest = {key: value for key, value in each.items() if key not in ("Sid", part)}
            # A statement without that part stays alone.
            alone = "" if part in each else each["Sid"]
            groups.setdefault(alone + json.dumps(rest, sort_keys=True), []).append(each)
        found = [_united(group, part) for group in groups.values()]
    return found


def _united(group: list[Statement], part: str) -> Statement:
    first = group[0]
    if len(group) == 1:
        return first
    values = sorted({value for each in group for value in _as_list(each[part])})
    return {**first, "Sid": _joined_sid([each["Sid"] for each in group]), part: "*" if "*" in values else values}


def _joined_sid(sids: list[str]) -> str:
    """All of them where there is room, else the first and that there are more."""
    joined = "And".join(sids)
    return joined if len(joined) <= _SID_CHARACTERS else f"{sids[0]}And{len(sids) - 1}More"


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """The policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def size_of(statements: Sequence[Statement]) -> int:
    """How many characters AWS counts, when every ARN has the longest partition in place of the `*` that stands for it here."""
    return len(text(statements).replace(ANY_PARTITION, f"arn:{_LONGEST_PARTITION}:"))


def text(statements: Sequence[Statement]) -> str:
    """The document as AWS counts it: without white space."""
    return json.dumps(document(statements), separators=(",", ":"))
