"""Takes every rule out of a VPC's default security group: EC2 makes it with some, and CloudFormation cannot take them out.

Whatever is started in the VPC without naming a group gets this one. Nothing is remembered and nothing given back: a group that was closed
stays closed when the custom resource goes, and with its VPC it goes itself.
https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG, handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of

if TYPE_CHECKING:
    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_ROUNDS = 5
_GONE = "InvalidPermission.NotFound"


class DefaultGroupError(Exception):
    """A default security group that could not be closed; says why and what to do."""


class DefaultGroup:
    """A VPC's default security group.

    Args:
        ec2: A boto3 client.
        retry: How to call it.
    """

    def __init__(self, ec2: Any, retry: Retry) -> None:
        self._ec2 = ec2
        self._retry = retry

    def apply(self, request: Request) -> dict[str, str]:
        """Closes the group that the request names, whoever made its rules; a delete does nothing.

        Raises:
            DefaultGroupError: If it is no default group, or somebody keeps making rules in it.
        """
        if request.kind == "Delete":
            return {}
        group = str(request.properties["GroupId"])
        for attempt in range(_ROUNDS):
            if self._closed(group):
                return {}
            if attempt:
                LOG.warning("the security group %s has rules again; attempt %s", group, attempt + 1)
                self._retry.pause(attempt)
        msg = f"the security group {group} got new rules under each of {_ROUNDS} attempts: something else makes them; make it stop"
        raise DefaultGroupError(msg)

    def _closed(self, group: str) -> bool:
        """Whether there were no rules; those that there were are taken out."""
        (found,) = self._retry.call(self._ec2.describe_security_groups, GroupIds=[group])["SecurityGroups"]
        if found["GroupName"] != "default":
            msg = f"got the security group {group}, named {found['GroupName']}; only a VPC's default group is closed here"
            raise DefaultGroupError(msg)
        kinds = (
            (found.get("IpPermissions"), self._ec2.revoke_security_group_ingress),
            (found.get("IpPermissionsEgress"), self._ec2.revoke_security_group_egress),
        )
        for rules, revoke in kinds:
            if rules:
                self._revoke(revoke, group, rules)
        return not any(rules for rules, _ in kinds)

    def _revoke(self, revoke: Any, group: str, rules: list[dict[str, Any]]) -> None:
        try:
            self._retry.call(revoke, GroupId=group, IpPermissions=rules)
        except ClientError as error:
            if code_of(error) != _GONE:  # somebody else took one of them out meanwhile: the next look tells
                raise


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        return DefaultGroup(boto3.client("ec2", config=CLIENT_CONFIG), Retry(deadline)).apply(request)

    handle(event, context, apply)
