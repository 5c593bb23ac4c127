"""What every part of the definition shares: what it is about, how long things take, what is retried, how a failure is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aws_cdk import Duration, aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_dynamodb as dynamodb, aws_glue as glue, aws_sns as sns

    from constructs_lib.pipeline.zones import PipelineZones

CALL_TIMEOUT = Duration.minutes(2)
COPY_TIMEOUT = Duration.minutes(15)
QUEUE_ALLOWANCE = Duration.hours(12)
"""How long a run may wait for those before it: one run of a product works at a time."""
REST_ALLOWANCE = Duration.hours(3)
"""What everything but the job may take; the longest of it is to claim and to copy what a sweep finds."""

MANIFEST_FOLDER = "_manifests"
RUN_KEY = "run#"
"""How the keys of runs begin, so that no object's key, which begins with its bucket, is one."""

# What passes by itself. Errors of AWS SDK integrations begin with the SDK's name of the service, which is not always the console's.
# https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
# An error that has no name in the API comes under the client's: throttling does, in most of them, and with it what lasts, which is tried
# again in vain. https://repost.aws/knowledge-center/glue-throttling-rate-exceeded
TRANSIENT_DYNAMODB = (
    "DynamoDB.AmazonDynamoDBException",
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
    "DynamoDB.TransactionConflictException",
    "DynamoDB.SdkClientException",
    "States.Timeout",
)
CANCELLED = "DynamoDb.TransactionCanceledException"
TRANSIENT_TRANSACTION = (
    CANCELLED,  # transactions that look at one item at a time get into each other's way
    "DynamoDb.DynamoDbException",
    "DynamoDb.InternalServerErrorException",
    "DynamoDb.ProvisionedThroughputExceededException",
    "DynamoDb.ThrottlingException",
    "DynamoDb.TransactionInProgressException",
    "DynamoDb.SdkClientException",
    "States.Timeout",
)
TRANSIENT_S3 = ("S3.S3Exception", "S3.SdkClientException", "States.Timeout")  # throttling and 5xx have no names of their own
TRANSIENT_GLUE = (
    "Glue.AWSGlueException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.SdkClientException",
    "Glue.ThrottlingException",
)
BUSY_GLUE = ("Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException")
TRANSIENT_SNS = (
    "SNS.AmazonSNSException",
    "SNS.InternalErrorException",
    "SNS.KMSThrottlingException",
    "SNS.ThrottledException",
    "SNS.SdkClientException",
    "States.Timeout",
)
TRANSIENT_EVENTS = (
    "EventBridge.AmazonEventBridgeException",
    "EventBridge.FailedEntry",
    "EventBridge.InternalException",
    "EventBridge.SdkClientException",
    "States.Timeout",
)
TRANSIENT_STATES = ("Sfn.SfnException", "Sfn.SdkClientException", "States.Timeout")

FROM_ERROR = {"failure": "{% $states.errorOutput %}"}
"""What a Catch keeps: `Error` and `Cause`."""

_LONGEST_DELAY = Duration.minutes(2)

State = TypeVar("State", bound=sfn.TaskStateBase | sfn.CustomState)


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineParts:
    """What a definition is about.

    Attributes:
        domain: Domain of the product.
        product: Its name.
        specs: `s3://` address of the compiled contracts of its tables.
        tables: Names of the tables, in order.
        alarm_topic: Where people hear of failures.
        job_timeout: After how long Glue stops the job.
    """

    domain: str
    product: str
    specs: str
    tables: Sequence[str]
    zones: PipelineZones
    claims: dynamodb.ITable
    job: glue.IJob
    alarm_topic: sns.ITopic
    job_timeout: Duration

    @property
    def key(self) -> str:
        """`domain.product`."""
        return f"{self.domain}.{self.product}"

    @property
    def prefix(self) -> str:
        """Where the product's objects stand in every zone."""
        return f"{self.domain}/{self.product}/"

    @property
    def run_timeout(self) -> Duration:
        """What an execution may take."""
        return Duration.minutes(self.job_timeout.to_minutes() + QUEUE_ALLOWANCE.to_minutes() + REST_ALLOWANCE.to_minutes())

    @property
    def lease(self) -> Duration:
        """After how long a run without an end counts as abandoned; longer than any execution can last."""
        return Duration.minutes(self.run_timeout.to_minutes() + 60)


def retried(state: State, errors: Sequence[str]) -> State:
    """Retries what passes by itself, with full jitter so that many runs do not come back at once."""
    state.add_retry(
        errors=list(errors),
        interval=Duration.seconds(2),
        max_attempts=6,
        max_delay=_LONGEST_DELAY,
        jitter_strategy=sfn.JitterType.FULL,
    )
    return state


def waiting_its_turn(state: State) -> State:
    """Comes back as long as other runs, of the job or of the account, work; for jobs that Glue does not queue, Flex ones among them."""
    state.add_retry(
        errors=list(BUSY_GLUE),
        interval=Duration.seconds(30),
        max_attempts=int(QUEUE_ALLOWANCE.to_minutes() // _LONGEST_DELAY.to_minutes()),
        max_delay=_LONGEST_DELAY,
        jitter_strategy=sfn.JitterType.FULL,
    )
    return state


def query(expression: str) -> str:
    """JSONata as a value of the definition."""
    return f"{{% {expression} %}}"


def report_key(parts: PipelineParts) -> str:
    """JSONata, its first quote left out, for where the run's reports stand in raw: apart from originals, outside of any table."""
    return f"{parts.prefix}{MANIFEST_FOLDER}/' & $table & '/' & $runId"


def copy_source(bucket: str, key: str, version: str) -> str:
    """The `CopySource` of one version of an object, encoded as CopyObject wants it; the arguments are JSONata."""
    encoded = f"$join($map($split({key}, '/'), function($p) {{ $encodeUrlComponent($p) }}), '/')"
    return query(f"{bucket} & '/' & {encoded} & '?versionId=' & {version}")


def caught(step: Any, way_out: sfn.IChainable) -> None:
    """Whatever else `step` fails with goes `way_out`, error and cause kept."""
    step.add_catch(way_out, errors=[sfn.Errors.ALL], assign=FROM_ERROR)
