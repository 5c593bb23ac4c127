"""The examples run from the installed wheel, in an environment without this checkout, as they run from the source tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

EXAMPLES = ("minimal_app.py", "full_app.py", "sharing_app.py")

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment's Python: the wheel unpacked, its dependencies borrowed from here, nothing of the checkout."""
    home = tmp_path_factory.mktemp("installed")
    venv.EnvBuilder(with_pip=False, symlinks=True).create(home)
    site_packages = next(home.glob("lib/python3.*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    # A plain path in a .pth file is searched, but the .pth files it holds (the checkout's among them) are not followed.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "python"


def synthesize(python: Path, example: str, outdir: Path) -> dict[str, Any]:
    """Every template and asset hash that the example writes, by file name."""
    environment = {**os.environ, "CDK_OUTDIR": str(outdir), "CDK_VALIDATION": "false", "PYTHONPATH": ""}
    done = subprocess.run(
        [python, ROOT / "examples" / example], cwd=outdir.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {
        file.name: json.loads(file.read_text()) for file in sorted(outdir.glob("*.template.json")) + sorted(outdir.glob("*.assets.json"))
    }


def test_the_wheel_does_not_see_the_checkout(installed: Path, tmp_path: Path) -> None:
    """Otherwise the tests below would prove nothing about the wheel."""
    code = "import constructs_lib, lakemodel, lakecheck; print(constructs_lib.__file__, lakemodel.__file__, lakecheck.__file__)"
    done = subprocess.run([installed, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(ROOT) + "/constructs_lib" not in done.stdout
    assert done.stdout.count(str(installed.parent.parent)) == 3


def test_the_wheel_is_typed_and_complete(wheel: Path) -> None:
    """Type checkers need the markers; the code that runs in AWS, schemas and tables travel with it; tests and reference do not."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for package in ("constructs_lib", "lakemodel", "lakecheck"):
        assert f"{package}/py.typed" in names
    sources = {
        str(file.relative_to(ROOT))
        for package in ("constructs_lib", "lakemodel", "lakecheck")
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert sources <= names
    assert not [name for name in names if name.startswith(("tests/", "stacks/", "examples/", "config/")) or "__pycache__" in name]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_the_same_from_the_wheel(example: str, installed: Path, tmp_path: Path) -> None:
    """Same templates, same asset hashes: what a user deploys is what was tested here."""
    from_wheel = synthesize(installed, example, tmp_path / "wheel")
    from_source = synthesize(Path(sys.executable), example, tmp_path / "source")
    assert from_wheel == from_source
    assert any(name.endswith(".assets.json") and content["files"] for name, content in from_wheel.items())


def test_the_command_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`lakecheck` teaches itself without the checkout."""
    done = subprocess.run([installed, "-m", "lakecheck", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "run" in done.stdout
