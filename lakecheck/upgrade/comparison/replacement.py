"""Which changes replace a resource, directly and by following what is replaced, and what becomes of what is let go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.comparison.conditions import UPDATE_POLICY, conditional
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.model import Deletion, Fate, Node, PropertyChange, Replaces, ResourceChange
from lakecheck.values import Unknown, generated_holes, has_hole, holes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.upgrade.comparison.differences import Difference
    from lakecheck.upgrade.comparison.nodes import State
    from lakecheck.upgrade.comparison.pairing import StackPair
    from lakecheck.upgrade.comparison.schemas import Facts, Path

_KEPT: Final = ("Retain", "RetainExceptOnCreate")
_CUSTOM: Final = ("Custom::", "AWS::CloudFormation::CustomResource")


@dataclass(slots=True)
class Draft:
    """A change while it is worked out; fields as in `ResourceChange`."""

    was: Node | None
    now: Node | None
    fate: Fate
    properties: list[PropertyChange] = field(default_factory=list)
    deletion: Deletion = Deletion.NOTHING
    because: list[str] = field(default_factory=list)
    is_certain: bool = True

    def change(self) -> ResourceChange:
        """The change as it is found."""
        return ResourceChange(
            fate=self.fate,
            was=self.was,
            now=self.now,
            properties=tuple(self.properties),
            deletion=self.deletion,
            because=tuple(self.because),
            is_certain=self.is_certain,
        )


def replaces(node: Node, difference: Difference) -> tuple[Replaces, str]:
    """Whether a difference of a property replaces its resource, and why."""
    kind = node.resource.type
    known = facts(kind)
    if kind.startswith(_CUSTOM):
        return Replaces.NO, ""  # whether a custom resource is another one is for its handler to say
    if known is None:
        return Replaces.PERHAPS, f"no schema of {kind} is known"
    found = known.replaces(difference.path, difference.was, difference.now)
    if found is Replaces.NO:
        return found, ""
    path = ".".join(difference.path)
    if found is Replaces.PERHAPS:
        return _perhaps(node, difference, path, known)
    if not difference.surely:
        return Replaces.PERHAPS, f"{path} is create-only in the schema of {kind}, and whether its value changes is not known"
    return found, f"{path} is create-only in the schema of {kind}"


def _perhaps(node: Node, difference: Difference, path: str, known: Facts) -> tuple[Replaces, str]:
    kind = node.resource.type
    beside = {**node.resource.properties, UPDATE_POLICY: node.raw.get("UpdatePolicy")}
    found = conditional(kind, path, difference.was, difference.now, beside)
    if found is Replaces.YES and difference.surely:
        return found, f"such a change of {path} replaces {kind}"
    if found is Replaces.NO and difference.surely:
        return found, ""
    if known.is_disputed(difference.path, difference.was, difference.now):
        return Replaces.PERHAPS, f"the page of {kind} says that a change of {path} replaces it, its schema does not"
    return Replaces.PERHAPS, f"the schema of {kind} says that a change of {path} may replace it"


def deletion_of(was: Node) -> Deletion:
    """What becomes of a resource that is removed: BASE's DeletionPolicy counts, as HEAD's template says nothing of it any more.

    `RetainExceptOnCreate` deletes only what a failed creation has made.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    if was.deletion_policy in _KEPT:
        return Deletion.RETAINED
    return Deletion.SNAPSHOT if was.deletion_policy == "Snapshot" else Deletion.DELETED


def replacement_deletion(was: Node, now: Node) -> Deletion:
    """What becomes of the old one of a replaced resource.

    No page says whether the old or the new template's UpdateReplacePolicy counts when both change at once: the less safe one is taken.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
    """
    policies = {was.replace_policy, now.replace_policy}
    if policies <= set(_KEPT):
        return Deletion.RETAINED
    return Deletion.SNAPSHOT if policies <= {*_KEPT, "Snapshot"} else Deletion.DELETED


