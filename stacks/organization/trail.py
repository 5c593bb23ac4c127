"""The log archive, and the trail that fills it: stacks of two accounts that know each other by derived names. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.baseline import BreakGlassRole, LakeAccount
from constructs_lib.core import protect_stack
from constructs_lib.organization.trail import LogArchive, OrganizationTrail, TrailAlarms, TrailTable
from constructs_lib.storage import AccessLogBucket
from lakemodel.config.model import Owner, Singleton
from stacks.organization.recording import config_destination

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.organization.plan import OrganizationPlan


class LogArchiveStack(Stack):
    """Where the trail and AWS Config deliver to, and the table in which auditors ask. In the log archive account."""

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        stated = plan.config.organization
        access_logs = AccessLogBucket(self, "AccessLogs")
        self.archive = LogArchive(
            self,
            "Archive",
            organization_id=stated.id,
            names=plan.archive,
            config_accounts=plan.members,
            break_glass_role=plan.config.break_glass_role,
            access_logs=access_logs,
        )
        if plan.baseline.break_glass is Owner.CREATE:
            BreakGlassRole(
                self,
                "BreakGlass",
                trusted_account=stated.security,
                organization_id=stated.id,
                role_name=plan.config.break_glass_role,
            )
        self.account_owner = LakeAccount(
            self,
            "Account",
            admins=[],
            shares=False,
            audit_trail=Singleton.ORGANIZATION,
            threat_detection=Singleton.ORGANIZATION,
            config_recorder=Singleton.CREATE if plan.records else Singleton.ADOPT,
            config_destination=config_destination(self, "ConfigBucket", plan=plan) if plan.records else None,
        )
        self.account_owner.node.add_dependency(self.archive)
        self.table = TrailTable(
            self,
            "Trail",
            archive=self.archive,
            accounts=[stated.management, *plan.members],
            regions=plan.regions,
            settings=self.account_owner.settings,
            break_glass_role=plan.config.break_glass_role,
            access_logs=access_logs,
        )


class TrailStack(Stack):
    """The organisation's trail, and what rings when something happens that somebody has to hear of. In the management account."""

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.trail = OrganizationTrail(self, "Trail", names=plan.archive, objects=plan.recorded_objects)
        self.alarms = TrailAlarms(
            self,
            "Alarms",
            trail=self.trail,
            break_glass_role=plan.config.break_glass_role,
            recipients=[] if plan.baseline.alerts is None else [plan.baseline.alerts],
        )
