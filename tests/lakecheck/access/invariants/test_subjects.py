"""What rules select: data by what is said of it, principals by who they are; what is not said counts as any where it is forbidden."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.doors.places import dataset_of
from lakecheck.access.invariants.forbidden import columns_at_issue
from lakecheck.access.invariants.judge import judge
from lakecheck.access.invariants.loader import LoadedRules
from lakecheck.access.invariants.model import AccessRules
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.matrix import build_matrix
from lakecheck.access.model import Access, Action, Door
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Account, Estate, Principal, PrincipalKind, ResourceType
from lakecheck.iam.documents import parse_policy
from lakemodel.errors import InvalidInput
from tests.lakecheck.access.invariants.estates import (
    BUCKET,
    LAKE,
    OTHER,
    READ_ALL,
    READ_ORDERS,
    allow,
    estate,
    judged,
    on,
    origin,
    role,
    table,
    tags,
)
from tests.lakecheck.access.invariants.lakes import CONSUMER, loaded
from tests.lakecheck.access.lake_formation import estates as small

NOTEBOOK = role("Notebook", *READ_ORDERS)


def forbidding(where: Estate, data: dict[str, Any] | None = None, who: dict[str, Any] | None = None, **more: Any) -> State:
    """The verdict on a rule that forbids to read such data."""
    rule = {"do": ["read"]} | ({"data": data} if data is not None else {}) | ({"who": who} if who is not None else {})
    state: State = judged(where, {"forbid": rule}, **more).state
    return state


@pytest.mark.parametrize(
    "data",
    [
        {"classification": ["Restricted"]},
        {"zone": ["Curated"]},
        {"domain": ["SALES"]},
        {"tag": {"Zone": ["CURATED"]}},
        {"table": ["Sales.Orders"]},
        {"column": ["EMail"]},
        {"environment": ["PROD"]},
        {"account": [LAKE]},
        {"kind": ["table"]},
    ],
)
def test_names_fit_in_whatever_case(data: dict[str, Any]):
    """Lake Formation and Glue keep names in lower case; a rule in other letters is about the same."""
    assert forbidding(estate(NOTEBOOK), data) is State.REFUTED


@pytest.mark.parametrize(
    "data",
    [
        {"classification": ["public"]},
        {"zone": ["raw"]},
        {"domain": ["travel"]},
        {"tag": {"zone": ["raw"]}},
        {"table": ["sales.customers"]},
        {"column": ["phone"]},
        {"environment": ["dev"]},
        {"account": [OTHER]},
        {"kind": ["bucket"]},
    ],
)
def test_other_data_is_not_meant(data: dict[str, Any]):
    """What is stated to be something else is not forbidden."""
    orders = (table("orders", "order_id", "email"),)
    assert forbidding(replace(estate(NOTEBOOK), tables=orders), data) is State.PROVED


def test_what_nobody_says_of_data_counts_as_any():
    """Without LF-Tags every class, zone, domain and tag is forbidden; without a Stage every environment."""
    bare = replace(estate(NOTEBOOK), tag_associations=())
    for data in ({"classification": ["restricted"]}, {"zone": ["raw"]}, {"domain": ["travel"]}, {"tag": {"owner": ["somebody"]}}):
        assert forbidding(bare, data) is State.REFUTED, data
    homeless = replace(bare, tables=(replace(table("orders", "order_id"), origin=origin("Table", "")),))
    assert forbidding(homeless, {"environment": ["dev"]}) is State.REFUTED


def test_without_classes_any_class_is_forbidden():
    """Nobody says which class is the most restricted, so that data without one may be of any."""
    rules = AccessRules.model_validate(
        {"version": 1, "invariants": [{"id": "pii", "says": "x", "forbid": {"data": {"classification": ["secret"]}}}]}
    )
    where = replace(estate(NOTEBOOK), tag_associations=())
    verdicts = judge(Questions(where), build_matrix(where), LoadedRules(file="access.yaml", rules=rules)).verdicts
    assert verdicts[0].state is State.REFUTED


def test_a_class_that_nobody_declared_counts_as_the_most_restricted():
    """A misspelt tag on a column opens nothing."""
    misspelt = (*estate().tag_associations[:2], tags(on(ResourceType.COLUMNS, table="orders", columns=("email",)), classification="pubic"))
    where = replace(estate(NOTEBOOK), tag_associations=misspelt, tables=(table("orders", "order_id", "email"),))
    assert forbidding(where, {"classification": ["restricted"]}) is State.REFUTED


def test_keys_of_tags_fit_in_whatever_case():
    """`Classification` in access.yaml is `classification` in Lake Formation."""
    where = replace(estate(NOTEBOOK), tables=(table("orders", "order_id", "email"),), tag_associations=estate().tag_associations[:2])
    keys = {"tags": {"classification": "Classification", "zone": "Zone", "domain": "Domain"}}
    assert forbidding(where, {"classification": ["restricted"]}, **keys) is State.PROVED
    assert forbidding(where, {"classification": ["internal"]}, **keys) is State.REFUTED


def test_a_field_of_a_struct_has_a_class_of_its_own():
    """A restricted field is read with its column, through every door that shows the column."""
    nested = tags(on(ResourceType.COLUMNS, table="orders", columns=("order_id.customer",)), classification="restricted")
    where = replace(estate(NOTEBOOK), tables=(table("orders", "order_id"),), tag_associations=(*estate().tag_associations[:2], nested))
    verdict = judged(where, {"forbid": {"data": {"classification": ["restricted"]}}})
    assert verdict.state is State.REFUTED
    assert verdict.examples[0].columns == ("order_id.customer",)


def test_a_field_is_at_issue_where_its_column_is_read():
    """By whatever list of columns the access has."""
    reading = Access(
        principal=NOTEBOOK, dataset=dataset_of(table("orders")), action=Action.READ, door=Door.LAKE_FORMATION, columns=("who",)
    )
    assert columns_at_issue(reading, [("who.email", "what.price")]) == ("who.email",)
    assert columns_at_issue(reading, [("what.price",)]) is None


def test_a_zones_bucket_may_hold_any_domain_and_a_bucket_of_no_zone_holds_none():
    """A rule about a domain is about every object of a zone that no table describes."""
    raw = role("Notebook", allow("s3:GetObject", f"{BUCKET}/elsewhere/*"), READ_ALL[1])
    zone = [{"where": "lake-curated", "zone": "raw"}]
    none = [{"where": "lake-curated", "classification": "public", "because": "only lists of names"}]
    assert forbidding(estate(raw), {"domain": ["travel"]}, buckets=zone) is State.REFUTED
    assert forbidding(estate(raw), {"zone": ["Raw"]}, buckets=zone) is State.REFUTED
    assert forbidding(estate(raw), {"zone": ["curated"]}, buckets=zone) is State.PROVED
    assert forbidding(estate(raw), {"domain": ["travel"]}, buckets=none) is State.PROVED


def test_a_table_whose_columns_nobody_knows_has_every_column():
    """A rule about a column is about a table of which no column is known."""
    blind = replace(table("orders"), unknown=("a parameter without a default",))
    assert forbidding(replace(estate(NOTEBOOK), tables=(blind,)), {"column": ["email"], "kind": ["table"]}) is State.REFUTED


def stranger(**more: Any) -> Principal:
    return replace(role("Stranger", *READ_ALL, account=OTHER), **more)


def let_in(where: Estate, whom: str) -> Estate:
    """The bucket and the key let somebody in."""
    trusting = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": whom}, "Action": "*", "Resource": [BUCKET, f"{BUCKET}/*", "*"]}]}
    bucket = replace(where.buckets[0], policy=parse_policy(trusting, name="BucketPolicy"), public_access_blocked=False)
    return replace(where, buckets=(bucket,), keys=(replace(where.keys[0], policy=parse_policy(trusting, name="KeyPolicy")),))


def test_whose_environment_nobody_tells_counts_as_of_any():
    """An account without stacks may be of every environment; one with stacks is of its own."""
    where = let_in(estate(stranger()), stranger().arn)
    assert forbidding(where, who={"environment": ["staging"]}) is State.REFUTED
    assert forbidding(where, who={"environment": ["dev"]}) is State.PROVED
    outside = replace(where, accounts={LAKE: where.accounts[LAKE], OTHER: Account(id=OTHER)})
    outside = replace(outside, principals=(replace(outside.principals[0], origin=None),))
    assert forbidding(outside, who={"environment": ["dev"]}) is State.REFUTED


def test_anyone_is_of_every_account():
    """What `*` may do, principals of each account may do."""
    anyone = Principal(arn="*", kind=PrincipalKind.ANYONE, account="", name="anyone")
    where = let_in(estate(anyone), "*")
    assert forbidding(where, who={"account": [OTHER]}) is State.REFUTED
    assert forbidding(where, who={"environment": ["dev"]}) is State.REFUTED


def test_a_principal_is_of_the_environment_that_defines_it():
    """In an account of two environments each role is of its own."""
    shared = {LAKE: Account(id=LAKE, environments=("Dev", "Prod")), OTHER: Account(id=OTHER)}
    from_dev = replace(NOTEBOOK, origin=origin("Notebook", "Dev"))
    apart = {"forbid": {"crossing": "environment"}}
    assert judged(replace(estate(from_dev), accounts=shared), apart).state is State.REFUTED
    assert judged(replace(estate(NOTEBOOK), accounts=shared), apart).state is State.PROVED


def test_a_permission_set_is_known_by_its_whole_name():
    """`Analyst` is not `Analyst_Admin`, whose role's name begins alike."""
    other = small.permission_set("Analyst_Admin", small.allow("s3:*", "kms:*"), account=CONSUMER)
    rules = loaded({"forbid": {"who": {"persona": ["analyst"]}, "do": ["read"]}})
    from lakecheck.access.invariants.subjects import PrincipalFacts  # noqa: PLC0415

    facts = PrincipalFacts(small.lake(other), rules)
    assert facts.persona_of(other) is None
    own = small.permission_set("Analyst", account=CONSUMER)
    assert PrincipalFacts(small.lake(other, own), rules).persona_of(own) == "analyst"


