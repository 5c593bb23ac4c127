"""When a product is ingested: off-peak windows, and the schedule that starts a sweep in one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import (
    Duration,
    Stack,
    TimeZone,
    aws_iam as iam,
    aws_scheduler as scheduler,
    aws_scheduler_targets as targets,
    aws_sqs as sqs,
)
from constructs import Construct

from constructs_lib.core import misuse, trusted_service
from lakemodel.contracts.model import Schedule
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from aws_cdk import aws_stepfunctions as sfn

    from constructs_lib.pipeline.foundation import PipelineFoundation

SWEEP: dict[str, dict[str, str]] = {"sweep": {}}
"""What a schedule starts an execution with: a sweep of every table."""

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class OffPeak:
    """Times at which nobody waits for anything else: capacity is plentiful, and what is late is not missed before morning."""

    @staticmethod
    def nightly(time_zone: str, *, at: str = "01:30", window_minutes: int = 120) -> Schedule:
        """Every night, by the clocks of a time zone: daylight saving time moves it along.

        A time between 02:00 and 03:00 is skipped or met twice on the day that clocks change, in most zones that change them.

        Args:
            time_zone: As the IANA database names it: `Europe/Berlin`.
            at: `HH:MM`; half past one when left out.
            window_minutes: The start is anywhere in so many minutes after `at`, so that not all products begin at once; 120 when left out.
        """
        return Schedule(at=at, time_zone=time_zone, window_minutes=window_minutes)

    @staticmethod
    def weekends(time_zone: str, *, at: str = "01:30", window_minutes: int = 240) -> Schedule:
        """In the nights to Saturday and to Sunday; `nightly` says what the arguments are."""
        return Schedule(at=at, time_zone=time_zone, window_minutes=window_minutes, days=("SAT", "SUN"))


class SweepSchedule(Construct):
    """Starts a sweep of every table of a product, at a time of day in a time zone, through EventBridge Scheduler.

    What cannot be started for a day is in the foundation's dead-letter queue. The schedule's input holds no data, so it is encrypted with
    the key that AWS owns: another would have to be paid for and could stop the schedule.

    Args:
        product: `domain.product`.
        schedule: When.
        state_machine: What is started.
        foundation: Whose dead-letter queue is used.

    Attributes:
        resource: The schedule.
        role: What it may do: start this state machine, write to the dead-letter queue.

    Raises:
        DataLakeError: `pipeline_schedule`.

    See https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        product: str,
        schedule: Schedule,
        state_machine: sfn.StateMachine,
        foundation: PipelineFoundation,
    ) -> None:
        super().__init__(scope, construct_id)
        self._check(schedule)
        stack = Stack.of(self)
        group = stack.format_arn(service="scheduler", resource="schedule-group", resource_name="default")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=trusted_service(self, "scheduler.amazonaws.com", source_arns=[group]),
        )
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description=f"Starts sweeps of {product}",
            statements=[
                iam.PolicyStatement(sid="Start", actions=["states:StartExecution"], resources=[state_machine.state_machine_arn]),
                iam.PolicyStatement(sid="DeadLetters", actions=["sqs:SendMessage"], resources=[foundation.dlq.queue_arn]),
                iam.PolicyStatement(
                    sid="DeadLettersKey",
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[foundation.key.key_arn],
                    conditions={"StringEquals": {"kms:ViaService": f"sqs.{stack.region}.{stack.url_suffix}"}},
                ),
            ],
            roles=[self.role],
        )
        hour, minute = schedule.at.split(":")
        window = schedule.window_minutes
        self.resource = scheduler.Schedule(
            self,
            "Resource",
            description=f"Starts a sweep of {product}",
            schedule=scheduler.ScheduleExpression.cron(
                minute=str(int(minute)),
                hour=str(int(hour)),
                week_day=",".join(schedule.days) if schedule.days else None,
                time_zone=TimeZone.of(schedule.time_zone),
            ),
            time_window=scheduler.TimeWindow.flexible(Duration.minutes(window)) if window else scheduler.TimeWindow.off(),
            target=targets.StepFunctionsStartExecution(
                state_machine,
                input=scheduler.ScheduleTargetInput.from_object(SWEEP),
                role=self.role.without_policy_updates(),
                dead_letter_queue=sqs.Queue.from_queue_arn(self, "DeadLetters", foundation.dlq.queue_arn),
                max_event_age=Duration.hours(24),
                retry_attempts=185,
            ),
        )
        self.resource.node.add_dependency(policy)

    def _check(self, schedule: Schedule) -> None:
        if not _TIME.fullmatch(schedule.at):
            msg = f"got the time {schedule.at!r} for a schedule; allowed is HH:MM, from 00:00 to 23:59"
            raise misuse(self, msg, code="pipeline_schedule")
        if unknown := [day for day in schedule.days if day not in _DAYS]:
            msg = f"got the days {unknown} for a schedule; allowed are {', '.join(_DAYS)}, or none for every day"
            raise misuse(self, msg, code="pipeline_schedule")
        most = limit(Quota.SCHEDULE_WINDOW_MINUTES).value
        if not 0 <= schedule.window_minutes <= most:
            msg = f"got a window of {schedule.window_minutes} minutes for a schedule; allowed are 0, for none, to {most}"
            raise misuse(self, msg, code="pipeline_schedule")
