"""State machines of the emulator, executed by this project's interpreter: a thread for each execution, and a clock of its own.

Waits and delays pass at once, unless a job of the same account runs: then they pass when one has ended, or in their own time if that is
sooner. So who comes back later for a job that is taken, or looks again and again for its end, does not run out of attempts at once. What
an execution waits for in the emulator (a job run, another execution) passes as long as it takes. What moto keeps of an execution stays
moto's (`RehearsedExecution` is one of its executions), so that its plain API tells of it.
"""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult
from moto.stepfunctions import exceptions, models, responses

from lakecheck.rehearsal.executions import jobs
from lakecheck.rehearsal.executions.history import History, states_of
from lakecheck.rehearsal.executions.runtime import LOG, current
from lakecheck.rehearsal.executions.services import LONGEST_PAUSE, EmulatedServices
from lakecheck.rehearsal.states import DefinitionError, Execution, Failed, VirtualClock, start

if TYPE_CHECKING:
    from collections.abc import Callable

RUNNING: Final = "RUNNING"
_DELETING: Final = models.StepFunctionBackend.delete_state_machine
_ENDED_BY_EMULATOR: Final = "the emulator ended while this was running"


class RehearsedExecution(models.Execution):  # type: ignore[misc] # moto is not typed
    """An execution as the emulator keeps it: plain values alone, so that it can be stored with everything else.

    Attributes:
        role: The state machine's role when it was started.
        definition: The state machine's definition when it was started.
        events: Its history.
        redrives: How often it was redriven.
    """

    def __init__(self, machine: Any, name: str, given: str, *, arn: str, region: str, account: str) -> None:
        super().__init__(
            region_name=region,
            account_id=account,
            state_machine_name=machine.name,
            execution_name=name,
            state_machine_arn=arn,
            execution_input=given,
        )
        self.status = RUNNING
        self.stop_date: dt.datetime | None = None
        self.role = str(machine.roleArn)
        self.definition = str(machine.definition)
        self.events: list[dict[str, Any]] = []
        self.redrives = 0

    def get_execution_history(self, roleArn: str) -> list[dict[str, Any]]:  # noqa: N803 - the name is moto's
        """Its history."""
        del roleArn
        return self.events

    def end(self, status: str, seconds: float, *, output: str | None = None, error: str | None = None, cause: str | None = None) -> None:
        """It has ended, unless it had before."""
        if self.status != RUNNING:
            return
        self.output, self.error, self.cause = output, error, cause
        self.output_details = {"included": True} if output is not None else None
        self.stop_date = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
        History({}, self.events).ended(status, seconds, output=output, error=error, cause=cause)
        self.status = status


class Run:
    """Drives one execution.

    Args:
        kept: What the emulator keeps of it.
    """

    def __init__(self, kept: RehearsedExecution) -> None:
        self.kept = kept
        self.clock = VirtualClock(time.time())
        self.execution: Execution | None = None
        self._history = History({}, kept.events)

    def begin(self) -> None:
        """Reads the definition; one that nobody executes fails it, and nothing of it is done."""
        kept = self.kept
        self._history.began(kept.execution_input, kept.role, self.clock.seconds)
        try:
            definition = json.loads(kept.definition)
            services = EmulatedServices(current().acting(kept.role, kept.region_name))
            given = json.loads(kept.execution_input)
            seed = uuid.uuid4().int
            machine = kept.state_machine_arn
            self.execution = start(definition, given, services, clock=self.clock, name=kept.name, machine_arn=machine, seed=seed)
            self._history = History(states_of(definition), kept.events)
        except (DefinitionError, ValueError, Failed) as error:
            kept.end("FAILED", self.clock.seconds, error="States.Runtime", cause=f"not rehearsed: {error}")

    def drive(self) -> None:
        """Goes on to the end, or until it is stopped."""
        if self.execution is None:
            return
        try:
            while (event := self.execution.step()) is not None:
                self._history.tell(event)
                if self.kept.status != RUNNING:
                    self.execution.abort()
                    return
                self._wait()
        except Exception as error:  # noqa: BLE001 - whatever it is, an execution that has no thread must not say that it runs
            LOG.exception("execution %s", self.kept.execution_arn)
            self.kept.end("FAILED", self.clock.seconds, error="States.Runtime", cause=f"the rehearsal's own error: {error!r}")
            return
        done = self.execution
        output = json.dumps(done.output) if done.status == "SUCCEEDED" else None
        self.kept.end(done.status, self.clock.seconds, output=output, error=done.error, cause=done.cause or None)

    def _wait(self) -> None:
        """Lets jobs work while the execution waits; a wait for a job itself has passed already."""
        until = None if self.execution is None else self.execution.waiting_until
        if until is None or (seconds := until - self.clock.seconds) <= LONGEST_PAUSE:
            return
        kept = self.kept
        jobs.await_end(seconds, account=kept.account_id, region=kept.region_name, unless=lambda: kept.status != RUNNING)

    def redrive(self) -> None:
        """Begins again where it ended.

        Raises:
            ValueError: If it cannot.
        """
        if self.execution is None:
            message = "it never began"
            raise ValueError(message)
        self.execution.redrive()
        self.clock.advance_to(time.time())
        self.kept.redrives += 1
        self.kept.status, self.kept.error, self.kept.cause, self.kept.stop_date = RUNNING, None, None, None


