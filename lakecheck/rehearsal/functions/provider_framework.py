"""The CDK's Provider: a Node function calls the handlers that a team wrote and answers for them; here they are called without it.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#provider-framework
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.rehearsal.functions.emulated import Functions

ON_EVENT: Final = "USER_ON_EVENT_FUNCTION_ARN"
_IS_COMPLETE: Final = "USER_IS_COMPLETE_FUNCTION_ARN"
_CREATE_FAILED: Final = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"
"""The physical id of what could not be made: its deletion is never given to a handler."""

_MOST_SECONDS: Final = 120.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.05, 1.0
_URL: Final = "https://localhost/not-asked"


class ProviderError(DataLakeError):
    """A handler of a Provider that failed."""

    def __init__(self, message: str, physical_id: str) -> None:
        super().__init__(message, code="custom_resource_failed")
        self.physical_id = physical_id


def done(functions: Functions, environment: Mapping[str, str], request: dict[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """Does what the framework does with a request.

    Args:
        functions: Runs functions.
        environment: The framework function's variables, which name the handlers.
        request: CloudFormation's.

    Raises:
        ProviderError: If a handler failed, answered what the framework refuses, or `isComplete` stays false for two minutes.
    """
    note = "The Node function of the CDK's Provider was left out, its handlers were called directly"
    known = str(request.get("PhysicalResourceId", ""))
    if request["RequestType"] == "Delete" and known == _CREATE_FAILED:
        return known, {}, note
    failed = known or _CREATE_FAILED
    event = {**request, "ResponseURL": _URL}
    told = _called(functions, environment[ON_EVENT], event, failed) or {}
    if not isinstance(told, dict):
        msg = f"onEvent returned {type(told).__name__}; an object or nothing is allowed"
        raise ProviderError(msg, failed)
    default = request["RequestId"] if request["RequestType"] == "Create" else known
    physical = str(told.get("PhysicalResourceId") or default)
    if request["RequestType"] == "Delete" and physical != known:
        msg = f'DELETE: cannot change the physical resource ID from "{known}" to "{physical}" during deletion'
        raise ProviderError(msg, known)
    event = {**event, **told, "PhysicalResourceId": physical}
    data = dict(told.get("Data") or {})
    if environment.get(_IS_COMPLETE):
        data.update(_completed(functions, environment[_IS_COMPLETE], event))
    return physical, data, note


def _completed(functions: Functions, arn: str, event: dict[str, Any]) -> Mapping[str, Any]:
    """Asks until it is complete; the waiter's state machine is left out, and its interval."""
    until, wait, physical = time.monotonic() + _MOST_SECONDS, _FIRST_WAIT_SECONDS, str(event["PhysicalResourceId"])
    while True:
        told = _called(functions, arn, event, physical) or {}
        if told.get("IsComplete"):
            found: Mapping[str, Any] = told.get("Data") or {}
            return found
        if told.get("Data"):
            msg = '"Data" is not allowed if "IsComplete" is "False"'
            raise ProviderError(msg, physical)
        if time.monotonic() + wait > until:
            msg = f"Operation timed out: isComplete said no for {_MOST_SECONDS:.0f} seconds"
            raise ProviderError(msg, physical)
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)


def _called(functions: Functions, arn: str, event: Mapping[str, Any], physical: str) -> Any:
    outcome = functions.call(functions.deployed(arn), json.dumps(event).encode()).outcome
    told = json.loads(outcome.payload or b"null")
    if outcome.error:
        msg = f"{told.get('errorMessage') or 'error'} (function {arn.rpartition(':')[2]})"
        raise ProviderError(msg, physical)
    return told
