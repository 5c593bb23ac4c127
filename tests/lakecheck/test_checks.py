"""Each check: what it finds, what it leaves alone, and that nothing silences it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from lakecheck.assembly import Assembly, StackTemplate, read_assembly
from lakecheck.checks import acknowledgements, cloudformation, compliance, distinct, limits, lint
from lakecheck.checks.base import IGNORED
from lakecheck.findings import in_order
from lakecheck.run import CHECKS, Options, judge
from lakecheck.snapshot import Snapshot
from lakemodel.findings import Severity
from lakemodel.limits import Quota, limit
from tests.lakecheck.assemblies import BUCKET, acknowledging, pack, report_of, violation, write_assembly

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.findings import Finding

DAY = date(2026, 6, 30)
QUEUE_KEPT_TOO_LONG = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 99_999_999}}


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_the_canary_is_seen_by_all_three_checkers(canary: Assembly) -> None:
    """An unknown property and missing logs are found, whatever the template's Metadata orders."""
    assert "Metadata" in canary.stacks[0].template
    linted = {finding.rule: finding for finding in lint.check(canary).findings}
    validated = {finding.rule: finding for finding in cloudformation.check(canary).findings}
    complied = {finding.rule: finding for finding in compliance.check(canary).findings}
    for finding in (linted["E3002"], validated["F3002"], complied["AwsSolutions-S1"]):
        assert finding.severity is Severity.ERROR
        assert finding.acknowledged is None
        assert (finding.stack, finding.logical_id, finding.construct_path) == ("Canary", "Bad", "Canary/Bad")
    assert "NoSuchProperty" in linted["E3002"].message
    assert "NoSuchProperty" in validated["F3002"].message


def test_no_configuration_file_silences_the_linter(canary: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .cfnlintrc, the project's or the user's, switches nothing off."""
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E3002, E, W]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "E3002" in rules(lint.check(canary).findings)


def test_only_redundant_dependencies_are_ignored(tmp_path: Path) -> None:
    """W3005 is left out by the linter, the validation and CDK's own; another warning is not."""
    template = {
        "Parameters": {"Unused": {"Type": "String"}},
        "Resources": {
            "Bucket": BUCKET,
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "DependsOn": ["Bucket"],
                "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
            },
        },
    }
    built_in = pack(compliance.BUILT_IN, *(violation(rule, "Only/Policy", severity="warning") for rule in ("W3005", "W9999")))
    assembly = read_assembly(write_assembly(tmp_path / "out", {"Only": template}, report=report_of(pack(), built_in)))
    linted, validated, complied = lint.check(assembly), cloudformation.check(assembly), compliance.check(assembly)
    assert "W2001" in rules(linted.findings)
    assert "W2001" in rules(validated.findings)
    assert rules(complied.findings) == ["W9999"]
    assert "W3005" not in rules(linted.findings) + rules(validated.findings)
    assert IGNORED == ("W3005",)


