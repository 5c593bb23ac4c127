"""`lakecheck upgrade` as its users call it: what it prints, how it exits; on small templates, and on copies of the reference."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from lakecheck.assembly import read_assembly
from lakecheck.cli import main
from lakecheck.report import upgrade_text
from lakecheck.snapshot import Snapshot
from lakecheck.upgrade.review import judge_upgrade, review
from lakemodel.approvals import Register, load_approvals
from tests.lakecheck.assemblies import write_assembly
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = json.loads((ROOT / "lakecheck/report/upgrade.schema.json").read_text())
BUCKET: dict[str, Any] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-raw"}}
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}}
PERMISSIONS = "Custom::LakeFormationPermissions"
TODAY = date(2027, 6, 30)
WHO = {"reason": "Nobody has used it since January.", "owner": "platform@example.com"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from this project's own configuration."""
    monkeypatch.chdir(tmp_path)


def template(tmp_path: Path, name: str, resources: dict[str, Any], **sections: Any) -> str:
    path = tmp_path / name / "Lake.template.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"Resources": resources} | sections))
    return str(path)


def pair(tmp_path: Path) -> tuple[str, str]:
    """Two templates: a bucket goes, a queue is updated, a topic is added."""
    base = template(tmp_path, "base", {"Bucket": BUCKET, "Queue": QUEUE})
    updated = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 2}}
    return base, template(tmp_path, "head", {"Queue": updated, "Topic": {"Type": "AWS::SNS::Topic"}})


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report, which is valid against its schema."""
    code = main(["upgrade", *arguments, "--format", "json"])
    data = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return code, data


def entries(text: str) -> list[dict[str, Any]]:
    """The entries of the register that a text report prints."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        if line.strip().startswith("needs "):
            block = []
            for each in lines[number + 1 :]:
                if not each.startswith(" " * 14):
                    break
                block.append(each[14:])
            found += yaml.safe_load("\n".join(block))
    return found


def approve(path: Path, found: list[dict[str, Any]], expires: str = "2999-12-31") -> str:
    path.write_text(json.dumps({"version": 1, "approvals": [each | WHO | {"expires": expires} for each in found]}))
    return str(path)


# --- small templates -------------------------------------------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    """And refuses what it does not know."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_is_lost_is_printed_with_reason_remedy_and_the_entry_that_approves_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1; the printed entry, with reason, owner and last day, makes it 0; after its last day it is 1 again."""
    base, head = pair(tmp_path)
    assert main(["upgrade", base, head]) == 1
    text = capsys.readouterr().out
    assert text.startswith("DATA LOSS")
    for label in ("then", "remedy", "at", "needs"):
        assert re.search(rf"^  {label} ", text, re.MULTILINE), label
    assert "HARMLESS    1 AWS::SNS::Topic added, 1 AWS::SQS::Queue updated" in re.sub(
        " {2,}", "    ", text.replace("HARMLESS ", "HARMLESS    ")
    )
    assert text.splitlines()[-1] == "failed: 1 risk that nobody approved"
    register = approve(tmp_path / "approvals.yaml", entries(text), "2027-06-30")
    assert main(["upgrade", base, head, "--approvals", register, "--as-of", "2027-06-30"]) == 0
    text = capsys.readouterr().out
    assert "APPROVED" in text
    assert "Nobody has used it since January. (platform@example.com, until 2027-06-30)" in re.sub(r"\s+", " ", text)
    assert "expires soon" in text
    assert main(["upgrade", base, head, "--approvals", register, "--as-of", "2027-07-01"]) == 1
    text = capsys.readouterr().out
    assert "the approval ended on 2027-06-30" in re.sub(r"\s+", " ", text)
    assert "warning" in text


def test_nothing_changed_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And an approval that nobody needs is told."""
    base, head = pair(tmp_path)
    main(["upgrade", base, head])
    register = approve(tmp_path / "approvals.yaml", entries(capsys.readouterr().out))
    assert main(["upgrade", base, base, "--approvals", register]) == 0
    text = capsys.readouterr().out
    assert "not needed; it allows nothing that changes" in text
    assert text.splitlines()[-1].startswith("passed")


def test_all_lists_what_is_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what changes."""
    main(["upgrade", *pair(tmp_path), "--all"])
    text = capsys.readouterr().out
    assert "HARMLESS Queue is updated: DelaySeconds" in text
    assert "HARMLESS Topic is added" in text


