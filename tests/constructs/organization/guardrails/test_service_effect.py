"""What service control policies do: the attack is stopped, whoever is exempt is not, and the work goes on."""

from __future__ import annotations

import pytest

from constructs_lib.organization.guardrails import Exemptions, keep_deployed, names_of_stacks, only_deployed_by
from constructs_lib.organization.guardrails.identities import exempt_roles_kept
from lakecheck.iam import Layer, decide
from tests.constructs.organization.guardrails.sets import (
    ACCOUNT,
    BREAK_GLASS,
    CONTAINMENT,
    DEPLOYMENT,
    FULL,
    HANDLER,
    JOB,
    ORGANIZATION,
    PASSING,
    PERSON,
    PUBLISHING,
    RESPONDER,
    asked,
    service_policies,
)

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/BreakGlass"
NESTED = f"arn:aws:iam::{ACCOUNT}:role/team/BreakGlass"
LOWER = f"arn:aws:iam::{ACCOUNT}:role/breakglass"
LONGER = f"arn:aws:iam::{ACCOUNT}:role/BreakGlass2"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Developer/BreakGlass"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/audit"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
OBJECT = "arn:aws:s3:::lake-curated/sales/a.parquet"
HANDLER_FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:Prod-MainAccount-Settings-a1"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/governed-lake-boundary"