def test_an_acknowledged_redundant_dependency_is_not_stale(tmp_path: Path) -> None:
    """Whoever acknowledges it all the same is not told that it matches nothing."""
    policy = {"Type": "AWS::S3::BucketPolicy", "DependsOn": ["Bucket"], "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {}}}
    metadata = {
        "/Only/Policy": [{"type": "aws:cdk:logicalId", "data": "Policy"}, *acknowledging("CloudFormation-Validate::W3005", owner="me")]
    }
    template = {"Resources": {"Bucket": BUCKET, "Policy": policy}}
    assembly = read_assembly(write_assembly(tmp_path / "out", {"Only": template}, metadata=metadata, report=report_of(pack())))
    run = judge(Snapshot(assembly), Options(as_of=DAY, skip={"lint": "--fast"}))
    assert [each.acknowledged is not None for each in run.findings if each.rule == "W3005"] == [True]
    assert "stale" not in rules(run.findings)


def test_linting_in_parallel_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes and one say the same of every template, and what is wrong in ten resources is found in all of them."""
    monkeypatch.setattr(lint, "_PARALLEL_FROM_RESOURCES", 30)
    templates = {
        f"Stack{index}": {"Resources": {f"Bucket{each}": {**BUCKET, "Properties": {f"No{index}": each}} for each in range(10)}}
        for index in range(3)
    }
    assembly = read_assembly(write_assembly(tmp_path / "out", templates))
    one, two = lint.check(assembly, processes=1), lint.check(assembly, processes=2)
    assert one.findings == two.findings
    assert len(one.findings) == 30
    assert set(one.stack_seconds) == set(two.stack_seconds) == {f"{name}.template.json" for name in templates}


def _stack(text: dict[str, Any], account: str | None = "444444444401", path: str = "Dev/Storage") -> StackTemplate:
    return StackTemplate(
        environment="Dev",
        account=account,
        region="eu-west-1",
        stack_name="Dev-Storage",
        path=path,
        parent=None,
        file="x",
        size=0,
        template=text,
        bare=text,
        construct_paths={},
        sources={},
        termination_protection=False,
    )


def _same(one: dict[str, Any], other: dict[str, Any], path: str = "Dev/Storage") -> bool:
    accounts, names = ["444444444401", "444444444402", "444444444411"], ["Staging-Storage", "Dev-Storage"]
    stacks = _stack(one), _stack(other, path=path)
    return len({distinct.same_but_for_names(stack, accounts, names) for stack in stacks}) == 1


def test_templates_that_differ_in_account_and_exports_only_are_the_same() -> None:
    """Account ids and the stack's name in exports do not count; the same values anywhere else do."""
    assert _same({"A": "arn:aws:iam::444444444401:root"}, {"A": "arn:aws:iam::444444444411:root"})
    assert _same({"Export": {"Name": "Dev-Storage:ExportsX"}}, {"Export": {"Name": "Staging-Storage:ExportsX"}})
    assert _same({"Fn::ImportValue": "Dev-Storage:ExportsX"}, {"Fn::ImportValue": "Staging-Storage:ExportsX"})
    assert not _same({"A": ["444444444401", "444444444401"]}, {"A": ["444444444401", "444444444402"]})
    assert not _same({"Name": "Dev-Storage"}, {"Name": "Staging-Storage"})
    assert not _same({"BucketName": "Dev-Storage:ExportsX"}, {"BucketName": "Staging-Storage:ExportsX"})
    assert not _same({"A": "4444444444010"}, {"A": "4444444444110"})


def test_templates_that_differ_in_their_own_path_only_are_the_same() -> None:
    """The path in a value of its own and in a name that CDK made of it does not count; elsewhere, and where it is short, it does."""
    other = "Staging/Storage"
    assert _same({"Key": "Name", "Value": "Dev/Storage/Bucket/Logs"}, {"Key": "Name", "Value": "Staging/Storage/Bucket/Logs"}, other)
    assert _same({"Name": "DevStorageKey0A1B2C3D", "A": 1}, {"Name": "StagingStorageKeyD3C2B1A0", "A": 1}, other)
    assert not _same({"Name": "DevStorageKey0A1B2C3D", "A": 1}, {"Name": "StagingStorageLock0A1B2C3D", "A": 1}, other)
    assert not _same({"Name": "DevStorageKey0A1B2C3D", "A": 1}, {"Name": "StagingStorageKey", "A": 1}, other)
    assert not _same({"Name": "DevStorageKey0A1B2C3D", "A": 1}, {"Name": "StagingStorageKey0A1B2C3D", "A": 1})
    assert not _same({"Text": "DevStorageKey0A1B2C3D"}, {"Text": "StagingStorageKey0A1B2C3D"}, other)
    assert not _same({"Name": "DevStorage0A1B2C3D", "A": 1}, {"Name": "StagingStorage0A1B2C3D", "A": 1}, other), "a minimum may tell these"
    twice = [{"FirstName": "DevStorageKey0A1B2C3D", "LastName": f"DevStorageKey{end}"} for end in ("0A1B2C3D", "0A1B2C3E")]
    assert not _same(*twice), "two names that differ are not one"
    assert not _same({"Name": "DevStorageKey0A1B2C3D", "A": 1}, {"Name": "DevStor-ageKey0A1B2C3D", "A": 1}, "Dev/Stor-age")


@pytest.mark.parametrize("check", [lint.check, cloudformation.check], ids=["lint", "cloudformation"])
def test_what_only_the_longest_name_breaks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Any) -> None:
    """Templates that are the same but for their names bring the findings that they bring when each is judged by itself."""

    def lake(stage: str, filler: int) -> dict[str, Any]:
        name = f"{stage}Lake{'x' * filler}0A1B2C3D"
        encryption = {"S3Encryptions": [{"S3EncryptionMode": "SSE-S3"}]}
        properties = {"Name": name, "EncryptionConfiguration": encryption}
        return {"Resources": {"Security": {"Type": "AWS::Glue::SecurityConfiguration", "Properties": properties}}}

    stages = ("DevLake", "ProductionLake", "TestLake")
    for filler, found_in in ((5, 0), (236, 1), (300, 3)):
        assembly = read_assembly(write_assembly(tmp_path / str(filler), {path: lake(path.removesuffix("Lake"), filler) for path in stages}))
        grouped = check(assembly)
        with monkeypatch.context() as patched:
            for module in (lint, cloudformation):
                patched.setattr(module, "equal_templates", lambda assembly: [[stack] for stack in assembly.stacks])
            apart = check(assembly)
        assert in_order(grouped.findings) == in_order(apart.findings)
        assert len({finding.stack for finding in grouped.findings}) == found_in
        assert (len(grouped.stack_seconds) > 1) == (found_in > 0)


