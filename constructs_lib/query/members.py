"""Who is a member of a workgroup: IAM roles of the account, and the roles Identity Center makes for permission sets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack, Token, aws_iam as iam

from constructs_lib.core import misuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import Construct

_SUFFIX = "?" * 16
_PERMISSION_SET = re.compile(r"^[\w+=,.@-]{1,32}$")
_ROLE_PATTERN = re.compile(r"^arn:[a-z-]+:iam::[0-9]{12}:role/(?=.*[^*?/])\S+$")


def permission_set_pattern(scope: Construct, permission_set: str) -> str:
    """The ARN pattern of the role that Identity Center makes for a permission set in the account of `scope`.

    The role's suffix is known only after the set is assigned, and changes when it is assigned again; it always has 16 characters, so
    the pattern does not match the roles of another set whose name merely begins alike. Nobody else can make a role below that path.

    Args:
        scope: Anything in the stack whose account is meant.
        permission_set: Name of the set, at most 32 characters.

    Raises:
        DataLakeError: `permission_set_name`, if no permission set can have that name.
    """
    if not _PERMISSION_SET.match(permission_set):
        msg = f"got permission set {permission_set!r}; allowed are 1 to 32 letters, digits and +=,.@-_"
        raise misuse(scope, msg, code="permission_set_name")
    stack = Stack.of(scope)
    name = f"aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{permission_set}_{_SUFFIX}"
    return stack.format_arn(service="iam", region="", resource="role", resource_name=name)


def role_arn(scope: Construct, role: iam.IRole) -> str:
    """The ARN of a member role: spelled out when the role has a physical name, so that a policy can name it without depending on it.

    Raises:
        DataLakeError: `member_of_another_account`, if the role stands in another account than `scope`.
    """
    account = Stack.of(scope).account
    theirs = role.env.account
    if not Token.is_unresolved(account) and not Token.is_unresolved(theirs) and account != theirs:
        msg = f"got a member role of account {theirs}; a workgroup of account {account} is used by roles of that account only"
        raise misuse(scope, msg, code="member_of_another_account")
    resource: Any = role.node.default_child
    if isinstance(resource, iam.CfnRole) and resource.role_name is not None and not Token.is_unresolved(resource.role_name):
        path = (resource.path or "/").lstrip("/")
        return Stack.of(scope).format_arn(service="iam", region="", resource="role", resource_name=f"{path}{resource.role_name}")
    return role.role_arn


def checked_patterns(scope: Construct, patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns, each about roles of one named account.

    Raises:
        DataLakeError: `member_pattern`, if a pattern is no role ARN, has no account of its own, or would match every role.
    """
    checked = tuple(patterns)
    for pattern in checked:
        if not Token.is_unresolved(pattern) and not _ROLE_PATTERN.match(pattern):
            msg = f"got member pattern {pattern!r}; allowed is a role ARN of one account that does not match every role"
            raise misuse(scope, msg, code="member_pattern")
    return checked
