"""Compares two states of an app: what becomes of each resource when HEAD is deployed over BASE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import TRUE
from lakecheck.upgrade.comparison.differences import Differences
from lakecheck.upgrade.comparison.moves import Sides, matched, without
from lakecheck.upgrade.comparison.names import Names
from lakecheck.upgrade.comparison.nodes import State
from lakecheck.upgrade.comparison.pairing import StackPair, paired_stacks
from lakecheck.upgrade.comparison.replacement import Draft, deletion_of, follow_replacements, replaces
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.model import Comparison, Deletion, Fate, Node, PropertyChange, ResourceChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly import StackTemplate
    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.comparison.written import Written

ATTRIBUTE: Final = "^."
"""What the path of an attribute starts with that stands beside the properties."""

_CONTEXT: Final = ("Parameters", "Conditions", "Mappings", "Outputs", "Transform")
_COMPARED_ATTRIBUTES: Final = ("CreationPolicy", "UpdatePolicy")


def compare(base: Snapshot, head: Snapshot) -> Comparison:
    """What differs between two states of an app.

    Args:
        base: What is deployed.
        head: What is to be.

    Example:
        >>> from lakecheck.assembly import Assembly
        >>> nothing = Assembly(directory="cdk.out", version="", stacks=())
        >>> from lakecheck.snapshot import Snapshot
        >>> compare(Snapshot(nothing), Snapshot(nothing)).changes
        ()
    """
    return _Comparing(base, head).comparison()


@dataclass(slots=True)
class _Found:
    """What the comparison has found so far."""

    drafts: list[Draft] = field(default_factory=list)
    gone: list[Node] = field(default_factory=list)
    new: list[Node] = field(default_factory=list)
    not_known: list[str] = field(default_factory=list)


class _Comparing:
    def __init__(self, base: Snapshot, head: Snapshot) -> None:
        self.snapshots = base, head
        self.base, self.head = State(base), State(head)
        self.pairs = paired_stacks(base.assembly, head.assembly)
        self.names = Names(self.pairs)
        self.same_context = self.names.same and all(_same_context(one, other) for one, other in self.pairs)
        self.found = _Found()

    def comparison(self) -> Comparison:
        left_behind = []
        for one, other in self.pairs:
            if one is not None and other is not None:
                self._stack(one, other)
            elif one is not None and self._is_left_behind(one):
                left_behind += list(self.base.of(one).values())
            elif one is not None:
                self.found.gone += self.base.of(one).values()
            elif other is not None:
                self.found.new += self.head.of(other).values()
        self._moved()
        self.found.drafts += [Draft(was=node, now=None, fate=Fate.LEFT_BEHIND) for node in left_behind]
        follow_replacements(self.found.drafts, self.base, self.head, self.pairs)
        return Comparison(
            base=self.snapshots[0],
            head=self.snapshots[1],
            stacks=self.pairs,
            changes=tuple(self._in_order()),
            not_known=tuple(dict.fromkeys(self.found.not_known)),
            base_nodes=self.base.nodes,
            head_nodes=self.head.nodes,
        )

    def _in_order(self) -> Iterator[ResourceChange]:
        place = {id(node): number for number, node in enumerate((*self.base.nodes, *self.head.nodes))}
        for draft in sorted(self.found.drafts, key=lambda draft: place[id(draft.was if draft.was is not None else draft.now)]):
            yield draft.change()

    # --- stacks ------------------------------------------------------------------------------------------------------------------------

    def _is_left_behind(self, stack: StackTemplate) -> bool:
        """Whether nobody deletes a stack that HEAD has not: only a nested one is deleted, by the stack that it is nested in."""
        while stack.parent is not None:
            parent = next((each for each in self.base.stacks if (each.environment, each.path) == (stack.environment, stack.parent)), None)
            if parent is None or parent is stack:
                return False
            if any(one is parent and other is not None for one, other in self.pairs):
                return False
            stack = parent
        return True

    def _stack(self, one: StackTemplate, other: StackTemplate) -> None:
        was, now = self.base.of(one), self.head.of(other)
        written = self.names.of(one, other)
        for logical_id, node in was.items():
            same = now.get(logical_id)
            if same is None:
                self.found.gone.append(node)
            elif same.resource.type != node.resource.type:
                self.found.drafts.append(Draft(was=node, now=same, fate=Fate.TYPE_CHANGED, deletion=deletion_of(node)))
            else:
                self._resource(node, same, *written)
        self.found.new += [node for logical_id, node in now.items() if logical_id not in was]

    # --- resources ---------------------------------------------------------------------------------------------------------------------

    def _resource(self, was: Node, now: Node, base: Written, head: Written) -> None:
        properties = [*self._attributes(was, now, base, head), *self._properties(was, now, base, head)]
        if properties:
            self.found.drafts.append(Draft(was=was, now=now, fate=Fate.UPDATED, properties=properties))
        exists = now.resource.origin.exists
        if exists != TRUE and base.meaning(_condition(was)) != head.meaning(_condition(now)):
            because = f"whether it is still there depends on condition {now.raw.get('Condition')}, which has no known value"
            self.found.not_known.append(f"{now.stack.path}/{now.resource.origin.logical_id}: {because}")
            self.found.drafts[-1:] = [each for each in self.found.drafts[-1:] if each.was is not was]
            self.found.drafts.append(
                Draft(
                    was=was,
                    now=now,
                    fate=Fate.REMOVED,
                    properties=properties,
                    because=[because],
                    deletion=deletion_of(was),
                    is_certain=False,
                )
            )

    def _properties(self, was: Node, now: Node, base: Written, head: Written) -> Iterator[PropertyChange]:
        one, other = was.resource.properties, now.resource.properties
        raws = was.raw.get("Properties"), now.raw.get("Properties")
        if one == other and self.same_context and raws[0] == raws[1]:
            return
        known = facts(now.resource.type)
        differences = Differences(base, head, self.names.in_head, known.unordered if known is not None else frozenset())
        for each in differences.between(dict(one), dict(other), *raws):
            kind, because = replaces(now, each)
            yield PropertyChange(path=".".join(each.path), was=each.was, now=each.now, replaces=kind, because=because)
        here = f"{now.stack.path}/{now.resource.origin.logical_id}"
        self.found.not_known += [
            f"{here}: {path or 'its properties'} is written otherwise, and its value is not known" for path in differences.vague
        ]

    def _attributes(self, was: Node, now: Node, base: Written, head: Written) -> Iterator[PropertyChange]:
        policies = {
            "DeletionPolicy": (was.deletion_policy, now.deletion_policy),
            "UpdateReplacePolicy": (was.replace_policy, now.replace_policy),
        }
        for name, (one, other) in policies.items():
            if one != other:
                yield PropertyChange(path=f"{ATTRIBUTE}{name}", was=one, now=other)
        for name in _COMPARED_ATTRIBUTES:
            raws = was.raw.get(name), now.raw.get(name)
            if raws[0] != raws[1] and base.meaning(raws[0]) != head.meaning(raws[1]):
                yield PropertyChange(path=f"{ATTRIBUTE}{name}", was=raws[0], now=raws[1])

    # --- what is gone and what is new --------------------------------------------------------------------------------------------------

    def _moved(self) -> None:
        sides = Sides(self.base, self.head, self.names)
        pairs = {id(one): id(other) for one, other in self.pairs if one is not None and other is not None}
        gone, new = self.found.gone, self.found.new
        renamed = matched(sides, gone, new, place=lambda node: (pairs.get(id(node.stack)), id(node.stack)))
        gone, new = without(gone, [one for one, _ in renamed]), without(new, [other for _, other in renamed])
        moved = matched(sides, gone, new, place=_account_and_region)
        gone, new = without(gone, [one for one, _ in moved]), without(new, [other for _, other in moved])
        for fate, found in ((Fate.RENAMED, renamed), (Fate.MOVED, moved)):
            self.found.drafts += [self._elsewhere(fate, was, now) for was, now in found]
        self.found.drafts += [self._removed(node) for node in gone]
        self.found.drafts += [Draft(was=None, now=node, fate=Fate.ADDED, is_certain=_is_there(node)) for node in new]

    def _elsewhere(self, fate: Fate, was: Node, now: Node) -> Draft:
        written = self.names.base[id(was.stack)], self.names.head[id(now.stack)]
        known = facts(now.resource.type)
        differences = Differences(*written, self.names.in_head, known.unordered if known is not None else frozenset())
        found = differences.between(
            dict(was.resource.properties), dict(now.resource.properties), was.raw.get("Properties"), now.raw.get("Properties")
        )
        properties = [PropertyChange(path=".".join(each.path), was=each.was, now=each.now) for each in found]
        return Draft(
            was=was, now=now, fate=fate, properties=[*self._attributes(was, now, *written), *properties], deletion=deletion_of(was)
        )

    def _removed(self, was: Node) -> Draft:
        """What HEAD has not: its template has it no more, or its condition is false there, or its nested stack is gone."""
        because = []
        deletion = deletion_of(was)
        stack = was.stack
        head = next((other for one, other in self.pairs if one is stack), None)
        if head is None and stack.parent is not None:
            nested = self._nested_resource(stack)
            because.append(f"the nested stack {stack.path} that it is in is removed")
            if nested is not None and nested.deletion_policy in ("Retain", "RetainExceptOnCreate"):
                deletion = Deletion.RETAINED
                because.append("the nested stack's DeletionPolicy keeps it as a whole")
        elif head is not None and isinstance(still := head.resources.get(was.resource.origin.logical_id), dict):
            because += [f"condition {still['Condition']} is false in HEAD"] if "Condition" in still else []
        return Draft(was=was, now=None, fate=Fate.REMOVED, because=because, deletion=deletion, is_certain=_is_there(was))

    def _nested_resource(self, stack: StackTemplate) -> Node | None:
        parent = next((each for each in self.base.stacks if (each.environment, each.path) == (stack.environment, stack.parent)), None)
        return self.base.of(parent).get(stack.parent_logical_id) if parent is not None else None


def _account_and_region(node: Node) -> tuple[Any, Any]:
    """Where a moved resource stays; one without properties is no other one's twin."""
    place = node.resource.account, node.resource.region, bool(node.resource.properties)
    return place, place


def _is_there(node: Node) -> bool:
    """Whether it is known to be there."""
    return node.resource.origin.exists == TRUE


def _condition(node: Node) -> Any:
    name = node.raw.get("Condition")
    return {"Condition": name} if isinstance(name, str) else None


def _same_context(one: StackTemplate | None, other: StackTemplate | None) -> bool:
    if one is None or other is None:
        return True
    return all(_has_all(one.bare.get(section), other.bare.get(section)) for section in _CONTEXT)


def _has_all(was: Any, now: Any) -> bool:
    """Whether a section has everything that it had, the same: what is added to it changes no value that was there."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(key in now and now[key] == each for key, each in was.items())
    return was is None or bool(was == now)


__all__ = ["ATTRIBUTE", "StackPair", "compare"]