@given(st.text(alphabet="ab1", max_size=6), st.text(alphabet="ab1", max_size=6))
def test_different_templates_are_never_taken_for_the_same(one: str, other: str) -> None:
    """What is no account and no export name decides."""
    assert _same({"A": one}, {"A": other}) == (one == other)


@pytest.mark.parametrize(("check", "rule"), [(lint.check, "E3034"), (cloudformation.check, "F3034")], ids=["lint", "cloudformation"])
def test_equal_templates_are_judged_once_and_each_keeps_its_findings(tmp_path: Path, check: Any, rule: str) -> None:
    """A clean template is judged for all environments at once; a finding is found in each of them, with its own values."""
    clean = read_assembly(write_assembly(tmp_path / "clean", {key: {"Resources": {"Bucket": BUCKET}} for key in ("A", "B")}))
    assert len(check(clean).stack_seconds) == 1
    bad = {"Resources": {"Queue": QUEUE_KEPT_TOO_LONG}}
    found = check(read_assembly(write_assembly(tmp_path / "bad", {"A": bad, "B": bad}))).findings
    assert [(finding.rule, finding.stack) for finding in found] == [(rule, "A"), (rule, "B")]


def test_warnings_are_found_and_advice_is_not(tmp_path: Path) -> None:
    """CloudFormation's validation reports errors and warnings with their property; hints on style stay out."""
    assembly = read_assembly(write_assembly(tmp_path / "out", {"Only": {"Resources": {"Queue": QUEUE_KEPT_TOO_LONG}}}))
    [finding] = cloudformation.check(assembly).findings
    assert (finding.rule, finding.severity, finding.logical_id) == ("F3034", Severity.ERROR, "Queue")
    assert finding.message.startswith("VisibilityTimeout: ")


def test_a_template_that_is_nonsense_is_found_not_crashed_on(tmp_path: Path) -> None:
    """Resources that are no object reach every check and come back as findings."""
    templates = {f"Stack{number}": {"Resources": resources} for number, resources in enumerate([3, [], {"A": 1}, {"A": {"Type": 5}}, {}])}
    run = judge(Snapshot(read_assembly(write_assembly(tmp_path / "out", templates))), Options(as_of=DAY))
    errors = [each for each in run.findings if each.severity is Severity.ERROR]
    assert {each.stack for each in errors if each.check in {"lint", "cloudformation"}} == templates.keys()