def test_json_has_every_risk_and_every_approval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Valid against the committed schema, open, approved, expired and stale."""
    base, head = pair(tmp_path)
    code, data = as_json(capsys, base, head)
    assert (code, data["passed"], data["summary"]["data_loss"], data["summary"]["harmless"], data["summary"]["open"]) == (1, False, 1, 2, 1)
    (needed,) = yaml.safe_load(data["risks"][0]["needs"])
    register = approve(tmp_path / "approvals.yaml", [needed, needed | {"logical_id": "Other"}], "2027-06-30")
    code, data = as_json(capsys, base, head, "--approvals", register, "--as-of", "2027-06-20")
    assert (code, data["risks"][0]["approval"]["owner"], data["risks"][0]["needs"]) == (0, WHO["owner"], None)
    assert [len(data["approvals"][key]) for key in ("expired", "expires_soon", "stale")] == [0, 1, 1]
    code, data = as_json(capsys, base, head, "--approvals", register, "--as-of", "2027-07-20")
    assert (code, len(data["approvals"]["expired"])) == (1, 2)


def test_markdown_is_for_a_pull_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is at risk first, the rest folded; no name becomes markup."""
    base = template(
        tmp_path, "base", {"Bucket": BUCKET | {"Properties": {"BucketName": "</code><script>alert(1)</script>@all"}}, "Queue": QUEUE}
    )
    _, head = pair(tmp_path)
    assert main(["upgrade", base, head, "--format", "markdown"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("## Upgrade: 1 risk that nobody approved\n")
    assert "- **data loss** " in text
    assert "<summary>Harmless: 2</summary>" in text
    assert "how to approve it" in text
    assert "<script" not in text
    assert "@all" not in text


def test_a_markdown_comment_has_an_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred losses are left out by the dozen, and it says so."""
    base = template(tmp_path, "base", {f"Bucket{number}": {"Type": "AWS::S3::Bucket"} for number in range(150)})
    main(["upgrade", base, template(tmp_path, "head", {"Queue": QUEUE}), "--format", "markdown"])
    text = capsys.readouterr().out
    assert len(text) < 65_536
    assert "Some of it is left out" in text


def test_writes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing to stdout."""
    main(["upgrade", *pair(tmp_path), "--output", "out.txt"])
    assert capsys.readouterr().out == ""
    assert "DATA LOSS" in (tmp_path / "out.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["base"], "got 1 of two states; allowed are BASE and HEAD, or --deployed and HEAD"),
        (["base", "head", "more"], "got 3 of two states"),
        (["--deployed", "base", "head"], "got 2 states with --deployed; allowed is HEAD alone"),
        (["base", "head", "--profile", "x"], "--profile says how to read what is deployed"),
        (["base", "head", "--role-name", "x"], "--role-name says how to read what is deployed"),
        (["nowhere", "head"], "there is no such file or folder"),
        (["base", "head", "--approvals", "nowhere.yaml"], "nowhere.yaml"),
        (["base", "head", "--parameters", "x"], "allowed is Name=Value"),
    ],
)
def test_wrong_usage_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """With what was got and what is allowed."""
    for name in ("base", "head", "more"):
        write_assembly(tmp_path / name)
    assert main(["upgrade", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_day_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["upgrade", "a", "b", "--as-of", "tomorrow"])
    assert leaving.value.code == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_parameters_count_in_both_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that follows from a parameter is the same in both."""
    named = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}}}
    sections = {"Parameters": {"Name": {"Type": "String", "Default": "a"}}}
    other = {"Parameters": {"Name": {"Type": "String", "Default": "b"}}}
    base, head = template(tmp_path, "base", named, **sections), template(tmp_path, "head", named, **other)
    assert main(["upgrade", base, head]) == 1
    assert main(["upgrade", base, head, "--parameters", "Name=c"]) == 0
    capsys.readouterr()


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit codes and examples."""
    with pytest.raises(SystemExit):
        main(["upgrade", "--help"])
    text = capsys.readouterr().out
    assert "exit codes:" in text
    assert "lakecheck upgrade --deployed cdk.out --profile lake" in text


# --- the reference ---------------------------------------------------------------------------------------------------------------------


def edited(reference: Path, target: Path, edit: Callable[[dict[str, Any]], bool | None], *environments: str) -> str:
    """A copy of the reference without its files, in whose stacks of these environments an edit of the resources was made."""
    shutil.copytree(reference, target, ignore=shutil.ignore_patterns("asset.*", "tree.json", "validation-report.json"))
    for environment in environments:
        done = False
        for path in sorted((target / f"assembly-{environment}").glob("*.template.json")):
            data = json.loads(path.read_text())
            if not done and edit(data["Resources"]):
                done = True
                path.write_text(json.dumps(data))
        assert done, "there is nothing to edit"
    return str(target)


def permissions(resources: dict[str, Any], key: str) -> str | None:
    """The first desired state that declares something under a key."""
    found = (name for name, each in resources.items() if each["Type"] == PERMISSIONS and each["Properties"].get(key))
    return next(found, None)


def renamed_part(resources: dict[str, Any]) -> bool:
    name = permissions(resources, "Grants")
    if name is not None:
        resources["Renamed"] = resources.pop(name)
    return name is not None


def removed_grant(resources: dict[str, Any]) -> bool:
    name = permissions(resources, "Grants")
    if name is not None:
        resources[name]["Properties"]["Grants"].pop(0)
    return name is not None


def dropped_tag(resources: dict[str, Any]) -> bool:
    name = permissions(resources, "TagAssociations")
    if name is not None:
        resources[name]["Properties"]["TagAssociations"].pop(0)
    return name is not None


def replaced_database(resources: dict[str, Any]) -> bool:
    found = [each for each in resources.values() if each["Type"] == "AWS::Glue::Database"]
    if found:
        found[0]["Properties"]["DatabaseInput"]["Name"] = "another"
    return bool(found)


@pytest.fixture(scope="module")
def base(reference_dir: Path) -> Snapshot:
    return Snapshot(read_assembly(reference_dir))


@pytest.mark.xdist_group("reference")
@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (renamed_part, "lost_access.revoked_after_grant"),
        (removed_grant, "lost_access.grant"),
        (replaced_database, "data_loss."),
    ],
    ids=["renamed part", "removed grant", "replaced database"],
)
def test_the_reference_refuses_until_it_is_approved(
    base: Snapshot, reference_dir: Path, tmp_path: Path, edit: Callable[[dict[str, Any]], bool], rule: str
) -> None:
    """Open until the entries that are printed are in the register, and again once they have expired."""
    head = Snapshot(read_assembly(edited(reference_dir, tmp_path / "head", edit, "Prod")))
    found = judge_upgrade(base, head, Register(), as_of=TODAY)
    assert found.open
    assert any(one.risk.rule.startswith(rule) for one in found.open)
    needed = entries("".join(upgrade_text.render(found)))
    assert all(each["environments"] == ["Prod"] for each in needed)
    register = load_approvals(Path(approve(tmp_path / "approvals.yaml", needed, TODAY.isoformat())))
    risks = [one.risk for one in found.judged]
    assert review(found.comparison, risks, register, as_of=TODAY).passed
    assert not review(found.comparison, risks, register, as_of=TODAY + timedelta(days=1)).passed


@pytest.mark.xdist_group("reference")
def test_the_reference_over_itself_loses_nothing(base: Snapshot, reference_dir: Path) -> None:
    """No risk, and nothing harmless."""
    assert judge_upgrade(base, Snapshot(read_assembly(reference_dir)), Register(), as_of=TODAY).judged == ()


@pytest.mark.xdist_group("reference")
def test_what_several_environments_lose_alike_is_told_once(reference_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dropped LF-Tag: exit 1, and one entry approves it in all of them: exit 0."""
    head = edited(reference_dir, tmp_path / "head", dropped_tag, "Dev", "Prod")
    assert main(["upgrade", str(reference_dir), head]) == 1
    text = capsys.readouterr().out
    (entry,) = entries(text)
    assert (entry["rule"], entry["environments"]) == ("lost_access.tag", ["Dev", "Prod"])
    assert "in Dev and Prod" in re.sub(r"\s+", " ", text)
    register = approve(tmp_path / "approvals.yaml", [entry])
    assert main(["upgrade", str(reference_dir), head, "--approvals", register]) == 0
    capsys.readouterr()
