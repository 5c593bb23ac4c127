"""Who makes a resource: an adapter, the emulator's own CloudFormation, a custom resource's handler, or nobody, which is told."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from lakecheck.rehearsal.adapters.registry import adapters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.rehearsal.adapters.model import Adapter, Resource


LOOP: Final = "Fn::ForEach"
"""Stands as the type of a loop in a template's resources."""


class By(enum.Enum):
    """Who made a resource."""

    ADAPTER = "adapter"
    EMULATOR = "emulator"
    HANDLER = "handler"
    NOBODY = "nobody"


@dataclass(slots=True)
class Made:
    """A resource that was made.

    Attributes:
        physical_id: What `Ref` gives.
        by: Who made it.
        attributes: What `Fn::GetAtt` gives, as far as it was said when it was made.
        state: What its handler needs to find it again.
    """

    physical_id: str
    by: By
    attributes: Mapping[str, Any] = field(default_factory=dict)
    state: Any = None


class Handler(Protocol):
    """Makes, changes and deletes resources of a type."""

    def create(self, resource: Resource) -> Made:
        """Makes one."""
        ...

    def update(self, resource: Resource, made: Made) -> Made | None:
        """Changes one in place; None when this type has to be replaced, another physical id when it was replaced."""
        ...

    def delete(self, resource: Resource, made: Made) -> None:
        """Deletes one."""
        ...

    def attribute(self, resource: Resource, made: Made, name: str) -> Any:
        """An attribute; KeyError for one that is not known."""
        ...


class AdapterHandler:
    """Leaves it to an adapter."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def create(self, resource: Resource) -> Made:
        """Makes one."""
        return Made(self.adapter.make(resource), By.ADAPTER)

    def update(self, resource: Resource, made: Made) -> Made | None:
        """Changes one in place, if the type can."""
        if made.by is By.NOBODY:
            return made
        if self.adapter.update is None:
            return None
        self.adapter.change(resource)
        return made

    def delete(self, resource: Resource, made: Made) -> None:
        """Deletes one."""
        if made.by is not By.NOBODY:
            self.adapter.remove(resource)

    def attribute(self, resource: Resource, made: Made, name: str) -> Any:
        """An attribute that the entry knows."""
        if made.by is By.NOBODY:
            raise KeyError(name)
        return self.adapter.attribute(resource, name)


class Placeholder:
    """Stands for a resource that nobody makes: it has an id and attributes that lead nowhere, so that the rest of the stack can be made.

    Args:
        why: Why nobody makes it; that the type is not known when left out.
    """

    def __init__(self, why: str | None = None) -> None:
        self._why = why

    def create(self, resource: Resource) -> Made:
        """Gives it an id."""
        return Made(resource.generated_name(), By.NOBODY, state=self._why or _made_elsewhere(resource.type))

    def update(self, _resource: Resource, made: Made) -> Made | None:
        """Nothing happens."""
        return made

    def delete(self, _resource: Resource, _made: Made) -> None:
        """Nothing happens."""

    def attribute(self, _resource: Resource, _made: Made, name: str) -> Any:
        """Knows none."""
        raise KeyError(name)


def _made_elsewhere(kind: str) -> str | None:
    """Why a type is none that a service makes; None where it is one."""
    left = "so nothing of what it makes in AWS is there, or in this table"
    if kind.startswith("AWS::Serverless::"):
        return f"the transform AWS::Serverless-2016-10-31 is not run here, {left}"
    if kind.endswith("::MODULE"):
        return f"modules are not expanded here, {left}"
    return f"loops of AWS::LanguageExtensions are not expanded here, {left}" if kind == LOOP else None


def nowhere(resource: Resource, made: Made, name: str) -> str:
    """Stands for an attribute that nobody knows: it has the form of one, and leads nowhere."""
    if name.lower().endswith("arn"):
        return resource.arn(resource.type.split("::")[1].lower(), f"not-rehearsed/{made.physical_id}")
    return f"not-rehearsed-{made.physical_id}-{name}"


def handler_of(resource_type: str, *, custom: Handler | None = None) -> Handler:
    """Who makes resources of a type.

    Args:
        resource_type: As in the template.
        custom: What runs the handlers of custom resources; without it they are placeholders.
    """
    if custom is not None and (resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"):
        return custom
    adapter = adapters().get(resource_type)
    if adapter is not None and adapter.create is not None:
        return AdapterHandler(adapter)
    from lakecheck.rehearsal.cloudformation.emulated import EmulatorHandler, is_known  # noqa: PLC0415 - an extra brings the emulator

    return EmulatorHandler() if is_known(resource_type) else Placeholder()
