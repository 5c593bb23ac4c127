"""Decides one request against every layer of policies, as AWS documents it; what is not known stays open as a formula.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.formula import FALSE, TRUE, Formula, all_of, any_of, negate
from lakecheck.iam import globs
from lakecheck.iam.keys import Keys, resource_account
from lakecheck.iam.matching import prepared
from lakecheck.iam.model import CallerKind, Decision, Effect, Layer, Matched, ResourceKind, Statement
from lakecheck.iam.principals import EVERYBODY, Named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.iam.model import Layers, Policy, Request

RCP_SERVICES: Final = frozenset({"s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-idp", "cognito-identity", "logs"})
"""The services whose resources resource control policies protect.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

_GUARDED_BY_SCPS: Final = frozenset({CallerKind.ROLE, CallerKind.USER, CallerKind.ROOT})
_WITH_OWN_POLICIES: Final = frozenset({CallerKind.ROLE, CallerKind.USER, CallerKind.ROOT, CallerKind.SERVICE_LINKED_ROLE})
_FOR_EVERYBODY: Final = frozenset({Layer.ENDPOINT, Layer.RCP})
"""The layers in which a statement without principals is about everybody."""
_READING: Final = ("get", "list", "generate", "simulate")
_EDITING_POLICIES: Final = frozenset(
    {"createpolicy", "createpolicyversion", "deletepolicy", "deletepolicyversion", "setdefaultpolicyversion", "tagpolicy", "untagpolicy"},
)
_ALONE: Final = frozenset({ResourceKind.KMS_KEY, ResourceKind.TRUST_POLICY})
"""The resources that nobody reaches whom their own policy does not name."""


def evaluate(request: Request, layers: Layers) -> Decision:
    """Whether a request is allowed, by which statements, or what that depends on.

    With a complete context the answer is yes or no, unless policies themselves are not known. With one that is not complete, a condition on
    a key that is not known stays in `Decision.allowed` as a `Test`, with policy variables replaced as far as they are known; a
    statement or a policy that is not known stays as an `Unresolved`, what it may allow and what it may deny being two facts.

    The rules, each from the page named above and those it links to:

    - A Deny that matches in any layer wins.
    - Every level of service control policies must allow; they limit roles, users and root users, never service-linked roles, services and
      anonymous callers. Leave `scps` None for the management account.
    - Resource control policies only deny, for the services of `RCP_SERVICES`, everybody but service-linked roles.
    - In one account, the caller's own policies or the resource's must allow; across accounts, both. A resource policy that names a user,
      a session or everybody is enough in its own account; one that names a role needs boundary and session policies to allow as well; one
      that names the account only passes the decision on.
    - A key policy and a trust policy must allow in any case, the account's own key too.
    - A root user needs no Allow in its own account, and has no boundary; it can assume no role.
    - A Deny with NotPrincipal in a resource policy denies everybody who has a boundary.
    - Nobody can be refused `sts:GetCallerIdentity`; nobody but AWS changes what is its own: managed policies, Identity Center's roles, the
      aliases of its keys.

    Args:
        request: Who, what, on what, in which context.
        layers: Every policy that has a say.

    Example:
        >>> from lakecheck.iam import decide
        >>> decide("arn:aws:iam::111122223333:role/Reader", "s3:GetObject", "arn:aws:s3:::lake/a.parquet").word
        'implicit_deny'
    """
    return _Evaluation(request, layers).decision()


def _is_of_aws(action: str, resource: str) -> bool:
    """Whether only AWS itself does that: changing Identity Center's roles, its managed policies, or the aliases of its keys.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
    https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
    """
    service, _, name = action.partition(":")
    if service == "kms":
        return ":alias/aws/" in resource and name.endswith("alias")
    if service != "iam" or name.startswith(_READING):
        return False
    return ":role/aws-reserved/" in resource or (":iam::aws:policy/" in resource and name in _EDITING_POLICIES)


