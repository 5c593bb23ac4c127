"""Grants as sets of single rights: reads which are held, gives and takes many at a time, and names each that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG
from ..custom_resources.retry import DENIED, TRANSIENT, Retry, code_of, may_be_absent, message_of
from .principals import IAM_ALLOWED_PRINCIPALS
from .targets import Target, is_known, resource_of, targets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .principals import Principals

_BATCH = 20  # entries in one BatchGrantPermissions or BatchRevokePermissions
_READS = 5  # until a list that contradicts the answer to a revocation is believed
_ALL = "ALL"
_ABSENT = re.compile(r"non-existent column|register the S3 path", re.IGNORECASE)
_NO_PRINCIPAL = re.compile(r"invalid (?:\w+ )?principal|principal\b[^.]*\b(?:not exist|not found|invalid)", re.IGNORECASE)
_NOTHING_REVOKED = re.compile(r"no permissions|permissions revoked", re.IGNORECASE)


class Right(NamedTuple):
    """One permission of one principal on one target; or, when `grantable`, that the principal may pass it on."""

    principal: str
    target: Target
    permission: str
    grantable: bool = False

    def __str__(self) -> str:
        passing = ", with grant option" if self.grantable else ""
        return f"{self.permission} on {self.target} to {self.principal}{passing}"


def rights_of(entry: Mapping[str, Any], principal: str, account: str) -> Iterator[Right]:
    """The rights in one grant as declared or as listed."""
    for target in targets_of(entry["Resource"], account):
        grantable = set(entry.get("PermissionsWithGrantOption") or [])
        for permission in {*(entry.get("Permissions") or []), *grantable}:
            yield Right(principal, target, permission)
        for permission in grantable:
            yield Right(principal, target, permission, grantable=True)


class Entry(NamedTuple):
    """One entry of a batch call, with the rights it is for."""

    request: dict[str, Any]
    rights: frozenset[Right]

    @property
    def catalog(self) -> str:
        """The account whose catalog it is about."""
        return next(iter(self.rights)).target.catalog

    @property
    def targets(self) -> set[Target]:
        """What it is about: one, or columns of a table."""
        return {right.target for right in self.rights}


class Grants:
    """The grants in an account's catalog.

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

    def declared(self, entries: Iterable[Mapping[str, Any]], *, tolerant: bool) -> set[Right]:
        """The rights in a resource's `Grants`.

        Args:
            entries: As in the template.
            tolerant: Whether to leave out principals that cannot be found, and resources of a kind that could never be granted on, as is
                right for what is to be taken away.

        Raises:
            PrincipalNotFoundError: If a permission set has no role, unless `tolerant`.
            ValueError: If Lake Formation knows a resource and this handler does not, unless `tolerant`.
        """
        rights: set[Right] = set()
        for principal, entry in self._principals.of_entries(entries, tolerant=tolerant):
            try:
                rights.update(rights_of(entry, principal, self._account))
            except ValueError:
                if not tolerant:
                    raise
        return rights

    def held(self, targets: Iterable[Target]) -> tuple[set[Right], set[Target]]:
        """The rights that anybody holds on these targets, and the targets whose grants Lake Formation does not list.

        Beside ALL no other permission counts as held: it may be listed because ALL implies it, and would go with it.
        """
        held: set[Right] = set()
        unknown: set[Target] = set()
        by_listed: dict[Target, set[Target]] = {}
        for target in targets:
            by_listed.setdefault(target.table or target, set()).add(target)
        for listed, asked in sorted(by_listed.items()):
            try:
                held.update(self._list(listed, with_filters=any(target.kind == "filter" for target in asked)))
            except ClientError as error:
                if code_of(error) == "EntityNotFoundException":
                    continue
                if code_of(error) != "InvalidInputException" and not may_be_absent(code_of(error), message_of(error)):
                    raise
                unknown.update(asked)
        implying = {(right.principal, right.target, right.grantable) for right in held if right.permission == _ALL}
        return {right for right in held if right.permission == _ALL or (*right[:2], right.grantable) not in implying}, unknown

    def _list(self, target: Target, *, with_filters: bool) -> Iterator[Right]:
        """What is granted explicitly. Asked without a principal, as with one the answer mixes in what is implied."""
        arguments: dict[str, Any] = {"Resource": resource_of([target], self._account)}
        if target.catalog != self._account:
            arguments["CatalogId"] = target.catalog
        if with_filters:
            arguments["IncludeRelated"] = "TRUE"
        while True:
            page = self._retry.call(self._client.list_permissions, **arguments)
            for entry in page.get("PrincipalResourcePermissions") or []:
                if entry.get("Condition") or not is_known(entry["Resource"]):
                    continue  # a grant under a condition is another one than ours, which have none
                yield from rights_of(entry, entry["Principal"]["DataLakePrincipalIdentifier"], self._account)
            if not page.get("NextToken"):
                return
            arguments["NextToken"] = page["NextToken"]

    def give(self, rights: Iterable[Right]) -> list[str]:
        """Grants these rights; what is held already may be among them. Returns what failed, in words."""
        return self._in_batches(rights, self._client.batch_grant_permissions, giving=True)

    def take(self, rights: Iterable[Right]) -> list[str]:
        """Revokes these rights; those that are gone already, or whose target is, may be among them. Returns what failed, in words."""
        return self._in_batches(rights, self._client.batch_revoke_permissions, giving=False)

    def left_over(self, wanted: set[Right]) -> set[Right]:
        """Of what is wanted for a permission set's role, what a former role of the set still holds."""
        held, _ = self.held({right.target for right in wanted if self._principals.is_resolved(right.principal)})
        return {right for right in held if right._replace(principal=self._principals.former(right.principal) or "") in wanted}

    def _still_held(self, entry: Entry, code: str, message: str) -> frozenset[Right]:
        """What of a revocation that was refused is held after all: the rest is as gone as it was to be."""
        if code == "EntityNotFoundException" or (code == "InvalidInputException" and _ABSENT.search(message)):
            return frozenset()
        if code != "InvalidInputException":
            return entry.rights
        if _NO_PRINCIPAL.search(message):
            LOG.warning("grants of a principal that no longer exists cannot be revoked: %s", message)
            return frozenset()
        held, unknown = self.held(right.target for right in entry.rights)
        if unknown:
            return frozenset() if _NOTHING_REVOKED.search(message) and len(entry.rights) == 1 else entry.rights
        return entry.rights & held

    def _in_batches(self, rights: Iterable[Right], operation: Callable[..., Any], *, giving: bool) -> list[str]:
        failures: list[str] = []
        entries = _entries(rights, self._account, giving=giving)
        for catalog in sorted({entry.catalog for entry in entries}):
            of_catalog = [entry for entry in entries if entry.catalog == catalog]
            arguments = {} if catalog == self._account else {"CatalogId": catalog}
            for start in range(0, len(of_catalog), _BATCH):
                failures += self._batch(operation, arguments, of_catalog[start : start + _BATCH], giving=giving)
        return failures

    def _batch(self, operation: Callable[..., Any], arguments: Mapping[str, Any], entries: list[Entry], *, giving: bool) -> list[str]:
        """One batch, and again those of its entries whose failure passes, or of which a part may succeed."""
        failures: list[str] = []
        attempt = 0
        while entries:
            again: list[Entry] = []
            waits = False
            for entry, code, message in self._sent(operation, arguments, entries):
                if self._retry.may_retry(code, message, attempt, shared=entry.catalog != self._account):
                    again.append(entry)
                    waits = True
                elif len(entry.targets) > 1:  # one column that is no more must not fail the others with it
                    for target in sorted(entry.targets):
                        of_target = [right for right in entry.rights if right.target == target]
                        again += _entries(of_target, self._account, giving=giving)
                else:
                    left = entry.rights if giving else self._still_held(entry, code, message)
                    late = not giving and _may_be_late(code, message) and attempt < _READS
                    if left and (late or left != entry.rights):
                        again += _one_by_one(left, self._account) if left == entry.rights else _entries(left, self._account, giving=giving)
                        waits = True
                    elif left:
                        failures.append(_in_words(entry, code, message))
            entries = again
            if waits:
                self._retry.pause(attempt)
            attempt += 1
        return failures

    def _sent(self, operation: Callable[..., Any], arguments: Mapping[str, Any], entries: list[Entry]) -> Iterator[tuple[Entry, str, str]]:
        for call in _calls(entries):
            by_id = {str(number): entry for number, entry in enumerate(call)}
            yield from self._failures(operation, arguments, [{"Id": name, **entry.request} for name, entry in by_id.items()], by_id)

    def _failures(
        self,
        operation: Callable[..., Any],
        arguments: Mapping[str, Any],
        requests: list[dict[str, Any]],
        by_id: Mapping[str, Entry],
    ) -> list[tuple[Entry, str, str]]:
        try:
            answer = self._retry.call(operation, Entries=requests, **arguments)
        except ClientError as error:
            if len(requests) > 1 and code_of(error) not in TRANSIENT:  # one bad entry must not fail the others with it
                return [failure for request in requests for failure in self._failures(operation, arguments, [request], by_id)]
            return [(by_id[request["Id"]], code_of(error), message_of(error)) for request in requests]
        failed = answer.get("Failures") or []
        return [
            (
                by_id[failure["RequestEntry"]["Id"]],
                failure.get("Error", {}).get("ErrorCode", ""),
                failure.get("Error", {}).get("ErrorMessage", ""),
            )
            for failure in failed
        ]

    def allowed_to_all(self, targets: Iterable[Target]) -> set[Right]:
        """What IAM_ALLOWED_PRINCIPALS holds on these targets: where it does, IAM decides and no grant is asked.

        Of this account's targets alone: in a catalog that was shared with it, only the owner can take it off.
        """
        held, _ = self.held(target for target in targets if target.catalog == self._account)
        return {right for right in held if right.principal == IAM_ALLOWED_PRINCIPALS}


