"""Where query results are kept: one bucket, one key, a prefix for each workgroup that only its members can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aws_cdk import Duration, Validations, aws_iam as iam, aws_kms as kms, aws_s3 as s3
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.query.members import role_arn
from constructs_lib.storage import LakeBucket, LakeKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy

    from constructs_lib.storage import BucketHolder

DEFAULT_EXPIRY_DAYS = 30
_DAY = 24 * 60 * 60


class QueryResults(Protocol):
    """What a workgroup needs of the place its results go to."""

    @property
    def bucket(self) -> s3.IBucket:
        """The bucket."""
        ...

    @property
    def key(self) -> kms.IKey:
        """The key that encrypts the results."""
        ...

    def restrict(self, prefix: str, principals: Sequence[str]) -> None:
        """Denies every object below `prefix` to anybody but `principals`, role ARNs or patterns of them."""
        ...

    def expire(self, prefix: str, after: Duration) -> None:
        """Lets the objects below `prefix` expire."""
        ...


class ResultsBucket(Construct):
    """A bucket for query results with a key of its own; results expire, and each workgroup's prefix is closed to everybody else.

    Args:
        access_logs: Where server access logs go, an `AccessLogBucket` or an `ExistingBucket`; not logged when None.
        key: Encrypts the results; a key of its own when left out, because a result holds what its query was allowed to read.
        key_alias: An alias for its own key, for policies of other accounts, which cannot know the key's id; none when left out.
        expiry: After how long results expire; 30 days when left out. A workgroup can ask for less, never for more: where lifecycle rules
            overlap, S3 applies the shorter one.
        break_glass: Roles that can read every workgroup's results; none when left out.
        removal_policy: RETAIN when left out; see `constructs_lib.core.removal_policy`.

    Attributes:
        bucket: The bucket.
        key: The key.
        expiry: After how long results expire.

    See https://docs.aws.amazon.com/athena/latest/ug/querying.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        access_logs: BucketHolder | None,
        key: kms.IKey | None = None,
        key_alias: str | None = None,
        expiry: Duration | None = None,
        break_glass: Sequence[iam.IRole] = (),
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        expiry = Duration.days(DEFAULT_EXPIRY_DAYS) if expiry is None else expiry
        if key is None:
            key = LakeKey(self, "Key", description="query results", removal_policy=removal_policy).key
        if key_alias is not None:
            kms.Alias(self, "KeyAlias", alias_name=key_alias, target_key=key)
        self.key: kms.IKey = key
        self.expiry = expiry
        self.bucket: s3.IBucket = LakeBucket(
            self, "Bucket", key=key, access_logs=access_logs, lifecycle_rules=[_expiry_rule(expiry)], removal_policy=removal_policy
        ).bucket
        self._break_glass = tuple(role_arn(self, role) for role in break_glass)
        self._prefixes: dict[str, iam.PolicyStatement] = {}

    @classmethod
    def from_bucket(cls, scope: Construct, construct_id: str, *, bucket: s3.IBucket, key: kms.IKey) -> QueryResults:
        """A bucket that exists already, with the key it encrypts with. Its policy and lifecycle remain its owner's work.

        A workgroup that writes to it warns that its prefix is not closed.
        """
        return _ImportedResults(scope, construct_id, bucket=bucket, key=key)

    def restrict(self, prefix: str, principals: Sequence[str]) -> None:
        """Denies every object below `prefix` to anybody but `principals` and the break-glass roles.

        Calling it again for a prefix replaces who is let in.

        Args:
            prefix: Ends with a slash.
            principals: Role ARNs, or patterns of them.
        """
        allowed = sorted({*principals, *self._break_glass})
        condition = {"aws:PrincipalArn": allowed}
        statement = self._prefixes.get(prefix)
        if statement is not None:
            statement.add_condition("ArnNotLike", condition)
            return
        statement = iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.StarPrincipal()],
            actions=["s3:*"],
            resources=[self.bucket.arn_for_objects(f"{prefix}*")],
            conditions={"ArnNotLike": condition},
        )
        self._prefixes[prefix] = statement
        self.bucket.add_to_resource_policy(statement)

    def expire(self, prefix: str, after: Duration) -> None:
        """Lets the objects below `prefix` expire sooner than the others.

        Raises:
            DataLakeError: `results_expiry`, if `after` is no whole number of days, or longer than the bucket's own expiry, which would win.
        """
        days, most = after.to_seconds() / _DAY, self.expiry.to_seconds() / _DAY
        if days > most or days % 1:
            msg = (
                f"got an expiry of {days:g} days for {prefix}; allowed are whole days up to {most:g}, after which everything in the bucket "
                "expires: ask for less, or give the ResultsBucket a longer expiry"
            )
            raise misuse(self, msg, code="results_expiry")
        if days < most:
            assert isinstance(self.bucket, s3.Bucket)  # noqa: S101 - what a LakeBucket is made of
            self.bucket.add_lifecycle_rule(prefix=prefix, expiration=after)


class _ImportedResults(Construct):
    """Somebody else's bucket: what it lacks is said, not done."""

    def __init__(self, scope: Construct, construct_id: str, *, bucket: s3.IBucket, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.bucket = bucket
        self.key = key
        self._warned: set[str] = set()

    def restrict(self, prefix: str, principals: Sequence[str]) -> None:
        """Warns, once for a prefix: the policy of somebody else's bucket cannot be changed from here."""
        if prefix in self._warned:
            return
        self._warned.add(prefix)
        names = ", ".join(principals) or "nobody"
        msg = (
            f"the results below {prefix} are not closed to others, because the bucket is imported; add a statement to its policy "
            f"that denies s3:* there unless aws:PrincipalArn is like one of: {names}"
        )
        Validations.of(self).add_warning(f"results-prefix-open:{prefix}", msg)

    def expire(self, prefix: str, after: Duration) -> None:
        """Does nothing: the owner's lifecycle rules decide."""


def _expiry_rule(expiry: Duration) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="expire-results",
        expiration=expiry,
        noncurrent_version_expiration=Duration.days(1),
        abort_incomplete_multipart_upload_after=Duration.days(1),
    )
