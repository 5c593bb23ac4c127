"""What becomes of executions and job runs when the emulator is killed and comes back as it was at a checkpoint."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from lakecheck.rehearsal.emulator.process import Emulator
from tests.lakecheck.rehearsal.executions.world import World, task, until

if TYPE_CHECKING:
    from pathlib import Path

LONG = """
import os, time
with open(os.path.join(os.environ["MARK"], "pid"), "w") as file:
    file.write(str(os.getpid()))
time.sleep(60)
"""


def lives(pid: int) -> bool:
    """Whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.full
def test_what_ran_is_aborted_its_processes_are_gone_and_its_event_can_be_delivered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", str(tmp_path))
    with Emulator(folder=tmp_path / "emulator") as emulator:
        world = World(emulator)
        job = world.job(LONG)
        machine = world.machine({"Run": task("glue:startJobRun.sync", {"JobName": job})})
        bucket = world.bucket(EventBridgeConfiguration={})
        events = world.client("events")
        events.put_rule(Name="rule", EventPattern='{"source": ["aws.s3"]}')
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": machine, "RoleArn": world.role}])
        world.client("s3").put_object(Bucket=bucket, Key="a.csv", Body=b"1")
        until((tmp_path / "pid").exists)
        until(lambda: bool((tmp_path / "pid").read_text()))
        pid = int((tmp_path / "pid").read_text())
        assert lives(pid)
        emulator.checkpoint()
        emulator.kill()
        until(lambda: not lives(pid))
        emulator.restore()
        told = world.control()
        assert [(one["status"], one["cause"]) for one in told["executions"]] == [("ABORTED", "the emulator ended while this was running")]
        assert [(one["status"], one["error"]) for one in told["job_runs"]] == [("FAILED", "the emulator ended while this was running")]
        assert world.control("idle") == {"idle": True, "running": {}}
        assert world.control("redeliver", {"bucket": bucket, "key": "a.csv"}) == {"events": 1}
        until(lambda: [one["status"] for one in world.control()["executions"]] == ["ABORTED", "RUNNING"])
        again = int(until_other(tmp_path / "pid", pid))
    until(lambda: not lives(again))


def test_an_execution_that_was_killed_between_two_states_is_redriven_to_its_end(tmp_path: Path) -> None:
    """It goes on where it stood, with the variables that it had; what it had done is not done again."""
    with Emulator(folder=tmp_path / "emulator") as emulator:
        world = World(emulator)
        queue = world.client("sqs").create_queue(QueueName="told")["QueueUrl"]
        tell = {"QueueUrl": queue, "MessageBody": "{% 'told by ' & $states.context.State.Name %}"}
        machine = world.machine(
            {
                "Begin": {"Type": "Pass", "Assign": {"kept": 7}, "Next": "First"},
                "First": task("sqs:sendMessage", tell, Next="Slow"),
                "Slow": task("aws-sdk:sqs:getQueueUrl", {"QueueName": "told"}, Next="Last"),
                "Last": task("sqs:sendMessage", tell, Output={"kept": "{% $kept %}"}),
            }
        )
        emulator.control("faults/set", ["sqs:GetQueueUrl:slow=30"])
        states = world.client("stepfunctions")
        arn = states.start_execution(stateMachineArn=machine)["executionArn"]
        until(lambda: emulator.control("faults/list")["faults"][0]["hits"] == 1)
        emulator.control("faults/clear", {})
        emulator.checkpoint()
        emulator.kill()
        emulator.restore()
        states = world.client("stepfunctions")
        assert states.describe_execution(executionArn=arn)["status"] == "ABORTED"
        states.redrive_execution(executionArn=arn)
        until(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING")
        ended = states.describe_execution(executionArn=arn)
        assert (ended["status"], ended.get("output"), ended["redriveCount"]) == ("SUCCEEDED", '{"kept": 7}', 1)
        messages = world.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        assert sorted(one["Body"] for one in messages) == ["told by First", "told by Last"]


def until_other(file: Path, pid: int) -> str:
    """What is in a file, once it is another number."""
    until(lambda: file.read_text() not in ("", str(pid)))
    return file.read_text()
