"""Asks IAM about an estate: one place that knows which policies have a say on a request, and what is taken for granted about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lakecheck.access.kinds import Kind, Meaning, meanings, to_ask
from lakecheck.estate.arns import account_in, region_in
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import FALSE, TRUE, Formula, Truth, Unresolved, all_of, any_of
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.globs import TooMany, classes, covers, intersects, is_literal
from lakecheck.iam.model import (
    Caller,
    CallerKind,
    Context,
    Decision,
    Effect,
    Layers,
    Policy,
    Request,
    ResourceKind,
    Statement,
)
from lakecheck.values import has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakecheck.access.kinds import Told
    from lakecheck.estate.model import AccessPoint, Bucket, Estate, Key, Principal
    from lakecheck.iam.globs import Class

DIRECT_CALL: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:securetransport": ("true",),
    "s3:tlsversion": ("1.3",),
    "aws:viaawsservice": ("false",),
    "aws:calledvia": (),
    "aws:calledviafirst": (),
    "aws:calledvialast": (),
    "aws:principalisawsservice": ("false",),
}
"""What a caller who means to get through sees to. Networks, second factors, times and tags stay open."""

OF_A_SERVICE: Final[Mapping[str, tuple[str, ...]]] = {"aws:principalisawsservice": ("true",)}
"""What is otherwise when an AWS service calls in its own name."""

REQUESTED_REGION: Final = "aws:requestedregion"
"""The Region that a request goes to: that of its resource, where the resource is of one."""

ANYONE: Final = "000000000000"
"""The account of somebody of whom nothing is known but that AWS, or nobody, signed them in."""

MOST_CLASSES: Final = 256
"""So many kinds of resources below one pattern are told apart; beyond, the answer is not known."""

_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_SUFFIX: Final = "_" + "?" * 16
_OBJECT: Final = "lakecheck-probe"
_KINDS: Final = {
    PrincipalKind.USER: CallerKind.USER,
    PrincipalKind.SERVICE: CallerKind.SERVICE,
    PrincipalKind.SERVICE_LINKED_ROLE: CallerKind.SERVICE_LINKED_ROLE,
    PrincipalKind.FEDERATED: CallerKind.FEDERATED,
}
_OWN_DECISION: Final = Policy(
    name="what the administrators of that account allow",
    statements=(Statement(index=0, effect=Effect.ALLOW, actions=("*",), resources=("*",)),),
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether some resource of a kind can be reached.

    Attributes:
        allowed: True, false, or what it depends on.
        witness: A resource that can be reached; empty when none can.
        decision: The decision about the witness, with the statements behind it; the last refusal when there is none.
    """

    allowed: Formula
    witness: str
    decision: Decision


