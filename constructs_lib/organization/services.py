"""What the organisation lets services do: policy types, trusted access, sharing with the organisation, delegated administrators."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_cdk import Aws, CustomResource, Duration, Stack, Token, aws_iam as iam
from constructs import Construct

from constructs_lib.core import HandlerFunction, misuse
from constructs_lib.organization.handler_logs import log_key as given_or_new

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aws_cdk import aws_kms as kms

    from constructs_lib.organization.structure import AnyOrganization

SERVICES_TYPE = "Custom::OrganizationServices"
"""CloudFormation type of the services' custom resource."""

DETECTION_SERVICES = (
    "access-analyzer.amazonaws.com",
    "config-multiaccountsetup.amazonaws.com",
    "config.amazonaws.com",
    "guardduty.amazonaws.com",
    "macie.amazonaws.com",
    "securityhub.amazonaws.com",
)
"""What a security account administers for an organisation."""

TRAIL_SERVICE = "cloudtrail.amazonaws.com"
"""Needs trusted access for an organisation trail, and no administrator where management makes the trail."""

MALWARE_SERVICE = "malware-protection.guardduty.amazonaws.com"
"""Needs trusted access for GuardDuty's malware protection of member accounts."""

OWN_CALLS = {
    "guardduty.amazonaws.com": ("guardduty", ()),
    "macie.amazonaws.com": ("macie2", ("EnableMacie",)),
    "securityhub.amazonaws.com": ("securityhub", ()),
}
"""Services that are told their administrator by calls of their own in each Region: IAM's prefix, and what else is called."""

_OTHERS_CALLS = {
    "auditmanager.amazonaws.com": "auditmanager:RegisterOrganizationAdminAccount",
    "cloudtrail.amazonaws.com": "cloudtrail:RegisterOrganizationDelegatedAdmin",
    "detective.amazonaws.com": "detective:EnableOrganizationAdminAccount",
    "fms.amazonaws.com": "fms:AssociateAdminAccount",
    "inspector2.amazonaws.com": "inspector2:EnableDelegatedAdminAccount",
    "securitylake.amazonaws.com": "securitylake:RegisterDataLakeDelegatedAdministrator",
}

_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com")
_RAM = "ram.amazonaws.com"
_MEMORY = "/governed-lake/organization-services"
_TIMEOUT = Duration.minutes(30)

_READ = "Reading the organisation, and the administrators of these services, takes no resource; it reads ids and names."
_ACCESS = "Trusted access takes no resource; which services it is for is bound by a condition."
_GIVEN_BACK = "These calls take no resource, and what was declared before, and is to be given back, is known at deployment only."
_ACCOUNTS = "Any account of this organisation may have been the administrator before; a condition says of which services one can be made."
_CALLS = "These calls name the administrator of the whole organisation and take no resource of their own."
_ROLES = "A service-linked role's name is the service's to choose; which services is bound by path and condition."
_SHARING = "Sharing with the organisation is one switch of the organisation and takes no resource."


class PolicyType(StrEnum):
    """Kinds of organisation policies that a root has to have enabled before one can be attached."""

    SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
    RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
    TAG = "TAG_POLICY"
    BACKUP = "BACKUP_POLICY"
    AI_OPT_OUT = "AISERVICES_OPT_OUT_POLICY"
    DECLARATIVE_EC2 = "DECLARATIVE_POLICY_EC2"
    S3 = "S3_POLICY"


