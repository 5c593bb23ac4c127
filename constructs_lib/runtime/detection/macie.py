"""Macie in the account that administers it: its session, the organisation's members, automated discovery, what Security Hub is told.

CloudFormation has a resource for a session only, which fails where Macie is on. A session that is there is adopted; one that is made here
stays on delete, because its findings and its inventory go with it. Members that were added here are let go on delete: Macie is charged by
their buckets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import handle
from ..custom_resources.retry import CLIENT_CONFIG, DENIED, Retry, code_of, message_of
from .keeping import Memory, SwitchedOffError, as_administrator, keep, ranked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_SWITCH, _MEMBER = ("false", "true"), ("none", "Paused", "Enabled")
_SCALES = {
    "status": ("PAUSED", "ENABLED"),
    "publishing": ("SIX_HOURS", "ONE_HOUR", "FIFTEEN_MINUTES"),
    "members": _SWITCH,
    "discovery": ("DISABLED", "ENABLED"),
    "discovery/members": ("NONE", "NEW", "ALL"),
    "publish/publishClassificationFindings": _SWITCH,
    "publish/publishPolicyFindings": _SWITCH,
}


class Macie:
    """One account's session, the organisation's configuration and members, as settings.

    Args:
        macie: A boto3 client.
        organizations: A boto3 client; asked for the addresses of accounts, which Macie wants to know of members.
        retry: How to call them.
    """

    def __init__(self, macie: Any, organizations: Any, retry: Retry) -> None:
        self._macie = macie
        self._organizations = organizations
        self._retry = retry

    def enable(self) -> None:
        """Switches Macie on, unless it is on or paused."""
        if self._retry.call(self._session):
            return
        try:
            self._retry.call(self._macie.enable_macie, status="ENABLED")
        except ClientError as error:
            if code_of(error) != "ConflictException":  # it was switched on by the delegation, a moment ago
                raise

    def _session(self) -> Mapping[str, Any]:
        """The session; nothing where Macie is off, which it tells as a refusal that no patience would change."""
        try:
            session: Mapping[str, Any] = self._macie.get_macie_session()
        except ClientError as error:
            if code_of(error) in DENIED and "not enabled" in message_of(error).lower():
                return {}
            raise
        return session

    def read(self) -> dict[str, str]:
        """Every setting; members are there under `member/<account>`."""
        session = self._retry.call(self._session)
        if not session:
            msg = "Macie is off in this account and Region"
            raise SwitchedOffError(msg)
        organization = as_administrator(self._retry, "Macie", "AccessDeniedException", self._macie.describe_organization_configuration)
        discovery = self._retry.call(self._macie.get_automated_discovery_configuration)
        told = self._retry.call(self._macie.get_findings_publication_configuration).get("securityHubConfiguration") or {}
        return {
            "status": str(session["status"]),
            "publishing": str(session.get("findingPublishingFrequency", "")),
            "members": _text(organization.get("autoEnable")),
            "discovery": str(discovery.get("status", "DISABLED")),
            "discovery/members": str(discovery.get("autoEnableOrganizationMembers", "NONE")),
            **{f"publish/{kind}": _text(told.get(kind)) for kind in ("publishClassificationFindings", "publishPolicyFindings")},
            **{f"member/{account}": status for account, status in self._members()},
        }

    def _members(self) -> Iterator[tuple[str, str]]:
        more: dict[str, str] = {}
        while True:
            page = self._retry.call(self._macie.list_members, onlyAssociated="true", **more)
            for member in page.get("members", []):
                if member.get("relationshipStatus") in _MEMBER:
                    yield str(member["accountId"]), str(member["relationshipStatus"])
            if not page.get("nextToken"):
                return
            more = {"nextToken": str(page["nextToken"])}

    def write(self, changes: Mapping[str, str], there: Mapping[str, str]) -> None:
        """The session first, members before discovery in them."""
        after = {**there, **changes}
        session = {
            field: changes[name] for name, field in (("status", "status"), ("publishing", "findingPublishingFrequency")) if name in changes
        }
        if session:
            self._retry.call(self._macie.update_macie_session, **session)
        for name, value in changes.items():
            if name.startswith("member/"):
                self._member(name.removeprefix("member/"), value, there.get(name, ""))
        if "members" in changes:
            self._retry.call(self._macie.update_organization_configuration, autoEnable=changes["members"] == "true")
        if {"discovery", "discovery/members"} & changes.keys():
            self._retry.call(
                self._macie.update_automated_discovery_configuration,
                status=after["discovery"],
                autoEnableOrganizationMembers=after["discovery/members"],
            )
        if any(name.startswith("publish/") for name in changes):
            told = {name.removeprefix("publish/"): after[name] == "true" for name in _SCALES if name.startswith("publish/")}
            self._retry.call(self._macie.put_findings_publication_configuration, securityHubConfiguration=told)

    def _member(self, account: str, wanted: str, there: str) -> None:
        if wanted in _MEMBER and there in _MEMBER:
            self._retry.call(self._macie.update_member_session, id=account, status=wanted.upper())
            return
        if wanted == "Enabled":
            address = self._retry.call(self._organizations.describe_account, AccountId=account)["Account"]["Email"]
            self._retry.call(self._macie.create_member, account={"accountId": account, "email": address})
            return
        for operation in (self._macie.disassociate_member, self._macie.delete_member):
            try:
                self._retry.call(operation, id=account)
            except ClientError as error:
                if code_of(error) not in ("ResourceNotFoundException", "ConflictException"):
                    raise

    def raised(self, name: str, there: str, wanted: str) -> str:
        """The more watchful of two values."""
        return ranked(_MEMBER if name.startswith("member/") else _SCALES[name], there, wanted)


def _text(value: Any) -> str:
    return "true" if value in (True, "true") else "false"


def _wanted(properties: Mapping[str, Any]) -> dict[str, str]:
    wanted = {
        "status": "ENABLED",
        "publishing": str(properties["PublishingFrequency"]),
        "members": _text(properties["NewMembers"]),
        "publish/publishClassificationFindings": "true",
        "publish/publishPolicyFindings": "true",
        **{f"member/{account}": "Enabled" for account in properties.get("Accounts") or ()},
    }
    if _text(properties.get("AutomatedDiscovery")) == "true":
        wanted.update({"discovery": "ENABLED", "discovery/members": "ALL"})
    return wanted


def apply(macie: Any, organizations: Any, ssm: Any, retry: Retry, request: Request) -> dict[str, str]:
    """Does what a request asks for.

    Args:
        macie: A boto3 client.
        organizations: A boto3 client.
        ssm: A boto3 client; keeps what was there before.
        retry: How to call them.
        request: Its properties are `Accounts`, `NewMembers`, `AutomatedDiscovery`, `PublishingFrequency` and `MemoryParameter`.

    Raises:
        DetectionError: If the account is not the administrator, or somebody else keeps these settings.
    """
    service, memory = Macie(macie, organizations, retry), Memory(ssm, retry, str(request.properties["MemoryParameter"]))
    if request.kind == "Delete":
        return keep(service, memory, request, {})
    service.enable()
    after = keep(service, memory, request, _wanted(request.properties))
    return {"Members": str(sum(name.startswith("member/") for name in after))}


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Entry point of the Lambda function."""

    def work(request: Request, deadline: Deadline) -> dict[str, str]:
        macie, organizations, ssm = (boto3.client(name, config=CLIENT_CONFIG) for name in ("macie2", "organizations", "ssm"))
        return apply(macie, organizations, ssm, Retry(deadline), request)

    handle(event, context, work)
