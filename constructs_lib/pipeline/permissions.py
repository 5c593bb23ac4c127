"""What a pipeline's two roles may do: the state machine moves one product's objects, the job reads and writes one product's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_iam as iam

from constructs_lib.pipeline.definition import COLLECT_LABEL, MANIFEST_FOLDER, RUN_KEY
from constructs_lib.pipeline.foundation import EVENT_SOURCE
from constructs_lib.pipeline.metrics import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aws_cdk import aws_glue as glue, aws_kms as kms, aws_stepfunctions as sfn
    from constructs import Construct

    from constructs_lib.pipeline.foundation import PipelineFoundation
    from constructs_lib.pipeline.zones import PipelineZones

LARGEST_POLICY = 6_144
"""Characters that a managed policy takes. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

_ROOM_FOR_TABLES = LARGEST_POLICY - 1_000
_ARN_WITHOUT_NAMES = len('"arn:aws-us-gov:glue:us-gov-west-1:123456789012:table//",')

_READ_TABLE = ("glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables")
_PUBLISH = (
    "glue:BatchCreatePartition",
    "glue:BatchDeletePartition",
    "glue:BatchGetPartition",
    "glue:CreatePartition",
    "glue:UpdateTable",
)

RUN_REASONS = {
    "OriginalsOfProduct": "every object that the product's producer delivers, and nothing else, stands below its prefix",
    "CopiesOfProduct": "every original of the product is kept below its prefix",
    "OutcomesOfProduct": "every outcome of the product's runs is written below its prefix",
    "Metrics": "cloudwatch:PutMetricData takes no resource; its namespace is bound by a condition",
    "DeliverLogs": "log delivery is set up by actions that take no resource; Step Functions' documentation asks for all of them",
    "Trace": "the X-Ray actions take no resource",
}
"""Why the wildcards in the state machine's policy are right, by Sid."""

SWEEP_REASONS = {
    "WatchSweeps": "executions have names that are made when they start; these are the state machine's own",
    "RedriveSweeps": "child executions of a sweep have names that are made when they start",
}
"""Why the wildcards in the state machine's policy on itself are right, by Sid."""

JOB_REASONS = {
    "ReadOriginals": "every original of the product is kept below its prefix",
    "Manifests": "every manifest of the product is written below its prefix",
    "OwnData": "the job writes the product's rows, good and quarantined, below its prefix of either bucket",
    "OwnLogs": "Glue names the log groups of its jobs itself, all of them below /aws-glue/jobs/",
    "Metrics": "cloudwatch:PutMetricData takes no resource; its namespace is bound by a condition",
}
"""Why the wildcards in the job's policies are right, by Sid."""


