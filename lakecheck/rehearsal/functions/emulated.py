"""The emulator's Lambda: what `lambda:Invoke` and the services that call functions run, and what is not run and says so.

What is not as in AWS: an asynchronous call that failed is tried again at once instead of after one and two minutes; a call that finds a
function's reserved concurrency used up waits instead of being refused; a function sees no limit on memory.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import contextvars
import hashlib
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from moto.awslambda import models, responses
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.utils import get_backend
from moto.events import notifications as event_notifications
from moto.logs.models import logs_backends
from moto.s3 import notifications as s3_notifications

from lakecheck.rehearsal.executions.runtime import in_background
from lakecheck.rehearsal.functions import destinations
from lakecheck.rehearsal.functions.pool import Pool
from lakecheck.rehearsal.functions.process import Called, Function
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lakecheck.rehearsal.adapters.model import Clients

LOG = logging.getLogger(__name__)
MOST_PROCESSES: Final = 4
"""Of one function, where its reserved concurrency allows more."""

_MOST_BYTES: Final = 6 * 1024 * 1024
_MOST_ASYNCHRONOUS_BYTES: Final = 1024 * 1024
_MOST_ANSWERED_BYTES: Final = 6291556
_RETRIES: Final = 2
_AS_EVENT: contextvars.ContextVar[bool] = contextvars.ContextVar("as_event", default=False)


class NotRunError(DataLakeError):
    """A function that is deployed, and that nobody runs here."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="function_not_run")


class ThrottledError(LambdaClientError):  # type: ignore[misc] # moto is not typed for those who use it
    """Lambda's answer where reserved concurrency is nothing."""

    code = 429


class TooLargeError(LambdaClientError):  # type: ignore[misc]
    """Lambda's answer to an event that is too large."""

    code = 413


class Functions:
    """Runs the functions that the emulator of this process holds.

    Args:
        clients: Makes clients of the emulator.
        endpoint: Its address, which functions get.
        certificate: The one certificate that functions are told to trust; none when left out.
    """

    def __init__(self, clients: Clients, endpoint: str, certificate: bytes = b"") -> None:
        self.clients = clients
        self._endpoint = endpoint
        self._certificate = certificate
        self._pool = Pool(self._surroundings)
        self._waiting = 0
        self._lock = threading.Lock()

    @property
    def is_quiet(self) -> bool:
        """Whether no function runs or is about to."""
        return self._pool.is_quiet and not self._waiting

    def close(self) -> None:
        """Ends all processes."""
        self._pool.close()

    def deployed(self, arn: str) -> Any:
        """The emulator's object of the function with an ARN, whatever account and Region it is of.

        Raises:
            LambdaClientError: If there is none.
        """
        parts = arn.split(":")
        return get_backend(parts[4], parts[3]).get_function(arn)

    def call(self, deployed: Any, payload: bytes, *, client_context: str = "", timeout: float | None = None) -> Called:
        """Calls a function and waits.

        Args:
            deployed: The emulator's object of it.
            payload: The event.
            client_context: What the caller sent along, as JSON.
            timeout: Seconds, if not as the function says.

        Raises:
            NotRunError: If its runtime is not Python, or it has no code.
        """
        function = described(deployed)
        called = self._pool.call(function, payload, arn=deployed.function_arn, client_context=client_context, timeout=timeout)
        LOG.info("%s\n%s", function.name, called.log.rstrip())
        _log(function, called)
        return called

    def call_later(self, deployed: Any, payload: bytes) -> None:
        """Calls a function without waiting, again when it fails, and tells its destinations.

        Raises:
            NotRunError: If its runtime is not Python, or it has no code.
        """
        described(deployed)
        with self._lock:
            self._waiting += 1
        in_background("function", lambda: self._later(deployed, payload))

    def _later(self, deployed: Any, payload: bytes) -> None:
        try:
            config = _retries(deployed)
            attempts, called = 1, self.call(deployed, payload)
            while called.outcome.error and attempts <= int(config.get("MaximumRetryAttempts", _RETRIES)):
                attempts, called = attempts + 1, self.call(deployed, payload)
            if called.outcome.error:
                destinations.bury(self.clients, str(_kept(deployed, "DeadLetterConfig").get("TargetArn") or ""), payload, called)
            destinations.tell(self.clients, deployed, config.get("DestinationConfig") or {}, payload, called, attempts)
        except Exception:
            LOG.exception("an asynchronous call of %s ended", deployed.function_name)
        finally:
            with self._lock:
                self._waiting -= 1

    def _surroundings(self, function: Function, folder: Path) -> Mapping[str, str]:
        sts = self.clients("sts", account=function.role.split(":")[4] or function.account, region=function.region)
        credentials = sts.assume_role(RoleArn=function.role, RoleSessionName=function.name[:64])["Credentials"]
        trusted = {}
        if self._certificate:
            file = folder / "certificate.pem"
            file.write_bytes(self._certificate)
            trusted = {"SSL_CERT_FILE": str(file), "REQUESTS_CA_BUNDLE": str(file)}
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **trusted,
        }


