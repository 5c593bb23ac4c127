"""The account's data lake settings: gets, merges and puts them, and gives back on delete what was there before.

What is not declared is put back as it was got: other parameters, trusted owners, external filtering, session tags. Fields that the
Lambda runtime's boto3 does not know it can neither read nor keep; AWS keeps that boto3 up to date. The API has no condition for a put, so
what somebody else writes in the milliseconds between our get and our put is lost; what they write after it is merged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG, handle
from ..custom_resources.retry import CLIENT_CONFIG, DENIED, Retry, code_of, message_of
from .memory import LISTS, Memory, Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
_VERSION = "CROSS_ACCOUNT_VERSION"
_MOST_ADMINS = 30
_ROUNDS = 5  # of get, merge, put, read back, when somebody else writes at the same time
_IAM_ENTITY = re.compile(r"^arn:[^:]+:iam::(?P<account>[0-9]{12}):(?P<kind>role|user)/(?:.*/)?(?P<name>[^/]+)$")
_UNIQUE_ID = re.compile(r"^A(?:ROA|IDA|GPA)[A-Z0-9]{12,}$")  # what is left in the list of an identity that was deleted


class SettingsError(Exception):
    """Settings that could not be brought about; says why and what to do."""


class Settings:
    """One account's data lake settings.

    Args:
        lakeformation: A boto3 client.
        iam: A boto3 client; asked only whether an administrator still exists.
        ssm: A boto3 client; keeps the memory of what was there before.
        retry: How to call them.
        memory: Name of the SSM parameter for it.
        account: The account; only its own identities can be looked up.
    """

    def __init__(self, lakeformation: Any, iam: Any, ssm: Any, retry: Retry, *, memory: str, account: str) -> None:
        self._lakeformation = lakeformation
        self._iam = iam
        self._retry = retry
        self._memory = Memory(ssm, retry, memory)
        self._account = account

    def apply(self, request: Request) -> dict[str, str]:
        """Brings about what the request declares, or on delete gives back what earlier requests added and took out.

        Raises:
            SettingsError: If the settings cannot be brought about.
            SecondOwnerError: If another stack keeps the settings of this account.
        """
        remembered = self._memory.load()
        if not remembered.claim(request, self._memory.name):
            self._memory.save(remembered)
            return {}
        change = _Change(request, remembered)
        if request.kind == "Delete":
            stale = self._bring_about(change)
            self._memory.forget()
            return {"StaleAdmins": ",".join(stale)}
        self._note_who_was_there(change)
        stale = self._bring_about(change)
        change.settle()
        self._memory.save(remembered)
        return {"StaleAdmins": ",".join(stale), "CrossAccountVersion": change.version_kept or str(change.version or "")}

    def _note_who_was_there(self, change: _Change) -> None:
        """Remembers it before anything is put, so that a request that is repeated does not take our administrators for theirs."""
        change.note(self._get())
        self._memory.save(change.remembered)

    def _bring_about(self, change: _Change) -> list[str]:
        stale: list[str] = []
        for attempt in range(_ROUNDS):
            current = self._get()
            target = change.merged(current, stale)
            if not _differs(current, target):
                return sorted(stale)
            if change.replaces:
                change.note_removed(current, target, stale)
                self._memory.save(change.remembered)
            refusal = self._put(target)
            if refusal is not None:
                stale += self._stale(target, change, refusal)
                continue
            found = self._get()
            if not _differs(change.merged(found, stale), found):
                return sorted(stale)
            LOG.warning("settings were changed by somebody else while they were put; attempt %s", attempt + 1)
            self._retry.pause(attempt)
        msg = (
            f"the data lake settings do not stay as put after {_ROUNDS} attempts: something else in this account writes them; make it stop"
        )
        raise SettingsError(msg)

    def _get(self) -> dict[str, Any]:
        try:
            return dict(self._retry.call(self._lakeformation.get_data_lake_settings)["DataLakeSettings"])
        except ClientError as error:
            raise _explained(error, "read") from error

    def _put(self, target: dict[str, Any]) -> ClientError | None:
        """Puts the settings; returns the refusal when an administrator among them may be the cause."""
        try:
            self._retry.call(self._lakeformation.put_data_lake_settings, DataLakeSettings=target)
        except ClientError as error:
            if code_of(error) == "InvalidInputException":
                return error
            raise _explained(error, "change") from error
        return None

    def _stale(self, target: Mapping[str, Any], change: _Change, refusal: ClientError) -> list[str]:
        """The administrators that no longer exist: they make every put fail until they are out of the list."""
        listed = {name for theirs in LISTS.values() for name in _identifiers(target, theirs)}
        gone = sorted(name for name in listed if self._is_gone(name, message_of(refusal)))
        missing = sorted(change.newly_declared.intersection(gone))
        if missing:
            msg = f"declared administrators do not exist: {', '.join(missing)}; create them first or take them out"
            raise SettingsError(msg) from refusal
        if not gone:
            msg = f"the data lake settings were refused: {message_of(refusal)}"
            raise SettingsError(msg) from refusal
        LOG.warning("administrators that no longer exist are taken out: %s", gone)
        return gone

    def _is_gone(self, identifier: str, refusal: str) -> bool:
        if _UNIQUE_ID.match(identifier):
            return True
        entity = _IAM_ENTITY.match(identifier)
        if entity is None or entity["account"] != self._account:
            # It cannot be looked up, but Lake Formation names whom it does not know.
            return bool(re.search(rf"{re.escape(identifier)}(?![\w+=,.@/-])", refusal))
        try:
            if entity["kind"] == "role":
                self._retry.call(self._iam.get_role, RoleName=entity["name"])
            else:
                self._retry.call(self._iam.get_user, UserName=entity["name"])
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return True
            raise
        return False


class _Change:
    """What one request asks for, against what is remembered."""

    def __init__(self, request: Request, remembered: Remembered) -> None:
        self.remembered = remembered
        self.deletes = request.kind == "Delete"
        self.replaces = not self.deletes and str(request.properties.get("ExistingAdmins", "keep")).lower() == "replace"
        self.wanted = {ours: [] if self.deletes else _names(request.properties, ours) for ours in LISTS}
        self.version = None if self.deletes else request.properties.get("CrossAccountVersion")
        self.version_kept = ""
        old = request.old_properties.get("CrossAccountVersion")
        self._raises_version = request.kind == "Create" or old is None or _number(self.version) > _number(old)
        self.newly_declared = {name for names in self.wanted.values() for name in names} - set(remembered.settled)
        self._earlier = {name for ours in LISTS for name in _names(request.old_properties, ours)}

    def note(self, current: Mapping[str, Any]) -> None:
        """Remembers of those who are declared for the first time whether they are there, and gives up none that was taken out."""
        for ours, theirs in LISTS.items():
            there = {*_identifiers(current, theirs), *self.remembered.removed[ours]}
            for name in self.wanted[ours]:
                self.remembered.before[ours].setdefault(name, name in there)

    def note_removed(self, current: Mapping[str, Any], target: Mapping[str, Any], stale: list[str]) -> None:
        """Remembers who is taken out and was not added here, to give them back."""
        for ours, theirs in LISTS.items():
            out = set(_identifiers(current, theirs)) - set(_identifiers(target, theirs)) - set(stale)
            theirs_before = {name for name in out if self.remembered.before[ours].get(name, True)}
            self.remembered.removed[ours] = sorted({*self.remembered.removed[ours], *theirs_before})

    def settle(self) -> None:
        """What is to be remembered once the settings are as declared: no more than the next request, or a rollback of this one, needs."""
        declared = {name for names in self.wanted.values() for name in names}
        self.remembered.settled = sorted({*declared, *self._earlier.intersection(self.remembered.settled)})
        for ours, wanted in self.wanted.items():
            self.remembered.before[ours] = {name: self.remembered.before[ours][name] for name in wanted}
            still_out = [name for name in self.remembered.removed[ours] if name not in wanted]
            self.remembered.removed[ours] = still_out if self.replaces else []

    def merged(self, current: Mapping[str, Any], stale: list[str]) -> dict[str, Any]:
        """`current` with those who are wanted or come back, without those who leave, in a stable order; the rest as it is.

        Raises:
            SettingsError: If there would be too many, or the version of sharing would go down.
        """
        target = dict(current)
        for ours, theirs in LISTS.items():
            names = [name for name in self._names(ours, _identifiers(current, theirs)) if name not in stale]
            if len(names) > _MOST_ADMINS:
                others = ", ".join(sorted(set(names) - set(self.wanted[ours])))
                msg = f"{theirs} would have {len(names)} entries, allowed are {_MOST_ADMINS}; take some out: {others}"
                raise SettingsError(msg)
            if names or theirs in current:
                target[theirs] = [{"DataLakePrincipalIdentifier": name} for name in names]
        if not self.deletes:
            target.update({name: [] for name in _DEFAULTS})
        if self.version is not None:
            self._set_version(target, self.version)
        return target

    def _names(self, ours: str, there: list[str]) -> list[str]:
        wanted = self.wanted[ours]
        if self.replaces:
            return [name for name in there if name in wanted] + [name for name in wanted if name not in there]
        added = {name for name, was_there in self.remembered.before[ours].items() if not was_there}
        kept = [name for name in there if name in wanted or name not in added]
        come = [*wanted, *self.remembered.removed[ours]]
        return kept + [name for number, name in enumerate(come) if name not in kept and name not in come[:number]]

    def _set_version(self, target: dict[str, Any], version: str) -> None:
        """Raises the version of sharing, and never lowers it: that would break shares.

        An update that declares a lower one than the update before may be CloudFormation rolling back; it must not fail, so the higher
        version stays and is reported.
        """
        parameters = dict(target.get("Parameters") or {})
        there = _number(parameters.get(_VERSION))
        if there > _number(version):
            if self._raises_version:
                msg = (
                    f"the account shares data with {_VERSION} {there}, declared is {version}; lowering it would break shares: "
                    f"declare cross_account_version={there}"
                )
                raise SettingsError(msg)
            LOG.warning("%s stays %s, declared is %s: it is never lowered", _VERSION, there, version)
            self.version_kept = str(there)
            return
        target["Parameters"] = {**parameters, _VERSION: str(version)}


def _explained(error: ClientError, doing: str) -> Exception:
    if code_of(error) not in DENIED:
        return error
    msg = (
        f"may not {doing} the data lake settings: {message_of(error)}; an SCP or a permissions boundary forbids it: "
        "let this function's role get and put them"
    )
    return SettingsError(msg)


def _names(properties: Mapping[str, Any], key: str) -> list[str]:
    return sorted({str(name) for name in properties.get(key) or [] if name})


def _identifiers(settings: Mapping[str, Any], theirs: str) -> list[str]:
    return [entry["DataLakePrincipalIdentifier"] for entry in settings.get(theirs) or []]


def _number(version: Any) -> int:
    text = str(version)
    return int(text) if text.isdigit() else 0


def _differs(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two settings differ in what this handler looks after."""
    if any(set(_identifiers(one, theirs)) != set(_identifiers(other, theirs)) for theirs in LISTS.values()):
        return True
    if any((one.get(name) or []) != (other.get(name) or []) for name in _DEFAULTS):
        return True
    return (one.get("Parameters") or {}).get(_VERSION) != (other.get("Parameters") or {}).get(_VERSION)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete of the account's settings."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        settings = Settings(
            boto3.client("lakeformation", config=CLIENT_CONFIG),
            boto3.client("iam", config=CLIENT_CONFIG),
            boto3.client("ssm", config=CLIENT_CONFIG),
            Retry(deadline),
            memory=str(request.properties["MemoryParameter"]),
            account=request.account,
        )
        return settings.apply(request)

    handle(event, context, apply)
