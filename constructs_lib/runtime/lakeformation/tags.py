"""LF-Tag associations as target, key and value: reads what is assigned, assigns what differs, removes what left.

A column without a value has its table's, a table its database's. So values are assigned from columns up, and removed from databases down:
no column has, for a moment, a value that it has neither before nor after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..custom_resources.retry import Retry, code_of, message_of
from .targets import Target, resource_of, targets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_FROM_COLUMNS_UP = ("column", "table", "database")
_READS = 5  # until a tag that was accepted is given up on

Assigned = dict[Target, dict[str, str]]
"""The value of each tag key that stands on a target itself, without what it inherits."""


class Tags:
    """The LF-Tags on an account's databases, tables and columns.

    Args:
        client: A boto3 client for Lake Formation.
        retry: How to call it.
        account: The account; a resource without a catalog id is its own.
    """

    def __init__(self, client: Any, retry: Retry, account: str) -> None:
        self._client = client
        self._retry = retry
        self._account = account

    def declared(self, entries: Iterable[Mapping[str, Any]]) -> Assigned:
        """What a resource's `TagAssociations` assign."""
        assigned: Assigned = {}
        for entry in entries:
            for target in targets_of(entry["Resource"], self._account):
                values = assigned.setdefault(target, {})
                for pair in entry["LFTags"]:
                    (values[pair["TagKey"].lower()],) = (value.lower() for value in pair["TagValues"])
        return assigned

    def current(self, targets: Iterable[Target]) -> Assigned:
        """What is assigned to these targets now, without those that do not exist."""
        assigned: Assigned = {}
        for group in _together(set(targets)):
            assigned.update(self._read(group))
        return assigned

    def _read(self, group: list[Target]) -> Assigned:
        """What is assigned to these. One column that is no more fails the question for all: the others are asked for without it."""
        answer = self._ask(group)
        if answer is None:
            table = group[0].table
            if len(group) == 1 or table is None or self._ask([table]) is None:
                return {}
            half = len(group) // 2
            return {**self._read(group[:half]), **self._read(group[half:])}
        found = dict(_found(answer, group))
        return {target: found.get(target, {}) for target in group}

    def _ask(self, group: list[Target]) -> Mapping[str, Any] | None:
        """What Lake Formation answers; None when one of these does not exist."""
        try:
            return self._retry.call(
                self._client.get_resource_lf_tags,
                Resource=resource_of(group, self._account),
                ShowAssignedLFTags=True,
            )
        except ClientError as error:
            if code_of(error) != "EntityNotFoundException":
                raise
            return None

    def missing(self, wanted: Assigned, was: Assigned | None = None) -> Assigned:
        """The targets that lack a wanted value, with all that is wanted of them.

        Args:
            wanted: What is to be there.
            was: What the request before declared: a value that it did not and that is there already is looked at again. Left out, it is
                believed.
        """
        expected = wanted if was is None else was
        current = self._settled(wanted, lambda now: any(expected.get(t, {}).get(key) != value for t, key, value in _common(now, wanted)))
        return {
            target: values for target, values in wanted.items() if any(current.get(target, {}).get(key) != values[key] for key in values)
        }

    def standing(self, gone: Assigned) -> Assigned:
        """Of these tags, those that still stand there with these very values."""
        current = self._settled(gone, lambda now: len(set(_common(now, gone))) < sum(len(gone[target]) for target in now))
        ours = {
            target: {key: value for key, value in values.items() if current.get(target, {}).get(key) == value}
            for target, values in gone.items()
        }
        return {target: values for target, values in ours.items() if values}

    def _settled(self, targets: Iterable[Target], is_odd: Callable[[Assigned], bool]) -> Assigned:
        """What is assigned, read again while it is not as the request before left it: a rollback follows so soon that a read is behind."""
        wanted = list(targets)
        current = self.current(wanted)
        for attempt in range(_READS - 1):
            if not is_odd(current):
                break
            self._retry.pause(attempt)
            current = self.current(wanted)
        return current

    def assign(self, missing: Assigned) -> list[str]:
        """Makes each target carry these tags; another value of the same key gives way. Returns what failed, in words."""
        failures = self._each(self._client.add_lf_tags_to_resource, missing, _FROM_COLUMNS_UP, _never)
        return failures or self._read_back(missing)

    def remove(self, standing: Assigned) -> list[str]:
        """Takes these tags off. Returns what failed, in words."""
        return self._each(self._client.remove_lf_tags_from_resource, standing, tuple(reversed(_FROM_COLUMNS_UP)), _is_gone)

    def _read_back(self, assigned: Assigned) -> list[str]:
        """What of these tags was accepted and cannot be read, in words; a read may be a little behind a write."""
        absent: list[str] = []
        for attempt in range(_READS):
            if attempt:
                self._retry.pause(attempt - 1)
            now = self.current(assigned)
            absent = [
                f"tag {key}={value} on {target} was accepted and is not there"
                for target, values in sorted(assigned.items())
                for key, value in values.items()
                if now.get(target, {}).get(key) != value
            ]
            if not absent:
                break
        return absent

    def _each(self, operation: Callable[..., Any], assigned: Assigned, kinds: Iterable[str], is_fine: Callable[[str], bool]) -> list[str]:
        failures: list[str] = []
        for kind in kinds:
            of_kind = {target: tuple(sorted(values.items())) for target, values in assigned.items() if target.kind == kind}
            for values in sorted(set(of_kind.values())):
                for group in _together(target for target, those in of_kind.items() if those == values):
                    failures += self._call(operation, group, dict(values), is_fine)
        return failures

    def _call(
        self, operation: Callable[..., Any], group: list[Target], values: dict[str, str], is_fine: Callable[[str], bool]
    ) -> list[str]:
        resource = resource_of(group, self._account)
        attempt = 0
        failures: list[str] = []
        while values:
            pairs = [{"CatalogId": group[0].catalog, "TagKey": key, "TagValues": [value]} for key, value in values.items()]
            again: dict[str, str] = {}
            for pair, code, message in self._failures(operation, resource, pairs):
                if is_fine(code):
                    continue
                if self._retry.may_retry(code, message, attempt):
                    again[pair["TagKey"]] = values[pair["TagKey"]]
                else:
                    where = ", ".join(map(str, group))
                    failures.append(f"tag {pair['TagKey']}={values[pair['TagKey']]} on {where}: {code} {message}".rstrip())
            values = again
            if values:
                self._retry.pause(attempt)
                attempt += 1
        return failures

    def _failures(
        self,
        operation: Callable[..., Any],
        resource: dict[str, Any],
        pairs: list[dict[str, Any]],
    ) -> list[tuple[dict[str, Any], str, str]]:
        try:
            answer = self._retry.call(operation, Resource=resource, LFTags=pairs)
        except ClientError as error:  # the call as a whole: every tag of it
            return [(pair, code_of(error), message_of(error)) for pair in pairs]
        return [
            (failure["LFTag"], failure.get("Error", {}).get("ErrorCode", ""), failure.get("Error", {}).get("ErrorMessage", ""))
            for failure in answer.get("Failures") or []
        ]


