"""What Config recorded in every account of the organisation, seen from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_config as config, aws_iam as iam
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, trusted_service

if TYPE_CHECKING:
    from collections.abc import Sequence

_READ = ("DescribeOrganization", "ListAWSServiceAccessForOrganization", "ListAccounts", "ListDelegatedAdministrators")
_NO_RESOURCE = "These read-only actions of Organizations take no resource."


class OrganizationConfigAggregator(Construct):
    """An aggregator of Config over all accounts of the organisation; it only reads, each account keeps its own recorder.

    It has to stand in the management account or in the delegated administrator of Config. Others that are there already do no harm.

    See https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html.

    Args:
        regions: Regions that are looked at; all, also those to come, when left out.
    """

    def __init__(self, scope: Construct, construct_id: str, *, regions: Sequence[str] | None = None) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=trusted_service(self, "config.amazonaws.com"),
            description="Config reads which accounts the organisation has as this role",
        )
        # The managed policy AWSConfigRoleForOrganizations allows the same, and would be AWS's to change.
        read = iam.PolicyStatement(sid="ReadOrganization", actions=[f"organizations:{action}" for action in _READ], resources=["*"])
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=[read])
        acknowledge_wildcards(self.policy, {"ReadOrganization": _NO_RESOURCE})
        self.aggregator = config.CfnConfigurationAggregator(
            self,
            "Resource",
            organization_aggregation_source=config.CfnConfigurationAggregator.OrganizationAggregationSourceProperty(
                role_arn=self.role.role_arn,
                all_aws_regions=True if regions is None else None,
                aws_regions=None if regions is None else sorted(regions),
            ),
        )
        self.aggregator.node.add_dependency(self.policy)
