"""Glue jobs of the emulator, run for real: StartJobRun starts a process, and what moto tells of the run is what became of it.

What a run is given is what Glue gives it: default arguments, over them the run's, over these what cannot be overridden; the role's
credentials; the packages of `--extra-py-files`. https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html

Not as in Glue: the Python and the packages are those of the rehearsal, whatever `GlueVersion` and `--additional-python-modules` say (the
run's log names them); there is no `awsglue`; workers are this machine; nobody counts DPU seconds. Programs in Python alone are run.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult
from moto.glue import exceptions, models, responses

from lakecheck.rehearsal.executions import programs
from lakecheck.rehearsal.executions.runtime import LOG, current

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS: Final = ("glueetl", "pythonshell")
"""The kinds of jobs that are run."""
WAITING, STARTING, RUNNING = "WAITING", "STARTING", "RUNNING"
GOING_ON: Final = (WAITING, STARTING, RUNNING)
_TAKES_PLACE: Final = (STARTING, RUNNING)
_DEFAULT_MINUTES: Final = 480
_POLL_SECONDS: Final = 0.2
_UNITS: Final = {"G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0, "G.12X": 12.0, "G.16X": 16.0, "Standard": 1.0}
"""DPUs of a worker: https://docs.aws.amazon.com/glue/latest/dg/worker-types.html."""
_LOST: Final = "the emulator ended while this was running"


class JobRun:
    """A run as the emulator keeps it: plain values alone, so that it can be stored with everything else.

    Attributes:
        job_run_id: Its id.
        job_name: Its job's name.
        arguments: The merged arguments.
        status: One of Glue's.
        log: The last lines of what the program printed and complained of.
    """

    def __init__(self, job: Any, arguments: dict[str, str], settings: dict[str, Any], *, attempt: int = 0, previous: str = "") -> None:
        self.job_run_id = f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}"
        self.job_name = str(job.name)
        self.arguments = arguments
        self.settings = settings
        self.attempt = attempt
        self.previous = previous
        self.status = STARTING
        self.started_on = dt.datetime.now(dt.UTC)
        self.completed_on: dt.datetime | None = None
        self.execution_seconds = 0
        self.error = ""
        self.log = ""

    def as_dict(self) -> dict[str, Any]:
        """The run, as GetJobRun tells it."""
        told = {
            "Id": self.job_run_id,
            "Attempt": self.attempt,
            "JobName": self.job_name,
            "StartedOn": self.started_on,
            "LastModifiedOn": self.completed_on or self.started_on,
            "JobRunState": self.status,
            "Arguments": self.arguments,
            "PredecessorRuns": [],
            "ExecutionTime": self.execution_seconds,
            "LogGroupName": "/aws-glue/jobs",
            **self.settings,
        }
        more = {"CompletedOn": self.completed_on, "ErrorMessage": self.error or None, "PreviousRunId": self.previous or None}
        return {name: value for name, value in {**told, **more}.items() if value is not None}

    def end(self, status: str, *, error: str = "", log: str = "", seconds: float = 0.0) -> None:
        """It has ended, unless it had before."""
        with current().changed:
            if self.status in GOING_ON:
                self.error, self.log, self.execution_seconds = error, log, int(seconds)
                self.completed_on = dt.datetime.now(dt.UTC)
                self.status = status
            current().changed.notify_all()


def install() -> None:
    """Lets moto's Glue run jobs."""
    job: Any = models.FakeJob
    job.start_job_run = _start_job_run
    job.get_job_run = _get_job_run
    job.get_job_runs = _get_job_runs
    response: Any = responses.GlueResponse
    response.start_job_run = _answer_start
    response.batch_stop_job_run = _batch_stop_job_run  # moto has none


def kept_runs() -> list[tuple[Any, JobRun]]:
    """All runs of all jobs with their jobs, in the order in which they were started."""
    backends = [backend for regions in list(models.glue_backends.values()) for backend in list(regions.values())]
    found = [(job, run) for backend in backends for job in list(backend.jobs.values()) for run in job.job_runs if isinstance(run, JobRun)]
    return sorted(found, key=lambda one: one[1].started_on)


def await_end(seconds: float, *, account: str, region: str, unless: Callable[[], bool]) -> None:
    """Returns when one of the runs that go on has ended; at once when none does.

    Args:
        seconds: It never takes longer.
        account: Whose runs.
        region: Whose runs.
        unless: Asked several times a second; ends the wait.
    """
    until = time.monotonic() + seconds
    with current().changed:
        place = (account, region)
        going = [run for job, run in kept_runs() if run.status in GOING_ON and (job.backend.account_id, job.backend.region_name) == place]
        while going and all(run.status in GOING_ON for run in going) and not unless() and (left := until - time.monotonic()) > 0:
            current().changed.wait(min(left, _POLL_SECONDS))


def fail_running() -> int:
    """Ends every run that says that it goes on and that no process does: the emulator was restored from a checkpoint.

    Returns:
        How many there were.
    """
    lost = [run for _, run in kept_runs() if run.status in GOING_ON and run.job_run_id not in current().jobs]
    for run in lost:
        run.end("FAILED", error=_LOST)
    return len(lost)


