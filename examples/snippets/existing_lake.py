"""Snippets of constructs_lib/governance/README.md about accounts in which something is there already; each function runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.governance import (
    CatalogPermissions,
    CatalogResource,
    DataLocation,
    ExistingAdmins,
    HybridAccess,
    LakeFormationSettings,
    LfTags,
)

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam

    from constructs_lib.storage import LakeStorage


def replace(self: Stack, data_admin: iam.Role) -> None:
    LakeFormationSettings(self, "LakeFormation", admins=[data_admin], existing_admins=ExistingAdmins.REPLACE)


def hybrid(self: Stack, data_admin: iam.Role, analyst: iam.Role, storage: LakeStorage) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    moving = HybridAccess(reason="two jobs read by IAM until May", owner="data platform", expires="2027-05-31")
    DataLocation(self, "CuratedLocation", zone=storage.curated, hybrid=moving, settings=settings)
    permissions = CatalogPermissions(self, "Permissions", settings=settings, revoke_iam_allowed_principals=False)
    permissions.grants.read(analyst, where=LfTags.all(domain="sales", classification="public"))
    permissions.opt_in(analyst, CatalogResource.database_named("sales"))
    permissions.opt_in(analyst, CatalogResource.all_tables("sales"))


def another_app(self: Stack, analyst: iam.Role) -> None:
    function_arn = self.format_arn(service="lambda", resource="function", resource_name="LakePermissions")
    settings = LakeFormationSettings.from_permissions_function(self, "LakeFormation", permissions_function_arn=function_arn)
    CatalogPermissions(self, "Permissions", settings=settings).grant(analyst, CatalogResource.database_named("sandbox"), ["DESCRIBE"])
