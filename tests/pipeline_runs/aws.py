"""The services that a state machine calls, as Step Functions calls them, answered by moto in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import boto3

from lakecheck.rehearsal.executions.services import EmulatedServices, prepared
from lakecheck.rehearsal.states import ServiceError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

REGION = "eu-west-1"


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
        if service not in self._clients:
            self._clients[service] = self._session.client(service)  # type: ignore[call-overload]
        return self._clients[service]


class Aws(EmulatedServices):
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
        super().__init__(clients)
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
            return self._modelled(arguments)
        if action == "startExecution":
            self.started.append({"name": arguments["Name"], "input": arguments["Input"]})
            return {}
        answer = super().call(service, action, arguments, sync=sync)
        self._note(action, prepared(service, action, arguments))
        return answer

    def _note(self, action: str, sent: dict[str, Any]) -> None:
        if action == "putEvents":
            self.events += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in sent["Entries"]]
        elif action == "publish":
            self.notices.append({"Subject": sent.get("Subject"), **json.loads(sent["Message"])})
        elif action == "putMetricData":
            self.metrics += sent["MetricData"]

    def _modelled(self, arguments: dict[str, Any]) -> Generator[float, None, Any]:
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
