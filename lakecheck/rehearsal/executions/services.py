"""The services that a state machine calls: the emulator's plain APIs by boto3, called and answered as Step Functions does.

Optimized integrations: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html. The waiting ones (`.sync`) look at
what they started again and again, in real time; what they started is stopped when their execution is, as Step Functions does.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from lakecheck.rehearsal.executions import words
from lakecheck.rehearsal.executions.words import SDK
from lakecheck.rehearsal.states import Failed, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

_NOT_REHEARSED: Final = {
    ("athena", "startQueryExecution"): "the emulator's Athena runs no query and answers SUCCEEDED with no rows",
}
"""What would be a false green."""

_SYNC: Final = (("glue", "startJobRun"), ("states", "startExecution"))
_OPTIMIZED_ACTIONS: Final[Mapping[str, tuple[str, ...] | None]] = {
    "dynamodb": ("getItem", "putItem", "updateItem", "deleteItem"),
    "events": ("putEvents",),
    "glue": ("startJobRun",),
    "lambda": ("invoke",),
    "s3": None,
    "sns": ("publish",),
    "sqs": ("sendMessage",),
    "states": ("startExecution",),
}
"""The actions that an optimized integration has; `s3` is what readers and writers of maps use."""

LONGEST_PAUSE: Final = 0.5
_FAILED_LOOKS: Final = 20
ENDED_RUN: Final = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")


class EmulatedServices:
    """What the tasks of one execution call.

    Args:
        client: boto3's client of a service, by boto3's name of it, with the credentials that calls are made with.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def call(self, service: str, action: str, arguments: Any, *, sync: bool) -> Any:
        """One call of a task, see `lakecheck.rehearsal.states.Services`.

        Raises:
            ServiceError: If the service refuses.
            Failed: If nobody rehearses the call, as `States.Runtime`, which no wildcard catches.
        """
        require_rehearsed(service, action, sync=sync)
        if sync:
            started = {"glue": self._job, "states": self._machine}[service]
            return started(arguments)
        answer = self.once(service, action, prepared(service, action, arguments))
        return answered(service, action, answer)

    def once(self, service: str, action: str, arguments: Mapping[str, Any]) -> Any:
        """One call of the plain API, and its answer as JSON."""
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError  # noqa: PLC0415 - an extra brings it

        client = self._known(service, action)
        model = client.meta.service_model
        operation = model.operation_model(action[:1].upper() + action[1:])
        method = next(name for name, called in client.meta.method_to_api_mapping.items() if called == operation.name)
        try:
            answer = getattr(client, method)(**words.given(operation.input_shape, arguments))
        except ClientError as error:
            told = error.response["Error"]
            raise ServiceError(words.error_name(service, str(told["Code"]), model, operation.name), told.get("Message", "")) from error
        except ParamValidationError as error:
            raise ServiceError("States.Runtime", str(error)) from error
        except BotoCoreError as error:
            raise ServiceError(words.client_error_name(service, model, operation.name), str(error)) from error
        moment = words.iso if service.startswith(SDK) else words.seconds if service == "s3" else words.milliseconds
        return words.told(operation.output_shape, answer, moment)

    def _known(self, service: str, action: str) -> Any:
        """The client, if boto3 knows the service and the action."""
        from botocore.exceptions import UnknownServiceError  # noqa: PLC0415

        try:
            client = self._client(words.client_name(service))
        except UnknownServiceError as error:
            raise Failed("States.Runtime", f"not rehearsed: {service} is no service that boto3 knows") from error
        if action[:1].upper() + action[1:] not in client.meta.service_model.operation_names:
            raise Failed("States.Runtime", f"{service} has no action {action}")
        return client

    def _job(self, arguments: Mapping[str, Any]) -> Generator[float, None, Any]:
        """A job run, to its end.

        https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
        """
        name = arguments["JobName"]
        started = self.once("glue", "startJobRun", arguments)["JobRunId"]

        def look() -> Any:
            run = self.once("glue", "getJobRun", {"JobName": name, "RunId": started})["JobRun"]
            return run if run["JobRunState"] in ENDED_RUN else None

        run = yield from self._awaited(look, ("glue", "batchStopJobRun", {"JobName": name, "JobRunIds": [started]}))
        if run["JobRunState"] != "SUCCEEDED":
            raise ServiceError("States.TaskFailed", json.dumps(run))
        return run

    def _machine(self, arguments: Mapping[str, Any]) -> Generator[float, None, Any]:
        """An execution, to its end.

        https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
        """
        started = self.once("states", "startExecution", prepared("states", "startExecution", arguments))["ExecutionArn"]

        def look() -> Any:
            found = self.once("states", "describeExecution", {"ExecutionArn": started})
            return None if found["Status"] == "RUNNING" else found

        found = yield from self._awaited(look, ("states", "stopExecution", {"ExecutionArn": started}))
        if found["Status"] != "SUCCEEDED":
            raise ServiceError("States.TaskFailed", json.dumps(found))
        return found

    def _awaited(self, look: Callable[[], Any], stop: tuple[str, str, Mapping[str, Any]]) -> Generator[float, None, Any]:
        """What `look` finds in the end; what was started is stopped when nobody waits for it any more.

        Step Functions looks again when a look fails, and tells its task nothing of it, as long as it does not go on for ever.
        """
        found, failures = None, 0
        try:
            for pause in _pauses():
                yield pause
                try:
                    found, failures = look(), 0
                except ServiceError:
                    failures += 1
                    if failures > _FAILED_LOOKS:
                        raise
                if found is not None:
                    return found
        finally:
            if found is None:
                with contextlib.suppress(Failed):
                    self.once(*stop)


