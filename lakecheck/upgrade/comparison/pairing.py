"""Which stack of BASE is which of HEAD: by account, Region and name, a nested stack by its parent and logical id."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.assembly import Assembly, StackTemplate

StackPair = tuple["StackTemplate | None", "StackTemplate | None"]


def paired_stacks(base: Assembly, head: Assembly) -> tuple[StackPair, ...]:
    """Pairs of templates that are one stack, in BASE's order, then those that HEAD adds; None where one state has it not.

    A stack with another name, account or Region is another stack to CloudFormation, whatever its construct path: only where a state does
    not tell them (a bare template has no name, a stack may be bound to no account) the construct path and being the only one left decide.
    """
    found: dict[int, StackTemplate] = {}
    taken: set[int] = set()

    def pair(one: StackTemplate, other: StackTemplate) -> None:
        found[id(one)] = other
        taken.add(id(other))

    roots = [[stack for stack in state.stacks if stack.parent is None] for state in (base, head)]
    is_template = base.is_template or head.is_template
    steps: list[Callable[[StackTemplate, StackTemplate], bool]] = [
        lambda one, other: _key(one) == _key(other) and one.path == other.path,
        lambda one, other: _key(one) == _key(other),
        lambda one, other: one.stack_name == other.stack_name and one.path == other.path and _may_be_one_place(one, other),
        lambda one, other: one.stack_name == other.stack_name and _may_be_one_place(one, other),
        lambda one, other: is_template and one.path == other.path and _may_be_one_place(one, other),
    ]
    for number, fits in enumerate(steps):
        _pair_where(fits, roots, found, taken, pair, buckets=number < len(steps) - 1)
    left = [stack for stack in roots[0] if id(stack) not in found]
    free = [stack for stack in roots[1] if id(stack) not in taken]
    if is_template and len(left) == len(free) == 1:
        pair(left[0], free[0])
    _pair_nested(base, head, found, pair)
    pairs: list[StackPair] = [(stack, found.get(id(stack))) for stack in base.stacks]
    return (*pairs, *((None, stack) for stack in head.stacks if id(stack) not in taken))


def _key(stack: StackTemplate) -> tuple[str | None, str | None, str]:
    return stack.account, stack.region, stack.stack_name


def _may_be_one_place(one: StackTemplate, other: StackTemplate) -> bool:
    pairs = ((one.account, other.account), (one.region, other.region))
    return all(first is None or second is None or first == second for first, second in pairs)


def _pair_where(
    fits: Callable[[StackTemplate, StackTemplate], bool],
    roots: list[list[StackTemplate]],
    found: dict[int, StackTemplate],
    taken: set[int],
    pair: Callable[[StackTemplate, StackTemplate], None],
    *,
    buckets: bool,
) -> None:
    """Pairs what is left and fits each other alone; `buckets` says that only stacks of the same name can fit."""
    by_name: dict[str, list[StackTemplate]] = {}
    for stack in roots[1]:
        if id(stack) not in taken:
            by_name.setdefault(stack.stack_name if buckets else stack.path, []).append(stack)
    for stack in roots[0]:
        if id(stack) in found:
            continue
        fitting = [other for other in by_name.get(stack.stack_name if buckets else stack.path, []) if id(other) not in taken]
        fitting = [other for other in fitting if fits(stack, other)]
        if len(fitting) == 1:
            pair(stack, fitting[0])


def _pair_nested(
    base: Assembly, head: Assembly, found: dict[int, StackTemplate], pair: Callable[[StackTemplate, StackTemplate], None]
) -> None:
    parents = {(stack.environment, stack.path): stack for stack in reversed(head.stacks)}
    nested: dict[tuple[int, str], StackTemplate] = {}
    for stack in head.stacks:
        parent = parents.get((stack.environment, stack.parent)) if stack.parent is not None else None
        if parent is not None:
            nested.setdefault((id(parent), _nested_name(stack)), stack)
    of_base = {(stack.environment, stack.path): stack for stack in reversed(base.stacks)}
    for stack in base.stacks:
        parent = of_base.get((stack.environment, stack.parent)) if stack.parent is not None else None
        other = found.get(id(parent)) if parent is not None else None
        same = nested.pop((id(other), _nested_name(stack)), None) if other is not None else None
        if same is not None:
            pair(stack, same)


def _nested_name(stack: StackTemplate) -> str:
    return stack.parent_logical_id or stack.path
