"""Starting the job as Glue does: a script and a zip with the package, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyspark
import pytest

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
