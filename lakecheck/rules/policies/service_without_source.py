"""No resource policy that lets a service in for whichever account asks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lakecheck.iam.documents import PolicyKind
from lakecheck.iam.model import Effect
from lakecheck.iam.operators import EACH_NEGATED
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, arn, bucket_policy, demands, document, members, statements
from lakecheck.values import outline, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.iam.model import ConditionTest, Policy
    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot

_SOURCES = frozenset(
    {
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "kms:calleraccount",
        "kms:viaservice",
    }
)
_CONTEXT = "kms:encryptioncontext:"
"""What a service encrypts names the resource: `kms:EncryptionContext:aws:logs:arn`."""
_OF_ANYBODY = re.compile(r"arn:[^:]*:[^:]*:[^:]*:\*?:\*?")
"""ARNs of no account in particular."""
_AT_KEYS = ("cloudwatch", "events", "s3")
_EXEMPT = frozenset(
    {
        ("AWS::SNS::TopicPolicy", "events"),
        ("AWS::SNS::TopicInlinePolicy", "events"),
        ("AWS::S3::BucketPolicy", "logdelivery.elasticloadbalancing"),
        ("AWS::ECR::Repository", "lambda"),
        *((kind, service) for kind in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey") for service in _AT_KEYS),
    }
)
"""Services without a source on AWS's own pages: rules at topics; at keys what sends to a topic or queue; load balancers; images.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""


_LOOKS = frozenset({"kms:describekey", "s3:getbucketacl", "s3:getbucketlocation"})
"""What a service asks for before it delivers; none of it opens or changes data."""
_OF_ONE_ACCOUNT = re.compile(r"/AWSLogs/[^/*?]+/")
"""Where a service delivers for an account or organisation: it puts the asking one into the key itself.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""


def _services(stated: Stated) -> tuple[str, ...]:
    """The services that a statement lets in and that tell for whom they ask."""
    found = members(stated.statement, "Service")
    return tuple(each for each in found if (stated.resource.type, each.partition(".amazonaws.")[0]) not in _EXEMPT)


def _subjects(snapshot: Snapshot) -> Iterator[Stated]:
    for each in statements(snapshot):
        if each.kind is PolicyKind.RESOURCE and each.allows and _services(each) and not _is_harmless(each):
            yield each


def _is_harmless(stated: Stated) -> bool:
    """Whether it lets the service look at settings alone, or deliver only where those of one account go."""
    actions, resources = stated.statement.actions, stated.statement.resources
    if actions is not None and all(each.lower() in _LOOKS for each in actions):
        return True
    return bool(resources) and all(_OF_ONE_ACCOUNT.search(outline(each, of_hole="-")) for each in resources or ())


def _is_source(key: str) -> bool:
    return key in _SOURCES or key.startswith(_CONTEXT)


def _tells(test: ConditionTest) -> bool:
    """Whether a condition leaves only some accounts."""
    return demands(test, _is_source) and not all(_OF_ANYBODY.fullmatch(each) for each in test.values)


def _refuses_others(policy: Policy) -> bool:
    """Whether a Deny of the same policy keeps other accounts out."""
    tests = (test for each in policy.statements if each.effect is Effect.DENY for test in each.conditions)
    return any(test.operator in EACH_NEGATED and _is_source(test.key.lower()) for test in tests)


def _judge(stated: Stated, _snapshot: Snapshot) -> Iterator[Complaint]:
    if any(_tells(test) for test in stated.statement.conditions) or _refuses_others(stated.policy):
        return
    services = ", ".join(shown(each) for each in _services(stated))
    if stated.statement.unknown:
        why = shown("; ".join(stated.statement.unknown))
        yield Complaint(
            message=f"whether {stated.name} says for whom {services} may ask is not known: {why}", at=stated.at, is_unknown=True
        )
        return
    message = f"{stated.name} lets {services} in for any account; allowed is with aws:SourceAccount, aws:SourceArn or aws:SourceOrgID"
    yield Complaint(message=message, at=stated.at)


def _delivery(condition: dict[str, Any] | None, objects: str = "lake/*") -> dict[str, Any]:
    principal = {"Service": "logging.s3.amazonaws.com"}
    given: dict[str, Any] = {"Principal": principal, "Action": "s3:PutObject", "Resource": arn(f"s3:::{objects}")}
    return {"Policy": bucket_policy(given if condition is None else {**given, "Condition": condition})}


_RULES = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": "*"}

RULE = Rule(
    id="policies.service_without_source",
    title="A resource lets a service in for its own account or organisation alone",
    rationale=(
        "A service asks for every customer under the same name. Without a condition on the source, anybody can point their own "
        "trail, bucket or rule at this resource, and the service writes, reads or decrypts for them: the confused deputy."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    severity=Severity.WARNING,
    remedy="Add a condition StringEquals on aws:SourceAccount, or ArnLike on aws:SourceArn with the account in it.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            _delivery({"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            _delivery({"ArnLike": {"aws:SourceArn": arn(f"cloudtrail:*:{ACCOUNT}:trail/*")}}),
        ),
        failing=(
            _delivery(None),
            _delivery({"ArnLike": {"aws:SourceArn": arn("s3:::*")}}),
            _delivery({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
        ),
        not_applicable=(
            QUEUE,
            _delivery(None, f"logs/AWSLogs/{ACCOUNT}/*"),
            {"Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": ["alarms"], "PolicyDocument": document(_RULES)}}},
        ),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-4"),
)
