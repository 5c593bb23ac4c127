"""Where a stack is deployed, as far as its assembly tells: partition, account, Region and what follows from them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    partition: str = field(init=False)
    """`aws` for a Region that is not known."""
    suffix: str = field(init=False)
    """The end of the addresses of its services."""

    def __post_init__(self) -> None:
        """What follows from the Region."""
        rows = () if has_hole(self.region) else _PARTITIONS
        _, partition, suffix = next((row for row in rows if self.region.startswith(row[0])), ("", "aws", "amazonaws.com"))
        object.__setattr__(self, "partition", partition)
        object.__setattr__(self, "suffix", suffix)
