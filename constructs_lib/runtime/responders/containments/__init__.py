"""The containments: each is planned from what is there, applied as often as it takes, and undone without touching anybody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .. import plays
from .access_keys import AccessKey
from .buckets import BucketQuarantine
from .functions import StoppedFunction
from .key_grants import KeyGrants
from .public_access import PublicAccess
from .sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target


class Containment(Protocol):
    """What every containment can do."""

    def look(self, target: Target) -> dict[str, Any]:
        """What is there before, as JSON takes it: enough to undo.

        Raises:
            NotPossibleError: If it cannot be contained.
            NothingToDoError: If it is so already.
        """

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Exactly what `apply` would do, in a sentence."""

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Does it, or what of it is not done yet; returns what is there after."""

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Takes it back, or what of it is not taken back yet; says what it did.

        Raises:
            ChangedSinceError: If somebody else has changed it since.
        """


CONTAINMENTS: Mapping[str, Containment] = {
    plays.BLOCK_PUBLIC_ACCESS: PublicAccess(),
    plays.DISABLE_ACCESS_KEY: AccessKey(),
    plays.KEEP_OUTSIDERS_OUT: BucketQuarantine(outsiders_only=True),
    plays.QUARANTINE: BucketQuarantine(),
    plays.REVOKE_KEY_GRANTS: KeyGrants(),
    plays.REVOKE_SESSIONS: Sessions(),
    plays.STOP_FUNCTION: StoppedFunction(),
}
"""By the name that the table of plays has for it."""
