"""Counterexamples are confirmed on a part of the estate: as surely as on the whole, and by asking few."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakecheck.access.invariants import confirm
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.model import Door
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Workgroup
from tests.lakecheck.access.invariants.estates import BUCKET, KEY, LAKE, READ_ALL, REGION, allow, estate, judged, origin, role

WORKGROUP = f"arn:aws:athena:{REGION}:{LAKE}:workgroup/people"
QUERY = (allow(["athena:StartQueryExecution", "athena:GetQueryResults"], WORKGROUP), *READ_ALL)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Questions]:
    """Whatever parts are asked about."""
    made: list[Questions] = []

    class Noted(Questions):
        def __init__(self, *args: object, **more: object) -> None:
            super().__init__(*args, **more)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr(confirm, "Questions", Noted)
    return made


def test_a_prefix_that_only_somebody_else_names_is_confirmed():
    """The prefix is a dataset of its own for another role's policy; that role is no part of what is asked again."""
    forbidden = {"forbid": {"who": {"principal": ["role/Notebook"]}, "data": {"kind": ["bucket"]}}}
    notebook, other = role("Notebook", *READ_ALL), role("Other", allow("s3:GetObject", f"{BUCKET}/special/*"))
    verdict = judged(estate(notebook, other), forbidden)
    assert verdict.state is State.REFUTED
    assert [each.access.dataset.name for each in verdict.examples] == ["s3://lake-curated/", "s3://lake-curated/special/"]


def test_asks_about_nobody_but_those_on_the_way(asked: list[Questions]):
    """Of many roles the one that reads is asked about, and once for all actions on the same data."""
    reader = role("Notebook", allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{BUCKET}/sales/orders/*"), READ_ALL[1])
    verdict = judged(estate(reader, *(role(f"Idle{each}") for each in range(9))), {"forbid": {"data": {"table": ["sales.orders"]}}})
    assert verdict.state is State.REFUTED
    assert len(verdict.examples) > 1
    assert [[each.name for each in one.estate.principals] for one in asked] == [["role/Notebook"]]


def test_a_way_through_copies_leads_to_whose_reading_leaves_them(asked: list[Questions]):
    """Who reads results of a workgroup is confirmed with its member alone, and without every other role."""
    member = role("Member", *QUERY)
    reader = role("Reader", allow("s3:GetObject", f"{BUCKET}/results/*"), allow("kms:Decrypt", KEY))
    where = estate(member, reader, *(role(f"Idle{each}") for each in range(9)))
    group = Workgroup(
        arn=WORKGROUP,
        name="people",
        account=LAKE,
        region=REGION,
        enforced=True,
        output="s3://lake-curated/results/",
        origin=origin("People"),
    )
    where = replace(where, workgroups=(group,))
    rule = {"forbid": {"who": {"principal": ["role/Reader"]}, "door": ["athena_results"], "data": {"table": ["sales.orders"]}}}
    verdict = judged(where, rule)
    assert verdict.state is State.REFUTED
    assert {each.access.door for each in verdict.examples} == {Door.ATHENA_RESULTS}
    assert {each.name for one in asked for each in one.estate.principals} == {"role/Reader", "role/Member"}


def test_what_a_part_cannot_show_is_asked_of_the_whole(monkeypatch: pytest.MonkeyPatch, asked: list[Questions]):
    """A part without the data's bucket knows too little; the whole estate is asked before anything is given up."""
    monkeypatch.setattr(confirm.Confirmation, "_buckets", lambda _self, _access: iter(()))
    verdict = judged(estate(role("Notebook", *READ_ALL)), {"forbid": {"data": {"table": ["sales.orders"]}}})
    assert verdict.state is State.REFUTED
    assert len(asked) > 1


def test_all_are_counted_and_few_are_worded(monkeypatch: pytest.MonkeyPatch):
    """Of many counterexamples those that are shown are put into words; the number is that of all."""
    from lakecheck.access.invariants import forbidden  # noqa: PLC0415

    worded: list[object] = []
    in_words = forbidden.access_in_words
    monkeypatch.setattr(forbidden, "access_in_words", lambda access: worded.append(access) or in_words(access))
    readers = (role(f"Reader{each}", *READ_ALL) for each in range(30))
    verdict = judged(estate(*readers), {"forbid": {"do": ["read"], "data": {"table": ["sales.*"]}}})
    assert (len(verdict.examples), verdict.more) == (10, 50)
    assert len(worded) == 10
    strangers = (role(f"Stranger{each}", unknown=("no template defines it",)) for each in range(30))
    verdict = judged(estate(*strangers), {"forbid": {"do": ["read"], "data": {"table": ["sales.*"]}}})
    assert verdict.state is State.UNKNOWN
    assert len(verdict.examples) == 10
    assert verdict.more >= 50
    assert len(worded) == 20
