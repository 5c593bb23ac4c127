"""The resources of one stack: made in order, changed or replaced, deleted or retained, and brought back when something fails.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from lakecheck.rehearsal.adapters.model import Clients, Resource
from lakecheck.rehearsal.cloudformation.handlers import By, Handler, Made, Placeholder, handler_of, nowhere
from lakecheck.rehearsal.cloudformation.refusals import name_of
from lakecheck.rehearsal.cloudformation.template import Scope, TemplateError, dependencies, is_expanded, ordered
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.model import Replaces

LOG = logging.getLogger(__name__)
_KEPT: Final = ("Retain", "RetainExceptOnCreate")


class StackFailedError(Exception):
    """A resource could not be made, changed or deleted; the stack was brought back as far as possible."""


class Surroundings(Protocol):
    """What a stack takes from outside."""

    clients: Clients
    custom: Handler | None

    def exported(self, account: str, region: str, name: str) -> Any:
        """The value of an export. Raises TemplateError for one that is not there."""
        ...

    def stack_output(self, account: str, stack: str, output: str, region: str) -> Any:
        """An output of another stack."""
        ...

    def holder(self, identity: Identity, logical_id: str, kind: str, named: tuple[Any, ...]) -> str | None:
        """The stack that has another resource of a type and name (see `refusals.ONE_EACH`); None where none has."""
        ...


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which stack it is."""

    name: str
    id: str
    account: str
    region: str


@dataclass(slots=True)
class Deployed:
    """A resource that is there.

    Attributes:
        logical_id: Its id in the template.
        type: Its type.
        raw: Its part of the template it was made of.
        properties: Its properties, resolved.
        made: Its physical id, and who made it.
        status: As CloudFormation writes it.
        missing_attributes: What was asked of it and only a placeholder answered.
    """

    logical_id: str
    type: str
    raw: Mapping[str, Any]
    properties: Mapping[str, Any]
    made: Made
    status: str = "CREATE_COMPLETE"
    missing_attributes: list[str] = field(default_factory=list)

    # what the emulator's answers are made of
    @property
    def logical_resource_id(self) -> str:
        """Its id in the template."""
        return self.logical_id

    @property
    def physical_resource_id(self) -> str:
        """What `Ref` gives."""
        return self.made.physical_id

    @property
    def cf_resource_type(self) -> str:
        """Its type."""
        return self.type


@dataclass(frozen=True, kw_only=True, slots=True)
class Retained:
    """What was left in the account when its stack let it go."""

    logical_id: str
    type: str
    physical_id: str


Tell = Callable[[str, str, str, str, str], None]
"""Is told of each step: logical id, physical id, type, status, reason."""


