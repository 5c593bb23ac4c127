"""Takes a containment back: invoked by a person with the id of the action that they were told.

What somebody else has changed since is left as it is. May be invoked again after a crash, and for what is undone already.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.retry import CLIENT_CONFIG, code_of
from . import ledger as states
from .access import Access, ChangedSinceError, Target
from .containments import CONTAINMENTS
from .findings import Resource
from .ledger import Ledger
from .reporting import Evidence, Notices
from .respond import GONE
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .containments import Containment

_UNDOABLE = (states.BEGUN, states.DONE, states.FAILED, states.UNDOING)


class Undoer:
    """Undoes actions.

    Args:
        settings: As the responder has them.
        ledger: What was done.
        evidence: Where what is undone is kept.
        notices: How people are told.
        access: Clients in other accounts.
        containments: What can be undone, by name.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        evidence: Evidence,
        notices: Notices,
        access: Access,
        containments: Mapping[str, Containment] = CONTAINMENTS,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._evidence = evidence
        self._notices = notices
        self._access = access
        self._containments = containments

    def undo(self, action: str, reason: str = "") -> dict[str, str]:
        """Undoes one action; says what became of it.

        Raises:
            ValueError: If no such action was done.
        """
        record = self._ledger.get(action) or {}
        state = record.get("state")
        if state == states.UNDONE:
            return {"action": action, "outcome": "undone", "what": str(record.get("undo_what", "it was undone already"))}
        if state not in _UNDOABLE or not record.get("resource"):
            msg = f"got action {action!r}, which is {state or 'unknown'}; allowed is one that was done, as its notice names it"
            raise ValueError(msg)
        # From here on a finding that is delivered again does not go on with it.
        self._ledger.set(action, states.UNDOING)
        outcome, what = self._take_back(action, record)
        self._evidence.keep(action, "undone", {"outcome": outcome, "what": what, "reason": reason, "at": self._ledger.timestamp()})
        self._notices.tell(outcome, f"{record.get('title', '')}: {what}", action=action, reason=reason)
        self._ledger.set(action, states.UNDONE, undone=self._ledger.timestamp(), undo_what=what)
        return {"action": action, "outcome": outcome, "what": what}

    def _take_back(self, action: str, record: Mapping[str, Any]) -> tuple[str, str]:
        if not record.get("before"):
            return "undone", "it had not begun: nothing was changed"
        resource = Resource(**json.loads(record["resource"]))
        target = Target(action=action, resource=resource, at=str(record.get("at", "")), settings=self._settings, access=self._access)
        try:
            return "undone", self._containments[record["containment"]].undo(target, json.loads(record["before"]))
        except ChangedSinceError as error:
            return "changed_since", str(error)
        except ClientError as error:
            if code_of(error) not in GONE:
                raise
            return "undone", f"{resource} is not there any more"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry: `{"action": "<id>"}` or `{"actions": ["<id>", ...]}`, with a `reason` for the record."""
    del context
    actions = [event["action"]] if event.get("action") else list(event.get("actions") or [])
    if not actions:
        msg = 'got no action; allowed is {"action": "<id as the notice names it>", "reason": "<why>"}'
        raise ValueError(msg)
    settings = Settings.from_environment()
    undoer = Undoer(
        settings,
        Ledger(boto3.client("dynamodb", config=CLIENT_CONFIG), settings.table),
        Evidence(boto3.client("s3", config=CLIENT_CONFIG), settings.bucket),
        Notices(boto3.client("sns", config=CLIENT_CONFIG), settings),
        Access(boto3.client("sts", config=CLIENT_CONFIG)),
    )
    return {"undone": [undoer.undo(str(action), str(event.get("reason", ""))) for action in actions]}
