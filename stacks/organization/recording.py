"""AWS Config's recorder in the accounts that all environments share, and where every recorder delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_kms as kms

from constructs_lib.baseline import ConfigDestination, ConfigRecorder
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.organization.plan import OrganizationPlan


def config_destination(scope: Construct, construct_id: str, *, plan: OrganizationPlan) -> ConfigDestination:
    """The log archive's bucket and key as an account sees them that knows them by name."""
    names = plan.archive
    return ConfigDestination(
        bucket=names.bucket_for_config(scope, construct_id),
        key=kms.Key.from_key_arn(scope, f"{construct_id}Key", names.key_alias_arn(scope)),
    )


def record_account(scope: Construct, construct_id: str, *, plan: OrganizationPlan) -> ConfigRecorder:
    """A recorder in one of the shared accounts."""
    key = LakeKey(scope, f"{construct_id}LogKey", description="log of what looks after Config's role", via_services=("logs",))
    groups = Stack.of(scope).format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
    key.allow_log_groups(groups)
    destination = config_destination(scope, f"{construct_id}Bucket", plan=plan)
    return ConfigRecorder(scope, construct_id, destination=destination, log_key=key.key)
