"""The state machine as a graph: nothing hangs, nothing is unreachable, every failure ends in one place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.pipeline.definition import LARGEST_COPY
from tests.constructs.pipeline.lake import pipelines, state_machine
from tests.support import template

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD_WAY = ["Identify", "Admit", "Claim", "KeepOriginal", "RunJob", "TellSuccess", "Complete", "Published"]
BAD_WAY = ["RecordFailure", "TellFailure", "Alert", "Failed"]


@pytest.fixture(scope="module")
def machine() -> dict[str, Any]:
    """The definition of a pipeline for two tables."""
    return state_machine(template(pipelines()[0]))


def followers(state: dict[str, Any]) -> Iterator[str]:
    """Every state that may come after this one."""
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for branch in (*state.get("Choices", []), *state.get("Catch", [])):
        yield branch["Next"]


def tasks(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in machine["States"].items() if state["Type"] == "Task"}


def test_every_state_is_reachable(machine: dict[str, Any]) -> None:
    """From the start there is a way to each state, and every state that is named exists."""
    seen, waiting = set(), [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += followers(machine["States"][name])
    assert seen == set(machine["States"])


def test_the_way_of_a_good_delivery(machine: dict[str, Any]) -> None:
    """Claim, keep, run, tell, complete: in this order."""
    way = [machine["StartAt"]]
    while (state := machine["States"][way[-1]])["Type"] != "Succeed":
        way.append(state.get("Next", state.get("Default")))
    assert way == GOOD_WAY


def test_the_way_of_a_failure_touches_no_data(machine: dict[str, Any]) -> None:
    """After a failure the claim is released, readers and people are told, the execution fails; nothing else is called."""
    way = ["RecordFailure"]
    while machine["States"][way[-1]]["Type"] != "Fail":
        way.append(machine["States"][way[-1]]["Next"])
    assert way == BAD_WAY
    called = [state["Resource"].split(":::")[1] for name, state in tasks(machine).items() if name in BAD_WAY]
    assert called == ["dynamodb:updateItem", "events:putEvents", "sns:publish"]


def test_every_task_has_a_timeout_retries_and_a_catch(machine: dict[str, Any]) -> None:
    """No call hangs, none gives up at the first hiccup, none ends the execution by itself."""
    assert set(tasks(machine)) == {"Claim", "KeepOriginal", "RunJob", "TellSuccess", "Complete", "RecordFailure", "TellFailure", "Alert"}
    for name, state in tasks(machine).items():
        assert 0 < state["TimeoutSeconds"] < machine["TimeoutSeconds"], name
        (retry,) = state["Retry"]
        assert retry["JitterStrategy"] == "FULL", name
        assert retry["MaxDelaySeconds"] == 120, name
        assert retry["MaxAttempts"] >= 3, name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_only_what_passes_by_itself_is_retried(machine: dict[str, Any]) -> None:
    """No retry of everything, none of a failed job: its input would fail again, and none of a claim that is taken."""
    retried = {name: set(state["Retry"][0]["ErrorEquals"]) for name, state in tasks(machine).items()}
    assert not {"States.ALL", "States.TaskFailed"} & set().union(*retried.values())
    assert "States.Timeout" not in retried["RunJob"]
    assert "DynamoDB.ConditionalCheckFailedException" not in set().union(*retried.values())


def test_every_step_fails_into_one_place(machine: dict[str, Any]) -> None:
    """Each step catches everything into the failure's way, with error and cause kept for the notice."""
    for name in ("Claim", "KeepOriginal", "RunJob", "TellSuccess", "Complete"):
        catch = machine["States"][name]["Catch"][-1]
        assert catch["Next"] == "RecordFailure", name
        assert set(catch["Assign"]["failure"]) == {"error", "cause"}, name


def test_an_object_that_is_claimed_ends_quietly(machine: dict[str, Any]) -> None:
    """A repeated event is no failure."""
    first = machine["States"]["Claim"]["Catch"][0]
    assert first == {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "AlreadyClaimed"}
    assert machine["States"]["AlreadyClaimed"]["Type"] == "Succeed"


def test_a_claim_lets_in_itself_the_failed_and_the_abandoned(machine: dict[str, Any]) -> None:
    """A retried call does not lock its own execution out; a lease is longer than any execution."""
    arguments = machine["States"]["Claim"]["Arguments"]
    assert arguments["ConditionExpression"] == (
        "attribute_not_exists(#object) OR #execution = :execution OR #status = :failed OR (#status = :running AND #lease < :now)"
    )
    lease = int(arguments["Item"]["lease_until"]["N"].split(" + ")[1].split(")")[0])
    assert lease > machine["TimeoutSeconds"]


