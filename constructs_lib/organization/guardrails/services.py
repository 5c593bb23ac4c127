"""Ready guardrails that keep what watches an account: its place in the organisation, trails, detectors, Lake Formation's settings."""

from __future__ import annotations

from typing import Final

from constructs_lib.organization.guardrails.model import Exempt, Guardrail, names_of_stacks

_SCPS: Final = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html"
DEPLOYED: Final = Exempt.BREAK_GLASS | Exempt.DEPLOYMENT
"""What is in code is changed by its deployment."""
HANDLED: Final = DEPLOYED | Exempt.HANDLERS
"""What functions of a deployment set, because CloudFormation has no resource for it."""
CONTAINED: Final = DEPLOYED | Exempt.RESPONSE
"""What containing a finding may change as well."""

ROLE_CHANGES: Final = (
    *("iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy"),
    *("iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole"),
    *("iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"),
)
"""What makes a role another one than its deployment made."""

_DETECTORS: Final = {
    "GuardDuty": (
        ("guardduty:Accept*", "guardduty:Delete*", "guardduty:Disable*", "guardduty:Disassociate*", "guardduty:Stop*"),
        # Filters that archive, and lists of who is trusted, blind a detector that goes on.
        ("guardduty:CreateFilter", "guardduty:CreateIPSet", "guardduty:CreateT*", "guardduty:UpdateDetector", "guardduty:UpdateFilter"),
        ("guardduty:UpdateCustom*", "guardduty:UpdateIPSet", "guardduty:UpdateM*", "guardduty:UpdateOrganizationConfiguration"),
        ("guardduty:UpdatePublishingDestination", "guardduty:UpdateT*"),
    ),
    "Macie": (
        (
            "macie2:Accept*",
            "macie2:Delete*",
            "macie2:Disable*",
            "macie2:Disassociate*",
            "macie2:CreateAllowList",
            "macie2:CreateFindingsFilter",
        ),
        ("macie2:BatchUpdate*", "macie2:PutClassificationExportConfiguration", "macie2:PutFindingsPublicationConfiguration"),
        ("macie2:UpdateA*", "macie2:UpdateClassification*", "macie2:UpdateFindingsFilter", "macie2:UpdateM*"),
        ("macie2:UpdateOrganizationConfiguration", "macie2:UpdateResourceProfile*", "macie2:UpdateSensitivityInspectionTemplate"),
    ),
    "SecurityHub": (
        ("securityhub:Accept*", "securityhub:BatchDelete*", "securityhub:BatchDisable*", "securityhub:BatchUpdateAutomationRules"),
        (
            "securityhub:BatchUpdateStandardsControlAssociations",
            "securityhub:CreateAutomationRule*",
            "securityhub:CreateConfigurationPolicy",
        ),
        ("securityhub:Delete*", "securityhub:Disable*", "securityhub:Disassociate*", "securityhub:StartConfigurationPolicy*"),
        ("securityhub:UpdateA*", "securityhub:UpdateConfigurationPolicy", "securityhub:UpdateFindingAggregator"),
        ("securityhub:UpdateOrganizationConfiguration", "securityhub:UpdateSecurity*", "securityhub:UpdateStandardsControl"),
    ),
    "Config": (
        (
            "config:Delete*",
            "config:Disassociate*",
            "config:PutAggregationAuthorization",
            "config:PutConfig*",
            "config:PutConformancePack",
            "config:PutDeliveryChannel",
        ),
        ("config:PutOrganization*", "config:PutRemediationExceptions", "config:PutRetentionConfiguration", "config:Stop*"),
    ),
    "AccessAnalyzer": (
        ("access-analyzer:ApplyArchiveRule", "access-analyzer:CreateArchiveRule", "access-analyzer:Delete*"),
        ("access-analyzer:UpdateAnalyzer", "access-analyzer:UpdateArchiveRule"),
    ),
    "Observability": (("oam:CreateLink", "oam:Delete*", "oam:PutSinkPolicy", "oam:UpdateLink"),),
}
_DETECTOR_PAGES: Final = {
    "GuardDuty": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonguardduty.html",
    "Macie": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmacie.html",
    "SecurityHub": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecurityhub.html",
    "Config": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html",
    "AccessAnalyzer": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamaccessanalyzer.html",
    "Observability": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchobservabilityaccessmanager.html",
}


