"""What the settings handler remembers between requests: who was an administrator before, whom it took out, whose settings they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..custom_resources.retry import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..custom_resources.cfn_response import Request
    from ..custom_resources.retry import Retry

LISTS = {"Admins": "DataLakeAdmins", "ReadOnlyAdmins": "ReadOnlyAdmins"}  # our property: the service's


class SecondOwnerError(Exception):
    """Another stack keeps the settings of this account."""


@dataclass(slots=True)
class Remembered:
    """The memory's contents.

    Attributes:
        before: For each declared administrator, by list, whether it was one before it was declared here.
        removed: Administrators that were taken out because only declared ones are to be there, by list.
        settled: Administrators that an earlier request declared and brought about; one of them that is gone was deleted since.
        owner: Logical id and stack of the custom resource that keeps the settings; empty in a memory that has none yet.
        previous: Logical id of the resource of the same stack that kept them before, until CloudFormation has deleted it.
    """

    before: dict[str, dict[str, bool]] = field(default_factory=lambda: {ours: {} for ours in LISTS})
    removed: dict[str, list[str]] = field(default_factory=lambda: {ours: [] for ours in LISTS})
    settled: list[str] = field(default_factory=list)
    owner: tuple[str, str] = ("", "")
    previous: str = ""

    @classmethod
    def of(cls, value: str) -> Remembered:
        """The contents in a parameter's value, of any earlier format."""
        loaded: Mapping[str, Any] = json.loads(value)
        owner = loaded.get("Owner") or {}
        return cls(
            before={ours: dict(loaded.get(ours) or {}) for ours in LISTS},
            removed={ours: list((loaded.get("Removed") or {}).get(ours) or []) for ours in LISTS},
            settled=list(loaded.get("Settled") or []),
            owner=(str(owner.get("Resource", "")), str(owner.get("Stack", ""))),
            previous=str(owner.get("Previous", "")),
        )

    def dump(self) -> str:
        """A parameter's value."""
        owner = {"Resource": self.owner[0], "Stack": self.owner[1], "Previous": self.previous}
        contents: dict[str, Any] = {
            **self.before,
            "Removed": {ours: sorted(names) for ours, names in self.removed.items() if names},
            "Settled": sorted(self.settled),
            "Owner": {key: value for key, value in owner.items() if value},
        }
        return json.dumps(contents, sort_keys=True, separators=(",", ":"))

    def claim(self, request: Request, parameter: str) -> bool:
        """Makes the request's resource the owner, and says whether there is anything for it to do.

        A resource that got another logical id is made anew and then deleted: the new one takes over, and deleting the old one does
        nothing. When that is rolled back, the new one is deleted first and hands back.

        Raises:
            SecondOwnerError: If another stack is the owner and this is no deletion: that of a second owner has nothing to give back.
        """
        ours = (request.logical_id, request.stack)
        if not self.owner[0] or self.owner == ours:
            if request.kind == "Delete" and self.previous:
                self.owner, self.previous = (self.previous, request.stack), ""
                return False
            self.owner = ours
            return True
        if request.kind == "Delete":
            if self.previous == request.logical_id:
                self.previous = ""
            return False
        if self.owner[1] != request.stack:
            msg = (
                f"the data lake settings of this account are kept by {self.owner[1]}; an account has one owner: use that one's, or delete "
                f"it first (if its stack is gone, delete the SSM parameter {parameter})"
            )
            raise SecondOwnerError(msg)
        self.owner, self.previous = ours, self.owner[0]
        return True


class Memory:
    """The SSM parameter that keeps it.

    Args:
        ssm: A boto3 client.
        retry: How to call it.
        name: Name of the parameter.
    """

    def __init__(self, ssm: Any, retry: Retry, name: str) -> None:
        self.name = name
        self._ssm = ssm
        self._retry = retry
        self._saved: str | None = None

    def load(self) -> Remembered:
        """What is remembered; nothing when there is no parameter."""
        try:
            self._saved = str(self._retry.call(self._ssm.get_parameter, Name=self.name)["Parameter"]["Value"])
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return Remembered()
            raise
        return Remembered.of(self._saved)

    def save(self, remembered: Remembered) -> None:
        """Writes it down, unless it stands there so already."""
        value = remembered.dump()
        if value == self._saved:
            return
        self._retry.call(
            self._ssm.put_parameter,
            Name=self.name,
            Value=value,
            Type="String",
            Tier="Intelligent-Tiering",
            Overwrite=True,
            Description="Which data lake administrators were there before they were declared; kept by the settings handler",
        )
        self._saved = value

    def forget(self) -> None:
        """Removes the parameter."""
        try:
            self._retry.call(self._ssm.delete_parameter, Name=self.name)
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
