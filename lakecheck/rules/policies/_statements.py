"""Every statement of every policy that a template writes, read once for all rules of this family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import in_words
from lakecheck.iam.documents import PolicyKind, read_policy
from lakecheck.iam.globs import intersects
from lakecheck.iam.model import Effect
from lakecheck.iam.operators import EACH_NEGATED
from lakecheck.rules.base import MISSING, items, once, value
from lakecheck.values import has_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.iam.model import ConditionTest, Policy, Statement
    from lakecheck.snapshot import Snapshot

_OF_IDENTITIES = {
    "AWS::IAM::GroupPolicy": "PolicyDocument",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::RolePolicy": "PolicyDocument",
    "AWS::IAM::UserPolicy": "PolicyDocument",
    "AWS::SSO::PermissionSet": "InlinePolicy",
}
_WITH_INLINE = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_OF_RESOURCES = {
    "AWS::Backup::BackupVault": "AccessPolicy",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::Events::EventBusPolicy": "Statement",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::KMS::ReplicaKey": "KeyPolicy",
    "AWS::S3::AccessPoint": "Policy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicInlinePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueueInlinePolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
}
_LONE_STATEMENTS = frozenset({"AWS::Events::EventBusPolicy"})
"""Types whose property is a statement, without a document around it."""
_WITH_BOUNDARIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::SSO::PermissionSet")
_BOUNDARIES = ("PermissionsBoundary", "PermissionsBoundary.ManagedPolicyArn", "PermissionsBoundary.CustomerManagedPolicyReference.Name")


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement where it stands.

    Attributes:
        resource: Whose policy it is in.
        policy: The policy.
        statement: The statement.
        kind: What the policy is attached to.
        at: The property that has the policy.
    """

    resource: Resource
    policy: Policy
    statement: Statement
    kind: PolicyKind
    at: str

    @property
    def origin(self) -> Origin:
        """Where its resource stands."""
        return self.resource.origin

    @property
    def name(self) -> str:
        """What a reader finds it by."""
        return f"the statement {self.statement.sid}" if self.statement.sid else f"statement {self.statement.index + 1}"

    @property
    def allows(self) -> bool:
        """Whether it allows."""
        return self.statement.effect is Effect.ALLOW


@dataclass(frozen=True, slots=True)
class Unread:
    """A policy of which something is not known, so that no rule can judge that.

    Attributes:
        resource: Whose policy it is.
        reasons: Why.
        kind: What the policy is attached to.
        at: The property that has the policy.
    """

    resource: Resource
    reasons: tuple[str, ...]
    kind: PolicyKind
    at: str

    @property
    def origin(self) -> Origin:
        """Where its resource stands."""
        return self.resource.origin


@once
def statements(snapshot: Snapshot) -> tuple[Stated, ...]:
    """All of them: identities' policies, resources' policies, trust policies."""
    return tuple(
        Stated(resource, policy, statement, kind, path)
        for resource, policy, kind, path in _policies(snapshot)
        for statement in policy.statements
    )


def unread(snapshot: Snapshot) -> Iterator[Unread]:
    """The policies of which a statement, or all, is not known; `policies.allow_with_not` tells them."""
    yield from (Unread(resource, policy.unknown, kind, path) for resource, policy, kind, path in _policies(snapshot) if policy.unknown)


@once
def _policies(snapshot: Snapshot) -> tuple[tuple[Resource, Policy, PolicyKind, str], ...]:
    found: list[tuple[Resource, Policy, PolicyKind, str]] = []
    for kind, types in ((PolicyKind.IDENTITY, _OF_IDENTITIES), (PolicyKind.RESOURCE, _OF_RESOURCES)):
        for type_, path in types.items():
            for resource in snapshot.by_type.get(type_, ()):
                found += _read(resource, value(resource, path), kind, path)
    for type_ in _WITH_INLINE:
        for resource in snapshot.by_type.get(type_, ()):
            for number, each in enumerate(items(resource, "Policies")):
                document = each.get("PolicyDocument") if isinstance(each, dict) else each
                found += _read(resource, document, PolicyKind.IDENTITY, f"Policies.{number}")
    for resource in snapshot.by_type.get("AWS::IAM::Role", ()):
        path = "AssumeRolePolicyDocument"
        found += _read(resource, value(resource, path), PolicyKind.TRUST, path)
    return tuple(found)


