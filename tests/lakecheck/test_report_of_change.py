"""What a run with a base prints: the change first, each risk and gain with the entry that approves it, and only stacks it concerns."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lakecheck.assembly import read_assembly
from lakecheck.report import run_markdown, text as text_report
from lakecheck.report.page import render as render_page
from lakecheck.run import Options, Run, judge
from lakecheck.snapshot import Snapshot
from lakemodel.approvals import load_approvals
from tests.lakecheck.assemblies import write_assembly

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 11, 22)
SKIP = dict.fromkeys(("compliance", "cloudformation", "lint", "rules", "limits"), "not asked for")


def bucket(status: str) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "orders-raw", "VersioningConfiguration": {"Status": status}}}


STATEMENT = {"Effect": "Allow", "Principal": {"AWS": "444444444402"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-raw/*"}
READABLE = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "orders-raw", "PolicyDocument": {"Statement": [STATEMENT]}}}
BEFORE = {"Raw": bucket("Enabled")}
AFTER = {"Raw": bucket("Suspended"), "Policy": READABLE}


def compared(tmp_path: Path, base: dict[str, Any], head: dict[str, Any], others: int = 0, **options: Any) -> Run:
    """One stack that changes, or not, beside some that do not."""
    more = {f"Other{number:02}": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}} for number in range(others)}
    was, now = (
        Snapshot(read_assembly(write_assembly(tmp_path / name, {"Lake": {"Resources": resources}, **more})))
        for name, resources in (("base", base), ("head", head))
    )
    return judge(now, Options(as_of=DAY, skip=SKIP, **options), base=was)


@pytest.fixture
def changed(tmp_path: Path) -> Run:
    return compared(tmp_path, BEFORE, AFTER)


def test_the_change_comes_first(changed: Run) -> None:
    """What is lost, then who gains access, before stacks and checks; each once, and the last line counts them."""
    text = text_report.render(changed)
    places = [
        text.index(part) for part in ("what the change does", "DATA LOSS S3 Bucket Raw", "GAIN ", "resources  findings", "  upgrade ")
    ]
    assert places == sorted(places)
    assert text.count("versioning: Suspended instead of Enabled") == 1
    assert "ERROR data_loss.versions" not in text
    assert re.search(r"^failed: 3 findings, all by what the change does", text, re.MULTILINE)


def test_without_a_base_nothing_is_said_of_a_change(tmp_path: Path) -> None:
    """Neither a heading nor a count."""
    snapshot = Snapshot(read_assembly(write_assembly(tmp_path / "out", {"Lake": {"Resources": AFTER}})))
    assert "the change" not in text_report.render(judge(snapshot, Options(as_of=DAY, skip=SKIP)))


def test_equal_assemblies_are_said_to_be_equal(tmp_path: Path) -> None:
    """No change is no silence."""
    assert "nothing: both are the same" in text_report.render(compared(tmp_path, BEFORE, BEFORE))


def test_stacks_that_a_change_leaves_alone_are_counted(tmp_path: Path) -> None:
    """Of many stacks only those that change or have open findings get a row; with `list_all` each has one."""
    run = compared(tmp_path, BEFORE, AFTER, others=12)
    short, long = text_report.render(run), text_report.render(run, list_all=True)
    assert re.search(r"^.* Lake +\d", short, re.MULTILINE)
    assert "Other00" not in short
    assert "12 other stacks without changes and open findings: --all prints a row for each" in short
    assert all(f"Other{number:02}" in long for number in range(12))
    same = text_report.render(compared(tmp_path / "same", BEFORE, BEFORE, others=12))
    assert "13 stacks without changes and open findings" in same


def entries(text: str) -> list[dict[str, Any]]:
    """The entries of the register that a text shows, as YAML."""
    blocks = re.findall(r"approvals\.yaml, with reason, owner and expires:\n((?: {10,}.*\n)+)", text)
    lines = [line for block in blocks for line in block.splitlines()]
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    loaded: list[dict[str, Any]] = yaml.safe_load("\n".join(line[indent:] for line in lines if line.strip()))
    return loaded


def test_the_entries_that_are_printed_approve_the_change(changed: Run, tmp_path: Path) -> None:
    """With reason, owner and last day they make the run pass, and the approved changes are told with their reasons."""
    found = [
        {**entry, "reason": "the logs are copied elsewhere", "owner": "me@example.com", "expires": "2026-12-31"}
        for block in re.split(r"\n(?=DATA LOSS|GAIN)", text_report.render(changed))
        if "approvals.yaml, with reason" in block
        for entry in entries(block)
    ]
    assert {entry["kind"] for entry in found} == {"upgrade_risk", "access_gain"}
    register = tmp_path / "approvals.yaml"
    register.write_text(yaml.safe_dump({"version": 1, "approvals": found}, allow_unicode=True))
    approved = compared(tmp_path / "again", BEFORE, AFTER, register=load_approvals(register))
    assert approved.passed
    text = text_report.render(approved)
    assert text.count("APPROVED") == len(found)
    assert "needs  " not in text


@pytest.mark.parametrize("render", [run_markdown.render, lambda run: "".join(render_page(run))], ids=["markdown", "page"])
def test_comment_and_page_show_how_to_approve(changed: Run, render: Any) -> None:
    """The same entries, folded; none where nothing is open."""
    shown = render(changed)
    assert shown.count("how to approve it") == len([one for one in changed.failing if one.check == "upgrade"])
    assert re.search(r"kind: upgrade(_|&#95;)risk", shown)
    assert re.search(r"kind: access(_|&#95;)gain", shown)


def test_no_entry_is_shown_where_nothing_is_open(tmp_path: Path) -> None:
    """A change that endangers nothing needs no approval."""
    same = compared(tmp_path, BEFORE, BEFORE)
    assert "how to approve it" not in run_markdown.render(same) + "".join(render_page(same))


def test_the_page_begins_with_the_change_and_the_gravest(changed: Run) -> None:
    """What is to settle is ordered by what it endangers, and changes come before the map; without a base the map is first."""
    page = "".join(render_page(changed))
    settle = page[page.index('class="settle"') : page.index("</ol>")]
    assert re.findall(r">(data loss|gain of access|security weakened)</a>", settle) == ["data loss", "gain of access", "security weakened"]
    assert page.index('<section id="changes"') < page.index('<section id="estate"')
    alone = "".join(render_page(judge(changed.snapshot, Options(as_of=DAY, skip=SKIP))))
    assert alone.index('<section id="estate"') < alone.index('<section id="changes"')


@pytest.mark.parametrize(("expires", "word"), [("2026-11-30", "expires soon"), ("2026-11-01", "expired"), ("2027-11-01", None)])
def test_page_and_text_tell_which_approvals_end(tmp_path: Path, expires: str, word: str | None) -> None:
    """One that ends within two weeks, or did, is counted at the top; one that holds long is not."""
    entry = {
        "kind": "upgrade_risk", "rule": "data_loss.versions", "environments": ["—"], "stack": "Lake", "logical_id": "Raw",
        "property": "VersioningConfiguration.Status", "was": "Enabled", "now": "Suspended",
        "reason": "the logs are copied elsewhere", "owner": "me@example.com", "expires": expires,
    }  # fmt: skip
    register = tmp_path / "approvals.yaml"
    register.write_text(yaml.safe_dump({"version": 1, "approvals": [entry]}))
    run = compared(tmp_path, BEFORE, AFTER, register=load_approvals(register))
    page, text = "".join(render_page(run)), text_report.render(run)
    assert ("<b>1</b> ended or soon to end" in page) == (word is not None)
    for name in ("expires soon", "expired"):
        assert (f">{name}</span>" in page) == (name == word)
        assert (f"(until {expires}) {name};" in text) == (name == word)
