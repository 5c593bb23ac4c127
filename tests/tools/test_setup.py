"""Set-up says what is wrong with a machine, and trusts what the machine trusts."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "tools" / "setup.py"


def load() -> ModuleType:
    """tools/setup.py as a module, as `sys.argv` calls it."""
    spec = importlib.util.spec_from_file_location("setup_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/setup.py with a `.venv` of its own."""
    monkeypatch.setattr(sys, "argv", ["setup.py", "run"])
    module = load()
    monkeypatch.setattr(module, "VENV", tmp_path)
    monkeypatch.setattr(module, "BIN", tmp_path / "bin")
    (tmp_path / "bin").mkdir()
    return module


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, setup: ModuleType) -> list[tuple[list[str], dict[str, Any]]]:
    """The commands that would be run, each with its options; all of them succeed."""
    ran: list[tuple[list[str], dict[str, Any]]] = []

    def run(command: list[Any], **options: Any) -> subprocess.CompletedProcess[str]:
        ran.append(([str(word) for word in command], options))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(setup.subprocess, "run", run)
    return ran


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0), (2, 7, 18)])
def test_fails_on_an_unsupported_python(
    setup: ModuleType, version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found, allowed and remedy in one line, and nothing is installed."""
    monkeypatch.setattr(setup.sys, "version_info", version)
    monkeypatch.setattr(setup, "set_up", lambda _layer: pytest.fail("set up all the same"))
    assert setup.main() == 1
    said = capsys.readouterr().err
    assert f"found Python {'.'.join(map(str, version))}; 3.11, 3.12 or 3.13 is needed" in said
    assert "make PYTHON=" in said


def test_npm_says_what_went_wrong_and_trusts_the_machines_certificates(
    setup: ModuleType, commands: list[tuple[list[str], dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent npm leaves nothing but an exit code; what the user has set for Node stays."""
    setup.install_cdk_cli()
    (command, options) = commands[0]
    assert command[1] == "ci"
    assert "--silent" not in command
    assert options["env"]["NODE_USE_SYSTEM_CA"] == "1"
    monkeypatch.setenv("NODE_USE_SYSTEM_CA", "0")
    setup.install_cdk_cli()
    assert commands[1][1]["env"]["NODE_USE_SYSTEM_CA"] == "0"


@pytest.mark.parametrize("has_store", [True, False])
def test_uv_trusts_the_machines_certificates_where_there_are_any(
    setup: ModuleType, commands: list[tuple[list[str], dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, *, has_store: bool
) -> None:
    """A minimal machine has no store: there uv's own serves."""
    monkeypatch.setattr(setup, "has_system_certificates", lambda: has_store)
    setup.install_locked("requirements/run.txt")
    assert ("--system-certs" in commands[0][0]) is has_store


@pytest.mark.parametrize(
    ("layer", "folder", "node", "cli"),
    [("spark4", ".venv-spark4", False, False), ("lowest", ".venv-lowest", True, False), ("dev", ".venv", True, True)],
)
def test_each_environment_has_what_it_is_for(layer: str, folder: str, monkeypatch: pytest.MonkeyPatch, *, node: bool, cli: bool) -> None:
    """The other Spark has a folder of its own and neither Node nor the CDK's command."""
    monkeypatch.setattr(sys, "argv", ["setup.py", layer])
    module = load()
    did: list[str] = []
    for name in ("pip", "install_locked", "install_project", "link_node", "install_cdk_cli"):
        monkeypatch.setattr(module, name, lambda *_, name=name: did.append(name))
    monkeypatch.setattr(module.venv.EnvBuilder, "create", lambda *_: None)
    module.set_up(layer)
    assert folder == module.VENV.name
    assert (("link_node" in did), ("install_cdk_cli" in did)) == (node, cli)
    assert "install_locked" in did


@pytest.mark.parametrize("arguments", [[], ["spark5"], ["run", "dev"]])
def test_fails_when_it_is_not_told_what_to_set_up(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what there is, and installs nothing."""
    monkeypatch.setattr(sys, "argv", ["setup.py", *arguments])
    module = load()
    monkeypatch.setattr(module, "set_up", lambda _layer: pytest.fail("set up all the same"))
    assert module.main() == 2
    assert "run|rehearsal|dev|docs|lowest|spark4" in capsys.readouterr().err
