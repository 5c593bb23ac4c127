"""The stage that is deployed before every environment: the management, log archive and security accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Environment as AccountAndRegion, Stage

from constructs_lib.core import data_perimeter
from lakemodel.config.model import Owner
from lakemodel.naming import pascal_case
from stacks.organization.guardrails import GuardrailsStack
from stacks.organization.identity import IdentityStack
from stacks.organization.plan import OrganizationPlan
from stacks.organization.security import RegionalSecurityStack, SecurityStack
from stacks.organization.structure import StructureStack
from stacks.organization.trail import LogArchiveStack, TrailStack

if TYPE_CHECKING:
    from aws_cdk import Stack
    from constructs import Construct

    from lakemodel.config.model import LakeConfig


class OrganizationStage(Stage):
    """What guards the accounts of all environments, as far as lake.yaml says that it is made here.

    Args:
        config: The whole configuration, with an `organization.baseline`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: LakeConfig) -> None:
        super().__init__(scope, construct_id)
        organization = config.organization
        data_perimeter(self, organization_id=organization.id)
        plan = self.plan = OrganizationPlan(config)
        management, log_archive = self._env(organization.management), self._env(organization.log_archive)
        self.structure = StructureStack(self, "Structure", plan=plan, env=management)
        self.log_archive: LogArchiveStack | None = None
        self.trail: TrailStack | None = None
        self.guardrails: GuardrailsStack | None = None
        self.identity: IdentityStack | None = None
        if plan.baseline.audit_trail is Owner.CREATE:
            self.log_archive = LogArchiveStack(self, "LogArchive", plan=plan, env=log_archive)
            self.trail = TrailStack(self, "Trail", plan=plan, env=management)
            _after(self.trail, self.structure, self.log_archive)
        security = self._env(organization.security)
        self.security = SecurityStack(self, "Security", plan=plan, env=security)
        _after(self.security, self.structure, *(each for each in [self.log_archive] if each is not None))
        for region in plan.other_regions:
            name = f"Security{pascal_case(region.replace('-', '_'))}"
            regional = RegionalSecurityStack(self, name, plan=plan, env=AccountAndRegion(account=organization.security, region=region))
            _after(regional, self.structure, self.security)
        if plan.baseline.guardrails is Owner.CREATE:
            targets = self.structure.targets
            self.guardrails = GuardrailsStack(
                self, "Guardrails", plan=plan, targets=list(plan.members) if targets is None else targets, env=management
            )
            _after(self.guardrails, self.structure, *(each for each in (self.log_archive, self.trail) if each is not None))
        if plan.baseline.identity_center is not None:
            self.identity = IdentityStack(self, "Identity", plan=plan, instance=plan.baseline.identity_center, env=management)

    def _env(self, account: str) -> AccountAndRegion:
        return AccountAndRegion(account=account, region=self.plan.baseline.region)


def _after(stack: Stack, *earlier: Stack) -> None:
    for one in earlier:
        stack.add_stack_dependency(one)
