"""Sessions of a permission set, revoked for every account it is provisioned to: in its inline policy, from the management account.

Provisioning goes on after the answer. It is asked for everywhere, so that no account is left behind another; sessions that are newer than
the action work in all of them.

See https://docs.aws.amazon.com/singlesignon/latest/userguide/revoke-user-permissions.html.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ..access import Need, NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..access import Target

POLICY_CHARACTERS = 10_240  # what it becomes is an inline policy of a role
_NEEDED = (
    "sso:DeleteInlinePolicyFromPermissionSet",
    "sso:DescribePermissionSet",
    "sso:DescribePermissionSetProvisioningStatus",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:ListPermissionSets",
    "sso:ProvisionPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
)
_CHECKS = 10
_PAUSE_SECONDS = 2.0


class PermissionSetSessions:
    """The inline policy of a permission set.

    Args:
        statement: Makes the deny statement.
        sleep: Pauses while a permission set is provisioned.
    """

    def __init__(self, statement: Callable[[Target], dict[str, Any]], sleep: Callable[[float], None] = time.sleep) -> None:
        self._statement = statement
        self._sleep = sleep

    def look(self, target: Target, name: str) -> dict[str, Any]:
        """The permission set of that name, and its inline policy."""
        settings = target.settings
        if not settings.identity_role or not settings.identity_instance:
            msg = f"permission set {name} can be changed from the management account only, and no role there is stated: revoke by hand"
            raise NotPossibleError(msg)
        sso = _client(target)
        for page in sso.get_paginator("list_permission_sets").paginate(InstanceArn=settings.identity_instance):
            for arn in page["PermissionSets"]:
                found = sso.describe_permission_set(InstanceArn=settings.identity_instance, PermissionSetArn=arn)["PermissionSet"]
                if found.get("Name") == name:
                    text = _policy_text(sso, target, arn)
                    policy = json.loads(text) if text else None
                    self._merged(target, name, policy)
                    return {"name": name, "arn": arn, "policy": policy, "text": text}
        msg = f"Identity Center has no permission set {name}"
        raise NotPossibleError(msg)

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Adds the statement to the policy that is there now, and provisions it."""
        sso, arn = _client(target), before["arn"]
        merged = self._merged(target, before["name"], _policy(sso, target, arn))
        self._put(sso, target, arn, merged)
        return {"policy": merged}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Takes our statement out of the policy that is there now, and provisions it."""
        sso, arn = _client(target), before["arn"]
        policy = _policy(sso, target, arn)
        left = [each for each in _statements(policy) if each.get("Sid") != target.mark]
        rest = {**policy, "Statement": left} if policy and left else None
        same = rest is not None and {**rest, "Statement": left} == {**(before["policy"] or {}), "Statement": _statements(before["policy"])}
        self._put(sso, target, arn, before["text"] if same and before.get("text") else rest)
        return f"statement {target.mark} of permission set {before['name']} is taken out"

    def _merged(self, target: Target, name: str, policy: Mapping[str, Any] | None) -> dict[str, Any]:
        others = [each for each in _statements(policy) if each.get("Sid") != target.mark]
        merged = {"Version": "2012-10-17", **(policy or {}), "Statement": [*others, self._statement(target)]}
        size = len(_text(merged))
        if size > POLICY_CHARACTERS:
            msg = f"the inline policy of permission set {name} would have {size:,} characters, allowed are {POLICY_CHARACTERS:,}"
            raise NotPossibleError(msg)
        return merged

    def _put(self, sso: Any, target: Target, arn: str, policy: Mapping[str, Any] | str | None) -> None:
        which = {"InstanceArn": target.settings.identity_instance, "PermissionSetArn": arn}
        if policy is None:
            sso.delete_inline_policy_from_permission_set(**which)
        else:
            sso.put_inline_policy_to_permission_set(**which, InlinePolicy=policy if isinstance(policy, str) else _text(policy))
        status = sso.provision_permission_set(**which, TargetType="ALL_PROVISIONED_ACCOUNTS")["PermissionSetProvisioningStatus"]
        for _ in range(_CHECKS):
            if status.get("Status") != "IN_PROGRESS" or not status.get("RequestId"):
                break
            self._sleep(_PAUSE_SECONDS)
            status = sso.describe_permission_set_provisioning_status(
                InstanceArn=target.settings.identity_instance, ProvisionPermissionSetRequestId=status["RequestId"]
            )["PermissionSetProvisioningStatus"]
        if status.get("Status") == "FAILED":
            msg = f"permission set {arn} was changed but not provisioned: {status.get('FailureReason', 'no reason given')}"
            raise RuntimeError(msg)


def _client(target: Target) -> Any:
    settings = target.settings
    session = f"finding-{target.action[:24]}"
    return target.access.client("sso-admin", settings.identity_role, settings.identity_region, Need(_NEEDED, ["*"]), session=session)


def _policy_text(sso: Any, target: Target, arn: str) -> str | None:
    which = {"InstanceArn": target.settings.identity_instance, "PermissionSetArn": arn}
    text: str | None = sso.get_inline_policy_for_permission_set(**which).get("InlinePolicy")
    return text


def _policy(sso: Any, target: Target, arn: str) -> dict[str, Any] | None:
    text = _policy_text(sso, target, arn)
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found


def _statements(policy: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    found = (policy or {}).get("Statement") or []
    return [found] if isinstance(found, dict) else list(found)


def _text(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, separators=(",", ":"))
