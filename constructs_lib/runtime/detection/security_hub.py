"""Security Hub CSPM in the account that administers it: the hub, the Regions it gathers findings from, how members are configured.

`AWS::SecurityHub::Hub` and `FindingAggregator` fail where one exists, and delegating Security Hub makes a hub. What is there is adopted. A
hub that is made here stays on delete: findings of a hub that is switched off are lost after 90 days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of
from .keeping import DetectionError, Memory, SwitchedOffError, as_administrator, keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_CENTRAL, _LOCAL = "CENTRAL", "LOCAL"
_SELF_MANAGED = "SELF_MANAGED_SECURITY_HUB"
_ALL, _SOME, _ALL_BUT, _NONE = "ALL_REGIONS", "SPECIFIED_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "NO_REGIONS"
_ELSEWHERE = "elsewhere:"
_POLLS = 15


class SecurityHub:
    """One account's hub as two settings.

    They are `regions`, such as `SPECIFIED_REGIONS:eu-west-1,us-east-1`, `elsewhere:<Region>` or nothing without an aggregator, and
    `organization`, which is `CENTRAL/false/NONE` or `LOCAL/<whether new accounts get a hub>/<whether they get the default standards>`.

    Args:
        securityhub: A boto3 client.
        retry: How to call it.
        region: The Region of the hub.
    """

    def __init__(self, securityhub: Any, retry: Retry, region: str) -> None:
        self._hub = securityhub
        self._retry = retry
        self._region = region
        self._aggregator = ""

    def enable(self) -> None:
        """Makes the hub, without any standard, unless there is one."""
        if self._is_on():
            return
        try:
            self._retry.call(self._hub.enable_security_hub, EnableDefaultStandards=False, ControlFindingGenerator="SECURITY_CONTROL")
        except ClientError as refusal:
            if code_of(refusal) != "ResourceConflictException":  # it was made by the delegation, a moment ago
                raise

    def _is_on(self) -> bool:
        try:
            self._retry.call(self._hub.describe_hub)
        except ClientError as error:
            if code_of(error) not in ("InvalidAccessException", "ResourceNotFoundException"):
                raise
            return False
        return True

    def read(self) -> dict[str, str]:
        """Both settings."""
        if not self._is_on():
            msg = "Security Hub is off in this account and Region"
            raise SwitchedOffError(msg)
        organization = self._organization()
        kind = organization.get("OrganizationConfiguration", {}).get("ConfigurationType", _LOCAL)
        automatic = str(bool(organization.get("AutoEnable"))).lower()
        return {"regions": self._regions(), "organization": f"{kind}/{automatic}/{organization.get('AutoEnableStandards', 'NONE')}"}

    def _organization(self) -> Mapping[str, Any]:
        return as_administrator(self._retry, "Security Hub", "InvalidAccessException", self._hub.describe_organization_configuration)

    def _regions(self) -> str:
        found = self._retry.call(self._hub.list_finding_aggregators).get("FindingAggregators", [])
        if not found:
            return ""
        self._aggregator = str(found[0]["FindingAggregatorArn"])
        aggregator = self._retry.call(self._hub.get_finding_aggregator, FindingAggregatorArn=self._aggregator)
        home = str(aggregator["FindingAggregationRegion"])
        if home != self._region:
            return f"{_ELSEWHERE}{home}"
        return _joined(str(aggregator["RegionLinkingMode"]), aggregator.get("Regions") or ())

    def write(self, changes: Mapping[str, str], there: Mapping[str, str]) -> None:
        """Central configuration needs an aggregator: it is made before and goes after."""
        if changes.get("regions"):
            self._aggregate(changes["regions"], there)
        if "organization" in changes:
            self._configure(changes["organization"])
        if changes.get("regions") == "":
            self._retry.call(self._hub.delete_finding_aggregator, FindingAggregatorArn=self._aggregator)

    def _aggregate(self, wanted: str, there: Mapping[str, str]) -> None:
        mode, _, names = wanted.partition(":")
        regions = {"Regions": names.split(",")} if names else {}
        if there.get("regions"):
            arn = self._aggregator
            self._retry.call(self._hub.update_finding_aggregator, FindingAggregatorArn=arn, RegionLinkingMode=mode, **regions)
        else:
            self._retry.call(self._hub.create_finding_aggregator, RegionLinkingMode=mode, **regions)

    def _configure(self, wanted: str) -> None:
        kind, automatic, standards = wanted.split("/")
        self._retry.call(
            self._hub.update_organization_configuration,
            AutoEnable=automatic == "true",
            AutoEnableStandards=standards,
            OrganizationConfiguration={"ConfigurationType": kind},
        )
        for attempt in range(_POLLS):
            state = self._organization().get("OrganizationConfiguration", {})
            if state.get("Status") == "FAILED":
                msg = f"Security Hub did not take {kind.lower()} configuration: {state.get('StatusMessage', 'no reason given')}"
                raise DetectionError(msg)
            if kind == _LOCAL or state.get("Status") == "ENABLED":
                return
            self._retry.pause(min(attempt, 5))
        msg = "Security Hub is still changing to central configuration; deploy again in some minutes"
        raise DetectionError(msg)

    def raised(self, name: str, there: str, wanted: str) -> str:
        """Both together: Regions are added, central configuration stays, what new accounts get is not taken away."""
        if name == "regions":
            return _united(there, wanted)
        if not there or wanted.startswith(_CENTRAL) or there.startswith(_CENTRAL):
            return there if there.startswith(_CENTRAL) else wanted
        (_, automatic, standards), (_, new_automatic, new_standards) = there.split("/"), wanted.split("/")
        return f"{_LOCAL}/{max(automatic, new_automatic)}/{min(standards, new_standards)}"  # true > false, DEFAULT < NONE

    def check_targets(self, targets: list[str], policy: str, standards: set[str]) -> None:
        """Refuses to go where somebody else's configuration policy is applied, or inherited and checks more: ours would replace it.

        Raises:
            DetectionError: If a target has another policy than the one of that name, or inherits one with other standards than these.
        """
        for target in targets:
            try:
                found = self._retry.call(self._hub.get_configuration_policy_association, Target=_target(target))
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                continue
            there = str(found.get("ConfigurationPolicyId", ""))
            if there in ("", _SELF_MANAGED):
                continue
            theirs = self._retry.call(self._hub.get_configuration_policy, Identifier=there)
            name, own = theirs["Name"], theirs.get("ConfigurationPolicy", {}).get("SecurityHub", {})
            if name == policy:
                continue
            more = sorted({_family(str(each)) for each in own.get("EnabledStandardIdentifiers") or ()} - standards)
            if found.get("AssociationType") == "INHERITED" and more:
                msg = (
                    f"{target} inherits Security Hub's configuration policy {name!r}, which checks {', '.join(more)} too, and would no "
                    "longer: declare those standards as well, or leave that target out"
                )
                raise DetectionError(msg)
            if found.get("AssociationType") == "APPLIED":
                msg = (
                    f"{target} has Security Hub's configuration policy {name!r} already; leave that target out, or detach that policy first"
                )
                raise DetectionError(msg)


def _joined(mode: str, regions: Any) -> str:
    return f"{mode}:{','.join(sorted(regions))}" if regions else mode


def _united(there: str, wanted: str) -> str:
    """The linking that gathers from all Regions that either of the two does."""
    (mode, _, names), (new_mode, _, new_names) = there.partition(":"), wanted.partition(":")
    old, new = ({name for name in each.split(",") if name} for each in (names, new_names))
    if not there or mode == _NONE or new_mode == _ALL:
        return _ALL if mode == _ALL else wanted
    if mode == _ALL_BUT and new_mode == _SOME:
        return _joined(_ALL_BUT, old - new) if old - new else _ALL
    if mode == _SOME and new_mode == _SOME:
        return _joined(_SOME, old | new)
    return there


def _family(standard: str) -> str:
    """A standard without its version: a later one of the same replaces an earlier one."""
    return standard.rpartition("::")[2].removeprefix("standards/").removeprefix("ruleset/").partition("/")[0]


def _target(name: str) -> dict[str, str]:
    kind = "RootId" if name.startswith("r-") else "OrganizationalUnitId" if name.startswith("ou-") else "AccountId"
    return {kind: name}


def apply(securityhub: Any, ssm: Any, retry: Retry, request: Request, region: str) -> dict[str, str]:
    """Does what a request asks for.

    Args:
        securityhub: A boto3 client.
        ssm: A boto3 client; keeps what was there before.
        retry: How to call them.
        request: Its properties are `LinkedRegions`, `Central`, `PolicyName`, `Targets`, `Standards` and `MemoryParameter`.
        region: The Region that the function runs in.

    Raises:
        DetectionError: If the account is not the administrator, findings are gathered elsewhere, a target has a policy already, or somebody
            else keeps these settings.
    """
    properties = request.properties
    service, memory = SecurityHub(securityhub, retry, region), Memory(ssm, retry, str(properties["MemoryParameter"]))
    if request.kind == "Delete":
        return keep(service, memory, request, {})
    service.enable()
    central, there = str(properties["Central"]) == "true", service.read()
    if there["regions"].startswith(_ELSEWHERE):
        home = there["regions"].removeprefix(_ELSEWHERE)
        msg = (
            f"findings are gathered in {home} already, and a hub has one home; make {home} the home Region of the organisation's "
            "security, or delete that aggregator"
        )
        raise DetectionError(msg)
    if central and there["organization"].startswith(_CENTRAL):
        standards = {_family(str(each)) for each in properties.get("Standards") or ()}
        service.check_targets(list(properties.get("Targets") or ()), str(properties["PolicyName"]), standards)
    regions = sorted(set(properties.get("LinkedRegions") or ()) - {region})
    wanted = {
        "regions": _joined(_SOME, regions) if regions else _NONE,
        "organization": f"{_CENTRAL}/false/NONE" if central else f"{_LOCAL}/true/DEFAULT",
    }
    after = keep(service, memory, request, wanted)
    return {"Organization": after.get("organization", ""), "Regions": after.get("regions", "")}


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Entry point of the Lambda function."""

    def work(request: Request, deadline: Deadline) -> dict[str, str]:
        securityhub, ssm = (boto3.client(name, config=CLIENT_CONFIG) for name in ("securityhub", "ssm"))
        return apply(securityhub, ssm, Retry(deadline), request, str(securityhub.meta.region_name))

    handle(event, context, work)
