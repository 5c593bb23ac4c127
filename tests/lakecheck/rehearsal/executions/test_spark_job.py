"""A Spark job as Glue runs it: from a state machine, with a script in S3, to a bucket and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.lakecheck.rehearsal.executions.world import task

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.executions.world import World

PROGRAM = """
import sys
from pyspark.sql import SparkSession
bucket = sys.argv[sys.argv.index("--bucket") + 1]
spark = SparkSession.builder.getOrCreate()
frame = spark.read.csv(f"s3://{bucket}/in/", header=True)
frame.groupBy("country").count().coalesce(1).write.json(f"s3://{bucket}/out")
"""


@pytest.mark.spark
@pytest.mark.full
def test_a_spark_job_reads_and_writes_the_emulated_buckets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.lakecheck.rehearsal.executions.world.PATIENCE", 180)
    bucket, s3 = world.bucket(), world.client("s3")
    s3.put_object(Bucket=bucket, Key="in/a b.csv", Body="id,country\n1,Österreich\n2,Österreich\n3,Perú\n".encode())
    job = world.job(PROGRAM, Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://code-job-{world.own}/job.py"})
    found = world.run({"Run": task("glue:startJobRun.sync", {"JobName": job, "Arguments": {"--bucket": bucket}})})
    assert found["status"] == "SUCCEEDED", found.get("cause")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/part-")["Contents"]
    lines = s3.get_object(Bucket=bucket, Key=listed[0]["Key"])["Body"].read().decode().splitlines()
    assert sorted((one["country"], one["count"]) for one in map(json.loads, lines)) == [("Perú", 1), ("Österreich", 2)]
