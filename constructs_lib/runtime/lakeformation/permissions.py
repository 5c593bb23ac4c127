"""Declared grants, LF-Tag associations and opt-ins brought about, in an order in which nothing that stays is ever missing.

1. Grants that are new and do not depend on LF-Tags.
2. LF-Tags: assigned where they differ, then removed. Who reads a column by an LF-Tag expression follows from grant and tag together. When
   both move in one request, grants by expression that leave are taken before the tags move, and new ones given after: nobody reads, for
   a moment, what neither the old nor the new state lets them read. The price: who then reads by another expression than before may have
   to wait for the seconds in between.
3. Grants by expression that are new. When no tag moves, they are among the first, and those that leave among the last.
4. Opt-ins that are new, once their grants are there; then opt-outs, before their grants go: who is opted in always has grants.
5. Grants that left. Whatever one takes along that stays is given again.
6. IAM_ALLOWED_PRINCIPALS, after those who stay have their grants; not where somebody is opted in, as all others need it there.

Nothing is taken away while something new is missing. Every step reads first and may be repeated, so a request that was cut off anywhere
can be sent again. The order holds within one request: LF-Tags and expressions that stand in two custom resources move one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from ..custom_resources.cfn_response import LOG, handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry
from .grants import Grants, Right
from .opt_ins import OptIns
from .principals import Principals, own_role
from .tags import Assigned, Tags
from .targets import ALL_TABLES, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request
    from .opt_ins import OptIn

_NOTHING_TAKEN = "nothing was taken away"
_IN_PLACE = "what is declared is in place"
_SHOWN = 1_500  # characters of failures in the reason; the log has all of them


class PermissionsError(Exception):
    """Grants, associations or opt-ins that could not be brought about, each named as long as there is room."""

    def __init__(self, done: str, failures: list[str]) -> None:
        shown = [failure for number, failure in enumerate(failures) if len(" | ".join(failures[: number + 1])) <= _SHOWN] or failures[:1]
        more = f" | and {len(failures) - len(shown)} more, which the log names" if len(shown) < len(failures) else ""
        super().__init__(f"{len(failures)} failed, {done}: " + " | ".join(shown) + more)
        self.failures = failures


def _check(done: str, failures: list[str]) -> None:
    for failure in failures:
        LOG.error("failed: %s", failure)
    if failures:
        raise PermissionsError(done, failures)


class Permissions:
    """What one custom resource declares, in Lake Formation.

    Args:
        grants: The grants of the account.
        tags: The tags of the account.
        opt_ins: The opt-ins of the account.
        own_role: Finds the role that all this is done with, so that it may assign LF-Tags; none when left out.
    """

    def __init__(self, grants: Grants, tags: Tags, opt_ins: OptIns, own_role: Callable[[], str] = str) -> None:
        self._grants = grants
        self._tags = tags
        self._opt_ins = opt_ins
        self._own_role = own_role

    def apply(self, request: Request) -> dict[str, str]:
        """Brings about what the request declares; on delete takes away what the resource declared, and nothing else.

        Raises:
            PermissionsError: With each grant, association and opt-in that failed. Nothing is taken away while something is missing.
            PrincipalNotFoundError: If a permission set is assigned to nobody in the account yet.
        """
        new: Mapping[str, Any] = {} if request.kind == "Delete" else request.properties
        old = request.properties if request.kind == "Delete" else request.old_properties
        wanted = self._grants.declared(new.get("Grants") or [], tolerant=False)
        was = self._grants.declared(old.get("Grants") or [], tolerant=True)
        gone = was - wanted
        opted_in = self._opt_ins.declared(new.get("OptIns") or [], tolerant=False)
        opted_out = self._opt_ins.declared(old.get("OptIns") or [], tolerant=True) - opted_in
        tags = self._tags.declared(new.get("TagAssociations") or [])
        old_tags = self._tags.declared(old.get("TagAssociations") or [])

        before = (was, old_tags) if request.kind == "Update" else None
        taken = self._add(wanted, gone, tags, _without(old_tags, tags), before)
        _check("grants and LF-Tags that are declared are in place", self._opt_ins.add(opted_in))
        _check(_IN_PLACE, self._opt_ins.remove(opted_out))
        self._take_away(gone - taken, wanted)
        if str(new.get("RevokeIamAllowedPrincipals", "false")).lower() == "true":
            self._close({target.table or target for target in tags} | _closable(wanted), opted_in)
        LOG.info("%s: %s rights, %s tagged; %s rights taken away", request.kind, len(wanted), len(tags), len(gone))
        return {"Rights": str(len(wanted)), "Tagged": str(len(tags))}

    def _add(
        self, wanted: set[Right], gone: set[Right], tags: Assigned, gone_tags: Assigned, before: tuple[set[Right], Assigned] | None
    ) -> set[Right]:
        """Steps 1 to 3. Returns what had to be taken away on the way.

        What an update brings and the list has already may have been taken away a moment ago, by the update that is rolled back: the list
        may be behind, so it is granted again.
        """
        held, unknown = self._grants.held({right.target for right in wanted})
        believed = held & before[0] if before else held
        missing = {right for right in wanted if right not in believed or right.target in unknown}
        moving, leaving = self._tags.missing(tags, before[1] if before else None), self._tags.standing(gone_tags)
        closing = {right for right in gone if _is_by_tag(right)} if moving or leaving else set()
        opening = {right for right in missing if _is_by_tag(right)} if moving or leaving else set()
        failures = self._grants.give(missing - opening)
        if closing:
            _check(_NOTHING_TAKEN, failures)
            _check("grants by LF-Tag that are no longer declared may be gone", self._grants.take(closing))
        self._associate(moving, leaving)
        done = "only grants by LF-Tag that are no longer declared were taken away" if closing else _NOTHING_TAKEN
        failures += self._tags.assign(moving)
        if moving or leaving:
            _check(done, failures)
        _check(done, self._tags.remove(leaving))
        _check(done, failures + self._grants.give(opening))
        return closing

    def _associate(self, *changes: Assigned) -> None:
        """Lets this function's role assign these LF-Tags, and take them off.

        CloudFormation made them, and an administrator has to allow itself to assign what somebody else made. Where that fails, so does
        the assignment, and says why. See https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-adding-tag-creator.html.
        """
        used = {(target.catalog, key, value) for change in changes for target, values in change.items() for key, value in values.items()}
        role = self._own_role() if used else ""
        if not role:
            return
        own = [Target("tag", catalog, (key, (value,))) for catalog, key, value in used if f"::{catalog}:" in role]
        for failure in self._grants.give(Right(role, tag, "ASSOCIATE") for tag in own):
            LOG.warning("what is needed to assign an LF-Tag cannot be granted: %s", failure)

    def _take_away(self, gone: set[Right], wanted: set[Right]) -> None:
        failures = self._grants.take(gone)
        if gone:
            failures += self._heal(gone, wanted)
        _check(_IN_PLACE, failures)
        for failure in self._grants.take(self._grants.left_over(wanted)):
            LOG.warning("what a former role of a permission set holds cannot be revoked: %s", failure)

    def _heal(self, gone: set[Right], wanted: set[Right]) -> list[str]:
        """Gives again what a revocation may have taken along: one on a table its columns, ALL every other. The list may be behind."""
        touched = {(right.principal, right.target.table or right.target) for right in gone}
        return self._grants.give({right for right in wanted if (right.principal, right.target.table or right.target) in touched})

    def _close(self, targets: set[Target], opted_in: set[OptIn]) -> None:
        hybrid = {opt_in.target for opt_in in opted_in}
        closing = {target for target in targets if not hybrid.intersection(_around(target))}
        closing = {target for target in closing if not any(target in _around(other) for other in hybrid)}
        _check(_IN_PLACE, self._grants.take(self._grants.allowed_to_all(closing)))


def _is_by_tag(right: Right) -> bool:
    return right.target.kind == "expression"


def _around(target: Target) -> set[Target]:
    """The target, and what it is in: its database, and all tables of that."""
    database = Target("database", target.catalog, target.path[:1])
    return {target, database, Target("table", target.catalog, (target.path[0], ALL_TABLES))}


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
        opt_ins = OptIns(client, retry, request.account, principals)
        tags = Tags(client, retry, request.account)
        sts = boto3.client("sts", config=CLIENT_CONFIG)
        return Permissions(grants, tags, opt_ins, lambda: own_role(sts, retry)).apply(request)

    handle(event, context, apply)
