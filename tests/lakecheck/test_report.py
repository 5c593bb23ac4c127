"""The reports: JSON to its schema and always the same, text that is complete and fits a CI log."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lakecheck.assembly import read_assembly
from lakecheck.report import json as json_report, text as text_report
from lakecheck.run import Options, Run, judge
from lakecheck.snapshot import Snapshot
from tests.lakecheck.assemblies import ACCOUNTS, acknowledging, pack, report_of, violation, write_assembly

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.assembly import Assembly

DAY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def run(lake: Assembly) -> Run:
    return judge(Snapshot(lake), Options(as_of=DAY))


@pytest.fixture
def many(tmp_path: Path) -> Run:
    """Twenty places of one finding, without the slow checks."""
    bucket = violation("AwsSolutions-S1", "Only/B0")
    bucket["violatingConstructs"] = [{"constructPath": f"Only/B{index:02}"} for index in range(20)]
    folder = write_assembly(tmp_path / "out", report=report_of(pack("AwsSolutions", bucket)))
    return judge(Snapshot(read_assembly(folder)), Options(as_of=DAY, skip={"lint": "--fast", "cloudformation": "--skip"}))


def without_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: without_times(value) for key, value in data.items() if key not in {"seconds", "synth_seconds"}}
    return [without_times(item) for item in data] if isinstance(data, list) else data


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("lakecheck.report") / "run.schema.json").read_text())
    return loaded


def test_json_keeps_to_the_committed_schema(run: Run) -> None:
    """The real run's report is valid, and the schema itself is one."""
    Draft202012Validator.check_schema(schema())
    data = json.loads(json_report.render(run))
    assert list(Draft202012Validator(schema()).iter_errors(data)) == []
    assert {finding["check"] for finding in data["findings"]} >= {"compliance", "acknowledgements"}
    assert [finding for finding in data["findings"] if finding["acknowledged"]]


def test_the_schema_allows_nothing_it_does_not_name(run: Run) -> None:
    """A field that the schema does not know, at any level, is refused: so it cannot be forgotten there."""
    validator = Draft202012Validator(schema())
    for where in ([], ["summary"], ["tool"], ["checks", 0], ["stacks", 0], ["findings", 0]):
        data = json_report.as_data(run)
        target: Any = data
        for key in where:
            target = target[key]
        target["surprise"] = 1
        assert not validator.is_valid(data), where


def test_json_is_the_same_each_time_but_for_times(run: Run, lake: Assembly) -> None:
    """Two runs over one assembly differ in nothing else."""
    again = judge(Snapshot(lake), Options(as_of=DAY))
    assert without_times(json.loads(json_report.render(run))) == without_times(json.loads(json_report.render(again)))


def test_json_counts_add_up(run: Run) -> None:
    """What the summary counts is what is listed, and the checks' counts together are the summary's."""
    data = json_report.as_data(run)
    for name, severity in (("errors", "error"), ("warnings", "warning"), ("notes", "note")):
        listed = [each for each in data["findings"] if each["severity"] == severity and each["acknowledged"] is None]
        assert data["summary"][name] == len(listed) == sum(check[name] for check in data["checks"])
    assert data["summary"]["acknowledged"] == len([each for each in data["findings"] if each["acknowledged"]])
    assert data["summary"]["resources"] == sum(stack["resources"] for stack in data["stacks"])


def test_text_has_a_row_for_every_stack(run: Run) -> None:
    """Environment, account, stack, resources, findings, acknowledged and time; stacks in no Stage and any account too."""
    text = text_report.render(run)
    lines = text.splitlines()
    assert lines[0].startswith("Dev · Prod   2 environments, 2 accounts, 5 stacks, ")
    assert lines[2].split() == ["environment", "account", "stack", "resources", "findings", "acknowledged", "time"]
    rows = lines[3:8]
    assert rows[0].split()[:3] == ["Dev", ACCOUNTS["Dev"], "Storage"]
    assert rows[1].split()[0] == "Storage/Nested"
    assert rows[2].split()[:3] == ["Prod", ACCOUNTS["Prod"], "Storage"]
    assert rows[4].split()[:3] == ["—", "any", "Anywhere"]
    assert all(re.search(r"\d+ +\d+ +\d+ +\d+\.\d s$", row) for row in rows)


