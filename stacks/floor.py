"""The floor of one lake or consumer account: what has to be there before any role or bucket of the lake is made. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.baseline import BreakGlassRole, LakeBoundary
from constructs_lib.baseline.containment import CONTAINMENT_ROLE, ContainmentRole, FindingForwarding
from constructs_lib.core import protect_stack
from constructs_lib.observability import ObservabilityLink, shared_sink
from lakemodel.config.model import Owner, Response

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.config.model import Environment, LakeConfig


class FloorStack(Stack):
    """The permissions boundary of everything the lake makes in the account, and the role for emergencies where lake.yaml makes it."""

    def __init__(self, scope: Construct, construct_id: str, *, config: LakeConfig, environment: Environment, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        organization = config.organization
        self.boundary = LakeBoundary(
            self,
            "Boundary",
            organization_id=organization.id,
            regions=[environment.region],
            break_glass_role=config.break_glass_role,
            kept_roles=[CONTAINMENT_ROLE],
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
        if organization.baseline is not None:
            self._see_from_security(config, watched=organization.baseline.response is not Response.NONE)

    def _see_from_security(self, config: LakeConfig, *, watched: bool) -> None:
        """Telemetry of the account is seen in the security account, and what responders do about a finding here they do as a role of it."""
        security = config.organization.security
        ObservabilityLink(self, "Telemetry", sink=shared_sink(self, "SinkArn", monitoring_account=security))
        if watched:
            ContainmentRole(self, "Containment", security_account=security, break_glass_role=config.break_glass_role)
            assert config.organization.baseline is not None  # noqa: S101 - who is watched has one
            FindingForwarding(self, "Findings", security_account=security, region=config.organization.baseline.region)
