"""Guardrails of an organisation: typed statements, ready sets of them, and the policies that they are packed into."""

from constructs_lib.organization.guardrails.identities import (
    keep_assets,
    keep_boundary,
    keep_break_glass_users,
    keep_exempt_roles,
    keep_stacks,
    no_iam_users,
    no_identity_providers,
    no_root_user,
    only_deployed_by,
)
from constructs_lib.organization.guardrails.model import Exempt, Exemptions, Guardrail, ResourceGuardrail, names_of_stacks
from constructs_lib.organization.guardrails.perimeter import PERIMETER_SERVICES, data_perimeter
from constructs_lib.organization.guardrails.policies import AccountDefaults, ResourcePolicies, ServicePolicies, TagPolicy
from constructs_lib.organization.guardrails.regions import GLOBAL_SERVICES, allowed_regions
from constructs_lib.organization.guardrails.services import (
    keep_deployed,
    keep_detectors,
    keep_in_organization,
    keep_lake_formation_settings,
    keep_parameters,
    keep_responders,
    keep_trails,
)
from constructs_lib.organization.guardrails.storage import (
    encrypted_private_storage,
    keep_data,
    keep_log_archive,
    no_outside_shares,
    writes_stay_in_organization,
)
from constructs_lib.organization.guardrails.tags import TagRule

__all__ = [
    "GLOBAL_SERVICES",
    "PERIMETER_SERVICES",
    "AccountDefaults",
    "Exempt",
    "Exemptions",
    "Guardrail",
    "ResourceGuardrail",
    "ResourcePolicies",
    "ServicePolicies",
    "TagPolicy",
    "TagRule",
    "allowed_regions",
    "data_perimeter",
    "encrypted_private_storage",
    "keep_assets",
    "keep_boundary",
    "keep_break_glass_users",
    "keep_data",
    "keep_deployed",
    "keep_detectors",
    "keep_exempt_roles",
    "keep_in_organization",
    "keep_lake_formation_settings",
    "keep_log_archive",
    "keep_parameters",
    "keep_responders",
    "keep_stacks",
    "keep_trails",
    "names_of_stacks",
    "no_iam_users",
    "no_identity_providers",
    "no_outside_shares",
    "no_root_user",
    "only_deployed_by",
    "writes_stay_in_organization",
]
