"""The emulator's process: what it listens on, what it is started with, what is said when it cannot start, and that nothing of it stays."""

from __future__ import annotations

import contextlib
import errno
import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.rehearsal.emulator import process as process_module
from lakecheck.rehearsal.emulator.clients import EmulatorClients
from lakecheck.rehearsal.emulator.process import Emulator, environment
from lakemodel.errors import DataLakeError
from tests.lakecheck.rehearsal.emulator.processes import are_gone, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A parent that has a checkpoint and a process below the serving one, tells them, and waits.
PARENT = """
import subprocess, sys, time
from pathlib import Path
from lakecheck.rehearsal.emulator.process import Emulator
from tests.lakecheck.rehearsal.emulator.processes import descends
with Emulator(folder=Path(sys.argv[1])) as emulator:
    emulator.checkpoint()
    if "restored" in sys.argv:
        emulator.kill()
        emulator.restore()
    print(*descends(emulator), flush=True)
    time.sleep(120)
"""


def code_of(emulator: Emulator) -> tuple[str, str]:
    """With which error it does not start."""
    with pytest.raises(DataLakeError) as caught:
        emulator.start()
    return caught.value.code, str(caught.value)


def test_it_answers_on_loopback_alone(emulator: Emulator) -> None:
    """By its name and its number; another address of the machine, if it has one, is refused."""
    assert emulator.endpoint == f"http://localhost:{emulator.port}"
    assert emulator.control("health")["emulator"] == "governed-lake"
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; it only tells which address would be used
        except OSError:
            pytest.skip("this machine has no other address")
        other = probe.getsockname()[0]
    with contextlib.closing(socket.socket()) as caller:
        assert caller.connect_ex((other, emulator.port)) == errno.ECONNREFUSED


def test_accounts_are_apart(emulator: Emulator) -> None:
    """A client belongs to its account."""
    told = [emulator.clients("sts", account=one, region="eu-west-1").get_caller_identity()["Account"] for one in ("7" * 12, "8" * 12)]
    assert told == ["7" * 12, "8" * 12]


def test_control_tells_what_was_refused(emulator: Emulator) -> None:
    """With a code."""
    with pytest.raises(DataLakeError, match="nothing at unheard/of") as caught:
        emulator.control("unheard/of")
    assert caught.value.code == "emulator_refused"


def test_nothing_of_this_machine_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no profile, no endpoint, no proxy, no setting of moto; what has to be found is found."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "MOTO_ACCOUNT_ID", "BOTO_CONFIG", "TEST_SERVER_MODE"):
        monkeypatch.setenv(name, "of-this-machine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-this-machine")
    told = environment()
    assert "of-this-machine" not in told.values()
    assert {name for name in told if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_EC2_METADATA_DISABLED",
    }
    assert told["NO_PROXY"] == "*"
    assert told["PATH"] == os.environ["PATH"]


def test_our_clients_heed_nothing_of_this_machine(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile that does not exist, a broken file, a proxy that nobody answers at."""
    broken = tmp_path / "config"
    broken.write_text("[profile\nnonsense")
    monkeypatch.setenv("AWS_PROFILE", "none-such")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    clients = EmulatorClients(emulator.endpoint)
    assert clients("sts", account="7" * 12, region="eu-west-1").get_caller_identity()["Account"] == "7" * 12
    assert emulator.control("health")


def test_fails_when_the_port_is_an_emulators(emulator: Emulator, tmp_path: Path) -> None:
    """A stale one is named, with what ends it."""
    code, told = code_of(Emulator(emulator.port, folder=tmp_path))
    assert code == "port_taken"
    assert f"kill {emulator.control('health')['pid']}" in told


@pytest.fixture
def other_server() -> Iterator[int]:
    """An HTTP server of somebody else."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_fails_when_the_port_is_somebody_elses(other_server: int, tmp_path: Path) -> None:
    """Be it an HTTP server or a program that says nothing; nothing is started."""
    started = Emulator(other_server, folder=tmp_path)
    code, told = code_of(started)
    assert (code, "another HTTP server" in told) == ("port_taken", True)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        code, told = code_of(Emulator(silent.getsockname()[1], folder=tmp_path))
    assert (code, "another program" in told) == ("port_taken", True)
    assert not started.log.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may")
def test_fails_when_the_port_is_the_systems(tmp_path: Path) -> None:
    """Such as 80."""
    code, told = code_of(Emulator(80, folder=tmp_path))
    assert (code, "above 1023" in told) == ("port_taken", True)


@pytest.mark.parametrize(("version", "code", "remedy"), [("5.2.4", "wrong_moto", "exactly 5.2.5"), (None, "no_moto", "not installed")])
def test_fails_without_the_right_moto(version: str | None, code: str, remedy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The remedy is a command."""

    def told_version(name: str) -> str:
        if version is None:
            raise process_module.importlib.metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(process_module.importlib.metadata, "version", told_version)
    found, told = code_of(Emulator(folder=tmp_path))
    assert found == code
    assert remedy in told
    assert "pip install 'governed-lake[rehearsal]'" in told


def test_fails_without_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Too little of it, or none to write the log to."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(process_module.shutil, "disk_usage", lambda _: usage._replace(free=499_000_000))
    code, told = code_of(Emulator(folder=tmp_path))
    assert (code, "499 MB are free" in told) == ("no_disk", True)
    monkeypatch.undo()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "mkdir", full)
    assert code_of(Emulator(folder=tmp_path))[0] == "no_disk"


def test_fails_when_it_dies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the end of its log; a full disk is told as such."""
    given = environment()
    monkeypatch.setattr(process_module, "environment", lambda: {**given, "PYTHONPATH": str(tmp_path)})
    server = tmp_path / "lakecheck" / "rehearsal" / "emulator"
    server.mkdir(parents=True)
    for text, code in (("no such luck", "emulator_died"), ("OSError: No space left on device", "no_disk")):
        (server / "__main__.py").write_text(f"import sys\nsys.exit({text!r})\n")
        for folder in (server, server.parent, server.parent.parent):
            (folder / "__init__.py").touch()
        found, told = code_of(Emulator(folder=tmp_path / "work"))
        assert found == code
        assert code == "no_disk" or "no such luck" in told


def test_what_never_started_can_be_stopped(tmp_path: Path) -> None:
    """And killed, which changes nothing."""
    one = Emulator(folder=tmp_path)
    one.kill()
    one.stop()
    assert not one.log.exists()


@pytest.mark.parametrize(
    "how", [pytest.param("interrupt", marks=pytest.mark.full), pytest.param("kill", marks=pytest.mark.full), "kill-restored"]
)
def test_nothing_outlives_the_parent(how: str, tmp_path: Path) -> None:
    """Ctrl-C goes to the parent's group; SIGKILL gives it no chance to do anything."""
    words = ["restored"] if how == "kill-restored" else []
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) >= 2
        assert not any(map(is_gone, pids))
        os.killpg(parent.pid, signal.SIGINT if how == "interrupt" else signal.SIGKILL)
        parent.communicate(timeout=20)
        assert are_gone(pids)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()
