"""How Step Functions names services, actions, parameters and errors, in the words of boto3.

An SDK integration has the service of the Java SDK in small letters (`aws-sdk:sfn`), parameters in Pascal case whatever the API's own case
is, and errors by the Java SDK's class, after the service's name in Pascal case (`DynamoDb.ConditionalCheckFailedException`). An optimized
integration has names of its own (`DynamoDB.AmazonDynamoDBException`).
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

SDK: Final = "aws-sdk:"


@dataclass(frozen=True, slots=True)
class Optimized:
    """How an optimized integration's errors are called: after `prefix`, and `general` where they have no name of their own."""

    service: str
    prefix: str
    general: str


OPTIMIZED: Final[Mapping[str, Optimized]] = {
    "athena": Optimized("athena", "Athena", "AmazonAthenaException"),
    "dynamodb": Optimized("dynamodb", "DynamoDB", "AmazonDynamoDBException"),
    "events": Optimized("events", "EventBridge", "AmazonEventBridgeException"),
    "glue": Optimized("glue", "Glue", "AWSGlueException"),
    "lambda": Optimized("lambda", "Lambda", "AWSLambdaException"),
    "s3": Optimized("s3", "S3", "AmazonS3Exception"),
    "sns": Optimized("sns", "SNS", "AmazonSNSException"),
    "sqs": Optimized("sqs", "SQS", "AmazonSQSException"),
    "states": Optimized("stepfunctions", "StepFunctions", "AWSStepFunctionsException"),
}
"""Integrations that Step Functions has a name of its own for."""

_CLIENTS: Final = {
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "cloudwatchevents": "events",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "elasticloadbalancingv2": "elbv2",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
}
"""What boto3 calls services that the Java SDK calls otherwise."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")
_WHOLE: Final = ("integer", "long", "short")


def client_name(service: str) -> str:
    """What boto3 calls the service of a resource."""
    if service.startswith(SDK):
        name = service.removeprefix(SDK)
        return _CLIENTS.get(name, name)
    return OPTIMIZED[service].service if service in OPTIMIZED else service


def error_name(service: str, code: str, model: Any, operation: str) -> str:
    """What Step Functions calls an error of a service.

    Which errors have a class of their own depends on the SDK: those of the whole service in an SDK integration, and, as far as is known,
    those of the operation alone in an optimized one.

    Args:
        service: As the resource has it.
        code: As the service answers it.
        model: botocore's model of the service.
        operation: The operation, as the model has it.
    """
    if service.startswith(SDK):
        prefix = java_name(str(model.metadata.get("serviceId", model.service_name)))
        general = f"{prefix}Exception"
    else:
        known = OPTIMIZED.get(service, Optimized(service, service, f"{service}Exception"))
        prefix, general = known.prefix, known.general
    known_errors = model.error_shapes if service.startswith(SDK) else model.operation_model(operation).error_shapes
    shape = next((one for one in known_errors if code in (one.name, one.error_code)), None)
    return f"{prefix}.{general if shape is None else _class_name(shape.name)}"


def client_error_name(service: str, model: Any, operation: str) -> str:
    """What Step Functions calls a call that no answer came to."""
    return f"{error_name(service, '', model, operation).partition('.')[0]}.SdkClientException"


def java_name(service_id: str) -> str:
    """A service's id as the Java SDK names its classes: `DynamoDB` is `DynamoDb`."""
    return "".join(word.capitalize() for word in _WORD.findall(service_id))


def _class_name(shape: str) -> str:
    if shape.endswith("Exception"):
        return shape
    return f"{shape.removesuffix('Fault')}Exception"


def given(shape: Any, value: Any) -> Any:
    """Arguments as boto3 takes them: members by the API's case of the first letter, whole numbers whole."""
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, Mapping) and not getattr(shape, "is_document_type", False):
            members = {name[:1].upper() + name[1:]: name for name in shape.members}
            named = {members.get(key[:1].upper() + key[1:], key): item for key, item in value.items()}
            return {name: given(shape.members.get(name), item) for name, item in named.items()}
        case "list" if isinstance(value, list):
            return [given(shape.member, item) for item in value]
        case "map" if isinstance(value, Mapping):
            return {key: given(shape.value, item) for key, item in value.items()}
        case kind if kind in _WHOLE and isinstance(value, float) and value.is_integer():
            return int(value)
    return value


def told(shape: Any, value: Any, moment: Callable[[dt.datetime], Any]) -> Any:  # noqa: PLR0911 - one for each kind of value
    """An answer of boto3's as Step Functions has it: JSON, members in Pascal case, bodies as text, no metadata.

    Args:
        shape: botocore's shape of the answer.
        value: The answer.
        moment: How a time is written.
    """
    if isinstance(value, Mapping):
        if getattr(shape, "type_name", None) == "map":
            return {key: told(shape.value, item, moment) for key, item in value.items()}
        members = getattr(shape, "members", {})
        kept = {key: item for key, item in value.items() if key != "ResponseMetadata"}
        return {key[:1].upper() + key[1:]: told(members.get(key), item, moment) for key, item in kept.items()}
    if isinstance(value, list):
        return [told(getattr(shape, "member", None), item, moment) for item in value]
    if isinstance(value, dt.datetime):
        return moment(value)
    if hasattr(value, "read"):
        return value.read().decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def iso(moment: dt.datetime) -> str:
    """A time as SDK integrations write it."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").replace(".000Z", "Z")


def milliseconds(moment: dt.datetime) -> int:
    """A time as optimized integrations write it."""
    return int(moment.timestamp() * 1000)


def seconds(moment: dt.datetime) -> int:
    """A time as the list of a distributed map's items has it."""
    return int(moment.timestamp())
