"""The KMS side of every door to objects: a principal that may read an encrypted object also needs the key.

S3 asks KMS in the caller's name: `kms:Decrypt` to read, `kms:GenerateDataKey` to put, nothing to delete. KMS sees `kms:ViaService`
(`s3.<region>.amazonaws.com`), the caller's account and, as encryption context, the ARN of the bucket where S3 bucket keys are on and else
that of the object. A bucket without a key of its own under SSE-KMS uses `aws/s3`, which serves everybody in the account through S3 and
nobody else. It is taken that objects are encrypted with their bucket's default.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.places import partition_of_region
from lakecheck.access.doors.reasons import reasons
from lakecheck.formula import FALSE, TRUE, Formula, Truth, any_of, negate

if TYPE_CHECKING:
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Bucket, Principal
    from lakecheck.iam.model import Decision, Policy

OF_OBJECT: Final = "kms:encryptioncontext:aws:s3:arn"
"""The key by which a policy tells buckets or objects apart."""

ALIASES: Final = "kms:resourcealiases"
"""The key by which a policy names KMS keys by their aliases."""


class KeyRing:
    """Answers for the keys of one estate's buckets."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        keys = [key for key in questions.estate.keys if ":key/" in key.arn]
        self._by_alias = {f"{key.arn.partition(':key/')[0]}:{alias}": key.arn for key in keys for alias in key.aliases}
        self._by_id = {key.arn.rpartition("/")[2]: key.arn for key in questions.estate.keys}
        self._granted: dict[tuple[str, str], frozenset[str]] = {}
        for grant in questions.estate.key_grants:
            pair = (grant.key, grant.grantee)
            self._granted[pair] = self._granted.get(pair, frozenset()) | grant.operations
        self._speaks_of_objects: dict[int, bool] = {}

    def may(self, principal: Principal, operation: str, bucket: Bucket, resource: str) -> tuple[Formula, tuple[str, ...]]:
        """Whether the bucket's default key serves the principal through S3, and the statements that say so.

        Args:
            principal: Who reads or writes.
            operation: `Decrypt` or `GenerateDataKey`.
            bucket: The object's bucket.
            resource: ARN of the object.
        """
        if bucket.encryption != "SSE_KMS":
            return TRUE, ()
        if not bucket.key:
            return (TRUE if principal.account == bucket.account else FALSE), ()
        arn = self.arn(bucket.key)
        asked = self._asked(principal, bucket, resource)
        decisions = [self._decide(principal, operation, arn, bucket, each) for each in asked]
        allowed = any_of(decision.allowed for decision in decisions)
        if allowed.truth is not Truth.TRUE and operation in self._granted.get((arn, principal.arn), frozenset()):
            denied = any_of(matched.when for decision in decisions for matched in decision.denies)
            return any_of([allowed, negate(denied)]), (f"a KMS grant on {arn} gives {operation}",)
        return allowed, reasons(decisions[0], f"kms:{operation}", arn)

    def arn(self, key: str) -> str:
        """A key's ARN, whether it is named by ARN, by alias or by id."""
        return self._by_alias.get(key) or self._by_id.get(key) or key

    def tells_objects_apart(self, principal: Principal, bucket: Bucket) -> bool:
        """Whether the answer may differ from object to object."""
        return bucket.encryption == "SSE_KMS" and bool(bucket.key) and bucket.bucket_key is not True and self._mentions(principal, bucket)

    def _asked(self, principal: Principal, bucket: Bucket, resource: str) -> tuple[str, ...]:
        """What KMS may see as encryption context; one of both where no policy asks for it."""
        if bucket.bucket_key is True or not self._mentions(principal, bucket):
            return (bucket.arn,)
        return (resource,) if bucket.bucket_key is False else (bucket.arn, resource)

    def _mentions(self, principal: Principal, bucket: Bucket) -> bool:
        key = self._questions.keys.get(self.arn(bucket.key))
        account = self._questions.estate.accounts.get(principal.account)
        owning = self._questions.estate.accounts.get(key.account) if key is not None else None
        policies = [*principal.policies, principal.boundary, key.policy if key is not None else None]
        policies += [policy for level in (account.scps if account is not None else None) or () for policy in level]
        policies += owning.rcps if owning is not None else ()
        return any(self._speaks(policy) for policy in policies if policy is not None)

    def _speaks(self, policy: Policy) -> bool:
        if id(policy) not in self._speaks_of_objects:
            tests = (test for statement in policy.statements for test in statement.conditions)
            self._speaks_of_objects[id(policy)] = any(test.key.lower() == OF_OBJECT for test in tests)
        return self._speaks_of_objects[id(policy)]

    def _decide(self, principal: Principal, operation: str, arn: str, bucket: Bucket, encrypted: str) -> Decision:
        suffix = "amazonaws.com.cn" if partition_of_region(bucket.region) == "aws-cn" else "amazonaws.com"
        context = {
            "kms:viaservice": (f"s3.{bucket.region}.{suffix}",),
            OF_OBJECT: (encrypted,),
            "kms:encryptioncontextkeys": ("aws:s3:arn",),
            "kms:encryptionalgorithm": ("SYMMETRIC_DEFAULT",),
            "kms:requestalias": (),
            "aws:viaawsservice": ("true",),
        }
        key = self._questions.keys.get(arn)
        if key is not None:
            context[ALIASES] = key.aliases
        return self._questions.decide(principal, f"kms:{operation}", arn, context=context)
