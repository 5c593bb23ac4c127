"""What names a finding from run to run: where it is and what it says, without the numbers in it that move."""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakecheck.findings import Finding

_NUMBER: Final = re.compile(r"\d[\d,.]*")
_HASH: Final = re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE)
_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_LENGTH: Final = 16


def fingerprints(findings: Sequence[Finding]) -> tuple[str, ...]:
    """One for each finding, in their order; no two are the same.

    A finding keeps its own when lines move, when it is acknowledged, when it weighs more or less, and when a number, an account or a hash
    in its words is another one. The same finding in two environments is two. Of several that only such a number tells apart at one place,
    each has the number that it has among them by its words.

    Example:
        >>> from lakecheck.findings import Finding, Severity
        >>> one = Finding(check="limits", rule="bytes", severity=Severity.WARNING, message="the template has 812,000 bytes")
        >>> more = Finding(check="limits", rule="bytes", severity=Severity.ERROR, message="the template has 1,200,000 bytes")
        >>> fingerprints([one]) == fingerprints([more])
        True
        >>> fingerprints([one, one])[1].endswith(":2")
        True
    """
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, finding in enumerate(findings):
        groups[_hash(finding)].append(index)
    found = [""] * len(findings)
    for name, indexes in groups.items():
        in_turn = sorted(indexes, key=lambda index: (findings[index].message, findings[index].source, index))
        for number, index in enumerate(in_turn, start=1):
            found[index] = f"{name}:{number}"
    return tuple(found)


def _hash(finding: Finding) -> str:
    places = (finding.environment, finding.stack, finding.logical_id, finding.construct_path)
    parts = (finding.check, finding.rule, finding.category, *(_ACCOUNT.sub("#", place) for place in places), _lasting(finding.message))
    # Lengths keep the parts apart whatever is in them.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(text.encode(errors="backslashreplace")).hexdigest()[:_LENGTH]


def _lasting(message: str) -> str:
    return _NUMBER.sub("#", _HASH.sub("#", message))
