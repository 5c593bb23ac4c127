"""Compares every resource of the deployed stacks with what the plain APIs return of it: only that counts, whoever made it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import Resource, Stated
from lakecheck.rehearsal.adapters.registry import adapters
from lakecheck.rehearsal.comparison.added import ADDED
from lakecheck.rehearsal.comparison.echoes import marked
from lakecheck.rehearsal.comparison.equivalences import Where
from lakecheck.rehearsal.comparison.values import Compared, compare_properties, leaves
from lakecheck.rehearsal.model import Rehearsed, ResourceResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.rehearsal.adapters.model import Adapter, Clients
    from lakecheck.rehearsal.model import Difference

AT_ONCE: Final = 8
"""As many resources are read at a time: the emulator is one process of Python's, more only wait."""

NOWHERE: Final[Mapping[str, str]] = {
    "AWS::CDK::Metadata": "tells AWS which constructs were used; it makes nothing",
    "AWS::CloudFormation::WaitConditionHandle": "an address that CloudFormation alone knows",
    "AWS::CloudFormation::WaitCondition": "a signal that CloudFormation alone waits for",
}
"""Types of which no service has anything, in AWS either: they count neither way."""

_MOST_NAMED: Final = 6
_NO_PROPERTIES: Final = ("ServiceToken", "ServiceTimeout")
"""Of a custom resource: they say who makes it, not what."""
_PLACEHOLDER: Final = "not-rehearsed"
"""Stands in what is made up for attributes of resources that nobody made."""


def compare(
    told_stacks: Iterable[Mapping[str, Any]], clients: Clients, *, known: Mapping[str, Adapter] | None = None
) -> tuple[ResourceResult, ...]:
    """Compares stacks with the plain APIs.

    Args:
        told_stacks: The stacks as the emulator tells them at `/rehearsal/stacks`.
        clients: Makes boto3's clients of the emulator.
        known: The adapters by type; all there are when left out.

    Returns:
        One result for each resource, in the order of the stacks.
    """
    stacks = [stack for stack in told_stacks if stack["status"] != "DELETE_COMPLETE"]
    known = adapters() if known is None else known
    made_up = {one["physical_id"]: one for stack in stacks for one in stack["resources"] if one["by"] == "nobody"}
    work = [(stack, one) for stack in stacks for one in stack["resources"]]
    keys, by_type = _Keys(clients), _by_type(work)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shared: dict[str, Any] = {"clients": clients, "known": known, "made_up": made_up, "keys": keys, "by_type": by_type}
        return tuple(pool.map(lambda pair: _compared(*pair, **shared), work))


def _by_type(work: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, list[tuple[Any, Stated]]]:
    """What every resource states, by its type, each with the resource as it was told."""
    found: dict[str, list[tuple[Any, Stated]]] = {}
    for stack, told in work:
        stated = Stated(
            account=stack["account"], region=stack["region"], physical_id=told["physical_id"], properties=told["properties"] or {}
        )
        found.setdefault(told["type"], []).append((told, stated))
    return found


def _compared(
    stack: Mapping[str, Any],
    told: Mapping[str, Any],
    *,
    clients: Clients,
    known: Mapping[str, Adapter],
    made_up: Mapping[str, Any],
    keys: _Keys,
    by_type: Mapping[str, Sequence[tuple[Any, Stated]]],
) -> ResourceResult:
    """One resource."""
    adapter = known.get(told["type"])
    watched = _Watched(clients)
    resource = replace(_resource(stack, told, watched), others=lambda kind: [one for of, one in by_type.get(kind, ()) if of is not told])
    compared, reason = _read(resource, told, adapter, watched, keys)
    added = tuple(sorted(f"{service}:{operation}" for service, operation in watched.operations & ADDED))
    if not reason:
        reason = _leads_nowhere(told["properties"], made_up) or _read_by_us(added)
    return ResourceResult(
        account=stack["account"],
        region=stack["region"],
        stack=stack["name"],
        logical_id=told["logical_id"],
        type=told["type"],
        physical_id=told["physical_id"],
        path=told["path"],
        rehearsed=_verdict(told, reason),
        properties=compared.properties,
        returned=compared.returned,
        differences=tuple(compared.differences),
        unread=tuple(compared.unread),
        reason=reason,
        note=_note(told, adapter),
        added=added,
    )


def _read(resource: Resource, told: Mapping[str, Any], adapter: Adapter | None, watched: _Watched, keys: _Keys) -> tuple[Compared, str]:
    """What the API returns compared with what is stated, and why it does not count; empty when it does."""
    nothing = Compared(leaves(told["properties"]) if told["properties"] else 0)
    if resource.type in NOWHERE:
        return Compared(), NOWHERE[resource.type]
    if told["by"] == "nobody":
        return nothing, _nobody(resource.type, str(told.get("note") or ""))
    if adapter is None or adapter.read is None:
        reason = "its handler ran, but no plain API returns what it did" if told["by"] == "handler" else "nothing here reads it back"
        return nothing, reason
    found, reason = _looked(resource, adapter, watched)
    if found is None:
        return nothing, reason
    where = Where(
        account=resource.account,
        region=resource.region,
        partition=resource.partition,
        tags=resource.tags,
        key_of=lambda alias: keys.of(alias, resource.account, resource.region),
    )
    unread = (*adapter.unread, *(_NO_PROPERTIES if told["by"] == "handler" else ()))
    compared = compare_properties(resource.type, told["properties"], found, where=where, unread=unread, complete=adapter.complete)
    return compared, in_words(compared.differences)


