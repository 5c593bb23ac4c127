"""Quarantine of a bucket, or of an object in it: a deny statement in the bucket policy, and a tag that says why.

Nothing is deleted and nobody's statement is changed. Break-glass, deploying and containment roles get through, and AWS services that
deliver there. S3 has no condition for a put of a policy: it is read back, and put again when somebody else wrote at the same time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ...custom_resources.cfn_response import LOG
from ...custom_resources.retry import DENIED, code_of
from ..access import ChangedSinceError, Need, NothingToDoError, NotPossibleError
from ..findings import OBJECT
from ..protection import spared_arns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target

TAG = "governed-lake:quarantine"
POLICY_BYTES = 20_480
_MARK = "GovernedLake"
_MOST_TAGS = 50
_ROUNDS = 5
_ON_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject*",
    "s3:GetObject*",
    "s3:ListMultipartUploadParts",
    "s3:PutObject*",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "s3:RestoreObject",
)
# Whoever is kept out does not open it again, nor lets S3 delete or copy.
_ON_BUCKET = (
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:ListBucket*",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)
_NEEDED = ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:GetBucketTagging", "s3:PutBucketPolicy", "s3:PutBucketTagging")


class BucketQuarantine:
    """Keeps everybody out, or those outside the organisation.

    Args:
        outsiders_only: Whether principals of the organisation still get in.
    """

    def __init__(self, *, outsiders_only: bool = False) -> None:
        self._outsiders_only = outsiders_only

    def look(self, target: Target) -> dict[str, Any]:
        """The policy and the tags; refuses what would not fit, and finds it done when an earlier statement of ours says the same."""
        if self._outsiders_only and not target.settings.organization_id:
            msg = "who is an outsider is not known without the organisation's id"
            raise NotPossibleError(msg)
        s3, bucket = _client(target), _bucket(target)
        text = _policy_text(s3, bucket, target)
        policy = _parsed(text)
        self._merged(target, policy)
        ours = _without_sid(self.statement(target))
        quarantines = [each for each in _statements(policy) if str(each.get("Sid", "")).startswith(_MARK)]
        earlier = [each for each in quarantines if _without_sid(each) == ours]
        if earlier and earlier[0].get("Sid") != target.mark:
            msg = f"{target.resource} is in quarantine already, by statement {earlier[0].get('Sid')}"
            raise NothingToDoError(msg)
        return {"policy": policy, "text": text, "tags": _tags(s3, bucket, target)}

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Names the statement and whom it spares."""
        whom = "everybody outside the organisation" if self._outsiders_only else "everybody"
        kept = len(_statements(before["policy"]))
        return (
            f"add statement {target.mark} to the policy of bucket {_bucket(target)}, beside the {kept} there, which denies {whom} but "
            f"{', '.join(spared_arns(target.resource.account, target.settings))} and AWS services {' and '.join(self._resources(target))}; "
            f"tag the bucket {TAG}={target.action}"
        )

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Adds the statement, then the tag: what matters first."""
        del before  # merged into what is there now
        s3, bucket = _client(target), _bucket(target)
        for _ in range(_ROUNDS):
            policy = _policy(s3, bucket, target)
            if self._is_in(policy, target):
                break
            s3.put_bucket_policy(Bucket=bucket, Policy=_text(self._merged(target, policy)), ExpectedBucketOwner=target.resource.account)
        else:
            msg = f"the policy of bucket {bucket} does not stay as put after {_ROUNDS} attempts: something else writes it"
            raise RuntimeError(msg)
        tagged = _tag(s3, bucket, target, lambda tags: {**tags, TAG: target.action})
        return {"policy": policy, "tagged": tagged}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Takes our statement and our tag out; the rest stays, whoever wrote it, and whenever, to the byte if nobody wrote since."""
        s3, bucket = _client(target), _bucket(target)
        removed = False
        for _ in range(_ROUNDS):
            policy = _policy(s3, bucket, target)
            left = [each for each in _statements(policy) if each.get("Sid") != target.mark]
            if policy is None or len(left) == len(_statements(policy)):
                break
            removed = True
            if left:
                rest = {**policy, "Statement": left}
                text = before["text"] if before.get("text") and _same(rest, before["policy"]) else _text(rest)
                s3.put_bucket_policy(Bucket=bucket, Policy=text, ExpectedBucketOwner=target.resource.account)
            else:
                s3.delete_bucket_policy(Bucket=bucket, ExpectedBucketOwner=target.resource.account)
        else:
            msg = f"statement {target.mark} of bucket {bucket} comes back: something else writes the policy; take it out by hand"
            raise ChangedSinceError(msg)
        others = [str(each.get("Sid", "")) for each in _statements(_policy(s3, bucket, target))]
        still = [sid.removeprefix(_MARK) for sid in others if sid.startswith(_MARK)]
        _tag(s3, bucket, target, lambda tags: _tags_after(tags, target.action, still))
        return f"statement {target.mark} of bucket {bucket} {'is taken out' if removed else 'was gone already'}"

    def statement(self, target: Target) -> dict[str, Any]:
        """The deny statement.

        Anonymous requests have neither key: negated operators and `IfExists` hold for them, so they are denied.
        """
        conditions: dict[str, Any] = {
            "ArnNotLike": {"aws:PrincipalArn": spared_arns(target.resource.account, target.settings)},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        }
        if self._outsiders_only:
            conditions["StringNotEquals"] = {"aws:PrincipalOrgID": target.settings.organization_id}
        actions = _ON_OBJECTS if target.resource.kind == OBJECT else sorted((*_ON_OBJECTS, *_ON_BUCKET))
        return {
            "Sid": target.mark,
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(actions),
            "Resource": self._resources(target),
            "Condition": conditions,
        }

    def _resources(self, target: Target) -> list[str]:
        bucket = target.arn("s3", _bucket(target), account="")
        if target.resource.kind == OBJECT:
            key = target.resource.name.partition("/")[2]
            return [f"{bucket}/{''.join('${' + each + '}' if each in '*?$' else each for each in key)}"]
        return [bucket, f"{bucket}/*"]

    def _is_in(self, policy: Mapping[str, Any] | None, target: Target) -> bool:
        ours = _without_sid(self.statement(target))
        return any(each.get("Sid") == target.mark and _without_sid(each) == ours for each in _statements(policy))

    def _merged(self, target: Target, policy: dict[str, Any] | None) -> dict[str, Any]:
        others = [each for each in _statements(policy) if each.get("Sid") != target.mark]
        merged = {"Version": "2012-10-17", **(policy or {}), "Statement": [*others, self.statement(target)]}
        if "${" in _text(self.statement(target)) and merged["Version"] != "2012-10-17":
            msg = f"the policy of bucket {_bucket(target)} has a version that takes no variables, which the object's name needs"
            raise NotPossibleError(msg)
        size = len(_text(merged).encode())
        if size > POLICY_BYTES:
            msg = (
                f"the policy of bucket {_bucket(target)} would have {size:,} bytes with the quarantine, allowed are {POLICY_BYTES:,}; "
                "shorten it, or deny access to the bucket by hand"
            )
            raise NotPossibleError(msg)
        return merged