def keep_in_organization() -> tuple[Guardrail, ...]:
    """The account stays in the organisation, open, and its own; it changes nothing of the organisation, delegated administrator or not."""
    verbs = ("Accept", "Attach", "Cancel", "Close", "Create", "Decline", "Delete", "Deregister", "Detach", "Disable", "Enable", "Invite")
    later = ("Leave", "Move", "Put", "Register", "Remove", "Tag", "Terminate", "Untag", "Update")
    return (
        Guardrail(
            sid="KeepInOrganization",
            why="An account that leaves, or whose policies are changed from within, has no guardrails.",
            deny=(
                *("account:AcceptPrimaryEmailUpdate", "account:CloseAccount", "account:DeleteAlternateContact"),
                *("account:PutAlternateContact", "account:StartPrimaryEmailUpdate"),
                *(f"organizations:{verb}*" for verb in (*verbs, *later)),
            ),
            exempt=Exempt.BREAK_GLASS,
            source=_SCPS + "#example-scp-leave-org",
        ),
    )


def keep_trails() -> tuple[Guardrail, ...]:
    """No trail or event data store is stopped, narrowed, deleted or redirected. Making one stays possible."""
    return (
        Guardrail(
            sid="KeepTrails",
            why="Who stops a trail acts unseen afterwards.",
            deny=(
                *("cloudtrail:Delete*", "cloudtrail:Deregister*", "cloudtrail:Disable*", "cloudtrail:PutEvent*", "cloudtrail:PutInsight*"),
                *("cloudtrail:PutResourcePolicy", "cloudtrail:Stop*", "cloudtrail:UpdateChannel", "cloudtrail:UpdateEventDataStore"),
                "cloudtrail:UpdateTrail",
            ),
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html",
        ),
    )


def keep_detectors() -> tuple[Guardrail, ...]:
    """GuardDuty, Macie, Security Hub, Config, Access Analyzer and links to the observing account go on, and are blinded by nobody.

    Findings are still worked on: archived one by one, updated, commented. Filters and suppression rules are in code.
    """
    return tuple(
        Guardrail(
            sid=f"Keep{name}",
            why="Who turns a detector off, or tells it whom to trust, acts unseen afterwards.",
            deny=tuple(action for line in lines for action in line),
            exempt=HANDLED,
            source=_DETECTOR_PAGES[name],
        )
        for name, lines in _DETECTORS.items()
    )


def keep_lake_formation_settings() -> tuple[Guardrail, ...]:
    """Who administers Lake Formation, what it governs and who else reads the catalog is set by the deployment alone.

    Grants are not in it: they are Lake Formation's own matter, and need an administrator, whom these settings name.
    """
    return (
        Guardrail(
            sid="KeepLakeFormation",
            why="An administrator of Lake Formation can read everything; a location that is not registered is governed by nobody.",
            deny=(
                *(
                    "lakeformation:CreateLakeFormationIdentityCenterConfiguration",
                    "lakeformation:DeleteLakeFormationIdentityCenterConfiguration",
                ),
                *("lakeformation:DeregisterResource", "lakeformation:PutDataLakeSettings", "lakeformation:RegisterResource*"),
                *("lakeformation:UpdateLakeFormationIdentityCenterConfiguration", "lakeformation:UpdateResource"),
                *("glue:DeleteResourcePolicy", "glue:PutDataCatalogEncryptionSettings", "glue:PutResourcePolicy"),
            ),
            exempt=HANDLED,
            source="https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html",
        ),
    )


