"""What the pipelines of one stack share, so that each product adds few resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import (
    ArnFormat,
    Duration,
    RemovalPolicy,
    Stack,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as actions,
    aws_glue as glue,
    aws_iam as iam,
    aws_logs as logs,
    aws_sns as sns,
    aws_sqs as sqs,
)
from constructs import Construct

from constructs_lib.core import acknowledge, misuse
from constructs_lib.pipeline.code import JobCode
from constructs_lib.pipeline.dependencies import JobDependencies
from constructs_lib.pipeline.job import GLUE_VERSION
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from constructs_lib.network import JobNetwork
    from constructs_lib.pipeline.state import PipelineState

EVENT_SOURCE = "governed-lake.ingestion"
SUCCEEDED = "Ingestion succeeded"
HELD = "Ingestion held"
INCOMPLETE = "Ingestion incomplete"
FAILED = "Ingestion failed"
DEFAULT_LOG_RETENTION = logs.RetentionDays.ONE_YEAR

_NO_DLQ_RULE = "AwsSolutions::AwsSolutions-SQS3"


class PipelineFoundation(Construct):
    """A dead-letter queue, an alarm topic, a log group, the job's code and its security configuration, all with one key.

    Put it into the stack of the pipelines; with pipelines in several stacks, one into each.

    Args:
        state: The claims.
        alarm_topic: Where alarms and notices of failed runs go; a topic of its own, encrypted, when left out. A topic that is brought
            along has to let `cloudwatch.amazonaws.com` publish and, when it is encrypted, its key let the pipelines' roles use it.
        dependencies: What a run of the job installs before it starts; from the package index that Glue knows when left out. Where jobs
            reach none, `JobDependencies.from_wheels`.
        network: The network that the jobs run in, without a way to the internet; AWS Glue's own when left out. It takes `dependencies` that
            ask no index.
        log_retention: How long logs of executions are kept; one year when left out. Glue makes the log groups of job runs itself
            (`/aws-glue/jobs/...`), encrypted with the same key, and keeps them for good.

    Attributes:
        state: The claims.
        key: Encrypts queue, topic and logs.
        dlq: Events that could not start an execution; kept for 14 days.
        alarm_topic: Where alarms go.
        log_group: Logs of all executions.
        code: The job's code.
        dependencies: What its runs install.
        network: Where they run; None in AWS Glue's own network.
        security_configuration: Encryption of what Glue writes besides data: logs, bookmarks. Data is encrypted by its bucket.
        dlq_alarm: In alarm as soon as one event is in the queue.

    Raises:
        DataLakeError: `pipeline_network`, if the jobs would ask a package index that their network has no way to.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        state: PipelineState,
        alarm_topic: sns.ITopic | None = None,
        dependencies: JobDependencies | None = None,
        network: JobNetwork | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log_retention = DEFAULT_LOG_RETENTION if log_retention is None else log_retention
        if network is not None and (dependencies is None or dependencies.asks_index):
            msg = (
                "got jobs in a network without a way to a package index, and dependencies that are installed from one; allowed are wheels "
                "that travel with the job: build them with make job-wheels, and pass dependencies=JobDependencies.from_wheels(...)"
            )
            raise misuse(self, msg, code="pipeline_network")
        self.network = network
        self.state = state
        key = self._key()
        self.key = key.key
        self.dlq = self._dlq()
        self.alarm_topic: sns.ITopic = self._topic() if alarm_topic is None else alarm_topic
        self.log_group = logs.LogGroup(self, "Logs", encryption_key=self.key, retention=log_retention, removal_policy=RemovalPolicy.RETAIN)
        self.code = JobCode(self, "Code")
        if dependencies is None:
            dependencies = JobDependencies.from_index(self, "Dependencies", glue_version=GLUE_VERSION)
        self.dependencies = dependencies
        self.security_configuration = glue.SecurityConfiguration(
            self,
            "Security",
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(self.key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(self.key),
            removal_policy=RemovalPolicy.DESTROY,  # it has a fixed name and no data: kept, it would be in the way of a new one
        )
        self.dlq_alarm = self._dlq_alarm()

    def _key(self) -> LakeKey:
        key = LakeKey(self, "Key", description="queues, topics and logs of pipelines", via_services=["sns", "sqs"])
        stack = Stack.of(self)
        key.allow_log_groups(
            stack.format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
        )
        # As AWS documents it, without a source: KMS is not told of one here. The policies of queue and topic bind the account.
        key.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowEventsAndAlarms",
                principals=[iam.ServicePrincipal("events.amazonaws.com"), iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )
        return key

    def _dlq(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        stack = Stack.of(self)
        # One statement for every rule: a queue policy takes 20, and CDK would add one for each.
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowRules",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={
                    "ArnLike": {"aws:SourceArn": stack.format_arn(service="events", resource="rule", resource_name="*")},
                    "StringEquals": {"aws:SourceAccount": stack.account},
                },
            )
        )
        acknowledge(queue, _NO_DLQ_RULE, reason="this queue is the dead-letter queue, of EventBridge rules and not of another queue")
        return queue

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return topic

    def _dlq_alarm(self) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            "DeadLetterAlarm",
            alarm_description="An event or a schedule could not start a pipeline: start it by hand with the message's body",
            metric=self.dlq.metric_approximate_number_of_messages_visible(period=Duration.minutes(5), statistic="Maximum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.add_alarm(alarm)
        return alarm

    def add_alarm(self, alarm: cloudwatch.Alarm) -> None:
        """Lets `alarm` tell the topic when it begins and when it is over."""
        action = actions.SnsAction(self.alarm_topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)