def _looked(resource: Resource, adapter: Adapter, watched: _Watched) -> tuple[Mapping[str, Any] | None, str]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra brings it

    try:
        found = adapter.look(resource)
    except ClientError as error:
        stated = error.response.get("Error", {})
        return None, f"the API answered {stated.get('Code', 'with an error')}: {stated.get('Message', error)}"
    except BotoCoreError as error:
        return None, f"the API could not be called: {error}"
    except Exception as error:  # noqa: BLE001 - an entry that fails makes one resource not rehearsed, and nothing else
        return None, f"reading it failed: {type(error).__name__}: {error}"
    if not watched.operations:
        return None, "no API was asked for it"
    return found, "" if found is not None else "it is not there"


def _verdict(told: Mapping[str, Any], reason: str) -> Rehearsed:
    if told["type"] in NOWHERE:
        return Rehearsed.NOWHERE
    if reason:
        return Rehearsed.NOT
    return Rehearsed.BY_EMULATOR if told["by"] == "emulator" else Rehearsed.BY_ADAPTER


def _read_by_us(added: tuple[str, ...]) -> str:
    """What an operation returns that the emulator lacks, this project has kept: that is no service's word."""
    return f"the emulator has no {', '.join(added)}; what returns it was added by this project" if added else ""


def _nobody(kind: str, note: str) -> str:
    if note:
        return f"nobody makes it: {note}"
    if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
        return "nobody makes it: its handler was not run"
    return "nobody makes it: neither the emulator nor an adapter knows the type"


def _note(told: Mapping[str, Any], adapter: Adapter | None) -> str:
    parts = [adapter.note] if adapter is not None and adapter.note else []
    if told["by"] == "handler" and told.get("note"):
        parts.append(f"{told['note']}.")
    if told.get("missing_attributes"):
        names = ", ".join(dict.fromkeys(map(str, told["missing_attributes"])))
        parts.append(f"A made-up value was given for its {names}.")
    return " ".join(parts)


def _leads_nowhere(properties: Mapping[str, Any], made_up: Mapping[str, Any]) -> str:
    """Why stated values are none that AWS would have: they come from resources that nobody made."""
    named = []
    for text in _texts(properties):
        named += [f"{made_up[text]['logical_id']} ({made_up[text]['type']})"] if text in made_up else []
        if _PLACEHOLDER in text:
            named += [f"{one['logical_id']} ({one['type']})" for physical_id, one in made_up.items() if physical_id in text] or [text]
    return f"it refers to what nobody made: {_few(dict.fromkeys(named))}" if named else ""


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def in_words(differences: Sequence[Difference]) -> str:
    """Why a resource with differences is not rehearsed; empty without any.

    Example:
        >>> in_words([])
        ''
    """
    kinds = (
        ("the API does not return", [one for one in differences if not one.is_returned]),
        ("the API returns otherwise than stated", [one for one in differences if one.is_returned and one.stated is not None]),
        ("the API returns what is not stated:", [one for one in differences if one.is_returned and one.stated is None]),
    )
    return "; ".join(f"{words} {_few(dict.fromkeys(general(one.path) for one in found))}" for words, found in kinds if found)


def general(path: str) -> str:
    """A path with any item in place of each: `Rules[3].Status` is `Rules[].Status`."""
    return re.sub(r"\[\d+\]", "[]", path)


def _few(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more


def _resource(stack: Mapping[str, Any], told: Mapping[str, Any], watched: _Watched) -> Resource:
    """The resource as its entry reads it; everything that the template gave is marked, so that an echo of it does not count."""
    return Resource(
        type=told["type"],
        logical_id=told["logical_id"],
        properties=marked(told["properties"]),
        physical_id=marked(told["physical_id"]),
        account=marked(stack["account"]),
        region=marked(stack["region"]),
        stack=stack["name"],
        stack_id=stack["id"],
        clients=watched,
        tags=stack.get("tags") or {},
    )


class _Keys:
    """What aliases of KMS lead to, each asked for once."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self.of = cache(self._of)

    def _of(self, alias: str, account: str, region: str) -> str | None:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

        try:
            return str(self._clients("kms", account=account, region=region).describe_key(KeyId=alias)["KeyMetadata"]["Arn"])
        except ClientError:
            return None


@dataclass(slots=True)
class _Watched:
    """Clients that say which operations were called."""

    clients: Clients
    operations: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, service: str, *, account: str, region: str) -> Any:
        """The client of a service."""
        return _WatchedClient(self.clients(service, account=account, region=region), lambda name: self.operations.add((service, name)))


class _WatchedClient:
    def __init__(self, client: Any, tell: Callable[[str], None]) -> None:
        self._client = client
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in ("meta", "exceptions", "can_paginate") or not callable(found):
            return found
        if name == "get_paginator":
            return self._paginator
        self._tell(name)
        return found

    def _paginator(self, operation: str) -> Any:
        self._tell(operation)
        return self._client.get_paginator(operation)
