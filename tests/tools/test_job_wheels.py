"""The zip of wheels: of the lock what Glue lacks, fetched for Glue's machine, and the same bytes from the same wheels."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.pipeline.dependencies import LOCKED_FOR, WHEELS_LIST, WHEELS_SUFFIX, JobDependencies
from tests.support import new_stack

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "tools" / "job_wheels.py"


@pytest.fixture
def tool() -> ModuleType:
    """tools/job_wheels.py as a module."""
    spec = importlib.util.spec_from_file_location("job_wheels_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pip(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands in for pip: notes what it is asked, and leaves an empty wheel for each pin of the list."""
    asked: dict[str, Any] = {"code": 0}

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        asked["command"] = command
        folder = Path(command[command.index("--dest") + 1])
        asked["list"] = Path(command[-1]).read_text()
        for pin in tool.pins(Path(command[-1])):
            name, _, version = pin.partition("==")
            (folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl").write_bytes(pin.encode())
        return subprocess.CompletedProcess(command, asked["code"])

    monkeypatch.setattr(tool.subprocess, "run", run)
    return asked


@pytest.mark.parametrize("version", LOCKED_FOR)
def test_the_zip_has_what_glue_lacks(
    tool: ModuleType, pip: dict[str, Any], version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PyIceberg always, pyarrow where Glue's is too old or not known, boto3 only where nothing is known of Glue's."""
    target = tmp_path / "new" / f"job{WHEELS_SUFFIX}"
    monkeypatch.setattr(sys, "argv", ["job_wheels.py", version, str(target)])
    assert tool.main() == 0
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        listed = archive.read(WHEELS_LIST).decode().split()
    wheels = {name.removeprefix("wheels/").partition("-")[0] for name in names if name.endswith(".whl")}
    assert {pin.partition("==")[0].replace("-", "_") for pin in listed} == wheels
    assert "pyiceberg" in wheels
    assert ("pyarrow" in wheels) is (version != "5.1")
    assert ("boto3" in wheels) is (version == "6.0")
    assert "--hash=sha256:" in pip["list"]
    command = pip["command"]
    assert command[command.index("--python-version") + 1] == {"6.0": "3.13"}.get(version, "3.11")
    assert {"--require-hashes", "--no-deps", ":all:", "manylinux_2_28_x86_64"} <= set(command)
    JobDependencies.from_wheels(new_stack(), "Dependencies", target)


def test_the_same_wheels_are_the_same_bytes(tool: ModuleType, tmp_path: Path) -> None:
    """Neither the order nor the time of the files matters."""
    made = []
    for number, names in enumerate((("a", "b"), ("b", "a"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for at, name in enumerate(names):
            (folder / f"{name}-1-py3-none-any.whl").write_bytes(name.encode())
            os.utime(folder / f"{name}-1-py3-none-any.whl", (at * 1000 + number, 0))
        target = tmp_path / f"{number}{WHEELS_SUFFIX}"
        tool.pack(folder, [f"{name}==1" for name in names], target)
        made.append(target.read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("arguments", [[], ["5.1"], ["4.0", "x.gluewheels.zip"], ["5.1", "x.zip"]])
def test_fails_when_it_is_not_told_which_glue_and_where(
    tool: ModuleType, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything else shows how it is called: Glue knows such a zip by its name alone."""
    monkeypatch.setattr(sys, "argv", ["job_wheels.py", *arguments])
    assert tool.main() == 2
    assert "Usage: python tools/job_wheels.py" in capsys.readouterr().err


def test_fails_when_pip_cannot_fetch_them(tool: ModuleType, pip: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No half a zip is left."""
    pip["code"] = 1
    target = tmp_path / f"job{WHEELS_SUFFIX}"
    monkeypatch.setattr(sys, "argv", ["job_wheels.py", "5.1", str(target)])
    assert tool.main() == 1
    assert not target.exists()
