"""Policies, requests and decisions as typed data; `iam.documents` reads policies, `iam.evaluator` decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lakecheck.formula import FALSE, TRUE, Formula, Truth

if TYPE_CHECKING:
    from collections.abc import Mapping


class Effect(StrEnum):
    """What a statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionTest:
    """One key under one operator, as written.

    Attributes:
        operator: Without set prefix and `IfExists`, in IAM's spelling whatever the document's: `StringLike`.
        key: As written.
        values: As text, in the document's order.
        quantifier: `ForAllValues`, `ForAnyValue` or empty.
        if_exists: Whether the operator ends in `IfExists`.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement of a policy. Exactly one of `actions` and `not_actions` is set; at most one of each other pair.

    Attributes:
        index: Its place in the document, from 0.
        sid: Its Sid; empty without one.
        effect: Allow or Deny.
        actions: Patterns.
        not_actions: Patterns; set where the document has NotAction.
        resources: Patterns; None where the document has no Resource (a trust policy), which matches every resource.
        not_resources: Patterns; set where the document has NotResource.
        principals: By kind (`AWS`, `Service`, `Federated`, `CanonicalUser`); `*` alone is `{"AWS": ("*",)}`. None in an identity policy.
        not_principals: In the same shape; set where the document has NotPrincipal.
        conditions: All must be met.
        unknown: Why the statement itself is not known in part; it may then allow, or deny, more or less than it says.
    """

    index: int
    effect: Effect
    sid: str = ""
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: Mapping[str, tuple[str, ...]] | None = None
    not_principals: Mapping[str, tuple[str, ...]] | None = None
    conditions: tuple[ConditionTest, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Policy:
    """A policy document, by identity: the same object is the same policy, so that verdicts can be kept.

    Attributes:
        name: What a reader knows it by, such as `Prod/MainPipelines/JobPolicy` or `arn:aws:iam::aws:policy/ReadOnlyAccess`.
        version: `2008-10-17` (also where the document names none) or `2012-10-17`; variables expand in the latter only.
        statements: In the document's order.
        unknown: Why it may hold more than is seen; each is a fact of its own.
        at: `file:line` of the code that made it, where known.
        arn: Of a managed policy that the account itself has, which can be edited; empty for every other one.
        kept: What the evaluator makes of it once, to be quick later; says nothing about the policy.
    """

    name: str
    statements: tuple[Statement, ...]
    version: str = "2012-10-17"
    unknown: tuple[str, ...] = ()
    at: str = ""
    arn: str = ""
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)


class CallerKind(StrEnum):
    """Who asks; decides how resource policies and guardrails apply."""

    ROLE = "role"
    """A role's session."""
    USER = "user"
    ROOT = "root"
    """An account's root user."""
    SERVICE = "service"
    """A service principal, such as `glue.amazonaws.com`."""
    SERVICE_LINKED_ROLE = "service_linked_role"
    FEDERATED = "federated"
    """A federated user or web identity before it has a role."""
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        arn: A role's or user's ARN (never its session's), an account's root ARN, a service's name; `*` for an anonymous caller.
        account: Its account; empty for services and anonymous callers.
        kind: What it is.
        session: The session's ARN, or the federated user's, where one is meant.
        tags: The principal's tags; None when they are not known.
        organization: Id of its organisation; None when it is not known, empty when it is in none.
        organization_paths: Values of `aws:PrincipalOrgPaths`; None when they are not known.
    """

    arn: str
    account: str
    kind: CallerKind = CallerKind.ROLE
    session: str | None = None
    tags: Mapping[str, str] | None = None
    organization: str | None = None
    organization_paths: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The condition keys of a request, beyond those that follow from its caller and its resource.

    Attributes:
        values: By key, in any case; a single-valued key has a tuple of one. An empty tuple says that the key is missing.
        complete: Whether every other key is missing; else each is not known, and what depends on it stays open.
        open: Keys, in lower case, that are not known although they would follow from the caller or the resource: of a caller of whom
            nothing is known, `aws:principalarn` is one.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    complete: bool = True
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One question: may this caller do this to this resource?

    Attributes:
        caller: Who.
        action: `service:Name`, without wildcards.
        resource: An ARN without wildcards; `*` for actions that have no resource.
        resource_account: The account that owns the resource; the caller's when left out.
        resource_organization: The organisation of that account; None when it is not known.
        resource_tags: The resource's tags; None when they are not known.
        context: The rest.
    """

    caller: Caller
    action: str
    resource: str
    resource_account: str = ""
    resource_organization: str | None = None
    resource_tags: Mapping[str, str] | None = None
    context: Context = field(default_factory=Context)


class ResourceKind(StrEnum):
    """Kinds of resources whose policy counts differently."""

    OTHER = "other"
    KMS_KEY = "kms_key"
    """The key policy alone opens the key; it may delegate to IAM."""
    TRUST_POLICY = "trust_policy"
    """A role's trust policy must allow, whatever the caller's own policies say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """Every policy that has a say on one request.

    Attributes:
        identity: The caller's own policies, those of its groups too.
        boundary: Its permissions boundary.
        session: Its session policies; None without any.
        scps: The service control policies that apply to the caller's account, level by level from the root to the account; None when none
            apply (no organisation, or the management account).
        rcps: The resource control policies on the resource's account; only their denies count.
        resource: The resource's own policy, a key policy or a trust policy too.
        resource_kind: What kind of resource it is.
        endpoint: The policy of the VPC endpoint on the way, where one is.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    scps: tuple[tuple[Policy, ...], ...] | None = None
    rcps: tuple[Policy, ...] = ()
    resource: Policy | None = None
    resource_kind: ResourceKind = ResourceKind.OTHER
    endpoint: Policy | None = None


class Layer(StrEnum):
    """The layers by name, in the order in which a person looks at them."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Matched:
    """A statement that had a say, in which layer, under what conditions."""

    layer: Layer
    policy: Policy
    statement: Statement
    when: Formula = TRUE


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What the layers say together.

    `word` is the verdict as IAM's policy simulator would put it.

    Attributes:
        allowed: True, false, or what it depends on.
        allows: The statements that let the request through.
        denies: The statements that refuse it.
        missing: The layers that would have to allow and do not, when it is refused without a Deny.
    """

    allowed: Formula = FALSE
    allows: tuple[Matched, ...] = ()
    denies: tuple[Matched, ...] = ()
    missing: tuple[Layer, ...] = ()

    @property
    def truth(self) -> Truth:
        """`TRUE` allowed, `FALSE` refused, `OPEN` when it depends on what `allowed` names."""
        return self.allowed.truth

    @property
    def word(self) -> str:
        """`allowed`, `explicit_deny`, `implicit_deny`, or `depends` on what `allowed` names."""
        if self.truth is Truth.TRUE:
            return "allowed"
        if self.truth is Truth.OPEN:
            return "depends"
        return "explicit_deny" if any(deny.when == TRUE for deny in self.denies) else "implicit_deny"
