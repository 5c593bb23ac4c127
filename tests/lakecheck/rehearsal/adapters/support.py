"""Makes, reads, changes and deletes resources through their adapters, against moto in this process: no server, no network.

Enter `emulated()`, take a `round_trip` of a type and its properties, and hold what comes of it: `lacks`, `lacks_after_change` and
`is_deleted`. `make` is for what another resource needs. test_athena.py has examples.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from lakecheck.rehearsal.adapters.model import Clients, Resource, Stated
from lakecheck.rehearsal.adapters.registry import adapters
from lakecheck.rehearsal.comparison.equivalences import Where
from lakecheck.rehearsal.comparison.resources import general
from lakecheck.rehearsal.comparison.values import compare_properties
from lakecheck.rehearsal.emulator.clients import EmulatorClients

ACCOUNT = "111111111111"
REGION = "eu-west-1"


@contextmanager
def emulated() -> Iterator[EmulatorClients]:
    """An empty AWS in this process, repaired as the emulator's is; gives clients for any account and Region.

    Afterwards moto is as it was: other tests of this process are for moto as it comes.
    """
    from moto import mock_aws  # noqa: PLC0415 - an extra brings it

    changes = _changes()
    with mock_aws():
        for one in changes:
            one.set(one.after)
        try:
            yield InProcessClients()
        finally:
            for one in changes:
                one.set(one.before)


class InProcessClients(EmulatorClients):
    """Clients whose calls end in moto. They say in a header whose they are, and are made once for all tests: making one takes long."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type] # without an endpoint, calls end in moto

    def __call__(self, service: str, *, account: str, region: str, role: str = "") -> Any:
        """The client of a service in an account and a Region; the role does not matter."""
        del role
        return _client(service, account, region)


@cache
def _session() -> Any:
    import boto3  # noqa: PLC0415 - an extra brings it

    return boto3.Session("testing", "testing", "testing")


@cache
def _client(service: str, account: str, region: str) -> Any:
    from botocore.config import Config  # noqa: PLC0415 - an extra brings it

    def tell_account(params: dict[str, Any], **_more: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    client = _session().client(service, region_name=region, config=config)
    client.meta.events.register("before-call", tell_account)
    return client


_MISSING = object()


@dataclass(frozen=True, kw_only=True)
class _Change:
    """What the repairs change in a class or a module of moto's."""

    owner: Any
    name: str
    before: Any
    after: Any

    def set(self, value: Any) -> None:
        if value is _MISSING:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, value)


@cache
def _changes() -> list[_Change]:
    """What the repairs change, found by installing them once and taking them back."""
    from lakecheck.rehearsal.emulator import repairs  # noqa: PLC0415 - it patches moto

    for module in pkgutil.iter_modules(repairs.__path__):
        importlib.import_module(f"{repairs.__name__}.{module.name}")  # so that all they patch is loaded, and seen before
    before = {id(owner): (owner, dict(vars(owner))) for owner in _owners()}
    repairs.install()
    found = [
        _Change(owner=owner, name=name, before=was.get(name, _MISSING), after=now)
        for owner, was in before.values()
        for name, now in list(vars(owner).items())
        if callable(now) and was.get(name, _MISSING) is not now
    ]
    for one in found:
        one.set(one.before)
    return found


def _owners() -> Iterator[Any]:
    """Modules of moto's and their classes."""
    for name, module in list(sys.modules.items()):
        if name.startswith("moto."):
            yield module
            yield from (each for each in vars(module).values() if isinstance(each, type) and each.__module__.startswith("moto."))


@dataclass(frozen=True, kw_only=True)
class Trip:
    """What became of a resource.

    Attributes:
        made: It, with its physical id.
        read: What was read of it once it was made; None when nothing came.
        lacks: Paths that were stated and did not come back as stated; empty when everything did.
        read_after_change: The same after the change; None without one.
        lacks_after_change: The same after the change; empty without one.
        is_deleted: Whether nothing came back once it was deleted.
    """

    made: Resource
    read: Mapping[str, Any] | None
    lacks: tuple[str, ...]
    read_after_change: Mapping[str, Any] | None = None
    lacks_after_change: tuple[str, ...] = ()
    is_deleted: bool = False


