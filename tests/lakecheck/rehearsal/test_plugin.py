"""The example of tests that ask for a deployed lake runs as it stands: the reference is deployed and a delivery published."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lakecheck.rehearsal.assemblies import assembly
from tests.lakecheck.rehearsal.emulator.processes import are_gone

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "rehearsal" / "test_lake.py"


@pytest.mark.xdist_group("reference")
@pytest.mark.parametrize(
    ("chosen", "passed"),
    [("versions", "1 passed"), pytest.param("versions or published", "2 passed", marks=[pytest.mark.spark, pytest.mark.full])],
)
def test_the_example_passes_on_the_deployed_reference(reference_dir: Path, tmp_path: Path, chosen: str, passed: str):
    plugin = ["-p", "lakecheck.rehearsal.pytest_plugin", "-p", "no:cacheprovider", "--rehearsal-environment", "Dev"]
    command = [sys.executable, "-m", "pytest", *plugin, "--rehearsal-assembly", str(reference_dir), str(EXAMPLE), "-k", chosen]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "inner")], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert passed in done.stdout


OWN = """
def test_the_queue_is_there(rehearsed_lake):
    (queue,) = rehearsed_lake.resources("AWS::SQS::Queue")
    assert queue["physical_id"] in rehearsed_lake.client("sqs").list_queues()["QueueUrls"]
    with open("pids", "a") as file:
        file.write(f"{rehearsed_lake._stage.emulator.control('health')['pid']}\\n")

test_once_more = test_the_queue_is_there
test_again = test_the_queue_is_there
test_and_again = test_the_queue_is_there
"""


@pytest.mark.full
def test_every_worker_has_a_lake_of_its_own_and_nothing_stays(tmp_path: Path):
    assembly(tmp_path / "cdk.out")
    (tmp_path / "test_own.py").write_text(OWN)
    (tmp_path / "pytest.ini").write_text("[pytest]\nrehearsal_assembly = cdk.out\n")
    (tmp_path / "tmp").mkdir()
    plugin = ["-p", "lakecheck.rehearsal.pytest_plugin", "-p", "no:cacheprovider", "-n", "2", "-q"]
    surroundings = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", *plugin, "--basetemp", str(tmp_path / "inner")]
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    pids = {int(line) for line in (tmp_path / "pids").read_text().split()}
    assert len(pids) == 2
    assert are_gone(pids)
    assert list((tmp_path / "tmp").glob("rehearsal-*")) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rehearsal-environment", "Nope"], "got the environment 'Nope'"),
        (["--rehearsal-assembly", "cdk.out/Stack.template.json"], "single template"),
    ],
)
def test_wrong_settings_fail_the_tests_that_ask_for_a_lake(tmp_path: Path, options: list[str], message: str):
    assembly(tmp_path / "cdk.out")
    (tmp_path / "test_own.py").write_text(OWN + "\n\ndef test_that_asks_for_none():\n    pass\n")
    plugin = ["-p", "lakecheck.rehearsal.pytest_plugin", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *plugin, *options, "--basetemp", str(tmp_path / "inner")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert message in done.stdout
    assert "1 passed, 4 errors" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_lake_that_cannot_be_deployed_fails_the_test_with_the_reason(tmp_path: Path):
    plugin = ["-p", "lakecheck.rehearsal.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugin, "--rehearsal-assembly", str(tmp_path / "nothing"), str(EXAMPLE)]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "inner")], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "there is no such file or folder" in done.stdout
    assert "Traceback" not in done.stdout
