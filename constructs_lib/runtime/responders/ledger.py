"""What was begun, done and undone: one item for each action, so that a finding that comes again changes nothing twice.

An action is a containment of one resource because of one finding. There is no lock: two may work on an action at the same time, because
what was there before is written once, before anything is changed, and a containment comes to the same whoever applies it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..custom_resources.retry import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .findings import Finding, Resource

HELD, BEGUN, DONE, FAILED, NOTHING = "held", "begun", "done", "failed", "nothing_to_do"
UNDOING, UNDONE = "undoing", "undone"
_OPEN = (HELD, FAILED, NOTHING)  # from here a containment may begin
_KEPT_HOURS = 48


def action_id(finding: Finding, containment: str, resource: Resource) -> str:
    """The same for the same finding, containment and resource."""
    return digest(finding.source, finding.id, containment, resource.kind, resource.name, resource.account, resource.region)


def digest(*parts: str) -> str:
    """A short name for `parts` that distinguishes them."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def now() -> datetime:
    """The current time."""
    return datetime.now(tz=UTC)


class Ledger:
    """The table of actions.

    Args:
        dynamodb: A boto3 client.
        table: The table's name; its key is `action`.
        clock: Tells the time.
    """

    def __init__(self, dynamodb: Any, table: str, clock: Callable[[], datetime] = now) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def timestamp(self) -> str:
        """The time as it is written."""
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def get(self, action: str) -> dict[str, Any] | None:
        """The action, or None if it is not known."""
        item = self._dynamodb.get_item(TableName=self._table, Key={"action": {"S": action}}, ConsistentRead=True).get("Item")
        return None if item is None else _read(item)

    def note(self, action: str, state: str, **values: str) -> bool:
        """Writes an action down that nothing is done about; False if it is known already."""
        item = {"action": action, "state": state, "at": self.timestamp(), **values}
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=_written(item),
                ConditionExpression="attribute_not_exists(#a)",
                ExpressionAttributeNames={"#a": "action"},
            )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def begin(self, action: str, most_per_hour: int, **values: str) -> str:
        """Begins an action and counts it, in one step; returns the state it is in now, `held` when this hour has had enough."""
        hour = self._clock().strftime("hour#%Y-%m-%dT%H")
        names = {"#s": "state", "#t": "at", **{f"#{name}": name for name in values}}
        sets = ["#s = :begun", "#t = :at", *(f"#{name} = :{name}" for name in values)]
        begin = {
            "TableName": self._table,
            "Key": {"action": {"S": action}},
            "UpdateExpression": "SET " + ", ".join(sets),
            "ConditionExpression": f"attribute_not_exists(#s) OR #s IN ({', '.join(f':{each}' for each in _OPEN)})",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": _written(
                {
                    ":begun": BEGUN,
                    ":at": self.timestamp(),
                    **{f":{each}": each for each in _OPEN},
                    **{f":{k}": v for k, v in values.items()},
                }
            ),
        }
        count = {
            "TableName": self._table,
            "Key": {"action": {"S": hour}},
            "UpdateExpression": "ADD #n :one SET #e = :expires",
            "ConditionExpression": "attribute_not_exists(#n) OR #n < :most",
            "ExpressionAttributeNames": {"#n": "count", "#e": "expires"},
            "ExpressionAttributeValues": {
                ":one": {"N": "1"},
                ":most": {"N": str(most_per_hour)},
                ":expires": {"N": str(int(self._clock().timestamp()) + _KEPT_HOURS * 3600)},
            },
        }
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"Update": begin}, {"Update": count}])
        except ClientError as error:
            reasons = [str(each.get("Code")) for each in error.response.get("CancellationReasons") or []]
            if code_of(error) != "TransactionCanceledException" or "ConditionalCheckFailed" not in reasons:
                raise
            if reasons[0] == "ConditionalCheckFailed":
                return str((self.get(action) or {}).get("state", BEGUN))
            self.set(action, HELD, **values)
            return HELD
        return BEGUN

    def remember_before(self, action: str, before: Mapping[str, Any]) -> dict[str, Any]:
        """Keeps what was there before, the first time; returns what is kept."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"action": {"S": action}},
                UpdateExpression="SET #b = :b",
                ConditionExpression="attribute_not_exists(#b)",
                ExpressionAttributeNames={"#b": "before"},
                ExpressionAttributeValues={":b": {"S": json.dumps(before, sort_keys=True)}},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
        kept = (self.get(action) or {}).get("before")
        found: dict[str, Any] = json.loads(kept) if kept else dict(before)
        return found

    def set(self, action: str, state: str, *, only_from: str = "", **values: str) -> bool:
        """Writes the state of an action and what else is to be remembered; False if it is not, or no longer, in state `only_from`."""
        given = {"state": state, **values}
        names = {f"#{name}": name for name in given}
        written = {f":{name}": value for name, value in given.items()}
        condition = {}
        if only_from:
            condition = {"ConditionExpression": "#state = :from"}
            written[":from"] = only_from
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"action": {"S": action}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in given),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=_written(written),
                **condition,
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _written(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in values.items()}


def _read(item: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {name: value.get("S", value.get("N")) for name, value in item.items()}
