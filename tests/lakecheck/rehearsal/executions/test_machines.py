"""State machines in the emulator: what AWS's plain API tells of executions that this project's interpreter runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.lakecheck.rehearsal.executions.world import task, until

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.executions.world import World

ECHO: dict[str, Any] = {"Echo": {"Type": "Pass", "Output": "{% {'said': $states.input.word} %}", "End": True}}
LONG_JOB = "import time\ntime.sleep(60)\n"


def waiting(world: World) -> tuple[str, str]:
    """A machine that waits for a job of a minute, and the job's name."""
    job = world.job(LONG_JOB)
    return world.machine({"Wait": task("glue:startJobRun.sync", {"JobName": job})}), job


def only_run(world: World, job: str) -> str:
    """The id of the one run of a job, once there is one."""
    glue = world.client("glue")
    until(lambda: bool(glue.get_job_runs(JobName=job)["JobRuns"]))
    (run,) = glue.get_job_runs(JobName=job)["JobRuns"]
    return str(run["Id"])


def test_an_execution_ends_with_its_output(world: World) -> None:
    machine = world.machine(ECHO)
    found = world.ended(world.start(machine, {"word": "hé"}))
    assert (found["status"], json.loads(found["output"]), json.loads(found["input"])) == ("SUCCEEDED", {"said": "hé"}, {"word": "hé"})
    assert found["stopDate"] >= found["startDate"]
    assert found["stateMachineArn"] == machine
    assert "error" not in found


def test_a_failure_has_an_error_and_a_cause_and_no_output(world: World) -> None:
    found = world.run({"No": {"Type": "Fail", "Error": "Lake.No", "Cause": "because"}})
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Lake.No", "because")
    assert "output" not in found


def test_waits_pass_at_once_on_the_clock_of_the_execution(world: World) -> None:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 86400, "Next": "Tell"},
        "Tell": {"Type": "Pass", "Output": "{% $toMillis($now()) - $toMillis($states.context.Execution.StartTime) %}", "End": True},
    }
    assert json.loads(world.run(states)["output"]) >= 86400 * 1000


@pytest.mark.parametrize(
    "definition",
    [
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, "ResultPath": "$.x"}}}',
        '{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}',
        "no JSON",
    ],
)
def test_fails_when_the_definition_is_not_known_and_nothing_of_it_is_done(world: World, definition: str) -> None:
    sfn = world.client("stepfunctions")
    machine = sfn.create_state_machine(name=f"odd-{world.own}", definition=definition, roleArn=world.role)["stateMachineArn"]
    arn = world.start(machine)
    found = world.ended(arn)
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert found["cause"].startswith("not rehearsed: ")
    kinds = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
    assert kinds == ["ExecutionStarted", "ExecutionFailed"]


def test_executions_without_names_are_told_apart(world: World) -> None:
    machine = world.machine(ECHO)
    assert len({world.start(machine, {"word": "same"}) for _ in range(5)}) == 5
    assert len(world.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 5


def test_a_name_starts_once_while_it_runs_and_never_again(world: World) -> None:
    machine, _ = waiting(world)
    first = world.start(machine, {"n": 1}, name="once")
    assert world.start(machine, {"n": 1}, name="once") == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        world.start(machine, {"n": 2}, name="once")
    world.client("stepfunctions").stop_execution(executionArn=first)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        world.start(machine, {"n": 1}, name="once")


def test_stopping_an_execution_stops_the_job_that_it_waits_for(world: World) -> None:
    machine, job = waiting(world)
    arn = world.start(machine)
    run = only_run(world, job)
    world.client("stepfunctions").stop_execution(executionArn=arn, error="Somebody", cause="said so")
    found = world.ended(arn)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Somebody", "said so")
    assert world.job_run(job, run)["JobRunState"] == "STOPPED"


def test_a_deleted_state_machine_ends_its_executions(world: World) -> None:
    machine, job = waiting(world)
    world.start(machine)
    run = only_run(world, job)
    world.client("stepfunctions").delete_state_machine(stateMachineArn=machine)
    assert world.job_run(job, run)["JobRunState"] == "STOPPED"


def test_the_history_tells_states_and_tasks_in_order(world: World) -> None:
    url, _ = world.queue()
    states = {"Send": task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": {"a": 1}}, Next="Done"), "Done": {"Type": "Succeed"}}
    arn = world.start(world.machine(states))
    world.ended(arn)
    sfn = world.client("stepfunctions")
    events = sfn.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["id"] for event in events] == list(range(1, 10))
    assert events[1]["stateEnteredEventDetails"]["name"] == "Send"
    newest = sfn.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=2)
    assert [event["type"] for event in newest["events"]] == ["ExecutionSucceeded", "SucceedStateExited"]
    assert newest["nextToken"]


def test_an_express_workflow_answers_with_its_end(world: World) -> None:
    sfn = world.client("stepfunctions")
    express = world.machine(ECHO, name="express", type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=express, input='{"word": "now"}')
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"said": "now"})
    with pytest.raises(ClientError, match="StateMachineTypeNotSupported"):
        sfn.start_sync_execution(stateMachineArn=world.machine(ECHO, name="standard"), input="{}")


def test_an_execution_is_redriven_from_the_state_that_failed(world: World) -> None:
    url = f"https://sqs.eu-west-1.amazonaws.com/{world.account}/late-{world.own}"
    states = {"One": {"Type": "Pass", "Next": "Send"}, "Send": task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "x"})}
    arn = world.start(world.machine(states))
    assert world.ended(arn)["status"] == "FAILED"
    world.queue("late")
    world.client("stepfunctions").redrive_execution(executionArn=arn)
    found = world.ended(arn)
    assert (found["status"], found["redriveCount"]) == ("SUCCEEDED", 1)
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        world.client("stepfunctions").redrive_execution(executionArn=arn)


def test_a_version_runs_what_it_was_published_with(world: World) -> None:
    machine = world.machine(ECHO)
    sfn = world.client("stepfunctions")
    first = {"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": {"Type": "Pass", "Output": 1, "End": True}}}
    version = sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(first), publish=True)["stateMachineVersionArn"]
    sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(first).replace('"Output": 1', '"Output": 2'))
    assert [world.ended(world.start(arn))["output"] for arn in (version, machine)] == ["1", "2"]
