"""How settings of a service are kept that others may have made: raised where they are lower, never lowered, and given back on delete.

A service is a flat set of settings, by name, each with a text as its value. For every setting that is raised, an SSM parameter remembers
what was there before, written before the setting is. When a setting is no longer declared, or all of them go, each is given back if it
still has the value that it got here; what somebody else changed since is theirs and stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG
from ..custom_resources.retry import code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..custom_resources.cfn_response import Request
    from ..custom_resources.retry import Retry

_ATTEMPTS = 6  # a delegation that was made seconds ago is not known everywhere


class DetectionError(Exception):
    """Settings that could not be brought about; says why and what to do."""


class NotAdministratorError(DetectionError):
    """The account is not the one that the organisation delegated the service to."""


class SwitchedOffError(DetectionError):
    """The service is off in this account, and has no settings."""


class Service(Protocol):
    """What is kept: one service in one account."""

    def read(self) -> dict[str, str]:
        """Every setting with its value; one that the service does not tell of is missing."""

    def write(self, changes: Mapping[str, str], there: Mapping[str, str]) -> None:
        """Sets what changes; `there` is what was read before."""

    def raised(self, name: str, there: str, wanted: str) -> str:
        """The value that a setting gets where there is one already: the more watchful of the two, or both together."""


@dataclass(slots=True)
class Remembered:
    """One setting that was raised here.

    Attributes:
        before: Its value when it was first declared here.
        ours: The values that it may have got here since; several while a request is not known to have ended.
    """

    before: str
    ours: list[str]


@dataclass(slots=True)
class Memory:
    """The contents of the SSM parameter, and who writes there.

    Attributes:
        ssm: A boto3 client.
        retry: How to call it.
        name: Name of the parameter.
        settings: What was raised.
        owner: Logical id and stack of the custom resource that keeps the settings.
        previous: Logical id of the resource of the same stack that kept them before, until CloudFormation has deleted it.
    """

    ssm: Any
    retry: Retry
    name: str
    settings: dict[str, Remembered] = field(default_factory=dict)
    owner: tuple[str, str] = ("", "")
    previous: str = ""
    _saved: str = ""

    def load(self) -> None:
        """Reads it; nothing is remembered when there is no parameter."""
        try:
            self._saved = str(self.retry.call(self.ssm.get_parameter, Name=self.name)["Parameter"]["Value"])
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return
            raise
        contents = json.loads(self._saved)
        self.settings = {name: Remembered(each["Before"], list(each["Ours"])) for name, each in contents["Settings"].items()}
        self.owner, self.previous = (contents["Resource"], contents["Stack"]), contents.get("Previous", "")

    def save(self) -> None:
        """Writes it down, unless it stands there so already."""
        settings = {name: {"Before": each.before, "Ours": each.ours} for name, each in sorted(self.settings.items())}
        contents = {"Settings": settings, "Resource": self.owner[0], "Stack": self.owner[1], "Previous": self.previous}
        value = json.dumps(contents, separators=(",", ":"))
        if value != self._saved:
            self.retry.call(
                self.ssm.put_parameter,
                Name=self.name,
                Value=value,
                Type="String",
                Tier="Intelligent-Tiering",
                Overwrite=True,
                Description="What was set before it was declared; kept by the handlers of threat detection",
            )
            self._saved = value

    def forget(self) -> None:
        """Removes it."""
        try:
            self.retry.call(self.ssm.delete_parameter, Name=self.name)
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise

    def claim(self, request: Request) -> bool:
        """Makes the request's resource the owner, and says whether there is anything for it to do.

        A resource that got another logical id is made anew before the old one is deleted: the new one takes over, and deleting the old one
        does nothing. When that is rolled back, the new one is deleted first and hands back.

        Raises:
            DetectionError: If another stack is the owner and this is no deletion.
        """
        ours = (request.logical_id, request.stack)
        if self.owner == ours or not self.owner[0]:
            if request.kind == "Delete" and self.previous:
                self.owner, self.previous = (self.previous, request.stack), ""
                return False
            self.owner = ours
            return True
        if request.kind == "Delete":
            self.previous = "" if self.previous == request.logical_id else self.previous
            return False
        if self.owner[1] != request.stack:
            msg = (
                f"these settings are kept by {self.owner[1]}; an account has one owner of them: use that one's, or delete it first (if its "
                f"stack is gone, delete the SSM parameter {self.name})"
            )
            raise DetectionError(msg)
        self.owner, self.previous = ours, self.owner[0]
        return True


def keep(service: Service, memory: Memory, request: Request, wanted: Mapping[str, str]) -> dict[str, str]:
    """Brings about what a request declares, or on delete gives back what earlier requests raised.

    Args:
        service: What is kept.
        memory: What was there before.
        request: What CloudFormation asks for.
        wanted: Settings that are declared, with their values; not looked at on delete.

    Returns:
        The settings as they are now.

    Raises:
        DetectionError: If another stack keeps the settings, or the service refuses them.
    """
    memory.load()
    if not memory.claim(request):
        memory.save()
        return {}
    if request.kind == "Delete":
        _give_back(service, memory)
        return {}
    there = service.read()
    targets = _targets(service, memory, there, wanted)
    memory.save()
    changes = {name: value for name, value in targets.items() if value != there.get(name, "")}
    if changes:
        LOG.info("changes: %s", changes)
        service.write(changes, there)
    for name in list(memory.settings):
        if memory.settings[name].before == targets[name]:
            del memory.settings[name]
        else:
            memory.settings[name].ours = [targets[name]]
    memory.save()
    return {**there, **targets}


def _targets(service: Service, memory: Memory, there: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What every declared or remembered setting becomes, noted in the memory before any is changed."""
    targets = {}
    for name in sorted({*wanted, *memory.settings}):
        now, known = there.get(name, ""), memory.settings.get(name)
        before = known.before if known is not None and now in known.ours else now
        target = service.raised(name, before, wanted[name]) if name in wanted else before
        if target != before or known is not None:
            put = known.ours if known is not None and now in known.ours else []
            memory.settings[name] = Remembered(before, [*dict.fromkeys([*put, target])])
        targets[name] = target
    return targets


