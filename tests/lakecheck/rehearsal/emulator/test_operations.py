"""Every request that botocore serializes is recognised as what it is."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.serialize import create_serializer
from hypothesis import given, settings, strategies as st

from lakecheck.rehearsal.emulator.operations import model_of, recognised, services, services_named, shown
from lakecheck.rehearsal.emulator.signing_names import SERVICES_BY_SIGNING_NAME

SERVICES = (
    "s3",
    "lambda",
    "glue",
    "dynamodb",
    "stepfunctions",
    "events",
    "sns",
    "sqs",
    "logs",
    "kms",
    "sts",
    "athena",
    "lakeformation",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "s3control",
    "scheduler",
    "route53",
)
# Both are asked for in the very same way.
TWINS = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}


def value_of(shape: Any, text: str, *, full: bool, depth: int = 0) -> Any:
    """A plausible value: all that is required, and with `full` the optional members of the first two levels too."""
    kind = shape.type_name
    if kind == "structure":
        wanted = shape.members if full and depth < 2 else shape.required_members
        return {name: value_of(shape.members[name], text, full=full, depth=depth + 1) for name in wanted} if depth < 6 else {}
    if kind == "list":
        return [value_of(shape.member, text, full=full, depth=depth + 1)]
    if kind == "map":
        return {text: value_of(shape.value, text, full=full, depth=depth + 1)}
    if kind == "string" and shape.enum:
        return shape.enum[0]
    simple = {"string": text, "blob": b"x", "boolean": True, "timestamp": "2026-01-01T00:00:00Z", "float": 1.0, "double": 1.0}
    return simple.get(kind, 7)


def request_of(service: str, operation: str, text: str = "a-name", *, full: bool = False, protocol: str = "") -> dict[str, Any]:
    """A request as it arrives: serialized, addressed and signed."""
    model = model_of(service)
    asked = model.operation_model(operation)
    parameters = value_of(asked.input_shape, text, full=full) if asked.input_shape else {}
    if "Bucket" in parameters:
        parameters["Bucket"] = "a-bucket"
    found = create_serializer(protocol or model.metadata["protocol"], include_validation=False).serialize_to_request(parameters, asked)
    prepare_request_dict(found, "http://localhost:5000")
    url = urlsplit(found["url"])
    body = found["body"] if isinstance(found["body"], bytes) else str(found["body"] or "").encode()
    if isinstance(found["body"], dict):
        body = urlencode(found["body"]).encode()
    signed = model.metadata.get("signingName", model.metadata["endpointPrefix"])
    headers = {f"HTTP_{name.upper().replace('-', '_')}": str(value) for name, value in found["headers"].items()}
    return {
        **headers,
        "REQUEST_METHOD": found["method"],
        "PATH_INFO": unquote(url.path),
        "RAW_URI": url.path + ("?" + url.query if url.query else ""),
        "QUERY_STRING": url.query,
        "HTTP_HOST": "localhost:5000",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{signed}/aws4_request, SignedHeaders=host, Signature=0",
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }


@pytest.mark.parametrize("full", [False, True], ids=["least", "most"])
@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_recognised_as_itself(service: str, *, full: bool) -> None:
    """With what it must have, and with all that it may have."""
    wrong = {}
    for operation in model_of(service).operation_names:
        call = recognised(request_of(service, operation, full=full))
        told = str(call) if call else None
        if told != f"{shown(service)}:{TWINS.get(operation, operation)}":
            wrong[operation] = told
    assert wrong == {}


@settings(max_examples=60)
@given(data=st.data(), name=st.text(min_size=1, max_size=12).filter(lambda text: text.strip("/. ")))
def test_names_of_any_kind_change_nothing(data: st.DataObject, name: str) -> None:
    """Slashes, percent signs, question marks, letters of any language; in S3, keys only."""
    service = data.draw(st.sampled_from(["s3", "lambda", "glue", "sns", "scheduler"]))
    operation = data.draw(st.sampled_from([each for each in model_of(service).operation_names if each != "WriteGetObjectResponse"]))
    call = recognised(request_of(service, operation, name))
    assert str(call) == f"{service}:{TWINS.get(operation, operation)}"


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_a_service_of_several_protocols_is_answered_in_the_one_it_was_asked_in(protocol: str) -> None:
    """CloudWatch has three."""
    call = recognised(request_of("cloudwatch", "PutMetricAlarm", protocol=protocol))
    assert call is not None
    assert (str(call), call.protocol) == ("cloudwatch:PutMetricAlarm", protocol)


def test_a_form_can_be_read_again() -> None:
    """Who comes after finds the whole body."""
    request = request_of("sts", "GetCallerIdentity")
    assert str(recognised(request)) == "sts:GetCallerIdentity"
    assert b"Action=GetCallerIdentity" in request["wsgi.input"].read()


def test_presigned_and_unsigned_requests() -> None:
    """The signature may stand in the address; without one a path is S3's, as the emulator takes it."""
    asked = {"REQUEST_METHOD": "GET", "HTTP_HOST": "localhost:5000"}
    scope = "X-Amz-Credential=AKIA%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
    assert str(recognised({**asked, "RAW_URI": f"/bucket/a/key?{scope}"})) == "s3:GetObject"
    assert str(recognised({**asked, "RAW_URI": "/bucket/a/key"})) == "s3:GetObject"
    assert str(recognised({**asked, "RAW_URI": "/bucket/", "REQUEST_METHOD": "HEAD"})) == "s3:HeadBucket"
    assert str(recognised({**asked, "RAW_URI": "/a/key", "HTTP_HOST": "bucket.localhost:5000"})) == "s3:GetObject"
    web = {"RAW_URI": "/?Action=AssumeRoleWithWebIdentity", "REQUEST_METHOD": "POST"}
    assert str(recognised(web)) == "sts:AssumeRoleWithWebIdentity"


def test_what_is_no_call_is_none() -> None:
    """A method that nobody has, a service that nobody knows, an operation that the service lacks."""
    assert recognised({"REQUEST_METHOD": "PATCH", "RAW_URI": "/bucket"}) is None
    signed = {"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/glue/aws4_request, Signature=0"}
    assert recognised({**signed, "HTTP_X_AMZ_TARGET": "AWSGlue.MakeCoffee", "REQUEST_METHOD": "POST", "RAW_URI": "/"}) is None


def test_services_are_known_by_both_of_their_names() -> None:
    """By boto3's, and by the one of IAM; of a shared name, all that share it."""
    assert services_named("states") == services_named("stepfunctions") == ("stepfunctions",)
    assert services_named("glue") == ("glue",)
    assert set(services_named("elasticloadbalancing")) == {"elb", "elbv2"}
    assert services_named("nothing") == ()


@pytest.mark.full
def test_signing_names_are_those_of_the_models() -> None:
    """For every service that botocore has and the table names, and for each that signs with its own name."""
    wrong = {}
    for service in services():
        metadata = model_of(service).metadata
        signed = metadata.get("signingName", metadata["endpointPrefix"])
        if service != signed and service not in SERVICES_BY_SIGNING_NAME.get(signed, "").split():
            wrong[service] = signed
    assert wrong == {}