RELIED_ON = {"/Only/Bucket": acknowledging("AwsSolutions::AwsSolutions-S1", owner="me")}


@pytest.mark.parametrize("report", [None, report_of(pack(compliance.BUILT_IN), pack(compliance.ANNOTATIONS))])
def test_without_any_pack_a_note_says_so(tmp_path: Path, report: dict[str, Any] | None) -> None:
    """An app that never had packs passes, and is told; CDK's own plugins, linters and annotations are no pack."""
    others = (
        "cfn-lint::E3012",
        "lakecheck-rules::query.no_scan_cap",
        "Annotation::@aws-cdk/core:x",
        "guard::mine",
        "CloudFormation-Validate::F1",
    )
    metadata = {"/Only/Bucket": [each for rule in others for each in acknowledging(rule, owner="me")]}
    [finding] = compliance.check(read_assembly(write_assembly(tmp_path / "out", report=report, metadata=metadata))).findings
    assert (finding.rule, finding.severity) == ("no-report" if report is None else "no-pack", Severity.NOTE)
    assert "--require-pack" in finding.remedy


def test_a_missing_report_fails_where_packs_are_relied_on(tmp_path: Path) -> None:
    """Who acknowledged what a pack finds, or requires one, and has no report was judged by nobody: an error."""
    bare, relied_on = write_assembly(tmp_path / "bare"), write_assembly(tmp_path / "out", metadata=RELIED_ON)
    for assembly, required in ((relied_on, ()), (bare, ("AwsSolutions",))):
        [finding] = compliance.check(read_assembly(assembly), require_packs=required).findings
        assert (finding.rule, finding.severity) == ("no-report", Severity.ERROR)


def test_a_report_without_any_pack_fails_where_packs_are_relied_on(tmp_path: Path) -> None:
    """Something of a pack is acknowledged, and no pack left a trace: a warning."""
    report = report_of(pack(compliance.BUILT_IN), pack(compliance.ANNOTATIONS))
    [finding] = compliance.check(read_assembly(write_assembly(tmp_path / "out", report=report, metadata=RELIED_ON))).findings
    assert (finding.rule, finding.severity) == ("no-pack", Severity.WARNING)


def test_a_required_pack_has_to_have_left_a_trace(tmp_path: Path) -> None:
    """The pack that is named and absent is an error; the one that reported is none."""
    assembly = read_assembly(
        write_assembly(tmp_path / "out", report=report_of(pack("AwsSolutions", violation("AwsSolutions-S1", "Only/A"))))
    )
    found = compliance.check(assembly, require_packs=["AwsSolutions", "HIPAA.Security"]).findings
    assert [finding.message for finding in found if finding.rule == "pack-without-trace"] == [
        "the required pack HIPAA.Security left no trace in the validation report; it lists AwsSolutions"
    ]


def test_a_single_template_has_no_report_to_miss(tmp_path: Path) -> None:
    """The check says that it did not run, and why."""
    (tmp_path / "lake.json").write_text(json.dumps({"Resources": {"Bucket": BUCKET}}))
    result = compliance.check(read_assembly(tmp_path / "lake.json"))
    assert (result.findings, result.not_run) == ((), "a single template has no validation report")


