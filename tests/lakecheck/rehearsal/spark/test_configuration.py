"""What a Spark of this machine is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakecheck.rehearsal.spark.configuration import buckets_in, configure, spark_settings
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from pathlib import Path


def test_every_bucket_leads_to_the_gateway() -> None:
    """Under all three names of S3, and nothing else does."""
    settings = spark_settings(4711, ["lake-raw", "lake-curated", "lake-raw"])
    links = {name: value for name, value in settings.items() if "mounttable" in name}
    assert links == {
        "spark.hadoop.fs.viewfs.mounttable.lake-curated.linkFallback": "webhdfs://127.0.0.1:4711/lake-curated",
        "spark.hadoop.fs.viewfs.mounttable.lake-raw.linkFallback": "webhdfs://127.0.0.1:4711/lake-raw",
    }
    assert {settings[f"spark.hadoop.fs.{scheme}.impl"].rpartition(".")[2] for scheme in ("s3", "s3a", "s3n")} == {
        "ViewFileSystemOverloadScheme"
    }
    assert (settings["spark.driver.bindAddress"], settings["spark.ui.enabled"]) == ("127.0.0.1", "false")


def test_buckets_are_found_in_arguments() -> None:
    given = ["--input", "s3://lake-raw/a/b", '{"at": "s3a://lake-two", "not": "s3://{bucket}/x"}', "--since", "s3://lake-raw", "/s3/x"]
    assert buckets_in(given) == {"lake-raw", "lake-two"}


@pytest.mark.parametrize("names", [["Lake"], ["a b c"], ["lake/x"], ["lake", "lake.raw"]])
def test_fails_when_hadoop_would_take_a_name_for_another(names: list[str]) -> None:
    with pytest.raises(DataLakeError, match=r"rename one|expected 3 to 63") as raised:
        spark_settings(1, names)
    assert raised.value.code == "bucket_name"


def test_all_that_spark_keeps_is_in_the_folder(tmp_path: Path) -> None:
    """Its settings are a file there, a caller's own among them; the environment leads to it."""
    folder = tmp_path / "a folder"
    environment = configure({**spark_settings(1, []), "spark.x": "a\\b", "spark.sql.warehouse.dir": "file:/elsewhere"}, folder)
    lines = (folder / "conf" / "spark-defaults.conf").read_text().splitlines()
    assert environment["SPARK_CONF_DIR"] == str(folder / "conf")
    assert environment["TMPDIR"] == str(folder / "tmp")
    assert "spark.x a\\\\b" in lines
    assert "spark.sql.warehouse.dir file:/elsewhere" in lines
    assert f"spark.local.dir {folder / 'local'}" in lines
    assert (folder / "tmp").is_dir()
