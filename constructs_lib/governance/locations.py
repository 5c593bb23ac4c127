"""Registered data locations: from then on Lake Formation decides who reads what stands there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import aws_iam as iam, aws_lakeformation as lakeformation
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, misuse, trusted_service
from constructs_lib.governance.resources import CatalogResource

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms, aws_s3 as s3

    from constructs_lib.governance.permissions import PermissionsOwner
    from lakemodel.config.model import Zone

_OBJECTS = (
    "Lake Formation reads and writes any object of the zone through this role, on behalf of those it lets; the bucket holds nothing else."
)


HYBRID_METADATA = "governed-lake:hybrid-access"
"""Metadata of a location in hybrid access, in the assembly: why, and who answers for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HybridAccess:
    """The decision to let IAM go on deciding about a location for everybody who is not opted in.

    Attributes:
        reason: Why Lake Formation cannot decide for everybody yet; true for this very location.
        owner: Who answers for it.
        expires: Last day (YYYY-MM-DD) of it; no expiry when left out.
    """

    reason: str
    owner: str
    expires: str | None = None


class LocationZone(Protocol):
    """What is registered: a zone's bucket with the key that encrypts it, such as `storage.LakeZone`."""

    zone: Zone
    bucket: s3.IBucket
    key: kms.IKey


class DataLocation(Construct):
    """Registers a zone's bucket with Lake Formation, under a role of its own.

    The whole bucket is one location, by its bare ARN; `bucket/` or `bucket/prefix` would be other locations. Whoever queries needs
    neither S3 nor KMS rights: the registration role has them. The role's policy is there before the location is registered. No
    service-linked role is used: it could not be limited to this bucket and this key.

    **With hybrid access IAM decides**: whoever has S3 and Glue rights reads the location past every grant, filter and LF-Tag, except for
    the principals that are opted in to its databases and tables (`CatalogPermissions.opt_in`). It is for moving a lake that is in use
    to Lake Formation, principal by principal. Databases and tables there need `IAM_ALLOWED_PRINCIPALS`, which
    `CatalogPermissions(revoke_iam_allowed_principals=False)` leaves.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html and
    https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html.

    Args:
        zone: A governed zone; its bucket is registered.
        hybrid: Why IAM goes on deciding there for who is not opted in; Lake Formation decides for everybody when left out.
        settings: The account's `LakeFormationSettings`, which come first; left out when they are deployed before anyway.

    Raises:
        DataLakeError: `ungoverned_zone` for landing and raw, which pipelines read by S3 policy; `hybrid_without_reason` for an empty
            reason or owner.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: LocationZone,
        hybrid: HybridAccess | None = None,
        settings: PermissionsOwner | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if not zone.zone.is_governed:
            msg = f"got the {zone.zone.value} zone; Lake Formation governs curated, consumption and quarantine only: leave it out"
            raise misuse(self, msg, code="ungoverned_zone")
        if hybrid is not None and not (hybrid.reason.strip() and hybrid.owner.strip()):
            msg = f"got hybrid access with reason {hybrid.reason!r} and owner {hybrid.owner!r}; each is needed, or leave hybrid out"
            raise misuse(self, msg, code="hybrid_without_reason")
        self.zone = zone.zone
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=trusted_service(self, "lakeformation.amazonaws.com"),
            description=f"Lake Formation reads and writes the {zone.zone.value} zone with it",
        )
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    sid="Objects",
                    actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                    resources=[zone.bucket.arn_for_objects("*")],
                ),
                iam.PolicyStatement(sid="Bucket", actions=["s3:ListBucket"], resources=[zone.bucket.bucket_arn]),
                iam.PolicyStatement(
                    sid="Key",
                    actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
                    resources=[zone.key.key_arn],
                ),
            ],
        )
        acknowledge_wildcards(self.policy, {"Objects": _OBJECTS})
        self.location = lakeformation.CfnResource(
            self,
            "Resource",
            resource_arn=zone.bucket.bucket_arn,
            role_arn=self.role.role_arn,
            use_service_linked_role=False,
            hybrid_access_enabled=hybrid is not None,
        )
        if hybrid is not None:
            self.location.node.add_metadata(HYBRID_METADATA, {key: value for key, value in asdict(hybrid).items() if value is not None})
        self.location.node.add_dependency(self.policy)
        if settings is not None:
            self.location.node.add_dependency(settings.resource)
        self.resource = CatalogResource.location(zone.bucket.bucket_arn)
