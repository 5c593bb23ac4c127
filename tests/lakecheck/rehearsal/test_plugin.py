"""The example of tests that ask for a deployed lake runs as it stands: the reference is deployed and a delivery published."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "rehearsal" / "test_lake.py"


@pytest.mark.spark
@pytest.mark.xdist_group("reference")
def test_the_example_passes_on_the_deployed_reference(reference_dir: Path, tmp_path: Path):
    plugin = ["-p", "lakecheck.rehearsal.pytest_plugin", "-p", "no:cacheprovider", "--rehearsal-environment", "Dev"]
    command = [sys.executable, "-m", "pytest", *plugin, "--rehearsal-assembly", str(reference_dir), str(EXAMPLE), "-q"]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "inner")], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "2 passed" in done.stdout


def test_a_lake_that_cannot_be_deployed_fails_the_test_with_the_reason(tmp_path: Path):
    plugin = ["-p", "lakecheck.rehearsal.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugin, "--rehearsal-assembly", str(tmp_path / "nothing"), str(EXAMPLE), "-q"]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "inner")], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "there is no such file or folder" in done.stdout
    assert "Traceback" not in done.stdout
