"""What the page about lakecheck shows is what lakecheck does."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from lakecheck.assembly import read_assembly
from lakecheck.checks import acknowledgements
from lakecheck.checks.base import IGNORED
from lakecheck.cli import _parser
from lakecheck.report.text import MOST_PLACES, render
from lakecheck.run import CHECKS, Options, judge
from lakecheck.snapshot import Snapshot
from tests.lakecheck.assemblies import BUCKET, acknowledging, pack, report_of, violation, write_assembly
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/reference/lakecheck.md").read_text()
COMMANDS = (ROOT / "examples/commands/lakecheck.sh").read_text().splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_is_understood(command: str) -> None:
    """Each example's arguments parse, and lead to a handler."""
    program, *argv = shlex.split(command, comments=True)
    assert program == "lakecheck"
    assert callable(_parser(argv).parse_args(argv).handler)


def test_the_report_of_the_page_is_one_that_is_printed(tmp_path: Path) -> None:
    """The example is what these two stacks give, but for times and versions."""
    stale = "AwsSolutions::AwsSolutions-S10"
    metadata = {
        "/Lake/Raw": [*acknowledging("AwsSolutions::AwsSolutions-S1", owner="storage team"), *acknowledging(stale, owner="storage team")],
        "/Lake/Raw/Resource": [
            {"type": "aws:cdk:logicalId", "data": "Raw0A1B2C3D"},
            {"type": "aws:cdk:creationStack", "data": ["__init__ (/app/stacks/lake.py:42)"]},
        ],
    }
    known = violation("AwsSolutions-S1", "Lake/Raw/Resource", acknowledgedId="AwsSolutions::AwsSolutions-S1", acknowledgedAt="Lake/Raw")
    found = violation("HIPAA.Security-S3BucketVersioningEnabled", "Lake/Raw/Resource")
    found["description"] = "The S3 Bucket does not have versioning enabled - (Control IDs: 164.308(a)(7)(i), 164.312(c)(1))."
    found["violatingConstructs"][0]["stackTraces"] = ["__init__ (/app/stacks/lake.py:42)"]
    resources = {"Raw0A1B2C3D": {**BUCKET, "Properties": {"BucketNme": "raw"}}}
    report = report_of(pack(suppressed=(known,)), pack("HIPAA.Security", found))
    folder = write_assembly(tmp_path / "cdk.out", {"Lake": {"Resources": resources}}, report=report, metadata=metadata)
    assembly = replace(read_assembly(folder), directory="cdk.out")
    text = render(judge(Snapshot(assembly), Options(as_of=date(2026, 1, 1))))
    shown = (ROOT / "examples/lakecheck/report.txt").read_text()
    assert _steady(shown) == _steady("$ lakecheck run\n" + text)


def _steady(text: str) -> str:
    text = re.sub(r"\b\d+\.\d+\.\d+\b", "VERSION", text)
    return re.sub(r" +\d+\.\d s$", " TIME", text, flags=re.MULTILINE)


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    """Checks, rules, days and what the linter ignores stand in the page as they are in the code."""
    assert [name for name in re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) if name in CHECKS][: len(CHECKS)] == list(CHECKS)
    assert acknowledgements.SOON_DAYS == 14
    assert "fourteen days or fewer" in PAGE
    assert MOST_PLACES == 12
    assert "beyond a dozen lines" in PAGE
    assert f"all rules but {IGNORED[0]}" in PAGE
