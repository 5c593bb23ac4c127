"""The floor of one lake or consumer account: what has to be there before any role or bucket of the lake is made. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.baseline import BreakGlassRole, LakeBoundary
from constructs_lib.core import protect_stack
from lakemodel.config.model import Owner

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.config.model import Environment, LakeConfig


class FloorStack(Stack):
    """The permissions boundary of everything the lake makes in the account, and the role for emergencies where lake.yaml makes it."""

    def __init__(self, scope: Construct, construct_id: str, *, config: LakeConfig, environment: Environment, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        organization = config.organization
        recovery = [] if environment.recovery_region is None else [environment.recovery_region]
        self.boundary = LakeBoundary(
            self,
            "Boundary",
            organization_id=organization.id,
            regions=[environment.region, *recovery],
            break_glass_role=config.break_glass_role,
        )
        self.break_glass: BreakGlassRole | None = None
        if organization.baseline is not None and organization.baseline.break_glass is Owner.CREATE:
            self.break_glass = BreakGlassRole(
                self,
                "BreakGlass",
                trusted_account=organization.security,
                organization_id=organization.id,
                role_name=config.break_glass_role,
            )
