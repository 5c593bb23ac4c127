"""The packs and the linters over threat detection of an organisation, and over what an account records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import aws_s3 as s3

from constructs_lib.baseline import AccessAnalyzers, ConfigDestination, LakeAccount, ObjectMalwareScan, SensitiveDataAccess, Singleton
from constructs_lib.compliance import LakeConformancePack
from constructs_lib.organization.detection import (
    ClassificationJob,
    FindingsArchive,
    OrganizationConfigAggregator,
    OrganizationSecurityHub,
    OrganizationThreatDetection,
    SensitiveDataDiscovery,
)
from constructs_lib.storage import AccessLogBucket, LakeBucket, LakeKey
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.support import ACCOUNT, REGION, new_app, new_stack, template

if TYPE_CHECKING:
    import aws_cdk as cdk

SECURITY = "444444444499"


def security(app: cdk.App) -> cdk.Stack:
    """A security account with everything."""
    stack = new_stack(app, "Security", SECURITY)
    OrganizationThreatDetection(stack, "GuardDuty", export=FindingsArchive(stack, "Findings"))
    SensitiveDataDiscovery(stack, "Macie", accounts=[ACCOUNT], job=ClassificationJob(tag_key="classification", tag_value="restricted"))
    OrganizationSecurityHub(stack, "SecurityHub", targets=["r-abcd"])
    OrganizationConfigAggregator(stack, "Config")
    AccessAnalyzers(stack, "Access", organization=True, unused_access=True)
    return stack


def member(app: cdk.App) -> cdk.Stack:
    """A member account with a recorder of its own, and a bucket that is scanned."""
    stack = new_stack(app, "Member")
    zone = LakeBucket(
        stack, "Landing", key=LakeKey(stack, "Key", description="landing").key, access_logs=AccessLogBucket(stack, "Logs"), notify=True
    )
    ObjectMalwareScan(stack, "Scan", bucket=zone.bucket, key=zone.key)
    LakeConformancePack(stack, "Pack")
    account = LakeAccount(
        stack,
        "Account",
        admins=[],
        audit_trail=Singleton.ORGANIZATION,
        threat_detection=Singleton.ORGANIZATION,
        config_recorder=Singleton.CREATE,
        config_destination=ConfigDestination(bucket=s3.Bucket.from_bucket_name(stack, "Archive", "log-archive")),
    )
    SensitiveDataAccess(stack, "Macie", keys=[zone.key], log_key=account.settings.log_key)
    return stack


@pytest.fixture(scope="module")
def detection_report() -> dict[str, Any]:
    """The packs' report on both."""
    app = new_app()
    security(app)
    member(app)
    return report(app)


def test_detection_is_clean(detection_report: dict[str, Any]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(detection_report) == []


def test_what_is_acknowledged_is_exactly_this(detection_report: dict[str, Any]) -> None:
    """Wildcards of actions that take no resource, functions outside a VPC, buckets in one Region."""
    ids = {
        f"{path.removeprefix('Security/')}: {rule}"
        for path, rules in acknowledged(detection_report).items()
        if path.startswith("Security/")
        for rule in rules
        if "IAM5" in rule
    }
    assert ids == {
        "Config/Policy/Resource: AwsSolutions::AwsSolutions-IAM5[Resource::*]",
        "GuardDuty/Settings/Handler/Policy/Resource: AwsSolutions::AwsSolutions-IAM5[Resource::*]",
        "Macie/Job/Handler/Policy/Resource: AwsSolutions::AwsSolutions-IAM5[Resource::*]",
        "Macie/Settings/Handler/Policy/Resource: AwsSolutions::AwsSolutions-IAM5[Resource::*]",
        "SecurityHub/Settings/Handler/Policy/Resource: AwsSolutions::AwsSolutions-IAM5[Resource::*]",
    }


@pytest.mark.full
@pytest.mark.parametrize("make", [security, member])
def test_templates_are_clean_without_metadata(make: Any) -> None:
    """Neither linter finds anything."""
    stack = make(new_app())
    assert lint(template(stack), account=str(stack.account), region=REGION) == []
