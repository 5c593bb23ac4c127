"""`lakecheck policy`: its exit codes, what it prints, and what it says of input that cannot be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
REFERENCE = {"Version": "2012-10-17", "Statement": [ALL, {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]}
WIDE = {"Version": "2012-10-17", "Statement": {"Sid": "Wide", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
NARROW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with policies, which is the current one."""
    for name, policy in (("reference", REFERENCE), ("wide", WIDE), ("narrow", NARROW)):
        (tmp_path / f"{name}.json").write_text(json.dumps(policy))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("files")
def test_new_access_is_shown_with_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    """FAIL is 1 and tells who, what, on what, and the statement; PASS is 0."""
    assert main(["policy", "check-no-new-access", "--reference", "reference.json", "wide.json"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("FAIL  wide.json: this is new access\n")
    assert "action     s3:DeleteBucket\n" in said
    assert "allowed by Statement[0] (Wide)" in said
    assert main(["policy", "check-no-new-access", "--reference", "reference.json", "narrow.json"]) == 0
    assert capsys.readouterr().out == "PASS  narrow.json allows nothing that the reference does not\n"


@pytest.mark.usefixtures("files")
def test_json_is_the_same_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Result, witness and reasons; nothing else, and no time."""
    texts = []
    for _ in range(2):
        main(["policy", "check-no-new-access", "--reference", "reference.json", "wide.json", "--format", "json"])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    said = json.loads(texts[0])
    assert (said["result"], said["reasons"], said["witness"]["action"]) == ("FAIL", [], "s3:DeleteBucket")
    assert said["witness"]["statement"] == {"index": 0, "sid": "Wide"}


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--actions", "s3:GetObject", "wide.json"], 1),
        (["--actions", "s3:PutObject,s3:DeleteObject", "narrow.json"], 0),
        (["--actions", "s3:PutObject", "s3:GetObject", "--resources", "arn:x:s3:::lake/*", "narrow.json"], 1),
        (["narrow.json", "--resources", "arn:x:s3:::lake/*"], 1),
        (["--access", '[{"actions": ["ec2:*"]}]', "narrow.json"], 0),
        (["--access", '{"actions": ["s3:*"], "resources": ["*"]}', "--policy-type", "IDENTITY_POLICY", "narrow.json"], 1),
    ],
)
def test_what_must_not_be_granted(argv: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Lists on the command line, with the policy before or behind them, or as AWS's API takes them."""
    assert main(["policy", "check-access-not-granted", *argv]) == code
    assert capsys.readouterr().out.startswith(("PASS", "FAIL")[code])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "bad.json: the text is not JSON"),
        ("[]", "bad.json: got a list; allowed is an object"),
        ('{"Statement": [], "Statement": []}', "bad.json: 'Statement' stands twice"),
        ('{"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}', "bad.json Statement[0].Effect: got 'allow'"),
        ('{"Statement": [{"Effect": "Allow", "Action": "*"}]}', "bad.json Statement[0]: there is neither Resource nor NotResource"),
        ("[" * 100_000, "bad.json"),
        ('{"Statement":' * 900 + "1" + "}" * 900, "bad.json: the document is nested too deeply"),
        ('{"Statement": [], "Id": "' + "x" * 262_144 + '"}', "bad.json: it has more than 262,144 bytes"),
        ("\\ud800", "bad.json"),
    ],
)
def test_fails_when_a_document_is_none(text: str, said: str, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and the document and the place in it; never a trace."""
    (files / "bad.json").write_text(text)
    assert main(["policy", "check-no-new-access", "--reference", "reference.json", "bad.json"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["check-no-new-access", "--reference", "gone.json", "wide.json"], "gone.json: it cannot be read"),
        (["check-access-not-granted", "wide.json"], "nothing to look for was given"),
        (["check-access-not-granted", "--access", "[1]", "wide.json"], "--access: got 1 at [0]"),
        (["check-access-not-granted", "--access", "[", "wide.json"], "--access: the text is not JSON"),
        (["check-access-not-granted"], "no policy was named"),
        (["check-no-new-access", "--type", "resource", "--reference", "reference.json", "wide.json"], "there is neither Principal"),
    ],
)
def test_fails_when_it_is_misused(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was got, what is allowed, and 2."""
    assert main(["policy", *argv]) == 2
    assert said in capsys.readouterr().err


def test_a_trust_policy_is_known_by_its_principals(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The kind need not be told: whoever names principals has no resource to name."""
    trust: dict[str, Any] = {"Statement": {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}}
    (files / "trust.json").write_text(json.dumps(trust))
    trust["Statement"]["Principal"] = {"Service": ["lambda.amazonaws.com"]}
    (files / "other.json").write_text(json.dumps(trust))
    assert main(["policy", "check-no-new-access", "--reference", "trust.json", "trust.json"]) == 0
    assert main(["policy", "check-no-new-access", "--reference", "trust.json", "other.json"]) == 1
    assert "principal  lambda.amazonaws.com" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json"])
def test_half_a_character_is_printed_as_an_escape(form: str, files: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """JSON can have half a surrogate pair, which no encoding has; the report stays readable, and JSON."""
    (files / "half.json").write_text('{"Statement": {"Effect": "Allow", "Action": "s3:x", "Resource": "\\ud800"}}')
    (files / "none.json").write_text('{"Statement": []}')
    assert main(["policy", "check-no-new-access", "--reference", "none.json", "half.json", "--format", form]) == 1
    said = capfdbinary.readouterr().out.decode()
    assert "\\ud800" in said
    assert form == "text" or json.loads(said)["witness"]["resource"] == "\ud800"
