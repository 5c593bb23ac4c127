"""The command: exit codes, what goes to which stream, bad input without a traceback."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lakecheck.cli import COMMANDS, main
from lakecheck.progress import Progress
from tests.lakecheck.assemblies import pack, report_of, violation, write_assembly

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = pack(
    suppressed=(violation("AwsSolutions-S1", "Only/Bucket", acknowledgedId="AwsSolutions::AwsSolutions-S1", acknowledgedAt="Only/Bucket"),)
)


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of its own: what stands in `config/` of this project is not about other apps."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write_assembly(tmp_path / "clean", report=report_of(CLEAN))


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return write_assembly(tmp_path / "bad", report=report_of(pack("AwsSolutions", violation("AwsSolutions-S1", "Only/Bucket"))))


def test_exit_codes_tell_fine_from_findings_from_unreadable(
    clean: Path, bad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0, 1 and 2; the reason for 2 is on stderr, as a sentence."""
    assert main(["run", str(clean), "--fast"]) == 0
    assert main(["run", str(bad), "--fast"]) == 1
    capsys.readouterr()
    assert main(["run", str(tmp_path / "nothing")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    remedy = "Give what `cdk synth` writes (cdk.out), or a template."
    assert err == f"lakecheck: {tmp_path / 'nothing'}: there is no such file or folder. {remedy}\n"


@pytest.mark.parametrize("argv", [[], ["run", "--as-of", "tomorrow"], ["run", "--skip", "everything"], ["sing"]])
def test_wrong_usage_exits_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And says what is allowed."""
    with pytest.raises(SystemExit) as exit_:
        main(argv)
    assert exit_.value.code == 2
    assert "usage: lakecheck" in capsys.readouterr().err


def test_options_reach_the_checks(clean: Path, bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--skip leaves out, --require-pack demands, --fail-on loosens nothing that is an error."""
    assert main(["run", str(bad), "--fast", "--skip", "compliance"]) == 0
    assert main(["run", str(clean), "--fast", "--require-pack", "HIPAA.Security"]) == 1
    assert "HIPAA.Security left no trace" in capsys.readouterr().out
    assert main(["run", str(bad), "--fast", "--fail-on", "error"]) == 1


def test_json_goes_to_a_file_or_to_stdout_alone(clean: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file comes beside the text; with - stdout has nothing but JSON."""
    assert main(["run", str(clean), "--fast", "--json", str(tmp_path / "r.json")]) == 0
    assert "passed" in capsys.readouterr().out
    assert json.loads((tmp_path / "r.json").read_text())["passed"] is True
    assert main(["run", str(clean), "--fast", "--json", "-", "--as-of", "2030-01-01"]) == 0
    assert json.loads(capsys.readouterr().out)["as_of"] == "2030-01-01"
    assert main(["run", str(clean), "--fast", "--json", str(tmp_path / "no" / "r.json")]) == 2


def test_a_missing_extra_is_said_not_crashed_on(clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the [check] extra the command names what to install."""
    monkeypatch.setitem(sys.modules, "cloudformation_validate", None)
    assert main(["run", str(clean), "--fast"]) == 2
    assert "pip install 'governed-lake[check]'" in capsys.readouterr().err


def test_an_interrupt_is_quiet(clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with 130 and one line."""

    def interrupt(_path: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lakecheck.assembly.read_assembly", interrupt)
    assert main(["run", str(clean)]) == 130
    assert capsys.readouterr().err == "lakecheck: interrupted\n"


def test_a_reader_that_goes_away_is_no_crash(bad: Path) -> None:
    """`lakecheck run | head` leaves no traceback behind."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lakecheck", "run", str(bad), "--fast", "--skip", "cloudformation"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_help_teaches_and_loads_nothing_heavy() -> None:
    """Exit codes and examples are in the help, and no checker, no CDK and no pydantic is imported for it."""
    code = (
        "import sys, runpy; sys.argv = ['lakecheck', 'run', '--help']\n"
        "try: runpy.run_module('lakecheck', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({'cfnlint', 'cloudformation_validate', 'aws_cdk', 'jsii', 'pydantic', 'yaml', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "exit codes:" in done.stdout
    assert 'lakecheck run --app "python app.py"' in done.stdout
    assert done.stdout.endswith("[]\n")


def test_the_list_of_commands_is_what_they_say_of_themselves() -> None:
    """The help shown without loading a command is the command's own."""
    for name, summary in COMMANDS.items():
        subparsers = argparse.ArgumentParser().add_subparsers()
        importlib.import_module(f"lakecheck.{name.replace('-', '_')}_command").add_parser(subparsers)
        assert [(action.dest, action.help) for action in subparsers._choices_actions] == [(name, summary)]


def test_logs_get_no_control_codes_and_terminals_no_leftovers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is silent at first, a plain line now and then in a log, one rewritten line on a terminal that is taken away at the end."""
    clock = iter([0.0, 1.0, 6.0, 6.5, 0.0, 3.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    log = Progress(sys.stderr, terminal=False)
    log("early")
    log("late")
    log("at once")
    log.done()
    assert capsys.readouterr().err == "late (6 s)\n"
    terminal = Progress(sys.stderr, terminal=True)
    terminal("working")
    terminal.done()
    assert capsys.readouterr().err == "\r\x1b[Kworking\r\x1b[K"


@pytest.mark.parametrize("text", ["20261101", "2026-W01-1", "2026-11-31", "tomorrow", "2026-1-1", ""])
def test_a_day_has_one_spelling(text: str, clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where Python's own reading takes another one."""
    with pytest.raises(SystemExit):
        main(["run", str(clean), "--as-of", text])
    assert "allowed is a day as YYYY-MM-DD" in capsys.readouterr().err
