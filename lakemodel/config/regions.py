"""Which AWS Region has which service: an offline table with its date, beside this module. Written by `tools/regions.py`.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html, by Region.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Service(StrEnum):
    """What the table knows of a Region: services, and `GLUE_TABLE_OPTIMIZERS`, a feature that many Regions lack."""

    ATHENA = "athena"
    CLOUDTRAIL = "cloudtrail"
    CLOUDWATCH = "cloudwatch"
    CONFIG = "config"
    DYNAMODB = "dynamodb"
    EVENTBRIDGE = "eventbridge"
    GLUE = "glue"
    GLUE_TABLE_OPTIMIZERS = "glue_table_optimizers"
    GUARDDUTY = "guardduty"
    KMS = "kms"
    LAKEFORMATION = "lakeformation"
    LAMBDA = "lambda"
    MACIE = "macie"
    S3 = "s3"
    SECURITYHUB = "securityhub"
    SNS = "sns"
    SQS = "sqs"
    SSM = "ssm"
    STATES = "states"


NEEDED_BY_A_LAKE = frozenset(
    {
        Service.ATHENA,
        Service.CLOUDWATCH,
        Service.DYNAMODB,
        Service.EVENTBRIDGE,
        Service.GLUE,
        Service.KMS,
        Service.LAKEFORMATION,
        Service.LAMBDA,
        Service.S3,
        Service.SQS,
        Service.SSM,
        Service.STATES,
    }
)
"""What every environment uses, whatever its settings."""

NEEDED_BY_THE_ORGANIZATION = frozenset(
    {Service.CLOUDTRAIL, Service.CLOUDWATCH, Service.CONFIG, Service.EVENTBRIDGE, Service.GUARDDUTY, Service.SECURITYHUB, Service.SNS}
)
"""What the home Region of an organisation's baseline has to have."""

NEEDED_FOR_RECOVERY = frozenset({Service.KMS, Service.S3})
"""What the Region that data is copied to has to have."""


@dataclass(frozen=True, slots=True)
class Region:
    """One AWS Region.

    Attributes:
        name: Such as `eu-west-1`.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        services: What it has.
    """

    name: str
    partition: str
    services: frozenset[Service]

    def missing(self, needed: Iterable[Service]) -> tuple[Service, ...]:
        """Those of `needed` that the Region does not have, sorted."""
        return tuple(sorted(set(needed) - self.services))


@dataclass(frozen=True, slots=True)
class RegionTable:
    """The Regions whose services are known.

    Attributes:
        as_of: The day it is true for, as YYYY-MM-DD.
        source: The page it comes from.
        regions: By name. A Region that is not in it is unknown: newer than the table, or without a published list.
    """

    as_of: str
    source: str
    regions: Mapping[str, Region]

    def with_services(self, needed: Iterable[Service], *, partition: str | None = None) -> tuple[str, ...]:
        """Names of the Regions (of one partition) that have everything needed, sorted."""
        wanted = frozenset(needed)
        found = (region for region in self.regions.values() if partition in {None, region.partition})
        return tuple(sorted(region.name for region in found if not region.missing(wanted)))


@cache
def region_table() -> RegionTable:
    """The table that comes with this package.

    Example:
        >>> region_table().regions["eu-west-1"].partition
        'aws'
    """
    content: dict[str, Any] = json.loads((files("lakemodel.config") / "regions.json").read_text(encoding="utf-8"))
    regions = {
        name: Region(name, entry["partition"], frozenset(Service(service) for service in entry["services"]))
        for name, entry in content["regions"].items()
    }
    return RegionTable(content["as_of"], content["source"], regions)
