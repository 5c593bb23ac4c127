"""`lakecheck contracts diff`: what it prints in each format, how it ends, what it refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from lakecheck.cli import main
from lakemodel.contracts.diff.rules import RULES, rules_table
from tests.support import ROOT
from tests.unit.contracts_diff.edits import EDITS
from tests.unit.contracts_diff.support import WHOLE, at, column, whole
from tests.unit.test_approvals import ENTRY, write

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((ROOT / "lakecheck/report/contracts_diff.schema.json").read_text())
PAGE = (ROOT / "docs/reference/contract-changes.md").read_text()
TODAY = ["--as-of", "2027-01-01"]


def status(*arguments: str | Path) -> int:
    """Runs the command in this process."""
    try:
        return int(main(["contracts", "diff", *map(str, arguments), "--no-config"]))
    except SystemExit as leaving:
        return int(leaving.code or 0)


@pytest.fixture
def head(tmp_path: Path) -> Path:
    """HEAD with a narrower type, a lower class, a longer description."""
    data = whole()
    column(data, "customer_id")["physicalType"] = "int"
    column(data, "email")["classification"] = "confidential"
    column(data, "total")["description"] = "Else."
    return put(tmp_path / "head.odcs.yaml", data)


def put(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data, indent=1))
    return path


def test_nothing_changed_is_nothing_open(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and a summary."""
    assert status(WHOLE, WHOLE, *TODAY) == 0
    assert "0 changes: 0 compatible" in capsys.readouterr().out


