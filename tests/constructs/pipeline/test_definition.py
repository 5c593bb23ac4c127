"""The state machine as a graph: nothing hangs, nothing is unreachable, failures end in one place, data is touched on good ways only."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.pipeline.definition import COLLECT_LABEL, LARGEST_COPY
from constructs_lib.pipeline.metrics import NAMESPACE
from tests.constructs.pipeline.lake import pipelines, state_machine
from tests.support import template

if TYPE_CHECKING:
    from collections.abc import Iterator

AN_EVENT = [
    "Receive", "Identify", "Admit", "Open", "Source", "Claim", "KeepOriginal",
    "RunJob", "ReadOutcome", "PutMetrics", "Gate", "Tell", "People", "Close", "Ended", "Published",
]  # fmt: skip
BAD_WAY = ["RecordFailure", "TellFailure", "Alert", "Failed"]
TO_DATA = ("copyObject", "startJobRun", "deleteObject", "putObject")
GOES_ON = {"PutMetrics": "Gate", "Alert": "Failed", "TellFailure": "Alert", "RecordFailure": "TellFailure"}
"""Where whatever is caught goes that does not go the failure's way, or is that way."""
WITHOUT_A_RUN = ("EachTable", "LookForStrays")


@pytest.fixture(scope="module")
def machine() -> dict[str, Any]:
    """The definition of a pipeline for two tables."""
    return state_machine(template(pipelines()[0]))


@pytest.fixture(scope="module")
def waiting(machine: dict[str, Any]) -> dict[str, Any]:
    """What a sweep does with each object."""
    processor: dict[str, Any] = machine["States"]["Collect"]["ItemProcessor"]
    return processor


def followers(state: dict[str, Any], *, caught: bool = True) -> Iterator[str]:
    """Every state that may come after this one."""
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for branch in (*state.get("Choices", []), *(state.get("Catch", []) if caught else ())):
        yield branch["Next"]


