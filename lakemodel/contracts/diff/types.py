"""Compares two types of the lake: what each part of one became in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from lakemodel.types.glue import glue_type
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_K: Final = PrimitiveKind
_WIDER: Final = ((_K.TINYINT, _K.SMALLINT, _K.INT, _K.BIGINT), (_K.FLOAT, _K.DOUBLE))
"""Each holds every value of those before it, and an Iceberg table can take it over in place; https://iceberg.apache.org/spec/#schema-evolution."""

Steps: TypeAlias = tuple[str, ...]
"""Where inside a type: names of fields, `[]` for elements, `{key}` and `{value}` of a map."""


@dataclass(frozen=True, slots=True)
class TypeChange:
    """One difference inside a column's type.

    Attributes:
        steps: Where; empty for the column itself.
        was: The type there in BASE, or the fields' order; None for a new field.
        now: The same in HEAD; None for a field that is gone.
    """

    steps: Steps
    rule: str
    was: str | None
    now: str | None


def type_changes(base: DataType, head: DataType, steps: Steps = (), *, is_key: bool = False) -> Iterator[TypeChange]:
    """Every difference of two types; `is_key` inside a map's key, which cannot change at all.

    Whether a part is required and how it is delivered is no matter of its type here.
    """
    match base, head:
        case Struct(), Struct():
            yield from _struct_changes(base, head, steps, is_key=is_key)
        case List(), List():
            yield from type_changes(base.element, head.element, (*steps, "[]"), is_key=is_key)
        case Map(), Map():
            yield from type_changes(base.key, head.key, (*steps, "{key}"), is_key=True)
            yield from type_changes(base.value, head.value, (*steps, "{value}"), is_key=is_key)
        case _:
            if base != head:
                rule = "type.changed" if is_key else _plain(base, head)
                yield TypeChange(steps, rule, shown_type(base), shown_type(head))


def shown_type(data_type: DataType) -> str:
    """A type as changes show it: as the catalog spells it, but a wall clock as such."""
    return "timestamp_ntz" if data_type == Primitive(_K.TIMESTAMP_NTZ) else glue_type(data_type)


def _struct_changes(base: Struct, head: Struct, steps: Steps, *, is_key: bool) -> Iterator[TypeChange]:
    before = {field.name: field for field in base.fields}
    after = {field.name: field for field in head.fields}
    for name, field in before.items():
        if name not in after:
            yield TypeChange((*steps, name), "field.removed", shown_type(field.type), None)
    for name, field in after.items():
        inner = (*steps, name)
        known = before.get(name)
        if known is None:
            rule = "type.changed" if is_key else "field.added_required" if field.required else "field.added"
            yield TypeChange(inner, rule, None, shown_type(field.type))
            continue
        yield from type_changes(known.type, field.type, inner, is_key=is_key)
    kept_before = [name for name in before if name in after]
    kept_after = [name for name in after if name in before]
    if kept_before != kept_after:
        yield TypeChange(steps, "field.reordered", ", ".join(before), ", ".join(after))


def _plain(base: DataType, head: DataType) -> str:
    """The rule for two types that are different and not nested alike."""
    if isinstance(base, Decimal) and isinstance(head, Decimal):
        if base.scale != head.scale:
            return "type.changed"
        return "type.widened" if base.precision < head.precision else "type.narrowed"
    if isinstance(base, Primitive) and isinstance(head, Primitive):
        for order in _WIDER:
            if base.kind in order and head.kind in order:
                return "type.widened" if order.index(base.kind) < order.index(head.kind) else "type.narrowed"
    return "type.changed"
