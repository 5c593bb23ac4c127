"""How each service writes its findings, as EventBridge delivers them: GuardDuty, Security Hub CSPM, Macie, Config, Access Analyzer.

Liberal in what is missing: a field that a finding does not have says nothing, and nothing is done on its account.

See https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html,
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html,
https://docs.aws.amazon.com/macie/latest/user/findings-publish-event-schemas.html,
https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-eventbridge.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .findings import (
    ACCESS_KEY,
    ACCOUNT,
    BUCKET,
    FUNCTION,
    OBJECT,
    ROLE,
    USER,
    Finding,
    MalformedError,
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
from .security_hub import read_security_hub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ROLE_USERS = frozenset({"assumedrole", "role", "iamrole"})
_WORDS = {"low": 3.0, "medium": 5.5, "high": 8.0, "critical": 9.5}


def read(envelope: Any) -> list[Finding]:
    """The findings in one event.

    Raises:
        MalformedError: If it is no event at all, or one of a known kind without the finding that it is about.
    """
    if not isinstance(envelope, dict) or not isinstance(envelope.get("detail"), dict):
        msg = "the message is no event of EventBridge: it has no detail"
        raise MalformedError(msg)
    source, kind = text(envelope.get("source")), text(envelope.get("detail-type"))
    reader = _READERS.get((source, kind))
    if reader is None:
        return [_unknown(envelope, source, kind)]
    found = reader(envelope, envelope["detail"])
    if not found or not all(finding.id for finding in found):
        msg = f"an event of {source} ({kind}) without a finding, or with one that has no id"
        raise MalformedError(msg)
    return found


def _unknown(envelope: Mapping[str, Any], source: str, kind: str) -> Finding:
    detail = mapping(envelope.get("detail"))
    identity = text(detail.get("id"), detail.get("Id"), envelope.get("id"))
    if not identity:
        msg = f"an event of {source or 'nobody'} ({kind}) without an id"
        raise MalformedError(msg)
    return Finding(
        source=source or "unknown",
        id=identity,
        type=kind or "unknown",
        account=text(envelope.get("account")),
        region=text(envelope.get("region")),
        severity=0.0,
        title=text(detail.get("title"), kind),
        resources=(),
        sample=False,
        closed="",
        updated=text(envelope.get("time")),
        raw=detail,
    )


def _guardduty(envelope: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Finding]:
    if "Id" in detail and "id" not in detail:
        detail = _as_delivered(detail)
    service = mapping(detail.get("service"))
    account = text(detail.get("accountId"), envelope.get("account"))
    region = text(detail.get("region"), envelope.get("region"))
    title = text(detail.get("title"), detail.get("type"))
    resources = [*_of_guardduty(mapping(detail.get("resource")), account, region)]
    resources.append(whole_account(text(detail.get("type")), account, region))
    sequence = mapping(mapping(service.get("detection")).get("sequence"))
    resources += [each for entry in mappings(sequence.get("resources")) for each in _of_sequence(entry, account, region)]
    return [
        Finding(
            source="guardduty",
            id=text(detail.get("id")),
            type=text(detail.get("type")),
            account=account,
            region=region,
            severity=number(detail.get("severity")),
            title=title,
            resources=distinct(resources),
            sample=_is_sample(mapping(service.get("additionalInfo"))) or title.upper().startswith("[SAMPLE]"),
            closed="archived" if service.get("archived") is True else "",
            updated=text(detail.get("updatedAt"), service.get("eventLastSeen"), envelope.get("time")),
            raw=detail,
        )
    ]


def _as_delivered(value: Any) -> Any:
    """A finding as the API of GuardDuty gives it, `Id` and `S3BucketDetails`, as events have it: people put these into the queue."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _as_delivered(each) for name, each in value.items()}
    return [_as_delivered(each) for each in value] if isinstance(value, list) else value


def _is_sample(info: Mapping[str, Any]) -> bool:
    """Samples say so in `additionalInfo`, as a field or in a text of JSON."""
    return info.get("sample") is True or says_sample(text(info.get("value")))