def test_violations_name_construct_controls_and_how_to_acknowledge(tmp_path: Path) -> None:
    """One finding for each construct; cdk-nag's list of controls is taken out of the sentence; severities are kept."""
    long = violation("NIST.800.53.R5-X", "Only/A")
    long["description"] = "It is bad - (Control IDs: AC-2(4), AU-9(2), AC-2(4))."
    long["violatingConstructs"].append({"constructPath": "Only/B"})
    mild = violation("HIPAA.Security-Y", "Elsewhere", severity="warning")
    report = report_of(pack("NIST.800.53.R5", long), pack("HIPAA.Security", mild))
    one, two, three = compliance.check(read_assembly(write_assembly(tmp_path / "out", report=report))).findings
    assert (one.message, one.controls) == ("It is bad", ("AC-2(4)", "AU-9(2)"))
    assert "NIST.800.53.R5::NIST.800.53.R5-X" in one.remedy
    assert (one.stack, one.construct_path, two.construct_path) == ("Only", "Only/A", "Only/B")
    assert (three.severity, three.stack) == (Severity.WARNING, "")


def test_built_in_validation_is_not_repeated_and_not_lost(tmp_path: Path) -> None:
    """What the native validation found too is said once; what only CDK's own found is said."""
    report = report_of(pack(compliance.BUILT_IN, violation("F3034", "Only/Queue"), violation("F9999", "Only/Queue")), pack())
    metadata = {"/Only/Queue": [{"type": "aws:cdk:logicalId", "data": "Queue"}]}
    folder = write_assembly(tmp_path / "out", {"Only": {"Resources": {"Queue": QUEUE_KEPT_TOO_LONG}}}, report=report, metadata=metadata)
    run = judge(Snapshot(read_assembly(folder)), Options(as_of=DAY, skip={"lint": "--fast"}))
    assert sorted((each.check, each.rule) for each in run.findings) == [("cloudformation", "F3034"), ("compliance", "F9999")]


def test_acknowledged_findings_of_a_real_synth_keep_their_reason(lake: Assembly) -> None:
    """What the packs list as suppressed is acknowledged, with the owner and the expiry from the metadata."""
    found = compliance.check(lake).findings
    acknowledged = {(each.construct_path, each.rule): each.acknowledged for each in found if each.acknowledged}
    by_owner = acknowledged["Dev/Storage/Bucket/Resource", "AwsSolutions-S1"]
    assert by_owner is not None
    assert (by_owner.reason, by_owner.owner, by_owner.expires) == ("logs stand elsewhere", "storage team", "2026-06-30")
    nobodys = acknowledged["Dev/Storage/Nested/Queue/Resource", "AwsSolutions-SQS3"]
    assert nobodys is not None
    assert nobodys.owner is None
    open_ones = {(each.construct_path, each.rule) for each in found if each.acknowledged is None}
    assert open_ones == {("Anywhere/Open", "AwsSolutions-S1"), ("Anywhere/Open", "AwsSolutions-S10")}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 6, 1), []),
        (date(2026, 6, 20), [("expires-soon", Severity.NOTE)]),
        (date(2026, 6, 30), [("expires-soon", Severity.NOTE)]),
        (date(2026, 7, 1), [("expired", Severity.ERROR)]),
    ],
)
def test_an_acknowledgement_holds_to_its_last_day(lake: Assembly, day: date, expected: list[tuple[str, Severity]]) -> None:
    """Expiry is judged by the day given: silent first, then a note, an error from the day after."""
    found = acknowledgements.check(lake, [compliance.check(lake)], as_of=day).findings
    about = [each for each in found if each.construct_path == "Prod/Storage/Bucket" and each.rule != "stale"]
    assert [(each.rule, each.severity) for each in about] == expected


def test_stale_and_unowned_acknowledgements_are_found(lake: Assembly) -> None:
    """One that matches nothing is a warning, one that nobody answers for a note; one in use is neither."""
    found = acknowledgements.check(lake, [compliance.check(lake)], as_of=date(2026, 1, 1)).findings
    assert sorted((each.rule, each.severity.value, each.construct_path) for each in found) == [
        ("no-owner", "note", "Dev/Storage/Nested/Queue"),
        ("no-owner", "note", "Prod/Storage/Nested/Queue"),
        ("stale", "warning", "Dev/Storage/Bucket"),
        ("stale", "warning", "Prod/Storage/Bucket"),
    ]
    assert all("AwsSolutions-S10" in each.message for each in found if each.rule == "stale")


