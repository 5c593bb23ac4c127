"""The snippets of constructs_lib/organization/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy

from constructs_lib.organization.control_tower import ControlTowerControls
from constructs_lib.organization.identity import LakeFormationIdentityCenter, PersonaPermissionSet, WorkgroupAccess
from constructs_lib.organization.placement import AccountPlacements
from constructs_lib.organization.services import DETECTION_SERVICES, TRAIL_SERVICE, OrganizationServices
from constructs_lib.organization.structure import Organization, OrganizationalUnit

if TYPE_CHECKING:
    from aws_cdk import Stack


def structure(self: Stack) -> None:
    organization = Organization.from_id("o-exampleorgid", "r-exam")
    services = OrganizationServices(
        self,
        "Services",
        organization=organization,
        trusted_access=[TRAIL_SERVICE],
        delegated_administrators=dict.fromkeys(DETECTION_SERVICES, "333333333333"),
    )
    unit = OrganizationalUnit(self, "DataLake", name="DataLake", parent=organization)
    placements = AccountPlacements(self, "Accounts", organization=organization)
    placements.place("ProdMain", account="444444444421", unit=unit)
    unit.node.add_dependency(services.resource)


def controls(self: Stack) -> None:
    organization = Organization.from_id("o-exampleorgid", "r-exam")
    unit = OrganizationalUnit.from_id(organization, "ou-exam-11111111")
    ControlTowerControls(self, "Controls", unit=unit, controls=["AWS-GR_RESTRICT_ROOT_USER", "5rw4crvgv4tpl9vcfz2mzmwb6"])


def people(self: Stack) -> None:
    analysts = PersonaPermissionSet(
        self,
        "DataAnalyst",
        instance="ssoins-1234567890abcdef",
        name="DataAnalyst",
        access=[
            WorkgroupAccess(
                account="444444444422",
                region="eu-west-1",
                workgroup="lake-data_analyst",
                results_bucket="prod-analyticsstorage-results*",
                catalog_accounts=("444444444421",),
            )
        ],
        session=Duration.hours(2),
    )
    analysts.assign("Analysts", group="11111111-2222-3333-4444-555555555555", accounts={"prod_analytics": "444444444422"})


def lake_formation(self: Stack) -> None:
    LakeFormationIdentityCenter(self, "IdentityCenter", instance="ssoins-1234567890abcdef")


def escape_hatch(self: Stack) -> None:
    unit = OrganizationalUnit(self, "Unit", name="Sandbox", parent=Organization.from_id("o-exampleorgid", "r-exam"))
    unit.resource.apply_removal_policy(RemovalPolicy.RETAIN)
