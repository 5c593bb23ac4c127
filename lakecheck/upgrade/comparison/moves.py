"""Which resources that BASE alone has are in HEAD under another logical id, or in another stack."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from lakecheck.values import Unknown, generated_holes, with_holes_called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lakecheck.upgrade.comparison.names import Names
    from lakecheck.upgrade.comparison.nodes import State
    from lakecheck.upgrade.model import Node

_BEFORE_HOLE: Final = re.compile("(?<![A-Za-z0-9-])[A-Za-z0-9-]++(?=\ue000\ue002)")
_ROUNDS: Final = 12


class Sign(Protocol):
    """What has to be the same of two nodes for one to be the other; None when it says nothing."""

    def __call__(self, sides: Sides, node: Node, called: dict[str, str], *, of_base: bool) -> Any:
        """The sign of a node of BASE, or of HEAD."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both states with what their stacks are called."""

    base: State
    head: State
    names: Names


def matched(
    sides: Sides, gone: Sequence[Node], new: Sequence[Node], *, place: Callable[[Node], tuple[Any, Any]]
) -> list[tuple[Node, Node]]:
    """Pairs of what is gone and what is new that are the same but for where they stand.

    The same are those of one type with the same fixed name, or the same properties; in these, what other pairs are called counts as the
    same, so that a policy that names a renamed bucket is found after the bucket.

    Args:
        sides: Both states.
        gone: What only BASE has.
        new: What only HEAD has.
        place: What has to be the same beside that, as a node of BASE and as one of HEAD: the stack, the account and Region.
    """
    pairs: list[tuple[Node, Node]] = []
    called: dict[str, str] = {}
    left, free = list(gone), list(new)
    for _ in range(_ROUNDS):
        found = [pair for sign in (_name, _construct, _content) for pair in _round(sides, left, free, place, called, sign, pairs)]
        if not found or not left or not free:
            break
    return pairs


def _round(
    sides: Sides,
    left: list[Node],
    free: list[Node],
    place: Callable[[Node], tuple[Any, Any]],
    called: dict[str, str],
    sign: Sign,
    pairs: list[tuple[Node, Node]],
) -> list[tuple[Node, Node]]:
    """Pairs those with the same sign, and takes them out of what is left and free."""
    of_types = {node.resource.type for node in left} & {node.resource.type for node in free}
    signs: dict[Any, list[Node]] = {}
    for node in free:
        if node.resource.type in of_types and (made := sign(sides, node, called, of_base=False)) is not None:
            signs.setdefault((node.resource.type, place(node)[1], made), []).append(node)
    found = []
    for node in left:
        if signs and node.resource.type in of_types and (made := sign(sides, node, called, of_base=True)) is not None:
            fitting = signs.get((node.resource.type, place(node)[0], made))
            if fitting:
                found.append((node, fitting.pop(0)))
    for one, other in found:
        called[_called(one)] = _called(other)
    gone = {id(node) for pair in found for node in pair}
    left[:] = [node for node in left if id(node) not in gone]
    free[:] = [node for node in free if id(node) not in gone]
    pairs += found
    return found


def _called(node: Node) -> str:
    return f"{node.stack.path}/{node.resource.origin.logical_id}"


def _name(sides: Sides, node: Node, called: dict[str, str], *, of_base: bool) -> Any:  # noqa: ARG001 - a sign like any other
    return node.name if node.name and not generated_holes(node.name) else None


def _construct(sides: Sides, node: Node, called: dict[str, str], *, of_base: bool) -> Any:  # noqa: ARG001 - a sign like any other
    return node.resource.origin.construct_path or None


def _content(sides: Sides, node: Node, called: dict[str, str], *, of_base: bool) -> Any:
    properties = node.resource.properties
    own = _called(node)

    def name(identity: str) -> str:
        here = identity
        if identity == own or identity.startswith((f"{own}.", f"{own} ")):
            return f"itself{identity.removeprefix(own)}"
        if of_base:
            owner = sides.base.node_called(identity)
            path = _called(owner) if owner is not None else ""
            here = called[path] + identity.removeprefix(path) if path in called else sides.names.in_head(identity)
        return here

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return with_holes_called(_BEFORE_HOLE.sub("", value), name)
        if isinstance(value, dict):
            return {str(key): plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return name(value.reason) if isinstance(value, Unknown) else value

    return json.dumps(plain(dict(properties)), sort_keys=True, default=repr)


def without(nodes: Iterable[Node], taken: Iterable[Node]) -> list[Node]:
    """The nodes that are not taken."""
    ids = {id(node) for node in taken}
    return [node for node in nodes if id(node) not in ids]