def require_rehearsed(service: str, action: str, *, sync: bool) -> None:
    """Refuses a call that nobody rehearses.

    Raises:
        Failed: `States.Runtime`, which no wildcard catches.
    """
    reason = _NOT_REHEARSED.get((service.removeprefix(SDK), action))
    if reason is None and sync and (service, action) not in _SYNC:
        allowed = ", ".join(f"{one}:{what}.sync" for one, what in _SYNC)
        reason = f"waiting for the end of it is known of {allowed} alone"
    if reason is None and not service.startswith(SDK):
        if service not in _OPTIMIZED_ACTIONS:
            reason = f"allowed optimized integrations: {', '.join(_OPTIMIZED_ACTIONS)}, or {SDK}{service}"
        elif (actions := _OPTIMIZED_ACTIONS[service]) is not None and action not in actions:
            reason = f"{service} has the optimized actions {', '.join(actions)}; use {SDK}{service}:{action}"
    if reason is not None:
        raise Failed("States.Runtime", f"not rehearsed: {service}:{action}{'.sync' if sync else ''}: {reason}")


def prepared(service: str, action: str, arguments: Any) -> Any:
    """A task's arguments as the API takes them: what an optimized integration turns into text, and a source to copy decoded once."""
    change = _PREPARED.get((service.removeprefix(SDK), action)) if action == "copyObject" else _PREPARED.get((service, action))
    return arguments if change is None else change(arguments)


def answered(service: str, action: str, answer: Any) -> Any:
    """The API's answer as the task has it.

    Raises:
        ServiceError: If the answer tells of a failure that Step Functions makes one of the task's.
    """
    if (service, action) == ("events", "putEvents") and answer.get("FailedEntryCount"):
        raise ServiceError("EventBridge.FailedEntry", json.dumps(answer["Entries"]))
    if (service, action) == ("lambda", "invoke"):
        return _invoked(answer)
    return answer


def _invoked(answer: dict[str, Any]) -> dict[str, Any]:
    """The payload as JSON; what the function raised is the task's error.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    """
    text = answer.get("Payload") or "null"
    try:
        payload = json.loads(text)
    except ValueError:
        payload = text
    if answer.get("FunctionError"):
        name = payload.get("errorType", "Lambda.Unknown") if isinstance(payload, dict) else "Lambda.Unknown"
        raise ServiceError(name, text)
    return {**answer, "Payload": payload}


def _events(given: dict[str, Any]) -> dict[str, Any]:
    """A detail becomes text.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
    """
    return {**given, "Entries": [{**entry, "Detail": _text(entry["Detail"])} for entry in given["Entries"]]}


def _copied(given: dict[str, Any]) -> dict[str, Any]:
    """Step Functions sends the source as it is given: it has to be URL-encoded. boto3 would encode it once more."""
    source, _, version = given["CopySource"].partition("?versionId=")
    plain = unquote(source)
    if quote(plain, safe="/-_.~!*'()") != source:
        raise ServiceError("S3.S3Exception", f"the copy source {source} is not URL-encoded")
    bucket, _, key = plain.removeprefix("/").partition("/")
    return {**given, "CopySource": {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}}


def _as_text(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {**given, name: _text(given[name])} if name in given else given

    return change


_PREPARED: Final[dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    ("events", "putEvents"): _events,
    ("sns", "publish"): _as_text("Message"),
    ("sqs", "sendMessage"): _as_text("MessageBody"),
    ("states", "startExecution"): _as_text("Input"),
    ("lambda", "invoke"): _as_text("Payload"),
    ("s3", "copyObject"): _copied,
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _pauses() -> Generator[float, None, None]:
    """Sleeps a little longer each time; yields how long, when it has slept."""
    pause = 0.02
    while True:
        time.sleep(pause)
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)
