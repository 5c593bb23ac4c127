"""An emulated AWS on loopback, as a process of a lake finds it: its clients, and the variables that lead there."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import boto3
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

REGION = "eu-west-1"


class Emulated:
    """The services. Names of buckets are new each time, since what is stored outlives a server in this process."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
        }
        self.s3 = self.client("s3")

    def client(self, service: str, account: str = "123456789012") -> Any:
        """One of boto3's; moto takes a key of twelve digits for the account."""
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "testing", "region_name": REGION}
        return boto3.client(service, endpoint_url=self.endpoint, **keys)  # type: ignore[call-overload]

    def bucket(self, name: str = "lake") -> str:
        """A new one, whose name begins so."""
        bucket = f"{name}-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        return bucket

    def put(self, bucket: str, key: str, content: bytes | str) -> str:
        """Stores an object; its address."""
        self.s3.put_object(Bucket=bucket, Key=key, Body=content)
        return f"s3://{bucket}/{key}"

    def get(self, bucket: str, key: str) -> bytes:
        """An object's bytes."""
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All that is stored, by name."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def stop(self) -> None:
        """Ends it."""
        self._server.stop()
