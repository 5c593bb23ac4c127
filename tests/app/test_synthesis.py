"""app.py where it writes an assembly: alone with a refused contract, and through the CDK CLI."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import app
from tests.app.lakes import ROUTES, inputs, one_environment
from tests.stacks.assembly import read
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.lakes import Inputs

pytestmark = pytest.mark.xdist_group("reference")

CDK = ROOT / ".venv" / "bin" / "cdk"
PYTHON = ROOT / ".venv" / "bin" / "python"


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """The reference's inputs with dev alone."""
    lake = inputs(tmp_path_factory.mktemp("short") / "lake")
    one_environment(lake)
    return lake


def start_cli(outdir: Path, program: str, *, validate: bool, **environment: str) -> subprocess.Popen[str]:
    """A bare `cdk synth`: an app made of stages has no stack for it to select."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("LAKE_", "CDK_"))}
    variables |= {"CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true", "PYTHONPATH": str(ROOT), **environment}
    variables |= {} if validate else {"CDK_VALIDATION": "false"}
    command = [str(CDK), "synth", "--quiet", "--no-notices", "--app", f"{PYTHON} {program}", "--output", str(outdir)]
    return subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def by_cli(tmp_path_factory: pytest.TempPathFactory, short: Inputs) -> dict[str, tuple[int, str, Path]]:
    """Both runs of the CLI at the same time: one environment as it is, and the same with planted faults."""
    folder = tmp_path_factory.mktemp("cli")
    given = {"LAKE_CONFIG": str(short.folder / "lake.yaml")}
    started = {
        "reference": start_cli(folder / "reference", "app.py", validate=False, **given),
        "planted": start_cli(folder / "planted", "tests/app/planted.py", validate=True, **given),
    }
    ended = {}
    for name, process in started.items():
        said, _ = process.communicate(timeout=300)
        ended[name] = (process.returncode, said, folder / name)
    return ended


def test_a_bare_synth_ends_well_and_writes_what_app_py_writes(by_cli: dict[str, tuple[int, str, Path]], reference_dir: Path) -> None:
    """`cdk synth` and `python app.py` make the same templates of an environment, so that what is checked is what is deployed."""
    code, said, outdir = by_cli["reference"]
    assert code == 0, said
    written = {path: stack for path, stack in read(outdir).stacks.items() if stack.environment == "Dev"}
    expected = {path: stack for path, stack in read(reference_dir).stacks.items() if stack.environment == "Dev"}
    assert written.keys() == expected.keys()
    assert written
    assert {path: stack.template for path, stack in written.items()} == {path: stack.template for path, stack in expected.items()}
    assert {path: stack.protected for path, stack in written.items()} == {path: stack.protected for path, stack in expected.items()}


def test_a_bare_synth_fails_on_a_violation(by_cli: dict[str, tuple[int, str, Path]]) -> None:
    """The CLI selects no stack and would end well by itself; every pack and CDK's own rules see what was planted, and say where."""
    code, said, outdir = by_cli["planted"]
    assert code != 0
    assert "checks failed" in said
    assert "Traceback" not in said
    report = json.loads((outdir / "validation-report.json").read_text())
    failed = {plugin["pluginName"] for plugin in report["pluginReports"] if plugin["conclusion"] != "success"}
    packs = {"AwsSolutions", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"}
    # A bucket that access.yaml does not name counts as the most restricted: lakecheck says who would reach it.
    assert failed == {*packs, "CloudFormation Validate", "lakecheck"}
    assert "Dev/MainQuery/S3/Resource" in said
    assert "Dev/MainQuery/Typo" in said
    assert "NoSuchProperty" in said


def test_keep_going_synthesizes_the_others_and_still_fails(
    short: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused contract is left out, its table with it; the rest is written and clean, and the exit code says that it is not all."""
    lake = inputs(tmp_path / "lake")
    one_environment(lake)
    lake.edit(ROUTES, ("dataProduct: routes", "dataProduct: " + "a" * 64))
    monkeypatch.setenv("CDK_OUTDIR", str(lake.outdir))
    assert app.main(lake.arguments("--keep-going")) == 1
    said = capsys.readouterr().err
    assert f"{ROUTES}:7" in said
    assert "checks failed" not in said
    synthesized = read(lake.outdir)
    assert {plugin["conclusion"] for plugin in synthesized.report["pluginReports"]} == {"success"}
    tables = {
        resource["Properties"].get("Name") or resource["Properties"]["TableInput"]["Name"]
        for stack, _, resource in synthesized.resources("AWS::Glue::Table")
        if stack.environment == "Dev"
    }
    assert tables == {"airports", "customers", "orders"}