def test_open_changes_fail_with_place_values_and_remedy(head: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each open change has its place, what it was and is, whom it concerns, the remedy, what it needs."""
    assert status(WHOLE, head, *TODAY) == 1
    said = capsys.readouterr().out
    assert re.search(r"OPEN type.narrowed  breaking_for_consumers, breaking_for_producers\n    at +\S+head.odcs.yaml:\d+ schema", said)
    assert re.search(r"was +bigint\n +now +int\n", said)
    assert "remedy  Take a new column of the new type and keep the old one.\n    needs   a new major version, or an approval" in said
    assert "compatible documentation.changed" in said
    assert "failed: 2 open changes" in said


def test_a_new_version_and_an_approval_let_pass(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What breaks by its version, what concerns governance by its approval; both are told."""
    data = json.loads(head.read_text()) | {"version": "2.0.0"}
    put(head, data)
    entry = ENTRY | {"path": "schema.orders.properties.email", "was": "restricted", "now": "confidential"}
    register = write(tmp_path / "approvals.yaml", entry)
    assert status(WHOLE, head, *TODAY, "--approvals", register) == 0
    said = capsys.readouterr().out
    assert "reason  Notes are checked before delivery. (sales-data@example.com, until 2027-06-30)" in said
    assert "passed: nothing open (1 by a new major version, 1 approved)" in said
    assert status(WHOLE, head, "--as-of", "2027-07-01", "--approvals", register) == 1
    assert "expired on 2027-06-30" in " ".join(capsys.readouterr().out.split())


def test_json_has_the_shape_it_says(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The schema allows no other field, and each field is there; also for gone products and refused ones."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    register = write(tmp_path / "approvals.yaml", ENTRY)
    assert status(WHOLE, head, *TODAY, "--format", "json", "--approvals", register) == 1
    report = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["summary"]["open"] == 2
    assert [change["rule"] for change in report["products"][0]["changes"]] == [
        "documentation.changed",
        "classification.lowered",
        "type.narrowed",
    ]
    for name, folder in (("a", "base"), ("b", "new")):
        (tmp_path / folder).mkdir()
        put(tmp_path / folder / f"{name}.odcs.yaml", whole() | {"id": name, "dataProduct": name, "statuss": name})
    assert status(tmp_path / "base", tmp_path / "new", "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert [product["state"] for product in report["products"]] == ["removed", "added"]
    assert report["summary"]["refused"] == 1


def test_markdown_is_safe_against_what_contracts_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pipes, backticks, HTML, links, mentions and line breaks from a contract stay text."""
    evil = "a|b `c` <img src=x> [x](https://evil.example) @everyone #1 www.evil.example\n\n| x | \u202e **bold** </code></details>"
    data = whole() | {"version": evil}
    at(data, "schema", "orders")["description"] = evil
    at(data, "roles", "steward")["role"] = evil
    assert status(WHOLE, put(tmp_path / "head.odcs.yaml", data), *TODAY, "--format", "markdown") == 1
    said = capsys.readouterr().out
    for harm in ("<img", "https:", "@everyone", "#1 ", "www.evil", "**bold**", "</details>", "[x]", "`c`", "\u202e"):
        assert harm not in said, harm
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert all(line.count("|") == 7 for line in rows)


def test_markdown_folds_what_is_quiet_and_keeps_to_a_comment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Many compatible changes are folded away; a comment is never longer than allowed."""
    data = whole()
    for prop in at(data, "schema", "orders", "properties"):
        prop["description"] = "Else."
    head = put(tmp_path / "head.odcs.yaml", data)
    assert status(WHOLE, head, *TODAY, "--format", "markdown") == 0
    assert "<summary>13 compatible changes</summary>" in capsys.readouterr().out
    for folder in ("base", "new"):
        (tmp_path / folder).mkdir()
    for number in range(60):
        name = f"p{number}"
        tables = [{"name": name, "properties": [{"name": f"c{at}", "logicalType": "string"} for at in range(5)]}]
        put(tmp_path / f"base/{name}.odcs.yaml", whole() | {"id": name, "dataProduct": name, "schema": tables})
        new = json.loads(json.dumps(tables).replace('"c', '"d'))
        put(tmp_path / f"new/{name}.odcs.yaml", whole() | {"id": name, "dataProduct": name, "schema": new})
    assert status(tmp_path / "base", tmp_path / "new", *TODAY, "--format", "markdown") == 1
    said = capsys.readouterr().out
    assert len(said) < 65_536
    assert "more: too long for a comment" in said


def test_markdown_of_one_long_contract_shows_what_is_open_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A contract with more changes than a comment holds is cut, not left out."""
    columns = [{"name": f"c{at}", "logicalType": "string", "classification": "internal"} for at in range(400)]
    base = whole() | {"schema": [{"name": "wide", "properties": [*columns, {"name": "last", "logicalType": "string"}]}]}
    said = [column | {"description": "Else."} for column in columns]
    new = base | {
        "schema": [{"name": "wide", "properties": [*said, {"name": "last", "logicalType": "string", "classification": "public"}]}]
    }
    files = put(tmp_path / "base.odcs.yaml", base), put(tmp_path / "head.odcs.yaml", new)
    assert status(*files, *TODAY, "--format", "markdown") == 1
    printed = capsys.readouterr().out
    assert len(printed) < 65_536
    assert "| `classification.lowered`" in printed
    assert "changes more: too long for a comment" in printed
    assert printed.count("<details>") == printed.count("</details>") == 1


def test_the_same_input_gives_the_same_output(head: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In every format."""
    for layout in ("text", "json", "markdown"):
        outputs = []
        for _ in range(2):
            status(WHOLE, head, *TODAY, "--format", layout)
            outputs.append(capsys.readouterr().out)
        assert outputs[0] == outputs[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere", "head.odcs.yaml"],
        ["head.odcs.yaml", "nowhere"],
        [".", "head.odcs.yaml"],
        ["empty", "empty"],
        ["head.odcs.yaml"],
        ["head.odcs.yaml", "head.odcs.yaml", "--approvals", "nowhere"],
        ["head.odcs.yaml", "head.odcs.yaml", "--approvals", "head.odcs.yaml"],
        ["head.odcs.yaml", "head.odcs.yaml", "--as-of", "tomorrow"],
        ["stranger.yaml", "stranger.yaml"],
    ],
)
def test_ends_with_2_when_called_wrongly(head: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """What is not there, of two kinds, no contract, no day."""
    monkeypatch.chdir(head.parent)
    (head.parent / "empty").mkdir()
    (head.parent / "stranger.yaml").write_text("a: 1\n")
    assert status(*arguments) == 2


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """Classes, exit codes, how to get at BASE with git."""
    assert status("--help") == 0
    said = capsys.readouterr().out
    for word in ("breaking_for_producers", "exit codes:", "git worktree add", "git show", "config/approvals.yaml"):
        assert word in said


def test_the_page_has_every_rule() -> None:
    """The table of the page is the one that the code makes."""
    assert rules_table() in PAGE
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)`", PAGE, re.MULTILINE)) == set(RULES)
    assert len(EDITS) > 100


def test_text_prints_no_control_characters_of_a_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where a contract is refused for a name: it can neither colour a terminal nor turn the direction of what follows."""
    data = whole()
    at(data, "schema", "orders", "properties").append({"name": "a\x9b31m\u202eb\x1b[0m", "logicalType": "string"})
    assert status(WHOLE, put(tmp_path / "head.odcs.yaml", data), *TODAY) == 1
    said = capsys.readouterr().out
    assert "REFUSED" in said
    assert not [one for one in said if not one.isprintable() and one != "\n"]


def test_says_when_what_was_wrong_is_wrong_still(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of both states fails nothing and is not forgotten."""
    data = whole() | {"statuss": "x"}
    base, head = put(tmp_path / "base.odcs.yaml", data), put(tmp_path / "head.odcs.yaml", data | {"tags": ["new"]})
    assert status(base, head, *TODAY) == 0
    assert "HEAD still has 1 error of BASE" in capsys.readouterr().out
    assert status(base, head, *TODAY, "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert [finding["code"] for finding in report["known"]] == ["contract.schema"]
