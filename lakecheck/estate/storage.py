"""Buckets with their policies, access points and Access Grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import bucket_in, s3_uri
from lakecheck.estate.model import AccessGrant, AccessGrantsLocation, AccessPoint, Bucket
from lakecheck.estate.sources import arn_of, at, doubtful, flag, joined, listed, reasons, tags_of, text, unsure
from lakecheck.iam.documents import PolicyKind
from lakecheck.iam.globs import intersects
from lakecheck.values import generated_holes, has_hole, hole, outline, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.keys import Keys
    from lakecheck.estate.sources import Sources
    from lakecheck.iam.model import Policy

_KMS: Final = frozenset({"aws:kms", "aws:kms:dsse"})
_ELSEWHERE: Final = ("AWS::S3Outposts::", "AWS::S3Express::", "AWS::S3Tables::", "AWS::S3ObjectLambda::", "AWS::S3Vectors::")


def read_buckets(sources: Sources, keys: Keys) -> Iterator[Bucket]:
    """The buckets that templates define, and those that only have their policy from one.

    Without `BucketEncryption` a bucket has SSE-S3, without `OwnershipControls` its ACLs are disabled; whether an undeclared
    PublicAccessBlock is on depends on when the bucket was made.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    policies: dict[str, list[tuple[Resource, Policy]]] = {}
    for resource in sources.of("AWS::S3::BucketPolicy"):
        name = text(resource.properties.get("Bucket"))
        document = resource.properties.get("PolicyDocument")
        policy = sources.policy(document, name=str(resource.origin), origin=resource.origin, kind=PolicyKind.RESOURCE)
        policies.setdefault(bucket_in(name) or name, []).append((resource, policy))
    unclear = {name: theirs for name, theirs in policies.items() if has_hole(name) and not generated_holes(name)}
    defined: set[str] = set()
    for resource in sources.of("AWS::S3::Bucket"):
        own = [policy for _, policy in policies.get(resource.ref, ())]
        defined.add(resource.ref)
        # A bucket has one policy: what names its bucket by something that is not known cannot be the policy of one that has its own.
        yield _bucket(resource, joined(own or _perhaps(resource, unclear)), keys)
    for name, theirs in policies.items():
        if name in defined:
            continue
        first = theirs[0][0]
        yield Bucket(
            arn=f"arn:{first.partition}:s3:::{name}",
            name=name,
            account=first.account,
            region=first.region,
            policy=joined(policy for _, policy in theirs),
            origin=None,
        )
    for kind in sources.types:
        if kind.startswith(_ELSEWHERE):
            for resource in sources.of(kind):
                sources.tell(f"{kind} is not followed: its data, and who reads it, is in no verdict", resource.origin)


def _perhaps(bucket: Resource, unclear: Mapping[str, list[tuple[Resource, Policy]]]) -> Iterator[Policy]:
    """The policies that may be the bucket's: those of its account that name their bucket by something that is not known."""
    for name, theirs in unclear.items():
        if name != bucket.ref and intersects(outline(name), outline(bucket.ref)):
            for resource, policy in theirs:
                if resource.account == bucket.account and resource.region == bucket.region:
                    yield doubtful(policy, f"whether {shown(name)}, whose policy {policy.name} is, is {shown(bucket.ref)}")


def _bucket(resource: Resource, policy: Policy | None, keys: Keys) -> Bucket:
    properties = resource.properties
    encryption, key = _encryption(resource, keys)
    tags = tags_of(properties.get("Tags"))
    return Bucket(
        arn=arn_of(resource, "s3", resource.ref, region=False, account=False),
        name=resource.ref,
        account=resource.account,
        region=resource.region,
        policy=policy,
        encryption=encryption,
        key=key,
        bucket_key=_bucket_key(resource),
        public_access_blocked=_blocked(properties.get("PublicAccessBlockConfiguration")),
        acl_enabled=_acl_enabled(properties),
        acl=text(properties.get("AccessControl")),
        versioned=at(properties.get("VersioningConfiguration"), "Status") == "Enabled",
        object_lock=flag(properties.get("ObjectLockEnabled")) is True,
        replicates_to=tuple(_replicas(properties.get("ReplicationConfiguration"))),
        tags=tags if tags is not None else {},
        origin=resource.origin,
    )


def _encryption(resource: Resource, keys: Keys) -> tuple[str, str]:
    configuration = resource.properties.get("BucketEncryption")
    if configuration is None:
        return "SSE_S3", ""
    rules = at(configuration, "ServerSideEncryptionConfiguration")
    rule = at(listed(rules)[0] if listed(rules) else None, "ServerSideEncryptionByDefault")
    algorithm = at(rule, "SSEAlgorithm")
    if not isinstance(algorithm, str) or has_hole(algorithm):
        return "", ""
    if algorithm not in _KMS:
        return "SSE_S3", ""
    key = at(rule, "KMSMasterKeyID")
    return "SSE_KMS", keys.arn(text(key), resource.account, resource.region)


def _bucket_key(resource: Resource) -> bool | None:
    """Whether S3 asks KMS about the bucket: not unless the first rule says so."""
    rules = listed(at(resource.properties.get("BucketEncryption"), "ServerSideEncryptionConfiguration"))
    if reasons(rules[:1]):
        return None
    return flag(at(rules[0], "BucketKeyEnabled")) is True if rules else False


def _blocked(configuration: Any) -> bool | None:
    if configuration is None or unsure(configuration):
        return None
    return flag(at(configuration, "BlockPublicPolicy")) is True and flag(at(configuration, "RestrictPublicBuckets")) is True


