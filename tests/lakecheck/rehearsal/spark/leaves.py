"""Leaves in its Spark all that a program can leave there, and does not end it."""

import sys

from pyspark.sql import SparkSession

address = sys.argv[1]
spark = SparkSession.builder.appName("leaves").config("spark.sql.shuffle.partitions", "77").config("spark.of.one", "left").getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
spark.range(3).createOrReplaceTempView("left")
spark.range(3).createGlobalTempView("left")
spark.sql("CACHE TABLE kept AS SELECT * FROM left")
spark.udf.register("left_over", lambda: 1)
spark.sql("CREATE TABLE written USING parquet AS SELECT * FROM left")
spark.read.text(address).collect()
spark.sparkContext.setLogLevel("ALL")
java = spark._jvm.java
java.lang.System.setProperty("spark.of.another", "left")
java.util.TimeZone.setDefault(java.util.TimeZone.getTimeZone("Asia/Tokyo"))
java.util.Locale.setDefault(java.util.Locale.JAPAN)
spark._jsc.hadoopConfiguration().set("fs.left", "left")
