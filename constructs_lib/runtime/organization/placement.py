"""Where an account stands in the organisation: moves it below a unit, and back on delete if it is still where it was put.

The management account is never moved. Nothing is created or closed: the account is somebody's and stays so. An account that somebody
guards by policies of the unit where it stands is not taken out from under them: it is refused, unless they hold where it goes as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG, handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of
from .memory import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_ROUNDS = 4  # of look, move, look again, when somebody else moves it at the same time
_MOVED_MEANWHILE = frozenset({"DuplicateAccountException", "SourceParentNotFoundException"})
_NO_SUCH_ACCOUNT = frozenset({"AccountNotFoundException", "ChildNotFoundException"})
_GUARDING = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_NO_SUCH_PLACE = "DestinationParentNotFoundException"


class PlacementError(Exception):
    """An account that could not be put where it was declared; says why and what to do."""


class Placement:
    """The place of one account.

    Args:
        organizations: A boto3 client, in the management account.
        ssm: A boto3 client; remembers where the account was.
        retry: How to call them.
        memory: What the names of the SSM parameters begin with; the account's id follows.
    """

    def __init__(self, organizations: Any, ssm: Any, retry: Retry, *, memory: str) -> None:
        self._organizations = organizations
        self._ssm = ssm
        self._retry = retry
        self._memory = memory

    def apply(self, request: Request) -> dict[str, str]:
        """Moves the account that is declared; gives back one that no longer is.

        Raises:
            PlacementError: If the account cannot be moved.
            SecondOwnerError: If another stack places the account.
        """
        account, before = _account(request.properties), _account(request.old_properties)
        if request.kind == "Delete":
            self._give_back(account, request)
            return {}
        self._put(account, str(request.properties["UnitId"]), request)
        if before and before != account:
            self._give_back(before, request)
        return {"AccountId": account}

    def _put(self, account: str, unit: str, request: Request) -> None:
        managing = self._retry.call(self._organizations.describe_organization)["Organization"]["MasterAccountId"]
        if account == managing:
            msg = f"account {account} manages the organisation and stays at its root: no policy applies to it anywhere; take it out"
            raise PlacementError(msg)
        memory = self._of(account)
        memory.claim(request)
        before = self._where(account)
        placed = memory.contents.get("Placed", ())
        if before != unit and before not in placed and (lost := self._lost(account, before, unit)):
            if unit not in placed:
                msg = (
                    f"account {account} would lose the policies {lost}; nothing was changed: attach them to the account, with which they "
                    f"move, or above {unit}, then deploy again"
                )
                raise PlacementError(msg)
            LOG.warning("account %s was moved to %s and stays there, as it would lose the policies %s", account, before, lost)
            return  # going back to what was declared before may be CloudFormation rolling back, which must not fail
        memory.contents.setdefault("Before", before)  # written down first: a repeated request takes no place of ours for theirs
        memory.contents["Placed"] = sorted({*memory.contents.get("Placed", ()), unit})
        memory.save()
        self._move(account, unit)
        memory.contents["Placed"] = [unit]
        memory.save()

    def _lost(self, account: str, before: str, unit: str) -> str:
        """The policies of somebody's that hold for the account where it is, and would not below the unit; empty without one."""
        ahead = [unit, *self._above(unit)]
        left = [place for place in (before, *self._above(before)) if place not in ahead]
        lost = {policy: (name, place) for place in left for policy, name in self._policies(place).items()}
        if lost:
            kept = {policy for place in (account, *ahead) for policy in self._policies(place)}
            lost = {policy: told for policy, told in lost.items() if policy not in kept}
        return ", ".join(f"{name} ({policy}) of {place}" for policy, (name, place) in sorted(lost.items()))

    def _above(self, place: str) -> list[str]:
        """The units above one, up to the root."""
        found: list[str] = []
        while place.startswith("ou-"):
            place = self._where(place)
            found.append(place)
        return found

    def _policies(self, place: str) -> dict[str, str]:
        """Names of the guarding policies that somebody attached there, by id."""
        found: dict[str, str] = {}
        for kind in _GUARDING:
            arguments: dict[str, Any] = {"TargetId": place, "Filter": kind}
            while True:
                page = self._retry.call(self._organizations.list_policies_for_target, **arguments)
                found |= {str(each["Id"]): str(each["Name"]) for each in page.get("Policies") or [] if not each.get("AwsManaged")}
                if not page.get("NextToken"):
                    break
                arguments["NextToken"] = page["NextToken"]
        return found

    def _give_back(self, account: str, request: Request) -> None:
        memory = self._of(account)
        if not memory.claim(_as_delete(request)):
            return
        before, placed = memory.contents.get("Before"), memory.contents.get("Placed", ())
        try:
            if before and self._where(account) in placed:
                self._move(account, before)
        except (ClientError, PlacementError) as error:
            if isinstance(error, ClientError) and code_of(error) != _NO_SUCH_PLACE:
                raise
            LOG.warning("account %s stays where it is: it or %s, where it was before, is no longer there", account, before)
        memory.forget()

    def _of(self, account: str) -> Memory:
        memory = Memory(self._ssm, self._retry, f"{self._memory}/{account}", about=f"the place of account {account}")
        memory.load()
        return memory

    def _where(self, account: str) -> str:
        try:
            return str(self._retry.call(self._organizations.list_parents, ChildId=account)["Parents"][0]["Id"])
        except ClientError as error:
            if code_of(error) not in _NO_SUCH_ACCOUNT:
                raise
            msg = f"account {account} is not in this organisation: create it there or invite it, then deploy again"
            raise PlacementError(msg) from error

    def _move(self, account: str, unit: str) -> None:
        for attempt in range(_ROUNDS):
            now = self._where(account)
            if now == unit:
                return
            try:
                move = self._organizations.move_account
                self._retry.call(move, AccountId=account, SourceParentId=now, DestinationParentId=unit)
            except ClientError as error:
                if code_of(error) not in _MOVED_MEANWHILE:
                    raise
                self._retry.pause(attempt)
        if self._where(account) != unit:
            msg = f"account {account} does not stay below {unit} after {_ROUNDS} attempts: something else moves it; make it stop"
            raise PlacementError(msg)


def _account(properties: Mapping[str, Any]) -> str:
    return str(properties.get("AccountId") or "")


def _as_delete(request: Request) -> Request:
    """The request as one that gives back, also when it is an update that names another account."""
    return type(request)("Delete", {}, {}, request.physical_id, request.account, request.stack, request.logical_id)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete of an account's place."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        placement = Placement(
            boto3.client("organizations", config=CLIENT_CONFIG),
            boto3.client("ssm", config=CLIENT_CONFIG),
            Retry(deadline),
            memory=str(request.properties["MemoryPrefix"]),
        )
        return placement.apply(request)

    handle(event, context, apply)