class _Evaluation:
    __slots__ = ("action", "allows", "denies", "keys", "kind", "layers", "request", "same_account")

    def __init__(self, request: Request, layers: Layers) -> None:
        self.request = request
        self.layers = layers
        self.keys = Keys(request)
        self.action = globs.fold(request.action)
        self.kind = request.caller.kind
        self.same_account = resource_account(request) == request.caller.account
        self.allows: list[Matched] = []
        self.denies: list[Matched] = []

    def decision(self) -> Decision:
        if self.action == "sts:getcalleridentity":
            return Decision(allowed=TRUE)
        layers = self.layers
        identity = self._own(Layer.IDENTITY, layers.identity)
        boundary = TRUE if layers.boundary is None else self._own(Layer.BOUNDARY, (layers.boundary,))
        session = TRUE if layers.session is None else self._own(Layer.SESSION, layers.session)
        guardrail = self._guardrails()
        named = self._resource()
        endpoint = self._endpoint()
        if self.kind is CallerKind.ROOT:
            identity, boundary = TRUE, TRUE
        granted = self._granted(identity, all_of((boundary, session)), named)
        denied = any_of(each.when for each in self.denies)
        allowed = all_of((granted, guardrail, endpoint, negate(denied)))
        missing = () if allowed is not FALSE else self._missing(identity, boundary, session, guardrail, named, endpoint)
        return Decision(allowed=allowed, allows=tuple(self.allows), denies=tuple(self.denies), missing=missing)

    def _granted(self, identity: Formula, limits: Formula, named: Named) -> Formula:
        """Whether those that grant do, apart from guardrails and denies."""
        if _is_of_aws(self.action, self.request.resource):
            return FALSE
        if self.kind not in _WITH_OWN_POLICIES:
            return named.at_all
        if self.layers.resource_kind is ResourceKind.TRUST_POLICY and self.kind is CallerKind.ROOT:
            return FALSE
        own = all_of((identity, limits))
        if not self.same_account:
            return all_of((own, named.at_all))
        if self.layers.resource_kind in _ALONE:
            own = all_of((own, named.by_account))
        return any_of((own, named.directly, all_of((named.as_role, limits))))

    def _missing(
        self, identity: Formula, boundary: Formula, session: Formula, guardrail: Formula, named: Named, endpoint: Formula
    ) -> tuple[Layer, ...]:
        """The layers without an Allow that would have to have one."""
        needs_both = not self.same_account or self.layers.resource_kind in _ALONE
        found: list[Layer] = []
        if self.kind in _WITH_OWN_POLICIES:
            enough = not needs_both and named.directly is not FALSE
            if identity is FALSE and not enough and (needs_both or named.as_role is FALSE):
                found.append(Layer.IDENTITY)
            if needs_both and named.at_all is FALSE:
                found.append(Layer.RESOURCE)
            if not enough:
                found += [layer for layer, allows in ((Layer.BOUNDARY, boundary), (Layer.SESSION, session)) if allows is FALSE]
        elif named.at_all is FALSE:
            found.append(Layer.RESOURCE)
        return (*found, *(layer for layer, allows in ((Layer.SCP, guardrail), (Layer.ENDPOINT, endpoint)) if allows is FALSE))

    def _own(self, layer: Layer, policies: Iterable[Policy]) -> Formula:
        """Whether policies without principals allow; their denies are noted."""
        allowed: list[Formula] = []
        for policy in policies:
            ready = prepared(policy)
            allows, denies = ready.of_action(self.action)
            for each, acts in allows:
                when = each.met(self.keys)
                if when is not FALSE:
                    if acts is not TRUE:
                        when = all_of((acts, when))
                    allowed.append(when)
                    self.allows.append(Matched(layer, policy, each.statement, when))
            for each, acts in denies:
                when = each.met(self.keys)
                if when is not FALSE:
                    self.denies.append(Matched(layer, policy, each.statement, when if acts is TRUE else all_of((acts, when))))
            if policy.unknown:
                allowed.append(ready.may_allow)
                self._note_unknown(layer, policy)
        return any_of(allowed) if allowed else FALSE

    def _note_unknown(self, layer: Layer, policy: Policy, *, allows: bool = True) -> None:
        ready = prepared(policy)
        if allows:
            statement = Statement(index=-1, effect=Effect.ALLOW, actions=("*",), unknown=policy.unknown)
            self.allows.append(Matched(layer, policy, statement, ready.may_allow))
        statement = Statement(index=-1, effect=Effect.DENY, actions=("*",), unknown=policy.unknown)
        self.denies.append(Matched(layer, policy, statement, ready.may_deny))

    def _guardrails(self) -> Formula:
        """Whether every level of service control policies allows; denies of resource control policies are noted too."""
        if self.layers.rcps and self.kind is not CallerKind.SERVICE_LINKED_ROLE and self._has_rcps():
            for policy in self.layers.rcps:
                self._with_principals(Layer.RCP, policy, allows=False)
        if self.layers.scps is None or self.kind not in _GUARDED_BY_SCPS:
            return TRUE
        return all_of([self._own(Layer.SCP, level) for level in self.layers.scps])

    def _has_rcps(self) -> bool:
        service = self.action.partition(":")[0]
        # Nobody can limit what AWS itself does with the keys that it manages.
        return service in RCP_SERVICES and ":alias/aws/" not in self.request.resource

    def _resource(self) -> Named:
        policy = self.layers.resource
        return Named() if policy is None else self._with_principals(Layer.RESOURCE, policy)

    def _endpoint(self) -> Formula:
        policy = self.layers.endpoint
        return TRUE if policy is None else self._with_principals(Layer.ENDPOINT, policy).at_all

    def _spares_nobody(self, layer: Layer) -> bool:
        """Whether a Deny with NotPrincipal spares nobody: it always denies who has a permissions boundary.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        return layer is Layer.RESOURCE and self.layers.boundary is not None and self.kind in (CallerKind.ROLE, CallerKind.USER)

    def _with_principals(self, layer: Layer, policy: Policy, *, allows: bool = True) -> Named:
        """How a policy with principals allows; its denies are noted."""
        ready = prepared(policy)
        allowing, denying = ready.of_action(self.action)
        found: list[Named] = []
        for each, acts in allowing if allows else ():
            named = EVERYBODY if each.names_nobody and layer in _FOR_EVERYBODY else each.named(self.keys)
            at_all = named.at_all
            when = FALSE if at_all is FALSE else each.met(self.keys)
            if when is not FALSE:
                if acts is not TRUE:
                    when = all_of((acts, when))
                found.append(named if when is TRUE else Named(*(all_of((one, when)) for one in named)))
                self.allows.append(Matched(layer, policy, each.statement, when if at_all is TRUE else all_of((at_all, when))))
        for each, acts in denying:
            is_for_all = each.names_nobody and layer in _FOR_EVERYBODY
            named = EVERYBODY if is_for_all or (each.spares_some and self._spares_nobody(layer)) else each.named(self.keys)
            at_all = named.at_all
            when = FALSE if at_all is FALSE else each.met(self.keys)
            if when is not FALSE:
                if acts is not TRUE or at_all is not TRUE:
                    when = all_of((acts, at_all, when))
                self.denies.append(Matched(layer, policy, each.statement, when))
        if policy.unknown:
            self._note_unknown(layer, policy, allows=allows)
            found.append(Named(directly=ready.may_allow))
        if len(found) == 1:
            return found[0]
        return Named(*(any_of(side) for side in zip(*found, strict=True))) if found else Named()
