"""The services that a state machine calls, as Step Functions calls them, answered by moto in this process."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from lakecheck.rehearsal.states import ServiceError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

REGION = "eu-west-1"
SDK = "aws-sdk:"
PREFIXES = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "sns": "SNS",
    "glue": "Glue",
    "s3": "S3",
    f"{SDK}s3": "S3",
    f"{SDK}dynamodb": "DynamoDb",
    f"{SDK}cloudwatch": "CloudWatch",
    f"{SDK}sns": "Sns",
    f"{SDK}eventbridge": "EventBridge",
    f"{SDK}glue": "Glue",
}
"""How error names begin: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html."""
GENERAL = {"S3": "S3Exception", "CloudWatch": "CloudWatchException"}
"""What an error without a name of its own is called."""
CLIENTS = {"eventbridge": "events"}


class JobFailed(Exception):  # noqa: N818 - what Glue says of it
    """A job run ended in FAILED."""


class Jobs(Protocol):
    """What runs jobs."""

    def run(self, arguments: Mapping[str, str]) -> Generator[float, None, None]:
        """Runs one to its end; yields the seconds until it goes on."""
        ...


class Clients:
    """boto3's clients, made once: making them costs more than calling them."""

    def __init__(self) -> None:
        self._session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)  # noqa: S106 - moto asks for some
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client of a service."""
        name = CLIENTS.get(service, service)
        if name not in self._clients:
            self._clients[name] = self._session.client(name)
        return self._clients[name]


class Aws:
    """Services of one account.

    Attributes:
        events: What was put on the bus, as (detail type, detail).
        notices: What was published to topics.
        metrics: What was sent to CloudWatch.
        started: The executions that were started, by name and input; nobody runs them.
        job_runs: The arguments of each job run that was started.
        concurrent_jobs: How many run at a time; more wait in the queue.
    """

    def __init__(self, clients: Clients, jobs: Jobs, *, concurrent_jobs: int = 1) -> None:
        self.clients = clients
        self.jobs = jobs
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.notices: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        self.started: list[dict[str, str]] = []
        self.job_runs: list[dict[str, str]] = []
        self.concurrent_jobs = concurrent_jobs
        self._running = 0

    def call(self, service: str, action: str, arguments: Any, *, sync: bool) -> Any:
        """One call of a task, see `lakecheck.rehearsal.states.Services`."""
        if (service, action) == ("glue", "startJobRun"):
            assert sync, "the state machine has to wait for the job"
            return self._job(arguments)
        if action == "startExecution":
            self.started.append({"name": arguments["Name"], "input": arguments["Input"]})
            return {}
        prepared = getattr(self, f"_{xform_name(action)}", lambda given: given)(arguments)
        try:
            answer = getattr(self.clients(service.removeprefix(SDK)), xform_name(action))(**prepared)
        except ClientError as error:
            raise ServiceError(self._name(service, error.response["Error"]["Code"]), error.response["Error"].get("Message", "")) from error
        except ParamValidationError as error:
            raise ServiceError("States.Runtime", str(error)) from error
        self._note(action, prepared, answer)
        return plain(answer)

    def _name(self, service: str, code: str) -> str:
        prefix = PREFIXES[service]
        if code.isdigit() or code in ("PreconditionFailed", "SlowDown", "AccessDenied"):
            code = GENERAL.get(prefix, code)
        return f"{prefix}.{code if code.endswith('Exception') else code + 'Exception'}"

    def _note(self, action: str, prepared: dict[str, Any], answer: dict[str, Any]) -> None:
        if action == "putEvents":
            if answer["FailedEntryCount"]:
                raise ServiceError("EventBridge.FailedEntry", json.dumps(answer["Entries"]))
            self.events += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in prepared["Entries"]]
        elif action == "publish":
            self.notices.append({"Subject": prepared.get("Subject"), **json.loads(prepared["Message"])})
        elif action == "putMetricData":
            self.metrics += prepared["MetricData"]

    def _put_events(self, given: dict[str, Any]) -> dict[str, Any]:
        """The optimized integration turns a detail into text."""
        return {"Entries": [{**entry, "Detail": _text(entry["Detail"])} for entry in given["Entries"]]}

    def _publish(self, given: dict[str, Any]) -> dict[str, Any]:
        return {**given, "Message": _text(given["Message"])}

    def _copy_object(self, given: dict[str, Any]) -> dict[str, Any]:
        """Step Functions sends the source as it is given: it has to be URL-encoded. boto3 would encode it once more."""
        source, _, version = given["CopySource"].partition("?versionId=")
        plain_source = unquote(source)
        if quote(plain_source, safe="/-_.~!*'()") != source:
            raise ServiceError("S3.S3Exception", f"the copy source {source} is not URL-encoded")
        bucket, _, key = plain_source.partition("/")
        return {**given, "CopySource": {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}}

    def _job(self, arguments: dict[str, Any]) -> Generator[float, None, Any]:
        """A job run: waits in the queue, runs, and comes back as a JobRun."""
        while self._running >= self.concurrent_jobs:
            yield 30
        self.job_runs.append(arguments["Arguments"])
        run = {"Id": f"jr_{len(self.job_runs)}", "JobName": arguments["JobName"], "ExecutionTime": 60, "MaxCapacity": 4.0}
        self._running += 1
        try:
            yield from self.jobs.run(arguments["Arguments"])
        except JobFailed as error:
            told = json.dumps({**run, "JobRunState": "FAILED", "ErrorMessage": str(error)})
            raise ServiceError("States.TaskFailed", told) from error
        finally:
            self._running -= 1
        return {**run, "JobRunState": "SUCCEEDED", "DPUSeconds": 240.0}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def plain(answer: Any) -> Any:
    """An answer of boto3's as Step Functions has it: JSON, bodies as text, no metadata."""
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items() if key != "ResponseMetadata"}
    if isinstance(answer, list):
        return [plain(value) for value in answer]
    if isinstance(answer, dt.datetime):
        return answer.timestamp()
    if hasattr(answer, "read"):
        return answer.read().decode()
    return answer
