"""Templates that the rules of storage are shown by: a bucket with a table in it."""

from __future__ import annotations

from typing import Any, Final

from lakecheck.rules.catalog import _cases

LAKE: Final = "lake"
TOPIC: Final = {"Topic": {"Type": "AWS::SNS::Topic"}}


def bucket(
    *rules: dict[str, Any], name: str = LAKE, logical_id: str = "Bucket", definition: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """A bucket that is kept, with lifecycle rules; `changes` go over its properties, `definition` over the resource."""
    properties: dict[str, Any] = {"BucketName": name, **changes}
    if rules:
        properties["LifecycleConfiguration"] = {"Rules": [{"Status": "Enabled", **rule} for rule in rules]}
    whole = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": properties}
    return {logical_id: {**whole, **(definition if definition is not None else {})}}


def over(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The bucket with a table of Parquet files below sales/orders/."""
    return {**bucket(*rules, **changes), **_cases.table()}


def over_iceberg(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The bucket with an Iceberg table below sales/orders/."""
    return {**bucket(*rules, **changes), **_cases.iceberg()}
