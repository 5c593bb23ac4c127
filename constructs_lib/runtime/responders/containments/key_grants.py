"""Grants that let somebody outside use a KMS key: revoked, with all it takes to create them again.

What the key's own policy gives an outsider is not a grant: then a person has to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ...custom_resources.retry import code_of
from ..access import Need, NotPossibleError
from ..findings import of_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target

_KEPT = ("GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints", "Name")


class KeyGrants:
    """The grants of one key to those whom the finding names."""

    def look(self, target: Target) -> dict[str, Any]:
        """The grants to outsiders, whole."""
        pages = _client(target).get_paginator("list_grants").paginate(KeyId=_arn(target))
        found = [grant for page in pages for grant in page["Grants"] if _is_to_outsider(str(grant.get("GranteePrincipal", "")), target)]
        grants = [{name: grant[name] for name in (*_KEPT, "GrantId") if grant.get(name)} for grant in found]
        if not grants:
            msg = f"{target.resource} has no grant to {', '.join(_outside(target)) or 'anybody outside'}: look at its key policy"
            raise NotPossibleError(msg)
        return {"grants": grants}

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Names the grants."""
        named = ", ".join(f"{each['GrantId']} to {each['GranteePrincipal']}" for each in before["grants"])
        return f"revoke {len(before['grants'])} grants of {target.resource}: {named}"

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Revokes those that are still there."""
        kms = _client(target)
        for grant in before["grants"]:
            try:
                kms.revoke_grant(KeyId=_arn(target), GrantId=grant["GrantId"])
            except ClientError as error:
                if code_of(error) not in {"NotFoundException", "InvalidGrantIdException"}:
                    raise
        return {"revoked": [each["GrantId"] for each in before["grants"]]}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Creates them again, under a name by which KMS knows a repeated request."""
        kms = _client(target)
        there = [grant for page in kms.get_paginator("list_grants").paginate(KeyId=_arn(target)) for grant in page["Grants"]]
        names, ids = {each.get("Name") for each in there}, {each.get("GrantId") for each in there}
        created = 0
        for number, grant in enumerate(before["grants"], start=1):
            name = f"{target.mark}-{number}"
            if grant["GrantId"] in ids or name in names:
                continue
            # Under the name it had, KMS could not tell it from one that somebody made since.
            kms.create_grant(KeyId=_arn(target), **{key: grant[key] for key in _KEPT if grant.get(key) and key != "Name"}, Name=name)
            created += 1
        return f"{created} grants of {target.resource} are created again, under new ids"


def _arn(target: Target) -> str:
    return target.arn("kms", f"key/{target.resource.name}", region=target.resource.region)


def _client(target: Target) -> Any:
    return target.client("kms", Need(("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"), [_arn(target)]))


def _outside(target: Target) -> list[str]:
    return [str(each) for each in target.resource.facts.get("outside") or []]


def _is_to_outsider(grantee: str, target: Target) -> bool:
    """Whether a grant is to one whom the finding names, or to its account; never to a service or to this account."""
    account = of_arn(grantee)[2]
    if not account or account == target.resource.account:
        return False
    return any(each == grantee or account in (each, of_arn(each)[2]) for each in _outside(target))
