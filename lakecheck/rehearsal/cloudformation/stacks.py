"""Puts this CloudFormation in the place of the emulator's: its API stays, what happens to resources is ours.

moto's own takes removed resources away before it makes new ones, keeps no DeletionPolicy on update, replaces nothing, rolls nothing back,
and passes over types that it does not know while it reports CREATE_COMPLETE.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

import yaml
from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id, yaml_tag_constructor
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ssm import ssm_backends

from lakecheck.rehearsal.cloudformation import change_sets
from lakecheck.rehearsal.cloudformation.handlers import LOOP
from lakecheck.rehearsal.cloudformation.refusals import name_of, refuse, refuse_value
from lakecheck.rehearsal.cloudformation.stack import Identity, StackFailedError, StackResources
from lakecheck.rehearsal.cloudformation.template import TemplateError, is_expanded
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.rehearsal.adapters.model import Clients
    from lakecheck.rehearsal.cloudformation.handlers import Handler

LOG = logging.getLogger(__name__)
NO_CHANGE: Final = "No updates are to be performed."
NO_CHANGE_SET: Final = (
    "The submitted information didn't contain changes. Submit different information to create a change set."  # as AWS says it
)
IN_USE: Final = "Export {} cannot be {} as it is in use by {}"


class Surroundings:
    """What stacks take from outside: clients, custom resources, the exports of other stacks.

    Args:
        clients: Makes clients of this emulator.
        custom: What runs the handlers of custom resources; without it they are placeholders.
    """

    def __init__(self, clients: Clients, custom: Handler | None) -> None:
        self.clients = clients
        self.custom = custom

    def exported(self, account: str, region: str, name: str) -> Any:
        """The value of an export."""
        found = models.cloudformation_backends[account][region].exports.get(name)
        if found is None:
            msg = f"no export named {name} found"
            raise TemplateError(msg)
        return found.value

    def holder(self, identity: Identity, logical_id: str, kind: str, named: tuple[Any, ...]) -> str | None:
        """The stack that has another resource of a type and name; None where none has."""
        for stack in models.cloudformation_backends[identity.account][identity.region].stacks.values():
            for one in stack.stack_resources:
                is_itself = (stack.stack_id, one.logical_id) == (identity.id, logical_id)
                if one.type == kind and not is_itself and name_of(kind, one.properties) == named:
                    return str(stack.stack_id)
        return None

    def stack_output(self, account: str, stack: str, output: str, region: str) -> Any:
        """An output of another stack."""
        for one in models.cloudformation_backends[account][region].stacks.values():
            if stack in (one.name, one.stack_id):
                for each in one.outputs or []:
                    if each["OutputKey"] == output:
                        return each["OutputValue"]
        msg = f"no stack {stack} with an output {output}"
        raise TemplateError(msg)


class RehearsedStack:
    """A stack, with what the emulator's answers are made of.

    Args:
        backend: The emulator's CloudFormation of an account and a Region.
        name: Of the stack.
        surroundings: What it takes from outside.
        role_arn: The role that CloudFormation takes.
    """

    class Meta:
        """How attributes are called in answers."""

        serialization_aliases: Final = {"Parameters": "parameter_list"}

    def __init__(self, backend: Any, name: str, surroundings: Surroundings, role_arn: str | None) -> None:
        self.name = name
        self.stack_id = generate_stack_id(name, backend.region_name, backend.account_id)
        self.account_id, self.region_name = backend.account_id, backend.region_name
        self.role_arn = role_arn
        self.status = "REVIEW_IN_PROGRESS"
        self.stack_status_reason: str | None = None
        self.creation_time = utcnow()
        self.events: list[Any] = []
        self.template: Any = "{}"
        self.template_dict: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.notification_arns: list[str] = []
        self.timeout_in_minutes: int | None = None
        self.policy = ""
        self.enable_termination_protection = False
        self.disable_rollback = False
        self.description: str | None = None
        self.outputs: list[dict[str, Any]] | None = None
        self.operations = 0
        self._backend = backend
        identity = Identity(name=name, id=self.stack_id, account=self.account_id, region=self.region_name)
        self.resources = StackResources(identity, surroundings, self._tell)

    @property
    def stack_name(self) -> str:
        """The name, as summaries call it."""
        return self.name

    @property
    def stack_status(self) -> str:
        """The status, as summaries call it."""
        return self.status

    @property
    def stack_resources(self) -> list[Any]:
        """What is there, in the order in which it was made."""
        return list(self.resources.deployed.values())

    @property
    def exports(self) -> list[models.Export]:
        """What other stacks can import."""
        return [models.Export(self.stack_id, one["ExportName"], one["OutputValue"]) for one in self.outputs or [] if "ExportName" in one]

    @property
    def stack_parameters(self) -> dict[str, Any]:
        """The parameters as they were given."""
        return self.parameters

    @property
    def parameter_list(self) -> list[dict[str, Any]]:
        """The parameters, as they are told; what must not be seen is not."""
        stated = self.template_dict.get("Parameters", {})
        return [
            {"ParameterKey": key, "ParameterValue": "****" if stated.get(key, {}).get("NoEcho") in (True, "true") else value}
            for key, value in self.parameters.items()
        ]

    def create(self, template: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Makes the stack; a failure is told by its status."""
        self._run("CREATE", "ROLLBACK", template, parameters, tags)

    def update(self, template: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Changes the stack; a failure is told by its status."""
        self._run("UPDATE", "UPDATE_ROLLBACK", template, parameters, tags)

    def delete(self) -> None:
        """Deletes the stack; a failure is told by its status, which stays as it was where another stack uses an export."""
        users = {export.name: found for export in self.exports if (found := self.importers(export.name))}
        if users:
            name, found = next(iter(users.items()))
            self._status(self.status, IN_USE.format(name, "deleted", " and ".join(found)))
            return
        self._status("DELETE_IN_PROGRESS")
        try:
            self.resources.delete()
        except StackFailedError as error:
            self._status("DELETE_FAILED", str(error))
            return
        self._status("DELETE_COMPLETE")

    def is_same(self, template: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether nothing would change."""
        return parsed(template) == self.template_dict and dict(parameters) == self.parameters and dict(tags) == self.tags

    def _run(self, what: str, rollback: str, template: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        before = (self.template, self.template_dict, self.parameters, self.tags)
        was = (self.resources.template, self.resources.parameters, self.resources.tags)
        document = parsed(template)
        self.template, self.template_dict, self.parameters, self.tags = template, document, dict(parameters), dict(tags)
        self.description = document.get("Description")
        self.operations += 1
        self._status(f"{what}_IN_PROGRESS", "User Initiated")
        change = self.resources.create if what == "CREATE" else self.resources.update
        try:
            values = self._values(document, parameters)
            refuse(document, self.resources.scope(document, values), is_expanded=is_expanded(document))
            change(document, values, tags)
            self._publish(was)
        except (StackFailedError, TemplateError) as error:
            self._status(f"{rollback}_IN_PROGRESS", str(error))
            if what == "UPDATE":
                self.template, self.template_dict, self.parameters, self.tags = before
            self._status(f"{rollback}_COMPLETE", str(error))
            return
        self._status(f"{what}_COMPLETE")

    def _publish(self, was: tuple[Any, Any, Any]) -> None:
        """Makes the outputs and exports; where they are refused, the resources are brought back to what they were made of."""
        outputs, before = self.outputs, self.exports
        try:
            self.outputs = self.resources.outputs() or None
            self._refuse_exports({export.name: export.value for export in before})
        except (TemplateError, DataLakeError):
            self.outputs = outputs
            if self.operations == 1:
                self.resources.delete(only_made=True)
            else:
                self.resources.update(*was)
            raise
        for export in before:
            self._backend.exports.pop(export.name, None)
        self._backend.exports.update({export.name: export for export in self.exports})

    def _refuse_exports(self, before: Mapping[str, str]) -> None:
        now = {export.name: export.value for export in self.exports}
        for name in now.keys() - before.keys() & self._backend.exports.keys():
            msg = f"Export with name {name} is already exported by stack {self._backend.exports[name].exporting_stack_id}"
            raise TemplateError(msg)
        for name, value in before.items():
            users = self.importers(name) if now.get(name) != value else []
            if users:
                msg = IN_USE.format(name, "updated" if name in now else "deleted", " and ".join(users))
                raise TemplateError(msg)

    def importers(self, name: str) -> list[str]:
        """The other stacks that import an export."""
        return sorted(one.name for one in self._backend.stacks.values() if one is not self and name in one.resources.imported)

    def _values(self, document: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """The value of each parameter, its default where none is given."""
        found = {}
        for name, stated in document.get("Parameters", {}).items():
            value = given.get(name, stated.get("Default"))
            if value is None:
                msg = f"Parameters: [{name}] must have values"
                raise TemplateError(msg)
            kind = str(stated.get("Type", "String"))
            if kind.startswith("AWS::SSM::Parameter::Value"):
                parameter = self._stored(str(value))
                if parameter is None:
                    msg = f"Unable to fetch parameters [{value}] from parameter store for this account."
                    raise TemplateError(msg)
                value = parameter.value
            found[name] = [one.strip() for one in value.split(",")] if "List" in kind and isinstance(value, str) else value
            if not kind.startswith("AWS::SSM::"):
                refuse_value(name, stated, found[name])
        return found

    def _stored(self, name: str) -> Any:
        """A parameter of the store, or that of another account, which shares it and is then named by its ARN.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-shared-parameters.html
        """
        _, _, _, region, account, rest = name.split(":", 5) if name.startswith("arn:") else ("", "", "", "", "", "")
        there = ssm_backends[account or self.account_id][region or self.region_name]
        return there.get_parameter(f"/{rest.partition('/')[2]}" if account else name)

    def _status(self, status: str, reason: str = "") -> None:
        self.status = status
        self.stack_status_reason = reason or None
        self._tell(self.name, self.stack_id, "AWS::CloudFormation::Stack", status, reason)

    def _tell(self, name: str, physical: str, kind: str, status: str, reason: str) -> None:
        event = models.Event(
            stack_id=self.stack_id,
            stack_name=self.name,
            logical_resource_id=name,
            physical_resource_id=physical,
            resource_type=kind,
            resource_status=status,
            resource_status_reason=reason or None,
            resource_properties=None,
        )
        self.events.append(event)


def parsed(template: str | Mapping[str, Any]) -> dict[str, Any]:
    """A template's document, from JSON or YAML."""
    if not isinstance(template, str):
        return dict(template)
    try:
        document: dict[str, Any] = json.loads(template)
    except ValueError:
        yaml.add_multi_constructor("", yaml_tag_constructor, Loader=yaml.SafeLoader)
        document = yaml.safe_load(template)
    return _without_loops(document)


def _without_loops(document: dict[str, Any]) -> dict[str, Any]:
    """Loops of AWS::LanguageExtensions as resources that nobody makes; those of outputs are left out."""
    resources, outputs = document.get("Resources") or {}, document.get("Outputs") or {}
    if not any(isinstance(one, list) for one in [*resources.values(), *outputs.values()]):
        return document
    looped = {name: {"Type": LOOP} if isinstance(one, list) else one for name, one in resources.items()}
    return {**document, "Resources": looped, "Outputs": {name: one for name, one in outputs.items() if not isinstance(one, list)}}


def install(clients: Clients, custom: Handler | None) -> Surroundings:
    """Puts this CloudFormation into the emulator of this process.

    Args:
        clients: Makes clients of this emulator.
        custom: What runs the handlers of custom resources.

    Returns:
        What stacks take from outside; it may be changed.
    """
    surroundings = Surroundings(clients, custom)
    backend: Any = models.CloudFormationBackend
    backend.create_stack = _creator(surroundings)
    backend.update_stack = _update_stack
    backend.delete_stack = _delete_stack
    backend.create_change_set = _change_set_creator(surroundings)
    backend.execute_change_set = _execute_change_set
    response: Any = responses.CloudFormationResponse
    response.update_termination_protection = _update_termination_protection  # moto has none
    change_sets.install()
    return surroundings


def _creator(surroundings: Surroundings) -> Any:
    def create_stack(
        self: Any,
        name: str,
        template: str,
        parameters: dict[str, Any],
        notification_arns: list[str] | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
        enable_termination_protection: bool | None = False,  # noqa: FBT001, FBT002 - the signature is the emulator's
        **_more: Any,
    ) -> RehearsedStack:
        if any(stack.name == name for stack in self.stacks.values()):
            raise models.AlreadyExistsException(f"Stack [{name}] already exists")
        stack = RehearsedStack(self, name, surroundings, role_arn)
        stack.notification_arns = notification_arns or []
        stack.enable_termination_protection = bool(enable_termination_protection)
        self.stacks[stack.stack_id] = stack
        stack.create(template, parameters, tags or {})
        return stack

    return create_stack


def _update_stack(self: Any, name: str, template: str, role_arn: str | None, parameters: Any, tags: dict[str, str] | None) -> Any:
    stack = self.get_stack(name)
    values = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
    new_tags = stack.tags if tags is None else tags
    if stack.is_same(template, values, new_tags):
        raise ValidationError(message=NO_CHANGE)
    stack.role_arn = role_arn
    stack.update(template, values, new_tags)
    return stack


def _delete_stack(self: Any, name_or_stack_id: str) -> None:
    found = [stack for stack in self.stacks.values() if name_or_stack_id in (stack.name, stack.stack_id)]
    for stack in found:
        if stack.enable_termination_protection:
            msg = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise ValidationError(message=msg)
        stack.delete()
        if stack.status == "DELETE_COMPLETE":
            for export in stack.exports:
                self.exports.pop(export.name, None)
            self.stacks.pop(stack.stack_id, None)
            self.deleted_stacks[stack.stack_id] = stack


class RehearsedChangeSet:
    """A change set: what would change, and the means to do it."""

    def __init__(self, kind: str, identity: str, name: str, stack: RehearsedStack, **given: Any) -> None:
        self.change_set_type, self.change_set_id, self.change_set_name = kind, identity, name
        self.stack, self.stack_id, self.stack_name = stack, stack.stack_id, stack.name
        self.template, self.parameters, self.tags = given["template"], given["parameters"], given["tags"] or {}
        self.description, self.role_arn, self.notification_arns = given["description"], given["role_arn"], given["notification_arns"]
        self.creation_time = utcnow()
        self.changes = self._differences()
        same = kind == "UPDATE" and stack.is_same(self.template, self.parameters, self.tags)
        self.status = "FAILED" if same else "CREATE_COMPLETE"
        self.execution_status = "UNAVAILABLE" if same else "AVAILABLE"
        self.status_reason = NO_CHANGE_SET if same else None

    def _differences(self) -> list[models.Change]:
        old, new = self.stack.template_dict.get("Resources", {}), parsed(self.template)["Resources"]
        added = [models.Change("Add", name, new[name]["Type"]) for name in new if name not in old]
        changed = [models.Change("Modify", name, new[name]["Type"]) for name in new if name in old and old[name] != new[name]]
        return [*added, *changed, *(models.Change("Remove", name, old[name]["Type"]) for name in old if name not in new)]


def _change_set_creator(surroundings: Surroundings) -> Any:
    def create_change_set(
        self: Any, stack_name: str, change_set_name: str, change_set_type: str, role_arn: str | None = None, **given: Any
    ) -> tuple[str, str]:
        if change_set_type == "UPDATE":
            stack = self.get_stack(stack_name)
        else:
            stack = next((one for one in self.stacks.values() if one.name == stack_name), None)
            stack = stack or RehearsedStack(self, stack_name, surroundings, role_arn)
            self.stacks[stack.stack_id] = stack
        identity = generate_changeset_id(change_set_name, self.region_name, self.account_id)
        given = {"notification_arns": None, "tags": None, "description": None, **given, "role_arn": role_arn}
        self.change_sets[identity] = RehearsedChangeSet(change_set_type, identity, change_set_name, stack, **given)
        return identity, stack.stack_id

    return create_change_set


def _execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    change_set = self.describe_change_set(change_set_name)
    del stack_name
    change = change_set.stack.create if change_set.change_set_type == "CREATE" else change_set.stack.update
    change_set.execution_status = "EXECUTE_COMPLETE"
    change(change_set.template, change_set.parameters, change_set.tags)


def _update_termination_protection(self: Any) -> ActionResult:
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = bool(self._get_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})