def install() -> None:
    """Lets moto's Step Functions execute."""
    backend: Any = models.StepFunctionBackend
    backend.start_execution = _start_execution
    backend.stop_execution = _stop_execution
    backend.delete_state_machine = _deleting(_DELETING)
    response: Any = responses.StepFunctionResponse
    response.start_sync_execution = _start_sync_execution  # moto has none
    response.redrive_execution = _redrive_execution  # moto has none
    response.stop_execution = _answer_stop
    response.describe_execution = _describe_execution
    response.list_executions = _list_executions
    response.get_execution_history = _get_execution_history


def take_over(lost: dict[str, Any]) -> None:
    """Keeps what another process drove before this one was restored from its memory, so that it can be redriven."""
    for arn, run in lost.items():
        if run.execution is not None:
            run.execution.lose(EmulatedServices(current().acting(run.kept.role, run.kept.region_name)))
            current().lost[arn] = run


def abort_running() -> int:
    """Ends every execution that says that it is running and that no thread drives: the process was restored from a checkpoint.

    Returns:
        How many there were.
    """
    live = current().live
    lost = [one for one in kept_executions() if one.status == RUNNING and one.execution_arn not in live]
    for one in lost:
        one.end("ABORTED", time.time(), cause=_ENDED_BY_EMULATOR)
    return len(lost)


def kept_executions() -> list[RehearsedExecution]:
    """All executions of all state machines, in the order in which they were started."""
    backends = [backend for regions in list(models.stepfunctions_backends.values()) for backend in list(regions.values())]
    found = [one for backend in backends for machine in backend.state_machines for one in machine.executions]
    return sorted((one for one in found if isinstance(one, RehearsedExecution)), key=lambda one: one.start_date)


def _started(backend: Any, arn: str, name: str | None, given: str) -> RehearsedExecution:
    """A new execution, or the one that runs already under this name with this input."""
    machine, version = _machine(backend, arn)
    if name:
        backend._validate_name(name)  # noqa: SLF001 - what moto's own start asks
    machine._validate_execution_input(given)  # noqa: SLF001
    own = name or str(uuid.uuid4())  # moto's are drawn from a seed, so two processes draw the same
    for one in machine.executions:
        if one.name != own:
            continue
        if one.status == RUNNING and one.execution_input == given:
            return one  # type: ignore[no-any-return]
        message = f"Execution Already Exists: '{one.execution_arn}'"
        raise exceptions.ExecutionAlreadyExists(message)
    kept = RehearsedExecution(version, own, given, arn=machine.arn, region=backend.region_name, account=backend.account_id)
    machine.executions.append(kept)
    return kept


def _machine(backend: Any, arn: str) -> tuple[Any, Any]:
    """The state machine that executions are kept with, and the version of it that is executed: the ARN may be a version's or an alias's."""
    parts = arn.split(":")
    if len(parts) == 8 and not parts[-1].isnumeric():  # noqa: PLR2004 - an ARN and one part more
        arn = backend.describe_state_machine_alias(arn).routing_configuration[0]["stateMachineVersionArn"]
    version = backend.describe_state_machine(arn)
    return backend.describe_state_machine(getattr(version, "source_arn", version.arn)), version


def _start_execution(self: Any, state_machine_arn: str, name: str | None, execution_input: str) -> RehearsedExecution:
    kept = _started(self, state_machine_arn, name, execution_input)
    if kept.execution_arn not in current().live:
        run = Run(kept)
        current().live[kept.execution_arn] = run
        run.begin()
        current().work.start("execution", run.drive)
    return kept


def _stop_execution(self: Any, execution_arn: str, error: str | None = None, cause: str | None = None) -> RehearsedExecution:
    kept = self.describe_execution(execution_arn)
    run = current().live.get(execution_arn)
    kept.end("ABORTED", run.clock.seconds if run else time.time(), error=error, cause=cause)
    return kept  # type: ignore[no-any-return]


def _deleting(original: Callable[..., None]) -> Callable[..., None]:
    def delete_state_machine(self: Any, arn: str) -> None:
        """Executions end with their state machine. https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html."""
        for machine in self.state_machines:
            if machine.arn == arn:
                for one in machine.executions:
                    _stop_execution(self, one.execution_arn)
        original(self, arn)

    return delete_state_machine