def _answer_start(self: Any) -> ActionResult:
    """As moto's, which passes on neither whether runs are queued nor the execution class."""
    names = {
        "AllocatedCapacity": self._get_int_param("AllocatedCapacity"),
        "MaxCapacity": self._get_float_param("MaxCapacity"),
        "Timeout": self._get_int_param("Timeout"),
        "WorkerType": self._get_param("WorkerType"),
        "NumberOfWorkers": self._get_int_param("NumberOfWorkers"),
        "SecurityConfiguration": self._get_param("SecurityConfiguration"),
        "NotificationProperty": self._get_param("NotificationProperty"),
        "ExecutionClass": self._get_param("ExecutionClass"),
    }
    if names["AllocatedCapacity"] and names["MaxCapacity"]:
        raise exceptions.InvalidInputException("StartJobRun", "Please set only Allocated Capacity or Max Capacity")
    job = self.glue_backend.get_job(self._get_param("JobName"))
    queued = self._get_param("JobRunQueuingEnabled")
    run = job.start_job_run(self._get_param("Arguments"), names, queued=queued, previous=self._get_param("JobRunId") or "")
    return ActionResult({"JobRunId": run.job_run_id})


def _start_job_run(
    self: Any, arguments: dict[str, str] | None, given: dict[str, Any], *, queued: bool | None, previous: str = ""
) -> JobRun:
    _require_program(self)
    merged = {**(self.default_arguments or {}), **(arguments or {}), **(self.non_overridable_arguments or {})}
    run = JobRun(self, merged, _settings(self, given), previous=previous)
    may_wait = queued if queued is not None else bool(getattr(self, "job_run_queuing_enabled", False))
    with current().changed:
        if not _has_place(self):
            if not may_wait:
                message = f"Concurrent runs exceeded for {self.name}"
                raise exceptions.ConcurrentRunsExceededException(message)
            run.status = WAITING
        self.job_runs.append(run)
        current().jobs[run.job_run_id] = run
    current().work.start("job", lambda: _go(self, run))
    return run


def _require_program(job: Any) -> None:
    command, language = job.command.get("Name"), job.default_arguments.get("--job-language", "python")
    if command not in COMMANDS or language != "python":
        message = f"not rehearsed: {job.name} is a job of {command} in {language}; run here: {' and '.join(COMMANDS)} in python"
        raise exceptions.InvalidInputException("StartJobRun", message)


def _has_place(job: Any) -> bool:
    running = sum(run.status in _TAKES_PLACE for run in job.job_runs)
    return running < int((job.execution_property or {}).get("MaxConcurrentRuns", 1))


def _go(job: Any, run: JobRun) -> None:
    """Waits in the queue, runs, and tries again as often as the job says."""
    with current().changed:
        while run.status == WAITING:
            if _has_place(job):
                run.status = STARTING
            else:
                current().changed.wait()
    if run.status != STARTING:
        return
    try:
        end = programs.run(job, run, stopped=lambda: run.status not in GOING_ON, began=lambda: _began(run))
    except Exception as error:  # noqa: BLE001 - whatever it is, a run that has no process must not say that it runs
        LOG.exception("job run %s", run.job_run_id)
        end = programs.End(status="FAILED", error=f"the rehearsal's own error: {error!r}")
    run.end(end.status, error=end.error, log=end.log, seconds=end.seconds)
    if end.status == "FAILED" and run.attempt < int(job.max_retries or 0):
        again = JobRun(job, run.arguments, run.settings, attempt=run.attempt + 1, previous=run.job_run_id)
        with current().changed:
            job.job_runs.append(again)
            current().jobs[again.job_run_id] = again
        _go(job, again)


def _began(run: JobRun) -> None:
    with current().changed:
        if run.status == STARTING:
            run.status = RUNNING


def _settings(job: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a run has of its job, unless it was given otherwise."""
    own = {
        "Timeout": job.timeout or _DEFAULT_MINUTES,
        "WorkerType": job.worker_type,
        "NumberOfWorkers": job.number_of_workers,
        "SecurityConfiguration": job.security_configuration,
        "NotificationProperty": job.notification_property,
        "ExecutionClass": job.execution_class,
        "GlueVersion": job.glue_version,
        "MaxCapacity": job.max_capacity,
        "AllocatedCapacity": job.allocated_capacity,
    }
    merged = {**own, **{name: value for name, value in given.items() if value is not None}}
    if merged["WorkerType"] in _UNITS and merged["NumberOfWorkers"]:
        merged["MaxCapacity"] = _UNITS[merged["WorkerType"]] * merged["NumberOfWorkers"]
    return {name: value for name, value in merged.items() if value not in (None, {})}


def _get_job_run(self: Any, run_id: str) -> JobRun:
    for run in self.job_runs:
        if run.job_run_id == run_id:
            return run  # type: ignore[no-any-return]
    raise exceptions.JobRunNotFoundException(run_id)


def _get_job_runs(self: Any) -> list[JobRun]:
    """The newest first, as Glue lists them."""
    return list(reversed(self.job_runs))


def _batch_stop_job_run(self: Any) -> ActionResult:
    name = self._get_param("JobName")
    job = self.glue_backend.get_job(name)
    stopped, errors = [], []
    for run_id in self._get_param("JobRunIds"):
        run = next((one for one in job.job_runs if one.job_run_id == run_id), None)
        if run is None or run.status not in GOING_ON:
            code = "JobRunNotFoundException" if run is None else "InvalidJobRunStateException"
            why = {"ErrorCode": code, "ErrorMessage": f"job run {run_id} is {'not there' if run is None else run.status}"}
            errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": why})
            continue
        run.end("STOPPED")
        stopped.append({"JobName": name, "JobRunId": run_id})
    return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})
