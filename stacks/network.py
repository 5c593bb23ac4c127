"""The network of the jobs of one lake account, where lake.yaml asks for one without a way to the internet. Stateful: flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.core import protect_stack
from constructs_lib.network import JobNetwork

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.config.model import Organization


class NetworkStack(Stack):
    """A VPC for the account's ingestion jobs."""

    def __init__(self, scope: Construct, construct_id: str, *, organization: Organization, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.network = JobNetwork(self, "Jobs", organization_id=organization.id)