def _give_back(service: Service, memory: Memory) -> None:
    if memory.settings:
        try:
            there = service.read()
            changes = {name: each.before for name, each in memory.settings.items() if there.get(name, "") in each.ours}
            changes = {name: value for name, value in changes.items() if value != there.get(name, "")}
            if changes:
                LOG.info("given back: %s", changes)
                service.write(changes, there)
        except (NotAdministratorError, SwitchedOffError) as error:
            LOG.warning("there is nothing to give back: %s", error)
    memory.forget()


def ranked(scale: tuple[str, ...], there: str, wanted: str) -> str:
    """The higher of two values on a scale from low to high; one that is not on it is lower than all."""
    return max(there, wanted, key=lambda value: scale.index(value) if value in scale else -1)


def as_administrator(retry: Retry, service: str, code: str, operation: Callable[..., Any], **arguments: Any) -> Mapping[str, Any]:
    """The answer to a call that only the service's delegated administrator may make.

    Raises:
        NotAdministratorError: If the account is none, and does not become one within the time that a delegation takes.
    """
    attempt = 0
    while True:
        try:
            return retry.call(operation, **arguments)
        except ClientError as error:
            message = message_of(error)
            if code_of(error) != code or not any(word in message.lower() for word in ("administrator", "organization")):
                raise
            if attempt + 1 >= _ATTEMPTS:
                msg = (
                    f"this account does not administer {service} for the organisation in this Region ({message}); delegate it from the "
                    "management account first"
                )
                raise NotAdministratorError(msg) from error
        retry.pause(attempt)
        attempt += 1