def test_a_claim_is_ended_by_its_own_execution_only(machine: dict[str, Any]) -> None:
    """An execution that lost its claim cannot release or complete another's."""
    for name, status in (("Complete", "SUCCEEDED"), ("RecordFailure", "FAILED")):
        arguments = machine["States"][name]["Arguments"]
        assert arguments["ConditionExpression"] == "attribute_not_exists(#execution) OR #execution = :execution"
        assert arguments["ExpressionAttributeValues"][":status"] == {"S": status}


def test_a_run_is_named_after_the_version_of_the_object(machine: dict[str, Any]) -> None:
    """The same delivery is the same run: its name has nothing of the execution or the clock."""
    run_id = machine["States"]["Identify"]["Assign"]["runId"]
    assert all(part in run_id for part in ("bucket.name", "object.key", "version-id", "SHA-256"))
    assert not any(part in run_id for part in ("context", "$now", "$millis", "$uuid", "$random"))


def test_what_cannot_be_ingested_is_refused_before_it_is_claimed(machine: dict[str, Any]) -> None:
    """Unversioned, undeclared and too large objects go the failure's way, each with an error of its own."""
    refused = {choice["Assign"]["failure"]["error"]: choice for choice in machine["States"]["Admit"]["Choices"]}
    assert set(refused) == {"Lake.NotVersioned", "Lake.UndeclaredTable", "Lake.ObjectTooLarge"}
    assert {choice["Next"] for choice in refused.values()} == {"RecordFailure"}
    assert f"$size > {LARGEST_COPY}" in refused["Lake.ObjectTooLarge"]["Condition"]
    assert LARGEST_COPY == 5 * 1024**3


def test_the_original_is_copied_by_version_and_encoded(machine: dict[str, Any]) -> None:
    """The very version that the event is about is kept, whatever characters its key has, without the producer's tags."""
    arguments = machine["States"]["KeepOriginal"]["Arguments"]
    assert "'?versionId=' & $version" in arguments["CopySource"]
    assert "$encodeUrlComponent($part)" in arguments["CopySource"]
    assert arguments["Bucket"] == "lake-raw"
    assert arguments["TaggingDirective"] == "REPLACE"


def test_the_job_is_told_what_it_needs(machine: dict[str, Any]) -> None:
    """The job reads the kept original and gets every argument that it takes; Glue's own timeout is left to the job."""
    state = machine["States"]["RunJob"]
    assert state["Resource"].endswith(":states:::glue:startJobRun.sync")
    assert set(state["Arguments"]) == {"JobName", "Arguments"}
    arguments = state["Arguments"]["Arguments"]
    assert set(arguments) == {"--spec", "--table", "--input", "--curated", "--quarantine", "--manifest", "--run-id", "--publish"}
    assert arguments["--input"] == "{% 's3://lake-raw/' & $rawKey %}"
    assert (arguments["--curated"], arguments["--quarantine"]) == ("s3://lake-curated", "s3://lake-quarantine")
    assert arguments["--manifest"].startswith("{% 's3://lake-raw/travel/flights/_manifests/'")


def test_each_table_has_its_own_contract(machine: dict[str, Any]) -> None:
    """The table that the key names is one of the contract's, and the job is told which."""
    assert machine["States"]["Identify"]["Assign"]["tables"] == ["airlines", "routes"]
    refused = [choice for choice in machine["States"]["Admit"]["Choices"] if "UndeclaredTable" in json.dumps(choice)]
    assert [choice["Condition"] for choice in refused] == ["{% $not($table in $tables) %}"]
    arguments = machine["States"]["RunJob"]["Arguments"]["Arguments"]
    assert arguments["--table"] == "{% $table %}"
    assert arguments["--spec"].startswith("s3://")
    assert arguments["--spec"].endswith(".json")


def test_queries_are_jsonata(machine: dict[str, Any]) -> None:
    """One query language in the whole machine: no JSONPath is left to be taken literally."""
    assert machine["QueryLanguage"] == "JSONata"
    assert not [name for name, state in machine["States"].items() if {"Parameters", "ResultPath", "InputPath", "OutputPath"} & set(state)]
