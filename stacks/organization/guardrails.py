"""The organisation's policies over the accounts of lake.yaml. In the management account, to which none of them applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.baseline import BOUNDARY_NAME, RESPONDER_ROLE
from constructs_lib.baseline.containment import CONTAINMENT_ROLE
from constructs_lib.core import protect_stack
from constructs_lib.organization.guardrails import (
    Exemptions,
    ResourcePolicies,
    ServicePolicies,
    TagPolicy,
    TagRule,
    allowed_regions,
    data_perimeter,
    encrypted_private_storage,
    keep_assets,
    keep_boundary,
    keep_break_glass_users,
    keep_data,
    keep_deployed,
    keep_detectors,
    keep_in_organization,
    keep_lake_formation_settings,
    keep_log_archive,
    keep_parameters,
    keep_responders,
    keep_stacks,
    keep_trails,
    names_of_stacks,
    no_iam_users,
    no_identity_providers,
    no_outside_shares,
    no_root_user,
    only_deployed_by,
    writes_stay_in_organization,
)
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from constructs_lib.organization.guardrails import Guardrail
    from stacks.organization.plan import OrganizationPlan


class GuardrailsStack(Stack):
    """Service and resource control policies and a tag policy, on the unit of the lake or on each account.

    Args:
        targets: What they are attached to.
    """

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, targets: Sequence[str], **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        exemptions = exemptions_of(plan)
        self.service_policies = ServicePolicies(
            self, "ServicePolicies", guardrails=guardrails_of(plan, exemptions), targets=targets, exemptions=exemptions
        )
        self.resource_policies = ResourcePolicies(
            self, "ResourcePolicies", guardrails=data_perimeter(plan.config.organization.id), targets=targets
        )
        self.tag_policy = TagPolicy(self, "TagPolicy", rules=tag_rules(plan), targets=targets)


def exemptions_of(plan: OrganizationPlan) -> Exemptions:
    """Who is exempt in the accounts of lake.yaml."""
    return Exemptions(
        break_glass_role=plan.config.break_glass_role,
        handler_roles=names_of_stacks(*plan.handler_stacks),
        response_roles=(CONTAINMENT_ROLE,),
    )


def guardrails_of(plan: OrganizationPlan, exemptions: Exemptions) -> list[Guardrail]:
    """What nobody may do there. New ones go to the end: they then move no other from one policy into the next."""
    organization = plan.config.organization
    archive = plan.archive
    return [
        *keep_in_organization(),
        *no_root_user(),
        *keep_trails(),
        *keep_detectors(),
        *keep_lake_formation_settings(),
        *keep_log_archive((archive.trail_bucket, archive.config_bucket)),
        *allowed_regions(plan.regions),
        *encrypted_private_storage(),
        *keep_data(),
        *no_iam_users(),
        *no_identity_providers(),
        *keep_boundary(BOUNDARY_NAME, ()),
        *keep_stacks(plan.stacks, exemptions),
        *keep_deployed(plan.stacks, callers=tuple(plan.baseline.deployers)),
        *writes_stay_in_organization(organization.id),
        *no_outside_shares(),
        *keep_assets(exemptions),
        *keep_parameters(("governed-lake/*",)),
        *keep_responders(RESPONDER_ROLE, queues=("Organization-Security*Findings*",), tables=("Organization-Security*",)),
        *keep_break_glass_users(),
        *(only_deployed_by(tuple(plan.baseline.deployers), exemptions) if plan.baseline.deployers else ()),
    ]


def tag_rules(plan: OrganizationPlan) -> list[TagRule]:
    """The tags by which costs are told apart, in one spelling."""
    environments = tuple(pascal_case(name) for name in plan.config.environments)
    return [TagRule(key="Environment", values=environments), TagRule(key="Domain", values=tuple(plan.config.domains))]
