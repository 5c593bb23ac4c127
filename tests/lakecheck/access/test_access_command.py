"""`lakecheck access` and `lakecheck access diff` from the command line: arguments, exit codes, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck import access_command
from lakecheck.cli import main
from tests.unit.test_approvals import GAIN, write

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("order_id", "email")


def template(*, reads: bool = False, database: str = "sales") -> dict[str, Any]:
    """A bucket with a table over it, and a role that may or may not read the objects."""
    columns = [{"Name": name, "Type": "string"} for name in COLUMNS]
    table = {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Database"},
            "TableInput": {"Name": "orders", "StorageDescriptor": {"Columns": columns, "Location": "s3://prod-lake-orders/orders/"}},
        },
    }
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::prod-lake-orders/*"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444444444499:root"}, "Action": "sts:AssumeRole"}],
    }
    policies = [{"PolicyName": "reads", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}] if reads else []
    return {
        "Parameters": {"Name": {"Type": "String", "Default": "Notebook"}},
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "prod-lake-orders"}},
            "Database": {
                "Type": "AWS::Glue::Database",
                "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": database}},
            },
            "Table": table,
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": {"Ref": "Name"}, "AssumeRolePolicyDocument": trust, "Policies": policies},
            },
        },
    }


@pytest.fixture
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two templates, of which the second lets the role read the objects; nothing else is in the folder."""
    monkeypatch.chdir(tmp_path)
    base, head = tmp_path / "base.template.json", tmp_path / "head.template.json"
    base.write_text(json.dumps(template()))
    head.write_text(json.dumps(template(reads=True)))
    return base, head


def run(*words: object) -> int:
    return main(["access", *map(str, words)])


def test_prints_the_matrix(states: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Who reads the table through S3, in each form; the role that may not is in none."""
    base, head = states
    for form in ("table", "json", "markdown", "html"):
        assert run(head, "--format", form) == 0
        assert "Notebook" in capsys.readouterr().out
        assert run(base, "--format", form, "--door", "s3") == 0
        assert "role/Notebook" not in capsys.readouterr().out


def test_filters(states: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked for stays, what is not goes; a parameter names the role."""
    _, head = states

    def accesses(*words: str) -> list[dict[str, Any]]:
        assert run(head, "--format", "json", *words) == 0
        return json.loads(capsys.readouterr().out)["accesses"]

    assert accesses("--table", "sales.orders", "--column", "email", "--principal", "Notebook", "--door", "s3", "--action", "read")
    for words in (
        ("--table", "sales.other"),
        ("--column", "phone"),
        ("--environment", "Nowhere"),
        ("--door", "redshift"),
    ):
        assert accesses("--principal", "Notebook", *words) == [], words
    assert accesses("--principal", "Nobody") == []
    assert accesses("--principal", "Renamed", "--parameters", "Name=Renamed")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--table", "sales.ordrs"), "--table: 'sales.ordrs' fits no data of these templates"),
        (("--column", "emial"), "--column: 'emial' fits no column of these templates"),
        (("--environment", "Prd"), "--environment: 'Prd' has no data; there are "),
        (("--table", "sales.*", "--column", "email"), ""),
    ],
)
def test_a_filter_that_fits_nothing_is_told(
    states: tuple[Path, Path], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    """A slip of the pen must not look like an answer; stdout stays what it is."""
    assert run(states[1], *words) == 0
    printed = capsys.readouterr()
    assert (told in printed.err) if told else not printed.err
    assert ("nobody reaches anything of it" in printed.out) is bool(told)


def test_diff_fails_on_a_gain_and_passes_when_it_is_approved(states: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 with the sentence; 0 the other way round, for the same twice, and with an approval."""
    base, head = states
    assert run("diff", base, head) == 1
    out = capsys.readouterr().out
    assert "gains read" in out
    assert "sales.orders" in out
    assert "direct S3" in out
    assert run("diff", head, base) == 0
    assert "loses read" in capsys.readouterr().out
    assert run("diff", head, head) == 0
    assert run("diff", base, head, "--format", "json") == 1
    capsys.readouterr()
    open_ones = []
    assert run("diff", base, head, "--format", "json", "--output", "diff.json") == 1
    for change in json.loads((base.parent / "diff.json").read_text())["changes"]:
        if change["open"]:
            entry = GAIN | {"principal": change["principal"], "dataset": change["dataset"], "actions": [change["action"]]}
            entry |= {"door": change["door"], "environments": [change["environment"]]}
            entry = {key: value for key, value in entry.items() if key != "columns"}
            open_ones.append(entry if change["columns"] is None else entry | {"columns": change["columns"]})
    register = write(base.parent / "approvals.yaml", *open_ones)
    assert run("diff", base, head, "--approvals", register, "--as-of", "2027-01-01") == 0
    assert run("diff", base, head, "--approvals", register, "--as-of", "2027-12-01") == 1


def test_a_saved_matrix_is_a_state(states: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """What was saved compares as the templates do, on either side."""
    base, head = states
    for path in states:
        assert run(path, "--format", "json", "--output", path.with_suffix(".saved.json")) == 0
    saved_base, saved_head = (path.with_suffix(".saved.json") for path in states)
    assert run("diff", saved_base, saved_head) == 1
    first = capsys.readouterr().out
    assert run("diff", saved_base, head) == 1
    assert capsys.readouterr().out == first
    assert run("diff", saved_head, head) == 0
    assert run("diff", base, saved_base) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.json"], "none.json"),
        (["diff", "none.json", "head.template.json"], "none.json"),
        (["head.template.json", "--door", "windw"], "--door: got 'windw'"),
        (["head.template.json", "--action", "raed"], "did you mean read"),
        (["head.template.json", "--parameters", "x"], "Name=Value"),
        (["head.template.json", "--supplement", "none.yaml"], "none.yaml"),
        (["diff", "base.template.json", "head.template.json", "--approvals", "none.yaml"], "none.yaml"),
        (["head.template.json", "--output", "no/such/folder.txt"], "folder.txt"),
    ],
)
@pytest.mark.usefixtures("states")
def test_fails_when_something_is_not_there(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, what is wrong on stderr, nothing on stdout."""
    assert run(*words) == 2
    told = capsys.readouterr()
    assert said.lower() in told.err.lower()
    assert told.out == ""


def test_a_file_is_written_as_a_whole_or_not_at_all(states: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood there stays when writing fails, and nothing is left beside it."""
    _, head = states
    target = head.parent / "access.txt"
    target.write_text("before")

    def broken(*_: object, **__: object) -> Any:
        yield "half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(access_command, "_rendered", broken)
    assert run(head, "--output", target) == 2
    assert target.read_text() == "before"
    assert [path.name for path in head.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("words", [["--help"], ["diff", "--help"], ["check", "--help"]])
def test_help_teaches(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each command says what it does, with examples and exit codes."""
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "examples:" in out
    assert "exit codes:" in out
    assert f"usage: lakecheck access{f' {words[0]}' if len(words) > 1 else ''}" in out
