"""How a risk is told at the place where something of an estate stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.upgrade.model import Category, Deletion, Fate, Risk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.assembly.resources import Origin
    from lakecheck.upgrade.model import Comparison, ResourceChange


class Teller:
    """Tells risks with HEAD's names of stacks, as approvals and reports need them.

    Args:
        comparison: What is compared.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._now = {was.path: now for was, now in comparison.stacks if was is not None and now is not None}
        self._left = {was.path for was, now in comparison.stacks if was is not None and now is None}
        renamed = {path: now.path for path, now in comparison.renamed.items()}
        kept = [change.was.resource.origin for change in comparison.changes if _is_kept(change) and change.was is not None]
        self._kept = {(renamed.get(origin.stack, origin.stack), origin.logical_id) for origin in kept}
        self._types = {
            (resource.origin.stack, resource.origin.logical_id): resource.type
            for snapshot in (comparison.head, comparison.base)
            for resource in snapshot.resolution.resources
        }

    def is_left_behind(self, origin: Origin) -> bool:
        """Whether it stays deployed although HEAD has it no more: in a stack that HEAD has not, or kept by its DeletionPolicy."""
        return origin.stack in self._left or (origin.stack, origin.logical_id) in self._kept

    def at(
        self,
        origin: Origin,
        rule: str,
        message: str,
        *,
        consequence: str,
        remedy: str = "",
        at: str = "",
        was: str = "",
        now: str = "",
        because: Iterable[str] = (),
        is_certain: bool = True,
    ) -> Risk:
        """A risk; its category is the part of the rule before the dot."""
        stack = self._now.get(origin.stack)
        return Risk(
            category=Category(rule.partition(".")[0]),
            rule=rule,
            environment=origin.environment if stack is None else stack.environment,
            stack=origin.stack if stack is None else stack.path,
            logical_id=origin.logical_id,
            type=self._types.get((origin.stack, origin.logical_id), ""),
            message=message,
            consequence=consequence,
            remedy=remedy,
            property=at,
            was=was,
            now=now,
            because=tuple(because),
            construct_path=origin.construct_path,
            source=origin.source,
            is_certain=is_certain,
        )


def _is_kept(change: ResourceChange) -> bool:
    return change.deletion is Deletion.RETAINED and change.is_certain and change.fate is not Fate.PERHAPS_REPLACED
