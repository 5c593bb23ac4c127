"""Glue jobs in the emulator: programs that run for real, without Spark here."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.executions import programs
from tests.lakecheck.rehearsal.executions.world import task, until

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.executions.world import World

LONG = "import time\ntime.sleep(60)\n"
TELL = """
import json, os, sys
import boto3
import helper
bucket = sys.argv[sys.argv.index("--bucket") + 1]
who = boto3.client("sts").get_caller_identity()["Arn"]
body = json.dumps({"arguments": sys.argv[1:], "who": who, "word": helper.WORD})
boto3.client("s3").put_object(Bucket=bucket, Key="told.json", Body=body)
"""


def start(world: World, job: str, **more: Any) -> str:
    """Starts a run; its id."""
    return str(world.client("glue").start_job_run(JobName=job, **more)["JobRunId"])


def test_a_job_runs_with_merged_arguments_packages_and_its_roles_credentials(world: World) -> None:
    bucket = world.bucket()
    defaults = {"--bucket": bucket, "--a": "default", "--b": "default", "--c": "default"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("helper.py", "WORD = 'helped'\n")
    world.client("s3").put_object(Bucket=bucket, Key="lib/helper.zip", Body=packed.getvalue())
    defaults["--extra-py-files"] = f"s3://{bucket}/lib/helper.zip"
    job = world.job(TELL, DefaultArguments=defaults, NonOverridableArguments={"--c": "fixed"})
    run = start(world, job, Arguments={"--b": "given", "--c": "given"})
    found = world.job_run(job, run)
    assert (found["JobRunState"], found.get("ErrorMessage")) == ("SUCCEEDED", None)
    assert found["CompletedOn"] >= found["StartedOn"]
    assert "DPUSeconds" not in found
    told = json.loads(world.client("s3").get_object(Bucket=bucket, Key="told.json")["Body"].read())
    pairs = dict(zip(told["arguments"][::2], told["arguments"][1::2], strict=True))
    assert {name: pairs[name] for name in ("--a", "--b", "--c", "--JOB_NAME", "--JOB_RUN_ID")} == {
        "--a": "default",
        "--b": "given",
        "--c": "fixed",
        "--JOB_NAME": job,
        "--JOB_RUN_ID": run,
    }
    assert told["word"] == "helped"
    assert told["who"].startswith(f"arn:aws:sts::{world.account}:assumed-role/runner/")


def test_a_failed_program_is_told_with_its_last_line_and_exit_code(world: World) -> None:
    job = world.job("import sys\nprint('first')\nprint('the reason', file=sys.stderr)\nsys.exit(3)\n")
    found = world.job_run(job, start(world, job))
    assert (found["JobRunState"], found["ErrorMessage"]) == ("FAILED", "the reason; exit code 3")


def test_a_failed_job_is_the_failure_of_the_task_that_waits_for_it(world: World) -> None:
    job = world.job("raise ValueError('no such column')\n")
    found = world.run({"Run": task("glue:startJobRun.sync", {"JobName": job, "Arguments": {"--x": "1"}})})
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    told = json.loads(found["cause"])
    assert (told["JobRunState"], told["ErrorMessage"]) == ("FAILED", "ValueError: no such column; exit code 1")
    assert told["Arguments"] == {"--x": "1"}


def test_a_failed_job_is_tried_again_as_often_as_it_says(world: World) -> None:
    job = world.job("raise SystemExit(1)\n", MaxRetries=1)
    start(world, job)
    glue = world.client("glue")
    until(lambda: [run["JobRunState"] for run in glue.get_job_runs(JobName=job)["JobRuns"]] == ["FAILED", "FAILED"])
    again, first = glue.get_job_runs(JobName=job)["JobRuns"]
    assert (again["Attempt"], again["PreviousRunId"], first["Attempt"]) == (1, first["Id"], 0)


def test_no_more_runs_at_a_time_than_the_job_allows(world: World) -> None:
    job = world.job(LONG, JobRunQueuingEnabled=True)
    first = start(world, job)
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        start(world, job, JobRunQueuingEnabled=False)
    queued = start(world, job)
    assert world.job_run(job, queued, "WAITING")["JobRunState"] == "WAITING"
    glue = world.client("glue")
    glue.batch_stop_job_run(JobName=job, JobRunIds=[first])
    assert world.job_run(job, first)["JobRunState"] == "STOPPED"
    assert world.job_run(job, queued, "RUNNING")["JobRunState"] == "RUNNING"
    answer = glue.batch_stop_job_run(JobName=job, JobRunIds=[queued, first, "jr_none"])
    assert [one["JobRunId"] for one in answer["SuccessfulSubmissions"]] == [queued]
    assert [one["ErrorDetail"]["ErrorCode"] for one in answer["Errors"]] == ["InvalidJobRunStateException", "JobRunNotFoundException"]


def test_who_comes_back_later_for_a_job_that_is_taken_finds_it_free(world: World) -> None:
    """A retry's delay passes with the job's own run: at once, all attempts would meet the same run."""
    job = world.job("import time\ntime.sleep(0.5)\n")
    busy = {"ErrorEquals": ["Glue.ConcurrentRunsExceededException"], "IntervalSeconds": 60, "MaxAttempts": 3}
    machine = world.machine({"Run": task("glue:startJobRun.sync", {"JobName": job}, Retry=[busy])})
    ended = [world.ended(one) for one in [world.start(machine) for _ in range(3)]]
    assert [one["status"] for one in ended] == ["SUCCEEDED"] * 3
    assert len(world.client("glue").get_job_runs(JobName=job)["JobRuns"]) == 3


def test_a_wait_beside_a_job_takes_no_longer_than_it_says(world: World) -> None:
    job = world.job(LONG)
    run = start(world, job)
    found = world.run({"Wait": {"Type": "Wait", "Seconds": 1, "End": True}})
    assert found["status"] == "SUCCEEDED"
    assert world.job_run(job, run, "STARTING", "RUNNING")["JobRunState"] in ("STARTING", "RUNNING")
    world.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run])


def test_a_script_that_is_not_there_fails_the_run(world: World) -> None:
    job = world.job(LONG)
    world.client("s3").delete_object(Bucket=f"code-job-{world.own}", Key="job.py")
    found = world.job_run(job, start(world, job))
    assert found["JobRunState"] == "FAILED"
    assert f"s3://code-job-{world.own}/job.py, which cannot be read" in found["ErrorMessage"]


@pytest.mark.parametrize(
    "stated",
    [
        {"Command": {"Name": "gluestreaming", "ScriptLocation": "s3://b/x.py"}},
        {"Command": {"Name": "glueray", "ScriptLocation": "s3://b/x.py"}},
        {"DefaultArguments": {"--job-language": "scala"}},
    ],
)
def test_fails_when_nobody_here_runs_such_a_job(world: World, stated: dict[str, Any]) -> None:
    job = world.job(LONG, **stated)
    with pytest.raises(ClientError, match=r"InvalidInputException.*not rehearsed"):
        start(world, job)
    assert world.client("glue").get_job_runs(JobName=job)["JobRuns"] == []


class Means:
    """Clients, an S3 and credentials in one, with a program that takes a minute."""

    def __call__(self, *_: Any, **__: Any) -> Means:
        return self

    def credentials(self, *_: Any) -> Means:
        return self

    def environment(self, *_: Any) -> dict[str, str]:
        return {}

    def download_file(self, _bucket: str, _key: str, target: str) -> None:
        Path(target).write_text(LONG, encoding="utf-8")


@pytest.mark.parametrize(("minutes", "stopped", "status"), [(0.005, False, "TIMEOUT"), (1, True, "STOPPED")])
def test_a_program_ends_when_its_time_is_over_or_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, *, minutes: float, stopped: bool, status: str
) -> None:
    monkeypatch.setattr(
        "lakecheck.rehearsal.executions.programs.current", lambda: SimpleNamespace(clients=Means(), endpoint="http://localhost:1")
    )
    command = {"Name": "pythonshell", "ScriptLocation": "s3://bucket/job.py"}
    job = SimpleNamespace(name="job", role="runner", command=command, backend=SimpleNamespace(account_id="1", region_name="eu-west-1"))
    kept = SimpleNamespace(job_run_id="jr_1", arguments={}, settings={"Timeout": minutes})
    begun: list[bool] = []
    end = programs.run(job, kept, stopped=lambda: stopped and bool(begun), began=lambda: begun.append(True))  # type: ignore[arg-type]
    assert end.status == status
    assert end.seconds < 30


def test_packages_that_are_not_installed_are_named_in_the_log(world: World) -> None:
    job = world.job("print('done')\n")
    run = start(world, job, Arguments={"--additional-python-modules": "left-pad==1"})
    world.job_run(job, run)
    (told,) = [one for one in world.control()["job_runs"] if one["id"] == run]
    assert told["log"] == "--additional-python-modules left-pad==1: not installed, the rehearsal's own packages are used\ndone"
