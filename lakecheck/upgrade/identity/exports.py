"""Exports that go or change: CloudFormation keeps every export as it is while a deployed stack imports it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.text_functions import surely_differ
from lakecheck.upgrade.comparison.differences import surely
from lakecheck.upgrade.comparison.names import Names
from lakecheck.upgrade.comparison.nodes import owners
from lakecheck.upgrade.model import Category, Fate, Risk
from lakecheck.upgrade.reading import said
from lakecheck.values import has_hole, holes, shown, with_holes_called

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resolution import Export
    from lakecheck.upgrade.model import Comparison

_DEADLOCK: Final = (
    "CloudFormation refuses to {verb} an export that a deployed stack imports, and the stack that imports it is deployed after"
    " this one: the update fails and is rolled back."
)
_PERHAPS: Final = "may be replaced"
_ENDS: Final = {Fate.REMOVED: "is removed", Fate.REPLACED: "is replaced", Fate.PERHAPS_REPLACED: _PERHAPS}
_TWO_STEPS: Final = (
    "Deploy twice: first keep the export as it is (CDK: `Stack.export_value`) and take the import away, then {verb} the export."
)


def exports_in_use(comparison: Comparison) -> Iterator[Risk]:
    """Exports that BASE's stacks import and that go or change."""
    for was, now, follows in _changed(comparison):
        importers = [path for path in was.importers if path != was.stack]
        if not importers:
            continue
        verb = "remove" if now is None else "change"
        rule = "collision.export_removed" if now is None else "collision.export_changed"
        because = [f"{path} imports it in BASE" for path in importers]
        yield _risk(
            comparison,
            was,
            Category.COLLISION,
            rule,
            f"the export {shown(was.name)} {'is removed' if now is None else 'has another value'}, and {_listed(importers)} it",
            _DEADLOCK.format(verb=verb),
            _TWO_STEPS.format(verb=verb),
            now=now,
            because=(*because, *follows),
            is_certain=now is None or _surely(was.value, now.value, follows),
        )


def exports_removed(comparison: Comparison) -> Iterator[Risk]:
    """Exports that go and that no stack of BASE imports."""
    for was, now, _ in _changed(comparison):
        if now is None and not [path for path in was.importers if path != was.stack]:
            yield _risk(
                comparison,
                was,
                Category.IDENTITY,
                "identity.export_removed",
                f"the export {shown(was.name)} is removed",
                "No stack of this app imports it; a stack of another app that does blocks the update.",
                "Ask `aws cloudformation list-imports` who imports it before it goes.",
                now=None,
                because=(),
            )


def _changed(comparison: Comparison) -> Iterator[tuple[Export, Export | None, tuple[str, ...]]]:
    """The exports of stacks that go on that are gone or have another value, with what that follows."""
    names = Names(comparison.stacks)
    stays = {one.path: other.path for one, other in comparison.stacks if one is not None and other is not None}
    let_go = {
        f"{stays.get(change.was.stack.path)}/{change.was.resource.origin.logical_id}": _ENDS[change.fate]
        for change in comparison.changes
        if change.was is not None and change.fate in _ENDS
    }
    of_head = {(each.stack, each.name): each for each in comparison.head.resolution.exports}
    for was in comparison.base.resolution.exports:
        if was.stack not in stays:
            continue
        name = with_holes_called(was.name, names.in_head)
        now = of_head.get((stays[was.stack], name))
        if now is None:
            yield was, None, ()
            continue
        follows = tuple(
            f"its value follows {path}, which {let_go[path]}"
            for path in dict.fromkeys(_owner(each, let_go) for each in holes(now.value if isinstance(now.value, str) else ""))
            if path
        )
        one = with_holes_called(was.value, names.in_head) if isinstance(was.value, str) else was.value
        if follows or one != now.value:
            yield was, now, follows


def _owner(identity: str, let_go: dict[str, str]) -> str:
    """The resource that is let go and that a hole belongs to."""
    return next((path for path in owners(identity) if path in let_go), "")


def _surely(was: Any, now: Any, follows: tuple[str, ...]) -> bool:
    """Whether a value is another one for sure: what CloudFormation makes up may be what is written out now."""
    if follows:
        return any(_PERHAPS not in each for each in follows)
    if not isinstance(was, str) or not isinstance(now, str):
        return False
    return surely(was, now) if has_hole(was) and has_hole(now) else surely_differ(was, now)


def _listed(paths: list[str]) -> str:
    shown_paths = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")  # noqa: PLR2004
    return f"{shown_paths} {'imports' if len(paths) == 1 else 'import'}"


def _risk(
    comparison: Comparison,
    was: Export,
    category: Category,
    rule: str,
    message: str,
    consequence: str,
    remedy: str,
    *,
    now: Export | None,
    because: tuple[str, ...],
    is_certain: bool = True,
) -> Risk:
    stack = next((other for one, other in comparison.stacks if one is not None and one.path == was.stack and other is not None), None)
    return Risk(
        category=category,
        rule=rule,
        environment=was.environment if stack is None else stack.environment,
        stack=was.stack if stack is None else stack.path,
        logical_id="",
        type="",
        property=f"Outputs.{was.output}",
        message=message,
        consequence=consequence,
        remedy=remedy,
        was=said(was.value),
        now="" if now is None else said(now.value),
        because=because,
        is_certain=is_certain,
    )
