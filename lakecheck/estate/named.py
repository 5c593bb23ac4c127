"""Principals, buckets and keys that templates only name: in policies, grants, locations, workgroups. Little is known of them.

An account of the estate named by its root is no principal of its own: it stands for its principals. Service principals count where a
resource's own policy names them; in a trust policy they are what runs something, which `estate.compute` tells.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.estate.arns import ACCOUNT, account_in, asset_account, bucket_in, is_exact, parts, permission_set, principal_arn
from lakecheck.estate.keys import NOT_DEFINED as NO_KEY
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Bucket, Key, Principal, PrincipalKind
from lakecheck.estate.principals import NO_TEMPLATE, named_arn
from lakecheck.iam.model import Effect
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.principals import Principals
    from lakecheck.estate.sources import Sources
    from lakecheck.iam.model import Policy, Statement

NO_BUCKET: Final = "no template defines the bucket"
_ALL_OF_ACCOUNT: Final = ":IAMPrincipals"
_BECOMING: Final = frozenset({"iam:passrole", "sts:assumerole", "sts:*", "iam:*", "*"})
_CANONICAL: Final = "canonical-user/"
_SERVICE: Final = re.compile(r"^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal)$")
_PROVIDERS: Final = frozenset({"cognito-identity.amazonaws.com"})
"""Identity providers that are called as a service is."""


class Named:
    """Collects what is named and makes what is not there yet.

    Args:
        sources: The resources, for the accounts.
        principals: Those that templates define; what is found is added to them.
    """

    def __init__(self, sources: Sources, principals: Principals) -> None:
        self._sources = sources
        self._principals = principals
        self._where: dict[str, dict[str, None]] = {}
        self._made: dict[str, Principal] = {}
        self.buckets: dict[str, Bucket] = {}
        """By name."""
        self.keys: dict[str, Key] = {}
        """By ARN."""
        self.accounts: dict[str, None] = {}
        """Accounts that are only named."""

    @property
    def principals(self) -> Iterator[Principal]:
        """The principals that are only named, each with where."""
        for arn, principal in self._made.items():
            yield _with_places(principal, tuple(self._where[arn]))

    def add_principal(self, identifier: str, where: str) -> None:
        """Notes a principal that something names by ARN, account or pattern."""
        arn = principal_arn(identifier)
        if not arn or arn == IAM_ALLOWED_PRINCIPALS or arn in self._principals.found:
            return
        if arn not in self._made:
            made = self._principal(arn)
            if made is None:
                return
            self._made[arn] = made
            if made.account and made.account not in self._sources.accounts:
                self.accounts[made.account] = None
        self._where.setdefault(arn, {})[where] = None

    def add_bucket(self, address: str) -> None:
        """Notes the bucket of an address or an ARN."""
        name = bucket_in(address)
        if not name or name in self.buckets or not is_exact(name):
            return
        account = asset_account(name)
        self.buckets[name] = Bucket(
            arn=f"arn:{self._sources.partition('')}:s3:::{name}",
            name=name,
            account=account if account in self._sources.accounts else "",
            region="",
            unknown_policy=f"{NO_BUCKET} {shown(name)}",
        )

    def add_key(self, arn: str) -> None:
        """Notes a key by its ARN; an alias's ARN stands for the key behind it."""
        found = parts(arn)
        if found is None or found[1] != "kms" or not is_exact(arn) or not found[4].startswith(("key/", "alias/")) or arn in self.keys:
            return
        self.keys[arn] = Key(arn=arn, account=found[3], unknown_policy=f"{NO_KEY} {shown(arn)}")

    def read_resource_policy(self, policy: Policy | None, *, services: bool = True) -> None:
        """Notes whom the allowing statements of a resource's policy name, and in conditions exactly."""
        for statement in policy.statements if policy is not None else ():
            if policy is None or statement.effect is not Effect.ALLOW:
                continue
            named = [_spelled(kind, name) for kind, names in (statement.principals or {}).items() for name in names if kind != "Service"]
            if services:
                named += (statement.principals or {}).get("Service", ())
            if statement.not_principals is not None:
                named.append("*")
            for name in (*named, *_conditions(statement)):
                self.add_principal(name, policy.name)

    def read_identity_policy(self, policy: Policy) -> None:
        """Notes the buckets, keys and roles that a policy of somebody names exactly."""
        for statement in policy.statements:
            if statement.effect is not Effect.ALLOW:
                continue
            for resource in statement.resources or ():
                self.add_bucket(resource)
                self.add_key(resource)
            if {action.lower() for action in statement.actions or ()} & _BECOMING:
                for resource in statement.resources or ():
                    if named_arn(resource) is not None:
                        self.add_principal(resource, policy.name)

    def _principal(self, arn: str) -> Principal | None:
        """The principal of an identifier; None for what stands for principals that the estate has."""
        if arn == "*":
            return _outside("*", PrincipalKind.ANYONE, "", "anyone", "whoever it is may have any policy of its own")
        account = arn.removesuffix(_ALL_OF_ACCOUNT)
        if account in self._sources.accounts:
            return None
        if ACCOUNT.match(account) or _is_root(arn):
            return self._account(account if ACCOUNT.match(account) else account_in(arn))
        if permission_set(arn) is not None:
            return self._permission_set(arn)
        return self._of_iam(arn) if parts(arn) is not None else _without_arn(arn)

    def _of_iam(self, arn: str) -> Principal | None:
        known = named_arn(arn)
        if known is None:
            return _elsewhere(arn)
        kind, account, name = known
        if kind is PrincipalKind.ROLE and self._principals.by_name(account, arn.rpartition("/")[2]) is not None:
            return None  # a session's ARN has no path: the role is there with one
        return Principal(arn=arn, kind=kind, account=account, name=name, unknown=(NO_TEMPLATE,))

    def _account(self, account: str) -> Principal | None:
        if account in self._sources.accounts:
            return None
        arn = f"arn:{self._sources.partition(account)}:iam::{account}:root"
        return _outside(arn, PrincipalKind.ACCOUNT, account, f"account/{shown(account)}", "its own administrators decide who in it")

    def _permission_set(self, arn: str) -> Principal | None:
        named = permission_set(arn)
        if named is None or not is_exact(named[2]):
            return None
        resource = self._principals.permission_sets.get(named[2])
        if resource is not None:
            return self._principals.permission_set(named[1], named[2], arn, resource)
        return Principal(
            arn=arn,
            kind=PrincipalKind.PERMISSION_SET,
            account=named[1],
            name=f"permission-set/{shown(named[2])}",
            unknown=(f"no template defines the permission set {shown(named[2])}",),
        )


