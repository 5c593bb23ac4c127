"""Names what something outside of the templates may know by a name that changes: logical ids, physical names, exports, stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.comparison.nodes import named_by
from lakecheck.upgrade.data.stateful import holding
from lakecheck.upgrade.identity.claims import claim
from lakecheck.upgrade.identity.exports import exports_removed
from lakecheck.upgrade.model import Category, Fate, Risk
from lakecheck.upgrade.reading import at, said, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.upgrade.model import Comparison, ResourceChange

RULES: Final[Mapping[str, str]] = {
    "identity.logical_id": "A resource has another logical id, so that it is made anew.",
    "identity.moved": "A resource is in another stack, so that it is made anew.",
    "identity.physical_name": "The fixed name of a resource changes.",
    "identity.export_removed": "An export is removed that no stack of the app imports.",
    "identity.stack_renamed": "A stack has another name, account or Region, so that it is deployed beside the old one.",
    "identity.stack_left_behind": "A stack is not in the app any more and stays deployed.",
}

_RENAMES: Final = (Fate.UPDATED, Fate.REPLACED, Fate.PERHAPS_REPLACED)
_REFACTOR: Final = "To keep it, move it by `cdk refactor` or a stack refactoring of CloudFormation"


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Every name that changes, resources first, then exports, then stacks."""
    for change in comparison.changes:
        if change.fate in _RENAMES:
            yield from _physical_name(change)
        elif change.fate in (Fate.RENAMED, Fate.MOVED):
            yield from _elsewhere(change)
    yield from exports_removed(comparison)
    yield from _stacks(comparison)


def _physical_name(change: ResourceChange) -> Iterator[Risk]:
    if change.was is None or change.now is None or change.was.name == change.now.name or not (change.was.name or change.now.name):
        return
    path = next((each.path for each in change.properties if each.path in named_by(change.type)), "")
    if not path:
        return
    yield tell(
        change,
        "identity.physical_name",
        f"its name changes from {said(change.was.name) or 'a generated one'} to {said(change.now.name) or 'a generated one'}",
        consequence="Who knows the old name from outside of the templates (policies, queries, dashboards, other accounts) does not find it"
        " any more.",
        remedy="Look who uses the old name before the change; keep the name, or tell them both until they have moved.",
        at=path,
        was=at(change.was.resource.properties, path),
        now=at(change.now.resource.properties, path),
        because=change.because,
        is_certain=change.fate is not Fate.PERHAPS_REPLACED,
    )


def _elsewhere(change: ResourceChange) -> Iterator[Risk]:
    """What is made anew under another logical id or in another stack, unless its name collides or it holds something."""
    if change.was is None or change.now is None:
        return
    one, other = claim(change.was), claim(change.now)
    if (one is not None and one == other) or holding(change.was.resource.type, change.was.resource.properties) is not None:
        return
    was, now = change.was.resource.origin, change.now.resource.origin
    is_moved = change.fate is Fate.MOVED
    renamed = f"its logical id changes from {was.logical_id} to {now.logical_id}"
    message = f"it moves from stack {was.stack} to {now.stack}" if is_moved else renamed
    yield tell(
        change,
        "identity.moved" if is_moved else "identity.logical_id",
        message,
        consequence="A new one is made and the old one is deleted or kept as its DeletionPolicy says; who knows the old one's generated "
        "name or id from outside of the templates does not find it any more.",
        remedy=f"{_REFACTOR}{'' if is_moved else ', or keep the logical id with `override_logical_id`'}.",
        was=f"{was.stack}/{was.logical_id}",
        now=f"{now.stack}/{now.logical_id}",
        because=change.because,
    )


def _stacks(comparison: Comparison) -> Iterator[Risk]:
    new = {other.path: other for one, other in comparison.stacks if one is None and other is not None and other.parent is None}
    for one, other in comparison.stacks:
        if one is not None and other is None and one.parent is None:
            yield _stack(one, new.get(one.path))


def _stack(was: StackTemplate, now: StackTemplate | None) -> Risk:
    if now is None:
        return _told(
            was,
            was,
            "identity.stack_left_behind",
            f"stack {was.stack_name} is not in the app any more",
            consequence="Deploying the app does not delete it: it stays deployed with all its resources, and nobody updates it.",
            remedy="Delete the stack on purpose once nobody needs it, after its DeletionPolicies were read; or bring it back.",
            texts=(was.stack_name, ""),
        )
    places = [f"{each.stack_name} in {each.account or 'any account'}/{each.region or 'any Region'}" for each in (was, now)]
    return _told(
        was,
        now,
        "identity.stack_renamed",
        f"stack {places[0]} becomes {places[1]}",
        consequence="To CloudFormation that is another stack: it is deployed beside the old one, with new resources, and the old one stays"
        " deployed with what is in it. Fixed names of the old one are taken.",
        remedy="Keep the stack's name (`stack_name=`), account and Region. To move on purpose, bring data over first, or move the resources"
        " of one account and Region by a stack refactoring, then delete the old stack.",
        texts=(places[0], places[1]),
    )


def _told(
    was: StackTemplate, now: StackTemplate, rule: str, message: str, *, consequence: str, remedy: str, texts: tuple[str, str]
) -> Risk:
    return Risk(
        category=Category.IDENTITY,
        rule=rule,
        environment=now.environment,
        stack=now.path,
        logical_id="",
        type="",
        message=message,
        consequence=consequence,
        remedy=remedy,
        was=texts[0],
        now=texts[1],
        construct_path=was.path,
    )
