"""An access key of a user, switched off; the key stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ...custom_resources.retry import code_of
from ..access import Need, NothingToDoError, NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target

_OFF = "Inactive"


class AccessKey:
    """The status of an access key."""

    def look(self, target: Target) -> dict[str, Any]:
        """Its status."""
        status = _status(target)
        if status is None:
            msg = f"{target.resource} is not one of user {_user(target)}"
            raise NotPossibleError(msg)
        if status == _OFF:
            msg = f"{target.resource} is switched off already"
            raise NothingToDoError(msg)
        return {"status": status}

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Names key and user."""
        return f"switch access key {target.resource.name} of user {_user(target)} from {before['status']} to {_OFF}"

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Switches it off."""
        del before
        _client(target).update_access_key(UserName=_user(target), AccessKeyId=target.resource.name, Status=_OFF)
        return {"status": _OFF}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Switches it on again, if it is there and was on."""
        status = _status(target)
        if status in {None, before["status"]}:
            return f"{target.resource} is {'gone' if status is None else f'{status} already'}"
        _client(target).update_access_key(UserName=_user(target), AccessKeyId=target.resource.name, Status=before["status"])
        return f"{target.resource} is {before['status']} again"


def _user(target: Target) -> str:
    return str(target.resource.facts.get("user") or "")


def _client(target: Target) -> Any:
    user = _user(target)
    if not user:
        msg = f"the finding does not say whose {target.resource} is"
        raise NotPossibleError(msg)
    arns = [target.arn("iam", f"user/{user}"), target.arn("iam", f"user/*/{user}")]
    return target.client("iam", Need(("iam:ListAccessKeys", "iam:UpdateAccessKey"), arns))


def _status(target: Target) -> str | None:
    try:
        keys = _client(target).list_access_keys(UserName=_user(target))["AccessKeyMetadata"]
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise
    return next((str(each["Status"]) for each in keys if each["AccessKeyId"] == target.resource.name), None)
