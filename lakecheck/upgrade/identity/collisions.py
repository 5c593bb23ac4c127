"""Names what a deployment fails on, or undoes itself, because two resources are or claim the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import FALSE, TRUE, all_of
from lakecheck.upgrade.comparison.names import Names
from lakecheck.upgrade.comparison.nodes import owners
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.data.stateful import holding
from lakecheck.upgrade.identity.claims import Claim, claim, claimed_by, takes_over
from lakecheck.upgrade.identity.exports import exports_in_use
from lakecheck.upgrade.model import Deletion, Fate, Replaces
from lakecheck.upgrade.reading import MISSING, canonical, said, tell
from lakecheck.values import Unknown, has_hole, shown, with_holes_called

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.upgrade.model import Comparison, Node, ResourceChange, Risk

RULES: Final[Mapping[str, str]] = {
    "collision.replaced_under_its_name": "A resource has to be replaced and keeps its fixed name, which CloudFormation refuses.",
    "collision.name_taken": "A new resource has the fixed name or identity of one that is deleted only after it is made.",
    "collision.name_kept": "A new resource has the fixed name or identity of one that stays behind.",
    "collision.undone_by_removal": "A new resource does what an old one did, whose removal comes later and takes it away.",
    "collision.claimed_twice": "Two resources have the same fixed name or identity in one account and Region.",
    "collision.type_changed": "A logical id has another type, which CloudFormation refuses.",
    "collision.update_refused": "A property changes that cannot be changed, and for which nothing is replaced either: the update fails.",
    "collision.service_token": "A custom resource has another service token, which CloudFormation refuses.",
    "collision.export_removed": "An export is removed that another stack imports.",
    "collision.export_changed": "The value of an export changes that another stack imports.",
}

_FIXED: Final[Mapping[str, Mapping[str, Any]]] = {
    # "the update request fails, regardless of the value of the UpdateReplacePolicy attribute"
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
    "AWS::KMS::Key": {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": False},
}
"""Properties of what is neither updated nor replaced for them, with what they are when left out."""

_CUSTOM: Final = ("Custom::", "AWS::CloudFormation::CustomResource")
_REPLACED: Final = (Fate.REPLACED, Fate.PERHAPS_REPLACED)
_NEW: Final = (Fate.ADDED, Fate.RENAMED, Fate.MOVED, *_REPLACED)
_REFACTOR: Final = "Move it without making it anew: `cdk refactor`, or a stack refactoring of CloudFormation."
_KEEP_ID: Final = "Or keep the logical id with `override_logical_id`."
_TWO_STEPS: Final = "Or deploy twice: first remove the old one alone, then add the new one; in between there is none."
_IMPORT: Final = (
    "Import the one that is there (`cdk import`, or a change set of type IMPORT) instead of making another, or give the new one another"
    " name."
)


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Everything that collides, in the changes' order, exports after them."""
    claims = _Claims(comparison)
    for change in comparison.changes:
        if change.fate is Fate.TYPE_CHANGED:
            yield _type_changed(change)
        elif change.fate in _REPLACED and claims.keeps(change):
            yield _replaced_under_its_name(change)
        elif change.fate in _NEW:
            yield from claims.taken(change)
        if change.type in _FIXED and change.now is not None and change.fate in (Fate.UPDATED, *_REPLACED):
            yield from _update_refused(change)
        if change.type.startswith(_CUSTOM) and change.fate is Fate.UPDATED:
            yield from _service_token(change)
    yield from exports_in_use(comparison)


def refused(comparison: Comparison) -> frozenset[int]:
    """The ids of changes that cannot come about: the deployment fails on them, and what they would delete or leave behind stays as it is.

    Args:
        comparison: What changes.
    """
    claims = _Claims(comparison)
    return frozenset(id(change) for change in comparison.changes if change.is_certain and claims.refuses(change))


# --- one resource ----------------------------------------------------------------------------------------------------------------------


def _type_changed(change: ResourceChange) -> Risk:
    was = change.was.resource.type if change.was is not None else ""
    return tell(
        change,
        "collision.type_changed",
        f"logical id {change.node.resource.origin.logical_id} changes its type from {was} to {change.type}",
        consequence="CloudFormation refuses an update that changes the type of a resource, and the stack stays as it is."
        + _at_stake(change, "Under another logical id"),
        remedy="Give the new resource another logical id (another construct id); the old one is then removed as its DeletionPolicy says.",
        was=was,
        now=change.type,
    )


