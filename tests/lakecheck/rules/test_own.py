"""Rules of one's own, in Python and in Guard's language: they are applied, acknowledged and refused like lakecheck's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.checks import cloudformation, rules
from lakecheck.cli import main
from lakecheck.rules import all_rules
from lakecheck.rules.own import own_rules
from lakecheck.settings import load_settings
from lakemodel.errors import DataLakeError
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from lakecheck.rules import Rule

EXAMPLES = Path(__file__).parents[3] / "examples" / "rules"
ENFORCED = {"EnforceWorkGroupConfiguration": True}
TEMPLATE = {
    "Resources": {
        "Results": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
        "Audit": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "audit", "WorkGroupConfiguration": ENFORCED}},
    }
}


@pytest.fixture(scope="module")
def owner_tag() -> Rule:
    (rule,) = own_rules([EXAMPLES / "owner_tag.py"], beside=all_rules())
    return rule


def test_the_example_s_cases_hold(owner_tag: Rule):
    for case in owner_tag.cases.compliant:
        assert not rules.check(snapshot_of(case), [owner_tag]).findings
    for case in owner_tag.cases.failing:
        assert [each.rule for each in rules.check(snapshot_of(case), [owner_tag]).findings] == ["our.owner_tag"]
    for case in owner_tag.cases.not_applicable:
        assert not rules.check(snapshot_of(case), [owner_tag]).evidence[0].looked_at


def test_guard_rules_are_applied_beside_cloudformation_s():
    without = {"Bucket": {"Type": "AWS::S3::Bucket"}, "Topic": {"Type": "AWS::SNS::Topic"}}
    (found,) = cloudformation.check(snapshot_of(without).assembly, guard=[EXAMPLES / "versions.guard"]).findings
    assert (found.rule, found.logical_id, found.message) == ("buckets_keep_versions", "Bucket", "every bucket keeps versions")
    kept = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}}
    assert not cloudformation.check(snapshot_of(kept).assembly, guard=[EXAMPLES / "versions.guard"]).findings


def test_the_example_s_configuration_reaches_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("template.json").write_text(json.dumps(TEMPLATE))
    code = main(["run", "template.json", "--config", str(EXAMPLES / "lakecheck.yaml"), "--skip", "compliance", "--fast", "--json", "-"])
    report = json.loads(capsys.readouterr().out)
    found = {finding["rule"]: finding for finding in report["findings"]}
    assert found["our.owner_tag"]["acknowledged"] is None
    assert found["query.no_scan_cap"]["acknowledged"]["owner"] == "sales-data@example.com"
    assert code == 0, "warnings pass with fail_on: error"


def test_an_acknowledgement_of_the_configuration_expires_and_goes_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    template = tmp_path / "template.json"
    arguments = ["run", str(template), "--config", str(EXAMPLES / "lakecheck.yaml"), "--skip", "compliance", "--fast", "--json", "-"]
    template.write_text(json.dumps(TEMPLATE))
    assert main([*arguments, "--as-of", "2027-04-01"]) == 1
    assert "expired" in {finding["rule"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    template.write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    main(arguments)
    assert "stale" in {finding["rule"] for finding in json.loads(capsys.readouterr().out)["findings"]}


def test_settings_name_the_examples():
    settings = load_settings(EXAMPLES / "lakecheck.yaml")
    assert settings.python_rules == (EXAMPLES / "owner_tag.py",)
    assert settings.guard_rules == (EXAMPLES / "versions.guard",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no rule"),
        ("RULE = 5", "has no rule"),
        ("RULES = [1 / 0]", "ZeroDivisionError at line 1"),
        ("def judge(:", "cannot be run: SyntaxError"),
        ("raise SystemExit", "cannot be run"),
    ],
)
def test_a_file_without_a_rule_is_refused_in_a_sentence(text: str, says: str, tmp_path: Path):
    path = tmp_path / "own.py"
    path.write_text(text)
    with pytest.raises(DataLakeError, match=says):
        own_rules([path])


def test_ids_are_one_s_own(owner_tag: Rule):
    with pytest.raises(DataLakeError, match=r"our\.owner_tag is that of"):
        own_rules([EXAMPLES / "owner_tag.py", EXAMPLES / "owner_tag.py"])
    with pytest.raises(DataLakeError, match="lakecheck's own"):
        own_rules([EXAMPLES / "owner_tag.py"], beside=[owner_tag])


@pytest.mark.parametrize("text", ["rule x when {{{", "\0\0"])
def test_a_guard_file_that_is_none_is_refused_in_a_sentence(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "bad.guard").write_text(text)
    (tmp_path / "lakecheck.yaml").write_text("{version: 1, rules: {guard: [bad.guard]}}")
    (tmp_path / "template.json").write_text(json.dumps(TEMPLATE))
    assert main(["run", str(tmp_path / "template.json"), "--config", str(tmp_path / "lakecheck.yaml"), "--fast"]) == 2
    assert "bad.guard" in capsys.readouterr().err


def test_a_rule_that_breaks_says_which_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = (EXAMPLES / "owner_tag.py").read_text().replace('tags = value(bucket, "Tags")', "tags = 1 / 0")
    (tmp_path / "own.py").write_text(text)
    (tmp_path / "lakecheck.yaml").write_text("{version: 1, rules: {python: [own.py]}}")
    (tmp_path / "template.json").write_text(json.dumps(TEMPLATE))
    assert main(["run", str(tmp_path / "template.json"), "--config", str(tmp_path / "lakecheck.yaml"), "--fast"]) == 2
    said: Any = capsys.readouterr().err
    assert "our.owner_tag" in said
    assert "ZeroDivisionError" in said