def _acl_enabled(properties: Any) -> bool | None:
    rules = at(properties.get("OwnershipControls"), "Rules")
    ownership = at(listed(rules)[0] if listed(rules) else None, "ObjectOwnership")
    if isinstance(ownership, str) and not has_hole(ownership):
        return ownership != "BucketOwnerEnforced"
    return None if ownership is not None or properties.get("AccessControl") is not None else False


def _replicas(configuration: Any) -> Iterator[tuple[str, str]]:
    for rule in listed(at(configuration, "Rules")):
        if at(rule, "Status") == "Disabled":
            continue
        filtered = at(rule, "Filter")
        prefixes = (at(rule, "Prefix"), at(filtered, "Prefix"), at(filtered, "And", "Prefix"))
        prefix = next((each for each in prefixes if isinstance(each, str)), "")
        destination = at(rule, "Destination", "Bucket")
        yield text(destination, hole("destination of a replication", generated=False)), prefix


def read_access_points(sources: Sources) -> Iterator[AccessPoint]:
    """Access points, and multi-region access points once for each of their buckets.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points.html
    """
    for resource in sources.of("AWS::S3::AccessPoint"):
        properties = resource.properties
        name = text(properties.get("Name"), resource.ref)
        if unsure(properties.get("Bucket")):
            sources.tell(f"the bucket of an access point is not known: {shown(text(properties.get('Bucket')))}", resource.origin)
        yield AccessPoint(
            arn=arn_of(resource, "s3", f"accesspoint/{name}"),
            account=resource.account,
            bucket=f"arn:{resource.partition}:s3:::{text(properties.get('Bucket'))}",
            bucket_account=text(properties.get("BucketAccountId"), resource.account),
            policy=_own_policy(sources, resource, properties.get("Policy")),
            vpc=text(at(properties.get("VpcConfiguration"), "VpcId")),
            origin=resource.origin,
        )
    policies = {
        text(each.properties.get("MrapName")): _own_policy(sources, each, each.properties.get("Policy"))
        for each in sources.of("AWS::S3::MultiRegionAccessPointPolicy")
    }
    for resource in sources.of("AWS::S3::MultiRegionAccessPoint"):
        alias = resource.attributes.get("Alias")
        name = alias if isinstance(alias, str) else hole(f"alias of {resource.origin}", generated=True)
        for region in listed(resource.properties.get("Regions")):
            yield AccessPoint(
                arn=f"arn:{resource.partition}:s3::{resource.account}:accesspoint/{name}",
                account=resource.account,
                bucket=f"arn:{resource.partition}:s3:::{text(at(region, 'Bucket'))}",
                bucket_account=text(at(region, "BucketAccountId"), resource.account),
                policy=policies.get(resource.ref),
                origin=resource.origin,
            )


def _own_policy(sources: Sources, resource: Resource, document: Any) -> Policy | None:
    if document is None:
        return None
    return sources.policy(document, name=str(resource.origin), origin=resource.origin, kind=PolicyKind.RESOURCE)


def read_access_grants(sources: Sources) -> Iterator[AccessGrant]:
    """S3 Access Grants: a grant's scope is its location's with the grant's own prefix put behind.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-grant.html
    """
    locations: dict[str, Resource] = {}
    for location in sources.of("AWS::S3::AccessGrantsLocation"):
        locations[location.ref] = location
        found = location.attributes.get("AccessGrantsLocationId")
        if isinstance(found, str):
            locations[found] = location
    for resource in sources.of("AWS::S3::AccessGrant"):
        properties = resource.properties
        named = text(properties.get("AccessGrantsLocationId"), "default")
        place = locations.get(named)
        if place is None:
            sources.tell(f"the location {shown(named)} of an Access Grant is in no template", resource.origin)
            scope, role = ("s3://" if named == "default" else f"s3://{hole(f'location {shown(named)}')}"), hole(f"role of location {named}")
        else:
            scope, role = text(place.properties.get("LocationScope")), text(place.properties.get("IamRoleArn"))
        below = at(properties.get("AccessGrantsLocationConfiguration"), "S3SubPrefix")
        grantee = properties.get("Grantee")
        yield AccessGrant(
            account=resource.account,
            scope=granted_scope(scope, text(below), is_object=properties.get("S3PrefixType") == "Object"),
            permission=text(properties.get("Permission")),
            grantee=text(at(grantee, "GranteeIdentifier")),
            grantee_kind=text(at(grantee, "GranteeType")),
            role=role,
            origin=resource.origin,
        )


def read_access_grants_locations(sources: Sources) -> Iterator[AccessGrantsLocation]:
    """The locations on which Access Grants may be made.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location-register.html
    """
    for resource in sources.of("AWS::S3::AccessGrantsLocation"):
        yield AccessGrantsLocation(
            account=resource.account,
            scope=granted_scope(text(resource.properties.get("LocationScope")), ""),
            role=text(resource.properties.get("IamRoleArn")),
            origin=resource.origin,
        )


def granted_scope(location: str, prefix: str, *, is_object: bool = False) -> str:
    """The scope of a grant below a location.

    Example:
        >>> granted_scope("s3://lake", "sales/*"), granted_scope("s3://", "lake/*"), granted_scope("s3://lake/raw/*", "")
        ('s3://lake/sales/*', 's3://lake/*', 's3://lake/raw/*')
    """
    base = s3_uri(location).rstrip("*")
    bucket = base.partition("://")[2]
    if bucket and "/" not in bucket:
        base += "/"
    scope = base + prefix
    return scope if is_object or scope.endswith("*") else f"{scope}*"