def _replaced_under_its_name(change: ResourceChange) -> Risk:
    certain = change.fate is Fate.REPLACED
    name = change.node.name
    found = claim(change.node)
    kept = f"its name {shown(name)!r}" if name or found is None else found.label
    return tell(
        change,
        "collision.replaced_under_its_name",
        f"it {'has' if certain else 'may have'} to be replaced and keeps {kept}",
        consequence="CloudFormation makes the new one before it deletes the old one, so it does not replace a resource with a custom name:"
        f" the update fails and is rolled back, and the old one stays with what is in it.{_at_stake(change, 'With another name')}",
        remedy=f"Leave the create-only properties as they are; or change its name ({' or '.join(sorted(claimed_by(change.type)))}) as well,"
        " after what is in it was brought elsewhere. The name can be changed back in a second deployment.",
        because=change.because,
        is_certain=certain,
    )


def _at_stake(change: ResourceChange, way_out: str) -> str:
    """What would become of what a resource holds, were the collision got past; empty when it holds nothing."""
    held = None if change.was is None else holding(change.was.resource.type, change.was.resource.properties)
    if held is None or change.deletion is Deletion.NOTHING:
        return ""
    end = "this is lost" if change.deletion is Deletion.DELETED else "the new one is without this"
    return f" {way_out} it would go through, and {end}: {held.what}."


def _update_refused(change: ResourceChange) -> Iterator[Risk]:
    for each in change.properties:
        default = _FIXED[change.type].get(each.path, MISSING)
        was, now = (default if value is None else value for value in (each.was, each.now))
        if default is MISSING or canonical(was) == canonical(now):
            continue
        yield tell(
            change,
            "collision.update_refused",
            f"{each.path} is {said(now)} instead of {said(was)}, which cannot be changed",
            consequence="AWS refuses the update whatever the UpdateReplacePolicy says, and it is rolled back; the resource stays as it is.",
            remedy=f"Leave {each.path} as it is; or make a second resource beside it, and move what uses this one before it is removed.",
            at=each.path,
            was=was,
            now=now,
            is_certain=not any(isinstance(value, Unknown) or (isinstance(value, str) and has_hole(value)) for value in (was, now)),
        )


def _service_token(change: ResourceChange) -> Iterator[Risk]:
    for each in change.properties:
        if each.path == "ServiceToken":
            yield tell(
                change,
                "collision.service_token",
                "its service token changes",
                consequence='CloudFormation refuses it ("Modifying service token is not allowed"), and the whole update is rolled back.',
                remedy="Keep the function under its logical id and name; or give the custom resource another logical id, so that the old"
                " one's handler gets a Delete and the new one's a Create: read first what that Delete takes away.",
                at="ServiceToken",
                was=each.was,
                now=each.now,
                because=(each.because,) if each.because else (),
                is_certain=not each.because or "may be" not in each.because,
            )


# --- two resources ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who has a claim in BASE, and what becomes of it."""

    node: Node
    change: ResourceChange | None


