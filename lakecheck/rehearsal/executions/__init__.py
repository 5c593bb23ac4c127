"""Runs state machines, jobs and the targets of events in the emulator, each as the deployed resources say.

`machines` executes state machines with this project's interpreter, `services` is what their tasks call, `jobs` and `programs` run jobs,
`events` and `targets` deliver. What there is to tell is kept in moto's own objects and told by moto's plain APIs; threads and processes
are in `runtime` and end with the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.clients import EmulatorClients


def install(clients: EmulatorClients, endpoint: str) -> None:
    """Lets the emulator of this process run what StartExecution, StartJobRun and events start.

    Args:
        clients: Makes clients of this emulator.
        endpoint: Where it answers.
    """
    from lakecheck.rehearsal.executions import events, jobs, machines, runtime  # noqa: PLC0415 - an extra brings the emulator

    before = runtime.known()
    runtime.set_current(runtime.Runtime(clients, endpoint))
    for part in (machines, jobs, events):
        part.install()
    if before is not None:
        machines.take_over({**before.lost, **before.live})


def abort_running() -> None:
    """Ends what says that it runs and that nothing drives: the state of this process was restored from a checkpoint.

    Executions are ABORTED, runs of jobs FAILED. Call it after `install`, once the state is there.
    """
    from lakecheck.rehearsal.executions import jobs, machines  # noqa: PLC0415

    machines.abort_running()
    jobs.fail_running()
