"""The reference with two planted faults, run by the CDK CLI as if it were app.py: the synth has to fail on each of them.

`S3` is a bucket as CDK makes it by default, which violates rules of every pack; `Typo` has a property that CloudFormation does not know.
"""

import sys
from typing import Any

from aws_cdk import aws_s3 as s3

import app
from stacks.query import QueryStack

whole = QueryStack.__init__


def planted(self: QueryStack, *args: Any, **properties: Any) -> None:
    whole(self, *args, **properties)
    s3.Bucket(self, "S3")
    s3.CfnBucket(self, "Typo").add_property_override("NoSuchProperty", value=True)


QueryStack.__init__ = planted  # type: ignore[method-assign] # that is what planting is

if __name__ == "__main__":
    sys.exit(app.main([]))