def reached(machine: dict[str, Any], start: str, *, without: tuple[str, ...] = (), caught: bool = True) -> set[str]:
    """Every state on a way from `start` that leads through none of the others named."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in seen and name not in without:
            seen.add(name)
            todo += followers(machine["States"][name], caught=caught)
    return seen


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine and those inside of its maps."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


def tasks(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: state for one in machines(machine) for name, state in one["States"].items() if state["Type"] == "Task"}


def queries(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from queries(item)
    elif isinstance(value, list):
        for item in value:
            yield from queries(item)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value


def test_every_state_is_reachable_and_has_a_name_of_its_own(machine: dict[str, Any]) -> None:
    """From the start of each machine there is a way to each of its states, and every state that is named exists."""
    names = [name for one in machines(machine) for name in one["States"]]
    assert len(names) == len(set(names))
    for one in machines(machine):
        assert reached(one, one["StartAt"]) == set(one["States"])


def test_every_way_ends(machine: dict[str, Any]) -> None:
    """From each state an end can be reached, and no state comes after itself."""
    for one in machines(machine):
        for name, state in one["States"].items():
            beyond = set().union(*(reached(one, follower) for follower in followers(state)))
            assert name not in beyond
            assert any(one["States"][end]["Type"] in ("Succeed", "Fail") or one["States"][end].get("End") for end in {name, *beyond})


def test_the_way_of_a_good_delivery(machine: dict[str, Any]) -> None:
    """Open, claim, keep, run, read, measure, tell, close: in this order."""
    way = [machine["StartAt"]]
    choose = {"Identify": 1, "Source": 0, "Gate": 0, "Ended": 1}
    while (state := machine["States"][way[-1]])["Type"] != "Succeed":
        way.append(state["Choices"][choose[way[-1]]]["Next"] if way[-1] in choose else state.get("Next", state.get("Default")))
    assert way == AN_EVENT


@pytest.mark.parametrize("needed", ["Open", "Close"])
def test_nothing_is_published_without(machine: dict[str, Any], needed: str) -> None:
    """Each way to Published leads through the beginning of the run and its end."""
    assert "Published" in reached(machine, machine["StartAt"])
    assert "Published" not in reached(machine, machine["StartAt"], without=(needed,))


@pytest.mark.parametrize("needed", ["Open", "RunJob", "ReadOutcome"])
def test_a_run_is_successful_by_its_outcome_alone(machine: dict[str, Any], needed: str) -> None:
    """Published is for the status SUCCEEDED, which the gate alone gives; no way leads to the gate without the job and its outcome."""
    ended = machine["States"]["Ended"]
    assert [(choice["Condition"], choice["Next"]) for choice in ended["Choices"]] == [
        ("{% $status = 'HELD' %}", "Held"),
        ("{% $status = 'SUCCEEDED' %}", "Published"),
    ]
    assert machine["States"][ended["Default"]]["Type"] == "Succeed"
    given = [
        (name, rule["Assign"]["status"])
        for name, state in machine["States"].items()
        for rule in (state, *state.get("Choices", []), *state.get("Catch", []))
        if "status" in rule.get("Assign", {})
    ]
    assert sorted(given) == [
        ("Anything", "EMPTY"),
        ("Anything", "EMPTY"),
        ("Claim", "EMPTY"),
        ("Gate", "HELD"),
        ("Gate", "SUCCEEDED"),
        ("Receive", "RUNNING"),
    ]
    assert "Gate" not in reached(machine, machine["StartAt"], without=(needed,))


def test_success_without_a_job_is_only_where_there_is_nothing_to_do(machine: dict[str, Any]) -> None:
    """Claimed by another, nothing new, other executions started: no other state ends well."""
    ends = {name for name, state in machine["States"].items() if state["Type"] == "Succeed"}
    assert ends == {"AlreadyClaimed", "NothingNew", "SweepsStarted", "Published"}


def test_the_way_of_a_failure_touches_no_data(machine: dict[str, Any]) -> None:
    """After a failure the run is released, readers and people are told, the execution fails; nothing else is called."""
    way = ["RecordFailure"]
    while machine["States"][way[-1]]["Type"] != "Fail":
        way.append(machine["States"][way[-1]]["Next"])
    assert way == BAD_WAY
    assert reached(machine, "RecordFailure") == set(BAD_WAY)
    called = [state["Resource"].split(":::")[1] for name, state in tasks(machine).items() if name in BAD_WAY]
    assert sorted(called) == ["dynamodb:updateItem", "events:putEvents", "sns:publish"]


def test_nothing_touches_data_after_the_job(machine: dict[str, Any]) -> None:
    """Once the job has run, nothing copies, writes or starts another."""
    after = reached(machine, "ReadOutcome")
    called = {tasks(machine)[name]["Resource"] for name in after if name in tasks(machine)}
    assert not [resource for resource in called if any(word in resource for word in TO_DATA)]


def test_every_task_has_a_timeout_and_retries(machine: dict[str, Any]) -> None:
    """No call hangs, none gives up at the first hiccup."""
    assert set(tasks(machine)) == {
        "Open", "Claim", "KeepOriginal", "RunJob", "ReadOutcome", "PutMetrics", "Tell", "Notify", "Close", "RecordFailure", "TellFailure",
        "Alert", "StartSweep", "LookForStrays", "Look", "ClaimWaiting", "FindOwner", "FindRun", "TakeOver", "KeepWaiting",
    }  # fmt: skip
    for name, state in tasks(machine).items():
        assert 0 < state["TimeoutSeconds"] < machine["TimeoutSeconds"], name
        for retry in state["Retry"]:
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["MaxDelaySeconds"] == 120, name
            assert retry["MaxAttempts"] >= 3, name


def test_everything_that_fails_is_caught(machine: dict[str, Any]) -> None:
    """Each task and map of the machine catches everything, with error and cause kept for the notice; within a map the map does."""
    for name, state in machine["States"].items():
        if state["Type"] in ("Task", "Map"):
            last = state["Catch"][-1]
            assert last["ErrorEquals"] == ["States.ALL"], name
            assert last["Next"] == GOES_ON.get(name, "TellFailure" if name in WITHOUT_A_RUN else "RecordFailure"), name
            if name not in GOES_ON:
                assert last["Assign"] == {"failure": "{% $states.errorOutput %}"}, name


def test_only_what_passes_by_itself_is_retried(machine: dict[str, Any]) -> None:
    """No retry of everything, none of a failed job: its input would fail again, and none of a claim that is taken."""
    retried = {name: {error for retry in state["Retry"] for error in retry["ErrorEquals"]} for name, state in tasks(machine).items()}
    everything = set().union(*retried.values())
    assert not {"States.ALL", "States.TaskFailed"} & everything
    assert "States.Timeout" not in retried["RunJob"]
    assert not [error for error in everything if "ConditionalCheckFailed" in error]
    assert [name for name, errors in retried.items() if "DynamoDb.TransactionCanceledException" in errors] == ["TakeOver"]
    assert not [error for error in everything if "NoSuchKey" in error or "AlreadyExists" in error]


def test_errors_without_a_name_in_the_api_are_retried(machine: dict[str, Any]) -> None:
    """Throttling is such an error in most services: it comes under the name of the SDK's client, which differs by integration."""
    general = {
        "dynamodb": "DynamoDB.AmazonDynamoDBException", "glue": "Glue.AWSGlueException", "sns": "SNS.AmazonSNSException",
        "events": "EventBridge.AmazonEventBridgeException", "aws-sdk:dynamodb": "DynamoDb.DynamoDbException",
        "aws-sdk:s3": "S3.S3Exception", "aws-sdk:cloudwatch": "CloudWatch.CloudWatchException", "aws-sdk:sfn": "Sfn.SfnException",
    }  # fmt: skip
    for name, state in tasks(machine).items():
        service = state["Resource"].split(":::")[1].rpartition(":")[0]
        assert general[service] in state["Retry"][0]["ErrorEquals"], name


