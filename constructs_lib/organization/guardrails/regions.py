"""Ready guardrail on Regions: which of them anything happens in."""

from __future__ import annotations

import re
from typing import Final

from constructs_lib.organization.guardrails.model import Guardrail
from lakemodel.errors import DataLakeError

_REGION: Final = re.compile(r"^[a-z]{2}(-[a-z]+)+-[0-9]$")

GLOBAL_SERVICES: Final = (
    *("account:*", "aws-portal:*", "billing:*", "bcm-data-exports:*", "budgets:*", "ce:*", "consolidatedbilling:*", "cur:*", "freetier:*"),
    *("invoicing:*", "payments:*", "pricing:*", "savingsplans:*", "tax:*", "iam:*", "organizations:*", "sts:*", "support:*"),
    *("supportplans:*", "trustedadvisor:*", "health:*", "artifact:*", "cloudfront:*", "globalaccelerator:*", "networkmanager:*"),
    *("route53:*", "route53domains:*", "shield:*", "waf:*", "notifications:*", "notifications-contacts:*"),
    # What S3 answers in one Region for all, and CloudTrail for global services.
    *("s3:GetAccountPublicAccessBlock", "s3:GetBucketLocation", "s3:ListAllMyBuckets", "s3:PutAccountPublicAccessBlock"),
    *("cloudtrail:LookupEvents", "ec2:DescribeRegions"),
)
"""Actions of services with one endpoint for all Regions, which stands in one of them.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
"""


def allowed_regions(regions: tuple[str, ...], *, also: tuple[str, ...] = ()) -> tuple[Guardrail, ...]:
    """Nothing happens in other Regions, nor are they enabled, by deployments either.

    Args:
        regions: The Regions to allow. The one that a partition's global services stand in need not be among them.
        also: More actions to allow everywhere, such as `chatbot:*`; none when left out.

    Raises:
        DataLakeError: `region_malformed`, for none or for what is no Region's name.
    """
    wrong = [each for each in regions if not _REGION.match(each)]
    if wrong or not regions:
        msg = f"got the Regions {', '.join(map(repr, regions)) or '(none)'}; allowed are names such as 'eu-west-1', at least one"
        raise DataLakeError(msg, code="region_malformed")
    page = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html"
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": regions}}
    return (
        Guardrail(
            sid="AllowedRegions",
            why="Data stays where it was promised to be, and nobody works where nobody looks.",
            deny_all_but=(*GLOBAL_SERVICES, *also),
            conditions=elsewhere,
            source=page,
        ),
        Guardrail(
            sid="KeepRegions",
            why="A Region that is not enabled cannot be worked in at all.",
            deny=("account:DisableRegion", "account:EnableRegion"),
            source="https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
        ),
    )