def _read(resource: Resource, document: Any, kind: PolicyKind, path: str) -> Iterator[tuple[Resource, Policy, PolicyKind, str]]:
    if document is MISSING:
        return
    if resource.type in _LONE_STATEMENTS and isinstance(document, dict):
        document = {"Version": "2012-10-17", "Statement": document}
    policy, _refused = read_policy(in_words(document), name=str(resource.origin), at=resource.origin.source, kind=kind)
    yield resource, policy, kind, path


def of_kind(*kinds: PolicyKind, effect: Effect = Effect.ALLOW) -> Callable[[Snapshot], Iterator[Stated]]:
    """Subjects: the statements of policies of these kinds that allow, or deny.

    Args:
        kinds: What the policies are attached to.
        effect: Of the statements.
    """

    def subjects(snapshot: Snapshot) -> Iterator[Stated]:
        yield from (each for each in statements(snapshot) if each.kind in kinds and each.statement.effect is effect)

    return subjects


@once
def _boundaries(snapshot: Snapshot) -> frozenset[str]:
    """The ARNs and names of policies that are somebody's boundary."""
    found = [value(each, path) for kind in _WITH_BOUNDARIES for each in snapshot.by_type.get(kind, ()) for path in _BOUNDARIES]
    return frozenset(each for each in found if isinstance(each, str))


def is_boundary(stated: Stated, snapshot: Snapshot) -> bool:
    """Whether the policy is somebody's permissions boundary, which gives nothing by itself."""
    resource = stated.resource
    names = (resource.ref, resource.arn, value(resource, "ManagedPolicyName"))
    return any(each in _boundaries(snapshot) for each in names if isinstance(each, str) and each)


def names_action(statement: Statement, *actions: str) -> bool:
    """Whether a statement names, perhaps by a pattern, one of these actions (in lower case); `*` and a whole service name none."""
    patterns = [each.lower() for each in statement.actions or ()]
    return any(intersects(each, action) for each in patterns for action in actions if each.partition(":")[2].strip("*"))


def covers_action(statement: Statement, *actions: str) -> bool:
    """Whether a statement's actions may have one of these (in lower case), by `*` or what it leaves out as well."""
    if statement.not_actions is not None:
        return not all(any(intersects(each.lower(), action) for each in statement.not_actions) for action in actions)
    return any(intersects(each.lower(), action) for each in statement.actions or () for action in actions)


def demands(test: ConditionTest, is_key: Callable[[str], bool]) -> bool:
    """Whether a condition lets only some values of a key through, and nobody without the key."""
    passes_without = test.if_exists or test.quantifier == "ForAllValues" or test.operator in EACH_NEGATED or test.operator == "Null"
    return not passes_without and is_key(test.key.lower()) and any(each.strip("*?") for each in test.values)


def members(statement: Statement, kind: str) -> tuple[str, ...]:
    """The principals of a kind that a statement names."""
    return statement.principals.get(kind, ()) if statement.principals is not None else ()


def are_open(texts: Iterable[str]) -> bool:
    """Whether any text is not wholly known."""
    return any(map(has_hole, texts))


def arn(text: str) -> dict[str, str]:
    """An ARN without its partition, for cases: `arn("s3:::bucket")`."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{text}"}


def document(*each: dict[str, Any]) -> dict[str, Any]:
    """A policy document, for cases; statements allow unless they say otherwise."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in each]}


def managed(*each: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A managed policy of these statements, for cases."""
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(*each), **properties}}


def bucket_policy(*each: dict[str, Any]) -> dict[str, Any]:
    """A bucket's policy of these statements, for cases."""
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "lake", "PolicyDocument": document(*each)}}


def role(principal: Any, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """A role that a principal assumes, for cases."""
    trust: dict[str, Any] = {"Principal": principal, "Action": "sts:AssumeRole"}
    if condition is not None:
        trust["Condition"] = condition
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document(trust)}}


ACCOUNT, OTHER_ACCOUNT = "444455556666", "777788889999"
"""The account that the cases stand in, and another one."""
QUEUE: dict[str, dict[str, Any]] = {"Queue": {"Type": "AWS::SQS::Queue"}}
"""Something without a policy, for cases."""