def test_a_job_that_is_busy_is_waited_for(machine: dict[str, Any]) -> None:
    """One run of a product at a time: the next one comes back until it is let in, for no longer than an execution may take."""
    busy = machine["States"]["RunJob"]["Retry"][1]
    assert busy["ErrorEquals"] == ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
    assert 3600 < busy["MaxAttempts"] * busy["MaxDelaySeconds"] < machine["TimeoutSeconds"]


def test_a_run_that_is_claimed_ends_quietly_but_for_a_release(machine: dict[str, Any]) -> None:
    """A repeated event is no failure; whoever releases a run that is not held is told so."""
    first = machine["States"]["Open"]["Catch"][0]
    assert first == {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "Taken"}
    (release,) = machine["States"]["Taken"]["Choices"]
    assert (release["Condition"], release["Assign"]["failure"]["Error"]) == ("{% $given != '' %}", "Lake.NotHeld")
    assert machine["States"]["Taken"]["Default"] == "AlreadyClaimed"
    assert machine["States"]["AlreadyClaimed"]["Type"] == "Succeed"


def test_a_run_lets_in_itself_the_failed_and_the_abandoned(machine: dict[str, Any]) -> None:
    """A retried call does not lock its own execution out; a lease is longer than any execution; a run that ended well stays so."""
    arguments = machine["States"]["Open"]["Arguments"]
    assert arguments["ConditionExpression"] == (
        "{% ($given = '' ? 'attribute_not_exists(#object) OR ' : 'attribute_exists(#object) AND attribute_exists(held_at) AND ')"
        " & '(#status IN (:failed, :again) OR (#status = :running AND (execution = :execution OR lease_until < :now)))' %}"
    )
    assert arguments["ExpressionAttributeValues"][":again"] == {"S": "{% $release ? 'HELD' : 'EMPTY' %}"}
    lease = int(arguments["ExpressionAttributeValues"][":lease"]["N"].split(" + ")[1].split(")")[0])
    assert lease > machine["TimeoutSeconds"]


