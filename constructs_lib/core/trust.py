"""Which source an AWS service tells when it assumes a role, so that nobody else's resource can use ours through the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import ArnFormat, Stack, aws_iam as iam

from constructs_lib.core.complaints import misuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceArn:
    """The shape of the `aws:SourceArn` that a service tells.

    Attributes:
        service: The service in it.
        resource: The resource type in it.
        name: The resource's name; any when left out.
        separator: What stands between the two: a slash when left out.
    """

    service: str
    resource: str
    name: str = "*"
    separator: str = "/"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceTrust:
    """What a service tells of its source when it assumes a role.

    Attributes:
        page: The AWS page that says so, or that shows the trust policy without a condition.
        account: Whether it tells `aws:SourceAccount`.
        source: The `aws:SourceArn` it tells; None where it tells none, or AWS documents none.
        why_bare: For a service that tells nothing: why the role is safe without, and what would happen with a condition.
    """

    page: str
    account: bool = True
    source: SourceArn | None = None
    why_bare: str = ""


_DOCS: Final = "https://docs.aws.amazon.com"
_OWN_ROLES: Final = (
    "a role can be passed to the service in its own account only, and a condition on a key that is not told would lock it out"
)

SERVICE_TRUSTS: Final[Mapping[str, ServiceTrust]] = {
    "config.amazonaws.com": ServiceTrust(page=f"{_DOCS}/config/latest/developerguide/iamrole-permissions.html"),
    "events.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
        source=SourceArn(service="events", resource="rule"),
    ),
    # Its own page has an ARN as well; the trust policy that AWS shows for roles of registered locations, through which subscribers in other
    # accounts read too, has the account alone, which is the role's.
    "lakeformation.amazonaws.com": ServiceTrust(page=f"{_DOCS}/datazone/latest/userguide/AmazonDataZoneS3Manage.html"),
    "scheduler.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
        source=SourceArn(service="scheduler", resource="schedule-group"),
    ),
    "states.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/step-functions/latest/dg/procedure-create-iam-role.html",
        source=SourceArn(service="states", resource="stateMachine", separator=":"),
    ),
    "vpc-flow-logs.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/vpc/latest/userguide/flow-logs-iam-role.html",
        source=SourceArn(service="ec2", resource="vpc-flow-log"),
    ),
    "cloudtrail.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html",
        account=False,
        why_bare=f"CloudTrail tells its source to buckets, topics and keys, not to the role of its log group; {_OWN_ROLES}",
    ),
    "glue.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/glue/latest/dg/create-an-iam-role.html", account=False, why_bare=f"Glue documents no source for roles; {_OWN_ROLES}"
    ),
    "lambda.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/lambda/latest/dg/lambda-intro-execution-role.html",
        account=False,
        why_bare=f"Lambda documents no source for execution roles; {_OWN_ROLES}",
    ),
    "s3.amazonaws.com": ServiceTrust(
        page=f"{_DOCS}/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html",
        account=False,
        why_bare=f"S3 documents no source for replication roles; {_OWN_ROLES}",
    ),
}
"""By service principal. A service that AWS does not document to tell its source gets no condition."""


def trusted_service(scope: Construct, service: str, *, source_arns: Sequence[str] | None = None) -> iam.ServicePrincipal:
    """The principal for a role that `service` assumes, bound to the account of `scope` wherever the service says for whom it acts.

    See https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention.

    Args:
        scope: Whose account and Region count.
        service: The service principal, one of `SERVICE_TRUSTS`.
        source_arns: The resources that it may act for; every one of its kind in this account and Region when left out.

    Raises:
        DataLakeError: `unknown_service_trust` for a service that is not in the table; `no_source_arn`, if `source_arns` are given for one
            that tells none.

    Example:
        >>> from aws_cdk import App, Stack
        >>> trusted_service(Stack(App(), "Doc"), "states.amazonaws.com").service
        'states.amazonaws.com'
    """
    trust = SERVICE_TRUSTS.get(service)
    if trust is None:
        msg = (
            f"got the service {service!r}; known are {', '.join(sorted(SERVICE_TRUSTS))}; "
            "look up what it tells of its source, and use iam.ServicePrincipal with conditions"
        )
        raise misuse(scope, msg, code="unknown_service_trust")
    if source_arns is not None and trust.source is None:
        msg = f"got source_arns for {service}, which tells no aws:SourceArn when it assumes a role ({trust.page}): leave them out"
        raise misuse(scope, msg, code="no_source_arn")
    conditions: dict[str, Any] = {}
    if trust.source is not None:
        conditions["ArnLike"] = {"aws:SourceArn": _any_of(scope, trust.source) if source_arns is None else list(source_arns)}
    if trust.account:
        conditions["StringEquals"] = {"aws:SourceAccount": Stack.of(scope).account}
    return iam.ServicePrincipal(service, conditions=conditions) if conditions else iam.ServicePrincipal(service)


def _any_of(scope: Construct, source: SourceArn) -> str:
    return Stack.of(scope).format_arn(
        service=source.service,
        resource=source.resource,
        resource_name=source.name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME if source.separator == ":" else ArnFormat.SLASH_RESOURCE_NAME,
    )