def _of_guardduty(resource: Mapping[str, Any], account: str, region: str) -> list[Resource | None]:
    found: list[Resource | None] = []
    if text(resource.get("resourceType")).lower() == ACCOUNT:
        found.append(Resource(ACCOUNT, account, account, region))
    credentials = mapping(resource.get("accessKeyDetails"))
    anonymous = any("anonymous" in text(credentials.get(field)).lower() for field in ("principalId", "userName", "userType"))
    found += [] if anonymous else _of_credentials(credentials, account, region)
    for bucket in mappings(resource.get("s3BucketDetails")):
        found += _of_bucket(bucket, account, region, anonymous=anonymous)
    function = mapping(resource.get("lambdaDetails"))
    if function:
        by_arn = resource_of_arn(text(function.get("functionArn")), account, region)
        name = text(function.get("functionName"))
        found.append(by_arn or (Resource(FUNCTION, name, account, region) if name else None))
    return found


def _of_bucket(bucket: Mapping[str, Any], account: str, region: str, *, anonymous: bool) -> list[Resource | None]:
    """A bucket, or those of its objects that the finding names, which are less to close."""
    name = text(bucket.get("name"), of_arn(text(bucket.get("arn")))[3])
    keys = [text(entry.get("key")) for entry in mappings(bucket.get("s3ObjectDetails"))]
    objects: list[Resource | None] = [Resource(OBJECT, f"{name}/{key}", account, region, {"exposed": True}) for key in keys if key]
    return [Resource(BUCKET, name, account, region, {"anonymous": anonymous}) if name else None, *objects]


def _of_credentials(details: Mapping[str, Any], account: str, region: str) -> list[Resource | None]:
    """Whose credentials were used: a role's, or a user's with the key. Somebody else's account, a service and nobody are neither."""
    kind, name = text(details.get("userType")).lower(), text(details.get("userName"))
    if kind in _ROLE_USERS:
        return [Resource(ROLE, name, account, region) if name else None]
    if kind == "root":
        return [Resource(USER, "root", account, region, {"root": True})]
    if kind != "iamuser" or not name:
        return []
    key = text(details.get("accessKeyId"))
    if key.startswith("AKIA"):
        return [Resource(ACCESS_KEY, key, account, region, {"user": name})]
    return [Resource(USER, name, account, region)]


def _of_sequence(entry: Mapping[str, Any], account: str, region: str) -> list[Resource | None]:
    """What an attack sequence is about. See https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ResourceV2.html."""
    account, region = text(entry.get("accountId"), account), text(entry.get("region"), region)
    uid, kind, data = text(entry.get("uid")), text(entry.get("resourceType")).upper(), mapping(entry.get("data"))
    if kind == "S3_BUCKET":
        name = text(entry.get("name"))
        return [resource_of_arn(uid, account, region) or (Resource(BUCKET, name, account, region) if name else None)]
    if kind == "ACCESS_KEY":
        key = mapping(data.get("accessKey"))
        return _of_credentials(
            {
                "userType": key.get("userType"),
                "userName": key.get("userName"),
                "accessKeyId": next((each for each in (text(entry.get("name")), uid) if each.startswith("AKIA")), uid),
            },
            account,
            region,
        )
    return []


def _macie(envelope: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Finding]:
    account = text(detail.get("accountId"), envelope.get("account"))
    region = text(detail.get("region"), envelope.get("region"))
    severity = mapping(detail.get("severity"))
    affected = mapping(detail.get("resourcesAffected"))
    bucket, item = mapping(affected.get("s3Bucket")), mapping(affected.get("s3Object"))
    name = text(bucket.get("name"), of_arn(text(bucket.get("arn"), item.get("bucketArn")))[3])
    exposed = _is_exposed(bucket)
    found: list[Resource | None] = [Resource(BUCKET, name, account, region, {"exposed": exposed}) if name else None]
    if name and text(item.get("key")):
        facts = {"exposed": exposed or item.get("publicAccess") is True}
        found.append(Resource(OBJECT, f"{name}/{text(item.get('key'))}", account, region, facts))
    return [
        Finding(
            source="macie",
            id=text(detail.get("id")),
            type=text(detail.get("type")),
            account=account,
            region=region,
            severity=_WORDS.get(text(severity.get("description")).lower(), number(severity.get("score")) * 2.7),
            title=text(detail.get("title"), detail.get("type")),
            resources=distinct(found),
            sample=detail.get("sample") is True,
            closed="archived" if detail.get("archived") is True else "",
            updated=text(detail.get("updatedAt"), envelope.get("time")),
            raw=detail,
        )
    ]


