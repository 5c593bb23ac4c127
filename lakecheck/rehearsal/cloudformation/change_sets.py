"""Finds change sets of the emulator by stack and name: moto looks at the name alone, and all those of the CDK CLI have the same."""

from __future__ import annotations

from typing import Any, Final

from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.core.responses import ActionResult

_NOT_FOUND: Final = "ChangeSetNotFound"
"""What the CDK CLI waits for when it has deleted one."""


def install() -> None:
    """Lets moto's operations find change sets as CloudFormation does.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
    """
    response: Any = responses.CloudFormationResponse
    response.describe_change_set = _describe
    response.delete_change_set = _delete
    response.execute_change_set = _execute
    backend: Any = models.CloudFormationBackend
    backend.describe_change_set = _by_id


def _describe(self: Any) -> ActionResult:
    return ActionResult(_asked(self))


def _delete(self: Any) -> ActionResult:
    """One that is not there counts as deleted."""
    try:
        found = _asked(self)
    except CloudFormationError as error:
        if error.code != _NOT_FOUND:
            raise
        return ActionResult({})
    self.cloudformation_backend.change_sets.pop(found.change_set_id)
    return ActionResult({})


def _execute(self: Any) -> ActionResult:
    self.cloudformation_backend.execute_change_set(change_set_name=_asked(self).change_set_id)
    return ActionResult({})


def _asked(response: Any) -> Any:
    """The change set that a call names: by its ARN, or by its name and its stack's."""
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")  # noqa: SLF001 - moto's own way to the parameters
    backend = response.cloudformation_backend
    if name in backend.change_sets:
        return backend.change_sets[name]
    if not name.startswith("arn:"):
        if not stack:
            raise ValidationError(message="StackName must be specified if ChangeSetName is not specified as an ARN.")
        for one in reversed(list(backend.change_sets.values())):
            is_there = one.stack_id in backend.stacks or stack == one.stack_id
            if one.change_set_name == name and stack in (one.stack_id, one.stack_name) and is_there:
                return one
    raise _not_found(name)


def _by_id(self: Any, change_set_name: str) -> Any:
    """For what is left of moto's own, which has looked it up before."""
    if change_set_name not in self.change_sets:
        raise _not_found(change_set_name)
    return self.change_sets[change_set_name]


def _not_found(name: str) -> CloudFormationError:
    error: CloudFormationError = CloudFormationError(f"ChangeSet [{name}] does not exist")
    error.code = _NOT_FOUND
    return error
