"""Personas of lake.yaml: that each reads what is stated, nothing else, and can query it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.access.invariants.personas import beyond_what_is_stated, missing_queries, missing_reads
from lakecheck.estate.model import Bucket, Database, ResourceType, Workgroup
from lakecheck.formula import Truth
from tests.lakecheck.access.invariants.lakes import ANALYST, CONSUMER, LAKE, PARTNER, STEWARD, loaded, said, situation, tagged
from tests.lakecheck.access.lake_formation.estates import BUCKET, ENGINE, REGION, allow, cells, grant, on, origin, role, table, where

if TYPE_CHECKING:
    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.estate.model import GovernedResource, Grant, Principal

READING = ("SELECT", "DESCRIBE")
STATED = where(zone="curated", classification=["public", "internal"])
GERMAN = on(ResourceType.CELLS_FILTER, filter="german")
ROWS = "country = 'DE'"


def shared(whom: Principal, resource: GovernedResource) -> tuple[Grant, ...]:
    """The lake's share with the account, and the account's own grant."""
    reading = ("SELECT",) if resource.type is ResourceType.CELLS_FILTER else READING
    return grant(CONSUMER, *reading, resource=resource, passing=reading), grant(whom, *reading, resource=resource, account=CONSUMER)


def everything() -> tuple[Grant, ...]:
    """What lake.yaml and the contract state, for each persona."""
    steward = grant(STEWARD, *READING, resource=where(zone="curated", domain="sales", classification=["public", "internal", "restricted"]))
    return (*shared(ANALYST, STATED), *shared(PARTNER, GERMAN), steward)


def over(*grants: Grant, people: tuple[Principal, ...] = (ANALYST, STEWARD, PARTNER), **parts: Any) -> Situation:
    link = Database(account=CONSUMER, region=REGION, name="sales", target=(LAKE, "sales"), origin=origin("Link"))
    databases = (Database(account=LAKE, region=REGION, name="sales", origin=origin("Database")), link)
    filters = parts.pop("cells_filters", (cells("german", "id", "country", "total", rows=ROWS),))
    return situation(tagged(*people, grants=grants, cells_filters=filters, databases=databases, **parts))


def test_the_stated_grants_give_each_persona_what_it_reads_and_nothing_else():
    """By tags, by a filter, in the lake's account and in the consumer's."""
    built = over(*everything())
    assert not said(missing_reads(built))
    assert not said(beyond_what_is_stated(built))


@pytest.mark.parametrize(("left_out", "who"), [(0, "Analyst"), (1, "Analyst"), (3, "Partner"), (4, "Steward")])
def test_each_grant_that_is_missing_is_missed(left_out: int, who: str):
    """Without one of its grants, the share or its own, a persona cannot read what it should."""
    found = said(missing_reads(over(*(each for number, each in enumerate(everything()) if number != left_out))))
    assert len(found) == 1
    assert who in found[0]
    assert "cannot read sales.orders" in found[0]


def test_a_persona_that_nobody_is_is_told():
    """Neither a template nor a supplement has the analyst."""
    built = over(people=(STEWARD, PARTNER))
    for each in (missing_reads(built), missing_queries(built)):
        assert any("the persona analyst is nobody in prod" in summary for summary in said(each))


WIDER: dict[str, tuple[Grant, ...]] = {
    "a class more": shared(ANALYST, where(zone="curated")),
    "by name": shared(ANALYST, on()),
    "writing": (*shared(ANALYST, STATED), grant(CONSUMER, "INSERT", passing=("INSERT",)), grant(ANALYST, "INSERT", account=CONSUMER)),
    "directly": (grant(ANALYST),),
    "every row": shared(PARTNER, on(ResourceType.COLUMNS, columns=("id", "country"))),
    "other rows": shared(PARTNER, on(ResourceType.CELLS_FILTER, filter="french")),
    "a column more": shared(PARTNER, on(ResourceType.CELLS_FILTER, filter="wide")),
    "passing on": (grant(STEWARD, passing=("SELECT",)),),
}


@pytest.mark.parametrize("name", WIDER)
def test_what_is_wider_is_told(name: str):
    """Each goes beyond what is stated in its own way."""
    french, wide = cells("french", "id", rows="country = 'FR'"), cells("wide", "id", "email", rows=ROWS)
    people = [replace(each, policies=(allow(*ENGINE, "lakeformation:GrantPermissions"),)) for each in (ANALYST, STEWARD, PARTNER)]
    built = over(*WIDER[name], people=tuple(people), cells_filters=(french, wide, cells("german", "id", rows=ROWS)))
    assert said(beyond_what_is_stated(built))


def test_the_same_table_in_another_environment_is_not_stated():
    """What a persona reads is its own environment's, by tags and by name."""
    elsewhere = replace(table(), origin=replace(origin("orders"), environment="Dev"))
    found = said(beyond_what_is_stated(over(*everything(), tables=(elsewhere,))))
    assert {name for name in ("Analyst", "Partner", "Steward") if any(name in each for each in found)} == {"Analyst", "Partner", "Steward"}


