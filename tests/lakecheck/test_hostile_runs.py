"""What once broke or stalled a run: templates, assemblies and surroundings that nobody means well with."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import subprocess
import sys
import time
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

import lakecheck
from lakecheck import pull_request_command
from lakecheck.access import composition
from lakecheck.assembly import read_assembly
from lakecheck.assembly.cloudformation_yaml import TemplateLoader
from lakecheck.checks import rules
from lakecheck.cli import main
from lakecheck.formula import FALSE, TRUE, All, Any as AnyOf, Not, Truth, Unresolved, all_of, any_of, negate
from lakecheck.iam import globs, solver, variables
from lakecheck.iam.keys import Keys
from lakecheck.iam.matching import Patterns
from lakecheck.iam.model import Caller, Request
from lakecheck.output import write
from lakecheck.report import text
from lakecheck.report.style import Style
from lakecheck.rules.encryption import _writes, denied_encryption
from lakecheck.rules.pipeline import _definitions
from lakecheck.run import Options, judge
from lakecheck.upgrade.comparison import moves
from lakemodel.errors import InvalidInput
from tests.lakecheck.assemblies import write_assembly
from tests.lakecheck.resolving import ANY, by_id, resolved, stack
from tests.lakecheck.rules.snapshots import snapshot_of

ROOT = str(Path(lakecheck.__file__).parents[1])
REQUEST = Request(
    caller=Caller(arn="arn:aws:iam::444455556666:role/r", account="444455556666"), action="s3:GetObject", resource="arn:aws:s3:::lake/a"
)


def test_a_loop_over_what_the_loop_makes_is_not_followed():
    """`Ref` in what `Fn::ForEach` runs over names a resource, which is not there before the loop is done; what stands beside it is."""
    loop = ["Name", {"Ref": "Queue"}, {"Queue${Name}": {"Type": ANY}}]
    found = resolved(stack("Lake", {"Resources": {"Queue": {"Type": ANY}, "Fn::ForEach::Queues": loop}}))
    assert list(by_id(found)) == ["Queue"]
    assert any("Fn::ForEach::Queues" in note for note in found.not_known)


def test_a_key_is_tried_once_and_only_where_it_is_surely_asked_for(monkeypatch: Any):
    """Buckets that are perhaps each other's, with hundreds of keys in policies: every bucket asked for each of them."""
    asked: list[str] = []
    key = "arn:aws:kms:eu-west-1:444455556666:key"
    real = _writes.writable
    monkeypatch.setattr(denied_encryption, "writable", lambda bucket, *what: asked.append(str(what)) or real(bucket, *what))
    refused = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
    asks = [{"StringNotEquals": {_writes.KEY: f"{key}/{number % 3}"}} for number in range(60)]
    document = {"Statement": [{**refused, "Condition": each} for each in asks]}
    perhaps = {"Statement": [{**refused, "Condition": {"StringNotEquals": {_writes.KEY: f"{key}/perhaps"}}}]}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake"}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "lake", "PolicyDocument": document}},
    }
    found = rules.check(snapshot_of(resources), [denied_encryption.RULE])
    assert not found.findings  # no encryption at all is spared, so that it is not refused for its encryption
    assert len(asked) <= len(set(asked)) + 1
    assert sum("key/" in each for each in asked) == 3
    other = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Named"}, "PolicyDocument": perhaps}}
    only_perhaps = snapshot_of({"Bucket": resources["Bucket"], "Other": other}, Parameters={"Named": {"Type": "String"}})
    bucket = next(each for each in only_perhaps.estate.buckets if each.name == "lake")
    assert bucket.policy is not None
    assert _writes.named_keys(bucket) == []


def test_open_facts_that_are_asked_for_one_way_need_no_search(monkeypatch: Any):
    """Roles that no template defines leave dozens of facts open; trying them all took a minute for a template of 26 resources."""
    monkeypatch.setattr(solver, "_possible", lambda _formula: 1 / 0)
    pairs = [all_of([Unresolved(f"allows {number}"), negate(Unresolved(f"denies {number}"))]) for number in range(40)]
    chained = all_of(any_of([one, other]) for one, other in pairwise(pairs))
    found = solver.solve(chained)
    assert found.truth is Truth.OPEN
    assert len(found.reasons) == 80


