"""The account's data lake settings: gets, merges and puts them, and remembers which administrators were there before."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from .cfn_response import LOG, handle
from .retry import CLIENT_CONFIG, Retry, code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .cfn_response import Deadline, LambdaContext, Request

_LISTS = {"Admins": "DataLakeAdmins", "ReadOnlyAdmins": "ReadOnlyAdmins"}  # our property: the service's
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
        self._ssm = ssm
        self._retry = retry
        self._memory = memory
        self._account = account

    def apply(self, request: Request) -> dict[str, str]:
        """Brings about what the request declares, or on delete gives back what earlier requests added."""
        wanted = {ours: [] if request.kind == "Delete" else _names(request.properties, ours) for ours in _LISTS}
        earlier = {ours: _earlier(request, ours) for ours in _LISTS}
        before = self._remember(wanted)
        added = {ours: [name for name in earlier[ours] if not before[ours].get(name, True)] for ours in _LISTS}
        keep_defaults = request.kind == "Delete"
        version = None if keep_defaults else request.properties.get("CrossAccountVersion")
        dropped = self._bring_about(wanted, added, keep_defaults=keep_defaults, version=version)
        if request.kind == "Delete":
            self._forget()
        else:
            self._save({ours: {name: before[ours][name] for name in wanted[ours]} for ours in _LISTS})
        return {"StaleAdmins": ",".join(dropped)}

    # What is wanted, merged into what is there

    def _bring_about(
        self,
        wanted: Mapping[str, list[str]],
        added: Mapping[str, list[str]],
        *,
        keep_defaults: bool,
        version: str | None,
    ) -> list[str]:
        dropped: list[str] = []
        for attempt in range(_ROUNDS):
            current = self._get()
            target = _merged(current, wanted, added)
            if not keep_defaults:
                target.update({name: [] for name in _DEFAULTS})
            _set_version(target, version)
            if not _differs(current, target):
                return dropped
            dropped += self._put(target, [name for names in wanted.values() for name in names])
            found = self._get()
            if not _differs(_merged(found, wanted, added), found) and (keep_defaults or not any(found.get(name) for name in _DEFAULTS)):
                return dropped
            LOG.warning("settings were changed by somebody else while they were put; attempt %s", attempt + 1)
            self._retry.pause(attempt)
        msg = (
            f"the data lake settings do not stay as put after {_ROUNDS} attempts: something else in this account writes them; make it stop"
        )
        raise SettingsError(msg)

    def _get(self) -> dict[str, Any]:
        return dict(self._retry.call(self._lakeformation.get_data_lake_settings)["DataLakeSettings"])

    def _put(self, target: dict[str, Any], wanted: Iterable[str]) -> list[str]:
        """Puts the settings; when they are refused, once more without administrators that no longer exist, which it returns."""
        try:
            self._retry.call(self._lakeformation.put_data_lake_settings, DataLakeSettings=target)
        except ClientError as error:
            if code_of(error) == "AccessDeniedException":
                msg = f"may not change the data lake settings: {message_of(error)}; an SCP or a permissions boundary forbids it"
                raise SettingsError(msg) from error
            if code_of(error) != "InvalidInputException":
                raise
            return self._put_without_stale(target, set(wanted), error)
        return []

    def _put_without_stale(self, target: dict[str, Any], wanted: set[str], error: ClientError) -> list[str]:
        listed = {entry["DataLakePrincipalIdentifier"] for name in _LISTS.values() for entry in target.get(name, [])}
        stale = sorted(name for name in listed if self._is_gone(name))
        missing = sorted(wanted.intersection(stale))
        if missing:
            msg = f"declared administrators do not exist: {', '.join(missing)}; create them first or take them out"
            raise SettingsError(msg) from error
        if not stale:
            msg = f"the data lake settings were refused: {message_of(error)}"
            raise SettingsError(msg) from error
        LOG.warning("administrators that no longer exist are taken out: %s", stale)
        for name in _LISTS.values():
            if name in target:
                target[name] = [entry for entry in target[name] if entry["DataLakePrincipalIdentifier"] not in stale]
        self._retry.call(self._lakeformation.put_data_lake_settings, DataLakeSettings=target)
        return stale

    def _is_gone(self, identifier: str) -> bool:
        if _UNIQUE_ID.match(identifier):
            return True
        entity = _IAM_ENTITY.match(identifier)
        if entity is None or entity["account"] != self._account:
            return False
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

    # The memory: for each declared administrator, whether it was one before it was declared here

    def _remember(self, wanted: Mapping[str, list[str]]) -> dict[str, dict[str, bool]]:
        known = self._load()
        before = {ours: dict(known.get(ours, {})) for ours in _LISTS}
        current = self._get()
        for ours, theirs in _LISTS.items():
            there = _identifiers(current, theirs)
            for name in wanted[ours]:
                before[ours].setdefault(name, name in there)
        self._save(before)
        return before

    def _load(self) -> dict[str, dict[str, bool]]:
        try:
            value = self._retry.call(self._ssm.get_parameter, Name=self._memory)["Parameter"]["Value"]
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return {}
            raise
        loaded: dict[str, dict[str, bool]] = json.loads(value)
        return loaded

    def _save(self, before: Mapping[str, Mapping[str, bool]]) -> None:
        value = json.dumps(before, sort_keys=True, separators=(",", ":"))
        self._retry.call(
            self._ssm.put_parameter,
            Name=self._memory,
            Value=value,
            Type="String",
            Tier="Intelligent-Tiering",
            Overwrite=True,
            Description="Which data lake administrators were there before they were declared; kept by the settings handler",
        )

    def _forget(self) -> None:
        try:
            self._retry.call(self._ssm.delete_parameter, Name=self._memory)
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise


def _names(properties: Mapping[str, Any], key: str) -> list[str]:
    return sorted({str(name) for name in properties.get(key) or [] if name})


def _earlier(request: Request, key: str) -> list[str]:
    """Whom an earlier request may have added."""
    if request.kind == "Delete":
        return _names(request.properties, key)
    return sorted(set(_names(request.old_properties, key)) - set(_names(request.properties, key)))


def _identifiers(settings: Mapping[str, Any], theirs: str) -> list[str]:
    return [entry["DataLakePrincipalIdentifier"] for entry in settings.get(theirs) or []]


def _merged(current: Mapping[str, Any], wanted: Mapping[str, list[str]], added: Mapping[str, list[str]]) -> dict[str, Any]:
    """`current` with those who are wanted and without those who were added and are so no longer, in a stable order."""
    target = dict(current)
    for ours, theirs in _LISTS.items():
        kept = [name for name in _identifiers(current, theirs) if name not in added[ours]]
        names = kept + [name for name in wanted[ours] if name not in kept]
        if len(names) > _MOST_ADMINS:
            msg = f"{theirs} would have {len(names)} entries, allowed are {_MOST_ADMINS}; take some out: {', '.join(sorted(kept))}"
            raise SettingsError(msg)
        if names or theirs in current:
            target[theirs] = [{"DataLakePrincipalIdentifier": name} for name in names]
    return target


def _set_version(target: dict[str, Any], version: str | None) -> None:
    if version is None:
        return
    parameters = dict(target.get("Parameters") or {})
    there = str(parameters.get(_VERSION, "0"))
    if there.isdigit() and int(there) > int(version):
        msg = (
            f"the account shares data with {_VERSION} {there}, declared is {version}; lowering it would break shares: "
            f"declare cross_account_version={there}"
        )
        raise SettingsError(msg)
    target["Parameters"] = {**parameters, _VERSION: str(version)}


def _differs(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two settings differ in what this handler looks after."""
    if any(set(_identifiers(one, theirs)) != set(_identifiers(other, theirs)) for theirs in _LISTS.values()):
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
