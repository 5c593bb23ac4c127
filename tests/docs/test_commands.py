"""Each command line in examples/commands exists as it is written: the target, the subcommand, its options."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from constructs_lib.runtime.ingestion.run import parse_arguments
from lakecheck import cli
from tests.docs.blocks import ROOT

SCRIPTS = sorted((ROOT / "examples" / "commands").glob("*.sh"))
CDK = ROOT / ".venv" / "bin" / "cdk"


def command_lines(script: Path) -> list[list[str]]:
    """The commands of a script, one list of words each; lines that end in a backslash go on."""
    joined = script.read_text(encoding="utf-8").replace("\\\n", " ")
    parts = [shlex.split(part, comments=True) for line in joined.splitlines() for part in line.split(" | ")]
    return [words for words in parts if words]


def check(words: list[str]) -> None:
    """Raises or asserts when the command could not be meant like this."""
    match words:
        case ["make", *arguments]:
            subprocess.run(["make", "--no-print-directory", "-n", *arguments], cwd=ROOT, check=True, capture_output=True)
        case [".venv/bin/lakecheck" | "lakecheck", *arguments]:
            cli._parser(arguments).parse_args(arguments)
        case [".venv/bin/cdk", subcommand, *arguments]:
            known = cdk_options(subcommand)
            for option in (argument.split("=")[0] for argument in arguments if argument.startswith("-")):
                assert option in known, f"cdk {subcommand} has no {option}"
        case ["aws", service, operation, *arguments]:
            check_aws(service, operation, arguments)
        case ["python", "-m", "constructs_lib.runtime.ingestion.job", *arguments]:
            assert parse_arguments(arguments).spec
        case ["python", "-m", "pytest", "-p", plugin, *_]:
            assert importlib.util.find_spec(plugin)
        case ["pip", "install", requirement]:
            check_requirement(requirement)
        case ["cp" | "diff" | "grep", _, *_]:
            assert shutil.which(words[0])
        case _:
            pytest.fail(f"nothing here can check {shlex.join(words)}")


@cache
def cdk_options(subcommand: str) -> frozenset[str]:
    """What `cdk SUBCOMMAND --help` knows; an unknown subcommand shows the general help, which names none."""
    done = subprocess.run([CDK, subcommand, "--help"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert f"cdk {subcommand}" in done.stdout, f"cdk has no {subcommand}"
    return frozenset(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", done.stdout))


def check_aws(service: str, operation: str, arguments: list[str]) -> None:
    """The AWS CLI takes operations and parameters from the same service models as botocore."""
    model = botocore.session.get_session().get_service_model(service.removesuffix("api"))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations, f"aws {service} has no {operation}"
    shape = model.operation_model(operations[operation]).input_shape
    known = {f"--{xform_name(member, '-')}" for member in shape.members} if shape else set()
    known |= {"--cli-binary-format", "--query", "--output", "--profile", "--region"}
    for option in (argument.split("=")[0] for argument in arguments if argument.startswith("--")):
        assert option in known, f"aws {service} {operation} has no {option}"


def check_requirement(requirement: str) -> None:
    """The distribution's own name, and extras that it has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    match = re.fullmatch(r"([\w-]+)(?:\[([\w,]+)\])?", requirement)
    assert match
    assert match[1] == project["name"] or (ROOT / requirement / "pyproject.toml").is_file()
    for extra in (match[2] or "").split(",") if match[2] else []:
        assert extra in project["optional-dependencies"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script_is_shell(script: Path) -> None:
    """A POSIX shell can read it."""
    subprocess.run(["sh", "-n", script], check=True)


@pytest.mark.parametrize(
    ("script", "words"),
    [(script, words) for script in SCRIPTS for words in command_lines(script)],
    ids=lambda value: value.name if isinstance(value, Path) else shlex.join(value)[:60],
)
def test_command_exists(script: Path, words: list[str]) -> None:
    """The command, its subcommand and its options exist; nothing is executed."""
    check(words)


@pytest.mark.parametrize(
    "line",
    [
        "make no-such-target",
        ".venv/bin/lakecheck run --no-such-option",
        ".venv/bin/lakecheck no-such-command",
        ".venv/bin/cdk deploy --no-such-option",
        ".venv/bin/cdk no-such-command",
        "aws lakeformation no-such-operation",
        "aws lakeformation put-data-lake-settings --no-such-option x",
        "pip install governed-lake[no-such-extra]",
        "curl https://example.com",
    ],
)
def test_the_checks_are_awake(line: str) -> None:
    """A command that does not exist fails."""
    with pytest.raises((AssertionError, SystemExit, subprocess.CalledProcessError, pytest.fail.Exception)):
        check(shlex.split(line))
