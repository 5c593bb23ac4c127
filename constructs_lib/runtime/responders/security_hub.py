"""How Security Hub CSPM writes findings: its own, and those of other services in the AWS Security Finding Format.

A finding of GuardDuty or Macie gets the id and the type it has when it arrives directly, so that it counts as the same.

See https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .findings import (
    ACCESS_KEY,
    ACCOUNT,
    BUCKET,
    FUNCTION,
    ROLE,
    USER,
    Finding,
    Resource,
    distinct,
    mapping,
    mappings,
    number,
    of_arn,
    resource_of_arn,
    says_sample,
    text,
    texts,
    whole_account,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LABELS = {"INFORMATIONAL": 0.0, "LOW": 3.0, "MEDIUM": 5.5, "HIGH": 8.0, "CRITICAL": 9.5}
_SETTLED = {"RESOLVED", "SUPPRESSED"}
_PRODUCTS = {"guardduty": "guardduty", "macie": "macie", "config": "config"}


def read_security_hub(envelope: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Finding]:
    """Every finding of the event; it has one as a rule, and more when a person chose several."""
    return [_finding(envelope, asff) for asff in mappings(detail.get("findings"))]


def _finding(envelope: Mapping[str, Any], asff: Mapping[str, Any]) -> Finding:
    account = text(asff.get("AwsAccountId"), envelope.get("account"))
    region = text(asff.get("Region"), envelope.get("region"))
    product, fields = _product(asff), mapping(asff.get("ProductFields"))
    source = _PRODUCTS.get(product, "securityhub")
    identity, kind = text(asff.get("Id")), _type(asff, product, fields)
    resources = [_resource(each, account, region) for each in mappings(asff.get("Resources"))]
    if source in {"guardduty", "macie"}:
        identity = identity.rsplit("/", 1)[-1]
    return Finding(
        source=source,
        id=identity,
        type=kind,
        account=account,
        region=region,
        severity=_severity(mapping(asff.get("Severity"))),
        title=text(asff.get("Title"), asff.get("GeneratorId")),
        resources=distinct([*resources, whole_account(kind, account, region)]),
        sample=_is_sample(asff, fields),
        closed=_closed(asff, fields),
        updated=text(asff.get("UpdatedAt"), envelope.get("time")),
        raw=asff,
    )


def _product(asff: Mapping[str, Any]) -> str:
    """The product of AWS that found it; empty for others, whose findings anybody in the account may import, about anything."""
    _service, _region, account, rest = of_arn(text(asff.get("ProductArn")))
    return rest.removeprefix("product/aws/").lower() if not account and rest.startswith("product/aws/") else ""


def _type(asff: Mapping[str, Any], product: str, fields: Mapping[str, Any]) -> str:
    compliance = mapping(asff.get("Compliance"))
    if not product:
        return f"ThirdParty:{text(*texts(asff.get('Types')), 'unknown')}"
    if product == "securityhub":
        control = text(compliance.get("SecurityControlId"), text(asff.get("GeneratorId")).rsplit("/", 1)[-1])
        return f"SecurityHub:{control}"
    if product == "config":
        return f"Config:{text(fields.get('aws/config/ConfigRuleName'), asff.get('Title'))}"
    types = texts(asff.get("Types"))
    named = [each for each in map(_type_of_service, types) if each]
    return named[0] if named else text(*types, "unknown")


def _type_of_service(written: str) -> str:
    """The type as its service names it; empty when none can be told from `written`.

    `Impact:S3/X` is `TTPs/Impact:S3-X` here as a rule, sometimes `TTPs/Impact:S3/X`, and `TTPs/Impact/S3-X` for others.
    See https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-type-taxonomy.html and what Security Hub
    writes for each type: https://docs.aws.amazon.com/guardduty/latest/ug/securityhub-integration.html.
    """
    whole = re.search(r"[A-Za-z]+:[A-Za-z0-9]+[-/].+$", written)
    if whole is not None:
        return whole[0] if "/" in whole[0] else whole[0].replace("-", "/", 1)
    parts = written.split("/")
    if len(parts) < 3 or not re.match(r"[A-Za-z0-9]+-[A-Z]", parts[-1]):  # noqa: PLR2004 - namespace, category, classifier
        return ""
    return f"{parts[-2].replace(' ', '')}:{parts[-1].replace('-', '/', 1)}"


def _severity(severity: Mapping[str, Any]) -> float:
    label = text(severity.get("Label")).upper()
    return _LABELS[label] if label in _LABELS else number(severity.get("Normalized")) / 10


def _is_sample(asff: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    if asff.get("Sample") is True or text(asff.get("Title")).upper().startswith("[SAMPLE]"):
        return True
    told = {
        name.lower().rpartition("additionalinfo/")[2]: text(value) for name, value in fields.items() if "additionalinfo/" in name.lower()
    }
    return told.get("sample", "").lower() == "true" or says_sample(told.get("value", ""))


def _closed(asff: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    workflow = text(mapping(asff.get("Workflow")).get("Status"), asff.get("WorkflowState")).upper()
    compliance = text(mapping(asff.get("Compliance")).get("Status")).upper()
    archived = text(fields.get("aws/guardduty/service/archived")).lower() == "true"
    if archived or text(asff.get("RecordState")).upper() == "ARCHIVED":
        return "archived"
    if workflow in _SETTLED:
        return workflow.lower()
    return compliance.lower() if compliance in {"PASSED", "NOT_AVAILABLE"} else ""


def _resource(entry: Mapping[str, Any], account: str, region: str) -> Resource | None:
    kind, identity = text(entry.get("Type")), text(entry.get("Id"))
    region = text(entry.get("Region"), region)
    details = mapping(mapping(entry.get("Details")).get(kind))
    reader = _RESOURCES.get(kind)
    if reader is None:
        return None
    by_arn = resource_of_arn(identity, account, region) if kind != "AwsIamAccessKey" else None
    return by_arn or reader(identity, details, account, region)


def _named(kind: str, field: str) -> Callable[[str, Mapping[str, Any], str, str], Resource | None]:
    """A reader for those whose Id is no ARN but whose details have the name."""

    def of(_identity: str, details: Mapping[str, Any], account: str, region: str) -> Resource | None:
        name = text(details.get(field))
        return Resource(kind, name, account, region) if name else None

    return of


def _access_key(identity: str, details: Mapping[str, Any], account: str, region: str) -> Resource | None:
    name, kind = text(details.get("PrincipalName"), details.get("UserName")), text(details.get("PrincipalType")).lower()
    key = text(details.get("AccessKeyId"), identity.rsplit(":", 1)[-1])
    if kind in {"assumedrole", "role"}:
        return Resource(ROLE, name, account, region) if name else None
    if kind == "root":
        return Resource(USER, "root", account, region, {"root": True})
    if kind not in {"iamuser", "user", ""} or not name:
        return None
    return Resource(ACCESS_KEY, key, account, region, {"user": name}) if key.startswith("AKIA") else Resource(USER, name, account, region)


def _account(_identity: str, _details: Mapping[str, Any], account: str, region: str) -> Resource | None:
    return Resource(ACCOUNT, account, account, region)


_RESOURCES: dict[str, Callable[[str, Mapping[str, Any], str, str], Resource | None]] = {
    "AwsAccount": _account,
    "AwsIamAccessKey": _access_key,
    "AwsIamRole": _named(ROLE, "RoleName"),
    "AwsIamUser": _named(USER, "UserName"),
    "AwsKmsKey": _named("key", "KeyId"),
    "AwsLambdaFunction": _named(FUNCTION, "FunctionName"),
    "AwsS3Bucket": _named(BUCKET, "Name"),
    "AwsS3Object": lambda _identity, _details, _account, _region: None,
}