def test_constructs_listed_together_have_an_acknowledgement_each(tmp_path: Path) -> None:
    """Older CDK names the place of one acknowledgement for all constructs of a rule: each is still held against its own."""
    rule = "AwsSolutions::AwsSolutions-S1"
    metadata = {f"/Only/{name}": acknowledging(rule, owner=name) for name in ("Bucket", "Other", "Unused")}
    together = violation("AwsSolutions-S1", "Only/Bucket/Resource", acknowledgedId=rule, acknowledgedAt="Only/Other", reason="because")
    together["violatingConstructs"].append({"constructPath": "Only/Other/Resource"})
    report = report_of(pack("AwsSolutions", suppressed=(together,)))
    assembly = read_assembly(write_assembly(tmp_path / "out", metadata=metadata, report=report))
    judged = compliance.check(assembly)
    assert sorted((each.construct_path, each.acknowledged.owner) for each in judged.findings if each.acknowledged) == [
        ("Only/Bucket/Resource", "Bucket"),
        ("Only/Other/Resource", "Other"),
    ]
    found = acknowledgements.check(assembly, [judged], as_of=DAY).findings
    assert [(each.rule, each.construct_path) for each in found] == [("stale", "Only/Unused")]


def test_nothing_is_called_stale_when_its_check_did_not_run(lake: Assembly, tmp_path: Path) -> None:
    """Neither when the check was left out nor when there is no report to judge by."""
    left_out = judge(Snapshot(lake), Options(as_of=DAY, skip={"compliance": "--skip", "lint": "--fast"}))
    assert not [each for each in left_out.findings if each.rule == "stale"]
    metadata = {"/Only/Bucket": acknowledging("AwsSolutions::AwsSolutions-S1")}
    no_report = read_assembly(write_assembly(tmp_path / "out", metadata=metadata))
    assert "stale" not in rules(acknowledgements.check(no_report, [compliance.check(no_report)], as_of=DAY).findings)


@pytest.mark.parametrize("rule", ["Annotation::AwsSolutions-S1", "AwsSolutions-S1"])
def test_a_bare_id_is_found_because_it_hides(rule: str, tmp_path: Path) -> None:
    """An acknowledgement without its pack's prefix removes findings from the report: an error."""
    metadata = {"/Only/Bucket": acknowledging(rule, owner="me")}
    assembly = read_assembly(write_assembly(tmp_path / "out", metadata=metadata, report=report_of(pack())))
    [finding] = acknowledgements.check(assembly, [compliance.check(assembly)], as_of=DAY).findings
    assert (finding.rule, finding.severity, finding.construct_path) == ("bare-id", Severity.ERROR, "Only/Bucket")
    assert "AwsSolutions::AwsSolutions-S1" in finding.remedy


def test_acknowledged_annotations_are_left_alone(tmp_path: Path) -> None:
    """CDK drops them without a trace, so that nobody can tell whether they are stale."""
    metadata = {"/Only/Bucket": acknowledging("Annotation::@aws-cdk/aws-s3:something", owner="me")}
    assembly = read_assembly(write_assembly(tmp_path / "out", metadata=metadata, report=report_of(pack())))
    assert acknowledgements.check(assembly, [compliance.check(assembly)], as_of=DAY).findings == ()


def test_an_expiry_that_is_no_date_is_found(tmp_path: Path) -> None:
    """It would never expire otherwise."""
    metadata = {"/Only/Bucket": acknowledging("AwsSolutions::AwsSolutions-S1", owner="me", expires="soon")}
    suppressed = violation("AwsSolutions-S1", "Only/Bucket", acknowledgedId="AwsSolutions::AwsSolutions-S1", acknowledgedAt="Only/Bucket")
    report = report_of(pack(suppressed=(suppressed,)))
    assembly = read_assembly(write_assembly(tmp_path / "out", metadata=metadata, report=report))
    [finding] = acknowledgements.check(assembly, [compliance.check(assembly)], as_of=DAY).findings
    assert (finding.rule, finding.severity) == ("unreadable-date", Severity.ERROR)


