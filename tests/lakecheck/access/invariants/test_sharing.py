"""What accounts are given of a lake: no more than their personas read, whoever the account is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lakecheck.access.invariants.sharing import shared_beyond_what_is_stated
from lakecheck.formula import Truth, Unresolved
from tests.lakecheck.access.invariants.lakes import CONSUMER, STRANGER, said, situation, tagged
from tests.lakecheck.access.lake_formation.estates import ORGANIZATION, cells, grant, on, origin, table, where

if TYPE_CHECKING:
    from lakecheck.estate.model import Grant

READING = ("SELECT", "DESCRIBE")
STATED = where(zone="curated", classification=["public", "internal"])


def shared(*grants: Grant, **parts: Any) -> list[str]:
    return said(shared_beyond_what_is_stated(situation(tagged(grants=grants, **parts))))


def test_what_some_persona_reads_may_be_shared():
    """The columns that the analyst reads; the rows that the contract leaves to the partner."""
    german = cells("german", "id", "country", "total", rows="country = 'DE'")
    filtered = grant(CONSUMER, resource=on(kind=on().type.CELLS_FILTER, filter="german"), passing=("SELECT",))
    assert not shared(grant(CONSUMER, *READING, resource=STATED, passing=READING))
    assert not shared(filtered, cells_filters=(german,))


def test_a_column_more_is_told():
    """A restricted column that no persona of the account reads."""
    found = shared(grant(CONSUMER, *READING, resource=where(zone="curated")))
    assert found == [f"account {CONSUMER} (use of prod) is given sales.orders (email), which no persona of it needs"]


def test_more_than_reading_is_told():
    """Writing is nothing that a persona is stated to do."""
    assert "INSERT on sales.orders" in shared(grant(CONSUMER, "INSERT"))[0]


def test_an_account_that_lake_yaml_does_not_name_needs_nothing():
    """A third party holds what it is given, one column or all; so do organisations."""
    for whom in (STRANGER, f"arn:aws:iam::{STRANGER}:root", f"arn:aws:organizations::111111111111:organization/{ORGANIZATION}"):
        found = shared(grant(whom, resource=STATED))
        assert any("none of lake.yaml's accounts" in each for each in found), whom


def test_an_account_of_another_environment_needs_nothing_here():
    """The consumer of dev reads no column of prod."""
    assert len(shared(grant("999900002222", resource=STATED))) == 1


def test_a_table_whose_columns_nobody_knows_is_shared_whole():
    """What it has is not stated."""
    blind = replace(table(), columns=(), unknown=("a parameter without a default",))
    assert len(shared(grant(CONSUMER), tables=(blind,))) == 1


def test_a_share_that_may_not_exist_is_not_known():
    """It depends on a condition of the template."""
    doubtful = replace(grant(CONSUMER, "INSERT"), origin=origin("Grant", exists=Unresolved("a condition")))
    found = list(shared_beyond_what_is_stated(situation(tagged(grants=(doubtful,)))))
    assert [each.possible for each in found] == [Truth.OPEN]
    assert found[0].told().reasons == ("a condition",)
