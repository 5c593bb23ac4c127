"""The first stack of the organisation: what it lets services do, its units, and where the accounts stand. In the management account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.core import protect_stack
from constructs_lib.organization.control_tower import ControlTowerControls
from constructs_lib.organization.placement import AccountPlacements
from constructs_lib.organization.services import DETECTION_SERVICES, MALWARE_SERVICE, TRAIL_SERVICE, OrganizationServices
from constructs_lib.organization.structure import Organization, OrganizationalUnit
from lakemodel.config.model import Owner
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.organization.plan import OrganizationPlan

_UNIT = "DataLake"
_SHARED = "Shared"
_TAG_POLICIES = "tagpolicies.tag.amazonaws.com"


class StructureStack(Stack):
    """Trusted access, delegated administrators, sharing; a unit for each environment with its accounts, where they may be moved."""

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        stated, baseline = plan.config.organization, plan.baseline
        self.organization = Organization.from_id(stated.id, baseline.root)
        detects, trails = baseline.threat_detection is Owner.CREATE, baseline.audit_trail is Owner.CREATE
        services = DETECTION_SERVICES if baseline.discover_sensitive_data else [each for each in DETECTION_SERVICES if "macie" not in each]
        self.services = OrganizationServices(
            self,
            "Services",
            organization=self.organization,
            trusted_access=[_TAG_POLICIES, *([MALWARE_SERVICE] if detects else []), *([TRAIL_SERVICE] if trails else [])],
            delegated_administrators=dict.fromkeys(services, stated.security) if detects else None,
            regions=sorted({baseline.region, *(each.region for each in plan.config.environments.values())}),
        )
        self.unit: OrganizationalUnit | None = None
        if baseline.place_accounts:
            self.unit = self._place_accounts(plan)

    def _place_accounts(self, plan: OrganizationPlan) -> OrganizationalUnit:
        top = OrganizationalUnit(self, "DataLake", name=_UNIT, parent=self.organization)
        placements = AccountPlacements(self, "Places", organization=self.organization)
        groups = {_SHARED.lower(): plan.shared_accounts, **{name: each.accounts for name, each in plan.config.environments.items()}}
        for name, accounts in groups.items():
            unit = OrganizationalUnit(self, f"{pascal_case(name)}Unit", name=pascal_case(name), parent=top)
            for account, number in accounts.items():
                placements.place(f"{pascal_case(name)}{pascal_case(account)}", account=number, unit=unit)
        if plan.baseline.control_tower_controls:
            ControlTowerControls(self, "Controls", unit=top, controls=plan.baseline.control_tower_controls)
        return top

    @property
    def targets(self) -> list[str] | None:
        """What the organisation's policies are attached to; None where no unit was made, and every account is named."""
        return None if self.unit is None else [self.unit.unit_id]
