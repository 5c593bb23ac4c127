"""Who a grant is for, as far as only the account knows: an Identity Center permission set's role, whose name ends in a random suffix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..custom_resources.cfn_response import LOG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..custom_resources.retry import Retry

IAM_ALLOWED_PRINCIPALS = "IAM_ALLOWED_PRINCIPALS"
_PATH = "/aws-reserved/sso.amazonaws.com/"
_PATTERN = re.compile(r"^arn:[^:]+:iam::[^:]*:role/aws-reserved/sso\.amazonaws\.com/\*AWSReservedSSO_(?P<name>.+)_(?:\*|\?{16})$")
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<name>[^/]+)/.+")


class PrincipalNotFoundError(Exception):
    """A permission set that has no role in this account."""


class Principals:
    """Resolves principals against the account the handler runs in; asks IAM once, and only when a grant needs it.

    Args:
        iam: A boto3 client for IAM.
        retry: How to call it.
    """

    def __init__(self, iam: Any, retry: Retry) -> None:
        self._iam = iam
        self._retry = retry
        self._roles: dict[str, str] | None = None
        self._resolved: dict[str, re.Pattern[str]] = {}

    def resolve(self, identifier: str) -> str:
        """The identifier Lake Formation knows: the role's ARN for a permission set's pattern, anything else as it is.

        Raises:
            PrincipalNotFoundError: If no role of that permission set is in the account.
        """
        match = _PATTERN.match(identifier)
        if match is None:
            return identifier
        wanted = re.compile(rf"(?:^|/)AWSReservedSSO_{re.escape(match['name'])}_[0-9a-f]{{16}}$")
        found = [arn for name, arn in self._reserved_roles().items() if wanted.search(name)]
        if found:
            if len(found) > 1:
                LOG.warning("permission set %s has several roles; the newest one is taken: %s", match["name"], found)
            self._resolved[found[-1]] = wanted
            return found[-1]
        msg = (
            f"permission set {match['name']} has no role in this account (looked for {_PATH}.../AWSReservedSSO_{match['name']}_*); "
            "assign it to the account in Identity Center first"
        )
        raise PrincipalNotFoundError(msg)

    def of_entries(self, entries: Iterable[Mapping[str, Any]], *, tolerant: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each declared entry with its principal as Lake Formation knows it; when `tolerant`, without those that cannot be found.

        Raises:
            PrincipalNotFoundError: If a permission set has no role, unless `tolerant`.
        """
        for entry in entries:
            try:
                principal = self.resolve(entry["Principal"]["DataLakePrincipalIdentifier"])
            except PrincipalNotFoundError:
                if not tolerant:
                    raise
                continue
            yield principal, entry

    def is_resolved(self, principal: str) -> bool:
        """Whether it is the role of a permission set that was resolved."""
        return principal in self._resolved

    def former(self, principal: str) -> str | None:
        """The role that took this one's place, if it was that of a resolved permission set, which gets another when assigned anew."""
        for role, pattern in self._resolved.items():
            if principal != role and pattern.search(principal):
                return role
        return None

    def _reserved_roles(self) -> dict[str, str]:
        if self._roles is None:
            self._roles = {name: arn for _, name, arn in sorted(self._list())}
        return self._roles

    def _list(self) -> Iterator[tuple[str, str, str]]:
        """When each role was made, its name and its ARN."""
        arguments: dict[str, Any] = {"PathPrefix": _PATH}
        while True:
            page = self._retry.call(self._iam.list_roles, **arguments)
            for role in page["Roles"]:
                yield str(role.get("CreateDate", "")), role["RoleName"], role["Arn"]
            if not page.get("IsTruncated"):
                return
            arguments["Marker"] = page["Marker"]


def own_role(sts: Any, retry: Retry) -> str:
    """The role that this function runs with; empty when it runs with none."""
    session = _SESSION.fullmatch(str(retry.call(sts.get_caller_identity)["Arn"]))
    return "arn:{partition}:iam::{account}:role/{name}".format(**session.groupdict()) if session else ""