def test_open_facts_that_are_asked_for_both_ways_are_searched():
    """Whether a formula of them always holds, or never, is still told."""
    one, other = Unresolved("one"), Unresolved("other")
    always = any_of([one, all_of([negate(one), other]), all_of([negate(one), negate(other)])])
    never = negate(always)
    assert isinstance(always, AnyOf)
    assert isinstance(never, All | Not)
    assert solver.solve(always).truth is Truth.TRUE
    assert solver.solve(never).truth is Truth.FALSE


def test_what_follows_from_conditions_is_seen_without_solving(monkeypatch: Any):
    """Whether a row says nothing new was solved anew for each pair of conditions that no template tells."""
    monkeypatch.setattr(composition, "together", lambda *_: 1 / 0)
    one, other, third = (Unresolved(name) for name in ("one", "other", "third"))
    assert composition._follows(one, all_of([one, other]))
    assert composition._follows(all_of([one, other]), all_of([one, other, third]))
    assert composition._follows(TRUE, one)
    assert not composition._follows(all_of([one, other]), one)
    assert not composition._follows(one, TRUE)
    assert not composition._follows(any_of([one, other]), one)


@pytest.mark.parametrize("text", ["a" * 60, "a" * 59 + "b"])
def test_many_stars_take_no_longer_than_few(text: str):
    """A pattern with a star for each letter, in the form that policies are matched in: it would take years to try all ways."""
    pattern = "*a" * 25 + "*b"
    assert bool(re.fullmatch(globs.expression(pattern), text, re.DOTALL)) is text.endswith("b")
    assert Patterns([pattern], "2012-10-17").matched(text, Keys(REQUEST)) == (TRUE if text.endswith("b") else FALSE)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("*a*b", "xaybzb", True),
        ("*ab*ab", "abxab", True),
        ("*ab*ab", "xab", False),
        ("a*a", "a", False),
        ("a?*?b", "axyb", True),
        ("a?*?b", "axb", False),
        ("a**b", "a\nb", True),
        ("**", "x", True),
        ("a.c", "abc", False),
        ("*?x*", "x", False),
        ("*?x*", "xx", True),
    ],
)
def test_patterns_match_as_before(pattern: str, text: str, fits: bool):  # noqa: FBT001 - a table
    """A star takes anything, a question mark one character, the rest itself."""
    assert bool(re.fullmatch(globs.expression(pattern), text, re.DOTALL)) is fits


def test_a_long_text_is_looked_through_once():
    """A name of ten thousand characters in a resource that may have moved was looked at from each of them on."""
    long = "x" * 20_000
    started = time.process_time()
    assert moves._BEFORE_HOLE.sub("", long) == long
    assert moves._BEFORE_HOLE.sub("", f"{long}\ue000\ue002") == "\ue000\ue002"
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("tag", ["!!set {a, b}", "!!binary aGk=", "!!omap [a: 1]", "!!pairs [a: 1]"])
def test_yaml_without_a_form_in_json_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], tag: str):
    """It went as far as the first check that writes JSON."""
    path = tmp_path / "lake.yaml"
    path.write_text(f"Resources: {{A: {{Type: 'AWS::S3::Bucket', Properties: {{X: {tag}}}}}}}")
    assert main(["upgrade", str(path), str(path)]) == 2
    assert f"{tag.split(maxsplit=1)[0]} has no form in JSON" in capsys.readouterr().err


