"""Spark programs as they are, against the emulated lake: somebody's own, and the ingestion job as Glue starts it, a script and a zip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakecheck.rehearsal.spark.configuration import buckets_in, configure, spark_settings
from lakecheck.rehearsal.spark.runner import run_job
from lakecheck.rehearsal.spark.webhdfs import serve
from tests.lakecheck.rehearsal.spark.ingested import PACKAGE, Lake, zipped
from tests.lakecheck.rehearsal.spark.somebodys import PROGRAM, Program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lakecheck.rehearsal.spark.emulated import Emulated

pytestmark = pytest.mark.spark

IN_TURN = Path(__file__).with_name("in_turn.py")
JOB = PACKAGE / "job.py"


def run(aws: Emulated, folder: Path, script: Path, arguments: Sequence[str], buckets: Sequence[str] = ()) -> str:
    """Starts a script with the job's package beside it, holds that it succeeds, and returns what it printed."""
    with serve(aws.s3) as port:
        environment = {**configure(spark_settings(port, sorted(buckets_in(arguments) | set(buckets))), folder), **aws.environment}
        end = run_job(script, arguments, extra_py_files=[zipped(folder)], environment=environment, folder=folder, timeout=180)
    assert end.exit_code == 0, f"{end.output}\n{end.tail}"
    return end.output


@pytest.mark.full
def test_programs_and_the_job_run_unchanged(aws: Emulated, tmp_path: Path) -> None:
    """In one process, which saves two starts of Java; the second run of the job reads through Spark what the first one published."""
    program, lake = Program(aws), Lake(aws)
    runs = [[str(PROGRAM), *program.arguments], *([str(JOB), *arguments] for arguments in lake.runs)]
    output = run(aws, tmp_path / "a run", IN_TURN, [json.dumps(one) for one in runs], [program.bucket])
    program.check(output, tmp_path)
    lake.check(tmp_path)


@pytest.mark.full
def test_the_job_runs_in_a_process_for_each_delivery(aws: Emulated, tmp_path: Path) -> None:
    lake = Lake(aws)
    for number, arguments in enumerate(lake.runs):
        run(aws, tmp_path / str(number), JOB, arguments)
    lake.check(tmp_path)
