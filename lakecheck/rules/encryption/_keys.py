"""Which key a property means, and whether a service or a role may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import parts
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import Truth
from lakecheck.rules.base import Complaint, once
from lakecheck.values import Unknown, has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Key
    from lakecheck.snapshot import Snapshot

AWS_MANAGED: Final = "alias/aws/"
ENCRYPT: Final = ("kms:GenerateDataKey", "kms:Decrypt")
"""What a service needs that writes encrypted messages or logs."""

_SUFFIXES: Final = ("amazonaws.com", "amazonaws.com.cn")


@once
def _by_name(snapshot: Snapshot) -> Mapping[tuple[str, str, str], Key]:
    """Keys by account, Region, and id or alias; by their ARN alone."""
    found: dict[tuple[str, str, str], Key] = {}
    for key in snapshot.estate.keys:
        found["", "", key.arn] = key
        split = parts(key.arn)
        region = split[2] if split is not None else ""
        for name in (*key.aliases, key.arn.rpartition("/")[2]):
            found[key.account, region, name] = key
    return found


def is_managed(written: Any) -> bool:
    """Whether a property means one of AWS's managed keys, whose policies nobody can change."""
    return isinstance(written, str) and (written.startswith(AWS_MANAGED) or f":{AWS_MANAGED}" in written)


def key_of(written: Any, resource: Resource, snapshot: Snapshot) -> Key | None:
    """The key that a property names by ARN, id or alias; None when its policy is in no template."""
    if not isinstance(written, str):
        return None
    keys = _by_name(snapshot)
    split = parts(written)
    if split is not None and split[4].startswith("alias/"):
        found = keys.get((split[3], split[2], split[4]))
    else:
        found = keys.get(("", "", written)) or keys.get((resource.account, resource.region, written))
    return found if found is not None and found.policy is not None else None


@once
def _services(_snapshot: Snapshot) -> dict[str, Principal]:
    """Each service that was asked about, as the same principal each time: answers are kept by who asks."""
    return {}


def regional(service: str, region: str) -> tuple[str, ...]:
    """The names that a service may have as a principal: with its Region, and without."""
    return (*(f"{service}.{region}.{suffix}" for suffix in _SUFFIXES), f"{service}.amazonaws.com")


def use(
    names: Iterable[str], key: Key, snapshot: Snapshot, *, actions: Iterable[str] = ENCRYPT, context: Mapping[str, tuple[str, ...]]
) -> dict[str, Truth]:
    """What the key policy says to a service, by action.

    Args:
        names: The service principal; any of several is enough.
        key: The key.
        snapshot: Whose policies count.
        actions: What the service does.
        context: What the service sends with it, by condition key in lower case. It acts for the key's own account and organisation.
    """
    known = _services(snapshot)
    asked = [known.setdefault(name, Principal(arn=name, kind=PrincipalKind.SERVICE, account="", name=name)) for name in names]
    owner = snapshot.estate.accounts.get(key.account)
    of_owner = (owner.organization,) if owner is not None and owner.organization is not None else None
    sent = {"aws:principalisawsservice": ("true",), **({"aws:sourceorgid": of_owner} if of_owner else {}), **context}
    found = {}
    for action in actions:
        truths = {snapshot.questions.decide(each, action, key.arn, context=sent).truth for each in asked}
        found[action] = next(truth for truth in (Truth.TRUE, Truth.OPEN, Truth.FALSE) if truth in truths)
    return found


def refused(said: Mapping[str, Truth], who: str, key: Key, *, path: str, then: str, is_role: bool = False) -> Iterator[Complaint]:
    """Complains of what somebody may not do with a key.

    Args:
        said: The verdict by action.
        who: Whom the verdicts are about.
        key: The key.
        path: The property that names the key.
        then: What happens.
        is_role: Whether a policy of its own could allow it as well as the key's.
    """
    where = shown(str(key.origin)) if key.origin is not None else shown(key.arn)
    not_allowed = [action for action, truth in said.items() if truth is Truth.FALSE]
    if not_allowed:
        what = ", ".join(not_allowed)
        message = f"{who} has no {what} on key {where}" if is_role else f"the policy of key {where} does not allow {who} {what}"
        yield Complaint(at=path, message=f"{message}; {then}")
    elif Truth.OPEN in said.values():
        yield Complaint(
            at=path,
            message=f"whether {who} may use key {where} depends on conditions of its policy that are not known",
            is_unknown=True,
        )


def not_known(written: Any, path: str) -> Complaint:
    """Says that the policy of the key that a property names is in no template."""
    what = written.reason if isinstance(written, Unknown) else shown(written)
    return Complaint(at=path, message=f"the policy of key {what} is in no template", is_unknown=True)


def same_key(one: str, other: str) -> bool | None:
    """Whether two ARNs are those of the same key; None when it cannot be told."""
    if one == other:
        return True
    return None if any(has_hole(each) and "key/" not in each for each in (one, other)) else False