def _spelled(kind: str, name: str) -> str:
    return f"{_CANONICAL}{name}" if kind == "CanonicalUser" else name


def _conditions(statement: Statement) -> Iterator[str]:
    """The principals that a condition of a statement names exactly."""
    for test in statement.conditions:
        if test.key.lower() == "aws:principalarn" and not test.operator.startswith(("StringNot", "ArnNot", "Null")):
            yield from (value for value in test.values if is_exact(value) or permission_set(value) is not None)


def _elsewhere(arn: str) -> Principal:
    """Somebody by an ARN that is no role's and no single user's; an identity provider's belong to no account as far as policies go."""
    _, service, _, account, rest = parts(arn) or ("", "", "", "", "")
    if service == "organizations":
        return _outside(arn, PrincipalKind.ORGANIZATION, "", f"organization/{rest}", "who is in it is not known")
    if service in {"iam", "sts"} and not rest.startswith(("saml-provider/", "oidc-provider/")):
        return Principal(arn=arn, kind=PrincipalKind.USER, account=account, name=shown(rest), unknown=(NO_TEMPLATE,))
    return _outside(arn, PrincipalKind.FEDERATED, "", f"{service}/{shown(rest)}", "an identity provider decides who it is")


def _without_arn(name: str) -> Principal:
    if name.startswith(_CANONICAL):
        return _outside(name, PrincipalKind.ACCOUNT, "", name, "a canonical user id does not tell the account")
    if has_hole(name):
        return _outside(name, PrincipalKind.ROLE, "", shown(name), "who it is is not known")
    if _SERVICE.match(name) and name not in _PROVIDERS:
        return Principal(arn=name, kind=PrincipalKind.SERVICE, account="", name=name)
    return _outside(name, PrincipalKind.FEDERATED, "", shown(name), "an identity provider decides who it is")


def _is_root(arn: str) -> bool:
    found = parts(arn)
    return found is not None and found[1] == "iam" and found[4] == "root"


def _outside(arn: str, kind: PrincipalKind, account: str, name: str, unknown: str) -> Principal:
    return Principal(arn=arn, kind=kind, account=account, name=name, unknown=(unknown,))


def _with_places(principal: Principal, places: tuple[str, ...]) -> Principal:
    return replace(principal, named_in=(*principal.named_in, *(place for place in places if place not in principal.named_in)))
