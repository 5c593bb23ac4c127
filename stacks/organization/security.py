"""The security account: it watches every account of the organisation, answers findings, and sees the lake's telemetry. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.baseline import AccessAnalyzers, BreakGlassRole
from constructs_lib.baseline.containment import FindingForwarding
from constructs_lib.core import protect_stack
from constructs_lib.observability import ObservabilitySink
from constructs_lib.organization.detection import (
    ClassificationJob,
    FindingsArchive,
    OrganizationConfigAggregator,
    OrganizationSecurityHub,
    OrganizationThreatDetection,
    SensitiveDataDiscovery,
)
from constructs_lib.organization.identity import instance_arn
from constructs_lib.organization.response import Responders, elsewhere
from constructs_lib.storage import AccessLogBucket
from lakemodel.config.model import Owner, Response
from stacks.organization.recording import record_account
from stacks.storage import SENSITIVE_TAG

if TYPE_CHECKING:
    from stacks.organization.plan import OrganizationPlan


class SecurityStack(Stack):
    """What the security account does in the home Region: detection and posture of the organisation, responders, one place to look at.

    Args:
        plan: The organisation as lake.yaml states it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        organization, baseline = plan.config.organization, plan.baseline
        detects, responds = baseline.threat_detection is Owner.CREATE, baseline.response is not Response.NONE
        self.access_logs = AccessLogBucket(self, "AccessLogs") if detects or responds else None
        if baseline.break_glass is Owner.CREATE:
            BreakGlassRole(
                self,
                "BreakGlass",
                trusted_account=organization.security,
                organization_id=organization.id,
                role_name=plan.config.break_glass_role,
            )
        self.watch = Watch(self, "Watch", plan=plan, access_logs=self.access_logs) if detects else None
        if plan.records:
            record_account(self, "Recorder", plan=plan)
        self.sink = ObservabilitySink(self, "Sink", organization_id=organization.id, management_account=organization.management)
        self.responders = self._responders(plan) if responds else None

    def _responders(self, plan: OrganizationPlan) -> Responders:
        organization, instance = plan.config.organization, plan.baseline.identity_center
        return Responders(
            self,
            "Responders",
            organization_id=organization.id,
            accounts=[account for each in plan.config.environments.values() for account in each.accounts.values()],
            break_glass_role=plan.config.break_glass_role,
            protected_accounts=[organization.management, organization.log_archive],
            mode=plan.baseline.response,
            management_account=None if instance is None else organization.management,
            identity_instance=None if instance is None else instance_arn(self, instance),
            other_regions=bool(plan.other_regions),
            alerts=plan.baseline.alerts,
            access_logs=self.access_logs,
        )


class RegionalSecurityStack(Stack):
    """What has to be in each other Region that an environment is in: GuardDuty, access analysis, what sends findings home, telemetry."""

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        organization = plan.config.organization
        if plan.baseline.threat_detection is Owner.CREATE:
            archive = FindingsArchive(self, "Findings")
            OrganizationThreatDetection(self, "ThreatDetection", export=archive)
            AccessAnalyzers(self, "Analyzers", organization=True)
            _discover_sensitive_data(self, plan)
        if plan.baseline.response is not Response.NONE:
            home = plan.baseline.region
            FindingForwarding(self, "Forwarding", security_account=organization.security, region=home, patterns=elsewhere())
        ObservabilitySink(self, "Sink", organization_id=organization.id, management_account=organization.management)


class Watch(Construct):
    """Detection and posture in the home Region."""

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, access_logs: AccessLogBucket | None) -> None:
        super().__init__(scope, construct_id)
        self.findings = FindingsArchive(self, "Findings", access_logs=access_logs)
        self.threat_detection = OrganizationThreatDetection(self, "ThreatDetection", export=self.findings)
        self.security_hub = OrganizationSecurityHub(self, "SecurityHub", targets=list(plan.members), linked_regions=plan.other_regions)
        self.aggregator = OrganizationConfigAggregator(self, "Aggregator")
        self.analyzers = AccessAnalyzers(self, "Analyzers", organization=True)
        _discover_sensitive_data(self, plan)


def _discover_sensitive_data(scope: Construct, plan: OrganizationPlan) -> None:
    """Macie sees the buckets of its own Region alone: see https://docs.aws.amazon.com/macie/latest/user/discovery-jobs-create.html."""
    lakes = plan.lakes_in(Stack.of(scope).region)
    if plan.baseline.discover_sensitive_data and lakes:
        job = ClassificationJob(tag_key=SENSITIVE_TAG, tag_value="true")
        SensitiveDataDiscovery(scope, "SensitiveData", accounts=lakes, job=job)