class OrganizationServices(Construct):
    """What an organisation lets services do. One of these in an organisation, in the management account; what needs it comes after it.

    A custom resource, because CloudFormation has no resource for policy types, trusted access, sharing with the organisation, or
    administrators other than Security Hub's. What is there is adopted. A different delegated administrator fails the deployment before
    anything is changed. On delete everything becomes what it was, but for policy types with policies under them, and sharing.

    Macie lets only an account in which it is enabled name its administrator, so it is enabled in the management account, in every
    Region of `regions`, where it lists the buckets and charges for them; it stays enabled.

    See https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html

    Args:
        organization: Whose services they are.
        policy_types: Which policies can be attached: service control, resource control and tag policies when left out.
        trusted_access: Service principals that may see the organisation and work in its accounts, besides those of
            `delegated_administrators`; none when left out. See `TRAIL_SERVICE`.
        delegated_administrators: The account that administers a service for the organisation, by service principal; none when left out.
            See `DETECTION_SERVICES`.
        share_with_organization: Whether RAM shares within the organisation without invitations; yes when left out. Cross-account grants of
            Lake Formation need it to arrive by themselves.
        regions: Where GuardDuty, Macie and Security Hub get their administrator; the stack's own Region when left out.
        log_key: Encrypts the function's log; a new key when left out. Its policy has to let CloudWatch Logs use it.

    Attributes:
        handler: The function.
        resource: The custom resource, to come after.

    Raises:
        DataLakeError: `service_principal`, `delegated_administrator`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization: AnyOrganization,
        policy_types: Sequence[PolicyType] = (PolicyType.SERVICE_CONTROL, PolicyType.RESOURCE_CONTROL, PolicyType.TAG),
        trusted_access: Sequence[str] = (),
        delegated_administrators: Mapping[str, str] | None = None,
        share_with_organization: bool = True,
        regions: Sequence[str] | None = None,
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        administrators = {} if delegated_administrators is None else dict(sorted(delegated_administrators.items()))
        regions = [Stack.of(self).region] if regions is None else sorted(set(regions))
        trusted = sorted({*trusted_access, *administrators})
        self._check(trusted, administrators)
        self._organization = organization
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="organization",
            module="services",
            statements=list(self._statements(policy_types, trusted, administrators, share=share_with_organization)),
            wildcards={
                "Read": _READ,
                "GiveBack": _GIVEN_BACK,
                "GiveBackRegistrations": _ACCOUNTS,
                "TrustedAccess": _ACCESS,
                "Administrators": _ACCOUNTS,
                "OwnAdministrators": _CALLS,
                "ServiceRoles": _ROLES,
                "Sharing": _SHARING,
            },
            service_timeout=_TIMEOUT,
            log_key=given_or_new(self, log_key),
            description="Keeps what the organisation lets services do as declared",
        )
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type=SERVICES_TYPE,
            service_token=self.handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={
                "RootId": organization.root_id,
                "PolicyTypes": sorted(policy_type.value for policy_type in policy_types),
                "TrustedAccess": trusted,
                "ShareWithOrganization": str(share_with_organization).lower(),
                "DelegatedAdministrators": administrators,
                "Regions": regions,
                "MemoryParameter": _MEMORY,
            },
        )

    def _check(self, trusted: Sequence[str], administrators: Mapping[str, str]) -> None:
        for service in trusted:
            if not _SERVICE.fullmatch(service):
                msg = f"got service {service!r}; allowed is a service principal, such as guardduty.amazonaws.com"
                raise misuse(self, msg, code="service_principal")
        if _RAM in trusted:
            msg = f"got service {_RAM}; trusted access alone does not let it share: say share_with_organization"
            raise misuse(self, msg, code="service_principal")
        for service, account in administrators.items():
            if service in _OTHERS_CALLS:
                msg = f"got an administrator for {service}, which is told by {_OTHERS_CALLS[service]}; call that, and leave it out here"
                raise misuse(self, msg, code="delegated_administrator")
            if not Token.is_unresolved(account) and account == Stack.of(self).account:
                msg = f"got the management account {account} as administrator of {service}; allowed is a member account"
                raise misuse(self, msg, code="delegated_administrator")

    def _statements(
        self, policy_types: Sequence[PolicyType], trusted: Sequence[str], administrators: Mapping[str, str], *, share: bool
    ) -> Iterator[iam.PolicyStatement]:
        yield self._reading()
        yield from self._giving_back()
        if policy_types:
            yield iam.PolicyStatement(
                sid="PolicyTypes",
                actions=["organizations:EnablePolicyType"],
                resources=[self._arn("root", self._organization.root_id)],
                conditions={"StringEquals": {"organizations:PolicyType": sorted(each.value for each in policy_types)}},
            )
        services = [*trusted, *([_RAM] if share else [])]
        if services:
            yield iam.PolicyStatement(
                sid="TrustedAccess",
                actions=["organizations:EnableAWSServiceAccess"],
                resources=["*"],
                conditions={"StringEquals": {"organizations:ServicePrincipal": services}},
            )
        if administrators:
            yield from self._administering(administrators)
        with_roles = sorted([*(each for each in administrators if each in OWN_CALLS), *([_RAM] if share else [])])
        if with_roles:
            yield iam.PolicyStatement(
                sid="ServiceRoles",
                actions=["iam:CreateServiceLinkedRole"],
                resources=[self._role(f"aws-service-role/{service}/*") for service in with_roles],
                conditions={"StringEquals": {"iam:AWSServiceName": with_roles}},
            )
        if share:
            yield iam.PolicyStatement(sid="Sharing", actions=["ram:EnableSharingWithAwsOrganization"], resources=["*"])
            role = self._role(f"aws-service-role/{_RAM}/AWSServiceRoleForResourceAccessManager")
            yield iam.PolicyStatement(sid="LookUpSharing", actions=["iam:GetRole"], resources=[role])
        yield iam.PolicyStatement(
            sid="RememberWhatWasThere",
            actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
            resources=[Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=_MEMORY.lstrip("/"))],
        )

    def _reading(self) -> iam.PolicyStatement:
        """What this reads, and what services that are told their administrator read with this role's rights."""
        own = ["DescribeOrganization", "ListAWSServiceAccessForOrganization", "ListDelegatedAdministrators", "ListPolicies", "ListRoots"]
        theirs = ["DescribeAccount", "DescribeOrganizationalUnit", "ListAccounts"]
        asked = [f"{prefix}:ListOrganizationAdminAccounts" for prefix, _ in OWN_CALLS.values()]
        actions = [*(f"organizations:{each}" for each in sorted([*own, *theirs])), *asked, "macie2:GetMacieSession"]
        return iam.PolicyStatement(sid="Read", actions=actions, resources=["*"])

    def _giving_back(self) -> Iterator[iam.PolicyStatement]:
        """Of whatever service it is: what an update no longer declares is not in this policy any more when it has to be given back."""
        disable = [f"{prefix}:DisableOrganizationAdminAccount" for prefix, _ in OWN_CALLS.values()]
        yield iam.PolicyStatement(sid="GiveBack", actions=["organizations:DisableAWSServiceAccess", *disable], resources=["*"])
        root = self._arn("root", self._organization.root_id)
        yield iam.PolicyStatement(sid="GiveBackTypes", actions=["organizations:DisablePolicyType"], resources=[root])
        accounts = self._arn("account", "*")
        deregister = "organizations:DeregisterDelegatedAdministrator"
        yield iam.PolicyStatement(sid="GiveBackRegistrations", actions=[deregister], resources=[accounts])

    def _administering(self, administrators: Mapping[str, str]) -> Iterator[iam.PolicyStatement]:
        """Of any account of the organisation: the administrator that was adopted and then replaced is put back on delete."""
        yield iam.PolicyStatement(
            sid="Administrators",
            actions=["organizations:RegisterDelegatedAdministrator"],
            resources=[self._arn("account", "*")],
            conditions={"StringEquals": {"organizations:ServicePrincipal": list(administrators)}},
        )
        own = [OWN_CALLS[service] for service in administrators if service in OWN_CALLS]
        if own:
            actions = [f"{prefix}:{call}" for prefix, more in own for call in ("EnableOrganizationAdminAccount", *more)]
            yield iam.PolicyStatement(sid="OwnAdministrators", actions=actions, resources=["*"])

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{Aws.PARTITION}:organizations::{Stack.of(self).account}:{kind}/{self._organization.organization_id}/{name}"

    def _role(self, name: str) -> str:
        return Stack.of(self).format_arn(service="iam", region="", resource="role", resource_name=name)