SET_BY_DEPLOYMENT = [
    ("cloudtrail:StopLogging", TRAIL),
    ("CLOUDTRAIL:stoplogging", TRAIL),
    ("cloudtrail:PutEventSelectors", TRAIL),
    ("cloudtrail:UpdateTrail", TRAIL),
    ("cloudtrail:DeleteTrail", TRAIL),
    ("guardduty:DeleteDetector", "*"),
    ("guardduty:UpdateDetector", "*"),
    ("guardduty:CreateFilter", "*"),
    ("guardduty:CreateTrustedEntitySet", "*"),
    ("guardduty:StopMonitoringMembers", "*"),
    ("macie2:DisableMacie", "*"),
    ("securityhub:DisableSecurityHub", "*"),
    ("securityhub:BatchDisableStandards", "*"),
    ("securityhub:CreateAutomationRuleV2", "*"),
    ("config:StopConfigurationRecorder", "*"),
    ("config:PutConfigurationRecorder", "*"),
    ("config:DeleteDeliveryChannel", "*"),
    ("access-analyzer:DeleteAnalyzer", "*"),
    ("access-analyzer:CreateArchiveRule", "*"),
    ("oam:UpdateLink", "*"),
    ("lakeformation:PutDataLakeSettings", "*"),
    ("lakeformation:DeregisterResource", "*"),
    ("lakeformation:RegisterResourceWithPrivilegedAccess", "*"),
    ("glue:PutResourcePolicy", "*"),
    ("glue:PutDataCatalogEncryptionSettings", "*"),
    ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/backdoor"),
    ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/backdoor"),
    ("iam:CreateOpenIDConnectProvider", "*"),
    ("rolesanywhere:CreateTrustAnchor", "*"),
    ("s3:PutAccountPublicAccessBlock", "*"),
    ("s3:PutBucketPublicAccessBlock", "arn:aws:s3:::lake-curated"),
    ("s3:PutReplicationConfiguration", "arn:aws:s3:::lake-curated"),
    ("s3:PutLifecycleConfiguration", "arn:aws:s3:::lake-curated"),
    ("s3:PutBucketVersioning", "arn:aws:s3:::lake-curated"),
    ("s3:DeleteObjectVersion", OBJECT),
    ("s3:DeleteBucket", "arn:aws:s3:::lake-curated"),
    ("s3:DeleteObject", "arn:aws:s3:::governed-lake-logs-1/AWSLogs/a.gz"),
    ("s3:PutObject", "arn:aws:s3:::governed-lake-logs-1/AWSLogs/a.gz"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::governed-lake-logs-1"),
    ("kms:ScheduleKeyDeletion", "*"),
    ("kms:PutKeyPolicy", "*"),
    ("lambda:UpdateFunctionCode", HANDLER_FUNCTION),
    ("lambda:InvokeFunction", HANDLER_FUNCTION),
    ("events:DisableRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/Organization-Security-Findings"),
    ("sqs:PurgeQueue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:Organization-Security-Queue"),
    ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:Organization-Trail-RootUse"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:Organization-Trail-Log:*"),
    ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/Prod-MainAccount-SettingsPolicy"),
    ("iam:CreatePolicyVersion", BOUNDARY),
    ("iam:DeletePolicy", BOUNDARY),
    ("iam:PutRolePermissionsBoundary", f"{ROLE}/Prod-MainPipelines-Job"),
    ("cloudformation:UpdateStack", f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/Prod-MainAccount/1"),
    ("s3:PutObject", f"arn:aws:s3:::cdk-hnb659fds-assets-{ACCOUNT}-eu-west-1/abc.zip"),
    ("s3:DeleteObject", f"arn:aws:s3:::cdk-hnb659fds-assets-{ACCOUNT}-eu-west-1/abc.zip"),
    ("ecr:PutImage", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/cdk-hnb659fds-container-assets-{ACCOUNT}-eu-west-1"),
    ("iam:UpdateAssumeRolePolicy", f"{ROLE}/Organization-Security-Aggregator"),
    ("iam:PassRole", f"{ROLE}/Organization-Security-Aggregator"),
    ("events:RemoveTargets", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/governed-lake-findings/Organization-Security-Forwarded"),
    ("cloudwatch:PutAlarmMuteRule", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:Organization-Security-DeadLetters"),
    ("ssm:PutParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/governed-lake/lake-formation-settings"),
    ("ssm:DeleteParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/governed-lake/detection/guardduty"),
    ("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:Organization-Security-RespondersFindings-a1"),
    ("dynamodb:UpdateItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Organization-Security-RespondersLedger-a1"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::lake-curated"),
    ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/governed-lake-archive"),
    ("kms:DeleteAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/governed-lake-archive"),
    ("iam:UpdateUser", f"arn:aws:iam::{ACCOUNT}:user/somebody"),
    *(
        (f"iam:{verb}", f"arn:aws:iam::{ACCOUNT}:user/break-glass/somebody")
        for verb in ("DeactivateMFADevice", "DeleteUser", "DeleteLoginProfile", "DeleteUserPolicy", "UpdateAccessKey")
    ),
    ("cloudformation:CreateChangeSet", f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/Prod-MainStorage/1"),
    *(
        (f"iam:{verb}", f"{ROLE}/{name}")
        for verb in ("CreateRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "PutRolePolicy", "DeleteRole", "PassRole", "TagRole")
        for name in (
            *("BreakGlass", "cdk-hnb659fds-cfn-exec-role-evil", "Prod-MainAccount-evil", "governed-lake-containment"),
            "governed-lake-responder",
        )
    ),
]
"""What is in code: calls that its deployment makes, the break-glass role may make, and nobody else."""


@pytest.mark.parametrize(("action", "resource"), SET_BY_DEPLOYMENT)
def test_what_is_in_code_is_changed_by_its_deployment_alone(action: str, resource: str) -> None:
    """Denied to an administrator, to jobs and to those with a name like an exempt one; possible for the exempt."""
    for stranger in (PERSON, JOB, USER, NESTED, LOWER, LONGER, SESSION):
        assert asked(stranger, action, resource).word == "explicit_deny", stranger
    for exempt in (BREAK_GLASS, DEPLOYMENT):
        assert asked(exempt, action, resource).word == "allowed", exempt


@pytest.mark.parametrize(
    "action",
    [
        "LeaveOrganization",
        "UpdatePolicy",
        "DetachPolicy",
        "DeleteResourcePolicy",
        "MoveAccount",
        "InviteOrganizationToTransferResponsibility",
    ],
)
def test_the_account_stays_and_changes_nothing_of_the_organization(action: str) -> None:
    """Deployments neither: they have no such call to make from a member account."""
    for stranger in (PERSON, DEPLOYMENT, HANDLER, CONTAINMENT):
        assert asked(stranger, f"organizations:{action}").word == "explicit_deny", stranger
    assert asked(BREAK_GLASS, f"organizations:{action}").word == "allowed"


def test_a_root_user_does_nothing_but_what_the_organization_does_as_root() -> None:
    """In every partition; a session of sts:AssumeRoot has a key that says so."""
    assert asked(ROOT, "s3:GetObject", OBJECT).word == "explicit_deny"
    assert asked(ROOT.replace(":aws:", ":aws-us-gov:"), "iam:CreateRole", f"{ROLE}/x").word == "explicit_deny"
    assert asked(ROOT, "s3:DeleteBucketPolicy", "arn:aws:s3:::x", aws_AssumedRoot="true").word == "explicit_deny"
    assert asked(ROOT, "sqs:GetQueueAttributes", aws_AssumedRoot="true").word == "allowed"


def test_exemption_holds_in_every_partition() -> None:
    """No partition is written into a policy."""
    assert asked(BREAK_GLASS.replace(":aws:", ":aws-cn:"), "cloudtrail:StopLogging", TRAIL).word == "allowed"
    assert asked(PERSON.replace(":aws:", ":aws-cn:"), "cloudtrail:StopLogging", TRAIL).word == "explicit_deny"


def test_handlers_set_what_they_are_for_and_nothing_else() -> None:
    """Lake Formation's settings and detectors; no trail, no role, no boundary."""
    for action in ("lakeformation:PutDataLakeSettings", "glue:PutResourcePolicy", "guardduty:UpdateOrganizationConfiguration"):
        assert asked(HANDLER, action).word == "allowed", action
    for action in ("cloudtrail:StopLogging", "kms:PutKeyPolicy", "iam:CreateUser", "s3:PutAccountPublicAccessBlock"):
        assert asked(HANDLER, action).word == "explicit_deny", action
    assert asked(HANDLER, "iam:PutRolePolicy", f"{ROLE}/BreakGlass").word == "explicit_deny"


def test_containment_closes_what_a_finding_is_about_and_nothing_else() -> None:
    """Public access, a key's policy, a bucket's policy; no version of an object, no detector, no exempt role."""
    for action in ("s3:PutBucketPublicAccessBlock", "s3:PutAccountPublicAccessBlock", "kms:PutKeyPolicy", "s3:PutBucketPolicy"):
        assert asked(CONTAINMENT, action, "*").word == "allowed", action
    for action, resource in (
        ("s3:DeleteObjectVersion", OBJECT),
        ("guardduty:DeleteDetector", "*"),
        ("iam:PutRolePolicy", f"{ROLE}/BreakGlass"),
    ):
        assert asked(CONTAINMENT, action, resource).word == "explicit_deny", action
    assert asked(CONTAINMENT, "iam:PutRolePolicy", f"{ROLE}/Developer").word == "allowed"
    user = f"arn:aws:iam::{ACCOUNT}:user/somebody"
    for action, resource in (
        ("iam:PutUserPolicy", user),
        ("iam:UpdateAccessKey", user),
        ("lambda:PutFunctionConcurrency", HANDLER_FUNCTION),
    ):
        assert asked(CONTAINMENT, action, resource).word == "allowed", action
    assert asked(CONTAINMENT, "iam:CreateAccessKey", user).word == "explicit_deny"
    assert asked(PERSON, "iam:PutUserPolicy", user).word == "explicit_deny"


def test_who_deploys_passes_roles_and_changes_stacks_and_is_exempt_from_nothing_else() -> None:
    """The role that hands CloudFormation its role."""
    execution = f"{ROLE}/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1"
    assert asked(PASSING, "iam:PassRole", execution, iam_PassedToService="cloudformation.amazonaws.com").word == "allowed"
    assert (
        asked(PASSING, "cloudformation:UpdateStack", f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/Prod-MainAccount/1").word
        == "allowed"
    )
    for action in ("iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"):
        assert asked(PASSING, action, execution).word == "explicit_deny", action
        assert asked(PERSON, action, PASSING).word == "explicit_deny", action
    assert asked(PASSING, "cloudtrail:StopLogging", TRAIL).word == "explicit_deny"


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("s3:PutObject", OBJECT, {"s3_x-amz-acl": "public-read"}),
        ("s3:PutObjectAcl", OBJECT, {"s3_x-amz-acl": "authenticated-read"}),
        ("s3:PutObjectAcl", OBJECT, {}),
        ("s3:PutObjectVersionAcl", OBJECT, {"s3_x-amz-grant-read": "uri=http://acs.amazonaws.com/groups/global/AllUsers"}),
        ("s3:CreateBucket", "arn:aws:s3:::new", {"s3_x-amz-acl": "public-read-write"}),
        ("s3:PutObject", OBJECT, {"s3_x-amz-server-side-encryption-customer-algorithm": "AES256"}),
        ("ec2:CreateVolume", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-1", {"ec2_Encrypted": "false"}),
        ("elasticfilesystem:CreateFileSystem", "*", {"elasticfilesystem_Encrypted": "false"}),
        ("rds:CreateDBInstance", f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:x", {"rds_StorageEncrypted": "false"}),
        ("lambda:CreateFunctionUrlConfig", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:x", {"lambda_FunctionUrlAuthType": "NONE"}),
        ("lambda:AddPermission", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:x", {"lambda_FunctionUrlAuthType": "NONE"}),
        ("iam:DeleteRolePermissionsBoundary", f"{ROLE}/any", {"iam_PermissionsBoundary": BOUNDARY}),
        ("ram:CreateResourceShare", "*", {"ram_RequestedAllowsExternalPrincipals": "true"}),
        ("ram:AssociateResourceShare", "*", {"ram_AllowsExternalPrincipals": "true"}),
        ("lambda:CreateEventSourceMapping", "*", {"lambda_FunctionArn": HANDLER_FUNCTION}),
        ("lambda:UpdateEventSourceMapping", "*", {"lambda_FunctionArn": HANDLER_FUNCTION}),
        ("ec2:RunInstances", "*", {"aws_RequestedRegion": "us-east-1"}),
        ("kms:CreateKey", "*", {"aws_RequestedRegion": "ap-southeast-3"}),
        ("lambda:CreateFunction", "*", {"aws_RequestedRegion": "us-east-1"}),
        ("account:EnableRegion", "*", {"aws_RequestedRegion": "us-east-1"}),
    ],
)
def test_what_would_be_public_unencrypted_or_elsewhere(action: str, resource: str, context: dict[str, str]) -> None:
    """Denied to an administrator, possible for the break-glass role."""
    assert asked(PERSON, action, resource, **context).word == "explicit_deny"
    assert asked(BREAK_GLASS, action, resource, **context).word == "allowed"


@pytest.mark.parametrize(
    ("principal", "action", "resource", "context"),
    [
        (JOB, "s3:PutObject", OBJECT, {}),
        (JOB, "s3:PutObject", OBJECT, {"s3_x-amz-server-side-encryption": "aws:kms"}),
        (JOB, "s3:DeleteObject", OBJECT, {}),
        (JOB, "s3:PutObjectAcl", OBJECT, {"s3_x-amz-acl": "bucket-owner-full-control"}),
        (JOB, "glue:UpdateTable", "*", {}),
        (JOB, "lakeformation:GetDataAccess", "*", {}),
        (JOB, "kms:GenerateDataKey", "*", {}),
        (PERSON, "athena:StartQueryExecution", "*", {}),
        (PERSON, "s3:GetBucketLocation", "arn:aws:s3:::results", {"aws_RequestedRegion": "us-east-1"}),
        (PERSON, "iam:CreateRole", f"{ROLE}/Developer", {}),
        (PERSON, "iam:PassRole", f"{ROLE}/Developer", {}),
        (PERSON, "iam:DeleteUser", f"arn:aws:iam::{ACCOUNT}:user/old", {}),
        (PERSON, "iam:PutRolePermissionsBoundary", f"{ROLE}/Developer", {"iam_PermissionsBoundary": BOUNDARY}),
        (PERSON, "sts:AssumeRole", f"{ROLE}/PiiReader", {"aws_RequestedRegion": "us-east-1"}),
        (PERSON, "cloudtrail:LookupEvents", "*", {"aws_RequestedRegion": "us-east-1"}),
        (PERSON, "guardduty:ArchiveFindings", "*", {}),
        (PERSON, "securityhub:BatchUpdateFindings", "*", {}),
        (PERSON, "lakeformation:GrantPermissions", "*", {}),
        (PERSON, "organizations:DescribeOrganization", "*", {"aws_RequestedRegion": "us-east-1"}),
        (PERSON, "config:SelectResourceConfig", "*", {}),
        (PERSON, "lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:team-report", {}),
        (PERSON, "cloudformation:UpdateStack", f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/team-report/1", {}),
        (PERSON, "ec2:CreateVolume", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-1", {"ec2_Encrypted": "true"}),
        (HANDLER, "ram:AssociateResourceShare", "*", {"ram_AllowsExternalPrincipals": "true", "aws_ViaAWSService": "true"}),
        (PERSON, "ram:AssociateResourceShare", "*", {"ram_AllowsExternalPrincipals": "false"}),
        (HANDLER, "ram:CreateResourceShare", "*", {"ram_RequestedAllowsExternalPrincipals": "true", "aws_ViaAWSService": "true"}),
        (PERSON, "s3:GetObject", "arn:aws:s3:::governed-lake-logs-1/AWSLogs/a.gz", {}),
        (
            PERSON,
            "lambda:CreateEventSourceMapping",
            "*",
            {"lambda_FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:team-report"},
        ),
        (PERSON, "sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:Organization-Security-RespondersDeadLetters-a1", {}),
        (PERSON, "iam:EnableMFADevice", f"arn:aws:iam::{ACCOUNT}:user/break-glass/somebody", {}),
        (PERSON, "ssm:PutParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/team/report", {}),
        (HANDLER, "ssm:PutParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/governed-lake/lake-formation-settings", {}),
        (RESPONDER, "sqs:DeleteMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:Organization-Security-RespondersFindings-a1", {}),
        (RESPONDER, "dynamodb:UpdateItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Organization-Security-Ledger-a1", {}),
        (CONTAINMENT, "iam:PutRolePolicy", f"{ROLE}/Organization-Security-Aggregator", {}),
        (PUBLISHING, "s3:PutObject", f"arn:aws:s3:::cdk-hnb659fds-assets-{ACCOUNT}-eu-west-1/abc.zip", {}),
        (DEPLOYMENT, "cloudtrail:CreateTrail", TRAIL, {}),
        (DEPLOYMENT, "lambda:InvokeFunction", HANDLER_FUNCTION, {}),
        ("cloudtrail.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::governed-lake-logs-1", {}),
    ],
)
def test_work_goes_on(principal: str, action: str, resource: str, context: dict[str, str]) -> None:
    """Personas, pipelines, deployments and handlers do what they are for."""
    decision = asked(principal, action, resource, **context)
    assert not decision.denies
    assert Layer.SCP not in decision.missing


def test_writing_to_another_organization_is_denied() -> None:
    """Also to a bucket whose owner is in no organisation."""
    for owner in ("o-somebodyelse", ""):
        decision = decide(
            JOB,
            "s3:PutObject",
            "arn:aws:s3:::theirs/a",
            context={"aws:RequestedRegion": "eu-west-1"},
            identity=FULL,
            resource_policy={"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}},
            scps=[service_policies()],
            organization=ORGANIZATION,
            resource_account="999999999999",
            resource_organization=owner,
        )
        assert decision.word == "explicit_deny"


def test_only_named_people_become_who_deploys() -> None:
    """Whoever may deploy may do everything; people by their permission set, an account for delivery by the role's trust policy."""
    exemptions = Exemptions()
    people = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Platform_*"
    made = [each.statement(exemptions) for each in only_deployed_by((people,), exemptions)]
    scps = [[FULL, {"Version": "2012-10-17", "Statement": made}]]
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}}
    for role in (PASSING, PUBLISHING):
        words = {
            who: decide(who, "sts:AssumeRole", role, identity=FULL, trust_policy=trust, scps=scps).word
            for who in (PERSON, JOB, BREAK_GLASS, PERSON.replace("Administrator", "Platform"))
        }
        assert list(words.values()) == ["explicit_deny", "explicit_deny", "allowed", "allowed"], role


def test_names_that_cloudformation_cuts_are_found() -> None:
    """A stack's name is kept whole up to where it may be cut."""
    assert names_of_stacks("Prod-MainAccount", "Staging-AnalyticsAccount", "Prod-*") == (
        "Prod-MainAccount-*",
        "Staging-AnalyticsAcc*",
        "Prod-*",
    )
    for each in keep_deployed(("Staging-AnalyticsAccount",)):
        named = (*each.resources, *each.conditions.get("ArnLike", {}).get("lambda:FunctionArn", ()))
        assert "arn:*:lambda:*:*:function:Staging-AnalyticsAcc*" in named


def test_named_people_call_functions_of_deployments_and_change_none() -> None:
    """Who takes a containment back, say."""
    exemptions = Exemptions()
    kept = exempt_roles_kept(keep_deployed(("Prod-MainAccount",), callers=("security-on-call",)), exemptions)
    scps = [[FULL, {"Version": "2012-10-17", "Statement": [each.statement(exemptions) for each in kept]}]]
    on_call = f"{ROLE}/security-on-call"
    words = {
        (who, action): decide(who, action, HANDLER_FUNCTION, identity=FULL, scps=scps).word
        for who in (on_call, PERSON)
        for action in ("lambda:InvokeFunction", "lambda:UpdateFunctionCode")
    }
    assert list(words.values()) == ["allowed", "explicit_deny", "explicit_deny", "explicit_deny"]
    assert decide(PERSON, "iam:CreateRole", on_call, identity=FULL, scps=scps).word == "explicit_deny"


def test_service_linked_roles_are_never_limited() -> None:
    """AWS exempts them, so nothing here counts on limiting them."""
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    assert asked(linked, "config:PutConfigRule").word == "allowed"
