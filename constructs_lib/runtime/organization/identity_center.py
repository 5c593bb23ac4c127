"""Lake Formation's connection to Identity Center in one account: made, or adopted, with whom it is shared.

Who is declared to share it is added to who is there. On delete a connection that was made here is deleted, and one that was there
loses only whom this added. Other settings of it, such as external filtering, are never touched.

https://docs.aws.amazon.com/lake-formation/latest/dg/identity-center-integration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of
from .memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_ABSENT = "EntityNotFoundException"
_EXISTS = "AlreadyExistsException"
_CREATED, _ADDED = "Created", "Added"


class OtherInstanceError(Exception):
    """The account's connection is to another instance; says which and what to do."""


class Connection:
    """The connection of one account and Region; there is at most one.

    Args:
        lakeformation: A boto3 client.
        ssm: A boto3 client; remembers what was made here.
        retry: How to call them.
        memory: Name of the SSM parameter for it.
    """

    def __init__(self, lakeformation: Any, ssm: Any, retry: Retry, *, memory: str) -> None:
        self._lakeformation = lakeformation
        self._retry = retry
        self._memory = Memory(ssm, retry, memory, about="Lake Formation's connection to Identity Center")

    def apply(self, request: Request) -> dict[str, str]:
        """Connects the account to the declared instance, or on delete takes away what this added.

        Raises:
            OtherInstanceError: If the account is connected to another instance.
            SecondOwnerError: If another stack keeps the connection.
        """
        self._memory.load()
        if not self._memory.claim(request):
            return {}
        there = self._describe()
        if request.kind == "Delete":
            self._give_back(there)
            return {}
        return {"ApplicationArn": self._connect(request, there)}

    def _connect(self, request: Request, there: Mapping[str, Any] | None) -> str:
        instance, wanted = _instance(request), _declared(request.properties)
        contents = self._memory.contents
        if there is not None and there.get("InstanceArn") != instance:
            if not contents.get(_CREATED):
                msg = (
                    f"Lake Formation is connected to {there.get('InstanceArn')}, declared is {instance}; an account has one connection: "
                    "declare that instance, or delete the connection first"
                )
                raise OtherInstanceError(msg)
            self._delete()
            there = None
        if there is None:
            contents[_CREATED] = True
            contents[_ADDED] = []
            self._memory.save()
            self._create(instance)
            there = self._describe() or {}
        shared = _shared(there)
        contents[_ADDED] = sorted({*contents.get(_ADDED, ()), *(each for each in wanted if each not in shared)})
        self._memory.save()
        gone = {each for each in contents[_ADDED] if each not in wanted}
        self._share(shared, [*(each for each in shared if each not in gone), *(each for each in wanted if each not in shared)])
        contents[_ADDED] = [each for each in contents[_ADDED] if each in wanted]
        self._memory.save()
        return str(there.get("ApplicationArn", ""))

    def _give_back(self, there: Mapping[str, Any] | None) -> None:
        if there is not None and self._memory.contents.get(_CREATED):
            self._delete()
        elif there is not None:
            shared, added = _shared(there), set(self._memory.contents.get(_ADDED, ()))
            self._share(shared, [each for each in shared if each not in added])
        self._memory.forget()

    def _describe(self) -> dict[str, Any] | None:
        try:
            return dict(self._retry.call(self._lakeformation.describe_lake_formation_identity_center_configuration))
        except ClientError as error:
            if code_of(error) == _ABSENT:
                return None
            raise

    def _create(self, instance: str) -> None:
        try:
            self._retry.call(self._lakeformation.create_lake_formation_identity_center_configuration, InstanceArn=instance)
        except ClientError as error:
            if code_of(error) != _EXISTS:  # by an attempt whose answer got lost
                raise

    def _share(self, there: list[str], wanted: list[str]) -> None:
        if set(there) == set(wanted):
            return
        recipients = [{"DataLakePrincipalIdentifier": each} for each in wanted]
        self._retry.call(self._lakeformation.update_lake_formation_identity_center_configuration, ShareRecipients=recipients)

    def _delete(self) -> None:
        try:
            self._retry.call(self._lakeformation.delete_lake_formation_identity_center_configuration)
        except ClientError as error:
            if code_of(error) != _ABSENT:
                raise


def _instance(request: Request) -> str:
    """The instance's ARN: in the partition of the stack, and of no account or Region."""
    partition = request.stack.split(":")[1]
    return f"arn:{partition}:sso:::instance/{request.properties['Instance']}"


def _declared(properties: Mapping[str, Any]) -> list[str]:
    return sorted({str(each) for each in properties.get("ShareRecipients") or []})


def _shared(there: Mapping[str, Any]) -> list[str]:
    recipients: Iterable[Mapping[str, Any]] = there.get("ShareRecipients") or []
    return [str(each["DataLakePrincipalIdentifier"]) for each in recipients]


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete of the connection."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        connection = Connection(
            boto3.client("lakeformation", config=CLIENT_CONFIG),
            boto3.client("ssm", config=CLIENT_CONFIG),
            Retry(deadline),
            memory=str(request.properties["MemoryParameter"]),
        )
        return connection.apply(request)

    handle(event, context, apply)
