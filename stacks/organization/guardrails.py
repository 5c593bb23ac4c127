"""The organisation's policies over the accounts of lake.yaml. In the management account, to which none of them applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.baseline import BOUNDARY_NAME
from constructs_lib.baseline.containment import CONTAINMENT_ROLE
from constructs_lib.core import protect_stack
from constructs_lib.organization import guardrails as ready
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from constructs_lib.organization.guardrails import Exemptions, Guardrail, TagRule
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
        self.service_policies = ready.ServicePolicies(
            self, "ServicePolicies", guardrails=guardrails_of(plan, exemptions), targets=targets, exemptions=exemptions
        )
        self.resource_policies = ready.ResourcePolicies(
            self, "ResourcePolicies", guardrails=ready.data_perimeter(plan.config.organization.id), targets=targets
        )
        self.tag_policy = ready.TagPolicy(self, "TagPolicy", rules=tag_rules(plan), targets=targets)


def exemptions_of(plan: OrganizationPlan) -> Exemptions:
    """Who is exempt in the accounts of lake.yaml."""
    return ready.Exemptions(
        break_glass_role=plan.config.break_glass_role,
        handler_roles=ready.names_of_stacks(*plan.handler_stacks),
        response_roles=(CONTAINMENT_ROLE,),
    )


def guardrails_of(plan: OrganizationPlan, exemptions: Exemptions) -> list[Guardrail]:
    """What nobody may do there. New ones go to the end: they then move no other from one policy into the next."""
    organization = plan.config.organization
    archive = plan.archive
    return [
        *ready.keep_in_organization(),
        *ready.no_root_user(),
        *ready.keep_trails(),
        *ready.keep_detectors(),
        *ready.keep_lake_formation_settings(),
        *ready.keep_log_archive((archive.trail_bucket, archive.config_bucket)),
        *ready.allowed_regions(plan.regions),
        *ready.encrypted_private_storage(),
        *ready.keep_data(),
        *ready.no_iam_users(),
        *ready.no_identity_providers(),
        *ready.keep_boundary(BOUNDARY_NAME, ()),
        *ready.keep_stacks(plan.stacks, exemptions),
        *ready.keep_deployed(plan.stacks),
        *ready.writes_stay_in_organization(organization.id),
        *ready.no_outside_shares(),
        *ready.keep_assets(exemptions),
    ]


def tag_rules(plan: OrganizationPlan) -> list[TagRule]:
    """The tags by which costs are told apart, in one spelling."""
    environments = tuple(pascal_case(name) for name in plan.config.environments)
    return [ready.TagRule(key="Environment", values=environments), ready.TagRule(key="Domain", values=tuple(plan.config.domains))]
