"""Whether a statement's principals name a caller, and how: what a resource policy's Allow is worth depends on it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from lakecheck.formula import FALSE, TRUE, Formula, Test, Unresolved, all_of, any_of, negate
from lakecheck.iam import globs
from lakecheck.iam.conditions import as_formula
from lakecheck.iam.keys import is_federated_user
from lakecheck.iam.model import CallerKind, Effect
from lakecheck.values import has_hole, holes, outline, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.iam.keys import Keys
    from lakecheck.iam.model import Caller

_UNIQUE_ID: Final = re.compile(r"A[A-Z0-9]{2,3}A?[A-Z0-9]{12,}")
_ACCOUNT_ID: Final = re.compile(r"(?:AWS:)?(\d{12})")
_AN_ACCOUNT: Final = re.compile(r"account( of assembly \d+)?")
"""The name of the account that a template is deployed to, where it is bound to none."""
_ARN_PARTS: Final = 6
_ROLES: Final = frozenset({CallerKind.ROLE, CallerKind.SERVICE_LINKED_ROLE})
_OF_ACCOUNTS: Final = _ROLES | {CallerKind.USER, CallerKind.ROOT}


class Named(NamedTuple):
    """How a caller is named.

    Attributes:
        directly: As itself: by a user's or a session's ARN, as a service or a provider, or as everybody. No implicit deny of its own
            policies limits such an Allow in its own account.
        as_role: By its role's ARN (a federated user: by its user's): boundary and session policies limit the Allow.
        by_account: Through its account, which only passes the decision on to the account's own policies.
    """

    directly: Formula = FALSE
    as_role: Formula = FALSE
    by_account: Formula = FALSE

    @property
    def at_all(self) -> Formula:
        """Whether in any of these ways."""
        if self.directly is TRUE or self.as_role is TRUE or self.by_account is TRUE:
            return TRUE
        return FALSE if self.directly is self.as_role is self.by_account is FALSE else any_of(self)


NOBODY: Final = Named()
EVERYBODY: Final = Named(directly=TRUE)


class Principals:
    """The principals of one statement, ready to be asked of many callers.

    Args:
        by_kind: As a statement has them.
    """

    __slots__ = ("_accounts", "_arns", "_canonical", "_ids", "_is_everybody", "_others", "_sessions")

    def __init__(self, by_kind: Mapping[str, tuple[str, ...]]) -> None:
        named = by_kind.get("AWS", ())
        self._is_everybody = "*" in named
        self._accounts: list[str] = []
        self._sessions: list[str] = []
        self._ids: list[str] = []
        self._arns: list[str] = []
        for text in named:
            self._file(text)
        self._others = {CallerKind.SERVICE: by_kind.get("Service", ()), CallerKind.FEDERATED: by_kind.get("Federated", ())}
        # The canonical id of an origin access identity stands for CloudFront, never for somebody of an account.
        self._canonical = [
            text for text in by_kind.get("CanonicalUser", ()) if not any("S3CanonicalUserId" in each for each in holes(text))
        ]

    def _file(self, text: str) -> None:
        account = _ACCOUNT_ID.fullmatch(text)
        parts = text.split(":", _ARN_PARTS - 1)
        if account is not None:
            self._accounts.append(account[1])
        elif len(parts) == _ARN_PARTS and parts[5] == "root":
            self._accounts.append(parts[4])
        elif len(parts) == _ARN_PARTS and parts[2] == "sts":
            self._sessions.append(text)
        elif has_hole(text) and ":" not in outline(text):
            self._accounts.append(text)
            if not _AN_ACCOUNT.fullmatch("".join(holes(text))):
                self._arns.append(text)  # a parameter's value may be either
        elif _UNIQUE_ID.fullmatch(text):
            self._ids.append(text)
        else:
            self._arns.append(text)

    def name(self, keys: Keys) -> Named:
        """How they name the caller of a request."""
        if self._is_everybody:
            return EVERYBODY
        caller = keys.caller
        if caller.kind in self._others:
            return self._other(caller)
        if caller.kind not in _OF_ACCOUNTS:
            return NOBODY
        named = any_of(_same(text, caller.arn) for text in self._arns) if self._arns else FALSE
        sessions = any_of(_session(text, keys) for text in self._sessions) if self._sessions else FALSE
        ids = any_of(_unique_id(text, keys) for text in self._ids) if self._ids else FALSE
        account = any_of(_same(text, caller.account) for text in self._accounts) if self._accounts else FALSE
        if self._canonical:
            account = any_of((account, *(Unresolved(f"whose canonical user {shown(text)} is") for text in self._canonical)))
        if caller.kind in _ROLES or is_federated_user(caller):
            return Named(sessions, any_of((named, ids)), account)
        return Named(any_of((named, ids, sessions)), FALSE, account)

    def _other(self, caller: Caller) -> Named:
        texts = self._others[caller.kind]
        if caller.arn in self._canonical:
            return EVERYBODY
        return EVERYBODY if "*" in texts else Named(directly=any_of(_same(text, caller.arn) for text in texts))

    def spare(self, keys: Keys, effect: Effect, where: str) -> Formula:
        """Whether they exempt the caller, where they stand in a NotPrincipal.

        A Deny surely spares a session only when its account and its role, or the session itself, are listed, a user when its account and
        the user are. Whether a shorter list spares them depends on the service, AWS says: that is open, or, where all else is known,
        taken for granted.
        """
        if self._is_everybody:
            return TRUE
        named = self.name(keys)
        listed = named.at_all
        caller = keys.caller
        if (
            listed is FALSE
            or effect is Effect.ALLOW
            or keys.is_complete
            or caller.kind not in _OF_ACCOUNTS
            or caller.kind is CallerKind.ROOT
        ):
            return listed
        surely = all_of((named.by_account, any_of((named.directly, named.as_role))))
        return any_of((surely, all_of((listed, Unresolved(f"whether the NotPrincipal of {where} spares {shown(caller.arn)}")))))


def _same(text: str, own: str) -> Formula:
    if text == own:
        return TRUE
    if not has_hole(text) and not has_hole(own):
        return FALSE
    return as_formula(globs.match(globs.literal(text), own), lambda: f"whether {shown(own)} is {shown(text)}")


def _session(text: str, keys: Keys) -> Formula:
    """Whether the caller is a session; it has the role's name without its path."""
    caller = keys.caller
    if caller.session is not None:
        return _same(text, caller.session)
    if caller.kind not in _ROLES:
        return FALSE
    _, _, _, _, account, resource = text.split(":", _ARN_PARTS - 1)
    kind, _, rest = resource.partition("/")
    role, _, session = rest.partition("/")
    if kind != "assumed-role":
        return FALSE
    named = all_of((_same(account, caller.account), _same(role, caller.arn.rpartition("/")[2])))
    if named is FALSE:
        return FALSE
    own = keys.session_name()
    if own is not None:
        return all_of((named, _same(session, own)))
    return FALSE if keys.is_complete else all_of((named, Test("aws:userid", "StringLike", (f"*:{globs.literal(session)}",))))


def _unique_id(text: str, keys: Keys) -> Formula:
    """A principal's unique id, which a policy is left with when the principal is deleted."""
    found = keys.get("aws:userid")
    is_role = keys.caller.kind in _ROLES
    if found is None:
        return Test("aws:userid", "StringLike", (f"{text}:*",)) if is_role else Test("aws:userid", "StringEquals", (text,))
    return TRUE if found and found[0].partition(":")[0] == text else FALSE


def not_spared(principals: Principals, keys: Keys, effect: Effect, where: str) -> Named:
    """How a statement with these in its NotPrincipal applies to the caller."""
    return Named(directly=negate(principals.spare(keys, effect, where)))
