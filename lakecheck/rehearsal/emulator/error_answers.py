"""Answers that say that a call failed, as each service says it: the code from its own model, the form of its protocol."""

from __future__ import annotations

import http
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from lakecheck.rehearsal.emulator.operations import model_of, services_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from botocore.model import Shape

    from lakecheck.rehearsal.emulator.operations import Call

_MESSAGES: Final = {
    "throttle": "Rate exceeded",
    "error": "An internal error occurred.",
    "denied": "The caller is not authorized to perform this operation.",
}
_MODELLED: Final[dict[str, tuple[str, ...]]] = {
    "throttle": (
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
    ),
    "error": ("InternalServerError", "InternalServerException", "InternalServiceException", "InternalServiceFault", "ServiceException"),
    "denied": ("AccessDeniedException", "AccessDenied", "AuthorizationErrorException", "UnauthorizedException"),
}
"""Names of the errors that an operation's model may state for a kind; the first that it states is taken."""
_BY_SERVICE: Final[dict[tuple[str, str], tuple[str, int]]] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    ("s3", "throttle"): ("SlowDown", 503),
    ("s3", "error"): ("InternalError", 500),
    # What it says to callers of its query protocol, it says in JSON too, so that their handlers still match.
    ("sqs", "denied"): ("AccessDenied", 403),
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    ("ec2", "throttle"): ("RequestLimitExceeded", 503),
    ("ec2", "error"): ("InternalError", 500),
    ("ec2", "denied"): ("UnauthorizedOperation", 403),
}
_BY_PROTOCOL: Final[dict[tuple[str, str], tuple[str, int]]] = {
    # https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html and its like of the other services
    **{(protocol, "throttle"): ("Throttling", 400) for protocol in ("query", "rest-xml")},
    **{(protocol, "throttle"): ("ThrottlingException", 400) for protocol in ("json", "smithy-rpc-v2-cbor")},
    ("rest-json", "throttle"): ("TooManyRequestsException", 429),
    **{(protocol, "denied"): ("AccessDenied", 403) for protocol in ("query", "rest-xml")},
    **{(protocol, "denied"): ("AccessDeniedException", 400) for protocol in ("json", "smithy-rpc-v2-cbor")},
    ("rest-json", "denied"): ("AccessDeniedException", 403),
    **{(protocol, "error"): ("InternalFailure", 500) for protocol in ("query", "rest-xml", "json", "rest-json", "smithy-rpc-v2-cbor")},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(call: Call, kind: str, code: str = "") -> Answer:
    """The answer to a call that fails.

    Args:
        call: The call.
        kind: `throttle`, `error` or `denied`.
        code: The code; the service's own for the kind when left out. It comes with the status that the operation's model states, else 400.
    """
    named, status = _stated(call, code) if code else _own(call, kind)
    message = f"{_MESSAGES[kind] if not code else 'The call failed'} (a fault of the rehearsal)"
    request = str(uuid.uuid4())
    content_type, body, more = _FORMS[call.protocol](call, named, message, status, request)
    headers = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "x-amzn-RequestId": request,
        "x-amz-request-id": request,
        **more,
    }
    return Answer(status, headers, body)


def _errors(call: Call) -> Iterable[Shape]:
    (service,) = services_named(call.service)
    return model_of(service).operation_model(call.operation).error_shapes


def _of(shape: Shape, usual: int) -> tuple[str, int]:
    stated = shape.metadata.get("error", {})
    return str(stated.get("code", shape.name)), int(stated.get("httpStatusCode", usual))


def _stated(call: Call, code: str) -> tuple[str, int]:
    for shape in _errors(call):
        name, status = _of(shape, 400)
        if code in (shape.name, name):
            return name, status
    return code, 400


def _own(call: Call, kind: str) -> tuple[str, int]:
    if (call.service, kind) in _BY_SERVICE:
        return _BY_SERVICE[call.service, kind]
    code, status = _BY_PROTOCOL[call.protocol, kind]
    errors = {shape.name: shape for shape in _errors(call)}
    for name in _MODELLED[kind]:
        if name in errors:
            return _of(errors[name], status)
    return code, status


def _side(status: int) -> str:
    return "Sender" if status < http.HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"


_Form = tuple[str, bytes, dict[str, str]]


def _json(call: Call, code: str, message: str, status: int, _request: str) -> _Form:
    body = {"__type": code, "message": message, "Message": message}
    more = {"x-amzn-ErrorType": code} if call.protocol == "rest-json" else {"x-amzn-query-error": f"{code};{_side(status)}"}
    kind = "application/json" if call.protocol == "rest-json" else "application/x-amz-json-1.0"
    return kind, json.dumps(body).encode(), more


def _s3_or_rest(call: Call, code: str, message: str, status: int, request: str) -> _Form:
    if call.service != "s3":
        return _query(call, code, message, status, request)
    told = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message><RequestId>{request}</RequestId></Error>"
    return "application/xml", _xml(told), {}


def _query(_call: Call, code: str, message: str, status: int, request: str) -> _Form:
    error = f"<Error><Type>{_side(status)}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return "text/xml", _xml(f"<ErrorResponse>{error}<RequestId>{request}</RequestId></ErrorResponse>"), {}


def _ec2(_call: Call, code: str, message: str, _status: int, request: str) -> _Form:
    error = f"<Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
    return "text/xml", _xml(f"<Response>{error}<RequestID>{request}</RequestID></Response>"), {}


def _cbor(_call: Call, code: str, message: str, status: int, _request: str) -> _Form:
    pairs = [part for pair in (("__type", code), ("message", message)) for part in pair]
    more = {"smithy-protocol": "rpc-v2-cbor", "x-amzn-query-error": f"{code};{_side(status)}"}
    return "application/cbor", b"\xa2" + b"".join(map(_cbor_text, pairs)), more


def _cbor_text(text: str) -> bytes:
    """A text of up to 65,535 bytes (https://www.rfc-editor.org/rfc/rfc8949#section-3.1)."""
    content = text.encode()
    return b"\x79" + len(content).to_bytes(2, "big") + content


def _xml(told: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'.encode()


_FORMS: Final = {"json": _json, "rest-json": _json, "rest-xml": _s3_or_rest, "query": _query, "ec2": _ec2, "smithy-rpc-v2-cbor": _cbor}
