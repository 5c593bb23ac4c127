"""What the handlers of an organisation remember between requests, each in an SSM parameter of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..custom_resources.retry import code_of

if TYPE_CHECKING:
    from ..custom_resources.cfn_response import Request
    from ..custom_resources.retry import Retry


class SecondOwnerError(Exception):
    """Another resource keeps what this one is about."""


class Memory:
    """One parameter, and who it belongs to.

    A memory belongs to the resource that wrote it first. One that got another logical id in its stack takes over: CloudFormation makes
    the new one and then deletes the old one, which then has nothing left to give back.

    Args:
        ssm: A boto3 client.
        retry: How to call it.
        name: Name of the parameter.
        about: What is kept, for messages.
    """

    def __init__(self, ssm: Any, retry: Retry, name: str, *, about: str) -> None:
        self.name = name
        self.contents: dict[str, Any] = {}
        self._ssm = ssm
        self._retry = retry
        self._about = about
        self._saved = ""

    def load(self) -> None:
        """Reads the parameter; without one nothing is remembered."""
        try:
            self._saved = str(self._retry.call(self._ssm.get_parameter, Name=self.name)["Parameter"]["Value"])
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
            self._saved = ""
        self.contents = json.loads(self._saved) if self._saved else {}

    def claim(self, request: Request) -> bool:
        """Makes the request's resource the owner, and says whether there is anything for it to do.

        Raises:
            SecondOwnerError: If another stack is the owner and this is no deletion: that of a second owner has nothing to give back.
        """
        ours = {"Resource": request.logical_id, "Stack": request.stack}
        owner = self.contents.get("Owner")
        if request.kind == "Delete":
            if owner is None or owner == ours:
                return owner is not None and not self._hand_back(request)
            if self.contents.get("Previous") == request.logical_id:
                del self.contents["Previous"]
                self.save()
            return False
        if owner is not None and owner["Stack"] != request.stack:
            msg = (
                f"{self._about} is kept by {owner['Stack']}; it has one owner: use that one's, or delete it first (if its stack is gone, "
                f"delete the SSM parameter {self.name})"
            )
            raise SecondOwnerError(msg)
        if owner is not None and owner != ours:
            self.contents["Previous"] = owner["Resource"]
        self.contents["Owner"] = ours
        return True

    def _hand_back(self, request: Request) -> bool:
        """Whether the owner before is still there: a change of the logical id is being rolled back."""
        previous = self.contents.pop("Previous", None)
        if previous is None:
            return False
        self.contents["Owner"] = {"Resource": previous, "Stack": request.stack}
        self.save()
        return True

    def save(self) -> None:
        """Writes it down, unless it stands there so already."""
        value = json.dumps(self.contents, sort_keys=True, separators=(",", ":"))
        if value == self._saved:
            return
        self._retry.call(
            self._ssm.put_parameter,
            Name=self.name,
            Value=value,
            Type="String",
            Tier="Intelligent-Tiering",
            Overwrite=True,
            Description=f"What there was before it was declared: {self._about}",
        )
        self._saved = value

    def forget(self) -> None:
        """Removes the parameter."""
        try:
            self._retry.call(self._ssm.delete_parameter, Name=self.name)
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
        self.contents, self._saved = {}, ""
