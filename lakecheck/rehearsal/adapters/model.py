"""What an adapter is: how one resource type is made, changed, deleted and read back by calls of the service's plain API.

An adapter is our simulation of what CloudFormation does with a type. It keeps nothing: what a service does not return, it does not have.

Most services give their parameters the names of the template's properties, but for the case of letters. So an entry names operations, and
what is called otherwise; the rest is fitted to the operation's shape (`shapes`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from lakecheck.rehearsal.adapters.shapes import fit


class Clients(Protocol):
    """Makes boto3's clients of the emulator."""

    def __call__(self, service: str, *, account: str, region: str) -> Any:
        """The client of a service, with the credentials of an account."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """Another deployed resource, as far as its template says.

    Attributes:
        account: Twelve digits.
        region: Its Region.
        physical_id: What `Ref` gives.
        properties: Its properties, resolved.
    """

    account: str
    region: str
    physical_id: str
    properties: Mapping[str, Any]


Others = Callable[[str], Sequence[Stated]]
"""The other deployed resources of a type."""


def _no_others(_type: str) -> Sequence[Stated]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource of a stack, as an adapter sees it.

    Attributes:
        type: Its type in CloudFormation.
        logical_id: Its id in the template.
        properties: Its properties with everything resolved; none is missing because it is a reference.
        old_properties: What they were before an update; empty otherwise.
        physical_id: What `Ref` gives; empty while it is made.
        account: Twelve digits.
        region: Its Region.
        stack: Name of its stack.
        stack_id: ARN of its stack.
        clients: Where its clients come from.
        tags: The stack's tags, which CloudFormation puts on what takes any.
        others: The properties of every other deployed resource of a type, wherever it is, while a resource is read back to be compared;
            none otherwise. Of rights that several resources give, what none of them states is beyond what is stated.
    """

    type: str
    logical_id: str
    properties: Mapping[str, Any]
    account: str
    region: str
    stack: str
    stack_id: str
    clients: Clients
    physical_id: str = ""
    old_properties: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    others: Others = _no_others

    @property
    def partition(self) -> str:
        """The AWS partition of its Region."""
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")

    def client(self, service: str) -> Any:
        """The client of a service in the resource's account and Region."""
        return self.clients(service, account=self.account, region=self.region)

    def arn(self, service: str, rest: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN in the resource's account and Region; other ones, or none (`""`), where they are given."""
        where = self.region if region is None else region
        who = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{who}:{rest}"

    def get(self, path: str, default: Any = None) -> Any:
        """The property at a dotted path; `default` where there is none."""
        return at(self.properties, path, default)

    def named(self, physical_id: str) -> Resource:
        """The same with a physical id."""
        return replace(self, physical_id=physical_id)

    def generated_name(self, *, most: int = 64, lower: bool = False) -> str:
        """The name that CloudFormation gives to what has none in the template: always the same for a stack and a logical id."""
        suffix = hashlib.sha256(f"{self.stack_id}/{self.logical_id}".encode()).hexdigest()[:12]
        name = f"{f'{self.stack}-{self.logical_id}'[: most - 13]}-{suffix.upper()}"
        return name.lower() if lower else name


Value = Callable[[Resource], Any]
"""Where a parameter's value comes from."""


def at(value: Any, path: str, default: Any = None) -> Any:
    """What is at a dotted path in nested mappings; `default` where there is nothing."""
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return default
        value = value[step]
    return value


def prop(path: str) -> Value:
    """The property at a dotted path; the parameter is left out where there is none."""
    return lambda resource: resource.get(path)


def ID(resource: Resource) -> str:  # noqa: N802 - reads as the constant it stands for
    """The physical id."""
    return resource.physical_id


def tag_list(resource: Resource) -> list[dict[str, str]] | None:
    """Tags of the resource and of its stack as Key and Value; left out where there are none."""
    own = resource.properties.get("Tags") or []
    pairs = own.items() if isinstance(own, Mapping) else [(tag["Key"], tag["Value"]) for tag in own]
    merged = {**resource.tags, **dict(pairs)}
    return [{"Key": key, "Value": value} for key, value in merged.items()] or None


def tag_map(resource: Resource) -> dict[str, str] | None:
    """Tags of the resource and of its stack as one mapping; left out where there are none."""
    return {tag["Key"]: tag["Value"] for tag in tag_list(resource) or []} or None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the plain API.

    Attributes:
        operation: boto3's method.
        given: Parameters by name: a `Value`, or the value itself. A parameter whose value is None is left out.
        everything: Whether all properties are passed as well, as far as the operation takes them (names match but for case).
        returns: Dotted path of the new physical id in the answer; empty when the id is known otherwise.
        service: boto3's name of the service; the adapter's when empty.
    """

    operation: str
    given: Mapping[str, Any] = field(default_factory=dict)
    everything: bool = False
    returns: str = ""
    service: str = ""

    def run(self, resource: Resource, service: str) -> Any:
        """Makes the call and returns the answer."""
        client = resource.client(self.service or service)
        stated = {name: value(resource) if callable(value) else value for name, value in self.given.items()}
        parameters = {**(resource.properties if self.everything else {}), **stated}
        present = {name: value for name, value in parameters.items() if value is not None}
        return getattr(client, self.operation)(**fit(client, self.operation, present))


def call(operation: str, *, everything: bool = False, returns: str = "", service: str = "", **given: Any) -> Call:
    """A `Call` with its parameters as keywords."""
    return Call(operation, given, everything=everything, returns=returns, service=service)


Step = Call | Callable[[Resource], Any]
"""A call, or a function for what no call says; for `create` it returns the physical id, or None for the one already known."""

Reading = Callable[[Resource], Mapping[str, Any] | None]
"""What the plain API returns of an existing resource, in the words of its properties; None when it is not there."""

_ABSENT: Final = ("NotFound", "NoSuch", "DoesNotExist", "NotExist", "404", "NonExistent")


def is_absent(error: Exception, *more: str) -> bool:
    """Whether an error of boto3's says that something is not there; `more` are codes that say so for a service alone."""
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    return code in more or any(word in code for word in _ABSENT)


@dataclass(frozen=True, slots=True)
class Read:
    """Reads a resource back by one call.

    Attributes:
        call: The call.
        at: Dotted path of the description in the answer; the whole answer when empty. A list there means its first item.
        words: Properties whose name in the description is another one: property to dotted path in the description.
        absent: Error codes that mean that it is not there, besides those that say so (`...NotFound`).
    """

    call: Call
    at: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def run(self, resource: Resource, service: str) -> Mapping[str, Any] | None:
        """The description in the words of the properties; None when it is not there."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

        try:
            answer = self.call.run(resource, service)
        except ClientError as error:
            if is_absent(error, *self.absent):
                return None
            raise
        found = at(answer, self.at) if self.at else {key: value for key, value in answer.items() if key != "ResponseMetadata"}
        if isinstance(found, list):
            found = found[0] if found else None
        if not isinstance(found, Mapping):
            return None
        missing = object()
        named = {name: at(found, path, missing) for name, path in self.words.items()}
        return {**found, **{name: value for name, value in named.items() if value is not missing}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One resource type.

    Attributes:
        type: `AWS::Glue::Database`.
        service: boto3's name of the service.
        read: How it is read back. Comparing template and emulator rests on it.
        create: How it is made. None leaves making, changing and deleting to the emulator's own CloudFormation, which knows the type.
        update: How it is changed in place. None replaces it whatever changes.
        delete: How it is deleted. None means that there is nothing to delete.
        name: Dotted path of the property that names it and is its physical id; a name is generated where the property is missing.
        identifier: The physical id, where it is no property and `create` returns none.
        longest_name: Most letters of a generated name.
        lower_name: Whether a generated name is in lower case.
        attributes: What `Fn::GetAtt` gives. A text may hold `{id}`, `{account}`, `{region}`, `{partition}` and
            `{Property.Path}`; a text that begins with `read:` is a dotted path in what is read.
        unread: Properties that no API returns of any such resource in AWS either (write-only), by name or dotted path.
        complete: Dotted paths (`*` is any step) at which nothing may be unless the template states it, with the value that means nothing
            there (None: there is none). What `read` has there although it is not stated is a difference: a right or a setting that
            nobody asked for. Elsewhere what is not stated is taken for a default of the service.
        note: What the emulator lacks or does wrong, when that is why the entry is as it is.
    """

    type: str
    service: str
    read: Read | Reading | None
    create: Step | None = None
    update: Step | None = None
    delete: Step | None = None
    name: str = ""
    identifier: str | Value = ""
    longest_name: int = 64
    lower_name: bool = False
    attributes: Mapping[str, str | Value] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    complete: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def make(self, resource: Resource) -> str:
        """Makes the resource and returns its physical id."""
        known = resource.named(self._known_id(resource))
        if isinstance(self.create, Call):
            answer = self.create.run(known, self.service)
            return str(at(answer, self.create.returns)) if self.create.returns else known.physical_id
        if self.create is None:
            msg = f"{self.type} is made by the emulator's own CloudFormation"
            raise TypeError(msg)
        returned = self.create(known)
        return known.physical_id if returned is None else str(returned)

    def change(self, resource: Resource) -> None:
        """Changes it in place."""
        _do(self.update, resource, self.service)

    def remove(self, resource: Resource) -> None:
        """Deletes it; that it is not there is fine."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

        try:
            _do(self.delete, resource, self.service)
        except ClientError as error:
            if not is_absent(error):
                raise

    def look(self, resource: Resource) -> Mapping[str, Any] | None:
        """What the plain API returns of it; None when it is not there or no call returns it."""
        if isinstance(self.read, Read):
            return self.read.run(resource, self.service)
        return None if self.read is None else self.read(resource)

    def attribute(self, resource: Resource, name: str) -> Any:
        """What `Fn::GetAtt` gives.

        Raises:
            KeyError: If the entry does not know the attribute.
        """
        stated = self.attributes[name]
        if callable(stated):
            return stated(resource)
        if stated.startswith("read:"):
            found = at(self.look(resource) or {}, stated.removeprefix("read:"))
            if found is None:
                raise KeyError(name)
            return found
        return filled(stated, resource)

    def _known_id(self, resource: Resource) -> str:
        if callable(self.identifier):
            return str(self.identifier(resource))
        if self.identifier:
            return filled(self.identifier, resource)
        stated = resource.get(self.name) if self.name else None
        return str(stated) if stated is not None else resource.generated_name(most=self.longest_name, lower=self.lower_name)


def filled(text: str, resource: Resource) -> str:
    """A text with `{id}`, `{account}`, `{region}`, `{partition}` and `{Property.Path}` filled in."""
    known = {"id": resource.physical_id, "account": resource.account, "region": resource.region, "partition": resource.partition}
    parts = text.split("{")
    done = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        done.append(f"{known[name] if name in known else resource.get(name, '')}{rest}")
    return "".join(done)


def _do(step: Step | None, resource: Resource, service: str) -> None:
    if isinstance(step, Call):
        step.run(resource, service)
    elif step is not None:
        step(resource)