def test_linter_and_validation_findings_can_be_acknowledged_in_code(tmp_path: Path) -> None:
    """By prefixed id on the construct or above it; one on a sibling covers nothing and is stale."""
    resources = {"Queue": QUEUE_KEPT_TOO_LONG, "Other": QUEUE_KEPT_TOO_LONG}
    metadata = {
        "/Only/Queue": [*acknowledging("cfn-lint::E3034", owner="me"), *acknowledging("CloudFormation-Validate::F3034", owner="me")],
        "/Only/Queue/Resource": [{"type": "aws:cdk:logicalId", "data": "Queue"}],
        "/Only/Other/Resource": [{"type": "aws:cdk:logicalId", "data": "Other"}],
        "/Only/Sibling": acknowledging("cfn-lint::E3034", owner="me"),
    }
    folder = write_assembly(tmp_path / "out", {"Only": {"Resources": resources}}, metadata=metadata, report=report_of(pack()))
    run = judge(Snapshot(read_assembly(folder)), Options(as_of=DAY))
    state = {(each.check, each.logical_id): each.acknowledged is not None for each in run.findings if each.logical_id}
    assert state == {
        ("lint", "Queue"): True,
        ("cloudformation", "Queue"): True,
        ("lint", "Other"): False,
        ("cloudformation", "Other"): False,
    }
    assert [each.construct_path for each in run.findings if each.rule == "stale"] == ["Only/Sibling"]


@pytest.mark.parametrize(
    ("share", "severity"), [(0.79, None), (0.8, Severity.WARNING), (0.99, Severity.WARNING), (1.0, Severity.ERROR), (1.01, Severity.ERROR)]
)
def test_a_template_near_its_quota_is_found(share: float, severity: Severity | None, tmp_path: Path) -> None:
    """Below 80 % nothing, below 100 % a warning, from there an error; by the numbers of lakemodel.limits."""
    many = round(limit(Quota.STACK_OUTPUTS).value * share)
    template = {"Resources": {"Bucket": BUCKET}, "Outputs": {f"Output{each}": {"Value": "x"} for each in range(many)}}
    found = limits.check(Snapshot(read_assembly(write_assembly(tmp_path / "out", {"Only": template})))).findings
    assert [(each.rule, each.severity) for each in found] == ([] if severity is None else [(Quota.STACK_OUTPUTS.value, severity)])


def test_a_run_has_every_check_and_says_what_it_left_out(lake: Assembly) -> None:
    """Each check reports, a skipped one with who skipped it."""
    run = judge(Snapshot(lake), Options(as_of=DAY, skip={"lint": "--fast"}))
    assert tuple(result.name for result in run.results) == CHECKS
    assert {result.name: result.not_run for result in run.results if result.not_run} == {
        "lint": "--fast",
        "upgrade": "no --base to compare with",
    }


def test_fails_on_what_the_options_say(tmp_path: Path) -> None:
    """Warnings fail unless only errors shall; notes and acknowledged findings never do; the app's verdict always does."""
    folder = write_assembly(
        tmp_path / "out", report=report_of(pack("AwsSolutions", violation("AwsSolutions-S1", "Only/A", severity="warning")))
    )
    assembly = read_assembly(folder)
    skip = {"lint": "--fast", "cloudformation": "--skip"}
    assert not judge(Snapshot(assembly), Options(as_of=DAY, skip=skip)).passed
    assert judge(Snapshot(assembly), Options(as_of=DAY, skip=skip, fail_on=Severity.ERROR)).passed
    assert not judge(Snapshot(assembly), Options(as_of=DAY, skip=skip, fail_on=Severity.ERROR), app_exit=1).passed