def described(deployed: Any) -> Function:
    """What a process needs to know of a function that the emulator holds.

    Raises:
        NotRunError: If its runtime is not Python, or it has no code.
    """
    name, runtime = deployed.function_name, str(deployed.run_time or "")
    if deployed.package_type == "Image":
        msg = f"{name} is a container image, which is not run here; a rehearsal runs Python functions in zip archives"
        raise NotRunError(msg)
    if not runtime.startswith("python"):
        msg = f"{name} has the runtime {runtime or '(none)'}, which is not run here; a rehearsal runs Python functions in zip archives"
        raise NotRunError(msg)
    if not deployed.code_bytes:
        msg = f"{name} has no code: {deployed.code.get('S3Bucket')}/{deployed.code.get('S3Key')} was not there when it was deployed"
        raise NotRunError(msg)
    backend = get_backend(deployed.account_id, deployed.region)
    layers = tuple(backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in deployed.layers)
    digest = hashlib.sha256()
    for part in (deployed.code_bytes, *layers):
        digest.update(hashlib.sha256(part).digest())
    reserved = deployed.reserved_concurrency
    version = str(deployed.version)
    return Function(
        arn=_unqualified(deployed.function_arn),
        name=name,
        version=version if deployed.function_arn.endswith(f":{version}") else "$LATEST",
        handler=str(deployed.handler),
        runtime=runtime,
        timeout=float(deployed.timeout),
        memory=int(deployed.memory_size),
        environment={**_log_format(deployed), **{key: str(value) for key, value in (deployed.environment_vars or {}).items()}},
        role=str(deployed.role),
        log_group=str(deployed.logs_group_name),
        code=deployed.code_bytes,
        digest=digest.hexdigest(),
        layers=layers,
        most=MOST_PROCESSES if reserved is None else min(int(reserved), MOST_PROCESSES),
    )


def install(functions: Functions) -> None:
    """Lets the emulator of this process run functions."""
    # moto runs functions in Docker containers, or not at all.
    models.LambdaFunction.invoke = _invoke(functions)
    responses.LambdaResponse.invoke = _answer
    # AWS does not wait for these; moto does.
    for owner, name in (
        (models.LambdaBackend, "send_sns_message"),
        (models.LambdaBackend, "send_log_event"),
        (s3_notifications, "_invoke_awslambda"),
        (event_notifications, "_invoke_lambda"),
    ):
        setattr(owner, name, _as_event(getattr(owner, name)))


def _as_event(call: Callable[..., Any]) -> Callable[..., Any]:
    if hasattr(call, "waits_for_no_function"):
        return call

    def later(*arguments: Any, **named: Any) -> Any:
        token = _AS_EVENT.set(True)
        try:
            return call(*arguments, **named)
        except NotRunError as error:
            LOG.warning("%s", error)
        finally:
            _AS_EVENT.reset(token)

    later.waits_for_no_function = True  # type: ignore[attr-defined]
    return later


