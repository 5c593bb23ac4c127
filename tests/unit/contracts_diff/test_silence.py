"""Nothing is passed over: whatever is edited anywhere in a contract, good or bad, is told, in both directions."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from lakemodel.contracts.diff.comparison import same
from lakemodel.contracts.diff.contract import compare_contract
from lakemodel.contracts.diff.sides import Side, side_of
from lakemodel.contracts.rules import ContractRules
from lakemodel.errors import InvalidInput
from lakemodel.yaml_source import parse
from tests.unit.contracts.support import CONTRACTS, CORPUS
from tests.unit.contracts.test_properties import JUNK, _mutated, _paths

from .support import WHOLE, side

if TYPE_CHECKING:
    from pathlib import Path

FILES = [WHOLE, *sorted(CONTRACTS.rglob("*.odcs.yaml")), *(CORPUS / f"{name}.odcs.yaml" for name in (
    "databricks", "kafka-avro", "quality-v30", "typos"))]  # fmt: skip


def _read(path: Path) -> Any:
    return parse(path.read_bytes(), file=path.name).data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_contract_is_no_other_than_itself(path: Path) -> None:
    """Read twice, from its own text and from the same data written as JSON: nothing changed."""
    first = side_of(parse(path.read_bytes(), file=path.name), ContractRules(), path.name)
    assert isinstance(first, Side)
    assert compare_contract(first, side(_read(path))) == compare_contract(side(_read(path)), first)
    assert compare_contract(side(_read(path)), side(_read(path))) == ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_every_edit_is_told(path: Path, data: st.DataObject) -> None:
    """A key dropped, renamed, doubled, or filled with anything: as soon as the contract says something else, a change is told."""
    base = _read(path)
    place = data.draw(st.sampled_from(_paths(base)))
    action = data.draw(st.sampled_from(["delete", "replace", "rename", "double"]))
    head = _mutated(copy.deepcopy(base), place, action, data.draw(JUNK))
    before = side(base)
    try:
        after = side_of(parse(json.dumps(head, ensure_ascii=False).encode(), file="x.odcs.yaml"), ContractRules(), "x.odcs.yaml")
    except InvalidInput:
        return
    if not isinstance(after, Side):
        return
    is_same = same(before.data, after.data)
    for one, other in ((before, after), (after, before)):
        told = compare_contract(one, other)
        assert bool(told) != is_same, (place, action)
        assert all(change.place.line or change.place.path == "" for change in told)