def test_a_run_keeps_the_folder_of_its_first_start(machine: dict[str, Any]) -> None:
    """Started again on another day, it finds what it kept: folder and arrival are written once, and read back."""
    state = machine["States"]["Open"]
    for field, value in (("raw_key", ":raw"), ("received_at", ":received")):
        assert f"{field} = if_not_exists({field}, {value})" in state["Arguments"]["UpdateExpression"]
    assert state["Arguments"]["ReturnValues"] == "ALL_NEW"
    assert state["Assign"]["rawKey"] == "{% $states.result.Attributes.raw_key.S %}"


def test_an_object_belongs_to_one_run(machine: dict[str, Any], waiting: dict[str, Any]) -> None:
    """An object is claimed for an event and in a sweep alike, by who is first or has it already."""
    for claim in (machine["States"]["Claim"], waiting["States"]["ClaimWaiting"]):
        assert claim["Arguments"]["ConditionExpression"] == "attribute_not_exists(#object) OR run_id = :run"
        assert claim["Arguments"]["ExpressionAttributeValues"] == {":run": {"S": "{% $runId %}"}}


def test_an_object_is_taken_over_in_one_transaction_with_a_look_at_its_run(waiting: dict[str, Any]) -> None:
    """From a run that failed, when asked, or was abandoned; never from one that was held; and only if it still is that run's."""
    check, put = waiting["States"]["TakeOver"]["Arguments"]["TransactItems"]
    assert check["ConditionCheck"]["ConditionExpression"] == (
        "attribute_not_exists(held_at) AND (#status = :failed OR (#status = :running AND lease_until < :now))"
    )
    assert check["ConditionCheck"]["ExpressionAttributeValues"][":failed"] == {"S": "{% $retryFailed ? 'FAILED' : '-' %}"}
    assert put["Put"]["ConditionExpression"] == "run_id IN (:owner, :run)"
    assert put["Put"]["Item"] == waiting["States"]["ClaimWaiting"]["Arguments"]["Item"]
    (caught,) = waiting["States"]["TakeOver"]["Catch"]
    assert (caught["ErrorEquals"], caught["Next"]) == (["DynamoDb.TransactionCanceledException"], "Lost")
    (lost,) = waiting["States"]["Lost"]["Choices"]
    assert (lost["Condition"], lost["Next"]) == ("{% $contains($reasons, 'ConditionalCheckFailed') %}", "Known")
    assert waiting["States"][waiting["States"]["Lost"]["Default"]]["Type"] == "Fail"


def test_a_run_is_ended_by_its_own_execution_only(machine: dict[str, Any]) -> None:
    """An execution that lost its run cannot release or complete another's."""
    for name, status in (("Close", "{% $status %}"), ("RecordFailure", "FAILED")):
        arguments = machine["States"][name]["Arguments"]
        assert arguments["ConditionExpression"] == "execution = :execution"
        assert arguments["ExpressionAttributeValues"][":status"] == {"S": status}


def test_a_run_is_named_after_the_version_of_the_object_or_after_the_request(machine: dict[str, Any]) -> None:
    """The same delivery is the same run: its name has nothing of the execution or the clock. No name is drawn by chance."""
    event, sweep, replay = (choice["Assign"]["runId"] for choice in machine["States"]["Identify"]["Choices"][1:])
    assert all(part in event for part in ("bucket.name", "object.key", "version-id", "SHA-256"))
    assert "context" not in event
    assert all("$states.context.Execution.Name" in name for name in (sweep, replay))
    assert not any(part in name for name in (event, sweep, replay) for part in ("$now", "$millis", "$uuid", "$random"))


def test_what_cannot_be_ingested_is_refused_before_it_is_claimed(machine: dict[str, Any]) -> None:
    """Input of no form, unversioned, undeclared and too large objects go to the notices, each with an error of its own."""
    refused = {choice["Assign"]["failure"]["Error"]: choice for choice in machine["States"]["Admit"]["Choices"] if "Assign" in choice}
    assert set(refused) == {"Lake.NotVersioned", "Lake.UndeclaredTable", "Lake.ObjectTooLarge"}
    assert {choice["Next"] for choice in refused.values()} == {"TellFailure"}
    assert f"$size > {LARGEST_COPY}" in refused["Lake.ObjectTooLarge"]["Condition"]
    assert LARGEST_COPY == 5 * 1024**3
    assert machine["States"]["Identify"]["Default"] == machine["States"]["Identify"]["Choices"][0]["Next"] == "TellFailure"
    assert machine["States"]["Receive"]["Assign"]["failure"]["Error"] == "Lake.BadInput"


