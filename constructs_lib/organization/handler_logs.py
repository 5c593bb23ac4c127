"""The key of the logs of an organisation's handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack

from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from constructs import Construct


def log_key(scope: Construct, given: kms.IKey | None) -> kms.IKey:
    """The key that was given, or a new one below `scope` that CloudWatch Logs may use for the stack's log groups."""
    if given is not None:
        return given
    key = LakeKey(scope, "LogKey", description="logs of the organisation's handlers", via_services=("logs",))
    groups = Stack.of(scope).format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
    key.allow_log_groups(groups)
    return key.key