def run_statements(
    scope: Construct, *, prefix: str, zones: PipelineZones, job: glue.IJob, foundation: PipelineFoundation
) -> list[iam.PolicyStatement]:
    """What the state machine's role may do for the product below `prefix`."""
    stack = Stack.of(scope)
    bus = stack.format_arn(service="events", resource="event-bus", resource_name="default")
    state = foundation.state
    return [
        iam.PolicyStatement(
            sid="ClaimsOfProduct",
            actions=["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            resources=[state.claims.table_arn],
            conditions={
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": [f"{zones.landing.bucket.bucket_name}/{prefix}*", f"{RUN_KEY}{prefix}*"]
                },
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        ),
        _key_statement(stack, "ClaimsKey", "dynamodb", [state.key], write=True),
        iam.PolicyStatement(
            sid="OriginalsOfProduct",
            actions=["s3:GetObject", "s3:GetObjectVersion"],
            resources=[zones.landing.bucket.arn_for_objects(f"{prefix}*")],
        ),
        iam.PolicyStatement(
            sid="WaitingOfProduct",
            actions=["s3:ListBucket", "s3:ListBucketVersions"],
            resources=[zones.landing.bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}},
        ),
        iam.PolicyStatement(sid="CopiesOfProduct", actions=["s3:PutObject"], resources=[zones.raw.bucket.arn_for_objects(f"{prefix}*")]),
        iam.PolicyStatement(  # whatever a producer names an object, its copy is no outcome
            sid="NoOutcome",
            effect=iam.Effect.DENY,
            actions=["s3:PutObject"],
            resources=[zones.raw.bucket.arn_for_objects(f"{prefix}{MANIFEST_FOLDER}/*")],
        ),
        iam.PolicyStatement(
            sid="OutcomesOfProduct", actions=["s3:GetObject"], resources=[zones.raw.bucket.arn_for_objects(f"{prefix}{MANIFEST_FOLDER}/*")]
        ),
        _key_statement(stack, "LandingKey", "s3", [zones.landing.key], write=False),
        _key_statement(stack, "RawKey", "s3", [zones.raw.key], write=True),
        iam.PolicyStatement(
            sid="RunJob",
            actions=["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"],
            resources=[job.job_arn],
        ),
        iam.PolicyStatement(
            sid="Tell", actions=["events:PutEvents"], resources=[bus], conditions={"StringEquals": {"events:source": EVENT_SOURCE}}
        ),
        iam.PolicyStatement(sid="Alert", actions=["sns:Publish"], resources=[foundation.alarm_topic.topic_arn]),
        _key_statement(stack, "TopicKey", "sns", [foundation.key], write=True),
        iam.PolicyStatement(
            sid="Metrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
        ),
        iam.PolicyStatement(
            sid="DeliverLogs",
            actions=[
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="Trace",
            actions=["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            resources=["*"],
        ),
    ]


def sweep_statements(machine: sfn.StateMachine) -> list[iam.PolicyStatement]:
    """What the state machine's role may do with the state machine itself; in a policy of its own, which comes after it.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    stack = Stack.of(machine)

    def executions(name: str) -> str:
        return stack.format_arn(service="states", resource="execution", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME)

    return [
        iam.PolicyStatement(sid="StartSweeps", actions=["states:StartExecution"], resources=[machine.state_machine_arn]),
        iam.PolicyStatement(
            sid="WatchSweeps",
            actions=["states:DescribeExecution", "states:StopExecution"],
            resources=[executions(f"{machine.state_machine_name}:*")],
        ),
        iam.PolicyStatement(
            sid="RedriveSweeps",
            actions=["states:RedriveExecution"],
            resources=[executions(f"{machine.state_machine_name}/{COLLECT_LABEL}:*")],
        ),
    ]


def job_statements(scope: Construct, *, prefix: str, zones: PipelineZones, code_arns: Sequence[str]) -> list[iam.PolicyStatement]:
    """What the job's role may do besides the catalog: its own product's prefixes, with the zones' keys through S3."""
    stack = Stack.of(scope)
    raw, curated, quarantine = zones.raw, zones.curated, zones.quarantine
    buckets = [zone.bucket.bucket_arn for zone in (raw, curated, quarantine)]
    return [
        iam.PolicyStatement(sid="Code", actions=["s3:GetObject"], resources=list(code_arns)),
        iam.PolicyStatement(sid="ReadOriginals", actions=["s3:GetObject"], resources=[raw.bucket.arn_for_objects(f"{prefix}*")]),
        iam.PolicyStatement(
            sid="Manifests", actions=["s3:PutObject"], resources=[raw.bucket.arn_for_objects(f"{prefix}{MANIFEST_FOLDER}/*")]
        ),
        iam.PolicyStatement(
            sid="OwnData",
            actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            resources=[curated.bucket.arn_for_objects(f"{prefix}*"), quarantine.bucket.arn_for_objects(f"{prefix}*")],
        ),
        iam.PolicyStatement(
            sid="OwnListing",
            actions=["s3:ListBucket"],
            resources=buckets,
            conditions={"StringLike": {"s3:prefix": [prefix.removesuffix("/"), f"{prefix}*"]}},
        ),
        iam.PolicyStatement(sid="BucketLocation", actions=["s3:GetBucketLocation"], resources=buckets),
        _key_statement(stack, "ZoneKeys", "s3", [raw.key, curated.key, quarantine.key], write=True),
        iam.PolicyStatement(
            sid="OwnLogs",
            actions=["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[
                stack.format_arn(
                    service="logs", resource="log-group", resource_name="/aws-glue/jobs/*", arn_format=ArnFormat.COLON_RESOURCE_NAME
                )
            ],
        ),
        iam.PolicyStatement(
            sid="Metrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": ["AWS/Glue", "Glue"]}},
        ),
    ]


def catalog_statements(
    scope: Construct, *, database: str, quarantine_database: str, tables: Sequence[str]
) -> Iterator[list[iam.PolicyStatement]]:
    """What the job's role may do in the catalog, in policies of a size that IAM takes."""
    stack = Stack.of(scope)

    def arn(kind: str, name: str) -> str:
        return stack.format_arn(service="glue", resource=kind, resource_name=name)

    catalog = stack.format_arn(service="glue", resource="catalog", arn_format=ArnFormat.NO_RESOURCE_NAME)
    shared = [catalog, arn("database", database), arn("database", quarantine_database)]
    for names in _batches(tables, len(database) + len(quarantine_database)):
        own = [arn("table", f"{where}/{name}") for name in names for where in (database, quarantine_database)]
        yield [
            iam.PolicyStatement(
                sid="OwnTables", actions=["glue:GetDatabase", "glue:GetDatabases", *_READ_TABLE, *_PUBLISH], resources=[*shared, *own]
            )
        ]


def _batches(tables: Sequence[str], databases: int) -> Iterator[list[str]]:
    """The tables in their order, in lists whose ARNs fit into one policy."""
    batch: list[str] = []
    room = _ROOM_FOR_TABLES
    for name in tables:
        need = 2 * (_ARN_WITHOUT_NAMES + len(name)) + databases
        if batch and need > room:
            yield batch
            batch, room = [], _ROOM_FOR_TABLES
        batch.append(name)
        room -= need
    yield batch


def _key_statement(stack: Stack, sid: str, service: str, keys: Sequence[kms.IKey], *, write: bool) -> iam.PolicyStatement:
    """Use of keys through one service, so that the right to decrypt is no right to read anything else."""
    dynamodb_actions = ["kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"] if service == "dynamodb" else []
    return iam.PolicyStatement(
        sid=sid,
        actions=["kms:Decrypt", *(["kms:GenerateDataKey", *dynamodb_actions] if write else [])],
        resources=[key.key_arn for key in keys],
        conditions={"StringEquals": {"kms:ViaService": f"{service}.{stack.region}.{stack.url_suffix}"}},
    )