def _is_exposed(bucket: Mapping[str, Any]) -> bool:
    """Whether Macie says that somebody outside reaches the bucket. It often does not know; then nothing is assumed."""
    shared = text(bucket.get("sharedAccess")).upper()
    return text(mapping(bucket.get("publicAccess")).get("effectivePermission")).upper() == "PUBLIC" or shared == "EXTERNAL"


def _config(envelope: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Finding]:
    result = mapping(detail.get("newEvaluationResult"))
    identifier = mapping(result.get("evaluationResultIdentifier"))
    qualifier = mapping(identifier.get("evaluationResultQualifier"))
    account = text(detail.get("awsAccountId"), envelope.get("account"))
    region = text(detail.get("awsRegion"), envelope.get("region"))
    rule = text(detail.get("configRuleName"), qualifier.get("configRuleName"))
    kind = text(detail.get("resourceType"), qualifier.get("resourceType"))
    name = text(detail.get("resourceId"), qualifier.get("resourceId"))
    when = text(identifier.get("orderingTimestamp"), result.get("resultRecordedTime"), envelope.get("time"))
    compliance = text(result.get("complianceType"))
    of_account = dict.fromkeys(("AWS::::Account", "AWS::S3::AccountPublicAccessBlock"), Resource(ACCOUNT, account, account, region))
    resource = {"AWS::S3::Bucket": Resource(BUCKET, name, account, region), **of_account}
    return [
        Finding(
            source="config",
            id=f"{account}/{region}/{rule}/{kind}/{name}/{when}" if rule and name else "",
            type=f"Config:{rule}",
            account=account,
            region=region,
            severity=0.0,
            title=f"{kind} {name} is {compliance or 'not judged'} by {rule}",
            resources=distinct([resource.get(kind)]),
            sample=False,
            closed="" if compliance == "NON_COMPLIANT" else compliance.lower() or "not judged",
            updated=when,
            raw=detail,
        )
    ]


def _access_analyzer(envelope: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Finding]:
    # An analyzer of the organisation is in another account than what it is about.
    account = text(detail.get("resourceOwnerAccount"), detail.get("accountId"), envelope.get("account"))
    region = text(detail.get("region"), envelope.get("region"))
    kind, public, error = text(detail.get("resourceType")), detail.get("isPublic") is True, text(detail.get("error"))
    access = f"{'everybody' if public else 'somebody outside'} has access to {text(detail.get('resource'))}"
    outside = [each for value in mapping(detail.get("principal")).values() for each in texts(value)]
    status = text(detail.get("status")).upper()
    gone = "deleted" if detail.get("isDeleted") is True else ""
    return [
        Finding(
            source="accessanalyzer",
            id=text(detail.get("id")),
            type=f"AccessAnalyzer:{'Error' if error else 'Public' if public else 'External'}/{kind}",
            account=account,
            region=region,
            severity=0.0,
            title=f"{text(detail.get('resource'))} could not be analysed: {error}" if error else access,
            resources=distinct([resource_of_arn(text(detail.get("resource")), account, region, {"outside": outside})]),
            sample=False,
            closed=gone or ("" if status == "ACTIVE" else status.lower() or "without a status"),
            updated=text(detail.get("updatedAt"), detail.get("analyzedAt"), envelope.get("time")),
            raw=detail,
        )
    ]


_HUB = "aws.securityhub"
_READERS: dict[tuple[str, str], Callable[[Mapping[str, Any], Mapping[str, Any]], list[Finding]]] = {
    ("aws.guardduty", "GuardDuty Finding"): _guardduty,
    (_HUB, "Security Hub Findings - Imported"): read_security_hub,
    (_HUB, "Security Hub Findings - Custom Action"): read_security_hub,
    ("aws.macie", "Macie Finding"): _macie,
    ("aws.config", "Config Rules Compliance Change"): _config,
    ("aws.access-analyzer", "Access Analyzer Finding"): _access_analyzer,
}
"""What is understood, by the envelope's `source` and `detail-type`; anything else is recorded and told."""
