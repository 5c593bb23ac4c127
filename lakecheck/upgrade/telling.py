"""How a risk is told at the place where something of an estate stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.upgrade.model import Category, Risk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.assembly.resources import Origin
    from lakecheck.upgrade.model import Comparison


class Teller:
    """Tells risks with HEAD's names of stacks, as approvals and reports need them.

    Args:
        comparison: What is compared.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._now = {was.path: now for was, now in comparison.stacks if was is not None and now is not None}
        self._left = {was.path for was, now in comparison.stacks if was is not None and now is None}
        self._types = {
            (resource.origin.stack, resource.origin.logical_id): resource.type
            for snapshot in (comparison.head, comparison.base)
            for resource in snapshot.resolution.resources
        }

    def is_left_behind(self, origin: Origin) -> bool:
        """Whether it stands in a stack that HEAD has no more, so that it stays deployed."""
        return origin.stack in self._left

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
