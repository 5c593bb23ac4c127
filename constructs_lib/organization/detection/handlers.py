"""What the constructs of threat detection share: a handler with its custom resource, and the memory it writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import CustomResource, Duration, Stack, aws_iam as iam
from constructs import Construct

from constructs_lib.core import HandlerFunction
from constructs_lib.organization.handler_logs import log_key as handler_log_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_kms as kms

_TIMEOUT = Duration.minutes(20)
_MEMORY = "/governed-lake/detection"

_ACCOUNT_WIDE = "The service has one of these in an account and a Region, and its actions take no narrower resource."
_ORGANIZATION = "Reading the organisation's structure takes no resource; the service asks for it on behalf of its administrator."


class KeptSettings(Construct):
    """A service's settings in its administrator's account, kept by a handler: see `constructs_lib.runtime.detection`.

    Args:
        service: Name of the handler's module, and of its memory.
        resource_type: CloudFormation type of the custom resource.
        actions: What its role may do of the service, on all that the account has of it.
        properties: What is declared.
        service_roles: Names of service-linked roles by their service's principal, which the service makes when they are first needed; none
            when left out.
        remembers: Whether it remembers what was there before; yes when left out.
        log_key: Encrypts the function's log; a new key when left out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        resource_type: str,
        actions: Sequence[str],
        properties: Mapping[str, Any],
        service_roles: Mapping[str, str] | None = None,
        remembers: bool = True,
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        service_roles = {} if service_roles is None else service_roles
        memory = f"{_MEMORY}/{service}"
        self.log_key = handler_log_key(self, log_key)
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="detection",
            module=service,
            statements=[
                iam.PolicyStatement(sid="Settings", actions=list(actions), resources=["*"]),
                *self._memory_statements(memory, remembers=remembers),
                *self._organization_statements(service_roles),
            ],
            wildcards={"Settings": _ACCOUNT_WIDE, "ReadOrganization": _ORGANIZATION},
            service_timeout=_TIMEOUT,
            log_key=self.log_key,
            description=f"Keeps settings of {service} for the organisation as declared",
        )
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type=resource_type,
            service_token=self.handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={**properties, **({"MemoryParameter": memory} if remembers else {})},
        )

    def _memory_statements(self, memory: str, *, remembers: bool) -> list[iam.PolicyStatement]:
        if not remembers:
            return []
        parameter = Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=memory.lstrip("/"))
        actions = ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"]
        return [iam.PolicyStatement(sid="RememberWhatWasThere", actions=actions, resources=[parameter])]

    def _organization_statements(self, service_roles: Mapping[str, str]) -> list[iam.PolicyStatement]:
        read = (
            "DescribeAccount",
            "DescribeOrganization",
            "ListAWSServiceAccessForOrganization",
            "ListAccounts",
            "ListDelegatedAdministrators",
        )
        statements = [iam.PolicyStatement(sid="ReadOrganization", actions=[f"organizations:{action}" for action in read], resources=["*"])]
        if service_roles:
            stack = Stack.of(self)
            roles = [
                stack.format_arn(service="iam", region="", resource="role", resource_name=f"aws-service-role/{service}/{name}")
                for service, name in service_roles.items()
            ]
            named = {"StringEquals": {"iam:AWSServiceName": list(service_roles)}}
            statements += [
                iam.PolicyStatement(sid="LookForServiceRoles", actions=["iam:GetRole"], resources=roles),
                iam.PolicyStatement(sid="MakeServiceRoles", actions=["iam:CreateServiceLinkedRole"], resources=roles, conditions=named),
            ]
        return statements
