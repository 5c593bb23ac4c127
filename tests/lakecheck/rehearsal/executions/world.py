"""An account of the emulator with what executions need, and small things to run in it."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.rehearsal.emulator.process import Emulator

REGION = "eu-west-1"
PATIENCE = 30
ACCOUNT = "700000000001"
RESOURCE = "arn:aws:states:::"


class World:
    """An account that tests share, since boto3's clients cost more than what they ask; names are each test's own."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.account = ACCOUNT
        self.own = uuid.uuid4().hex[:12]
        self.role = f"arn:aws:iam::{self.account}:role/runner"

    def client(self, service: str) -> Any:
        """boto3's client of a service."""
        return self.emulator.clients(service, account=self.account, region=REGION)

    def bucket(self, name: str = "lake", **notifications: Any) -> str:
        """A new versioned bucket; notifications as S3 has them."""
        bucket = f"{name}-{self.own}"
        s3 = self.client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if notifications:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notifications)
        return bucket

    def queue(self, name: str = "queue") -> tuple[str, str]:
        """A queue's URL and ARN."""
        own = f"{name}-{self.own}"
        url = self.client("sqs").create_queue(QueueName=own)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{self.account}:{own}"

    def messages(self, url: str, count: int = 1) -> list[dict[str, Any]]:
        """So many messages of a queue, once they are there."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            asked = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            found.extend(asked.get("Messages", []))
            return len(found) >= count

        until(look)
        return found

    def machine(self, states: dict[str, Any], name: str = "machine", **more: Any) -> str:
        """A JSONata state machine that begins with its first state; its ARN."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        stated = {"name": f"{name}-{self.own}", "definition": json.dumps(definition), "roleArn": self.role, **more}
        created = self.client("stepfunctions").create_state_machine(**stated)
        return str(created["stateMachineArn"])

    def start(self, machine: str, given: Any = None, **more: Any) -> str:
        """Starts an execution; its ARN."""
        started = self.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **more)
        return str(started["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """An execution, once it has ended."""
        found: dict[str, Any] = {}

        def look() -> bool:
            found.update(self.client("stepfunctions").describe_execution(executionArn=execution))
            return bool(found["status"] != "RUNNING")

        until(look)
        return found

    def run(self, states: dict[str, Any], given: Any = None) -> dict[str, Any]:
        """An execution of a new machine, to its end."""
        return self.ended(self.start(self.machine(states, name=uuid.uuid4().hex[:8]), given))

    def job(self, program: str, name: str = "job", **more: Any) -> str:
        """A Python shell job of this program; its name."""
        own = f"{name}-{self.own}"
        bucket = self.bucket(f"code-{name}")
        self.client("s3").put_object(Bucket=bucket, Key="job.py", Body=program.encode())
        command = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": f"s3://{bucket}/job.py"}
        self.client("glue").create_job(**{"Name": own, "Role": self.role, "Command": command, **more})
        return own

    def job_run(self, job: str, run: str, *states: str) -> dict[str, Any]:
        """A job run, once it is in one of the states; by default once it has ended."""
        found: dict[str, Any] = {}

        def look() -> bool:
            found.update(self.client("glue").get_job_run(JobName=job, RunId=run)["JobRun"])
            return found["JobRunState"] in (states or ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"))

        until(look)
        return found

    def control(self, path: str = "", body: Any = None) -> Any:
        """What the rehearsal asks of executions."""
        return self.emulator.control(f"executions/{path}", body)

    def deliveries(self, target: str, count: int = 1) -> list[dict[str, Any]]:
        """What became of so many deliveries to a target."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [one for one in self.control()["deliveries"] if one["target"] == target]
            return len(found) >= count

        until(look)
        return found


def until(look: Callable[[], bool]) -> None:
    """Looks until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.02)  # between two looks at another process


def task(resource: str, arguments: Any, **more: Any) -> dict[str, Any]:
    """A task state that ends its machine unless it goes on."""
    end = {} if "Next" in more else {"End": True}
    return {"Type": "Task", "Resource": f"{RESOURCE}{resource}", "Arguments": arguments, **end, **more}