def _client(target: Target) -> Any:
    return target.client("s3", Need(_NEEDED, [target.arn("s3", _bucket(target), account="")]))


def _bucket(target: Target) -> str:
    return target.resource.name.partition("/")[0]


def _text(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, separators=(",", ":"))


def _statements(policy: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    found = (policy or {}).get("Statement") or []
    return [found] if isinstance(found, dict) else list(found)


def _without_sid(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement as it can be compared: S3 gives lists of one back as a text, and lists in an order of its own."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        return sorted(value) if isinstance(value, list) else [value]

    return {name: plain(value) for name, value in statement.items() if name != "Sid"}


def _same(policy: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether both say the same, statement by statement; S3 spells some of it its own way."""
    mine, theirs = ({**(each or {}), "Statement": _statements(each)} for each in (policy, other))
    return _without_sid({**mine, "Statement": []}) == _without_sid({**theirs, "Statement": []}) and [
        (each.get("Sid"), _without_sid(each)) for each in mine["Statement"]
    ] == [(each.get("Sid"), _without_sid(each)) for each in theirs["Statement"]]


def _policy_text(s3: Any, bucket: str, target: Target) -> str | None:
    try:
        text: str = s3.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=target.resource.account)["Policy"]
    except ClientError as error:
        if code_of(error) == "NoSuchBucketPolicy":
            return None
        raise
    return text


def _parsed(text: str | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None if text is None else json.loads(text)
    return found


def _policy(s3: Any, bucket: str, target: Target) -> dict[str, Any] | None:
    return _parsed(_policy_text(s3, bucket, target))


def _tags(s3: Any, bucket: str, target: Target) -> dict[str, str]:
    try:
        tags = s3.get_bucket_tagging(Bucket=bucket, ExpectedBucketOwner=target.resource.account)["TagSet"]
    except ClientError as error:
        if code_of(error) == "NoSuchTagSet":
            return {}
        raise
    return {each["Key"]: each["Value"] for each in tags}


def _tags_after(tags: Mapping[str, str], action: str, still: list[str]) -> dict[str, str]:
    """Without our tag; with that of the last of the other quarantines that the bucket is in still."""
    if tags.get(TAG) != action:
        return dict(tags)
    return {**{name: value for name, value in tags.items() if name != TAG}, **({TAG: still[-1]} if still else {})}


def _tag(s3: Any, bucket: str, target: Target, change: Any) -> bool:
    """Changes the tags, those of AWS included unchanged. A tag only tells: what cannot be tagged is contained all the same."""
    owner = target.resource.account
    try:
        tags = _tags(s3, bucket, target)
        wanted = change(tags)
        if wanted == tags:
            return TAG in wanted
        if len(wanted) > _MOST_TAGS:
            return False
        if wanted:
            tag_set = [{"Key": name, "Value": value} for name, value in wanted.items()]
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set}, ExpectedBucketOwner=owner)
        else:
            s3.delete_bucket_tagging(Bucket=bucket, ExpectedBucketOwner=owner)
    except ClientError as error:
        if code_of(error) not in {*DENIED, "InvalidTag", "OperationAborted"}:
            raise
        LOG.warning("bucket %s keeps its tags: %s", bucket, error)
        return False
    return TAG in wanted