def _never(_code: str) -> bool:
    return False


def _is_gone(code: str) -> bool:
    return code == "EntityNotFoundException"


def _common(now: Assigned, declared: Assigned) -> Iterator[tuple[Target, str, str]]:
    """The tags that are in both."""
    for target, values in declared.items():
        yield from ((target, key, value) for key, value in values.items() if now.get(target, {}).get(key) == value)


def _together(targets: Iterable[Target]) -> list[list[Target]]:
    """Targets that one call can name: columns of the same table together, anything else by itself."""
    groups: dict[tuple[str, Target], list[Target]] = {}
    for target in sorted(targets):
        group = target.table if target.kind == "column" and target.table is not None else target
        groups.setdefault((target.kind, group), []).append(target)
    return list(groups.values())


def _found(answer: Mapping[str, Any], group: list[Target]) -> Iterator[tuple[Target, dict[str, str]]]:
    first = group[0]
    if first.kind == "database":
        yield first, _by_key(answer.get("LFTagOnDatabase"))
    elif first.kind == "table":
        yield first, _by_key(answer.get("LFTagsOnTable"))
    for column in answer.get("LFTagsOnColumns") or []:
        yield Target("column", first.catalog, (*first.path[:2], column["Name"].lower())), _by_key(column.get("LFTags"))


def _by_key(pairs: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    return {pair["TagKey"].lower(): pair["TagValues"][0].lower() for pair in pairs or []}
