"""Calls fail as they are told to, seen by boto3's own clients, each in its own protocol."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from botocore.retries.standard import ThrottledRetryableChecker

from lakecheck.rehearsal.emulator.error_answers import answer
from lakecheck.rehearsal.emulator.operations import Call
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakecheck.rehearsal.emulator.process import Emulator

ACCOUNT = "700000000001"
REGION = "eu-west-1"

# (service, what is called, its operation, its code for too many requests, for an inner error, for a missing permission)
CALLS: tuple[tuple[str, str, dict[str, Any], str, str, str, str], ...] = (
    ("s3", "list_buckets", {}, "s3:ListBuckets", "SlowDown", "InternalError", "AccessDenied"),
    ("glue", "get_databases", {}, "glue:GetDatabases", "ThrottlingException", "InternalServiceException", "AccessDeniedException"),
    (
        "dynamodb",
        "get_item",
        {"TableName": "t", "Key": {"id": {"S": "1"}}},
        "dynamodb:GetItem",
        "ProvisionedThroughputExceededException",
        "InternalServerError",
        "AccessDeniedException",
    ),
    ("lambda", "list_functions", {}, "lambda:ListFunctions", "TooManyRequestsException", "ServiceException", "AccessDeniedException"),
    ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity", "Throttling", "InternalFailure", "AccessDenied"),
    ("sns", "list_topics", {}, "sns:ListTopics", "Throttling", "InternalFailure", "AuthorizationError"),
    ("ec2", "describe_vpcs", {}, "ec2:DescribeVpcs", "RequestLimitExceeded", "InternalError", "UnauthorizedOperation"),
    (
        "cloudwatch",
        "list_dashboards",
        {},
        "cloudwatch:ListDashboards",
        "ThrottlingException",
        "InternalServiceError",
        "AccessDeniedException",
    ),
    (
        "stepfunctions",
        "list_state_machines",
        {},
        "states:ListStateMachines",
        "ThrottlingException",
        "InternalFailure",
        "AccessDeniedException",
    ),
    (
        "scheduler",
        "list_schedules",
        {},
        "scheduler:ListSchedules",
        "ThrottlingException",
        "InternalServerException",
        "AccessDeniedException",
    ),
    ("cloudformation", "list_stacks", {}, "cloudformation:ListStacks", "Throttling", "InternalFailure", "AccessDenied"),
    ("sqs", "list_queues", {}, "sqs:ListQueues", "RequestThrottled", "InternalFailure", "AccessDenied"),
)


@pytest.fixture
def plan(emulator: Emulator) -> Iterator[Callable[..., Callable[[], list[int]]]]:
    """Sets faults, and returns what tells how often each was hit; none is left afterwards."""

    def planned(*specs: str) -> Callable[[], list[int]]:
        emulator.control("faults/set", list(specs))
        return lambda: [one["hits"] for one in emulator.control("faults/list")["faults"]]

    yield planned
    emulator.control("faults/clear", [])


def client(emulator: Emulator, service: str) -> Any:
    """A client that tries once."""
    return emulator.clients(service, account=ACCOUNT, region=REGION)


def code_of(call: Callable[[], Any]) -> tuple[str, int]:
    """The code and the status with which a call fails."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case[3])
def test_kinds_have_each_services_own_codes(emulator: Emulator, plan: Any, case: Any) -> None:
    """The first three calls fail, each in its way; the fourth does not fail because of us."""
    service, method, arguments, operation, throttle, error, denied = case
    hits = plan(f"{operation}:throttle:1", f"{operation}:error", f"{operation}:denied:1", f"{operation}:error=OurOwn:1")
    call = getattr(client(emulator, service), method)
    told = [code_of(lambda: call(**arguments)) for _ in range(4)]
    assert [code for code, _ in told] == [throttle, error, denied, "OurOwn"]
    assert told[1][1] >= 500
    assert told[3][1] == 400
    assert hits() == [1, 1, 1, 1]
    assert throttle in ThrottledRetryableChecker._THROTTLED_ERROR_CODES
    if service != "dynamodb":
        call(**arguments)


