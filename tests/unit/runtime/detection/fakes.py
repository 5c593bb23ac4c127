"""Services that answer as AWS documents it, for the handlers of threat detection."""

from __future__ import annotations

import copy
from typing import Any

from botocore.exceptions import ClientError

MEMORY = "/governed-lake/detection/test"


def error(code: str, message: str = "") -> ClientError:
    """An error of a service's."""
    return ClientError({"Error": {"Code": code, "Message": message or code}}, "Operation")


class CrashError(Exception):
    """The function ended in the middle of its work."""


class Ssm:
    """Parameters by name."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        if request["Name"] not in self.values:
            raise error("ParameterNotFound")
        return {"Parameter": {"Value": self.values[request["Name"]]}}

    def put_parameter(self, **request: Any) -> None:
        assert len(request["Value"]) <= 8_192
        self.values[request["Name"]] = request["Value"]

    def delete_parameter(self, **request: Any) -> None:
        if self.values.pop(request["Name"], None) is None:
            raise error("ParameterNotFound")


class Dying:
    """A client that throttles once at each operation and dies at its nth call, before it or after its effect."""

    def __init__(self, client: Any, *, at: int = -1, after: bool = False, throttles: bool = False) -> None:
        self._client, self._at, self._after, self._throttles = client, at, after, throttles
        self.calls = 0
        self._seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            if self._throttles and name not in self._seen:
                self._seen.add(name)
                raise error("ThrottlingException")
            self.calls += 1
            if self.calls - 1 == self._at and not self._after:
                raise CrashError
            answer = getattr(self._client, name)(**request)
            if self.calls - 1 == self._at:
                raise CrashError
            return answer

        return call


class GuardDutyApi:
    """The detectors of one account; members can be configured by an administrator only."""

    def __init__(self, *, there: bool = True, administrator: bool = True) -> None:
        self.administrator, self.made = administrator, 0
        self.detectors: dict[str, dict[str, Any]] = {}
        self.organization: dict[str, Any] = {"AutoEnableOrganizationMembers": "NEW", "Features": []}
        if there:
            self.detectors["abc"] = self._new()

    @staticmethod
    def _new() -> dict[str, Any]:
        features = [{"Name": "CLOUD_TRAIL", "Status": "ENABLED"}, {"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}]
        return {"Status": "ENABLED", "FindingPublishingFrequency": "SIX_HOURS", "Features": features}

    def list_detectors(self) -> dict[str, Any]:
        return {"DetectorIds": list(self.detectors)}

    def create_detector(self, **request: Any) -> dict[str, Any]:
        if self.detectors:
            raise error("BadRequestException", "a detector already exists for the current account")
        assert request["Enable"] is True
        self.made += 1
        self.detectors["new"] = self._new()
        return {"DetectorId": "new"}

    def get_detector(self, **request: Any) -> dict[str, Any]:
        return copy.deepcopy(self.detectors[request["DetectorId"]])

    def update_detector(self, **request: Any) -> None:
        detector = self.detectors[request["DetectorId"]]
        if "Enable" in request:
            detector["Status"] = "ENABLED" if request["Enable"] else "DISABLED"
        detector["FindingPublishingFrequency"] = request.get("FindingPublishingFrequency", detector["FindingPublishingFrequency"])
        detector["Features"] = self._merged(detector["Features"], request.get("Features", []))

    @staticmethod
    def _merged(there: list[Any], new: list[Any]) -> list[Any]:
        assert not any(each["Name"] in ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS") for each in new)
        merged = {each["Name"]: each for each in [*there, *copy.deepcopy(new)]}
        on = {name for name, each in merged.items() if each.get("Status", each.get("AutoEnable")) in ("ENABLED", "NEW", "ALL")}
        if {"RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"} <= on:
            raise error("BadRequestException", "RUNTIME_MONITORING and EKS_RUNTIME_MONITORING cannot be enabled together")
        return list(merged.values())

    def _check(self) -> None:
        if not self.administrator:
            raise error("BadRequestException", "The request failed because the account isn't the delegated administrator")

    def describe_organization_configuration(self, **request: Any) -> dict[str, Any]:
        self._check()
        assert request["DetectorId"] in self.detectors
        features = self.organization["Features"]
        if "NextToken" not in request and len(features) > 1:
            return {**self.organization, "Features": copy.deepcopy(features[:1]), "NextToken": "1"}
        return {**self.organization, "Features": copy.deepcopy(features[1:] if "NextToken" in request else features)}

    def update_organization_configuration(self, **request: Any) -> None:
        self._check()
        self.organization["AutoEnableOrganizationMembers"] = request["AutoEnableOrganizationMembers"]
        self.organization["Features"] = self._merged(self.organization["Features"], request.get("Features", []))

    def own(self) -> dict[str, str]:
        """The detector's features."""
        (detector,) = self.detectors.values()
        return {each["Name"]: each["Status"] for each in detector["Features"]}

    def members(self) -> dict[str, str]:
        """What members get."""
        return {each["Name"]: each["AutoEnable"] for each in self.organization["Features"]}