class StackResources:
    """The resources of one stack.

    Args:
        identity: Which stack it is.
        surroundings: What it takes from outside.
        tell: Is told of each step.
    """

    def __init__(self, identity: Identity, surroundings: Surroundings, tell: Tell) -> None:
        self.identity = identity
        self.deployed: dict[str, Deployed] = {}
        self.retained: list[Retained] = []
        self.template: Mapping[str, Any] = {"Resources": {}}
        self.parameters: Mapping[str, Any] = {}
        self.tags: Mapping[str, str] = {}
        self.imported: set[str] = set()
        self._around = surroundings
        self._tell = tell

    def create(self, template: Mapping[str, Any], parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Makes everything.

        Raises:
            StackFailedError: If something could not be made; what had been made is deleted then.
        """
        self._take(template, parameters, tags)
        try:
            for name in self._wanted():
                self._create(name)
        except StackFailedError:
            self.delete(only_made=True)
            raise

    def update(self, template: Mapping[str, Any], parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Makes, changes and replaces what differs, then deletes what is left over.

        Raises:
            StackFailedError: If something failed; the old template is put in place again then.
        """
        before = (self.template, self.parameters, self.tags)
        kept = dict(self.deployed)
        try:
            self._apply(template, parameters, tags)
        except StackFailedError:
            leftover = {name: one for name, one in self.deployed.items() if name not in kept}
            for name in reversed(leftover):
                self._delete(self.deployed.pop(name), why="rollback", policy="Delete")
            self._apply(*before)
            raise
        except TemplateError:
            self._take(*before)
            raise

    def delete(self, *, only_made: bool = False) -> None:
        """Deletes everything that is not retained, the last made first.

        Args:
            only_made: Whether this brings back a creation that failed: `RetainExceptOnCreate` does not retain then.
        """
        failed = []
        for name in self._deletion_order():
            deployed = self.deployed[name]
            policy = str(deployed.raw.get("DeletionPolicy", "Delete"))
            policy = "Delete" if only_made and policy == "RetainExceptOnCreate" else policy
            try:
                self._delete(deployed, why="", policy=policy)
            except StackFailedError as error:
                failed.append(str(error))
                continue
            del self.deployed[name]
        if failed and not only_made:
            raise StackFailedError("; ".join(failed))

    def outputs(self) -> list[dict[str, Any]]:
        """The outputs, those whose condition does not hold left out."""
        scope = self._scope()
        found = []
        for key, stated in (self.template.get("Outputs") or {}).items():
            if "Condition" in stated and not scope.condition(stated["Condition"]):
                continue
            output = {"OutputKey": key, "OutputValue": str(scope.evaluate(stated["Value"])), "Description": stated.get("Description")}
            if "Export" in stated:
                output["ExportName"] = str(scope.evaluate(stated["Export"]["Name"]))
            found.append(output)
        return found

    def resource(self, deployed: Deployed) -> Resource:
        """A deployed resource, as adapters see it."""
        return self._resource(deployed.logical_id, deployed.type, deployed.properties, physical_id=deployed.made.physical_id)

    def _take(self, template: Mapping[str, Any], parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        self.template, self.parameters, self.tags = template, parameters, tags
        self.imported = set()

    def _wanted(self) -> list[str]:
        scope = self._scope()
        stated: Mapping[str, Any] = self.template["Resources"]
        present = {name: one for name, one in stated.items() if "Condition" not in one or scope.condition(one["Condition"])}
        return ordered(present)

    def _apply(self, template: Mapping[str, Any], parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        old_order = self._deletion_order()
        self._take(template, parameters, tags)
        wanted = self._wanted()
        replaced: list[Deployed] = []
        for name in wanted:
            if name not in self.deployed:
                self._create(name)
            elif self.deployed[name].type != template["Resources"][name]["Type"]:
                replaced.append(self.deployed.pop(name))
                self._create(name)
            else:
                replaced += self._change(name)
        for old in replaced:
            self._delete(old, why="replaced", policy=str(old.raw.get("UpdateReplacePolicy", "Delete")))
        for name in old_order:
            if name not in wanted and name in self.deployed:
                old = self.deployed[name]
                self._delete(old, why="removed", policy=str(old.raw.get("DeletionPolicy", "Delete")))
                del self.deployed[name]

    def _create(self, name: str) -> None:
        raw = self.template["Resources"][name]
        kind = raw["Type"]
        self._say(name, "", kind, "CREATE_IN_PROGRESS")
        try:
            properties = self._scope().evaluate(raw.get("Properties", {}))
            self._refuse_taken(name, kind, properties)
            made = self._make(name, kind, properties)
        except Exception as error:
            raise self._failed(name, "", kind, "CREATE_FAILED", error) from error
        self.deployed[name] = Deployed(name, kind, raw, properties, made)
        self._say(name, made.physical_id, kind, "CREATE_COMPLETE")

    def _make(self, name: str, kind: str, properties: Mapping[str, Any]) -> Made:
        """Makes a resource; where that fails and what it builds on was made by nobody, nobody makes it: AWS would have had that."""
        resource = self._resource(name, kind, properties)
        try:
            return self._handler(kind).create(resource)
        except TemplateError:
            raise
        except Exception as error:
            lacking = self._lacking(name)
            if lacking is None:
                raise
            return Placeholder(
                f"it could not be made because of {lacking.logical_id} ({lacking.type}), which is not as in AWS: {error}"
            ).create(resource)

    def _lacking(self, name: str) -> Deployed | None:
        """One of the resources that another one needs, itself or by others, that nobody made or whose attributes were made up."""
        waiting, seen = [name], {name}
        while waiting:
            one = waiting.pop()
            found = self.deployed.get(one)
            if found is not None and (found.made.by is By.NOBODY or found.missing_attributes):
                return found
            needed = dependencies(self.template["Resources"][one], self.template["Resources"]) - seen
            seen |= needed
            waiting += sorted(needed)
        return None

    def _change(self, name: str) -> list[Deployed]:
        """Changes a resource if it differs; the old one, if it was replaced."""
        raw, was = self.template["Resources"][name], self.deployed[name]
        try:
            properties = self._scope().evaluate(raw.get("Properties", {}))
        except Exception as error:
            raise self._failed(name, was.made.physical_id, was.type, "UPDATE_FAILED", error) from error
        if properties == was.properties:
            was.raw = raw
            return []
        self._say(name, was.made.physical_id, was.type, "UPDATE_IN_PROGRESS")
        try:
            resource = replace(self._resource(name, was.type, properties, physical_id=was.made.physical_id), old_properties=was.properties)
            handler = self._handler(was.type)
            changed = None if _replaces(was.type, was.properties, properties) else handler.update(resource, was.made)
            if changed is None:
                changed = handler.create(replace(resource, physical_id=""))
                _refuse_same_name(was, changed)
        except Exception as error:
            raise self._failed(name, was.made.physical_id, was.type, "UPDATE_FAILED", error) from error
        self.deployed[name] = Deployed(name, was.type, raw, properties, changed, "UPDATE_COMPLETE")
        self._say(name, changed.physical_id, was.type, "UPDATE_COMPLETE")
        return [was] if changed.physical_id != was.made.physical_id else []

    def _delete(self, deployed: Deployed, *, why: str, policy: str) -> None:
        name, physical, kind = deployed.logical_id, deployed.made.physical_id, deployed.type
        if policy in _KEPT:
            self.retained.append(Retained(logical_id=name, type=kind, physical_id=physical))
            self._say(name, physical, kind, "DELETE_SKIPPED", why or f"DeletionPolicy is {policy}")
            return
        self._say(name, physical, kind, "DELETE_IN_PROGRESS", why)
        try:
            self._handler(kind).delete(self.resource(deployed), deployed.made)
        except Exception as error:
            raise self._failed(name, physical, kind, "DELETE_FAILED", error) from error
        self._say(name, physical, kind, "DELETE_COMPLETE")

    def _deletion_order(self) -> list[str]:
        return list(reversed(ordered({name: one.raw for name, one in self.deployed.items()})))

    def _handler(self, kind: str) -> Handler:
        return handler_of(kind, custom=self._around.custom)

    def _resource(self, name: str, kind: str, properties: Mapping[str, Any], *, physical_id: str = "") -> Resource:
        return Resource(
            type=kind,
            logical_id=name,
            properties=properties,
            physical_id=physical_id,
            account=self.identity.account,
            region=self.identity.region,
            stack=self.identity.name,
            stack_id=self.identity.id,
            clients=self._around.clients,
            tags=self.tags,
        )

    def _scope(self) -> Scope:
        return self.scope(self.template, self.parameters)

    def scope(self, template: Mapping[str, Any], parameters: Mapping[str, Any]) -> Scope:
        """What a template's references lead to, with the resources that are there."""
        identity, around = self.identity, self._around
        pseudo: dict[str, Any] = {
            "AWS::AccountId": identity.account,
            "AWS::Region": identity.region,
            "AWS::StackId": identity.id,
            "AWS::StackName": identity.name,
            "AWS::Partition": self._resource("", "", {}).partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if identity.region.startswith("cn-") else "amazonaws.com",
            "AWS::NotificationARNs": [],
        }
        return Scope(
            template=template,
            values={**parameters, **pseudo},
            reference=self._reference,
            attribute=self._attribute,
            exported=self._exported,
            dynamic=self._dynamic,
            stack_output=lambda stack, output, region: around.stack_output(identity.account, stack, output, region or identity.region),
        )

    def _exported(self, name: str) -> Any:
        self.imported.add(name)
        return self._around.exported(self.identity.account, self.identity.region, name)

    def _reference(self, name: str) -> str:
        if name not in self.deployed and is_expanded(self.template):
            return f"not-rehearsed-{name}"
        return self._found(name).made.physical_id

    def _attribute(self, name: str, attribute: str) -> Any:
        if name not in self.deployed and is_expanded(self.template):
            return f"not-rehearsed-{name}-{attribute}"
        deployed = self._found(name)
        if attribute in deployed.made.attributes:
            return deployed.made.attributes[attribute]
        resource = self.resource(deployed)
        try:
            return self._handler(deployed.type).attribute(resource, deployed.made, attribute)
        except KeyError:
            deployed.missing_attributes.append(attribute)
            return nowhere(resource, deployed.made, attribute)

    def _found(self, name: str) -> Deployed:
        if name not in self.deployed:
            msg = f"a reference leads to {name}, which is not there"
            raise TemplateError(msg)
        return self.deployed[name]

    def _dynamic(self, text: str) -> str:
        service, _, rest = text.partition(":")
        here = self._resource("", "", {})
        if service in ("ssm", "ssm-secure"):
            return str(here.client("ssm").get_parameter(Name=rest.partition(":")[0], WithDecryption=True)["Parameter"]["Value"])
        if service == "secretsmanager":
            return _secret(here, rest)
        msg = f"got the dynamic reference {{{{resolve:{text}}}}}; ssm, ssm-secure and secretsmanager are known"
        raise TemplateError(msg)

    def _say(self, name: str, physical: str, kind: str, status: str, reason: str = "") -> None:
        self._tell(name, physical, kind, status, reason)

    def _refuse_taken(self, logical_id: str, kind: str, properties: Mapping[str, Any]) -> None:
        named = name_of(kind, properties)
        holder = None if named is None else self._around.holder(self.identity, logical_id, kind, named)
        if named is not None and holder is not None:
            msg = f"{named[0]} already exists in stack {holder}"
            raise TemplateError(msg)

    def _failed(self, name: str, physical: str, kind: str, status: str, error: Exception) -> StackFailedError:
        LOG.info("%s %s: %s", name, status, error, exc_info=error)
        reason = str(error) or type(error).__name__
        self._say(name, physical, kind, status, reason)
        return StackFailedError(f"{name} ({kind}): {reason}")


def _refuse_same_name(was: Deployed, changed: Made) -> None:
    if changed.physical_id == was.made.physical_id and changed.by is not By.NOBODY:
        msg = f"{was.type} with the name {changed.physical_id} has to be replaced, and two cannot have one name"
        raise TemplateError(msg)


def _secret(here: Resource, rest: str) -> str:
    import json  # noqa: PLC0415 - rare

    arn = rest.startswith("arn:")
    parts = rest.split(":")
    name, tail = (":".join(parts[:7]), parts[7:]) if arn else (parts[0], parts[1:])
    value = here.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    key = tail[1] if len(tail) > 1 else ""
    return str(json.loads(value)[key]) if key else str(value)


def _replaces(kind: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    known = facts(kind)
    if known is None:
        return False
    changed = [key for key in {*was, *now} if was.get(key) != now.get(key)]
    return any(known.replaces((key,), was.get(key), now.get(key)) is Replaces.YES for key in changed)
