"""What a run says of access and of a change: data open to anybody, invariants, gains, approvals, new acknowledgements."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lakecheck.access.invariants.loader import load_rules
from lakecheck.assembly import Acknowledgement
from lakecheck.checks import access, upgrade
from lakecheck.run import Options, Run, judge
from lakecheck.snapshot import Snapshot
from lakemodel.approvals import load_approvals
from lakemodel.findings import Severity
from tests.lakecheck.rules.snapshots import ACCOUNT, snapshot_of

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.findings import Finding

DAY = date(2026, 11, 22)
SKIP = dict.fromkeys(("compliance", "cloudformation", "lint", "rules", "limits"), "not asked for")
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "orders-of-everybody"}}


def policy(principal: Any, **more: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-of-everybody/*", **more,
    }  # fmt: skip
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Orders"}, "PolicyDocument": document}}


OPEN = {"Orders": BUCKET, "Policy": policy("*")}
INSIDE = {"Orders": BUCKET, "Policy": policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})}
REPORTER = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "Reporter",
        "AssumeRolePolicyDocument": {
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
        },
    },
}
CLOSED = {"Orders": BUCKET, "Reporter": REPORTER}
READABLE = {**CLOSED, "Policy": policy({"AWS": f"arn:aws:iam::{ACCOUNT}:role/Reporter"})}


def judged(head: dict[str, Any], base: dict[str, Any] | None = None, **options: Any) -> Run:
    compared = None if base is None else snapshot_of(base)
    return judge(snapshot_of(head), Options(as_of=DAY, skip=SKIP, **options), base=compared)


def of(run: Run, rule: str) -> list[Finding]:
    return [finding for finding in run.findings if finding.rule == rule]


def rules(folder: Path, **invariant: Any) -> LoadedRules:
    path = folder / "access.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "invariants": [{"id": "own", "says": "As it has to be.", **invariant}]}))
    return load_rules(path)


def test_data_open_to_anybody_is_an_error_without_any_configuration():
    (found,) = of(judged(OPEN), access.ANYONE)
    assert (found.severity, found.logical_id) == (Severity.ERROR, "Orders")
    assert "without credentials" in found.message


@pytest.mark.parametrize("resources", [INSIDE, CLOSED, READABLE, {}])
def test_data_with_a_name_or_a_condition_is_not(resources: dict[str, Any]):
    assert of(judged(resources), access.ANYONE) == []


def test_a_refuted_invariant_is_an_error_with_its_requests(tmp_path: Path):
    forbidden = rules(tmp_path, forbid={"who": {"principal": ["role/Reporter"]}, "do": ["read"]})
    run = judged(READABLE, invariants=forbidden)
    (found,) = of(run, "own")
    assert (found.severity, found.logical_id) == (Severity.ERROR, "Reporter")
    assert found.message.startswith("REFUTED: role/Reporter can read")
    assert any("s3:GetObject" in detail for detail in found.details)
    assert run.judgement is not None
    assert not run.passed


def test_a_proved_invariant_is_evidence_and_no_finding(tmp_path: Path):
    forbidden = rules(tmp_path, forbid={"who": {"principal": ["role/Reporter"]}, "do": ["read"]})
    run = judged(CLOSED, invariants=forbidden)
    assert of(run, "own") == []
    assert [each.title for each in run.evidence if each.rule == "own"] == ["As it has to be."]


def test_without_a_base_nothing_is_said_of_a_change():
    run = judged(READABLE)
    assert (run.upgrade, run.gains, run.new_acknowledgements) == (None, None, None)
    assert next(result for result in run.results if result.name == upgrade.NAME).not_run


def test_a_gain_of_access_fails_and_an_approval_lets_it_pass(tmp_path: Path):
    (found,) = of(judged(READABLE, CLOSED), upgrade.GAIN)
    assert (found.severity, found.category, found.acknowledged) == (Severity.ERROR, upgrade.GAIN, None)
    assert "role/Reporter gains read" in found.message
    entry = {
        "kind": "access_gain", "principal": "role/Reporter", "dataset": "s3://orders-of-everybody/", "actions": ["read"], "door": "s3",
        "environments": ["Prod"], "reason": "Reports are made from it.", "owner": "sales", "expires": "2027-01-31",
    }  # fmt: skip
    path = tmp_path / "approvals.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "approvals": [entry]}))
    run = judged(READABLE, CLOSED, register=load_approvals(path))
    (approved,) = of(run, upgrade.GAIN)
    assert approved.acknowledged is not None
    assert (approved.acknowledged.owner, approved.acknowledged.expires) == ("sales", "2027-01-31")
    assert run.passed


def test_a_loss_of_access_and_no_change_are_no_findings():
    assert of(judged(CLOSED, READABLE), upgrade.GAIN) == []
    assert [each for each in judged(READABLE, READABLE).findings if each.check == upgrade.NAME] == []


def test_new_and_gone_acknowledgements_are_told():
    one = Acknowledgement(path="Prod/Lake/Orders", rule="Pack::Rule", reason="for now", owner="sales")
    base, head = snapshot_of(CLOSED), snapshot_of(CLOSED)
    with_it = Snapshot(replace(head.assembly, acknowledgements=(one,)))
    options = Options(as_of=DAY, skip={**SKIP, "compliance": "not asked for"})
    added = judge(with_it, options, base=base)
    assert (added.new_acknowledgements, added.gone_acknowledgements) == ((one,), ())
    assert [finding.severity for finding in of(added, "new")] == [Severity.NOTE]
    removed = judge(base, options, base=with_it)
    assert (removed.new_acknowledgements, removed.gone_acknowledgements) == ((), (one,))
    prolonged = Snapshot(replace(head.assembly, acknowledgements=(replace(one, expires="2027-01-01"),)))
    assert len(judge(prolonged, options, base=with_it).new_acknowledgements or ()) == 1
    assert of(judge(with_it, options, base=with_it), "new") == []
