"""Invariants over a small estate: proved, refuted with a request that is allowed, or not known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lakecheck.access.invariants.judge import judge
from lakecheck.access.invariants.loader import load_rules
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.matrix import build_matrix
from lakecheck.access.model import Door
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Account
from lakecheck.iam.documents import parse_policy
from lakemodel.errors import InvalidInput
from tests.lakecheck.access.invariants.estates import BUCKET, KEY, LAKE, OTHER, READ_ALL, READ_ORDERS, TRAIL, allow, estate, judged, role

CONFIG = Path(__file__).parents[4] / "config"
PII = {"forbid": {"do": ["read"], "data": {"classification": ["restricted"]}}}


def test_nobody_with_a_right_is_proof():
    """An estate in which nobody may do anything proves that nobody reads."""
    verdict = judged(estate(role("Idle")), PII)
    assert verdict.state is State.PROVED
    assert not verdict.examples


def test_a_direct_grant_is_found_with_its_door_and_a_request():
    """S3 and KMS rights on the bucket read every column; the request that shows it is printed."""
    verdict = judged(estate(role("Notebook", *READ_ORDERS)), PII)
    assert verdict.state is State.REFUTED
    orders = next(each for each in verdict.examples if each.access.dataset.name == "sales.orders")
    assert orders.columns == ("email",)
    assert orders.environment == "Prod"
    assert "role/Notebook" in orders.summary
    assert "S3" in orders.summary
    actions = {asked.action for asked in orders.requests}
    assert {"s3:GetObject", "kms:Decrypt"} <= actions
    assert all(asked.principal.endswith("role/Notebook") for asked in orders.requests)


def test_the_requests_are_those_that_show_it():
    """Of all that a wide role may do, what reads this data through this door is printed, and the step that leads there."""
    wide = role("Wide", allow("*", "*"), trusts="lambda.amazonaws.com")
    direct = [each for each in judged(estate(wide), PII).examples if each.access.door is Door.S3 and not each.access.via]
    assert direct
    for example in direct:
        assert {asked.action for asked in example.requests} == {"s3:GetObject", "kms:Decrypt"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}, "Action": "sts:AssumeRole"}]}
    reader = replace(role("Reader", *READ_ORDERS), trust=parse_policy(trust, name="Reader/Trust"))
    climber = role("Climber", allow(["sts:AssumeRole", "glue:*"], "*"))
    exempt = PII | {"except": [{"principal": "role/Reader", "because": "it is looked after"}]}
    shown = judged(estate(reader, climber), exempt).examples[0]
    assert [(asked.principal.rpartition("/")[2], asked.action) for asked in shown.requests] == [
        ("Climber", "sts:AssumeRole"),
        ("Reader", "kms:Decrypt"),
        ("Reader", "s3:GetObject"),
    ]


def test_half_a_door_is_no_door():
    """Objects without their key are not read; nothing but the key is nothing."""
    assert judged(estate(role("Half", allow("s3:GetObject", f"{BUCKET}/*"))), PII).state is State.PROVED
    assert judged(estate(role("Half", allow("kms:Decrypt", KEY))), PII).state is State.PROVED


def test_unclassified_data_counts_as_the_most_restricted():
    """A table without a class is personal data until somebody says otherwise."""
    customers = (allow("s3:GetObject", f"{BUCKET}/sales/customers/*"), allow("kms:Decrypt", KEY))
    verdict = judged(estate(role("Notebook", *customers)), PII)
    assert [each.access.dataset.name for each in verdict.examples] == ["sales.customers"]


def test_a_condition_that_a_request_can_meet_refutes():
    """What is allowed from one network is allowed: the witness names the network."""
    statements = (allow("s3:GetObject", f"{BUCKET}/*", StringEquals={"aws:SourceVpce": "vpce-1"}), READ_ALL[1])
    verdict = judged(estate(role("Notebook", *statements)), PII)
    assert verdict.state is State.REFUTED
    assert verdict.examples[0].context == {"aws:sourcevpce": ("vpce-1",)}


def test_what_no_template_tells_is_unknown():
    """A role whose policies nobody knows is neither cleared nor accused."""
    verdict = judged(estate(role("Stranger", unknown=("no template defines role/Stranger",))), PII)
    assert verdict.state is State.UNKNOWN
    assert any("Stranger" in reason for example in verdict.examples for reason in example.reasons)


def test_an_exception_names_one_principal_and_is_told():
    """The principal is left out, its name and the reason stay with the verdict; others are still found."""
    exempt = PII | {"except": [{"principal": "role/Notebook", "because": "it is looked after"}]}
    verdict = judged(estate(role("Notebook", *READ_ALL)), exempt)
    assert verdict.state is State.PROVED
    assert verdict.exempted[0].principals == ("role/Notebook",)
    assert verdict.exempted[0].needed
    both = judged(estate(role("Notebook", *READ_ALL), role("Other", *READ_ALL)), exempt)
    assert {each.access.principal.name for each in both.examples} == {"role/Other"}


def test_an_exception_that_nobody_needs_is_told():
    """It was needed once; it should go."""
    exempt = PII | {"except": [{"principal": "role/Notebook", "because": "it is looked after"}]}
    assert not judged(estate(role("Notebook")), exempt).exempted[0].needed


def test_fails_when_an_exception_fits_two_principals_of_an_account():
    """Whoever comes later by that name would be let in unseen."""
    exempt = PII | {"except": [{"principal": "role/Note*", "because": "they are looked after"}]}
    with pytest.raises(InvalidInput, match="fits 2 principals"):
        judged(estate(role("Notebook", *READ_ALL), role("Notes")), exempt)


def test_roles_of_locations_are_exempt_on_their_own_data_only():
    """Lake Formation's role reads what its location covers; the same role elsewhere, or trusted by somebody else, is found."""
    from lakecheck.estate.model import DataLocation  # noqa: PLC0415
    from tests.lakecheck.access.invariants.estates import REGION, origin  # noqa: PLC0415

    exempt = PII | {"except": [{"location_roles": True, "because": "Lake Formation reads with it"}]}

    def with_location(prefix: str, trusts: str) -> State:
        reader = role("Location", *READ_ALL, trusts=trusts)
        location = DataLocation(account=LAKE, region=REGION, arn=f"{BUCKET}{prefix}", role=reader.arn, origin=origin("Location"))
        return judged(estate(reader, locations=(location,)), exempt).state

    assert with_location("", "lakeformation.amazonaws.com") is State.PROVED
    assert with_location("/sales/orders", "lakeformation.amazonaws.com") is State.REFUTED
    assert with_location("", "ec2.amazonaws.com") is State.REFUTED


