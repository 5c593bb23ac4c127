"""Leaks planted in a lake of plain CloudFormation: each is told with its door and refutes the invariant; half of it accuses nobody."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from lakecheck.access.difference import Kind, difference
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.words import Verdict, verdict
from tests.lakecheck.access.planted import copies, grants, policies, roles, running
from tests.lakecheck.access.planted.judging import gains, judged
from tests.lakecheck.access.planted.lake import Leak, resource

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lakecheck.access.planted.judging import Judged

LEAKS = tuple(leak for module in (copies, grants, policies, roles, running) for leak in module.LEAKS)
SURE = {Verdict.YES, Verdict.IF}


@cache
def clean(folder: Path) -> Judged:
    """The lake as it should be."""
    return judged(Leak(name="none", who="Developer", door="s3"), folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where supplements are written."""
    return tmp_path_factory.mktemp("planted")


def test_the_clean_lake_is_proved(folder: Path):
    """Nobody but the machinery reads personal data, and the analyst reads no more than it was granted."""
    found = clean(folder)
    assert [each.state for each in found.judgement.verdicts] == [State.PROVED] * 2
    columns = {each.columns for each in found.matrix.accesses if each.principal.name == "role/Analyst" and "customers" in each.dataset.name}
    assert columns == {("id", "name")}


def test_where_results_lie_is_assumed_when_no_template_says(folder: Path):
    """A workgroup without an output location leaves a sentence; one with it does not."""
    lake = {"People": resource("Athena::WorkGroup", Name="people")}
    told = [judged(Leak(name="none", who="Developer", door="s3", lake=each), folder).matrix.assumptions for each in (lake, {})]
    assert [any("have results written, which no template says" in line for line in lines) for lines in told] == [True, False]


def test_every_leak_has_a_name_of_its_own():
    """None hides another one."""
    assert len({leak.name for leak in LEAKS}) == len(LEAKS)


@pytest.mark.parametrize("leak", LEAKS, ids=[leak.name for leak in LEAKS])
def test_finds(leak: Leak, folder: Path):
    """Who gains what through which door; the invariant is refuted by a request; the difference to the clean lake says it, too."""
    found = judged(leak, folder)
    rows = gains(found, leak)
    assert rows
    own, anybody = found.judgement.verdicts
    assert own.state is State(leak.verdict.lower())
    if own.state is State.REFUTED:
        assert any(verdict(row.conditions) in SURE for row in rows)
        assert any(example.requests for example in own.examples)
    if leak.action == "read" and (leak.columns is None or "email" in leak.columns):
        assert anybody.state is not State.PROVED
    changes = difference(clean(folder).matrix, found.matrix).changes
    assert any(each.kind is Kind.GAIN and each.who.name.endswith(leak.who) and each.to.name == leak.dataset for each in changes)


HALVES = tuple(leak for leak in LEAKS if leak.without)


@pytest.mark.parametrize("leak", HALVES, ids=[leak.name for leak in HALVES])
def test_accuses_nobody_of_half_a_leak(leak: Leak, folder: Path):
    """Without its other half nothing is told as certain."""
    found = judged(leak, folder, half=True)
    assert not [row for row in gains(found, leak) if verdict(row.conditions) in SURE]
    assert found.judgement.verdicts[0].state is not State.REFUTED