class Questions:
    """Asks on behalf of the principals of one estate; answers are kept.

    Args:
        estate: What is asked about.
        assuming: Every condition key there is, beside `DIRECT_CALL`: any other is missing, so that every answer is a yes or a no unless it
            depends on what is not known. Not stated: each other key is not known, and what depends on it stays open.

    Attributes:
        allowed: Whatever was asked and allowed, without conditions, in the order of asking.

    Example:
        >>> from lakecheck.access.questions import Questions
        >>> from lakecheck.estate.model import Estate
        >>> Questions(Estate()).bucket_at("s3://no-such-bucket/sales/") is None
        True
    """

    def __init__(self, estate: Estate, *, assuming: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.estate = estate
        self.allowed: list[tuple[Principal, str, str, Decision]] = []
        self._assuming = assuming
        self._callers: dict[int, Caller] = {}
        self._identities: dict[int, tuple[Policy, ...]] = {}
        self._unknown_policies: dict[str, Policy] = {}
        self._decisions: dict[tuple[int, str, str, str, frozenset[tuple[str, tuple[str, ...]]]], Decision] = {}
        self._reaches: dict[tuple[int, str, str, str, frozenset[tuple[str, tuple[str, ...]]]], Reach] = {}
        self._named: dict[tuple[int, str], tuple[str, ...]] = {}

    def about(self, estate: Estate) -> Questions:
        """The same questions about a changed estate: with what is assumed here, and what is allowed there stands in `allowed` here, too.

        Args:
            estate: The estate as it would be.
        """
        other = Questions(estate, assuming=self._assuming)
        other.allowed = self.allowed
        return other

    # --- what is there -----------------------------------------------------------------------------------------------------------------

    @cached_property
    def buckets(self) -> Mapping[str, Bucket]:
        """Buckets by ARN."""
        return {bucket.arn: bucket for bucket in self.estate.buckets}

    @cached_property
    def keys(self) -> Mapping[str, Key]:
        """Keys by ARN."""
        return {key.arn: key for key in self.estate.keys}

    @cached_property
    def access_points(self) -> Mapping[str, AccessPoint]:
        """Access points by ARN."""
        return {point.arn: point for point in self.estate.access_points}

    @cached_property
    def principals(self) -> Mapping[str, Principal]:
        """Principals by ARN."""
        return {principal.arn: principal for principal in self.estate.principals}

    @cached_property
    def _buckets_by_name(self) -> Mapping[str, Bucket]:
        return {bucket.name: bucket for bucket in self.estate.buckets}

    @cached_property
    def _resource_policies(self) -> Mapping[str, tuple[Policy | None, str]]:
        """Other resource policies by the resource's ARN, each with the account."""
        return {each.arn: (each.invokers, each.account) for each in self.estate.executors if each.arn}

    @cached_property
    def _catalog_policies(self) -> Mapping[tuple[str, str], Policy | None]:
        return {(catalog.account, catalog.region): catalog.policy for catalog in self.estate.catalogs}

    def bucket_at(self, uri: str) -> Bucket | None:
        """The bucket of an `s3://bucket/prefix`; None when the estate does not even name it."""
        name = uri.partition("://")[2].partition("/")[0]
        return self._buckets_by_name.get(name)

    # --- asking ------------------------------------------------------------------------------------------------------------------------

    def decide(
        self,
        principal: Principal,
        action: str,
        resource: str,
        *,
        context: Mapping[str, tuple[str, ...]] | None = None,
        owner: str = "",
    ) -> Decision:
        """What all policies say to one request.

        Args:
            principal: Who asks.
            action: `service:Name`.
            resource: An ARN without wildcards, or `*`.
            context: Condition keys, in lower case, beside `DIRECT_CALL`, which they override.
            owner: The account that owns the resource, where its ARN does not tell; the principal's own when left out.
        """
        given = frozenset(context.items()) if context else frozenset()
        key = (id(principal), action, resource, owner, given)
        found = self._decisions.get(key)
        if found is None:
            found = self._decisions[key] = self._decided(principal, action, resource, dict(given), owner)
            if found.truth is Truth.TRUE:
                self.allowed.append((principal, action, resource, found))
        return found

    def may(
        self,
        principal: Principal,
        action: str,
        resource: str,
        *,
        context: Mapping[str, tuple[str, ...]] | None = None,
        owner: str = "",
    ) -> Formula:
        """`decide`, but the verdict alone."""
        return self.decide(principal, action, resource, context=context, owner=owner).allowed

    def may_any(
        self,
        principal: Principal,
        action: str,
        pattern: str,
        *,
        context: Mapping[str, tuple[str, ...]] | None = None,
        owner: str = "",
    ) -> Reach:
        """Whether there is a resource that fits a pattern and that the principal may do this to.

        Exact: the patterns of all policies that have a say cut the resources into finitely many kinds, and one of each is asked about.

        Args:
            principal: As in `decide`.
            action: As in `decide`.
            pattern: A glob over ARNs, such as `arn:aws:s3:::bucket/sales/orders/*`.
            context: As in `decide`.
            owner: As in `decide`.
        """
        given = frozenset(context.items()) if context else frozenset()
        key = (id(principal), action, pattern, owner, given)
        found = self._reaches.get(key)
        if found is None:
            found = self._reaches[key] = self._reached(principal, action, pattern, context, owner)
        return found

    def caller(self, principal: Principal) -> Caller:
        """The principal as the one who asks."""
        found = self._callers.get(id(principal))
        if found is None:
            found = self._callers[id(principal)] = self._made_caller(principal)
        return found

    def layers(self, principal: Principal, action: str, resource: str) -> Layers:
        """The policies that have a say when the principal does this to that resource."""
        account = self.estate.accounts.get(principal.account)
        policy, kind, owner = self._resource_policy(action, resource)
        owning = self.estate.accounts.get(owner)
        return Layers(
            identity=self._identity(principal),
            boundary=principal.boundary,
            scps=account.scps if account is not None else None,
            rcps=owning.rcps if owning is not None else (),
            resource=policy,
            resource_kind=kind,
        )

    # --- inside ------------------------------------------------------------------------------------------------------------------------

    def _decided(self, principal: Principal, action: str, resource: str, context: dict[str, tuple[str, ...]], owner: str) -> Decision:
        layers = self.layers(principal, action, resource)
        account = owner or self._resource_policy(action, resource)[2] or account_in(resource) or principal.account
        owning = self.estate.accounts.get(account)
        bucket = self._bucket_of(resource)
        region = region_in(resource) or (bucket.region if bucket is not None else "")
        called = {REQUESTED_REGION: (region,)} if region and not has_hole(region) else {}
        own = OF_A_SERVICE if principal.kind is PrincipalKind.SERVICE else {}
        request = Request(
            caller=self.caller(principal),
            action=action,
            resource=resource,
            resource_account=account,
            resource_organization=owning.organization if owning is not None else None,
            resource_tags=bucket.tags if bucket is not None and bucket.tags else None,
            context=Context(
                values={**DIRECT_CALL, **own, **called, **(self._assuming or {}), **context},
                complete=self._assuming is not None,
                open=_OPEN_TO_ANYONE if _is_nobody(principal) and self._assuming is None else frozenset(),
            ),
        )
        found = evaluate(request, layers)
        exists = principal.origin.exists if principal.origin is not None else TRUE
        return found if exists == TRUE else replace(found, allowed=all_of([found.allowed, exists]))

    def _reached(self, principal: Principal, action: str, pattern: str, context: Mapping[str, tuple[str, ...]] | None, owner: str) -> Reach:
        too_many: Formula = FALSE
        splitting = self._splitting(principal, action, pattern)
        probes: Sequence[Kind] = (Kind(_probe(pattern)),)
        if splitting:
            try:
                found = classes(tuple(splitting), within=pattern, cap=MOST_CLASSES)
                probes = self._kinds(action, tuple(splitting.values()), found)
            except TooMany:
                too_many = Unresolved(f"{action} on {shown(pattern)}: the policies tell more than {MOST_CLASSES} kinds of resources apart")
        best: Reach | None = None
        formulas: list[Formula] = [too_many]
        last = Decision()
        for probe, floor in probes:
            last = self.decide(principal, action, floor or probe, context=context, owner=owner)
            if floor is not None and last.truth is not Truth.FALSE:
                last = self.decide(principal, action, probe, context=context, owner=owner)
            formulas.append(last.allowed)
            if last.truth is Truth.TRUE:
                return Reach(TRUE, probe, last)
            if last.truth is Truth.OPEN and best is None:
                best = Reach(last.allowed, probe, last)
        allowed = any_of(formulas)
        return Reach(allowed, best.witness if best else "", best.decision if best else last)

    def _kinds(self, action: str, meant: Sequence[Told], found: Iterable[Class]) -> Sequence[Kind]:
        """One resource of each kind that has to be asked about; those with policies of their own, or of other accounts, are never alike."""
        told = ((each.witness, frozenset[Meaning]().union(*(meant[index] for index in each.matches))) for each in found)
        return to_ask((one, fits, (*self._resource_policy(action, one), account_in(one), self._bucket_of(one))) for one, fits in told)

    def _splitting(self, principal: Principal, action: str, pattern: str) -> Mapping[str, Told]:
        """The resource patterns that tell resources of a pattern apart; a variable has its value, or stands for any text."""
        layers = self.layers(principal, action, _probe(pattern))
        scps = [policy for level in layers.scps or () for policy in level]
        others = [each for each in (layers.boundary, layers.resource) if each is not None]
        found: dict[str, set[Meaning]] = {}
        known = self._variables_of(principal)
        for policy in (*layers.identity, *others, *scps, *layers.rcps):
            for text in self._named_in(policy, action.partition(":")[0]):
                found.setdefault(_expanded(text, known) if "${" in text else text, set())
            for text, meaning in meanings(policy, action):
                if text != "*":
                    found.setdefault(_expanded(text, known) if "${" in text else text, set()).add(meaning)
        return {each: frozenset(meant) for each, meant in found.items() if intersects(each, pattern) and not covers(each, pattern)}

    def _variables_of(self, principal: Principal) -> Mapping[str, str]:
        """Policy variables whose value is known, by key in lower case but for the name of a tag."""
        found = {"aws:principalaccount": principal.account, "aws:principalarn": principal.arn}
        if principal.kind is PrincipalKind.USER:
            found["aws:username"] = principal.arn.rpartition("/")[2]
        return found | {f"aws:principaltag/{key}": value for key, value in (principal.tags or {}).items()}

    def _named_in(self, policy: Policy, service: str) -> tuple[str, ...]:
        """The resources that the Allows of a policy name for a service, whatever for: they may have policies of their own."""
        key = (id(policy), service)
        if key not in self._named:
            found: dict[str, None] = {}
            for statement in policy.statements:
                if statement.effect is Effect.DENY or (
                    statement.actions is not None and not any(_concerns(each, service) for each in statement.actions)
                ):
                    continue
                for text in (*(statement.resources or ()), *(statement.not_resources or ())):
                    if "${" in text or is_literal(text):
                        found[text] = None
            self._named[key] = tuple(found)
        return self._named[key]

    def _identity(self, principal: Principal) -> tuple[Policy, ...]:
        found = self._identities.get(id(principal))
        if found is None:
            if principal.kind in _OUTSIDE:
                found = (_OWN_DECISION,)
            elif principal.unknown:
                found = (*principal.policies, Policy(name=f"other policies of {principal.name}", statements=(), unknown=principal.unknown))
            else:
                found = principal.policies
            self._identities[id(principal)] = found
        return found

    def _made_caller(self, principal: Principal) -> Caller:
        account = self.estate.accounts.get(principal.account)
        if _is_nobody(principal):
            return Caller(arn=f"arn:aws:iam::{ANYONE}:role/anyone", account=ANYONE)
        if principal.kind is PrincipalKind.ACCOUNT:
            arn = f"arn:aws:iam::{principal.account}:role/any-of-that-account"
        else:
            arn = _without_wildcards(principal)
        return Caller(
            arn=arn,
            account=principal.account,
            kind=_KINDS.get(principal.kind, CallerKind.ROLE),
            tags=principal.tags,
            organization=account.organization if account is not None else None,
            organization_paths=account.organization_paths if account is not None else None,
        )

    def _bucket_of(self, resource: str) -> Bucket | None:
        return self.buckets.get(resource.partition("/")[0]) if ":s3:::" in resource else None

    def _resource_policy(self, action: str, resource: str) -> tuple[Policy | None, ResourceKind, str]:
        """The resource's policy, what kind it is, and the account that owns the resource where the estate tells."""
        match action.partition(":")[0].lower():
            case "s3":
                policy, account = self._storage_policy(resource)
                return policy, ResourceKind.OTHER, account
            case "kms":
                policy, account = self._key_policy(resource)
                return policy, ResourceKind.KMS_KEY, account
            case "sts":
                policy, account = self._trust_policy(resource)
                return policy, ResourceKind.TRUST_POLICY, account
            case "glue":
                parts = resource.split(":")
                catalog = (parts[4], parts[3]) if len(parts) > 5 else ("", "")  # noqa: PLR2004 - an ARN has six parts
                return self._catalog_policies.get(catalog), ResourceKind.OTHER, ""
            case _:
                policy, account = self._resource_policies.get(resource, (None, ""))
                return policy, ResourceKind.OTHER, account

    def _storage_policy(self, resource: str) -> tuple[Policy | None, str]:
        if ":accesspoint/" in resource:
            point = self.access_points.get(resource.partition("/object/")[0])
            return (point.policy, point.account) if point is not None else (None, "")
        if ":s3:::" not in resource:
            return None, ""
        bucket = self._bucket_of(resource)
        if bucket is None:
            return self._unknown(f"the policy of {shown(resource.partition('/')[0])}, which no template defines"), ""
        return bucket.policy or self._unknown(bucket.unknown_policy), bucket.account

    def _key_policy(self, resource: str) -> tuple[Policy | None, str]:
        key = self.keys.get(resource)
        if key is None:
            return self._unknown(f"the policy of the key {shown(resource)}, which no template defines"), ""
        return key.policy or self._unknown(key.unknown_policy), key.account

    def _trust_policy(self, resource: str) -> tuple[Policy | None, str]:
        role = self.principals.get(resource)
        if role is None:
            return None, ""
        reason = f"the trust policy of {role.name}, which no template defines" if role.unknown else ""
        return role.trust or self._unknown(reason), role.account

    def _unknown(self, reason: str) -> Policy | None:
        if not reason:
            return None
        if reason not in self._unknown_policies:
            self._unknown_policies[reason] = Policy(name=reason, statements=(), unknown=(reason,))
        return self._unknown_policies[reason]


_OUTSIDE: Final = {PrincipalKind.ACCOUNT, PrincipalKind.ORGANIZATION, PrincipalKind.ANYONE, PrincipalKind.FEDERATED}
_OPEN_TO_ANYONE: Final = frozenset(
    {"aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid", "aws:username", "kms:calleraccount"}
)


def _is_nobody(principal: Principal) -> bool:
    """Whether nothing is known of who it is, so that the keys that follow from a caller stay open."""
    return principal.kind in {PrincipalKind.ANYONE, PrincipalKind.ORGANIZATION}


def _without_wildcards(principal: Principal) -> str:
    """The ARN as one text: the parts of a permission set's role that only its deployment tells are holes."""
    if principal.kind is not PrincipalKind.PERMISSION_SET or has_hole(principal.arn):
        return principal.arn
    suffix = "_" + hole(f"suffix of {principal.name} in {principal.account}", generated=True, length=_SUFFIX.count("?"))
    return principal.arn.replace(_SUFFIX, suffix).replace("*", hole(f"folder of {principal.name}", is_word=True))


def _expanded(pattern: str, known: Mapping[str, str]) -> str:
    """The pattern with the values of its variables; one that is not known may be any text."""

    def value(found: re.Match[str]) -> str:
        variable = found[0][2:-1]
        if variable in {"*", "?", "$"}:
            return "?"
        key, slash, name = variable.partition(",")[0].strip().partition("/")
        return known.get(f"{key.lower()}{slash}{name}", "*")

    return _VARIABLE.sub(value, pattern)


def _probe(pattern: str) -> str:
    """A plain resource that fits the pattern."""
    return pattern.replace("*", _OBJECT).replace("?", "x")


def _concerns(action: str, service: str) -> bool:
    prefix = action.partition(":")[0].lower()
    return prefix == service.lower() or intersects(prefix, service.lower())
