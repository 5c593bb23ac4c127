"""The permissions boundary of an account's lake: the most that any role which the lake makes can ever do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Aws, Stack, Token, aws_iam as iam
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, misuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOUNDARY_NAME: Final = "governed-lake-boundary"
"""The name of an account's boundary, for whoever has to name it from elsewhere."""

_IMPORTED: Final = "LakeBoundary"

# What the lake's kinds of role do, by service. People read through Lake Formation; jobs and runs move data; handlers keep settings.
_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "athena": (
        "BatchGetNamedQuery",
        "BatchGetPreparedStatement",
        "BatchGetQueryExecution",
        "GetDataCatalog",
        "GetDatabase",
        "GetNamedQuery",
        "GetPreparedStatement",
        "GetQueryExecution",
        "GetQueryResults",
        "GetQueryResultsStream",
        "GetQueryRuntimeStatistics",
        "GetTableMetadata",
        "GetWorkGroup",
        "ListDataCatalogs",
        "ListDatabases",
        "ListEngineVersions",
        "ListNamedQueries",
        "ListPreparedStatements",
        "ListQueryExecutions",
        "ListTableMetadata",
        "ListWorkGroups",
        "StartQueryExecution",
        "StopQueryExecution",
    ),
    "cloudwatch": ("PutMetricData",),
    "dynamodb": ("ConditionCheckItem", "GetItem", "PutItem", "UpdateItem"),
    "ec2": (
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcAttribute",
        "DescribeVpcEndpoints",
        "RevokeSecurityGroupEgress",
        "RevokeSecurityGroupIngress",
    ),
    "events": ("PutEvents",),
    "glue": (
        "BatchCreatePartition",
        "BatchDeletePartition",
        "BatchGetPartition",
        "BatchStopJobRun",
        "CreatePartition",
        "DeleteResourcePolicy",
        "GetConnection",
        "GetDatabase",
        "GetDatabases",
        "GetJobRun",
        "GetJobRuns",
        "GetPartition",
        "GetPartitions",
        "GetResourcePolicy",
        "GetTable",
        "GetTables",
        "PutResourcePolicy",
        "StartJobRun",
        "UpdateTable",
    ),
    "iam": ("GetRole", "GetUser", "ListRoles"),
    "kms": ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"),
    "lakeformation": (
        "AddLFTagsToResource",
        "BatchGrantPermissions",
        "BatchRevokePermissions",
        "CreateLakeFormationOptIn",
        "DeleteLakeFormationOptIn",
        "GetDataAccess",
        "GetDataLakeSettings",
        "GetResourceLFTags",
        "ListLakeFormationOptIns",
        "ListPermissions",
        "PutDataLakeSettings",
        "RemoveLFTagsFromResource",
    ),
    "logs": (
        "AssociateKmsKey",
        "CreateLogDelivery",
        "CreateLogGroup",
        "CreateLogStream",
        "DeleteLogDelivery",
        "DescribeLogGroups",
        "DescribeLogStreams",
        "DescribeResourcePolicies",
        "GetLogDelivery",
        "ListLogDeliveries",
        "PutLogEvents",
        "PutResourcePolicy",
        "UpdateLogDelivery",
    ),
    "organizations": ("DescribeAccount", "DescribeOrganization"),
    "ram": (
        "AssociateResourceShare",
        "AssociateResourceSharePermission",
        "CreateResourceShare",
        "DeleteResourceShare",
        "DisassociateResourceShare",
        "GetResourceShareAssociations",
        "GetResourceShares",
        "ListResourceSharePermissions",
        "ListResources",
        "UpdateResourceShare",
    ),
    "s3": (
        "AbortMultipartUpload",
        "DeleteObject",
        "GetBucketLocation",
        "GetObject",
        "GetObjectLegalHold",
        "GetObjectRetention",
        "GetObjectVersion",
        "GetObjectVersionAcl",
        "GetObjectVersionForReplication",
        "GetObjectVersionTagging",
        "GetReplicationConfiguration",
        "ListBucket",
        "ListBucketMultipartUploads",
        "ListBucketVersions",
        "ListMultipartUploadParts",
        "ObjectOwnerOverrideToBucketOwner",
        "PutObject",
        "ReplicateObject",
        "ReplicateTags",
    ),
    "sns": ("Publish",),
    "sqs": ("SendMessage",),
    "states": ("DescribeExecution", "RedriveExecution", "StartExecution", "StopExecution"),
    "xray": ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments"),
}
_LINKED: Final = ("config.amazonaws.com", "macie.amazonaws.com")
"""Services whose service-linked role the lake makes where it is missing; AWS decides what such a role may do."""
_DATA: Final = ("dynamodb:*", "kms:*", "s3:*", "s3tables:*", "secretsmanager:*", "sns:*", "sqs:*", "ssm:*")
_WITHOUT_REGION: Final = ("iam:*", "organizations:*", "sts:*")
_GUARDS: Final = frozenset(
    {
        "access-analyzer", "account", "cloudtrail", "config", "guardduty", "iam", "identitystore", "inspector2", "macie2", "oam",
        "organizations", "permissions", "rolesanywhere", "securityhub", "signin", "sso", "sso-directory", "sts",
    }
)  # fmt: skip
_ACTION: Final = re.compile(r"^(?P<service>[a-z0-9-]+):[A-Za-z*?]+$")
_NO_GRANT: Final = (
    "a permissions boundary grants nothing: each role still has its own policy, which names its resources; "
    "what is outside the organisation and the Regions is denied"
)


