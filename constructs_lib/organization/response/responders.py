"""Findings of the whole organisation, answered: rules, queue, function, ledger, evidence, topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_cdk import (
    ArnFormat,
    Aws,
    Duration,
    RemovalPolicy,
    Stack,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as cloudwatch_actions,
    aws_dynamodb as dynamodb,
    aws_events as events,
    aws_iam as iam,
    aws_lambda as lambda_,
    aws_lambda_event_sources as sources,
    aws_logs as logs,
    aws_s3 as s3,
    aws_sns as sns,
    aws_sns_subscriptions as subscriptions,
    aws_sqs as sqs,
)
from constructs import Construct

from constructs_lib.baseline.containment import CONTAINMENT_ROLE, FINDINGS_BUS, RESPONDER_ROLE
from constructs_lib.core import acknowledge, acknowledge_wildcards, misuse, removal_policy as checked_removal_policy, runtime_code
from constructs_lib.organization.response.patterns import ELSEWHERE, FORWARDED, patterns
from constructs_lib.runtime.responders.protection import DEPLOYING
from constructs_lib.storage import LakeBucket, LakeKey
from lakemodel.config.model import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms

    from constructs_lib.storage import BucketHolder

_TIMEOUT: Final = Duration.minutes(5)
_ATTEMPTS: Final = 4
_LONGEST_WAIT: Final = Duration.hours(6)  # more than all attempts at a message take
_MINIMUM_SEVERITY: Final = 7.0
_MOST_PER_HOUR: Final = 20
_WITHOUT_VPC: Final = "It calls the public endpoints of AWS's control plane only, and handles no data of the lake."
_WITHOUT_QUEUE: Final = (
    "SQS delivers again what fails, and moves it to its dead-letter queue; undo is invoked by a person, who sees it fail."
)
_BACKUP: Final = "point-in-time recovery covers 35 days; older actions are in the evidence bucket"


class Responders(Construct):
    """Answers findings of GuardDuty, Security Hub CSPM, Macie, Config and Access Analyzer in every account of the lake.

    In a dry run, people are told exactly what would be done. With `Response.CONTAIN` it is done: in the account that the finding is
    about, as its `baseline.ContainmentRole`. Everything can be undone: invoke `undo_function` with the id in the notice. Nothing is done
    to break-glass, deploying and responding roles, in protected accounts, in accounts that are not named, and beyond so many
    containments in an hour. Data is never deleted.

    Args:
        organization_id: Who is no outsider, and may send findings.
        accounts: Where something may be done.
        break_glass_role: Name of the role for emergencies, which is never touched and which a quarantine lets through.
        protected_accounts: Where nothing is ever done: management and log archive.
        mode: `DRY_RUN` when left out.
        management_account: The account with the `baseline.PermissionSetContainmentRole`; sessions of Identity Center are not revoked when
            left out.
        identity_instance: ARN of the Identity Center instance there.
        identity_region: Its Region; the stack's when left out.
        deploying_roles: Patterns of names of roles that deploy, with `{account}` for the account; those of `cdk bootstrap` when left out.
        spared_roles: Patterns of names of roles that a quarantine lets through besides, such as pipelines'; none when left out.
        allowed_resources: Patterns of names of resources that nothing is done about, such as a bucket that is public on purpose.
        allowed_types: Patterns of types of findings that nothing is done about.
        minimum_severity: From 0 to 10, from where on findings about behaviour are answered; 7 (high) when left out.
        most_per_hour: So many containments are begun in an hour, the rest is told; 20 when left out.
        other_regions: Whether findings come from other Regions of this account too, by a `baseline.FindingForwarding` in each with
            `patterns=elsewhere()`; not when left out.
        alerts: Address that is written to; subscribe to `topic` yourself when left out.
        access_logs: Where the evidence bucket's access logs go; not logged when None.
        removal_policy: Of ledger and evidence: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `responders_off` for `Response.NONE`; `responders_bounds` for a severity or an hourly number that is out of range;
            `responders_accounts` for an account that is both named and protected; `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization_id: str,
        accounts: Sequence[str],
        break_glass_role: str,
        protected_accounts: Sequence[str],
        mode: Response | None = None,
        management_account: str | None = None,
        identity_instance: str | None = None,
        identity_region: str | None = None,
        deploying_roles: Sequence[str] | None = None,
        spared_roles: Sequence[str] = (),
        allowed_resources: Sequence[str] = (),
        allowed_types: Sequence[str] = (),
        minimum_severity: float | None = None,
        most_per_hour: int | None = None,
        other_regions: bool = False,
        alerts: str | None = None,
        access_logs: BucketHolder | None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        mode = Response.DRY_RUN if mode is None else mode
        deploying_roles = DEPLOYING if deploying_roles is None else deploying_roles
        minimum_severity = _MINIMUM_SEVERITY if minimum_severity is None else minimum_severity
        most_per_hour = _MOST_PER_HOUR if most_per_hour is None else most_per_hour
        self._check(mode, minimum_severity, most_per_hour, accounts, protected_accounts)
        policy = checked_removal_policy(self, removal_policy)
        self._organization_id = organization_id
        self.mode = mode
        self.key: kms.IKey = self._key(removal_policy)
        self.evidence: s3.IBucket = LakeBucket(
            self, "Evidence", key=self.key, access_logs=access_logs, removal_policy=removal_policy
        ).bucket
        self.ledger = self._ledger(policy, protect=removal_policy is None)
        self.topic = self._topic(alerts)
        self.dlq = self._queue("DeadLetters", None)
        self.queue = self._queue("Findings", sqs.DeadLetterQueue(queue=self.dlq, max_receive_count=_ATTEMPTS))
        self._let_rules_send()
        self._logs = {name: self._log(name) for name in ("RespondLog", "UndoLog")}
        identity = f"arn:{Aws.PARTITION}:iam::{management_account}:role/{CONTAINMENT_ROLE}" if management_account is not None else None
        self.role = self._role([*accounts], identity)
        settings: dict[str, Any] = {
            "mode": mode.value,
            "table": self.ledger.table_name,
            "bucket": self.evidence.bucket_name,
            "topic": self.topic.topic_arn,
            "containment_role": CONTAINMENT_ROLE,
            "partition": Aws.PARTITION,
            "organization_id": organization_id,
            "accounts": sorted(accounts),
            "protected_accounts": sorted(protected_accounts),
            "protected_principals": [break_glass_role, RESPONDER_ROLE, *deploying_roles],
            "spared_principals": [*spared_roles],
            "allowed_resources": [*allowed_resources],
            "allowed_types": [*allowed_types],
            "minimum_severity": minimum_severity,
            "most_per_hour": most_per_hour,
            "last_attempt": _ATTEMPTS,
            "identity_role": identity or "",
            "identity_instance": identity_instance or "",
            "identity_region": (identity_region or Stack.of(self).region) if identity is not None else "",
        }
        environment = {"RESPONDER": Stack.of(self).to_json_string(settings)}
        self.function = self._function("Resource", "respond", self._logs["RespondLog"], environment)
        self.undo_function = self._function("Undo", "undo", self._logs["UndoLog"], environment)
        self.function.add_event_source(sources.SqsEventSource(self.queue, batch_size=5, max_concurrency=2, report_batch_item_failures=True))
        self.bus = self._bus()
        self.rules = self._rules(patterns(minimum_severity), (*FORWARDED, *(ELSEWHERE if other_regions else ())))
        self.dlq_alarm = self._alarm(
            "DeadLetterAlarm",
            "A finding could not be answered: look at the message and at the function's log",
            self.dlq.metric_approximate_number_of_messages_visible(period=Duration.minutes(5), statistic="Maximum"),
            threshold=1,
        )
        self.waiting_alarm = self._alarm(
            "WaitingAlarm",
            "Findings are not answered: see whether the function runs, and whether its event source is on",
            self.queue.metric_approximate_age_of_oldest_message(period=Duration.minutes(5), statistic="Maximum"),
            threshold=_LONGEST_WAIT.to_seconds(),
        )

    def _check(
        self, mode: Response, minimum_severity: float, most_per_hour: int, accounts: Sequence[str], protected: Sequence[str]
    ) -> None:
        if mode is Response.NONE:
            msg = "got mode none; make no Responders then, or let them run dry with Response.DRY_RUN"
            raise misuse(self, msg, code="responders_off")
        if not 0 <= minimum_severity <= 10 or not 1 <= most_per_hour <= 1_000:  # noqa: PLR2004 - the ranges in the message
            msg = f"got minimum_severity {minimum_severity} and most_per_hour {most_per_hour}; allowed are 0 to 10 and 1 to 1,000"
            raise misuse(self, msg, code="responders_bounds")
        both = sorted(set(accounts) & set(protected))
        if both:
            msg = f"got {', '.join(both)} among the accounts where something may be done and among the protected ones; choose one"
            raise misuse(self, msg, code="responders_accounts")

    def _key(self, removal_policy: RemovalPolicy | None) -> kms.IKey:
        services = ["s3", "dynamodb", "sns", "sqs"]
        key = LakeKey(
            self, "Key", description="findings, what is done about them, evidence", via_services=services, removal_policy=removal_policy
        )
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
        return key.key

    def _ledger(self, policy: RemovalPolicy, *, protect: bool) -> dynamodb.ITable:
        table = dynamodb.Table(
            self,
            "Ledger",
            partition_key=dynamodb.Attribute(name="action", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            time_to_live_attribute="expires",
            deletion_protection=protect,
            removal_policy=policy,
        )
        acknowledge(table, *(f"{pack}::{pack}-DynamoDBInBackupPlan" for pack in ("NIST.800.53.R5", "HIPAA.Security")), reason=_BACKUP)
        return table

    def _topic(self, alerts: str | None) -> sns.Topic:
        topic = sns.Topic(self, "Alerts", master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        if alerts is not None:
            topic.add_subscription(subscriptions.EmailSubscription(alerts))
        return topic

    def _queue(self, construct_id: str, dead_letters: sqs.DeadLetterQueue | None) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(6 * int(_TIMEOUT.to_seconds())),
            dead_letter_queue=dead_letters,
        )

    def _let_rules_send(self) -> None:
        """One statement for every rule, to each queue: what a rule cannot deliver is kept as well."""
        stack = Stack.of(self)
        of_rules = stack.format_arn(service="events", resource="rule", resource_name="*")
        for queue in (self.queue, self.dlq):
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="AllowRules",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnLike": {"aws:SourceArn": of_rules}, "StringEquals": {"aws:SourceAccount": stack.account}},
                )
            )

    def _log(self, construct_id: str) -> logs.LogGroup:
        group = logs.LogGroup(
            self, construct_id, retention=logs.RetentionDays.ONE_YEAR, encryption_key=self.key, removal_policy=RemovalPolicy.RETAIN
        )
        group.node.add_dependency(self.key)
        return group

    def _role(self, accounts: list[str], identity: str | None) -> iam.Role:
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            role_name=RESPONDER_ROLE,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Answers findings; containment roles in the accounts of the lake trust it by its name",
        )
        contain = [f"arn:{Aws.PARTITION}:iam::{account}:role/{CONTAINMENT_ROLE}" for account in sorted(accounts)]
        endpoints = [f"{service}.{stack.region}.{stack.url_suffix}" for service in ("dynamodb", "s3", "sns", "sqs")]
        statement = iam.PolicyStatement
        statements = [
            statement(
                sid="WriteLog",
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[group.log_group_arn for group in self._logs.values()],
            ),
            statement(
                sid="Ledger", actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], resources=[self.ledger.table_arn]
            ),
            statement(sid="KeepEvidence", actions=["s3:PutObject"], resources=[self.evidence.arn_for_objects("actions/*")]),
            statement(sid="Tell", actions=["sns:Publish"], resources=[self.topic.topic_arn]),
            statement(
                sid="ReadQueue",
                actions=["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                resources=[self.queue.queue_arn],
            ),
            statement(
                sid="UseKey",
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
                resources=[self.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": endpoints}},
            ),
        ]
        roles = [*contain, *([] if identity is None else [identity])]
        if roles:
            statements.append(statement(sid="Contain", actions=["sts:AssumeRole"], resources=roles))
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[role], statements=statements)
        acknowledge_wildcards(self.policy, {"KeepEvidence": "each action has a folder of its own, named when there is a finding"})
        return role

    def _function(self, construct_id: str, module: str, group: logs.LogGroup, environment: dict[str, str]) -> lambda_.Function:
        function = lambda_.Function(
            self,
            construct_id,
            description={"respond": "Answers findings", "undo": "Takes back what was done about a finding"}[module],
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"runtime.responders.{module}.handler",
            code=runtime_code("responders"),
            role=self.role.without_policy_updates(),
            log_group=group,
            memory_size=512,
            timeout=_TIMEOUT,
            environment=environment,
            reserved_concurrent_executions=3,
        )
        function.node.add_dependency(self.policy)
        for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"):
            acknowledge(function, f"{pack}::{pack}-LambdaInsideVPC", reason=_WITHOUT_VPC)
        for pack in ("NIST.800.53.R5", "HIPAA.Security"):
            acknowledge(function, f"{pack}::{pack}-LambdaDLQ", reason=_WITHOUT_QUEUE)
        return function

    def _bus(self) -> events.CfnEventBus:
        bus = events.CfnEventBus(self, "Bus", name=FINDINGS_BUS, description="What Config finds in the accounts of the lake")
        events.CfnEventBusPolicy(
            self,
            "BusPolicy",
            event_bus_name=bus.ref,
            statement_id="AllowOrganization",
            statement={
                "Sid": "AllowOrganization",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": bus.attr_arn,
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": self._organization_id}},
            },
        )
        return bus

    def _rules(self, wanted: dict[str, dict[str, Any]], forwarded: Sequence[str]) -> list[events.CfnRule]:
        places = [(f"{name}Rule", name, None) for name in wanted] + [(f"Forwarded{name}Rule", name, self.bus.ref) for name in forwarded]
        return [
            events.CfnRule(
                self,
                construct_id,
                description=f"Findings of {name} for the responders",
                event_bus_name=bus,
                event_pattern=wanted[name],
                targets=[
                    events.CfnRule.TargetProperty(
                        id="Queue",
                        arn=self.queue.queue_arn,
                        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.dlq.queue_arn),
                    )
                ],
            )
            for construct_id, name, bus in places
        ]

    def _alarm(self, construct_id: str, description: str, metric: cloudwatch.Metric, *, threshold: float) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(cloudwatch_actions.SnsAction(self.topic))
        return alarm