def _invoke(functions: Functions) -> Callable[..., bytes]:
    def invoke(self: Any, body: str | bytes, request_headers: Any, response_headers: Any) -> bytes:
        payload = body.encode() if isinstance(body, str) else bytes(body or b"")
        payload = payload or b"{}"
        if _AS_EVENT.get() or request_headers.get("X-Amz-Invocation-Type") == "Event":
            functions.call_later(self, payload)
            return b""
        context = request_headers.get("X-Amz-Client-Context") or ""
        called = functions.call(self, payload, client_context=base64.b64decode(context).decode() if context else "")
        outcome = called.outcome
        if outcome.error:
            response_headers["x-amz-function-error"] = outcome.error
        response_headers["x-amzn-RequestId"] = called.id
        response_headers["x-amz-log-result"] = base64.b64encode(called.tail.encode()).decode()
        if len(outcome.payload) > _MOST_ANSWERED_BYTES:
            response_headers["x-amz-function-error"] = "Unhandled"
            message = f"Response payload size exceeded maximum allowed payload size ({_MOST_ANSWERED_BYTES} bytes)."
            return json.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}).encode()
        return outcome.payload

    return invoke


def _answer(self: Any) -> tuple[int, dict[str, str], bytes]:
    """Answers `Invoke`."""
    name = unquote(self.path.rsplit("/", 2)[-2])
    kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    function = self.backend.get_function(name, self._get_param("Qualifier") or self._get_param("qualifier"))
    body = self.body.encode() if isinstance(self.body, str) else bytes(self.body or b"")
    _check(function, kind, body)
    headers: dict[str, str] = {"content-type": "application/json", "X-Amz-Executed-Version": "$LATEST"}
    status = {"DryRun": 204, "Event": 202}.get(kind, 200)
    headers["status"] = str(status)  # where moto looks for it
    if kind == "DryRun":
        return status, headers, b""
    try:
        payload = function.invoke(body, self.headers, headers)
    except NotRunError as error:
        # AWS has this error for a runtime that it does not know.
        raise LambdaClientError("InvalidRuntimeException", str(error)) from error
    if self.headers.get("X-Amz-Log-Type") != "Tail":
        headers.pop("x-amz-log-result", None)
    headers["Content-Length"] = str(len(payload))
    return status, headers, payload


def _check(function: Any, kind: str, body: bytes) -> None:
    most = _MOST_ASYNCHRONOUS_BYTES if kind == "Event" else _MOST_BYTES
    if len(body) > most:
        msg = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        raise TooLargeError("RequestTooLargeException", msg)
    if body:
        try:
            json.loads(body)
        except ValueError as error:
            msg = f"Could not parse request body into json: {error}"
            raise LambdaClientError("InvalidRequestContentException", msg) from error
    if function.reserved_concurrency is not None and int(function.reserved_concurrency) == 0:
        raise ThrottledError("TooManyRequestsException", "Rate Exceeded.")


def _log(function: Function, called: Called) -> None:
    """Puts what a function wrote into its log group."""
    backend = logs_backends[function.account][function.region]
    backend.ensure_log_group(function.log_group)
    stream = called.stream
    if stream not in backend.groups[function.log_group].streams:
        backend.create_log_stream(function.log_group, stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line} for line in called.log.splitlines() if line]
    backend.put_log_events(function.log_group, stream, events)


def _kept(deployed: Any, name: str) -> Mapping[str, Any]:
    """What a repair of the emulator keeps of a function."""
    found: Mapping[str, Any] = getattr(deployed, "kept", {}).get(name) or {}
    return found


def _log_format(deployed: Any) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html."""
    stated = _kept(deployed, "LoggingConfig")
    if stated.get("LogFormat") != "JSON":
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": str(stated.get("ApplicationLogLevel", "INFO"))}


def _retries(deployed: Any) -> Mapping[str, Any]:
    """How often a function is called again, and whom it tells."""
    found = [one for one in deployed.event_invoke_config if one.arn in (deployed.function_arn, f"{deployed.function_arn}:$LATEST")]
    config: Mapping[str, Any] = found[-1].config if found else {}
    return config


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])
