"""Names what a change deletes, starts anew or leaves to nobody of what holds something, and the protections from that that go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.data.stateful import EMPTIES, HANDLERS, STATEFUL, holding
from lakecheck.upgrade.identity.collisions import refused
from lakecheck.upgrade.lake_formation.letting_go import is_let_go
from lakecheck.upgrade.model import Category, Deletion, Fate, Replaces, Risk
from lakecheck.upgrade.reading import at, canonical, flag, said, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.data.stateful import Holding
    from lakecheck.upgrade.model import Comparison, Node, ResourceChange

RULES: Final[Mapping[str, str]] = {
    "data_loss.deleted": "A resource that holds data is deleted.",
    "data_loss.replaced": "A resource that holds data is replaced by a new one, and the old one is deleted.",
    "data_loss.moved": "A resource that holds data moves to another stack or logical id, and the old one is deleted.",
    "data_loss.starts_empty": "A resource that holds data is replaced by a new one that has none of it; the old one is kept aside.",
    "data_loss.left_behind": "The stack of a resource that holds data is not in the app any more, and deleting the stack deletes it.",
    "data_loss.policy_weakened": "The DeletionPolicy or UpdateReplacePolicy of a resource that holds data keeps less than before.",
    "data_loss.termination_protection": "A stack with resources that hold data is not protected from deletion any more.",
    "data_loss.emptied_on_delete": "Deleting a resource that is there already is to delete everything in it, too.",
    "data_loss.handler": "The code behind a custom or third-party resource runs its deletion, whose effect no template tells.",
    "identity.orphaned": "A resource that holds data is kept, and belongs to no stack any more.",
}

_GONE: Final = frozenset({Fate.REMOVED, Fate.LEFT_BEHIND})
_ANEW: Final = frozenset({Fate.REPLACED, Fate.PERHAPS_REPLACED, Fate.MOVED, Fate.RENAMED})
_DELETES: Final = {
    Fate.REMOVED: "data_loss.deleted",
    Fate.LEFT_BEHIND: "data_loss.left_behind",
    Fate.REPLACED: "data_loss.replaced",
    Fate.PERHAPS_REPLACED: "data_loss.replaced",
    Fate.MOVED: "data_loss.moved",
    Fate.RENAMED: "data_loss.moved",
}
_WORDS: Final = {
    Fate.REMOVED: "is removed",
    Fate.LEFT_BEHIND: "stays behind with its stack, which the app has no more",
    Fate.REPLACED: "is replaced",
    Fate.PERHAPS_REPLACED: "may be replaced",
    Fate.MOVED: "moves to another stack",
    Fate.RENAMED: "gets another logical id",
}
_KEEPS: Final = {"Retain": 2, "RetainExceptOnCreate": 2, "Snapshot": 1, "Delete": 0}
_RETAIN: Final = "Set DeletionPolicy and UpdateReplacePolicy to Retain (CDK: RemovalPolicy.RETAIN) and deploy that first"
_IMPORT: Final = "It can be brought back into a stack by resource import (`cdk import`)."
_RESTORE: Final = "Restore a new one from the snapshot, or delete it when nobody needs it."
_REFACTOR: Final = "Keep the logical id and the stack, or move it without making it anew by a stack refactoring (`cdk refactor`)."
_READ_CALL: Final = "Read what the call deletes; then approve it, or leave out on_delete and deploy that first."
_DATABASE: Final = "AWS::Glue::Database"
_TABLE: Final = "AWS::Glue::Table"
_WITH_DATABASE: Final = "its database is deleted, and every table in it with it, whatever the table's own DeletionPolicy says"
"""https://docs.aws.amazon.com/glue/latest/webapi/API_DeleteDatabase.html"""
_EMPTYING_TAG: Final = "aws-cdk:auto-delete-"
_THIRD: Final = "AWS::"
_UNSEEN: Final = {
    "AWS::CloudFormation::StackSet": "the stacks that it made in other accounts",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "the resources of the product",
    "AWS::CloudFormation::Stack": "the resources of the nested stack, whose template is not in the assembly",
}


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Every resource that holds data and is deleted, starts anew or is left to nobody, and every protection from that that goes.

    What CloudFormation keeps (`Retain`, `Snapshot`) is not lost. Where nothing takes its place it is told as an orphan; where a new one
    does, it counts as data loss all the same: readers and writers follow the template to the new one and find nothing. What CloudFormation
    refuses loses nothing; that is told as a collision, with what is at stake.
    """
    impossible = refused(comparison)
    emptied = _emptied(comparison.base)
    databases = frozenset(_database(change.was, "") for change in comparison.changes if _is_dead_database(change, impossible))
    for change in comparison.changes:
        if change.fate in _GONE | _ANEW and change.was is not None and id(change) not in impossible:
            yield from _let_go(change, emptied, databases)
            yield from _handlers(change, comparison.base)
        elif change.fate is Fate.ADDED:
            yield from _emptying(change, comparison)
        if change.fate in (Fate.UPDATED, Fate.PERHAPS_REPLACED):
            yield from _policies(change)
    yield from _unprotected(comparison)


def _is_dead_database(change: ResourceChange, impossible: frozenset[int]) -> bool:
    return change.type == _DATABASE and is_let_go(change) and change.is_certain and id(change) not in impossible


def _database(node: Node | None, name: str) -> tuple[str, str, str]:
    """The account, Region and name of a database, or of the one that a property names."""
    resource = node.resource if node is not None else None
    if resource is None:
        return ("", "", "")
    return resource.account, resource.region, canonical(at(resource.properties, name) if name else resource.ref)


def _let_go(change: ResourceChange, emptied: frozenset[tuple[str, str]], databases: frozenset[tuple[str, str, str]]) -> Iterator[Risk]:
    was = change.was
    if was is None:
        return
    resource = was.resource
    held = holding(resource.type, resource.properties)
    if held is None:
        return
    deletion = _deletion(change)
    if resource.type == _TABLE and deletion is Deletion.RETAINED and _database(was, "DatabaseName") in databases:
        yield _deleted(replace(change, because=(*change.because, _WITH_DATABASE)), held, is_emptied=False)
    elif deletion is Deletion.DELETED:
        yield _deleted(change, held, is_emptied=(resource.type, canonical(resource.ref)) in emptied or _is_tagged(resource))
    elif deletion is not Deletion.NOTHING:
        yield _kept(change, held, deletion) if change.fate in _ANEW else _orphaned(change, held, deletion)


def _deletion(change: ResourceChange) -> Deletion:
    """What happens to the old one; of one that stays behind, what happens when its stack is deleted."""
    if change.deletion is not Deletion.NOTHING or change.was is None or change.fate in _ANEW:
        return change.deletion
    policies = {"Delete": Deletion.DELETED, "Snapshot": Deletion.SNAPSHOT}
    return policies.get(change.was.deletion_policy, Deletion.RETAINED)


def _deleted(change: ResourceChange, held: Holding, *, is_emptied: bool) -> Risk:
    notes = [*change.because]
    consequence = f"This is lost: {held.what}."
    if is_emptied:
        consequence = f"{consequence} A custom resource of the stack empties it first, so that nothing stops its deletion."
    elif held.blocked:
        notes.append(held.blocked)
    if held.means:
        consequence = f"{consequence} {held.means}"
    if change.fate is Fate.LEFT_BEHIND:
        notes.append("nothing happens to it before somebody deletes the stack")
        consequence = f"When the stack is deleted: {consequence[0].lower()}{consequence[1:]}"
    uncertain = (Fate.PERHAPS_REPLACED, Fate.LEFT_BEHIND)
    return tell(
        change,
        _DELETES[change.fate],
        f"{_it(change)} {_happens(change)}, and the old one is deleted"
        if change.fate in _ANEW
        else f"{_it(change)} {_happens(change)}, and nothing keeps it",
        consequence=consequence,
        remedy=_remedy(change, held),
        at=_cause(change),
        because=tuple(notes),
        is_certain=held.is_certain and change.fate not in uncertain,
    )


def _remedy(change: ResourceChange, held: Holding) -> str:
    if _WITH_DATABASE in change.because:
        return "Keep the database, or have it kept too: DeletionPolicy and UpdateReplacePolicy Retain, deployed first."
    if change.fate in (Fate.MOVED, Fate.RENAMED):
        return f"{_REFACTOR} {_RETAIN}, if it cannot be helped; then the old one can be imported under its new id."
    if change.fate in _ANEW:
        cause = _cause(change)
        undo = f"Leave {cause} as it is. " if cause else ""
        return f"{undo}{_RETAIN}, if it has to change. {held.copy}"
    kept = " or Snapshot, which leaves a last snapshot" if held.snapshots else ""
    return f"{_RETAIN}{kept}; then remove it. What is to be deleted on purpose has to be approved."


def _kept(change: ResourceChange, held: Holding, deletion: Deletion) -> Risk:
    kept = "a last snapshot is taken of the old one, which is deleted" if deletion is Deletion.SNAPSHOT else "the old one is kept aside"
    found = held.anew or f"The new one starts without this: {held.what}. Readers find nothing, and writers write to the new one."
    return tell(
        change,
        "data_loss.starts_empty",
        f"{_it(change)} {_happens(change)}: {kept}, the new one starts without its content",
        consequence=f"{found} The old one is in no stack any more." if deletion is Deletion.RETAINED else found,
        remedy=f"{_REFACTOR if change.fate in (Fate.MOVED, Fate.RENAMED) else _undo(change)} {held.copy}",
        at=_cause(change),
        because=change.because,
        is_certain=held.is_certain and change.fate is not Fate.PERHAPS_REPLACED,
    )


def _undo(change: ResourceChange) -> str:
    cause = _cause(change)
    return f"Leave {cause} as it is, or make a second resource beside it." if cause else "Make a second resource beside it."


def _orphaned(change: ResourceChange, held: Holding, deletion: Deletion) -> Risk:
    is_snapshot = deletion is Deletion.SNAPSHOT
    left = "a last snapshot of it is taken" if is_snapshot else "it is kept"
    consequence = (
        f"Of {held.what} the snapshot stays, which costs and which nobody looks after."
        if is_snapshot
        else "It stays with its content, costs, and no template changes or watches it any more."
    )
    return tell(
        change,
        "identity.orphaned",
        f"{_it(change)} {_happens(change)}; {left}, and belongs to no stack",
        consequence=consequence,
        remedy="Restore a new one from the snapshot, or delete it when nobody needs it."
        if is_snapshot
        else f"{_IMPORT} Else delete it by hand.",
        because=change.because,
    )


def _happens(change: ResourceChange) -> str:
    return _WORDS[change.fate] if change.is_certain or change.fate is not Fate.REMOVED else "may be removed"


def _it(change: ResourceChange) -> str:
    """What it is, for people: the type without AWS, and its name, or its logical id where it has none."""
    node = change.was if change.was is not None else change.node
    kind = node.resource.type.removeprefix("AWS::").replace("::", " ")
    return f"{kind} {said(node.name) or node.resource.origin.logical_id}"


def _cause(change: ResourceChange) -> str:
    """The first property that replaces it; empty when none does."""
    wanted = {Fate.REPLACED: Replaces.YES, Fate.PERHAPS_REPLACED: Replaces.PERHAPS}.get(change.fate)
    return next((each.path for each in change.properties if each.replaces is wanted), "")


def _policies(change: ResourceChange) -> Iterator[Risk]:
    was, now = change.was, change.now
    if was is None or now is None or holding(now.resource.type, now.resource.properties) is None:
        return
    held = STATEFUL[now.resource.type]
    for name, before, after in (
        ("DeletionPolicy", was.deletion_policy, now.deletion_policy),
        ("UpdateReplacePolicy", was.replace_policy, now.replace_policy),
    ):
        known = _KEEPS.get(before), _KEEPS.get(after)
        if before == after or (known[0] is not None and known[1] is not None and known[1] >= known[0]):
            continue
        when = "it is removed or its stack is deleted" if name == "DeletionPolicy" else "a later change replaces it"
        yield tell(
            change,
            "data_loss.policy_weakened",
            f"{name} is {after} instead of {before}",
            consequence=f"Nothing happens now; when {when}, this is lost: {held.what}.",
            remedy=f"Keep {name}: {before} (CDK: RemovalPolicy.RETAIN). To remove it on purpose, do so in the change that removes it.",
            at=f"^.{name}",
            was=before,
            now=after,
            is_certain=None not in known,
        )


def _handlers(change: ResourceChange, base: Snapshot) -> Iterator[Risk]:
    """What a custom or third-party resource does when it is deleted."""
    was = change.was
    if was is None or _deletion(change) is not Deletion.DELETED or change.fate in (Fate.PERHAPS_REPLACED, Fate.LEFT_BEHIND):
        return
    resource = was.resource
    handler = HANDLERS.get(resource.type)
    if handler is not None:
        loses = handler.loses if handler.when is None or handler.when(resource.properties) else ""
        if loses:
            yield _handled(change, f"This is lost: {loses}.", handler.remedy, is_certain=True)
        return
    if resource.type == "Custom::AWS":
        call = at(resource.properties, "Delete")
        if call is not None:
            yield _handled(
                change, f"Its deletion makes this call: {said(call)}.", "Read what the call deletes; approve it, or drop it first."
            )
    elif resource.type in _UNSEEN and not (resource.type == "AWS::CloudFormation::Stack" and _has_template(base, resource)):
        yield _handled(change, f"With it go {_UNSEEN[resource.type]}; what they hold is not known.", "Look at them, then approve it.")
    elif not resource.type.startswith(_THIRD) or resource.type == "AWS::CloudFormation::CustomResource":
        yield _handled(
            change,
            "Its handler is called to delete what it made; what that is stands in no template.",
            f"Read what its handler does on Delete, then approve it. {_RETAIN} where the handler is not to be called.",
        )


def _handled(change: ResourceChange, consequence: str, remedy: str, *, is_certain: bool = False) -> Risk:
    return tell(
        change,
        "data_loss.handler",
        f"{_it(change)} {_happens(change)}, and its deletion runs",
        consequence=consequence,
        remedy=remedy,
        because=change.because,
        is_certain=is_certain,
    )


def _has_template(snapshot: Snapshot, resource: Resource) -> bool:
    origin = resource.origin
    return any(each.parent == origin.stack and each.parent_logical_id == origin.logical_id for each in snapshot.assembly.stacks)


def _emptied(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """Type and name of what custom resources empty before it is deleted."""
    return frozenset(
        (kind, canonical(at(resource.properties, name)))
        for custom, (kind, name) in EMPTIES.items()
        for resource in snapshot.by_type.get(custom, ())
    )


def _is_tagged(resource: Resource) -> bool:
    tags = at(resource.properties, "Tags")
    return isinstance(tags, list) and any(
        isinstance(each, dict) and str(each.get("Key")).startswith(_EMPTYING_TAG) and flag(each.get("Value")) is True for each in tags
    )


def _emptying(change: ResourceChange, comparison: Comparison) -> Iterator[Risk]:
    """A new custom resource that empties what was there before."""
    kind, name = EMPTIES.get(change.type, ("", ""))
    if not kind:
        return
    named = at(change.node.resource.properties, name)
    subject = canonical(named)
    base, head = ({canonical(each.ref) for each in state.by_type.get(kind, ())} for state in (comparison.base, comparison.head))
    if subject in head - base:
        return
    held = STATEFUL[kind]
    yield tell(
        change,
        "data_loss.emptied_on_delete",
        f"a custom resource is to delete everything in {kind.removeprefix('AWS::').replace('::', ' ')} {said(named)}",
        consequence=f"Nothing happens now; when one of the two is removed or the stack is deleted, this is lost: {held.what}.",
        remedy="Leave auto_delete_objects (or the like) off where data is real; empty what is to be deleted by hand.",
    )


def _unprotected(comparison: Comparison) -> Iterator[Risk]:
    """Stacks with data whose termination protection is off."""
    if comparison.base.assembly.is_template or comparison.head.assembly.is_template:
        return
    for was, now in comparison.stacks:
        if was is not None and now is not None and was.termination_protection and not now.termination_protection:
            held = [
                each
                for each in comparison.head.resolution.resources
                if each.origin.stack == now.path and holding(each.type, each.properties)
            ]
            if held:
                yield _unprotected_stack(now, held)


def _unprotected_stack(stack: StackTemplate, held: list[Resource]) -> Risk:
    some = ", ".join(each.origin.logical_id for each in held[:3])
    return Risk(
        category=Category.DATA_LOSS,
        rule="data_loss.termination_protection",
        environment=stack.environment,
        stack=stack.path,
        logical_id="",
        type="AWS::CloudFormation::Stack",
        message=f"termination protection is off, and {len(held)} of its resources hold data: {some}{', ...' if len(held) > 3 else ''}",  # noqa: PLR2004
        consequence="Nothing happens now; deleting the stack by mistake is refused no more, and what no policy retains goes with it.",
        remedy="Keep termination protection on (CDK: termination_protection=True); switch it off by hand when the stack is to go.",
        property="TerminationProtection",
        was="true",
        now="false",
    )