def keep_deployed(stacks: tuple[str, ...], *, callers: tuple[str, ...] = ()) -> tuple[Guardrail, ...]:
    """What stacks made is changed by their deployment alone, and their functions are called by services alone.

    Functions, what calls them, roles, their policies, rules, queues, topics, logs, alarms: whoever may change or call a function that is
    exempt from a guardrail is exempt as well, and whoever a role is made to trust has its rights.

    Args:
        stacks: Names of stacks; a `*` at the end stands for the rest. What they make is known by the beginning of its name.
        callers: Roles that may call the functions, by name, such as those of people who undo a containment; deployments and the
            break-glass role alone when left out.
    """
    kinds = (
        # A rule of a bus of its own has the bus before its name.
        *("cloudwatch:*:*:alarm:{}", "events:*:*:rule/{}", "events:*:*:rule/*/{}", "iam::*:policy/{}", "iam::*:role/{}"),
        *("lambda:*:*:function:{}", "logs:*:*:log-group:{}", "logs:*:*:log-group:/aws/lambda/{}", "sns:*:*:{}", "sqs:*:*:{}"),
    )
    functions = tuple(f"arn:*:lambda:*:*:function:{name}" for name in names_of_stacks(*stacks))
    return (
        Guardrail(
            sid="KeepDeployed",
            why="Who may change a function that is exempt is exempt as well; an alarm that is gone alarms nobody.",
            deny=(
                *("cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "cloudwatch:PutAlarmMuteRule"),
                *("cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState", "iam:PassRole", *ROLE_CHANGES),
                *("events:DeleteRule", "events:DisableRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"),
                *("iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"),
                *("lambda:Add*", "lambda:Create*", "lambda:Delete*", "lambda:Publish*", "lambda:Put*", "lambda:Remove*"),
                *("lambda:Update*", "logs:AssociateKmsKey", "logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:DeleteMetricFilter"),
                *("logs:DeleteSubscriptionFilter", "logs:DisassociateKmsKey", "logs:PutMetricFilter", "logs:PutRetentionPolicy"),
                *("sns:AddPermission", "sns:DeleteTopic", "sns:RemovePermission", "sns:SetTopicAttributes"),
                *("sqs:AddPermission", "sqs:DeleteQueue", "sqs:PurgeQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes"),
            ),
            resources=tuple(f"arn:*:{kind.format(name)}" for kind in kinds for name in names_of_stacks(*stacks)),
            exempt=CONTAINED,
            source="https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
        ),
        Guardrail(
            sid="CallDeployed",
            why="A function that is exempt does what the event says that it is called with.",
            deny=("lambda:Invoke*",),
            resources=functions,
            exempt=DEPLOYED,
            exempt_roles=callers,
            source="https://docs.aws.amazon.com/lambda/latest/dg/access-control-identity-based.html",
        ),
        Guardrail(
            sid="FeedDeployed",
            why="A queue of one's own before a function calls it; without its own queue a function answers nothing.",
            deny=("lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"),
            # A mapping has no name: it is known by its function.
            conditions={"ArnLike": {"lambda:FunctionArn": functions}},
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html",
        ),
    )


def keep_parameters(names: tuple[str, ...]) -> tuple[Guardrail, ...]:
    """What functions of a deployment have written down is changed by them alone: what was there before them is given back from it.

    Args:
        names: Names of parameters, without the slash before them; a `*` at the end stands for the rest.
    """
    return (
        Guardrail(
            sid="KeepParameters",
            why="Who writes himself among those who administered before is made an administrator again.",
            deny=("ssm:DeleteParameter*", "ssm:PutParameter"),
            resources=tuple(f"arn:*:ssm:*:*:parameter/{name}" for name in names),
            exempt=HANDLED,
            source="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html",
        ),
    )


def keep_responders(role: str, *, queues: tuple[str, ...], tables: tuple[str, ...]) -> tuple[Guardrail, ...]:
    """Nobody takes findings out of the responders' queue, rewrites what they have done, or becomes them.

    Containment roles in every account trust that role: so it is kept as roles are that guardrails spare, although none but this one
    spares it.

    Args:
        role: The role of the functions that answer findings.
        queues: Names of the queues that they read; a `*` stands for any part.
        tables: Names of the tables in which they note what they did; a `*` stands for any part.
    """
    return (
        Guardrail(
            sid="KeepResponders",
            why="A finding that is taken out of the queue is answered by nobody; what is undone is what the notes say.",
            deny=(
                *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:PartiQL*", "dynamodb:PutItem"),
                *("dynamodb:PutResourcePolicy", "dynamodb:UpdateItem", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"),
                *("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"),
            ),
            resources=(*(f"arn:*:sqs:*:*:{each}" for each in queues), *(f"arn:*:dynamodb:*:*:table/{each}" for each in tables)),
            exempt=DEPLOYED,
            exempt_roles=(role,),
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html",
        ),
    )
