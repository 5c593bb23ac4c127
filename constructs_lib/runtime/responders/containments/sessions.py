"""Sessions of a role or a user, revoked: a policy denies everything to credentials issued before the finding was answered.

Whoever may assume the role gets a new session at once, without the credentials that were taken. The role of a permission set cannot be
changed in its account; there the permission set's inline policy is, in `permission_sets`.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ...custom_resources.retry import code_of
from ..access import Need, NotPossibleError
from ..findings import ROLE
from ..protection import permission_set_of
from .permission_sets import PermissionSetSessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target

_SERVICE_LINKED, _RESERVED = "/aws-service-role/", "/aws-reserved/sso.amazonaws.com/"


def older_sessions(target: Target) -> dict[str, Any]:
    """The statement that denies everything to sessions from before the action. Keys of a user carry no such time and are not meant."""
    return {
        "Sid": target.mark,
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": target.at}},
    }


class Sessions:
    """Sessions of whom a finding names."""

    def __init__(self) -> None:
        self._permission_sets = PermissionSetSessions(older_sessions)

    def look(self, target: Target) -> dict[str, Any]:
        """Whether it exists, and where it is from."""
        name = target.resource.name
        iam = _client(target)
        if target.resource.kind == ROLE:
            path = str(iam.get_role(RoleName=name)["Role"].get("Path", "/"))
            policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
        else:
            path = str(iam.get_user(UserName=name)["User"].get("Path", "/"))
            policies = iam.list_user_policies(UserName=name)["PolicyNames"]
        if path.startswith(_SERVICE_LINKED):
            msg = f"{target.resource} is linked to a service, which alone changes it"
            raise NotPossibleError(msg)
        if path.startswith(_RESERVED):
            return {"permission_set": self._permission_sets.look(target, permission_set_of(name))}
        return {"policies": sorted(policies)}

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Names the policy and the moment."""
        what = f"{json.dumps(older_sessions(target)['Condition'])}"
        if "permission_set" in before:
            name = before["permission_set"]["name"]
            return f"add statement {target.mark} to the inline policy of permission set {name} and provision it: deny everything if {what}"
        return f"add inline policy {target.mark} to {target.resource}: deny everything if {what}"

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Puts the policy; putting it again comes to the same."""
        if "permission_set" in before:
            return self._permission_sets.apply(target, before["permission_set"])
        policy = {"Version": "2012-10-17", "Statement": [older_sessions(target)]}
        arguments = {"PolicyName": target.mark, "PolicyDocument": json.dumps(policy, separators=(",", ":"))}
        iam = _client(target)
        try:
            if target.resource.kind == ROLE:
                iam.put_role_policy(RoleName=target.resource.name, **arguments)
            else:
                iam.put_user_policy(UserName=target.resource.name, **arguments)
        except ClientError as error:
            if code_of(error) not in {"LimitExceeded", "UnmodifiableEntity"}:
                raise
            msg = f"{target.resource} takes no inline policy: {error}; deny its sessions by hand"
            raise NotPossibleError(msg) from error
        return {"policy": policy}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Takes the policy away."""
        if "permission_set" in before:
            return self._permission_sets.undo(target, before["permission_set"])
        iam = _client(target)
        try:
            if target.resource.kind == ROLE:
                iam.delete_role_policy(RoleName=target.resource.name, PolicyName=target.mark)
            else:
                iam.delete_user_policy(UserName=target.resource.name, PolicyName=target.mark)
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            return f"inline policy {target.mark} of {target.resource} was gone already"
        return f"inline policy {target.mark} of {target.resource} is taken away"


def _client(target: Target) -> Any:
    """Roles and users are named by their path too, which is not known before they are looked up."""
    kind, name = target.resource.kind, target.resource.name
    verbs = ("Get{}", "List{}Policies", "Put{}Policy", "Delete{}Policy")
    need = Need(
        [f"iam:{verb.format(kind.title())}" for verb in verbs], [target.arn("iam", f"{kind}/{name}"), target.arn("iam", f"{kind}/*/{name}")]
    )
    return target.client("iam", need)
