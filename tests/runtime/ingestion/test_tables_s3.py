"""The same code in S3 and Glue's catalog, against an emulation of both in this process: uploads in parts, commits with a version."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from constructs_lib.runtime.ingestion.errors import PublishError, StaleTableError
from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.tables import outgoing
from constructs_lib.runtime.ingestion.tables.catalogs import open_table
from constructs_lib.runtime.ingestion.tables.iceberg import IcebergTable
from constructs_lib.runtime.ingestion.tables.outgoing import PART_SIZE, Outgoing, complete
from constructs_lib.runtime.ingestion.tables.places import remove_below
from constructs_lib.runtime.ingestion.tables.schemas import new_partition_spec, new_schema

from . import lakes
from .lakes import SMALL, SmallLake

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket, and a client for each service that remembers what was called."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        clients = {service: boto3.client(service) for service in ("s3", "glue")}  # type: ignore[call-overload]
        clients["s3"].create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        clients["glue"].create_database(DatabaseInput={"Name": "shop"})
        yield clients.__getitem__


def keys(client: Any) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket="lake").get("Contents", [])]


class GlueLake(SmallLake):
    """The same small table, declared in Glue."""

    def table(self) -> Any:
        return open_table(SMALL, "glue", storage=self.storage, curated_root=self.root)

    def create(self) -> GlueLake:
        """As a deployment does."""
        schema = new_schema(SMALL, lakes._ROWS)
        self.table()._catalog.create_table(
            ("shop", "orders"), schema, location="s3://lake/shop/orders/orders", partition_spec=new_partition_spec(SMALL, schema)
        )
        return self


def test_an_iceberg_table_in_glue_is_published_like_one_in_a_folder(aws: Any) -> None:
    """Written, audited on a branch, published, replaced, refused when stale; and only these calls are made of Glue."""
    lake = GlueLake("s3://lake", storage=Storage(aws))
    with pytest.raises(PublishError, match=r"shop\.orders is not in the catalog; deploy"):
        lake.table().version()
    lake.create()
    called: list[str] = []
    aws("glue").meta.events.register("before-call.glue", lambda model, **_: called.append(model.name))
    written = lake.written("r1", {1: "a", 2: "b", 3: None})
    lake.table().audit(written)
    assert (lake.seen(), lake.table().version()) == ([], "")
    late = lake.written("r2", {4: "d"})
    version = lake.table().publish("r1", written)
    assert version == lake.table().publish("r1", written) == lake.table().published_as("r1")
    with pytest.raises(StaleTableError):
        lake.table().publish("r2", late)
    lake.table().publish("r3", lake.written("r3", {1: "new"}, replaced=[1]))
    assert lake.seen() == [(1, "new"), (2, "b"), (3, None)]
    assert set(called) == {"GetTable", "GetDatabase", "UpdateTable"}
    assert aws("s3").list_multipart_uploads(Bucket="lake").get("Uploads", []) == []


def test_glue_refuses_a_commit_over_somebody_elses(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of the table that was read goes with the commit, and no copy of each version is kept."""
    lake = GlueLake("s3://lake", storage=Storage(aws)).create()
    given: list[dict[str, Any]] = []
    aws("glue").meta.events.register("provide-client-params.glue.UpdateTable", lambda params, **_: given.append(dict(params)))
    lake.table().publish("r1", lake.written("r1", {1: "a"}))
    assert [(one["SkipArchive"], one["VersionId"] != "") for one in given] == [(True, True)] * 2
    assert isinstance(lake.table(), IcebergTable)


def test_a_file_in_s3_appears_when_it_is_completed(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of several parts come out as they went in; what nobody completes is no object; what fails is given up."""
    monkeypatch.setattr(outgoing, "PART_SIZE", 5 * 1024 * 1024)
    storage, path = Storage(aws), "s3://lake/shop/x.parquet"
    data = bytes(range(256)) * 4 * 6000
    out = Outgoing(storage, path)
    for start in range(0, len(data), 700_000):
        out.write(data[start : start + 700_000])
    pending = out.finish()
    assert (out.tell(), pending["size"], pending["sha256"]) == (len(data), len(data), hashlib.sha256(data).hexdigest())
    assert len(pending["parts"]) == 2
    assert keys(aws("s3")) == []
    complete(storage, [pending])
    assert aws("s3").get_object(Bucket="lake", Key="shop/x.parquet")["Body"].read() == data
    lost = Outgoing(storage, "s3://lake/shop/y.parquet")
    lost.write(b"abc")
    lost.discard()
    assert aws("s3").list_multipart_uploads(Bucket="lake").get("Uploads", []) == []
    assert keys(aws("s3")) == ["shop/x.parquet"]
    assert PART_SIZE >= 5 * 1024 * 1024


def test_what_an_earlier_attempt_left_is_removed_and_nothing_beside_it(aws: Any) -> None:
    """Below the run's prefix only; a run whose id begins alike keeps its files."""
    for key in ("t/run_id=r1/a", "t/run_id=r1/b/c", "t/run_id=r10/a"):
        aws("s3").put_object(Bucket="lake", Key=key, Body=b"x")
    remove_below(Storage(aws), "s3://lake/t/run_id=r1")
    assert keys(aws("s3")) == ["t/run_id=r10/a"]