class _Claims:
    """Who claims what in both states."""

    def __init__(self, comparison: Comparison) -> None:
        names = Names(comparison.stacks)
        self._called = (lambda text: with_holes_called(text, names.in_head)) if not names.same else None
        self._pairs = {id(one): id(other) for one, other in comparison.stacks if one is not None and other is not None}
        self._is_new = any(change.fate in _NEW for change in comparison.changes)
        self._base: dict[Claim, list[_Holder]] = {}
        self._head: dict[Claim, list[Node]] = {}
        self._told: set[frozenset[int]] = set()
        self._anew = {_path(change.now) for change in comparison.changes if change.now is not None and change.fate is Fate.REPLACED}
        if not self._is_new:
            return
        of_was = {id(change.was): change for change in comparison.changes if change.was is not None}
        for node in comparison.base_nodes:
            found = claim(node, self._called)
            if found is not None:
                self._base.setdefault(found, []).append(_Holder(node, of_was.get(id(node))))
        for node in comparison.head_nodes:
            found = claim(node)
            if found is not None:
                self._head.setdefault(found, []).append(node)

    def keeps(self, change: ResourceChange) -> bool:
        """Whether a replaced resource claims what it claimed before, so that both would have to be there at once."""
        if change.was is None or change.now is None:
            return False
        known = facts(change.type)
        if known is None or known.deletes_first:
            return False
        one, other = claim(change.was, self._called), claim(change.now)
        if one is None or one != other:
            return False
        paths = claimed_by(change.type)
        return not any(
            _within(each.path, paths) and (each.replaces is not Replaces.NO or each.because) and each.was == each.now
            for each in change.properties
        )

    def _of_another(self, found: Claim) -> bool:
        """Whether a claim is about something that is made anew, so that what is called the same in BASE is another one."""
        return any(path in self._anew for identity in found.holes for path in owners(identity))

    def refuses(self, change: ResourceChange) -> bool:
        """Whether a change surely fails: another type, or a name that is still taken when the new one is made."""
        if change.fate is Fate.TYPE_CHANGED:
            return True
        if change.fate in _REPLACED:
            return self.keeps(change)
        if change.fate not in (Fate.RENAMED, Fate.MOVED) or change.was is None or change.now is None or takes_over(change.type):
            return False
        one = claim(change.was, self._called)
        if one is None or one != claim(change.now) or self._of_another(one):
            return False
        return change.deletion is Deletion.RETAINED or self._in_one_stack(change.was, change.now)

    def _in_one_stack(self, was: Node, now: Node | None) -> bool:
        return now is not None and self._pairs.get(id(was.stack)) == id(now.stack)

    def taken(self, change: ResourceChange) -> Iterator[Risk]:
        """What a new resource claims and another one has."""
        if change.now is None:
            return
        found = claim(change.now)
        if found is None:
            return
        for holder in () if self._of_another(found) else self._base.get(found, ()):
            gone = holder.change
            if gone is None or (gone.now is not None and gone.fate in (Fate.UPDATED, *_REPLACED) and self._still(gone, found)):
                continue  # it is in HEAD as well
            yield self._against(change, found, holder.node, gone)
        for other in self._head[found]:
            if other is not change.now and _may_both_be(other, change.now) and frozenset((id(other), id(change.now))) not in self._told:
                self._told.add(frozenset((id(other), id(change.now))))
                yield _twice(change, found, other)
                break  # a third one is told against the next

    def _still(self, change: ResourceChange, found: Claim) -> bool:
        return change.now is not None and claim(change.now) == found

    def _against(self, change: ResourceChange, found: Claim, holder: Node, gone: ResourceChange) -> Risk:
        because = (f"{_where(holder)} has it in BASE and {_FATES.get(gone.fate, 'lets it go')}",)
        if gone.fate is Fate.LEFT_BEHIND or gone.deletion is Deletion.RETAINED:
            return tell(
                change,
                "collision.name_kept",
                f"it claims {found.label}, which the old {_where(holder)} keeps: it is not deleted",
                consequence="The old one is not deleted, so making the new one fails with AlreadyExists, and the update is rolled back."
                + (_at_stake(change, "With another name") if holder is change.was else ""),
                remedy=_IMPORT,
                because=because,
            )
        if takes_over(change.type):
            return tell(
                change,
                "collision.undone_by_removal",
                f"it takes over {found.label}, and the removal of {_where(holder)} comes after it",
                consequence="The new one is made while the old one is still there; the old one's deletion then takes away what the new one"
                " has just set, and no error says so.",
                remedy="Keep the old one under its logical id; or deploy three times: set the old one's DeletionPolicy to Retain, then"
                " remove it, then add the new one.",
                because=because,
            )
        same_stack = self._in_one_stack(holder, change.now)
        stake = _at_stake(change, "With another name") if same_stack and holder is change.was else ""
        order = (
            "New resources are made before old ones are deleted"
            if same_stack
            else "Unless the other stack is deployed first, the old one is still there when the new one is made"
        )
        refactor = f"{_REFACTOR} {_KEEP_ID}" if holder.resource.type == change.type else "Give the new one another name."
        return tell(
            change,
            "collision.name_taken",
            f"it claims {found.label}, which {_where(holder)} still has at that time",
            consequence=f"{order}: the creation fails with AlreadyExists, and the update is rolled back.{stake}",
            remedy=f"{refactor} {_TWO_STEPS}",
            because=because,
        )


_FATES: Final = {
    Fate.REMOVED: "is removed",
    Fate.RENAMED: "gets another logical id",
    Fate.MOVED: "moves to another stack",
    Fate.LEFT_BEHIND: "stays behind with its stack",
    Fate.REPLACED: "is replaced by one with another name",
    Fate.PERHAPS_REPLACED: "may be replaced by one with another name",
    Fate.TYPE_CHANGED: "changes its type",
}


def _may_both_be(one: Node, other: Node) -> bool:
    """Whether both can be there: a condition and its opposite choose one of them."""
    return all_of([one.resource.origin.exists, other.resource.origin.exists]) != FALSE


def _twice(change: ResourceChange, found: Claim, other: Node) -> Risk:
    origins = (change.node.resource.origin, other.resource.origin)
    return tell(
        change,
        "collision.claimed_twice",
        f"it claims {found.label}, and so does {_where(other)}",
        consequence="The second one to be made writes over the first one, and removing either takes both away."
        if takes_over(change.type)
        else "Only one of them can be made: the other creation fails with AlreadyExists, and its update is rolled back.",
        remedy="Make it once and refer to it from the other place, or give one of them another name.",
        is_certain=all(origin.exists == TRUE for origin in origins),
    )


def _within(path: str, paths: Iterable[str]) -> bool:
    """Whether a property is one of these, or a part of one."""
    return any(path == each or path.startswith(f"{each}.") for each in paths)


def _path(node: Node) -> str:
    return f"{node.stack.path}/{node.resource.origin.logical_id}"


def _where(node: Node) -> str:
    origin = node.resource.origin
    return origin.construct_path or f"{origin.stack}/{origin.logical_id}"
