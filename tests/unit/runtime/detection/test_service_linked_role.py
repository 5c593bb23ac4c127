"""The role is made once, adopted when it is there, and never deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.detection.service_linked_role import ensure
from tests.unit.runtime.lakeformation.support import request, retry

PROPERTIES = {"Service": "config.amazonaws.com", "RoleName": "AWSServiceRoleForConfig"}
ARN = "arn:aws:iam::444444444401:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


class Iam:
    """IAM with at most that one role; in a race somebody else makes it between look and make."""

    def __init__(self, *, there: bool = False, race: bool = False) -> None:
        self.there, self.race, self.made = there, race, 0

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if not self.there:
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": RoleName}}, "GetRole")
        return {"Role": {"Arn": ARN}}

    def create_service_linked_role(self, AWSServiceName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if self.there or self.race:
            self.there = True
            message = f"Service role name AWSServiceRoleForConfig has been taken in this account, {AWSServiceName}"
            raise ClientError({"Error": {"Code": "InvalidInput", "Message": message}}, "CreateServiceLinkedRole")
        self.there, self.made = True, self.made + 1
        return {"Role": {"Arn": ARN}}


def test_the_role_is_made_once() -> None:
    """A repeated request finds it."""
    iam = Iam()
    assert ensure(iam, retry(), request("Create", PROPERTIES)) == {"Arn": ARN}
    assert ensure(iam, retry(), request("Create", PROPERTIES)) == {"Arn": ARN}
    assert ensure(iam, retry(), request("Update", PROPERTIES, PROPERTIES)) == {"Arn": ARN}
    assert iam.made == 1


@pytest.mark.parametrize("iam", [Iam(there=True), Iam(race=True)])
def test_a_role_that_is_there_is_adopted(iam: Iam) -> None:
    """Also when somebody else makes it between our look and our making it."""
    assert ensure(iam, retry(), request("Create", PROPERTIES)) == {"Arn": ARN}
    assert iam.made == 0


def test_deleting_leaves_the_role() -> None:
    """Others work with it."""
    iam = Iam(there=True)
    assert ensure(iam, retry(), request("Delete", PROPERTIES)) == {}
    assert iam.there


def test_another_refusal_is_told() -> None:
    """Only a name that has been taken is no failure."""

    class Denying(Iam):
        def create_service_linked_role(self, AWSServiceName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
            raise ClientError({"Error": {"Code": "InvalidInput", "Message": f"no such service {AWSServiceName}"}}, "Create")

    with pytest.raises(ClientError, match="no such service"):
        ensure(Denying(), retry(), request("Create", PROPERTIES))
