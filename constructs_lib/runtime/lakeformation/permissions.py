"""Declared grants and LF-Tag associations brought about: adds first, then takes away what left, so that what stays is never missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from .cfn_response import LOG, handle
from .grants import Grants
from .principals import Principals
from .retry import CLIENT_CONFIG, Retry
from .tags import Assigned, Tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cfn_response import Deadline, LambdaContext, Request
    from .grants import Right
    from .targets import Target


class PermissionsError(Exception):
    """Grants or associations that could not be brought about, each named."""

    def __init__(self, done: str, failures: list[str]) -> None:
        super().__init__(f"{len(failures)} failed, {done}: " + " | ".join(failures))
        self.failures = failures


class Permissions:
    """What one custom resource declares, in Lake Formation.

    Args:
        grants: The grants of the account.
        tags: The tags of the account.
    """

    def __init__(self, grants: Grants, tags: Tags) -> None:
        self._grants = grants
        self._tags = tags

    def apply(self, request: Request) -> dict[str, str]:
        """Brings about what the request declares; on delete takes away what the resource declared, and nothing else.

        Raises:
            PermissionsError: With each grant and association that failed. Nothing is taken away while something is missing.
            PrincipalNotFoundError: If a permission set is assigned to nobody in the account yet.
        """
        new: Mapping[str, Any] = {} if request.kind == "Delete" else request.properties
        old = request.properties if request.kind == "Delete" else request.old_properties
        wanted = self._grants.declared(new.get("Grants") or [], tolerant=False)
        gone = self._grants.declared(old.get("Grants") or [], tolerant=True) - wanted
        tags = self._tags.declared(new.get("TagAssociations") or [])
        old_tags = self._tags.declared(old.get("TagAssociations") or [])

        self._add(wanted, tags)
        self._take_away(gone, wanted, _without(old_tags, tags))
        if str(new.get("RevokeIamAllowedPrincipals", "false")).lower() == "true":
            self._close({target.table or target for target in tags} | _closable(wanted))
        LOG.info("%s: %s rights, %s tagged; %s rights taken away", request.kind, len(wanted), len(tags), len(gone))
        return {"Rights": str(len(wanted)), "Tagged": str(len(tags))}

    def _add(self, wanted: set[Right], tags: Assigned) -> None:
        held, unknown = self._grants.held({right.target for right in wanted})
        missing = {right for right in wanted if right not in held or right.target in unknown}
        failures = self._tags.assign(tags) + self._grants.give(missing)
        if failures:
            raise PermissionsError("nothing was taken away", failures)

    def _take_away(self, gone: set[Right], wanted: set[Right], gone_tags: Assigned) -> None:
        failures = self._grants.take(gone)
        if gone:
            failures += self._heal(gone, wanted)
        failures += self._tags.remove(gone_tags)
        if failures:
            raise PermissionsError("what is declared is in place", failures)

    def _heal(self, gone: set[Right], wanted: set[Right]) -> list[str]:
        """Gives again what a revocation took with it: one on a table may take its columns along."""
        touched = {right.target.table or right.target for right in gone}
        near = {right for right in wanted if (right.target.table or right.target) in touched}
        held, unknown = self._grants.held({right.target for right in near})
        return self._grants.give({right for right in near - held if right.target not in unknown})

    def _close(self, targets: set[Target]) -> None:
        """Takes IAM_ALLOWED_PRINCIPALS off, after those who stay have their grants."""
        failures = self._grants.take(self._grants.allowed_to_all(targets))
        if failures:
            raise PermissionsError("what is declared is in place", failures)


def _closable(wanted: set[Right]) -> set[Target]:
    """The databases and tables that are granted on by name."""
    tables = {right.target.table for right in wanted if right.target.table is not None}
    databases = {right.target for right in wanted if right.target.kind == "database"}
    return {*databases, *(table for table in tables if table is not None)}


def _without(old: Assigned, new: Assigned) -> Assigned:
    """What `old` assigns under a key that `new` does not assign to the same target."""
    left = {target: {key: value for key, value in values.items() if key not in new.get(target, {})} for target, values in old.items()}
    return {target: values for target, values in left.items() if values}


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete of declared permissions."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        retry = Retry(deadline)
        client = boto3.client("lakeformation", config=CLIENT_CONFIG)
        principals = Principals(boto3.client("iam", config=CLIENT_CONFIG), retry)
        grants = Grants(client, retry, request.account, principals)
        return Permissions(grants, Tags(client, retry, request.account)).apply(request)

    handle(event, context, apply)