def test_text_has_every_check_and_every_finding(run: Run) -> None:
    """Each check has its line, each open finding its place, what was found and the remedy; nothing is left out."""
    text = text_report.render(run)
    for result in run.results:
        assert re.search(rf"^  {result.name} ", text, re.MULTILINE)
    plain = re.sub(r"\s+", " ", text)
    for finding in run.findings:
        if finding.acknowledged is None:
            assert f"{finding.severity.upper()} {finding.rule}" in text
            assert finding.message in plain
            assert finding.remedy in plain
            assert finding.where.removeprefix(f"{finding.environment}/") in text
    assert text.endswith(f"failed: {len(run.failing)} findings\n")


def test_text_names_acknowledged_findings_when_asked(run: Run) -> None:
    """By default how many there are and how to see them; else each with reason and owner."""
    short, long = text_report.render(run), text_report.render(run, list_acknowledged=True)
    assert "4 acknowledged findings: `lakecheck run --acknowledged` says why" in short
    assert "logs stand elsewhere" not in short
    assert "reason   logs stand elsewhere\n  owner    storage team" in long
    assert "owner    nobody" in long


def test_equal_findings_share_a_block_and_the_rest_is_announced(many: Run) -> None:
    """Twelve places are printed, then how many more; with `list_all` each one."""
    short, long = text_report.render(many), text_report.render(many, list_all=True)
    assert short.count("ERROR AwsSolutions-S1  compliance  20 places") == 1
    assert "Only/B11" in short
    assert "Only/B12" not in short
    assert "… and 8 more lines like these: --all prints them, --json has them" in short
    assert all(f"Only/B{index:02}" in long for index in range(20))
    assert "more lines" not in long


def test_the_same_place_in_several_environments_is_one_line(run: Run) -> None:
    """A finding that is in Dev and in Prod is said once, with both."""
    text = text_report.render(run)
    assert re.search(r"Storage/Bucket  in Dev, Prod", text)


def test_a_check_that_did_not_run_says_so(many: Run) -> None:
    """No line pretends that nothing was found."""
    text = text_report.render(many)
    assert "lint              not run: --fast" in text
    assert "cloudformation    not run: --skip" in text


@pytest.mark.parametrize("width", [88, 100, 120])
def test_prose_fits_the_width(run: Run, width: int) -> None:
    """Table, checks and prose keep to the width; only a place, which has to be whole, may be longer."""
    lines = text_report.render(run, width=width).splitlines()
    assert all(len(line) <= width for line in lines[1:] if "/" not in line and "::" not in line)
    if width == 100:
        assert all(len(line) <= width for line in lines[:20])


def test_plain_text_has_no_control_codes(run: Run) -> None:
    """Neither escape sequences nor carriage returns get into a log; on a terminal there are colours."""
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text_report.render(run))
    assert "\x1b[" in text_report.render(run, style=text_report.Style(color=True))


def test_a_passed_run_says_so_and_why_an_app_failed(tmp_path: Path) -> None:
    """Green is said in words; the app's own exit code turns it red."""
    metadata = {"/Only/Bucket": acknowledging("AwsSolutions::AwsSolutions-S1", owner="me")}
    suppressed = violation("AwsSolutions-S1", "Only/Bucket", acknowledgedId="AwsSolutions::AwsSolutions-S1", acknowledgedAt="Only/Bucket")
    assembly = read_assembly(write_assembly(tmp_path / "out", metadata=metadata, report=report_of(pack(suppressed=(suppressed,)))))
    options = Options(as_of=DAY, skip={"lint": "--fast"})
    assert text_report.render(judge(Snapshot(assembly), options)).endswith("passed: nothing open in 1 stack; not run: lint\n")
    failed = text_report.render(judge(Snapshot(assembly), options, app_exit=1))
    assert "the app ended with exit code 1\nfailed: the app's own verdict; not run: lint\n" in failed
