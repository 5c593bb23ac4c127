"""The role that a service works as in an account: made when it is not there, adopted when it is.

`AWS::IAM::ServiceLinkedRole` fails where the role exists, and most accounts have had it since somebody first opened the service's console.
On delete the role stays: it belongs to the service, everything else that uses the service in this account needs it, and it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request


def ensure(iam: Any, retry: Retry, request: Request) -> dict[str, str]:
    """Sees to it that the role is there.

    Args:
        iam: A boto3 client.
        retry: How to call it.
        request: Its properties are `Service`, such as `config.amazonaws.com`, and `RoleName`.

    Raises:
        ClientError: If the role can neither be made nor found.
    """
    if request.kind == "Delete":
        return {}
    service, name = str(request.properties["Service"]), str(request.properties["RoleName"])
    try:
        role = retry.call(iam.get_role, RoleName=name)["Role"]
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        role = _make(iam, retry, service, name)
    return {"Arn": str(role["Arn"])}


def _make(iam: Any, retry: Retry, service: str, name: str) -> Mapping[str, Any]:
    try:
        role: Mapping[str, Any] = retry.call(iam.create_service_linked_role, AWSServiceName=service)["Role"]
    except ClientError as error:
        if code_of(error) != "InvalidInput" or "has been taken" not in message_of(error):
            raise
        role = retry.call(iam.get_role, RoleName=name)["Role"]  # somebody else was faster
    return role


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Entry point of the Lambda function."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        return ensure(boto3.client("iam", config=CLIENT_CONFIG), Retry(deadline), request)

    handle(event, context, apply)
