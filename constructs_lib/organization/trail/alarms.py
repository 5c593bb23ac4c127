"""Alarms on what the organisation's trail records, and the topic that tells of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aws_cdk import (
    Duration,
    Stack,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as actions,
    aws_iam as iam,
    aws_logs as logs,
    aws_sns as sns,
    aws_sns_subscriptions as subscriptions,
)
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.organization.trail.watches import ALWAYS_WATCHED, archive_change, break_glass_use
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_lib.organization.trail.trail import OrganizationTrail
    from constructs_lib.organization.trail.watches import Watch

METRIC_NAMESPACE = "GovernedLake/Audit"
_PERIOD = Duration.minutes(5)


class TrailAlarms(Construct):
    """An alarm for each watch on the organisation's trail, and an encrypted topic they all tell.

    An alarm rings within about a quarter of an hour of the event: CloudTrail takes some five minutes, and the alarm looks at five. It goes
    back to OK by itself, and tells that nobody.

    Args:
        trail: The organisation's trail; its log group is filtered, its key encrypts the topic.
        break_glass_role: Name of the role for emergencies, whose use rings; not watched when left out.
        watches: What rings; `ALWAYS_WATCHED`, the log archive's buckets and the break-glass role when left out.
        recipients: E-mail addresses, each of which has to confirm; nobody when left out.
        topic: Where alarms go; a topic of its own when left out. One that is brought along has to let CloudWatch publish.

    Attributes:
        topic: Where alarms go.
        alarms: Each alarm by its watch's name.

    Raises:
        DataLakeError: `watches`, for two of one name, or more filters than a log group takes; `watch`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        trail: OrganizationTrail,
        break_glass_role: str | None = None,
        watches: Sequence[Watch] | None = None,
        recipients: Sequence[str] = (),
        topic: sns.ITopic | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if watches is None:
            emergencies = () if break_glass_role is None else break_glass_use(break_glass_role)
            buckets = archive_change(trail.names.trail_bucket, trail.names.config_bucket)
            watches = (*ALWAYS_WATCHED, buckets, *emergencies)
        self._check(watches)
        self._trail = trail
        self.topic: sns.ITopic = self._topic() if topic is None else topic
        for recipient in recipients:
            self.topic.add_subscription(subscriptions.EmailSubscription(recipient))
        self.alarms: Mapping[str, cloudwatch.Alarm] = MappingProxyType({watch.name: self._alarm(watch) for watch in watches})

    def _check(self, watches: Sequence[Watch]) -> None:
        names = [watch.name for watch in watches]
        twice = sorted({name for name in names if names.count(name) > 1})
        number, most = sum(len(watch.patterns()) for watch in watches), limit(Quota.LOG_GROUP_METRIC_FILTERS)
        if twice or number > most.value:
            msg = f"got {', '.join(twice) or 'no watch'} twice, {number} metric filters in all; allowed is each name once, {most}"
            raise misuse(self, msg, code="watches")

    def _topic(self) -> sns.Topic:
        stack = Stack.of(self)
        # Without a source, as AWS documents it: KMS is not told of one here. The topic's policy binds the account.
        self._trail.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
            )
        )
        topic = sns.Topic(self, "Topic", master_key=self._trail.key, enforce_ssl=True, display_name="Audit alarms")
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            )
        )
        return topic

    def _alarm(self, watch: Watch) -> cloudwatch.Alarm:
        place = Construct(self, watch.name)
        for number, pattern in enumerate(watch.patterns(), start=1):
            logs.MetricFilter(
                place,
                f"Filter{number}",
                log_group=self._trail.log_group,
                filter_pattern=logs.FilterPattern.literal(pattern),
                metric_namespace=METRIC_NAMESPACE,
                metric_name=watch.name,
                metric_value="1",
            )
        alarm = cloudwatch.Alarm(
            place,
            "Resource",
            alarm_description=watch.says,
            metric=cloudwatch.Metric(namespace=METRIC_NAMESPACE, metric_name=watch.name, statistic="Sum", period=_PERIOD),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm
