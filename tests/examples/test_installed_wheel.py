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


# One process for all: starting CDK takes longer than an example does.
RUN_ALL = """
import functools, os, runpy, sys
import aws_cdk
App = aws_cdk.App
for example in sys.argv[2:]:
    aws_cdk.App = functools.partial(App, outdir=os.path.join(sys.argv[1], os.path.basename(example)))
    sys.path[0] = os.path.dirname(example)
    runpy.run_path(example, run_name="__main__")
"""


def synthesize(python: Path, outdir: Path) -> Path:
    """Runs every example; each writes its assembly into a folder of its name."""
    environment = {**os.environ, "CDK_VALIDATION": "false", "PYTHONPATH": ""}
    command = [python, "-c", RUN_ALL, outdir, *(ROOT / "examples" / example for example in EXAMPLES)]
    done = subprocess.run(command, cwd=outdir.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return outdir


def written(outdir: Path) -> dict[str, Any]:
    """Every template and asset hash of an assembly, by file name."""
    return {
        file.name: json.loads(file.read_text()) for file in sorted(outdir.glob("*.template.json")) + sorted(outdir.glob("*.assets.json"))
    }


@pytest.fixture(scope="session")
def from_wheel(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(installed, tmp_path_factory.mktemp("from") / "wheel")


@pytest.fixture(scope="session")
def from_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(Path(sys.executable), tmp_path_factory.mktemp("from") / "source")


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
def test_an_example_is_the_same_from_the_wheel(example: str, from_wheel: Path, from_source: Path) -> None:
    """Same templates, same asset hashes: what a user deploys is what was tested here."""
    ours = written(from_wheel / example)
    assert ours == written(from_source / example)
    assert any(name.endswith(".assets.json") and content["files"] for name, content in ours.items())


def test_the_command_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`lakecheck` teaches itself without the checkout."""
    done = subprocess.run([installed, "-m", "lakecheck", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "run" in done.stdout
