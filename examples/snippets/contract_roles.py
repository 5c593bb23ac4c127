"""The snippets of constructs_lib/governance/README.md about personas that contracts name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.governance import CatalogPermissions, LakeFormationSettings, grant_contract_roles

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet


def contract_roles(self: Stack, data_admin: iam.Role, config: LakeConfig, contracts: ContractSet) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    permissions = CatalogPermissions(self, "Permissions", settings=settings)
    grant_contract_roles(permissions, config, contracts, environment="prod", lake="main", principals={})
