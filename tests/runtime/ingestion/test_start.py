"""Starting the job as Glue does: a script and a zip with the package, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pyspark
import pytest
from packaging.requirements import Requirement

import constructs_lib.runtime.ingestion
from constructs_lib.runtime.ingestion import run as ingestion

from .specs import ROUTES, column, text

PACKAGE = Path(constructs_lib.runtime.ingestion.__file__).parent
DATA = Path(__file__).parents[2] / "data"


@pytest.mark.spark
def test_runs_from_a_script_and_a_zip(tmp_path: Path, spark: object) -> None:
    """Driver and executors find the package in the zip; the log is JSON lines without delivered values; the exit code is 0."""
    script = tmp_path / "job.py"
    script.write_bytes((PACKAGE / "job.py").read_bytes())
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        for file in PACKAGE.rglob("*.py"):
            archive.write(file, f"ingestion/{file.relative_to(PACKAGE)}")
    (tmp_path / "spec.json").write_text(json.dumps(ROUTES))
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    settings = ["--master", "local[1]", "--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=127.0.0.1"]
    settings += ["--driver-java-options", "-XX:TieredStopAtLevel=1"]
    arguments = ["--spec", f"{tmp_path}/spec.json", "--input", str(DATA / "openflights-routes.csv"), "--run-id", "r1"]
    arguments += ["--curated", f"{tmp_path}/c", "--quarantine", f"{tmp_path}/q", "--manifest", f"{tmp_path}/m.json", "--JOB_NAME", "x"]
    done = subprocess.run(
        [str(submit), *settings, "--py-files", str(tmp_path / "code.zip"), str(script), *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines] == ["started", "surveyed", "judged", "written", "finished"]
    assert lines[0]["program"] == "ingestion"
    counts = json.loads((tmp_path / "m.json").read_text())["counts"]
    assert counts["input"] == counts["good"] + counts["quarantined"] + counts["duplicates"] > 0
    assert "E95" not in done.stdout


def test_is_imported_where_boto3_is_not_installed() -> None:
    """The extra that runs it on a laptop does not bring boto3, which only Glue's catalog and S3 need."""
    statement = "import sys; sys.modules['boto3'] = None; import constructs_lib.runtime.ingestion.run"
    done = subprocess.run([sys.executable, "-c", statement], cwd=PACKAGE.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize(("python", "wanted"), [("3.11", False), ("3.12", True), ("3.13", True)])
def test_the_extra_brings_distutils_where_python_has_none(python: str, wanted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The Spark of the extra imports it whenever it makes a function of Arrow batches."""
    stated = tomllib.loads((PACKAGE.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
        "pipeline"
    ]
    extra = [Requirement(text) for text in stated]
    brought = {one.name for one in extra if one.marker is None or one.marker.evaluate({"python_version": python})}
    assert ("setuptools" in brought) == wanted
    assert "pyspark" in brought


@pytest.mark.spark
@pytest.mark.parametrize(("delivered", "code"), [(None, 3), ("id\n1\n", 0)])
def test_the_exit_code_tells_the_kind_of_failure(tmp_path: Path, spark: object, delivered: str | None, code: int) -> None:
    """An orchestrator retries or not by it."""
    if delivered is not None:
        (tmp_path / "in").write_text(delivered)
    arguments = ["--spec", text([column("id", "int")]), "--input", f"{tmp_path}/in", "--run-id", "r1"]
    arguments += ["--curated", f"{tmp_path}/c", "--quarantine", f"{tmp_path}/q", "--manifest", f"{tmp_path}/m.json"]
    assert ingestion.main(arguments) == code
    assert (tmp_path / "m.json").exists() == (code == 0)


def test_fails_with_code_2_when_an_argument_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """Before Spark is started."""
    assert ingestion.main(["--spec", "x"]) == 2
