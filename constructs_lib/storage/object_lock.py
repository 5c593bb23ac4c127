"""For how long S3 refuses to delete or overwrite an object version, and what such a bucket cannot be at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_cdk import aws_s3 as s3

from constructs_lib.core import misuse
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import Duration
    from constructs import Construct


class LockMode(StrEnum):
    """Who may end a lock early."""

    GOVERNANCE = "governance"
    """Whoever has `s3:BypassGovernanceRetention`; no role of this library has it."""
    COMPLIANCE = "compliance"
    """Nobody, the root user and AWS included; the account itself would have to be closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectLock:
    """The retention that every object version written from now on gets; it can be lengthened, and nothing turns the lock off again.

    Versions that were there before are not locked. An upload to such a bucket needs a checksum, which AWS's SDKs send by themselves.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html.

    Args:
        retention: For how long, in whole days.
        mode: Who may end it early; GOVERNANCE when left out.
    """

    retention: Duration
    mode: LockMode = LockMode.GOVERNANCE

    def default_retention(self) -> s3.ObjectLockRetention:
        """As a bucket takes it."""
        if self.mode is LockMode.COMPLIANCE:
            return s3.ObjectLockRetention.compliance(self.retention)
        return s3.ObjectLockRetention.governance(self.retention)


def check_lock(scope: Construct, lock: ObjectLock, *, versioned: bool, rules: Sequence[s3.LifecycleRule]) -> None:
    """Refuses a lock that S3 does not take, and one that outlasts what a lifecycle rule promises to be gone.

    Rules about noncurrent versions need no check: S3 waits with them until the lock is over.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-lifecycle

    Raises:
        DataLakeError: `object_lock`.
    """
    most = limit(Quota.OBJECT_LOCK_DAYS).value
    seconds = lock.retention.to_seconds()
    days = seconds / 86_400
    if not days.is_integer() or not 1 <= days <= most:
        msg = f"got Object Lock for {days:g} days; allowed are whole days, from 1 to {most:,}"
        raise misuse(scope, msg, code="object_lock")
    if not versioned:
        msg = "got Object Lock on a bucket without versions; it locks versions: leave `versioned` out"
        raise misuse(scope, msg, code="object_lock")
    if early := [rule for rule in rules if rule.expiration is not None and rule.expiration.to_seconds() < seconds]:
        first = early[0]
        assert first.expiration is not None  # noqa: S101 - chosen by it
        msg = (
            f"got Object Lock for {days:g} days, and {len(early)} lifecycle rules that promise objects to be gone sooner, "
            f"{first.id} after {first.expiration.to_days():g} days among them; a locked version stays: "
            "shorten the lock, or lengthen the retention in the contracts"
        )
        raise misuse(scope, msg, code="object_lock")
