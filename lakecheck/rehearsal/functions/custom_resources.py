"""Custom resources: CloudFormation's requests to the functions that make them, and what becomes of the answers.

A handler that is not Python is not run; what stands in for it is in `stand_ins`, and where nothing does, the resource is made by nobody.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.exceptions import LambdaClientError

from lakecheck.rehearsal.cloudformation.handlers import By, Made
from lakecheck.rehearsal.cloudformation.template import TemplateError
from lakecheck.rehearsal.functions import stand_ins
from lakecheck.rehearsal.functions.emulated import Functions, NotRunError, described
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Resource
    from lakecheck.rehearsal.functions.responses import Box, Responses

LOG = logging.getLogger(__name__)
MOST_SECONDS: Final = 120.0
"""A rehearsal waits no longer for an answer, whatever `ServiceTimeout` says; CloudFormation waits an hour where it says nothing."""

_LOOK_SECONDS: Final = 0.02
_LINGER_SECONDS: Final = 0.3
"""Most functions end right after their answer; the next request then finds the process free."""
_MOST_ID_BYTES: Final = 1024


class CustomResourceError(DataLakeError):
    """A custom resource whose handler failed, or did not answer."""

    def __init__(self, message: str, physical_id: str = "") -> None:
        super().__init__(message, code="custom_resource_failed")
        self.physical_id = physical_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a handler answered with.

    Attributes:
        physical_id: The resource's physical id.
        data: Its attributes, which nothing here shows, with `NoEcho` or without.
        note: What was not as it is in AWS; empty for nothing.
    """

    physical_id: str
    data: Mapping[str, Any]
    note: str = ""


class CustomResources:
    """Makes, changes and deletes custom resources by their handlers.

    Args:
        functions: Runs functions.
        responses: Takes answers.
    """

    def __init__(self, functions: Functions, responses: Responses) -> None:
        self._functions = functions
        self._responses = responses

    def create(self, resource: Resource) -> Made:
        """Makes one; where that fails, its handler is told to delete it, as CloudFormation does when it rolls back.

        Raises:
            CustomResourceError: If the handler failed or did not answer.
        """
        request = self._request("Create", resource)
        try:
            return self._made(resource, request)
        except CustomResourceError as error:
            identity = error.physical_id or resource.generated_name()
            self._after_failure(resource.named(identity), self._request("Delete", resource.named(identity)))
            raise

    def update(self, resource: Resource, made: Made) -> Made | None:
        """Changes one; where that fails, its handler is told to change it back, as CloudFormation does when it rolls back.

        Raises:
            CustomResourceError: If the handler failed or did not answer.
        """
        if resource.properties.get("ServiceToken") != resource.old_properties.get("ServiceToken"):
            msg = "Modifying service token is not allowed."
            raise CustomResourceError(msg, made.physical_id)
        request = self._request("Update", resource)
        try:
            return self._made(resource, request)
        except CustomResourceError as error:
            back = {"ResourceProperties": request["OldResourceProperties"], "OldResourceProperties": request["ResourceProperties"]}
            known = error.physical_id or made.physical_id
            as_it_was = replace(resource, properties=resource.old_properties, old_properties=resource.properties)
            self._after_failure(as_it_was, {**request, **back, "RequestId": str(uuid.uuid4()), "PhysicalResourceId": known})
            raise

    def delete(self, resource: Resource, _made: Made) -> None:
        """Deletes one.

        Raises:
            CustomResourceError: If the handler failed or did not answer.
        """
        self._made(resource, self._request("Delete", resource))

    def attribute(self, resource: Resource, made: Made, name: str) -> Any:
        """An attribute that the handler answered with.

        Raises:
            KeyError: If nobody made the resource.
            TemplateError: If its handler did not answer with such an attribute; the stack fails in AWS as well.
        """
        if made.by is By.NOBODY:
            raise KeyError(name)
        msg = f"CustomResource attribute error: Vendor response doesn't contain {name} attribute in object {resource.logical_id}"
        raise TemplateError(msg)

    def _made(self, resource: Resource, request: dict[str, Any]) -> Made:
        try:
            found = self._answered(resource, request)
        except (NotRunError, LambdaClientError) as error:
            if isinstance(error, LambdaClientError):
                msg = f"Invalid request provided: the function of ServiceToken is not there: {error.message}"
                raise CustomResourceError(msg, resource.physical_id) from error
            LOG.warning("%s: %s", resource.logical_id, error)
            return Made(resource.physical_id or resource.generated_name(), By.NOBODY, state=str(error))
        return Made(found.physical_id, By.HANDLER, found.data, found.note or None)

    def _answered(self, resource: Resource, request: dict[str, Any]) -> Answer:
        token = str(resource.properties.get("ServiceToken", ""))
        if ":lambda:" not in token:
            msg = f"{resource.logical_id} has the ServiceToken {token}; a rehearsal calls functions alone"
            raise NotRunError(msg)
        deployed = self._functions.deployed(token)
        stand_in = stand_ins.stand_in_of(resource, deployed)
        if stand_in is not None:
            try:
                physical_id, data, note = stand_in(self._functions, resource, request)
            except (NotRunError, CustomResourceError):
                raise
            except Exception as error:
                raise CustomResourceError(str(error) or type(error).__name__, getattr(error, "physical_id", _failed_id(request))) from error
            return Answer(physical_id=physical_id, data=data, note=note)
        described(deployed)
        return self._asked(deployed, request, _limit(resource))

    def _asked(self, deployed: Any, request: dict[str, Any], limit: float) -> Answer:
        """Calls the function with a request and waits for its answer, which may come from somewhere else and later."""
        url, box = self._responses.open()
        ended: list[str] = []

        def run() -> None:
            try:
                called = self._functions.call(
                    deployed, json.dumps({**request, "ResponseURL": url}).encode(), timeout=_within(deployed, limit)
                )
                ended.append(called.outcome.payload.decode(errors="replace") if called.outcome.error else "")
            except Exception as error:
                LOG.exception("the function of a custom resource could not be called")
                ended.append(str(error))

        running = threading.Thread(target=run, daemon=True)
        running.start()
        self._wait(deployed, box, ended, limit, request)
        running.join(_LINGER_SECONDS)
        return _judged(request, box)

    def _wait(self, deployed: Any, box: Box, ended: list[str], limit: float, request: Mapping[str, Any]) -> None:
        name, known = deployed.function_name, str(request.get("PhysicalResourceId", ""))
        until = time.monotonic() + limit
        while not box.wait(_LOOK_SECONDS):
            if ended and ended[0]:
                msg = f"the function {name} failed without an answer: {ended[0]}"
                raise CustomResourceError(msg, known)
            if ended and self._functions.is_quiet and not box.wait(_LOOK_SECONDS):
                msg = f"the function {name} ended without an answer to the ResponseURL; CloudFormation would wait for it until its timeout"
                raise CustomResourceError(msg, known)
            if time.monotonic() > until:
                msg = f"CloudFormation did not receive a response from your Custom Resource within {limit:.0f} seconds (function {name})"
                raise CustomResourceError(msg, known)

    def _request(self, kind: str, resource: Resource) -> dict[str, Any]:
        token = str(resource.properties.get("ServiceToken", ""))
        request: dict[str, Any] = {
            "RequestType": kind,
            "ServiceToken": token,
            "StackId": resource.stack_id,
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": resource.logical_id,
            "ResourceType": resource.type,
            "ResourceProperties": as_text(resource.properties),
        }
        if kind != "Create":
            request["PhysicalResourceId"] = resource.physical_id
        if kind == "Update":
            request["OldResourceProperties"] = as_text(resource.old_properties)
        return request

    def _after_failure(self, resource: Resource, request: dict[str, Any]) -> None:
        try:
            self._answered(resource, request)
        except Exception as error:  # noqa: BLE001 - it is the first failure that is told
            LOG.info("%s of %s, to bring it back, failed as well: %s", request["RequestType"], resource.logical_id, error)


