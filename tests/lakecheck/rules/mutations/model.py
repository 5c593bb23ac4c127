"""A change of one property of the reference."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.assembly import Assembly, StackTemplate

REMOVED: Final = object()
"""Instead of a value: the property is taken away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """One property of one resource of one stack gets another value.

    Attributes:
        stack: The stack's name inside its environment, such as `MainStorage`.
        type: The resource's type; the first of the stack that `where` accepts is changed.
        path: From the resource's properties, with dots between the levels; numbers are positions in lists, `-` after the last one.
            It may begin with `^` to start at the resource itself (`^.DeletionPolicy`).
        value: The new value; `REMOVED` takes it away; a function gets the old value and returns the new one.
        where: Which resource of the type, by logical id and definition; the first one when left out.
        also: Other rules that see this very change, each for a reason of its own; none by default.
    """

    stack: str
    type: str
    path: str
    value: Any
    where: Callable[[str, dict[str, Any]], bool] = lambda _logical_id, _definition: True
    also: tuple[str, ...] = ()

    def apply(self, assembly: Assembly, environment: str = "Prod") -> Assembly:
        """A copy of the assembly with the change, of one environment alone."""
        stacks = [stack for stack in assembly.stacks if stack.environment == environment]
        changed = [self._apply(stack) if stack.path == f"{environment}/{self.stack}" else stack for stack in stacks]
        assert changed != stacks, f"the reference has no stack {self.stack}"
        return replace(assembly, stacks=tuple(changed))

    def _apply(self, stack: StackTemplate) -> StackTemplate:
        bare = copy.deepcopy(dict(stack.bare))
        found = [
            definition
            for logical_id, definition in bare["Resources"].items()
            if definition["Type"] == self.type and self.where(logical_id, definition)
        ]
        assert found, f"{stack.path} has no such {self.type}"
        *above, last = self.path.split(".")
        inside = found[0] if above[:1] == ["^"] or last == "^" else found[0].setdefault("Properties", {})
        for name in above[above[:1] == ["^"] :]:
            inside = inside[int(name)] if isinstance(inside, list) else inside.setdefault(name, {})
        key = int(last) if isinstance(inside, list) and last != "-" else last
        old = None if key == "-" else inside[key] if isinstance(inside, list) else inside.get(key)
        new = self.value(copy.deepcopy(old)) if callable(self.value) else self.value
        assert new != old, f"{self.path} is {old!r} already"
        if new is REMOVED:
            del inside[key]
        elif key == "-":
            inside.append(new)
        else:
            inside[key] = new
        return replace(stack, bare=bare, template=bare)
