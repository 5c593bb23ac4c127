"""Dangers planted into a plain lake, each named once, of the right kind, at the right place; of their harmless twins nothing is named."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.upgrade.judges import RULES
from lakecheck.upgrade.model import Category
from lakecheck.upgrade.review import FAILING, judge_upgrade
from lakemodel.approvals import Register
from tests.lakecheck.upgrade.planted import LAKE, Edits, edited
from tests.lakecheck.upgrade.planted_doors import DOORS
from tests.lakecheck.upgrade.planted_losses import LOSSES
from tests.lakecheck.upgrade.planted_twins import TWINS
from tests.lakecheck.upgrade.support import stack, state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.model import Risk

DANGERS = LOSSES | DOORS


def snapshot(template: Mapping[str, Any]) -> Snapshot:
    return state(stack({}, template=dict(template), bare=dict(template), construct_paths={}))


@cache
def base() -> Snapshot:
    return snapshot(LAKE)


def planted(edits: Edits) -> list[Risk]:
    review = judge_upgrade(base(), snapshot(edited(LAKE, edits)), Register(), as_of=date(2030, 1, 1))
    return [each.risk for each in review.judged]


@pytest.mark.parametrize("name", DANGERS)
def test_a_danger_is_named_once_and_where_it_is(name):
    edits, expected = DANGERS[name]
    found = [risk for risk in planted(edits) if risk.category in FAILING]
    assert ", ".join(sorted(f"{risk.rule} {risk.logical_id}" for risk in found)) == expected
    for risk in found:
        assert risk.rule in RULES
        assert risk.consequence.endswith(".")
        assert risk.remedy.endswith(".")
        assert risk.logical_id in risk.says() or risk.category is Category.LOST_ACCESS or risk.type.split("::")[-1] in risk.says()


@pytest.mark.parametrize("name", TWINS)
def test_a_harmless_twin_is_no_danger(name):
    assert [(risk.rule, risk.logical_id, risk.message) for risk in planted(TWINS[name]) if risk.category in FAILING] == []
