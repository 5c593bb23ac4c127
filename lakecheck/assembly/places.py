"""Where a stack is deployed, as far as its assembly tells: partition, account, Region and what follows from them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakecheck.values import has_hole

_PARTITIONS: Final = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
)
"""Start of a Region's name, its partition, the suffix of its addresses; all others are in `aws`."""


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a Region, each perhaps a hole."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """`aws` for a Region that is not known."""
        return self._partition[0]

    @property
    def suffix(self) -> str:
        """The end of the addresses of its services."""
        return self._partition[1]

    @property
    def _partition(self) -> tuple[str, str]:
        found = () if has_hole(self.region) else tuple(row[1:] for row in _PARTITIONS if self.region.startswith(row[0]))
        return found[0] if found else ("aws", "amazonaws.com")
