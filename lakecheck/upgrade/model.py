"""The typed form of a change of an app: what becomes of each resource, and what is at risk. Nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


class Category(StrEnum):
    """What a change endangers; all but the last two fail a review unless approved."""

    DATA_LOSS = "data_loss"
    """Data is deleted or becomes unreadable, now or sooner than before, or what protects it from that goes."""
    LOST_ACCESS = "lost_access"
    """A Lake Formation grant, LF-Tag or registered location is gone that somebody relies on."""
    COLLISION = "collision"
    """The deployment fails, or undoes itself, because two resources are or claim the same thing."""
    SECURITY_WEAKENED = "security_weakened"
    """Something is more open, or less watched, than before."""
    IDENTITY = "identity"
    """A name changes that something outside of the template may know: logical id, physical name, export, service token."""
    HARMLESS = "harmless"


class Fate(StrEnum):
    """What becomes of a resource when HEAD is deployed."""

    ADDED = "added"
    REMOVED = "removed"
    """It is in HEAD's template no more, or its condition is false there; `ResourceChange.deletion` says what that does."""
    REPLACED = "replaced"
    """A new one is made first, then the old one is deleted, or kept, as `deletion` says."""
    PERHAPS_REPLACED = "perhaps_replaced"
    UPDATED = "updated"
    MOVED = "moved"
    """Removed from one stack and added to another of the same account and Region: the same content under the same or another logical id."""
    RENAMED = "renamed"
    """Removed and added in one stack with the same content under another logical id."""
    TYPE_CHANGED = "type_changed"
    """The same logical id with another type, which CloudFormation refuses."""
    LEFT_BEHIND = "left_behind"
    """Its whole stack is in HEAD no more: it stays deployed, and nobody owns it, until somebody deletes the stack."""


class Deletion(StrEnum):
    """What CloudFormation does with what it has no use for any more (DeletionPolicy, UpdateReplacePolicy)."""

    DELETED = "deleted"
    RETAINED = "retained"
    SNAPSHOT = "snapshot"
    NOTHING = "nothing"
    """Nothing is let go: an update, an addition."""


class Replaces(StrEnum):
    """Whether a property's change replaces its resource."""

    NO = "no"
    PERHAPS = "perhaps"
    YES = "yes"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Node:
    """One resource in one state.

    Attributes:
        resource: With everything resolved that can be.
        stack: Its template.
        raw: As the template has it, without metadata.
        name: Its physical name where the template fixes one; empty when CloudFormation makes one up or the type has none.
        deletion_policy: `Delete`, `Retain`, `RetainExceptOnCreate` or `Snapshot`, the type's default when not stated.
        replace_policy: `UpdateReplacePolicy` in the same way.
    """

    resource: Resource
    stack: StackTemplate
    raw: Mapping[str, Any] = field(repr=False)
    name: str = ""
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class PropertyChange:
    """One property that differs.

    Attributes:
        path: With dots between the levels, from the resource's properties: `TableInput.Name`, `Rules.0.Status`; an attribute beside
            the properties starts with `^.`: `^.DeletionPolicy`. The item of a list has its place in HEAD, in BASE when it is gone.
        was: The resolved value in BASE; None when it was not there.
        now: The resolved value in HEAD; None when it is not there.
        replaces: Whether it replaces the resource.
        because: Why: the provider's schema says so, or the value follows a resource that is replaced; empty when it does not.
    """

    path: str
    was: Any
    now: Any
    replaces: Replaces = Replaces.NO
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ResourceChange:
    """What becomes of one resource; resources that nothing happens to have none.

    Attributes:
        fate: What becomes of it.
        was: In BASE; None for an added one.
        now: In HEAD; None for one that is removed or left behind.
        properties: The smallest parts that differ, by path.
        deletion: What happens to the old one.
        because: The chain that leads here, outermost cause first, a line each.
        is_certain: False where a condition without a known value decides whether it is there; one that may be removed still has its
            `now`.
    """

    fate: Fate
    was: Node | None
    now: Node | None
    properties: tuple[PropertyChange, ...] = ()
    deletion: Deletion = Deletion.NOTHING
    because: tuple[str, ...] = ()
    is_certain: bool = True

    @property
    def node(self) -> Node:
        """The resource as it is to be, or was."""
        found = self.now if self.now is not None else self.was
        if found is None:
            msg = "a change has something that was or is"
            raise ValueError(msg)
        return found

    @property
    def type(self) -> str:
        """Its type, that of HEAD where it is there."""
        return self.node.resource.type


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Comparison:
    """Everything that differs between two states.

    Attributes:
        base: What is deployed.
        head: What is to be.
        stacks: Pairs of templates that are the same stack; None where one state has it not.
        changes: In BASE's order, then what HEAD adds.
        not_known: What could not be compared, for people.
        base_nodes: Every resource of BASE, also those that nothing happens to.
        head_nodes: Every resource of HEAD.
    """

    base: Snapshot
    head: Snapshot
    stacks: tuple[tuple[StackTemplate | None, StackTemplate | None], ...] = ()
    changes: tuple[ResourceChange, ...] = ()
    not_known: tuple[str, ...] = ()
    base_nodes: tuple[Node, ...] = ()
    head_nodes: tuple[Node, ...] = ()

    @property
    def renamed(self) -> dict[str, StackTemplate]:
        """By its path in BASE each stack that HEAD calls otherwise, as two template files are called after themselves."""
        return {was.path: now for was, now in self.stacks if was is not None and now is not None and was.path != now.path}

    def base_under_names_of_head(self) -> Snapshot:
        """BASE with its stacks called as in HEAD, so that what is only known by a stack's name is the same in both.

        Where nothing differs it is HEAD itself, so that nobody asks twice who reaches what.
        """
        renamed = self.renamed
        if renamed:
            return self.base.named_like(renamed)
        return self.head if self.base.is_same_as(self.head) else self.base


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """One thing that a change endangers.

    Attributes:
        category: What kind of danger.
        rule: Category and kind: `data_loss.replaced`. Stable; approvals name it.
        environment: The Stage.
        stack: Construct path of the stack, HEAD's where it is there.
        logical_id: The resource; empty when it is about a stack.
        type: The resource's type.
        property: The property at issue; empty when it is the resource as a whole.
        was: What it was, for people; empty when that says nothing.
        now: What it is to be.
        message: What changes; lower case at the start, no period at the end.
        consequence: What happens to the data, the access or the deployment; a sentence.
        remedy: How to do it safely; sentences.
        because: The chain or the reasons behind it, a line each.
        construct_path: The construct, where known.
        source: `file:line`, where known.
        is_certain: False for what depends on what no template tells.
    """

    category: Category
    rule: str
    environment: str
    stack: str
    logical_id: str
    type: str
    message: str
    consequence: str
    remedy: str
    property: str = ""
    was: str = ""
    now: str = ""
    because: tuple[str, ...] = ()
    construct_path: str = ""
    source: str = ""
    is_certain: bool = True

    def says(self) -> str:
        """The message, after the resource where it does not name it: `S3 Bucket Raw: versioning: Suspended instead of Enabled`."""
        kind = self.type.removeprefix("AWS::").replace("::", " ")
        names_itself = self.category in (Category.LOST_ACCESS, Category.HARMLESS) or self.message.startswith(f"{kind} ")
        return self.message if not self.logical_id or names_itself else f"{kind} {self.logical_id}: {self.message}".lstrip()
