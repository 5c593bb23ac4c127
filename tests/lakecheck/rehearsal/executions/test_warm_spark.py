"""Spark jobs of an emulator take turns in one Java, which ends with the emulator, however that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakecheck.rehearsal.emulator.process import Emulator
from tests.lakecheck.rehearsal.emulator.processes import are_gone, descends
from tests.lakecheck.rehearsal.executions import world as world_module
from tests.lakecheck.rehearsal.executions.world import World

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
assert spark.range(5).count() == 5
print(spark._jvm.java.lang.ProcessHandle.current().pid())
"""


def java_of_run(world: World, job: str) -> int:
    """Runs the job; the process of its Java."""
    run = world.client("glue").start_job_run(JobName=job)["JobRunId"]
    found = world.job_run(job, run)
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    (told,) = [one for one in world.control()["job_runs"] if one["id"] == run]
    return next(int(line) for line in told["log"].splitlines() if line.isdecimal())


@pytest.mark.spark
@pytest.mark.full
def test_one_java_serves_until_the_emulator_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed, restored from a checkpoint that was made while Java was there, and stopped."""
    monkeypatch.setattr(world_module, "PATIENCE", 180)
    with Emulator(folder=tmp_path) as emulator:
        world = World(emulator)
        name = f"code-job-{world.own}"
        job = world.job(PROGRAM, Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{name}/job.py"})
        java = java_of_run(world, job)
        assert java_of_run(world, job) == java
        assert java in descends(emulator)
        emulator.checkpoint()
        emulator.kill()
        assert are_gone([java])
        emulator.restore()
        another = java_of_run(world, job)
        assert another != java
        left = descends(emulator)
        assert another in left
        log = emulator.log.read_text()
    assert are_gone(left)
    assert "py4j" not in log
