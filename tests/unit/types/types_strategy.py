"""Column types for property-based tests."""

from __future__ import annotations

from hypothesis import strategies as st

from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField

PRIMITIVES = st.sampled_from([Primitive(kind) for kind in PrimitiveKind])
DECIMALS = st.integers(1, 38).flatmap(lambda precision: st.integers(0, precision).map(lambda scale: Decimal(precision, scale)))
PLAIN: st.SearchStrategy[DataType] = PRIMITIVES | DECIMALS
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


def _nested(inner: st.SearchStrategy[DataType]) -> st.SearchStrategy[DataType]:
    fields = st.lists(st.tuples(NAMES, inner), min_size=1, max_size=4, unique_by=lambda one: one[0])
    structs = fields.map(lambda found: Struct(tuple(StructField(name, kind) for name, kind in found)))
    return structs | inner.map(List) | st.builds(Map, PLAIN, inner)


TYPES: st.SearchStrategy[DataType] = st.recursive(PLAIN, _nested, max_leaves=12)
