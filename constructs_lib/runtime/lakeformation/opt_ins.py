"""Hybrid access: which principals Lake Formation decides about where IAM decides about all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from ..custom_resources.retry import code_of, may_be_absent, message_of
from .targets import Target, is_known, resource_of, targets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..custom_resources.retry import Retry
    from .principals import Principals

_KINDS = frozenset({"database", "table"})


class OptIn(NamedTuple):
    """One principal on one database, one table or all tables of a database."""

    principal: str
    target: Target

    def __str__(self) -> str:
        return f"opt-in of {self.principal} on {self.target}"


class OptIns:
    """The opt-ins in an account's catalog. Those with a condition were made by others: they are neither seen nor touched.

    Args:
        client: A boto3 client for Lake Formation.
        retry: How to call it.
        account: The account; a resource without a catalog id is its own.
        principals: Resolves permission sets.
    """

    def __init__(self, client: Any, retry: Retry, account: str, principals: Principals) -> None:
        self._client = client
        self._retry = retry
        self._account = account
        self._principals = principals

    def declared(self, entries: Iterable[Mapping[str, Any]], *, tolerant: bool) -> set[OptIn]:
        """The opt-ins in a resource's `OptIns`.

        Args:
            entries: As in the template: `Principal` and `Resource`, as in a grant.
            tolerant: Whether to leave out what cannot be found or opted in, as is right for what is to be taken away.

        Raises:
            PrincipalNotFoundError: If a permission set has no role, unless `tolerant`.
            ValueError: If principals cannot be opted in to such a resource, unless `tolerant`.
        """
        found: set[OptIn] = set()
        for principal, entry in self._principals.of_entries(entries, tolerant=tolerant):
            for target in targets_of(entry["Resource"], self._account):
                if target.kind in _KINDS:
                    found.add(OptIn(principal, target))
                elif not tolerant:
                    msg = f"{target} cannot be opted in to; databases and tables can"
                    raise ValueError(msg)
        return found

    def add(self, wanted: set[OptIn]) -> list[str]:
        """Opts in who is not yet. Returns what failed, in words."""
        missing = wanted - self._there({opt_in.target for opt_in in wanted})
        return self._each(self._client.create_lake_formation_opt_in, missing, lambda opt_in, there: opt_in in there)

    def remove(self, gone: set[OptIn]) -> list[str]:
        """Opts out who is still opted in. Returns what failed, in words."""
        there = gone & self._there({opt_in.target for opt_in in gone})
        return self._each(self._client.delete_lake_formation_opt_in, there, lambda opt_in, there: opt_in not in there)

    def _there(self, targets: Iterable[Target]) -> set[OptIn]:
        return {opt_in for target in sorted(targets) for opt_in in self._list(target)}

    def _list(self, target: Target) -> Iterator[OptIn]:
        """Asked without a principal: for one of another account Lake Formation refuses to answer. What is absent has none."""
        arguments: dict[str, Any] = {"Resource": resource_of([target], self._account)}
        while True:
            try:
                page = self._retry.call(self._client.list_lake_formation_opt_ins, **arguments)
            except ClientError as error:
                if code_of(error) == "EntityNotFoundException" or may_be_absent(code_of(error), message_of(error)):
                    return
                raise
            for entry in page.get("LakeFormationOptInsInfoList") or []:
                if entry.get("Condition") or not is_known(entry["Resource"]):
                    continue
                if targets_of(entry["Resource"], self._account) == [target]:
                    yield OptIn(entry["Principal"]["DataLakePrincipalIdentifier"], target)
            if not page.get("NextToken"):
                return
            arguments["NextToken"] = page["NextToken"]

    def _each(self, operation: Callable[..., Any], opt_ins: set[OptIn], is_fine: Callable[[OptIn, set[OptIn]], bool]) -> list[str]:
        failures = []
        for opt_in in sorted(opt_ins):
            failure = self._one(operation, opt_in)
            if failure is not None and not is_fine(opt_in, self._there([opt_in.target])):  # done by an attempt whose answer got lost
                failures.append(f"{opt_in}: {code_of(failure)} {message_of(failure)}".rstrip())
        return failures

    def _one(self, operation: Callable[..., Any], opt_in: OptIn) -> ClientError | None:
        principal = {"DataLakePrincipalIdentifier": opt_in.principal}
        try:
            self._retry.call(operation, Principal=principal, Resource=resource_of([opt_in.target], self._account))
        except ClientError as error:
            return error
        return None