def follow_replacements(drafts: list[Draft], base: State, head: State, pairs: Sequence[StackPair]) -> None:
    """Says of each draft whether its resource is replaced, and adds those that follow what is replaced."""
    todo = [draft for draft in drafts if (draft.fate is Fate.UPDATED and _settle(draft)) or draft.fate is Fate.TYPE_CHANGED]
    if not todo:
        return
    of_node: dict[int, Draft] = {id(draft.now): draft for draft in drafts if draft.now is not None}
    was_of = _counterparts(base, head, pairs)
    followers = _followers(head)
    while todo:
        cause = todo.pop(0)
        if cause.now is None:
            continue
        for node, path, value, is_generated in followers.get(id(cause.now), ()):
            was = was_of.get(id(node))
            if was is None or node is cause.now:
                continue
            if id(node) not in of_node:
                of_node[id(node)] = Draft(was=was, now=node, fate=Fate.UPDATED)
                drafts.append(of_node[id(node)])
            draft = of_node[id(node)]
            if draft.fate not in _FOLLOWS:
                continue
            if _follow(draft, cause, path, value, is_generated=is_generated):
                todo.append(draft)


_FOLLOWS: Final = (Fate.UPDATED, Fate.PERHAPS_REPLACED, Fate.REPLACED)


def _settle(draft: Draft) -> bool:
    """Sets the fate of an updated resource by its properties; whether that replaces it."""
    kinds = {each.replaces for each in draft.properties}
    if Replaces.YES in kinds:
        draft.fate = Fate.REPLACED
    elif Replaces.PERHAPS in kinds:
        draft.fate = Fate.PERHAPS_REPLACED
    else:
        return False
    draft.because += [each.because for each in draft.properties if each.because and each.because not in draft.because]
    if draft.was is not None and draft.now is not None:
        draft.deletion = replacement_deletion(draft.was, draft.now)
    return True


def _follow(draft: Draft, cause: Draft, path: Path, value: Any, *, is_generated: bool) -> bool:
    """Notes that a property follows a replaced resource; whether that changes what becomes of the draft's resource."""
    if draft.now is None or cause.now is None:
        return False
    dotted = ".".join(path)
    if any(each.path == dotted for each in draft.properties):
        return False
    known = facts(draft.now.resource.type)
    kind = Replaces.NO if known is None else known.replaces(path, value, _Other())
    surely = is_generated and cause.fate is not Fate.PERHAPS_REPLACED
    if kind is Replaces.YES and not surely:
        kind = Replaces.PERHAPS
    verb = "may be replaced" if cause.fate is Fate.PERHAPS_REPLACED else "is replaced"
    because = f"{dotted} follows {_label(cause.now)}, which {verb}"
    draft.properties.append(PropertyChange(path=dotted, was=value, now=value, replaces=kind, because=because))
    fate = {Replaces.YES: Fate.REPLACED, Replaces.PERHAPS: Fate.PERHAPS_REPLACED}.get(kind, Fate.UPDATED)
    if _FOLLOWS.index(fate) <= _FOLLOWS.index(draft.fate):
        return False
    draft.fate = fate
    draft.because = [*cause.because, because] if kind is not Replaces.NO else draft.because
    if draft.was is not None:
        draft.deletion = replacement_deletion(draft.was, draft.now)
    return True


class _Other:
    """A value that no other equals."""


def _label(node: Node) -> str:
    origin = node.resource.origin
    return origin.construct_path or f"{origin.stack}/{origin.logical_id}"


def _counterparts(base: State, head: State, pairs: Sequence[StackPair]) -> dict[int, Node]:
    """BASE's node of each of HEAD's."""
    found = {}
    for one, other in pairs:
        if one is not None and other is not None:
            was = base.of(one)
            found.update({id(node): was[logical_id] for logical_id, node in head.of(other).items() if logical_id in was})
    return found


def _followers(head: State) -> dict[int, list[tuple[Node, Path, Any, bool]]]:
    """By node, which properties of which others hold something that CloudFormation or AWS makes up for it."""
    found: dict[int, list[tuple[Node, Path, Any, bool]]] = {}
    for node in head.nodes:
        for path, text in _open_texts(dict(node.resource.properties), ()):
            generated = set(generated_holes(text))
            for identity in dict.fromkeys(holes(text)):
                owner = head.node_called(identity)
                if owner is not None:
                    found.setdefault(id(owner), []).append((node, path, text, identity in generated))
    return found


def _open_texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text with a hole in a value, with its path."""
    if isinstance(value, str):
        if has_hole(value):
            yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _open_texts(each, (*path, str(key)))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _open_texts(each, (*path, str(number)))
    elif isinstance(value, Unknown) and has_hole(value.reason):
        yield path, value.reason
