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
found = {key: len(spark.read.schema("a long").parquet(f"{root}/{pattern}").collect()) for key, pattern in patterns.items()}
partitions = sorted({row.p for row in spark.read.parquet(f"{root}/hive").collect()})

frame = spark.sql("SELECT * FROM VALUES (1, 'a/b c'), (2, 'a+b'), (3, '50% ü{x}=:'), (4, NULL) AS t (id, part)").coalesce(1)
frame.write.partitionBy("part").parquet(f"{root}/out dir")
frame.where("id < 4").write.mode("overwrite").partitionBy("part").parquet(f"{root}/out dir")
again = sorted(tuple(row) for row in spark.read.parquet(f"s3a://{bucket}/out dir").select("id", "part").collect())

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
lines = spark.sparkContext._jsc.textFile(f"{root}/plain/*").count()  # asks for blocks, which Spark's own readers do not
told = {"found": found, "partitions": partitions, "again": again, "refusals": refusals, "binary": binary, "has_lines": lines > 0}
print(json.dumps(told))  # noqa: T201 - its output