def _calls(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries of each call: no more than it takes, and none twice for the same principal and resource, which would collide."""
    calls: list[dict[tuple[str, frozenset[Target]], Entry]] = []
    for entry in entries:
        key = (entry.request["Principal"]["DataLakePrincipalIdentifier"], frozenset(entry.targets))
        room = (call for call in calls if len(call) < _BATCH and key not in call)
        call = next(room, None)
        if call is None:
            calls.append({key: entry})
        else:
            call[key] = entry
    return [list(call.values()) for call in calls]


def _may_be_late(code: str, message: str) -> bool:
    """Whether a revocation that was refused may be so because its rights are gone, and the list that still has them is behind."""
    return code == "InvalidInputException" and (not message or bool(_NOTHING_REVOKED.search(message)))


def _one_by_one(rights: Iterable[Right], account: str) -> list[Entry]:
    """An entry for each right to revoke: one that is not held has all others of its entry refused."""
    return [entry for right in sorted(rights) for entry in _entries([right], account, giving=False)]


def _in_words(entry: Entry, code: str, message: str) -> str:
    rights = "; ".join(sorted(map(str, entry.rights)))
    hint = " (is this function's role still a data lake administrator?)" if code in DENIED else ""
    return f"{rights}: {code} {message}".rstrip() + hint


def _entries(rights: Iterable[Right], account: str, *, giving: bool) -> list[Entry]:
    """Rights as few batch entries: one for each principal and target, columns of a table together where their permissions agree."""
    by_target: dict[tuple[str, Target], set[Right]] = {}
    for right in rights:
        by_target.setdefault((right.principal, right.target), set()).add(right)
    alike: dict[tuple[Any, ...], set[Right]] = {}
    for (principal, target), these in by_target.items():
        plain = tuple(sorted(right.permission for right in these if not right.grantable))
        grantable = tuple(sorted(right.permission for right in these if right.grantable))
        group = target.table if target.kind == "column" else target
        key = (principal, target.kind, group, plain, grantable)
        alike.setdefault(key, set()).update(these)
    entries = []
    for key in sorted(alike, key=str):
        principal, _kind, _group, plain, grantable = key
        these = alike[key]
        # To grant the option the permission has to be named as well; to take the option alone it must not be.
        permissions = sorted({*plain, *grantable}) if giving else sorted(plain)
        request = {
            "Principal": {"DataLakePrincipalIdentifier": principal},
            "Resource": resource_of({right.target for right in these}, account),
            "Permissions": permissions,
            "PermissionsWithGrantOption": sorted(grantable),
        }
        entries.append(Entry(request, frozenset(these)))
    return entries
