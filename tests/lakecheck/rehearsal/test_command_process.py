"""`lakecheck rehearse` as a process of its own, however it is ended and wherever it runs; with another CLI where not said otherwise."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import lakecheck
from lakecheck.rehearsal.deployment import toolkit
from tests.lakecheck.rehearsal.assemblies import BOOTSTRAP, assembly, script

if TYPE_CHECKING:
    from collections.abc import Iterator


_STARTED = """
import sys
from lakecheck.rehearsal import requirements
from lakecheck.rehearsal.deployment import toolkit
requirements.find_cli = toolkit.find_cli = lambda: sys.argv[1]
from lakecheck.cli import main
sys.exit(main(sys.argv[2:]))
"""


@contextmanager
def started(tmp_path: Path, cli: str, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """The command, with a TMPDIR of its own, by which everything that it started is known."""
    temporary = tmp_path / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(lakecheck.__file__).parents[1]), **more}
    with subprocess.Popen(
        [sys.executable, "-c", _STARTED, cli, "rehearse", *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def left(tmp_path: Path, seconds: float = 12) -> list[str]:
    """Processes and folders that a command left, once it has had some seconds to clear up; Linux alone tells of others' surroundings."""
    sought = f"TMPDIR={tmp_path}".encode()
    deadline = time.monotonic() + seconds
    while True:
        found = [str(one) for one in (tmp_path / "tmp").iterdir()]
        for one in Path("/proc").glob("[0-9]*"):
            try:
                if sought in (one / "environ").read_bytes():
                    found.append((one / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def hanging(tmp_path: Path) -> str:
    """A CLI that says when it deploys, and never ends."""
    (tmp_path / "bootstrap.json").write_text(json.dumps(BOOTSTRAP))
    text = f"""
case "$1" in
  --version) echo 2.1148.1;;
  bootstrap) cat '{tmp_path}/bootstrap.json';;
  *) echo 'Stack |  1/2 | x'; sleep 600 & wait;;
esac"""
    return script(tmp_path / "cdk", text)


def await_line(running: subprocess.Popen[str], text: str, seconds: float = 90) -> str:
    told = ""
    late = threading.Timer(seconds, running.kill)
    late.start()
    try:
        for line in running.stderr or ():
            told += line
            if text in line:
                return told
    finally:
        late.cancel()
    pytest.fail(f"{text!r} was never told: {told}")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.full),
        (signal.SIGKILL, -9),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.full),
    ],
)
def test_however_the_command_is_ended_nothing_of_it_stays(tmp_path: Path, number: signal.Signals, code: int):
    assembly(tmp_path / "cdk.out")
    with started(tmp_path, hanging(tmp_path), "--folder", "work") as running:
        await_line(running, "2/10 Deploy")
        time.sleep(0.2)
        assert len(left(tmp_path, 0)) > 3
        running.send_signal(number)
        assert running.wait(20) == code
        assert left(tmp_path) == []
        assert "Traceback" not in (running.stderr.read() if running.stderr else "")
    assert (tmp_path / "work" / "emulator.log").is_file()


HOSTILE = {
    "LC_ALL": "C",
    "AWS_PROFILE": "mine",
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_ENDPOINT_URL_S3": "http://10.255.255.1:1",
    "HTTP_PROXY": "http://10.255.255.1:1",
    "http_proxy": "http://10.255.255.1:1",
    "HTTPS_PROXY": "http://10.255.255.1:1",
    "NODE_OPTIONS": "--nothing-that-node-knows",
}


@pytest.mark.full
def test_surroundings_of_any_kind_change_nothing_and_stdout_is_json(tmp_path: Path):
    """With the real CLI: no network, proxies that lead nowhere, somebody's AWS and CDK settings, spaces and umlauts in every path."""
    home = tmp_path / "wörk räum"
    (home / "tmp").mkdir(parents=True)
    (home / ".cdk.json").write_text('{"profile": "mine"}')
    assembly(home / "it's cdk.out")
    can = subprocess.run(["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode == 0
    alone = ["unshare", "-rn", "sh", "-c", 'ip link set lo up; exec "$0" "$@"'] if can else []
    reports = ["--json", "-", "--html", "page.html"]
    command = [*alone, sys.executable, "-m", "lakecheck", "rehearse", "it's cdk.out", "--folder", "logs", *reports]
    own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONPATH": str(Path(lakecheck.__file__).parents[1])}
    done = subprocess.run(command, cwd=home, env={**os.environ, **HOSTILE, **own}, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    jsonschema.validate(told, json.loads((Path(lakecheck.__file__).parent / "report" / "rehearsal.schema.json").read_text()))
    assert {one["name"]: one["outcome"] for one in told["steps"]}["destroy"] == "passed"
    assert "9/10 Deploy once more" in done.stderr
    assert left(home, 5) == []
    assert (home / "page.html").is_file()


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_of_a_command_that_is_ended_while_it_is_kept(tmp_path: Path, number: signal.Signals):
    assembly(tmp_path / "cdk.out")
    with started(tmp_path, toolkit.find_cli(), "--keep") as running:
        await_line(running, "then, for example")
        running.send_signal(number)
        assert running.wait(20) == (0 if number is signal.SIGINT else -9)
        assert left(tmp_path) == []


@pytest.mark.full
def test_nothing_stays_when_nobody_reads_the_report(tmp_path: Path):
    assembly(tmp_path / "cdk.out")
    with started(tmp_path, toolkit.find_cli()) as running:
        assert running.stdout is not None
        running.stdout.close()
        await_line(running, "10/10")
        assert running.wait(60) == 141
        assert left(tmp_path) == []
