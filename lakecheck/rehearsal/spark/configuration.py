"""What a Spark of this machine is told, so that `s3://` leads to the gateway and nothing leaves loopback or a folder of its own.

A `spark-defaults.conf` says it, which Spark reads whoever starts it, and which a program's own settings go before. For `s3://` and its
kin, Hadoop's `ViewFileSystemOverloadScheme` stands in: a file system made of links, one for each bucket, to its `WebHdfsFileSystem`.
https://hadoop.apache.org/docs/r3.3.4/hadoop-project-dist/hadoop-hdfs/ViewFsOverloadScheme.html
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from lakecheck.rehearsal.spark.webhdfs import HOST
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

SCHEMES = ("s3", "s3a", "s3n")
"""What programs call S3: Glue's `s3`, and Hadoop's own two."""

_LINKS = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
_TABLE = "spark.hadoop.fs.viewfs.mounttable"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"s3[an]?://([^/?#\s\"',]+)")
_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.follow = true
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n%ex
"""


def spark_settings(port: int, buckets: Sequence[str]) -> dict[str, str]:
    """Spark's settings, by name.

    Args:
        port: Where `webhdfs.serve` listens.
        buckets: Every bucket that the program may name; of another one Hadoop says that it has `no overload scheme fs`.

    Raises:
        DataLakeError: If a name cannot be a bucket's, or two of them cannot be told from each other in Hadoop's settings.
    """
    _require_told_apart(buckets)
    links = {f"{_TABLE}.{bucket}.linkFallback": f"webhdfs://{HOST}:{port}/{bucket}" for bucket in sorted(set(buckets))}
    return {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.sources.ignoreDataLocality": "true",
        **{f"spark.hadoop.fs.{scheme}.impl": _LINKS for scheme in SCHEMES},
        **links,
    }


def buckets_in(arguments: Iterable[str]) -> set[str]:
    """The buckets of the `s3://` addresses in these texts."""
    return {found for text in arguments for found in _ADDRESS.findall(text) if _BUCKET.fullmatch(found)}


def configure(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Writes the configuration of one Spark into `folder`, where that Spark will also keep what it needs while it runs.

    Returns:
        The environment that a program needs to have it.
    """
    places = {name: folder / name for name in ("conf", "local", "warehouse", "tmp")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    java = (
        "-XX:TieredStopAtLevel=1",  # quick to start rather than quick in the end
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",  # which would be outside of the folder
        "-Dfile.encoding=UTF-8",  # in it Java writes what is asked of the gateway
        f'"-Djava.io.tmpdir={places["tmp"]}"',
        f'"-Dderby.system.home={places["tmp"]}"',
    )
    own = {
        "spark.driver.extraJavaOptions": " ".join(java),
        "spark.local.dir": str(places["local"]),
        "spark.sql.warehouse.dir": places["warehouse"].as_uri(),
    }
    lines = [f"{name} {_escaped(value)}\n" for name, value in {**own, **settings}.items()]
    (places["conf"] / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    (places["conf"] / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
    return {
        "SPARK_CONF_DIR": str(places["conf"]),
        "SPARK_LOCAL_IP": HOST,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "TMPDIR": str(places["tmp"]),
        "LC_ALL": "C.UTF-8",
    }


def _escaped(value: str) -> str:
    """As a Java properties file has it."""
    return value.replace("\\", "\\\\")


def _require_told_apart(buckets: Sequence[str]) -> None:
    for bucket in buckets:
        if _BUCKET.fullmatch(bucket) is None:
            message = f"{bucket!r} is no name of a bucket; expected 3 to 63 lower-case letters, digits, dots and hyphens"
            raise DataLakeError(message, code="bucket_name")
    names = sorted(set(buckets))
    for one in names:
        if other := next((name for name in names if name.startswith(f"{one}.")), None):
            message = f"buckets {one} and {other}: Hadoop takes a setting of the second for one of the first; rename one, or leave it out"
            raise DataLakeError(message, code="bucket_name")