def test_a_mapping_of_many_keys_is_read_in_one_go():
    """Each key was compared with all before it."""
    text = "\n".join(f"k{number}: 1" for number in range(3000))
    started = time.process_time()
    assert len(yaml.load(text, Loader=TemplateLoader)) == 3000  # noqa: S506 - a subclass of SafeLoader
    assert time.process_time() - started < 3


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path):
    """`--json /dev/null` as root made a file of the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(["a", "b\ud800"], pipe)
        assert os.read(reader, 100) == b"ab\\ud800"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_link_is_kept_and_what_it_leads_to_is_written(tmp_path: Path):
    """`--json /dev/stdout` with stdout in a file would have replaced the link in /dev."""
    (tmp_path / "file").write_text("before")
    link = tmp_path / "link"
    link.symlink_to("file")
    write(["after"], link)
    assert link.is_symlink()
    assert (tmp_path / "file").read_text() == "after"


@pytest.mark.parametrize("how", ["> /dev/full", ">&-", "> /dev/full 2> /dev/full"])
def test_output_that_goes_nowhere_is_said_and_never_a_traceback(tmp_path: Path, how: str):
    """A full disk ends with the code for what cannot be written; a closed stdout hides nothing else."""
    (tmp_path / "a.json").write_text(json.dumps({"Resources": {"\ud800\x1b": {"Type": "AWS::S3::Bucket"}}}))
    (tmp_path / "b.json").write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    command = f"{shlex.quote(sys.executable)} -m lakecheck upgrade a.json b.json {how}"
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | {"PYTHONPATH": ROOT}
    ended = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False, env=surroundings)  # noqa: S602
    assert ended.returncode == (2 if "full" in how else 1)
    assert ended.stderr == ("lakecheck: the output cannot be written: No space left on device\n" if how == "> /dev/full" else "")


def test_a_terminal_of_few_letters_gets_escapes(tmp_path: Path):
    """Neither half a pair of surrogates nor a terminal in ASCII is an error."""
    (tmp_path / "a.json").write_text(json.dumps({"Resources": {"\ud800": {"Type": "AWS::S3::Bucket"}}}))
    (tmp_path / "b.json").write_text(json.dumps({"Resources": {}}))
    command = [sys.executable, "-m", "lakecheck", "upgrade", "a.json", "b.json"]
    surroundings = os.environ | {"PYTHONPATH": ROOT, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=surroundings)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "ud800" in ended.stdout
    assert ended.stdout.isascii()


@pytest.mark.parametrize("wrap", [lambda text: {"Fn::Sub": text}, lambda text: text], ids=["Fn::Sub", "text"])
def test_openings_without_an_end_are_looked_at_once(wrap: Any):
    """A text of nothing but `${` was looked through from each of them to its end."""
    started = time.process_time()
    found = by_id(resolved(stack("Lake", {"Resources": {"A": {"Type": ANY, "Properties": {"V": wrap("${" * 50_000)}}}})))["A"]
    assert found.properties["V"] == "${" * 50_000
    assert variables.parse("${" * 50_000) == ("${" * 50_000,)
    assert time.process_time() - started < 2


def test_a_definition_of_nothing_but_quotes_is_looked_at_once():
    """A text that ends nowhere was tried from each escaped quote in it."""
    started = time.process_time()
    assert _definitions._readable('\\"' * 50_000) == '\\"' * 50_000
    assert _definitions._readable('{"a": "b\\"c", "d": \ue000x"y\ue001}') == '{"a": "b\\"c", "d": "\ue000x\'y\ue001"}'
    assert time.process_time() - started < 2


@pytest.mark.parametrize("color", [False, True])
def test_the_text_report_starts_no_code_and_no_line_that_a_template_asks_for(color: bool):  # noqa: FBT001 - a table
    """Names with control codes, line breaks, marks that turn the direction of reading, and half a pair of surrogates."""
    hostile = "a\x1b]0;title\x07\u202e\ud800\n::error::b"
    snapshot = snapshot_of({hostile: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": hostile}}})
    skip = dict.fromkeys(("compliance", "cloudformation", "lint"), "no matter here")
    run = judge(snapshot, Options(as_of=date(2026, 11, 1), skip=skip), base=snapshot_of({}))
    shown = text.render(run, style=Style(color=color), list_all=True)
    assert not {"\x07", "\u202e", "\ud800", "\x1b]"} & {*shown, *(shown[at : at + 2] for at in range(len(shown)))}
    assert not any(line.startswith("::") for line in shown.splitlines())
    assert r"\u202e\ud800\n::error::b" in shown
    assert ("\x1b[" in shown) is color


@pytest.mark.parametrize("how", ["app", "setup"])
def test_a_cancelled_pull_request_leaves_nothing_behind(tmp_path: Path, how: str):
    """SIGTERM, by which a CI cancels: no worktree, no unfinished assembly, no process of the app or of what it started."""
    repository, temporary, started = tmp_path / "repository", tmp_path / "temporary", tmp_path / "started"
    repository.mkdir()
    temporary.mkdir()
    settings = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    for words in (["init"], ["commit", "--allow-empty", "-m", "nothing"]):
        subprocess.run(["git", *settings, *words], cwd=repository, check=True, capture_output=True)
    hanging = f"sh -c 'sleep 60 & echo $! > {started}; wait'"
    what = ["--app", hanging] if how == "app" else ["--app", "true", "--setup", hanging]
    command = [sys.executable, "-m", "lakecheck", "pull-request", *what, "--base", "HEAD"]
    surroundings = os.environ | {"PYTHONPATH": ROOT, "TMPDIR": str(temporary)}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=repository, env=surroundings, **streams) as run:
        while not (started.exists() and started.read_text().endswith("\n")) and run.poll() is None:
            select.select([], [], [], 0.02)
        run.terminate()
        said, _ = run.communicate(timeout=30)
    assert run.returncode == 143, said
    assert list(temporary.iterdir()) == []
    assert [path for path in repository.rglob("*") if path.name.startswith(".base")] == []
    assert not (repository / ".git" / "worktrees").exists()
    assert not Path("/proc", started.read_text().strip(), "fd").exists() or _is_gone(int(started.read_text()))


def _is_gone(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_a_folder_for_reports_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
):
    """A file stands where the folder should be."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(pull_request_command, "_merge_base", lambda _base: "0" * 40)
    assert main(["pull-request", "--app", "true", "--base", "main", "--output", str(tmp_path / output)]) == 2
    assert "the folder for reports cannot be made" in capsys.readouterr().err