class MacieApi:
    """One account's Macie, with its jobs."""

    def __init__(self, *, enabled: bool = False) -> None:
        self.session: dict[str, Any] | None = {"status": "PAUSED", "findingPublishingFrequency": "SIX_HOURS"} if enabled else None
        self.auto = False
        self.discovery = {"status": "DISABLED", "autoEnableOrganizationMembers": "NONE"}
        self.told = {"publishClassificationFindings": False, "publishPolicyFindings": True}
        self.members: dict[str, str] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}

    def get_macie_session(self) -> dict[str, Any]:
        if self.session is None:
            raise error("AccessDeniedException", "Macie is not enabled")
        return dict(self.session)

    def enable_macie(self, **request: Any) -> None:
        if self.session is not None:
            raise error("ConflictException", "Macie has already been enabled")
        self.session = {"findingPublishingFrequency": "FIFTEEN_MINUTES", **request}

    def update_macie_session(self, **request: Any) -> None:
        assert self.session is not None
        self.session.update(request)

    def describe_organization_configuration(self) -> dict[str, Any]:
        return {"autoEnable": self.auto, "maxAccountLimitReached": False}

    def update_organization_configuration(self, *, autoEnable: bool) -> None:  # noqa: N803 - boto3's
        self.auto = autoEnable

    def get_automated_discovery_configuration(self) -> dict[str, Any]:
        return dict(self.discovery)

    def update_automated_discovery_configuration(self, **request: Any) -> None:
        self.discovery = request

    def get_findings_publication_configuration(self) -> dict[str, Any]:
        return {"securityHubConfiguration": dict(self.told)}

    def put_findings_publication_configuration(self, **request: Any) -> None:
        self.told = request["securityHubConfiguration"]

    def list_members(self, **request: Any) -> dict[str, Any]:
        accounts = sorted(self.members)
        start = int(request.get("nextToken", 0))
        page = [{"accountId": each, "relationshipStatus": self.members[each]} for each in accounts[start : start + 1]]
        return {"members": page, **({"nextToken": str(start + 1)} if start + 1 < len(accounts) else {})}

    def create_member(self, **request: Any) -> None:
        assert request["account"]["email"] == f"{request['account']['accountId']}@example.com"
        assert self.members.get(request["account"]["accountId"]) not in ("Paused", "Enabled")
        self.members[request["account"]["accountId"]] = "Enabled"

    def update_member_session(self, **request: Any) -> None:
        assert {self.members[request["id"]], request["status"].capitalize()} == {"Paused", "Enabled"}
        self.members[request["id"]] = request["status"].capitalize()

    def disassociate_member(self, **request: Any) -> None:
        if request["id"] not in self.members:
            raise error("ResourceNotFoundException")
        self.members[request["id"]] = "Removed"

    def delete_member(self, **request: Any) -> None:
        assert self.members.pop(request["id"], "Removed") == "Removed"

    def create_classification_job(self, **request: Any) -> dict[str, Any]:
        token = request.pop("clientToken")
        if token not in self.tokens:
            self.tokens[token] = f"job-{len(self.jobs)}"
            self.jobs[self.tokens[token]] = {**request, "jobStatus": "RUNNING"}
        return {"jobId": self.tokens[token]}

    def list_classification_jobs(self, **request: Any) -> dict[str, Any]:
        ids = sorted(self.jobs)
        start = int(request.get("nextToken", 0))
        page = [
            {"jobId": each, "name": self.jobs[each]["name"], "jobStatus": self.jobs[each]["jobStatus"]} for each in ids[start : start + 1]
        ]
        return {"items": page, **({"nextToken": str(start + 1)} if start + 1 < len(ids) else {})}

    def update_classification_job(self, **request: Any) -> None:
        assert self.jobs[request["jobId"]]["jobStatus"] != "CANCELLED"
        self.jobs[request["jobId"]]["jobStatus"] = request["jobStatus"]


