"""Working in the account that a finding is about: as the containment role there, with no more than one containment needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from ..custom_resources.retry import CLIENT_CONFIG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .findings import Resource
    from .settings import Settings

_SECONDS = 900


class NotPossibleError(Exception):
    """Something that cannot be done, however often it is tried; says why and what to do."""


class NothingToDoError(Exception):
    """What a containment would bring about is so already."""


class ChangedSinceError(Exception):
    """Somebody else has changed since what is to be undone; it stays as it is."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one containment may do: the actions, and on which ARNs."""

    actions: Sequence[str]
    resources: Sequence[str]


@dataclass(frozen=True, slots=True)
class Target:
    """What one containment works on.

    Args:
        action: Id of the action, part of the name of everything that is added.
        resource: What is contained.
        at: When the action was begun, in ISO 8601.
        settings: How findings are answered.
        access: Makes clients.
    """

    action: str
    resource: Resource
    at: str
    settings: Settings
    access: Access

    @property
    def mark(self) -> str:
        """The name of what is added, the same each time."""
        return f"GovernedLake{self.action}"

    def arn(self, service: str, rest: str, *, region: str = "", account: str | None = None) -> str:
        """An ARN in the target's partition and account; `account=""` for what has none in its ARN."""
        return f"arn:{self.settings.partition}:{service}:{region}:{self.resource.account if account is None else account}:{rest}"

    def client(self, service: str, need: Need) -> Any:
        """A client in the target's account and Region that may do no more than `need`."""
        role = self.arn("iam", f"role/{self.settings.containment_role}")
        return self.access.client(service, role, self.resource.region, need, session=f"finding-{self.action[:24]}")


class Access:
    """Makes clients as roles of other accounts.

    Args:
        sts: A boto3 client.
    """

    def __init__(self, sts: Any) -> None:
        self._sts = sts

    def client(self, service: str, role: str, region: str, need: Need, *, session: str) -> Any:
        """A client as `role`, with a session policy: the role can do more than any single containment may."""
        statement = {"Effect": "Allow", "Action": list(need.actions), "Resource": list(need.resources)}
        credentials = self._sts.assume_role(
            RoleArn=role,
            RoleSessionName=session,
            DurationSeconds=_SECONDS,
            Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":")),
        )["Credentials"]
        make: Any = boto3.client  # which is typed by literals of names
        return make(
            service,
            region_name=region,
            config=CLIENT_CONFIG,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
