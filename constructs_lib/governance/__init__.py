"""Lake Formation: settings, data locations, LF-Tags, grants, filters of rows and columns, shares between accounts."""

from constructs_lib.governance.catalog_policy import CATALOG_POLICY_TYPE, CatalogPolicy
from constructs_lib.governance.columns import Columns
from constructs_lib.governance.conflicts import DeclaredRights
from constructs_lib.governance.contract_roles import accept_contract_roles, grant_contract_roles
from constructs_lib.governance.contracts import PIPELINE, associate_contracts, associate_databases, grant_optimizers, grant_pipeline
from constructs_lib.governance.facades import DatabaseGrants, GovernedDatabase, GovernedTable, LakeGrants, TableGrants
from constructs_lib.governance.filters import DataCellsFilter
from constructs_lib.governance.links import ResourceLink
from constructs_lib.governance.locations import HYBRID_METADATA, DataLocation, HybridAccess, LocationZone
from constructs_lib.governance.native import NativePermissions
from constructs_lib.governance.parts import PERMISSIONS_TYPE
from constructs_lib.governance.permissions import CatalogPermissions, PermissionsOwner
from constructs_lib.governance.personas import PersonaDatabase, accept_personas, grant_personas, persona_expression, shared_databases
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.resources import CatalogResource
from constructs_lib.governance.settings import SETTINGS_TYPE, LakeFormationSettings
from constructs_lib.governance.shared_database import SharedDatabase, SharedDatabaseGrants
from constructs_lib.governance.shares import Account, CatalogShare, SharedTable
from constructs_lib.governance.tags import LfTagExpression, LfTagOntology, LfTags
from lakemodel.config.model import ExistingAdmins

__all__ = [
    "CATALOG_POLICY_TYPE",
    "HYBRID_METADATA",
    "PERMISSIONS_TYPE",
    "PIPELINE",
    "SETTINGS_TYPE",
    "Account",
    "CatalogPermissions",
    "CatalogPolicy",
    "CatalogResource",
    "CatalogShare",
    "Columns",
    "DataCellsFilter",
    "DataLocation",
    "DataPrincipal",
    "DatabaseGrants",
    "DeclaredRights",
    "ExistingAdmins",
    "GovernedDatabase",
    "GovernedTable",
    "HybridAccess",
    "LakeFormationSettings",
    "LakeGrants",
    "LfTagExpression",
    "LfTagOntology",
    "LfTags",
    "LocationZone",
    "NativePermissions",
    "PermissionsOwner",
    "PersonaDatabase",
    "ResourceLink",
    "SharedDatabase",
    "SharedDatabaseGrants",
    "SharedTable",
    "TableGrants",
    "accept_contract_roles",
    "accept_personas",
    "associate_contracts",
    "associate_databases",
    "grant_contract_roles",
    "grant_optimizers",
    "grant_personas",
    "grant_pipeline",
    "persona_expression",
    "shared_databases",
]
