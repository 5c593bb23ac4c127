"""CloudWatch Logs may use the keys of log groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.formula import Truth
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.encryption._cases import KEY_ARN, key
from lakecheck.rules.encryption._keys import key_of, not_known, refused, regional, use
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_GROUP, _CONFIGURATION = "AWS::Logs::LogGroup", "AWS::Glue::SecurityConfiguration"
_PATHS = {_GROUP: "KmsKeyId", _CONFIGURATION: "EncryptionConfiguration.CloudWatchEncryption.KmsKeyArn"}
_NEEDED = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for kind, path in _PATHS.items():
        yield from (each for each in snapshot.by_type.get(kind, ()) if value(each, path) is not None)


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    path = _PATHS[found.type]
    written = value(found, path)
    used = key_of(written, found, snapshot)
    if used is None:
        yield not_known(written, path)
        return
    # The log groups of Glue's jobs get their names when a job runs; a policy that asks for names may well allow them.
    group = {"kms:encryptioncontext:aws:logs:arn": (found.arn.removesuffix(":*"),)} if found.type == _GROUP and found.arn else {}
    said = use(regional("logs", found.region), used, snapshot, actions=_NEEDED, context={"aws:sourceaccount": (found.account,), **group})
    if found.type == _CONFIGURATION:
        said = {action: Truth.FALSE if truth is Truth.FALSE else Truth.TRUE for action, truth in said.items()}
    then = "the log group cannot be made" if found.type == _GROUP else "jobs cannot write their logs"
    yield from refused(said, f"CloudWatch Logs in {found.region}", used, path=path, then=then)


def _group(arn: Any) -> dict[str, Any]:
    return {"Group": {"Type": _GROUP, "Properties": {"LogGroupName": "/lake/pipelines", "KmsKeyId": arn}}}


def _glue(arn: Any) -> dict[str, Any]:
    logs = {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": arn}
    return {
        "Configuration": {"Type": _CONFIGURATION, "Properties": {"Name": "lake", "EncryptionConfiguration": {"CloudWatchEncryption": logs}}}
    }


_LOGS = "logs.eu-west-1.amazonaws.com"


def _only(group: str) -> dict[str, Any]:
    return {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": f"arn:${{AWS::Partition}}:logs:eu-west-1:444455556666:{group}"}}}


RULE = Rule(
    id="encryption.log_key_usable",
    title="The key of a log group lets CloudWatch Logs of its Region use it",
    rationale=(
        "CloudWatch Logs encrypts as a service, which no IAM policy can allow: the key policy alone does, and the constructs of CDK add "
        "nothing to it. The log group cannot be made, or a Glue job fails or runs without logs."
    ),
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    severity=Severity.ERROR,
    remedy="Allow logs.<region>.amazonaws.com to encrypt and decrypt in the key policy, limited by kms:EncryptionContext:aws:logs:arn.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**key(_LOGS), **_group(KEY_ARN)},
            {**key(_LOGS, condition=_only("log-group:/lake/*")), **_group(KEY_ARN)},
            {**key(_LOGS, condition=_only("log-group:*")), **_glue(KEY_ARN)},
        ),
        failing=(
            {**key(), **_group(KEY_ARN)},
            {**key("logs.us-east-1.amazonaws.com"), **_group(KEY_ARN)},
            {**key(_LOGS, condition=_only("log-group:/other/*")), **_group(KEY_ARN)},
            {**key(), **_glue(KEY_ARN)},
        ),
        not_applicable=(key(), {"Group": {"Type": _GROUP, "Properties": {}}}),
    ),
    controls=("NIST.800.53.R5 AU-9(3)",),
)
