"""The condition keys of one request: those that follow from its caller and its resource, and those that its context gives.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.iam.model import CallerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakecheck.iam.model import Caller, Request

Values = tuple[str, ...]
"""A key's values; none when the key is missing."""

_SIGNED: Final = frozenset({CallerKind.ROLE, CallerKind.USER, CallerKind.ROOT, CallerKind.SERVICE_LINKED_ROLE})
"""The callers that are somebody of an account."""
_MISSING: Final[Values] = ()
_TYPES: Final = {
    CallerKind.ROLE: "AssumedRole",
    CallerKind.SERVICE_LINKED_ROLE: "AssumedRole",
    CallerKind.USER: "User",
    CallerKind.ROOT: "Account",
    CallerKind.ANONYMOUS: "Anonymous",
}
_PRINCIPAL_TAG: Final = "aws:principaltag/"
_RESOURCE_TAG: Final = ":resourcetag/"


class Keys:
    """Looks up the condition keys of one request.

    Args:
        request: The request; its context wins over what follows from caller and resource.
    """

    __slots__ = ("_complete", "_found", "caller", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.caller = request.caller
        self._complete = request.context.complete
        given = request.context.values
        self._found: dict[str, Values | None] = {key.lower(): tuple(values) for key, values in given.items()} if given else {}

    def get(self, key: str) -> Values | None:
        """The values of a key, none of them when the request does not have it, None when that is not known.

        Args:
            key: In lower case, a tag's name too: IAM finds keys and the names of tags in them in any case.
        """
        try:
            return self._found[key]
        except KeyError:
            found = None if key in self.request.context.open else self._derived(key)
            if found is None and self._complete and key not in self.request.context.open:
                found = _MISSING
            self._found[key] = found
            return found

    def session_name(self) -> str | None:
        """The name of the caller's session; None when it is not known."""
        if self.caller.session:
            return self.caller.session.rpartition("/")[2]
        userid = self._found.get("aws:userid")
        return userid[0].partition(":")[2] if userid else None

    @property
    def is_complete(self) -> bool:
        """Whether every key that is not known is missing."""
        return self._complete

    def _derived(self, key: str) -> Values | None:
        derive = _DERIVED.get(key)
        if derive is not None:
            return derive(self)
        if key.startswith(_PRINCIPAL_TAG):
            if self.caller.kind not in (CallerKind.ROLE, CallerKind.USER, CallerKind.SERVICE_LINKED_ROLE, CallerKind.FEDERATED):
                return _MISSING
            return _tag(self.caller.tags, key.removeprefix(_PRINCIPAL_TAG))
        if _RESOURCE_TAG in key:
            return _tag(self.request.resource_tags, key.partition(_RESOURCE_TAG)[2])
        return None


def resource_account(request: Request) -> str:
    """The account that owns the resource: the one that the request names, else the caller's."""
    return request.caller.account if not request.resource_account else request.resource_account


def _tag(tags: Mapping[str, str] | None, name: str) -> Values | None:
    if tags is None:
        return None
    for key, value in tags.items():
        if key.lower() == name:
            return (value,)
    return _MISSING


def _principal_arn(keys: Keys) -> Values | None:
    caller = keys.caller
    if caller.kind is CallerKind.USER and is_federated_user(caller):
        return (str(caller.session),)
    return (caller.arn,) if caller.kind in _SIGNED else _MISSING


def is_federated_user(caller: Caller) -> bool:
    """Whether the caller is the session of a federated user."""
    return caller.session is not None and ":federated-user/" in caller.session


def _principal_account(keys: Keys) -> Values | None:
    if keys.caller.kind is CallerKind.ANONYMOUS:
        return ("anonymous",)
    return (keys.caller.account,) if keys.caller.account else _MISSING


def _principal_type(keys: Keys) -> Values | None:
    if keys.caller.kind is CallerKind.USER and is_federated_user(keys.caller):
        return ("FederatedUser",)
    kind = _TYPES.get(keys.caller.kind)
    return (kind,) if kind else _MISSING


def _organization(keys: Keys) -> Values | None:
    if not keys.caller.account:
        return _MISSING
    return _of_organization(keys.caller.organization)


def _of_organization(organization: str | None) -> Values | None:
    if organization is None:
        return None
    return (organization,) if organization else _MISSING


def _organization_paths(keys: Keys) -> Values | None:
    if not keys.caller.account or keys.caller.organization == "":
        return _MISSING
    return keys.caller.organization_paths


def _user_name(keys: Keys) -> Values | None:
    caller = keys.caller
    if caller.kind is CallerKind.USER and not is_federated_user(caller):
        return (caller.arn.rpartition("/")[2],)
    return _MISSING


def _user_id(keys: Keys) -> Values | None:
    if keys.caller.kind is CallerKind.ROOT:
        return (keys.caller.account,)
    if keys.caller.kind is CallerKind.ANONYMOUS:
        return ("anonymous",)
    return _MISSING if keys.caller.kind is CallerKind.SERVICE else None


def _is_service(keys: Keys) -> Values | None:
    if keys.caller.kind is CallerKind.ANONYMOUS:
        return _MISSING
    return ("true",) if keys.caller.kind is CallerKind.SERVICE else ("false",)


def _service_name(keys: Keys) -> Values | None:
    return (keys.caller.arn,) if keys.caller.kind is CallerKind.SERVICE else _MISSING


def _of_source(keys: Keys) -> Values | None:
    """The source keys tell for which resource a service calls; nobody else's request has them."""
    return None if keys.caller.kind is CallerKind.SERVICE else _MISSING


def _resource_account(keys: Keys) -> Values | None:
    account = resource_account(keys.request)
    return (account,) if account else None


def _resource_organization(keys: Keys) -> Values | None:
    if keys.request.resource_organization is not None:
        return _of_organization(keys.request.resource_organization)
    return _of_organization(keys.caller.organization) if _is_own(keys) else None


def _resource_organization_paths(keys: Keys) -> Values | None:
    if keys.request.resource_organization == "":
        return _MISSING
    return _organization_paths(keys) if _is_own(keys) else None


def _is_own(keys: Keys) -> bool:
    return bool(keys.caller.account) and resource_account(keys.request) == keys.caller.account


_DERIVED: Final[dict[str, Callable[[Keys], Values | None]]] = {
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": _principal_account,
    "aws:principaltype": _principal_type,
    "aws:principalorgid": _organization,
    "aws:principalorgpaths": _organization_paths,
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": _service_name,
    "aws:principalservicenameslist": _service_name,
    "aws:userid": _user_id,
    "aws:username": _user_name,
    "aws:sourceaccount": _of_source,
    "aws:sourcearn": _of_source,
    "aws:sourceorgid": _of_source,
    "aws:sourceorgpaths": _of_source,
    "aws:resourceaccount": _resource_account,
    "aws:resourceorgid": _resource_organization,
    "aws:resourceorgpaths": _resource_organization_paths,
    "s3:resourceaccount": _resource_account,
    "kms:calleraccount": _principal_account,
}
