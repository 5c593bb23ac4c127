"""Whether a resource's own policy lets an AWS service in: read statement by statement, without its conditions."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from lakecheck.rules._plain import listed
from lakecheck.rules.base import is_open
from lakecheck.values import Unknown, has_hole, outline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.snapshot import Snapshot


def statements(document: Any) -> list[Any]:
    """The statements of a policy document; an `Unknown` for one that is not known."""
    return listed(document.get("Statement") if isinstance(document, dict) else document)


def lets(statement: Any, service: str, action: str) -> bool | None:
    """Whether one statement lets a service do something; None when that is not known."""
    if is_open(statement):
        return None
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    named = [*listed(principal.get("Service")), *listed(principal.get("AWS"))] if isinstance(principal, dict) else listed(principal)
    actions = [each.lower() if isinstance(each, str) else each for each in listed(statement.get("Action"))]
    if any(_may_be(each, service) for each in (principal, *named)) or any(_may_be(each, action.lower()) for each in actions):
        return None
    is_meant = service in named or "*" in named
    return is_meant and any(isinstance(each, str) and fnmatchcase(action.lower(), each) for each in actions)


def _may_be(stated: Any, wanted: str) -> bool:
    """Whether a value that is not wholly known may turn out to be this."""
    return isinstance(stated, Unknown) or (isinstance(stated, str) and has_hole(stated) and fnmatchcase(wanted, outline(stated)))


def either(verdicts: Iterable[bool | None]) -> bool | None:
    """True if any is; else None if any is not known."""
    told = list(verdicts)
    return True if True in told else None if None in told else False


def policies_on(snapshot: Snapshot, kind: str, naming: str) -> Mapping[str, list[Any]]:
    """The statements of all policies of a type, by what they are attached to: `AWS::SNS::TopicPolicy` names it in `Topics`."""
    found: dict[str, list[Any]] = defaultdict(list)
    for policy in snapshot.by_type.get(kind, ()):
        for each in listed(policy.properties.get(naming)):
            if isinstance(each, str) and not is_open(policy.properties.get("PolicyDocument")):
                found[each] += statements(policy.properties.get("PolicyDocument"))
            elif isinstance(each, str):
                found[each].append(Unknown("a policy that is not known"))
    return found
