"""One data product's ingestion: an object arrives, is claimed, kept, judged against its contract, published, and told of."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from aws_cdk import (
    Duration,
    aws_cloudwatch as cloudwatch,
    aws_events as events,
    aws_events_targets as targets,
    aws_iam as iam,
    aws_sqs as sqs,
    aws_stepfunctions as sfn,
)
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, misuse, trusted_service
from constructs_lib.network import NETWORK_REASONS, job_network_statements
from constructs_lib.pipeline.code import object_arn, specs_asset
from constructs_lib.pipeline.definition import PipelineParts, definition
from constructs_lib.pipeline.job import ingestion_job
from constructs_lib.pipeline.monitoring import PipelineMonitoring
from constructs_lib.pipeline.permissions import (
    JOB_REASONS,
    RUN_REASONS,
    SWEEP_REASONS,
    catalog_statements,
    job_statements,
    run_statements,
    sweep_statements,
)
from constructs_lib.pipeline.rulesets import catalog_rulesets as made_rulesets
from constructs_lib.pipeline.schedule import SweepSchedule
from lakemodel.config.model import Zone
from lakemodel.contracts.job_spec import job_spec
from lakemodel.limits import Quota, limit
from lakemodel.naming import database_name
from lakemodel.sizing import product_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_lib.pipeline.foundation import PipelineFoundation
    from constructs_lib.pipeline.zones import PipelineZones
    from lakemodel.contracts.model import DataContract, Schedule

DEFAULT_CONCURRENCY = 1
DEFAULT_JOB_TIMEOUT_HOURS = 2
_FEWEST_WORKERS = 2
_LONGEST_JOB_DAYS = 7


class IngestionPipeline(Construct):
    """Ingests what is delivered for one data product: as it arrives, on a schedule, or by hand; each execution is one run over one table.

    An execution claims what was delivered, copies it to raw, runs the job on the copy, tells about the result, closes the run. A job whose
    accounting does not add up publishes nothing; what the quality gate holds ends in `Held`, and is published when its execution's input
    is started again with `"release": true`. Whatever fails ends in `Failed`, with the run released and a notice sent; the published table
    is then what it was. To try again, start an execution with the input that the notice names. `definition` says what inputs there are.

    Args:
        contract: The product.
        zones: Where data moves: landing, raw, curated, quarantine. Landing has to be versioned and to send events to EventBridge.
        foundation: What the pipelines of this stack share.
        job_specs: The compiled contract of each table to ingest, by table name; every table of the contract when left out.
        on_arrival: Whether each object that arrives starts an execution; when left out, only without a schedule. With both, whichever
            comes first has the object.
        schedule: When everything that waits is ingested, in one run for each table; the contract's when left out. See `OffPeak`.
        workers: The most workers that one run takes; when left out, by the contract's expected volume. Glue scales below that by itself.
        concurrency: How many runs there are at a time; 1 when left out, more wait for at most 12 hours. With more, two runs may judge
            against the same version of a table, and the second one to publish has to judge again: that costs, and is no faster for
            deliveries of one table. Products of many tables that arrive together gain.
        job_timeout: After how long Glue stops a run; 2 hours when left out, at most 7 days.
        catalog_rulesets: Whether the contract's rules also stand as a data quality ruleset beside each table in the catalog; when left out
            not. The gate does not need them, it measures in the job; they are for evaluations by hand, and each is one resource more.

    Attributes:
        job: The Glue job.
        job_role: What the job may do; it needs Lake Formation grants on its tables besides, see the README.
        role: What the state machine may do.
        state_machine: The state machine.
        rule: Starts it for each object that arrives below the product's prefix; None where nothing starts on arrival.
        schedule: Starts a sweep; None without a schedule.
        size: What the job runs on, and why.
        rulesets: By table, its data quality ruleset; empty unless asked for.
        dlq: Where events go that could not start it.
        failure_alarm: In alarm when an execution failed, timed out or was aborted.
        monitoring: Metrics of its runs, and the alarms that the contract's service levels ask for.
        grants: Grants on the pipeline.

    Raises:
        DataLakeError: `pipeline_specs`, `pipeline_tables`, `pipeline_workers`, `pipeline_concurrency`, `pipeline_timeout`,
            `pipeline_schedule`, `pipeline_trigger`.

    See https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contract: DataContract,
        zones: PipelineZones,
        foundation: PipelineFoundation,
        job_specs: Mapping[str, Mapping[str, Any]] | None = None,
        on_arrival: bool | None = None,
        schedule: Schedule | None = None,
        workers: int | None = None,
        concurrency: int | None = None,
        job_timeout: Duration | None = None,
        catalog_rulesets: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        job_specs = {table.name: job_spec(contract, table) for table in contract.tables} if job_specs is None else job_specs
        schedule = contract.schedule if schedule is None else schedule
        on_arrival = schedule is None if on_arrival is None else on_arrival
        size = product_size(dataclasses.replace(contract, schedule=schedule))
        self.size = (
            size if workers is None else dataclasses.replace(size, most_workers=workers, reason=f"{workers} workers at most, as stated")
        )
        concurrency = DEFAULT_CONCURRENCY if concurrency is None else concurrency
        job_timeout = Duration.hours(DEFAULT_JOB_TIMEOUT_HOURS) if job_timeout is None else job_timeout
        self._check(contract, job_specs, self.size.most_workers, concurrency, job_timeout)
        if not on_arrival and schedule is None:
            msg = "got a pipeline that nothing starts; allowed is on_arrival, a schedule, or both"
            raise misuse(self, msg, code="pipeline_trigger")
        self.contract = contract
        self.foundation = foundation
        self.prefix = f"{contract.domain}/{contract.product}/"
        self.dlq: sqs.IQueue = foundation.dlq

        specs = specs_asset(self, "Specs", job_specs)
        self.job_role = iam.Role(
            self, "JobRole", description=f"Ingestion job of {contract.key}", assumed_by=trusted_service(self, "glue.amazonaws.com")
        )
        policies = self._job_policies(zones, sorted(job_specs), object_arn(specs))
        self.job = ingestion_job(
            self,
            contract=contract,
            foundation=foundation,
            role=self.job_role.without_policy_updates(),  # its policies are managed ones
            size=self.size,
            concurrency=concurrency,
            timeout=job_timeout,
        )
        for policy in policies:
            self.job.node.add_dependency(policy)
        self.state_machine = self._machine(
            zones,
            PipelineParts(
                domain=contract.domain,
                product=contract.product,
                specs=specs.s3_object_url,
                tables=sorted(job_specs),
                zones=zones,
                claims=foundation.state.claims,
                job=self.job,
                alarm_topic=foundation.alarm_topic,
                job_timeout=job_timeout,
            ),
        )
        self.rule = self._trigger(zones) if on_arrival else None
        self.schedule = (
            None
            if schedule is None
            else SweepSchedule(
                self, "Schedule", product=contract.key, schedule=schedule, state_machine=self.state_machine, foundation=foundation
            )
        )
        self.rulesets = made_rulesets(self, contract, sorted(job_specs)) if catalog_rulesets else {}
        self.failure_alarm = self._failure_alarm()
        self.monitoring = PipelineMonitoring(self, "Monitoring", contract=contract, tables=sorted(job_specs), foundation=foundation)
        self.grants = PipelineGrants.from_pipeline(self)

    def _check(
        self, contract: DataContract, specs: Mapping[str, Mapping[str, Any]], workers: int, concurrency: int, job_timeout: Duration
    ) -> None:
        declared = {table.name for table in contract.tables}
        if not specs or not set(specs) <= declared:
            msg = f"got job specs for {sorted(specs)}; allowed are one or more tables of {contract.key}: {sorted(declared)}"
            raise misuse(self, msg, code="pipeline_specs")
        if workers < _FEWEST_WORKERS:
            msg = f"got {workers} workers; a Spark job takes at least {_FEWEST_WORKERS}, the driver among them"
            raise misuse(self, msg, code="pipeline_workers")
        if concurrency < 1:
            msg = f"got a concurrency of {concurrency}; at least one run at a time is needed"
            raise misuse(self, msg, code="pipeline_concurrency")
        seconds = job_timeout.to_seconds()
        if seconds % 60 or not 60 <= seconds <= Duration.days(_LONGEST_JOB_DAYS).to_seconds():  # noqa: PLR2004 - a minute
            msg = f"got a job timeout of {seconds:.0f} seconds; Glue allows whole minutes, from 1 minute to {_LONGEST_JOB_DAYS} days"
            raise misuse(self, msg, code="pipeline_timeout")

    def _job_policies(self, zones: PipelineZones, tables: list[str], spec_arn: str) -> list[iam.ManagedPolicy]:
        code_arns = [*self.foundation.code.object_arns, *self.foundation.dependencies.object_arns, spec_arn]
        data = iam.ManagedPolicy(
            self,
            "JobPolicy",
            description=f"Data of {self.contract.key} for its ingestion job",
            statements=job_statements(self, prefix=self.prefix, zones=zones, code_arns=code_arns),
            roles=[self.job_role],
        )
        acknowledge_wildcards(data, JOB_REASONS)
        catalog = [
            iam.ManagedPolicy(
                self,
                f"JobCatalogPolicy{number}",
                description=f"Tables of {self.contract.key} for its ingestion job",
                statements=statements,
                roles=[self.job_role],
            )
            for number, statements in enumerate(
                catalog_statements(
                    self,
                    database=database_name(self.contract.domain, Zone.CURATED),
                    quarantine_database=database_name(self.contract.domain, Zone.QUARANTINE),
                    tables=tables,
                ),
                start=1,
            )
        ]
        policies = [data, *catalog, *self._network_policies()]
        most = limit(Quota.ROLE_MANAGED_POLICIES).value
        if len(policies) > most:
            msg = f"got {len(tables)} tables, which the job's role needs {len(policies)} policies for; IAM takes {most}: split the product"
            raise misuse(self, msg, code="pipeline_tables")
        return policies

    def _network_policies(self) -> list[iam.ManagedPolicy]:
        if self.foundation.network is None:
            return []
        policy = iam.ManagedPolicy(
            self,
            "JobNetworkPolicy",
            description=f"The network of the ingestion job of {self.contract.key}",
            statements=job_network_statements(self.foundation.network),
            roles=[self.job_role],
        )
        acknowledge_wildcards(policy, NETWORK_REASONS)
        return [policy]

    def _machine(self, zones: PipelineZones, parts: PipelineParts) -> sfn.StateMachine:
        self.role = iam.Role(
            self,
            "Role",
            description=f"Ingestion of {self.contract.key}",
            assumed_by=trusted_service(self, "states.amazonaws.com"),
        )
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description=f"Ingestion of {self.contract.key}",
            statements=run_statements(
                self,
                prefix=self.prefix,
                zones=zones,
                job=self.job,
                foundation=self.foundation,
            ),
            roles=[self.role],
        )
        acknowledge_wildcards(policy, RUN_REASONS)
        machine = sfn.StateMachine(
            self,
            "Resource",
            comment=f"Ingests {self.contract.key}",
            definition_body=sfn.DefinitionBody.from_chainable(definition(self, parts)),
            query_language=sfn.QueryLanguage.JSONATA,
            role=self.role.without_policy_updates(),
            timeout=parts.run_timeout,
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=self.foundation.log_group, level=sfn.LogLevel.ALL, include_execution_data=True),
        )
        machine.node.try_remove_child("DistributedMapPolicy")  # CDK's own, which the role does not take: `SweepPolicy` says it
        machine.node.add_dependency(policy)  # creating it fails before its role may write logs
        sweeps = iam.ManagedPolicy(
            self,
            "SweepPolicy",
            description=f"Sweeps of {self.contract.key}",
            statements=sweep_statements(machine),
            roles=[self.role],
        )
        acknowledge_wildcards(sweeps, SWEEP_REASONS)
        return machine

    def _trigger(self, zones: PipelineZones) -> events.Rule:
        """Starts an execution for each object that is not empty; empty ones mark folders."""
        starter = iam.Role(self, "TriggerRole", assumed_by=trusted_service(self, "events.amazonaws.com"))
        policy = iam.ManagedPolicy(
            self,
            "TriggerPolicy",
            description=f"Starts the ingestion of {self.contract.key}",
            statements=[
                iam.PolicyStatement(sid="Start", actions=["states:StartExecution"], resources=[self.state_machine.state_machine_arn])
            ],
            roles=[starter],
        )
        rule = events.Rule(
            self,
            "Trigger",
            description=f"Starts the ingestion of {self.contract.key} for each object that arrives",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [zones.landing.bucket.bucket_name]},
                    "object": {"key": [{"prefix": self.prefix}], "size": [{"numeric": [">", 0]}]},
                },
            ),
            targets=[
                targets.SfnStateMachine(
                    self.state_machine,
                    role=starter.without_policy_updates(),
                    # by ARN, or CDK would add a statement for each pipeline to the queue's policy, which has one for all
                    dead_letter_queue=sqs.Queue.from_queue_arn(self, "DeadLetters", self.dlq.queue_arn),
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )
        rule.node.add_dependency(policy)
        return rule

    def _failure_alarm(self) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            "FailureAlarm",
            alarm_description=f"An ingestion of {self.contract.key} failed; its notice says why, its object can be ingested again",
            metric=self.metric_failed(),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.foundation.add_alarm(alarm)
        return alarm

    def metric_failed(self, **options: Any) -> cloudwatch.MathExpression:
        """How many executions failed, timed out or were aborted; over five minutes unless `period` says otherwise."""
        metrics: dict[str, cloudwatch.IMetric] = {
            "failed": self.state_machine.metric_failed(),
            "timedOut": self.state_machine.metric_timed_out(),
            "aborted": self.state_machine.metric_aborted(),
        }
        defaults: dict[str, Any] = {"label": f"{self.contract.key} failed", "period": Duration.minutes(5)}
        expression = " + ".join(f"FILL({name}, 0)" for name in metrics)  # without a point of one of them the sum would have none
        return cloudwatch.MathExpression(expression=expression, using_metrics=metrics, **{**defaults, **options})

    def metric_started(self, **options: Any) -> cloudwatch.Metric:
        """How many executions were started; repeated events are among them."""
        return self.state_machine.metric_started(**options)

    def metric_succeeded(self, **options: Any) -> cloudwatch.Metric:
        """How many executions succeeded; those of repeated events are among them."""
        return self.state_machine.metric_succeeded(**options)

    def metric_duration(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds that executions took; the average unless `statistic` says otherwise."""
        return self.state_machine.metric_time(**options)


class PipelineGrants:
    """What can be granted on a pipeline."""

    def __init__(self, pipeline: IngestionPipeline) -> None:
        self._pipeline = pipeline

    @classmethod
    def from_pipeline(cls, pipeline: IngestionPipeline) -> PipelineGrants:
        """The grants of `pipeline`; the same as `pipeline.grants`."""
        return cls(pipeline)

    def start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets `grantee` start executions: to ingest an object again, or by hand."""
        return self._pipeline.state_machine.grant_start_execution(grantee)