def test_environments_are_apart_unless_somebody_crosses():
    """A role of another environment that both sides let in crosses; one of the same environment does not."""
    apart = {"forbid": {"crossing": "environment"}}
    assert judged(estate(role("Notebook", *READ_ALL)), apart).state is State.PROVED

    stranger = role("Stranger", *READ_ALL, account=OTHER)
    where = estate(stranger)
    trusting = {
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": stranger.arn}, "Action": "*", "Resource": [BUCKET, f"{BUCKET}/*", "*"]}]
    }
    bucket = replace(where.buckets[0], policy=parse_policy(trusting, name="BucketPolicy"))
    key = replace(where.keys[0], policy=parse_policy(trusting, name="KeyPolicy"))
    verdict = judged(replace(where, buckets=(bucket,), keys=(key,)), apart)
    assert verdict.state is State.REFUTED
    assert {each.access.principal.name for each in verdict.examples} == {"role/Stranger"}


def test_what_is_required_and_missing_is_told():
    """A role that has to read and cannot refutes; one that can proves."""
    required = {"require": {"who": {"principal": ["role/Notebook"]}, "do": ["read"], "data": {"table": ["sales.orders"]}}}
    assert judged(estate(role("Notebook", *READ_ORDERS)), required).state is State.PROVED
    missing = judged(estate(role("Notebook")), required)
    assert missing.state is State.REFUTED
    assert "cannot read sales.orders" in missing.examples[0].summary


def test_actions_on_a_trail_are_found_through_an_assumed_role_too():
    """Who can become the role that may stop the trail can stop it."""
    rule = {"forbid": {"actions": ["cloudtrail:StopLogging"], "resources": {"type": ["AWS::CloudTrail::Trail"]}}}
    assert judged(estate(role("Idle")), rule).state is State.PROVED
    stopper = role("Stopper", allow("cloudtrail:*", TRAIL, StringEquals={"aws:SourceVpce": "vpce-1"}))
    refuted = judged(estate(stopper), rule)
    assert refuted.state is State.REFUTED
    assert [(asked.action, asked.resource) for asked in refuted.examples[0].requests] == [("cloudtrail:StopLogging", TRAIL)]
    assert refuted.examples[0].requests[0].context == {"aws:sourcevpce": ("vpce-1",)}

    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}, "Action": "sts:AssumeRole"}]}
    open_stopper = replace(stopper, trust=parse_policy(trust, name="Stopper/Trust"))
    climber = role("Climber", allow("sts:AssumeRole", stopper.arn))
    exempt = rule | {"except": [{"principal": "role/Stopper", "because": "it is looked after"}]}
    verdict = judged(estate(open_stopper, climber), exempt)
    assert verdict.state is State.REFUTED
    assert "role/Climber" in verdict.examples[0].summary


def test_a_bucket_that_nobody_listed_counts_as_restricted_and_a_listed_one_as_it_says():
    """Objects below no table are personal data, unless access.yaml says what they are."""
    raw = (allow("s3:GetObject", f"{BUCKET}/elsewhere/*"), allow("kms:Decrypt", KEY))
    assert judged(estate(role("Notebook", *raw)), PII).state is State.REFUTED
    listed = [{"where": "lake-curated", "classification": "internal", "because": "only lists of names"}]
    assert judged(estate(role("Notebook", *raw)), PII, buckets=listed).state is State.PROVED


def test_rules_about_personas_that_are_nowhere_are_not_proved():
    """Templates of other accounts say nothing of the personas of lake.yaml, good or bad."""
    loaded = load_rules(CONFIG / "access.yaml")
    environments = {"other": loaded.lake.environments["prod"].model_copy(update={"lakes": {"main": OTHER}, "consumers": {}})}
    elsewhere = loaded.lake.model_copy(update={"environments": environments})
    where = replace(estate(role("Notebook")), accounts={LAKE: Account(id=LAKE, environments=("Prod",))})
    judgement = judge(Questions(where), build_matrix(where), replace(loaded, lake=elsewhere))
    found = {
        verdict.id: verdict.state for verdict in judgement.verdicts if verdict.id.startswith(("personas-r", "personas-can", "accounts"))
    }
    assert found
    assert set(found.values()) == {State.UNKNOWN}