def test_each_table_of_the_contract_is_known(machine: dict[str, Any]) -> None:
    """The table that the input names is one of the contract's, below the product's prefix, and the job is told which."""
    assert machine["States"]["Receive"]["Assign"]["tables"] == ["airlines", "routes"]
    (condition,) = [choice["Condition"] for choice in machine["States"]["Admit"]["Choices"] if "UndeclaredTable" in json.dumps(choice)]
    assert condition.startswith("{% $not($table in $tables) or ")
    assert "($bucket != 'lake-landing' or $substring($key, 0, 15) != 'travel/flights/')" in condition


def test_originals_are_copied_by_version_encoded_and_apart(machine: dict[str, Any], waiting: dict[str, Any]) -> None:
    """The very version is kept, whatever characters its key has, in a folder named after its claim, without the producer's tags."""
    for keep in (machine["States"]["KeepOriginal"], waiting["States"]["KeepWaiting"]):
        arguments = keep["Arguments"]
        assert "'?versionId=' & $version" in arguments["CopySource"]
        assert "$encodeUrlComponent($p)" in arguments["CopySource"]
        assert arguments["Bucket"] == "lake-raw"
        assert arguments["Key"].endswith("; $rawKey & $claim & '/' & $n ) %}")
        assert arguments["TaggingDirective"] == "REPLACE"


