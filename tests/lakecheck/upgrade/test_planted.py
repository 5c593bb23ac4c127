"""Dangers planted into a plain lake, each named once, of the right kind, at the right place; of their harmless twins nothing is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.assembly import read_assembly
from lakecheck.snapshot import Snapshot
from lakecheck.upgrade.judges import RULES
from lakecheck.upgrade.model import Category
from lakecheck.upgrade.review import FAILING, judge_upgrade
from lakemodel.approvals import Register
from tests.lakecheck.upgrade.planted import GONE, LAKE, Edits, edited
from tests.lakecheck.upgrade.planted_doors import DOORS
from tests.lakecheck.upgrade.planted_losses import LOSSES
from tests.lakecheck.upgrade.planted_twins import TWINS
from tests.lakecheck.upgrade.support import stack, state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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


# --- the reference lake ------------------------------------------------------------------------------------------------------------------

OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
IN_REFERENCE: dict[str, tuple[str, Any, str]] = {
    "AWS::S3::Bucket": ("Properties/VersioningConfiguration/Status", "Suspended", "data_loss.versions"),
    "AWS::S3::BucketPolicy": ("Properties/PolicyDocument/Statement/0", OPEN, "security_weakened.policy"),
    "AWS::KMS::Key": ("Properties/EnableKeyRotation", False, "security_weakened.rotation"),
    "AWS::DynamoDB::Table": ("DeletionPolicy", "Delete", "data_loss.policy_weakened"),
    "AWS::LakeFormation::Resource": ("", GONE, "lost_access.location"),
    "AWS::CloudTrail::Trail": ("Properties/IsLogging", False, "security_weakened.audit"),
    "AWS::GuardDuty::Detector": ("", GONE, "security_weakened.detection"),
    "AWS::Athena::WorkGroup": ("Properties/WorkGroupConfiguration/EnforceWorkGroupConfiguration", False, "security_weakened.query_limits"),
    "AWS::Logs::LogGroup": ("Properties/RetentionInDays", 1, "data_loss.sooner"),
    "AWS::SNS::Topic": ("Properties/KmsMasterKeyId", GONE, "security_weakened.encryption"),
    "AWS::CloudWatch::Alarm": ("", GONE, "security_weakened.detection"),
    "AWS::Glue::Job": ("Properties/SecurityConfiguration", GONE, "security_weakened.encryption"),
    "AWS::StepFunctions::StateMachine": ("Properties/LoggingConfiguration", GONE, "security_weakened.audit"),
    "AWS::IAM::ManagedPolicy": ("Properties/PolicyDocument/Statement/0/Action", "*", "security_weakened.wide_rights"),
}
"""By type of resource what is done to each in every environment, and what is to be named there."""


@pytest.mark.xdist_group("reference")
def test_every_danger_in_the_reference_is_named_where_it_is(reference_dir: Path) -> None:
    """In every stack of every environment at once: nothing is missed, and nothing is named elsewhere."""
    lake = read_assembly(reference_dir)
    stacks, expected = [], set()
    for each in lake.stacks:
        resources = each.bare["Resources"].items()
        places = [(logical_id, *IN_REFERENCE[one["Type"]]) for logical_id, one in resources if one["Type"] in IN_REFERENCE]
        template = edited(each.bare, {f"{logical_id}/{path}".rstrip("/"): value for logical_id, path, value, _ in places})
        stacks.append(replace(each, template=template, bare=template))
        expected |= {(rule, each.path, logical_id) for logical_id, _, _, rule in places}
    review = judge_upgrade(Snapshot(lake), Snapshot(replace(lake, stacks=tuple(stacks))), Register(), as_of=date(2030, 1, 1))
    risks = [each.risk for each in review.judged if each.risk.category in FAILING]
    also = {"security_weakened.deny"}  # the first statement of a bucket's policy refuses something
    assert {(risk.rule, risk.stack, risk.logical_id) for risk in risks if risk.rule not in also} == expected
    assert {risk.type for risk in risks if risk.rule in also} == {"AWS::S3::BucketPolicy"}
    assert len(expected) > 300
