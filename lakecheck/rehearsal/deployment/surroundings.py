"""What has to be there before the first stack, and is no stack's: the organisation, and roles that Identity Center makes in accounts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakecheck.assembly.model import StackTemplate
    from lakecheck.rehearsal.adapters.model import Clients

_SET: Final = re.compile(r"AWSReservedSSO_([\w+=,.@-]+?)_(\?{16}|\*|[0-9a-f]{16})")
_ROOT: Final = re.compile(r'"(r-[a-z0-9]{4,32})"')
_ORGANIZATION: Final = re.compile(r"\bo-[a-z0-9]{10,32}\b")
_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SUFFIX: Final = "0123456789abcdef"


def permission_sets(stacks: Sequence[StackTemplate]) -> dict[tuple[str, str], str]:
    """Names of the roles by account and permission set, for every set that a template names in its own account.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    found: dict[tuple[str, str], str] = {}
    for stack in stacks:
        if stack.account is not None:
            for name, suffix in _SET.findall(json.dumps(stack.template)):
                known = suffix if len(suffix) == len(_SUFFIX) and "?" not in suffix else _SUFFIX
                found.setdefault((stack.account, name), f"AWSReservedSSO_{name}_{known}")
    return found


def assign(stacks: Sequence[StackTemplate], clients: Clients) -> list[str]:
    """Makes those roles, as if the sets were assigned; what was made, a sentence each account."""
    made: dict[str, list[str]] = {}
    regions = {stack.account: stack.region for stack in stacks if stack.account is not None}
    for (account, name), role in permission_sets(stacks).items():
        region = regions[account] or "us-east-1"
        clients("iam", account=account, region=region).create_role(
            RoleName=role, Path=f"/aws-reserved/sso.amazonaws.com/{region}/", AssumeRolePolicyDocument=json.dumps(_TRUST)
        )
        made.setdefault(account, []).append(name)
    return [f"{account}: as if Identity Center had assigned {', '.join(sorted(names))}" for account, names in made.items()]


def organization(stacks: Sequence[StackTemplate]) -> dict[str, Any] | None:
    """The organisation that stacks change and none of them makes, by the id of its root; None where they change none.

    Its management account is that of the stack that names the root. Every account that a template names is one of its.
    """
    types = {str(one.get("Type")) for stack in stacks for one in stack.template.get("Resources", {}).values()}
    if "AWS::Organizations::Organization" in types:
        return None
    for stack in stacks:
        if stack.account is not None and (root := _ROOT.search(json.dumps(stack.template))):
            texts = [json.dumps(each.template) for each in stacks]
            named = {number for text in texts for number in _ACCOUNT.findall(text)} | {one.account for one in stacks if one.account}
            id_ = next((found for text in texts for found in _ORGANIZATION.findall(text)), None)
            return {
                "management": stack.account,
                "region": stack.region or "us-east-1",
                "root": root[1],
                "id": id_,
                "accounts": sorted(named - {stack.account}),
            }
    return None


_TRUST: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
"""Nobody has to assume them here."""
