"""The account stack: the singletons of one lake or consumer account, made before anything else asks Lake Formation. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.baseline import LakeAccount
from constructs_lib.compliance.conformance import LakeConformancePack
from constructs_lib.core import protect_stack
from lakemodel.config.model import Singleton
from stacks.organization.recording import config_destination

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from constructs_lib.baseline import AuditStorage
    from lakemodel.config.model import Environment, Singletons
    from stacks.organization.plan import OrganizationPlan


class AccountStack(Stack):
    """The owner of what an account has only one of: without it the trail ends and grants can no longer be changed.

    Args:
        environment: The environment the account belongs to.
        singletons: Who owns what its accounts have once.
        audit: Where the account's own trail goes; None where the trail is somebody else's.
        shares: Whether other accounts are granted what stands in this one's catalog.
        data_event_buckets: Whose object requests the trail records.
        plan: The organisation, where lake.yaml makes its baseline.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        singletons: Singletons,
        audit: AuditStorage | None,
        shares: bool,
        data_event_buckets: Sequence[s3.IBucket] = (),
        plan: OrganizationPlan | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        records = singletons.config_recorder is Singleton.CREATE and plan is not None
        self.account_owner = LakeAccount(
            self,
            "Account",
            admins=[],
            existing_admins=environment.baseline.existing_admins,
            shares=shares,
            audit_trail=singletons.audit_trail,
            threat_detection=singletons.threat_detection,
            audit_storage=audit if singletons.audit_trail is Singleton.CREATE else None,
            data_event_buckets=data_event_buckets,
            config_recorder=singletons.config_recorder,
            config_destination=config_destination(self, "ConfigBucket", plan=plan) if records and plan is not None else None,
        )
        if records:
            pack = LakeConformancePack(self, "Conformance")
            pack.node.add_dependency(self.account_owner)