def test_buckets_without_a_zones_data_are_harmless_up_to_the_personas_class():
    """The analyst may keep its results there; the partner is no freer; above their classes nobody is."""
    bucket = Bucket(
        arn="arn:aws:s3:::results", name="results", account=CONSUMER, region=REGION, public_access_blocked=True, origin=origin("Results")
    )

    def told(whom: Principal, classification: str) -> bool:
        one = replace(whom, policies=(allow("s3:*"),))
        rules = loaded(buckets=[{"where": "results", "classification": classification, "because": "what queries leave there"}])
        return bool(said(beyond_what_is_stated(situation(tagged(one, buckets=(bucket,)), rules))))

    for whom in (ANALYST, PARTNER):
        assert not told(whom, "internal")
        assert told(whom, "restricted")


def test_a_zones_bucket_is_stated_only_for_a_persona_of_every_domain():
    """Objects of no table may be of any domain: the steward of sales reads none of them."""

    def told(whom: Principal) -> bool:
        one = replace(whom, account=LAKE, policies=(allow("s3:GetObject", resource=f"arn:aws:s3:::{BUCKET}/elsewhere/*"),))
        rules = loaded(buckets=[{"where": BUCKET, "zone": "curated", "classification": "internal", "because": "nothing personal here"}])
        return bool(said(beyond_what_is_stated(situation(tagged(one), rules))))

    assert told(STEWARD)


def workgroup(**more: Any) -> Workgroup:
    arn = f"arn:aws:athena:{REGION}:{CONSUMER}:workgroup/use"
    return Workgroup(arn=arn, account=CONSUMER, region=REGION, name="use", origin=origin("Workgroup"), **more)


def querying(*actions: str, results: str = "arn:aws:s3:::results/*", output: str = "s3://results/") -> list[str]:
    """What is missing for the analyst alone."""
    analyst = replace(ANALYST, policies=(allow(*actions), allow("s3:GetObject", "s3:PutObject", resource=results)))
    bucket = Bucket(arn="arn:aws:s3:::results", name="results", account=CONSUMER, region=REGION, origin=origin("Results"))
    built = over(people=(analyst, STEWARD, PARTNER), workgroups=(workgroup(output=output),), buckets=(bucket,))
    return [each.told().summary for each in missing_queries(built) if each.principal is analyst and each.possible is not Truth.FALSE]


def test_a_persona_can_query_where_it_can_start_one_and_see_its_result():
    """Each of the rights is needed: starting, looking, and the place where the result goes."""
    query = ("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults")
    assert not querying(*query)
    for left_out in query:
        assert querying(*(each for each in query if each != left_out))
    assert querying(*query, results="arn:aws:s3:::elsewhere/*")
    assert querying(*query, output="s3://nobody-has-it/")


def test_roles_of_other_names_are_no_personas():
    """A role like the partner's in another account is nobody's persona."""
    built = over(people=(ANALYST, STEWARD, role("Partner")))
    assert any("the persona partner is nobody in prod" in summary for summary in said(missing_reads(built)))
