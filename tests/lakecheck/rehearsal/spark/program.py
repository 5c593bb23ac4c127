"""Somebody's Spark program, which knows of nothing but `s3://`: says as JSON what it read of a bucket that it also wrote to."""

import json
import re
import sys

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

bucket, *keys = sys.argv[1:]
spark = SparkSession.builder.appName("somebody's").getOrCreate()
root = f"s3://{bucket}"
patterns = {key: re.sub(r"([\\*?\[\]{}])", r"\\\1", key) for key in keys}
found = {key: spark.read.parquet(f"{root}/{pattern}").count() for key, pattern in patterns.items()}

rows = [(1, "a/b c"), (2, "a+b"), (3, "50% ü{x}=:"), (4, None)]
frame = spark.createDataFrame(rows, "id int, part string")
frame.write.partitionBy("part").parquet(f"{root}/out dir")
frame.write.mode("append").partitionBy("part").parquet(f"{root}/out dir")
appended = spark.read.parquet(f"s3a://{bucket}/out dir").count()
frame.where("id < 4").write.mode("overwrite").partitionBy("part").parquet(f"{root}/out dir")
again = sorted(tuple(row) for row in spark.read.parquet(f"{root}/out dir").select("id", "part").collect())

frame.select("id").coalesce(1).write.csv(f"{root}/csv", header=True)
refusals = []
for attempt in (
    lambda: spark.read.parquet(f"{root}/none"),
    lambda: frame.write.parquet(f"{root}/out dir"),
    lambda: spark.read.text("s3://another-bucket/x"),
):
    try:
        attempt()
    except AnalysisException as error:
        refusals.append(error.getErrorClass())
    except Exception as error:  # noqa: BLE001 - whatever Java raises
        refusals.append("no such bucket" if "Could not initialize target File System" in str(error) else str(error))
binary = {row.path.rpartition("/")[2]: row.length for row in spark.read.format("binaryFile").load(f"{root}/plain").collect()}
print(json.dumps({"found": found, "appended": appended, "again": again, "refusals": refusals, "binary": binary}))  # noqa: T201 - its output
