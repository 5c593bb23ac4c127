"""What an identity is allowed and denied by all of its policies together, so that a statement may move from one to another."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import at, canonical, items
from lakecheck.upgrade.security.policy_statements import fresh, statements
from lakecheck.upgrade.security.policy_table import ATTACHED, IDENTITY_POLICIES, MANAGED, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakecheck.upgrade.model import Comparison, Node, ResourceChange

_POLICIES: Final = frozenset(kind for kind, paths in IDENTITY_POLICIES.items() if paths == ("PolicyDocument",))

_Held = dict[str, list[Any]]


class Identities:
    """The statements of every identity in both states, under HEAD's names.

    Args:
        comparison: Both states.
        named: Calls a value of BASE as HEAD does.
    """

    def __init__(self, comparison: Comparison, named: Callable[[Any], Any]) -> None:
        self._comparison = comparison
        self._named = named

    @cached_property
    def _base(self) -> _Held:
        return _held(self._comparison.base_nodes, self._named)

    @cached_property
    def _head(self) -> _Held:
        return _held(self._comparison.head_nodes, lambda value: value)

    @cached_property
    def _gone(self) -> frozenset[str]:
        changes = self._comparison.changes
        return frozenset(name for change in changes if change.fate is Fate.REMOVED for name in _called(change.node, self._named))

    def before(self, change: ResourceChange) -> list[Any]:
        """What each identity that a changed policy is for had in BASE by any of its policies."""
        return [] if change.now is None else _common(self._base, _whose(change.now, self._comparison.head_nodes, lambda value: value))

    def after(self, change: ResourceChange) -> list[Any]:
        """What each identity that a changed or removed policy was for, and that is still there, has in HEAD by any of its policies."""
        return _common(self._head, self.left(change))

    def left(self, change: ResourceChange) -> set[str]:
        """The identities that a policy was for in BASE and that are still there."""
        return set() if change.was is None else _whose(change.was, self._comparison.base_nodes, self._named) - self._gone


def _held(nodes: Iterable[Node], named: Callable[[Any], Any]) -> _Held:
    listed = tuple(nodes)
    found: _Held = {}
    for node in listed:
        for path in IDENTITY_POLICIES.get(node.resource.type, ()):
            stated = statements(named(documents(node.resource.properties, path)))
            for name in _whose(node, listed, named) if stated else ():
                found.setdefault(name, []).extend(stated)
    return found


def _whose(node: Node, nodes: Iterable[Node], named: Callable[[Any], Any]) -> set[str]:
    """The identities that have a policy; one that has its policies within is its own."""
    resource = node.resource
    if resource.type not in _POLICIES:
        return _called(node, named)
    found = {canonical(named(each)) for name in ATTACHED for each in items(at(resource.properties, name))}
    if resource.type == "AWS::IAM::ManagedPolicy":
        own = {canonical(named(text)) for text in (resource.ref, resource.arn) if isinstance(text, str) and text}
        for other in nodes:
            attached = (canonical(named(each)) for path in MANAGED for each in items(at(other.resource.properties, path)))
            if not own.isdisjoint(attached):
                found |= _called(other, named)
    return found


def _called(node: Node, named: Callable[[Any], Any]) -> set[str]:
    """What policies name an identity by."""
    return {canonical(named(node.resource.ref))} if node.resource.ref else set()


def _common(held: _Held, names: set[str]) -> list[Any]:
    """The statements that all of them have."""
    several = [held[name] for name in sorted(names) if name in held]
    if not several:
        return []
    return [each for each in several[0] if all(not fresh(other, [each]) for other in several[1:])]
