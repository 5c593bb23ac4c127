"""The resources of one state as nodes: with their template, their fixed name, and what becomes of them when they go."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.identity_table import KINDS
from lakecheck.assembly.serverless import expanded
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.model import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

SNAPSHOT: Final = "Snapshot"
DELETE: Final = "Delete"
_NAMES: Final = ("Name", "Identifier")
_CLUSTER: Final = "AWS::RDS::DBCluster"
_INSTANCE: Final = "AWS::RDS::DBInstance"
_ACCOUNT: Final = "AWS::Organizations::Account"


class State:
    """One state: its nodes by stack and by what their holes are called.

    Attributes:
        nodes: Every resource that exists or may exist, in the templates' order.
        stacks: The templates.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.stacks = snapshot.assembly.stacks
        self.is_template = snapshot.assembly.is_template
        self._of_stack: dict[int, dict[str, Node]] = {id(stack): {} for stack in self.stacks}
        self._by_path: dict[str, Node] = {}
        by_path: dict[tuple[str, str], list[StackTemplate]] = {}
        for stack in self.stacks:
            by_path.setdefault((stack.environment, stack.path), []).append(stack)
        transformed: dict[int, Mapping[str, Any]] = {}
        nodes = []
        for resource in snapshot.resolution.resources:
            logical_id = resource.origin.logical_id
            stack = self._home(by_path[resource.origin.environment, resource.origin.stack], logical_id)
            node = _node(resource, stack, _raw(stack, resource, transformed))
            self._of_stack[id(stack)].setdefault(logical_id, node)
            self._by_path.setdefault(f"{stack.path}/{logical_id}", node)
            nodes.append(node)
        self.nodes = tuple(nodes)
        self.node_called = lru_cache(maxsize=None)(self._node_called)

    def _home(self, stacks: list[StackTemplate], logical_id: str) -> StackTemplate:
        """Of stacks with the same path, that which has the resource and not yet its node."""
        free = [stack for stack in stacks if logical_id in stack.resources and logical_id not in self._of_stack[id(stack)]]
        return (free or stacks)[0]

    def of(self, stack: StackTemplate) -> Mapping[str, Node]:
        """The nodes of a stack by logical id."""
        return self._of_stack[id(stack)]

    def _node_called(self, identity: str) -> Node | None:
        """The resource that a hole belongs to (`Prod/Lake/Key`, `Prod/Lake/Key.Arn`, `Prod/Lake/Key id`); None for other holes."""
        return next((self._by_path[path] for path in owners(identity) if path in self._by_path), None)


def owners(identity: str) -> Iterator[str]:
    """What the resource that a hole belongs to may be called: the hole's identity, or its start before an attribute's name."""
    yield identity
    yield from (identity[:place] for place, sign in enumerate(identity) if sign in ". ")


def named_by(type_name: str) -> tuple[str, ...]:
    """The properties that may give a resource of the type its name, the first that is there counts."""
    kind = KINDS.get(type_name)
    if kind is not None:
        return tuple(kind.name.split("|")) if kind.name else ()
    known = facts(type_name)
    if known is None or len(known.identifier) != 1 or known.identifier[0] in known.read_only:
        return ()
    path = ".".join(known.identifier[0])
    return (path,) if path.endswith(_NAMES) else ()  # others identify by what they belong to, such as a bucket's policy


def at_path(value: Any, path: Iterable[str]) -> Any:
    """What is at a path of nested objects; None where there is nothing."""
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def _raw(stack: StackTemplate, resource: Resource, transformed: dict[int, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The resource as written; what a transform or a loop makes stands as resolved."""
    logical_id = resource.origin.logical_id
    found = stack.resources.get(logical_id)
    if not isinstance(found, dict) or found.get("Type") != resource.type:
        if id(stack) not in transformed:
            made = expanded(stack.bare)[0].get("Resources")
            transformed[id(stack)] = made if isinstance(made, dict) else {}
        found = transformed[id(stack)].get(logical_id)
    return found if isinstance(found, dict) else {"Type": resource.type, "Properties": resource.properties}


def _node(resource: Resource, stack: StackTemplate, raw: Mapping[str, Any]) -> Node:
    default = _default_policy(resource)
    deletion = raw.get("DeletionPolicy")
    replacement = raw.get("UpdateReplacePolicy")
    if not isinstance(deletion, str):
        deletion = "Retain" if resource.retained else default if deletion is None else DELETE
    return Node(
        resource=resource,
        stack=stack,
        raw=raw,
        name=_name(resource),
        deletion_policy=deletion,
        replace_policy=replacement if isinstance(replacement, str) else DELETE,
    )


def _default_policy(resource: Resource) -> str:
    """What happens to a resource that goes and states no DeletionPolicy.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html; an account of an organisation
    is kept: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-organizations-account.html
    """
    if resource.type == _ACCOUNT:
        return "Retain"
    if resource.type == _CLUSTER or (resource.type == _INSTANCE and "DBClusterIdentifier" not in resource.properties):
        return SNAPSHOT
    return DELETE


def _name(resource: Resource) -> str:
    for path in named_by(resource.type):
        found = at_path(resource.properties, path.split("."))
        if found is not None:
            return found if isinstance(found, str) else ""
    return ""