def _answer_stop(self: Any) -> ActionResult:
    kept = self.stepfunction_backend.stop_execution(self._get_param("executionArn"), self._get_param("error"), self._get_param("cause"))
    return ActionResult({"stopDate": kept.stop_date})


def _describe_execution(self: Any) -> ActionResult:
    """As moto's, which tells no end of an execution that timed out, and neither redrives nor details of the input."""
    kept = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    told = {
        "executionArn": kept.execution_arn,
        "stateMachineArn": kept.state_machine_arn,
        "name": kept.name,
        "status": kept.status,
        "startDate": kept.start_date,
        "stopDate": kept.stop_date,
        "input": kept.execution_input,
        "inputDetails": {"included": True},
        "output": kept.output,
        "outputDetails": kept.output_details,
        "error": kept.error,
        "cause": kept.cause,
        "redriveCount": kept.redrives,
    }
    return ActionResult({name: value for name, value in told.items() if value is not None})


def _list_executions(self: Any) -> ActionResult:
    arn, status = self._get_param("stateMachineArn"), self._get_param("statusFilter")
    most, token = self._get_int_param("maxResults"), self._get_param("nextToken")
    found, token = self.stepfunction_backend.list_executions(arn, status_filter=status, max_results=most, next_token=token)
    listed = [
        {
            "executionArn": one.execution_arn,
            "stateMachineArn": one.state_machine_arn,
            "name": one.name,
            "status": one.status,
            "startDate": one.start_date,
            **({} if one.stop_date is None else {"stopDate": one.stop_date}),
        }
        for one in found
    ]
    return ActionResult({"executions": listed, "nextToken": token})


def _get_execution_history(self: Any) -> ActionResult:
    """As moto's, which takes neither `reverseOrder` nor a page's size."""
    events = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))["events"]
    ordered = list(reversed(events)) if self._get_param("reverseOrder") else list(events)
    first, most = int(self._get_param("nextToken") or 0), self._get_int_param("maxResults") or 100
    told: dict[str, Any] = {"events": ordered[first : first + most]}
    if first + most < len(ordered):
        told["nextToken"] = str(first + most)
    return ActionResult(told)


def _start_sync_execution(self: Any) -> ActionResult:
    """An Express workflow, to its end; it is in no list. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html."""
    backend = self.stepfunction_backend
    machine, version = _machine(backend, self._get_param("stateMachineArn"))
    if machine.type != "EXPRESS":
        message = f"This operation is not supported by this type of state machine: '{machine.arn}' is {machine.type}"
        raise StateMachineTypeNotSupported(message)
    given = self._get_param("input", if_none="{}")
    machine._validate_execution_input(given)  # noqa: SLF001 - what moto's own start asks
    name = self._get_param("name") or str(uuid.uuid4())
    kept = RehearsedExecution(version, name, given, arn=machine.arn, region=backend.region_name, account=backend.account_id)
    arn = f"{kept.execution_arn.replace(':execution:', ':express:')}:{uuid.uuid4()}"
    run = Run(kept)
    with current().work.busy("execution"):
        run.begin()
        run.drive()
    told = {
        "executionArn": arn,
        "stateMachineArn": machine.arn,
        "name": name,
        "status": kept.status,
        "startDate": kept.start_date,
        "stopDate": kept.stop_date,
        "input": given,
        "inputDetails": {"included": True},
        "output": kept.output,
        "outputDetails": kept.output_details,
        "error": kept.error,
        "cause": kept.cause,
    }
    return ActionResult({key: value for key, value in told.items() if value is not None})


def _redrive_execution(self: Any) -> ActionResult:
    arn = self._get_param("executionArn")
    self.stepfunction_backend.describe_execution(arn)
    run = current().live.get(arn) or current().lost.get(arn)
    if run is None:
        message = f"Execution is not redrivable: '{arn}' was started before the emulator was"
        raise ExecutionNotRedrivable(message)
    try:
        run.redrive()
    except ValueError as error:
        message = f"Execution is not redrivable: {error}"
        raise ExecutionNotRedrivable(message) from error
    current().live[arn] = run
    current().work.start("execution", run.drive)
    return ActionResult({"redriveDate": dt.datetime.now(dt.UTC)})


class StateMachineTypeNotSupported(exceptions.AWSError):  # type: ignore[misc] # moto is not typed
    """A call that this type of state machine does not have."""

    TYPE = "StateMachineTypeNotSupported"
    STATUS = 400


class ExecutionNotRedrivable(exceptions.AWSError):  # type: ignore[misc] # moto is not typed
    """An execution that cannot begin again."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400
