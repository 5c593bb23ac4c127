"""The program of a job run: fetched from the emulated S3, started with the role's credentials, and ended with the emulator.

Programs that use Spark take turns in one Java, see `spark.warm`: starting one for each would cost more than all else of a rehearsal.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.executions.runtime import current, role_of
from lakecheck.rehearsal.spark import runner
from lakecheck.rehearsal.spark.configuration import buckets_in, configure, spark_settings
from lakecheck.rehearsal.spark.guard import Guard
from lakecheck.rehearsal.spark.webhdfs import serve
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from lakecheck.rehearsal.executions.jobs import JobRun

_MODULES: Final = "--additional-python-modules"
_NOISE: Final = re.compile(r"Setting default log level|To adjust logging level|(\d\d/\d\d/\d\d \d\d:\d\d:\d\d )?(INFO|WARN) ")
_SECONDS_PER_MINUTE: Final = 60
_TURN_SECONDS: Final = 120.0
"""How long a program waits for others before it has a Java of its own: one that starts another and waits for it must not wait for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """How a run ended."""

    status: str
    error: str = ""
    log: str = ""
    seconds: float = 0.0


def run(job: Any, kept: JobRun, *, stopped: Callable[[], bool], began: Callable[[], None]) -> End:
    """Runs a job's program to its end.

    Args:
        job: The job, as the emulator keeps it.
        kept: The run.
        stopped: Whether it was stopped meanwhile; asked several times a second.
        began: Called when the program starts.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsed-job-", ignore_cleanup_errors=True) as folder:
        return _ran(job, kept, Path(folder), stopped=stopped, began=began)


def _ran(job: Any, kept: JobRun, folder: Path, *, stopped: Callable[[], bool], began: Callable[[], None]) -> End:
    started = time.monotonic()
    try:
        account, role = _role(job)
        s3 = current().clients("s3", account=account, region=job.backend.region_name, role=role)
        script = _fetched(s3, job.command["ScriptLocation"], folder / "script")
        packages = [_fetched(s3, one, folder / "packages") for one in _listed(kept.arguments.get("--extra-py-files", ""))]
        if stopped():
            return End(status="STOPPED")
        began()
        with _guarded(stopped, folder) as guard:
            end = _started(job, kept, s3, script, packages, folder, guard, stopped)
    except DataLakeError as error:
        status = "TIMEOUT" if error.code == "job_timeout" else "FAILED"
        return End(status=status, error=str(error), seconds=time.monotonic() - started)
    log = _log(kept, end)
    if stopped():
        return End(status="STOPPED", log=log, seconds=end.seconds)
    if end.exit_code == 0:
        return End(status="SUCCEEDED", log=log, seconds=end.seconds)
    return End(status="FAILED", error=f"{_last_line(end)}; exit code {end.exit_code}", log=log, seconds=end.seconds)


def _started(
    job: Any,
    kept: JobRun,
    s3: Any,
    script: Path,
    packages: Sequence[Path],
    folder: Path,
    guard: Callable[[Any], None],
    stopped: Callable[[], bool],
) -> runner.JobEnd:
    credentials = current().clients.credentials(*_role(job))
    environment = credentials.environment(current().endpoint, job.backend.region_name)
    arguments = [part for name, value in _all_arguments(job, kept).items() for part in ((name, value) if value else (name,))]
    timeout = float(kept.settings["Timeout"]) * _SECONDS_PER_MINUTE

    def start(more: dict[str, str]) -> runner.JobEnd:
        return runner.run_job(
            script,
            arguments,
            extra_py_files=packages,
            environment={**environment, **more},
            folder=folder / "work",
            timeout=timeout,
            started=guard,
        )

    if job.command["Name"] != "glueetl":
        return start({})
    with serve(s3) as port:
        settings = _spark(port, arguments)
        with current().spark.lend(settings, environment, packages, folder / "work", patience=_TURN_SECONDS, unless=stopped) as lent:
            return start(lent if lent is not None else configure(settings, folder / "spark"))


def _spark(port: int, arguments: Sequence[str]) -> dict[str, str]:
    """Spark's settings for all buckets of the emulator; of those alone that the arguments name, where Hadoop cannot tell all apart."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - an extra brings it

    found = {name for regions in list(s3_backends.values()) for backend in list(regions.values()) for name in list(backend.buckets)}
    try:
        return spark_settings(port, sorted(found))
    except DataLakeError:
        return spark_settings(port, sorted(buckets_in(arguments)))


def _all_arguments(job: Any, kept: JobRun) -> dict[str, str]:
    """The run's arguments and those that Glue adds."""
    return {**kept.arguments, "--JOB_NAME": str(job.name), "--JOB_RUN_ID": kept.job_run_id}


def _role(job: Any) -> tuple[str, str]:
    """Account and name of a job's role, which a job may name with or without its ARN."""
    role = str(job.role)
    return role_of(role) if role.startswith("arn:") else (str(job.backend.account_id), role)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _fetched(s3: Any, address: str, folder: Path) -> Path:
    """An object as a file of its own name.

    Raises:
        DataLakeError: `job_file` if it is not there.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    bucket, _, key = address.removeprefix("s3://").partition("/")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / key.rpartition("/")[2]
    try:
        s3.download_file(bucket, key, str(target))
    except ClientError as error:
        message = f"got {address}, which cannot be read ({error}); expected the address of an object"
        raise DataLakeError(message, code="job_file") from error
    return target


def _log(kept: JobRun, end: runner.JobEnd) -> str:
    modules = kept.arguments.get(_MODULES)
    note = f"{_MODULES} {modules}: not installed, the rehearsal's own packages are used\n" if modules else ""
    return f"{note}{end.output}\n{end.tail}".strip()


def _last_line(end: runner.JobEnd) -> str:
    """What there is to say of a failure: the last that the program complained of, or else printed; Spark's start says nothing."""
    lines = [line.strip() for text in (end.tail, end.output) for line in reversed(text.splitlines()) if line.strip()]
    return next((line for line in lines if not _NOISE.match(line)), "the program said nothing")


@contextlib.contextmanager
def _guarded(stopped: Callable[[], bool], folder: Path) -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Yields what to call with a program's process: it ends when it is stopped, and with this process, and then its folder is gone."""
    over = threading.Event()
    guards: list[Guard] = []

    def watch(process: subprocess.Popen[bytes]) -> None:
        while not over.wait(0.2):
            if stopped():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                return

    def guard(process: subprocess.Popen[bytes]) -> None:
        guards.append(Guard(process.pid, folder))
        threading.Thread(target=watch, args=(process,), name="job-watch", daemon=True).start()

    try:
        yield guard
    finally:
        over.set()
        for one in guards:
            one.dismiss()
