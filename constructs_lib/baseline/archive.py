"""What the accounts of an organisation have to agree on about its log archive before any of it exists: derived names, no resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_s3 as s3

from lakemodel.limits import Quota, limit
from lakemodel.naming import physical_name

if TYPE_CHECKING:
    from constructs import Construct

_PREFIX = "governed-lake"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveNames:
    """The names by which the accounts of an organisation know its trail, and the buckets and the key of its log archive.

    Both sides derive them: what crosses an account can only be a name.

    Attributes:
        management: The account that owns the organisation and its trail.
        log_archive: The account that keeps what is delivered.
        region: The Region in which the trail, the buckets and the key stand.
    """

    management: str
    log_archive: str
    region: str

    @property
    def trail(self) -> str:
        """The organisation trail's name."""
        return f"{_PREFIX}-organization"

    @property
    def trail_bucket(self) -> str:
        """The bucket that takes the trail's files."""
        return self._bucket("trail")

    @property
    def config_bucket(self) -> str:
        """The bucket that takes what AWS Config delivers."""
        return self._bucket("config")

    @property
    def key_alias(self) -> str:
        """The alias of the archive's key, whose id nobody knows before it is made."""
        return f"alias/{_PREFIX}-archive"

    def trail_arn(self, scope: Construct) -> str:
        """The organisation trail's ARN, in the partition of `scope`."""
        return Stack.of(scope).format_arn(
            service="cloudtrail", region=self.region, account=self.management, resource="trail", resource_name=self.trail
        )

    def key_alias_arn(self, scope: Construct) -> str:
        """The ARN of the key's alias, in the partition of `scope`; CloudTrail and AWS Config take it in place of the key's own."""
        return Stack.of(scope).format_arn(
            service="kms",
            region=self.region,
            account=self.log_archive,
            resource=self.key_alias,
            arn_format=ArnFormat.NO_RESOURCE_NAME,
        )

    def bucket_for_config(self, scope: Construct, construct_id: str) -> s3.IBucket:
        """The bucket for AWS Config's deliveries as another account sees it: for `ConfigDestination`. Makes no resource."""
        return s3.Bucket.from_bucket_name(scope, construct_id, self.config_bucket)

    def _bucket(self, what: str) -> str:
        most = limit(Quota.BUCKET_NAME_CHARACTERS).value
        return physical_name(_PREFIX, what, self.log_archive, self.region, max_length=most)
