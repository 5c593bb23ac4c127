"""Which kinds of resources policies tell apart for one action, and which of them have to be asked about.

Statements that are not about the action tell nothing apart, and the patterns of one Deny all say the same. Of two kinds that differ in what
denies them alone, the one that more denies cannot be allowed where the other one is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lakecheck.iam.globs import fold
from lakecheck.iam.matching import prepared
from lakecheck.iam.model import Effect
from lakecheck.values import has_hole

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from lakecheck.iam.model import Policy, Statement


MOST_RESOURCES: Final = 8
"""A statement with more resources than this is told without the one that fits, so that verdicts about them can be shared."""


class Meaning(NamedTuple):
    """What a pattern of resources stands for.

    Attributes:
        statement: Identifies the statement.
        told: The pattern, where it counts which one of the statement fits; else empty.
        denies: Whether a resource that fits can only be refused for it.
    """

    statement: int
    told: str
    denies: bool = False


class Kind(NamedTuple):
    """A resource that stands for all of its kind.

    Attributes:
        resource: The resource, or what tells it.
        floor: Another one, which fewer denies fit and which is the same otherwise: when that one is refused, so is this one. None without.
    """

    resource: str
    floor: str | None = None


Told = frozenset[Meaning]
"""The meanings of all patterns that a resource fits."""


def meanings(policy: Policy, action: str) -> tuple[tuple[str, Meaning], ...]:
    """The resource patterns of those statements of a policy that may be about an action; kept with the policy.

    Args:
        policy: The policy.
        action: `service:Name`, without wildcards.
    """
    kept = policy.kept.setdefault("meanings", {})
    found: tuple[tuple[str, Meaning], ...] | None = kept.get(action)
    if found is None:
        ready = (each.statement for side in prepared(policy).of_action(fold(action)) for each, _ in side)
        found = kept[action] = tuple(each for statement in ready for each in _of(statement))
    return found


def _of(statement: Statement) -> Iterator[tuple[str, Meaning]]:
    for patterns in (statement.resources or (), statement.not_resources or ()):
        for pattern in patterns:
            is_plain = "${" not in pattern and not has_hole(pattern)
            denies = is_plain and statement.effect is Effect.DENY and statement.not_resources is None
            told = "" if denies or len(patterns) > MOST_RESOURCES else pattern
            yield pattern, Meaning(id(statement), told, denies)


def to_ask(resources: Iterable[tuple[str, Told, Hashable]], preferred: str = "") -> Sequence[Kind]:
    """One resource of each kind, in the order in which the kinds come: the shortest one.

    Args:
        resources: Each with what it fits, and with what else may make a difference.
        preferred: How the name ends of one that is to stand for its kind, however long it is.
    """
    chosen: dict[tuple[Hashable, Told, Told], str] = {}
    for resource, told, other in resources:
        denied = frozenset(each for each in told if each.denies)
        kind = (other, told - denied, denied)
        known = chosen.get(kind)
        if known is None or _order(resource, preferred) < _order(known, preferred):
            chosen[kind] = resource
    found = []
    for (other, rest, denied), resource in chosen.items():
        less = [each for each in chosen if each[0] == other and each[1] == rest and each[2] < denied]
        floor = min(less, key=lambda kind: len(kind[2]), default=None)
        found.append(Kind(resource, chosen[floor] if floor is not None else None))
    return found


def _order(resource: str, preferred: str) -> tuple[bool, int]:
    return not (preferred and resource.endswith(preferred)), len(resource)
