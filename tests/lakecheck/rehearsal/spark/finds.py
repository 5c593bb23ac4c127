"""Says as JSON what it finds in its Spark: of others, and of what it was given itself."""

import json
import os
import sys

import brought
from pyspark.sql import SparkSession

address, other = sys.argv[1:]
spark = SparkSession.builder.appName("finds").getOrCreate()
context, java = spark.sparkContext, spark._jvm.java


def worker(_: object) -> list[object]:
    """What a Python worker has."""
    import brought as again  # noqa: PLC0415 - where it runs

    return [[os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "OF_ONE")], again.WORD, os.environ["TMPDIR"]]


def refused(address: str) -> bool:
    """Whether a bucket is not known."""
    try:
        spark.read.text(address).collect()
    except Exception as error:  # noqa: BLE001 - whatever Java raises
        return "Could not initialize target File System" in str(error)
    return False


told = {
    "settings": [name for name, _ in context.getConf().getAll() if name.startswith("spark.of")],
    "partitions": spark.conf.get("spark.sql.shuffle.partitions"),
    "zones": [spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo", java.util.TimeZone.getDefault().getID() == "Asia/Tokyo"],
    "locale": java.util.Locale.getDefault().toString(),
    "tables": [table.name for table in spark.catalog.listTables()],
    "global": [table.name for table in spark.catalog.listTables("global_temp")],
    "functions": [one.name for one in spark.catalog.listFunctions() if one.name == "left_over"],
    "cached": context._jsc.getPersistentRDDs().size(),
    "hadoop": context._jsc.hadoopConfiguration().get("fs.left"),
    "level": spark._jvm.org.apache.logging.log4j.LogManager.getRootLogger().getLevel().toString(),
    "read": spark.read.text(address).first()[0],
    "refused": refused(other),
    "worker": context.parallelize([1], 1).mapPartitions(worker).collect(),
    "word": brought.WORD,
    "java": java.lang.management.ManagementFactory.getRuntimeMXBean().getName(),
}
print(json.dumps(told))  # noqa: T201 - its output
java.lang.System.err.println("of Java")
