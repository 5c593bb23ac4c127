"""Macie's recurring look into buckets with a tag: a classification job, of which Macie lets nothing be changed but whether it runs.

CloudFormation has no resource for it. A job carries a digest of its definition in its name: another definition makes another job and
cancels the one before, and so does going back. Deleting cancels; what a job found stays. A job that somebody paused stays paused.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import boto3

from ..custom_resources.cfn_response import handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_ENDED = ("CANCELLED", "COMPLETE")
_SCHEDULES: dict[str, dict[str, Any]] = {
    "DAILY": {"dailySchedule": {}},
    "WEEKLY": {"weeklySchedule": {"dayOfWeek": "SUNDAY"}},
    "MONTHLY": {"monthlySchedule": {"dayOfMonth": 1}},
}


class Jobs:
    """The classification jobs of one name.

    Args:
        macie: A boto3 client.
        retry: How to call it.
        name: Name that all of them begin with.
    """

    def __init__(self, macie: Any, retry: Retry, name: str) -> None:
        self._macie = macie
        self._retry = retry
        self._name = name

    def running(self) -> dict[str, str]:
        """Ids of those that have not ended, by name."""
        return {str(job["name"]): str(job["jobId"]) for job in self._all() if job["jobStatus"] not in _ENDED}

    def _all(self) -> Iterator[Mapping[str, Any]]:
        more: dict[str, str] = {}
        while True:
            page = self._retry.call(self._macie.list_classification_jobs, **more)
            yield from (job for job in page.get("items", []) if str(job["name"]).startswith(f"{self._name}-"))
            if not page.get("nextToken"):
                return
            more = {"nextToken": str(page["nextToken"])}

    def replace(self, definition: Mapping[str, Any], token: str) -> str:
        """Makes the job unless it runs, then cancels all others of the name; returns its id."""
        name = f"{self._name}-{_digest(definition)}"
        there = self.running()
        job = there.pop(name, "") or str(
            self._retry.call(self._macie.create_classification_job, name=name, clientToken=token, **definition)["jobId"]
        )
        self._cancel(there)
        return job

    def end(self) -> None:
        """Cancels all of the name."""
        self._cancel(self.running())

    def _cancel(self, jobs: Mapping[str, str]) -> None:
        for name in sorted(jobs):
            self._retry.call(self._macie.update_classification_job, jobId=jobs[name], jobStatus="CANCELLED")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def definition_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The job as Macie's API takes it: buckets of the accounts that have the tag, also those made later."""
    accounts = {"simpleCriterion": {"key": "ACCOUNT_ID", "comparator": "EQ", "values": sorted(properties["Accounts"])}}
    tag = {"key": str(properties["TagKey"]), "value": str(properties["TagValue"])}
    tags = {"tagCriterion": {"comparator": "EQ", "tagValues": [tag]}}
    return {
        "description": "Sensitive data in zones that hold restricted data",
        "jobType": "SCHEDULED",
        "scheduleFrequency": _SCHEDULES[str(properties["Frequency"])],
        "initialRun": True,
        "samplingPercentage": int(properties["SamplingPercentage"]),
        "managedDataIdentifierSelector": "RECOMMENDED",
        "s3JobDefinition": {"bucketCriteria": {"includes": {"and": [accounts, tags]}}},
    }


def apply(macie: Any, retry: Retry, request: Request) -> dict[str, str]:
    """Does what a request asks for.

    Args:
        macie: A boto3 client.
        retry: How to call it.
        request: Its properties are `Name`, `Accounts`, `TagKey`, `TagValue`, `Frequency` and `SamplingPercentage`.
    """
    jobs = Jobs(macie, retry, str(request.properties["Name"]))
    if request.kind == "Delete":
        jobs.end()
        return {}
    definition = definition_of(request.properties)
    token = _digest([request.stack, request.kind, request.properties["Name"], definition, sorted(jobs.running())])
    return {"JobId": jobs.replace(definition, token)}


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Entry point of the Lambda function."""

    def work(request: Request, deadline: Deadline) -> dict[str, str]:
        return apply(boto3.client("macie2", config=CLIENT_CONFIG), Retry(deadline), request)

    handle(event, context, work)