def test_boto3_retries_what_it_would_retry(emulator: Emulator, plan: Any) -> None:
    """Two throttled calls and a lost connection are got over by a client with its usual retries."""
    hits = plan("glue:GetDatabases:throttle:2", "s3:ListBuckets:drop:1")
    found = emulator.clients.credentials(ACCOUNT)
    for service, method in (("glue", "get_databases"), ("s3", "list_buckets")):
        made: Any = boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=emulator.endpoint,
            region_name=REGION,
            aws_access_key_id=found.access_key,
            aws_secret_access_key=found.secret_key,
            aws_session_token=found.token,
            config=Config(retries={"mode": "standard", "total_max_attempts": 4}),
        )
        assert getattr(made, method)()["ResponseMetadata"]["RetryAttempts"] > 0
    assert hits() == [2, 1]


def test_a_dropped_call_is_not_done_and_a_lost_one_is(emulator: Emulator, plan: Any) -> None:
    """Both look alike to the caller."""
    glue = client(emulator, "glue")
    plan("glue:CreateDatabase:drop", "glue:CreateDatabase:lost")
    for name in ("dropped", "lost"):
        with pytest.raises(botocore.exceptions.ConnectionClosedError):
            glue.create_database(DatabaseInput={"Name": name})
    names = {each["Name"] for each in glue.get_databases()["DatabaseList"]}
    assert "lost" in names
    assert "dropped" not in names


def test_a_slow_call_is_done(emulator: Emulator, plan: Any) -> None:
    """After its time."""
    hits = plan("sts:GetCallerIdentity:slow=0.2")
    start = time.monotonic()
    assert client(emulator, "sts").get_caller_identity()["Account"] == ACCOUNT
    assert time.monotonic() - start >= 0.2
    assert hits() == [1]


def test_patterns_counts_and_skips(emulator: Emulator, plan: Any) -> None:
    """The second and the third call of any listing fail; others do not, and a cleared fault does not."""
    hits = plan("g*:Get*s:throttle:2@1")
    glue = client(emulator, "glue")
    glue.get_databases()
    assert code_of(glue.get_databases)[0] == code_of(glue.get_jobs)[0] == "ThrottlingException"
    glue.get_jobs()
    assert hits() == [2]
    plan("glue:GetDatabases:denied:always")
    for _ in range(3):
        code_of(glue.get_databases)
    emulator.control("faults/clear", [])
    glue.get_databases()


def test_a_modelled_code_has_its_own_status_and_its_exception(emulator: Emulator, plan: Any) -> None:
    """So that `except client.exceptions.X` catches it."""
    plan("lambda:GetFunction:error=ResourceNotFoundException", "glue:GetTable:error=EntityNotFoundException")
    lambda_, glue = client(emulator, "lambda"), client(emulator, "glue")
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException) as caught:
        lambda_.get_function(FunctionName="f")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_table(DatabaseName="d", Name="t")


def test_a_head_request_fails_by_its_status(emulator: Emulator, plan: Any) -> None:
    """It has no body in AWS either."""
    plan("s3:HeadObject:throttle")
    assert code_of(lambda: client(emulator, "s3").head_object(Bucket="none", Key="k")) == ("503", 503)


def test_calls_are_counted(emulator: Emulator, plan: Any) -> None:
    """Whether they fail or not."""
    before = emulator.control("calls")["calls"].get("athena:ListWorkGroups", 0)
    plan("athena:ListWorkGroups:throttle")
    athena = client(emulator, "athena")
    code_of(athena.list_work_groups)
    athena.list_work_groups()
    assert emulator.control("calls")["calls"]["athena:ListWorkGroups"] == before + 2


def test_a_bad_fault_leaves_those_before(emulator: Emulator, plan: Any) -> None:
    """It is refused whole, with its code."""
    plan("glue:GetJobs:throttle")
    with pytest.raises(DataLakeError, match="MakeCoffee") as caught:
        emulator.control("faults/set", ["glue:GetTables:throttle", "glue:MakeCoffee:throttle"])
    assert caught.value.code == "bad_fault"
    assert [one["fault"] for one in emulator.control("faults/list")["faults"]] == ["glue:GetJobs:throttle"]
    with pytest.raises(DataLakeError, match="list of texts"):
        emulator.control("faults/set", "glue:GetTables:throttle")


def test_markup_in_a_code_stays_text() -> None:
    """The code comes from a command line."""
    told = answer(Call(service="sts", operation="GetCallerIdentity", protocol="query"), "error", "<b>&")
    assert b"&lt;b&gt;&amp;" in told.body
