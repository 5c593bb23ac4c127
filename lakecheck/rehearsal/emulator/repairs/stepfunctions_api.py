"""Step Functions' API, not its runs: versions that are published on their own, and machines whose name is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions import models, responses

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def install() -> None:
    """Mends the API of Step Functions in this process."""
    # The emulator publishes a version with a machine only.
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_PublishStateMachineVersion.html
    response: Any = responses.StepFunctionResponse
    response.publish_state_machine_version, response.delete_state_machine_version = _publish, _delete_version
    response.list_state_machine_versions = _list_versions
    # The emulator returns a machine that is there instead of refusing another one of its name.
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    wrap(models.StepFunctionBackend, "create_state_machine", _create)


def _parameter(response: Any, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - the emulator's way to a parameter


def _publish(response: Any) -> ActionResult:
    machine = response.stepfunction_backend.describe_state_machine(_parameter(response, "stateMachineArn"))
    newest, description = machine.latest_version, _parameter(response, "description")
    # The same revision is published once.
    same = newest is not None and (newest.definition, newest.roleArn) == (machine.definition, machine.roleArn)
    if not (same and description in (None, newest.description)):
        machine.publish(description)
    return ActionResult({"creationDate": machine.latest_version.creation_date, "stateMachineVersionArn": machine.latest_version.arn})


def _delete_version(response: Any) -> EmptyResult:
    arn, _, number = str(_parameter(response, "stateMachineVersionArn")).rpartition(":")
    machine = response.stepfunction_backend.describe_state_machine(arn)
    machine.versions.pop(int(number), None)
    machine.latest_version = machine.versions[max(machine.versions)] if machine.versions else None
    return EmptyResult()


def _list_versions(response: Any) -> ActionResult:
    machine = response.stepfunction_backend.describe_state_machine(_parameter(response, "stateMachineArn"))
    newest_first = sorted(machine.versions.values(), key=lambda one: -one.version)
    return ActionResult(
        {"stateMachineVersions": [{"stateMachineVersionArn": one.arn, "creationDate": one.creation_date} for one in newest_first]}
    )


class _TakenError(JsonRESTError):  # type: ignore[misc] # moto has no types here
    def __init__(self, arn: str) -> None:
        super().__init__("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")


def _create(original: Callable[..., Any], backend: Any, name: str, definition: str, *given: Any, **named: Any) -> Any:
    taken: Mapping[str, Any] = {one.name: one for one in backend.state_machines}
    if name in taken and taken[name].definition != definition:
        raise _TakenError(taken[name].arn)
    return original(backend, name, definition, *given, **named)
