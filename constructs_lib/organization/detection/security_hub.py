"""Security Hub CSPM for the organisation, run by its administrator's account: one policy of standards, findings of all Regions in one."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_securityhub as securityhub
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.organization.detection.handlers import KeptSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms

_POLICY_NAME = "governed-lake"
_ACTIONS = (
    "securityhub:CreateFindingAggregator",
    "securityhub:DeleteFindingAggregator",
    "securityhub:DescribeHub",
    "securityhub:DescribeOrganizationConfiguration",
    "securityhub:EnableSecurityHub",
    "securityhub:GetConfigurationPolicy",
    "securityhub:GetConfigurationPolicyAssociation",
    "securityhub:GetFindingAggregator",
    "securityhub:ListFindingAggregators",
    "securityhub:UpdateFindingAggregator",
    "securityhub:UpdateOrganizationConfiguration",
)
_TARGETS = {
    "ROOT": re.compile(r"r-[a-z0-9]{4,32}"),
    "ORGANIZATIONAL_UNIT": re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}"),
    "ACCOUNT": re.compile(r"[0-9]{12}"),
}


class Standard(StrEnum):
    """A standard of Security Hub, by the end of its ARN."""

    FOUNDATIONAL = "aws-foundational-security-best-practices/v/1.0.0"
    CIS_3 = "cis-aws-foundations-benchmark/v/3.0.0"
    CIS_5 = "cis-aws-foundations-benchmark/v/5.0.0"
    NIST_800_53 = "nist-800-53/v/5.0.0"
    PCI_DSS_4 = "pci-dss/v/4.0.1"


class OrganizationSecurityHub(Construct):
    """Security Hub CSPM in the account that administers it, and one configuration policy for units and accounts.

    The account has to be the organisation's delegated administrator of Security Hub before, and this its home Region: see
    `OrganizationServices`. A hub and an aggregator that are there are adopted, and Regions added to what is gathered already. With central
    configuration the policy switches the hub on in every account below its targets, new ones included, and **every standard off that is
    not named here**: name those that the accounts check already. A target to which somebody applied another policy, or that inherits one
    which checks more, fails before it is replaced. Deleting this gives the settings back that were changed here, and leaves the hub.

    The checks of the standards are charged by account, Region and check, and need Config's recorder in each account.

    See https://docs.aws.amazon.com/securityhub/latest/userguide/central-configuration-intro.html.

    Args:
        targets: Ids of the root, units or accounts that the policy holds for.
        standards: What is checked; AWS Foundational Security Best Practices, CIS 5.0 and NIST 800-53 when left out.
        disabled_controls: Ids of controls that are not checked, such as `Macie.2`; none when left out.
        linked_regions: Regions besides this one that the policy holds in and findings are gathered from; none when left out.
        central: Whether Security Hub is configured centrally; yes when left out. Otherwise new accounts get a hub with the default
            standards, and there is no policy.
        log_key: Encrypts the log of the function behind it; a new key when left out.

    Raises:
        DataLakeError: `policy_target` for something that is no id of a root, a unit or an account, or for targets without central
            configuration.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        targets: Sequence[str],
        standards: Sequence[Standard] | None = None,
        disabled_controls: Sequence[str] = (),
        linked_regions: Sequence[str] = (),
        central: bool | None = None,
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        standards = (Standard.FOUNDATIONAL, Standard.CIS_5, Standard.NIST_800_53) if standards is None else standards
        central = True if central is None else central
        if targets and not central:
            msg = f"got targets {', '.join(targets)} and no central configuration, so that no policy holds for them: leave them out"
            raise misuse(self, msg, code="policy_target")
        kinds = {target: self._kind(target) for target in targets}
        self.settings = KeptSettings(
            self,
            "Settings",
            service="security_hub",
            resource_type="Custom::SecurityHubOrganization",
            actions=_ACTIONS,
            service_roles={"securityhub.amazonaws.com": "AWSServiceRoleForSecurityHub"},
            properties={
                "LinkedRegions": sorted(linked_regions),
                "Central": central,
                "PolicyName": _POLICY_NAME,
                "Standards": sorted(standard.value for standard in standards),
                "Targets": sorted(targets),
            },
            log_key=log_key,
        )
        self.policy = self._make_policy(standards, disabled_controls) if central else None
        self.associations = [self._associate(self.policy, target, kind) for target, kind in kinds.items() if self.policy is not None]

    def _kind(self, target: str) -> str:
        for kind, pattern in _TARGETS.items():
            if pattern.fullmatch(target):
                return kind
        msg = f"got the target {target!r}; allowed are the ids of a root (r-...), a unit (ou-...) or an account"
        raise misuse(self, msg, code="policy_target")

    def _make_policy(self, standards: Sequence[Standard], disabled: Sequence[str]) -> securityhub.CfnConfigurationPolicy:
        part = securityhub.CfnConfigurationPolicy
        stack = Stack.of(self)
        arns = [f"arn:{stack.partition}:securityhub:{stack.region}::standards/{standard.value}" for standard in standards]
        policy = part(
            self,
            "Resource",
            name=_POLICY_NAME,
            description="Standards and controls of the accounts of the data lake",
            configuration_policy=part.PolicyProperty(
                security_hub=part.SecurityHubPolicyProperty(service_enabled=True, enabled_standard_identifiers=arns)
            ),
        )
        # Security Hub wants the list, also an empty one, which CDK would leave out.
        path = "ConfigurationPolicy.SecurityHub.SecurityControlsConfiguration.DisabledSecurityControlIdentifiers"
        policy.add_property_override(path, sorted(disabled))
        policy.node.add_dependency(self.settings)
        return policy

    def _associate(self, policy: securityhub.CfnConfigurationPolicy, target: str, kind: str) -> securityhub.CfnPolicyAssociation:
        return securityhub.CfnPolicyAssociation(
            self, f"Target{target}", configuration_policy_id=policy.attr_id, target_id=target, target_type=kind
        )
