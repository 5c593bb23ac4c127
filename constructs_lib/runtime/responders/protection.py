"""What is never touched, whatever a finding says: the way in for emergencies, who deploys, what responds, what keeps the evidence."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .findings import BUCKET, FUNCTION, OBJECT, ROLE, USER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .findings import Finding, Resource
    from .settings import Settings

DEPLOYING = tuple(f"cdk-*-{each}-role-{{account}}-*" for each in ("deploy", "cfn-exec", "lookup", "file-publishing", "image-publishing"))
"""The roles of `cdk bootstrap`."""

_NEVER = ("AWSServiceRoleFor*", "OrganizationAccountAccessRole", "AWSControlTowerExecution", "stacksets-exec-*")
_STAGING = "cdk-*-assets-{account}-*"


def reason_to_spare(finding: Finding, resource: Resource, settings: Settings) -> str:
    """Why nothing is done about `resource`; empty when something may be done."""
    if _fits(finding.type, settings.allowed_types, resource):
        return f"findings of type {finding.type} are on the allow list"
    if not resource.is_well_formed:
        return f"{resource.kind} {resource.name[:100]!r} is not spelled as AWS spells one"
    if resource.account != finding.account:
        return f"the finding is about account {finding.account}, the {resource.kind} is in account {resource.account}"
    if resource.account in settings.protected_accounts:
        return f"account {resource.account} is protected"
    if resource.account not in settings.accounts:
        return f"account {resource.account} is none of those that responders answer for"
    return _reason_of_kind(resource, settings)


def _reason_of_kind(resource: Resource, settings: Settings) -> str:
    name, user = resource.name, str(resource.facts.get("user") or "")
    if resource.facts.get("root"):
        return "it is the root user, whose credentials only its owner can change"
    if resource.kind in {ROLE, USER} or user:
        protected = (*_NEVER, settings.containment_role, *settings.protected_principals)
        candidates = [user or name, permission_set_of(name)] if resource.kind == ROLE else [user or name]
        if any(_fits(each, protected, resource) for each in candidates if each):
            return f"{user or name} is protected"
    bucket = name.partition("/")[0]
    if resource.kind in {BUCKET, OBJECT} and (bucket == settings.bucket or _fits(bucket, (_STAGING,), resource)):
        return f"bucket {bucket} is protected"
    if resource.kind == FUNCTION and any(arn.endswith(f":{resource.account}:function:{name}") for arn in settings.own_functions):
        return f"function {name} is one of the responders"
    if any(_fits(each, settings.allowed_resources, resource) for each in (name, bucket, user) if each):
        return f"{name} is on the allow list"
    return ""


def permission_set_of(role: str) -> str:
    """The permission set behind a role of Identity Center, empty for other roles.

    Example:
        >>> permission_set_of("AWSReservedSSO_DataAnalyst_0123456789abcdef")
        'DataAnalyst'
    """
    if not role.startswith("AWSReservedSSO_"):
        return ""
    return role.removeprefix("AWSReservedSSO_").rpartition("_")[0]


def spared_arns(account: str, settings: Settings) -> list[str]:
    """Who gets past a quarantine: ARNs, with `*` where a pattern has one, of this account's roles only."""
    patterns = (settings.containment_role, *settings.protected_principals, *settings.spared_principals)
    return sorted({f"arn:{settings.partition}:iam::{account}:role/{each.replace('{account}', account)}" for each in patterns})


def _fits(name: str, patterns: Iterable[str], resource: Resource) -> bool:
    """IAM takes names that differ in case only for the same."""
    return any(fnmatchcase(name.lower(), pattern.replace("{account}", resource.account).lower()) for pattern in patterns)
