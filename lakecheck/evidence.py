"""What was found to be in order, for auditors: by rule the places that comply, beside the findings that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakecheck.assembly.resources import Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What one rule of one check was applied to.

    Attributes:
        check: Name of the check.
        rule: The rule's id, as in its findings.
        title: What has to be so.
        source: The page behind it; empty when there is none.
        controls: Ids of the framework's controls, as in its findings: `NIST.800.53.R5 AC-6`.
        complied: The places that comply; the others are in the findings of this rule.
        looked_at: How many places were judged.
    """

    check: str
    rule: str
    title: str
    source: str = ""
    controls: tuple[str, ...] = ()
    complied: tuple[Origin, ...] = ()
    looked_at: int = 0
