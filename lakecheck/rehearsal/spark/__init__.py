"""Runs the Spark programs of a lake on this machine, against emulated S3: their `s3://` addresses stay as they are.

```python
with serve(s3) as port:
    settings = spark_settings(port, sorted(buckets_in(arguments) | known_buckets))
    environment = {**configure(settings, folder), "AWS_ENDPOINT_URL": endpoint, **keys_and_region}
    end = run_job(script, arguments, extra_py_files=[package], environment=environment, folder=folder, timeout=300)
```

`webhdfs` is what Spark's JVM reads and writes, `configuration` what leads it there, `runner` starts and ends the process. Hadoop's own
classes do the rest, those that PySpark brings: neither hadoop-aws nor a Java compiler is needed. `warm` lends one JVM to many programs.
"""