def resource(clients: Clients, type_: str, properties: Mapping[str, Any], *, account: str = ACCOUNT, logical_id: str = "Thing") -> Resource:
    """A resource of a stack, not made yet."""
    return Resource(
        type=type_,
        logical_id=logical_id,
        properties=properties,
        account=account,
        region=REGION,
        stack="Stack",
        stack_id=f"arn:aws:cloudformation:{REGION}:{account}:stack/Stack/1",
        clients=clients,
    )


def among(resource_: Resource, *others: Resource) -> Resource:
    """A resource as it is read back while others are deployed."""
    stated = [
        (one.type, Stated(account=one.account, region=one.region, physical_id=one.physical_id, properties=one.properties)) for one in others
    ]
    return replace(resource_, others=lambda kind: [one for type_, one in stated if type_ == kind])


def beyond(resource_: Resource) -> set[str]:
    """Where more is found of a resource than its template states, any item of a list alike."""
    adapter = adapters()[resource_.type]
    where = Where(account=resource_.account, region=resource_.region)
    found = adapter.look(resource_) or {}
    compared = compare_properties(resource_.type, resource_.properties, found, where=where, complete=adapter.complete)
    return {general(one.path) for one in compared.differences if one.is_returned and one.stated is None}


def make(clients: Clients, type_: str, properties: Mapping[str, Any], *, account: str = ACCOUNT, logical_id: str = "Thing") -> Resource:
    """Makes a resource and returns it with its physical id: what another one needs, for example."""
    wanted = resource(clients, type_, properties, account=account, logical_id=logical_id)
    return wanted.named(adapters()[type_].make(wanted))


def round_trip(
    clients: Clients,
    type_: str,
    properties: Mapping[str, Any],
    changed: Mapping[str, Any] | None = None,
    *,
    account: str = ACCOUNT,
) -> Trip:
    """Makes a resource, reads it, changes it if properties for that are given, reads it again, deletes it, and looks whether it is gone."""
    adapter = adapters()[type_]
    made = make(clients, type_, properties, account=account)
    read = adapter.look(made)
    after: Mapping[str, Any] | None = None
    lacks_after: tuple[str, ...] = ()
    if changed is not None:
        made = replace(made, properties=changed, old_properties=properties)
        adapter.change(made)
        after = adapter.look(made)
        lacks_after = lacking(changed, after, adapter.unread)
    adapter.remove(made)
    return Trip(
        made=made,
        read=read,
        lacks=lacking(properties, read, adapter.unread),
        read_after_change=after,
        lacks_after_change=lacks_after,
        is_deleted=adapter.look(made) is None,
    )


def lacking(stated: Any, found: Any, unread: tuple[str, ...] = (), path: str = "") -> tuple[str, ...]:
    """Paths of what was stated and not found so. Case of names does not count, nor whether a number or a boolean is written as text."""
    if path in unread:
        return ()
    if isinstance(stated, Mapping):
        named = {str(key).lower(): value for key, value in found.items()} if isinstance(found, Mapping) else {}
        each = [(f"{path}.{key}".lstrip("."), value, named.get(str(key).lower())) for key, value in stated.items()]
        if not each:
            return () if isinstance(found, Mapping) else (path,)
        return tuple(one for where, value, other in each for one in lacking(value, other, unread, where))
    if isinstance(stated, list):
        if not isinstance(found, list) or len(found) != len(stated):
            return (path,)
        pairs = enumerate(zip(stated, found, strict=True))
        return tuple(one for index, (value, other) in pairs for one in lacking(value, other, unread, f"{path}[{index}]"))
    return () if found is not None and _plain(stated) == _plain(found) else (path,)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return float(value) if isinstance(value, int | float) else _number(str(value))


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text.lower() if text.lower() in ("true", "false") else text