def as_text(value: Any) -> Any:
    """Properties as CloudFormation sends them: numbers and booleans are strings."""
    if isinstance(value, Mapping):
        return {str(key): as_text(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_text(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) or value is None else str(value)


def _limit(resource: Resource) -> float:
    return min(float(resource.properties.get("ServiceTimeout") or MOST_SECONDS), MOST_SECONDS)


def _within(deployed: Any, limit: float) -> float:
    return min(float(deployed.timeout), limit)


def _failed_id(request: Mapping[str, Any]) -> str:
    return str(request.get("PhysicalResourceId", ""))


def _judged(request: Mapping[str, Any], box: Box) -> Answer:
    """An answer that CloudFormation would take.

    Raises:
        CustomResourceError: If it says FAILED, or is not what CloudFormation takes.
    """
    known = _failed_id(request)
    try:
        answer = box.read()
    except ValueError as error:
        raise CustomResourceError(str(error), known) from error
    physical = answer.get("PhysicalResourceId")
    if answer.get("Status") == "FAILED":
        reason = str(answer.get("Reason") or "the handler gave no reason")
        raise CustomResourceError(
            f"Received response status [FAILED] from custom resource. Message returned: {reason}", str(physical or known)
        )
    if answer.get("Status") != "SUCCESS":
        msg = f"Invalid response: Status is {answer.get('Status')!r}, allowed are SUCCESS and FAILED"
        raise CustomResourceError(msg, known)
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        if answer.get(name) != request[name]:
            msg = f"Invalid response: {name} is {answer.get(name)!r}, and the request's was {request[name]!r}"
            raise CustomResourceError(msg, known)
    if not isinstance(physical, str) or not physical or len(physical.encode()) > _MOST_ID_BYTES:
        msg = f"Invalid PhysicalResourceId: {physical!r}; it has to be text of 1 to {_MOST_ID_BYTES} bytes"
        raise CustomResourceError(msg, known)
    data = answer.get("Data") or {}
    if not isinstance(data, Mapping):
        msg = f"Invalid response: Data is {type(data).__name__}, and has to be an object"
        raise CustomResourceError(msg, physical)
    return Answer(physical_id=physical, data=data)
