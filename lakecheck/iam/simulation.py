"""The evaluator for plain data: documents as JSON, everything else as text, one call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.iam.documents import parse_policy
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.model import Caller, CallerKind, Context, Decision, Layers, Policy, Request, ResourceKind
from lakecheck.iam.statements import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Document = Policy | Mapping[str, Any] | str
    """A policy that was read before, an object, or JSON text."""
    _Identified = tuple[str, str, CallerKind, str | None]
    """A caller's ARN or name, its account, its kind, its session's ARN."""

_ARN_PARTS: Final = 6
_ACCOUNT: Final = re.compile(r"\d{12}")
_CANONICAL: Final = re.compile(r"[0-9a-f]{64}")
_FOR_PROVIDERS: Final = ("sts:assumerolewithwebidentity", "sts:assumerolewithsaml")


def decide(
    principal: str,
    action: str,
    resource: str = "*",
    *,
    context: Mapping[str, Any] | None = None,
    identity: Iterable[Document] | Document = (),
    boundary: Document | None = None,
    session: Iterable[Document] | Document | None = None,
    scps: Iterable[Iterable[Document] | Document] | None = None,
    rcps: Iterable[Document] | Document = (),
    resource_policy: Document | None = None,
    key_policy: Document | None = None,
    trust_policy: Document | None = None,
    endpoint: Document | None = None,
    resource_account: str | None = None,
    organization: str | None = None,
    organization_paths: Iterable[str] | None = None,
    resource_organization: str | None = None,
    principal_tags: Mapping[str, str] | None = None,
    resource_tags: Mapping[str, str] | None = None,
    complete: bool = True,
) -> Decision:
    """Whether a request is allowed, from documents and texts as AWS has them.

    Args:
        principal: The ARN of a role, a role's session, a user, a federated user or an account's root; a service's name, such as
            `glue.amazonaws.com`; an identity provider by ARN or name, such as `accounts.google.com`; a canonical user's id; `*` for an
            anonymous caller.
        action: `service:Name`, in any case.
        resource: An ARN; `*`, for an action without a resource, when left out.
        context: Condition keys, in any case, each with a value or a list of values; none when left out. Keys that follow from the principal
            and the resource, such as `aws:PrincipalArn`, need not be given, and may be.
        identity: The principal's own policies, its groups' too; none when left out.
        boundary: Its permissions boundary; none when left out.
        session: Its session policies; none when left out.
        scps: The service control policies, level by level from the root to the account, each level a list or one document; none apply
            when left out.
        rcps: The resource control policies on the resource's account; none when left out.
        resource_policy: The resource's own policy, of whatever kind the action and the ARN tell; none when left out.
        key_policy: The same, said to be a KMS key's, which counts differently.
        trust_policy: The same, said to be a role's trust policy.
        endpoint: The policy of the VPC endpoint on the way; none when left out.
        resource_account: The account that owns the resource; when left out the one in its ARN, else the principal's.
        organization: Id of the principal's organisation; it is in none when left out.
        organization_paths: Values of `aws:PrincipalOrgPaths`.
        resource_organization: Id of the organisation of the resource's account; when left out the principal's in one account, else none.
        principal_tags: The principal's tags; none when left out.
        resource_tags: The resource's tags; none when left out.
        complete: Whether keys that are neither given nor follow are missing, tags too; else they are not known, and the answer may be that
            it depends.

    Raises:
        InvalidInput: If AWS would refuse one of the documents.

    Example:
        >>> from lakecheck.iam import decide
        >>> reader = {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::lake/*"}}
        >>> decide("arn:aws:iam::111122223333:role/Reader", "s3:GetObject", "arn:aws:s3:::lake/a.parquet", identity=reader).word
        'allowed'
    """
    given = ((_kind_of(action, resource), resource_policy), (ResourceKind.KMS_KEY, key_policy), (ResourceKind.TRUST_POLICY, trust_policy))
    kind, own = next((each for each in given if each[1] is not None), given[0])
    tags = principal_tags if principal_tags is not None or not complete else {}
    caller = _caller(_identified(principal, action), tags, organization, organization_paths, complete=complete)
    owner = resource_account if resource_account is not None else _owner(resource, caller)
    same = owner == caller.account
    request = Request(
        caller=caller,
        action=action,
        resource=resource,
        resource_account=owner,
        resource_organization=resource_organization if resource_organization is not None or same or not complete else "",
        resource_tags=resource_tags if resource_tags is not None or not complete else {},
        context=Context(values={key: _values(value) for key, value in (context or {}).items()}, complete=complete),
    )
    layers = Layers(
        identity=_policies(identity, "identity"),
        boundary=None if boundary is None else _policy(boundary, "boundary"),
        session=None if session is None else _policies(session, "session"),
        scps=None if scps is None else tuple(_policies(each, f"scps[{at}]") for at, each in enumerate(scps)),
        rcps=_policies(rcps, "rcps"),
        resource=None if own is None else _policy(own, "resource policy"),
        resource_kind=kind,
        endpoint=None if endpoint is None else _policy(endpoint, "endpoint"),
    )
    return evaluate(request, layers)


def _kind_of(action: str, resource: str) -> ResourceKind:
    """What the resource is, from the action and the ARN."""
    service, _, name = action.lower().partition(":")
    if service == "kms" and ":key/" in resource:
        return ResourceKind.KMS_KEY
    if service == "sts" and name.startswith("assumerole"):
        return ResourceKind.TRUST_POLICY
    return ResourceKind.OTHER


def caller_of(principal: str) -> Caller:
    """The caller that a text stands for; see `decide`."""
    return _caller(_identified(principal, ""), {}, "", None, complete=True)


def _caller(
    identified: _Identified,
    tags: Mapping[str, str] | None,
    organization: str | None,
    paths: Iterable[str] | None,
    *,
    complete: bool,
) -> Caller:
    arn, account, kind, session = identified
    return Caller(
        arn=arn,
        account=account,
        kind=kind,
        session=session,
        tags=tags,
        organization=organization if organization is not None or not complete else "",
        organization_paths=tuple(paths) if paths is not None else None,
    )


def _identified(principal: str, action: str) -> _Identified:
    parts = principal.split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS or parts[0] != "arn":
        return _without_arn(principal, action.lower())
    _, partition, service, _, account, name = parts
    kind, _, rest = name.partition("/")
    if service == "sts" and kind == "assumed-role":
        return f"arn:{partition}:iam::{account}:role/{rest.partition('/')[0]}", account, CallerKind.ROLE, principal
    if service == "sts" and kind == "federated-user":
        return f"arn:{partition}:iam::{account}:user/{rest}", account, CallerKind.USER, principal
    if kind in ("saml-provider", "oidc-provider"):
        return principal, "", CallerKind.FEDERATED, None
    if kind == "role" and rest.startswith("aws-service-role/"):
        return principal, account, CallerKind.SERVICE_LINKED_ROLE, None
    return principal, account, {"root": CallerKind.ROOT, "role": CallerKind.ROLE}.get(kind, CallerKind.USER), None


def _without_arn(principal: str, action: str) -> _Identified:
    if _ACCOUNT.fullmatch(principal):
        return principal, principal, CallerKind.ROOT, None
    if principal in ("*", "", "anonymous"):
        return "*", "", CallerKind.ANONYMOUS, None
    is_site = "." in principal and ".amazonaws." not in principal
    if is_site or action in _FOR_PROVIDERS or _CANONICAL.fullmatch(principal):
        return principal, "", CallerKind.FEDERATED, None
    return principal, "", CallerKind.SERVICE, None


def _owner(resource: str, caller: Caller) -> str:
    parts = resource.split(":", _ARN_PARTS - 1)
    # What AWS itself owns, such as its managed policies, is read with the rights that one has in one's own account.
    return parts[4] if len(parts) == _ARN_PARTS and parts[4] not in ("", "aws") else caller.account


def _values(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple | set | frozenset) else () if value is None else (value,)
    texts = [as_text(each) for each in (sorted(listed) if isinstance(listed, set | frozenset) else listed)]
    return tuple(str(each) if text is None else text for each, text in zip(listed, texts, strict=True))


def _policies(documents: Iterable[Document] | Document, name: str) -> tuple[Policy, ...]:
    if isinstance(documents, Policy | dict | str):
        return (_policy(documents, name),)
    return tuple(_policy(each, f"{name}[{at}]") for at, each in enumerate(documents))


def _policy(document: Any, name: str) -> Policy:
    return document if isinstance(document, Policy) else parse_policy(document, name=name)
