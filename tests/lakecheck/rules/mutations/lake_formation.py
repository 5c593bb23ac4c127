"""Lake Formation's."""

from __future__ import annotations

from typing import Any

from tests.lakecheck.rules.mutations.model import Mutation

_PERMISSIONS = "Custom::LakeFormationPermissions"
_WHOM = "Principal.DataLakePrincipalIdentifier"
_MAIN, _ANALYTICS = "444444444421", "444444444422"
_PARTNER = f"arn:aws:iam::{_ANALYTICS}:role/PartnerAnalyst"
_STEWARD = f"arn:aws:iam::{_MAIN}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_DataSteward_????????????????"


def _named(start: str) -> Any:
    return lambda logical_id, _definition: logical_id.startswith(start)


def _part(number: str) -> Any:
    return _named(f"PermissionsPart{number}")


MUTATIONS = {
    "lake_formation.iam_allowed_principals": Mutation(
        stack="MainGrants",
        type=_PERMISSIONS,
        path=f"Grants.0.{_WHOM}",
        value="IAM_ALLOWED_PRINCIPALS",
        where=_part("03"),
    ),
    "lake_formation.everything_to_wide_principals": Mutation(
        stack="MainGrants", type=_PERMISSIONS, path="Grants.0.Permissions", value=["ALL"], where=_part("01")
    ),
    "lake_formation.changes_by_everybody": Mutation(
        stack="MainPipelines", type=_PERMISSIONS, path=f"Grants.0.{_WHOM}", value=f"{_MAIN}:IAMPrincipals", where=_part("07")
    ),
    "lake_formation.iam_decides_for_new": Mutation(
        stack="AnalyticsAccount", type="Custom::LakeFormationSettings", path="^.Type", value="AWS::LakeFormation::DataLakeSettings"
    ),
    "lake_formation.iam_decides_in_database": Mutation(
        stack="MainDatabases",
        type="AWS::Glue::Database",
        path="DatabaseInput.CreateTableDefaultPermissions",
        value=[{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}],
    ),
    "lake_formation.grant_option_to_persona": Mutation(
        stack="MainGrants", type=_PERMISSIONS, path="Grants.0.PermissionsWithGrantOption", value=["SELECT"], where=_part("00")
    ),
    "lake_formation.admin_breadth": Mutation(
        stack="MainAccount", type="Custom::LakeFormationSettings", path="Admins.-", value=f"arn:aws:iam::{_MAIN}:root"
    ),
    "lake_formation.cross_account_version": Mutation(
        stack="MainAccount", type="Custom::LakeFormationSettings", path="CrossAccountVersion", value="3"
    ),
    "lake_formation.unregistered_location": Mutation(
        stack="MainDatabases",
        type="AWS::Glue::Database",
        path="DatabaseInput.LocationUri",
        value="s3://elsewhere/sales/",
        where=_named("DatabaseSalesConsumption"),
    ),
    "lake_formation.hybrid_without_opt_in": Mutation(
        stack="MainLocations", type="AWS::LakeFormation::Resource", path="HybridAccessEnabled", value=True
    ),
    "lake_formation.location_with_service_linked_role": Mutation(
        stack="MainLocations", type="AWS::LakeFormation::Resource", path="UseServiceLinkedRole", value=True
    ),
    "lake_formation.location_role_trust": Mutation(
        stack="MainLocations",
        type="AWS::IAM::Role",
        path="AssumeRolePolicyDocument.Statement.0.Principal.AWS",
        value=f"arn:aws:iam::{_MAIN}:role/Notebook",
    ),
    "lake_formation.filter_made_void": Mutation(
        stack="MainPipelines", type=_PERMISSIONS, path=f"Grants.0.{_WHOM}", value=_PARTNER, where=_part("05")
    ),
    "lake_formation.all_but_columns": Mutation(
        stack="MainGrants",
        type="AWS::LakeFormation::DataCellsFilter",
        path="ColumnWildcard",
        value={"ExcludedColumnNames": ["delivery_note"]},
    ),
    "lake_formation.undefined_tag": Mutation(
        stack="MainGrants",
        type=_PERMISSIONS,
        path="Grants.0.Resource.LFTagPolicy.Expression.0.TagValues.-",
        value="secret",
        where=_part("00"),
    ),
    "lake_formation.data_location_to_reader": Mutation(
        stack="MainPipelines", type=_PERMISSIONS, path=f"Grants.1.{_WHOM}", value=_STEWARD, where=_part("00")
    ),
    "lake_formation.location_grant_unregistered": Mutation(
        stack="MainPipelines",
        type=_PERMISSIONS,
        path="Grants.1.Resource.DataLocation.ResourceArn",
        value="arn:aws:s3:::elsewhere",
        where=_part("00"),
    ),
    "lake_formation.link_without_target_grant": Mutation(
        stack="AnalyticsAccess", type=_PERMISSIONS, path=f"Grants.5.{_WHOM}", value=_PARTNER, where=_part("01")
    ),
    "lake_formation.share_without_grant_option": Mutation(
        stack="MainGrants", type=_PERMISSIONS, path="Grants.0.PermissionsWithGrantOption", value=[], where=_part("01")
    ),
}
