"""Security Hub and Macie: whether they are on in an account.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-securityhub-hub.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-macie-session.html
"""

from __future__ import annotations

from typing import Final

from lakecheck.rehearsal.adapters.model import Adapter, Read, Resource, call, tag_map
from lakecheck.rehearsal.adapters.reading import steps


def _hub_arn(resource: Resource) -> str:
    return resource.arn("securityhub", "hub/default")


_SETTINGS: Final = call("update_security_hub_configuration", everything=True)


ADAPTERS = (
    Adapter(
        type="AWS::SecurityHub::Hub",
        service="securityhub",
        identifier=_hub_arn,
        create=steps("securityhub", call("enable_security_hub", everything=True, Tags=tag_map), _SETTINGS),
        update=_SETTINGS,
        delete=call("disable_security_hub"),
        read=Read(call("describe_hub"), absent=("InvalidAccessException",)),
        attributes={"ARN": _hub_arn, "SubscribedAt": "read:SubscribedAt"},
        # Which standards are on is a matter of AWS::SecurityHub::Standard; what was wished when a hub was made is not kept.
        unread=("EnableDefaultStandards",),
        note="The emulator finds nothing, has no standards and lists no tags of a hub.",
    ),
    Adapter(
        type="AWS::Macie::Session",
        service="macie2",
        identifier="{account}",
        create=call("enable_macie", everything=True),
        update=call("update_macie_session", everything=True),
        delete=call("disable_macie"),
        read=Read(call("get_macie_session")),
        attributes={"AwsAccountId": "{account}", "ServiceRole": "read:serviceRole"},
        note="The emulator discovers nothing, and has no AutomatedDiscoveryStatus.",
    ),
)