def _nest(file: str) -> dict[str, Any]:
    return {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": file}, "Properties": {"TemplateURL": "x"}}


def test_a_template_that_nests_itself_is_refused(tmp_path: Path):
    """Over another one: reading it never came to an end."""
    folder = write_assembly(tmp_path, {"Lake": {"Resources": {"Nest": _nest("other.json")}}})
    (tmp_path / "other.json").write_text(json.dumps({"Resources": {"Back": _nest("Lake.template.json"), "Beside": _nest("other.json")}}))
    with pytest.raises(InvalidInput, match="the template nests itself"):
        read_assembly(folder)


def test_nested_stacks_that_double_at_every_level_are_refused(tmp_path: Path):
    """Twelve small files that stand for thousands of stacks; one template that is nested twice is none of that."""
    templates = {f"{level}.json": {"Resources": {each: _nest(f"{level + 1}.json") for each in "AB"}} for level in range(12)}
    for name, template in {**templates, "12.json": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}}.items():
        (tmp_path / name).write_text(json.dumps(template))
    with pytest.raises(InvalidInput, match="more than 2,000 nested stacks are below Lake"):
        read_assembly(write_assembly(tmp_path, {"Lake": {"Resources": {"Nest": _nest("0.json")}}}))
    few = read_assembly(write_assembly(tmp_path, {"Lake": {"Resources": {"Nest": _nest("10.json")}}}))
    assert len(few.stacks) == 1 + 1 + 2 + 4


def test_a_version_of_thousands_of_digits_is_refused(tmp_path: Path):
    """Python refuses to read such a number."""
    with pytest.raises(InvalidInput, match="got schema version"):
        read_assembly(write_assembly(tmp_path, version="9" * 5000 + ".0.0"))