PIPELINE = {"pipeline": "role/{product}", "because": "its own data, below its own prefix"}


def piped(location: str, *, domain: str = "sales", account: str = small.LAKE, **parts: Any) -> State:
    """Whether the pipeline of sales' orders may read a table at that place; the rule is about tables."""
    reader = small.role("Sales-Orders", small.allow("s3:*", "kms:*", "glue:Get*", "lakeformation:GetDataAccess"), account=account)
    rule = {"forbid": {"do": ["read"], "data": {"kind": ["table"]}}, "except": [PIPELINE]}
    where = small.lake(
        reader,
        tables=(small.table(location=location),),
        tag_associations=(small.tag(small.on(ResourceType.DATABASE), domain=domain),),
        grants=(small.grant(reader),),
        **parts,
    )
    where = replace(where, principals=(reader,))
    questions = Questions(where)
    state: State = judge(questions, build_matrix(where, questions=questions), loaded(rule)).verdicts[0].state
    return state


def test_a_pipeline_is_exempt_on_its_own_products_data_only():
    """Below its prefix, in a bucket of its account that a template defines, in a table of no other domain."""
    own = f"s3://{small.BUCKET}/sales/orders/"
    assert piped(own) is State.PROVED
    assert piped(f"{own}deeper/") is State.PROVED
    assert piped(f"s3://{small.BUCKET}/sales/orders_archive/") is State.REFUTED
    assert piped(f"s3://{small.BUCKET}/old/sales/orders/") is State.REFUTED
    assert piped(f"s3://{small.BUCKET}/") is State.REFUTED
    assert piped(own, domain="travel") is State.REFUTED


def test_a_pipeline_is_not_exempt_in_a_foreign_bucket():
    """The same prefix in another account's bucket, or in one that no template defines, is somebody else's."""
    own = f"s3://{small.BUCKET}/sales/orders/"
    unseen = replace(small.CURATED, origin=None)
    assert piped(own, buckets=(unseen,)) is State.REFUTED
    theirs = replace(small.CURATED, account=CONSUMER)
    assert piped(own, buckets=(theirs,)) is not State.PROVED


def test_fails_when_an_environment_is_nobodys():
    """A misspelt environment would be about nothing."""
    rules = loaded({"forbid": {"data": {"environment": ["prdo"]}}})
    where = small.lake()
    with pytest.raises(InvalidInput, match="there are: dev, prod"):
        judge(Questions(where), build_matrix(where), rules)
