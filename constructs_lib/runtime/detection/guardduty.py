"""GuardDuty in the account that administers it: its own detector, and what members of the organisation get.

Delegating GuardDuty to an account switches a detector on there, so that `AWS::GuardDuty::Detector` would fail; and there is no resource
for the organisation's configuration. A detector that is there is adopted; one that is made here stays on delete: its findings go with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from ..custom_resources.cfn_response import handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry
from .keeping import DetectionError, Memory, SwitchedOffError, as_administrator, keep, ranked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_OWN, _MEMBERS = "own", "members"
_SCALES = {_OWN: ("DISABLED", "ENABLED"), _MEMBERS: ("NONE", "NEW", "ALL")}
_FREQUENCIES = ("SIX_HOURS", "ONE_HOUR", "FIFTEEN_MINUTES")
_RUNTIME, _EKS_RUNTIME = "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"  # GuardDuty refuses both together
_ON = ("ENABLED", "NEW", "ALL")


class GuardDuty:
    """One account's detector and the organisation's configuration, as settings.

    They are `status`, `publishing`, `members`, and `own/<feature>[/<part>]`, `members/<feature>[/<part>]`.

    Args:
        guardduty: A boto3 client.
        retry: How to call it.
    """

    def __init__(self, guardduty: Any, retry: Retry) -> None:
        self._guardduty = guardduty
        self._retry = retry
        self._detector = ""

    def enable(self) -> None:
        """Makes the detector, unless there is one."""
        if not self._retry.call(self._guardduty.list_detectors)["DetectorIds"]:
            self._detector = str(self._retry.call(self._guardduty.create_detector, Enable=True)["DetectorId"])

    @property
    def detector(self) -> str:
        """The detector's id.

        Raises:
            SwitchedOffError: If there is none.
        """
        if not self._detector:
            ids = self._retry.call(self._guardduty.list_detectors)["DetectorIds"]
            if not ids:
                msg = "GuardDuty has no detector in this account and Region"
                raise SwitchedOffError(msg)
            self._detector = str(ids[0])
        return self._detector

    def read(self) -> dict[str, str]:
        """Every setting."""
        own = self._retry.call(self._guardduty.get_detector, DetectorId=self.detector)
        pages = [self._organization()]
        while pages[-1].get("NextToken"):
            pages.append(self._organization(NextToken=pages[-1]["NextToken"]))
        members = [feature for page in pages for feature in page.get("Features", [])]
        return {
            "status": str(own["Status"]),
            "publishing": str(own.get("FindingPublishingFrequency", "")),
            "members": str(pages[0].get("AutoEnableOrganizationMembers") or ("NEW" if pages[0].get("AutoEnable") else "NONE")),
            **_flat(_OWN, own.get("Features", []), "Status"),
            **_flat(_MEMBERS, members, "AutoEnable"),
        }

    def _organization(self, **more: str) -> Mapping[str, Any]:
        call = self._guardduty.describe_organization_configuration
        return as_administrator(self._retry, "GuardDuty", "BadRequestException", call, DetectorId=self.detector, **more)

    def write(self, changes: Mapping[str, str], there: Mapping[str, str]) -> None:
        """The detector first: members cannot have what their administrator has not."""
        after = {**there, **changes}
        own: dict[str, Any] = {}
        if "status" in changes:
            own["Enable"] = changes["status"] == "ENABLED"
        if "publishing" in changes:
            own["FindingPublishingFrequency"] = changes["publishing"]
        if features := _nested(_OWN, changes, after, "Status"):
            own["Features"] = features
        if own:
            self._retry.call(self._guardduty.update_detector, DetectorId=self.detector, **own)
        features = _nested(_MEMBERS, changes, after, "AutoEnable")
        if features or "members" in changes:
            self._retry.call(
                self._guardduty.update_organization_configuration,
                DetectorId=self.detector,
                AutoEnableOrganizationMembers=after["members"],
                **({"Features": features} if features else {}),
            )

    def raised(self, name: str, there: str, wanted: str) -> str:
        """The more watchful of two values."""
        if name == "publishing":
            return ranked(_FREQUENCIES, there, wanted)
        return ranked(_SCALES[_OWN if name == "status" else name.partition("/")[0]], there, wanted)


def _flat(kind: str, features: Iterable[Mapping[str, Any]], field: str) -> dict[str, str]:
    found = {}
    for feature in features:
        found[f"{kind}/{feature['Name']}"] = str(feature.get(field, _SCALES[kind][0]))
        for part in feature.get("AdditionalConfiguration") or []:
            found[f"{kind}/{feature['Name']}/{part['Name']}"] = str(part.get(field, _SCALES[kind][0]))
    return found


def _nested(kind: str, changes: Mapping[str, str], after: Mapping[str, str], field: str) -> list[dict[str, Any]]:
    """The features that change, each with all its parts: what is left out of a feature would keep nothing."""
    lowest, found = _SCALES[kind][0], []
    for name in sorted({path.split("/")[1] for path in changes if path.startswith(f"{kind}/")}):
        prefix = f"{kind}/{name}/"
        parts = [{"Name": path[len(prefix) :], field: after[path] or lowest} for path in sorted(after) if path.startswith(prefix)]
        feature = {"Name": name, field: after.get(f"{kind}/{name}") or lowest}
        found.append({**feature, "AdditionalConfiguration": parts} if parts else feature)
    return found


def _wanted(properties: Mapping[str, Any], there: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What is declared, and the features left out because an older one of the same purpose is on."""
    wanted = {"status": "ENABLED", "publishing": str(properties["PublishingFrequency"]), "members": str(properties["Members"])}
    left_out = []
    for kind, value in ((_OWN, "ENABLED"), (_MEMBERS, str(properties["Members"]))):
        for feature, parts in properties["Features"].items():
            if feature == _RUNTIME and there.get(f"{kind}/{_EKS_RUNTIME}") in _ON:
                left_out.append(f"{kind}/{feature}")
                continue
            wanted.update(dict.fromkeys((f"{kind}/{feature}", *(f"{kind}/{feature}/{part}" for part in parts or ())), value))
    return wanted, left_out


def apply(guardduty: Any, ssm: Any, retry: Retry, request: Request) -> dict[str, str]:
    """Does what a request asks for.

    Args:
        guardduty: A boto3 client.
        ssm: A boto3 client; keeps what was there before.
        retry: How to call them.
        request: Its properties are `Members` (`ALL` or `NEW`), `Features` (the parts of each by its name), `PublishingFrequency` and
            `MemoryParameter`.

    Returns:
        `DetectorId`, and in `LeftOut` what GuardDuty could not have taken beside what is on.

    Raises:
        DetectionError: If the account is not the administrator, or somebody else keeps these settings.
    """
    service, memory = GuardDuty(guardduty, retry), Memory(ssm, retry, str(request.properties["MemoryParameter"]))
    if request.kind == "Delete":
        return keep(service, memory, request, {})
    if request.properties["Members"] not in _SCALES[_MEMBERS]:
        msg = f"got Members {request.properties['Members']!r}; allowed are ALL, NEW and NONE"
        raise DetectionError(msg)
    service.enable()
    wanted, left_out = _wanted(request.properties, service.read())
    keep(service, memory, request, wanted)
    return {"DetectorId": service.detector, "LeftOut": ",".join(left_out)}


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Entry point of the Lambda function."""

    def work(request: Request, deadline: Deadline) -> dict[str, str]:
        return apply(boto3.client("guardduty", config=CLIENT_CONFIG), boto3.client("ssm", config=CLIENT_CONFIG), Retry(deadline), request)

    handle(event, context, work)
