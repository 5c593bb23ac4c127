"""The snippets of constructs_lib/organization/guardrails/README.md; each function runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.organization.guardrails import (
    AccountDefaults,
    Exempt,
    Exemptions,
    Guardrail,
    ResourcePolicies,
    ServicePolicies,
    TagPolicy,
    TagRule,
    allowed_regions,
    data_perimeter,
    encrypted_private_storage,
    keep_deployed,
    keep_detectors,
    keep_in_organization,
    keep_lake_formation_settings,
    keep_stacks,
    keep_trails,
    names_of_stacks,
    no_root_user,
    only_deployed_by,
)

if TYPE_CHECKING:
    from aws_cdk import Stack


def simplest(self: Stack) -> None:
    ServicePolicies(
        self,
        "Guardrails",
        guardrails=[*keep_in_organization(), *keep_trails(), *keep_detectors(), *no_root_user(), *encrypted_private_storage()],
        targets=["ou-exam-12345678"],
    )
    ResourcePolicies(self, "Perimeter", guardrails=data_perimeter("o-exampleorgid"), targets=["ou-exam-12345678"])


def exempt(self: Stack) -> None:
    stacks = ("Prod-MainAccount", "Prod-AnalyticsAccount")
    exemptions = Exemptions(
        break_glass_role="BreakGlass",
        deploying_roles=("cdk-hnb659fds-cfn-exec-role-*", "AWSControlTowerExecution"),
        handler_roles=names_of_stacks(*stacks),
    )
    ServicePolicies(
        self,
        "Guardrails",
        guardrails=[
            *keep_lake_formation_settings(),
            *allowed_regions(("eu-west-1", "eu-central-1")),
            *keep_deployed(stacks),
            *keep_stacks(("Prod-*",), exemptions),
            *only_deployed_by(("aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Platform_*",), exemptions),
        ],
        targets=["ou-exam-12345678"],
        exemptions=exemptions,
    )


def own(self: Stack) -> None:
    no_notebooks = Guardrail(
        sid="NoNotebooks",
        why="Notebooks of these accounts are made elsewhere.",
        deny=("sagemaker:CreateNotebookInstance",),
        exempt=Exempt.BREAK_GLASS | Exempt.DEPLOYMENT,
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html",
    )
    strict = [each.but(exempt=Exempt.NOBODY) for each in keep_trails()]
    ServicePolicies(self, "Guardrails", guardrails=[no_notebooks, *strict], targets=["r-exam"])


def tags(self: Stack) -> None:
    TagPolicy(
        self,
        "Tags",
        rules=[TagRule(key="Domain", values=("sales", "travel"), enforced_for=("s3:bucket",)), TagRule(key="CostCenter")],
        targets=["ou-exam-12345678"],
    )
    AccountDefaults(self, "Defaults", targets=["ou-exam-12345678"])


def hatch(self: Stack) -> None:
    policies = ServicePolicies(self, "Guardrails", guardrails=keep_trails(), targets=["r-exam"])
    policies.policies[0].add_property_override("Description", "What every account keeps")