class LakeBoundary(Construct):
    """A managed policy that bounds every role of the lake in one account.

    A role below it can do what the lake's kinds of role do, in these Regions and to resources of this organisation. It changes no IAM, no
    trail, no detector and nothing of the organisation, and becomes neither the break-glass role nor any other that is kept, even
    if its own policy or somebody's resource policy says otherwise.

    Roles get it through `use_boundary`. It needs to be there before them: put it in a stack that theirs depend on.

    See https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html.

    Args:
        boundary_name: Its name in the account; `BOUNDARY_NAME` when left out.
        organization_id: Whose resources may be used; not restricted when None.
        regions: Where roles may work; the stack's own Region when left out. Name the recovery Region where something is replicated.
        kept_roles: Names of roles (wildcards allowed) that none below may assume or change, besides the break-glass role; none
            when left out.
        break_glass_role: The name of the break-glass role; `BreakGlass` when left out.
        additional_actions: What your own roles do besides, such as `redshift-data:ExecuteStatement`; none when left out.

    Raises:
        DataLakeError: `boundary_action` for an additional action of a service that guards the account, or of no one service.

    Example:
        >>> from aws_cdk import App, Stack
        >>> LakeBoundary(Stack(App(), "Doc"), "Boundary", organization_id="o-exampleorgid").boundary_name
        'governed-lake-boundary'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization_id: str | None,
        boundary_name: str | None = None,
        regions: Sequence[str] | None = None,
        kept_roles: Sequence[str] = (),
        break_glass_role: str | None = None,
        additional_actions: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.boundary_name = BOUNDARY_NAME if boundary_name is None else boundary_name
        regions = [Stack.of(self).region] if regions is None else regions
        break_glass_role = "BreakGlass" if break_glass_role is None else break_glass_role
        self._check(additional_actions)
        actions = sorted({*(f"{service}:{name}" for service, names in _ACTIONS.items() for name in names), *additional_actions})
        self.policy = iam.ManagedPolicy(
            self,
            "Resource",
            managed_policy_name=self.boundary_name,
            description="The most that any role of the lake can do",
            statements=[
                iam.PolicyStatement(sid="LakeWork", actions=actions, resources=["*"]),
                *self._narrower(),
                self._kept(break_glass_role, kept_roles),
                *_within(organization_id, regions),
            ],
        )
        acknowledge_wildcards(self.policy, dict.fromkeys(("LakeWork", "OwnParameters", "RolesOfServices", "TagsOfJobs"), _NO_GRANT))

    def _narrower(self) -> list[iam.PolicyStatement]:
        """What would reach too far on everything: parameters of others, tags that somebody's policies go by, services' own roles.

        The tag is the one that Glue puts on network interfaces of jobs, see
        https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html.
        """
        stack = Stack.of(self)
        return [
            iam.PolicyStatement(
                sid="OwnParameters",
                actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
                resources=[stack.format_arn(service="ssm", region="*", resource="parameter", resource_name="governed-lake/*")],
            ),
            iam.PolicyStatement(
                sid="TagsOfJobs",
                actions=["ec2:CreateTags", "ec2:DeleteTags"],
                resources=[stack.format_arn(service="ec2", region="*", resource="network-interface", resource_name="*")],
                conditions={"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}, "Null": {"aws:TagKeys": "false"}},
            ),
            iam.PolicyStatement(
                sid="RolesOfServices",
                actions=["iam:CreateServiceLinkedRole"],
                resources=[
                    stack.format_arn(service="iam", region="", resource="role", resource_name=f"aws-service-role/{each}/*")
                    for each in _LINKED
                ],
            ),
        ]

    def _kept(self, break_glass_role: str, kept_roles: Sequence[str]) -> iam.PolicyStatement:
        """Trust policies can let a session in whatever its boundary leaves out, so that leaving out is not enough here.

        See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html.
        """
        roles = sorted({break_glass_role, *kept_roles})
        return iam.PolicyStatement(
            sid="KeepRoles",
            effect=iam.Effect.DENY,
            actions=["iam:*", "sts:AssumeRole"],
            resources=[f"arn:{Aws.PARTITION}:iam::*:role/{name}" for name in roles],
        )

    def _check(self, additional: Sequence[str]) -> None:
        for action in additional:
            match = None if Token.is_unresolved(action) else _ACTION.match(action)
            if match is None or match["service"] in _GUARDS:
                msg = (
                    f"got the additional action {action!r}; allowed are actions of one service that guards no account "
                    f"(not of {', '.join(sorted(_GUARDS))}): keep such a role out of the boundary, in a stack of its own"
                )
                raise misuse(self, msg, code="boundary_action")


def _within(organization_id: str | None, regions: Sequence[str]) -> list[iam.PolicyStatement]:
    fences: list[dict[str, Any]] = [
        {
            "sid": "KeepToRegions",
            "not_actions": list(_WITHOUT_REGION),
            "conditions": {"StringNotEquals": {"aws:RequestedRegion": sorted(regions)}},
        }
    ]
    if organization_id is not None:
        fences.append(
            {
                "sid": "KeepToOrganization",
                "actions": list(_DATA),
                "conditions": {"StringNotEquals": {"aws:ResourceOrgID": organization_id}},
            }
        )
    return [iam.PolicyStatement(effect=iam.Effect.DENY, resources=["*"], **fence) for fence in fences]


def use_boundary(stack: Stack, *, boundary_name: str | None = None) -> None:
    """Puts the account's boundary on every role and user of `stack`, those that come later included.

    Not for stacks whose roles guard the account: the break-glass role, responders, the boundary's own.

    Args:
        stack: The stack; it has to be deployed after the one with the `LakeBoundary`.
        boundary_name: The boundary's name; `BOUNDARY_NAME` when left out.

    Raises:
        DataLakeError: `boundary_scope` for something that is no stack: which account's boundary it is would not be known.

    Example:
        >>> from aws_cdk import App, Stack
        >>> use_boundary(Stack(App(), "Doc"))
    """
    if not Stack.is_stack(stack):
        msg = f"got a {type(stack).__name__}; a boundary is its account's: pass each stack whose roles it bounds"
        raise misuse(stack, msg, code="boundary_scope")
    name = BOUNDARY_NAME if boundary_name is None else boundary_name
    arn = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:policy/{name}"
    policy = iam.ManagedPolicy.from_managed_policy_arn(stack, _IMPORTED, arn)
    iam.PermissionsBoundary.of(stack).apply(policy)
