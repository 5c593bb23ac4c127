"""What a contract's version promises about its changes, by semantic versioning (https://semver.org)."""

from __future__ import annotations

import re
from typing import Final

_SEMANTIC: Final = re.compile(
    r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)

Version = tuple[int, int, int]


def semantic(version: str) -> Version | None:
    """Major, minor and patch of a semantic version; None for any other text.

    Example:
        >>> semantic("1.10.0"), semantic("2.0.0-rc.1"), semantic("1.1"), semantic("v2.0.0")
        ((1, 10, 0), (2, 0, 0), None, None)
    """
    found = _SEMANTIC.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_major(base: str, head: str) -> bool:
    """Whether a version announces breaking changes against another: its major number is higher.

    As long as the major number is 0, the minor one takes its place. A version that is no semantic one announces nothing.

    Example:
        >>> is_major("1.4.0", "2.0.0"), is_major("1.4.0", "1.5.0"), is_major("0.4.1", "0.5.0"), is_major("0.4.1", "0.4.2")
        (True, False, True, False)
    """
    before, after = semantic(base), semantic(head)
    if before is None or after is None:
        return False
    return after[0] > before[0] or (after[0] == before[0] == 0 and after[1] > before[1])


def version_warnings(base: str, head: str) -> list[str]:
    """What is wrong with the version of a contract that changed otherwise."""
    for state, version in (("BASE", base), ("HEAD", head)):
        if semantic(version) is None:
            shown = f"is {version}" if version else "is missing"
            return [f"the version of {state} {shown}, which is no MAJOR.MINOR.PATCH, so it announces no breaking change"]
    before, after = semantic(base) or (0, 0, 0), semantic(head) or (0, 0, 0)
    if after < before:
        return [f"the version went down from {base} to {head}"]
    return [f"the contract changed and its version is still {head}"] if base == head else []
