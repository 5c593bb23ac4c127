"""`lakecheck access check` from the command line: verdicts in each form, exit codes, and names that are nobody's markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema
import pytest

from lakecheck.access.invariants.verdicts import Asked, Counterexample, Exempted, Judgement, State, Verdict
from lakecheck.cli import main
from lakecheck.report import verdicts_json, verdicts_markdown, verdicts_text
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples" / "access"
SCHEMA = json.loads((ROOT / "lakecheck/report/access_check.schema.json").read_text())
PLACE = ("--parameters", "AWS::AccountId=444444444421", "--parameters", "AWS::Region=eu-west-1")
HOSTILE = "x`|*</td><script>alert(1)</script>\x1b[31m\u202e"


def run(*words: object) -> int:
    return main(["access", "check", *map(str, words)])


def example(*words: object) -> int:
    files = ("--invariants", EXAMPLE / "access.yaml", "--supplement", EXAMPLE / "estate.yaml")
    return run(EXAMPLE / "template.yaml", *files, *PLACE, *words)


def judgement(text: str = "role/Notebook") -> Judgement:
    """One verdict of each kind, every text the one that is given."""
    asked = Asked(principal=text, action="s3:GetObject", resource=text, context={}, because=(text,))
    found = Counterexample(
        summary=f"{text} can read it in Prod", environment="Prod", context={"aws:sourceip": (text,), "aws:x": ()}, requests=(asked,),
        because=(text,), remedy="Remove it.", source=text,
    )  # fmt: skip
    excepted = tuple(Exempted(who=name, because=text, principals=(name,), needed=needed) for name, needed in (("a", True), ("b", False)))
    verdicts = (
        Verdict(id="proved-one", says="It holds.", state=State.PROVED, exempted=excepted),
        Verdict(id="refuted-one", says="It does not.", state=State.REFUTED, examples=(found, replace(found, environment="Dev")), more=3),
        Verdict(id="unknown-one", says="Who knows.", state=State.UNKNOWN, examples=(Counterexample(summary=text, reasons=(text,)),)),
    )
    return Judgement(verdicts=verdicts, assumptions=("All is as it seems.",), not_known=(text,))


def test_a_leak_is_refuted_with_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, who, through which door, by which statement; what holds is proved beside it."""
    assert example() == 1
    out = capsys.readouterr().out
    assert "PROVED 1   REFUTED 1   UNKNOWN 0" in out
    assert "role/Notebook can read crm.customers.email through direct S3" in out
    assert "account/444444444499 can read crm.customers.email: assumes role/Notebook, then direct S3" in out
    assert "arn:aws:iam::444444444421:role/Notebook may s3:GetObject on" in out
    assert "role/Analyst" not in out
    assert out.count("remedy") == 1
    assert "—" not in out


def test_what_is_not_known_fails_unless_it_is_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the account nobody can say what its settings are: nothing of it is proved."""
    template = tmp_path / "role.json"
    trust = {"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}
    attached = ["arn:aws:iam::444444444421:policy/elsewhere"]
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": attached}}
    template.write_text(json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Role": role}}))
    rules = tmp_path / "access.yaml"
    rules.write_text("version: 1\ninvariants:\n  - { id: nobody, says: Nobody reads., forbid: { do: [read] } }\n")
    assert run(template, "--invariants", rules) == 1
    assert "UNKNOWN 1" in capsys.readouterr().out
    assert run(template, "--invariants", rules, "--allow-unknown") == 0


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_other_forms_say_the_same(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And fail as well."""
    assert example("--format", form) == 1
    out = capsys.readouterr().out
    assert "role/Notebook can read crm.customers.email through direct S3" in out.replace("\\", "")
    if form == "json":
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(out))


def test_json_fits_its_schema() -> None:
    """Each kind of verdict, and the schema is one."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(verdicts_json.render(judgement())))
    assert SCHEMA["properties"]["format"]["const"] == verdicts_json.FORMAT


def test_text_says_each_thing_once() -> None:
    """One remedy for examples that share it, an environment that the sentence names not again, another one in brackets."""
    text = verdicts_text.render(judgement())
    assert text.count("Remove it.") == 1
    assert "role/Notebook can read it in Prod\n" in text
    assert "role/Notebook can read it in Prod (Dev)" in text
    assert "aws:x is missing" in text
    assert "aws:SourceIp is role/Notebook" in text
    assert "and 3 more" in text
    assert "the exception b is not needed: remove it" in text
    assert "under 1 assumption;" in text
    assert "All is as it seems." in verdicts_text.render(judgement(), list_all=True)


def test_no_name_is_markup_or_steers_a_terminal() -> None:
    """In no form."""
    for report in (verdicts_text, verdicts_markdown, verdicts_json):
        text = report.render(judgement(HOSTILE))
        assert "\x1b" not in text
    outside = re.sub(r"`[^`\n]*`", "", verdicts_markdown.render(judgement(HOSTILE)).replace("\\`", ""))
    assert "alert" in outside
    assert "<script>" not in outside


@pytest.mark.parametrize("words", [("nowhere",), ("--invariants", "nowhere.yaml"), (EXAMPLE / "template.yaml", "--supplement", "nowhere")])
def test_fails_when_an_input_is_not_there(
    words: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 with the name, no stack trace."""
    monkeypatch.chdir(tmp_path)
    assert run("--invariants", EXAMPLE / "access.yaml", *words) == 2
    assert "nowhere" in capsys.readouterr().err