def test_a_sweep_reads_what_waits_below_the_tables_prefix(machine: dict[str, Any]) -> None:
    """A distributed map lists landing; its children are told everything they need, as variables do not reach into them."""
    collect = machine["States"]["Collect"]
    assert collect["ItemReader"]["Resource"].endswith(":states:::s3:listObjectsV2")
    assert collect["ItemReader"]["Arguments"] == {"Bucket": "lake-landing", "Prefix": "{% 'travel/flights/' & $table & '/' %}"}
    assert collect["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert collect["Label"] == COLLECT_LABEL
    assert "ToleratedFailurePercentage" not in collect
    given = set(collect["ItemSelector"])
    first = collect["ItemProcessor"]["States"]["Look"]["Assign"]
    assert given - {"size"} <= set(first)
    assert {name for one in queries(collect["ItemProcessor"]) for name in re.findall(r"\$states\.input\.(\w+)", one)} <= given


def test_a_childs_variables_are_its_own(waiting: dict[str, Any]) -> None:
    """No expression inside of the distributed map names a variable that its children do not assign themselves."""
    states = [*waiting["States"].values()]
    assigned = {name for state in states for one in (state, *state.get("Catch", [])) for name in one.get("Assign", {})}
    functions = {"string", "floor", "millis", "hash", "substring", "split", "join", "map", "encodeUrlComponent", "states"}
    functions |= {"exists", "not", "number", "contains", "p", "n", "v", "r"}
    named = {name for one in queries(waiting) for name in re.findall(r"\$([A-Za-z]\w*)", one)}
    assert named - functions <= assigned


def test_a_sweep_of_everything_starts_named_executions(machine: dict[str, Any]) -> None:
    """One for each table, of this very machine, by a name that a retry or a redrive finds taken."""
    each = machine["States"]["EachTable"]
    assert each["Items"] == "{% $tables %}"
    start = each["ItemProcessor"]["States"]["StartSweep"]
    assert start["Arguments"]["StateMachineArn"] == "{% $states.context.StateMachine.Id %}"
    assert start["Arguments"]["Name"].startswith("{% $substring($hash($states.context.Execution.Id & ' ' & $states.input")
    assert start["Catch"] == [{"ErrorEquals": ["Sfn.ExecutionAlreadyExistsException"], "Next": "StartedBefore"}]


def test_the_job_is_told_what_it_needs(machine: dict[str, Any]) -> None:
    """The job reads the run's folder and gets every argument that it takes; Glue's own timeout is left to the job."""
    state = machine["States"]["RunJob"]
    assert state["Resource"].endswith(":states:::glue:startJobRun.sync")
    assert set(state["Arguments"]) == {"JobName", "Arguments"}
    text = state["Arguments"]["Arguments"]
    constant = {
        "--curated": "'s3://lake-curated'", "--quarantine": "'s3://lake-quarantine'", "--catalog": "'glue'", "--publish": "'true'",
        "--table": "$table", "--input": "'s3://lake-raw/' & $rawKey", "--run-id": "$runId", "--release": "$string($release)",
        "--execution": "$states.context.Execution.Id",
        "--manifest": "$report & '.json'",
    }  # fmt: skip
    assert machine["States"]["Open"]["Assign"]["report"] == "{% 's3://lake-raw/travel/flights/_manifests/' & $table & '/' & $runId %}"
    assert text.startswith("{% $merge([{'--spec': 's3://")
    assert text.endswith("}, $arguments]) %}")
    for name, value in constant.items():
        assert f"'{name}': {value}" in text
    unreadable = [choice["Assign"]["arguments"] for choice in machine["States"]["Identify"]["Choices"][1:]]
    assert unreadable[:2] == [{"--unreadable": "fail"}, {"--unreadable": "leave_out"}]
    assert all(argument in unreadable[2] for argument in ("'--unreadable': 'leave_out'", "'--since'", "'--until'"))


def test_the_outcome_decides(machine: dict[str, Any]) -> None:
    """Published and held are told apart; anything else is a failure, and a held run ends in one as well, once people know."""
    choices = machine["States"]["Gate"]["Choices"]
    assert [(choice["Condition"], choice["Next"]) for choice in choices] == [
        ("{% $outcome.status = 'published' %}", "Tell"),
        ("{% $outcome.status = 'held' %}", "Tell"),
        ("{% true %}", "RecordFailure"),
    ]
    assert [choice["Assign"].get("status") for choice in choices] == ["SUCCEEDED", "HELD", None]
    assert machine["States"]["People"]["Choices"][0]["Condition"] == "{% $status = 'HELD' or $outcome.refused > 0 or $leftBehind > 0 %}"
    assert (machine["States"]["Held"]["Type"], machine["States"]["Held"]["Error"]) == ("Fail", "Lake.Held")
    read = machine["States"]["ReadOutcome"]
    assert read["Arguments"]["Key"].endswith("& $runId & '.outcome.json' %}")
    assert read["Assign"] == {"outcome": "{% $parse($states.result.Body) %}"}


def test_metrics_are_sent_in_the_namespace_that_the_role_may_use(machine: dict[str, Any]) -> None:
    """Between the outcome and the gate, of held runs as well; a replay is no delivery and has no lag."""
    state = machine["States"]["PutMetrics"]
    assert state["Arguments"]["Namespace"] == NAMESPACE
    assert "$r := ($way != 'replay' ? $receivedAt);" in state["Arguments"]["MetricData"]


def test_people_are_told_how_to_go_on(machine: dict[str, Any]) -> None:
    """The notice of a held run has the input that releases it, that of a failure the input that tries again."""
    held = machine["States"]["Notify"]["Arguments"]["Message"]["to_release_start_with"]
    assert all(part in held for part in ("$states.context.Execution.Input", "'release': true", "'run': $runId"))
    failed = machine["States"]["Alert"]["Arguments"]["Message"]["to_try_again_start_with"]
    assert all(part in failed for part in ("$states.context.Execution.Input", "'retry_failed': true"))


def test_queries_are_jsonata(machine: dict[str, Any]) -> None:
    """One query language in the whole machine: no JSONPath is left to be taken literally."""
    assert machine["QueryLanguage"] == "JSONata"
    for one in machines(machine):
        old = {"Parameters", "ResultPath", "InputPath", "OutputPath", "ResultSelector"}
        assert not [name for name, state in one["States"].items() if old & set(state)]
