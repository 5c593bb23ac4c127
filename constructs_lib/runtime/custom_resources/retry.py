"""Calling AWS again when it says so: with growing, random pauses and never past the deadline."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .cfn_response import Deadline

TRANSIENT = frozenset(
    {
        "ConcurrentModificationException",
        "InternalException",
        "InternalServerErrorException",
        "InternalServerException",
        "InternalServiceException",
        "OperationTimeoutException",
        "PolicyChangesInProgressException",
        "RequestLimitExceeded",
        "ServerInternalException",
        "ServiceException",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    },
)
"""What passes by itself."""

DENIED = frozenset({"AccessDenied", "AccessDeniedException"})

CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3})

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
_ATTEMPTS = 10
_NEW_PRINCIPAL_ATTEMPTS = 6
_SETTLING = re.compile(r"register the S3 path|^(?!No permissions revoked).*Grantee has no permissions", re.IGNORECASE)
_SETTLING_SECONDS = 60.0  # until a role's policy, an administrator or a share made just before is known everywhere


def code_of(error: ClientError) -> str:
    """The service's name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """What the service says about the error."""
    return str(error.response.get("Error", {}).get("Message", ""))


def is_invalid_principal(code: str, message: str) -> bool:
    """Whether a principal is unknown to Lake Formation: one made seconds ago is, for a while; Organizations' service principals are not."""
    told = message.lower()
    return code == "InvalidInputException" and "principal" in told and "permissions revoked" not in told and "service principal" not in told


def may_be_absent(code: str, message: str) -> bool:
    """Whether something does not exist, or the caller may not see it: Lake Formation answers alike."""
    return code in DENIED and "does not exist" in message


@dataclass(slots=True)
class Retry:
    """How often and when to call again.

    Args:
        deadline: No pause reaches past it.
        sleep: Pauses for that many seconds.
        chance: A number from 0 to 1: pauses have "full jitter", so that writers that collided do not collide again.
    """

    deadline: Deadline
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = field(default=random.random)
    _settled_at: float | None = field(default=None, init=False)

    def may_retry(self, code: str, message: str, attempt: int, *, shared: bool = False) -> bool:
        """Whether an error in attempt number `attempt`, from 0, is worth another one.

        A refusal is for a minute from the first one: this function's own rights, and what another account shares, take effect some
        seconds after they were given. A policy that denies explicitly does not pass.

        Args:
            code: The service's name of the error.
            message: What the service says about it.
            attempt: Number of the attempt.
            shared: Whether it is about another account's catalog, of which nothing is found before the share is known.
        """
        if is_invalid_principal(code, message):
            return attempt + 1 < _NEW_PRINCIPAL_ATTEMPTS
        if code == "InvalidInputException" and _SETTLING.search(message):
            return attempt + 1 < _ATTEMPTS and self._is_settling()
        if code in DENIED or (shared and code == "EntityNotFoundException"):
            return "explicit deny" not in message and attempt + 1 < _ATTEMPTS and self._is_settling()
        return code in TRANSIENT and attempt + 1 < _ATTEMPTS

    def _is_settling(self) -> bool:
        now = self.deadline.clock()
        if self._settled_at is None:
            self._settled_at = now + _SETTLING_SECONDS
        return now < self._settled_at

    def pause(self, attempt: int) -> None:
        """Waits after attempt number `attempt`, from 0.

        Raises:
            OutOfTimeError: If the pause would reach past the deadline.
        """
        seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt) * (0.5 + self.chance() / 2)
        self.deadline.check(seconds)
        self.sleep(seconds)

    def call(self, operation: Callable[..., Any], **arguments: Any) -> Mapping[str, Any]:
        """The operation's answer, from as many attempts as it takes.

        Raises:
            ClientError: The last one, if it does not pass or is not of the passing kind.
            OutOfTimeError: If there is no time left.
        """
        attempt = 0
        while True:
            self.deadline.check()
            try:
                answer: Mapping[str, Any] = operation(**arguments)
            except ClientError as error:
                if not self.may_retry(code_of(error), message_of(error), attempt):
                    raise
            else:
                return answer
            self.pause(attempt)
            attempt += 1