class Organizations:
    """Addresses of accounts."""

    def describe_account(self, **request: Any) -> dict[str, Any]:
        return {"Account": {"Email": f"{request['AccountId']}@example.com"}}


class SecurityHubApi:
    """One account's hub; central configuration needs an aggregator and takes a while."""

    def __init__(self, *, hub: bool = False, aggregator: dict[str, Any] | None = None) -> None:
        self.hub: dict[str, Any] | None = {"EnableDefaultStandards": True} if hub else None
        self.aggregator = aggregator
        self.organization: dict[str, Any] = {"AutoEnable": True, "AutoEnableStandards": "DEFAULT"}
        self.kind = {"ConfigurationType": "LOCAL", "Status": "ENABLED"}
        self.fails = False
        self.associations: dict[str, dict[str, str]] = {}
        self.policies: dict[str, str] = {}
        self.standards: dict[str, list[str]] = {}

    def describe_hub(self) -> dict[str, Any]:
        if self.hub is None:
            raise error("InvalidAccessException", "Account is not subscribed to AWS Security Hub")
        return {"HubArn": "hub"}

    def enable_security_hub(self, **request: Any) -> None:
        assert self.hub is None
        self.hub = request

    def list_finding_aggregators(self) -> dict[str, Any]:
        assert self.hub is not None
        return {"FindingAggregators": [] if self.aggregator is None else [{"FindingAggregatorArn": "aggregator"}]}

    def get_finding_aggregator(self, **request: Any) -> dict[str, Any]:
        assert request["FindingAggregatorArn"] == "aggregator"
        assert self.aggregator is not None
        return {"FindingAggregationRegion": "eu-west-1", **self.aggregator}

    def create_finding_aggregator(self, **request: Any) -> None:
        assert self.aggregator is None
        self.aggregator = request

    def update_finding_aggregator(self, **request: Any) -> None:
        assert request.pop("FindingAggregatorArn") == "aggregator"
        self.aggregator = request

    def delete_finding_aggregator(self, **request: Any) -> None:
        assert request["FindingAggregatorArn"] == "aggregator"
        assert self.kind["ConfigurationType"] == "LOCAL"
        self.aggregator = None

    def describe_organization_configuration(self) -> dict[str, Any]:
        if self.hub is None:
            raise error("InvalidAccessException", "Account 333333333333 is not subscribed to AWS Security Hub")
        answer = {**self.organization, "OrganizationConfiguration": dict(self.kind)}
        if self.kind["Status"] == "PENDING":
            self.kind["Status"] = "FAILED" if self.fails else "ENABLED"
        return answer

    def update_organization_configuration(self, **request: Any) -> None:
        self.kind = {**request.pop("OrganizationConfiguration"), "Status": "PENDING"}
        if self.kind["ConfigurationType"] == "CENTRAL":
            assert self.aggregator is not None
            assert request == {"AutoEnable": False, "AutoEnableStandards": "NONE"}
        else:
            self.kind["Status"] = "ENABLED"
        self.organization = request

    def get_configuration_policy_association(self, **request: Any) -> dict[str, Any]:
        (target,) = request["Target"].values()
        if target not in self.associations:
            raise error("ResourceNotFoundException")
        return self.associations[target]

    def get_configuration_policy(self, **request: Any) -> dict[str, Any]:
        known = request["Identifier"]
        own = {"ServiceEnabled": True, "EnabledStandardIdentifiers": self.standards.get(known, [])}
        return {"Name": self.policies[known], "ConfigurationPolicy": {"SecurityHub": own}}
